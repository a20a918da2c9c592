"""Which `Host` a request may name: the defence of a server on loopback against DNS rebinding.

A web page can let its own domain name point to 127.0.0.1, and its scripts may then read the answers
of every server there. The browser still sends the name of the page's domain as `Host`.
"""

import ipaddress
import re

_PORT = re.compile(r":[0-9]*$")


class Hosts:
    """The hosts that a server answers to.

    Args:
        address: The address that the server is bound to. A loopback address is answered to under
            loopback names and addresses only; another one under any name, unless `allowed` is set.
        allowed: Further host names; `*` stands for all.

    >>> Hosts("127.0.0.1").allows("localhost:8501"), Hosts("127.0.0.1").allows("evil.example")
    (True, False)
    """

    def __init__(self, address, allowed=()):
        self._allowed = {name.lower() for name in allowed}
        self._all = "*" in allowed or (not allowed and not _is_loopback(address))

    def allows(self, host):
        """Whether a request with this `Host` header, or None, is answered."""
        if self._all or host is None:  # Browsers always send it.
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
