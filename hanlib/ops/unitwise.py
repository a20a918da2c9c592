"""Tests whether a cell acts on each unit separately, as the fast backward pass requires."""

import functools
import inspect

import tensorflow as tf

# Enough rows to detect a cell that mixes units only for some values, such as a maximum.
ROWS = 64


def acts_on_each_unit(spec, dtype, shapes):
    """Whether the derivatives of a step are one factor per unit.

    The equation is run twice on random numbers; the second time, the numbers of one unit of each
    row differ. No other unit of any result may change. The equation must compute each product once
    and in order, and take its weights as arguments. A method always returns False: it can read
    weights of its object whose current values, such as zeros, hide that it mixes units.

    Args:
        spec: A `hanlib.ops.recurrence.CellSpec`.
        dtype: The dtype of the states.
        shapes: A tuple of the shapes of the additional weights.

    Returns:
        A bool. False if this cannot be determined.

    >>> from hanlib.ops import gates
    >>> from hanlib.ops.recurrence import CellSpec
    >>> acts_on_each_unit(CellSpec(gates.elman, 3, 1, (1,)), tf.float32, ())
    True
    >>> mixing = lambda x, states, product: (tf.nn.softmax(x[0] + product(0, states[0])[0]),)
    >>> acts_on_each_unit(CellSpec(mixing, 3, 1, (1,)), tf.float32, ())
    False
    """
    return not inspect.ismethod(spec.step) and _examine(spec, dtype, shapes)


@functools.cache
def _examine(spec, dtype, shapes):
    draw = _draws(dtype)
    with tf.init_scope():
        rows = max(ROWS, spec.units)
        touched = tf.cast(tf.one_hot(tf.range(rows) % spec.units, spec.units), tf.bool)
        sources = [
            [draw([rows, spec.units]) for _ in range(count)]
            for count in (spec.parts, spec.states, *spec.blocks)
        ]
        changed = tf.nest.map_structure(lambda s: tf.where(touched, draw(s.shape), s), sources)
        weights = [draw(shape) for shape in shapes]
        # The graph of the equation lists the variables that it reads.
        graph = tf.function(lambda: _results(spec, sources, weights)[0], autograph=False)
        if graph.get_concrete_function().graph.variables:
            return False
        first, order = _results(spec, sources, weights)
        second, _ = _results(spec, changed, weights)
        same = [touched | (one == two) for one, two in zip(first, second, strict=True)]
        return order == list(range(len(spec.blocks))) and bool(tf.reduce_all(tf.stack(same)))


def _results(spec, sources, weights):
    """The new states and the operands of the products, and the order of the products."""
    parts, states, *blocks = sources
    order, operands = [], []

    def product(k, operand):
        order.append(k)
        operands.append(operand)
        return list(blocks[k])

    states = spec.step(list(parts), tuple(states), product, *weights)
    return [*states, *operands], order


def _draws(dtype):
    """A function that draws random numbers of a shape, independent of the global seed."""
    seeds = iter(range(1 << 30))

    def draw(shape):
        return tf.cast(2 * tf.random.stateless_normal(shape, [next(seeds), 0]), dtype)

    return draw
