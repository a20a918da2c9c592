"""What a client raises when a server gives no answer."""


class ServingError(RuntimeError):
    """A server refused a request, or could not be asked.

    Attributes:
        message: What the server said, or what went wrong on the way to it.
        code: The HTTP status or the name of the gRPC status (`"INVALID_ARGUMENT"`); None where no
            server answered over HTTP.
        transient: Whether the same request may be answered later.
        wait: Seconds after which the server asks to be tried again; None where it does not say.

    >>> ServingError("Servable not found for request: Latest(reviews)", 404).code
    404
    """

    def __init__(self, message, code=None, transient=False, wait=None):
        self.message, self.code, self.transient, self.wait = message, code, transient, wait
        super().__init__(message if code is None else f"{message} (code {code})")
