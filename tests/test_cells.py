"""The gated cells against their equations in NumPy, and against the layers of Keras."""

import json
from functools import partial

import keras
import numpy as np
import numpy_cells as oracle
import pytest
import tensorflow as tf

from hanlib.layers import (
    ElmanCell,
    GRUCell,
    LSTMCell,
    MGUCell,
    MinGRUCell,
    OutputGateGRUCell,
    RecurrentEncoder,
    TwoStateCell,
)

UNITS, FEATURES = 3, 4

# name -> the class, the order of the blocks in its weights, the oracle, its number of states.
CELLS = {
    "gru": (partial(GRUCell, reset_after=True), "zrh", oracle.gru_reset_after, 1),
    "gru_cho": (partial(GRUCell, reset_after=False), "zrh", oracle.gru_reset_before, 1),
    "output_gate_gru": (OutputGateGRUCell, "zrhoy", oracle.gru_output_gate, 1),
    "two_state": (TwoStateCell, "zuc", oracle.two_state, 2),
    "mgu": (MGUCell, "fh", oracle.mgu, 1),
    "min_gru": (MinGRUCell, "zh", oracle.min_gru, 1),
    "elman": (ElmanCell, "h", oracle.elman, 1),
    "lstm": (LSTMCell, "ifco", oracle.lstm, 2),
}
every_cell = pytest.mark.parametrize("name", CELLS)
with_and_without_bias = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no_bias"])


def random_weights(layer, rng):
    """Weights of which none is zero, so that no term of an equation goes untested."""
    weights = [rng.normal(0, 0.7, weight.shape) for weight in layer.get_weights()]
    layer.set_weights(weights)
    return weights


def built(name, rng, bias=True, **kwargs):
    """A float64 cell, and its weights by gate for the oracle."""
    make, gates, _, _ = CELLS[name]
    cell = make(UNITS, use_bias=bias, dtype="float64", **kwargs)
    cell.build((None, FEATURES))
    weights = random_weights(cell, rng)
    parts = oracle.split_weights(
        weights, gates, UNITS, bias, recurrent=name != "min_gru", two_biases=name == "gru"
    )
    return cell, parts


@with_and_without_bias
@every_cell
def test_one_step_equals_the_equations(name, bias, rng):
    cell, parts = built(name, rng, bias)
    _, _, step, count = CELLS[name]
    x = rng.normal(size=[5, FEATURES])
    before = tuple(rng.normal(size=[5, UNITS]) for _ in range(count))
    output, states = cell(x, list(before))
    expected, expected_states = step(x, before, *parts)
    np.testing.assert_allclose(output, expected, rtol=0, atol=1e-12)
    assert len(states) == count
    for state, expected in zip(states, expected_states, strict=True):
        np.testing.assert_allclose(state, expected, rtol=0, atol=1e-12)


@with_and_without_bias
@every_cell
def test_several_steps_inside_the_rnn_of_keras(name, bias, rng):
    cell, parts = built(name, rng, bias)
    _, _, step, count = CELLS[name]
    x = rng.normal(size=[2, 6, FEATURES])
    layer = keras.layers.RNN(cell, return_sequences=True, dtype="float64")
    expected = [oracle.run(step, row, parts, UNITS, count) for row in x]
    np.testing.assert_allclose(layer(x), expected, rtol=0, atol=1e-12)


@every_cell
def test_the_weights_have_the_documented_shapes(name):
    make, gates, _, _ = CELLS[name]
    cell = make(UNITS)
    cell.build((None, FEATURES))
    width = len(gates) * UNITS
    shapes = [(FEATURES, width), (UNITS, width), (2, width) if name == "gru" else (width,)]
    if name == "min_gru":
        del shapes[1]
    assert [weight.shape for weight in cell.weights] == shapes
    names = ["kernel", "bias"] if name == "min_gru" else ["kernel", "recurrent_kernel", "bias"]
    assert [weight.name for weight in cell.weights] == names


def negated(weight):
    """The update gate, the first block of columns, with its sign turned."""
    weight = weight.copy()
    weight[..., :UNITS] *= -1
    return weight


def test_negating_the_update_gate_turns_chos_form_into_chungs(rng):
    cell, _ = built("gru_cho", rng)
    weights = cell.get_weights()
    x, h = rng.normal(size=[5, FEATURES]), rng.normal(size=[5, UNITS])
    expected, _ = oracle.gru_mirrored(x, (h,), *oracle.split_weights(weights, "zrh", UNITS))
    assert np.abs(cell(x, [h])[0] - expected).max() > 0.1
    cell.set_weights([negated(weight) for weight in weights])
    np.testing.assert_allclose(cell(x, [h])[0], expected, rtol=0, atol=1e-12)


def test_the_gru_of_han_is_the_reset_after_form_without_recurrent_bias(rng):
    kernel, recurrent_kernel = rng.normal(size=[FEATURES, 9]), rng.normal(size=[UNITS, 9])
    bias = rng.normal(size=[9])
    cell = GRUCell(UNITS, reset_after=True, dtype="float64")
    cell.build((None, FEATURES))
    biases = np.stack([negated(bias), np.zeros(9)])
    cell.set_weights([negated(kernel), negated(recurrent_kernel), biases])
    x, h = rng.normal(size=[5, FEATURES]), rng.normal(size=[5, UNITS])
    parts = oracle.split_weights([kernel, recurrent_kernel, bias], "zrh", UNITS)
    expected, _ = oracle.gru_of_han(x, (h,), *parts)
    np.testing.assert_allclose(cell(x, [h])[0], expected, rtol=0, atol=1e-12)


def test_what_the_output_gate_gives_is_not_what_it_passes_on(rng):
    cell, parts = built("output_gate_gru", rng)
    x, h = rng.normal(size=[1, FEATURES]), rng.normal(size=[1, UNITS])
    output, (state,) = cell(x, [h])
    expected, _ = oracle.gru_reset_before(x, (h,), *parts)
    np.testing.assert_allclose(state, expected, rtol=0, atol=1e-12)
    assert np.abs(output - expected).max() > 0.05


# Layers of Keras -> the cell that has their weights.
OF_KERAS = {
    "gru_reset_after": (partial(keras.layers.GRU, reset_after=True), CELLS["gru"][0]),
    "gru_reset_before": (partial(keras.layers.GRU, reset_after=False), CELLS["gru_cho"][0]),
    "lstm": (keras.layers.LSTM, LSTMCell),
    "simple_rnn": (keras.layers.SimpleRNN, ElmanCell),
}


@with_and_without_bias
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("name", OF_KERAS)
def test_weights_go_from_keras_and_back(name, backwards, bias, rng):
    make_layer, make_cell = OF_KERAS[name]
    theirs = make_layer(UNITS, use_bias=bias, return_sequences=True, go_backwards=backwards)
    ours = keras.layers.RNN(
        make_cell(UNITS, use_bias=bias), return_sequences=True, go_backwards=backwards
    )
    x = rng.normal(size=[2, 5, FEATURES]).astype("float32")
    theirs(x), ours(x)
    random_weights(theirs, rng)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(x), theirs(x), rtol=0, atol=1e-5)
    random_weights(ours, rng)
    assert np.abs(ours(x) - theirs(x)).max() > 1e-2
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(theirs(x), ours(x), rtol=0, atol=1e-5)


def test_the_forget_gate_of_an_lstm_starts_at_one():
    for flag, expected in ((True, [0, 1, 0, 0]), (False, [0, 0, 0, 0])):
        cell = LSTMCell(2, unit_forget_bias=flag)
        cell.build((None, 3))
        np.testing.assert_array_equal(cell.get_weights()[2], np.repeat(expected, 2))


@every_cell
def test_the_first_states_are_zeros_in_the_compute_dtype(name):
    cell = CELLS[name][0](UNITS, dtype="mixed_float16")
    states = cell.get_initial_state(batch_size=2)
    assert len(states) == CELLS[name][3]
    for state in states:
        assert state.dtype == tf.float16
        np.testing.assert_array_equal(state, np.zeros([2, UNITS]))


@pytest.mark.parametrize("units", [0, -3, 2.0, True, None, "3"])
@every_cell
def test_units_must_be_a_positive_integer(name, units):
    with pytest.raises(ValueError, match=r"`units` must be a positive integer. Received: units="):
        CELLS[name][0](units)


def test_the_width_of_the_input_must_be_known():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(2, None\)"):
        GRUCell(UNITS).build((2, None))


@every_cell
def test_the_configuration_keeps_every_argument(name):
    cell = CELLS[name][0](
        UNITS,
        use_bias=False,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.3, seed=1),
        recurrent_initializer="glorot_normal",
        bias_initializer="ones",
        kernel_regularizer=keras.regularizers.L2(0.25),
        recurrent_regularizer="l1",
        bias_regularizer=keras.regularizers.L1L2(0.5, 0.75),
        name="the_cell",
        dtype="float64",
    )
    config = json.loads(json.dumps(cell.get_config()))
    again = type(cell).from_config(config)
    assert again.get_config() == cell.get_config()
    assert (again.units, again.use_bias, again.name) == (UNITS, False, "the_cell")
    assert again.kernel_initializer.stddev == 0.3
    assert type(again.recurrent_initializer) is keras.initializers.GlorotNormal
    assert type(again.bias_initializer) is keras.initializers.Ones
    assert float(again.kernel_regularizer.l2) == 0.25
    assert type(again.recurrent_regularizer) is keras.regularizers.L1
    assert float(again.bias_regularizer.l2) == 0.75
    assert again.dtype_policy.name == "float64"


def test_the_configuration_keeps_what_one_cell_alone_has():
    assert GRUCell.from_config(GRUCell(2, reset_after=False).get_config()).reset_after is False
    config = LSTMCell(2, unit_forget_bias=False).get_config()
    assert LSTMCell.from_config(config).unit_forget_bias is False


@every_cell
def test_regularizers_and_initializers_reach_the_weights(name):
    cell = CELLS[name][0](
        UNITS,
        kernel_initializer="ones",
        recurrent_initializer="ones",
        bias_initializer="ones",
        kernel_regularizer=keras.regularizers.L1(1.0),
        recurrent_regularizer=keras.regularizers.L1(100.0),
        bias_regularizer=keras.regularizers.L1(10000.0),
    )
    cell.build((None, FEATURES))
    sizes = {weight.name: int(np.prod(weight.shape)) for weight in cell.weights}
    assert all((weight == 1).all() for weight in cell.get_weights())
    factors = {"kernel": 1.0, "recurrent_kernel": 100.0, "bias": 10000.0}
    expected = sum(factors[weight] * size for weight, size in sizes.items())
    assert float(sum(cell.losses)) == expected


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_regularizers_of_a_cell_count_once_in_an_encoder(name):
    cell = CELLS[name][0](UNITS, kernel_initializer="ones", kernel_regularizer="l1")
    encoder = RecurrentEncoder(cell)
    encoder(np.zeros([1, 2, FEATURES], "float32"))
    kernels = 2 * FEATURES * UNITS * len(CELLS[name][1])
    np.testing.assert_allclose(float(sum(encoder.losses)), 0.01 * kernels, rtol=1e-6)
