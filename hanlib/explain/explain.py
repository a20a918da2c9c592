"""Computes the explanations of documents, in batches and with bounded memory."""

import itertools

import numpy as np
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.evidence import Explanation, Sentence, Word
from hanlib.evidence.methods import default_method
from hanlib.explain.documents import parts
from hanlib.explain.faithfulness import Perturbations
from hanlib.explain.inputs import check_not_single, read_inputs
from hanlib.explain.methods import method_function
from hanlib.explain.network import network_of
from hanlib.explain.targets import contrast_of, explained

# Batches of documents that are read ahead, so that documents of similar length run together.
_AHEAD = 8


def explain(classifier, documents, method=None, target=None, against=None, **options):
    """Explains which sentences and words decided the class of each document.

    Args:
        classifier: a `DocumentClassifier` whose encoder has one or two levels.
        documents: a list of strings, or ids as `DocumentClassifier.predict` takes them.
        method: "gradients_by_level", "gradient_x_attention", "integrated_gradients",
            "leave_one_out", "gradient_x_input", "combined_attention", "attention", "rationale" (for
            a classifier with a rationale head), or for comparison "uniform_attention" and "random"
            (docs/explanations.md describes each). None selects "gradients_by_level" for an encoder
            with sentences, else "gradient_x_attention", or "integrated_gradients" without
            attention.
        target: the class that the scores are for, by name or index. None selects the most
            probable class. A list of classes, "all", or "labels" (the labels that a multi-label
            classifier predicts) gives one explanation for each class.
        against: a class B to compare the target A with, by name or index: why A and not B. The
            scores then refer to `log p_A - log p_B` instead of the log-odds of A; with several
            labels per document, to the difference of their log-odds. "runner-up" is the most
            probable class other than the target. A document whose target is B itself is explained
            without a comparison.
        **options: see `explain_each`.

    Returns:
        A list of `hanlib.evidence.Explanation`, in the order of the documents.

    Raises:
        ValueError: an argument is out of its range, or the classifier cannot be explained.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "film"])
    >>> encoder = HAN.from_preset("han_small", vectorizer.vocabulary_size)
    >>> classifier = DocumentClassifier(vectorizer, encoder, classes=["neg", "pos"])
    >>> found = explain(classifier, ["A good film. Go!"], target="pos")[0]
    >>> found.target, [word.text for word in found.words], found.words[1].start
    ('pos', ['A', 'good', 'film', '.', 'Go', '!'], 2)
    >>> found = explain(classifier, ["A good film."], target="pos", against="neg")[0]
    >>> found.target, found.against
    ('pos', 'neg')
    """
    return list(explain_stream(classifier, documents, method, target, against, **options))


def explain_stream(classifier, documents, method=None, target=None, against=None, **options):
    """Yields the explanations of any number of documents, with bounded memory.

    Args:
        classifier, method, target, against, **options: as in `explain_each`.
        documents: as in `explain`, or an iterable of documents, such as a generator.

    Yields:
        `hanlib.evidence.Explanation`, in the order of the documents.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN(9), classes=2)
    >>> ids = ([[number, 3], [4]] for number in range(1, 6))
    >>> [explanation.label in (0, 1) for explanation in explain_stream(classifier, ids)]
    [True, True, True, True, True]
    """
    for explanations in explain_each(classifier, documents, method, target, against, **options):
        yield from explanations


def explain_each(
    classifier,
    documents,
    method=None,
    target=None,
    against=None,
    *,
    batch_size=32,
    faithfulness=False,
    rankings=10,
    true_labels=None,
    seed=0,
):
    """Like `explain_stream`, but yields a list with all explanations of each document.

    Args:
        classifier, method, target, against: as in `explain`.
        documents: as in `explain_stream`.
        batch_size: explanations per batch.
        faithfulness: whether to measure the faithfulness of each explanation, by removing words
            and sentences (see `hanlib.evidence.Faithfulness`). This takes about 5 + 5 x `rankings`
            more passes over the document. A document without words has no faithfulness.
        rankings: number of random rankings to compare with, at least 5.
        true_labels: the true label of each document, if known.
        seed: seed of the random rankings, and of the method "random".

    Yields:
        For each document a list of `hanlib.evidence.Explanation`: one for each target.

    Raises:
        ValueError: as `explain`.

    >>> from hanlib.models import HAN, DocumentClassifier
    >>> classifier = DocumentClassifier(None, HAN(9), classes=["bad", "good"])
    >>> for found in explain_each(classifier, [[[2, 3], [4]]], target=["good", "bad"]):
    ...     print([explanation.target for explanation in found])
    ['good', 'bad']
    """
    check_integer("batch_size", batch_size)
    check_integer("rankings", rankings, 5)
    check_not_single(documents)
    explainer = _Explainer(
        classifier, method, (target, against), seed, batch_size, rankings if faithfulness else 0
    )
    true_labels = itertools.repeat(None) if true_labels is None else iter(true_labels)
    for window in _windows(documents, batch_size * _AHEAD):
        yield from explainer.window(window, true_labels)


class _Explainer:
    """The options that are the same for all windows of documents."""

    def __init__(self, classifier, method, classes, seed, batch_size, rankings):
        self.classifier, self.network = classifier, network_of(classifier)
        network = self.network
        default = default_method(network.has_sentences, network.has_attention)
        self.method = default if method is None else method
        self.function = method_function(self.method)
        contrast_of(classifier, *classes)  # Raises an error before anything is computed.
        self.classes, self.seed = classes, seed
        self.batch_size, self.rankings = batch_size, rankings

    def window(self, window, true_labels):
        """The explanations of each document of a window, in order."""
        documents, surfaces = read_inputs(self.classifier, window)
        labels = list(itertools.islice(true_labels, documents.count))
        if len(labels) < documents.count:
            raise ValueError("`true_labels` must have one label for each document. Received: fewer")
        indices, targets = explained(self.network, documents, *self.classes)
        order = np.argsort(documents.document_words[indices], kind="stable")
        found = {}
        for start in range(0, len(order), self.batch_size):
            chosen = order[start : start + self.batch_size]
            of_batch = [(surfaces[index], labels[index]) for index in indices[chosen]]
            batch = documents.take(indices[chosen])
            explanations = self._batch(batch, targets[chosen], of_batch)
            found.update(zip(chosen.tolist(), explanations, strict=True))
        of_documents = [[] for _ in range(documents.count)]
        for number, index in enumerate(indices.tolist()):
            of_documents[index].append(found[number])
        return of_documents

    def _batch(self, documents, targets, surfaces):
        scores = self.function(self.network, documents, targets, self.seed)
        measured = [{} for _ in range(documents.count)]
        if self.rankings:
            perturbations = Perturbations(self.network, documents, scores, self.rankings, self.seed)
            measured = perturbations.faithfulness(scores)
        labels = self.classifier.labels_of(scores.probabilities)
        rows = zip(
            surfaces,
            labels,
            scores.probabilities.tolist(),
            [self._names(pair) for pair in scores.targets.tolist()],
            parts(scores.words, documents.document_words),
            parts(scores.sentences, documents.document_sentences),
            measured,
            _rows_of(scores.diagnostics, documents.count),
            strict=True,
        )
        return [self._record(*row) for row in rows]

    def _names(self, pair):
        """The names of a target and of the class that it is compared with, or None."""
        return [None if index < 0 else self.classifier.classes[index] for index in pair]

    def _record(self, surface, label, probabilities, pair, words, sentences, measured, further):
        surface, true_label = surface
        several, (target, against) = self.classifier.multi_label, pair
        return Explanation(
            text=surface.text,
            label=tuple(label) if several else label,
            probabilities=dict(zip(self.classifier.classes, probabilities, strict=True)),
            target=target,
            against=against,
            method=self.method,
            sentences=explanation_sentences(surface, words, sentences),
            faithfulness=measured,
            diagnostics=further,
            true_label=true_label,
        )


def explanation_sentences(surface, word_scores, sentence_scores):
    """The `Sentence`s of an explanation.

    Args:
        surface: the `Surface` of the document.
        word_scores: `<float>[words]`.
        sentence_scores: `<float>[sentences]`.
    """
    spans = surface.word_spans()
    starts, ends = zip(*spans, strict=True) if spans else ((), ())
    words = iter(map(Word, surface.words, word_scores.tolist(), starts, ends))
    return tuple(
        Sentence(text, score, tuple(itertools.islice(words, length)), *span)
        for text, score, length, span in zip(
            surface.sentences,
            sentence_scores.tolist(),
            surface.sentence_words,
            surface.sentence_spans(spans),
            strict=True,
        )
    )


def _rows_of(diagnostics, count):
    """One `dict` per document, from one array per diagnostic."""
    columns = {name: values.tolist() for name, values in diagnostics.items()}
    return [{name: values[index] for name, values in columns.items()} for index in range(count)]


def _windows(documents, size):
    if isinstance(documents, tf.data.Dataset):
        raise ValueError(
            "`documents` must be a list or another iterable of documents. Received: a "
            "tf.data.Dataset; `dataset.as_numpy_iterator()` gives its texts"
        )
    if isinstance(documents, (tf.Tensor, tf.RaggedTensor, np.ndarray)):
        ragged = isinstance(documents, tf.RaggedTensor)
        count = int(documents.nrows()) if ragged else documents.shape[0]
        for start in range(0, count, size):
            yield documents[start : start + size]
        return
    documents = iter(documents)
    while window := list(itertools.islice(documents, size)):
        yield window
