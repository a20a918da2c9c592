"""The CRF against an oracle that enumerates all paths."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from hanlib.layers import LinearChainCRF

LENGTHS = [3, 0, 1, 4]
LABELS = 3


@pytest.fixture(scope="module")
def case():
    """A CRF with random weights, logits and a path."""
    rng = np.random.default_rng(0)
    crf = LinearChainCRF(LABELS)
    crf.build()
    for weight in crf.weights:
        weight.assign(rng.normal(size=weight.shape))
    items = sum(LENGTHS)
    logits = rng.normal(size=(items, LABELS)).astype("float32")
    return crf, logits, rng.integers(LABELS, size=items).astype("int32")


def scores_of_all_paths(crf, logits):
    """A list of `(path, score)` of one row, in float64."""
    transitions, start, end = (weight.numpy().astype("float64") for weight in crf.weights)
    found = []
    for path in itertools.product(range(LABELS), repeat=len(logits)):
        score = start[path[0]] + end[path[-1]]
        score += sum(float(logits[t, label]) for t, label in enumerate(path))
        score += sum(transitions[pair] for pair in itertools.pairwise(path))
        found.append((path, score))
    return found


def rows_of(values):
    return np.split(values, np.cumsum(LENGTHS)[:-1])


def test_loss_is_the_negative_log_likelihood(case):
    crf, logits, labels = case
    expected = 0.0
    for row, given in zip(rows_of(logits), rows_of(labels), strict=True):
        if len(row):
            scores = dict(scores_of_all_paths(crf, row))
            expected += np.logaddexp.reduce(list(scores.values())) - scores[tuple(given)]
    assert float(crf.loss(labels, logits, tf.constant(LENGTHS))) == pytest.approx(expected, 1e-5)


def test_the_score_of_a_label_sums_all_paths_with_it(case):
    """Of several items of rows of different lengths, in any order."""
    crf, logits, _ = case
    rows, starts = rows_of(logits), np.cumsum([0, *LENGTHS])
    items = [(3, 0), (0, 1), (2, 0), (3, 3)]
    found = crf.label_scores([starts[r] + t for r, t in items], logits, tf.constant(LENGTHS))
    for (row, at), of_item in zip(items, found.numpy(), strict=True):
        paths = scores_of_all_paths(crf, rows[row])
        for label in range(LABELS):
            some = [score for path, score in paths if path[at] == label]
            assert of_item[label] == pytest.approx(np.logaddexp.reduce(some), 1e-5)


def test_marginals_and_best_paths(case):
    crf, logits, _ = case
    marginals, best = [], []
    for row in filter(len, rows_of(logits)):
        paths, scores = zip(*scores_of_all_paths(crf, row), strict=True)
        p = np.exp(scores - np.logaddexp.reduce(scores))
        one_hot = np.eye(LABELS)[np.array(paths)]  # [paths, items, labels]
        marginals.append(np.einsum("p,ptk->tk", p, one_hot))
        best.extend(paths[int(np.argmax(scores))])
    lengths = tf.constant(LENGTHS)
    graph = tf.function(lambda logits: (crf(logits, lengths), crf.decode(logits, lengths)))
    for found in (graph(logits), (crf(logits, lengths), crf.decode(logits, lengths))):
        np.testing.assert_allclose(found[0], np.concatenate(marginals), atol=1e-5)
        assert found[1].numpy().tolist() == best


def test_gradients_are_expected_minus_given_counts(case):
    crf, logits, labels = case
    lengths = tf.constant(LENGTHS)
    with tf.GradientTape() as tape:
        loss = crf.loss(labels, logits, lengths)
    found = tape.gradient(loss, crf.trainable_variables)
    expected = [np.zeros(weight.shape) for weight in crf.weights]
    for row, given in zip(rows_of(logits), rows_of(labels), strict=True):
        if not len(row):
            continue
        paths, scores = zip(*scores_of_all_paths(crf, row), strict=True)
        p = np.exp(scores - np.logaddexp.reduce(scores))
        for path, weight in [*zip(paths, p, strict=True), (tuple(given), -1.0)]:
            for pair in itertools.pairwise(path):
                expected[0][pair] += weight
            expected[1][path[0]] += weight
            expected[2][path[-1]] += weight
    for gradient, counts in zip(found, expected, strict=True):
        np.testing.assert_allclose(gradient, counts, atol=1e-5)


def test_no_items_and_long_rows(case):
    crf, *_ = case
    nothing, lengths = tf.zeros([0, LABELS]), tf.constant([0, 0])
    assert float(crf.loss(tf.zeros([0], tf.int32), nothing, lengths)) == 0
    assert crf.decode(nothing, lengths).shape == (0,)
    assert crf(nothing, lengths).shape == (0, LABELS)
    long = crf(tf.fill([60, LABELS], 1e3), tf.constant([60]))
    np.testing.assert_allclose(tf.reduce_sum(long, axis=-1), 1.0, atol=1e-3)


def test_a_saved_layer_gives_the_same(case):
    crf, logits, _ = case
    copy = keras.layers.deserialize(keras.layers.serialize(crf))
    copy.set_weights(crf.get_weights())
    lengths = tf.constant(LENGTHS)
    np.testing.assert_array_equal(copy(logits, lengths), crf(logits, lengths))
