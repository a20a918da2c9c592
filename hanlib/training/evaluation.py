"""Measures a classifier on a stream of labelled documents."""

import itertools

import numpy as np
import tensorflow as tf

from hanlib.losses import MultiLabelCrossentropy, SingleLabelCrossentropy
from hanlib.models import Labels
from hanlib.ops.model_graph import model_graph
from hanlib.training.errors import TrainingError
from hanlib.training.metrics import MultiLabelCounts, SingleLabelCounts

# Documents that are sorted by length together, since batches of similar lengths are faster.
_WINDOW = 1024


def evaluate(classifier, examples, batch_size=64, progress=None):
    """Measures a classifier on a stream of documents, with constant memory.

    Args:
        classifier: a `hanlib.models.DocumentClassifier` with a vectorizer.
        examples: iterable of `(document, label)`; a document is a text, or split into words. A
            label is a class name, or a tuple of names with `multi_label`.
        batch_size: documents per batch.
        progress: function that is called with the number of documents done.

    Returns:
        A dict with `documents`, `loss` (mean cross-entropy per document, in nats), `macro_f1` (mean
        over the classes that occur), `micro_f1` and `per_class` (precision, recall, f1, support).
        Single-label classifiers also have `accuracy`, `confusion` (rows: true class, columns:
        predicted class, in the order of `classes`) and `expected_calibration_error`, and where
        classes are numbers, such as stars, `mean_absolute_error` and `quadratic_kappa`;
        multi-label ones have `subset_accuracy`.

    Raises:
        TrainingError: there are no documents, or a label is not a class of the classifier.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer()
    >>> vectorizer.adapt(["Good.", "Bad."])
    >>> encoder = HAN.from_preset("han_small", vectorizer.vocabulary_size)
    >>> classifier = DocumentClassifier(vectorizer, encoder, ["neg", "pos"])
    >>> evaluate(classifier, [("Good.", "pos"), ("Bad.", "neg")])["documents"]
    2
    """
    measurement = Measurement(classifier)
    encode = label_encoder(classifier.classes, classifier.multi_label)
    examples = iter(examples)
    while window := list(itertools.islice(examples, _WINDOW)):
        window.sort(key=lambda example: len(example[0]))
        for start in range(0, len(window), batch_size):
            texts, labels = zip(*window[start : start + batch_size], strict=True)
            texts = classifier.as_documents(list(texts))
            measurement.add(texts, np.stack([encode(label) for label in labels]))
        if progress is not None:
            progress(measurement.documents)
    if not measurement.documents:
        raise TrainingError("`examples` must hold at least one document. Received: none")
    return measurement.metrics()


class Measurement:
    """Runs a classifier on batches of documents and accumulates the metrics."""

    def __init__(self, classifier):
        self.classifier, self.documents, self._loss_sum = classifier, 0, 0.0
        self._loss = MultiLabelCrossentropy if classifier.multi_label else SingleLabelCrossentropy
        self._loss = self._loss(reduction="sum")
        self._step = model_graph(self._probabilities_and_loss)
        if classifier.multi_label:
            self.counts = MultiLabelCounts(classifier.classes, classifier.thresholds)
        else:
            self.counts = SingleLabelCounts(classifier.classes)

    def _probabilities_and_loss(self, x, labels):
        probabilities = self.classifier(x, training=False)
        return probabilities, self._loss(labels, probabilities)

    def add(self, x, labels):
        """Adds one batch of strings or ids, with encoded labels."""
        probabilities, loss = self._step(x, tf.convert_to_tensor(labels))
        self.counts.add(np.asarray(labels), probabilities.numpy())
        self._loss_sum += float(loss)
        self.documents += len(labels)

    def metrics(self):
        """The metrics of all batches so far; see `evaluate`."""
        loss = self._loss_sum / max(self.documents, 1)
        return {"documents": self.documents, "loss": loss, **self.counts.metrics()}


def label_encoder(classes, multi_label):
    """A function that converts a label of `hanlib.data` to a target of the loss.

    >>> label_encoder(["art", "law"], multi_label=True)(("law",))
    array([0., 1.], dtype=float32)
    """
    labels = Labels(classes, multi_label)

    def encode(label):
        if not multi_label and isinstance(label, tuple):
            raise TrainingError(
                f"the model assigns one class to each document. Received: labels {label!r}"
            )
        if multi_label and isinstance(label, str):
            label = (label,)
        try:
            return labels.encode_document(label)
        except ValueError:
            known = ", ".join(map(str, labels.classes[:10]))
            raise TrainingError(
                f"the model knows the classes {known}. Received: label {label!r}"
            ) from None

    return encode
