"""Hierarchical encoders in training: gradients, dropout, and that they learn."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hierarchical_numpy import (
    CELLS,
    DOCUMENTS,
    POOLINGS,
    UNITS,
    WIDTH,
    WITH_PADDING,
    WORDS,
    assert_close,
    dense,
    encoder_of,
    expected_vectors,
    level,
    ragged,
    vectors_in_place_of_ids,
)

from hanlib.layers import (
    AttentionPooling,
    HierarchicalEncoder,
    LevelEncoder,
    RecurrentEncoder,
    SelfAttention,
)

# By default one with a vector per label: test_conformance.py takes the gradients of every cell and
# every pooling.
PAIRS = [*zip(itertools.cycle(CELLS), [*POOLINGS, "labels"], strict=False)]


@pytest.mark.parametrize(
    ("cell", "pooling"),
    [pytest.param(*pair, marks=() if pair[1] == "labels" else pytest.mark.long) for pair in PAIRS],
)
def test_every_cell_and_every_pooling_learns(cell, pooling):
    keras.utils.set_random_seed(1)
    if pooling == "labels":
        rows = [level(cell), level(cell, labels=2)]
    else:
        rows = [level(cell, **POOLINGS[pooling]) for _ in range(2)]
    encoder = HierarchicalEncoder(rows, WORDS, WIDTH)
    ids, target = ragged(DOCUMENTS), tf.constant([1.0, 0, -1, 1, 0])

    def loss():
        vectors = encoder(ids, training=True)
        values = tf.reduce_mean(tf.reshape(vectors, [5, -1]), axis=-1)
        return tf.reduce_sum(tf.square(values - target)) + sum(encoder.losses)

    optimizer = keras.optimizers.SGD(0.01)
    with tf.GradientTape() as tape:
        first = loss()
    gradients = tape.gradient(first, encoder.trainable_weights)
    for weight, gradient in zip(encoder.trainable_weights, gradients, strict=True):
        gradient = tf.convert_to_tensor(gradient).numpy()
        assert np.isfinite(gradient).all(), weight.path
        assert gradient.any(), weight.path
    optimizer.apply(gradients, encoder.trainable_weights)
    assert float(loss()) < float(first)


@pytest.mark.long  # By default: those of the HAN in test_conformance.py.
def test_gradients_of_the_whole_encoder_equal_finite_differences(rng):
    encoder, ids = encoder_of(rng=rng), ragged(WITH_PADDING)
    factors = rng.normal(size=[5, 2 * UNITS])
    loss = tf.function(lambda: tf.reduce_sum(encoder(ids) * factors))
    with tf.GradientTape() as tape:
        value = loss()
    gradients = tape.gradient(value, encoder.trainable_weights)
    assert len(gradients) == 1 + 2 * (2 * 3 + 3)
    step = 1e-5
    for weight, gradient in zip(encoder.trainable_weights, gradients, strict=True):
        gradient = tf.convert_to_tensor(gradient).numpy()
        value, direction = weight.numpy(), rng.normal(size=weight.shape)
        ends = []
        for sign in (1, -1):
            weight.assign(value + sign * step * direction)
            ends.append(loss().numpy())
        weight.assign(value)
        difference = (ends[0] - ends[1]) / (2 * step)
        assert np.abs(gradient).max() > 1e-4, weight.path
        np.testing.assert_allclose(np.sum(gradient * direction), difference, rtol=1e-6, atol=1e-8)


def test_only_the_words_of_the_batch_get_a_gradient(rng):
    encoder = encoder_of(rng=rng)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(encoder(dense(DOCUMENTS)))
    table = encoder.embedding.embeddings
    gradient = tf.convert_to_tensor(tape.gradient(loss, table)).numpy()
    used = np.flatnonzero(np.abs(gradient).sum(axis=-1))
    assert used.tolist() == [2, 3, 4, 5, 6, 7, 8, 9]


def test_word_vectors_without_a_vocabulary(rng):
    with_ids = encoder_of(rng=rng)
    encoder = HierarchicalEncoder([level(dtype="float64") for _ in range(2)], dtype="float64")
    vectors = vectors_in_place_of_ids(with_ids, WITH_PADDING)
    encoder(vectors)
    assert encoder.embedding is None
    encoder.set_weights([w for layer in with_ids.levels for w in layer.get_weights()])
    expected = expected_vectors(with_ids, DOCUMENTS, 2)
    assert_close(encoder(vectors), expected)
    ids = ragged(WITH_PADDING)
    table = with_ids.embedding.get_weights()[0] * (np.arange(WORDS) > 0)[:, None]
    in_rows = ids.with_flat_values(tf.gather(table, ids.flat_values))
    assert_close(encoder(in_rows), expected)
    _, (words, sentences) = encoder(in_rows, return_attention_scores=True)
    assert_close(tf.reduce_sum(words.values, axis=-1), [1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0])
    assert_close(tf.reduce_sum(sentences, axis=-1), [1, 0, 1, 1, 0])


def bag_of_words(**kwargs):
    """One level that gives the mean of the word vectors: what dropout does to them is visible."""
    average = LevelEncoder(None, AttentionPooling("mean"))
    return HierarchicalEncoder([average], 400, 8, embeddings_initializer="ones", **kwargs)


def test_word_dropout_drops_all_of_a_word_everywhere():
    encoder = bag_of_words(embedding_dropout=0.25)
    ids = tf.ragged.constant([[word] for word in [*range(1, 400), *range(1, 400)]])
    np.testing.assert_array_equal(encoder(ids), 1)
    vectors = encoder(ids, training=True).numpy()
    assert set(np.unique(vectors.round(5))) == {0, np.float32(1.33333)}
    np.testing.assert_array_equal(vectors.min(axis=1), vectors.max(axis=1))
    np.testing.assert_array_equal(vectors[:399], vectors[399:])
    assert 0.17 < (vectors[:399, 0] == 0).mean() < 0.33


def test_embedding_dropout_drops_single_features():
    encoder = bag_of_words(input_dropout=0.25)
    ids = tf.ragged.constant([[word] for word in range(1, 400)])
    np.testing.assert_array_equal(encoder(ids), 1)
    vectors = encoder(ids, training=True).numpy()
    assert set(np.unique(vectors.round(5))) == {0, np.float32(1.33333)}
    assert 0.22 < (vectors == 0).mean() < 0.28
    assert (vectors.min(axis=1) < vectors.max(axis=1)).mean() > 0.8


def test_dropout_of_a_level_acts_on_its_vectors_in_training_only():
    layer = LevelEncoder(None, AttentionPooling("mean"), dropout=0.25)
    rows = tf.ones([50, 2, 40])
    np.testing.assert_array_equal(layer(rows), 1)
    vectors = layer(rows, training=True).numpy()
    assert set(np.unique(vectors.round(5))) == {0, np.float32(1.33333)}
    assert 0.22 < (vectors == 0).mean() < 0.28


def test_the_han_of_the_article_builds_trains_and_saves(tmp_path, rng):
    def article():
        return LevelEncoder(
            RecurrentEncoder("output_gate_gru", units=UNITS, depth=2, bidirectional=False),
            self_attention=SelfAttention(),
        )

    keras.utils.set_random_seed(5)
    inputs = keras.Input([None, None], dtype="int32")
    encoder = HierarchicalEncoder([article(), article()], WORDS, WIDTH)
    outputs = keras.layers.Dense(2, activation="softmax")(encoder(inputs))
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.Adam(0.1)
    # A few steps take less time than their graph.
    model.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=True)
    ids, labels = dense(DOCUMENTS), np.array([1, 1, 0, 1, 1])
    history = model.fit(ids, labels, epochs=8, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]
    assert not model.get_layer(encoder.name).levels[0].recurrent.bidirectional
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(ids), model(ids))
    # With self-attention too, padding changes nothing.
    assert_close(encoder(ids), encoder(ragged(WITH_PADDING)), 1e-6)
