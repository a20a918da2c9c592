"""Attention pooling against NumPy, written a second time from the equations, row by row."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from rows_of_vectors import LENGTHS, check_gradient, dense, ragged, some_rows

from hanlib.layers.attention_pooling import AttentionPooling

FEATURES = 4
VARIANTS = {
    "additive": {},
    "additive, other units": {"units": 3},
    "additive, no bias": {"use_bias": False},
    "dot": {"score": "dot"},
    "general": {"score": "general", "units": 3},
    "gated": {"score": "gated", "units": 3},
    "gated, no bias": {"score": "gated", "use_bias": False},
    "mean": {"score": "mean"},
    "mean, sparsemax": {"score": "mean", "normalizer": "sparsemax"},
    "max": {"score": "max"},
    "hops": {"hops": 3, "penalty": 0.5},
    "dot, hops": {"score": "dot", "hops": 2},
    "labels": {"labels": 3},
    "general, labels": {"score": "general", "labels": 2},
    "one label": {"labels": 1},
    "sparsemax": {"normalizer": "sparsemax"},
    "gated, sparsemax, hops": {"score": "gated", "normalizer": "sparsemax", "hops": 2},
    "beside: max": {"beside": ("max",)},
    "beside: mean": {"score": "general", "units": 3, "beside": ["mean"]},
    "beside: max, mean, hops": {"score": "dot", "hops": 2, "beside": ("max", "mean")},
    "beside: mean, max, sparsemax": {"normalizer": "sparsemax", "beside": ("mean", "max")},
}
every_variant = pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)


def built(options, dtype="float64"):
    """A layer whose weights, biases too, are random and large enough to matter."""
    options = {"bias_initializer": "random_normal", **options}
    layer = AttentionPooling(**options, dtype=dtype)
    layer.build((None, None, FEATURES))
    generator = np.random.default_rng(1)
    layer.set_weights([generator.normal(size=weight.shape) for weight in layer.weights])
    return layer


def oracle(layer, rows):
    """Vectors and scores of each row, from the layer's weights and the equations in its table."""
    weight = {w.name: w.numpy().astype("float64") for w in layer.weights}
    vectors, scores = zip(*(oracle_row(layer, weight, row) for row in rows), strict=True)
    return np.stack(vectors), np.concatenate(scores)


def oracle_row(layer, weight, row):
    heads = layer.labels or layer.hops
    contexts = weight["context"].reshape(-1, heads).T if "context" in weight else [None]
    scores = np.array([oracle_scores(layer, weight, row, c) for c in contexts])  # [heads, words]
    vectors = scores @ row  # [heads, features]
    if layer.score == "max":
        vectors = row.max(axis=0, keepdims=True) if len(row) else np.zeros((1, FEATURES))
    if layer.labels:
        return vectors, scores.T
    of_row = {"mean": np.mean, "max": np.max}
    beside = [of_row[b](row, axis=0) if len(row) else np.zeros(FEATURES) for b in layer.beside]
    vector = np.concatenate([vectors.ravel(), *beside])
    return vector, scores.T if layer.hops > 1 else scores[0]


def oracle_scores(layer, weight, row, context):
    """`[words]`, normalized."""
    if len(row) == 0:
        return np.zeros(0)
    if layer.score == "max":
        return np.bincount(row.argmax(axis=0), minlength=len(row)) / FEATURES
    energies = np.array([oracle_energy(layer.score, weight, word, context) for word in row])
    if layer.normalizer == "softmax":
        return np.exp(energies) / np.exp(energies).sum()
    # The threshold is the root of a falling function: bisection knows nothing of supports.
    low, high = energies.min() - 1, energies.max()
    for _ in range(100):
        middle = (low + high) / 2
        over = np.maximum(energies - middle, 0).sum() > 1
        low, high = (middle, high) if over else (low, middle)
    return np.maximum(energies - low, 0)


def oracle_energy(score, weight, word, context):
    bias, gate_bias = weight.get("bias", 0), weight.get("gate_bias", 0)
    if score == "additive":
        return np.tanh(word @ weight["kernel"] + bias) @ context
    if score == "dot":
        return word @ context
    if score == "general":
        return word @ (weight["kernel"] @ context)
    if score == "gated":
        gate = 1 / (1 + np.exp(-(word @ weight["gate_kernel"] + gate_bias)))
        return (np.tanh(word @ weight["kernel"] + bias) * gate) @ context
    return 0.0


@every_variant
class TestEquations:
    def test_ragged_dense_and_flat(self, options):
        layer, rows = built(options), some_rows(FEATURES)
        expected_vectors, expected_scores = oracle(layer, rows)
        vectors, scores = layer(ragged(rows), return_attention_scores=True)
        np.testing.assert_allclose(vectors, expected_vectors, atol=1e-9)
        np.testing.assert_allclose(scores.values, expected_scores, atol=1e-9)
        np.testing.assert_array_equal(scores.row_lengths(), LENGTHS)
        # Dense, with garbage in the padding.
        for steps in (5, 9):
            states, mask = dense(rows, steps)
            vectors, scores = layer(states, mask=mask, return_attention_scores=True)
            np.testing.assert_allclose(vectors, expected_vectors, atol=1e-9)
            np.testing.assert_allclose(scores.numpy()[mask], expected_scores, atol=1e-9)
            np.testing.assert_array_equal(scores.numpy()[~mask], 0)
            assert scores.shape[:2] == mask.shape
        # Flat words in any order.
        order = np.random.default_rng(3).permutation(sum(LENGTHS))
        row_ids = np.repeat(np.arange(len(rows)), LENGTHS)[order]
        vectors, scores = layer.pool(np.concatenate(rows)[order], row_ids, len(rows))
        np.testing.assert_allclose(vectors, expected_vectors, atol=1e-9)
        np.testing.assert_allclose(scores, expected_scores[order], atol=1e-9)
        # Each row alone.
        for row, vector in zip(rows, expected_vectors, strict=True):
            np.testing.assert_allclose(layer(ragged([row]))[0], vector, atol=1e-12)

    def test_gradient_against_finite_differences(self, options):
        check_gradient(built(options), FEATURES)

    @pytest.mark.parametrize("dtype", ["float16", "mixed_bfloat16"])
    def test_sixteen_bits(self, options, dtype):
        layer, rows = built(options, dtype), some_rows(FEATURES)
        states, mask = dense(rows)
        vectors, scores = layer(states, mask=mask, return_attention_scores=True)
        expected, _ = oracle(layer, rows)
        assert (vectors.dtype, scores.dtype) == (layer.compute_dtype, "float32")
        error = 0.1 if "bfloat" in dtype else 0.02
        np.testing.assert_allclose(tf.cast(vectors, "float64"), expected, atol=error, rtol=error)
        flat = layer.pool(np.concatenate(rows), np.repeat(range(4), LENGTHS), 4)[0]
        np.testing.assert_array_equal(flat, vectors)

    def test_nothing_to_pool(self, options):
        """Batches of empty rows, of no steps and of no rows: zeros, and finite gradients."""
        layer = built(options, "float32")
        empty_rows = tf.RaggedTensor.from_row_lengths(tf.zeros([0, FEATURES]), [0, 0])
        np.testing.assert_array_equal(layer(empty_rows), 0)
        for shape in [(2, 3), (2, 0), (0, 3)]:
            states = tf.fill([*shape, FEATURES], np.nan)
            with tf.GradientTape() as tape:
                tape.watch(states)
                vectors = layer(states, mask=tf.zeros(shape, tf.bool))
                value = tf.reduce_sum(vectors**2)
                value += tf.add_n([*layer.losses, 0.0])
            assert vectors.shape == layer.compute_output_shape(states.shape)
            np.testing.assert_array_equal(vectors, 0)
            gradients = tape.gradient(value, [states, *(w.value for w in layer.weights)])
            for gradient in gradients:
                assert gradient is None or np.isfinite(gradient).all()

    def test_config_and_symbolic_call(self, options):
        layer = built(options, "float32")
        copy = AttentionPooling.from_config(layer.get_config())
        assert copy.get_config() == layer.get_config()
        states, mask = dense(some_rows(FEATURES, dtype="float32"), fill=0.0)
        inputs, kept = keras.Input((None, FEATURES)), keras.Input((None,), dtype="bool")
        symbolic = layer(inputs, mask=kept, return_attention_scores=True)
        eager = layer(states, mask=mask, return_attention_scores=True)
        for one, spec in zip(eager, symbolic, strict=True):
            assert spec.dtype == one.dtype
            assert len(spec.shape) == len(one.shape)
            assert all(a in (None, b) for a, b in zip(spec.shape, one.shape, strict=True))


def test_saved_and_reloaded_with_scores(tmp_path):
    layer = built({"score": "gated", "normalizer": "sparsemax", "hops": 2}, "float32")
    inputs, kept = keras.Input((None, FEATURES)), keras.Input((None,), dtype="bool")
    outputs = layer(inputs, mask=kept, return_attention_scores=True)
    model = keras.Model([inputs, kept], outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    given = list(dense(some_rows(FEATURES, dtype="float32"), fill=0.0))
    for one, other in zip(model(given), loaded(given), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("normalizer", ["softmax", "sparsemax"])
@pytest.mark.parametrize("score", ["additive", "dot", "general", "gated"])
def test_huge_scores_in_float16(score, normalizer):
    layer = built({"score": score, "normalizer": normalizer}, "float16")
    layer.set_weights([1e4 * weight for weight in layer.get_weights()])
    states, mask = dense(some_rows(FEATURES, dtype="float16"))
    inputs = tf.constant(np.where(mask[..., np.newaxis], states, 0), tf.float16)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        vectors, scores = layer(inputs, mask=mask, return_attention_scores=True)
    np.testing.assert_allclose(tf.reduce_sum(scores, axis=1), [1, 0, 1, 1], atol=1e-5)
    assert np.isfinite(vectors).all()
    assert not np.isnan(tape.gradient(vectors, inputs)).any()


def test_a_long_float16_row_adds_up():
    """5,000 words of weight 1/5000 each: a sum formed in float16 would stop growing."""
    layer = AttentionPooling("mean", dtype="float16")
    np.testing.assert_array_equal(layer(np.full((1, 5000, 2), 3.0, "float16")), 3.0)


def test_sparsemax_leaves_words_out():
    layer = built({"normalizer": "sparsemax"}, "float32")
    layer.set_weights([3 * weight for weight in layer.get_weights()])
    scores = layer(ragged(some_rows(FEATURES, dtype="float32")), return_attention_scores=True)[1]
    np.testing.assert_allclose(tf.reduce_sum(scores, axis=1), [1, 0, 1, 1], atol=1e-6)
    assert (scores.values.numpy() == 0).any()


def test_penalty():
    layer, rows = built({"hops": 3, "penalty": 0.5}), some_rows(FEATURES)
    layer(ragged(rows))
    _, scores = oracle(layer, rows)
    attention = np.split(scores, np.cumsum(LENGTHS)[:-1])  # [words, hops] a row
    overlap = [np.sum((a.T @ a - np.eye(3)) ** 2) for a in attention if len(a)]
    np.testing.assert_allclose(layer.losses, [0.5 * np.mean(overlap)], rtol=1e-6)


def test_dropout_only_in_training_and_not_in_the_scores():
    layer = built({"dropout": 0.5, "seed": 1}, "float32")
    rows = ragged(some_rows(FEATURES, dtype="float32"))
    vectors, scores = layer(rows, return_attention_scores=True)
    draw = tf.function(lambda: layer(rows, return_attention_scores=True, training=True))
    draws = [draw() for _ in range(300)]
    assert not np.allclose(draws[0][0], draws[1][0])
    np.testing.assert_array_equal(draws[0][1].values, scores.values)
    np.testing.assert_allclose(np.mean([d[0] for d in draws], axis=0), vectors, atol=0.2)


def test_rows_of_rows():
    """Documents of sentences of words: the words are pooled, the sentences stay."""
    layer, rows = built({}, "float64"), some_rows(FEATURES)
    expected, expected_scores = oracle(layer, rows)
    documents = tf.RaggedTensor.from_row_lengths(ragged(rows), [1, 3])
    vectors, scores = layer(documents, return_attention_scores=True)
    np.testing.assert_array_equal(vectors.row_lengths(), [1, 3])
    np.testing.assert_allclose(vectors.values, expected, atol=1e-9)
    np.testing.assert_allclose(scores.flat_values, expected_scores, atol=1e-9)
    states, mask = dense(rows)
    boxed = layer(states.reshape(2, 2, 6, FEATURES), mask=mask.reshape(2, 2, 6))
    np.testing.assert_allclose(boxed, expected.reshape(2, 2, FEATURES), atol=1e-9)


def test_the_mask_that_keras_passes():
    states, mask = dense(some_rows(FEATURES, dtype="float32"), fill=0.0)
    layer = built({}, "float32")
    inputs = keras.Input((None, FEATURES))
    outputs = keras.layers.Dense(1)(layer(keras.layers.Masking()(inputs)))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    assert not model.jit_compile
    np.testing.assert_array_equal(layer(keras.layers.Masking()(states)), layer(states, mask=mask))
    assert np.isfinite(model.fit(states, np.zeros((4, 1)), verbose=0).history["loss"]).all()


def test_regularizers_and_constraints_reach_their_weights():
    layer = built(
        {
            "score": "gated",
            "kernel_regularizer": "l2",
            "context_regularizer": keras.regularizers.L1(0.1),
            "bias_constraint": "non_neg",
        }
    )
    assert len(layer.losses) == 3  # two kernels and the context
    assert layer.gate_bias.constraint is not None
    assert AttentionPooling.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": -3}, "`units` must be a positive integer or None. Received: units=-3"),
        ({"hops": 0}, "`hops` must be a positive integer. Received: hops=0"),
        ({"labels": True}, "`labels` must be a positive integer or None. Received: labels=True"),
        ({"score": "cosine"}, "`score` must be one of additive, .*Received: score='cosine'"),
        ({"normalizer": "max"}, "`normalizer` must be one of softmax, sparsemax. Received: "),
        ({"dropout": 1.0}, r"`dropout` must be in \[0, 1\). Received: dropout=1.0"),
        ({"penalty": 1.0}, "`penalty` needs `hops` over 1. Received: penalty=1.0, hops=1"),
        ({"penalty": -1, "hops": 2}, "`penalty` must not be negative. Received: penalty=-1.0"),
        ({"hops": 2, "labels": 3}, "`hops` must be 1 with `labels`. Received: hops=2, labels=3"),
        ({"score": "mean", "hops": 2}, "need a `score` with weights. Received: hops=2"),
        ({"score": "max", "dropout": 0.1}, "`dropout` must be 0 for `score` 'max'"),
        ({"beside": "max"}, "`beside` must be a tuple of different names of mean, max. .*='max'"),
        ({"beside": ("min",)}, r"`beside` must be a tuple of .* Received: beside=\('min',\)"),
        ({"beside": ["max", "max"]}, r"`beside` must be a tuple of different .*\['max', 'max'\]"),
        ({"beside": 2}, "`beside` must be a tuple of different names of mean, max. .*beside=2"),
        ({"beside": (["max"],)}, "`beside` must be a tuple of different names of mean, max. "),
        (
            {"score": "mean", "beside": ("max",)},
            r"`beside` needs a `score` with weights. Received: beside=\('max',\), score='mean'",
        ),
        (
            {"labels": 3, "beside": ("max",)},
            r"`beside` must be empty with `labels`. Received: beside=\('max',\), labels=3",
        ),
    ],
)
def test_errors_name_the_argument(options, message):
    with pytest.raises(ValueError, match=message):
        AttentionPooling(**options)


def test_errors_of_a_call():
    with pytest.raises(ValueError, match="must have a known size"):
        AttentionPooling()(keras.Input((None, None)))
    layer = built({}, "float32")
    with pytest.raises(ValueError, match="`mask` must have the shape of `states`"):
        layer(tf.zeros([2, 3, FEATURES]), mask=tf.ones([3, 2], tf.bool))
    with pytest.raises(ValueError, match="`mask` must be None for ragged"):
        layer(ragged(some_rows(FEATURES, dtype="float32")), mask=tf.ones([4, 5], tf.bool))
