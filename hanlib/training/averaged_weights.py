"""Validation with the averaged weights of an optimizer."""

import contextlib

import keras
import numpy as np
import tensorflow as tf


class AveragedWeights(keras.callbacks.Callback):
    """Validates with the averaged weights that the optimizer keeps (`use_ema=True`).

    The current weights are restored exactly before training continues. At the end of `fit` Keras
    assigns the averages to the model. Without `use_ema` this callback has no effect.

    >>> model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.1, use_ema=True), "mse")
    >>> x = np.ones([4, 1])
    >>> history = model.fit(x, x, validation_data=(x, x), callbacks=[AveragedWeights()], verbose=0)
    """

    def __init__(self):
        super().__init__()
        self._stack = None

    def on_test_begin(self, logs=None):
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(averaged(self.model))

    def on_test_end(self, logs=None):
        self._stack.close()


@contextlib.contextmanager
def averaged(model):
    """A context in which the model has the averaged weights.

    The weights are copied: adding and subtracting, as `keras.callbacks.SwapEMAWeights` does, would
    not restore them exactly.
    """
    pairs = _averages(model)
    last = values_of([variable for variable, _ in pairs])
    assign([variable for variable, _ in pairs], values_of([average for _, average in pairs]))
    try:
        yield
    finally:
        assign([variable for variable, _ in pairs], last)


def averaged_weights(model):
    """The weights of a model as arrays; averages if the optimizer keeps them."""
    averages = {id(variable): average for variable, average in _averages(model)}
    return values_of([averages.get(id(variable), variable) for variable in model.weights])


def values_of(variables):
    """Copies of the values of variables."""
    return [np.array(tf.convert_to_tensor(variable)) for variable in variables]


def assign(variables, arrays):
    """Assigns arrays to variables."""
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _averages(model):
    """Pairs of trainable variables and their averages."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if not optimizer.use_ema:
        return []
    averages = optimizer._model_variables_moving_average
    return [
        (variable, average)
        for variable, average in zip(model.trainable_variables, averages, strict=True)
        if average is not None
    ]
