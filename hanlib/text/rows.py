"""Divides sentences into rows of bounded length: a long sentence continues in the next row."""

import tensorflow as tf

from hanlib.checks import check_integer


def split_lengths(lengths, max_words):
    """Divides sentences of the given lengths into rows of at most `max_words` words.

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


def continue_rows(words, max_words):
    """Continues every sentence longer than `max_words` in the next row.

    Args:
        words: ragged `[docs, (sentences), (words)]` of strings, ids or vectors.
        max_words: the maximum number of words in a row.

    Returns:
        Ragged `[docs, (rows), (words)]` with the same words in the same order.

    Raises:
        ValueError: if `words` has fewer than two ragged levels or `max_words` is not positive.

    >>> import tensorflow as tf
    >>> from hanlib.text import continue_rows
    >>> words = tf.ragged.constant([[["a", "b", "c"], ["d"]], []])
    >>> continue_rows(words, max_words=2).to_list()
    [[[b'a', b'b'], [b'c'], [b'd']], []]
    """
    if not isinstance(words, tf.RaggedTensor) or words.ragged_rank < 2:
        raise ValueError(
            "`words` must be a ragged tensor [docs, (sentences), (words)]. "
            f"Received: {getattr(words, 'shape', words)}"
        )
    if words.ragged_rank > 2:
        return words.with_values(continue_rows(words.values, max_words))
    sentences = words.values
    rows, row_lengths = split_lengths(sentences.row_lengths(), max_words)
    continued = tf.RaggedTensor.from_row_lengths(sentences.values, row_lengths, validate=False)
    ends = tf.concat([[0], tf.cumsum(rows)], axis=0)
    splits = tf.gather(ends, words.row_splits)
    return tf.RaggedTensor.from_row_splits(continued, splits, validate=False)
