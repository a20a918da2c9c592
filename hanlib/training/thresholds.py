"""The probability from which a label is given, chosen on documents that training did not see."""

import numpy as np

from hanlib.metrics import THRESHOLDS


def best_threshold(labels, probabilities):
    """The one threshold for all labels that gives the greatest micro-F1.

    Args:
        labels: `<0 or 1>[docs, classes]`.
        probabilities: `<float>[docs, classes]`.

    Returns:
        The threshold, one of 0.05, 0.10, ..., 0.95; the least of equals. And its micro-F1.

    >>> best_threshold(np.array([[1, 0], [0, 1]]), np.array([[0.4, 0.1], [0.2, 0.3]]))
    (0.25, 1.0)
    """
    true = np.asarray(labels) > 0.5
    scores = [_micro_f1(true, probabilities >= np.float32(t)) for t in THRESHOLDS]
    best = int(np.argmax(scores))
    return float(THRESHOLDS[best]), scores[best]


def _micro_f1(true, given):
    return float(2 * (true & given).sum() / max(given.sum() + true.sum(), 1))
