"""One question to a token endpoint over HTTPS: a form out, JSON back, bounded in bytes and seconds.

Certificates are always verified, no redirect is followed, and no message repeats what was asked or answered: both are
secrets. The only plain text is with this machine.
"""

import contextlib
import http.client
import io
import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from followmail.errors import ServerBusy, SettingsError, Unreachable

PATIENCE = 20.0  # seconds for all of it
_LARGEST = 65_536  # bytes of an answer, headers and all
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint said: its status, and the JSON object, whose values may be secrets."""

    status: int
    fields: Mapping[str, Any] = field(repr=False)

    def text(self, key: str) -> str:
        """A text that it holds, else empty."""
        value = self.fields.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> float | None:
        """A number that it holds, also one in quotes, as some write it; None where it is none, or negative."""
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            number = float(self.fields.get(key))  # type: ignore[arg-type]
            if 0 <= number < 10**9:
                return number
        return None


def post(url: str, form: Mapping[str, str], ca_file: str | None = None) -> Answer:
    """Asks, once. Raises Unreachable | ServerBusy where nobody can say what became of it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and host not in _LOOPBACK:
        raise SettingsError(f"{host} may be asked over https only.")
    with _translated(host), _connected(host, parts.port, parts.scheme == "https", ca_file) as sock:
        response = _asked(sock, host, parts.path or "/", urlencode(form).encode())
        body = response.read()
    return _read(response.status, body, host)


def _read(status: int, body: bytes, host: str) -> Answer:
    if status == 429 or status >= 500:
        raise ServerBusy(f"{host} says not now (HTTP {status}).")
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):  # a captive portal, a proxy, a page for people
        raise Unreachable(f"What {host} answers is no answer of a token endpoint (HTTP {status}).")
    return Answer(status, fields)


# ---- the wire


@contextlib.contextmanager
def _translated(host: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as doubt:
        raise Unreachable(f"The certificate of {host} cannot be trusted: {doubt.verify_message}.") from None
    except TimeoutError:
        raise Unreachable(f"{host} did not answer within {PATIENCE:.0f} seconds.") from None
    except (OSError, UnicodeError) as broken:
        reason = getattr(broken, "strerror", None) or type(broken).__name__
        raise Unreachable(f"{host} cannot be reached: {reason}.") from None
    except (http.client.HTTPException, ValueError) as unreadable:  # its words may repeat ours
        raise Unreachable(f"The answer of {host} cannot be read ({type(unreadable).__name__}).") from None


@contextlib.contextmanager
def _connected(host: str, port: int | None, tls: bool, ca_file: str | None) -> Iterator["_Bounded"]:
    end = time.monotonic() + PATIENCE
    with socket.create_connection((host, port or (443 if tls else 80)), PATIENCE) as plain:
        if not tls:
            yield _Bounded(plain, end)
            return
        context = ssl.create_default_context(cafile=ca_file)
        with context.wrap_socket(plain, server_hostname=host) as secured:
            yield _Bounded(secured, end)


def _asked(bounded: "_Bounded", host: str, path: str, form: bytes) -> http.client.HTTPResponse:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    bounded.send(head.encode("ascii") + form)
    response = http.client.HTTPResponse(bounded, method="POST")  # type: ignore[arg-type]  # all it asks is makefile
    response.begin()
    return response


class _Reader(io.BufferedReader):
    """It makes no room for what a server only announces."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LARGEST:
            raise ValueError("too much")
        return super().read(size)


class _Bounded(io.RawIOBase):
    """A socket to be read as a file, until the time is over or too much came."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        super().__init__()
        self._sock, self._end, self._room = sock, end, _LARGEST

    def makefile(self, mode: str) -> io.BufferedReader:
        return _Reader(self)

    def send(self, data: bytes) -> None:
        self._sock.settimeout(self._left())
        self._sock.sendall(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._room <= 0:
            raise ValueError("too much")
        self._sock.settimeout(self._left())
        count = self._sock.recv_into(buffer, min(len(buffer), self._room))
        self._room -= count
        return count

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
