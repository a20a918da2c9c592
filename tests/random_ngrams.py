"""An `NGramLinear` with random weights, for the tests of what reads a classifier."""

import numpy as np
import tensorflow as tf

from hanlib.layers import NGramLinear
from hanlib.layers.ngram_keys import ngram_keys


def random_ngrams(ids, classes, vocabulary_size, max_ngram=3):
    """A layer that knows two thirds of the n-grams of ragged ids `[docs, (rows), (words)]`."""
    ids = tf.cast(ids, tf.int32)
    row_lengths = ids.values.row_lengths()
    keys = [
        ngram_keys(ids.flat_values, row_lengths, length, vocabulary_size, unknown_words=1)[0]
        for length in range(1, max_ngram + 1)
    ]
    draw = np.random.default_rng(5)
    keys = np.unique(np.concatenate(keys))
    keys = np.sort(draw.choice(keys, max(len(keys) * 2 // 3, 1), replace=False))
    layer = NGramLinear(len(keys), classes, vocabulary_size, max_ngram)
    layer.assign(keys, draw.normal(size=[len(keys), classes]), draw.normal(size=[classes]))
    return layer
