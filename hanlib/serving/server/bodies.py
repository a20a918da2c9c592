"""The body of a request, within bounds: size, gzip, time, and all bodies together."""

import asyncio
import contextlib
import zlib

from hanlib.serving.server.status import StatusError

# What is read and forgotten of a body that is too large, so that its sender hears the answer.
_DRAINED = 8
_CLOSE = {"connection": "close"}


class Bodies:
    """Reads bodies.

    Args:
        largest: Bytes of one body, after it was inflated.
        together: Bytes of all bodies that are being answered.
        seconds: Time a client has to send a body.
    """

    def __init__(self, largest, together, seconds=60):
        self.largest, self._together, self._seconds = largest, together, seconds
        self._held = 0

    @contextlib.asynccontextmanager
    async def of(self, request):
        """The body of a request; it counts until the block is left.

        Raises:
            StatusError: 413 where it is too large, 408 where it does not come, UNAVAILABLE where
                there are too many.
        """
        held = [0]
        try:
            async with _timeout(self._seconds):
                body = await self._read(request, held)
            yield self._inflated(request, body, held)
        finally:
            self._held -= held[0]

    async def _read(self, request, held):
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self.largest * _DRAINED:
            raise self._too_large(cut_off=True)
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size <= self.largest:
                self._hold(len(part), held)
                parts.append(part)
            elif size > self.largest * _DRAINED:
                raise self._too_large(cut_off=True)
        if size > self.largest:
            raise self._too_large()
        return b"".join(parts)

    def _hold(self, size, held):
        if self._held + size > self._together:
            raise StatusError(
                "UNAVAILABLE", "Too many requests at once", headers={"retry-after": "1"}
            )
        self._held += size
        held[0] += size

    def _inflated(self, request, body, held):
        if "gzip" not in request.headers.get("content-encoding", ""):
            return body
        inflater = zlib.decompressobj(wbits=31)
        try:
            inflated = inflater.decompress(body, self.largest + 1)
        except zlib.error:
            return b""  # As TensorFlow Serving takes it: the document is empty.
        if len(inflated) > self.largest:
            raise self._too_large()
        if not inflater.eof:
            return b""
        self._hold(len(inflated), held)
        return inflated

    def _too_large(self, cut_off=False):
        message = f"The request's body is over {self.largest} bytes"
        return StatusError("INVALID_ARGUMENT", message, 413, _CLOSE if cut_off else None)


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
        message = "The request's body did not come in time"
        raise StatusError("DEADLINE_EXCEEDED", message, 408, _CLOSE) from None
    finally:
        handle.cancel()
