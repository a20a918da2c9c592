"""Connections of the development server: timeouts, their number, and malformed or hostile HTTP."""

import contextlib
import http.client
import json
import os
import re
import resource
import socket
import threading
import time

import pytest
from served_model import Server, write_model

pytest.importorskip("starlette")

PREDICT = "/v1/models/m:predict"
HEAD, IDLE, MOST = 0.5, 1.0, 12


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("models") / "m")


@pytest.fixture(scope="module")
def server(base):
    limits = {"--header-timeout": HEAD, "--idle-timeout": IDLE, "--max-connections": MOST}
    server = Server(base, *(str(part) for pair in limits.items() for part in pair))
    yield server
    assert server.stop() == 0


@contextlib.contextmanager
def raw(server, sent=b""):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        yield connection


def until_closed(connection):
    """`(bytes received, seconds until the server closed)`."""
    begin, received = time.monotonic(), b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            received += part
    return received, time.monotonic() - begin


def head(method="GET", path="/healthz", *lines):
    lines = (f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", "")
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [(b"", HEAD), (b"\r\n", HEAD), (b"GET /healthz HTTP/1.1\r\nHost: x", HEAD), (head(), IDLE)],
)
def test_idle_connections_and_slow_heads_are_closed(server, sent, seconds):
    with raw(server, sent) as connection:
        received, took = until_closed(connection)
    assert bool(received) == (sent == head())
    assert seconds - 0.1 < took < seconds + 2


@pytest.mark.parametrize("start", [b"", head()])
def test_a_head_that_arrives_byte_by_byte_is_cut_off(server, start):
    with raw(server, start + b"GET /healthz HTTP/1.1\r\nA: ") as connection:
        begin = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < begin + 10:
                connection.sendall(b"a")
                time.sleep(0.05)
    assert time.monotonic() - begin < HEAD + 2


def test_line_breaks_do_not_keep_a_connection_open(server):
    with raw(server, head()) as connection:
        begin = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < begin + 10:
                connection.sendall(b"\r\n")
                time.sleep(0.05)
    assert time.monotonic() - begin < IDLE + 2


def test_a_slow_answer_is_not_cut_off(server):
    body = json.dumps({"signature_name": "slow", "inputs": [150.0]})
    with contextlib.closing(server.connect()) as connection:
        for _ in range(2):
            connection.request("POST", PREDICT, body)
            assert connection.getresponse().read() == b'{"outputs": [1.0]}'


def test_the_connection_that_was_idle_longest_makes_room(server):
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(raw(server)) for _ in range(MOST + 3)]
        assert server.ask("GET", "/healthz")[0] == 200
        begin = time.monotonic()
        assert until_closed(idle[0])[0] == b""
        assert time.monotonic() - begin < HEAD / 2


def test_connections_with_a_request_are_not_closed_for_others(server):
    asked = b"POST /v1/models/m:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{"
    with contextlib.ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(raw(server, asked))
        time.sleep(0.2)
        with raw(server) as refused:
            received, _ = until_closed(refused)
    assert received.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert received.endswith(b'{"error": "Too many connections"}')
    server.wait_for(lambda: answers(server))


def answers(server):
    try:
        return server.ask("GET", "/healthz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


@pytest.mark.long  # In a process of its own; by default: the next test.
def test_few_open_files(base):
    """More connections than files: newcomers are answered, and the log stays small."""
    command = ("bash", "-c", 'ulimit -n 256; exec "$@"', "bash")
    server = Server(base, command=command)
    try:
        with contextlib.ExitStack() as stack:
            for _ in range(400):
                stack.enter_context(raw(server))
            begin = time.monotonic()
            for _ in range(5):
                assert server.predict({"instances": ["a"]})[0] == 200
            assert time.monotonic() - begin < 5
    finally:
        assert server.stop() == 0
    assert sum(map(len, server.log)) < 10_000
    assert any("because of the limit of open files" in line for line in server.log)


def test_no_files_left(server):
    """Errors of accept are logged once, without a traceback."""
    used = len(open_files(server))
    limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (used + 2, limits[1]))
    try:
        with contextlib.ExitStack() as stack:
            for _ in range(6):
                stack.enter_context(raw(server))
            time.sleep(1.5)
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limits)
    server.wait_for(lambda: answers(server))
    assert len([line for line in server.log if "new connections have to wait" in line]) == 1
    assert "Traceback" not in "".join(server.log)


def open_files(server):
    return os.listdir(f"/proc/{server.process.pid}/fd")


CHUNKED = "Transfer-Encoding: chunked"
MALFORMED = [
    head("POST", PREDICT, "Content-Length: 4", CHUNKED) + b"0\r\n\r\n" + head(),
    head("POST", PREDICT, CHUNKED, "Content-Length: 4") + b"0\r\n\r\n" + head(),
    head("POST", PREDICT, "Content-Length: 1", "Content-Length: 2") + b"{}" + head(),
    head("GET", "/healthz", "Bad Header : x"),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nHost: a\r\n\tb: c\r\n\r\n",
]


@pytest.mark.parametrize("sent", MALFORMED)
def test_malformed_http_is_refused_and_nothing_behind_it_read(server, sent):
    with raw(server, sent) as connection:
        received, took = until_closed(connection)
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert received.count(b"HTTP/1.1") == 1
    assert b'{"error": ' in received
    assert took < HEAD


@pytest.mark.parametrize("kind", ["header", "url", "trailer", "chunk extension"])
def test_endless_heads_are_cut_off(server, kind):
    chunked = head("POST", PREDICT, CHUNKED)
    start = {
        "header": b"GET / HTTP/1.1\r\na: ",
        "url": b"GET /",
        "trailer": chunked + b"0\r\na: ",
        "chunk extension": chunked + b"1;",
    }[kind]
    with raw(server, start) as connection, contextlib.suppress(ConnectionError):
        for _ in range(1000):
            connection.sendall(b"a" * 10_000)
        raise AssertionError("10 MB were read")
    assert server.ask("GET", "/healthz")[0] == 200


def test_websockets_are_off(server):
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    sent = head("GET", "/healthz", *upgrade, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    with raw(server, sent) as connection:
        received, _ = until_closed(connection)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert not [line for line in server.log if "pgrade" in line or "Traceback" in line]


def test_a_body_in_chunks_of_one_byte_does_not_make_others_wait(server):
    body = json.dumps({"instances": ["a" * 200_000]}).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    waits = []
    with raw(server, head("POST", PREDICT, CHUNKED)) as connection:
        sender = threading.Thread(target=connection.sendall, args=(chunks,))
        sender.start()
        while sender.is_alive() or not waits:
            begin = time.monotonic()
            assert server.ask("GET", "/healthz")[0] == 200
            waits.append(time.monotonic() - begin)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")
    assert max(waits) < 2  # With h11 it was 3 to 4.5 seconds.


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("127.0.0.1:8501", 200),
        ("localhost", 200),
        ("a.localhost:80", 200),
        ("[::1]:8501", 200),
        ("LOCALHOST.", 200),
        ("evil.example", 403),
        ("evil.example:8501", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("192.168.0.1", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("path", ["/v1/models/m", "/", "/metrics"])
def test_host(server, host, code, path):
    answered, answer, _ = server.ask("GET", path, headers={"Host": host})
    assert answered == code
    if code == 403:
        assert re.search(r"does not answer to the host .*--allow-host", json.loads(answer)["error"])


def test_hosts_of_other_servers():
    from hanlib.serving.server.hosts import Hosts

    assert Hosts("0.0.0.0").allows("any.example")
    assert not Hosts("0.0.0.0", ["my.example"]).allows("any.example")
    assert Hosts("127.0.0.1", ["my.example"]).allows("My.example:80")
    assert Hosts("::1", ["*"]).allows("any.example")
    assert Hosts("127.0.0.1").allows(None)
