"""Batches of word ids as plain tensors whose first axis is the documents.

`tf.distribute` cannot split a ragged tensor over devices, because its parts have different lengths.
A token batch is a dict of dense tensors, padded with zeros:

    ids          <int32>[docs, most words of a document]   the concatenated words of all rows
    row_lengths  <int32>[docs, most rows of a document]    words per row
    marks        <int8>[docs, most words of a document]    optional: 1 for words that people marked
                                                           as evidence, 0 for others, -1 if unknown

The padding exists only between the input pipeline and the model, which removes it first.
"""

import tensorflow as tf


def to_ragged(batch):
    """The ids of a token batch, ragged.

    Args:
        batch: A dict of `ids` and `row_lengths` (see above).

    Returns:
        `<int32>[docs, (rows), (words)]`.

    >>> batch = {"ids": tf.constant([[5, 6, 7], [8, 0, 0]]),
    ...          "row_lengths": tf.constant([[2, 1], [1, 0]])}
    >>> to_ragged(batch).to_list()
    [[[5, 6], [7]], [[8]]]
    """
    lengths = tf.cast(batch["row_lengths"], tf.int64)
    width = tf.shape(lengths)[1]
    # Rows after the last one that has words are padding.
    numbers = tf.range(1, width + 1, dtype=tf.int64)
    rows = tf.reduce_max(tf.where(lengths > 0, numbers, 0), axis=1)
    rows = tf.maximum(rows, 0)
    words = tf.reduce_sum(lengths, axis=1)
    ids = tf.boolean_mask(batch["ids"], tf.sequence_mask(words, tf.shape(batch["ids"])[1]))
    lengths = tf.boolean_mask(lengths, tf.sequence_mask(rows, width))
    return tf.RaggedTensor.from_nested_row_lengths(ids, [rows, lengths], validate=False)


def has_marks(inputs):
    """Whether the inputs of a model are a token batch with marks.

    >>> has_marks({"ids": 0, "row_lengths": 0}), has_marks({"marks": 0}), has_marks("A text.")
    (False, True, False)
    """
    return isinstance(inputs, dict) and "marks" in inputs


def marks_of(batch):
    """The marks of a token batch, end to end, `<int32>[words]`.

    >>> batch = {"ids": tf.constant([[5, 6], [8, 0]]), "row_lengths": tf.constant([[2], [1]]),
    ...          "marks": tf.constant([[1, 0], [-1, 0]])}
    >>> marks_of(batch).numpy().tolist()
    [1, 0, -1]
    """
    words = tf.reduce_sum(batch["row_lengths"], axis=1)
    inside = tf.sequence_mask(words, tf.shape(batch["marks"])[1])
    return tf.cast(tf.boolean_mask(batch["marks"], inside), tf.int32)


def from_ragged(ids):
    """The token batch of ragged ids.

    Args:
        ids: `<int>[docs, (rows), (words)]`.

    >>> batch = from_ragged(tf.ragged.constant([[[5, 6], [7]], [[8]]]))
    >>> batch["ids"].numpy().tolist(), batch["row_lengths"].numpy().tolist()
    ([[5, 6, 7], [8, 0, 0]], [[2, 1], [1, 0]])
    """
    lengths = ids.with_values(tf.cast(ids.values.row_lengths(), tf.int32))
    return {
        "ids": tf.cast(ids.merge_dims(1, 2).to_tensor(), tf.int32),
        "row_lengths": lengths.to_tensor(),
    }
