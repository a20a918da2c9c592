"""The minimum of a linear fit, its ratios, and latent directions."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression

from hanlib.training.latent_directions import latent_directions
from hanlib.training.linear_fit import LinearFit, Strengths, log_ratios, loss_and_errors


class NoPrior:
    """scikit-learn draws to 0 what we draw to the share of the class."""

    bias, ratios = 0.0, np.float32(1)

    def __init__(self, *_):
        pass


@pytest.mark.parametrize("classes", [2, 3])
def test_the_minimum_is_that_of_scikit_learn(rng, classes, monkeypatch):
    monkeypatch.setattr("hanlib.training.linear_fit._Prior", NoPrior)
    present = scipy.sparse.csr_matrix((rng.random([200, 12]) < 0.3).astype(np.float32))
    labels = (present[:, :classes].toarray() + rng.random([200, classes])).argmax(axis=1)
    targets = np.eye(classes, dtype=np.float32)[labels]
    targets = targets[:, 1:] if classes == 2 else targets
    kernel, bias, _ = LinearFit(present, targets, classes > 2).fit(
        np.ones([200, 1], np.float32), Strengths(2.0)
    )
    # Ours has the bias under the same penalty: a column of ones, and no intercept.
    column = scipy.sparse.hstack([present, np.ones([200, 1])]).tocsr()
    theirs = LogisticRegression(C=2.0, fit_intercept=False, tol=1e-8).fit(column, labels)
    ours = np.concatenate([kernel, [bias]]).T
    np.testing.assert_allclose(ours, theirs.coef_, atol=5e-3)


def test_the_minimum_with_directions_is_that_of_scikit_learn(rng, monkeypatch):
    monkeypatch.setattr("hanlib.training.linear_fit._Prior", NoPrior)
    present = scipy.sparse.csr_matrix((rng.random([200, 12]) < 0.3).astype(np.float32))
    labels = (present[:, :2].toarray() + rng.random([200, 2])).argmax(axis=1)
    directions = rng.normal(size=[12, 3]).astype(np.float32)
    fit = LinearFit(present, labels[:, None].astype(np.float32), False, directions)
    kernel, bias, solution = fit.fit(np.ones([200, 1], np.float32), Strengths(0.5, 2.0))
    # One penalty for all weights, and columns in place of the two variances.
    features = [present, np.sqrt(2.0 / 0.5) * (present @ directions), np.ones([200, 1])]
    column = scipy.sparse.hstack(features).tocsr()
    theirs = LogisticRegression(C=0.5, fit_intercept=False, tol=1e-8).fit(column, labels).coef_[0]
    np.testing.assert_allclose(
        kernel[:, 0], theirs[:12] + 2 * directions @ theirs[12:-1], atol=5e-3
    )
    np.testing.assert_allclose(bias[0], theirs[-1], atol=5e-3)
    again, _, _ = fit.fit(np.ones([200, 1], np.float32), Strengths(0.5, 2.0), start=solution)
    np.testing.assert_allclose(again, kernel, atol=5e-3)


def test_directions_are_those_of_a_dense_svd(rng):
    present = (rng.random([60, 40]) < 0.2).astype(np.float32)
    present[7] = 0  # A document without n-grams.
    inverse = 1 + np.log(60 / (1 + present.sum(axis=0)))
    weighted = present * inverse
    weighted /= np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-12)
    _, singular, right = np.linalg.svd(weighted)
    for width in (5, 30):  # By ARPACK, and dense.
        found = latent_directions(scipy.sparse.csr_matrix(present), width)
        sizes = np.r_[singular[1], singular[1:width]]
        expected = inverse[:, None] * right[:width].T * sizes
        expected /= np.sqrt(np.square(present @ expected).sum(axis=1).mean())
        # A pair of singular vectors has no sign, but their products do.
        np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=2e-3)


def test_directions_of_a_sample(rng, monkeypatch):
    topics = np.repeat(np.eye(2, dtype=np.float32), 5, axis=1)[rng.integers(2, size=400)]
    present = scipy.sparse.csr_matrix(topics * (rng.random(topics.shape) < 0.5))
    monkeypatch.setattr("hanlib.training.latent_directions.MOST_OCCURRENCES", 300)
    found = latent_directions(present, 2)
    # The topics share no n-grams, so each is a direction.
    direction = np.abs(found).argmax(axis=1)
    assert (direction[:5] == direction[0]).all()
    assert (direction[5:] == 1 - direction[0]).all()
    np.testing.assert_array_equal(found, latent_directions(present, 2))


def test_directions_of_equal_documents(rng):
    present = scipy.sparse.csr_matrix(np.ones([4, 3], np.float32))
    assert np.isfinite(latent_directions(present)).all()
    assert np.isfinite(latent_directions(scipy.sparse.csr_matrix((4, 3), dtype=np.float32))).all()


def test_ratios_are_those_of_naive_bayes():
    present = scipy.sparse.csr_matrix(np.array([[1, 1], [1, 0], [0, 1]], np.float32))
    # p = (1 + 2, 1 + 1) for documents 0 and 1; q = (1 + 0, 1 + 1) for document 2.
    ratios = log_ratios(present, np.array([[1.0], [1.0], [0.0]]), np.ones(3))
    expected = np.log([[(3 / 5) / (1 / 3)], [(2 / 5) / (2 / 3)]])
    np.testing.assert_allclose(ratios, expected, rtol=1e-6)


@pytest.mark.parametrize("softmax", [True, False])
def test_the_errors_are_the_gradient_of_the_loss(rng, softmax):
    logits, targets = rng.normal(size=[4, 3]), rng.random([4, 3])
    direction = rng.normal(size=[4, 3])
    _, errors = loss_and_errors(logits, targets, softmax)
    ends = [loss_and_errors(logits + s * direction, targets, softmax)[0] for s in (1e-5, -1e-5)]
    difference = (ends[0] - ends[1]) / 2e-5
    np.testing.assert_allclose((errors * direction).sum(axis=1), difference, rtol=1e-6, atol=1e-9)
