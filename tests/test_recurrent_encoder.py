"""The recurrent encoder against the layers of Keras, and what padding and dropout may do to it."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from hanlib.layers import GRUCell, LSTMCell, RecurrentEncoder, recurrent_encoder
from hanlib.ops.packing import pack

UNITS, FEATURES = 3, 4
LENGTHS = [4, 1, 0, 6, 3]
CELLS = ["gru", "lstm", "mgu", "min_gru", "elman", "output_gate_gru", "two_state"]
# The equations of the others: test_cells.py and test_packed_recurrence.py.
FIRST = ("gru", "lstm", "two_state")
every_cell = pytest.mark.parametrize(
    "cell", [pytest.param(cell, marks=() if cell in FIRST else pytest.mark.long) for cell in CELLS]
)


@pytest.fixture
def rows(rng):
    """Ragged rows, one of them empty."""
    words = rng.normal(size=[sum(LENGTHS), FEATURES]).astype("float32")
    return tf.RaggedTensor.from_row_lengths(words, LENGTHS)


def padded(rows, steps=6, filler=0.0):
    """The rows in dense form, padded with `filler`, and their mask."""
    mask = tf.sequence_mask(rows.row_lengths(), steps)
    dense = rows.to_tensor(shape=[None, steps, None])
    return tf.where(mask[..., None], dense, filler), mask


def assert_close(given, expected, atol=1e-5):
    np.testing.assert_allclose(given, expected, rtol=0, atol=atol)


def built(encoder):
    encoder.build((None, None, FEATURES))
    return encoder


def random_weights(layer, rng):
    layer.set_weights([rng.normal(0, 0.5, weight.shape) for weight in layer.get_weights()])


KERAS = {
    "gru": (GRUCell(UNITS), lambda: keras.layers.GRU(UNITS, return_sequences=True)),
    "gru_cho": (
        GRUCell(UNITS, reset_after=False),
        lambda: keras.layers.GRU(UNITS, return_sequences=True, reset_after=False),
    ),
    "lstm": (LSTMCell(UNITS), lambda: keras.layers.LSTM(UNITS, return_sequences=True)),
}


@pytest.mark.parametrize("name", KERAS)
def test_equals_the_bidirectional_layers_of_keras(name, rows, rng):
    cell, make = KERAS[name]
    encoder = built(RecurrentEncoder(cell, depth=2))
    dense, mask = padded(rows)
    theirs, layers = dense, []
    for _ in range(2):
        layers.append(keras.layers.Bidirectional(make()))
        layers[-1].build((None, *theirs.shape[1:]))
        random_weights(layers[-1], rng)
        theirs = layers[-1](theirs, mask=mask)
    encoder.set_weights([weight for layer in layers for weight in layer.get_weights()])
    states = encoder(rows)
    assert states.shape.as_list() == [5, None, 2 * UNITS]
    assert_close(states.values, tf.boolean_mask(theirs, mask))


@pytest.mark.parametrize("name", KERAS)
def test_one_direction_equals_the_layer_of_keras(name, rows, rng):
    cell, make = KERAS[name]
    encoder, theirs = built(RecurrentEncoder(cell, bidirectional=False)), make()
    dense, mask = padded(rows)
    theirs.build((None, *dense.shape[1:]))
    random_weights(theirs, rng)
    encoder.set_weights(theirs.get_weights())
    assert_close(encoder(rows).values, tf.boolean_mask(theirs(dense, mask=mask), mask))


@every_cell
def test_padding_company_and_order_change_nothing(cell, rows, rng):
    encoder = built(RecurrentEncoder(cell, units=UNITS, depth=2))
    random_weights(encoder, rng)
    together = encoder(rows)
    for steps, filler in ((6, 0.0), (9, 0.0), (9, 1e6), (7, np.nan)):
        dense, mask = padded(rows, steps, filler)
        states = encoder(dense, mask=mask)
        assert states.shape == (5, steps, 2 * UNITS)
        assert_close(tf.boolean_mask(states, mask), together.values, 1e-6)
        np.testing.assert_array_equal(tf.boolean_mask(states, ~mask), 0)
    for row in range(len(LENGTHS)):
        assert_close(encoder(rows[row : row + 1])[0], together[row], 1e-6)
    order = [3, 0, 4, 2, 1]
    assert_close(encoder(tf.gather(rows, order)).values, tf.gather(together, order).values, 1e-6)


def test_a_hole_in_the_mask_is_no_word(rows):
    encoder = RecurrentEncoder("gru", units=UNITS)
    words = rows[3]
    mask = tf.constant([[True, False, True, True, False, True]])
    states = encoder(words[None], mask=mask)[0]
    kept = tf.boolean_mask(words, mask[0])
    assert_close(tf.boolean_mask(states, mask[0]), encoder(kept[None])[0], 1e-6)


@pytest.fixture(params=[False, True], ids=["graph_functions", "functions_run_eagerly"])
def eagerly(request):
    tf.config.run_functions_eagerly(request.param)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("cell", ["lstm", keras.layers.LSTMCell(UNITS)], ids=["packed", "keras"])
def test_nothing_in_nothing_out(cell):
    encoder = built(RecurrentEncoder(cell, units=UNITS, depth=2))
    for shape in ((0, 3), (2, 0), (0, 0)):
        dense = tf.zeros([*shape, FEATURES])
        with tf.GradientTape() as tape:
            states = encoder(dense)
        assert states.shape == (*shape, 2 * UNITS)
        weights = [weight.value for weight in encoder.trainable_weights]
        for gradient in tape.gradient(states, weights, unconnected_gradients="zero"):
            np.testing.assert_array_equal(gradient, 0)
        assert encoder(dense, mask=tf.ones(shape, tf.bool)).shape == (*shape, 2 * UNITS)
        ragged = tf.RaggedTensor.from_row_lengths(tf.zeros([0, FEATURES]), [0] * shape[0])
        assert encoder(ragged).to_tensor().shape[0] == shape[0]


@every_cell
def test_the_path_over_distinct_words_equals_the_plain_one(cell, rng):
    encoder = built(RecurrentEncoder(cell, units=UNITS))
    distinct = tf.constant(rng.normal(size=[5, FEATURES]), tf.float32)
    index = tf.constant([0, 3, 3, 1, 0, 4, 2, 1], tf.int32)
    packing = pack(tf.constant([3, 0, 4, 1]))
    random_weights(encoder, rng)
    results = []
    for lines in (index, None):
        with tf.GradientTape() as tape:
            tape.watch(distinct)
            values = tf.gather(distinct, index) if lines is None else distinct
            states = encoder.encode(values, packing, lines)
            loss = tf.reduce_sum(tf.square(states))
        results.append([states, *tape.gradient(loss, [distinct, *encoder.trainable_weights])])
    for ours, plain in zip(*results, strict=True):
        assert_close(tf.convert_to_tensor(ours), tf.convert_to_tensor(plain), 1e-5)
    rows = tf.RaggedTensor.from_row_lengths(tf.gather(distinct, index), [3, 0, 4, 1])
    assert_close(results[0][0], encoder(rows).values, 1e-6)


@pytest.mark.parametrize("cell", ["gru", "two_state", keras.layers.LSTMCell(UNITS)])
def test_context_is_the_last_features_of_each_word(cell, rng, eager_functions):
    encoder = built(RecurrentEncoder(cell, units=None if not isinstance(cell, str) else UNITS))
    distinct = tf.constant(rng.normal(size=[5, FEATURES - 1]), tf.float32)
    context = tf.constant(rng.normal(size=[8, 1]), tf.float32)
    index = tf.constant([0, 3, 3, 1, 0, 4, 2, 1], tf.int32)
    packing = pack(tf.constant([3, 0, 4, 1]))
    random_weights(encoder, rng)
    results = []
    for apart in (True, False):
        with tf.GradientTape() as tape:
            tape.watch([distinct, context])
            if apart:
                states = encoder.encode(distinct, packing, index, context=context)
            else:
                whole = tf.concat([tf.gather(distinct, index), context], axis=-1)
                states = encoder.encode(whole, packing)
            loss = tf.reduce_sum(tf.square(states))
        sources = [distinct, context, *encoder.trainable_weights]
        results.append([states, *tape.gradient(loss, sources)])
    for ours, plain in zip(*results, strict=True):
        assert_close(tf.convert_to_tensor(ours), tf.convert_to_tensor(plain), 1e-5)


def test_each_direction_and_layer_has_weights_of_its_own():
    encoder = RecurrentEncoder(GRUCell(UNITS, name="mine"), depth=2)
    encoder.build((None, None, FEATURES))
    assert len(encoder.weights) == 4 * 3
    kernels = [weight.numpy() for weight in encoder.weights if weight.name == "kernel"]
    assert [kernel.shape for kernel in kernels] == [(4, 9), (4, 9), (6, 9), (6, 9)]
    assert np.abs(kernels[0] - kernels[1]).max() > 0.01
    assert np.abs(kernels[2] - kernels[3]).max() > 0.01


@pytest.mark.parametrize("cell", CELLS)
def test_weight_dropout_acts_in_training_only(cell, rows):
    # minGRU has no recurrent weights to drop.
    encoder = RecurrentEncoder(cell, units=UNITS, weight_dropout=0.5)
    still = encoder(rows).values
    assert_close(encoder(rows, training=False).values, still, 0)
    drawn = [encoder(rows, training=True).values for _ in range(2)]
    if cell == "min_gru":
        assert_close(drawn[0], still, 0)
        return
    assert np.abs(drawn[0] - still).max() > 1e-3
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-3


def test_weight_dropout_drops_recurrent_weights_and_scales_the_rest(rows, monkeypatch):
    seen = []
    original = recurrent_encoder.packed_recurrence

    def spy(spec, parts, gather_indices, batch_sizes, kernels, *rest):
        seen.extend(tf.concat(blocks, axis=-1) for blocks in kernels)
        return original(spec, parts, gather_indices, batch_sizes, kernels, *rest)

    encoder = RecurrentEncoder("lstm", units=20, weight_dropout=0.25, bidirectional=False)
    encoder(rows)
    monkeypatch.setattr(recurrent_encoder, "packed_recurrence", spy)
    encoder(rows, training=True)
    (dropped,) = seen
    kernel = encoder.weights[1].numpy()
    assert kernel.shape == (20, 80)
    zero = dropped.numpy() == 0
    assert 0.2 < zero.mean() < 0.3
    assert_close(dropped.numpy()[~zero], kernel[~zero] / 0.75, 1e-6)


def test_dropout_lies_between_layers_and_acts_in_training_only(rows):
    for depth, acts in ((1, False), (2, True)):
        encoder = RecurrentEncoder("gru", units=UNITS, depth=depth, dropout=0.5)
        still = encoder(rows).values
        assert_close(encoder(rows, training=False).values, still, 0)
        changed = np.abs(encoder(rows, training=True).values - still).max() > 1e-3
        assert changed == acts


def test_dropout_repeats_with_the_seed(rows):
    def draw(seed):
        keras.utils.set_random_seed(seed)
        encoder = RecurrentEncoder("gru", UNITS, depth=2, dropout=0.5, weight_dropout=0.5)
        return encoder(rows, training=True).values.numpy()

    np.testing.assert_array_equal(draw(3), draw(3))
    assert np.abs(draw(3) - draw(4)).max() > 1e-3


PRECISIONS = [
    ("mixed_float16", "float16", 5e-3),
    ("bfloat16", "bfloat16", 4e-2),
    ("float64", "float64", 1e-6),
]


@pytest.mark.parametrize(
    ("policy", "dtype", "atol"),
    [
        pytest.param(*p, id=p[0], marks=pytest.mark.long if p[0] == "bfloat16" else ())
        for p in PRECISIONS
    ],
)
def test_every_precision_gives_the_same_states(policy, dtype, atol, rows):
    exact = RecurrentEncoder("gru", units=UNITS)
    expected = exact(rows)
    encoder = RecurrentEncoder("gru", units=UNITS, dtype=policy)
    encoder(rows)
    encoder.set_weights(exact.get_weights())
    with tf.GradientTape() as tape:
        states = encoder(rows)
        loss = tf.reduce_sum(tf.cast(states.values, tf.float32))
    assert states.dtype == tf.as_dtype(dtype)
    assert_close(tf.cast(states.values, tf.float64), tf.cast(expected.values, tf.float64), atol)
    variable = "float32" if policy.startswith("mixed") else dtype
    for weight, gradient in zip(
        encoder.weights, tape.gradient(loss, encoder.trainable_weights), strict=True
    ):
        assert weight.dtype == variable
        assert np.isfinite(np.asarray(tf.cast(gradient, tf.float64))).all()


def test_saved_and_reloaded_without_custom_objects(rows, tmp_path, rng):
    dense, _ = padded(rows)
    encoder = RecurrentEncoder(
        GRUCell(UNITS, reset_after=False, kernel_regularizer="l2"),
        depth=2,
        dropout=0.1,
        weight_dropout=0.2,
    )
    inputs = keras.Input([None, FEATURES])
    model = keras.Model(inputs, encoder(keras.layers.Masking()(inputs)))
    random_weights(model, rng)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    expected = model.predict(dense, verbose=0)
    np.testing.assert_array_equal(again.predict(dense, verbose=0), expected)
    assert again.layers[-1].get_config() == encoder.get_config()
    # The mask of `Masking` arrives: zeros on padding.
    assert_close(expected[:, 4:][[0, 1, 2, 4]], 0, 0)
    assert_close(tf.boolean_mask(expected, tf.sequence_mask(LENGTHS, 6)), encoder(rows).values)


def test_the_configuration_keeps_every_argument():
    encoder = RecurrentEncoder(
        LSTMCell(UNITS, unit_forget_bias=False, dtype="float64"),
        bidirectional=False,
        depth=3,
        dropout=0.1,
        weight_dropout=0.2,
        name="mine",
    )
    again = RecurrentEncoder.from_config(json.loads(json.dumps(encoder.get_config())))
    assert (again.units, again.bidirectional, again.depth) == (UNITS, False, 3)
    assert (again.dropout, again.weight_dropout, again.name) == (0.1, 0.2, "mine")
    assert len(again.cells) == 3
    for cell in again.cells:
        assert type(cell) is LSTMCell
        assert cell.unit_forget_bias is False
        # The precision is the encoder's.
        assert cell.dtype_policy.name == "float32"


@pytest.mark.parametrize("bidirectional", [True, False])
def test_the_output_shape_is_known_beforehand(bidirectional):
    encoder = RecurrentEncoder("mgu", units=UNITS, bidirectional=bidirectional)
    width = 2 * UNITS if bidirectional else UNITS
    assert encoder.output_size == width
    assert encoder.compute_output_shape((5, None, FEATURES)) == (5, None, width)
    assert encoder(keras.Input([None, FEATURES])).shape == (None, None, width)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cell": "gruu", "units": 2}, r"one of \['gru', .*Received: cell='gruu'"),
        ({"cell": "gru"}, "`units` must be given together with .*Received: cell='gru', units=None"),
        ({"cell": "gru", "units": 0}, r"`units` must be a positive integer. Received: units=0"),
        ({"cell": GRUCell(2), "units": 3}, r"the given cell, 2. Received: units=3"),
        ({"units": 2, "depth": 0}, r"`depth` must be a positive integer. Received: depth=0"),
        ({"units": 2, "depth": 1.5}, r"`depth` must be a positive integer. Received: depth=1.5"),
        ({"units": 2, "dropout": 1}, r"`dropout` must be in \[0, 1\). Received: dropout=1"),
        ({"units": 2, "weight_dropout": -0.1}, r"`weight_dropout` must be in \[0, 1\)"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        RecurrentEncoder(**arguments)
