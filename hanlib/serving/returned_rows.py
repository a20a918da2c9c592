"""Selects the sentences and words that `explain` returns for a document."""

import tensorflow as tf


class ReturnedRows:
    """The first rows of each document, up to a maximum number of rows and of words.

    Only whole rows are returned, except that a first row with too many words is truncated. What is
    returned is therefore the beginning of a document.

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
        self._first_rows, self._all_rows = words.row_splits[:-1], words.row_lengths()
        word_splits = tf.gather(rows.row_splits, words.row_splits)
        self._first_words, self._all_words = word_splits[:-1], word_splits[1:] - word_splits[:-1]
        # The rows that end within the maximum number of words.
        fitting = tf.searchsorted(
            rows.row_splits[1:], self._first_words + most_words, side="right", out_type=tf.int64
        )
        fitting = tf.clip_by_value(fitting - self._first_rows, 1, most_rows)
        self._rows = tf.minimum(fitting, self._all_rows)
        end = tf.gather(rows.row_splits, self._first_rows + self._rows)
        self._words = tf.minimum(end - self._first_words, most_words)
        self._row_index = _index(self._first_rows, self._rows)
        self._word_index = _index(self._first_words, self._words)
        self._counts = tf.minimum(rows.row_lengths(), most_words)

    def rows(self, values, padding):
        """The values `[all rows]` of the returned rows, as `[docs, most]`."""
        return _dense(values, self._row_index, padding)

    def words(self, values, padding):
        """The values `[all words]` of the returned words, as `[docs, most]`."""
        return _dense(values, self._word_index, padding)

    @property
    def word_counts(self):
        """The number of returned words of each row, `<int32>[docs, most]`."""
        return tf.cast(self.rows(self._counts, 0), tf.int32)

    @property
    def row_counts(self):
        """The number of returned rows of each document, `<int32>[docs]`."""
        return tf.cast(self._rows, tf.int32)

    @property
    def omitted_rows(self):
        """The number of omitted rows of each document, `<int32>[docs]`."""
        return tf.cast(self._all_rows - self._rows, tf.int32)

    @property
    def omitted_words(self):
        """The number of omitted words of each document, `<int32>[docs]`."""
        return tf.cast(self._all_words - self._words, tf.int32)


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


def _index(first, counts):
    """Where the items of each document are, `<int64>[docs, most]`: their number from 1, or 0."""
    number = tf.range(tf.reduce_max(tf.concat([[0], counts], axis=0)))
    inside = number < counts[:, tf.newaxis]
    return tf.where(inside, first[:, tf.newaxis] + number + 1, 0)


def _dense(values, index, padding):
    values = tf.concat([tf.constant([padding], values.dtype), values], axis=0)
    return tf.gather(values, index)
