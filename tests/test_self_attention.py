"""Self-attention against NumPy, written a second time from the equations, row by row."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from rows_of_vectors import LENGTHS, check_gradient, dense, ragged, some_rows

from hanlib.layers import self_attention
from hanlib.layers.self_attention import SelfAttention

FEATURES = 6
VARIANTS = {
    "one head": {},
    "two heads": {"num_heads": 2},
    "sizes": {"num_heads": 2, "key_dim": 5, "value_dim": 4, "output_dim": 3},
    "no bias": {"num_heads": 3, "use_bias": False},
}
every_variant = pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=name, marks=pytest.mark.long if name == "one head" else ())
        for name, options in VARIANTS.items()
    ],
)


def built(options, dtype="float64"):
    layer = SelfAttention(**options, dtype=dtype)
    layer.build((None, None, FEATURES))
    generator = np.random.default_rng(1)
    layer.set_weights([generator.normal(size=weight.shape) for weight in layer.weights])
    return layer


def oracle(layer, row):
    """`[words, output]` and `[words, words, heads]` of one row."""
    weight = {w.name: w.numpy().astype("float64") for w in layer.weights}

    def project(name, states):
        return states @ weight[f"{name}_kernel"] + weight.get(f"{name}_bias", 0)

    parts = [np.split(project(n, row), layer.num_heads, -1) for n in ("query", "key", "value")]
    outputs, scores = [], []
    for queries, keys, values in zip(*parts, strict=True):
        exponentials = np.exp(queries @ keys.T / np.sqrt(queries.shape[-1]))
        scores.append(exponentials / exponentials.sum(axis=1, keepdims=True))
        outputs.append(scores[-1] @ values)
    return project("output", np.concatenate(outputs, axis=-1)), np.stack(scores, axis=-1)


@pytest.fixture(params=[self_attention.BLOCK_SCORES, 8], ids=["one block", "many blocks"])
def blocks(request, monkeypatch):
    monkeypatch.setattr(self_attention, "BLOCK_SCORES", request.param)


@every_variant
@pytest.mark.usefixtures("blocks")
class TestEquations:
    def test_ragged_dense_and_flat(self, options):
        layer, rows = built(options), some_rows(FEATURES)
        expected = [oracle(layer, row) for row in rows]
        outputs, scores = layer(ragged(rows), return_attention_scores=True)
        np.testing.assert_array_equal(outputs.row_lengths(), LENGTHS)
        for index, row in enumerate(rows):
            np.testing.assert_allclose(outputs[index], expected[index][0], atol=1e-9)
            if len(row):
                square = scores[index].to_tensor()
                np.testing.assert_allclose(square, expected[index][1], atol=1e-9)
        # Dense, with garbage in the padding.
        for steps in (5, 8):
            states, mask = dense(rows, steps)
            outputs, scores = layer(states, mask=mask, return_attention_scores=True)
            outputs, scores = outputs.numpy(), scores.numpy()
            assert outputs.shape == layer.compute_output_shape(states.shape)
            assert scores.shape == (4, steps, steps, layer.num_heads)
            np.testing.assert_array_equal(outputs[~mask], 0)
            np.testing.assert_array_equal(scores[~mask], 0)
            np.testing.assert_array_equal(scores.transpose(0, 2, 1, 3)[~mask], 0)
            for index, real in enumerate(mask):
                np.testing.assert_allclose(outputs[index, real], expected[index][0], atol=1e-9)
                square = scores[index][real][:, real]
                np.testing.assert_allclose(square, expected[index][1], atol=1e-9)
        # Flat words, and the rows in another order.
        outputs = layer.attend(np.concatenate(rows), LENGTHS)
        np.testing.assert_allclose(outputs, np.concatenate([e[0] for e in expected]), atol=1e-9)
        backwards = layer(ragged(rows[::-1])).values
        expected = np.concatenate([e[0] for e in expected[::-1]])
        np.testing.assert_allclose(backwards, expected, atol=1e-9)

    def test_gradient_against_finite_differences(self, options):
        check_gradient(built(options), FEATURES)

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
    def test_sixteen_bits(self, options, dtype):
        layer, rows = built(options, dtype), some_rows(FEATURES)
        outputs, scores = layer(ragged(rows), return_attention_scores=True)
        assert (outputs.dtype, scores.dtype) == (layer.compute_dtype, "float32")
        expected = np.concatenate([oracle(layer, row)[0] for row in rows])
        error = 0.5 if dtype == "bfloat16" else 0.05
        np.testing.assert_allclose(tf.cast(outputs.values, "float64"), expected, atol=error)

    def test_nothing_to_attend_to(self, options):
        """Batches of empty rows, of no steps and of no rows."""
        layer = built(options, "float32")
        empty_rows = tf.RaggedTensor.from_row_lengths(tf.zeros([0, FEATURES]), [0, 0])
        np.testing.assert_array_equal(layer(empty_rows).row_lengths(), 0)
        for shape in [(2, 3), (2, 0), (0, 3)]:
            states = tf.fill([*shape, FEATURES], np.nan)
            with tf.GradientTape() as tape:
                tape.watch(states)
                outputs = layer(states, mask=tf.zeros(shape, tf.bool))
            assert outputs.shape == layer.compute_output_shape(states.shape)
            np.testing.assert_array_equal(outputs, 0)
            for gradient in tape.gradient(outputs, [states, *(w.value for w in layer.weights)]):
                assert np.isfinite(gradient).all()


def test_one_trace_for_every_shape(monkeypatch):
    monkeypatch.setattr(self_attention, "BLOCK_SCORES", 8)  # Several blocks.
    layer, traces = built({"num_heads": 2}, "float32"), []
    states = tf.TensorSpec([None, None, FEATURES])
    masks = tf.TensorSpec([None, None], tf.bool)

    @tf.function(input_signature=[states, masks])
    def attend(states, mask):
        traces.append(1)
        with tf.GradientTape() as tape:
            outputs = layer(states, mask=mask)
        return outputs, tape.gradient(outputs, layer.weights[0].value)

    rows = some_rows(FEATURES, dtype="float32")
    for steps in (5, 6, 8):
        padded, mask = dense(rows, steps)
        outputs, gradient = attend(padded, mask)
        np.testing.assert_allclose(outputs[mask], layer(ragged(rows)).values, atol=1e-5)
        assert np.isfinite(gradient).all()
    assert len(traces) == 1


@every_variant
def test_config_and_file(options, tmp_path):
    layer = built(options, "float32")
    assert SelfAttention.from_config(layer.get_config()).get_config() == layer.get_config()
    states, mask = dense(some_rows(FEATURES, dtype="float32"), fill=0.0)
    inputs, kept = keras.Input((None, FEATURES)), keras.Input((None,), dtype="bool")
    outputs = layer(inputs, mask=kept, return_attention_scores=True)
    model = keras.Model([inputs, kept], outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    results = model([states, mask]), loaded([states, mask]), outputs
    for one, other, spec in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)
        assert spec.dtype == one.dtype
        assert all(a in (None, b) for a, b in zip(spec.shape, one.shape, strict=True))


@pytest.mark.parametrize("size", [1e2, 1e4])
def test_huge_scores_in_float16(size):
    """Queries times keys near 1e8 overflow float16; their softmax must not."""
    layer = SelfAttention(dtype="float16", kernel_initializer="identity")
    states, mask = dense(some_rows(FEATURES, dtype="float16"))
    inputs = tf.constant(np.where(mask[..., np.newaxis], size * states, 0), tf.float16)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs, scores = layer(inputs, mask=mask, return_attention_scores=True)
    assert np.isfinite(outputs).all()
    assert not np.isnan(tape.gradient(outputs, inputs)).any()
    np.testing.assert_allclose(np.sum(scores, axis=2)[..., 0], mask, atol=1e-5)


def test_the_same_as_keras_where_keras_is_sound():
    layer, other = built({"num_heads": 2}, "float32"), keras.layers.MultiHeadAttention(2, 3)
    states = np.stack(
        [row for row in some_rows(FEATURES, dtype="float32") for _ in range(2) if len(row) == 5]
    )
    other.build(states.shape, states.shape)
    other.set_weights(
        [w.reshape(v.shape) for w, v in zip(layer.get_weights(), other.weights, strict=True)]
    )
    np.testing.assert_allclose(layer(states), other(states, states), atol=1e-4)


def test_dropout_only_in_training_and_not_in_the_scores(monkeypatch):
    monkeypatch.setattr(self_attention, "BLOCK_SCORES", 30)
    layer = built({"dropout": 0.5, "seed": 1}, "float32")
    row = some_rows(FEATURES, dtype="float32")[2]
    rows = ragged([row] * 50)  # A block each.
    outputs, scores = layer(rows, return_attention_scores=True)
    attend = tf.function(lambda: layer(rows, return_attention_scores=True, training=True))
    draws = [attend() for _ in range(10)]
    assert not np.allclose(draws[0][0].values, draws[1][0].values)
    assert not np.allclose(draws[0][0][0], draws[0][0][1])
    np.testing.assert_allclose(draws[0][1].flat_values, scores.flat_values, atol=1e-6)
    mean = np.mean([draw[0].to_tensor() for draw in draws], axis=(0, 1))
    np.testing.assert_allclose(mean, outputs[0], atol=1.0)


def test_the_mask_goes_on():
    inputs = keras.Input((None, FEATURES))
    masked = keras.layers.Masking()(inputs)
    layer = built({}, "float32")
    outputs = keras.layers.GlobalAveragePooling1D()(layer(masked))
    model = keras.Model(inputs, outputs)
    states, mask = dense(some_rows(FEATURES, dtype="float32"), fill=0.0)
    expected = [oracle(layer, row)[0].mean(axis=0) for row in some_rows(FEATURES) if len(row)]
    np.testing.assert_allclose(model(states)[mask.any(axis=1)], expected, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_heads": 0}, "`num_heads` must be a positive integer. Received: num_heads=0"),
        ({"key_dim": -1}, "`key_dim` must be a positive integer or None. Received: key_dim=-1"),
        ({"value_dim": 0}, "`value_dim` must be a positive integer or None. Received: value_dim=0"),
        (
            {"output_dim": 1.5},
            "`output_dim` must be a positive integer or None. Received: output_dim=1.5",
        ),
        ({"dropout": -0.1}, r"`dropout` must be in \[0, 1\). Received: dropout=-0.1"),
    ],
)
def test_errors_name_the_argument(options, message):
    with pytest.raises(ValueError, match=message):
        SelfAttention(**options)


def test_errors_of_a_build_and_a_call():
    with pytest.raises(ValueError, match="`states` must have the axes rows, steps, features"):
        SelfAttention().build((None, None, None))
    with pytest.raises(ValueError, match="Received: num_heads=4, features=6"):
        SelfAttention(num_heads=4).build((None, None, FEATURES))
    layer, rows = built({}, "float32"), ragged(some_rows(FEATURES, dtype="float32"))
    with pytest.raises(ValueError, match="`mask` must be None for ragged"):
        layer(rows, mask=tf.ones([4, 5], tf.bool))
