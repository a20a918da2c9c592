"""The vectors of a vocabulary, and which of its words have one."""

import typing

import numpy as np


class WordVectors(typing.NamedTuple):
    """One row a word id.

    Attributes:
        vectors: `<float32>[ids, width]`; rows of words without a vector are zeros.
        known: `<bool>[ids]`, the words that have a vector.

    >>> found = WordVectors.of([[0, 0], [3, 1], [1, 3]])
    >>> found.coverage(np.array([6, 3, 3]))
    0.5
    >>> found.embeddings(np.full([3, 2], 7.0), std=0.1).round(1)
    array([[ 7. ,  7. ], [ 0.1, -0.1], [-0.1,  0.1]], dtype=float32)
    """

    vectors: np.ndarray
    known: np.ndarray

    @classmethod
    def of(cls, vectors):
        """The vectors in which a row of zeros means that there is none."""
        vectors = np.asarray(vectors, np.float32)
        return cls(vectors, vectors.any(axis=1))

    def coverage(self, counts):
        """The share of known words, each weighted by `counts`, `<float>[ids]`."""
        return float(counts[self.known].sum() / max(counts.sum(), 1))

    def embeddings(self, initial, std):
        """An initial embedding matrix.

        The vectors are centred and scaled, all by one factor, to the given standard deviation of
        their numbers.

        Args:
            initial: `<float>[ids, width]`, the rows of words without a vector.
            std: The standard deviation.

        Returns:
            `<float32>[ids, width]`.
        """
        embeddings = np.array(initial, np.float32)
        known = self.vectors[self.known]
        if len(known):
            known = known - known.mean(axis=0)
            embeddings[self.known] = known * (std / max(float(known.std()), 1e-12))
        return embeddings
