"""The exception that clients raise."""


class ServingError(RuntimeError):
    """A server rejected a request, or could not be reached.

    Attributes:
        message: The message of the server, or a description of the connection error.
        code: The HTTP status, or the name of the gRPC status (`"INVALID_ARGUMENT"`); None if there
            was no HTTP response.
        transient: Whether the same request may succeed later.
        wait: Seconds after which the server asks clients to retry; None if it does not.

    >>> ServingError("Servable not found for request: Latest(reviews)", 404).code
    404
    """

    def __init__(self, message, code=None, transient=False, wait=None):
        self.message, self.code, self.transient, self.wait = message, code, transient, wait
        super().__init__(message if code is None else f"{message} (code {code})")
