"""Hand one mail to the submission server, and know for certain what became of it (RFC 5321, RFC 6409).

The only module that speaks SMTP. The phases, in order, and what a failure in each of them means:

    connect   socket, TLS                          nothing left
    greet     greeting, EHLO, STARTTLS             nothing left
    login     AUTH                                 nothing left
    envelope  MAIL, RCPT, DATA                     nothing left
    body      all but the final dot                nothing left
    ── before_dot() ──                             nothing left
    dot       the final dot, and its answer        Sent or NotSent by a complete answer, else Unknown
    quit      courtesy                             changes nothing

There is no exactly-once in SMTP (RFC 1047), so nothing here is ever tried twice.
"""

import base64
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Literal

from followmail.auth import Secret, bearer
from followmail.errors import FollowmailError, LoginRefused, Transient, Unreachable
from followmail.mail.identity import is_address

Scope = Literal["account", "message", "recipient"]

_REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])([^\r\n]*))?\r\n")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?!\d)")
_MAX_LINE = 4096  # RFC 5321 §4.5.3.1.5 says 512; Exchange writes more
_MAX_LINES = 128
_MAX_TEXT = 500
_CHUNK = 16384
_QUIT_TIMEOUT = 2.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HOSTNAME = re.compile(r"[A-Za-z0-9.-]+|\[[A-Za-z0-9.:]+\]")

# The credentials or the account are at fault, whatever the mail (RFC 4954 §6; 5.7.30 and up are Microsoft's).
_ACCOUNT_CODES = frozenset({421, 530, 534, 535, 538})
_ACCOUNT_STATUS = frozenset({"5.7.8", "5.7.30", "5.7.57", "5.7.139"})
# The address itself is bad (RFC 3463 §3.2, §3.3): no such mailbox or domain, bad syntax, moved, no mail, disabled.
_ADDRESS_STATUS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# Google says 5.4.5, Microsoft 5.1.90, others 4.5.x.
_LIMIT = re.compile(r"5\.4\.5|4\.4\.5|5\.1\.90|4\.5\.\d+")


@dataclass(frozen=True, slots=True)
class Server:
    """A submission server and the login there (an empty user: none). Times in seconds.

    `security`: tls, starttls, or none (loopback only). `dot_timeout` is long because the answer to the final dot may
    take that long (RFC 5321 §4.5.3.2.6). `mechanism`: 'password', or 'oauth2', where the password is an access token;
    `renew` then gives another one for it, where it is refused.
    """

    host: str
    port: int
    security: str
    user: str
    password: Callable[[], Secret]
    connect_timeout: float = 10
    read_timeout: float = 60
    dot_timeout: float = 600
    ca_file: str | None = None
    mechanism: str = "password"
    renew: Callable[[Secret], Secret] | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The server took the mail: a complete 2xx to the final dot."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The mail surely did not leave.

    `transient`: later it may. `code` and `enhanced` are the server's (RFC 3463); None and '' where it said nothing.
    `recipient`: whom the server refused, where that was one. `scope`: what is at fault; 'recipient' only where the
    address itself is bad. `daily_limit`: nothing more leaves this account for a day.
    """

    transient: bool
    code: int | None
    enhanced: str
    text: str
    recipient: str | None = None
    scope: Scope = "message"
    daily_limit: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The dot was on its way and no complete answer came: it may have left. Never repeated by itself."""

    text: str


Outcome = Sent | NotSent | Unknown


def submit(
    server: Server,
    sender: str,
    recipients: Sequence[str],
    data: bytes,
    *,
    before_dot: Callable[[], None],
    local_hostname: str,
    settle: Callable[[Outcome], None] = lambda outcome: None,
) -> Outcome:
    """One attempt to send `data` to all recipients or to none.

    `before_dot` is called at most once, when all but the final dot is written: it commits that the mail is handed
    over. What it raises passes on, and the dropped connection makes the server forget the mail. `settle` is told the
    outcome as soon as it is known, before the goodbye, which may take its time; what it raises passes on too.
    """
    with ExitStack() as stack:
        try:
            dialogue = stack.enter_context(_Dialogue(server, local_hostname))
            _greet(dialogue, server)
            _login(dialogue, server)
            wire = _wire(data)
            _envelope(dialogue, sender, recipients, wire)
            _body(dialogue, wire)
        except _Refused as refused:
            return refused.outcome
        except FollowmailError as fault:
            return NotSent(isinstance(fault, Transient), None, "", str(fault), scope="account")
        before_dot()
        outcome = _dot(dialogue, recipients, server.dot_timeout)
        settle(outcome)
        return outcome


def probe(server: Server, local_hostname: str = "[127.0.0.1]") -> str | None:
    """Connects, logs in and quits: the name the server gives itself, if any. Raises Unreachable or LoginRefused."""
    try:
        with _Dialogue(server, local_hostname) as dialogue:
            _greet(dialogue, server)
            _login(dialogue, server)
            return dialogue.said(dialogue.ehlo_resp or b"").partition(" ")[0] or None
    except _Refused as refused:
        raise (Unreachable if refused.outcome.transient else LoginRefused)(refused.outcome.text) from None


class _Refused(Exception):
    """Nothing left, and why: a verdict on its way up."""

    def __init__(self, outcome: NotSent) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


class _Dialogue(smtplib.SMTP):
    """One connection: smtplib's verbs on strict replies. Any fault of the network closes it and is Unreachable.

    smtplib itself takes a truncated answer for a refusal, waits anew for every byte, and raises when QUIT fails.
    """

    def __init__(self, server: Server, local_hostname: str) -> None:
        super().__init__(local_hostname=local_hostname if _HOSTNAME.fullmatch(local_hostname) else "[127.0.0.1]")
        self.phase = "connect"
        self.patience = server.read_timeout
        self.secrets: tuple[bytes, ...] = ()
        self._unread = b""
        self.sock = _connect(server)

    def __exit__(self, *_: object) -> None:
        """QUIT where a command may stand, whatever comes of it; amid the data the connection is just dropped."""
        self.patience = min(self.patience, _QUIT_TIMEOUT)
        with suppress(Unreachable):
            if self.phase not in ("body", "dot"):
                self.docmd("QUIT")
        self.close()

    def send(self, s: Any) -> None:
        """Writes a command or data. An answer before its question is never read as one, nor across STARTTLS."""
        if self._unread:
            raise self.broken("the server spoke out of turn")
        raw = s.encode(self.command_encoding) if isinstance(s, str) else s
        try:
            for start in range(0, len(raw), _CHUNK):
                self.live.settimeout(self.patience)
                self.live.sendall(raw[start : start + _CHUNK])
        except OSError as fault:
            raise self.broken(_reason(fault)) from None

    def getreply(self) -> tuple[int, bytes]:
        """One complete reply: each line ended by CRLF, all of one code, within the patience (RFC 5321 §4.2.1)."""
        deadline = time.monotonic() + self.patience
        codes, texts = set[bytes](), list[bytes]()
        while len(texts) < _MAX_LINES:
            found = _REPLY_LINE.fullmatch(self._line(deadline))
            if not found or codes - {found[1]}:
                break
            codes.add(found[1])
            texts.append((found[3] or b"").strip())
            if found[2] != b"-":
                return int(found[1]), b"\n".join(texts)
        raise self.broken("the server's answer is no SMTP reply")

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._unread and len(self._unread) < _MAX_LINE:
            try:
                self.live.settimeout(max(deadline - time.monotonic(), 0.001))
                got = self.live.recv(_MAX_LINE)
            except OSError as fault:
                raise self.broken(_reason(fault)) from None
            if not got:
                raise self.broken("the server closed the connection")
            self._unread += got
        line, newline, self._unread = self._unread.partition(b"\n")
        return line + newline

    def stands(self) -> bool:
        """Whether the connection is open and silent, asked without waiting."""
        self.live.settimeout(0)
        try:
            self.live.recv(1)  # whatever this returns, a byte or the end, the server has given up
        except (BlockingIOError, ssl.SSLWantReadError):
            return not self._unread
        except OSError:
            return False
        return False

    def said(self, text: bytes) -> str:
        """A reply's text for people: one printable line of bounded length; an echoed password is masked."""
        for secret in self.secrets:
            text = text.replace(secret, b"***")
        shown = "".join(c if c.isprintable() else " " for c in text.decode("utf-8", "replace"))
        return " ".join(shown.split())[:_MAX_TEXT]

    def offered(self) -> list[str]:
        """The mechanisms of AUTH."""
        return self.esmtp_features.get("auth", "").upper().split()

    @property
    def live(self) -> socket.socket:
        if self.sock is None:
            raise Unreachable("the connection is closed")
        return self.sock

    def broken(self, why: str) -> Unreachable:
        self.close()
        return Unreachable(why)


def _connect(server: Server) -> socket.socket:
    """Phase connect. Certificates are always verified; nothing ever falls back to plain text."""
    if server.security not in ("tls", "starttls") and not (server.security == "none" and server.host in _LOOPBACK):
        text = f"{server.host}: only this machine may be used without TLS"
        raise _Refused(NotSent(False, None, "", text, scope="account"))
    try:
        sock = socket.create_connection((server.host, server.port), server.connect_timeout)
    except (OSError, UnicodeError, OverflowError) as fault:
        raise Unreachable(f"{server.host} port {server.port}: {_reason(fault)}") from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or the dot waits until the body is acknowledged
    return _tls(sock, server) if server.security == "tls" else sock


def _tls(sock: socket.socket, server: Server) -> socket.socket:
    try:
        context = ssl.create_default_context(cafile=server.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996
        sock.settimeout(server.connect_timeout)
        return context.wrap_socket(sock, server_hostname=server.host)
    except (OSError, ValueError) as fault:
        sock.close()
        raise Unreachable(f"{server.host} port {server.port}: no secure connection: {_reason(fault)}") from None


def _greet(dialogue: _Dialogue, server: Server) -> None:
    """Phase greet: the greeting, EHLO, and STARTTLS where it is configured."""
    dialogue.phase = "greet"
    _expect(220, dialogue, dialogue.getreply())
    _expect(250, dialogue, dialogue.ehlo())
    if server.security == "starttls":
        if not dialogue.has_extn("starttls"):  # an old server, or somebody between who strips it
            raise dialogue.broken(f"{server.host} offers no STARTTLS")
        _expect(220, dialogue, dialogue.docmd("STARTTLS"))
        dialogue.sock = _tls(dialogue.live, server)
        _expect(250, dialogue, dialogue.ehlo())  # RFC 3207 §4.2: all that was offered before is forgotten


def _login(dialogue: _Dialogue, server: Server) -> None:
    """Phase login: one mechanism, tried once, so that a wrong password does not lock the account.

    With a token that is refused, once more with another: by our clock the first was still good.
    """
    if not server.user:
        return
    dialogue.phase = "login"
    prove = _by_token if server.mechanism == "oauth2" else _by_password
    secret = server.password()
    reply = prove(dialogue, server, secret)
    if reply[0] // 100 == 5 and server.renew is not None and (other := server.renew(secret)) != secret:
        reply = prove(dialogue, server, other)
    _expect(235, dialogue, reply)


def _by_password(dialogue: _Dialogue, server: Server, secret: Secret) -> tuple[int, bytes]:
    offered = dialogue.offered()
    user, password = (text.encode("utf-8", "surrogateescape") for text in (server.user, secret.reveal()))
    plain, answer = base64.b64encode(b"\0" + user + b"\0" + password), base64.b64encode(password)
    dialogue.secrets = tuple(filter(None, (plain, answer, password)))
    if "PLAIN" in offered:  # RFC 4616
        return dialogue.docmd("AUTH", "PLAIN " + plain.decode())
    if "LOGIN" not in offered:
        raise _Refused(NotSent(False, None, "", f"{server.host} offers no login by password", scope="account"))
    reply = dialogue.docmd("AUTH", "LOGIN")
    for said in (base64.b64encode(user), answer):
        reply = dialogue.docmd(said.decode()) if reply[0] == 334 else reply
    return reply


def _by_token(dialogue: _Dialogue, server: Server, token: Secret) -> tuple[int, bytes]:
    said = bearer(dialogue.offered(), server.user, server.host, server.port, token)
    if said is None:
        raise _Refused(NotSent(False, None, "", f"{server.host} offers no login by OAuth2", scope="account"))
    first, raw = base64.b64encode(said.first.reveal().encode()), token.reveal().encode()
    dialogue.secrets += (first, base64.b64encode(raw), raw)
    reply = dialogue.docmd("AUTH", f"{said.mechanism} {first.decode()}")
    if reply[0] == 334:  # why it is refused; then the refusal itself
        reply = dialogue.docmd(base64.b64encode(said.then.encode()).decode())
    return reply


def _envelope(dialogue: _Dialogue, sender: str, recipients: Sequence[str], wire: bytes) -> None:
    """Phase envelope: all recipients are accepted, or nobody gets it."""
    dialogue.phase = "envelope"
    if not recipients or not all(map(is_address, (sender, *recipients))):
        raise _Refused(NotSent(False, None, "", "no recipient, or an address that cannot be mailed"))
    options = _options(dialogue, (sender, *recipients), wire)
    _expect(250, dialogue, dialogue.docmd("MAIL", f"FROM:<{sender}>{options}"))
    for recipient in recipients:
        reply = dialogue.docmd("RCPT", f"TO:<{recipient}>")
        if reply[0] // 100 != 2:
            with suppress(Unreachable):
                dialogue.rset()
            raise _Refused(_refusal(dialogue, reply, recipient))
    _expect(354, dialogue, dialogue.docmd("DATA"))


def _options(dialogue: _Dialogue, addresses: Sequence[str], wire: bytes) -> str:
    """The parameters of MAIL; what the server could not carry is refused here (RFC 1870, RFC 6152, RFC 6531)."""
    limit = dialogue.esmtp_features.get("size", "")[:15]
    needs = {
        "smtputf8": not all(map(str.isascii, addresses)) or not wire.partition(b"\r\n\r\n")[0].isascii(),
        "8bitmime": not wire.isascii(),
    }
    if limit.isdecimal() and 0 < int(limit) < len(wire):
        raise _Refused(NotSent(False, None, "5.3.4", f"the mail has {len(wire)} bytes, the server takes {limit}"))
    for extension, needed in needs.items():
        if needed and not dialogue.has_extn(extension):
            text = f"the mail or an address is not ASCII, and the server lacks {extension.upper()}"
            raise _Refused(NotSent(False, None, "5.6.7", text))
    dialogue.command_encoding = "utf-8" if needs["smtputf8"] else "ascii"
    size = f" SIZE={len(wire)}" if dialogue.has_extn("size") else ""
    return size + " BODY=8BITMIME" * needs["8bitmime"] + " SMTPUTF8" * needs["smtputf8"]


def _body(dialogue: _Dialogue, wire: bytes) -> None:
    """Phase body: all up to the end of the last line. Then the connection is asked once whether it still stands."""
    dialogue.phase = "body"
    dialogue.send(wire)
    if not dialogue.stands():
        raise dialogue.broken("the server gave up before the mail was complete")


def _dot(dialogue: _Dialogue, recipients: Sequence[str], seconds: float) -> Outcome:
    """Phase dot: the only bytes that can make the mail leave, and the only reply that says whether it did."""
    dialogue.phase, dialogue.patience = "dot", seconds
    try:
        dialogue.send(b"\r\n.\r\n")
        reply = dialogue.getreply()
    except Unreachable as fault:
        return Unknown(str(fault))
    dialogue.phase = "quit"
    if reply[0] // 100 == 2:
        return Sent(reply[0], dialogue.said(reply[1]))
    if reply[0] // 100 == 3:
        return Unknown(f"{reply[0]} {dialogue.said(reply[1])}")
    return _refusal(dialogue, reply, recipients[0] if len(recipients) == 1 else None)


def _wire(data: bytes) -> bytes:
    """The mail as it is transmitted, less its last line end: CRLF, leading dots doubled (RFC 5321 §4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data).removesuffix(b"\r\n")
    return re.sub(rb"(?m)^\.", b"..", lines)


def _expect(code: int, dialogue: _Dialogue, reply: tuple[int, bytes]) -> None:
    if reply[0] != code:
        raise _Refused(_refusal(dialogue, reply))


def _refusal(dialogue: _Dialogue, reply: tuple[int, bytes], recipient: str | None = None) -> NotSent:
    """What a complete negative reply means: for the account, for this mail, or for one address."""
    code, text = reply[0], dialogue.said(reply[1])
    found = _ENHANCED.match(text)
    enhanced = found[1] if found and found[1][0] == str(code)[0] else ""
    limit = _LIMIT.fullmatch(enhanced) is not None
    early = dialogue.phase in ("greet", "login")
    scope: Scope = "message"
    if early or limit or code in _ACCOUNT_CODES or enhanced in _ACCOUNT_STATUS:
        scope = "account"
    elif recipient and enhanced in _ADDRESS_STATUS:
        scope = "recipient"
    return NotSent(code < 500 or limit or dialogue.phase == "greet", code, enhanced, text, recipient, scope, limit)


def _reason(fault: Exception) -> str:
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    return str(getattr(fault, "verify_message", "") or getattr(fault, "strerror", "") or type(fault).__name__)
