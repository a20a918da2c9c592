"""How much each of two models counts in the logits that they form together."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from hanlib.training.linear_fit import loss_and_errors

# The shares that the two models have without evidence. Where documents are few, the n-grams are
# mostly the better model: `benchmarks/mixing_prior.py` compares other shares.
SHARES = (0.4, 0.6)
# How firmly they are held: with fewer documents than some hundreds the shares stay near to them.
PRIOR = 50.0


class MixingWeights(NamedTuple):
    """`logits = network * network_logits + ngrams * ngram_logits`.

    >>> MixingWeights(network=0.5, ngrams=0.25).logits(np.array([2.0]), np.array([4.0])).tolist()
    [2.0]
    """

    network: float
    ngrams: float

    def logits(self, network_logits, ngram_logits):
        """The mixed logits."""
        return self.network * network_logits + self.ngrams * ngram_logits


def mixing_weights(network_logits, ngram_logits, labels, multi_label=False, weights=None):
    """The weights of two models whose logits are added, fitted on documents that neither saw.

    Each model is first brought to its best temperature, t. Then the loss is minimised over weights
    a, b >= 0 of `a t_1 z_1 + b t_2 z_2`, which are drawn to 0.4 and 0.6:

        sum_d cross-entropy + 50 ((a - 0.4)^2 + (b - 0.6)^2)

    The problem is convex. With few documents the shares stay near these, and a network that makes
    no mistake on them does not become any surer. With thousands a model that does not help gets 0,
    so that the mixture is at least about as good as the better one.

    Args:
        network_logits: `<float>[docs, classes]`, on validation documents or out of fold.
        ngram_logits: `<float>[docs, classes]`, the same documents.
        labels: `<int>[docs]`, or `<float>[docs, classes]`: probabilities, or 0 and 1.
        multi_label: whether each class has a sigmoid; else they have a softmax together.
        weights: weights of the documents in the loss, `<float>[docs]`, or with `multi_label` also
            `[docs, classes]`; None: 1.

    Returns:
        `MixingWeights`, on the logits as they came.

    Raises:
        ValueError: the shapes do not fit together.

    >>> rng = np.random.default_rng(0)
    >>> labels = rng.integers(2, size=2000)
    >>> right = np.eye(2)[labels] * 2 + rng.normal(size=[2000, 2])
    >>> weights = mixing_weights(right, rng.normal(size=[2000, 2]), labels)
    >>> weights.network > 10 * weights.ngrams
    True
    """
    first, second = np.asarray(network_logits, float), np.asarray(ngram_logits, float)
    targets = _as_targets(labels, first, second)
    softmax, weights = not multi_label, as_columns(weights)
    scales = [temperature(logits, targets, softmax, weights) for logits in (first, second)]
    parts = np.stack([scale * z for scale, z in zip(scales, (first, second), strict=True)])

    def loss_and_gradient(shares):
        mixed = np.tensordot(shares, parts, 1)
        losses, errors = loss_and_errors(mixed, targets, softmax, weights)
        away = shares - SHARES
        gradient = (parts * errors).sum(axis=(1, 2)) + 2 * PRIOR * away
        return losses.sum() + PRIOR * (away**2).sum(), gradient

    shares = _minimum(loss_and_gradient, SHARES)
    return MixingWeights(*(float(s * t) for s, t in zip(shares, scales, strict=True)))


def temperature(logits, targets, softmax, weights=None):
    """The factor on logits that gives the least loss; drawn towards 1 as by one document.

    Args:
        logits: `<float>[docs, columns]`.
        targets: `<float>[docs, columns]`.
        softmax: whether the columns are one distribution.
        weights: as in `loss_and_errors`.

    >>> targets = np.array([[0.0, 1.0]] * 9 + [[1.0, 0.0]])
    >>> round(temperature(np.array([[0.0, 9.0]] * 10), targets, softmax=True), 2)
    0.25
    """

    def loss_and_gradient(factor):
        losses, errors = loss_and_errors(factor * logits, targets, softmax, weights)
        loss = losses.sum() + (factor[0] - 1) ** 2 / 2
        return float(loss), np.array([(errors * logits).sum() + factor[0] - 1])

    return float(_minimum(loss_and_gradient, [1.0])[0])


def log_loss(logits, targets, softmax, weights=None):
    """Mean cross-entropy per document, in nats.

    >>> round(log_loss(np.zeros([3, 2]), np.eye(2)[[0, 1, 1]], softmax=True), 4)
    0.6931
    """
    return float(loss_and_errors(logits, targets, softmax, weights)[0].mean())


def as_columns(weights):
    """Weights as `<float>[docs, 1]` or `[docs, columns]`; None stays None."""
    if weights is None:
        return None
    weights = np.asarray(weights)
    return weights[:, None] if weights.ndim == 1 else weights


def _minimum(loss_and_gradient, start):
    bounds = [(0, None)] * len(start)
    return minimize(
        loss_and_gradient, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds
    ).x


def _as_targets(labels, first, second):
    labels = np.asarray(labels)
    if labels.ndim == 1 and first.ndim == 2:
        labels = np.eye(first.shape[1])[labels]
    if not first.shape == second.shape == labels.shape:
        raise ValueError(
            "`network_logits`, `ngram_logits` and `labels` must be of the same documents and "
            f"classes. Received: shapes {first.shape}, {second.shape}, {labels.shape}"
        )
    return labels.astype(float)
