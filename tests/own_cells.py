"""Cells as users write them, and cells of Keras, by name."""

import keras
import tensorflow as tf

from hanlib.layers import ElmanCell, GatedCell, GRUCell

UNITS = 3
register = keras.saving.register_keras_serializable("test_own_cells")


def normalize(a):
    """Layer normalization without a gain."""
    mean = tf.reduce_mean(a, axis=-1, keepdims=True)
    return (a - mean) / tf.sqrt(tf.math.reduce_variance(a, axis=-1, keepdims=True) + 0.1)


def peephole_step(x, states, product, peephole):
    """The LSTM of Gers and Schmidhuber 2000: its gates see the cell state."""
    h, c = states
    i, f, candidate, o = (a + b for a, b in zip(x, product(0, h), strict=True))
    new = tf.sigmoid(f + peephole[1] * c) * c
    new += tf.sigmoid(i + peephole[0] * c) * tf.tanh(candidate)
    return tf.sigmoid(o + peephole[2] * new) * tf.tanh(new), new


class Peephole(GatedCell):
    input_blocks = 4
    recurrent_blocks = (4,)
    states = 2

    def build(self, input_shape):
        super().build(input_shape)
        self.peephole = self.add_weight(name="peephole", shape=(3, self.units))


@register
class PeepholeCell(Peephole):
    step = staticmethod(peephole_step)

    def step_weights(self):
        return [self.peephole]


@register
class PeepholeMethodCell(Peephole):
    def step(self, x, states, product):
        return peephole_step(x, states, product, tf.cast(self.peephole, x[0].dtype))


@register
class NormalizedCell(GatedCell):
    """An Elman cell with layer normalization, whose gain starts at zero."""

    def build(self, input_shape):
        super().build(input_shape)
        self.gain = self.add_weight(name="gain", shape=(self.units,), initializer="zeros")

    def step_weights(self):
        return [self.gain]

    @staticmethod
    def step(x, states, product, gain):
        (h,) = product(0, states[0])
        return (tf.tanh(x[0] + h + gain * normalize(x[0] + h)),)


@register
class NormalizedLayerCell(ElmanCell):
    """The same with a layer of Keras."""

    def build(self, input_shape):
        super().build(input_shape)
        self.norm = keras.layers.LayerNormalization(dtype=self.dtype_policy)
        self.norm.build((None, self.units))

    def step(self, x, states, product):
        (h,) = product(0, states[0])
        return (tf.tanh(self.norm(x[0] + h)),)


@register
class OwnCallCell(GRUCell):
    """A cell that changes what its equation gives."""

    def call(self, inputs, states, training=None):
        output, states = super().call(inputs, states)
        return normalize(output), states


@register
class NoProductCell(GatedCell):
    """c' = σ(f) c + (1 - σ(f)) x, h' = σ(o) tanh(c'): the previous output is not used."""

    input_blocks = 3
    recurrent_blocks = ()
    states = 2

    @staticmethod
    def step(x, states, product):
        f = tf.sigmoid(x[1])
        c = f * states[1] + (1 - f) * x[0]
        return tf.sigmoid(x[2]) * tf.tanh(c), c


@register
class DelayedCell(GatedCell):
    """h' = tanh(W x + U g), g' = h: a state that is handed on as it is."""

    states = 2

    @staticmethod
    def step(x, states, product):
        h, g = states
        return tf.tanh(x[0] + product(0, g)[0]), h


@register
class DisorderlyCell(GatedCell):
    """The second product is taken before the first."""

    recurrent_blocks = (1, 1)

    @staticmethod
    def step(x, states, product):
        (inner,) = product(1, states[0])
        return (tf.tanh(x[0] + product(0, tf.tanh(inner))[0]),)


@register
class OfKerasDocumentation(keras.layers.Layer):
    """The cell of the docstring of `keras.layers.RNN`, without `output_size` and the like."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))
        self.recurrent_kernel = self.add_weight(name="u", shape=(self.units, self.units))

    def call(self, inputs, states):
        h = keras.ops.matmul(inputs, self.kernel)
        output = h + keras.ops.matmul(keras.ops.tanh(states[0]), self.recurrent_kernel)
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@register
class StartCell(keras.layers.SimpleRNNCell):
    """A cell that learns its initial state."""

    def build(self, input_shape):
        super().build(input_shape)
        self.start = self.add_weight(name="start", shape=(self.units,))

    def get_initial_state(self, batch_size=None):
        return [tf.tile(tf.convert_to_tensor(self.start)[None], [batch_size, 1])]


def stacked(dtype):
    cells = [keras.layers.LSTMCell(5, dtype=dtype), keras.layers.GRUCell(UNITS, dtype=dtype)]
    return keras.layers.StackedRNNCells(cells, dtype=dtype)


FAST = [PeepholeCell, NoProductCell, DelayedCell]
GENERAL = [PeepholeMethodCell, NormalizedCell, NormalizedLayerCell, DisorderlyCell]
OF_KERAS = [
    *[OwnCallCell, OfKerasDocumentation, StartCell],
    *[keras.layers.GRUCell, keras.layers.LSTMCell, keras.layers.SimpleRNNCell],
]
MAKE = {
    kind.__name__: lambda dtype, kind=kind: kind(UNITS, dtype=dtype)
    for kind in FAST + GENERAL + OF_KERAS
}
MAKE["StackedRNNCells"] = stacked
