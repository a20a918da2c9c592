"""Which features a `TokenClassifier` reads of each word, as rows of one table."""

import dataclasses

import numpy as np
import tensorflow as tf

from hanlib.text.word_shapes import KINDS, hashed_word_shapes


@dataclasses.dataclass(frozen=True)
class TokenFeatures:
    """The spelling of words, and given columns such as the part of speech.

    The rows of the table are the hash buckets of each kind of spelling, then for each column one
    row for values that are unknown and one per known value.

    Attributes:
        shape_buckets: Hash buckets per kind of spelling (see `hanlib.text.word_shapes`); 0: the
            spelling is not read.
        columns: A list of the known values of each given column.

    >>> features = TokenFeatures(shape_buckets=100, columns=[["DT", "NN"]])
    >>> features.count, features.rows
    (8, 703)
    >>> features.of_columns([["NN", "XY"]]).tolist()
    [[702], [700]]
    """

    shape_buckets: int = 8192
    columns: tuple = ()

    @property
    def count(self):
        """Features per word."""
        return (len(KINDS) if self.shape_buckets else 0) + len(self.columns)

    @property
    def rows(self):
        """Rows of the table."""
        return self.first_rows()[-1]

    def first_rows(self):
        """The first row of each column, and the number of all rows."""
        sizes = [1 + len(values) for values in self.columns]
        return np.cumsum([self.shape_buckets * len(KINDS), *sizes]).tolist()

    def of_words(self, words):
        """The rows of the spelling of words `<string>[words]`: `<int32>[words, kinds]`."""
        if not self.shape_buckets:
            return tf.zeros([tf.size(words), 0], tf.int32)
        return hashed_word_shapes(words, self.shape_buckets)

    def of_columns(self, values):
        """The rows of given values, a list of values per column: `<int32>[words, columns]`."""
        found = []
        for first, known, given in zip(self.first_rows(), self.columns, values, strict=False):
            row_of = {value: first + 1 + index for index, value in enumerate(known)}
            found.append([row_of.get(value, first) for value in given])
        return np.array(found, "int32").T

    def tables(self):
        """A lookup table per column, from values to rows, for a graph."""
        return [
            tf.lookup.StaticHashTable(
                tf.lookup.KeyValueTensorInitializer(
                    tf.constant(list(known), tf.string),
                    tf.range(first + 1, first + 1 + len(known), dtype=tf.int32),
                ),
                first,
            )
            for first, known in zip(self.first_rows(), self.columns, strict=False)
        ]
