"""Generated bodies and documents against a trained model that `hanlib serve` exports itself.

The short form of `benchmarks/server_fuzz.py`, by seed; and the process needs TensorFlow alone.
"""

import importlib.util
import json
import os
from pathlib import Path

import pytest
from served_model import Server
from tiny_classifier import build

pytest.importorskip("starlette")

PROGRAM = Path(__file__).parents[1] / "benchmarks" / "server_fuzz.py"


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("server_fuzz", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "reviews.keras"
    build().save(path)
    os.environ["PYTHONPROFILEIMPORTTIME"] = "1"
    try:
        server = Server(path, "--quiet", command=())
    finally:
        del os.environ["PYTHONPROFILEIMPORTTIME"]
    assert server.name == "reviews"
    yield server
    assert server.stop() == 0


NUMBERS = pytest.mark.parametrize("number", [100, pytest.param(1000, marks=pytest.mark.long)])


@NUMBERS
def test_bodies(server, fuzz, number):
    fuzzer = fuzz.Fuzzer(server.port, server.name, seed=1)
    fuzzer.bodies(number)
    assert not fuzzer.faults
    assert {200, 400} <= set(fuzzer.codes)


@NUMBERS
def test_documents(server, fuzz, number):
    fuzzer = fuzz.Fuzzer(server.port, server.name, seed=2)
    fuzzer.documents(number)
    assert not fuzzer.faults
    assert fuzzer.explain
    assert fuzzer.codes[200] > number / 6


def test_many_documents_at_once_are_answered_as_alone(server, fuzz):
    texts = [fuzz.document(fuzz.random.Random(n)) for n in range(150)]
    texts = [text.decode("utf-8", "replace") for text in texts]
    code, together = server.predict({"instances": texts})
    assert code == 200
    for index in (0, 63, 64, 149):
        (alone,) = server.predict({"instances": [texts[index]]})[1]["predictions"]
        row = together["predictions"][index]
        assert row["label"] == alone["label"]
        assert row["probabilities"] == pytest.approx(alone["probabilities"], abs=1e-5)
    code, column = server.predict({"signature_name": "explain", "inputs": texts})
    assert code == 200
    assert {len(values) for values in column["outputs"].values()} == {150}
    for values in column["outputs"].values():  # Of one width, although it ran in parts.
        assert len({len(value) if isinstance(value, list) else 0 for value in values}) == 1


def test_a_200_kb_document(server):
    def explained(sentence):
        text = sentence * (200_000 // len(sentence))
        return server.predict({"signature_name": "explain", "instances": [text]})

    code, told = explained("A fine day, and a long walk by the sea with friends. ")
    assert code == 200
    assert sum(told["predictions"][0]["probabilities"]) == pytest.approx(1, abs=1e-4)
    code, told = explained("A fine day. ")
    assert code == 400
    assert "more than 5,000 sentences, the limit of this model" in told["error"]


def test_the_process_has_tensorflow_and_no_model_code(server):
    # TensorFlow imports Keras by itself.
    imported = [line.rsplit("|", 1)[-1].strip() for line in server.log if line.startswith("import")]
    assert "tensorflow" in imported
    parts = {name.split(".")[1] for name in imported if name.startswith("hanlib.")}
    assert parts.isdisjoint({"models", "layers", "ops", "text", "explain"})


def test_the_fuzzer_sees_faults(fuzz):
    row = {"probabilities": [0.5, 0.5], "label": "a", "classes": ["a", "b"]}
    assert fuzz.fault_of_answer(200, json.dumps({"predictions": [row]}).encode()) is None
    for wrong in (
        {"probabilities": [0.5, 0.6]},
        {"probabilities": [0.5, float("nan")]},
        {"label": "c"},
    ):
        told = json.dumps({"predictions": [row | wrong]}).encode()
        assert fuzz.fault_of_answer(200, told)
    assert fuzz.fault_of_answer(500, b'{"error": "x"}')
    assert fuzz.fault_of_answer(400, b"{")
