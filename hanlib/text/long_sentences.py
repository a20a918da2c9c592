"""Splits long sentences into rows of bounded length."""

import tensorflow as tf

from hanlib.checks import check_integer


def split_lengths(lengths, max_words):
    """Splits sentences of the given lengths into rows of at most `max_words` words.

    An empty sentence has one empty row.

    Args:
        lengths: `<int>[sentences]`, words per sentence.
        max_words: the maximum number of words in a row; `None` for no limit.

    Returns:
        `<int>[sentences]`, rows per sentence, and `<int>[rows]`, words per row.

    Raises:
        ValueError: if `max_words` is not a positive integer.

    >>> from hanlib.text import split_lengths
    >>> rows, row_lengths = split_lengths([0, 3, 4, 7], max_words=3)
    >>> rows.numpy().tolist(), row_lengths.numpy().tolist()
    ([1, 1, 2, 3], [0, 3, 3, 1, 3, 3, 1])
    """
    lengths = tf.convert_to_tensor(lengths)
    if max_words is None:
        return tf.ones_like(lengths), lengths
    check_integer("max_words", max_words)
    rows = tf.maximum((lengths + max_words - 1) // max_words, 1)
    row_index = tf.range(tf.reduce_sum(rows))
    index_in_sentence = row_index - tf.repeat(tf.cumsum(rows, exclusive=True), rows)
    left = tf.repeat(lengths, rows) - index_in_sentence * max_words
    return rows, tf.minimum(left, max_words)
