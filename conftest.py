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


@pytest.fixture(autouse=True)
def eager_examples(request):
    """Runs the examples of docstrings eagerly: with a step or two, tracing would take longer."""
    if not isinstance(request.node, pytest.DoctestItem) or "tensorflow" not in sys.modules:
        yield
        return
    config = sys.modules["tensorflow"].config
    config.run_functions_eagerly(True)
    yield
    config.run_functions_eagerly(False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Frees the models and graphs of a file, which are cycles, before the next file begins."""
    result = yield
    ends = nextitem is not None and nextitem.path != item.path
    # A collection waits for a file that makes many objects, as most files do not.
    if ends and "tensorflow" in sys.modules and any(gc.get_count()[1:]):
        gc.collect()
        # What is left stays: the next collection need not visit it again.
        gc.freeze()
    return result
