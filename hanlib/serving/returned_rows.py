"""Selects the sentences and words that `explain` returns for a document."""

import tensorflow as tf


class ReturnedRows:
    """The first rows of each document, up to a maximum number of rows and of words.

    Only whole rows are returned, except that a first row with too many words is truncated.

    Args:
        words: Ragged `<string>[docs, (rows), (words)]`, the words that the model reads.
        most_rows, most_words: The maximum numbers per document.

    >>> words = tf.ragged.constant([[["a", "b"], ["c"]], [["d", "e", "f"], ["g"]]])
    >>> returned = ReturnedRows(words, most_rows=9, most_words=2)
    >>> returned.words(words.flat_values, "").numpy().tolist()
    [[b'a', b'b'], [b'd', b'e']]
    >>> returned.omitted_words.numpy().tolist(), returned.omitted_rows.numpy().tolist()
    ([1, 2], [1, 1])
    """

    def __init__(self, words, most_rows, most_words):
        rows = words.values
        self._row_splits = words.row_splits
        self._word_splits = tf.gather(rows.row_splits, words.row_splits)
        first_row = tf.gather(words.row_splits, words.value_rowids())
        start = tf.gather(rows.row_splits, first_row)  # first word of the document, for each row
        row_index = tf.range(tf.size(first_row, out_type=tf.int64)) - first_row
        fits = (row_index == 0) | (rows.row_splits[1:] - start <= most_words)
        self._rows = (row_index < most_rows) & fits
        row = rows.value_rowids()
        word_index = tf.range(tf.size(row, out_type=tf.int64)) - tf.gather(start, row)
        self._words = tf.gather(self._rows, row) & (word_index < most_words)
        self._counts = tf.minimum(rows.row_lengths(), most_words)

    def rows(self, values, padding):
        """The values `[all rows]` of the returned rows, as `[docs, most]`."""
        return _dense(values, self._row_splits, self._rows, padding)

    def words(self, values, padding):
        """The values `[all words]` of the returned words, as `[docs, most]`."""
        return _dense(values, self._word_splits, self._words, padding)

    @property
    def word_counts(self):
        """The number of returned words of each row, `<int32>[docs, most]`."""
        return tf.cast(self.rows(self._counts, 0), tf.int32)

    @property
    def row_counts(self):
        """The number of returned rows of each document, `<int32>[docs]`."""
        return _true(self._rows, self._row_splits)

    @property
    def omitted_rows(self):
        """The number of omitted rows of each document, `<int32>[docs]`."""
        return _true(~self._rows, self._row_splits)

    @property
    def omitted_words(self):
        """The number of omitted words of each document, `<int32>[docs]`."""
        return _true(~self._words, self._word_splits)


def texts_of_rows(sentences, rows_per_sentence, rows):
    """The text of each row, which is a sentence or a part of a long one.

    Args:
        sentences: `<string>[sentences]`.
        rows_per_sentence: `<int>[sentences]`.
        rows: Ragged `<string>[rows, (words)]`; the words of a sentence are its text without white
            space.

    Returns:
        `<string>[rows]`.

    >>> rows = tf.ragged.constant([["Go", "."], ["Well", ","], ["go", "!"]])
    >>> texts_of_rows(tf.constant(["Go.", "Well, go!"]), tf.constant([1, 2]), rows).numpy().tolist()
    [b'Go.', b'Well,', b'go!']
    """
    long = tf.repeat(rows_per_sentence > 1, rows_per_sentence)  # for each row
    parts = _parts(
        tf.boolean_mask(sentences, rows_per_sentence > 1), tf.ragged.boolean_mask(rows, long)
    )
    whole = tf.boolean_mask(sentences, rows_per_sentence == 1)
    indices = [tf.where(~long)[:, 0], tf.where(long)[:, 0]]
    texts = tf.concat([whole, parts], axis=0)
    return tf.gather(texts, tf.argsort(tf.concat(indices, axis=0)))


def _parts(sentences, rows):
    """Splits sentences at the ends of their rows; white space between two rows is dropped."""
    characters = tf.strings.bytes_split(sentences).flat_values
    codes = tf.io.decode_raw(tf.strings.reduce_join(sentences), tf.uint8)
    solid = ~((codes == 32) | ((codes >= 9) & (codes <= 13)))
    ends = tf.cumsum(tf.strings.length(tf.strings.reduce_join(rows, axis=-1)))
    before = tf.cumsum(tf.cast(solid, tf.int32), exclusive=True)  # solid bytes before this one
    row = tf.searchsorted(ends, before, side="right")
    count = tf.size(ends)
    inside = row < count
    joined = tf.strings.unsorted_segment_join(
        tf.boolean_mask(characters, inside), tf.boolean_mask(row, inside), count
    )
    return tf.strings.strip(joined)


def _dense(values, splits, mask, padding):
    values = tf.RaggedTensor.from_row_splits(values, splits, validate=False)
    mask = tf.RaggedTensor.from_row_splits(mask, splits, validate=False)
    return tf.ragged.boolean_mask(values, mask).to_tensor(padding)


def _true(mask, splits):
    counted = tf.RaggedTensor.from_row_splits(tf.cast(mask, tf.int32), splits, validate=False)
    return tf.reduce_sum(counted, axis=-1)
