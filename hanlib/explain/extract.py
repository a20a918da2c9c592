"""Extracts: a number of sentences, or as few as keep the probability of the target.

Sentences are ranked by the scores of a method. For a given number, those with the highest scores
are chosen. For a given epsilon, sentences are added in this order until the probability for them
alone is at most epsilon below that for the document; then each one that is not needed is dropped,
the weakest first, so that the extract is minimal.
"""

import itertools

import numpy as np

from hanlib.checks import check_integer
from hanlib.evidence.extract import Extract
from hanlib.evidence.methods import default_method, get_method
from hanlib.explain.explain import explanation_sentences
from hanlib.explain.methods import method_function
from hanlib.explain.network import network_of
from hanlib.explain.scored_documents import scored_documents
from hanlib.explain.targets import classes_of, explained
from hanlib.explain.variants import Variants

_BATCH = 16
EPSILON = 0.05


def extracts(
    classifier, documents, sentences=None, epsilon=None, method=None, target=None, batch_size=_BATCH
):
    """Reduces each document to the sentences that its class rests on.

    Args:
        classifier: a `DocumentClassifier`.
        documents: a list of strings, or ids as `DocumentClassifier.predict` takes them.
        sentences: the largest number of sentences. Sentences that speak against the target are not
            chosen to reach it.
        epsilon: how far the probability of the target may fall below that for the document, at
            least 0; then as few sentences are chosen as keep it. If neither number is given, it is
            0.05. With both, at most `sentences` are chosen; `Extract.kept` tells whether they keep
            the probability.
        method: the method that ranks the sentences, as in `explain`.
        target: the class that the extract is for, by name or index; None: the most probable one.
        batch_size: documents that are explained at once.

    Returns:
        A list of `hanlib.evidence.Extract`, one for each document.

    Raises:
        ValueError: an argument is out of its range, or the classifier cannot be explained.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "film"])
    >>> classifier = DocumentClassifier(vectorizer, HAN(4), classes=["neg", "pos"])
    >>> (found,) = extracts(classifier, ["A good film. Go! We left."], sentences=1)
    >>> len(found.sentences), found.count
    (1, 3)
    """
    check_integer("sentences", sentences, allow_none=True)
    if sentences is None and epsilon is None:
        epsilon = EPSILON
    if epsilon is not None and not epsilon >= 0:
        raise ValueError(f"`epsilon` must be at least 0. Received: epsilon={epsilon!r}")
    classes = classes_of(classifier, target)
    if classes is None or len(classes) != 1:
        raise ValueError(f"`target` must be one class. Received: target={target!r}")
    network = network_of(classifier)
    method = method or default_method(network.has_sentences, network.has_attention)
    function = method_function(method)

    def score(some):
        return function(network, some, explained(network, some, target)[1])

    scored = scored_documents(classifier, documents, score, batch_size)
    return [_extract(network, method, sentences, epsilon, document) for document in scored]


def _extract(network, method, most, epsilon, document):
    target, sizes = document.target, document.sentence_words
    variants = Variants(network, document.words, document.row_lengths, sizes)
    choice = _Choice(variants, document.sentence_scores, target)
    if epsilon is None:
        chosen = choice.strongest(most, get_method(method).signed)
    else:
        chosen = choice.as_few_as_keep(epsilon, most)
    whole, alone, without = choice.probabilities(
        np.stack([np.ones_like(chosen), chosen, ~chosen])
    ).tolist()
    classifier = network.classifier
    label = classifier.labels_of([whole])[0]
    scores = document.word_scores, document.sentence_scores
    return Extract(
        document.surface.text,
        tuple(label) if classifier.multi_label else label,
        classifier.classes[target],
        tuple(itertools.compress(explanation_sentences(document.surface, *scores), chosen)),
        len(sizes),
        *(dict(zip(classifier.classes, p, strict=True)) for p in (whole, alone, without)),
        None if epsilon is None else bool(alone[target] >= whole[target] - epsilon),
        method,
        variants.calls,
    )


class _Choice:
    """The choice of sentences in one document; sets are `<bool>[sentences]`, true if chosen."""

    def __init__(self, variants, scores, target):
        self.variants, self.scores, self.target = variants, scores, target
        self.rank = np.empty(len(scores), np.int64)
        self.rank[np.argsort(-scores, kind="stable")] = np.arange(len(scores))

    def probabilities(self, chosen):
        """`<float32>[variants, classes]` of each set of sentences alone."""
        logits = self.variants.logits(~chosen)
        return self.variants.network.probabilities(logits).numpy()

    def strongest(self, most, signed):
        """The sentences with the highest scores; at least one, unless there is none."""
        chosen = self.rank < most
        return chosen & ((self.scores > 0) | (self.rank == 0)) if signed else chosen

    def as_few_as_keep(self, epsilon, most=None):
        """A minimal set whose probability is within epsilon, or the `most` strongest sentences."""
        count = len(self.scores)
        most = count if most is None else min(most, count)
        if not most:
            return np.zeros(count, bool)
        sizes = np.append(np.arange(1, most + 1), count)
        sets = self.rank[None, :] < sizes[:, None]
        *alone, whole = self.probabilities(sets)[:, self.target]
        enough = np.flatnonzero(np.array(alone) >= whole - epsilon)
        if not len(enough):
            return sets[most - 1]
        return self._pruned(sets[enough[0]], whole - epsilon)

    def _pruned(self, chosen, least):
        """`chosen` without the sentences that are not needed, the weakest first."""
        while chosen.sum() > 1:
            members = np.flatnonzero(chosen)
            fewer = np.repeat(chosen[None], len(members), axis=0)
            fewer[np.arange(len(members)), members] = False
            needless = np.flatnonzero(self.probabilities(fewer)[:, self.target] >= least)
            if not len(needless):
                break
            chosen = fewer[needless[np.argmax(self.rank[members[needless]])]]
        return chosen
