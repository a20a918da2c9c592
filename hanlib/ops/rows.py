"""Conversion between ragged or masked dense rows and the concatenated words."""

import tensorflow as tf


def flatten(inputs, mask=None):
    """Returns the real words of ragged or masked dense rows, row-major, and the length of each row.

    Args:
        inputs: `<float>[rows, (steps), features]` ragged, or `<float>[rows, steps, features]`.
        mask: `<bool>[rows, steps]`, true at real words, for dense input; all words by default.

    Returns:
        `<float>[words, features]` and `<int32>[rows]`.

    >>> values, lengths = flatten(tf.ones([2, 3, 1]), tf.constant([[1, 1, 0], [0, 0, 0]]) > 0)
    >>> values.shape, lengths.numpy().tolist()
    (TensorShape([2, 1]), [2, 0])
    """
    if isinstance(inputs, tf.RaggedTensor):
        return inputs.values, tf.cast(inputs.row_lengths(), tf.int32)
    shape = tf.shape(inputs)
    if mask is None:
        lengths = tf.fill(shape[:1], shape[1])
        return tf.reshape(inputs, [-1, inputs.shape[-1]]), lengths
    mask = tf.cast(mask, tf.bool)
    return tf.boolean_mask(inputs, mask), tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)


def restore(values, inputs, mask=None):
    """The inverse of `flatten`: arranges `values` `[words, ...]` like `inputs`.

    Padding of dense rows becomes zeros.
    """
    if isinstance(inputs, tf.RaggedTensor):
        return inputs.with_values(values)
    shape = tf.shape(inputs)[:2]
    if mask is None:
        return tf.reshape(values, tf.concat([shape, tf.shape(values)[1:]], axis=0))
    return tf.scatter_nd(
        tf.where(tf.cast(mask, tf.bool)),
        values,
        tf.cast(tf.concat([shape, tf.shape(values)[1:]], axis=0), tf.int64),
    )
