"""Classifies documents with words or sentences removed, in batches of bounded size."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hanlib.explain.documents import run_indices

# The maximum number of words, or rows, in one pass of a level.
MOST_ITEMS = 65_536


class Rows(NamedTuple):
    """Rows of words, and what the lower level makes of them.

    Attributes:
        words: `<int32>[words]`, end to end.
        lengths: `<int32>[rows]`, words per row.
        vectors: `<float>[rows, features]`.
    """

    words: np.ndarray
    lengths: np.ndarray
    vectors: tf.Tensor

    @classmethod
    def of(cls, network, words, lengths):
        """The rows with their vectors."""
        return cls(words, lengths, network.row_vectors(words, lengths))


class UpperLevel:
    """Runs the upper level on variants of documents whose row vectors are known.

    The logits of n-grams are computed anew from the words of each variant, since an n-gram counts
    once in a document, whichever rows it is in.

    Args:
        network: a `Network`.
        rows: the `Rows` of all documents.
    """

    def __init__(self, network, rows):
        self.network, self.rows = network, rows

    def items(self, row_lengths):
        """The size of one variant of a document: its rows, or with n-grams its words."""
        return int(row_lengths.sum()) if self.network.has_ngrams else len(row_lengths)

    def logits(self, variants):
        """Logits of every variant, in order, `<float32>[variants, classes]`.

        Args:
            variants: an iterable of `(rows, kept, new)`. `rows <int>[variants, rows]` are indices
                into the rows of all documents followed by those of `new`; `kept <bool>[variants,
                rows]` says which of them are kept; `new` are further `Rows` or None.
        """
        return _in_batches(variants, self._size, self._run, self.network)

    def _size(self, variant):
        rows, _, new = variant
        if not self.network.has_ngrams:
            return rows.size
        tables = [self.rows] if new is None else [self.rows, new]
        return int(np.concatenate([table.lengths for table in tables])[rows].sum())

    def _run(self, variants):
        tables, indices, document_rows = [self.rows], [], []
        first = offset = len(self.rows.lengths)
        for rows, kept, new in variants:
            indices.append(np.where(rows < first, rows, rows - first + offset)[kept])
            document_rows.append(kept.sum(axis=1))
            if new is not None:
                tables.append(new)
                offset += len(new.lengths)
        words, lengths, vectors = zip(*tables, strict=True)
        rows, words, lengths = _int32(indices), _int32(words), _int32(lengths)
        if self.network.has_ngrams:
            words, lengths = words[run_indices(lengths, rows)], lengths[rows]
        vectors = tf.concat(vectors, axis=0)
        return self.network.upper(vectors, rows, words, lengths, _int32(document_rows)).numpy()


def logits_of_kept_words(network, variants):
    """Logits of documents reduced to some of their words, in order, `<float32>[variants, classes]`.

    Args:
        network: a `Network`.
        variants: an iterable of `(words, row_lengths, kept)`: the words of a document, words per
            row, and which words are kept, `<bool>[variants, words]`.
    """

    def run(variants):
        words, row_lengths, document_rows = [], [], []
        for of_document, lengths, kept in variants:
            words.append(np.broadcast_to(of_document, kept.shape)[kept])
            left = _left_in_rows(kept, lengths)
            row_lengths.append(left[left > 0])
            document_rows.append((left > 0).sum(axis=1))
        return network.logits(_int32(words), _int32(row_lengths), _int32(document_rows)).numpy()

    pieces = (piece for variant in variants for piece in _pieces(*variant))
    return _in_batches(pieces, lambda variant: int(variant[2].sum()), run, network)


def chunks(units, items):
    """Splits `0 .. units-1` into chunks whose variants have at most `MOST_ITEMS` items together.

    `items` is the number of items of one variant.

    >>> [len(chunk) for chunk in chunks(5, MOST_ITEMS // 2)]
    [2, 2, 1]
    """
    size = max(MOST_ITEMS // max(items, 1), 1)
    return (np.arange(start, min(start + size, units)) for start in range(0, units, size))


def _pieces(words, lengths, kept):
    for some in chunks(len(kept), len(words)):
        yield words, lengths, kept[some]


def _left_in_rows(kept, lengths):
    """The number of words that each row keeps, `<int>[variants, rows]`."""
    if not len(lengths):
        return np.zeros([len(kept), 0], np.int64)
    return np.add.reduceat(kept.astype(np.int64), np.cumsum(lengths) - lengths, axis=1)


def _in_batches(variants, size, run, network):
    found, waiting, items = [], [], 0
    for variant in variants:
        waiting.append(variant)
        items += size(variant)
        if items >= MOST_ITEMS:
            found.append(run(waiting))
            waiting, items = [], 0
    if waiting:
        found.append(run(waiting))
    return np.concatenate([np.zeros([0, len(network.classifier.classes)], np.float32), *found])


def _int32(parts):
    return np.concatenate([np.zeros(0), *parts]).astype(np.int32)
