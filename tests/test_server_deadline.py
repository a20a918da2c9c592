"""Runs of the development server that take too long, or that nobody waits for any more."""

import concurrent.futures
import contextlib
import json
import socket
import time

import pytest
from served_model import Server, write_model

pytest.importorskip("starlette")

PREDICT = "/v1/models/m:predict"
TIMEOUT = 2.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    base = write_model(tmp_path_factory.mktemp("models") / "m")
    server = Server(base, "--timeout", str(TIMEOUT))
    yield server
    assert server.stop() == 0


def metric(server, name):
    text = server.ask("GET", "/metrics")[1].decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def batches(server):
    return metric(server, "hanlib_batch_documents_count")


def slow(seconds):
    return {"signature_name": "slow", "inputs": [100.0 * seconds]}


def long_document(seconds):
    """A document that runs for some seconds and is long."""
    return {"signature_name": "slow_text", "inputs": [f"{100 * seconds} ".ljust(70_000)]}


@contextlib.contextmanager
def sent(server, document):
    """A client that has sent a request and does not read the answer."""
    body = json.dumps(document).encode()
    start = f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(start.encode() + body)
        yield


def timed(server, document):
    begin = time.monotonic()
    code, told = server.predict(document)
    return code, told, time.monotonic() - begin


def test_a_run_ends_at_the_deadline(server):
    code, told, took = timed(server, slow(60))
    assert (code, told) == (504, {"error": "No answer within 2 seconds (--timeout)"})
    assert TIMEOUT <= took < TIMEOUT + 1
    # It is not only the answer: both workers are free again.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: timed(server, slow(0.2)), range(4)))
    assert [code for code, _, _ in answers] == [200] * 4
    assert max(took for _, _, took in answers) < 1.5


def test_a_running_request_of_a_disconnected_client_is_stopped(server):
    before = batches(server)
    with sent(server, slow(60)):
        server.wait_for(lambda: batches(server) == before + 1)
        with sent(server, slow(60)):
            server.wait_for(lambda: batches(server) == before + 2)
    code, _, took = timed(server, slow(0.1))
    assert code == 200
    assert took < 1


def test_a_queued_request_of_a_disconnected_client_does_not_run(server):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        before = batches(server)
        busy = [pool.submit(server.predict, slow(1.0))]
        server.wait_for(lambda: batches(server) == before + 1)
        busy.append(pool.submit(server.predict, slow(1.0)))
        server.wait_for(lambda: batches(server) == before + 2)
        with sent(server, slow(60)):
            server.wait_for(lambda: metric(server, "hanlib_queue_documents") == 1)
        server.wait_for(lambda: metric(server, "hanlib_queue_documents") == 0)
        assert [future.result()[0] for future in busy] == [200, 200]
    time.sleep(0.2)
    assert batches(server) == before + 2


def test_one_request_of_a_batch_may_leave(server):
    """The others of the batch get their answers."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        before = batches(server)
        busy = []
        for count in (1, 2):
            busy.append(pool.submit(server.predict, slow(0.7)))
            server.wait_for(lambda count=count: batches(server) == before + count)
        with sent(server, slow(0.8)):
            stays = pool.submit(server.predict, slow(0.8))
            server.wait_for(lambda: batches(server) == before + 3)
        assert stays.result() == (200, {"outputs": [2.0]})


def test_long_documents_leave_a_worker_to_short_ones(server):
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        before = batches(server)
        long = [pool.submit(timed, server, long_document(1.5)) for _ in range(3)]
        server.wait_for(lambda: batches(server) > before)
        took = [timed(server, slow(0.05))[2] for _ in range(5)]
        assert max(took) < 0.7
        codes = sorted(future.result()[0] for future in long)
    assert codes == [200, 504, 504]  # One after the other, and each has the same deadline.
