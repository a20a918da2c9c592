"""The probabilities from which labels are given, chosen on documents that training did not see."""

import numpy as np
from scipy.special import expit, logit

from hanlib.metrics import THRESHOLDS

# The threshold of a label with this many documents lies halfway between its own best one and the
# one of all labels.
HALFWAY = 20


def best_threshold(labels, probabilities):
    """The one threshold for all labels that gives the greatest micro-F1.

    Args:
        labels: `<0 or 1>[docs, classes]`.
        probabilities: `<float>[docs, classes]`.

    Returns:
        The threshold, one of 0.05, 0.10, ..., 0.95; the least of equals. And its micro-F1.

    >>> best_threshold(np.array([[1, 0], [0, 1]]), np.array([[0.4, 0.1], [0.21, 0.3]]))
    (0.25, 1.0)
    """
    true = np.asarray(labels) > 0.5
    scores = [micro_f1(true, probabilities >= np.float32(t)) for t in THRESHOLDS]
    best = int(np.argmax(scores))
    return float(THRESHOLDS[best]), scores[best]


def label_thresholds(labels, probabilities):
    """A threshold for each label, drawn towards the one of all labels.

        log-odds of t_k = (n_k s_k + 20 s) / (n_k + 20)

    s is the log-odds of `best_threshold`, s_k that of the threshold with the greatest F1 of label
    k alone, and n_k the number of documents with the label. The best threshold of a rare label says
    little: without s the labels that hardly occur would cost more than the others gain.

    Args:
        labels: `<0 or 1>[docs, classes]`.
        probabilities: `<float>[docs, classes]`.

    Returns:
        `<float64>[classes]`.

    >>> found = label_thresholds(np.array([[1, 0], [1, 0], [0, 0]]),
    ...     np.array([[0.4, 0.1], [0.3, 0.2], [0.2, 0.3]]))
    >>> found.round(3).tolist()
    [0.204, 0.2]
    """
    true = np.asarray(labels) > 0.5
    probabilities = np.asarray(probabilities, np.float64)
    common, _ = best_threshold(true, probabilities)
    own = np.array([_best_cut(*columns) for columns in zip(true.T, probabilities.T, strict=True)])
    documents = true.sum(axis=0)
    own = logit(np.clip(own, 1e-4, 1 - 1e-4))
    found = expit((documents * own + HALFWAY * logit(common)) / (documents + HALFWAY))
    return np.where(documents > 0, found, common)


def _best_cut(true, probabilities):
    """The threshold of one label with the greatest F1, between two neighboring probabilities."""
    order = np.argsort(-probabilities, kind="stable")
    falling = probabilities[order]
    # Cut n gives the label to the n + 1 most probable documents.
    scores = 2 * np.cumsum(true[order]) / (np.arange(1, len(true) + 1) + max(true.sum(), 1))
    following = np.append(falling[1:], 0)
    scores[falling == following] = -1
    best = int(np.argmax(scores))
    return (falling[best] + following[best]) / 2


def micro_f1(true, given):
    """Micro-F1 of labels given, both `<bool>[docs, classes]`."""
    return float(2 * (true & given).sum() / max(given.sum() + true.sum(), 1))
