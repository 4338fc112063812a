"""The connection under a session: bytes out, lines and literals in, with bounds on what a server may make us hold.

imaplib is made to be overridden here (open, read, readline, send, shutdown). Its own reading loses its place when a
line comes in two TCP segments while the socket does not block, which is how IDLE has to wait.
"""

import contextlib
import imaplib
import re
import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]

# The longest line is the answer to a SEARCH: a million UIDs take 8 MB.
MAX_LINE = 16 * 2**20
MAX_LITERAL = 64 * 2**20
# What a server may say to one command: the status of 100,000 folders takes 200,000 lines.
MAX_LINES = 200_000
MAX_KEPT = 64 * 2**20  # bytes of untagged responses that imaplib keeps until somebody asks for them
# A wait looks at the clock this often: a machine that slept must not go on waiting for what is over.
_SLICE = 30.0
# It goes on while the machine sleeps; where there is none, a wait after a sleep is only longer.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_CHUNK = 2**18
_LITERAL = re.compile(rb"\{(\d+)\}\Z")


class Wire(imaplib.IMAP4):
    """imaplib's protocol on a socket of our own. Raises `abort` where the connection or our patience ends."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, timeout: SocketTimeout) -> None:
        self._tls = tls
        self._timeout = timeout
        self._buffer = bytearray()
        self._lines = self._kept = 0  # since the last command
        self.pending: Callable[[], None] | None = None  # takes in answers that are still on their way
        super().__init__(host, port, timeout.connect)
        self.debug = 0

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Connects (every address of the name is tried), shakes hands, and sets what a long-lived socket needs."""
        self.host, self.port = host, port
        self.sock = socket.create_connection((host, port), timeout)
        _keep_alive(self.sock)
        if self._tls is not None:
            self._secure(self._tls)
        self.sock.settimeout(self._timeout.read)

    def start_tls(self, context: ssl.SSLContext) -> None:
        """STARTTLS (RFC 9051 §6.2.1): whatever was said before counts for nothing."""
        if "STARTTLS" not in self.capabilities:
            raise self.abort("the server does not offer STARTTLS")
        kind, data = self._simple_command("STARTTLS")
        if kind != "OK":
            raise self.abort(f"STARTTLS refused: {data[-1]!r}")
        if self._buffer:
            raise self.abort("something was slipped in before TLS began")  # CVE-2011-0411 and its kin
        self.sock.settimeout(self._timeout.connect)
        self._secure(context)
        self.sock.settimeout(self._timeout.read)
        self.untagged_responses.clear()

    def readline(self) -> bytes:
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > MAX_LINE:
                raise self.abort("the server sends a line without an end")
            self._fill()
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        self._count(1)
        return line

    def read(self, size: int) -> bytes:
        if size > MAX_LITERAL:
            raise self.abort(f"the server announces {size} bytes")
        while len(self._buffer) < size:
            self._fill()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def read_response(self) -> list[bytes]:
        """One whole response as text, literal, text, …: texts without CRLF, each literal's mark kept on its text."""
        parts = []
        while True:
            line = self.readline()
            if not line.endswith(b"\r\n"):
                raise self.abort("the server sends an unterminated line")
            parts.append(line[:-2])
            literal = _LITERAL.search(line, max(0, len(line) - 14), len(line) - 2)
            if not literal:
                return parts
            parts.append(self.read(int(literal[1])))

    def read_form(self, form: re.Pattern[bytes]) -> tuple[bytes, tuple[bytes | None, ...], bytes] | None:
        """A response in a form whose last group is the size of its one literal, behind which stands ")" alone: its text,
        groups and literal. None, and nothing is read, where the next response is another."""
        while b"\n" not in self._buffer and len(self._buffer) <= MAX_LINE:
            self._fill()
        found = form.match(self._buffer)
        if found is None:
            return None
        text, groups, start = found[0][:-2], found.groups(), found.end()
        end = start + int(groups[-1])
        while len(self._buffer) < end + 3 and end - start <= MAX_LITERAL:
            self._fill()
        if self._buffer[end : end + 3] != b")\r\n":
            return None
        literal = bytes(self._buffer[start:end])
        del self._buffer[: end + 3]
        self._count(2)
        return text, groups, literal

    def settle(self) -> None:
        """Whoever still has answers on their way takes them in: the next command's must not be mixed with them."""
        pending, self.pending = self.pending, None
        if pending is not None:
            pending()

    def wait(self, seconds: float, wake_fd: int | None) -> bool:
        """Whether the server sent something; False after `seconds`, or as soon as `wake_fd` can be read."""
        if self._buffer or self._pending():
            return True
        poller = select.poll()
        poller.register(self.sock, select.POLLIN)
        if wake_fd is not None:
            poller.register(wake_fd, select.POLLIN)
        end = time.clock_gettime(_CLOCK) + max(0, seconds)
        left: float = max(0, seconds)
        while not (ready := poller.poll(min(left, _SLICE) * 1000)) and left > _SLICE:
            left = max(0, end - time.clock_gettime(_CLOCK))
        return any(fd == self.sock.fileno() for fd, _ in ready) and self._fill_now()

    def send(self, data: Any) -> None:
        self._lines = self._kept = 0
        self.sock.sendall(data)

    def shutdown(self) -> None:
        """Never raises, and never waits for the server."""
        with contextlib.suppress(OSError, AttributeError):
            self.sock.close()

    def patience(self, seconds: float) -> None:
        """From now on a read may take this long."""
        self.sock.settimeout(seconds)

    def _secure(self, context: ssl.SSLContext) -> None:
        try:
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
        except BaseException:
            self.sock.close()
            raise

    def _fill(self) -> None:
        data = self.sock.recv(_CHUNK)
        if not data:
            raise self.abort("the server closed the connection")
        self._buffer += data

    def _fill_now(self) -> bool:
        """Takes what is there without waiting: under TLS a readable socket may hold no data of ours."""
        patience = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            self._fill()
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self.sock.settimeout(patience)
        return True

    def _pending(self) -> bool:
        return isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0

    def _count(self, lines: int) -> None:
        self._lines += lines
        if self._lines > MAX_LINES:
            raise self.abort("the server talks without end")

    def _append_untagged(self, typ: str, dat: bytes | tuple[bytes, bytes] | None) -> None:
        """imaplib's store of what was told, within bounds."""
        self._kept += 100 + (sum(map(len, dat)) if isinstance(dat, tuple) else len(dat or b""))
        if self._kept > MAX_KEPT:
            raise self.abort("the server talks without end")
        super()._append_untagged(typ, dat)  # type: ignore[misc]

    def _log(self, line: object) -> None:
        """imaplib keeps the last ten lines, passwords among them; we do not."""


class Client(IMAPClient):  # type: ignore[misc]  # imapclient has no types
    """IMAPClient on our wire. Folder names are given to it as quoted strings, ready for the wire."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, timeout: SocketTimeout) -> None:
        self._context = tls
        super().__init__(host, port, ssl=tls is not None, ssl_context=tls, timeout=timeout)
        self.normalise_times = False
        self.wire.debug = 0  # what IMAPClient logs holds subjects, addresses and ids

    @property
    def wire(self) -> Wire:
        wire: Wire = self._imap
        return wire

    def _normalise_folder(self, folder_name: bytes) -> bytes:
        return folder_name

    def _create_IMAP4(self) -> Wire:
        return Wire(self.host, self.port, self._context, self._timeout)


def _keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 120), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):  # macOS lacks TCP_KEEPIDLE
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
