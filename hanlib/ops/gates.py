"""The equations of the gated cells, without weights.

One step takes

    x        `<float>[rows, parts * units]`, the input's share, already projected (W x + b)
    states   tuple of `<float>[rows, units]`, the previous states
    product  `product(k, operand)` -> `operand @ recurrent_kernel_k + recurrent_bias_k`

and returns `(output, states)`. Whoever calls decides where the weights live, so that the layers,
`keras.layers.RNN` and the packed recurrence share each equation.

σ is the logistic function, ⊙ the elementwise product, h the previous state, h' the new one.
"""

import tensorflow as tf


def gru_reset_before(x, states, product):
    """h̃ = tanh(W x + U (r⊙h)), h' = z⊙h + (1-z)⊙h̃ (Cho et al. 2014)."""
    (h,) = states
    x_gates, x_candidate = tf.split(x, [2 * h.shape[-1], h.shape[-1]], axis=-1)
    z, r = tf.split(tf.sigmoid(x_gates + product(0, h)), 2, axis=-1)
    candidate = tf.tanh(x_candidate + product(1, r * h))
    h = candidate + z * (h - candidate)
    return h, (h,)


def gru_reset_after(x, states, product):
    """h̃ = tanh(W x + r⊙(U h + b_r)), h' = z⊙h + (1-z)⊙h̃ (the Keras and cuDNN default)."""
    (h,) = states
    sizes = [2 * h.shape[-1], h.shape[-1]]
    x_gates, x_candidate = tf.split(x, sizes, axis=-1)
    h_gates, h_candidate = tf.split(product(0, h), sizes, axis=-1)
    z, r = tf.split(tf.sigmoid(x_gates + h_gates), 2, axis=-1)
    candidate = tf.tanh(x_candidate + r * h_candidate)
    h = candidate + z * (h - candidate)
    return h, (h,)


def gru_output_gate(x, states, product):
    """The GRU, reset before, then o = σ(W_o [h', x]), y = o⊙tanh(W_y [h', x]); h' is passed on."""
    units = states[0].shape[-1]
    x_gru, x_output = tf.split(x, [3 * units, 2 * units], axis=-1)
    h, states = gru_reset_before(x_gru, states, product)
    gate, output = tf.split(x_output + product(2, h), 2, axis=-1)
    return tf.sigmoid(gate) * tf.tanh(output), states


def two_state(x, states, product):
    """c̃ = tanh(W_c [(1-u)⊙h, x] + (1-z)⊙b_c), c' = z⊙c + (1-z)⊙c̃, h' = u⊙c' + (1-u)⊙c̃."""
    h, c = states
    units = h.shape[-1]
    x_gates, x_candidate, bias = tf.split(x, [2 * units, units, units], axis=-1)
    z, u = tf.split(tf.sigmoid(x_gates + product(0, h)), 2, axis=-1)
    candidate = tf.tanh(x_candidate + product(1, (1 - u) * h) + (1 - z) * bias)
    c = candidate + z * (c - candidate)
    h = candidate + u * (c - candidate)
    return h, (h, c)


def mgu(x, states, product):
    """f = σ(W_f x + U_f h), h̃ = tanh(W x + U (f⊙h)), h' = (1-f)⊙h + f⊙h̃ (Zhou et al. 2016)."""
    (h,) = states
    x_forget, x_candidate = tf.split(x, 2, axis=-1)
    f = tf.sigmoid(x_forget + product(0, h))
    candidate = tf.tanh(x_candidate + product(1, f * h))
    h = h + f * (candidate - h)
    return h, (h,)


def min_gru(x, states, product):
    """z = σ(W_z x), h̃ = W x, h' = (1-z)⊙h + z⊙h̃; no recurrent product (Feng et al. 2024)."""
    del product
    (h,) = states
    x_update, candidate = tf.split(x, 2, axis=-1)
    h = h + tf.sigmoid(x_update) * (candidate - h)
    return h, (h,)


def elman(x, states, product):
    """h' = tanh(W x + U h) (Elman 1990)."""
    (h,) = states
    h = tf.tanh(x + product(0, h))
    return h, (h,)


def lstm(x, states, product):
    """c' = f⊙c + i⊙tanh(·), h' = o⊙tanh(c') (Hochreiter and Schmidhuber 1997, Gers et al. 2000)."""
    h, c = states
    i, f, candidate, o = tf.split(x + product(0, h), 4, axis=-1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(candidate)
    h = tf.sigmoid(o) * tf.tanh(c)
    return h, (h, c)
