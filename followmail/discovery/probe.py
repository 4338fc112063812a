"""One look at one server: is it there, is its certificate good, does it speak the protocol, how may one log in?

Nothing secret is ever said. Plain text is never good enough but on this machine itself.
"""

import re
import socket
import ssl
import time
from dataclasses import dataclass
from enum import StrEnum

from followmail.discovery.endpoint import Endpoint, is_loopback
from followmail.discovery.network import Network
from followmail.options import Security

_LINE = 4_096  # bytes that a line may have
_LINES = 64  # lines that an answer may have


class Outcome(StrEnum):
    """What came of it."""

    GOOD = "good"
    NO_NETWORK = "no-network"  # this machine reaches nobody
    NO_NAME = "no-name"
    REFUSED = "refused"
    SILENT = "silent"
    CERTIFICATE = "certificate"  # it does not vouch for this name, or nobody vouches for it
    NO_TLS = "no-tls"
    PLAIN = "plain"  # it speaks, but only so that everybody can read along
    NO_SERVER = "no-server"  # something else answers


@dataclass(frozen=True, slots=True)
class Probe:
    """What a server was found to be. `offers`: what it says it can, upper case. `detail`: why not, for people."""

    endpoint: Endpoint
    outcome: Outcome
    detail: str = ""
    offers: frozenset[str] = frozenset()

    @property
    def good(self) -> bool:
        return self.outcome is Outcome.GOOD

    @property
    def takes_password(self) -> bool:
        """Whether a login by password is offered, on this connection."""
        if self.endpoint.protocol == "imap":  # RFC 9051 §6.2.3: LOGIN is there unless it is ruled out
            return "AUTH=PLAIN" in self.offers or "LOGINDISABLED" not in self.offers
        return bool({"AUTH=PLAIN", "AUTH=LOGIN"} & self.offers)


def probe(network: Network, endpoint: Endpoint, deadline: float) -> Probe:
    """Connects, proves the certificate, and asks what is offered. Never raises, and never says a secret."""
    try:
        sock = network.dial(endpoint.host, endpoint.port, deadline)
    except (OSError, UnicodeError, OverflowError) as fault:
        return Probe(endpoint, _unreached(fault), str(getattr(fault, "strerror", "") or ""))
    talk = _Talk(network, endpoint, sock, deadline)
    try:
        return talk.run()
    except _Told as told:
        return Probe(endpoint, told.outcome, told.detail)
    except ssl.SSLCertVerificationError as fault:
        return Probe(endpoint, Outcome.CERTIFICATE, fault.verify_message)
    except ssl.SSLError as fault:
        return Probe(endpoint, Outcome.NO_TLS, fault.reason or "")
    except TimeoutError:
        return Probe(endpoint, Outcome.SILENT)
    except (OSError, ValueError):
        return Probe(endpoint, Outcome.NO_SERVER)
    finally:
        talk.sock.close()


def _unreached(fault: Exception) -> Outcome:
    import errno

    if isinstance(fault, socket.gaierror):
        return Outcome.NO_NETWORK if fault.errno == socket.EAI_AGAIN else Outcome.NO_NAME
    if isinstance(fault, TimeoutError):
        return Outcome.SILENT
    if isinstance(fault, OSError) and fault.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN):
        return Outcome.NO_NETWORK
    return Outcome.REFUSED if isinstance(fault, OSError) else Outcome.NO_NAME


class _Told(Exception):
    """The verdict, on its way up."""

    def __init__(self, outcome: Outcome, detail: str = "") -> None:
        super().__init__(detail)
        self.outcome, self.detail = outcome, detail


class _Talk:
    """The few lines that are exchanged before a login."""

    def __init__(self, network: Network, endpoint: Endpoint, sock: socket.socket, deadline: float) -> None:
        self.network, self.endpoint, self.sock, self.deadline = network, endpoint, sock, deadline
        self.unread = b""

    def run(self) -> Probe:
        if self.endpoint.security is Security.TLS:
            self._secure()
        offers = self._imap() if self.endpoint.protocol == "imap" else self._smtp()
        if self.endpoint.security is Security.NONE and not is_loopback(self.endpoint.host):
            raise _Told(Outcome.PLAIN)
        return Probe(self.endpoint, Outcome.GOOD, offers=offers)

    def _imap(self) -> frozenset[str]:
        if not self._line().upper().startswith(b"* OK"):  # RFC 9051 §7.1; PREAUTH is how STARTTLS gets stripped
            raise _Told(Outcome.NO_SERVER)
        offers = self._capabilities("a1")
        if self.endpoint.security is Security.STARTTLS:
            if "STARTTLS" not in offers or not self._says("a2 STARTTLS", b"a2 OK"):
                raise _Told(Outcome.PLAIN)
            self._secure()
            offers = self._capabilities("a3")
        return offers

    def _capabilities(self, tag: str) -> frozenset[str]:
        self._send(f"{tag} CAPABILITY")
        words: set[str] = set()
        for _ in range(_LINES):
            line = self._line().decode("ascii", "replace").upper()
            if line.startswith("* CAPABILITY "):
                words |= set(line.split()[2:])
            if line.startswith(f"{tag.upper()} "):
                return frozenset(words)
        raise _Told(Outcome.NO_SERVER)

    def _says(self, command: str, yes: bytes) -> bool:
        self._send(command)
        return self._line().upper().startswith(yes.upper())

    def _smtp(self) -> frozenset[str]:
        if self._reply()[0] != "220":
            raise _Told(Outcome.NO_SERVER)
        offers = self._ehlo()
        if self.endpoint.security is Security.STARTTLS:
            if "STARTTLS" not in offers or self._command("STARTTLS")[0] != "220":
                raise _Told(Outcome.PLAIN)
            self._secure()
            offers = self._ehlo()
        return offers

    def _ehlo(self) -> frozenset[str]:
        code, lines = self._command("EHLO [127.0.0.1]")
        if code != "250":
            raise _Told(Outcome.NO_SERVER)
        words = {line.upper() for line in lines}
        mechanisms = {f"AUTH={word}" for line in words if line.startswith("AUTH ") for word in line.split()[1:]}
        return frozenset(words | mechanisms)

    def _command(self, text: str) -> tuple[str, list[str]]:
        self._send(text)
        return self._reply()

    def _reply(self) -> tuple[str, list[str]]:
        """Code and texts of one reply (RFC 5321 §4.2.1)."""
        texts: list[str] = []
        for _ in range(_LINES):
            found = re.match(rb"(\d{3})([ -]?)(.*)", self._line())
            if not found:
                break
            texts.append(found[3].decode("ascii", "replace").strip())
            if found[2] != b"-":
                return found[1].decode(), texts
        raise _Told(Outcome.NO_SERVER)

    def _secure(self) -> None:
        if self.unread:  # what was said before the handshake would be taken for said after it
            raise _Told(Outcome.NO_TLS, "it spoke out of turn")
        self._wait()
        self.sock = self.network.trust().wrap_socket(self.sock, server_hostname=self.endpoint.host)

    def _send(self, text: str) -> None:
        self._wait()
        self.sock.sendall(text.encode("ascii") + b"\r\n")

    def _line(self) -> bytes:
        while b"\n" not in self.unread:
            self._wait()
            got = self.sock.recv(_LINE)
            if not got or len(self.unread) > _LINE:
                raise _Told(Outcome.NO_SERVER)
            self.unread += got
        line, _, self.unread = self.unread.partition(b"\n")
        return line.rstrip(b"\r")

    def _wait(self) -> None:
        self.sock.settimeout(max(0.05, self.deadline - time.monotonic()))
