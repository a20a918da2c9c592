"""The adversary on the word vectors: its step, its gradient, and that it leaves no trace."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from hanlib.models import BagOfWords, DocumentClassifier
from hanlib.optimizers import adversarial_gradients

IDS = tf.ragged.constant([[[2, 3, 4], [5]], [[3, 6]]], dtype=tf.int32)
INDEXES = tf.constant([0, 1])
NORM = 0.5


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(1)
    # Only the word vectors are moved, whatever the encoder is.
    encoder = BagOfWords(9, embedding_dim=3)
    classifier = DocumentClassifier(None, encoder, 2)
    classifier.build()
    return classifier


def gradients_of(classifier):
    variables = classifier.trainable_variables

    def compute():
        with tf.GradientTape() as tape:
            # Two reads of the word vectors: their gradient has repeated rows.
            probabilities = (classifier(IDS) + classifier(IDS[:, :1])) / 2
            losses = keras.losses.sparse_categorical_crossentropy(INDEXES, probabilities)
            loss = tf.reduce_mean(losses)
        return tape.gradient(loss, variables), loss

    return compute


def dense(gradients):
    return [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]


def test_gradient_is_the_mean_of_both_gradients(classifier):
    compute, variables = gradients_of(classifier), classifier.trainable_variables
    (embedding,) = (v for v in variables if "embeddings" in v.path)
    plain, loss = compute()
    slope = dense(plain)[[v.path for v in variables].index(embedding.path)]
    start = embedding.numpy()
    # A second reading: move the whole table by hand, in NumPy, and back.
    embedding.assign(start + NORM * slope / np.sqrt((slope**2).sum()))
    moved, worse = compute()
    embedding.assign(start)
    assert float(worse) > float(loss)
    expected = [(a + b) / 2 for a, b in zip(dense(plain), dense(moved), strict=True)]

    given, seen = adversarial_gradients(compute, variables, NORM)
    assert float(seen) == float(loss)
    for gradient, wanted in zip(dense(given), expected, strict=True):
        np.testing.assert_allclose(gradient, wanted, atol=1e-6)


# In a graph by default: the next test.
@pytest.mark.parametrize("graph", [False, pytest.param(True, marks=pytest.mark.long)])
def test_weights_are_left_as_they_were(classifier, graph):
    def step():
        variables = classifier.trainable_variables
        return dense_sum(adversarial_gradients(gradients_of(classifier), variables, NORM)[0])

    before = classifier.get_weights()
    total = (tf.function(step) if graph else step)()
    assert np.isfinite(total)
    for now, then in zip(classifier.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def dense_sum(gradients):
    return tf.add_n([tf.reduce_sum(tf.convert_to_tensor(gradient)) for gradient in gradients])


def test_a_graph_traces_the_gradients_once():
    words, calls = tf.Variable([[1.0], [2.0]]), []

    def gradients_of():
        calls.append(1)
        return [tf.IndexedSlices(tf.gather(words, [1]), tf.constant([1]))], ()

    (gradient,), _ = tf.function(lambda: adversarial_gradients(gradients_of, [words], 1.0))()
    np.testing.assert_allclose(gradient.values, [[(2 + 3) / 2]])
    assert len(calls) == 1


def test_a_flat_loss_has_no_adversary():
    words = tf.Variable([[1.0], [2.0]])

    def compute():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(0.0 * tf.gather(words, [1]))
        return tape.gradient(loss, [words]), loss

    (gradient,), _ = adversarial_gradients(compute, [words], NORM)
    assert gradient.values.numpy().tolist() == [[0.0]]
    assert words.numpy().tolist() == [[1.0], [2.0]]
