"""Status codes of TensorFlow, their HTTP codes in TensorFlow Serving, and the body of an error."""

import json

from hanlib.serving.rejections import rejection

HTTP_CODES = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}
# The codes above in the order of `absl::StatusCode`, from CANCELLED = 1.
_NAMES = dict(enumerate(HTTP_CODES, start=1))


class StatusError(Exception):
    """A request that ends in an error.

    Args:
        code: A name of `HTTP_CODES`.
        message: The `error` field of the response.
        http_code: A more specific HTTP code than that of the table, such as 413.
        headers: Additional headers of the response.
    """

    def __init__(self, code, message, http_code=None, headers=None):
        super().__init__(message)
        self.code, self.message = code, message
        self.http_code = http_code or HTTP_CODES[code]
        self.headers = headers or {}

    def __str__(self):
        return f"{self.code}: {self.message}"


def invalid(message):
    """The error for an invalid request."""
    return StatusError("INVALID_ARGUMENT", message)


def from_tensorflow(error):
    """The `StatusError` for a `tf.errors.OpError`."""
    name = _NAMES.get(getattr(error, "error_code", None), "UNKNOWN")
    return StatusError(name, rejection(error))


def error_body(message):
    """The body of an error, as `bytes`.

    >>> error_body("No")
    b'{"error": "No"}'
    """
    # Lone surrogates, from invalid UTF-8 in URLs and keys, are escaped.
    return json.dumps({"error": message}, ensure_ascii=False).encode("utf-8", "backslashreplace")
