"""A scripted SMTP submission server, and a proxy that cuts its dialogue at any byte. Real sockets on 127.0.0.1.

In a test (`from tests.servers import smtp as servers`, then `smtpd = servers.smtpd` at module level):

    def test_something(smtpd):                          # plain, with AUTH; any user, the password of tests/canary.py
        smtpd.answer("RCPT bob@x.example", "550 5.1.1 no such user")      # from now on
        smtpd.answer("DOT", "451 4.7.1 greylisted", times=2)              # twice, then as usual
        smtpd.answer("DOT", b"25")                                        # raw bytes, then the connection ends
        outcome = submit(smtpd.server(), …)
        assert [d.recipients for d in smtpd.delivered] == [("bob@x.example",)]

    def test_secure(secure_smtpd):                      # one that speaks TLS at once; .server() trusts its certificate
    with running(tls="starttls", certificate=…) as s:   # any other
    with Proxy(smtpd.port) as proxy:                    # proxy.cut = Cut("out", 120, "rst")
        submit(smtpd.server(port=proxy.port), …)

Keys of `answer`: GREETING EHLO STARTTLS AUTH MAIL RCPT DATA DOT RSET QUIT, or a verb with an address. A reply that has
\\r\\n in it is said as it stands. `delay[key]` are seconds before that answer, `drip[key]` seconds between its bytes;
`amid_data` is said when the mail has begun to come. `rewrite` changes what is taken (a provider's own Message-ID),
`on_delivery` is told of it, `unfinished` holds what came where the dot never did.
"""

import base64
import contextlib
import re
import select
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from followmail.auth import Secret
from followmail.smtp import Server
from tests.canary import PASSWORD

USER = "alex@consult.example"
EXTENSIONS = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
_PATIENCE = 20.0  # a test that waits longer than this is broken


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail that the server took: the envelope, MAIL's parameters, and the bytes as they were composed."""

    sender: str
    recipients: tuple[str, ...]
    options: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate, its own authority."""

    file: str
    key: str

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


def certificate(folder: Path, names: str = "DNS:localhost,IP:127.0.0.1", *, expired: bool = False) -> Certificate:
    """Makes one with openssl."""
    made = Certificate(str(folder / "cert.pem"), str(folder / "key.pem"))
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-subj", "/CN=followmail test", "-addext", f"subjectAltName={names}", "-days", "2"]
    subprocess.run([*command, "-keyout", made.key, "-out", made.file], check=True, capture_output=True)
    if expired:
        again = ["openssl", "x509", "-in", made.file, "-signkey", made.key, "-days", "-1", "-out", made.file]
        subprocess.run(again, check=True, capture_output=True)
    return made


class _Listener:
    """Accepts on a free port of 127.0.0.1 and serves each connection in a thread of its own."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._wake = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._closing.is_set():
            self.stop()

    def _accept(self) -> None:
        while not self._closing.is_set():
            select.select([self._listener, self._wake[0]], [], [])
            self._take_waiting()

    def _take_waiting(self) -> None:
        """Starts on every connection that was made by now."""
        with self._lock:
            while not self._closing.is_set() and select.select([self._listener], [], [], 0)[0]:
                sock, _ = self._listener.accept()
                sock.settimeout(_PATIENCE)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                thread = threading.Thread(target=self._guarded, args=(sock,), daemon=True)
                thread.start()
                self._threads.append(thread)

    def _guarded(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._serve(sock)
        sock.close()

    def _serve(self, sock: socket.socket) -> None:
        raise NotImplementedError

    def settle(self) -> None:
        """Returns when every connection so far is over: what could be delivered has been."""
        self._take_waiting()
        while self._threads:
            self._threads.pop().join(_PATIENCE)

    def stop(self) -> None:
        """From now on connections are refused."""
        self._closing.set()
        self._wake[1].send(b".")
        self._acceptor.join(_PATIENCE)
        self.settle()
        for sock in (self._listener, *self._wake):
            sock.close()


class Smtpd(_Listener):
    """The server. `tls`: none, tls or starttls. Takes a mail exactly when it has read the final dot and says 2xx."""

    def __init__(
        self,
        tls: str = "none",
        certificate: Certificate | None = None,
        extensions: tuple[str, ...] = EXTENSIONS,
        auth: str = "PLAIN LOGIN",
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.tls, self.certificate, self.extensions, self.auth = tls, certificate, extensions, auth
        self.context = context or (certificate.context() if certificate else None)
        self.password = PASSWORD
        self.delivered: list[Delivery] = []
        self.commands: list[str] = []
        self.logins: list[tuple[str, str]] = []
        self.unfinished: list[bytes] = []  # what was read after DATA where the final dot never came
        self.delay: dict[str, float] = {}
        self.drip: dict[str, float] = {}
        self.on_command: Callable[[str], None] = lambda key: None  # told before each answer
        self.takes_token: Callable[[str], bool] = lambda token: False
        self.amid_data = b""
        self.rewrite: Callable[[bytes], bytes] | None = None
        self.on_delivery: Callable[[Delivery], None] | None = None
        self._answers: dict[str, tuple[str | bytes, int]] = {}
        super().__init__()

    def answer(self, key: str, reply: str | bytes, times: int = 1_000_000) -> None:
        """Says this instead of the usual: a line (or several, with \\n), or raw bytes and then nothing more."""
        self._answers[key.upper()] = (reply, times)

    def server(self, **changes: Any) -> Server:
        """How followmail is told of this server; short timeouts, since here nobody is far away."""
        known: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "security": self.tls,
            "user": USER,
            "password": lambda: Secret(PASSWORD),
            "connect_timeout": 5,
            "read_timeout": 5,
            "dot_timeout": 5,
            "ca_file": self.certificate.file if self.certificate else None,
        }
        return Server(**(known | changes))

    def wait(self, seconds: float) -> None:
        """Lets time pass, unless the server is being stopped."""
        if seconds:
            self._closing.wait(seconds)

    def _serve(self, sock: socket.socket) -> None:
        if self.tls == "tls" and self.context:
            sock = self.context.wrap_socket(sock, server_side=True)
        session = _Session(self, sock)
        try:
            session.run()
        finally:
            session.sock.close()  # STARTTLS has changed it

    def scripted(self, *keys: str) -> str | bytes | None:
        """The answer that a test asked for, nearest key first."""
        for key in map(str.upper, keys):
            self.on_command(key)
            if key in self.delay:
                self.wait(self.delay[key])
            reply, times = self._answers.get(key, ("", 0))
            if times:
                self._answers[key] = (reply, times - 1)
                return reply
        return None


class _Session:
    """One connection to Smtpd."""

    def __init__(self, smtpd: Smtpd, sock: socket.socket) -> None:
        self.smtpd, self.sock = smtpd, sock
        self.buffer = b""
        self.secure = smtpd.tls == "tls"
        self.forget()

    def forget(self) -> None:
        self.sender, self.options, self.recipients = "", "", list[str]()

    def run(self) -> None:
        self.say("220 mx.test ESMTP", "GREETING")
        while True:
            line = self.line()
            self.smtpd.commands.append(line)
            verb, _, rest = line.partition(" ")
            handle = getattr(self, f"do_{verb.lower()}", None)
            if handle is None:
                self.say("500 5.5.2 what?", verb)
            elif handle(rest) is False:
                return

    def do_ehlo(self, rest: str) -> None:
        offered = ["mx.test greets you", *self.smtpd.extensions]
        if self.smtpd.tls == "starttls" and not self.secure:
            offered.append("STARTTLS")
        elif self.smtpd.auth:
            offered.append(f"AUTH {self.smtpd.auth}")
        self.say("\n".join(f"250 {line}" for line in offered), "EHLO")

    def do_starttls(self, rest: str) -> None:
        self.say("220 2.0.0 go ahead", "STARTTLS")
        assert self.smtpd.context
        self.sock = self.smtpd.context.wrap_socket(self.sock, server_side=True)
        self.secure = True

    def do_auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism in ("XOAUTH2", "OAUTHBEARER"):
            self.by_token(base64.b64decode(initial).decode())
            return
        if mechanism == "LOGIN":
            user, password = (self.ask(prompt) for prompt in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"))
        else:
            _, user, password = base64.b64decode(initial).decode().split("\0")
        self.smtpd.logins.append((user, password))
        right = password == self.smtpd.password
        self.say("235 2.7.0 welcome" if right else "535 5.7.8 wrong user or password", "AUTH")

    def by_token(self, said: str) -> None:
        user, token = re.findall(r"(?:user=|a=)([^\x01,]*)", said)[0], re.findall(r"auth=Bearer ([^\x01]*)", said)[0]
        self.smtpd.logins.append((user, token))
        if self.smtpd.takes_token(token):
            self.say("235 2.7.0 welcome", "AUTH")
            return
        self.ask("eyJzdGF0dXMiOiI0MDEifQ==")  # {"status":"401"}: the client must answer before it is refused
        self.say("535 5.7.8 the token is not good", "AUTH")

    def ask(self, prompt: str) -> str:
        self.say(f"334 {prompt}", "PROMPT")
        return base64.b64decode(self.line()).decode()

    def do_mail(self, rest: str) -> None:
        found = re.fullmatch(r"FROM:<([^>]*)>(.*)", rest, re.IGNORECASE)
        if found and self.say("250 2.1.0 ok", f"MAIL {found[1]}", "MAIL"):
            self.sender, self.options = found[1], found[2].strip()

    def do_rcpt(self, rest: str) -> None:
        found = re.fullmatch(r"TO:<([^>]*)>", rest, re.IGNORECASE)
        if found and self.say("250 2.1.5 ok", f"RCPT {found[1]}", "RCPT"):
            self.recipients.append(found[1])

    def do_rset(self, rest: str) -> None:
        self.forget()
        self.say("250 2.0.0 forgotten", "RSET")

    def do_quit(self, rest: str) -> bool:
        self.say("221 2.0.0 bye", "QUIT")
        return False

    def do_data(self, rest: str) -> None:
        if not self.say("354 go on", "DATA"):
            return
        try:
            if self.smtpd.amid_data:
                self.buffer += self.sock.recv(1)
                self.sock.sendall(self.smtpd.amid_data)
            stuffed = self.until(b"\r\n.\r\n").removesuffix(b".\r\n")
        except OSError:
            self.smtpd.unfinished.append(self.buffer)
            raise
        data = re.sub(rb"(?m)^\.", b"", stuffed)
        data = self.smtpd.rewrite(data) if self.smtpd.rewrite else data
        mail = Delivery(self.sender, tuple(self.recipients), self.options, data)
        self.forget()
        self.say("250 2.0.0 queued as 4711", "DOT", before=lambda: self.take(mail))

    def take(self, mail: Delivery) -> None:
        self.smtpd.delivered.append(mail)
        if self.smtpd.on_delivery:
            self.smtpd.on_delivery(mail)

    def say(self, usual: str, *keys: str, before: Callable[[], None] = lambda: None) -> bool:
        """Answers; whether that was a yes. `before` is done when it is, or when raw bytes cut a yes short."""
        reply = self.smtpd.scripted(*keys)
        reply = usual if reply is None else reply
        if reply[:1] in ("2", b"2"):
            before()
        if isinstance(reply, bytes):
            self.sock.sendall(reply)
            raise ConnectionError
        *more, last = reply.split("\n") if "\r" not in reply else [reply]
        raw = "".join(line[:3] + "-" + line[4:] + "\r\n" for line in more) + last + "\r\n"
        for part in [raw[i : i + 1] for i in range(len(raw))] if self.smtpd.drip.get(keys[-1]) else [raw]:
            self.sock.sendall(part.encode())
            self.smtpd.wait(self.smtpd.drip.get(keys[-1], 0))
        return last[0] == usual[0]

    def line(self) -> str:
        return self.until(b"\r\n").removesuffix(b"\r\n").decode("utf-8", "replace")

    def until(self, end: bytes) -> bytes:
        while end not in self.buffer:
            got = self.sock.recv(65536)
            if not got:
                raise ConnectionError
            self.buffer += got
        found, _, self.buffer = self.buffer.partition(end)
        return found + end


@dataclass(frozen=True, slots=True)
class Cut:
    """After so many bytes `out` (client to server) or `in`, the link ends: `fin`, `rst`, or `silence` for ever."""

    direction: str
    after: int
    how: str


class Proxy(_Listener):
    """A link to a port of this machine that can be cut. `passed`: bytes on the last connection, by direction."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.cut: Cut | None = None
        self.passed = {"out": 0, "in": 0}
        super().__init__()

    def _serve(self, sock: socket.socket) -> None:
        cut, passed = self.cut, {"out": 0, "in": 0}
        self.passed = passed
        with socket.create_connection(("127.0.0.1", self.target), _PATIENCE) as far:
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ways = {sock: (far, "out"), far: (sock, "in")}
            while not (cut and passed[cut.direction] >= cut.after):
                for ready in select.select(list(ways), [], [], _PATIENCE)[0]:
                    there, direction = ways[ready]
                    limit = cut.after - passed[direction] if cut and cut.direction == direction else 65536
                    data = ready.recv(limit) if limit else b""
                    if not data:
                        return
                    there.sendall(data)
                    passed[direction] += len(data)
            _end(cut.how, sock, far)


def _end(how: str, sock: socket.socket, far: socket.socket) -> None:
    if how == "rst":
        for one in (sock, far):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
        return
    if how == "fin":
        for one in (sock, far):
            one.shutdown(socket.SHUT_WR)
    while sock.recv(65536):  # swallowed, until the client gives up
        pass


@contextlib.contextmanager
def running(**options: Any) -> Iterator[Smtpd]:
    """An Smtpd with these options."""
    with Smtpd(**options) as smtpd:
        yield smtpd


@pytest.fixture
def smtpd() -> Iterator[Smtpd]:
    """A plain server with AUTH on this machine."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def smtp_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A good certificate for localhost and 127.0.0.1."""
    return certificate(tmp_path_factory.mktemp("smtp-certificate"))


@pytest.fixture
def secure_smtpd(smtp_certificate: Certificate) -> Iterator[Smtpd]:
    """A server that speaks TLS from the first byte."""
    with running(tls="tls", certificate=smtp_certificate) as server:
        yield server
