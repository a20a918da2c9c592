"""Gated cells: one step of a recurrence, for `RecurrentEncoder` and for `keras.layers.RNN`."""

import keras
import tensorflow as tf

from hanlib.layers.gated_cell import GatedCell
from hanlib.ops import gates
from hanlib.ops.recurrence import affine


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

    The weights are those of `keras.layers.GRU` with the same `reset_after`, in the same order:
    `set_weights(other.get_weights())` works in both directions.

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
    """A GRU with a separate output gate (from the customer's article).

        h' = the GRU with its reset before the product (see `GRUCell`)
        o = σ(W_o x + U_o h' + b_o)
        y = o⊙tanh(W_y x + U_y h' + b_y)

    The output is y and the state is h'. This cell is not in the literature. The blocks of the
    weights are z, r, candidate, o, y.

    >>> OutputGateGRUCell(4)(tf.zeros([2, 3]), [tf.zeros([2, 4])])[0].shape
    TensorShape([2, 4])
    """

    step = staticmethod(gates.gru_reset_before)
    input_blocks = 5
    parts = 3
    recurrent_blocks = (2, 1)
    output_blocks = (2,)

    def output_gate(self, states, parts, kernels):
        # It depends only on the state of the same step, so it is computed outside the loop.
        return gates.output_gate(parts, states, affine(kernels, []))


@keras.saving.register_keras_serializable("hanlib")
class TwoStateCell(GatedCell):
    """A gated cell with a second state (our interpretation of the customer's second article).

        z = σ(W_z [h, x] + b_z)
        u = σ(W_u [h, x] + b_u)
        c̃ = tanh(W_c [(1-u)⊙h, x] + (1-z)⊙b_c)
        c' = z⊙c + (1-z)⊙c̃
        h' = u⊙c' + (1-u)⊙c̃

    The formulas in the article use one symbol for two quantities; this is the interpretation in
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

    def project(self, inputs, index=None, context=None):
        """W x + b, with the bias of the candidate as a separate part, since a gate scales it."""
        parts = self._input_products(inputs, index, context)
        if not self.use_bias:
            return [*parts, tf.zeros_like(parts[0])]
        z, u, candidate = tf.split(self._cast(self.bias), 3)
        return [parts[0] + z, parts[1] + u, parts[2], tf.zeros_like(parts[2]) + candidate]


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
    """minGRU: gates that depend only on the input (Feng et al. 2024, arXiv 2410.01201).

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

        i, f, o = σ(W x + U h + b), each with separate weights
        c' = f⊙c + i⊙tanh(W_c x + U_c h + b_c)
        h' = o⊙tanh(c')

    The output is h', the states are (h', c'). The weights are those of `keras.layers.LSTM`, in
    the same order (i, f, c, o): `set_weights(other.get_weights())` works in both directions.

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

    def initial_bias(self, shape, dtype=None):
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
