"""Long sentences continue in the next row: nothing is ever cut."""

import tensorflow as tf


def rows_needed(lengths, max_words):
    """How many rows of at most `max_words` words each sentence takes, `<int>[n]` -> `<int>[n]`.

    An empty sentence keeps its one row.

    >>> from hanlib.text import rows_needed
    >>> rows_needed([0, 3, 4, 7], max_words=3).numpy().tolist()
    [1, 1, 2, 3]
    """
    if not isinstance(max_words, int) or isinstance(max_words, bool) or max_words < 1:
        raise ValueError(f"`max_words` must be a positive integer. Received: max_words={max_words}")
    lengths = tf.convert_to_tensor(lengths)
    return tf.maximum((lengths + max_words - 1) // max_words, 1)


def continue_rows(words, max_words):
    """Continues every sentence longer than `max_words` in the next row.

    Args:
        words: ragged `[docs, (sentences), (words)]` of anything: strings, ids, vectors.
        max_words: the greatest number of words in a row.

    Returns:
        Ragged `[docs, (rows), (words)]` with the same words in the same order.

    Raises:
        ValueError: if `words` has no two ragged levels or `max_words` is not positive.

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
    lengths = sentences.row_lengths()
    rows = rows_needed(lengths, max_words)
    ends = tf.concat([[0], tf.cumsum(rows)], axis=0)
    sentence = tf.repeat(tf.range(tf.size(rows)), rows)  # of each row
    position = tf.range(ends[-1]) - tf.gather(ends, sentence)  # of the row in its sentence
    left = tf.gather(lengths, sentence) - position * max_words
    continued = tf.RaggedTensor.from_row_lengths(
        sentences.values, tf.minimum(left, max_words), validate=False
    )
    splits = tf.gather(ends, words.row_splits)
    return tf.RaggedTensor.from_row_splits(continued, splits, validate=False)
