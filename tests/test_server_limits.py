"""The limits of the development server, its batches, its metrics, and what it does not log."""

import concurrent.futures
import contextlib
import gzip
import json
import re
import signal

import pytest
from served_model import Server, write_model

pytest.importorskip("starlette")

PREDICT = "/v1/models/m:predict"
LARGEST = 20_000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = write_model(tmp_path_factory.mktemp("models") / "m")
    bounds = {"--max-body": LARGEST, "--max-queue": 40, "--max-batch": 8, "--batch-threads": 1}
    server = Server(base, *(str(part) for pair in bounds.items() for part in pair))
    yield server
    assert server.stop(signal.SIGINT) == 0


def metric(server, name):
    text = server.ask("GET", "/metrics")[1].decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


@contextlib.contextmanager
def busy(server, seconds=1.0):
    """The one worker is busy within the block; requests sent in it are queued."""
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        document = {"signature_name": "slow", "inputs": [100.0 * seconds]}
        before = metric(server, "hanlib_batch_documents_count")
        slow = pool.submit(server.predict, document)
        server.wait_for(lambda: metric(server, "hanlib_batch_documents_count") > before)
        yield pool
        assert slow.result()[0] == 200


def test_a_body_that_is_too_large(server):
    large = json.dumps({"instances": ["a" * LARGEST]})
    code, answer, _ = server.ask("POST", PREDICT, large)
    told = {"error": f"The body is larger than {LARGEST} bytes (--max-body)"}
    assert (code, json.loads(answer)) == (413, told)
    chunks = (large[i : i + 1000].encode() for i in range(0, len(large), 1000))
    with contextlib.closing(server.connect()) as connection:
        connection.request("POST", PREDICT, chunks, encode_chunked=True)
        assert connection.getresponse().status == 413
    just = json.dumps({"instances": ["a" * (LARGEST - 19)]})
    assert len(just) == LARGEST
    assert server.ask("POST", PREDICT, just)[0] == 200


def test_a_gzip_bomb(server):
    memory = server.resident()
    bomb = gzip.compress(b'{"instances": ["' + b"a" * 10_000_000 + b'"]}')
    assert len(bomb) < LARGEST
    headers = {"Content-Encoding": "gzip"}
    assert server.ask("POST", PREDICT, bomb, headers)[0] == 413
    assert server.resident() - memory < 5_000_000


def test_a_body_that_never_ends_is_cut_off(server):
    def endless():
        while True:
            yield b" " * 10_000

    with contextlib.closing(server.connect()) as connection, contextlib.suppress(OSError):
        connection.request("POST", PREDICT, endless(), encode_chunked=True)
        assert connection.getresponse().status == 413
    assert server.ask("GET", "/healthz")[0] == 200


def test_a_full_queue_is_503_with_retry_after(server):
    with busy(server) as pool:
        document = json.dumps({"signature_name": "batch", "inputs": [0.0] * 8})
        asked = [pool.submit(server.ask, "POST", PREDICT, document) for _ in range(12)]
        answers = [future.result() for future in asked]
    codes = [code for code, _, _ in answers]
    assert set(codes) == {200, 503}
    assert codes.count(200) >= 5
    for code, answer, headers in answers:
        if code == 503:
            assert json.loads(answer) == {"error": "The queue is full"}
            assert headers["retry-after"] == "1"
    assert server.ask("POST", PREDICT, document)[0] == 200


def test_what_comes_while_the_worker_is_busy_becomes_one_batch(server):
    with busy(server) as pool:
        documents = [{"signature_name": "batch", "instances": [1.0] * n} for n in (1, 2, 3)]
        answers = [f.result() for f in [pool.submit(server.predict, d) for d in documents]]
    assert [(code, told["predictions"]) for code, told in answers] == [
        (200, [6.0]),
        (200, [6.0] * 2),
        (200, [6.0] * 3),
    ]


def test_each_gets_its_own_answer_from_a_batch(server):
    texts = [["a" * n, "b" * (n % 3)] for n in range(1, 5)]
    with busy(server) as pool:
        documents = [{"signature_name": "length", "inputs": pair} for pair in texts]
        answers = [f.result() for f in [pool.submit(server.predict, d) for d in documents]]
    assert [told["outputs"] for _, told in answers] == [[len(a), len(b)] for a, b in texts]


def test_a_fault_stays_with_its_request(server):
    texts = ["1", "x", "2"]
    with busy(server) as pool:
        documents = [{"signature_name": "number", "instances": [text]} for text in texts]
        answers = [f.result() for f in [pool.submit(server.predict, d) for d in documents]]
    assert [code for code, _ in answers] == [200, 400, 200]
    assert answers[2][1] == {"predictions": [2.0]}


def test_signatures_that_cannot_be_joined_run_alone(server):
    with busy(server) as pool:
        documents = [
            {"signature_name": name, "inputs": [float(n)] * n}
            for n in (1, 2, 3)
            for name in ("unequal", "distinct")
        ]
        answers = [f.result() for f in [pool.submit(server.predict, d) for d in documents]]
    told = [answer["outputs"] for _, answer in answers]
    assert told[1::2] == [[1.0], [2.0], [3.0]]
    assert told[4] == {"all": [3.0] * 3, "first": [3.0], "most": 3.0}


def test_a_large_request_runs_in_parts(server):
    code, told = server.predict({"signature_name": "batch", "instances": [1.0] * 100})
    assert (code, told["predictions"]) == (200, [8.0] * 96 + [4.0] * 4)
    texts = ["a" * (n % 7) for n in range(100)]
    _, told = server.predict({"signature_name": "length", "inputs": texts})
    assert told["outputs"] == [len(text) for text in texts]
    # The first part shows that an output does not have the documents first.
    _, told = server.predict({"signature_name": "distinct", "inputs": [n % 11 for n in range(100)]})
    assert told["outputs"] == list(range(11))


def test_metrics(server):
    before = metric(server, 'hanlib_requests_total{code="400",route="predict"}')
    server.predict({"inputs": 1})
    assert metric(server, 'hanlib_requests_total{code="400",route="predict"}') == before + 1
    code, text, headers = server.ask("GET", "/metrics")
    assert code == 200
    assert headers["content-type"].startswith("text/plain; version=")
    text = text.decode()
    for line in (
        'hanlib_version_loaded{version="1"} 1.0',
        "hanlib_queue_documents 0.0",
        'hanlib_request_seconds_bucket{le="0.01",route="predict"}',
        'hanlib_batch_documents_bucket{le="8.0"}',
        "process_resident_memory_bytes",
    ):
        assert line in text


def test_health_and_page(server):
    assert server.ask("GET", "/healthz")[:2] == (200, b"ok\n")
    assert server.ask("POST", "/healthz")[0] == 405
    assert json.loads(server.ask("GET", "/hanlib/models")[1]) == {"models": ["m"]}
    code, page, headers = server.ask("GET", "/")
    assert (code, headers["x-content-type-options"]) == (200, "nosniff")
    assert b"<html" in page
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["content-type"].startswith("text/html")


def test_pages_of_other_origins_may_not_ask(server):
    preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    assert server.ask("OPTIONS", PREDICT, headers=preflight)[0] == 400
    for headers in (preflight, {"Origin": "null"}):
        told = server.ask("POST", PREDICT, '{"instances": ["a"]}', headers)[2]
        assert not [name for name in told if name.startswith("access-control")]


def test_no_text_in_the_log(server):
    secret = "Zebrastreifen"
    server.ask("POST", PREDICT, json.dumps({"instances": [secret]}))
    server.ask("POST", PREDICT, json.dumps({"instances": [{secret: secret}]}))
    server.ask("POST", PREDICT, f'{{"instances": ["{secret}')
    server.ask("POST", PREDICT, json.dumps({"signature_name": "number", "instances": [secret]}))
    server.ask("POST", f"{PREDICT}?text={secret}", "{}")
    server.wait_for(lambda: any("400" in line for line in server.log[-5:]))
    log = "".join(server.log)
    assert secret not in log
    assert re.search(r"^\d\d:\d\d:\d\d POST /v1/models/m:predict 200 \d+\.\d ms$", log, re.M)
    assert "Traceback" not in log
