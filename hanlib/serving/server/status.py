"""TensorFlow's status codes, and the HTTP codes that TensorFlow Serving gives them."""

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
# Its number is that of the codes above, in `absl::StatusCode`.
_NUMBERS = dict(
    enumerate(
        (
            *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"),
            *("ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"),
            *("ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"),
            "UNAUTHENTICATED",
        )
    )
)


class StatusError(Exception):
    """What a request ends in where it has no answer.

    Args:
        code: A name of `HTTP_CODES`.
        message: As the client reads it.
        http_code: Where HTTP has a better one than the table, such as 413.
        headers: Further headers of the response.
    """

    def __init__(self, code, message, http_code=None, headers=None):
        super().__init__(message)
        self.code, self.message = code, message
        self.http_code = http_code or HTTP_CODES[code]
        self.headers = headers or {}

    def __str__(self):
        return f"{self.code}: {self.message}"


def invalid(message):
    """The error for a client's mistake."""
    return StatusError("INVALID_ARGUMENT", message)


def from_tensorflow(error):
    """The `StatusError` for a `tf.errors.OpError`."""
    name = _NUMBERS.get(getattr(error, "error_code", None), "UNKNOWN")
    return StatusError("UNKNOWN" if name == "OK" else name, str(error.message))
