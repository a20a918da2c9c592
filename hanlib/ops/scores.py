"""Equations of attention scores, used for dense, ragged and packed inputs.

The context is the vector that each word is compared with: one vector (`[units]`), or one per head
(`[units, heads]`). The last product is computed in float32, because a sum over units may overflow
float16.
"""

import tensorflow as tf

from hanlib.ops.softmax import accumulation_dtype


def additive_scores(states, kernel, bias, context):
    """`e = tanh(W h + b) . u` (Bahdanau et al., 2015; with a learned context u, Yang et al., 2016).

    Args:
        states: `<float>[..., features]`.
        kernel: `<float>[features, units]`.
        bias: `<float>[units]`, or `None` (Lin et al., 2017, write none).
        context: `<float>[units]` or `<float>[units, heads]`.

    Returns:
        `<float>[...]` or `<float>[..., heads]`, float32 (float64 for float64). The score itself has
        no tanh, which would bound it and make the weights nearly uniform.

    >>> states, kernel = tf.constant([[1.0, 0.0]]), tf.eye(2)
    >>> additive_scores(states, kernel, None, tf.constant([2.0, 5.0])).numpy().round(3)
    array([1.523], dtype=float32)
    """
    return dot_scores(tf.tanh(_affine(states, kernel, bias)), context)


def dot_scores(states, context):
    """`e = h . q` (Luong et al., 2015), with a learned query q of the size of the states.

    Args:
        states: `<float>[..., features]`.
        context: `<float>[features]` or `<float>[features, heads]`.

    Returns:
        `<float>[...]` or `<float>[..., heads]`, float32 (float64 for float64).

    >>> dot_scores(tf.constant([[1.0, 2.0]]), tf.constant([3.0, 4.0])).numpy()
    array([11.], dtype=float32)
    """
    dtype = accumulation_dtype(states.dtype)
    return tf.tensordot(tf.cast(states, dtype), tf.cast(context, dtype), axes=1)


def general_scores(states, kernel, context):
    """`e = h . W q` (Luong et al., 2015), with a learned query q.

    Args:
        states: `<float>[..., features]`.
        kernel: `<float>[features, units]`.
        context: `<float>[units]` or `<float>[units, heads]`.

    Returns:
        `<float>[...]` or `<float>[..., heads]`, float32 (float64 for float64).

    >>> general_scores(tf.constant([[1.0, 2.0]]), 2 * tf.eye(2), tf.constant([3.0, 4.0])).numpy()
    array([22.], dtype=float32)
    """
    # W q is computed first: it is the same for all words, so each word needs one dot product.
    return dot_scores(states, dot_scores(kernel, context))


def gated_scores(states, kernel, bias, gate_kernel, gate_bias, context):
    """`e = (tanh(V h + b_v) * sigmoid(U h + b_u)) . w` (Ilse et al., 2018, who write no biases).

    Args:
        states: `<float>[..., features]`.
        kernel, gate_kernel: V and U, `<float>[features, units]`.
        bias, gate_bias: `<float>[units]`, or `None`.
        context: w, `<float>[units]` or `<float>[units, heads]`.

    Returns:
        `<float>[...]` or `<float>[..., heads]`, float32 (float64 for float64).

    >>> states, kernel = tf.constant([[1.0, 0.0]]), tf.eye(2)
    >>> context = tf.constant([2.0, 5.0])
    >>> gated_scores(states, kernel, None, 0 * kernel, None, context).numpy().round(3)
    array([0.762], dtype=float32)
    """
    hidden = tf.tanh(_affine(states, kernel, bias))  # [..., units]
    gate = tf.sigmoid(_affine(states, gate_kernel, gate_bias))  # [..., units]
    return dot_scores(hidden * gate, context)


def scaled_dot_product_scores(queries, keys):
    """`e_ij = q_i . k_j / sqrt(d)` (Vaswani et al., 2017, equation 1).

    Args:
        queries: `<float>[..., steps, key_dim]`.
        keys: `<float>[..., steps, key_dim]`.

    Returns:
        `<float>[..., steps, steps]`, queries first, then keys; float32 (float64 for float64).

    >>> queries = tf.constant([[[3.0, 0.0, 0.0, 1.0]]])
    >>> scaled_dot_product_scores(queries, queries).numpy()
    array([[[5.]]], dtype=float32)
    """
    dtype = accumulation_dtype(queries.dtype)
    scale = tf.math.rsqrt(tf.cast(tf.shape(queries)[-1], dtype))
    return tf.matmul(tf.cast(queries, dtype) * scale, tf.cast(keys, dtype), transpose_b=True)


def _affine(states, kernel, bias):
    projected = tf.tensordot(states, kernel, axes=1)  # [..., units]
    return projected if bias is None else projected + bias
