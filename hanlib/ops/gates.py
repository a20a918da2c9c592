"""The equations of the gated cells, without weights.

Each function computes one step from

    x        the projected inputs W x + b: one `<float>[rows, units]` per gate
    states   a tuple of `<float>[rows, units]`, the previous states
    product  `product(k, operand)` -> the blocks of `operand @ recurrent_kernel_k + bias_k`

and returns the new states, the first of which is the output. The caller decides where the weights
live, so the layers, `keras.layers.RNN` and the packed recurrence share each equation. Every gate is
a separate tensor: splitting and concatenating columns would take longer than the gates.

σ is the logistic function, ⊙ the elementwise product, h the previous state, h' the new one.
"""

import tensorflow as tf


def gru_reset_before(x, states, product):
    """h̃ = tanh(W x + U (r⊙h)), h' = z⊙h + (1-z)⊙h̃ (Cho et al. 2014)."""
    (h,) = states
    x_update, x_reset, x_candidate = x
    h_update, h_reset = product(0, h)
    z, r = _sigmoid(x_update + h_update), _sigmoid(x_reset + h_reset)
    (h_candidate,) = product(1, r * h)
    candidate = tf.tanh(x_candidate + h_candidate)
    return (candidate + z * (h - candidate),)


def gru_reset_after(x, states, product):
    """h̃ = tanh(W x + r⊙(U h + b_r)), h' = z⊙h + (1-z)⊙h̃ (the Keras and cuDNN default)."""
    (h,) = states
    x_update, x_reset, x_candidate = x
    h_update, h_reset, h_candidate = product(0, h)
    z, r = _sigmoid(x_update + h_update), _sigmoid(x_reset + h_reset)
    candidate = tf.tanh(x_candidate + r * h_candidate)
    return (candidate + z * (h - candidate),)


def two_state(x, states, product):
    """c̃ = tanh(W_c [(1-u)⊙h, x] + (1-z)⊙b_c), c' = z⊙c + (1-z)⊙c̃, h' = u⊙c' + (1-u)⊙c̃."""
    h, c = states
    x_z, x_u, x_candidate, bias = x
    h_z, h_u = product(0, h)
    z, u = _sigmoid(x_z + h_z), _sigmoid(x_u + h_u)
    (h_candidate,) = product(1, (1 - u) * h)
    candidate = tf.tanh(x_candidate + h_candidate + (1 - z) * bias)
    c = candidate + z * (c - candidate)
    return candidate + u * (c - candidate), c


def mgu(x, states, product):
    """f = σ(W_f x + U_f h), h̃ = tanh(W x + U (f⊙h)), h' = (1-f)⊙h + f⊙h̃ (Zhou et al. 2016)."""
    (h,) = states
    x_forget, x_candidate = x
    (h_forget,) = product(0, h)
    f = _sigmoid(x_forget + h_forget)
    (h_candidate,) = product(1, f * h)
    candidate = tf.tanh(x_candidate + h_candidate)
    return (h + f * (candidate - h),)


def min_gru(x, states, product):
    """z = σ(W_z x), h̃ = W x, h' = (1-z)⊙h + z⊙h̃; no recurrent product (Feng et al. 2024)."""
    del product
    (h,) = states
    x_update, candidate = x
    return (h + _sigmoid(x_update) * (candidate - h),)


def elman(x, states, product):
    """h' = tanh(W x + U h) (Elman 1990)."""
    (h,) = states
    (x,) = x
    (h,) = product(0, h)
    return (tf.tanh(x + h),)


def lstm(x, states, product):
    """c' = f⊙c + i⊙tanh(·), h' = o⊙tanh(c') (Hochreiter and Schmidhuber 1997, Gers et al. 2000)."""
    h, c = states
    i, f, candidate, o = (a + b for a, b in zip(x, product(0, h), strict=True))
    c = _sigmoid(f) * c + _sigmoid(i) * tf.tanh(candidate)
    return _sigmoid(o) * tf.tanh(c), c


def output_gate(x, h, product):
    """y = o⊙tanh(W_y [h, x]) with o = σ(W_o [h, x]): an output gate on the state h of each step."""
    x_gate, x_output = x
    h_gate, h_output = product(0, h)
    return _sigmoid(x_gate + h_gate) * tf.tanh(x_output + h_output)


def _sigmoid(a):
    """σ(a) = (1 + tanh(a/2)) / 2: on CPUs TensorFlow's tanh is cheaper than its sigmoid."""
    return 0.5 * tf.tanh(0.5 * a) + 0.5
