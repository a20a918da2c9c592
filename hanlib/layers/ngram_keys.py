"""Word n-grams as integers."""

import tensorflow as tf

from hanlib.ops import packed_ids


def check_key_range(vocabulary_size, max_ngram):
    """Raises a `ValueError` unless the keys of all n-grams fit into int64.

    >>> check_key_range(30_000, 4)
    >>> check_key_range(100_000, 4)
    Traceback (most recent call last):
    ValueError: `vocabulary_size` ** `max_ngram` must be less than 2 ** 63. \
    Received: vocabulary_size=100000, max_ngram=4
    """
    if vocabulary_size**max_ngram >= 2**63:
        raise ValueError(
            "`vocabulary_size` ** `max_ngram` must be less than 2 ** 63. Received: "
            f"vocabulary_size={vocabulary_size}, max_ngram={max_ngram}"
        )


def ngram_keys(words, row_lengths, length, vocabulary_size, unknown_words=0):
    """The n-grams of one length, each as one number: its word ids as digits to base V.

        key = id_1 + V id_2 + V^2 id_3 + ...        V = vocabulary_size

    Ids are at least 1, so that n-grams of different lengths have different keys, and a shorter
    n-gram a smaller key than any longer one. An n-gram lies within one row.

    Args:
        words: `<int>[words]`, ids from 1 to `vocabulary_size - 1`, which may carry features (see
            `hanlib.ops.packed_ids`).
        row_lengths: `<int32>[rows]`, words per row.
        length: words per n-gram.
        vocabulary_size: V.
        unknown_words: n-grams with an id from 1 to this are left out.

    Returns:
        keys: `<int64>[n-grams]`, in the order of the text.
        first: `<int32>[n-grams]`, the position in `words` where each begins.

    >>> keys, first = ngram_keys([3, 4, 1, 2, 5], [3, 2], 2, vocabulary_size=10)
    >>> keys.numpy().tolist(), first.numpy().tolist()
    ([43, 14, 52], [0, 1, 3])
    >>> ngram_keys([3, 4, 1, 2, 5], [3, 2], 2, 10, unknown_words=1)[0].numpy().tolist()
    [43, 52]
    """
    words = tf.cast(packed_ids.word_ids(tf.convert_to_tensor(words), vocabulary_size), tf.int64)
    row_lengths = tf.cast(row_lengths, tf.int32)
    positions = tf.range(tf.size(words))
    to_row_end = tf.repeat(tf.cumsum(row_lengths), row_lengths) - positions
    starts = tf.maximum(tf.size(words) - length + 1, 0)
    kept = to_row_end[:starts] >= length
    keys = tf.zeros([starts], tf.int64)
    for index in range(length):
        ids = words[index : index + starts]
        kept &= ids > unknown_words
        keys += ids * vocabulary_size**index
    return tf.boolean_mask(keys, kept), tf.boolean_mask(positions[:starts], kept)
