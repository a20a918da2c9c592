"""The socket of the server; without TensorFlow, so that a port in use is told at once."""

import socket


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
