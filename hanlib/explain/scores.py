"""The scores that a method gives to a batch of documents."""

from typing import NamedTuple

import numpy as np

from hanlib.explain.documents import sums


class Scores(NamedTuple):
    """The scores of a batch, concatenated as in its `Documents`.

    Attributes:
        probabilities: `<float32>[docs, classes]`.
        targets: `<int32>[docs, 2]`, the class that the scores are for, and the one that it is
            compared with or -1.
        words: `<float>[words]`.
        sentences: `<float>[sentences]`.
        diagnostics: further values by name, `<float>[docs]` each.

    >>> Scores(None, None, np.zeros(3), np.zeros(1)).diagnostics
    {}
    """

    probabilities: np.ndarray
    targets: np.ndarray
    words: np.ndarray
    sentences: np.ndarray
    diagnostics: dict = {}  # noqa: RUF012 - never modified


def sentence_sums(word_scores, documents):
    """The sum of the word scores of each sentence.

    >>> from hanlib.explain.documents import Documents
    >>> sentence_sums(np.array([1.0, 2.0, 4.0]), Documents.of([[[[7, 8]], [[9]]]])).tolist()
    [3.0, 4.0]
    """
    return sums(word_scores, documents.sentence_words)
