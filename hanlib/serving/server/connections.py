"""Limits of connections: their number, idle time, and the time and size of request headers.

The HTTP parser is `httptools` (llhttp), which rejects `Content-Length` together with
`Transfer-Encoding`.
"""

import dataclasses
import os
import sys

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from hanlib.serving.server.status import error_body

# Connections that the kernel completes before the server accepts them.
BACKLOG = 128
# File descriptors for files that are opened later, such as those of new versions.
_RESERVED_FILES = 32


@dataclasses.dataclass(frozen=True)
class ConnectionLimits:
    """Limits of connections.

    Attributes:
        connections: Maximum number of connections.
        head_seconds: Maximum time from the connection, or the first byte of a later request, to the
            end of the headers.
        idle_seconds: Maximum time between a response and the next request.
        head_bytes: Maximum bytes of the headers.
    """

    connections: int = 512
    head_seconds: float = 10.0
    idle_seconds: float = 75.0
    head_bytes: int = 1 << 16


def most_connections(wanted):
    """`wanted`, or the number of connections that `ulimit -n` allows, if that is lower."""
    if sys.platform == "win32":
        return wanted
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return wanted
    open_now = len(os.listdir("/dev/fd"))
    return max(1, min(wanted, files - open_now - BACKLOG - _RESERVED_FILES))


class Connection(HttpToolsProtocol):
    """A connection. If there are too many, the one that was idle longest is closed.

    Args:
        limits: `ConnectionLimits`.
        idle: Dictionary, shared by all connections, whose keys are the idle connections in the
            order in which they became idle.
        **options: Options of Uvicorn.
    """

    def __init__(self, limits, idle, **options):
        super().__init__(**options)
        self._limits, self._idle = limits, idle
        self._timer, self._head_bytes = None, 0

    def connection_made(self, transport):
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            oldest = next((other for other in self._idle if other.has_sent_all()), None)
            if oldest is None:
                self._refuse(503, "Too many connections")
                return
            oldest.make_room()
        self._await_head(self._limits.head_seconds)

    def connection_lost(self, exc):
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data):
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > self._limits.head_bytes and not self.transport.is_closing():
            self._refuse(431, f"The head is larger than {self._limits.head_bytes} bytes")

    def on_message_begin(self):
        super().on_message_begin()
        self._await_head(self._limits.head_seconds)

    def on_headers_complete(self):
        self._head_bytes = 0
        self._stop_timer()
        super().on_headers_complete()

    def on_body(self, body):
        self._head_bytes = 0
        super().on_body(body)

    def on_response_complete(self):
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._await_head(self._limits.idle_seconds)

    def has_sent_all(self):
        """Whether the client has received all of the last response."""
        return self.transport.get_write_buffer_size() == 0

    def make_room(self):
        """Closes this idle connection to accept a new one."""
        self._stop_timer()
        self.connections.discard(self)
        self.transport.abort()

    def _await_head(self, seconds):
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._expire)
        if self.cycle is None or self.cycle.response_complete:
            self._idle[self] = None

    def _stop_timer(self):
        self._idle.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self):
        if self.cycle is None or self.cycle.response_complete:
            # `close` would wait until the client has read the response.
            self.transport.abort()
        else:  # Headers of the next request are late, but this request is still running.
            self._await_head(self._limits.head_seconds)

    def send_400_response(self, msg):
        """Called by Uvicorn for invalid HTTP."""
        self._refuse(400, msg)

    def _unsupported_upgrade_warning(self):
        """Suppresses two log lines of Uvicorn; WebSocket upgrades are answered as HTTP."""

    def _refuse(self, code, message):
        """Sends an error outside of the application, and closes the connection."""
        body = error_body(message)
        head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        self.transport.write(STATUS_LINE[code] + head % len(body) + body)
        self.transport.close()
