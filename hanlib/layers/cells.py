"""Gated cells: one step of a recurrence, for `RecurrentEncoder` and for `keras.layers.RNN`."""

import keras
import tensorflow as tf

from hanlib.ops import gates
from hanlib.ops.recurrence import Equation, affine


class GatedCell(keras.layers.Layer):
    """What all gated cells share: their weights, and one step of their equation.

    The equations themselves are in `hanlib.ops.gates`. A subclass names its equation (`step`),
    how many blocks of `units` its kernels hold, and how many the projected input has where that
    differs (`parts`). The weights lie as in Keras: `kernel`
    `[features, blocks * units]`, `recurrent_kernel` `[units, blocks * units]`, `bias`.

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
        if not isinstance(units, int) or isinstance(units, bool) or units < 1:
            raise ValueError(f"`units` must be a positive integer. Received: units={units!r}")
        super().__init__(**kwargs)
        self.units = units
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
        if self.recurrent_blocks:
            self.recurrent_kernel = self.add_weight(
                name="recurrent_kernel",
                shape=(self.units, sum(self.recurrent_blocks) * self.units),
                initializer=self.recurrent_initializer,
                regularizer=self.recurrent_regularizer,
            )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=self.bias_shape(width),
                initializer=self.start_bias,
                regularizer=self.bias_regularizer,
            )

    def bias_shape(self, width):
        """Shape of `bias` for a kernel of the given width."""
        return (width,)

    def start_bias(self, shape, dtype=None):
        """First value of `bias`."""
        return self.bias_initializer(shape, dtype=dtype)

    def input_bias(self):
        """The part of `bias` that belongs to the input product, or None."""
        return self.bias

    def recurrent_bias(self):
        """The part of `bias` that belongs to the recurrent products, or None."""
        return

    def project(self, inputs):
        """W x + b for all words at once: `<float>[words, features]` -> `[words, parts * units]`."""
        projected = tf.matmul(inputs, self._cast(self.kernel))
        bias = self.input_bias()
        return projected if bias is None else projected + self._cast(bias)

    def recurrence(self):
        """What the packed recurrence needs: `(Equation, recurrent kernels, recurrent biases)`."""
        bias = self.recurrent_bias()
        equation = Equation(
            self.step,
            self.units,
            self.parts or self.input_blocks,
            self.recurrent_blocks,
            self.states,
            bias is not None,
        )
        return equation, self._split(self.recurrent_kernel), self._split(bias)

    def _split(self, weight):
        """A recurrent weight as one tensor for each recurrent product."""
        if weight is None:
            return []
        return tf.split(
            self._cast(weight), [blocks * self.units for blocks in self.recurrent_blocks], axis=-1
        )

    def _cast(self, weight):
        return tf.cast(tf.convert_to_tensor(weight), self.compute_dtype)

    def call(self, inputs, states, training=None):
        equation, kernels, biases = self.recurrence()
        output, states = equation.step(
            self.project(inputs), tuple(states), affine(kernels, biases)
        )
        return output, list(states)

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


@keras.saving.register_keras_serializable("hanlib")
class GRUCell(GatedCell):
    """Gated recurrent unit (Cho et al., EMNLP 2014, arXiv 1406.1078).

        z = σ(W_z x + U_z h + b_z)
        r = σ(W_r x + U_r h + b_r)
        h̃ = tanh(W x + r⊙(U h + b'))     reset_after=True: the Keras and cuDNN default
        h̃ = tanh(W x + U (r⊙h) + b)      reset_after=False: Cho et al.
        h' = z⊙h + (1-z)⊙h̃

    Chung et al. 2014 and Yang et al. 2016 (HAN, eqs. 1-4) write the update gate mirrored,
    h' = (1-z)⊙h + z⊙h̃. It is the same cell: since 1-σ(a) = σ(-a), negate the update gate's
    kernel, recurrent kernel and bias (the first `units` columns) to load one into the other.

    The weights are those of `keras.layers.GRU` with the same `reset_after`, in the same order, so
    `set_weights` and `get_weights` carry them both ways.

    Args:
        units: Positive integer, the width of the state.
        reset_after: Whether the reset gate is applied after the recurrent product.
        **kwargs: See `GatedCell`.

    >>> layer = keras.layers.RNN(GRUCell(4))
    >>> layer(tf.zeros([2, 5, 3])).shape
    TensorShape([2, 4])
    """

    input_blocks = 3

    def __init__(self, units, reset_after=True, **kwargs):
        super().__init__(units, **kwargs)
        self.reset_after = reset_after
        self.step = gates.gru_reset_after if reset_after else gates.gru_reset_before
        self.recurrent_blocks = (3,) if reset_after else (2, 1)

    def bias_shape(self, width):
        return (2, width) if self.reset_after else (width,)

    def input_bias(self):
        return self.bias[0] if self.use_bias and self.reset_after else self.bias

    def recurrent_bias(self):
        return self.bias[1] if self.use_bias and self.reset_after else None

    def get_config(self):
        return {**super().get_config(), "reset_after": self.reset_after}


@keras.saving.register_keras_serializable("hanlib")
class OutputGateGRUCell(GatedCell):
    """A GRU whose output passes a gate of its own (from the customer's article).

        h' = the GRU with its reset before the product (see `GRUCell`)
        o = σ(W_o x + U_o h' + b_o)
        y = o⊙tanh(W_y x + U_y h' + b_y)

    The output is y, the state passed on is h'. It is not in the literature. The blocks of the
    weights are z, r, candidate, o, y.

    >>> OutputGateGRUCell(4)(tf.zeros([2, 3]), [tf.zeros([2, 4])])[0].shape
    TensorShape([2, 4])
    """

    step = staticmethod(gates.gru_output_gate)
    input_blocks = 5
    recurrent_blocks = (2, 1, 2)


@keras.saving.register_keras_serializable("hanlib")
class TwoStateCell(GatedCell):
    """A gated cell with a second state (our reading of the customer's second article).

        z = σ(W_z [h, x] + b_z)
        u = σ(W_u [h, x] + b_u)
        c̃ = tanh(W_c [(1-u)⊙h, x] + (1-z)⊙b_c)
        c' = z⊙c + (1-z)⊙c̃
        h' = u⊙c' + (1-u)⊙c̃

    The article's printed formulas use one symbol for two quantities; this is the reading under
    which they are consistent. The output is h', the states are (h', c').

    >>> output, states = TwoStateCell(4)(tf.zeros([2, 3]), [tf.zeros([2, 4])] * 2)
    >>> len(states)
    2
    """

    step = staticmethod(gates.two_state)
    input_blocks = 3
    parts = 4
    recurrent_blocks = (2, 1)
    states = 2

    def project(self, inputs):
        """The projected input; the candidate's bias is a part of its own, since a gate scales it."""
        projected = tf.matmul(inputs, self._cast(self.kernel))
        if not self.use_bias:
            return tf.pad(projected, [[0, 0], [0, self.units]])
        gate_bias, candidate_bias = tf.split(
            self._cast(self.bias), [2 * self.units, self.units], axis=-1
        )
        projected += tf.pad(gate_bias, [[0, self.units]])
        lines = tf.shape(projected)[0]
        return tf.concat([projected, tf.tile(candidate_bias[None], [lines, 1])], axis=-1)


@keras.saving.register_keras_serializable("hanlib")
class MGUCell(GatedCell):
    """Minimal gated unit: one gate (Zhou et al. 2016, arXiv 1603.09420).

        f = σ(W_f x + U_f h + b_f)
        h̃ = tanh(W x + U (f⊙h) + b)
        h' = (1-f)⊙h + f⊙h̃

    >>> MGUCell(4)(tf.zeros([2, 3]), [tf.zeros([2, 4])])[0].shape
    TensorShape([2, 4])
    """

    step = staticmethod(gates.mgu)
    input_blocks = 2
    recurrent_blocks = (1, 1)


@keras.saving.register_keras_serializable("hanlib")
class MinGRUCell(GatedCell):
    """minGRU: gates that look at the input alone (Feng et al. 2024, arXiv 2410.01201).

        z = σ(W_z x + b_z)
        h̃ = W x + b
        h' = (1-z)⊙h + z⊙h̃

    There is no recurrent product and no recurrent kernel.

    >>> MinGRUCell(4)(tf.zeros([2, 3]), [tf.zeros([2, 4])])[0].shape
    TensorShape([2, 4])
    """

    step = staticmethod(gates.min_gru)
    input_blocks = 2
    recurrent_blocks = ()


@keras.saving.register_keras_serializable("hanlib")
class ElmanCell(GatedCell):
    """Simple recurrent unit (Elman 1990): h' = tanh(W x + U h + b).

    >>> ElmanCell(4)(tf.zeros([2, 3]), [tf.zeros([2, 4])])[0].shape
    TensorShape([2, 4])
    """

    step = staticmethod(gates.elman)


@keras.saving.register_keras_serializable("hanlib")
class LSTMCell(GatedCell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate of Gers et al. 2000).

        i, f, o = σ(W x + U h + b), each with weights of its own
        c' = f⊙c + i⊙tanh(W_c x + U_c h + b_c)
        h' = o⊙tanh(c')

    The output is h', the states are (h', c'). The weights are those of `keras.layers.LSTM`, in
    the same order (i, f, c, o), so `set_weights` and `get_weights` carry them both ways.

    Args:
        units: Positive integer, the width of the states.
        unit_forget_bias: Whether the forget gate's bias starts at one (Jozefowicz et al. 2015).
        **kwargs: See `GatedCell`.

    >>> output, states = LSTMCell(4)(tf.zeros([2, 3]), [tf.zeros([2, 4])] * 2)
    >>> len(states)
    2
    """

    step = staticmethod(gates.lstm)
    input_blocks = 4
    recurrent_blocks = (4,)
    states = 2

    def __init__(self, units, unit_forget_bias=True, **kwargs):
        super().__init__(units, **kwargs)
        self.unit_forget_bias = unit_forget_bias

    def start_bias(self, shape, dtype=None):
        bias = self.bias_initializer(shape, dtype=dtype)
        if not self.unit_forget_bias:
            return bias
        units = self.units
        return tf.concat([bias[:units], tf.ones([units], bias.dtype), bias[2 * units :]], axis=0)

    def get_config(self):
        return {**super().get_config(), "unit_forget_bias": self.unit_forget_bias}


CELLS = {
    "gru": GRUCell,
    "output_gate_gru": OutputGateGRUCell,
    "two_state": TwoStateCell,
    "mgu": MGUCell,
    "min_gru": MinGRUCell,
    "elman": ElmanCell,
    "lstm": LSTMCell,
}
