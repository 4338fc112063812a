"""A small internet on 127.0.0.1: names and their records, and who listens where. Nothing of it leaves this machine.

    internet.records["company.example", "MX"] = ["10 company-example.mail.protection.outlook.com."]
    internet.host("imap.company.example", 993, port)     # the name and port, and where that really is
    internet.network(budget=2)                           # what discovery is given
    internet.file(tmp_path)                              # the same for a process of its own: see `Plan`

A name that has no host is none. `everywhere` is where every name leads, as a wildcard does.
"""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rrset

from followmail.discovery import names
from followmail.discovery.network import Network

_PATIENCE = 20.0  # a test that waits longer than this is broken


@dataclass
class Plan:
    """Which name and port are really where."""

    hosts: dict[str, dict[int, int]] = field(default_factory=dict)
    everywhere: dict[int, int] = field(default_factory=dict)
    nameserver: int = 0
    budget: float = 2.0
    down: bool = False
    oauth: int = 0  # where Microsoft's OAuth2 really is

    @classmethod
    def read(cls, path: Path) -> "Plan":
        told = json.loads(path.read_text())
        numbers = lambda ports: {int(k): v for k, v in ports.items()}  # noqa: E731
        told["hosts"] = {name: numbers(ports) for name, ports in told["hosts"].items()}
        return cls(**{**told, "everywhere": numbers(told["everywhere"])})

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        """As the system's: the addresses of a name."""
        if host == "127.0.0.1":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        if self.down:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        ports = self.hosts.get(host.lower().rstrip("."), self.everywhere)
        if not ports:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        # port 1 takes no connections
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", ports.get(int(port), 1)))]

    def dial(self, host: str, port: int, deadline: float) -> socket.socket:
        ((*_, address),) = self.getaddrinfo(host, port)
        return socket.create_connection(address, 5)

    def network(self, trust: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> Network:
        return Network(names.asking("127.0.0.1", self.nameserver), self.dial, trust, self.budget)


class Internet(Plan):
    """The same, with its name server and its listeners; closed at the end of a `with` block."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[tuple[str, str], list[str]] = {}
        self.mute = False  # its name server answers nobody
        self.ca_file = ""
        self._stack = contextlib.ExitStack()
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self.nameserver = self._udp.getsockname()[1]
        self._names = threading.Thread(target=self._serve_names, daemon=True)
        self._names.start()

    def __enter__(self) -> "Internet":
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.nameserver))
        self._names.join(_PATIENCE)
        self._udp.close()
        self._stack.close()

    def host(self, name: str, port: int, really: int) -> None:
        self.hosts.setdefault(name, {})[port] = really

    def listen(self, serve: Callable[[socket.socket], None]) -> int:
        """Serves each connection in a thread of its own; the port."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        over = threading.Event()

        def accept() -> None:
            while not over.is_set():
                sock, _ = listener.accept()
                threading.Thread(target=_guarded, args=(serve, sock), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()

        def stop() -> None:
            over.set()
            socket.create_connection(listener.getsockname()).close()
            thread.join(_PATIENCE)
            listener.close()

        self._stack.callback(stop)
        port: int = listener.getsockname()[1]
        return port

    def trusting(self) -> Network:
        """What discovery is given, which trusts this internet's own authority."""
        return self.network(lambda: ssl.create_default_context(cafile=self.ca_file))

    def file(self, folder: Path) -> Path:
        path = folder / "internet.json"
        keys = ("hosts", "everywhere", "nameserver", "budget", "down", "oauth")
        path.write_text(json.dumps({key: getattr(self, key) for key in keys}))
        return path

    def _serve_names(self) -> None:
        while True:
            data, asker = self._udp.recvfrom(4096)
            if not data:
                return
            if not self.mute:
                self._udp.sendto(self._answer(dns.message.from_wire(data)), asker)

    def _answer(self, query: dns.message.Message) -> bytes:
        question = query.question[0]
        name, kind = question.name.to_text().rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
        found = self.records.get((name, kind), self.records.get(("*", kind), []))
        answer = dns.message.make_response(query)
        if found:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        elif name not in self.hosts:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()


def _guarded(serve: Callable[[socket.socket], None], sock: socket.socket) -> None:
    sock.settimeout(_PATIENCE)
    with contextlib.suppress(OSError), sock:
        serve(sock)


# Who may listen


def imap(
    context: ssl.SSLContext | None = None, offers: str = "IMAP4rev1 AUTH=PLAIN"
) -> Callable[[socket.socket], None]:
    """An IMAP server up to the login: TLS from the start, or plain text with nothing else."""

    def serve(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) if context else sock as stream, stream.makefile("rb") as lines:
            stream.sendall(b"* OK ready\r\n")
            for line in lines:
                tag, _, verb = line.decode("latin-1").strip().partition(" ")
                said = f"* CAPABILITY {offers}\r\n{tag} OK\r\n" if verb == "CAPABILITY" else f"{tag} BAD\r\n"
                stream.sendall(said.encode())

    return serve


def web(context: ssl.SSLContext, pages: dict[str, str]) -> Callable[[socket.socket], None]:
    """A web server: path → page; a page that begins with https: is a redirect there."""

    def serve(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as stream:
            path = [*stream.recv(4096).split(b" "), b"", b""][1].decode().partition("?")[0]
            page = pages.get(path, pages.get("*", ""))
            if page.startswith(("https:", "http:")):
                head, page = f"301 Moved\r\nLocation: {page}", ""
            else:
                head = "200 OK" if page else "404 None"
            size = len(page.encode())
            stream.sendall(f"HTTP/1.1 {head}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n{page}".encode())

    return serve


def nobody(sock: socket.socket) -> None:
    """A black hole: it takes the connection, and never says a word."""
    while sock.recv(4096):
        pass


def context(folder: Path, stem: str = "cert") -> ssl.SSLContext:
    """The server side of a certificate that tests.servers.dovecot.make_certificate made."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(folder / f"{stem}.pem", folder / f"{stem}-key.pem")
    return made


@contextlib.contextmanager
def small() -> Iterator[Internet]:
    """An internet for the length of a `with` block."""
    with Internet() as internet:
        yield internet
