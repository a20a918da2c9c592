"""Row and hierarchical encoders against the equations of a HAN, in NumPy."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from hierarchical_numpy import (
    CELLS,
    DOCUMENTS,
    UNITS,
    WIDTH,
    WITH_PADDING,
    WORDS,
    assert_close,
    dense,
    encoder_of,
    expected_vectors,
    level,
    pool_row,
    ragged,
    vectors_in_place_of_ids,
)

from hanlib.layers import (
    AttentionPooling,
    HierarchicalEncoder,
    LevelEncoder,
    LSTMCell,
    RecurrentEncoder,
    SelfAttention,
)
from hanlib.models import HAN

LEVELS = {
    1: [[2, 3, 4], [], [5], [6, 2, 7, 7]],
    2: DOCUMENTS,
    3: [DOCUMENTS, [], [[]], [[[]], [[2, 3], [4]]], [[[9]]]],
}


@pytest.mark.parametrize("levels", LEVELS)
def test_any_number_of_levels_equals_the_equations(levels, rng):
    encoder = encoder_of(levels, rng=rng)
    documents = LEVELS[levels]
    ids = tf.ragged.constant(documents, dtype=tf.int32, ragged_rank=levels)
    expected = expected_vectors(encoder, documents, levels)
    assert np.abs(expected).max() > 0.1
    assert_close(encoder(ids), expected)
    assert_close(encoder(ids.to_tensor()), expected)


@pytest.mark.parametrize(
    "ids",
    [
        ragged(DOCUMENTS),
        ragged(DOCUMENTS, tf.int64),
        ragged(WITH_PADDING),
        dense(DOCUMENTS),
        dense(DOCUMENTS, 7, 3),
        dense(WITH_PADDING),
        ragged(DOCUMENTS).with_row_splits_dtype(tf.int32),
    ],
    ids=["ragged", "int64", "padding_in_ragged", "dense", "wide", "padding_inside", "int32_splits"],
)
def test_every_form_of_the_input_gives_the_same(ids, rng):
    encoder = encoder_of(rng=rng)
    assert_close(encoder(ids), expected_vectors(encoder, DOCUMENTS, 2))


def test_nothing_in_zeros_out():
    encoder = encoder_of()
    for ids in (ragged([[], [[]], [[], []]]), dense([[], [], []]), np.zeros([3, 0, 4], "int32")):
        vectors, scores = encoder(ids, return_attention_scores=True)
        np.testing.assert_array_equal(vectors, np.zeros([3, 2 * UNITS]))
        assert all(not np.any(s.flat_values if hasattr(s, "values") else s) for s in scores)
    assert encoder(np.zeros([0, 2, 3], "int32")).shape == (0, 2 * UNITS)
    assert encoder(ragged(DOCUMENTS)[:0]).shape == (0, 2 * UNITS)


def scores_in_numpy(encoder, documents):
    """`(words, sentences)`: flat scores by the equations, zeros for empty sentences."""
    words, sentences = [], []
    table = encoder.embedding.get_weights()[0]
    for document in documents:
        filled = [sentence for sentence in document if sentence]
        rows = [pool_row(encoder.levels[0], table[sentence]) for sentence in filled]
        words.extend(score for _, scores in rows for score in scores)
        top = []
        if rows:
            top = list(pool_row(encoder.levels[1], np.stack([vector for vector, _ in rows]))[1])
        sentences.extend(top.pop(0) if sentence else 0.0 for sentence in document)
    return words, sentences


def test_scores_come_in_the_form_of_the_ragged_input(rng):
    encoder, ids = encoder_of(rng=rng), ragged(DOCUMENTS)
    vectors, (words, sentences) = encoder(ids, return_attention_scores=True)
    assert_close(vectors, encoder(ids), 0)
    expected_words, expected_sentences = scores_in_numpy(encoder, DOCUMENTS)
    assert_close(words.flat_values, expected_words)
    assert_close(sentences.flat_values, expected_sentences)
    for given, wanted in zip(words.nested_row_splits, ids.nested_row_splits, strict=True):
        np.testing.assert_array_equal(given, wanted)
    np.testing.assert_array_equal(sentences.row_splits, ids.row_splits)
    filled = tf.cast(ids.values.row_lengths() > 0, tf.float64)
    assert_close(tf.reduce_sum(words.values, axis=-1), filled)
    assert_close(tf.reduce_sum(sentences, axis=-1), [1, 0, 1, 1, 0])


def test_scores_are_zero_on_padding(rng):
    encoder, ids = encoder_of(rng=rng), dense(WITH_PADDING)
    _, (words, sentences) = encoder(ids, return_attention_scores=True)
    assert words.shape == ids.shape
    assert sentences.shape == ids.shape[:2]
    expected_words, expected_sentences = scores_in_numpy(encoder, DOCUMENTS)
    assert_close(words.numpy()[ids != 0], expected_words)
    np.testing.assert_array_equal(words.numpy()[ids == 0], 0)
    filled = (ids != 0).any(axis=-1)
    assert_close(sentences.numpy()[filled], [score for score in expected_sentences if score])
    np.testing.assert_array_equal(sentences.numpy()[~filled], 0)
    _, (words, _) = encoder(ragged(WITH_PADDING), return_attention_scores=True)
    np.testing.assert_array_equal(
        words.flat_values.numpy() == 0, ragged(WITH_PADDING).flat_values == 0
    )


@pytest.mark.parametrize("form", ["dense", "ragged"])
def test_a_mask_leaves_words_out(form, rng):
    encoder = encoder_of(rng=rng)
    ids, keep = dense(DOCUMENTS), rng.random([5, 4, 5]) < 0.5
    expected = encoder(np.where(keep, ids, 0))
    mask = tf.constant(keep)
    if form == "ragged":
        ids = tf.RaggedTensor.from_tensor(ids, ragged_rank=2)
        mask = tf.RaggedTensor.from_tensor(mask, ragged_rank=2)
    assert_close(encoder(ids, mask=mask), expected)
    assert np.abs(expected - encoder(ids)).max() > 0.01


@pytest.mark.filterwarnings("error:.*does not support masking")
def test_the_mask_of_keras_is_taken_and_ends_here(rng):
    vectors = vectors_in_place_of_ids(encoder_of(rng=rng), DOCUMENTS)[0]
    layer = level(dtype="float64")
    masking = keras.layers.Masking(dtype="float64")
    result = layer(masking(vectors))
    assert_close(result, layer(vectors, mask=(vectors != 0).any(axis=-1)))
    assert keras.src.backend.get_keras_mask(result) is None
    deep = HierarchicalEncoder([level(dtype="float64")], dtype="float64")
    assert keras.src.backend.get_keras_mask(deep(masking(vectors))) is None


@pytest.mark.parametrize("cell", CELLS)
def test_a_sentence_knows_nothing_of_the_one_before(cell, rng):
    # The mean of sentence vectors, each of which must be that of the sentence alone.
    average = LevelEncoder(None, AttentionPooling("mean", dtype="float64"), dtype="float64")
    encoder = encoder_of(cell=cell, rng=rng, top=average)
    sentences = [[2, 3, 4, 5], [6, 7], [8], [9, 2, 3]]
    alone = encoder(ragged([[sentence] for sentence in sentences])).numpy()
    assert np.abs(alone[0] - alone[1]).max() > 0.01
    assert_close(encoder(ragged([sentences]))[0], alone.mean(axis=0))
    assert_close(encoder(ragged([sentences[::-1]]))[0], alone.mean(axis=0))


@pytest.mark.parametrize(
    "cell",
    [pytest.param(c, marks=() if c in ("gru", "lstm") else pytest.mark.long) for c in CELLS],
)
def test_a_document_alone_in_company_and_in_any_order(cell, rng):
    encoder = encoder_of(cell=cell, rng=rng)
    together = encoder(ragged(DOCUMENTS))
    for place in range(len(DOCUMENTS)):
        assert_close(encoder(ragged(DOCUMENTS[place : place + 1]))[0], together[place])
    order = [3, 1, 0, 4, 2]
    shuffled = encoder(ragged([DOCUMENTS[place] for place in order]))
    assert_close(shuffled, tf.gather(together, order))


def test_a_row_encoder_equals_the_equations_in_each_form(rng):
    layer = level(dtype="float64")
    rows = [rng.normal(size=[steps, WIDTH]) for steps in (3, 1, 5)]
    lengths = [3, 0, 1, 5]
    words = tf.RaggedTensor.from_row_lengths(np.concatenate(rows), lengths)
    layer(words)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    expected = [pool_row(layer, row) for row in rows]
    vectors = [expected[0][0], np.zeros(2 * UNITS), expected[1][0], expected[2][0]]
    given, scores = layer(words, return_attention_scores=True)
    assert_close(given, vectors)
    assert_close(scores.values, np.concatenate([score for _, score in expected]))
    np.testing.assert_array_equal(scores.row_splits, words.row_splits)
    mask = tf.sequence_mask(lengths, 7)
    padded = tf.where(mask[..., None], words.to_tensor(shape=[4, 7, WIDTH]), 99.0)
    given, scores = layer(padded, mask=mask, return_attention_scores=True)
    assert_close(given, vectors)
    assert scores.shape == (4, 7)
    assert_close(tf.reduce_sum(scores, axis=1), [1, 0, 1, 1])
    np.testing.assert_array_equal(tf.boolean_mask(scores, ~mask), 0)


def test_configurations_keep_every_argument():
    encoder = HierarchicalEncoder(
        [
            LevelEncoder(
                RecurrentEncoder(LSTMCell(2), depth=2, weight_dropout=0.3),
                AttentionPooling("gated", units=5, hops=2),
                SelfAttention(2, key_dim=3),
                dropout=0.1,
            ),
            LevelEncoder(None, AttentionPooling("max")),
        ],
        vocabulary_size=7,
        embedding_dim=4,
        input_dropout=0.2,
        embedding_dropout=0.4,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.3),
        name="mine",
    )
    config = json.loads(json.dumps(encoder.get_config()))
    again = HierarchicalEncoder.from_config(config)
    assert again.get_config() == encoder.get_config()
    words, sentences = again.levels
    assert (words.recurrent.depth, words.recurrent.weight_dropout, words.dropout) == (2, 0.3, 0.1)
    assert type(words.recurrent.cells[0]) is LSTMCell
    assert (words.pooling.score, words.pooling.hops) == ("gated", 2)
    assert (words.self_attention.num_heads, words.self_attention.key_dim) == (2, 3)
    assert (sentences.recurrent, sentences.pooling.score) == (None, "max")
    assert (again.vocabulary_size, again.embedding_dim, again.name) == (7, 4, "mine")
    assert (again.input_dropout, again.embedding_dropout) == (0.2, 0.4)
    assert again.embeddings_initializer.stddev == 0.3


def test_output_shapes_are_known_beforehand():
    encoder = HierarchicalEncoder([level(hops=2), level(labels=5)], WORDS, WIDTH)
    assert encoder.compute_output_shape((7, None, None)) == (7, 5, 2 * UNITS)
    assert encoder(ragged(DOCUMENTS)).shape == (5, 5, 2 * UNITS)
    assert level(hops=2).compute_output_shape((7, None, WIDTH)) == (7, 4 * UNITS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HierarchicalEncoder([]), r"`levels` must be a list of at least one LevelEncoder"),
        (lambda: HierarchicalEncoder([None]), r"`levels` must be .* Received: levels=\[None\]"),
        (lambda: HierarchicalEncoder([SelfAttention()]), r"`levels` must be a LevelEncoder"),
        (lambda: HierarchicalEncoder([level()], 5), r"`vocabulary_size` and `embedding_dim` must"),
        (lambda: LevelEncoder("gru"), r"`recurrent` must be a RecurrentEncoder"),
        (lambda: LevelEncoder(None, "mean"), r"`pooling` must be a AttentionPooling"),
        (lambda: encoder_of()(np.ones([2, 3], "int32")), r"must have 3 axes for 2 levels of word"),
        (lambda: encoder_of(3)(ragged([[[2]]])), r"must have 4 axes for 3 levels of word ids"),
        (
            lambda: encoder_of()(tf.RaggedTensor.from_row_splits(np.ones([2, 3], "int32"), [0, 2])),
            r"`inputs` must be ragged in its 2 axes after the first",
        ),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_word_vectors_come_last_among_the_weights():
    """The optimizer state in files of 0.1 is in this order."""
    encoder = HAN(WORDS, WIDTH, UNITS, 4)
    encoder.build((None, None, None))
    shapes = [tuple(weight.shape) for weight in encoder.weights]
    assert shapes[-1] == (WORDS, WIDTH)
    assert shapes.index((WORDS, WIDTH)) == len(shapes) - 1
