"""Word ids that carry further features of each word.

A feature of a word is an index below its size. All features of a word are the digits of one number
with the sizes as bases, and that number lies above the word id:

    packed = id + V (f_1 + n_1 (f_2 + n_2 (...)))        V = vocabulary_size, f_j < n_j

Wherever ids go, the features go with them. An id without features is itself a packed id.
"""

import math

import tensorflow as tf


def check_range(vocabulary_size, sizes):
    """Raises a `ValueError` unless all packed ids fit into int32.

    >>> check_range(30_000, [46, 9])
    >>> check_range(30_000, [1_000, 1_000])
    Traceback (most recent call last):
    ValueError: the number of word ids times the sizes of all features must be less than 2 ** 31. \
    Received: 30000 ids and features of 1000, 1000 values
    """
    if vocabulary_size * math.prod(sizes) >= 2**31:
        raise ValueError(
            "the number of word ids times the sizes of all features must be less than 2 ** 31. "
            f"Received: {vocabulary_size} ids and features of {', '.join(map(str, sizes))} values"
        )


def pack(ids, features, vocabulary_size, sizes):
    """Adds features to word ids.

    Args:
        ids: `<int32>[words]`.
        features: `<int32>[words, features]`, the indices.
        vocabulary_size: V, a number or a scalar tensor.
        sizes: The number of values of each feature.

    Returns:
        `<int32>[words]`.

    >>> pack(tf.constant([3, 4]), tf.constant([[0, 1], [1, 2]]), 10, [2, 3]).numpy().tolist()
    [23, 54]
    """
    packed, base = tf.zeros_like(ids), 1
    for index, size in enumerate(sizes):
        packed += base * features[:, index]
        base *= size
    return ids + vocabulary_size * packed


def word_ids(packed, vocabulary_size):
    """The word ids of packed ids of any shape; ids without features stay.

    >>> word_ids(tf.constant([23, 54, 4]), 10).numpy().tolist()
    [3, 4, 4]
    """
    if isinstance(packed, tf.RaggedTensor):
        return packed.with_flat_values(word_ids(packed.flat_values, vocabulary_size))
    return packed % tf.cast(vocabulary_size, packed.dtype)


def feature_indices(packed, vocabulary_size, sizes):
    """The features of packed ids `[words]`: `<int32>[words, features]`.

    >>> feature_indices(tf.constant([23, 54]), 10, [2, 3]).numpy().tolist()
    [[0, 1], [1, 2]]
    """
    rest, found = packed // vocabulary_size, []
    for size in sizes:
        found.append(rest % size)
        rest //= size
    return tf.stack(found, axis=1)
