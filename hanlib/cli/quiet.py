"""TensorFlow without the lines it writes while it starts."""

import contextlib
import os
import re
import sys
import tempfile

# What its C++ code writes before its log is set up, whatever TF_CPP_MIN_LOG_LEVEL says.
_NOISE = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\)"
    rb"|[IW]\d{4} [\d:. ]+\S+\.cc:\d+\]"
    rb"|To enable the following instructions"
)


def start_tensorflow(keras=True):
    """Imports TensorFlow; of what it writes meanwhile, only errors come through.

    Args:
        keras: whether Keras may be imported with it, which takes a third of the time.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _filtered_stderr(), contextlib.nullcontext() if keras else _without_keras():
        import tensorflow as tf
    import absl.logging

    tf.get_logger().setLevel("ERROR")
    absl.logging.set_verbosity(absl.logging.ERROR)


@contextlib.contextmanager
def _without_keras():
    """TensorFlow imports Keras at its end, and goes on without it where that fails."""
    sys.modules.setdefault("keras.src", None)
    try:
        yield
    finally:
        if sys.modules["keras.src"] is None:
            del sys.modules["keras.src"]


@contextlib.contextmanager
def _filtered_stderr():
    """Collects what is written to file descriptor 2, and lets through what is no noise."""
    try:
        saved = os.dup(2)
    except OSError:  # Standard error is closed: nothing to silence.
        yield
        return
    with tempfile.TemporaryFile() as collected:
        sys.stderr.flush()
        os.dup2(collected.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
            collected.seek(0)
            kept = [line for line in collected if not _NOISE.match(line)]
            if kept:
                os.write(2, b"".join(kept))
