"""Autoconfig: the file in which a domain names its servers, as Thunderbird asks for it. Over verified HTTPS only.

The file comes from a stranger: its size is bounded, and one with a document type, and so with entities, is refused.
"""

import http.client
import time
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit
from xml.parsers import expat

from followmail.discovery.endpoint import Endpoint, Protocol
from followmail.discovery.network import Network
from followmail.options import Security

_LARGEST = 65_536  # bytes
_LONGEST = 255  # of one value
_REDIRECTS = 2
_SOCKETS = {"SSL": Security.TLS, "STARTTLS": Security.STARTTLS}  # “plain” is never taken
_PROTOCOLS: dict[tuple[str, str], Protocol] = {
    ("incomingServer", "imap"): "imap",
    ("outgoingServer", "smtp"): "smtp",
}


@dataclass(frozen=True, slots=True)
class Named:
    """One server that the file names, and the login name there."""

    endpoint: Endpoint
    user: str


def places(address: str) -> tuple[str, ...]:
    """Where the file of a domain lies."""
    domain = address.rpartition("@")[2]
    query = f"?emailaddress={quote(address)}"
    return (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml{query}",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml{query}",
    )


def fetch(network: Network, url: str, deadline: float) -> bytes | None:
    """What lies there, if it is small and comes over verified HTTPS, redirects included; else None. Never raises."""
    for _ in range(_REDIRECTS + 1):
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            return None
        try:
            status, body, onward = _get(network, parts.hostname, parts.port or 443, url, deadline)
        except (OSError, http.client.HTTPException, ValueError):
            return None
        if status == 200:
            return body if len(body) <= _LARGEST else None
        if status not in (301, 302, 303, 307, 308) or not onward:
            return None
        url = onward
    return None


def _get(network: Network, host: str, port: int, url: str, deadline: float) -> tuple[int, bytes, str]:
    parts = urlsplit(url)
    with network.dial(host, port, deadline) as plain:
        plain.settimeout(max(0.05, deadline - time.monotonic()))
        with network.trust().wrap_socket(plain, server_hostname=host) as secure:
            connection = http.client.HTTPSConnection(host, port)
            connection.sock = secure
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path or "/", headers={"Connection": "close"})
            with connection.getresponse() as answer:
                return answer.status, answer.read(_LARGEST + 1), answer.getheader("Location") or ""


def read(data: bytes, address: str) -> tuple[Named, ...]:
    """The servers in the file, in its order. What is no such file names none. Never raises."""
    reader = _Reader(address)
    try:
        reader.feed(data[: _LARGEST + 1])
    except (expat.ExpatError, ValueError, LookupError, UnicodeError):
        return ()
    return tuple(reader.found)


@dataclass(slots=True)
class _Reader:
    """Follows the file along; an element that is not known is passed over."""

    address: str
    found: list[Named] = field(default_factory=list)
    protocol: Protocol | None = None
    values: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)

    def feed(self, data: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = _refuse  # without a document type there is no entity of one's own
        parser.StartElementHandler = self.begin
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.Parse(data, True)

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > 16:
            raise ValueError("it is nested too deeply")
        if (name, attributes.get("type", "")) in _PROTOCOLS:
            self.protocol, self.values = _PROTOCOLS[name, attributes["type"]], {}

    def text(self, text: str) -> None:
        if self.protocol and len(self.values.get(self.path[-1], "")) < _LONGEST:
            self.values[self.path[-1]] = self.values.get(self.path[-1], "") + text

    def end(self, name: str) -> None:
        self.path.pop()
        if self.protocol and name in ("incomingServer", "outgoingServer"):
            self._take(self.protocol)
            self.protocol = None

    def _take(self, protocol: Protocol) -> None:
        value = {name: self._filled(text) for name, text in self.values.items()}
        port, security = value.get("port", ""), _SOCKETS.get(value.get("socketType", ""))
        host = value.get("hostname", "").lower()
        if host and security and port.isascii() and port.isdecimal() and 0 < int(port) < 65536:
            self.found.append(
                Named(Endpoint(protocol, host, int(port), security), value.get("username") or self.address)
            )

    def _filled(self, text: str) -> str:
        local, _, domain = self.address.partition("@")
        for name, value in (("%EMAILADDRESS%", self.address), ("%EMAILLOCALPART%", local), ("%EMAILDOMAIN%", domain)):
            text = text.replace(name, value)
        return text.strip()[:_LONGEST]


def _refuse(*_: object) -> None:
    raise ValueError("a document type has no place here")
