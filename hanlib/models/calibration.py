"""Temperature scaling: calibrates the probabilities of a classifier with one parameter."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

# The range of log T.
_RANGE = (-3.0, 3.0)


def fit_temperature(logits, labels, multi_label=False):
    """The temperature T that minimizes the cross-entropy of `logits / T` (Guo et al., ICML 2017).

    The cross-entropy is convex in 1/T, so it has a single minimum, which is searched for between
    log T = -3 and 3.

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

    def loss(log_temperature):
        z = logits / np.exp(log_temperature)
        if multi_label:
            return np.mean(np.logaddexp(0, z) - labels * z)
        return -np.mean(np.take_along_axis(log_softmax(z, axis=1), labels[:, np.newaxis], axis=1))

    found = minimize_scalar(loss, bounds=_RANGE, method="bounded", options={"xatol": 1e-7})
    return float(np.exp(found.x))
