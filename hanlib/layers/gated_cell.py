"""The base class of the gated cells: their weights, and one step of their equation."""

import keras
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.ops.recurrence import CellSpec, affine


class GatedCell(keras.layers.Layer):
    """Base class of the gated cells: weights, and one step of an equation.

    The equations are functions such as those in `hanlib.ops.gates`. A subclass sets

    - `step`: the equation, `step(x, states, product, *weights)`, which returns the new states. A
      static method that acts on each unit separately gets the fast backward pass. An equation that
      mixes units, or a method that reads weights of the cell, gets TensorFlow's automatic
      gradient, with the same result but more slowly.
    - `input_blocks`: the number of projected inputs, each `<float>[rows, units]`.
    - `parts`: the number of projected inputs that `step` takes, if it is not `input_blocks`.
    - `recurrent_blocks`: for each recurrent product, the number of blocks of `units` it returns.
    - `output_blocks`: the same for products of `output_gate`.
    - `states`: the number of states, each `<float>[rows, units]`.

    The weights have the layout of Keras: `kernel` `[features, blocks * units]`,
    `recurrent_kernel` `[units, blocks * units]`, `bias`. Additional weights are created in `build`
    and returned by `step_weights`. `docs/cells.md` shows how to write a cell.

    Args:
        units: Positive integer, the width of the state and of the output.
        use_bias: Whether the equation has biases.
        kernel_initializer, recurrent_initializer, bias_initializer: As in Keras.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: As in Keras.

    Call arguments:
        inputs: `<float>[rows, features]`, the input of one step.
        states: The previous states, each `<float>[rows, units]`.

    Returns:
        The output `<float>[rows, units]` and the list of new states.

    Raises:
        ValueError: If `units` is not a positive integer.
    """

    step = None
    input_blocks = 1
    parts = None
    recurrent_blocks = (1,)
    output_blocks = ()
    states = 1

    def __init__(
        self,
        units,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = check_integer("units", units)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)

    @property
    def state_size(self):
        return self.units if self.states == 1 else [self.units] * self.states

    @property
    def output_size(self):
        return self.units

    def build(self, input_shape):
        if input_shape[-1] is None:
            raise ValueError(
                "The last axis of the input of a cell must be known when it is built. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        width = self.input_blocks * self.units
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], width),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        self.recurrent_kernel = None
        blocks = sum(self.recurrent_blocks + self.output_blocks)
        if blocks:
            self.recurrent_kernel = self.add_weight(
                name="recurrent_kernel",
                shape=(self.units, blocks * self.units),
                initializer=self.initial_recurrent_kernel,
                regularizer=self.recurrent_regularizer,
            )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=self.bias_shape(width),
                initializer=self.initial_bias,
                regularizer=self.bias_regularizer,
            )

    def bias_shape(self, width):
        """The shape of `bias` for a kernel of the given width."""
        return (width,)

    def initial_recurrent_kernel(self, shape, dtype=None):
        """Initial `recurrent_kernel`, drawn in float32: the QR decomposition has no bfloat16."""
        wide = "float64" if dtype == "float64" else "float32"
        return keras.ops.cast(self.recurrent_initializer(shape, dtype=wide), dtype or wide)

    def initial_bias(self, shape, dtype=None):
        """Initial `bias`."""
        return self.bias_initializer(shape, dtype=dtype)

    def input_bias(self):
        """The part of `bias` that belongs to the input product, or None."""
        return self.bias

    def recurrent_bias(self):
        """The part of `bias` that belongs to the recurrent products, or None."""
        return

    def step_weights(self):
        """The additional weights that `step` takes after `product`, in order; none by default."""
        return []

    def project(self, inputs, index=None, context=None):
        """W x + b for all words at once, one `<float>[words, units]` per gate.

        Args:
            inputs: `<float>[words, features]`; with `context`, `[distinct, features - more]`.
            index: With `context`, `<int32>[words]`, the row of `inputs` that each word uses.
            context: `<float>[words, more]`, the last features of each word, or None.
        """
        parts = self._input_products(inputs, index, context)
        bias = self.input_bias()
        if bias is None:
            return parts
        biases = tf.split(self._cast(bias), self.input_blocks)
        return [part + bias for part, bias in zip(parts, biases, strict=True)]

    def _input_products(self, inputs, index, context):
        """W x for all words, one `<float>[words, units]` per gate; see `project`."""
        kernels = tf.split(self._cast(self.kernel), self.input_blocks, axis=-1)
        if context is None:
            return [tf.matmul(inputs, kernel) for kernel in kernels]
        width = context.shape[-1]
        return [
            tf.gather(tf.matmul(inputs, kernel[:-width]), index)
            + tf.matmul(context, kernel[-width:])
            for kernel in kernels
        ]

    def recurrence(self):
        """The arguments of the packed recurrence.

        Returns:
            spec: The `CellSpec`.
            kernels: For each recurrent product, one `<float>[units, units]` per block; those of
                `output_gate` come last.
            biases: The same for the biases; empty if there are none.
            weights: The additional weights.
        """
        bias = self.recurrent_bias()
        spec = CellSpec(
            self.step,
            self.units,
            self.parts or self.input_blocks,
            self.recurrent_blocks,
            self.states,
            bias is not None,
        )
        weights = [self._cast(weight) for weight in self.step_weights()]
        return spec, self._split(self.recurrent_kernel), self._split(bias), weights

    def output_gate(self, states, parts, kernels):
        """The output at each word, computed after the recurrence; by default the first state.

        Args:
            states: `<float>[words, units]`, the first state.
            parts: The projected inputs that `step` does not take.
            kernels: The kernels that `step` does not use.

        Returns:
            `<float>[words, units]`.
        """
        del parts, kernels
        return states

    def _split(self, weight):
        """A recurrent weight as one tensor for each block of each recurrent product."""
        if weight is None:
            return []
        counts = self.recurrent_blocks + self.output_blocks
        blocks = iter(tf.split(self._cast(weight), sum(counts), axis=-1))
        return [[next(blocks) for _ in range(count)] for count in counts]

    def _cast(self, weight):
        return tf.cast(tf.convert_to_tensor(weight), self.compute_dtype)

    def call(self, inputs, states, training=None):
        spec, kernels, biases, weights = self.recurrence()
        parts = self.project(inputs)
        product = affine(kernels, biases)
        states = spec.step(parts[: spec.parts], tuple(states), product, *weights)
        rest = parts[spec.parts :], kernels[len(spec.blocks) :]
        return self.output_gate(states[0], *rest), list(states)

    def compute_output_shape(self, input_shape, states_shape=None):
        state = (input_shape[0], self.units)
        return state, [state] * self.states

    def get_initial_state(self, batch_size=None):
        return [tf.zeros([batch_size, self.units], self.compute_dtype) for _ in range(self.states)]

    def get_config(self):
        config = {"units": self.units, "use_bias": self.use_bias}
        for weight in ("kernel", "recurrent", "bias"):
            initializer = getattr(self, f"{weight}_initializer")
            regularizer = getattr(self, f"{weight}_regularizer")
            config[f"{weight}_initializer"] = keras.initializers.serialize(initializer)
            config[f"{weight}_regularizer"] = keras.regularizers.serialize(regularizer)
        return {**super().get_config(), **config}
