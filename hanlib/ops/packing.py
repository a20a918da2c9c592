"""Packing: concatenation of rows of unequal length in time-major order, without padding."""

import functools
from typing import NamedTuple

import tensorflow as tf


class Packing(NamedTuple):
    """The packed order of the words of ragged rows.

    The rows are sorted by length, longest first. The rows that still run at step t are then the
    first `batch_sizes[t]` rows, and the concatenated words of all steps form one matrix with
    exactly one row per real word.

    Attributes:
        batch_sizes: `<int32>[steps]`, the number of rows that have a word at each step, in
            descending order; empty if there are no words.
        forward: `<int32>[words]`, the row-major index of each packed word.
        backward: `<int32>[words]`, the same for the backward direction, which reads each row from
            its last word to its first.
    """

    batch_sizes: tf.Tensor
    forward: tf.Tensor
    backward: tf.Tensor


def pack(lengths):
    """Computes the packing of rows with the given lengths.

    Args:
        lengths: `<int>[rows]`, the number of words in each row; zero is allowed.

    Returns:
        A `Packing`.

    >>> packing = pack([1, 3, 0])
    >>> packing.batch_sizes.numpy().tolist()
    [2, 1, 1]
    >>> packing.forward.numpy().tolist(), packing.backward.numpy().tolist()
    ([1, 0, 2, 3], [3, 0, 2, 1])
    """
    return _pack(tf.cast(lengths, tf.int32))


# A graph of its own: all models of a process call it, so it is traced once.
@tf.function(input_signature=[tf.TensorSpec([None], tf.int32)], autograph=False)
def _pack(lengths):
    order = tf.argsort(lengths, direction="DESCENDING", stable=True)  # [rows]
    finished = tf.cumsum(tf.math.bincount(lengths, minlength=1))  # [steps + 1]
    batch_sizes = tf.size(lengths) - finished[:-1]  # [steps]
    steps = tf.repeat(tf.range(tf.size(batch_sizes)), batch_sizes)  # [words]
    starts = tf.cumsum(batch_sizes, exclusive=True)  # [steps]
    rows = tf.gather(order, tf.range(tf.size(steps)) - tf.gather(starts, steps))  # [words]
    first_words = tf.gather(tf.cumsum(lengths, exclusive=True), rows)
    last_words = first_words + tf.gather(lengths, rows) - 1
    return Packing(batch_sizes, first_words + steps, last_words - steps)


def permute(values, order, inverse):
    """`values[order]` for a permutation; its gradient gathers where that of `tf.gather` scatters.

    Args:
        values: `<float>[words, features]`.
        order, inverse: `<int32>[words]`, with `order[inverse[i]] = i`.

    >>> permute(tf.constant([[1.0], [2.0]]), tf.constant([1, 0]), tf.constant([1, 0])).numpy()
    array([[2.], [1.]], dtype=float32)
    """
    return _permuted(values.dtype, values.shape[1])(values, order, inverse)


# Traced once per process: TensorFlow never frees the graph that a custom gradient is traced in.
@functools.cache
def _permuted(dtype, features):
    integers = tf.TensorSpec([None], tf.int32)

    def permuted(values, order, inverse):
        @tf.custom_gradient
        def run(values):
            return tf.gather(values, order), lambda upstream: tf.gather(upstream, inverse)

        return run(values)

    signature = [tf.TensorSpec([None, features], dtype), integers, integers]
    return tf.function(permuted, input_signature=signature, autograph=False)
