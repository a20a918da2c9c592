"""The packed recurrence against a plain loop over padded rows; its gradients too."""

import gc
import itertools
import weakref

import numpy as np
import numpy_cells as oracle
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from hanlib.layers import RecurrentEncoder
from hanlib.ops import gates
from hanlib.ops.packing import pack, permute
from hanlib.ops.recurrence import CellSpec, _graph, packed_recurrence
from hanlib.ops.softmax import segment_weighted_sum
from hanlib.ops.unitwise import acts_on_each_unit

pytestmark = pytest.mark.usefixtures("optimized_graphs")

UNITS = 3

# name -> the spec, the oracle, the gates of the projected input, the gates of each product.
# The cell with an output gate runs the recurrence of "gru_cho": see tests/test_cells.py.
CELLS = {
    "gru": (
        CellSpec(gates.gru_reset_after, UNITS, 3, (3,), bias=True),
        oracle.gru_reset_after,
        "zrh",
        ["zrh"],
    ),
    "gru_cho": (
        CellSpec(gates.gru_reset_before, UNITS, 3, (2, 1)),
        oracle.gru_reset_before,
        "zrh",
        ["zr", "h"],
    ),
    # The last part of the projected input is the candidate's bias, the same at each word.
    "two_state": (
        CellSpec(gates.two_state, UNITS, 4, (2, 1), states=2),
        oracle.two_state,
        "zucB",
        ["zu", "c"],
    ),
    "mgu": (CellSpec(gates.mgu, UNITS, 2, (1, 1)), oracle.mgu, "fh", ["f", "h"]),
    "min_gru": (CellSpec(gates.min_gru, UNITS, 2, ()), oracle.min_gru, "zh", []),
    "elman": (CellSpec(gates.elman, UNITS, 1, (1,)), oracle.elman, "h", ["h"]),
    "lstm": (CellSpec(gates.lstm, UNITS, 4, (4,), states=2), oracle.lstm, "ifco", ["ifco"]),
}
# What the rows of a batch may look like: their lengths.
SHAPES = {
    "unequal": [3, 1, 4, 2],
    "equal": [3, 3, 3],
    "length_one": [1, 1, 1],
    "one_row": [5],
    "one_word": [1],
    "one_long_row": [2, 17, 1],
    "a_thousand_of_one_word": [1] * 1000,
    "empty_among_others": [0, 2, 0, 0, 3, 1, 0],
    "one_empty_row": [0],
    "no_words": [0, 0, 0],
    "no_rows": [],
}
every_cell = pytest.mark.parametrize("name", CELLS)
both_ways = pytest.mark.parametrize("reverse", [False, True], ids=["forward", "backward"])


def parameters(name, rng, dtype):
    """Recurrent kernels and biases."""
    spec = CELLS[name][0]
    kernels = [rng.normal(size=[UNITS, blocks * UNITS]) for blocks in spec.blocks]
    biases = [rng.normal(size=[blocks * UNITS]) for blocks in spec.blocks if spec.bias]
    return [[tf.constant(w, dtype) for w in weights] for weights in (kernels, biases)]


def plain(name, projected, lengths, kernels, biases, reverse):
    """The oracle, step by step over rows padded to the longest; `[words, units]`, row-major."""
    _, step, letters, products = CELLS[name]
    recurrent, second = {}, {}
    for k, product in enumerate(products):
        recurrent |= oracle.by_gate(kernels[k], product, UNITS)
        second |= oracle.by_gate(biases[k] if biases else None, product, UNITS)
    # The input comes projected: the oracle's kernel picks a gate's block out of it.
    width = len(letters) * UNITS
    eye = oracle.by_gate(tf.eye(width, dtype=projected.dtype), letters, UNITS)
    zero = dict.fromkeys(letters, tf.zeros([], projected.dtype))
    padded = tf.RaggedTensor.from_row_lengths(projected, lengths).to_tensor()
    states = (tf.zeros([len(lengths), UNITS], projected.dtype),) * CELLS[name][0].states
    steps = range(padded.shape[1])
    outputs = {}
    for t in reversed(steps) if reverse else steps:
        x = padded[:, t]
        bias = zero | {"c": x @ eye["B"]} if "B" in letters else zero
        output, after = step(x, states, eye, recurrent, bias, second)
        real = tf.constant([[t < length] for length in lengths])
        states = tuple(tf.where(real, new, old) for new, old in zip(after, states, strict=True))
        outputs[t] = output
    if not outputs:
        return tf.zeros([0, UNITS], projected.dtype)
    outputs = tf.stack([outputs[t] for t in steps], axis=1)  # [rows, steps, units]
    return tf.boolean_mask(outputs, tf.sequence_mask(lengths))


def in_blocks(spec, matrices):
    """Matrices or vectors of several blocks as one tensor a block."""
    return [tf.split(m, n, axis=-1) for m, n in zip(matrices, spec.blocks, strict=bool(matrices))]


def packed(name, projected, lengths, kernels, biases, reverse):
    """The same through the packed recurrence."""
    spec = CELLS[name][0]
    packing = pack(tf.constant(lengths, tf.int32))
    order = packing.backward if reverse else packing.forward
    parts = tf.split(projected, spec.parts, axis=-1)
    kernels, biases = in_blocks(spec, kernels), in_blocks(spec, biases)
    states = packed_recurrence(spec, parts, order, packing.batch_sizes, kernels, biases)
    return permute(states, tf.math.invert_permutation(order), order)


def with_gradients(run, name, projected, lengths, kernels, biases, reverse, weights):
    """The output, and the gradients of a weighted sum of it, by every input."""
    inputs = [projected, *kernels, *biases]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = run(name, projected, lengths, kernels, biases, reverse)
        total = tf.reduce_sum(output * weights)
    gradients = tape.gradient(total, inputs, unconnected_gradients="zero")
    return output, [tf.convert_to_tensor(gradient) for gradient in gradients]


@both_ways
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "name",
    # With one and several states, and every form of a product, by default.
    [
        pytest.param(n, marks=pytest.mark.long if n in ("mgu", "min_gru", "elman") else ())
        for n in CELLS
    ],
)
def test_outputs_and_gradients_equal_those_of_a_plain_loop(name, shape, reverse, rng):
    lengths = SHAPES[shape]
    words = sum(lengths)
    numbers = rng.normal(size=[words, len(CELLS[name][2]) * UNITS])
    projected = tf.constant(numbers, tf.float64)
    kernels, biases = parameters(name, rng, "float64")
    weights = tf.constant(rng.normal(size=[words, UNITS]))
    given = (name, projected, lengths, kernels, biases, reverse, weights)
    output, gradients = with_gradients(packed, *given)
    expected, expected_gradients = with_gradients(plain, *given)
    assert output.shape == (words, UNITS)
    np.testing.assert_allclose(output, expected, rtol=0, atol=1e-10)
    assert len(gradients) == 1 + len(kernels) + len(biases)
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        assert gradient.shape == wanted.shape
        np.testing.assert_allclose(gradient, wanted, rtol=0, atol=1e-10)


@both_ways
@every_cell
def test_float32_equals_the_plain_loop_in_float64(name, reverse, rng):
    for lengths in SHAPES.values():
        projected = rng.normal(size=[sum(lengths), len(CELLS[name][2]) * UNITS])
        kernels, biases = parameters(name, rng, "float64")
        expected = plain(name, tf.constant(projected), lengths, kernels, biases, reverse)
        kernels, biases = ([tf.cast(w, "float32") for w in part] for part in (kernels, biases))
        output = packed(name, tf.constant(projected, "float32"), lengths, kernels, biases, reverse)
        assert output.dtype == tf.float32
        np.testing.assert_allclose(output, expected, rtol=0, atol=1e-5)


@both_ways
@every_cell
def test_gradients_equal_finite_differences(name, reverse, rng):
    lengths = [2, 0, 3, 1]
    projected = tf.constant(rng.normal(size=[6, len(CELLS[name][2]) * UNITS]))
    kernels, biases = parameters(name, rng, "float64")
    weights = rng.normal(size=[6, UNITS])
    inputs = [projected, *kernels, *biases]
    _, gradients = with_gradients(
        packed, name, projected, lengths, kernels, biases, reverse, weights
    )

    def loss(changed):
        parts = changed[0], lengths, changed[1 : 1 + len(kernels)], changed[1 + len(kernels) :]
        return float(np.sum(packed(name, *parts, reverse) * weights))

    step = 1e-6
    for index, gradient in enumerate(gradients):
        # Along one random direction through all entries of an input.
        direction = rng.normal(size=gradient.shape)
        ends = []
        for sign in (1, -1):
            changed = list(inputs)
            changed[index] = inputs[index] + sign * step * direction
            ends.append(loss(changed))
        difference = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(np.sum(gradient * direction), difference, rtol=1e-6, atol=1e-7)


def test_one_trace_serves_all_shapes(rng):
    spec = CellSpec(gates.mgu, 5, 2, (1, 1))
    kernels = [[tf.constant(rng.normal(size=[5, 5]))] for _ in range(2)]
    for lengths in SHAPES.values():
        packing = pack(tf.constant(lengths, tf.int32))
        parts = [tf.constant(rng.normal(size=[sum(lengths), 5])) for _ in range(2)]
        with tf.GradientTape() as tape:
            tape.watch(parts)
            states = packed_recurrence(spec, parts, packing.forward, packing.batch_sizes, kernels)
        for gradient in tape.gradient(states, parts):
            assert gradient.shape == (sum(lengths), 5)
    assert _graph(spec, tf.float64, ()).experimental_get_tracing_count() == 1


def test_a_graph_that_is_not_used_any_more_is_freed(rng):
    """TensorFlow never frees the graph in which a custom gradient is traced."""
    spec, kernels = CellSpec(gates.elman, 5, 1, (1,)), [[tf.eye(5, dtype=tf.float64)]]

    def gradient(parts, lengths):
        with tf.GradientTape() as tape:
            tape.watch(parts)
            packing = pack(lengths)
            order = packing.forward
            states = packed_recurrence(spec, [parts], order, packing.batch_sizes, kernels)
            states = permute(states, tf.math.invert_permutation(order), order)
            rows = tf.repeat(tf.range(tf.size(lengths)), lengths)
            vectors = segment_weighted_sum(states[:, 0], states, rows, tf.size(lengths))
        return tape.gradient(vectors, parts)

    words, rows = tf.TensorSpec([None, 5], tf.float64), tf.TensorSpec([None], tf.int32)
    function = tf.function(gradient, input_signature=[words, rows], autograph=False)
    assert function(rng.normal(size=[3, 5]), [2, 1]).shape == (3, 5)
    graph = weakref.ref(function.get_concrete_function().graph)
    del function, gradient
    gc.collect()
    assert graph() is None


def test_the_loop_computes_one_line_per_real_word():
    lines = []

    def counting(x, states, product):
        tf.py_function(lambda count: lines.append(int(count)), [tf.shape(x[0])[0]], [])
        return gates.elman(x, states, product)

    spec = CellSpec(counting, 2, 1, (1,))
    assert acts_on_each_unit(spec, tf.float32, ())
    for lengths in SHAPES.values():
        packing = pack(tf.constant(lengths, tf.int32))
        lines.clear()
        parts = [tf.ones([sum(lengths), 2])]
        packed_recurrence(spec, parts, packing.forward, packing.batch_sizes, [[tf.eye(2)]])
        assert sum(lines) == sum(lengths)
        assert len(lines) == max(lengths, default=0)


def test_an_encoder_projects_no_padding(monkeypatch):
    encoder = RecurrentEncoder("gru", units=2, depth=2)
    mask = tf.sequence_mask([3, 0, 1], 10)
    projected = []
    for cell in encoder.cells:

        def project(values, original=cell.project):
            projected.append(tuple(values.shape))
            return original(values)

        monkeypatch.setattr(cell, "project", project)
    encoder(tf.ones([3, 10, 6]), mask=mask)
    assert projected == [(4, 6), (4, 6), (4, 4), (4, 4)]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 6), max_size=12), st.sampled_from(["int32", "int64"]))
def test_packing_is_a_permutation_by_steps(lengths, dtype):
    packing = pack(tf.constant(lengths, dtype))
    assert [part.dtype for part in packing] == [tf.int32] * 3
    sizes, forward, backward = (part.numpy() for part in packing)
    # Never rising, one size per step of the longest row.
    assert sizes.tolist() == [
        sum(length > t for length in lengths) for t in range(max(lengths, default=0))
    ]
    # Exactly one line per word.
    assert sorted(forward.tolist()) == sorted(backward.tolist()) == list(range(sum(lengths)))
    row_of = np.repeat(np.arange(len(lengths)), lengths)
    index_in_row = np.concatenate([np.arange(n) for n in lengths] or [[]]).astype(int)
    steps = np.repeat(np.arange(len(sizes)), sizes)
    np.testing.assert_array_equal(index_in_row[forward], steps)
    # Backward the same rows, each from its last word.
    np.testing.assert_array_equal(row_of[backward], row_of[forward])
    from_the_end = np.array(lengths, int)[row_of] - 1 - index_in_row
    np.testing.assert_array_equal(from_the_end[backward], steps)
    # Within a step the first rows of the step before.
    rows = np.split(row_of[forward], np.cumsum(sizes)[:-1]) if lengths else []
    for before, after in itertools.pairwise(rows):
        np.testing.assert_array_equal(after, before[: len(after)])


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_no_state_goes_from_one_row_to_the_next(name, rng):
    encoder = RecurrentEncoder(name, units=2)
    first = tf.constant(rng.normal(size=[3, 4]), tf.float32)
    for other in (first, 100 * first, -first[:1]):
        words = tf.concat([first, other, first], axis=0)
        states = encoder(tf.RaggedTensor.from_row_lengths(words, [3, len(other), 3]))
        alone = encoder(first[None])
        for row in (0, 2):
            np.testing.assert_allclose(states[row], alone[0], rtol=0, atol=1e-6)


def test_the_cells_of_this_file_are_all_there_are():
    steps = {cell[0].step for cell in CELLS.values()}
    public = {
        f
        for name, f in vars(gates).items()
        if getattr(f, "__module__", "") == gates.__name__ and name[0] != "_"
    }
    assert steps | {gates.output_gate} == public
