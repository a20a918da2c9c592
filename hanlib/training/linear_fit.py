"""Logistic regression on the presence of n-grams, with hard or soft targets."""

import copy
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from hanlib.blas_threads import one_blas_thread

MAX_ITERATIONS = 100


class Strengths(NamedTuple):
    """The variances of the priors of a `LinearFit`; a greater one lets the weights grow further.

    Attributes:
        ngrams: Of the weight u of an n-gram.
        latent: Of the weight v of a latent direction; None: there are no directions.

    >>> Strengths(0.1)
    Strengths(ngrams=0.1, latent=None)
    """

    ngrams: float
    latent: float | None = None


class LinearFit:
    """One problem, fitted with different documents left out and different strengths.

        z = b + sum_g K[g]                 over the n-grams g of the document
        K = r ⊙ u + D v                    r: see `log_ratios`; D: see `latent_directions`
        loss = sum_d cross-entropy + |u|^2 / (2 s) + |v|^2 / (2 t)

    Args:
        present: `<float32>[docs, n-grams]`, sparse, of ones.
        targets: `<float32>[docs, columns]`, from 0 to 1.
        softmax: whether the columns are one distribution; else each has a sigmoid.
        directions: D `<float32>[n-grams, directions]`, or None for K = r ⊙ u.

    >>> import scipy.sparse
    >>> present = scipy.sparse.csr_matrix(np.eye(2, dtype=np.float32))
    >>> fit = LinearFit(present, np.array([[0.0], [1.0]], np.float32), softmax=False)
    >>> kernel, bias, _ = fit.fit(np.ones([2, 1], np.float32), Strengths(ngrams=1.0))
    >>> (present @ kernel + bias > 0).ravel().tolist()
    [False, True]
    """

    def __init__(self, present, targets, softmax, directions=None):
        self.present, self.targets, self.softmax = present, targets, softmax
        if directions is None:
            directions = np.zeros([present.shape[1], 0], np.float32)
        self.directions, self.coordinates = directions, present @ directions

    def of_columns(self, columns):
        """The problem of some columns of the targets."""
        part = copy.copy(self)
        part.targets = self.targets[:, columns]
        return part

    def fit(self, weights, strengths, start=None):
        """The minimum of the weighted loss of the documents.

        Args:
            weights: `<float32>[docs, 1]`, 0 for documents to leave out; without softmax also
                `[docs, columns]`.
            strengths: `Strengths`, the variances s and t.
            start: a solution to start from.

        Returns:
            kernel `<float32>[n-grams, columns]`, bias `<float32>[columns]`, and the solution
            `<float64>[n-grams + directions + 1, columns]`.
        """
        with one_blas_thread():
            return self._fit(weights, strengths, start)

    def _fit(self, weights, strengths, start):
        ngrams, columns = self.present.shape[1], self.targets.shape[1]
        # Columns that do not depend on each other converge faster alone.
        step = columns if self.softmax else 1
        solution = np.zeros([ngrams + self.directions.shape[1] + 1, columns])
        if start is not None:
            solution = start.copy()
        kernel = np.empty([ngrams, columns], np.float32)
        bias = np.empty(columns, np.float32)
        for first in range(0, columns, step):
            block = slice(first, first + step)
            targets = self.targets[:, block]
            own = weights[:, block] if weights.shape[1] > 1 else weights
            prior = _Prior(self.present, targets, own, self.softmax)
            found = self._minimum(targets, own, strengths, prior, solution[:, block])
            solution[:, block] = found
            kernel[:, block] = prior.ratios * found[:ngrams]
            kernel[:, block] += self.directions @ found[ngrams:-1].astype(np.float32)
            bias[block] = prior.bias + found[-1]
        return kernel, bias, solution

    def _minimum(self, targets, weights, strengths, prior, start):
        transposed, ngrams = self.present.T, self.present.shape[1]
        # With coordinates of this size one variance holds for all weights.
        factor = np.float32(1 if strengths.latent is None else strengths.latent / strengths.ngrams)
        factor = np.sqrt(factor)
        coordinates = factor * self.coordinates

        def loss_and_gradient(values):
            values = values.reshape(start.shape)
            kernel = (prior.ratios * values[:ngrams]).astype(np.float32)
            bias = (prior.bias + values[-1]).astype(np.float32)
            logits = self.present @ kernel + coordinates @ values[ngrams:-1].astype(np.float32)
            losses, errors = loss_and_errors(logits + bias, targets, self.softmax, weights)
            loss = float(np.sum(losses, dtype=np.float64))
            gradient = values / strengths.ngrams
            gradient[:ngrams] += prior.ratios * (transposed @ errors)
            gradient[ngrams:-1] += coordinates.T @ errors
            gradient[-1] += errors.sum(axis=0)
            return loss + np.sum(values * values) / (2 * strengths.ngrams), gradient.ravel()

        start = start.copy()
        start[ngrams:-1] /= factor
        options = {"maxiter": MAX_ITERATIONS, "ftol": 1e-6}
        found = minimize(
            loss_and_gradient, start.ravel(), jac=True, method="L-BFGS-B", options=options
        )
        found = found.x.reshape(start.shape)
        found[ngrams:-1] *= factor
        return found


class _Prior:
    """Where the fit starts and what it is drawn to: shares of the classes, and their ratios."""

    def __init__(self, present, targets, weights, softmax):
        weighted = targets * weights
        inside = weighted.sum(axis=0)
        outside = weights.sum() - inside
        # Under a softmax a common term of the classes makes no difference.
        self.bias = np.log(inside + 1) - (0 if softmax else np.log(outside + 1))
        self.ratios = log_ratios(present, weighted, weights[:, 0])


def log_ratios(present, targets, weights):
    """How much more often an n-gram is in documents of a class than in the others.

        r = log (p / |p|_1) - log (q / |q|_1)
        p = 1 + documents of the class with the n-gram,  q = 1 + other documents with it

    Args:
        present: `<float32>[docs, n-grams]`, sparse, of ones.
        targets: `<float32>[docs, columns]`, zero for documents that are left out.
        weights: `<float32>[docs]`, zero for documents that are left out.

    Returns:
        `<float32>[n-grams, columns]`.

    >>> import scipy.sparse
    >>> present = scipy.sparse.csr_matrix(np.eye(2, dtype=np.float32))
    >>> log_ratios(present, np.array([[1.0], [0.0]]), np.ones(2)).round(2)
    array([[ 0.69],
           [-0.69]], dtype=float32)
    """
    transposed = present.T
    inside = transposed @ targets
    outside = (transposed @ weights)[:, None] - inside + 1
    inside = inside + 1
    ratios = np.log(inside / inside.sum(axis=0)) - np.log(outside / outside.sum(axis=0))
    return ratios.astype(np.float32)


def loss_and_errors(logits, targets, softmax, weights=None):
    """The weighted cross-entropy of each document, and its gradient at the logits.

    Args:
        logits: `<float>[docs, columns]`.
        targets: `<float>[docs, columns]`.
        softmax: whether the columns are one distribution; else each has a sigmoid, and the losses
            of a document are added.
        weights: `<float>[docs, 1]`, or without softmax also `[docs, columns]`; None: 1.

    Returns:
        `<float>[docs]` in nats, and `<float>[docs, columns]`.

    >>> loss_and_errors(np.zeros([1, 1]), np.ones([1, 1]), softmax=False)
    (array([0.69314718]), array([[-0.5]]))
    """
    if softmax:
        logits = logits - logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        total = exponentials.sum(axis=1, keepdims=True)
        mass = targets.sum(axis=1, keepdims=True)
        losses = mass * np.log(total) - (targets * logits).sum(axis=1, keepdims=True)
        errors = mass * exponentials / total - targets
    else:
        losses = np.logaddexp(0, logits) - targets * logits
        errors = 1 / (1 + np.exp(-np.clip(logits, -60, 60))) - targets
    if weights is not None:
        losses, errors = losses * weights, errors * weights
    return losses.sum(axis=1), errors
