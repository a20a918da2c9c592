"""The packed recurrence: a gated cell over packed rows, with a gradient that recomputes.

The loop does only the recurrent products and the gates, on the prefix of rows that still run.
Its gradient is a loop of the same shape: each step is computed again from its input and its
previous states, and the gradients of the recurrent kernels are left to one large product over
all words at the end. Nothing is computed for padding, because there is none.
"""

import functools
from typing import NamedTuple

import tensorflow as tf


class Equation(NamedTuple):
    """What the recurrence must know of a cell.

    Attributes:
        step: one of the equations of `hanlib.ops.gates`.
        units: the width of a state and of the output.
        parts: blocks of `units` in the projected input.
        blocks: for each recurrent product, the blocks of `units` that it gives.
        states: the number of states.
        bias: whether the recurrent products have a bias.
    """

    step: callable
    units: int
    parts: int
    blocks: tuple
    states: int = 1
    bias: bool = False


def affine(kernels, biases):
    """`product(k, operand)` = `operand @ kernels[k] + biases[k]`, or without the bias."""

    def product(k, operand):
        value = tf.matmul(operand, kernels[k])
        return value + biases[k] if biases else value

    return product


def packed_recurrence(equation, projected, sizes, kernels, biases=(), reverse=False):
    """Run a cell over packed rows, each from zero states.

    Args:
        equation: an `Equation`.
        projected: `<float>[words, parts * units]`, the projected input of each word, packed.
        sizes: `<int32>[steps]`, rows that run at each step (`Packing.sizes`).
        kernels: one `<float>[units, blocks * units]` for each recurrent product.
        biases: one `<float>[blocks * units]` for each recurrent product, or nothing.
        reverse: run from each row's last word to its first.

    Returns:
        `<float>[words, units]`, the output at each word, packed.
    """
    forward, backward = _compiled(equation, projected.dtype, reverse)
    count = len(kernels)

    @tf.custom_gradient
    def run(projected, *parameters):
        kernels, biases = list(parameters[:count]), list(parameters[count:])
        output, states = forward(projected, sizes, kernels, biases)

        def gradient(d_output):
            d_projected, d_kernels, d_biases = backward(
                projected, sizes, kernels, biases, states, d_output
            )
            return d_projected, *d_kernels, *d_biases

        return output, gradient

    return run(projected, *kernels, *biases)


@functools.cache
def _compiled(equation, dtype, reverse):
    """The two loops of an equation as graph functions: one trace each, for all shapes."""
    units = equation.units

    def matrix(parts, rows=None):
        return tf.TensorSpec([rows, parts * units], dtype)

    kernels = [matrix(blocks, units) for blocks in equation.blocks]
    biases = [tf.TensorSpec([blocks * units], dtype) for blocks in equation.blocks if equation.bias]
    sizes = tf.TensorSpec([None], tf.int32)
    given = [matrix(equation.parts), sizes, kernels, biases]
    states = [matrix(1)] * equation.states
    forward = functools.partial(_forward, equation, reverse)
    backward = functools.partial(_backward, equation, reverse)
    return (
        tf.function(forward, input_signature=given, autograph=False),
        tf.function(backward, input_signature=[*given, states, matrix(1)], autograph=False),
    )


def _forward(equation, reverse, projected, sizes, kernels, biases):
    product = affine(kernels, biases)
    rows = _Rows(sizes, reverse)
    zeros = tf.zeros([0, equation.units], projected.dtype)

    def turn(i, states, outputs, saved):
        t = rows.step(i)
        states = [resize(state, sizes[t]) for state in states]
        output, states = equation.step(rows.of(t, projected), states, product)
        return i + 1, states, outputs.write(t, output), _write(saved, t, states)

    outputs = _array(projected.dtype, equation.units, rows.steps)
    saved = [_array(projected.dtype, equation.units, rows.steps) for _ in range(equation.states)]
    _, _, outputs, saved = _loop(rows.steps, turn, ([zeros] * equation.states, outputs, saved))
    return outputs.concat(), [array.concat() for array in saved]


def _backward(equation, reverse, projected, sizes, kernels, biases, saved, d_output):
    rows = _Rows(sizes, reverse)
    widths = [blocks * equation.units for blocks in equation.blocks]

    def turn(i, d_states, d_inputs, operands, d_products):
        t = rows.step(rows.steps - 1 - i)
        x, before = rows.of(t, projected), rows.before(t, saved)
        recorder = _Recorder(affine(kernels, biases))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([x, *before])
            output, after = equation.step(x, before, recorder)
        d_after = [resize(d_state, sizes[t]) for d_state in d_states]
        d_x, d_before, d_made = tape.gradient(
            [output, *after],
            [x, before, recorder.products],
            [rows.of(t, d_output), *d_after],
            unconnected_gradients="zero",
        )
        return (
            i + 1,
            d_before,
            d_inputs.write(t, d_x),
            _write(operands, t, recorder.operands),
            _write(d_products, t, d_made),
        )

    dtype = projected.dtype
    zeros = [tf.zeros([0, equation.units], dtype)] * equation.states
    d_inputs = _array(dtype, projected.shape[-1], rows.steps)
    operands = [_array(dtype, equation.units, rows.steps) for _ in widths]
    d_products = [_array(dtype, width, rows.steps) for width in widths]
    _, _, d_inputs, operands, d_products = _loop(
        rows.steps, turn, (zeros, d_inputs, operands, d_products)
    )
    d_products = [array.concat() for array in d_products]
    d_kernels = [
        tf.matmul(operand.concat(), d_product, transpose_a=True)
        for operand, d_product in zip(operands, d_products, strict=True)
    ]
    d_biases = [tf.reduce_sum(d_product, axis=0) for d_product in d_products if biases]
    return d_inputs.concat(), d_kernels, d_biases


class _Recorder:
    """A `product` that keeps its operands and results, for the kernels' gradient."""

    def __init__(self, product):
        self.product = product
        self.operands = []
        self.products = []

    def __call__(self, k, operand):
        self.operands.append(operand)
        self.products.append(self.product(k, operand))
        return self.products[-1]


class _Rows:
    """Where the lines of each step lie, and which states a step starts from."""

    def __init__(self, sizes, reverse):
        self.sizes = sizes
        self.starts = tf.cumsum(sizes, exclusive=True)
        self.steps = tf.size(sizes)
        self.reverse = reverse

    def step(self, i):
        """The step that the loop takes in turn `i`."""
        return self.steps - 1 - i if self.reverse else i

    def of(self, t, packed):
        """The lines of step `t`."""
        return packed[self.starts[t] : self.starts[t] + self.sizes[t]]

    def before(self, t, saved):
        """The states that step `t` starts from: those of the step before it, or zeros."""
        if self.reverse:
            last = tf.minimum(t + 1, self.steps - 1)
            rows = tf.where(t < last, self.sizes[last], 0)
            start = self.starts[last]
        else:
            rows = tf.where(t > 0, self.sizes[t], 0)
            start = self.starts[tf.maximum(t - 1, 0)]
        return [resize(states[start : start + rows], self.sizes[t]) for states in saved]


def resize(states, rows):
    """The first `rows` lines of `states`; lines that it lacks are zeros."""
    states = states[:rows]
    return tf.pad(states, [[0, rows - tf.shape(states)[0]], [0, 0]])


def _array(dtype, width, steps):
    return tf.TensorArray(dtype, steps, element_shape=[None, width], infer_shape=False)


def _write(arrays, t, values):
    return [array.write(t, value) for array, value in zip(arrays, values, strict=True)]


def _loop(steps, turn, start):
    """Take `steps` turns; the number of rows of a state may change from turn to turn."""

    def invariant(value):
        return tf.TensorShape([None, value.shape[-1]]) if tf.is_tensor(value) else None

    shapes = tf.nest.map_structure(invariant, start)
    return tf.while_loop(
        lambda i, *_: i < steps,
        turn,
        (tf.constant(0), *start),
        shape_invariants=(tf.TensorShape([]), *shapes),
    )
