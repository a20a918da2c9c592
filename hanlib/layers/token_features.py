"""Features of words beside their vectors: their spelling, and given columns."""

import dataclasses

import numpy as np
import tensorflow as tf

from hanlib.text.word_shapes import KINDS, hashed_word_shapes


@dataclasses.dataclass(frozen=True)
class TokenFeatures:
    """The spelling of words, and given columns such as the part of speech.

    Each value of a column has an index: 0 for all unknown values, then the known ones in order. The
    features of a word can also be the rows of one table: the hash buckets of each kind of spelling,
    then for each column one row per index.

    Attributes:
        shape_buckets: Hash buckets per kind of spelling (see `hanlib.text.word_shapes`); 0: the
            spelling is not read.
        columns: A list of the known values of each given column.

    >>> features = TokenFeatures(shape_buckets=100, columns=[["DT", "NN"]])
    >>> features.count, features.rows
    (8, 703)
    >>> features.indices([["NN", "XY"]]).tolist()
    [[2], [0]]
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

    @property
    def sizes(self):
        """The number of indices of each column."""
        return [1 + len(values) for values in self.columns]

    def first_rows(self):
        """The first row of each column, and the number of all rows."""
        return np.cumsum([self.shape_buckets * len(KINDS), *self.sizes]).tolist()

    def of_words(self, words):
        """The rows of the spelling of words `<string>[words]`: `<int32>[words, kinds]`."""
        if not self.shape_buckets:
            return tf.zeros([tf.size(words), 0], tf.int32)
        return hashed_word_shapes(words, self.shape_buckets)

    def indices(self, values):
        """The indices of given values, a list of values per column: `<int32>[words, columns]`."""
        found = []
        for known, given in zip(self.columns, values, strict=True):
            index_of = {value: index for index, value in enumerate(known, start=1)}
            found.append([index_of.get(_text(value), 0) for value in given])
        return np.array(found, "int32").reshape(len(found), -1).T

    def tables(self):
        """A lookup table per column, from values to indices, for a graph."""
        return [
            tf.lookup.StaticHashTable(
                tf.lookup.KeyValueTensorInitializer(
                    tf.constant(list(known), tf.string),
                    tf.range(1, 1 + len(known), dtype=tf.int32),
                ),
                0,
            )
            for known in self.columns
        ]


def looked_up(tables, columns):
    """The indices of values in a graph.

    Args:
        tables: What `TokenFeatures.tables` returns.
        columns: A list of `<string>[words]`.

    Returns:
        `<int32>[words, columns]`.
    """
    pairs = zip(tables, columns, strict=True)
    return tf.stack([table.lookup(values) for table, values in pairs], axis=1)


def _text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
