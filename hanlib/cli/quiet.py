"""Starts TensorFlow without its messages."""

import contextlib
import gc
import os
import re
import sys
import tempfile

# Packages that Keras imports where they are installed; no command uses what Keras makes of them.
_OPTIONAL = ("IPython", "matplotlib", "pandas", "sklearn")
# Messages of its C++ code that TF_CPP_MIN_LOG_LEVEL does not suppress.
_NOISE = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\)"
    rb"|[IW]\d{4} [\d:. ]+\S+\.cc:\d+\]"
    rb"|To enable the following instructions"
)


def start_tensorflow(keras=True):
    """Imports TensorFlow, without its messages (except errors) and what Keras needs for plots.

    Args:
        keras: whether Keras is imported too, which takes a third of the time.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    hidden = _without(*_OPTIONAL, *(() if keras else ("keras.src",)))
    with _filtered_stderr(), hidden, _without_garbage_collection():
        import tensorflow as tf
    import absl.logging

    tf.get_logger().setLevel("ERROR")
    absl.logging.set_verbosity(absl.logging.ERROR)


@contextlib.contextmanager
def _without_garbage_collection():
    """Spares the many objects of modules the garbage collector: they stay until the end anyway."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


@contextlib.contextmanager
def _without(*names):
    """Makes the import of packages fail, which TensorFlow and Keras take for "not installed"."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            if sys.modules[name] is None:
                del sys.modules[name]


@contextlib.contextmanager
def _filtered_stderr():
    """Collects the output to file descriptor 2, and writes it at the end without `_NOISE`."""
    try:
        saved = os.dup(2)
    except OSError:  # Standard error is closed.
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
