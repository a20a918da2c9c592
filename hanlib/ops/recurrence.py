"""The packed recurrence: a gated cell over packed rows, and its gradient.

The loop does only the recurrent products and the gates, on the prefix of rows that still run.
Nothing is computed for padding, because there is none.

Going back, all states are known, so everything but one thing can be done for all words at once:
the recurrent products, the gates, and how each result of a step changes with what went into it.
Between its products a cell acts on each unit by itself, so these derivatives are factors, one a
unit. What is left to the loop that runs backwards is linear: the gradients of the states times
those factors, and one product with the transposed recurrent kernel.
"""

import functools
from typing import NamedTuple

import tensorflow as tf


class CellSpec(NamedTuple):
    """What the recurrence must know of a cell.

    Attributes:
        step: one of the equations of `hanlib.ops.gates`.
        units: the width of a state.
        parts: the number of projected inputs.
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
    """`product(k, operand)` = the blocks `operand @ kernels[k][b] + biases[k][b]`."""

    def product(k, operand):
        blocks = [tf.matmul(operand, kernel) for kernel in kernels[k]]
        if not biases:
            return blocks
        return [block + bias for block, bias in zip(blocks, biases[k], strict=True)]

    return product


def packed_recurrence(equation, parts, lines, sizes, kernels, biases=()):
    """Run a cell over packed rows, each from zero states.

    Args:
        equation: an `CellSpec`.
        parts: the projected inputs, `<float>[distinct, units]` each.
        lines: `<int32>[words]`, the line of the parts that each word uses, packed. They are
            fetched when their step runs, so that no packed copy of the inputs is written.
        sizes: `<int32>[steps]`, rows that run at each step (`Packing.sizes`).
        kernels: for each recurrent product, for each of its blocks, `<float>[units, units]`.
        biases: for each recurrent product, for each of its blocks, `<float>[units]`; or nothing.

    Returns:
        `<float>[words, units]`, the first state at each word, packed.
    """
    if tf.config.functions_run_eagerly() and not tf.size(sizes):
        return parts[0][:0]  # Without a graph, a TensorArray of no steps cannot be split.
    forward, backward = _compiled(equation, parts[0].dtype)
    given = [list(parts), list(kernels), list(biases)]

    @tf.custom_gradient
    def run(*arguments):
        arguments = tf.nest.pack_sequence_as(given, arguments)
        states = forward(*arguments, lines, sizes)

        def gradient(d_output):
            return tf.nest.flatten(backward(*arguments, lines, sizes, states, d_output))

        return states[0], gradient

    return run(*tf.nest.flatten(given))


@functools.cache
def _compiled(equation, dtype):
    """The two loops of an equation as graph functions: one trace each, for all shapes."""
    units = equation.units
    words = tf.TensorSpec([None, units], dtype)
    kernels = [[tf.TensorSpec([units, units], dtype)] * blocks for blocks in equation.blocks]
    biases = [[tf.TensorSpec([units], dtype)] * blocks for blocks in equation.blocks]
    whole = tf.TensorSpec([None], tf.int32)
    biases = biases if equation.bias else []
    given = [[words] * equation.parts, kernels, biases, whole, whole]
    forward = functools.partial(_forward, equation)
    backward = functools.partial(_backward, equation)
    states = [words] * equation.states
    return (
        tf.function(forward, input_signature=given, autograph=False),
        tf.function(backward, input_signature=[*given, states, words], autograph=False),
    )


def _forward(equation, parts, kernels, biases, lines, sizes):
    steps, units, dtype = tf.size(sizes), equation.units, parts[0].dtype
    product = affine(kernels, biases)
    lines = tf.TensorArray(tf.int32, steps, element_shape=[None], infer_shape=False).split(
        lines, sizes
    )
    shapes = tf.stack([sizes, tf.fill([steps], units)], axis=1)

    def turn(t, states, saved):
        states = [tf.ensure_shape(tf.slice(s, [0, 0], shapes[t]), [None, units]) for s in states]
        at = lines.read(t)
        states = list(equation.step([tf.gather(p, at) for p in parts], states, product))
        return t + 1, states, _write(saved, t, states)

    zeros = tf.zeros([_first(sizes), units], dtype)
    saved = [_array(dtype, units, steps) for _ in range(equation.states)]
    _, _, saved = _loop(steps, turn, [zeros] * equation.states, saved)
    return [array.concat() for array in saved]


def _backward(equation, parts, kernels, biases, lines, sizes, saved, d_output):
    inputs = [tf.gather(part, lines) for part in parts]
    before = [_before(states, sizes) for states in saved]
    factors = _Factors(equation, inputs, affine(kernels, biases), before)
    adjoints = _adjoints(equation, factors, kernels, sizes, d_output)
    distinct = tf.shape(parts[0])[0]
    d_parts = [
        tf.math.unsorted_segment_sum(factors.total(adjoints, part), lines, distinct)
        for part in range(equation.parts)
    ]
    d_blocks = [
        [factors.total(adjoints, (k, block)) for block in range(blocks)]
        for k, blocks in enumerate(equation.blocks)
    ]
    d_kernels = [
        [tf.matmul(operand, d_block, transpose_a=True) for d_block in of_product]
        for operand, of_product in zip(factors.operands, d_blocks, strict=True)
    ]
    d_biases = tf.nest.map_structure(lambda d: tf.reduce_sum(d, axis=0), d_blocks)
    return d_parts, d_kernels, d_biases if biases else []


class _Factors:
    """How the results of a step change with what goes into it, for all words at once.

    Results are the new states, by their number, and the operands of the products, `("operand", k)`.
    What goes in are the parts of the input, by their number, the blocks of the products, `(k,
    block)`, and the previous states, `("state", i)`.
    """

    def __init__(self, equation, inputs, product, before):
        self.operands, blocks = [], []
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch([inputs, before])

            def cut(k, operand):
                # Each product's result starts a new stage: the gradient is to stop there.
                with tape.stop_recording():
                    blocks.append([tf.identity(block) for block in product(k, operand)])
                tape.watch(blocks[-1])
                self.operands.append(operand)
                return blocks[-1]

            states = equation.step(inputs, before, cut)
        places = {id(state): ("state", i) for i, state in enumerate(before)}
        # A product of the previous state itself needs no factor.
        self.plain = {k: places.get(id(operand)) for k, operand in enumerate(self.operands)}
        results = dict(enumerate(states))
        results |= {("operand", k): o for k, o in enumerate(self.operands) if not self.plain[k]}
        sources = dict(enumerate(inputs))
        sources |= {(k, b): block for k, of in enumerate(blocks) for b, block in enumerate(of)}
        sources |= {("state", i): state for i, state in enumerate(before)}
        self.results = list(results)
        self.zeros = tf.zeros_like(inputs[0])
        self.of = {source: {} for source in sources}
        for name, result in results.items():
            found = tape.gradient(result, list(sources.values()))
            for source, factor in zip(sources, found, strict=True):
                if factor is not None:
                    self.of[source][name] = factor

    def total(self, adjoints, source):
        """The gradient at a source: the sum over the results of adjoint ⊙ factor."""
        terms = [adjoints[name] * factor for name, factor in self.of[source].items()]
        return tf.add_n(terms or [self.zeros])


def _adjoints(equation, factors, kernels, sizes, d_output):
    """The gradients at the results of each step, `<float>[words, units]`, by their names."""
    steps, units, dtype = tf.size(sizes), equation.units, d_output.dtype
    given = _by_step(d_output, sizes)
    looked_at = {
        (source, name): _by_step(factor, sizes)
        for source, by_result in factors.of.items()
        if isinstance(source, tuple)
        for name, factor in by_result.items()
    }

    def turn(i, carried, saved):
        t = steps - 1 - i
        d_given = given.read(t)
        rows = tf.shape(d_given)[0]
        adjoints = {state: _rows(d_state, rows) for state, d_state in enumerate(carried)}
        adjoints[0] += d_given
        d_before = {("state", state): [] for state in range(equation.states)}

        def terms(source):
            return [
                adjoint * looked_at[source, name].read(t)
                for name, adjoint in adjoints.items()
                if (source, name) in looked_at
            ]

        for k in reversed(range(len(kernels))):
            products = [
                tf.matmul(tf.add_n(terms((k, block))), kernel, transpose_b=True)
                for block, kernel in enumerate(kernels[k])
            ]
            if factors.plain[k]:
                d_before[factors.plain[k]] += products
            else:
                adjoints["operand", k] = tf.add_n(products)
        carried = [tf.add_n(terms(state) + products) for state, products in d_before.items()]
        return i + 1, carried, _write(saved, t, [adjoints[name] for name in factors.results])

    zeros = [tf.zeros([0, units], dtype)] * equation.states
    saved = [_array(dtype, units, steps) for _ in factors.results]
    _, _, saved = _loop(steps, turn, zeros, saved)
    return {name: array.concat() for name, array in zip(factors.results, saved, strict=True)}


def _before(states, sizes):
    """The states that each word's step starts from: those of the row's word before, or zeros."""
    first = _first(sizes)
    lines = tf.range(first, tf.shape(states)[0]) - tf.repeat(sizes[:-1], sizes[1:])
    zeros = tf.zeros([first, states.shape[-1]], states.dtype)
    return tf.concat([zeros, tf.gather(states, lines)], axis=0)


def _first(sizes):
    """Rows that run at the first step."""
    return tf.reduce_sum(sizes[:1])


def _rows(values, rows):
    """`values` with lines of zeros up to `rows` lines."""
    return tf.pad(values, [[0, rows - tf.shape(values)[0]], [0, 0]])


def _array(dtype, units, steps):
    return tf.TensorArray(dtype, steps, element_shape=[None, units], infer_shape=False)


def _by_step(packed, sizes):
    """The lines of each step."""
    return _array(packed.dtype, packed.shape[-1], tf.size(sizes)).split(packed, sizes)


def _write(arrays, t, values):
    return [array.write(t, value) for array, value in zip(arrays, values, strict=True)]


def _loop(steps, turn, states, saved):
    """Take `steps` turns; the number of rows of a state changes from turn to turn."""
    shapes = (
        tf.TensorShape([]),
        [tf.TensorShape([None, state.shape[-1]]) for state in states],
        [tf.TensorShape(None) for _ in saved],
    )
    start = (tf.constant(0), states, saved)
    return tf.while_loop(lambda i, *_: i < steps, turn, start, shape_invariants=shapes)
