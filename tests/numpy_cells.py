"""The gated cells a second time, step by step, from the papers' equations and not from hanlib.

Each function is one step, `step(x, states, w, u, b, c) -> (output, states)`, where `w`, `u`, `b`
and `c` map a gate's letter to its input kernel, recurrent kernel, bias and second (recurrent)
bias. They take NumPy arrays, and TensorFlow tensors where a test wants gradients of the oracle.
"""

import numpy as np
import tensorflow as tf


def sigmoid(a):
    return tf.sigmoid(a) if tf.is_tensor(a) else 1 / (1 + np.exp(-a))


def tanh(a):
    return tf.tanh(a) if tf.is_tensor(a) else np.tanh(a)


def gru_reset_before(x, states, w, u, b, c):
    """Cho et al. 2014, with biases."""
    (h,) = states
    z = sigmoid(x @ w["z"] + h @ u["z"] + b["z"])
    r = sigmoid(x @ w["r"] + h @ u["r"] + b["r"])
    candidate = tanh(x @ w["h"] + (r * h) @ u["h"] + b["h"])
    h = z * h + (1 - z) * candidate
    return h, (h,)


def gru_mirrored(x, states, w, u, b, c):
    """Chung et al. 2014: h' = (1-z) h + z h~."""
    (h,) = states
    z = sigmoid(x @ w["z"] + h @ u["z"] + b["z"])
    r = sigmoid(x @ w["r"] + h @ u["r"] + b["r"])
    candidate = tanh(x @ w["h"] + (r * h) @ u["h"] + b["h"])
    h = (1 - z) * h + z * candidate
    return h, (h,)


def gru_of_han(x, states, w, u, b, c):
    """Yang et al. 2016, equations 1-4: the reset after the product, one bias a gate, mirrored."""
    (h,) = states
    z = sigmoid(x @ w["z"] + h @ u["z"] + b["z"])
    r = sigmoid(x @ w["r"] + h @ u["r"] + b["r"])
    candidate = tanh(x @ w["h"] + r * (h @ u["h"]) + b["h"])
    h = (1 - z) * h + z * candidate
    return h, (h,)


def gru_reset_after(x, states, w, u, b, c):
    """Keras and cuDNN: a second bias in each recurrent product."""
    (h,) = states
    z = sigmoid(x @ w["z"] + b["z"] + h @ u["z"] + c["z"])
    r = sigmoid(x @ w["r"] + b["r"] + h @ u["r"] + c["r"])
    candidate = tanh(x @ w["h"] + b["h"] + r * (h @ u["h"] + c["h"]))
    h = z * h + (1 - z) * candidate
    return h, (h,)


def gru_output_gate(x, states, w, u, b, c):
    """The customer's article: y = o tanh(W_y [h', x]); the state passed on is h'."""
    h, states = gru_reset_before(x, states, w, u, b, c)
    o = sigmoid(x @ w["o"] + h @ u["o"] + b["o"])
    y = o * tanh(x @ w["y"] + h @ u["y"] + b["y"])
    return y, states


def two_state(x, states, w, u, b, c):
    """The customer's second article: the candidate's bias is scaled by 1-z."""
    h, cell = states
    z = sigmoid(x @ w["z"] + h @ u["z"] + b["z"])
    gate = sigmoid(x @ w["u"] + h @ u["u"] + b["u"])
    candidate = tanh(x @ w["c"] + ((1 - gate) * h) @ u["c"] + (1 - z) * b["c"])
    cell = z * cell + (1 - z) * candidate
    h = gate * cell + (1 - gate) * candidate
    return h, (h, cell)


def mgu(x, states, w, u, b, c):
    """Zhou et al. 2016."""
    (h,) = states
    f = sigmoid(x @ w["f"] + h @ u["f"] + b["f"])
    candidate = tanh(x @ w["h"] + (f * h) @ u["h"] + b["h"])
    h = (1 - f) * h + f * candidate
    return h, (h,)


def min_gru(x, states, w, u, b, c):
    """Feng et al. 2024: no recurrent product."""
    (h,) = states
    z = sigmoid(x @ w["z"] + b["z"])
    h = (1 - z) * h + z * (x @ w["h"] + b["h"])
    return h, (h,)


def elman(x, states, w, u, b, c):
    """Elman 1990."""
    (h,) = states
    h = tanh(x @ w["h"] + h @ u["h"] + b["h"])
    return h, (h,)


def lstm(x, states, w, u, b, c):
    """Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000."""
    h, cell = states
    i, f, o = (sigmoid(x @ w[g] + h @ u[g] + b[g]) for g in "ifo")
    cell = f * cell + i * tanh(x @ w["c"] + h @ u["c"] + b["c"])
    h = o * tanh(cell)
    return h, (h, cell)


def by_gate(weight, gates, units):
    """The blocks of a weight's last axis by the letters of their gates."""
    if weight is None:
        return dict.fromkeys(gates, 0.0)
    return {g: weight[..., k * units : (k + 1) * units] for k, g in enumerate(gates)}


def split_weights(weights, gates, units, bias=True, recurrent=True, two_biases=False):
    """`(w, u, b, c)` from what a layer's `get_weights` gives."""
    kernel, *rest = weights
    recurrent_kernel = rest.pop(0) if recurrent else None
    biases = rest.pop(0) if bias else None
    second = None
    if bias and two_biases:
        biases, second = biases[0], biases[1]
    assert not rest
    return [by_gate(part, gates, units) for part in (kernel, recurrent_kernel, biases, second)]


def run(step, x, parts, units, states=1, reverse=False):
    """One row `[steps, features]`, from zero states: the outputs `[steps, units]`."""
    state = (np.zeros([1, units], x.dtype),) * states
    outputs = np.zeros([len(x), units], x.dtype)
    for t in reversed(range(len(x))) if reverse else range(len(x)):
        output, state = step(x[t : t + 1], state, *parts)
        outputs[t] = output[0]
    return outputs
