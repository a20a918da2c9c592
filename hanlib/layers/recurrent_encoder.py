"""A recurrent network over rows of unequal length, on the packed recurrence."""

import keras
import tensorflow as tf

from hanlib.layers.cells import CELLS
from hanlib.layers.gated_cell import GatedCell
from hanlib.ops.packing import pack, permute
from hanlib.ops.recurrence import packed_recurrence
from hanlib.ops.rows import flatten, restore


@keras.saving.register_keras_serializable("hanlib")
class RecurrentEncoder(keras.layers.Layer):
    """A state for each word of each row: any gated cell, both ways, any depth, no padding computed.

    It gives what `keras.layers.Bidirectional(keras.layers.RNN(cell, return_sequences=True))`
    gives on each row alone, computed over the packed rows of `hanlib.ops.packing`: the input
    product is one matrix product over the real words, the loop does the rest on the rows that
    still run. Each row starts from zero states.

    Args:
        cell: A `GatedCell`, or the name of one: "gru", "lstm", "mgu", "min_gru", "elman",
            "output_gate_gru", "two_state". A given cell is a template: each direction and each
            layer of the stack has its own copy.
        units: Positive integer, the width of a state; only with a name.
        bidirectional: Whether a second cell runs from the last word to the first. Its outputs
            are concatenated to those of the first.
        depth: Number of stacked layers.
        dropout: Share of the inputs of each layer but the first that is set to zero in training.
        weight_dropout: Share of the recurrent weights that is set to zero in training, drawn
            anew for each batch (weight drop, Merity et al. 2018, arXiv 1708.02182).

    Call arguments:
        inputs: `<float>[rows, (steps), features]`, ragged, or dense with a mask.
        mask: `<bool>[rows, steps]`, true at real words, for dense input.
        training: Whether dropout is applied.

    Returns:
        The states, `[rows, steps, output]` in the form of the input; zeros on padding. `output`
        is `units`, or twice that when bidirectional.

    Raises:
        ValueError: If an argument is out of its range or the cell is not known.

    >>> encoder = RecurrentEncoder("gru", units=4)
    >>> encoder(tf.ragged.constant([[[1.0], [2.0]], [[3.0]]], inner_shape=(1,))).shape
    TensorShape([2, None, 8])
    """

    def __init__(
        self,
        cell="gru",
        units=None,
        bidirectional=True,
        depth=1,
        dropout=0.0,
        weight_dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(depth, int) or depth < 1:
            raise ValueError(f"`depth` must be a positive integer. Received: depth={depth!r}")
        for name, rate in (("dropout", dropout), ("weight_dropout", weight_dropout)):
            if not 0 <= rate < 1:
                raise ValueError(f"`{name}` must be in [0, 1). Received: {name}={rate!r}")
        self.bidirectional = bool(bidirectional)
        self.depth = depth
        self.dropout = dropout
        self.weight_dropout = weight_dropout
        self.supports_masking = True
        self.supports_jit = False
        template = _cell(cell, units)
        self.units = template.units
        # Layer by layer, forward before backward: the order of `keras.layers.Bidirectional`.
        self.cells = [
            self._copy(template, f"{direction}_{layer}")
            for layer in range(depth)
            for direction in ("forward", "backward")[: self.directions]
        ]
        self.drop_inputs = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.drop_weights = keras.layers.Dropout(weight_dropout, dtype=self.dtype_policy)

    @property
    def directions(self):
        return 2 if self.bidirectional else 1

    @property
    def output_size(self):
        """Width of the states that come out."""
        return self.directions * self.units

    def _copy(self, template, name):
        config = {**template.get_config(), "name": name, "dtype": self.dtype_policy}
        return type(template).from_config(config)

    def build(self, input_shape):
        for place, cell in enumerate(self.cells):
            width = input_shape[-1] if place < self.directions else self.output_size
            if not cell.built:
                cell.build((None, width))

    def call(self, inputs, mask=None, training=None):
        values, lengths = flatten(inputs, mask)
        return restore(self.encode(values, pack(lengths), training=training), inputs, mask)

    def encode(self, values, packing, index=None, training=None):
        """The states, row-major.

        Args:
            values: `<float>[words, features]`, row-major; with `index`, `[distinct, features]`.
            packing: The `Packing` of the rows.
            index: `<int32>[words]`, the line of `values` that each word uses, row-major: the
                input product then runs over the distinct words only.
            training: Whether dropout is applied.

        Returns:
            `<float>[words, output_size]`.
        """
        states = tf.cast(values, self.compute_dtype)
        for layer in range(self.depth):
            if layer:
                states = self.drop_inputs(states, training=training)
            states = self._layer(layer, states, index, packing, training)
            index = None
        return states

    def _layer(self, layer, values, index, packing, training):
        outputs = []
        for direction in range(self.directions):
            cell = self.cells[layer * self.directions + direction]
            order = packing.positions
            if direction:
                order = tf.gather(order, packing.mirror)
            outputs.append(self._run(cell, values, index, packing.sizes, order, training))
        return tf.concat(outputs, axis=-1) if self.bidirectional else outputs[0]

    def _run(self, cell, values, index, sizes, order, training):
        """The states of one cell, row-major, where `order` lists the words step by step."""
        parts = cell.project(values)
        lines = order if index is None else tf.gather(index, order)
        equation, kernels, biases = cell.recurrence()
        if self.weight_dropout:
            kernels = tf.nest.map_structure(
                lambda kernel: self.drop_weights(kernel, training=training), kernels
            )
        own, rest = parts[: equation.parts], parts[equation.parts :]
        products = len(equation.blocks)
        states = packed_recurrence(equation, own, lines, sizes, kernels[:products], biases)
        rest = [tf.gather(part, lines) for part in rest]
        states = cell.output_gate(states, rest, kernels[products:])
        return permute(states, tf.math.invert_permutation(order), order)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.output_size)

    def get_config(self):
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cells[0]),
            "bidirectional": self.bidirectional,
            "depth": self.depth,
            "dropout": self.dropout,
            "weight_dropout": self.weight_dropout,
        }


def _cell(cell, units):
    """The template that a cell's name, configuration or instance stands for."""
    if isinstance(cell, str):
        if cell not in CELLS:
            raise ValueError(
                f"`cell` must be a GatedCell or one of {list(CELLS)}. Received: {cell!r}"
            )
        return CELLS[cell](units)
    if isinstance(cell, dict):
        cell = keras.saving.deserialize_keras_object(cell)
    if not isinstance(cell, GatedCell):
        raise ValueError(f"`cell` must be a GatedCell or one of {list(CELLS)}. Received: {cell!r}")
    if units not in (None, cell.units):
        raise ValueError(
            f"`units` must be left out or equal those of the given cell, {cell.units}. "
            f"Received: units={units}"
        )
    return cell
