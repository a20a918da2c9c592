"""Checks the `Host` header, which protects a server on loopback against DNS rebinding.

A web page whose domain name resolves to 127.0.0.1 could read the responses of servers on the
loopback interface. The browser still sends the domain name of the page as `Host`.
"""

import ipaddress
import re

_PORT = re.compile(r":[0-9]*$")


class Hosts:
    """The hosts that a server answers to.

    Args:
        address: The address that the server is bound to. With a loopback address, only loopback
            names and addresses are accepted; with another one any name, unless `allowed` is set.
        allowed: Additional host names; `*` for all.

    >>> Hosts("127.0.0.1").allows("localhost:8501"), Hosts("127.0.0.1").allows("evil.example")
    (True, False)
    """

    def __init__(self, address, allowed=()):
        self._allowed = {name.lower() for name in allowed}
        self._all = "*" in allowed or (not allowed and not _is_loopback(address))

    def allows(self, host):
        """Whether a request with this `Host` header, or None, is accepted."""
        if self._all or host is None:  # Browsers always send the header.
            return True
        name = _PORT.sub("", host).lower().rstrip(".")
        return name in self._allowed or _is_loopback(name.strip("[]"))


def _is_loopback(name):
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
