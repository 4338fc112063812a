"""The connection under a session: bytes out, lines and literals in, with bounds on what a server may make us hold.

imaplib is made to be overridden here (open, read, readline, send, shutdown). Its own reading loses its place when a
line comes in two TCP segments while the socket does not block, which is how IDLE has to wait.
"""

import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]

from followmail import waiting

# The longest line is the answer to a SEARCH: a million UIDs take 8 MB.
MAX_LINE = 16 * 2**20
MAX_LITERAL = 64 * 2**20
# What a server may say to one command: the status of 100,000 folders takes 200,000 lines.
MAX_LINES = 200_000
MAX_KEPT = 64 * 2**20  # bytes of untagged responses that imaplib keeps until somebody asks for them
_CHUNK = 2**18
_LOOKED_AHEAD = 2**20
_LITERAL = re.compile(rb"\{(\d+)\}\Z")


class Wire(imaplib.IMAP4):
    """imaplib's protocol on a socket of our own. Raises `abort` where the connection or our patience ends."""

    literal: Any  # or what answers the server's challenge

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, timeout: SocketTimeout) -> None:
        self._tls = tls
        self._timeout = timeout
        self._buffer = bytearray()
        self._lines = self._kept = 0  # since the last command
        self.pending: Callable[[], None] | None = None  # takes in answers that are still on their way
        self._corked: bytearray | None = None  # what is to be sent in one go
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

    def _get_capabilities(self) -> None:
        """imaplib asks for them as soon as it is connected; what the greeting told need not be asked (RFC 9051 §7.1)."""
        told = self.untagged_responses.pop("CAPABILITY", [b""])[-1]
        if told and isinstance(told, bytes):
            self.capabilities = tuple(told.decode("ascii", "replace").upper().split())
        else:
            super()._get_capabilities()  # type: ignore[misc]

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
        """A response in a form of one line, whose last group is the size of its one literal, behind which stands ")" alone:
        its text, groups and literal. None, and nothing is read, where the next response is another."""
        buffer = self._buffer
        while (found := form.match(buffer)) is None:
            if b"\n" in buffer or len(buffer) > MAX_LINE:
                return None
            self._fill()
        text, groups, start = found[0][:-2], found.groups(), found.end()
        found = None  # it would keep the buffer from growing
        if b"\n" in text:
            return None
        end = start + int(groups[-1])
        while len(buffer) < end + 3 and end - start <= MAX_LITERAL:
            self._fill()
        if not buffer.startswith(b")\r\n", end):
            return None
        literal = bytes(buffer[start:end])
        del buffer[: end + 3]
        self._count(2)
        return text, groups, literal

    def ahead(self, tags: Sequence[bytes]) -> bytes:
        """All that comes before the end of the last of these commands, not taken in; empty where it is long."""
        heard = self._until(tags[-1])
        if any(heard.startswith(tag + b" ") for tag in tags):  # the end of one before
            self._get_response()
            heard = self._until(tags[-1])
        return heard

    def skip(self, heard: bytes) -> None:
        """What lies ahead is known already."""
        del self._buffer[: len(heard)]

    def settle(self) -> None:
        """Whoever still has answers on their way takes them in: the next command's must not be mixed with them."""
        pending, self.pending = self.pending, None
        if pending is not None:
            pending()

    def wait(self, seconds: float, wake_fd: int | None) -> bool:
        """Whether the server sent something; False after `seconds`, or as soon as `wake_fd` can be read."""
        if self._buffer or self._pending():
            return True
        ready = waiting.readable(seconds, self.sock.fileno(), *(() if wake_fd is None else (wake_fd,)))
        return ready == {self.sock.fileno()} and self._fill_now()  # whoever wakes us waits for no chatter

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Commands that go out at once: the server awakes once for them."""
        self._corked = bytearray()
        try:
            yield
        finally:
            data, self._corked = self._corked, None
        self.send(data)

    def send(self, data: Any) -> None:
        if self._corked is not None:
            self._corked += data
            return
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

    def _until(self, tag: bytes) -> bytes:
        end, start = b"\r\n" + tag + b" ", 0
        while (found := self._buffer.find(end, start)) < 0 and not self._buffer.startswith(end[2:]):
            start = max(0, len(self._buffer) - len(end))
            if start > _LOOKED_AHEAD:
                break
            self._fill()
        return bytes(self._buffer[: found + 2]) if found >= 0 else b""

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
