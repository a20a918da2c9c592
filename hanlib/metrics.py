"""Keras metrics for single-label and multi-label heads."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

# Candidates for the threshold of a multi-label classifier.
THRESHOLDS = np.round(np.arange(0.05, 1.0, 0.05), 2)


@keras.saving.register_keras_serializable("hanlib")
class SingleLabelAccuracy(keras.metrics.MeanMetricWrapper):
    """Share of documents whose most probable class is that of the target.

    Targets are class indices `[docs]`, or soft targets `[docs, classes]`, whose largest entry is
    the class. Both may occur in one training run.

    >>> accuracy = SingleLabelAccuracy()
    >>> accuracy.update_state([1, 0], [[0.2, 0.8], [0.3, 0.7]])
    >>> accuracy.update_state([[0.1, 0.9]], [[0.2, 0.8]])
    >>> f"{float(accuracy.result()):.3f}"
    '0.667'
    """

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(_matches, name=name, dtype=dtype)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def _matches(y_true, y_pred):
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape):
        y_true = ops.argmax(y_true, axis=-1)
    return ops.cast(ops.equal(ops.cast(y_true, "int32"), ops.argmax(y_pred, axis=-1)), "float32")


@keras.saving.register_keras_serializable("hanlib")
class BestThresholdF1(keras.metrics.Metric):
    """The highest micro-F1 over the thresholds 0.05, 0.10, ..., 0.95.

    All labels share the threshold. On validation data the metric selects the threshold of a
    multi-label classifier.

    >>> f1 = BestThresholdF1()
    >>> f1.update_state([[1, 0], [0, 1]], [[0.4, 0.1], [0.2, 0.3]])
    >>> float(f1.result()), f1.best_threshold()
    (1.0, 0.25)
    """

    def __init__(self, name="best_f1", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.right, self.given = (
            self.add_weight((len(THRESHOLDS),), "zeros", "float64", name=name)
            for name in ("right", "given")
        )
        self.support = self.add_weight((), "zeros", "float64", name="support")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.convert_to_tensor(y_pred, "float32")
        true = ops.cast(ops.convert_to_tensor(y_true, "float32") > 0.5, "float64")
        # One threshold at a time, since [thresholds, docs, classes] would be large.
        counts = tf.map_fn(
            lambda threshold: _counts(true, ops.cast(y_pred >= threshold, "float64")),
            ops.convert_to_tensor(THRESHOLDS, "float32"),
            fn_output_signature=tf.TensorSpec([2], tf.float64),
        )
        self.right.assign_add(counts[:, 0])
        self.given.assign_add(counts[:, 1])
        self.support.assign_add(ops.sum(true))

    def result(self):
        return ops.max(self._scores())

    def best_threshold(self):
        """The threshold with the highest F1."""
        return float(THRESHOLDS[int(ops.argmax(self._scores()))])

    def _scores(self):
        return 2 * self.right / ops.maximum(self.given + self.support, 1)


def _counts(true, given):
    return ops.stack([ops.sum(true * given), ops.sum(given)])


@keras.saving.register_keras_serializable("hanlib")
class ItemAccuracy(keras.metrics.MeanMetricWrapper):
    """Share of the items of documents, such as sentences, that have the right label.

    Truth and answer are labels `<int32>[docs, most items]`, -1 on padding.

    >>> accuracy = ItemAccuracy()
    >>> accuracy.update_state([[1, 0], [2, -1]], [[1, 1], [2, -1]])
    >>> f"{float(accuracy.result()):.3f}"
    '0.667'
    """

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(_right_items, name=name, dtype=dtype)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def _right_items(y_true, y_pred):
    y_true, y_pred = tf.convert_to_tensor(y_true), tf.convert_to_tensor(y_pred)
    right = tf.boolean_mask(y_true == y_pred, y_true >= 0)
    return tf.cast(tf.reshape(right, [-1]), tf.float32)


@keras.saving.register_keras_serializable("hanlib")
class ChunkF1(keras.metrics.Metric):
    """F1 of chunks of words from labels in the BIO scheme; see `hanlib.evidence.chunks`.

    Truth and answer are labels `<int32>[docs, most words]`, -1 on padding.

    Args:
        classes: The labels, such as `["B-NP", "I-NP", "O"]`.

    >>> f1 = ChunkF1(["B-NP", "I-NP", "O"])
    >>> f1.update_state([[0, 1, 2, 0]], [[0, 1, 2, 2]])
    >>> f"{float(f1.result()):.3f}"
    '0.667'
    """

    def __init__(self, classes, name="chunk_f1", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.classes = [str(label) for label in classes]
        parts = [label.partition("-") for label in self.classes]
        kinds = sorted({kind for _, _, kind in parts})
        # Padding has the index -1, the last entry: outside of chunks.
        self._begins = np.array([*(prefix == "B" for prefix, *_ in parts), False])
        inside = [*(prefix in ("B", "I") for prefix, *_ in parts), False]
        kind = [*(1 + kinds.index(kind) for *_, kind in parts), 0]
        self._kinds = np.where(inside, kind, 0).astype("int32")
        self.right, self.given, self.true = (
            self.add_weight((), "zeros", "float64", name=name)
            for name in ("right", "given", "true")
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        true, given = self._chunks(y_true), self._chunks(y_pred)
        (starts, ends, kinds), (others, other_ends, other_kinds) = true, given
        alike = (kinds == other_kinds) & (ends == other_ends)
        for total, chosen in ((self.right, starts & others & alike), (self.true, starts)):
            total.assign_add(tf.reduce_sum(tf.cast(chosen, tf.float64)))
        self.given.assign_add(tf.reduce_sum(tf.cast(others, tf.float64)))

    def _chunks(self, labels):
        """Whether a chunk starts at each word, where it ends, and its kind; flat."""
        # One word outside at each end separates the documents.
        labels = tf.pad(tf.convert_to_tensor(labels), [[0, 0], [1, 1]], constant_values=-1)
        labels = tf.reshape(labels, [-1])
        labels = tf.where(labels < 0, len(self.classes), labels)
        kinds = tf.gather(self._kinds, labels)
        continues = ~tf.gather(self._begins, labels[1:]) & (kinds[1:] == kinds[:-1])
        starts = tf.concat([[False], ~continues & (kinds[1:] > 0)], axis=0)
        stops = tf.concat([~continues & (kinds[:-1] > 0), [False]], axis=0)
        before = tf.cumsum(tf.cast(stops, tf.int32), exclusive=True)
        places = tf.concat([tf.cast(tf.where(stops)[:, 0], tf.int32), [-1]], axis=0)
        return starts, tf.gather(places, before), kinds

    def result(self):
        return 2 * self.right / ops.maximum(self.given + self.true, 1)

    def get_config(self):
        return {**super().get_config(), "classes": self.classes}
