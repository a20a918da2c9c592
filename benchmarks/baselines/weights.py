"""Weights for all baselines, in the layout of Keras."""

from typing import NamedTuple

import numpy as np


class Level(NamedTuple):
    """The weights of one level.

    Attributes:
        forward, backward: `(kernel, recurrent_kernel, bias)` of a GRU as `keras.layers.GRU` has
            them: gates z, r, candidate; bias `[2, 3 * units]`.
        attention: `(kernel, bias, context)`.
    """

    forward: tuple
    backward: tuple
    attention: tuple


class Weights(NamedTuple):
    """The weights of a HAN.

    Attributes:
        embeddings: `<float>[vocabulary, dim]`.
        levels: words, then sentences.
        head: `(kernel, bias)`.
    """

    embeddings: np.ndarray
    levels: tuple
    head: tuple


def drawn(sizes, seed):
    """Random weights, also for biases, so that errors are not hidden by zeros."""
    random = np.random.default_rng(seed)

    def matrix(*shape):
        return (random.standard_normal(shape) / np.sqrt(shape[0])).astype("float32")

    def level(features):
        units = sizes.units
        ways = [
            (matrix(features, 3 * units), matrix(units, 3 * units), matrix(2, 3 * units))
            for _ in range(2)
        ]
        attention = (matrix(2 * units, sizes.attention), matrix(sizes.attention))
        return Level(*ways, (*attention, 3 * matrix(sizes.attention)))

    levels = (level(sizes.dim), level(2 * sizes.units))
    head = (matrix(2 * sizes.units, sizes.classes), matrix(sizes.classes))
    return Weights(matrix(sizes.vocabulary, sizes.dim) * 10, levels, head)
