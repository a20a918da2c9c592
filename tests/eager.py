"""Steps that run eagerly: with a few batches, tracing would take most of the time."""

import contextlib
import warnings


@contextlib.contextmanager
def eagerly():
    """Runs Keras' steps eagerly."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    with warnings.catch_warnings():
        # TensorFlow says that the functions of datasets are traced all the same.
        warnings.filterwarnings("ignore", message="Even though the", category=UserWarning)
        try:
            yield
        finally:
            tf.config.run_functions_eagerly(False)
