"""Rows of vectors as a layer takes them, flat, ragged or padded, and a check of its gradient."""

import numpy as np
import tensorflow as tf

LENGTHS = [3, 0, 5, 1]


def some_rows(features, seed=0, dtype="float64"):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=(length, features)).astype(dtype) for length in LENGTHS]


def ragged(rows):
    return tf.RaggedTensor.from_row_lengths(np.concatenate(rows), [len(row) for row in rows])


def dense(rows, steps=6, fill=np.nan):
    """Padded rows, real words not all in front, and their mask."""
    states = np.full((len(rows), steps, rows[0].shape[1]), fill, rows[0].dtype)
    mask = np.zeros((len(rows), steps), bool)
    for index, row in enumerate(rows):
        mask[index, steps - len(row) :] = True
        if 0 < len(row) < steps:
            mask[index, [0, steps - len(row)]] = mask[index, [steps - len(row), 0]]
        states[index, mask[index]] = row
    return states, mask


def check_gradient(layer, features):
    """Against finite differences, in the inputs and in all weights; 0 at padding."""
    states, mask = dense(some_rows(features), fill=0.0)
    generator = np.random.default_rng(4)
    point = [states, *layer.get_weights()]
    output = generator.normal(size=layer(states, mask=mask).shape)

    def objective(point):
        layer.set_weights(point[1:])
        return tf.reduce_sum(layer(point[0], mask=mask) * output)

    with tf.GradientTape() as tape:
        inputs = tf.constant(states)
        tape.watch(inputs)
        value = objective([inputs, *point[1:]])
    gradient = tape.gradient(value, [inputs, *(w.value for w in layer.weights)])
    np.testing.assert_array_equal(gradient[0].numpy()[~mask], 0)
    for _ in range(3):
        direction = [generator.normal(size=p.shape) for p in point]
        ends = [
            objective([p + step * d for p, d in zip(point, direction, strict=True)])
            for step in (-1e-6, 1e-6)
        ]
        slope = sum(np.sum(g * d) for g, d in zip(gradient, direction, strict=True))
        np.testing.assert_allclose((ends[1] - ends[0]) / 2e-6, slope, rtol=1e-5, atol=1e-7)
