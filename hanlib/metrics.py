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
    return tf.cast(tf.boolean_mask(y_true == y_pred, y_true >= 0), tf.float32)
