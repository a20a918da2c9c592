"""What several test files share."""

import fcntl
import functools
import os

import numpy as np
import pytest
from eager import eagerly


@pytest.fixture
def rng():
    """The same random numbers for each test, in whatever order the tests run."""
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def exported_classifier(tmp_path_factory):
    """A folder with version 1 of an export of `tiny_classifier.build()`, which tests only read.

    It is made once for all processes of a run.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with open(folder / "exported.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "exported").exists():
            from tiny_classifier import build

            from hanlib.serving import export_version

            export_version(build(), folder / "exported")
    return folder / "exported"


@pytest.fixture
def run(capsys):
    """Runs a command; gives exit code, standard output and standard error."""
    from hanlib.cli import main

    def command(*arguments):
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return (code, *capsys.readouterr())

    return command


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """A browser."""
    import browser

    with browser.started(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def server():
    """The stub of a server, with the page."""
    from stub_server import StubServer

    from hanlib.serving.page import html

    with StubServer() as running:
        running.files["/"] = ("text/html; charset=utf-8", html().encode())
        running.files["/hanlib/models"] = ("application/json", b'{"models": ["reviews"]}')
        yield running


@pytest.fixture
def page(driver, server):
    """The page as a person uses it, opened and connected."""
    from browser import Page

    return Page(driver).open(f"{server.url}/")


@pytest.fixture(scope="module")
def models_stay_loaded():
    """Lets the commands of a file load each model once: tracing it takes seconds."""
    from hanlib.cli import model_file
    from hanlib.serving import scoring

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((model_file, "load"), (scoring, "ServedModel")):
            patch.setattr(module, name, functools.cache(getattr(module, name)))
        yield


@pytest.fixture
def check_here(monkeypatch):
    """Lets `hanlib.serving.check` load an export into this process, not one of its own."""
    import tensorflow as tf

    from hanlib.serving import export_check, replay

    class Unoptimized(tf.compat.v1.Session):
        def __init__(self, **arguments):
            config = tf.compat.v1.ConfigProto()
            config.graph_options.rewrite_options.disable_meta_optimizer = True
            super().__init__(config=config, **arguments)

    def run(path, asked):
        with monkeypatch.context() as patch:
            patch.setattr(tf.compat.v1, "Session", Unoptimized)
            served = replay.Served(str(path))
        answers = [replay.answer(served, *request) for request in asked["batches"]]
        return {"answers": answers, "seconds": dict.fromkeys(dict(asked["timed"]), 1.0)}

    monkeypatch.setattr(export_check, "_run", run)


@pytest.fixture
def without_contrast(monkeypatch):
    """Leaves out the signature `contrast`, whose graph is that of `explain`."""
    from hanlib.serving import comparison, export_check, signatures

    names, requests = signatures.signature_names, export_check.warm_up_requests

    def fewer(classifier):
        return tuple(name for name in names(classifier) if name != "contrast")

    for module in (signatures, export_check, comparison):
        monkeypatch.setattr(module, "signature_names", fewer)
    monkeypatch.setattr(
        export_check,
        "warm_up_requests",
        lambda path: [request for request in requests(path) if request[0] != "contrast"],
    )


@pytest.fixture
def eager_functions():
    """Lets a test run its steps eagerly."""
    with eagerly():
        yield


@pytest.fixture(scope="module")
def optimized_graphs():
    """Lets all tests of a file run graphs as users do, optimized by TensorFlow."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(scope="module")
def eager_module():
    """Lets all tests of a file run their steps eagerly."""
    with eagerly():
        yield
