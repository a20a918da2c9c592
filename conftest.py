"""What holds for all tests, doctests too: it is set before anything imports TensorFlow."""

import gc
import os
import sys
from importlib.util import find_spec

import pytest

# Doctests of packages whose optional requirement is not installed.
collect_ignore_glob = [] if find_spec("apache_beam") else ["hanlib/beam/*.py"]

# Threads cost more than they save with arrays this small. Subprocesses inherit these variables.
for _library in ("TF_NUM_INTRAOP", "OPENBLAS_NUM", "OMP_NUM"):
    os.environ.setdefault(f"{_library}_THREADS", "1")

# The garbage collector would visit the many objects of TensorFlow's modules again and again: it is
# off while they are imported, then passes over them and runs less often.
gc.disable()


def pytest_collection_finish():
    if "tensorflow" in sys.modules:
        # Optimizing a graph takes longer than the few steps that a test runs. Files whose results
        # depend on it use the fixture `optimized_graphs`.
        options = {"disable_meta_optimizer": True}
        sys.modules["tensorflow"].config.optimizer.set_experimental_options(options)
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def free_models():
    """Frees the models and graphs of a file, which are cycles, before the next file begins."""
    yield
    if "tensorflow" in sys.modules:
        # TensorFlow registers each custom gradient of each graph for good, and with it the graph.
        from tensorflow.python.framework.ops import gradient_registry

        for name in list(gradient_registry.list()):
            if name.startswith("CustomGradient-"):
                gradient_registry._registry.pop(name)
    gc.collect()
