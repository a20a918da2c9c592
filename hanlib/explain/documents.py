"""Batches of documents as flat arrays of words, rows and sentences, without padding."""

from typing import NamedTuple

import numpy as np


class Documents(NamedTuple):
    """The word ids of a batch of documents, concatenated.

    A row is a sequence that the lower level of the encoder reads: a sentence, or a part of a
    sentence longer than `max_sentence_words`. Rows and sentences are not empty; a document may be.

    Attributes:
        words: `<int32>[words]`.
        row_lengths: `<int32>[rows]`, words per row.
        sentence_rows: `<int32>[sentences]`, rows per sentence.
        document_sentences: `<int32>[docs]`, sentences per document.

    >>> documents = Documents.of([[[[2, 3], [4]], [[5]]], []])
    >>> documents.row_lengths.tolist(), documents.document_rows.tolist()
    ([2, 1, 1], [3, 0])
    """

    words: np.ndarray
    row_lengths: np.ndarray
    sentence_rows: np.ndarray
    document_sentences: np.ndarray

    @classmethod
    def of(cls, nested):
        """From nested lists `[docs][sentences][rows][words]`, without empty rows and sentences."""
        rows = [[[row for row in s if len(row)] for s in document] for document in nested]
        sentences = [[s for s in document if s] for document in rows]
        flat = [row for document in sentences for s in document for row in s]
        return cls(
            _array([word for row in flat for word in row]),
            _array([len(row) for row in flat]),
            _array([len(s) for document in sentences for s in document]),
            _array([len(document) for document in sentences]),
        )

    @property
    def count(self):
        """The number of documents."""
        return len(self.document_sentences)

    @property
    def document_rows(self):
        """`<int32>[docs]`, rows per document."""
        return sums(self.sentence_rows, self.document_sentences)

    @property
    def document_words(self):
        """`<int32>[docs]`, words per document."""
        return sums(self.row_lengths, self.document_rows)

    @property
    def sentence_words(self):
        """`<int32>[sentences]`, words per sentence."""
        return sums(self.row_lengths, self.sentence_rows)

    @property
    def flat(self):
        """The inputs of the encoder: words, words per row, rows per document."""
        return self.words, self.row_lengths, self.document_rows

    def take(self, indices):
        """The documents at `indices`, in that order; an index may occur more than once.

        >>> Documents.of([[[[2, 3]]], [[[4]]]]).take([1, 0, 1]).words.tolist()
        [4, 2, 3, 4]
        """
        taken, chosen = [], np.asarray(indices, np.int64)
        lengths = self.document_sentences
        counts = (lengths, self.document_rows, self.document_words)
        for values, of_document in zip(self[2::-1], counts, strict=True):
            taken.append(values[run_indices(of_document, chosen)])
        return Documents(*taken[::-1], lengths[chosen])


def sums(values, lengths):
    """Sums of consecutive runs of `values`; the sum of an empty run is 0.

    >>> sums(np.array([1, 2, 3]), np.array([2, 0, 1])).tolist()
    [3, 0, 3]
    """
    ends = np.concatenate([[0], np.cumsum(values, dtype=_wide(values))])
    stops = np.cumsum(lengths)
    return (ends[stops] - ends[stops - lengths]).astype(values.dtype)


def maxima(values, lengths):
    """The maximum of each of consecutive runs of `values`, none of which is empty.

    >>> maxima(np.array([1, 3, 2]), np.array([2, 1])).tolist()
    [3, 2]
    """
    if not len(lengths):
        return np.zeros(0, values.dtype)
    return np.maximum.reduceat(values, np.cumsum(lengths) - lengths)


def run_indices(lengths, chosen):
    """The indices of all items in the chosen runs, concatenated, `<int64>`.

    >>> run_indices(np.array([2, 1, 3]), np.array([2, 0])).tolist()
    [3, 4, 5, 0, 1]
    """
    starts = np.cumsum(lengths) - lengths
    kept = lengths[chosen]
    shift = starts[chosen] - (np.cumsum(kept) - kept)
    return np.arange(kept.sum()) + np.repeat(shift, kept)


def parts(values, lengths):
    """Splits `values` into consecutive runs of the given lengths."""
    return np.split(values, np.cumsum(lengths)[:-1]) if len(lengths) else []


def _wide(values):
    return np.int64 if values.dtype.kind in "iu" else np.float64


def _array(values):
    return np.asarray(values, np.int32)
