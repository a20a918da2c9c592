"""Cells of one's own and cells of Keras in the recurrent encoder, against `keras.layers.RNN`."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from own_cells import FAST, GENERAL, MAKE, UNITS, NormalizedCell, OwnCallCell

from hanlib.layers import RecurrentEncoder, recurrent_encoder
from hanlib.layers.cells import CELLS
from hanlib.ops import gates
from hanlib.ops.recurrence import CellSpec
from hanlib.ops.unitwise import acts_on_each_unit

FEATURES = 4
LENGTHS = [3, 1, 0, 4, 2]
# One of each kind by default: fast, general, with a method of its own, of Keras.
FIRST = ("PeepholeCell", "NormalizedCell", "OwnCallCell", "LSTMCell")
every_cell = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in FIRST else pytest.mark.long) for n in MAKE]
)


def random_rows(rng, dtype="float64"):
    words = tf.constant(rng.normal(size=[sum(LENGTHS), FEATURES]), dtype)
    return tf.RaggedTensor.from_row_lengths(words, LENGTHS)


def random_weights(layer, rng):
    layer.set_weights([rng.normal(0, 0.6, weight.shape) for weight in layer.get_weights()])


def with_gradients(run, words, weights, factors):
    with tf.GradientTape() as tape:
        tape.watch(words)
        states = run(words)
        loss = tf.reduce_sum(states * factors)
    gradients = tape.gradient(loss, [words, *weights])
    return [states, *(tf.convert_to_tensor(gradient) for gradient in gradients)]


def assert_equals_keras(name, bidirectional, rng, wrap=lambda run: run):
    ours = RecurrentEncoder(MAKE[name]("float64"), bidirectional=bidirectional, dtype="float64")
    theirs = keras.layers.RNN(MAKE[name]("float64"), return_sequences=True, dtype="float64")
    if bidirectional:
        theirs = keras.layers.Bidirectional(theirs, dtype="float64")
    for layer in (ours, theirs):
        layer.build((None, None, FEATURES))
    random_weights(theirs, rng)
    ours.set_weights(theirs.get_weights())
    words = random_rows(rng).values
    factors = rng.normal(size=[len(words), ours.output_size])

    def words_of_ours(words):
        return ours(tf.RaggedTensor.from_row_lengths(words, LENGTHS)).values

    def words_of_keras(words):
        rows = tf.RaggedTensor.from_row_lengths(words, LENGTHS)
        mask = tf.sequence_mask(rows.row_lengths())
        return tf.boolean_mask(theirs(rows.to_tensor(), mask=mask), mask)

    weights = ours.trainable_weights
    given = wrap(lambda words: with_gradients(words_of_ours, words, weights, factors))(words)
    expected = with_gradients(words_of_keras, words, theirs.trainable_weights, factors)
    for one, other in zip(given, expected, strict=True):
        assert np.abs(other).max() > 1e-4
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-10)


@every_cell
def test_states_and_gradients_equal_those_of_keras(name, rng):
    assert_equals_keras(name, True, rng, tf.function)


@pytest.mark.parametrize(
    "name",
    [
        "NormalizedCell",
        *(pytest.param(n, marks=pytest.mark.long) for n in ("PeepholeCell", "StackedRNNCells")),
    ],
)
def test_one_direction_and_eager_loops(name, rng):
    assert_equals_keras(name, False, rng)


def specs(kinds):
    found = []
    for kind in kinds:
        cell = kind(UNITS)
        cell.build((None, FEATURES))
        spec, _, _, weights = cell.recurrence()
        shapes = tuple(tuple(weight.shape) for weight in weights)
        found.append(pytest.param(spec, shapes, id=kind.__name__))
    return found


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(("spec", "shapes"), specs([*CELLS.values(), *FAST]))
def test_cells_that_keep_the_fast_backward_pass(spec, shapes, dtype):
    for units in (1, 50):
        assert acts_on_each_unit(
            spec._replace(units=units),
            tf.as_dtype(dtype),
            tuple((*shape[:-1], units) for shape in shapes),
        )


@pytest.mark.parametrize(("spec", "shapes"), specs(GENERAL))
def test_cells_that_need_the_automatic_gradient(spec, shapes):
    assert not acts_on_each_unit(spec, tf.float32, shapes)


MIXING = {
    "maximum": lambda x, states, product: (
        tf.reduce_max(x[0] + states[0], -1, keepdims=True) + x[0],
    ),
    "roll": lambda x, states, product: (tf.roll(states[0], 1, axis=-1) + x[0],),
    "rows": lambda x, states, product: (x[0] - tf.reduce_mean(states[0], axis=0),),
    "softmax before a product": lambda x, states, product: (
        x[0] + product(0, tf.nn.softmax(states[0]))[0],
    ),
    "random": lambda x, states, product: (x[0] + tf.random.normal(tf.shape(x[0])),),
}


@pytest.mark.parametrize("name", MIXING)
def test_equations_that_do_not_act_on_each_unit(name):
    blocks = (1,) if "product" in name else ()
    for units in (2, 50):
        assert not acts_on_each_unit(CellSpec(MIXING[name], units, 1, blocks), tf.float32, ())


def test_an_equation_that_reads_a_variable_has_the_automatic_gradient():
    gain = tf.Variable(0.0)
    spec = CellSpec(lambda x, states, product: (x[0] + gain * states[0],), 3, 1, ())
    assert not acts_on_each_unit(spec, tf.float32, ())


def test_the_examination_leaves_the_global_seed_alone():
    def draw(step):
        tf.random.set_seed(3)
        acts_on_each_unit(CellSpec(step, 7, 1, (1,)), tf.float32, ())
        return float(tf.random.normal([]))

    assert draw(gates.elman) == draw(lambda *given: gates.elman(*given))


@pytest.mark.parametrize("name", ["PeepholeCell", "NormalizedCell", "StartCell", "StackedRNNCells"])
def test_saved_and_reloaded(name, rng, tmp_path):
    inputs = keras.Input([None, FEATURES])
    outputs = RecurrentEncoder(MAKE[name]("float32"), depth=2)(keras.layers.Masking()(inputs))
    model = keras.Model(inputs, outputs)
    random_weights(model, rng)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    dense = random_rows(rng, "float32").to_tensor()
    np.testing.assert_array_equal(again(dense), model(dense))


@pytest.mark.parametrize(
    "policy",
    [
        "mixed_float16",
        *(pytest.param(p, marks=pytest.mark.long) for p in ("mixed_bfloat16", "float64")),
    ],
)
@pytest.mark.parametrize(
    "name", ["PeepholeCell", "PeepholeMethodCell", "LSTMCell", "StackedRNNCells"]
)
def test_the_precision_is_that_of_the_encoder(name, policy, rng):
    exact = RecurrentEncoder(MAKE[name]("float32"))
    encoder = RecurrentEncoder(MAKE[name]("float32"), dtype=policy)
    rows = random_rows(rng, "float32")
    expected = exact(rows).values
    encoder.build((None, None, FEATURES))
    encoder.set_weights(exact.get_weights())
    states = encoder(rows)
    assert states.dtype == encoder.compute_dtype
    error = {"mixed_float16": 5e-3, "mixed_bfloat16": 4e-2, "float64": 1e-6}[policy]
    np.testing.assert_allclose(tf.cast(states.values, "float32"), expected, rtol=0, atol=error)
    symbolic = encoder(keras.Input([None, FEATURES]))
    assert (symbolic.dtype, symbolic.shape[-1]) == (encoder.compute_dtype, states.shape[-1])


def test_weight_dropout_reaches_a_cell_with_an_automatic_gradient(rng, monkeypatch):
    seen = []
    original = recurrent_encoder.packed_recurrence

    def spy(spec, parts, gather_indices, batch_sizes, kernels, *rest):
        seen.append(kernels[0][0].numpy())
        return original(spec, parts, gather_indices, batch_sizes, kernels, *rest)

    monkeypatch.setattr(recurrent_encoder, "packed_recurrence", spy)
    encoder = RecurrentEncoder(NormalizedCell(20), bidirectional=False, weight_dropout=0.5)
    encoder(random_rows(rng, "float32"), training=True)
    assert 0.3 < np.mean(seen[0] == 0) < 0.7


def test_training_reaches_a_cell_of_keras(rng):
    class Scaled(keras.layers.SimpleRNNCell):
        def call(self, inputs, states, training=False):
            output, states = super().call(inputs, states)
            return (2 * output if training else output), states

    encoder = RecurrentEncoder(Scaled(UNITS))
    rows = random_rows(rng, "float32")
    still = encoder(rows).values
    np.testing.assert_array_equal(encoder(rows, training=True).values, 2 * still)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"cell": keras.layers.Dense(2)},
            r"`cell` must be the name of a cell or a Keras cell.*Dense",
        ),
        ({"cell": keras.layers.GRU(2)}, r"`cell` must be the name of a cell or a Keras cell.*GRU"),
        ({"cell": keras.layers.GRUCell(2), "units": 3}, "the given cell, 2. Received: units=3"),
        (
            {"cell": keras.layers.GRUCell(2, recurrent_dropout=0.5)},
            "`cell` must not use dropout.*Received: dropout=0.0, recurrent_dropout=0.5",
        ),
        (
            {"cell": keras.layers.StackedRNNCells([keras.layers.LSTMCell(2, dropout=0.5)])},
            "`cell` must not use dropout.*Received: dropout=0.5",
        ),
        (
            {"cell": keras.layers.GRUCell(2), "weight_dropout": 0.5},
            "`weight_dropout` needs a GatedCell.*Received: weight_dropout=0.5, cell=<GRUCell",
        ),
        ({"cell": OwnCallCell(2), "weight_dropout": 0.5}, "`weight_dropout` needs a GatedCell"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        RecurrentEncoder(**arguments)
