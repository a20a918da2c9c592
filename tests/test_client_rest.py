"""The REST client, against a stub that speaks TensorFlow Serving's contract."""

import math
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from stub_server import MODEL, StubServer, contrast, explain, signed, split, weights

from hanlib.serving.client import Prediction, RestClient, ServingError, retries
from hanlib.serving.client.serving_client import batches

TEXTS = ["A good film. So bad an end!", "", "酒店很好。早餐不错", "Plain words only"]


@pytest.fixture
def server():
    with StubServer() as running:
        yield running


@pytest.fixture
def client(server):
    return RestClient(server.url, "reviews", timeout=5)


@pytest.fixture
def waits(monkeypatch):
    """Notes the pauses between attempts instead of making them."""
    noted = []
    monkeypatch.setattr(retries, "sleep", noted.append)
    return noted


def test_predict(client, server):
    answers = client.predict(TEXTS)
    assert answers[0] == Prediction("pos", {"neg": pytest.approx(0.1), "pos": 0.9})
    assert [answer.label for answer in answers] == ["pos", "neg", "neg", "neg"]
    assert server.requests == [
        (
            "POST",
            "/v1/models/reviews:predict",
            {"signature_name": "serving_default", "inputs": TEXTS},
        )
    ]


def test_multi_label_gives_the_tuple_of_labels(client, server):
    server.model["serving_default"] = lambda texts: {
        **MODEL["serving_default"](texts),
        "labels": [["neg", "pos"], ["", ""]],
    }
    assert [answer.label for answer in client.predict(["a", "b"])] == [("neg", "pos"), ()]


@pytest.mark.parametrize("method", ["attention", "combined_attention", "gradient_x_attention"])
def test_explain_trims_and_scores(client, method):
    for text, explanation in zip(TEXTS, client.explain(TEXTS, method), strict=True):
        assert (explanation.text, explanation.method, explanation.omitted) == (text, method, {})
        assert explanation.target == explanation.label
        sentences = split(text)
        assert [sentence.text for sentence in explanation.sentences] == [s for s, _ in sentences]
        of_sentences = weights([sentence for sentence, _ in sentences])
        for sentence, (_, words), weight in zip(
            explanation.sentences, sentences, of_sentences, strict=True
        ):
            assert [word.text for word in sentence.words] == words
            expected = {
                "attention": weights(words),
                "combined_attention": [math.sqrt(weight) * w for w in weights(words)],
                "gradient_x_attention": [signed(word) for word in words],
            }[method]
            np.testing.assert_allclose([word.score for word in sentence.words], expected)
            total = sum(map(signed, words)) if method == "gradient_x_attention" else weight
            assert sentence.score == pytest.approx(total)
            assert text[sentence.start : sentence.end] == sentence.text
            assert all(text[word.start : word.end] == word.text for word in sentence.words)


def test_why_one_class_and_not_another(client, server):
    server.model["contrast"] = contrast
    text = "A good film. So bad an end!"
    (plain,) = client.explain([text])
    (found,) = client.explain([text], target="neg", against="pos")
    assert (plain.target, plain.against, found.target, found.against) == ("pos", None, "neg", "pos")
    assert [word.score for word in found.words] == [-2 * word.score for word in plain.words]
    inputs = {"text": [text], "target": ["neg"], "against": ["pos"]}
    assert server.requests[-1][2] == {"signature_name": "contrast", "inputs": inputs}
    assert "neg rather than pos" in found.to_html()
    (nearest,) = client.explain([text], "attention", against="runner-up")
    assert (nearest.target, nearest.against) == ("pos", "neg")
    assert server.requests[-1][2]["inputs"] == {"text": [text], "target": [""], "against": [""]}
    # The most probable class is not compared with itself.
    assert client.explain([text], against="pos")[0].against is None
    with pytest.raises(ValueError, match=r"`target` needs `against`.*target='neg'"):
        client.explain([text], target="neg")
    del server.model["contrast"]
    with pytest.raises(ServingError, match="exported without 'contrast': export it again"):
        client.explain([text], against="pos")


def test_explain_says_what_was_omitted(client, server):
    server.model["explain"] = lambda texts: explain(texts, most_sentences=1)
    short, long = client.explain(["One here.", "One. Two three. Four!"])
    assert (short.omitted, long.omitted) == ({}, {"words": 5, "sentences": 2})
    assert [sentence.text for sentence in long.sentences] == ["One."]


def test_embed_and_long_lists_keep_their_order(server):
    client = RestClient(server.url, "reviews", batch_size=3)
    vectors = client.embed(["x" * n for n in range(10)])
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors[:, 0], range(10))
    assert [len(body["inputs"]) for _, _, body in server.requests] == [3, 3, 3, 1]
    assert client.embed([]).shape == (0, 0)


def test_requests_hold_a_bounded_number_of_bytes():
    texts = ["酒" * 400_000] * 3 + ["a" * 9_000_000, "b"]
    assert [len(batch) for batch in batches(texts, 32)] == [2, 1, 1, 1]
    assert [text for batch in batches(texts, 32) for text in batch] == texts


@pytest.mark.parametrize("status", [503, 504])
def test_overload_is_tried_again(client, server, waits, status):
    server.script += [(status, {"error": "busy"})] * 3
    assert client.predict(["good"])[0].label == "pos"
    assert len(server.requests) == 4
    bounds = [(0.125, 0.25), (0.25, 0.5), (0.5, 1.0)]
    assert all(low <= wait <= high for wait, (low, high) in zip(waits, bounds, strict=True))


def test_waits_are_not_all_alike_and_do_not_grow_without_bound():
    assert len({retries.waiting_time(3) for _ in range(20)}) > 10
    assert all(15 <= retries.waiting_time(attempt) <= 30 for attempt in range(7, 60))


def test_retry_after_is_honoured(client, server, waits):
    server.script += [(503, {"error": "busy"}, {"Retry-After": "7"})]
    server.script += [(503, {"error": "busy"}, {"Retry-After": "soon"})]
    server.script += [(503, {"error": "busy"}, {"Retry-After": "Fri, 01 Jan 1999 00:00:00 GMT"})]
    assert client.predict(["good"])[0].label == "pos"
    assert waits[0] == 7
    assert 0.25 <= waits[1] <= 0.5
    assert 0.5 <= waits[2] <= 1


def test_nobody_waits_an_hour(client, server, waits):
    server.script += [(503, {"error": "maintenance"}, {"Retry-After": "3600"})]
    with pytest.raises(ServingError, match="maintenance") as caught:
        client.predict(["good"])
    assert (caught.value.code, caught.value.wait, waits) == (503, 3600, [])


def test_retries_end(client, server, waits):
    server.script += [(503, {"error": "queue is full"})] * 9
    with pytest.raises(ServingError, match=r"queue is full \(code 503\)"):
        client.predict(["good"])
    assert (len(server.requests), len(waits)) == (5, 4)


@pytest.mark.parametrize("status", [400, 404, 413, 429, 500, 501])
def test_other_errors_are_final_and_say_what_the_server_said(client, server, waits, status):
    server.script += [(status, {"error": "JSON Value: 1 is not of expected type: string"})]
    with pytest.raises(ServingError, match="not of expected type") as caught:
        client.predict(["good"])
    assert (caught.value.code, len(server.requests), waits) == (status, 1, [])


@pytest.mark.parametrize(
    ("status", "body"),
    [(502, b"<html>Bad gateway</html>"), (200, b"\xff\xfe"), (200, b""), (200, b"[1]")],
)
def test_an_answer_that_is_none(client, server, waits, status, body):
    server.script += [(status, body)]
    with pytest.raises(ServingError, match="returned no JSON object") as caught:
        client.predict(["good"])
    assert caught.value.code == status


def test_a_broken_connection_is_tried_again(client, server, waits):
    server.script += [(200, b'{"outputs":', {"Content-Length": 999, "Connection": "close"})]
    assert client.predict(["good"])[0].label == "pos"
    assert len(waits) == 1


def test_an_answer_without_its_outputs(client, server):
    server.model["explain"] = MODEL["serving_default"]
    with pytest.raises(ServingError, match=r"Missing: .*'target'"):
        client.explain(["good"])


def test_unknown_model_and_signature(server):
    with pytest.raises(ServingError, match=r"Servable not found for request: Latest\(x\)"):
        RestClient(server.url, "x").predict(["a"])
    del server.model["explain"]
    with pytest.raises(ServingError, match="exported without 'explain': export it again"):
        RestClient(server.url, "reviews").explain(["a"])


def test_nobody_there(server, waits):
    client = RestClient("http://127.0.0.1:9", "reviews", retries=2)
    with pytest.raises(ServingError, match=r"127\.0\.0\.1:9.* cannot be reached") as caught:
        client.predict(["good"])
    assert (caught.value.code, len(waits)) == (None, 2)


def test_a_server_that_starts_late(server, monkeypatch):
    port = int(server.url.rpartition(":")[2])
    server.__exit__()
    late = []

    def start(_):
        if not late:
            late.append(StubServer(port).__enter__())

    monkeypatch.setattr(retries, "sleep", start)
    try:
        assert RestClient(server.url, "reviews").predict(["good"])[0].label == "pos"
    finally:
        late[0].__exit__()


def test_a_slow_server(server, waits):
    server.delay = 1.0
    with pytest.raises(ServingError, match=r"did not answer within 0.05 s"):
        RestClient(server.url, "reviews", timeout=0.05, retries=1).predict(["good"])
    assert len(waits) == 1


@pytest.mark.parametrize(
    "text", ["a\x00b", '"\\', "\U0001f600 é 酒", "</script>", "\u2028", "half \ud83d pair"]
)
def test_awkward_text_travels_whole(client, server, text):
    client.predict([text])
    assert server.requests[0][2]["inputs"] == [text.replace("\ud83d", "?")]


def test_status_and_metadata(client):
    (version,) = client.status()["model_version_status"]
    assert (version["version"], version["state"]) == ("1", "AVAILABLE")
    signatures = client.metadata()["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {"serving_default", "explain", "embed"}


def test_versions_and_labels(server):
    RestClient(server.url + "/", "reviews", version=3).predict(["a"])
    RestClient(server.url, "reviews", label="stable").status()
    paths = [path for _, path, _ in server.requests]
    assert paths == ["/v1/models/reviews/versions/3:predict", "/v1/models/reviews/labels/stable"]


def test_threads_share_a_client(client):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: client.embed(["x" * n])[0, 0], range(64)))
    assert answers == list(range(64))
    assert threading.active_count() < 64


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"address": "127.0.0.1:8501"}, ValueError, "`address` must be a URL such as 'http://"),
        ({"model": "a/b"}, ValueError, "`model` must be the name"),
        ({"version": 1, "label": "x"}, ValueError, "Only one of"),
        ({"timeout": 0}, ValueError, "`timeout` must be greater than 0"),
        ({"retries": -1}, ValueError, "`retries` must be an integer"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be a positive integer"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        RestClient(**{"address": "http://127.0.0.1:8501", "model": "reviews", **arguments})


def test_wrong_texts(client, server):
    for texts in ["one text", b"bytes", ["a", None], [b"a"]]:
        with pytest.raises(TypeError, match="`texts` must be a list of strings"):
            client.predict(texts)
    with pytest.raises(ValueError, match="`method` must be one of"):
        client.explain(["a"], method="lime")
    assert server.requests == []


def test_the_client_starts_no_tensorflow():
    program = (
        "import sys; from hanlib.serving.client import RestClient; import hanlib.serving;"
        "print([m for m in ('tensorflow', 'keras', 'grpc') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
