"""Adversarial training on the word vectors."""

import tensorflow as tf

from hanlib.optimizers.lazy_adam import distinct_rows, tf_variable


def adversarial_gradients(gradients_of, variables, norm):
    """The mean of the gradients at the weights and at adversarially perturbed word vectors.

        r = ε g / ‖g‖,  g = ∇_E L(E)
        gradient = (∇L(E) + ∇L(E + r)) / 2

    The perturbation moves the vectors E of the batch's words in the direction that increases the
    loss most (Miyato, Dai, Goodfellow, ICLR 2017, arXiv 1605.07725; they perturb each word of
    each document separately and normalize the vectors; here each distinct word of the batch is
    perturbed once). Afterwards the weights have exactly their original values.

    Args:
        gradients_of: Function without arguments that returns `(gradients, result)` at the current
            weights; gradients of embeddings are `tf.IndexedSlices`.
        variables: The variables that the gradients belong to.
        norm: ε, the Euclidean norm of the perturbation of all words of the batch.

    Returns:
        The gradients, and `result` at the unperturbed weights.

    >>> words = tf.Variable([[3.0], [5.0], [0.0]])
    >>> def gradients_of():
    ...     with tf.GradientTape() as tape:
    ...         loss = tf.reduce_sum(tf.gather(words, [1]) ** 2)
    ...     return tape.gradient(loss, [words]), loss
    >>> (gradient,), loss = adversarial_gradients(gradients_of, [words], norm=1.0)
    >>> gradient.values.numpy(), loss.numpy(), words.numpy()[1]  # (2·5 + 2·6) / 2
    (array([[11.]], dtype=float32), np.float32(25.0), array([5.], dtype=float32))
    """
    if not tf.executing_eagerly():
        # Traced once, although it is called twice.
        gradients_of = tf.function(gradients_of, autograph=False)
    gradients, extra = gradients_of()
    gradients = [distinct_rows(gradient) for gradient in gradients]
    perturbed = [
        (tf_variable(variable), gradient)
        for variable, gradient in zip(variables, gradients, strict=True)
        if isinstance(gradient, tf.IndexedSlices)
    ]
    if not perturbed:
        return gradients, extra
    length = tf.linalg.global_norm([gradient.values for _, gradient in perturbed])
    scale = tf.math.divide_no_nan(tf.cast(norm, length.dtype), length)
    saved = []
    # In a graph, stateful operations run in the order in which they are written here.
    for variable, gradient in perturbed:
        rows = tf.gather(variable, gradient.indices)
        saved.append(tf.IndexedSlices(rows, gradient.indices))
        variable.scatter_update(tf.IndexedSlices(rows + scale * gradient.values, gradient.indices))
    at_perturbed = [distinct_rows(gradient) for gradient in gradients_of()[0]]
    for (variable, _), rows in zip(perturbed, saved, strict=True):
        variable.scatter_update(rows)
    return [_mean(*pair) for pair in zip(gradients, at_perturbed, strict=True)], extra


def _mean(first, second):
    if isinstance(first, tf.IndexedSlices):
        # The same words in the same order: both come from the same batch.
        return tf.IndexedSlices(
            (first.values + second.values) / 2, first.indices, first.dense_shape
        )
    return (first + second) / 2
