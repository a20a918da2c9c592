"""Losses and metrics of the heads, against NumPy."""

import keras
import numpy as np
import pytest

from hanlib.losses import MultiLabelCrossentropy, SingleLabelCrossentropy
from hanlib.metrics import BestThresholdF1, SingleLabelAccuracy


def bce(y, p):
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


@pytest.fixture
def probabilities(rng):
    p = rng.random([6, 3]).astype("float32") + 0.1
    return p / p.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_single_label(smoothing, probabilities, rng):
    labels = rng.integers(0, 3, 6).astype("int32")
    soft = rng.dirichlet(np.ones(3), 6).astype("float32")
    weights = rng.random(6).astype("float32")
    loss = SingleLabelCrossentropy(smoothing)
    for given, target in ((labels, np.eye(3)[labels]), (np.eye(3)[labels],) * 2, (soft, soft)):
        smoothed = target * (1 - smoothing) + smoothing / 3
        expected = -(smoothed * np.log(probabilities)).sum(axis=1)
        assert float(loss(given, probabilities)) == pytest.approx(expected.mean(), rel=1e-5)
        weighted = float(loss(given, probabilities, weights))
        assert weighted == pytest.approx((weights * expected).mean(), rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_multi_label_is_the_sum_over_the_labels(smoothing, probabilities, rng):
    targets = rng.random([6, 3]).astype("float32")
    loss = MultiLabelCrossentropy(smoothing)
    terms = bce(targets * (1 - smoothing) + smoothing / 2, probabilities)
    assert float(loss(targets, probabilities)) == pytest.approx(terms.sum(1).mean(), rel=1e-5)
    for weights in (rng.random(6).astype("float32"), rng.random([6, 3]).astype("float32")):
        expected = (terms * weights.reshape([6, -1])).sum(axis=1).mean()
        given = float(loss(targets, probabilities, weights))
        assert given == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "item",
    [
        SingleLabelCrossentropy(0.1),
        MultiLabelCrossentropy(0.2, reduction="sum"),
        SingleLabelAccuracy(),
        BestThresholdF1("micro_f1"),
    ],
    ids=lambda item: type(item).__name__,
)
def test_saved_and_restored(item):
    config = keras.saving.serialize_keras_object(item)
    assert keras.saving.deserialize_keras_object(config).get_config() == item.get_config()


def test_accuracy_of_both_forms_of_targets(probabilities):
    labels = np.array([0, 1, 2, 0, 1, 2])
    expected = (probabilities.argmax(axis=1) == labels).mean()
    accuracy = SingleLabelAccuracy()
    accuracy.update_state(labels[:2], probabilities[:2])
    accuracy.update_state(np.eye(3)[labels[2:]] * 0.8, probabilities[2:])
    assert float(accuracy.result()) == pytest.approx(expected)
