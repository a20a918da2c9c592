"""Applies functions on flat strings to tensors of any shape, including ragged ones."""

import tensorflow as tf


def as_strings(text, name="text"):
    """`text` as a string tensor; raises `TypeError` if it does not hold strings."""
    if not isinstance(text, tf.RaggedTensor):
        text = tf.convert_to_tensor(text)
    if text.dtype != tf.string:
        raise TypeError(f"`{name}` must hold strings. Received: dtype={text.dtype.name}")
    return text


def map_strings(function, text):
    """Applies `function`, `<string>[n]` -> `<string>[n]`, to every string; keeps the shape."""
    if isinstance(text, tf.RaggedTensor):
        return text.with_flat_values(map_strings(function, text.flat_values))
    return tf.reshape(function(tf.reshape(text, [-1])), tf.shape(text))


def split_strings(function, text):
    """Applies `function`, `<string>[n]` -> `<string>[n, (parts)]`, as a new innermost level."""
    if isinstance(text, tf.RaggedTensor):
        return text.with_values(split_strings(function, text.values))
    rank = text.shape.rank
    if rank is None:
        raise ValueError("`text` must have a known number of dimensions. Received: unknown shape")
    if rank == 0:
        return function(tf.reshape(text, [1])).values
    if rank == 1:
        return function(text)
    return split_strings(function, tf.RaggedTensor.from_tensor(text, ragged_rank=rank - 1))
