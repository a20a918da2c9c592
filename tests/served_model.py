"""A server process for the tests, and a SavedModel with every kind of input and output."""

import contextlib
import functools
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import forked_process


class Server:
    """`hanlib serve` in a process of its own.

    With a `command`, which may be empty, it is Python that this command starts.
    """

    def __init__(self, model, *options, command=None, start_timeout=300):
        serve = ["serve", str(model), "--port", "0", *options]
        if command is None:
            self.process = forked_process.Forked(forked_process.command, *serve)
        else:
            self.process = subprocess.Popen(
                [*command, sys.executable, "-m", "hanlib", *serve],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        self.log = []
        self._reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr))
        self._reader.start()
        line = _first_line(self.process, start_timeout)
        found = re.search(r"answers at http://127\.0\.0\.1:(\d+)/v1/models/(\S+)", line)
        assert found, f"the server did not start: {line}{''.join(self.log)}"
        self.port, self.name = int(found[1]), found[2]

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None):
        """`(code, body as bytes, headers)`."""
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read(), dict(response.getheaders())

    def predict(self, document, path=None):
        """`(code, JSON)` of `:predict`."""
        path = path or f"/v1/models/{self.name}:predict"
        code, body, _ = self.ask("POST", path, json.dumps(document))
        return code, json.loads(body)

    def wait_for(self, condition, timeout=60):
        """Waits until `condition()` is true."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.05)
        raise AssertionError("not in time: " + "".join(self.log[-20:]))

    def resident(self):
        """Bytes of memory in use."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024

    def stop(self, number=signal.SIGTERM, timeout=60):
        """The exit code after a signal."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(timeout)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self._reader.join()
            self.process.stdout.close()
            self.process.stderr.close()
        return code


def _first_line(process, timeout):
    lines = []
    reader = threading.Thread(target=lambda: lines.append(process.stdout.readline()))
    reader.start()
    reader.join(timeout)
    if not lines:
        process.kill()
        reader.join()
    return lines[0]


def write_model(directory, version=1, scale=1.0):
    """Writes the SavedModel `directory/<version>`; returns `directory`.

    Args:
        scale: What `scaled` multiplies by. With another one than 1 the model has few signatures.
    """
    temporary = Path(directory) / f".writing-{version}"
    shutil.copytree(_saved(scale).name, temporary)
    temporary.rename(Path(directory) / str(version))
    return Path(directory)


@functools.cache
def _saved(scale):
    """A folder with the model, which is traced once in a process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    folder = tempfile.TemporaryDirectory()
    signatures = {
        name: tf.function(function).get_concrete_function(**specs)
        for name, (function, specs) in _functions(tf, scale).items()
        if scale == 1.0 or name in ("serving_default", "scaled")
    }
    tf.saved_model.save(tf.Module(), folder.name, signatures=signatures)
    return folder


def _functions(tf, scale):
    def spec(dtype, *shape):
        return tf.TensorSpec(shape, dtype)

    def classify(text):
        length = tf.strings.length(text)
        share = tf.cast(length, tf.float32)[:, None] / 100.0 * [[0.0, 1.0]] + [[0.5, 0.25]]
        label = tf.where(length > 25, "long", "short")
        return {"label": label, "probabilities": share / tf.reduce_sum(share, 1, keepdims=True)}

    def slow(seconds):
        # Multiplies matrices for that many hundredths of a second.
        end = tf.timestamp() + tf.cast(tf.reduce_max(seconds), tf.float64) / 100
        (matrix,) = tf.while_loop(
            lambda _: tf.timestamp() < end,
            lambda m: (m @ m / 160.0,),
            (tf.ones([160, 160]),),
        )
        return {
            "size": tf.zeros_like(seconds)
            + tf.cast(tf.shape(seconds)[0], tf.float32)
            + 0.0 * matrix[0, 0]
        }

    def same(x):
        return {"y": tf.identity(x)}

    single = {
        f"same_{name}": (same, {"x": spec(getattr(tf, name), None)})
        for name in ("float32", "float64", "int32", "int64", "uint8", "bool", "half", "uint32")
    }
    return {
        **single,
        "serving_default": (classify, {"text": spec(tf.string, None)}),
        "length": (lambda text: {"n": tf.strings.length(text)}, {"text": spec(tf.string, None)}),
        "scaled": (lambda x: {"y": x * scale}, {"x": spec(tf.float32, None)}),
        "matrix": (same, {"x": spec(tf.float32, None, 2)}),
        "any_shape": (same, {"x": tf.TensorSpec(None, tf.float32)}),
        "scalar": (lambda x: {"y": x + 1.0}, {"x": spec(tf.float32)}),
        "two": (
            lambda a, b: {"sum": a + tf.cast(b, tf.float32), "b": tf.identity(b)},
            {"a": spec(tf.float32, None), "b": spec(tf.int32, None)},
        ),
        "unequal": (
            lambda x: {"all": tf.identity(x), "first": x[:1], "most": tf.reduce_max(x)},
            {"x": spec(tf.float32, None)},
        ),
        "distinct": (lambda x: {"y": tf.unique(x)[0]}, {"x": spec(tf.float32, None)}),
        "pass_on": (
            lambda text: {"raw": tf.identity(text), "raw_bytes": tf.identity(text)},
            {"text": spec(tf.string, None)},
        ),
        "only_bytes": (
            lambda text: {"y_bytes": tf.stack([text, text], 1)},
            {"text": spec(tf.string, None)},
        ),
        "number": (
            lambda text: {"y": tf.strings.to_number(text)},
            {"text": spec(tf.string, None)},
        ),
        "not_finite": (
            lambda text: {"y": tf.math.log(0.0 * tf.cast(tf.strings.length(text), tf.float32))},
            {"text": spec(tf.string, None)},
        ),
        "batch": (
            lambda x: {"size": tf.zeros_like(x) + tf.cast(tf.shape(x)[0], tf.float32)},
            {"x": spec(tf.float32, None)},
        ),
        "slow": (slow, {"seconds": spec(tf.float32, None)}),
        "slow_text": (
            lambda text: slow(tf.strings.to_number(tf.strings.strip(text))),
            {"text": spec(tf.string, None)},
        ),
    }
