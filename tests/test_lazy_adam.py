"""LazyAdam against Adam, row by row."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from hanlib.optimizers import LazyAdam

ROWS = np.array([4, 1, 4])


def run(optimizer, dtype, rows=ROWS, steps=4):
    """The table after some steps whose gradients have the given rows."""
    rng = np.random.default_rng(0)
    table = keras.Variable(rng.normal(size=[6, 3]), dtype=dtype)
    for _ in range(steps):
        values = tf.constant(rng.normal(size=[3, 3]), dtype)
        optimizer.apply([tf.IndexedSlices(values, tf.constant(rows), [6, 3])], [table])
    return table.numpy()


def adam_by_hand(dtype, amsgrad=False):
    """Adam (Kingma and Ba 2015, algorithm 1) on the rows of the gradient alone."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=[6, 3]).astype(dtype)
    m, v, greatest = np.zeros([3, 6, 3])
    for t in range(1, 5):
        values, gradient = rng.normal(size=[3, 3]).astype(dtype), np.zeros([6, 3])
        np.add.at(gradient, ROWS, values)
        for row in np.unique(ROWS):
            m[row] = 0.9 * m[row] + 0.1 * gradient[row]
            v[row] = 0.999 * v[row] + 0.001 * gradient[row] ** 2
            greatest[row] = np.maximum(greatest[row], v[row]) if amsgrad else v[row]
            rate = 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            table[row] -= rate * m[row] / (np.sqrt(greatest[row]) + 1e-7)
    return table


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_rows_of_the_batch_move_as_in_adam(dtype, amsgrad):
    expected = adam_by_hand(dtype, amsgrad)
    given = run(LazyAdam(0.1, amsgrad=amsgrad), dtype)
    assert given.dtype == dtype
    # 1 - 0.999^t has five digits in float32; the learning rate is kept in float32.
    np.testing.assert_allclose(given, expected, rtol=1e-4 if dtype == "float32" else 1e-7)


def test_global_clipping_keeps_rows_and_sums_duplicates_first():
    values = np.array([[3.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    table = keras.Variable(np.zeros([6, 2]))
    optimizer = LazyAdam(0.1, global_clipnorm=2.0)
    gradient = tf.IndexedSlices(tf.constant(values, tf.float32), tf.constant(ROWS), [6, 2])
    ((given, _),) = optimizer._all_reduce_sum_gradients([(gradient, table)])
    assert isinstance(given, tf.IndexedSlices)
    assert given.indices.numpy().tolist() == [4, 1]
    np.testing.assert_allclose(given.values, [[2.0, 0.0], [0.0, 0.0]])


def test_averages_follow_at_once_and_then_slowly():
    optimizer = LazyAdam(0.1, use_ema=True, ema_momentum=0.5)
    weight = keras.Variable([1.0])
    expected = 0.0
    for step in range(1, 16):
        optimizer.apply([tf.constant([1.0])], [weight])
        momentum = min(0.5, step / (9 + step))
        start = 1.0 if step == 1 else expected
        expected = momentum * start + (1 - momentum) * float(weight[0])
    (average,) = optimizer._model_variables_moving_average
    assert float(average[0]) == pytest.approx(expected, rel=1e-5)


def test_it_is_restored_from_its_configuration():
    optimizer = LazyAdam(0.25, amsgrad=True, global_clipnorm=3.0)
    config = keras.optimizers.serialize(optimizer)
    again = keras.optimizers.deserialize(config)
    assert type(again) is LazyAdam
    assert again.get_config() == optimizer.get_config()


def test_rows_have_a_learning_rate_of_their_own():
    moved = []
    for rate in (1.0, 0.25, 0.0):
        rows, dense = keras.Variable(np.ones([2, 1])), keras.Variable(np.ones([1]))
        optimizer = LazyAdam(learning_rate=0.1, row_rate=rate)
        optimizer = LazyAdam.from_config(optimizer.get_config())
        gradient = tf.IndexedSlices(tf.constant([[2.0]]), tf.constant([1]), tf.constant([2, 1]))
        for _ in range(3):
            optimizer.apply([gradient, tf.constant([2.0])], [rows, dense])
        moved.append((1 - rows.numpy()[1, 0], 1 - dense.numpy()[0]))
    rows, dense = np.transpose(moved)
    np.testing.assert_allclose(rows, rows[0] * np.array([1, 0.25, 0]), atol=1e-6)
    np.testing.assert_array_equal(dense, dense[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dense_weights_move_as_in_adam(dtype):
    rng = np.random.default_rng(0)
    weight, optimizer = keras.Variable(np.ones([6, 3]), dtype=dtype), LazyAdam(0.1)
    expected, m, v = np.ones([6, 3]), 0, 0
    for t in range(1, 5):
        gradient = rng.normal(size=[6, 3])
        optimizer.apply([tf.constant(gradient, dtype)], [weight])
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        rate = 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        expected -= rate * m / (np.sqrt(v) + 1e-7)
    np.testing.assert_allclose(weight.numpy(), expected, rtol=1e-4 if dtype == "float32" else 1e-7)
