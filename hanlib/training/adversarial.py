"""Adversarial training on the word vectors."""

import tensorflow as tf

from hanlib.training.lazy_adam import storage_of


def adversarial_gradients(gradients_of, variables, norm):
    """The gradients at the weights and at an adversary's, in equal parts.

        r = ε g / ‖g‖,  g = ∇_E L(E)
        gradient = (∇L(E) + ∇L(E + r)) / 2

    The adversary moves the vectors E of the words of the batch where it hurts most (Miyato, Dai,
    Goodfellow, ICLR 2017, arXiv 1605.07725; there each word of each document moves on its own and
    the vectors are normalised, here each distinct word of the batch moves once). Afterwards the
    weights are what they were, to the bit.

    Args:
        gradients_of: function without arguments -> `(gradients, anything)`, at the weights as they
            are; the gradients of word vectors are `tf.IndexedSlices` with distinct rows.
        variables: those that the gradients belong to.
        norm: ε, the length of the adversary's step, over all words of the batch together.

    Returns:
        The gradients, and the other thing at the unmoved weights.

    >>> words = tf.Variable([[3.0], [5.0], [0.0]])
    >>> def gradients_of():
    ...     with tf.GradientTape() as tape:
    ...         loss = tf.reduce_sum(tf.gather(words, [1]) ** 2)
    ...     return tape.gradient(loss, [words]), loss
    >>> (gradient,), loss = adversarial_gradients(gradients_of, [words], norm=1.0)
    >>> gradient.values.numpy(), loss.numpy(), words.numpy()[1]  # (2·5 + 2·6) / 2
    (array([[11.]], dtype=float32), np.float32(25.0), array([5.], dtype=float32))
    """
    gradients, extra = gradients_of()
    moved = [
        (storage_of(variable), gradient)
        for variable, gradient in zip(variables, gradients, strict=True)
        if isinstance(gradient, tf.IndexedSlices)
    ]
    length = tf.linalg.global_norm([gradient.values for _, gradient in moved])
    scale = tf.math.divide_no_nan(norm, length)
    kept = []
    # In a graph, stateful operations run in the order in which they are written here.
    for variable, gradient in moved:
        rows = tf.gather(variable, gradient.indices)
        kept.append(tf.IndexedSlices(rows, gradient.indices))
        variable.scatter_update(tf.IndexedSlices(rows + scale * gradient.values, gradient.indices))
    at_adversary, _ = gradients_of()
    for (variable, _), rows in zip(moved, kept, strict=True):
        variable.scatter_update(rows)
    return [_mean(*pair) for pair in zip(gradients, at_adversary, strict=True)], extra


def _mean(first, second):
    if isinstance(first, tf.IndexedSlices):
        # The same words in the same order: both come from the same batch.
        return tf.IndexedSlices(
            (first.values + second.values) / 2, first.indices, first.dense_shape
        )
    return (first + second) / 2
