"""A server that is told to stop answers the requests it has accepted, and ends with code 0."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from forked_process import Forked, command
from served_model import Server, write_model

pytest.importorskip("starlette")

THREADS = 8


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("models") / "m")


def ask_on(server, answers, lost, keep):
    """Sends requests until no connection is accepted any more."""
    body = json.dumps({"signature_name": "slow", "inputs": [4.0]})
    connection = None
    while True:
        if connection is None:
            connection = server.connect()
            try:
                connection.connect()
            except OSError:  # Not accepted.
                return
        try:
            connection.request("POST", "/v1/models/m:predict", body)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            lost.append(repr(error))
            return
        answers.append(response.status)
        if not keep or response.will_close:
            connection.close()
            connection = None


def test_no_accepted_request_is_lost(base):
    server = Server(base)
    answers, lost = [], []
    threads = [
        threading.Thread(target=ask_on, args=(server, answers, lost, n % 2 == 0))
        for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    server.wait_for(lambda: len(answers) > 2 * THREADS)
    server.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(60)
    assert server.stop() == 0
    assert not lost
    assert set(answers) == {200}
    with pytest.raises(ConnectionRefusedError):
        server.ask("GET", "/healthz")


def test_it_does_not_wait_for_ever(base):
    server = Server(base, "--grace", "0.5")
    with socket.create_connection(("127.0.0.1", server.port)) as half:
        half.sendall(
            b"POST /v1/models/m:predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{"
        )
        time.sleep(0.3)
        begin = time.monotonic()
        assert server.stop(timeout=30) == 1
        assert time.monotonic() - begin < 20


def serve(*arguments):
    process = Forked(command, "serve", *arguments)
    return process.wait(100), process.stdout.read(), process.stderr.read()


def one_line(code, out, err):
    assert code == 2, err
    assert out == ""
    (line,) = err.splitlines()
    return line


def test_mistakes_are_one_line(base, tmp_path):
    assert "no such model" in one_line(*serve(tmp_path / "none", "--port", "0"))
    assert "is not a model" in one_line(*serve(tmp_path, "--port", "0"))
    assert "--max-body must be at least 1" in one_line(*serve(base, "--max-body", "0"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        line = one_line(*serve(base, "--port", taken.getsockname()[1]))
    assert line.startswith("hanlib: error: cannot listen on 127.0.0.1:")
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"\x00")
    assert "cannot be served" in one_line(*serve(tmp_path, "--port", "0", "--quiet"))


def test_a_missing_package_is_named(base):
    program = (
        "import sys; sys.modules['httptools'] = None; from hanlib.cli import main; "
        f"sys.exit(main(['serve', {str(base)!r}, '--port', '0']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=100
    )
    assert "pip install 'hanlib[serve]'" in one_line(done.returncode, done.stdout, done.stderr)
