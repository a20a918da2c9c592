"""Random word ids for a sampled softmax, from a seed."""

import math

import tensorflow as tf


def draw(tries, size, seed):
    """Draws ids with probability P(i) = (log(i + 2) - log(i + 1)) / log(size + 1).

    This is the distribution of `tf.random.log_uniform_candidate_sampler`, for ids in the order of
    falling frequency. A seed determines the ids, so a run that is resumed draws the same.

    Args:
        tries: Number of independent draws.
        size: Number of all ids.
        seed: `<int32>[2]`.

    Returns:
        `<int64>[distinct]`, the distinct ids that were drawn.

    >>> ids = draw(1000, 9, [1, 2])
    >>> sorted(ids.numpy().tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8]
    """
    uniform = tf.random.stateless_uniform([tries], seed, dtype=tf.float64)
    ids = tf.cast(tf.exp(uniform * math.log(size + 1)), tf.int64) - 1
    return tf.unique(tf.clip_by_value(ids, 0, size - 1))[0]


def probability(ids, tries, size):
    """The probability that an id is among those drawn: 1 - (1 - P(i))^tries.

    Args:
        ids: `<int>[...]`.
        tries, size: See `draw`.

    Returns:
        `<float32>` of the shape of `ids`.

    >>> float(probability(0, 1, 1))
    1.0
    """
    ids = tf.cast(ids, tf.float64)
    share = (tf.math.log(ids + 2) - tf.math.log(ids + 1)) / math.log(size + 1)
    return tf.cast(-tf.math.expm1(tries * tf.math.log1p(-share)), tf.float32)
