"""Losses for single-label and multi-label heads, with hard or soft targets and weights."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("hanlib")
class SingleLabelCrossentropy(keras.losses.Loss):
    """Cross-entropy for one class per document.

        L = -Σ_k t_k log p_k,    t = (1 - s) y + s / classes

    Targets are class indices `[docs]`, or soft targets `[docs, classes]`; both may occur in one
    training run.

    Args:
        label_smoothing: s, the share of the target that is spread evenly over the classes.

    >>> loss = SingleLabelCrossentropy()
    >>> probabilities = ops.array([[0.5, 0.5], [0.1, 0.9]])
    >>> hard, soft = ops.array([1, 1]), ops.array([[0.0, 1.0], [0.0, 1.0]])
    >>> float(loss(hard, probabilities)) == float(loss(soft, probabilities))
    True
    """

    def __init__(self, label_smoothing=0.0, name="crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        if len(y_true.shape) == 1 and not self.label_smoothing:
            return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        if len(y_true.shape) == 1:
            y_true = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1])
        return keras.losses.categorical_crossentropy(
            y_true, y_pred, label_smoothing=self.label_smoothing
        )

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable("hanlib")
class MultiLabelCrossentropy(keras.losses.Loss):
    """Binary cross-entropy summed over the labels.

        L = -Σ_k t_k log p_k + (1 - t_k) log(1 - p_k),    t = (1 - s) y + s / 2

    Targets are `[docs, classes]`, from 0 to 1. A weight may be given for each document `[docs]`,
    or for each label of each document `[docs, classes]`.

    The terms of the labels are summed, whereas `keras.losses.BinaryCrossentropy` averages them.
    With the mean over many labels (90, for example), the gradient of a word vector is as small as
    Adam's epsilon, and nothing is learned.

    Args:
        label_smoothing: s, the share of the target that is moved towards 1/2.

    >>> loss = MultiLabelCrossentropy()
    >>> f"{float(loss(ops.array([[1, 0, 0]]), ops.array([[0.5, 0.5, 0.5]]))):.4f}"  # 3 log 2
    '2.0794'
    """

    def __init__(self, label_smoothing=0.0, name="crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.label_smoothing = label_smoothing

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is None or len(ops.shape(sample_weight)) < 2:
            return super().__call__(y_true, y_pred, sample_weight)
        weights = ops.cast(sample_weight, self.dtype)
        losses = ops.sum(self._terms(y_true, y_pred) * weights, axis=-1)
        return _Reduction(reduction=self.reduction, dtype=self.dtype)(losses, losses)

    def call(self, y_true, y_pred):
        return ops.sum(self._terms(y_true, y_pred), axis=-1)

    def _terms(self, y_true, y_pred):
        y_true = ops.convert_to_tensor(y_true, self.dtype)
        y_true = y_true * (1 - self.label_smoothing) + self.label_smoothing / 2
        return ops.binary_crossentropy(y_true, ops.convert_to_tensor(y_pred, self.dtype))

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


class _Reduction(keras.losses.Loss):
    """Reduces losses that have been computed already."""

    def call(self, y_true, y_pred):
        return y_true
