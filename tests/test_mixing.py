"""The weights of the models of a mixture."""

import numpy as np
import pytest

from hanlib.training import mixing_weights


def noisy(rng, labels, classes, noise):
    right = np.eye(classes)[labels]
    return right * 3 + rng.normal(scale=noise, size=right.shape)


@pytest.mark.parametrize(("better", "worse"), [(1, 4), (4, 1)])
def test_the_better_model_weighs_more(rng, better, worse):
    labels = rng.integers(3, size=3000)
    logits = noisy(rng, labels, 3, better), noisy(rng, labels, 3, worse)
    weights = mixing_weights(*logits, labels)
    assert (weights.network > weights.ngrams) == (better < worse)
    given = weights.logits(*logits).argmax(axis=1)
    best = max((z.argmax(axis=1) == labels).mean() for z in logits)
    assert (given == labels).mean() >= best - 0.002


def test_a_model_that_says_the_contrary_gets_no_weight(rng):
    labels = rng.integers(2, size=3000)
    good = noisy(rng, labels, 2, 2)
    weights = mixing_weights(-good, good, labels)
    assert weights.network == 0
    assert weights.ngrams > 0


@pytest.mark.parametrize("documents", [3, 20])
def test_few_documents_keep_the_shares_of_no_evidence(rng, documents):
    labels = np.arange(documents) % 2
    logits = noisy(rng, labels, 2, 3)
    # Of two equal models neither earns more.
    weights = mixing_weights(logits, logits, labels)
    assert weights.network / sum(weights) == pytest.approx(0.4, abs=0.04)


def test_logits_of_any_scale_give_the_same_mixture(rng):
    labels = rng.integers(2, size=1000)
    network, ngrams = noisy(rng, labels, 2, 2), noisy(rng, labels, 2, 3)
    plain = mixing_weights(network, ngrams, labels).logits(network, ngrams)
    scaled = mixing_weights(network * 20, ngrams / 5, labels).logits(network * 20, ngrams / 5)
    np.testing.assert_allclose(scaled, plain, rtol=0.02, atol=0.02)


def test_models_without_mistakes_become_no_surer(rng):
    labels = rng.integers(2, size=400)
    right = np.eye(2)[labels] * 6
    mixed = mixing_weights(right, noisy(rng, labels, 2, 3), labels).logits(right, 0)
    assert np.abs(mixed).max() < 1.2 * 6


def test_the_mixture_of_weighted_documents(rng):
    labels = rng.integers(2, size=300)
    logits = [noisy(rng, labels, 2, 2), noisy(rng, labels, 2, 3)]
    times = rng.integers(0, 3, size=300)
    weighted = mixing_weights(*logits, labels, weights=times)
    repeated = mixing_weights(
        *(np.repeat(z, times, axis=0) for z in logits), np.repeat(labels, times)
    )
    np.testing.assert_allclose(weighted, repeated, rtol=1e-3)


def test_mixtures_of_several_labels(rng):
    labels = (rng.random([500, 4]) < 0.3).astype(float)
    network = labels * 4 - 2 + rng.normal(size=labels.shape)
    weights = mixing_weights(network, rng.normal(size=labels.shape), labels, multi_label=True)
    assert weights.network > 5 * weights.ngrams


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"Received: shapes \(2, 2\), \(3, 2\), \(2, 2\)"):
        mixing_weights(np.ones([2, 2]), np.ones([3, 2]), [0, 1])
