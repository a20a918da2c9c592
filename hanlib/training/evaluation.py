"""How well a classifier does on labelled documents, as a stream."""

import itertools

import numpy as np
import tensorflow as tf

from hanlib.training.builders import loss_function
from hanlib.training.errors import TrainingError
from hanlib.training.metrics import MultiLabelCounts, SingleLabelCounts

# Documents that are sorted by length together: batches of like lengths are faster.
_WINDOW = 1024


def evaluate(classifier, examples, batch_size=64, progress=None):
    """Measures a classifier, in memory that the number of documents does not touch.

    Args:
        classifier: a `hanlib.models.DocumentClassifier` with a vectorizer.
        examples: iterable of `(text, label)`, labels by class name; a tuple of names with
            `multi_label`.
        batch_size: documents a batch.
        progress: function that is called with the number of documents done.

    Returns:
        A dict with `documents`, `loss` (mean of the documents' cross-entropy, nats), `macro_f1`
        (mean over the classes that occur), `micro_f1` and `per_class` (precision, recall, f1,
        support); with one label a document also `accuracy` and `confusion` (rows: true class,
        columns: given class, in the order of `classes`), with several `subset_accuracy`.

    Raises:
        TrainingError: no documents, or a label that the classifier does not know.

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
            ids = classifier.vectorizer(tf.constant([_bytes(text) for text in texts]))
            measurement.add(ids, np.stack([encode(label) for label in labels]))
        if progress is not None:
            progress(measurement.documents)
    if not measurement.documents:
        raise TrainingError("`examples` must hold at least one document. Received: none")
    return measurement.metrics()


class Measurement:
    """Runs a classifier on batches of ids and counts; made once, `reset` before each pass."""

    def __init__(self, classifier):
        self.classifier = classifier
        self._loss = loss_function(classifier, label_smoothing=0.0)
        self._step = tf.function(self._probabilities_and_loss, reduce_retracing=True)
        self.reset()

    def reset(self):
        """Forgets what was counted."""
        classifier = self.classifier
        self.documents, self._loss_sum = 0, 0.0
        if classifier.multi_label:
            self.counts = MultiLabelCounts(classifier.classes, classifier.thresholds)
        else:
            self.counts = SingleLabelCounts(classifier.classes)

    def _probabilities_and_loss(self, ids, labels):
        probabilities = self.classifier(ids, training=False)
        return probabilities, tf.reduce_sum(self._loss(labels, probabilities))

    def add(self, ids, labels):
        """Counts one batch of ragged ids and encoded labels."""
        probabilities, loss = self._step(ids, tf.convert_to_tensor(labels))
        self.counts.add(np.asarray(labels), probabilities.numpy())
        self._loss_sum += float(loss)
        self.documents += len(labels)

    def metrics(self):
        """The figures of all batches since the last `reset`; see `evaluate`."""
        loss = self._loss_sum / max(self.documents, 1)
        return {"documents": self.documents, "loss": loss, **self.counts.metrics()}


def label_encoder(classes, multi_label):
    """A function from a label as `hanlib.data` gives it to what the loss takes.

    >>> label_encoder(["art", "law"], multi_label=True)(("law",))
    array([0., 1.], dtype=float32)
    """
    places = {str(name): place for place, name in enumerate(classes)}

    def place(name):
        if str(name) not in places:
            known = ", ".join(list(places)[:10])
            raise TrainingError(f"the model knows the classes {known}. Received: label {name!r}")
        return places[str(name)]

    def encode(label):
        if not multi_label:
            if isinstance(label, tuple):
                raise TrainingError(
                    f"the model gives each document one class. Received: labels {label!r}"
                )
            return np.int32(place(label))
        row = np.zeros(len(places), "float32")
        names = label if isinstance(label, (tuple, list)) else (label,)
        row[[place(name) for name in names]] = 1
        return row

    return encode


def _bytes(text):
    # A lone surrogate, as a tolerant reader leaves it, has no UTF-8.
    return text.encode("utf-8", "replace") if isinstance(text, str) else text
