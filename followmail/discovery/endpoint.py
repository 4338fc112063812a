"""Where one server listens, and how a name is written as one."""

import ipaddress
from dataclasses import dataclass
from typing import Literal

from followmail.options import Security

Protocol = Literal["imap", "smtp"]

# TLS from the start comes first: nothing can be stripped there (RFC 8314 §3).
PORTS: dict[Protocol, dict[Security, int]] = {
    "imap": {Security.TLS: 993, Security.STARTTLS: 143, Security.NONE: 143},
    "smtp": {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25},
}
_BY_PORT = {
    993: Security.TLS, 143: Security.STARTTLS, 465: Security.TLS, 587: Security.STARTTLS, 25: Security.STARTTLS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server. `security` none: on this machine only."""

    protocol: Protocol
    host: str
    port: int
    security: Security

    def __str__(self) -> str:
        return f"{self.host}:{self.port} ({self.security})"


def usual(protocol: Protocol, host: str, security: Security = Security.TLS) -> Endpoint:
    """The server at its usual port."""
    return Endpoint(protocol, host, PORTS[protocol][security], security)


def read(protocol: Protocol, text: str) -> Endpoint:
    """`host`, `host:port` or `host:port starttls`. Raises ValueError where it is none of these."""
    where, _, word = text.strip().partition(" ")
    host, _, port = where.rpartition(":") if where.count(":") == 1 else (where.strip("[]"), "", "")
    if not host or (port and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536)):
        raise ValueError(f"“{text}” is no host, and no host:port")
    number = int(port) if port else PORTS[protocol][Security.TLS]
    security = Security(word.strip()) if word.strip() else _BY_PORT.get(number, Security.TLS)
    return Endpoint(protocol, host.lower().rstrip("."), number, security)


def alternatives(protocol: Protocol, text: str) -> tuple[Endpoint, ...]:
    """Where a server that a person named may listen: at the port they said, else at the usual ones. ValueError."""
    first = read(protocol, text)
    port = first.port if ":" in text else None
    orders = [Security.TLS, Security.STARTTLS]
    if first.security is Security.STARTTLS:
        orders.reverse()
    if is_loopback(first.host):  # a bridge on this machine: nobody can read along
        orders.append(Security.NONE)
    return tuple(Endpoint(protocol, first.host, port or PORTS[protocol][security], security) for security in orders)


def is_loopback(host: str) -> bool:
    """Whether it is this very machine, by its own name or number."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
