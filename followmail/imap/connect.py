"""The way in: address, TLS, greeting, and how to prove who we are. TLS is always verified and never given up."""

import base64
import imaplib
import ipaddress
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from imapclient import SocketTimeout  # type: ignore[import-untyped]

from followmail.auth import Secret, bearer
from followmail.errors import SettingsError, Unreachable
from followmail.imap.verdicts import lost, readable
from followmail.imap.wire import Client, Wire

_ALONG = 7_000  # characters of an answer that may stand in a command: lines of 8,000 are accepted (RFC 2683 §3.2.1.5)


@dataclass(frozen=True, slots=True)
class Account:
    """Where a mailbox is and how to get in. Times in seconds. `password` is asked once for each login.

    `mechanism`: 'password', or 'oauth2', where the password is an access token; `renew` then gives another one for it,
    where it is refused.
    """

    host: str
    port: int
    security: str  # 'tls' | 'starttls' | 'none' (loopback only)
    user: str
    password: Callable[[], Secret] = field(repr=False)
    connect_timeout: float = 10
    read_timeout: float = 60
    ca_file: str | None = None  # a private authority
    mechanism: str = "password"
    renew: Callable[[Secret], Secret] | None = field(default=None, repr=False)


def connect(account: Account) -> Any:
    """The client after greeting and TLS. Raises Unreachable | ServerBusy | SettingsError."""
    context, host = _tls(account), account.host
    timeout = SocketTimeout(account.connect_timeout, account.read_timeout)
    try:
        client = Client(host, account.port, context if account.security == "tls" else None, timeout)
        if account.security == "starttls":
            _upgrade(client, context)
        if client.wire.state != "NONAUTH":  # a PREAUTH greeting is how STARTTLS gets stripped
            client.wire.shutdown()
            raise Unreachable(f"{host} greets us as logged in already.")
        return client
    except ssl.SSLCertVerificationError as doubt:
        raise Unreachable(f"The certificate of {host} cannot be trusted: {doubt.verify_message}.") from None
    except ssl.SSLError as broken:
        raise Unreachable(f"No TLS with {host}: {readable(broken)}") from None
    except TimeoutError:
        raise Unreachable(f"{host} port {account.port} does not answer.") from None
    except OSError as broken:
        raise Unreachable(f"{host} port {account.port} cannot be reached: {readable(broken)}") from None
    except imaplib.IMAP4.error as broken:
        raise lost(host, readable(broken)) from None
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError) as unreadable:
        raise Unreachable(f"What answers at {host} port {account.port} is no IMAP server.") from unreadable


def _upgrade(client: Client, context: ssl.SSLContext | None) -> None:
    assert context is not None
    try:
        client.wire.start_tls(context)
        client.wire._get_capabilities()
        client._cached_capabilities = None
    except BaseException:
        client.wire.shutdown()
        raise


def _tls(account: Account) -> ssl.SSLContext | None:
    if account.security in ("tls", "starttls"):
        try:
            return ssl.create_default_context(cafile=account.ca_file)
        except OSError as missing:
            raise SettingsError(f"The authority file {account.ca_file} cannot be read: {missing.strerror}.") from None
    if account.security == "none" and _is_loopback(account.host):
        return None
    raise SettingsError(
        f"IMAP security '{account.security}' is not possible for {account.host}: it is tls or starttls."
    )


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def way_in(wire: Wire, account: Account, secret: Secret) -> Callable[[], Any] | None:
    """The login that server and account have in common. imaplib's own: IMAPClient's calls a broken line a refusal."""
    user, offered, word = account.user, wire.capabilities, secret.reveal()
    if account.mechanism == "oauth2":
        mechanisms = {name.removeprefix("AUTH=") for name in offered if name.startswith("AUTH=")}
        said = bearer(mechanisms, user, account.host, account.port, secret)
        return None if said is None else lambda: _say(wire, said.mechanism, said.first, said.then)
    if "AUTH=PLAIN" in offered:  # RFC 4616: UTF-8, where LOGIN takes ASCII only
        return lambda: _say(wire, "PLAIN", Secret(f"\0{user}\0{word}"), "")
    if "LOGINDISABLED" in offered or not (user + word).isascii():
        return None
    quoted = user.replace("\\", "\\\\").replace('"', '\\"')
    return lambda: wire.login(f'"{quoted}"', word)


def shows(hidden: Secret, answer: Exception) -> bool:
    """Whether an answer holds the secret, or its beginning, plainly or as it was sent."""
    secret, text = hidden.reveal(), str(answer)
    words = [word.rstrip("=") for word in re.findall(r"[A-Za-z0-9+/]{8,}=*", text)]
    decoded = b" ".join(base64.b64decode(word[: len(word) // 4 * 4]) for word in words).decode("utf-8", "replace")
    return bool(secret) and (secret[:4] in text or secret[:4] in decoded)


def _say(wire: Wire, mechanism: str, first: Secret, then: str) -> None:
    """AUTHENTICATE, the first answer along with the command where the server takes it so (SASL-IR, RFC 4959)."""
    said = base64.b64encode(first.reveal().encode()).decode("ascii")
    if "SASL-IR" not in wire.capabilities or len(said) > _ALONG:
        wire.authenticate(mechanism, _once(first.reveal(), then))
        return
    wire.literal = imaplib._Authenticator(_once(then, "")).process
    kind, data = wire._simple_command("AUTHENTICATE", mechanism, said)
    if kind != "OK":
        raise wire.error(readable(data[-1]))
    wire.state = "AUTH"


def _once(first: str, then: str) -> Callable[[bytes], bytes]:
    """Answers the first challenge, and the second, which explains a refused token, in another way."""
    answers = iter((first, then))
    return lambda challenge: next(answers, "").encode()
