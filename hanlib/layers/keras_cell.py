"""Any Keras cell over packed rows: one call per step, with an automatic gradient."""

import inspect

import keras
import tensorflow as tf

from hanlib.ops.packed_loop import packed_loop, rows_at_first, split_by_step


def run_keras_cell(cell, inputs, batch_sizes, training=None):
    """Runs a Keras cell over packed rows, as `keras.layers.RNN` does over dense ones.

    Args:
        cell: A built layer with `call(inputs, states)` and `state_size`.
        inputs: `<float>[words, features]`, packed.
        batch_sizes: `<int32>[steps]`, the rows that run at each step (`Packing.batch_sizes`).
        training: Passed to the cell if its `call` has this argument.

    Returns:
        `<float>[words, output]`, the output at each word, packed, in the dtype of the inputs.
    """
    takes_training = "training" in inspect.signature(cell.call).parameters
    options = {"training": training} if takes_training else {}
    by_step = split_by_step(inputs, batch_sizes)
    initial = _initial_states(cell, rows_at_first(batch_sizes))

    def cast(values):
        return [tf.cast(value, inputs.dtype) for value in keras.tree.flatten(values)]

    def step(x, states):
        output, states = cell(x, keras.tree.pack_sequence_as(initial, states), **options)
        return cast(output), cast(states)

    (outputs,) = packed_loop(step, by_step.read, batch_sizes, cast(initial), [output_size(cell)])
    return outputs


def check_keras_cell(cell):
    """Raises a `ValueError` if a layer cannot run as a cell over packed rows."""
    is_cell = isinstance(cell, keras.layers.Layer) and hasattr(cell, "state_size")
    if not is_cell or isinstance(cell, keras.layers.RNN):
        raise ValueError(
            "`cell` must be the name of a cell or a Keras cell, a layer with "
            f"`call(inputs, states)` and `state_size`. Received: cell={cell!r}"
        )
    parts = cell.cells if isinstance(cell, keras.layers.StackedRNNCells) else [cell]
    for part in parts:
        # The dropout masks of Keras cells have the rows of the first step; later steps have fewer.
        if hasattr(part, "get_dropout_mask") and (part.dropout or part.recurrent_dropout):
            raise ValueError(
                "`cell` must not use dropout; use the `dropout` of the encoder. "
                f"Received: dropout={part.dropout}, recurrent_dropout={part.recurrent_dropout}"
            )


def output_size(cell):
    """The width of the output of a Keras cell, determined as in `keras.layers.RNN`."""
    size = getattr(cell, "output_size", None)
    return keras.tree.flatten(cell.state_size)[0] if size is None else size


def unbuilt(config):
    """A configuration whose nested layers (of stacked cells) are neither built nor shared."""
    if isinstance(config, dict):
        left_out = ("build_config", "shared_object_id")
        return {key: unbuilt(value) for key, value in config.items() if key not in left_out}
    return [unbuilt(value) for value in config] if isinstance(config, list) else config


def _initial_states(cell, rows):
    """The initial states as a list, as `keras.layers.RNN` makes them."""
    if hasattr(cell, "get_initial_state"):
        states = cell.get_initial_state(batch_size=rows)
        return list(states) if keras.tree.is_nested(states) else [states]
    sizes = keras.tree.flatten(cell.state_size)
    return [tf.zeros([rows, size], cell.compute_dtype) for size in sizes]
