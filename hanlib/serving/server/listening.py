"""The socket of the server; without TensorFlow, so that a port in use is told at once."""

import contextlib
import ctypes
import socket
import struct
import sys


def listen(host, port):
    """A socket that is bound, so that a port in use is told before a model is loaded.

    Raises:
        OSError: It cannot be bound.
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


# Linux's number of the option, and a program of one instruction: keep no byte of any packet.
_SO_ATTACH_FILTER, _RETURN_0 = 26, struct.pack("HBBI", 0x06, 0, 0, 0)


def refuse_newcomers(bound):
    """Lets the kernel complete no further connection to a listening socket.

    What stands in its queue can still be accepted; closing the socket at once would reset it, with
    the requests that its clients have sent. Only Linux has this; elsewhere nothing happens.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(_RETURN_0)
    filtering = struct.pack("HP", 1, ctypes.addressof(program))
    with contextlib.suppress(OSError):
        bound.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filtering)
