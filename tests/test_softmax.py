"""Softmax, sparsemax and sums by segment against NumPy, row by row."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hanlib.ops import softmax

IDS = np.array([3, 0, 3, 1, 0, 3, 1, 3])  # Not sorted, and segment 2 is empty.
SEGMENTS = 4
NORMALIZERS = [softmax.segment_softmax, softmax.segment_sparsemax]


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def numpy_softmax(scores):
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def nearest_on_simplex(scores):
    """Brute force: of the projections on every face of the simplex, the nearest that is inside.

    Exact arithmetic: in floating point, one score far away hides the distances of the others.
    """
    scores = [Fraction(float(score)) for score in scores]
    best = None
    for size in range(1, len(scores) + 1):
        for face in itertools.combinations(range(len(scores)), size):
            shift = (1 - sum(scores[i] for i in face)) / size
            point = [score + shift if i in face else Fraction() for i, score in enumerate(scores)]
            distance = sum((p - score) ** 2 for p, score in zip(point, scores, strict=True))
            if min(point) >= 0 and (best is None or distance < best[0]):
                best = distance, point
    return np.array(best[1], "float64")


def by_segment(function, scores):
    expected = np.zeros_like(scores)
    for segment in set(IDS):
        for head in np.ndindex(scores.shape[1:]):
            place = (segment == IDS, *head)
            expected[place] = function(scores[place])
    return expected


def assert_gradient(function, *arguments):
    made, measured = tf.test.compute_gradient(
        function, [tf.constant(a, tf.float64) for a in arguments], delta=1e-5
    )
    for one, other in zip(made, measured, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)


@pytest.mark.parametrize("shape", [(8,), (8, 3)])
@pytest.mark.parametrize(
    ("normalize", "oracle"),
    list(zip(NORMALIZERS, [numpy_softmax, nearest_on_simplex], strict=True)),
)
class TestSegmentNormalizers:
    def test_against_numpy(self, normalize, oracle, shape):
        scores = random(*shape)
        result = normalize(tf.constant(scores), IDS, SEGMENTS)
        np.testing.assert_allclose(result, by_segment(oracle, scores), atol=1e-12)

    def test_gradient(self, normalize, oracle, shape):
        weights = random(*shape, seed=1)
        assert_gradient(lambda scores: normalize(scores, IDS, SEGMENTS) * weights, random(*shape))

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
    def test_huge_scores(self, normalize, oracle, shape, dtype):
        scores = np.where(random(*shape) > 0, 1e4, -1e4)
        result = normalize(tf.constant(scores, dtype), IDS, SEGMENTS)
        assert result.dtype == dtype
        expected = by_segment(oracle, scores)
        np.testing.assert_allclose(tf.cast(result, "float32"), expected, atol=2e-3)

    def test_infinite_scores(self, normalize, oracle, shape):
        scores = tf.constant(np.where(random(*shape) > 0, np.inf, -np.inf), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(scores)
            result = normalize(scores, IDS, SEGMENTS)
            objective = tf.reduce_sum(result**2)
        expected = by_segment(oracle, np.where(random(*shape) > 0, 1e3, -1e3))
        np.testing.assert_allclose(result, expected, atol=1e-6)
        assert np.isfinite(tape.gradient(objective, scores)).all()

    def test_no_entries_at_all(self, normalize, oracle, shape):
        scores = tf.zeros([0, *shape[1:]])
        assert normalize(scores, tf.zeros([0], tf.int32), 2).shape == scores.shape


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=6),
    st.sampled_from([1.0, 0.1, 100.0]),
)
@example(scores=[0.0, 0.004999999888241291, 0.004999999888241291, -1.0], scale=100.0)
def test_sparsemax_is_the_nearest_point_of_the_simplex(scores, scale):
    scores = np.array(scores, "float64") * scale
    result = softmax.segment_sparsemax(tf.constant(scores), np.zeros(len(scores), "int32"), 1)
    np.testing.assert_allclose(result, nearest_on_simplex(scores), atol=1e-9)


def test_sparsemax_on_many_long_segments():
    ids = np.random.default_rng(0).integers(0, 50, 20_000)
    result = softmax.segment_sparsemax(tf.constant(random(20_000), tf.float32), ids, 50).numpy()
    np.testing.assert_allclose(np.bincount(ids, result), 1, atol=1e-5)
    assert (result == 0).mean() > 0.9


def test_segments_do_not_see_each_other():
    """One maximum for the whole batch would underflow the low segment to 0 / 0."""
    scores = tf.constant([1e4, 1e4, -1e4, -1e4])
    result = softmax.segment_softmax(scores, [0, 0, 1, 1], 2)
    np.testing.assert_allclose(result, 0.5)


class TestMaskedSoftmax:
    scores = random(3, 4)
    mask = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]], bool)

    def test_against_numpy(self):
        expected = np.zeros((3, 4))
        for row in (0, 2):
            expected[row, self.mask[row]] = numpy_softmax(self.scores[row, self.mask[row]])
        result = softmax.masked_softmax(tf.constant(self.scores), self.mask)
        np.testing.assert_allclose(result, expected, atol=1e-12)
        other_axis = softmax.masked_softmax(tf.constant(self.scores.T), self.mask.T, axis=0)
        np.testing.assert_allclose(other_axis, expected.T, atol=1e-12)

    def test_without_a_mask(self):
        result = softmax.masked_softmax(tf.constant(self.scores))
        np.testing.assert_allclose(result, tf.nn.softmax(self.scores), atol=1e-12)

    def test_gradient(self):
        weights = random(3, 4, seed=1)
        assert_gradient(lambda s: softmax.masked_softmax(s, self.mask) * weights, self.scores)

    @pytest.mark.parametrize("fill", [np.inf, -np.inf, np.nan, 6e4])
    def test_what_is_masked_has_no_say(self, fill):
        scores = tf.constant(np.where(self.mask, self.scores, fill), tf.float16)
        with tf.GradientTape() as tape:
            tape.watch(scores)
            result = softmax.masked_softmax(scores, self.mask)
            objective = tf.reduce_sum(result**2)
        np.testing.assert_array_equal(result.numpy()[1], 0)
        np.testing.assert_array_equal(tape.gradient(objective, scores).numpy()[~self.mask], 0)
        np.testing.assert_allclose(result.numpy()[[0, 2]].sum(axis=1), 1, atol=2e-3)


class TestSums:
    states = random(8, 5, seed=2)

    @pytest.mark.parametrize("heads", [(), (3,)])
    def test_weighted_sum(self, heads):
        weights = random(8, *heads, seed=3)
        expected = np.zeros((SEGMENTS, *heads, 5))
        for word, segment in enumerate(IDS):
            expected[segment] += weights[word][..., np.newaxis] * self.states[word]

        def weighted_sum(weights, states):
            return softmax.segment_weighted_sum(weights, states, IDS, SEGMENTS)

        result = weighted_sum(tf.constant(weights), tf.constant(self.states))
        np.testing.assert_allclose(result, expected, atol=1e-12)
        assert_gradient(weighted_sum, weights, self.states)

    def test_maximum(self):
        vectors, shares = softmax.segment_max(tf.constant(self.states), IDS, SEGMENTS)
        np.testing.assert_array_equal(vectors[2], 0)
        for segment in set(IDS):
            rows = self.states[segment == IDS]
            np.testing.assert_array_equal(vectors[segment], rows.max(axis=0))
            wins = np.bincount(rows.argmax(axis=0), minlength=len(rows)) / 5
            np.testing.assert_allclose(shares.numpy()[segment == IDS], wins)
        assert_gradient(lambda s: softmax.segment_max(s, IDS, SEGMENTS)[0], self.states)

    def test_mean(self):
        result = softmax.segment_mean(tf.constant(self.states), IDS, SEGMENTS)
        expected = [
            self.states[s == IDS].mean(axis=0) if s in IDS else 0 * self.states[0]
            for s in range(SEGMENTS)
        ]
        np.testing.assert_allclose(result, expected, atol=1e-12)
        assert_gradient(lambda s: softmax.segment_mean(s, IDS, SEGMENTS), self.states)

    def test_overlap(self):
        weights = random(8, 3, seed=4)
        expected = [
            np.linalg.norm(weights[s == IDS].T @ weights[s == IDS] - np.eye(3)) ** 2
            for s in sorted(set(IDS))
        ]
        result = softmax.mean_overlap(tf.constant(weights), IDS, SEGMENTS)
        np.testing.assert_allclose(result, np.mean(expected))
        assert_gradient(lambda w: softmax.mean_overlap(w, IDS, SEGMENTS), weights)
        assert softmax.mean_overlap(tf.zeros([0, 3]), tf.zeros([0], tf.int32), 2) == 0
