"""Login in the browser of this machine: the consent page sends its answer back to a port of 127.0.0.1 (RFC 8252).

The answer counts only with our own state, and its code only with our own verifier (RFC 7636). One answer is taken, with a
plain page; then nothing listens any more.
"""

import base64
import hashlib
import re
import secrets
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from followmail.auth import Secret
from followmail.errors import LoginRefused
from followmail.oauth.grant import Refused, Tokens, granted, verdict
from followmail.oauth.registration import Registration

PATIENCE = 600.0  # seconds for a person to say yes
_VISIT = 2.0  # seconds for one visit: browsers also open connections that they never use
_LARGEST = 16_384  # bytes of a request
_REQUEST = re.compile(rb"GET (/[\x21-\x7e]*) HTTP/1\.[01]\r\n")
_PAGE = (
    "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n"
    "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'\r\n\r\n"
)
_HTML = "<!doctype html><meta charset=utf-8><title>followmail</title><p>{text}</p>\n"


class Loopback:
    """One attempt. `url` is for the browser; `wait` for its answer; then `tokens`."""

    def __init__(self, client: Registration, user: str) -> None:
        self.client = client
        self._state = secrets.token_urlsafe(32)
        self._verifier = Secret(secrets.token_urlsafe(64))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._redirect = f"http://{client.endpoints.loopback}:{self.port}"  # no path: as it is registered
        self.url = self._address(user)

    def __enter__(self) -> "Loopback":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _address(self, user: str) -> str:
        digest = hashlib.sha256(self._verifier.reveal().encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")  # RFC 7636 §4.2
        there = self.client.endpoints
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self._redirect,
            "scope": there.scope,
            "state": self._state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "login_hint": user,
            **there.extra,
        }
        return f"{self.client.address(there.authorize)}?{urlencode(asked)}"

    # ---- the answer

    def wait(self, typed: Callable[[], str] | None = None, typed_fd: int = -1) -> Secret:
        """The code that comes back, within ten minutes. Raises LoginRefused for a "no", a foreign answer, or silence.

        `typed` reads a line from `typed_fd`: the address at which a browser on another machine ended.
        """
        end = time.monotonic() + PATIENCE
        sources: list[socket.socket | int] = [self._listener, *([typed_fd] if typed else [])]
        while (left := end - time.monotonic()) > 0:
            for ready in select.select(sources, [], [], left)[0]:
                if ready is self._listener:
                    code = self._visit()
                else:
                    assert typed is not None
                    line = typed()
                    if not line:  # the terminal has gone: only the browser can answer
                        sources.remove(ready)
                    code = self._code(line.strip())
                if code is not None:
                    return code
        raise LoginRefused(f"Nobody answered within {PATIENCE / 60:.0f} minutes; nothing was stored.")

    def _visit(self) -> Secret | None:
        """Serves one connection: the code, or None where it was none of ours."""
        sock, _ = self._listener.accept()
        with sock, suppress(OSError):
            target = _target(sock)
            try:
                code = self._code(target) if target else None
            except LoginRefused as fault:
                _show(sock, "400 Bad Request", str(fault))
                raise
            if code is None:
                _show(sock, "404 Not Found", "There is nothing here.")
            else:
                _show(sock, "200 OK", "Thank you. Go back to followmail; this window can be closed.")
            return code
        return None

    def _code(self, address: str) -> Secret | None:
        """What an answer's address holds; None where it holds none."""
        try:
            asked = parse_qs(urlsplit(address).query, max_num_fields=50)
        except ValueError:  # whatever page reaches this port, or was pasted
            return None
        fields = {key: values[0] for key, values in asked.items()}
        if not fields.keys() & {"code", "error"}:
            return None
        if not secrets.compare_digest(fields.get("state", "").encode(), self._state.encode()):  # RFC 8252 §8.9
            raise LoginRefused("An answer came that is not to this login (its state is another); nothing was stored.")
        if "error" in fields:
            why = "".join(c for c in fields["error"][:60] if c.isalnum() or c in "_-")
            raise LoginRefused(f"{self.client.name} was told no ({why}); nothing was stored.")
        return Secret(fields["code"])

    def tokens(self, code: Secret, now: datetime) -> Tokens:
        """The tokens for the code (RFC 7636 §4.5). Raises LoginRefused | Transient."""
        form = {
            "grant_type": "authorization_code",
            "code": code.reveal(),
            "redirect_uri": self._redirect,
            "code_verifier": self._verifier.reveal(),
        }
        try:
            return granted(self.client, form, now)
        except Refused as refused:
            raise verdict(self.client, refused) from None


def _target(sock: socket.socket) -> str:
    """The path of a request; empty where it is none, or takes too long."""
    end = time.monotonic() + _VISIT
    said = b""
    while b"\r\n\r\n" not in said and len(said) < _LARGEST:
        sock.settimeout(max(end - time.monotonic(), 0.001))
        chunk = sock.recv(_LARGEST)
        if not chunk:
            break
        said += chunk
    found = _REQUEST.match(said)
    return found[1].decode("ascii") if found else ""


def _show(sock: socket.socket, status: str, text: str) -> None:
    body = _HTML.format(text=text.replace("&", "&amp;").replace("<", "&lt;")).encode()
    sock.sendall(_PAGE.format(status=status, length=len(body)).encode() + body)
