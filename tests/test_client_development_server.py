"""Client, page, and generated requests, against a trained model that `hanlib serve` exports itself.

The requests are the short form of `benchmarks/server_fuzz.py`, by seed; and the process needs
TensorFlow alone.
"""

import importlib.util
import json
import math
import os
from pathlib import Path

import browser
import numpy as np
import pytest
from served_model import Server
from tiny_classifier import build

pytest.importorskip("starlette")

from hanlib.serving.client import RestClient, ServingError

TEXTS = [
    "The hotel was good. But the bath was dirty!",
    "",
    "Caf&eacute;<br />酒店很好。 \U0001f600 \x00 half \ud83d",
    "good film " * 300,
]


@pytest.fixture(scope="module")
def classifier():
    return build()


@pytest.fixture(scope="module")
def server(classifier, tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "reviews.keras"
    classifier.save(path)
    os.environ["PYTHONPROFILEIMPORTTIME"] = "1"
    try:
        server = Server(path, "--quiet", command=())
    finally:
        del os.environ["PYTHONPROFILEIMPORTTIME"]
    assert server.name == "reviews"
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def client(server):
    return RestClient(f"http://127.0.0.1:{server.port}", server.name, timeout=120)


def test_predictions_are_the_models(client, classifier):
    expected = classifier.predict([text.replace("\ud83d", "?") for text in TEXTS], verbose=0)
    answers = client.predict(TEXTS)
    served = [list(answer.probabilities.values()) for answer in answers]
    np.testing.assert_allclose(served, expected, atol=1e-5)
    assert [answer.label for answer in answers] == classifier.labels_of(expected)


def test_explanations_have_their_words_in_place(client):
    first, empty, awkward, long = client.explain(TEXTS, "attention")
    assert [sentence.text for sentence in first.sentences] == [TEXTS[0][:19], TEXTS[0][20:]]
    assert all(TEXTS[0][word.start : word.end] == word.text for word in first.words)
    assert empty.sentences == ()
    assert [word.text for word in awkward.words][:2] == ["Café", "酒"]
    assert TEXTS[2][awkward.words[0].start : awkward.words[0].end] == "Caf&eacute;"
    assert len(long.words) == 600
    for explanation in (first, awkward, long):
        assert sum(sentence.score for sentence in explanation.sentences) == pytest.approx(1, 1e-4)
        for sentence in explanation.sentences:
            assert sum(word.score for word in sentence.words) == pytest.approx(1, 1e-4)


def test_combined_attention_follows_from_attention(client):
    (alone,), (combined,) = (
        client.explain(TEXTS[:1], method) for method in ("attention", "combined_attention")
    )
    expected = [math.sqrt(s.score) * word.score for s in alone.sentences for word in s.words]
    np.testing.assert_allclose([word.score for word in combined.words], expected, rtol=1e-5)


def test_gradient_x_attention_is_signed_and_about_the_target(client):
    (explanation,) = client.explain(TEXTS[:1])
    assert explanation.method == "gradient_x_attention"
    assert explanation.target == explanation.label
    assert any(word.score != 0 for word in explanation.words)


def test_why_one_class_and_not_another(client):
    for explanation in client.explain(TEXTS):
        other = {"neg": "pos", "pos": "neg"}[explanation.label]
        text, scores = explanation.text, [word.score for word in explanation.words]
        (same,), (opposite,) = (
            client.explain([text], against="runner-up"),
            client.explain([text], target=other, against=explanation.label),
        )
        assert (same.target, same.against) == (explanation.label, other)
        assert (opposite.target, opposite.against) == (other, explanation.label)
        # Of two classes, the scores of one are those of the other with another sign.
        np.testing.assert_allclose([word.score for word in same.words], scores, atol=1e-5)
        np.testing.assert_allclose([-word.score for word in opposite.words], scores, atol=1e-5)
    with pytest.raises(
        ServingError, match=r"one of the classes neg, pos. Received: good"
    ) as caught:
        client.explain(TEXTS[:1], target="good", against="pos")
    assert caught.value.code == 400
    assert caught.value.message.startswith("`target` must be empty or one of the classes neg, pos")


def test_vectors_status_and_errors(client, server):
    vectors = client.embed(TEXTS)
    assert vectors.shape[0] == len(TEXTS)
    assert np.isfinite(vectors).all()
    assert client.status()["model_version_status"][0]["state"] == "AVAILABLE"
    signatures = client.metadata()["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "explain", "embed"} <= set(signatures)
    other = RestClient(f"http://127.0.0.1:{server.port}", "nobody")
    with pytest.raises(ServingError, match="Servable not found") as caught:
        other.predict(["a"])
    assert caught.value.code == 404


@pytest.mark.skipif(not browser.is_there(), reason=browser.NEEDED)
def test_the_page_from_the_server(server, tmp_path):
    with browser.started(tmp_path) as driver:
        _look(browser.Page(driver), server)


def _look(page, server):
    page.open(f"http://127.0.0.1:{server.port}/")
    assert page("model-state").text == f"Model {server.name}, version 1"
    page.paste("The hotel was good. <b>But</b> the bath was dirty!").ask()
    assert page.texts(".verdict strong")[0] in ("neg", "pos")
    assert page.texts(".text .s") == ["The hotel was good.", "<b>But</b> the bath was dirty!"]
    page.choose("attention")
    titles = page.run("return [...document.querySelectorAll('.text .s')].map(node => node.title)")
    shares = [float(title.split("\n")[0].removeprefix("sentence ")) for title in titles]
    assert sum(shares) == pytest.approx(1, abs=0.002)
    page("target").send_keys("neg")
    page.until(lambda: "neg rather than pos" in page.texts(".verdict")[0])
    assert not [entry for entry in page.driver.get_log("browser") if "Policy" in entry["message"]]


# Generated requests -------------------------------------------------------------------------------

PROGRAM = Path(__file__).parents[1] / "benchmarks" / "server_fuzz.py"


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("server_fuzz", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
