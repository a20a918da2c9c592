"""The packed recurrence: a gated cell over packed rows, and its gradient.

The loop computes only the recurrent products and the gates, on the rows that have not ended.
Nothing is computed for padding, because there is none.

In the backward pass all states are known, so nearly everything is computed for all words at once:
the recurrent products, the gates, and the derivatives of the results of each step. Apart from its
products, a cell usually acts on each unit separately, so these derivatives are one factor per unit.
The remaining backward loop is linear: it multiplies the gradients of the states by these factors
and by the transposed recurrent kernel.

A cell that mixes its units, for instance by layer normalization, gets the automatic gradient of the
forward loop. `hanlib.ops.unitwise` decides which of the two applies.
"""

import functools
from typing import NamedTuple

import tensorflow as tf

from hanlib.ops.packed_loop import (
    array_of_steps,
    packed_loop,
    rows_at_first,
    split_by_step,
    while_loop,
    write,
)
from hanlib.ops.unitwise import acts_on_each_unit


class CellSpec(NamedTuple):
    """The description of a cell for the recurrence.

    Attributes:
        step: The equation, a function such as those of `hanlib.ops.gates`.
        units: The width of a state.
        parts: The number of projected inputs.
        blocks: For each recurrent product, the number of blocks of `units` that it returns.
        states: The number of states.
        bias: Whether the recurrent products have a bias.
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


def packed_recurrence(spec, parts, gather_indices, batch_sizes, kernels, biases=(), weights=()):
    """Runs a cell over packed rows, with zeros as initial states.

    Args:
        spec: A `CellSpec`.
        parts: The projected inputs, `<float>[distinct, units]` each.
        gather_indices: `<int32>[words]`, the row of the parts that each packed word uses.
        batch_sizes: `<int32>[steps]`, the rows that run at each step (`Packing.batch_sizes`).
        kernels: For each recurrent product, for each of its blocks, `<float>[units, units]`.
        biases: For each recurrent product, for each of its blocks, `<float>[units]`; may be empty.
        weights: The additional weights that the equation takes after `product`, of any shape.

    Returns:
        `<float>[words, units]`, the first state at each word, packed.
    """
    given = [list(parts), list(kernels), list(biases), list(weights)]
    shapes = tuple(tuple(weight.shape) for weight in weights)
    if not acts_on_each_unit(spec, parts[0].dtype, shapes):
        return _with_automatic_gradient(spec, *given, gather_indices, batch_sizes)
    return _graph(spec, parts[0].dtype, shapes)(*given, gather_indices, batch_sizes)


def _with_automatic_gradient(spec, parts, kernels, biases, weights, gather_indices, batch_sizes):
    """The recurrence of a cell of any kind."""
    inputs = [split_by_step(tf.gather(part, gather_indices), batch_sizes) for part in parts]
    product = affine(kernels, biases)

    def step(x, states):
        states = spec.step(x, tuple(states), product, *weights)
        return states[:1], states

    zeros = tf.zeros([rows_at_first(batch_sizes), spec.units], parts[0].dtype)
    states = [zeros] * spec.states
    (output,) = packed_loop(
        step, lambda t: [array.read(t) for array in inputs], batch_sizes, states, [spec.units]
    )
    return output


@functools.cache
def _graph(spec, dtype, shapes):
    """The recurrence of a cell as a graph function, traced once for any number of rows.

    All models of a process share it: TensorFlow never frees the graph that a custom gradient is
    traced in.
    """
    units = spec.units
    words = tf.TensorSpec([None, units], dtype)
    kernels = [[tf.TensorSpec([units, units], dtype)] * blocks for blocks in spec.blocks]
    biases = [[tf.TensorSpec([units], dtype)] * blocks for blocks in spec.blocks]
    integers = tf.TensorSpec([None], tf.int32)
    biases = biases if spec.bias else []
    weights = [tf.TensorSpec(shape, dtype) for shape in shapes]

    def run(*arguments):
        *given, gather_indices, batch_sizes = arguments

        @tf.custom_gradient
        def first_states(*flat):
            packed = *tf.nest.pack_sequence_as(given, flat), gather_indices, batch_sizes
            states = _forward(spec, *packed)

            def gradient(d_output):
                return tf.nest.flatten(_backward(spec, *packed, states, d_output))

            return states[0], gradient

        return first_states(*tf.nest.flatten(given))

    signature = [[words] * spec.parts, kernels, biases, weights, integers, integers]
    return tf.function(run, input_signature=signature, autograph=False)


def _forward(spec, parts, kernels, biases, weights, gather_indices, batch_sizes):
    product = affine(kernels, biases)
    indices = split_by_step(gather_indices, batch_sizes)

    def read(t):
        # Gathered for each step, to avoid a packed copy of all inputs.
        index = indices.read(t)
        return [tf.gather(part, index) for part in parts]

    def step(x, states):
        states = list(spec.step(x, tuple(states), product, *weights))
        return states, states

    zeros = tf.zeros([rows_at_first(batch_sizes), spec.units], parts[0].dtype)
    return packed_loop(step, read, batch_sizes, [zeros] * spec.states, [spec.units] * spec.states)


def _backward(spec, parts, kernels, biases, weights, gather_indices, batch_sizes, saved, d_output):
    inputs = [tf.gather(part, gather_indices) for part in parts]
    before = [_before(states, batch_sizes) for states in saved]
    factors = _Factors(spec, inputs, affine(kernels, biases), weights, before)
    adjoints = _adjoints(spec, factors, kernels, batch_sizes, d_output)
    distinct = tf.shape(parts[0])[0]
    d_parts = [
        tf.math.unsorted_segment_sum(factors.total(adjoints, part), gather_indices, distinct)
        for part in range(spec.parts)
    ]
    d_blocks = [
        [factors.total(adjoints, (k, block)) for block in range(blocks)]
        for k, blocks in enumerate(spec.blocks)
    ]
    d_kernels = [
        [tf.matmul(operand, d_block, transpose_a=True) for d_block in of_product]
        for operand, of_product in zip(factors.operands, d_blocks, strict=True)
    ]
    d_biases = tf.nest.map_structure(lambda d: tf.reduce_sum(d, axis=0), d_blocks)
    return d_parts, d_kernels, d_biases if biases else [], factors.of_weights(adjoints)


class _Factors:
    """The derivatives of the results of a step, for all words at once.

    Results are the new states, by their number, and the operands of the products, `("operand", k)`.
    Sources are the parts of the input, by their number, the blocks of the products, `(k, block)`,
    and the previous states, `("state", i)`.
    """

    def __init__(self, spec, inputs, product, weights, before):
        self.operands, blocks, self.weights = [], [], weights
        self.tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
        with self.tape as tape:
            tape.watch([inputs, before, weights])

            def cut(k, operand):
                # The result of a product is a separate source: the gradient stops there.
                with tape.stop_recording():
                    blocks.append([tf.identity(block) for block in product(k, operand)])
                tape.watch(blocks[-1])
                self.operands.append(operand)
                return blocks[-1]

            states = spec.step(inputs, tuple(before), cut, *weights)
        names = {id(state): ("state", i) for i, state in enumerate(before)}
        # A product of the previous state itself needs no factor.
        self.plain = {k: names.get(id(operand)) for k, operand in enumerate(self.operands)}
        self.results = dict(enumerate(states))
        self.results |= {
            ("operand", k): o for k, o in enumerate(self.operands) if not self.plain[k]
        }
        sources = dict(enumerate(inputs))
        sources |= {(k, b): block for k, of in enumerate(blocks) for b, block in enumerate(of)}
        sources |= {("state", i): state for i, state in enumerate(before)}
        self.zeros = tf.zeros_like(inputs[0])
        self.of = {source: {} for source in sources}
        for name, result in self.results.items():
            found = tape.gradient(result, list(sources.values()))
            for source, factor in zip(sources, found, strict=True):
                if factor is not None:
                    self.of[source][name] = factor

    def total(self, adjoints, source):
        """The gradient at a source: the sum over the results of adjoint ⊙ factor."""
        return _sum([adjoints[n] * f for n, f in self.of[source].items()], self.zeros)

    def of_weights(self, adjoints):
        """The gradients of the additional weights."""
        if not self.weights:
            return []
        return self.tape.gradient(
            list(self.results.values()),
            self.weights,
            [adjoints[name] for name in self.results],
            unconnected_gradients="zero",
        )


def _adjoints(spec, factors, kernels, batch_sizes, d_output):
    """The gradients at the results of each step, `<float>[words, units]`, by their names."""
    steps, units, dtype = tf.size(batch_sizes), spec.units, d_output.dtype
    d_outputs = split_by_step(d_output, batch_sizes)
    by_step = {
        (source, name): split_by_step(factor, batch_sizes)
        for source, by_result in factors.of.items()
        if isinstance(source, tuple)
        for name, factor in by_result.items()
    }

    def body(i, carried, saved):
        t = steps - 1 - i
        d_now = d_outputs.read(t)
        rows = tf.shape(d_now)[0]
        adjoints = {state: _pad(d_state, rows) for state, d_state in enumerate(carried)}
        adjoints[0] += d_now
        d_before = {("state", state): [] for state in range(spec.states)}

        def terms(source):
            return [
                adjoint * by_step[source, name].read(t)
                for name, adjoint in adjoints.items()
                if (source, name) in by_step
            ]

        for k in reversed(range(len(kernels))):
            products = [
                tf.matmul(_sum(terms((k, block)), d_now), kernel, transpose_b=True)
                for block, kernel in enumerate(kernels[k])
            ]
            if factors.plain[k]:
                d_before[factors.plain[k]] += products
            else:
                adjoints["operand", k] = tf.add_n(products)
        carried = [_sum(terms(state) + products, d_now) for state, products in d_before.items()]
        return i + 1, carried, write(saved, t, [adjoints[name] for name in factors.results])

    zeros = [tf.zeros([0, units], dtype)] * spec.states
    saved = [array_of_steps(dtype, units, steps) for _ in factors.results]
    _, _, saved = while_loop(steps, body, zeros, saved)
    return {name: array.concat() for name, array in zip(factors.results, saved, strict=True)}


def _before(states, batch_sizes):
    """The state before each word: that of the previous word of the row, or zeros."""
    first = rows_at_first(batch_sizes)
    index = tf.range(first, tf.shape(states)[0]) - tf.repeat(batch_sizes[:-1], batch_sizes[1:])
    zeros = tf.zeros([first, states.shape[-1]], states.dtype)
    return tf.concat([zeros, tf.gather(states, index)], axis=0)


def _pad(values, rows):
    """`values`, padded with rows of zeros to `rows` rows."""
    return tf.pad(values, [[0, rows - tf.shape(values)[0]], [0, 0]])


def _sum(terms, like):
    """The sum of the terms, or zeros of the shape of `like` if there are none."""
    return tf.add_n(terms) if terms else tf.zeros_like(like)
