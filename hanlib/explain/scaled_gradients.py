"""Each word's vector times the gradient, where all word vectors and gates are scaled."""

import tensorflow as tf

from hanlib.explain.margins import chosen_targets, margins


def scaled_gradients(vectors, gates, logits_of, targets, multi_label):
    """`x . dm/dx + dm/dg` of each word; the gradient is taken at the vectors g x and the gates g.

    Args:
        vectors: `<float>[words, features]`, the vectors x.
        gates: `<float32>[words]`, the scale g of each word, which is also its gate in the logits of
            the n-grams.
        logits_of: Function of the scaled vectors and the gates; returns `<float32>[docs, classes]`.
        targets: `<int32>[docs, 2]`, as in `hanlib.explain.margins`.
        multi_label: As in `margins`.

    Returns:
        The logits; the targets with all classes known; `<float32>[words]`.

    >>> x, ones = tf.constant([[1.0, 0.0], [2.0, 3.0]]), tf.ones([2])
    >>> targets = tf.constant([[0, 1]])
    >>> logits, _, products = scaled_gradients(
    ...     x, ones, lambda x, gates: tf.reduce_sum(x, axis=0, keepdims=True), targets, False
    ... )
    >>> products.numpy()  # m = x_11 + x_21 - x_12 - x_22
    array([ 1., -1.], dtype=float32)
    """
    scaled = vectors * tf.cast(gates, vectors.dtype)[:, None]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([scaled, gates])
        logits = logits_of(scaled, gates)
        targets = chosen_targets(logits, targets)
        of_targets = margins(logits, targets, multi_label)
    at_vectors, at_gates = tape.gradient(
        of_targets, [scaled, gates], unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    products = tf.reduce_sum(tf.cast(vectors * at_vectors, tf.float32), axis=-1)
    return logits, targets, products + tf.convert_to_tensor(at_gates)
