"""The routes: TensorFlow Serving's REST API, and beside it `/healthz`, `/metrics` and the page."""

import asyncio
import functools
import json
import logging
import time

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hanlib.serving import page
from hanlib.serving.server import requests, responses
from hanlib.serving.server.json_parsing import parse
from hanlib.serving.server.json_writing import error_body
from hanlib.serving.server.metrics import CONTENT_TYPE
from hanlib.serving.server.status import StatusError, invalid
from hanlib.serving.server.urls import target

_LOG = logging.getLogger("hanlib.serve")
# A body that takes longer to read than this many bytes do would keep the others waiting.
_AT_ONCE = 1 << 16
_PAGE_HEADERS = {"referrer-policy": "no-referrer", "cache-control": "no-cache"}
_METHOD_NAMES = {"classify": "classification", "regress": "regression"}


class Application:
    """The ASGI application.

    Args:
        versions: `Versions`.
        batcher: `Batcher`.
        bodies: `Bodies`.
        metrics: `Metrics`.
    """

    def __init__(self, versions, batcher, bodies, metrics):
        self._versions, self._batcher, self._bodies = versions, batcher, bodies
        self._metrics = metrics
        # The connections are closed after their answers.
        self.draining = False

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
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
        """`(name of the route, response)`."""
        path = _sent_path(request.scope)
        if path[:4].lower() == "/v1/":
            return await self._serving(request, path)
        routes = {
            "/": self._page,
            "/healthz": self._health,
            "/metrics": self._counts,
            "/hanlib/models": self._models,
        }
        if request.url.path not in routes:
            return "other", Response("Not Found\n", 404, media_type="text/plain")
        if request.method not in ("GET", "HEAD"):
            return "other", Response("Method Not Allowed\n", 405, {"allow": "GET, HEAD"})
        return request.url.path.strip("/") or "page", routes[request.url.path]()

    async def _serving(self, request, path):
        route = "malformed"
        try:
            asked = target(request.method, path)
            route = asked.verb
            code, headers, body = 200, {}, await self._ask(asked, request)
        except StatusError as error:
            code, headers, body = error.http_code, error.headers, error_body(error.message)
        except ClientDisconnect:
            code, headers, body = 499, {}, b""
        # Whatever happens, the client hears of it, and the server goes on. No text is logged.
        except Exception as error:
            _LOG.error("%s in a request to %s", type(error).__name__, route)
            code, headers, body = 500, {}, error_body(f"Internal error: {type(error).__name__}")
        return route, Response(body, code, headers, media_type="application/json")

    async def _ask(self, asked, request):
        place = (asked.name, asked.version, asked.label)
        if asked.verb == "status":
            return _status_body(self._versions.status(*place))
        if asked.verb == "metadata":
            number, servable = self._versions.servable(*place)
            return servable.metadata(asked.name, number)
        async with self._bodies.of(request) as body:
            if asked.verb != "predict":
                return self._refuse(asked, body, place)
            return await self._predict(body, place)

    async def _predict(self, body, place):
        """The answer to `:predict`."""
        found = []

        def inputs_of(signature):
            found.append(self._versions.servable(*place)[1])
            return found[0].inputs(signature)

        read = functools.partial(_read, body, inputs_of)
        if len(body) > _AT_ONCE:
            name, by_row, inputs = await asyncio.to_thread(read)
        else:
            name, by_row, inputs = read()
        signature = found[0].signatures[name or "serving_default"]
        signature.check(inputs)
        finish = functools.partial(responses.write, by_row=by_row)
        return await self._batcher.run(signature, inputs, finish)

    def _refuse(self, asked, body, place):
        """`:classify` and `:regress` need signatures that TensorFlow 2 does not write."""
        document = parse(body)
        name = document.get("signature_name", "") if isinstance(document, dict) else ""
        was = self._versions.servable(*place)[1].method_name(name if isinstance(name, str) else "")
        wanted = f"tensorflow/serving/{asked.verb}"
        if was == wanted:
            raise StatusError("UNIMPLEMENTED", f"{wanted} is not served here")
        raise invalid(
            f"Expected {_METHOD_NAMES[asked.verb]} signature method_name to be {wanted}. Was: {was}"
        )

    def _health(self):
        ready = bool(self._versions.loaded)
        return Response("ok\n" if ready else "no version\n", 200 if ready else 503)

    def _counts(self):
        return Response(self._metrics.text(), headers={"content-type": CONTENT_TYPE})

    def _page(self):
        headers = {"content-security-policy": page.content_security_policy(), **_PAGE_HEADERS}
        return Response(page.html(), 200, headers, media_type="text/html")

    def _models(self):
        """Which models the page can ask."""
        body = json.dumps({"models": [self._versions.name]})
        return Response(body, media_type="application/json")


def _read(body, inputs_of):
    try:
        return requests.read(body, inputs_of)
    except RecursionError:
        raise invalid("JSON Parse error: The document is nested too deeply") from None


def _sent_path(scope):
    """The path and the query string as the client sent them."""
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
    return (json.dumps({"model_version_status": entries}, indent=1) + "\n").encode()
