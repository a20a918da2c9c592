"""What each of the public layers in the table of layer_cases.py must do."""

import inspect
import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from layer_cases import CASES, FEATURES, by_row, call, layer_for, padded, rows_for

import hanlib.layers
from hanlib.layers import (
    DocumentEncoder,
    DocumentVectorizer,
    GatedCell,
    LinearChainCRF,
    NGramLinear,
    RationaleHead,
    RegionEmbedding,
    TokenEmbedding,
)
from hanlib.models import HAN, BagOfWords, FlatRecurrent, Transformer

# Options of layers whose other cases run by default, and layers that a HAN is made of.
VARIANTS = {
    *("gru_cho", "gru_no_bias", "recurrent_one_way", "row_encoder_attentive", "hierarchical"),
    *("level_encoder", "han_beside"),
}
# Cells in Keras' own layer, and scores of a pooling, which do not see rows, masks or shapes.
EQUATIONS = {
    *("output_gate_gru", "two_state", "mgu", "min_gru", "elman"),
    *("dot", "general", "gated", "mean"),
}


def every(takes_long):
    """All layers; a test of these is long."""
    marks = [(n, pytest.mark.long if n in takes_long else ()) for n in CASES]
    return pytest.mark.parametrize("name", [pytest.param(n, marks=mark) for n, mark in marks])


every_layer, every_kind = every(VARIANTS), every({*VARIANTS, *EQUATIONS})


def test_no_public_layer_is_missing():
    public = {
        value
        for value in vars(hanlib.layers).values()
        if inspect.isclass(value) and issubclass(value, keras.layers.Layer)
    }
    # Base classes have no equation. The vectorizer has its own tests at the end, the layer of
    # n-grams in test_ngram_linear.py: its keys are not random numbers. The head of rationales is
    # tested in test_rationale.py. The layers of words take and give items without rows:
    # test_linear_chain_crf.py, test_token_classifier.py.
    own_tests = {GatedCell, DocumentEncoder, DocumentVectorizer, NGramLinear, RationaleHead}
    own_tests |= {LinearChainCRF, RegionEmbedding, TokenEmbedding}
    covered = {case.covers for case in CASES.values()} | own_tests
    assert covered == public | {HAN, FlatRecurrent, BagOfWords, Transformer}


def assert_rows_equal(given, expected, atol=1e-12):
    for one, other in zip(given, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=atol)


@every_layer
def test_the_configuration_makes_an_equal_layer(name, rng):
    case, layer, rows = layer_for(name, rng)
    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(dict(config))
    inputs = padded(case, rows)
    call(again, *inputs)
    assert json.loads(json.dumps(again.get_config())) == config
    assert [w.shape for w in again.weights] == [w.shape for w in layer.weights]
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(call(again, *inputs), call(layer, *inputs))


@every_kind
def test_saved_and_reloaded_without_custom_objects(name, rng, tmp_path):
    case = CASES[name]
    rows = rows_for(case, rng)
    inputs = keras.Input([None, None] if case.ids else [None, FEATURES], dtype="int32")
    if not case.ids:
        inputs = keras.Input([None, FEATURES])
    masked = inputs if case.ids else keras.layers.Masking()(inputs)
    model = keras.Model(inputs, case.make("float32")(masked))
    model.set_weights([rng.normal(0, 0.6, weight.shape) for weight in model.get_weights()])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    dense = padded(case, rows)[0]
    np.testing.assert_array_equal(again(dense), model(dense))
    # The layer behind the mask gives what it gives with the mask in hand.
    expected = call(model.layers[-1], *padded(case, rows))
    assert_rows_equal(by_row(case, model(dense), rows), by_row(case, expected, rows), 1e-6)


@every_layer
def test_gradients_equal_finite_differences(name, rng):
    case, layer, rows = layer_for(name, rng)
    inputs = list(padded(case, rows))
    factors = rng.normal(size=call(layer, *inputs).shape)
    states = [] if case.ids else inputs[:1]

    def loss():
        return tf.reduce_sum(call(layer, *inputs) * factors)

    with tf.GradientTape() as tape:
        tape.watch(states)
        total = loss()
    parts = [*layer.trainable_weights, *states]
    gradients = tape.gradient(total, parts)
    step = 1e-6
    for part, gradient in zip(parts, gradients, strict=True):
        value, direction = part.numpy(), rng.normal(size=part.shape)
        ends = []
        for sign in (1, -1):
            if isinstance(part, keras.Variable):
                part.assign(value + sign * step * direction)
            else:
                inputs[0] = tf.constant(value + sign * step * direction)
            ends.append(float(loss()))
        if isinstance(part, keras.Variable):
            part.assign(value)
        difference = (ends[0] - ends[1]) / (2 * step)
        # A softmax does not change when all its scores move by the same amount.
        if not re.search("key.bias", getattr(part, "path", "")):
            assert np.abs(tf.convert_to_tensor(gradient)).max() > 1e-3
        np.testing.assert_allclose(
            np.sum(tf.convert_to_tensor(gradient) * direction), difference, rtol=1e-6, atol=1e-7
        )


@every_kind
def test_padding_changes_nothing(name, rng):
    case, layer, rows = layer_for(name, rng)
    expected = by_row(case, call(layer, *padded(case, rows)), rows)
    assert np.abs(expected[0]).max() > 1e-3
    for more, filler in ((1, 0.0), (5, 1e3), (0, -1e3)):
        output = call(layer, *padded(case, rows, more, filler))
        assert_rows_equal(by_row(case, output, rows), expected)


@every_kind
def test_a_row_alone_in_company_and_in_any_order(name, rng):
    case, layer, rows = layer_for(name, rng)
    together = by_row(case, call(layer, *padded(case, rows)), rows)
    for place, row in enumerate(rows):
        alone = by_row(case, call(layer, *padded(case, [row])), [row])
        assert_rows_equal(alone, together[place : place + 1])
    order = [2, 0, 3, 1]
    shuffled = [rows[place] for place in order]
    output = by_row(case, call(layer, *padded(case, shuffled)), shuffled)
    assert_rows_equal(output, [together[place] for place in order])


PRECISIONS = {
    "float32": ("float32", "float32"),
    "float64": ("float64", "float64"),
    "float16": ("float16", "float16"),
    "bfloat16": ("bfloat16", "bfloat16"),
    "mixed_float16": ("float16", "float32"),
}


@pytest.mark.parametrize(
    "policy",
    # The other tests run in float64 and in float32.
    [pytest.param(p, marks=() if p == "mixed_float16" else pytest.mark.long) for p in PRECISIONS],
)
@every_layer
def test_every_precision(name, policy, rng):
    compute, variable = PRECISIONS[policy]
    case = CASES[name]
    layer, rows = case.make(policy), rows_for(case, rng)
    if not case.ids:
        rows[0] = rows[0] * 100
    inputs, *mask = padded(case, rows, more=2)
    # A row of padding only, which must not become NaN.
    inputs = tf.concat([inputs, tf.zeros_like(inputs[:1])], axis=0)
    mask = [tf.concat([m, tf.zeros_like(m[:1])], axis=0) for m in mask]
    output = call(layer, inputs, *mask)
    assert output.dtype == tf.as_dtype(compute)
    assert {weight.dtype for weight in layer.weights} <= {variable}
    wide = tf.cast(output, tf.float64).numpy()
    assert np.isfinite(wide).all()
    assert np.abs(wide[1]).max() > 1e-3
    np.testing.assert_array_equal(wide[-1], 0)


def symbolic_inputs(case, inputs):
    """`keras.Input`s for the arguments of a call: of unknown sizes, then of the sizes at hand."""
    if case.ids:
        shapes = [[[None, None]], [inputs[0].shape[1:]]]
    else:
        shapes = [[[None, FEATURES], [None]], [part.shape[1:] for part in inputs]]
    dtypes = ["int32"] if case.ids else [None, "bool"]
    for given in shapes:
        yield [keras.Input(shape, dtype=d) for shape, d in zip(given, dtypes, strict=True)]


@pytest.mark.parametrize(
    "policy",
    [
        "mixed_float16",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("float32", "float64", "mixed_bfloat16")
        ),
    ],
)
@every_kind
def test_symbolic_shapes_and_dtypes_equal_the_eager_ones(name, policy, rng):
    case = CASES[name]
    layer = case.make(policy)
    inputs = padded(case, rows_for(case, rng))
    options = [{}]
    takes_scores = "return_attention_scores" in inspect.signature(layer.call).parameters
    if takes_scores and getattr(layer, "has_attention", True):
        options.append({"return_attention_scores": True})
    for option in options:
        eager = keras.tree.flatten(call(layer, *inputs, **option))
        for given in symbolic_inputs(case, inputs):
            symbolic = keras.tree.flatten(call(layer, *given, **option))
            for one, other in zip(symbolic, eager, strict=True):
                assert one.dtype == other.dtype.name
                assert len(one.shape) == len(other.shape)
                assert all(a in (None, b) for a, b in zip(one.shape, other.shape, strict=True))


@every_kind
def test_one_trace_for_all_shapes(name, rng):
    case, layer, rows = layer_for(name, rng)
    traces = []

    def run(*inputs):
        traces.append(inputs)
        return call(layer, *inputs)

    states = [tf.TensorSpec([None, None, FEATURES], tf.float64), tf.TensorSpec([None, None], bool)]
    ids = [tf.TensorSpec([None, None, None], tf.int32)]
    traced = tf.function(run, input_signature=ids if case.ids else states)
    for count, more in ((4, 0), (1, 2), (3, 1), (2, 7)):
        inputs = padded(case, rows[:count], more)
        np.testing.assert_allclose(traced(*inputs), call(layer, *inputs), rtol=0, atol=1e-12)
    assert len(traces) == 1
    assert traced.experimental_get_tracing_count() == 1
