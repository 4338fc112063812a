"""The network as discovery sees it: names, connections, trust, and how long all of it may take.

Everything is a value that a caller may replace, so that a test asks its own servers.
"""

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from followmail.discovery import names
from followmail.discovery.names import Asked

BUDGET = 8.0  # seconds for all of discovery
_EACH = 2.5  # seconds for one of several addresses of a host: a dead IPv6 must not eat the time of IPv4
_ADDRESSES = 4


def dial(host: str, port: int, deadline: float) -> socket.socket:
    """A TCP connection before the deadline (monotonic). OSError; socket.gaierror where there is no such name."""
    last: OSError = TimeoutError()
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[:_ADDRESSES]:
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as fault:  # this machine has no IPv6
            last = fault
            continue
        try:
            sock.settimeout(max(0.05, min(_EACH, deadline - time.monotonic())))
            sock.connect(address)
            return sock
        except OSError as fault:
            sock.close()
            last = fault
    raise last


@dataclass(frozen=True, slots=True)
class Network:
    """`ask` asks the name servers, `dial` connects, `trust` says whose certificates count, `budget` is in seconds."""

    ask: Callable[[str, str, float], Asked] = names.ask
    dial: Callable[[str, int, float], socket.socket] = dial
    trust: Callable[[], ssl.SSLContext] = field(default=ssl.create_default_context)
    budget: float = BUDGET
