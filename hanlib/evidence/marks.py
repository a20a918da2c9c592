"""The words that people marked as evidence."""

import numpy as np

from hanlib.evidence.spans import word_spans

UNKNOWN = -1


def overlapping(spans, evidence):
    """Whether each unit overlaps the evidence, `<bool>[units]`.

    Args:
        spans: `(start, end)` of each unit; `(None, None)` if it is unknown.
        evidence: half-open `(start, end)` spans.

    >>> overlapping([(0, 1), (2, 3), (None, None)], [(1, 3)]).tolist()
    [False, True, False]
    """
    marked = np.asarray(list(evidence), np.int64).reshape([-1, 2])
    known = [(0, 0) if start is None else (start, end) for start, end in spans]
    units = np.asarray(known, np.int64).reshape([-1, 1, 2])
    inside = (marked[:, 0] < units[..., 1]) & (marked[:, 1] > units[..., 0])
    return (inside & (units[..., 1] > units[..., 0])).any(axis=1)


def marks_of_words(text, words, evidence):
    """1 for each word that the evidence marks, else 0; -1 for all words if there is none.

    Args:
        text: the document.
        words: its words in order, as `DocumentVectorizer.tokenize` returns them.
        evidence: half-open `(start, end)` spans of characters; None if nobody marked the document.

    Returns:
        `<int8>[words]`.

    >>> marks_of_words("A superb cast.", ["A", "superb", "cast", "."], [(2, 8)]).tolist()
    [0, 1, 0, 0]
    >>> marks_of_words("A superb cast.", ["A", "superb", "cast", "."], None).tolist()
    [-1, -1, -1, -1]
    """
    if evidence is None:
        return np.full(len(words), UNKNOWN, np.int8)
    return overlapping(word_spans(text, words), evidence).astype(np.int8)
