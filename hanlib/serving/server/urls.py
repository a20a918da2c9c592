"""The URLs of TensorFlow Serving's REST API."""

import dataclasses
import re
from urllib.parse import unquote

from hanlib.serving.server.status import invalid

_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_VERB = r":(?P<verb>classify|regress|predict)"
_POST = re.compile(rf"(?i:/v1/models/(?P<name>[^/:]+){_VERSION}{_VERB})")
_GET = re.compile(rf"(?i:/v1/models(?:/(?P<name>[^/:]+))?{_VERSION}(?:/(?P<verb>metadata))?)")
_VERBS = {"POST": ("predict", "classify", "regress"), "GET": ("metadata", None)}


@dataclasses.dataclass(frozen=True)
class Target:
    """The parts of a URL under `/v1/`: the verb, the model, and its version or label if any."""

    verb: str
    name: str
    version: int | None
    label: str | None


def target(method, path):
    """Parses the URL of a request.

    Args:
        method: The HTTP method.
        path: The path and query string as sent by the client.

    Raises:
        StatusError: INVALID_ARGUMENT if the API has no such URL.

    >>> target("GET", "/v1/models/m/versions/2").version
    2
    """
    pattern = {"POST": _POST, "GET": _GET}.get(method)
    match = pattern and "?" not in path and pattern.fullmatch(path)
    if not match:
        raise _malformed(method, path)
    version = match["version"] and int(match["version"][:30])
    if version is not None and version >= 2**63:
        raise invalid(f"Failed to convert version: {match['version']} to numeric.")
    if match["verb"] not in _VERBS[method]:
        raise _malformed(method, path)
    if match["name"] is None:
        raise invalid("Missing model name in request.")
    label = match["label"] and unquote(match["label"], errors="surrogateescape")
    name = unquote(match["name"], errors="surrogateescape")
    return Target(match["verb"] or "status", name, version, label)


def _malformed(method, path):
    return invalid(f"Malformed request: {method} {path}")
