"""Explanations after the weights of the classifier are randomized (Adebayo et al. 2018).

An explanation of what the classifier learned must change when what it learned is destroyed. The
parts of the classifier are randomized one after the other, from the head down to the word vectors:
the elements of each weight are put in random order, so their distribution stays. After each part,
the scores of the same documents for the same classes are compared with the original ones. A rank
correlation that stays high means that the scores depend on the text and the architecture, not on
what was learned.

It is a test of methods, not a quality of one explanation: a method that passes may still be
unfaithful, which only removal shows (`hanlib.explain.faithfulness`).
"""

import contextlib
import dataclasses

import numpy as np

from hanlib.evidence import agreement
from hanlib.evidence.methods import get_method
from hanlib.evidence.shading import weights
from hanlib.explain.explain import explain
from hanlib.explain.faithfulness_table import mean_with_interval
from hanlib.explain.methods import available_methods

# Their scores do not depend on the weights.
_CONTROLS = ("uniform_attention", "random")


def randomization_table(classifier, documents, methods=None, *, seed=0, progress=None):
    """Compares explanations before and after the randomization of weights, part by part.

    The weights are restored at the end.

    Args:
        classifier: a `DocumentClassifier`.
        documents: a list of strings, or of nested lists of ids.
        methods: names of methods; None: all that the classifier can be explained by, except for the
            controls.
        seed: seed of the random order.
        progress: function that is called with the method and the part.

    Returns:
        A list of `dict`, one for each method and part: method, randomized (the last part that was
        randomized: all parts above it are, too), and word_correlation and sentence_correlation,
        Spearman's rank correlation with the original scores (a word's attention times the number of
        words in its sentence), each `(mean, low, high)` with the 95 %
        bootstrap interval of the mean over the documents; NaN if it is not defined for any.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN(9), classes=2)
    >>> rows = randomization_table(classifier, [[[2, 3], [4]]], ["attention"])
    >>> [row["randomized"] for row in rows]
    ['head', 'sentences', 'words', 'word vectors']
    """
    names = methods or [m for m in available_methods(classifier) if m not in _CONTROLS]
    documents = list(documents)
    original = {name: explain(classifier, documents, name) for name in names}
    draw, rows = np.random.default_rng(seed), []
    with _restored(classifier):
        for part, of_part in classifier_parts(classifier):
            for weight in of_part:
                values = weight.numpy()
                weight.assign(draw.permutation(values.reshape(-1)).reshape(values.shape))
            for name in names:
                if progress is not None:
                    progress(name, part)
                randomized = _again(classifier, documents, original[name])
                rows.append(_row(name, part, original[name], randomized))
    order = {name: index for index, name in enumerate(names)}
    return sorted(rows, key=lambda row: order[row["method"]])


def classifier_parts(classifier):
    """The parts of a classifier from the top: name and weights.

    >>> from hanlib.models import BagOfWords, DocumentClassifier
    >>> classifier = DocumentClassifier(None, BagOfWords(9), classes=2)
    >>> classifier.build()
    >>> [name for name, _ in classifier_parts(classifier)]
    ['head', 'word vectors']
    """
    encoder = classifier.encoder
    tables = [encoder.embedding, encoder.region_table]
    vectors = [weight for table in tables if table is not None for weight in table.weights]
    levels = getattr(encoder, "levels", None)
    parts = [("encoder", [w for w in encoder.weights if not _among(w, vectors)])]
    if levels is not None and len(levels) == 2:
        parts = [("sentences", levels[1].weights), ("words", levels[0].weights)]
    below = [weight for _, weights in parts for weight in weights] + vectors
    head = [weight for weight in classifier.weights if not _among(weight, below)]
    parts = [("head", head), *parts, ("word vectors", vectors)]
    return [(name, weights) for name, weights in parts if weights]


def _among(weight, weights):
    return any(weight is other for other in weights)


@contextlib.contextmanager
def _restored(classifier):
    values = [weight.numpy() for weight in classifier.weights]
    try:
        yield
    finally:
        for weight, value in zip(classifier.weights, values, strict=True):
            weight.assign(value)


def _again(classifier, documents, explanations):
    """The explanations of the same documents by the same method for the same classes."""
    found = [None] * len(documents)
    for target in dict.fromkeys(explanation.target for explanation in explanations):
        chosen = [n for n, explanation in enumerate(explanations) if explanation.target == target]
        some = [documents[index] for index in chosen]
        explained = explain(classifier, some, explanations[0].method, target)
        for index, explanation in zip(chosen, explained, strict=True):
            found[index] = explanation
    return found


def _comparable(explanation):
    """The explanation with attention scaled as for the display.

    As shares of their sentences, words would mostly be ranked by the lengths of the sentences.
    """
    method = get_method(explanation.method)
    sentences = tuple(
        dataclasses.replace(
            sentence,
            words=tuple(
                dataclasses.replace(word, score=score)
                for word, score in zip(sentence.words, weights(sentence, method), strict=True)
            ),
        )
        for sentence in explanation.sentences
    )
    return dataclasses.replace(explanation, sentences=sentences)


def _row(method, part, before, after):
    pairs = zip(map(_comparable, before), map(_comparable, after), strict=True)
    found = [agreement(*pair) for pair in pairs]
    columns = {}
    for level in ("word", "sentence"):
        values = [getattr(pair, f"{level}_correlation") for pair in found]
        known = np.array([value for value in values if value is not None])
        columns[f"{level}_correlation"] = mean_with_interval(known)
    return {"method": method, "randomized": part, "documents": len(found), **columns}
