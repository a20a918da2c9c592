"""The socket of the server. TensorFlow is not needed, so a port in use is reported quickly."""

import contextlib
import ctypes
import socket
import struct
import sys


def listen(host, port):
    """Binds a socket, which the server uses later.

    Raises:
        OSError: If the address cannot be bound.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)
    return bound


# A socket option of Linux, and a BPF program that drops all packets.
_SO_ATTACH_FILTER, _RETURN_0 = 26, struct.pack("HBBI", 0x06, 0, 0, 0)


def refuse_newcomers(bound):
    """Makes the kernel reject new connections to a listening socket (on Linux only).

    Connections in its queue can still be accepted. Closing the socket immediately would reset them
    and lose the requests that their clients have sent.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(_RETURN_0)
    filtering = struct.pack("HP", 1, ctypes.addressof(program))
    with contextlib.suppress(OSError):
        bound.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filtering)
