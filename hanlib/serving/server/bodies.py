"""Reads request bodies with limits of size, time and total memory, and decompresses gzip."""

import asyncio
import contextlib
import zlib

from hanlib.serving.server.status import StatusError, invalid

# A body that is too large is read and discarded up to this multiple of the limit, because most
# clients read the response only after they have sent the body.
_DISCARDED = 8
_CLOSE = {"connection": "close"}


class Bodies:
    """Reads request bodies.

    Args:
        largest: Maximum bytes of a body, decompressed.
        together: Maximum bytes of all bodies of unanswered requests.
        seconds: Maximum time for a client to send a body.
    """

    def __init__(self, largest, together, seconds=60):
        self.largest, self._together, self._seconds = largest, together, seconds
        self._held = 0

    @contextlib.asynccontextmanager
    async def of(self, request):
        """A context with the body of a request, which counts towards `together`.

        Raises:
            StatusError: 413 if it is too large, 408 if it does not arrive in time, UNAVAILABLE if
                there are too many bodies, INVALID_ARGUMENT if it is not valid gzip.
        """
        held = [0]
        try:
            async with _timeout(self._seconds):
                body = await self._read(request, held)
            yield self._decompressed(request, body, held)
        finally:
            self._held -= held[0]

    async def _read(self, request, held):
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self.largest * _DISCARDED:
            raise self._too_large(_CLOSE)
        body, size = bytearray(), 0
        async for part in request.stream():
            size += len(part)
            if size <= self.largest:
                self._hold(len(part), held)
                body += part
            elif size > self.largest * _DISCARDED:
                raise self._too_large(_CLOSE)
        if size > self.largest:
            raise self._too_large()
        return bytes(body)

    def _hold(self, size, held):
        if self._held + size > self._together:
            raise StatusError(
                "UNAVAILABLE", "Too many requests at once", headers={"retry-after": "1"}
            )
        self._held += size
        held[0] += size

    def _decompressed(self, request, body, held):
        if "gzip" not in request.headers.get("content-encoding", ""):
            return body
        decompressor = zlib.decompressobj(wbits=31)
        try:
            made = decompressor.decompress(body, self.largest + 1)
        except zlib.error as error:
            raise invalid(f"The body is not valid gzip: {error}") from None
        if len(made) > self.largest:
            raise self._too_large()
        if not decompressor.eof:
            raise invalid("The body is not valid gzip: it ends too early")
        self._hold(len(made), held)
        return made

    def _too_large(self, headers=None):
        message = f"The body is larger than {self.largest} bytes (--max-body)"
        return StatusError("INVALID_ARGUMENT", message, 413, headers)


@contextlib.asynccontextmanager
async def _timeout(seconds):
    """`asyncio.timeout`, which Python 3.10 does not have."""
    task, expired = asyncio.current_task(), []

    def cancel():
        expired.append(True)
        task.cancel()

    handle = asyncio.get_running_loop().call_later(seconds, cancel)
    try:
        yield
    except asyncio.CancelledError:
        if not expired:
            raise
        message = f"The body did not arrive within {seconds:g} seconds"
        raise StatusError("DEADLINE_EXCEEDED", message, 408, _CLOSE) from None
    finally:
        handle.cancel()
