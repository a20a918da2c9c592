"""The routes of the server: TensorFlow Serving's REST API, `/healthz`, `/metrics`, the page."""

import asyncio
import concurrent.futures
import functools
import json
import logging
import time

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hanlib.serving import page
from hanlib.serving.server import requests, responses
from hanlib.serving.server.server_metrics import CONTENT_TYPE
from hanlib.serving.server.status import StatusError, error_body, invalid
from hanlib.serving.server.urls import target

_LOG = logging.getLogger("hanlib.serve")
# Larger bodies are parsed in a thread, so that the event loop is not blocked.
_PARSED_INLINE = 1 << 16
_PAGE_HEADERS = {"referrer-policy": "no-referrer", "cache-control": "no-cache"}
_METHOD_NAMES = {"classify": "classification", "regress": "regression"}


class Application:
    """The ASGI application.

    Args:
        versions: `Versions`.
        batcher: `Batcher`.
        bodies: `Bodies`.
        metrics: `Metrics`.
        hosts: `Hosts`.
        seconds: Deadline of a request after its body has arrived.
    """

    def __init__(self, versions, batcher, bodies, metrics, hosts, seconds):
        self._versions, self._batcher, self._bodies = versions, batcher, bodies
        self._metrics, self._hosts, self._seconds = metrics, hosts, seconds
        # One thread is enough: parsers share the interpreter lock with the event loop.
        self._parser = concurrent.futures.ThreadPoolExecutor(1, "parse")
        # Set when the server stops: connections are then closed after their responses.
        self.draining = False

    async def __call__(self, scope, receive, send):
        start = time.perf_counter()
        request = Request(scope, receive)
        route, response = await self._answer(request)
        response.headers["x-content-type-options"] = "nosniff"
        if self.draining:
            response.headers["connection"] = "close"
        await response(scope, receive, send)
        seconds = time.perf_counter() - start
        self._metrics.answered(route, response.status_code, seconds)
        path = _printable(request.url.path)
        _LOG.info("%s %s %d %.1f ms", request.method, path, response.status_code, seconds * 1e3)

    async def _answer(self, request):
        """Returns `(name of the route, response)`."""
        host = request.headers.get("host")
        if not self._hosts.allows(host):
            message = f"This server does not answer to the host {host!r} (--allow-host)"
            return "other", _json_response(error_body(message), 403)
        path = _sent_path(request.scope)
        if path[:4].lower() == "/v1/":
            return await self._serving(request, path)
        routes = {
            "/": self._page,
            "/healthz": self._health,
            "/metrics": self._counts,
            "/hanlib/models": self._models,
        }
        path = request.scope["path"]
        if path not in routes:
            return "other", Response("Not Found\n", 404, media_type="text/plain")
        if request.method not in ("GET", "HEAD"):
            return "other", Response("Method Not Allowed\n", 405, {"allow": "GET, HEAD"})
        return path.strip("/") or "page", routes[path]()

    async def _serving(self, request, path):
        route = "malformed"
        try:
            asked = target(request.method, path)
            route = asked.verb
            return route, _json_response(await self._ask(asked, request))
        except StatusError as error:
            body = error_body(error.message)
            return route, _json_response(body, error.http_code, error.headers)
        except ClientDisconnect:
            return route, _json_response(b"", 499)
        # Any failure must be answered. The log must not contain text of documents.
        except Exception as error:
            _LOG.error("%s in a request to %s", type(error).__name__, route)
            body = error_body(f"Internal error: {type(error).__name__}")
            return route, _json_response(body, 500)

    async def _ask(self, asked, request):
        version = (asked.name, asked.version, asked.label)
        if asked.verb == "status":
            return _status_body(self._versions.status(*version))
        if asked.verb == "metadata":
            number, servable = self._versions.servable(*version)
            return servable.metadata(asked.name, number)
        async with self._bodies.of(request) as body:
            if asked.verb != "predict":
                self._versions.servable(*version)
                raise _predict_only(asked.verb)
            answer = self._predict(body, version)
            return await _while_wanted(answer, request.receive, self._seconds)

    async def _predict(self, body, version):
        """The body of the response to `:predict`."""
        if len(body) <= _PARSED_INLINE:
            signature, by_row, inputs = self._read(body, version)
        else:
            loop = asyncio.get_running_loop()
            reading = loop.run_in_executor(self._parser, self._read, body, version)
            signature, by_row, inputs = await reading
        finish = functools.partial(responses.write, by_row=by_row)
        return await self._batcher.run(signature, inputs, finish)

    def _read(self, body, version):
        """Parses a body to `(Signature, whether it is in row format, {input: array})`."""
        found = []

        def inputs_of(name):
            found.append(self._versions.servable(*version)[1])
            return found[0].inputs(name)

        name, by_row, inputs = requests.read(body, inputs_of)
        signature = found[0].signatures[name or "serving_default"]
        signature.check(inputs)
        return signature, by_row, inputs

    def _health(self):
        ready = bool(self._versions.loaded)
        return Response("ok\n" if ready else "no version\n", 200 if ready else 503)

    def _counts(self):
        return Response(self._metrics.text(), headers={"content-type": CONTENT_TYPE})

    def _page(self):
        headers = {"content-security-policy": page.content_security_policy(), **_PAGE_HEADERS}
        return Response(page.html(), 200, headers, media_type="text/html")

    def _models(self):
        """The names of the models, for the page."""
        return _json_response(json.dumps({"models": [self._versions.name]}))


def _predict_only(verb):
    """The error for `:classify` and `:regress`, whose signatures TensorFlow 2 does not write."""
    return invalid(
        f"Expected {_METHOD_NAMES[verb]} signature method_name to be tensorflow/serving/{verb}. "
        "Was: tensorflow/serving/predict"
    )


async def _while_wanted(answer, receive, seconds):
    """Awaits a coroutine, and cancels it at the deadline or when the client disconnects.

    Raises:
        ClientDisconnect: If the client disconnects.
        StatusError: DEADLINE_EXCEEDED after `seconds`.
    """
    answer = asyncio.ensure_future(answer)
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        done, _ = await asyncio.wait(
            {answer, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if answer in done:
            return answer.result()
    finally:
        answer.cancel()
        gone.cancel()
    if gone in done:
        raise ClientDisconnect
    raise StatusError("DEADLINE_EXCEEDED", f"No answer within {seconds:g} seconds (--timeout)")


async def _disconnected(receive):
    """Waits until the client disconnects. Its body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _json_response(body, code=200, headers=None):
    return Response(body, code, headers, media_type="application/json")


def _sent_path(scope):
    """The path and query string as sent by the client."""
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    return (path + b"?" + query if query else path).decode("utf-8", "surrogateescape")


def _printable(path):
    return "".join(letter if letter.isprintable() else "?" for letter in path[:100])


def _status_body(states):
    entries = [
        {
            "version": str(version),
            "state": state,
            "status": {"error_code": code, "error_message": message},
        }
        for version, state, code, message in states
    ]
    return json.dumps({"model_version_status": entries}, indent=1)
