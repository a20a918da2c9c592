"""The socket of the server. Without TensorFlow, so that a port in use is reported at once."""

import contextlib
import ctypes
import socket
import struct
import sys


def listen(host, port):
    """A bound socket, so that a port in use is reported before a model is loaded.

    Raises:
        OSError: The address cannot be bound.
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


# The number of Linux's socket option, and a BPF program that keeps no byte of any packet.
_SO_ATTACH_FILTER, _RETURN_0 = 26, struct.pack("HBBI", 0x06, 0, 0, 0)


def refuse_newcomers(bound):
    """Makes the kernel complete no further connection to a listening socket.

    Connections in its queue can still be accepted. Closing the socket at once would reset them,
    together with the requests that their clients have sent. Does nothing on systems other than
    Linux.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(_RETURN_0)
    filtering = struct.pack("HP", 1, ctypes.addressof(program))
    with contextlib.suppress(OSError):
        bound.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filtering)
