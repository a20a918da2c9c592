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
        count: `<int32>[]`, the number of rows, empty ones included.
    """

    sizes: tf.Tensor
    positions: tf.Tensor
    rows: tf.Tensor
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
    places = tf.range(tf.size(steps)) - tf.gather(tf.cumsum(sizes, exclusive=True), steps)
    rows = tf.gather(order, places)  # [words]
    starts = tf.cumsum(lengths, exclusive=True)  # [rows]
    return Packing(sizes, tf.gather(starts, rows) + steps, rows, count)


def unpack(values, packing):
    """Packed `values` `[words, ...]` in row-major order again.

    >>> packing = pack([1, 3])
    >>> unpack(tf.gather(tf.constant([10, 20, 21, 22]), packing.positions), packing).numpy()
    array([10, 20, 21, 22], dtype=int32)
    """
    return tf.gather(values, tf.math.invert_permutation(packing.positions))
