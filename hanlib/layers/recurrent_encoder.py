"""A recurrent network over rows of unequal length, with the packed recurrence."""

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.layers.cells import CELLS
from hanlib.layers.gated_cell import GatedCell
from hanlib.layers.keras_cell import (
    check_keras_cell,
    output_size,
    run_keras_cell,
    unbuilt,
)
from hanlib.ops.packing import pack, permute
from hanlib.ops.recurrence import packed_recurrence
from hanlib.ops.rows import flatten, restore


@keras.saving.register_keras_serializable("hanlib")
class RecurrentEncoder(keras.layers.Layer):
    """Recurrent network over rows of unequal length, without computation on padding.

    The result equals that of `keras.layers.Bidirectional(keras.layers.RNN(cell,
    return_sequences=True))` on each row. It is computed over the packed rows of
    `hanlib.ops.packing`: the input product is one matrix product over the real words, and the loop
    computes the rest for the rows that have not ended.

    Args:
        cell: The name of a cell ("gru", "lstm", "mgu", "min_gru", "elman", "output_gate_gru",
            "two_state"), a `GatedCell`, or any Keras cell: a layer with `call(inputs, states)` and
            `state_size`, such as `keras.layers.GRUCell` or `keras.layers.StackedRNNCells`. A
            cell is a template: each direction and each layer uses a copy. Only a `GatedCell` that
            does not override `call` gets the fast recurrence; other cells are called once per
            step.
        units: Positive integer, the width of a state. Required with a name, and omitted with a
            cell.
        bidirectional: Whether a second cell runs from the last word to the first. Its outputs
            are concatenated to those of the first.
        depth: Number of stacked layers.
        dropout: Rate of dropout on the inputs of each layer but the first.
        weight_dropout: Rate of dropout on the recurrent weights, drawn for each batch (weight drop,
            Merity et al. 2018, arXiv 1708.02182). Needs a `GatedCell`.

    Call arguments:
        inputs: `<float>[rows, (steps), features]`, ragged, or dense with a mask.
        mask: `<bool>[rows, steps]`, true at real words, for dense input.
        training: Whether dropout is applied.

    Returns:
        The states, `[rows, steps, output]` in the form of the input; zeros on padding. `output`
        is the width of the cell's output, twice that if bidirectional.

    Raises:
        ValueError: If an argument is out of range or the cell is unknown.

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
        for name, rate in (("dropout", dropout), ("weight_dropout", weight_dropout)):
            if not 0 <= rate < 1:
                raise ValueError(f"`{name}` must be in [0, 1). Received: {name}={rate!r}")
        self.bidirectional = bool(bidirectional)
        self.depth = check_integer("depth", depth)
        self.dropout = dropout
        self.weight_dropout = weight_dropout
        self.supports_masking = True
        self.supports_jit = False
        template = _template(cell, units)
        if weight_dropout and not is_packed(template):
            raise ValueError(
                "`weight_dropout` needs a GatedCell with the inherited `call`. "
                f"Received: weight_dropout={weight_dropout}, cell={template!r}"
            )
        self.units = output_size(template)
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
        """Width of the output."""
        return self.directions * self.units

    def _copy(self, template, name):
        config = unbuilt(template.get_config())
        own = {"name": name, "dtype": self.dtype_policy}
        # A user's cell need not take both.
        return type(template).from_config(config | {k: own[k] for k in own if k in config})

    def build(self, input_shape):
        for index, cell in enumerate(self.cells):
            width = input_shape[-1] if index < self.directions else self.output_size
            if not cell.built:
                cell.build((None, width))

    def call(self, inputs, mask=None, training=None):
        values, lengths = flatten(inputs, mask)
        return restore(self.encode(values, pack(lengths), training=training), inputs, mask)

    def encode(self, values, packing, index=None, training=None, context=None):
        """The states, row-major.

        Args:
            values: `<float>[words, features]`, row-major; with `index`, `[distinct, features]`.
            packing: The `Packing` of the rows.
            index: `<int32>[words]`, row-major, the row of `values` that each word uses. The input
                product then runs over the distinct words only.
            training: Whether dropout is applied.
            context: `<float>[words, more]`, row-major: features of each word that follow those of
                its row of `values`. Needs `index`.

        Returns:
            `<float>[words, output_size]`.
        """
        states = tf.cast(values, self.compute_dtype)
        for layer in range(self.depth):
            if layer:
                states = self.drop_inputs(states, training=training)
            states = self._layer(layer, states, index, packing, training, context)
            index = context = None
        return states

    def _layer(self, layer, values, index, packing, training, context):
        cells = self.cells[layer * self.directions :][: self.directions]
        outputs = [
            self._run(cell, values, index, packing.batch_sizes, order, training, context)
            for cell, order in zip(cells, (packing.forward, packing.backward), strict=False)
        ]
        return tf.concat(outputs, axis=-1) if self.bidirectional else outputs[0]

    def _run(self, cell, values, index, batch_sizes, order, training, context):
        """The states of one cell, row-major; `order` is the packed order of the words."""
        distinct = index is not None and context is None
        gather_indices = tf.gather(index, order) if distinct else order
        if is_packed(cell):
            by_word = () if context is None else (index, context)
            parts = cell.project(values, *by_word)
            states = self._run_packed(cell, parts, gather_indices, batch_sizes, training)
        else:
            if context is not None:
                values = tf.concat([tf.gather(values, index), context], axis=-1)
            inputs = tf.gather(values, gather_indices)
            states = run_keras_cell(cell, inputs, batch_sizes, training)
        return permute(states, tf.math.invert_permutation(order), order)

    def _run_packed(self, cell, parts, gather_indices, batch_sizes, training):
        spec, kernels, biases, weights = cell.recurrence()
        if self.weight_dropout:
            kernels = tf.nest.map_structure(
                lambda kernel: self.drop_weights(kernel, training=training), kernels
            )
        own, rest = parts[: spec.parts], parts[spec.parts :]
        own_kernels, rest_kernels = kernels[: len(spec.blocks)], kernels[len(spec.blocks) :]
        states = packed_recurrence(
            spec, own, gather_indices, batch_sizes, own_kernels, biases, weights
        )
        rest = [tf.gather(part, gather_indices) for part in rest]
        return cell.output_gate(states, rest, rest_kernels)

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


def is_packed(cell):
    """Whether a cell is a `GatedCell` that does not override `call`."""
    return isinstance(cell, GatedCell) and type(cell).call is GatedCell.call


def _template(cell, units):
    """The cell of a name, a configuration or a cell."""
    if isinstance(cell, str):
        if cell not in CELLS:
            raise ValueError(
                f"`cell` must be a Keras cell or one of {list(CELLS)}. Received: cell={cell!r}"
            )
        if units is None:
            raise ValueError(
                "`units` must be given together with the name of a cell. "
                f"Received: cell={cell!r}, units=None"
            )
        return CELLS[cell](units)
    if isinstance(cell, dict):
        cell = keras.saving.deserialize_keras_object(cell)
    check_keras_cell(cell)
    if units not in (None, output_size(cell)):
        raise ValueError(
            f"`units` must be omitted or equal those of the given cell, {output_size(cell)}. "
            f"Received: units={units}"
        )
    return cell
