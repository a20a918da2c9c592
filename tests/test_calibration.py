"""Temperature scaling, and what it does to a classifier."""

import numpy as np
import pytest
from tiny_classifier import build, build_bag

from hanlib.data import demo
from hanlib.models.calibration import fit_temperature


@pytest.mark.parametrize("multi_label", [False, True])
def test_no_temperature_near_it_has_a_lower_loss(multi_label, rng):
    logits = 4 * rng.normal(size=[300, 3])
    noisy = logits / 4 + rng.gumbel(size=logits.shape)
    labels = (noisy > 0).astype(int) if multi_label else noisy.argmax(axis=1)

    def loss(temperature):
        z = logits / temperature
        if multi_label:
            p = 1 / (1 + np.exp(-z))
            return -np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p))
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        return -np.mean(np.log(p[np.arange(300), labels]))

    best = fit_temperature(logits, labels, multi_label)
    assert 2 < best < 8  # The logits were drawn four times too large.
    assert loss(best) <= min(loss(best * 1.01), loss(best / 1.01))


@pytest.mark.parametrize(
    "options", [pytest.param({}, marks=pytest.mark.long), {"multi_label": True, "labels": 2}]
)
def test_calibrating_a_classifier_keeps_its_ranking(options):
    classifier = build(**options)
    reviews = demo.generate(60, seed=5)
    texts = [review.text for review in reviews]
    names = ["pos" if review.label == "positive" else "neg" for review in reviews]
    labels = [[name] for name in names] if options else names
    before = classifier.predict(texts, verbose=0)
    temperature = classifier.calibrate(texts, labels)
    after = classifier.predict(texts, verbose=0)
    assert temperature != pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(after.argmax(axis=1), before.argmax(axis=1))
    # Log-odds are divided by the temperature.
    odds = [np.log(p[:, 1]) - np.log(1 - p[:, 1]) for p in (before, after)]
    np.testing.assert_allclose(odds[1] * temperature, odds[0], rtol=1e-3, atol=1e-3)


def test_document_vectors_are_those_of_the_encoder():
    classifier = build_bag()
    texts = ["The room was good.", "", "I did not like the food."]
    vectors = classifier.embed(texts, batch_size=2)
    width = classifier.encoder.compute_output_shape((None, None, None))[1]
    assert vectors.shape == (3, width)
    np.testing.assert_array_equal(vectors[1], np.zeros(width))
    expected = classifier.predict(texts, verbose=0)
    np.testing.assert_allclose(classifier.classify(vectors), expected, atol=1e-6)
    assert classifier.embed([]).shape == (0, width)
