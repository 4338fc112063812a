"""Faults that a sound server does not show: a server that follows a script, a relay that cuts, stalls or rewrites."""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from followmail.auth import Secret
from followmail.imap.session import Account

Script = Callable[["Talk"], None]


class Talk:
    """One connection of the scripted server. The client's tags are remembered, so that a script need not know them."""

    def __init__(self, sock: socket.socket, lines: BinaryIO) -> None:
        self.sock = sock
        self._lines = lines
        self.heard: list[str] = []
        self.tag = ""

    def hear(self) -> str:
        """The next command without its tag; empty when the client is gone."""
        line = self._lines.readline().decode("utf-8", "replace").rstrip("\r\n")
        self.tag, _, rest = line.partition(" ")
        self.heard.append(rest or line)
        return rest or line

    def say(self, *lines: str | bytes) -> None:
        """Sends lines; `TAG` stands for the tag of the last command."""
        for line in lines:
            raw = line.encode() if isinstance(line, str) else line
            self.sock.sendall(raw.replace(b"TAG", self.tag.encode(), 1) + b"\r\n")

    def serve(self, answers: dict[str, Sequence[str | bytes]], capability: str = "IMAP4rev1") -> None:
        """A plain server: greeting, login, and an answer for each command that begins with a key; OK to all others."""
        self.say("* OK ready")
        while command := self.hear():
            verb = command.upper()
            key = next((k for k in sorted(answers, key=len, reverse=True) if verb.startswith(k)), None)
            if key is not None:
                self.say(*answers[key])
            elif verb == "CAPABILITY":
                self.say(f"* CAPABILITY {capability}", "TAG OK done")
            elif verb.startswith("EXAMINE"):
                self.say("* 3 EXISTS", "* OK [UIDVALIDITY 7] .", "* OK [UIDNEXT 4] .", "TAG OK [READ-ONLY] done")
            elif verb == "LOGOUT":
                self.say("* BYE", "TAG OK done")
                return
            else:
                self.say("TAG OK done")

    def until_gone(self) -> None:
        """Says nothing more until the client hangs up."""
        with contextlib.suppress(OSError):
            while self.sock.recv(65_536):
                pass


@contextlib.contextmanager
def scripted(
    script: Script, tls: ssl.SSLContext | None = None, **changes: object
) -> Iterator[tuple[Account, list[Talk]]]:
    """A server that does what `script` says to each connection, and the account that leads to it."""
    talks: list[Talk] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, script, tls, talks), daemon=True)
        thread.start()
        values: dict[str, object] = {
            "host": "127.0.0.1",
            "port": listener.getsockname()[1],
            "security": "none",
            "user": "user",
            "password": lambda: Secret("geheim-1"),
            "connect_timeout": 5,
            "read_timeout": 5,
        }
        yield Account(**(values | changes)), talks  # type: ignore[arg-type]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _accept(listener: socket.socket, script: Script, tls: ssl.SSLContext | None, talks: list[Talk]) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        with contextlib.suppress(OSError), _talk(sock, tls) as talk:
            talks.append(talk)
            script(talk)


@contextlib.contextmanager
def _talk(sock: socket.socket, tls: ssl.SSLContext | None) -> Iterator[Talk]:
    with sock, tls.wrap_socket(sock, server_side=True) if tls else sock as wrapped, wrapped.makefile("rb") as lines:
        yield Talk(wrapped, lines)


class Relay:
    """A TCP relay before a server. `to_client`, `to_server` may rewrite what passes; `stall` stops all, silently."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.to_client: Callable[[bytes], bytes] = lambda data: data
        self.to_server: Callable[[bytes], bytes] = lambda data: data
        self.passed = 0  # bytes to the client
        self.cut_after: int | None = None  # of those: then the connection ends
        self._stalled = False
        self._stop, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Relay":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.close()
        self._thread.join(10)
        self._listener.close()
        self._stop.close()

    def stall(self) -> None:
        """From now on nothing passes, and nobody is told: a cable pulled."""
        self._stalled = True

    def _run(self) -> None:
        pairs: dict[socket.socket, socket.socket] = {}
        clients: set[socket.socket] = set()
        while True:
            watched = [self._stop, self._listener, *([] if self._stalled else pairs)]
            for ready in select.select(watched, [], [], 0.05 if self._stalled else 1)[0]:
                if ready is self._stop:
                    for sock in pairs:
                        sock.close()
                    return
                if ready is self._listener:
                    client = self._listener.accept()[0]
                    server = socket.create_connection(("127.0.0.1", self._target))
                    pairs |= {client: server, server: client}
                    clients.add(client)
                elif ready in pairs and not self._stalled and not self._pass(ready, pairs[ready], ready in clients):
                    for sock in (ready, pairs.pop(ready)):
                        pairs.pop(sock, None)
                        sock.close()

    def _pass(self, source: socket.socket, target: socket.socket, from_client: bool) -> bool:
        try:
            data = source.recv(65_536)
            if not data:
                return False
            if from_client:
                target.sendall(self.to_server(data))
                return True
            data = self.to_client(data)
            room = len(data) if self.cut_after is None else max(0, self.cut_after - self.passed)
            self.passed += len(data[:room])  # before anybody can have seen them
            target.sendall(data[:room])
        except OSError:
            return False
        return len(data) <= room
