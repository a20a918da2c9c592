"""Documents one by one, with the scores of their words and sentences."""

from typing import NamedTuple

import numpy as np

from hanlib.explain.documents import parts
from hanlib.explain.inputs import Surface, read_inputs


class ScoredDocument(NamedTuple):
    """One document and its scores for the class with the index `target`."""

    surface: Surface
    words: np.ndarray  # <int32>[words]
    row_lengths: np.ndarray  # <int32>[rows], words per row
    word_scores: np.ndarray  # <float>[words]
    sentence_scores: np.ndarray  # <float>[sentences]
    target: int
    passes: int  # The passes over the document, if the method counts them.

    @property
    def sentence_words(self):
        """`<int64>[sentences]`, words per sentence."""
        return np.asarray(self.surface.sentence_words, np.int64)


def scored_documents(classifier, documents, score, batch_size):
    """Yields a `ScoredDocument` for each document.

    Args:
        classifier: a `DocumentClassifier`.
        documents: a list of strings, or ids as `DocumentClassifier.predict` takes them.
        score: function from `Documents` to their `Scores`.
        batch_size: documents that are scored at once.

    Raises:
        ValueError: as `read_inputs`.
    """
    read, surfaces = read_inputs(classifier, documents)
    for start in range(0, read.count, batch_size):
        some = read.take(np.arange(start, min(start + batch_size, read.count)))
        scores = score(some)
        yield from map(
            ScoredDocument,
            surfaces[start : start + batch_size],
            parts(some.words, some.document_words),
            parts(some.row_lengths, some.document_rows),
            parts(scores.words, some.document_words),
            parts(scores.sentences, some.document_sentences),
            scores.targets[:, 0].tolist(),
            scores.diagnostics.get("passes", np.zeros(some.count, int)).tolist(),
        )
