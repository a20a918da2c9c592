"""A server with TensorFlow Serving's REST API and an invented model.

It first returns the answers of `script`, in order, and then those of the model below, whose scores
are simple enough for a test to compute.
"""

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CLASSES = ["neg", "pos"]
SIGNATURES = ("serving_default", "explain", "embed")


def split(text):
    """`[(sentence, words)]`. A Chinese character is a word."""
    sentences = [s.strip() for s in re.findall(r"[^.!?。！]*[.!?。！]+|[^.!?。！]+$", text)]
    pattern = r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+|[^\w\s]"
    return [(s, re.findall(pattern, s)) for s in sentences if s]


def weights(values):
    """Weights in proportion to the lengths of strings. They sum to 1."""
    total = sum(len(value) for value in values)
    return [len(value) / total for value in values]


def signed(word):
    """A positive score for words that begin with g, a negative one for those with b."""
    return {"g": 0.5, "b": -0.25}.get(word[:1].lower(), 0.01)


def pad(rows, filling):
    """Rows padded to the longest."""
    longest = max((len(row) for row in rows), default=0)
    return [row + [filling] * (longest - len(row)) for row in rows]


def predict(texts):
    positive = [0.9 if "good" in text else 0.2 for text in texts]
    return {
        "label": [CLASSES[p > 0.5] for p in positive],
        "probabilities": [[1 - p, p] for p in positive],
        "classes": [CLASSES for _ in texts],
    }


def explain(texts, most_sentences=100):
    """The outputs of an export's `explain`, padded to the longest document of the request."""
    documents = [split(text) for text in texts]
    shown = [document[:most_sentences] for document in documents]
    words = [[word for _, its in document for word in its] for document in shown]
    totals = [[sum(map(signed, its)) for _, its in document] for document in shown]
    answer = predict(texts)
    omitted = [[len(its) for _, its in document[most_sentences:]] for document in documents]
    return {
        **answer,
        "target": answer["label"],
        "sentences": pad([[sentence for sentence, _ in document] for document in shown], ""),
        "sentence_attention": pad([weights([s for s, _ in document]) for document in shown], 0.0),
        "sentence_gradient_x_attention": pad(totals, 0.0),
        "words": pad(words, ""),
        "word_attention": pad(
            [[w for _, its in document for w in weights(its)] for document in shown], 0.0
        ),
        "word_gradient_x_attention": pad([list(map(signed, row)) for row in words], 0.0),
        "word_counts": pad([[len(its) for _, its in document] for document in shown], 0),
        "sentence_counts": [len(document) for document in shown],
        "omitted_sentences": [len(counts) for counts in omitted],
        "omitted_words": [sum(counts) for counts in omitted],
    }


def explain_with_rationale(texts):
    """The outputs of a model with a rationale head: words that begin with g or b are marked."""
    found = explain(texts)
    marked = [[0.8 if abs(signed(word)) > 0.1 else 0.03 for word in row] for row in found["words"]]
    sentences = [[0.2 + 0.6 * (n % 2) for n in range(len(row))] for row in found["sentences"]]
    return {**found, "word_rationale": marked, "sentence_rationale": sentences}


def contrast(inputs):
    """The outputs of an export's `contrast`: twice the scores, with the sign of the target."""
    found = explain(inputs["text"])
    target = [given or label for given, label in zip(inputs["target"], found["label"], strict=True)]
    others = [CLASSES[name == "neg"] for name in target]
    named = [given or other for given, other in zip(inputs["against"], others, strict=True)]
    against = ["" if one == other else other for one, other in zip(target, named, strict=True)]
    factors = [2 if name == "pos" else -2 for name in target]
    signed_scores = {
        key: [[factor * score for score in row] for factor, row in zip(factors, rows, strict=True)]
        for key, rows in found.items()
        if key.endswith("gradient_x_attention")
    }
    return {**found, **signed_scores, "target": target, "against": against}


def embed(texts):
    return {"vectors": [[float(len(text)), 1.0] for text in texts]}


MODEL = {"serving_default": predict, "explain": explain, "embed": embed}


def given(name):
    """Inputs that a signature answers."""
    return {"text": ["Good."], "target": [""], "against": [""]} if name == "contrast" else ["Good."]


class StubServer:
    """Serves the model `reviews` on a free port; use it in a `with` statement.

    Attributes:
        script: Answers to give first: `(status, body, headers)`; a body is JSON or bytes.
        requests: The requests received: `(method, path, body)`.
        model: The function of each signature.
        delay: Seconds before each answer.
        files: `{path: (content type, bytes)}` of pages.
    """

    def __init__(self, port=0, model=None, cors=True):
        self.script, self.requests, self.delay, self.files = [], [], 0.0, {}
        self.closed = False
        self.model, self.cors = dict(model or MODEL), cors
        handler = type("Handler", (_Handler,), {"stub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.closed = True
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method, path, body):
        """`(status, JSON)` of a request."""
        match = re.fullmatch(
            r"/v1/models/(\w+)(?:/versions/(\d+)|/labels/(\w+))?(:predict|/metadata|)", path
        )
        if not match or (method == "POST") != (match[4] == ":predict"):
            return 400, {"error": f"Malformed request: {method} {path}"}
        if match[1] != "reviews":
            return 404, {"error": f"Servable not found for request: Latest({match[1]})"}
        if method == "GET":
            return 200, self._about(match[4])
        name = body.get("signature_name") or "serving_default"
        if name not in self.model:
            return 400, {"error": f'Serving signature name: "{name}" not found in signature def'}
        outputs = self.model[name](body["inputs"])
        (first, *others) = outputs.values()
        return 200, {"outputs": outputs if others else first}

    def _about(self, what):
        if what == "/metadata":
            signatures = {
                name: {"inputs": {}, "outputs": {output: {} for output in function(given(name))}}
                for name, function in self.model.items()
            }
            spec = {"name": "reviews", "version": "1", "signature_name": ""}
            definition = {"signature_def": {"signature_def": signatures}}
            return {"model_spec": spec, "metadata": definition}
        status = {"error_code": "OK", "error_message": ""}
        return {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": status}]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path in self.stub.files:
            kind, content = self.stub.files[path]
            policy = "default-src 'none'; script-src 'self' 'unsafe-inline'; "
            policy += "style-src 'unsafe-inline'; connect-src *; img-src data:"
            headers = {"Content-Type": kind, "Content-Security-Policy": policy}
            return self._send(200, content, headers)
        return self._serve("GET", None)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        return self._serve("POST", json.loads(self.rfile.read(length)))

    def _serve(self, method, body):
        if self.stub.closed:
            # Connections that are kept open end with the server.
            self.close_connection = True
            return None
        self.stub.requests.append((method, self.path, body))
        time.sleep(self.stub.delay)
        if self.stub.script:
            return self._send(*self.stub.script.pop(0))
        return self._send(*self.stub.answer(method, self.path, body))

    def _send(self, status, body, headers=()):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **dict(headers)}
        if self.stub.cors:
            headers["Access-Control-Allow-Origin"] = "*"
        headers.setdefault("Content-Length", len(content))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass
