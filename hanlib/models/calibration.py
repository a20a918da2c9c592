"""Temperature scaling: calibrates the probabilities of a classifier with one parameter."""

import numpy as np

# The search runs over log T in this range; 40 steps of golden section leave an error below 1e-6.
_RANGE, _STEPS = (-3.0, 3.0), 40


def fit_temperature(logits, labels, multi_label=False):
    """The temperature T that minimizes the cross-entropy of `logits / T` (Guo et al., ICML 2017).

    The cross-entropy is convex in 1/T, so it has a single minimum, which is found by golden-section
    search over log T between -3 and 3.

    Args:
        logits: `<float>[docs, classes]`.
        labels: `<int>[docs]`, or `<0 or 1>[docs, classes]` with `multi_label`.
        multi_label: whether the probabilities are sigmoids instead of a softmax.

    Returns:
        T, a `float`: greater than 1 for an overconfident classifier.

    >>> logits = np.array([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    >>> round(fit_temperature(logits, np.array([0, 0, 1, 1])), 2)  # Right in 3 of 4: log 3 = 4 / T
    3.64
    """
    logits, labels = np.asarray(logits, np.float64), np.asarray(labels)
    loss = _multi_label_loss if multi_label else _single_label_loss
    low, high = _RANGE
    golden = (np.sqrt(5) - 1) / 2
    inside = [high - golden * (high - low), low + golden * (high - low)]
    losses = [loss(logits / np.exp(t), labels) for t in inside]
    for _ in range(_STEPS):
        if losses[0] < losses[1]:
            high = inside[1]
            inside = [high - golden * (high - low), inside[0]]
            losses = [loss(logits / np.exp(inside[0]), labels), losses[0]]
        else:
            low = inside[0]
            inside = [inside[1], low + golden * (high - low)]
            losses = [losses[1], loss(logits / np.exp(inside[1]), labels)]
    return float(np.exp((low + high) / 2))


def _single_label_loss(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    own = np.take_along_axis(shifted, labels[:, np.newaxis].astype(np.int64), axis=1)[:, 0]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - own))


def _multi_label_loss(logits, labels):
    return float(np.mean(np.logaddexp(0, logits) - labels * logits))
