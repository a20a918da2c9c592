"""What a method says about a batch of documents."""

from typing import NamedTuple

import numpy as np

from hanlib.explain.documents import sums


class Scores(NamedTuple):
    """Scores of a batch, laid end to end as in its `Documents`.

    Attributes:
        probabilities: `<float32>[docs, classes]`.
        targets: `<int32>[docs]`, the class that the scores speak for.
        words: `<float>[words]`.
        sentences: `<float>[sentences]`.
        diagnostics: further figures by name, `<float>[docs]` each.

    >>> Scores(None, None, np.zeros(3), np.zeros(1)).diagnostics
    {}
    """

    probabilities: np.ndarray
    targets: np.ndarray
    words: np.ndarray
    sentences: np.ndarray
    diagnostics: dict = {}  # noqa: RUF012 - nobody changes it


def sentence_sums(word_scores, documents):
    """Each sentence's sum of the scores of its words: shares of one whole stay shares of it.

    >>> from hanlib.explain.documents import Documents
    >>> sentence_sums(np.array([1.0, 2.0, 4.0]), Documents.of([[[[7, 8]], [[9]]]])).tolist()
    [3.0, 4.0]
    """
    return sums(word_scores, documents.sentence_words)
