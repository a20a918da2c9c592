"""The loop over packed rows, for any step function, with an automatic gradient."""

import tensorflow as tf


def packed_loop(step, read, batch_sizes, states, widths):
    """Runs a step function over packed rows, on the rows that still run at each step.

    Args:
        step: Function `step(inputs, states) -> (outputs, states)`. States and outputs are lists of
            `<float>[rows, width]`.
        read: Function `read(t)` that returns the inputs of step t.
        batch_sizes: `<int32>[steps]`, the number of rows at each step (`Packing.batch_sizes`).
        states: The initial states, `<float>[rows at the first step, width]` each.
        widths: The width of each output.

    Returns:
        The concatenated outputs of all steps, `<float>[words, width]` each, in the dtype of the
        first state.
    """
    steps, dtype = tf.size(batch_sizes), states[0].dtype
    shapes = tf.stack([batch_sizes, tf.fill([steps], -1)], axis=1)

    def body(t, states, outputs):
        states = [
            tf.ensure_shape(tf.slice(state, [0, 0], shapes[t]), [None, state.shape[-1]])
            for state in states
        ]
        values, states = step(read(t), states)
        return t + 1, list(states), write(outputs, t, values)

    outputs = [array_of_steps(dtype, width, steps) for width in widths]
    _, _, outputs = while_loop(steps, body, states, outputs)
    return [array.concat() for array in outputs]


def split_by_step(packed, batch_sizes):
    """`<any>[words, ...]` as a `tf.TensorArray` with the rows of each step."""
    # An empty element follows the last step, since eager mode cannot split or join zero elements.
    sizes = tf.concat([batch_sizes, [0]], axis=0)
    shape = [None, *packed.shape[1:]]
    array = tf.TensorArray(packed.dtype, tf.size(sizes), element_shape=shape, infer_shape=False)
    return array.split(packed, sizes)


def array_of_steps(dtype, width, steps):
    """A `tf.TensorArray` for one `[rows, width]` per step, and an empty element after them."""
    array = tf.TensorArray(dtype, steps + 1, element_shape=[None, width], infer_shape=False)
    return array.write(steps, tf.zeros([0, width], dtype))


def rows_at_first(batch_sizes):
    """The number of rows that run at the first step, or zero if there are no steps."""
    return tf.reduce_sum(batch_sizes[:1])


def write(arrays, t, values):
    """Writes a value into each array at index t."""
    return [array.write(t, value) for array, value in zip(arrays, values, strict=True)]


def while_loop(steps, body, states, arrays):
    """Runs `body(i, states, arrays)` for each step; the number of rows of a state may change."""
    shapes = (
        tf.TensorShape([]),
        [tf.TensorShape([None, state.shape[-1]]) for state in states],
        [tf.TensorShape(None) for _ in arrays],
    )
    start = (tf.constant(0), states, arrays)
    return tf.while_loop(lambda i, *_: i < steps, body, start, shape_invariants=shapes)
