"""Packing: rows of unequal length laid end to end, time-major, without any padding."""

from typing import NamedTuple

import tensorflow as tf


class Packing(NamedTuple):
    """How the words of ragged rows lie in packed order.

    The rows are sorted by length, longest first. The rows that still run at step t are then a
    prefix of `sizes[t]` rows, and the words of all steps, laid end to end, form one matrix with
    exactly one line a real word.

    Attributes:
        sizes: `<int32>[steps]`, rows that have a word at each step, falling.
        positions: `<int32>[words]`, the row-major place of each packed word.
        rows: `<int32>[words]`, the row that each packed word belongs to.
        mirror: `<int32>[words]`, the place of each packed word where every row runs from its last
            word to its first; there and back again, it is its own inverse.
        count: `<int32>[]`, the number of rows, empty ones included.
    """

    sizes: tf.Tensor
    positions: tf.Tensor
    rows: tf.Tensor
    mirror: tf.Tensor
    count: tf.Tensor


def pack(lengths):
    """The packing of rows with the given lengths.

    Args:
        lengths: `<int>[rows]`, words a row; zero is legal.

    Returns:
        A `Packing`.

    >>> packing = pack([1, 3, 0])
    >>> packing.sizes.numpy().tolist(), packing.positions.numpy().tolist()
    ([2, 1, 1], [1, 0, 2, 3])
    """
    lengths = tf.cast(lengths, tf.int32)
    count = tf.size(lengths)
    order = tf.argsort(lengths, direction="DESCENDING", stable=True)  # [rows]
    finished = tf.cumsum(tf.math.bincount(lengths, minlength=1))  # [steps + 1]
    sizes = count - finished[:-1]  # [steps]
    steps = tf.repeat(tf.range(tf.size(sizes)), sizes)  # [words]
    firsts = tf.cumsum(sizes, exclusive=True)  # [steps]
    places = tf.range(tf.size(steps)) - tf.gather(firsts, steps)  # [words]
    rows = tf.gather(order, places)
    starts = tf.cumsum(lengths, exclusive=True)  # [rows]
    mirrored_steps = tf.gather(lengths, rows) - 1 - steps
    mirror = tf.gather(firsts, mirrored_steps) + places
    return Packing(sizes, tf.gather(starts, rows) + steps, rows, mirror, count)


def permute(values, order, inverse):
    """`values[order]` for a permutation; its gradient gathers where that of `tf.gather` scatters.

    Args:
        values: `<float>[words, features]`.
        order, inverse: `<int32>[words]`, with `order[inverse[i]] = i`.

    >>> permute(tf.constant([[1.0], [2.0]]), tf.constant([1, 0]), tf.constant([1, 0])).numpy()
    array([[2.], [1.]], dtype=float32)
    """

    @tf.custom_gradient
    def permuted(values):
        return tf.gather(values, order), lambda upstream: tf.gather(upstream, inverse)

    return permuted(values)


def unpack(values, packing):
    """Packed `values` `[words, ...]` in row-major order again.

    >>> packing = pack([1, 3])
    >>> unpack(tf.gather(tf.constant([10, 20, 21, 22]), packing.positions), packing).numpy()
    array([10, 20, 21, 22], dtype=int32)
    """
    return tf.gather(values, tf.math.invert_permutation(packing.positions))
