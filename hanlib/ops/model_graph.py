"""Graph functions that belong to one model."""

import functools

import tensorflow as tf


def model_graph(function, *signature):
    """A function of one model as a graph function.

    TensorFlow counts how often functions with the same code are traced. Without the
    `functools.partial`, it would warn about retracing when the fifth model of a process traces its
    first graph.

    Args:
        function: A function of tensors.
        *signature: A `tf.TensorSpec`, or a nest of them, per argument. Without a signature the
            function is traced again for other types of arguments, but not for other sizes.

    Returns:
        A plain function, which Keras does not track as a part of the layer or model that holds it,
        with the method `experimental_get_tracing_count` of a `tf.function`.

    >>> double = model_graph(lambda x: 2 * x, tf.TensorSpec([None], tf.int32))
    >>> double(tf.constant([1, 2])).numpy()
    array([2, 4], dtype=int32)
    """
    graph = tf.function(
        functools.partial(function),
        input_signature=signature or None,
        reduce_retracing=not signature,
        autograph=False,
    )

    def run(*arguments):
        return graph(*arguments)

    run.experimental_get_tracing_count = graph.experimental_get_tracing_count
    return run
