"""The sandbox's own mail servers on this machine: IMAP (pymap, in memory) and SMTP (aiosmtpd), in one thread.

Both listen on free ports of 127.0.0.1 only, know one user, and forget everything when they stop.
"""

import asyncio
import logging
import threading
from argparse import Namespace
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Login
from pymap.imap import IMAPServer
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import Cleartext

HOST = "127.0.0.1"
_PATIENCE = 10.0  # seconds for a start or a stop


@dataclass(frozen=True, slots=True)
class Delivered:
    """One mail that the SMTP server took: when (by the sandbox's clock), from whom, for whom, and its bytes."""

    at: datetime
    sender: str
    recipients: tuple[str, ...]
    data: bytes


class _ImapConfig(Config):
    """pymap's settings; its greeting would ask the network for this machine's name."""

    @property
    def greeting(self) -> bytes:
        return b"followmail sandbox"


class _Taker:
    """What the SMTP server does with a mail: keeps it."""

    def __init__(self, user: str, password: str, clock: Callable[[], datetime]) -> None:
        self.login = (user.encode(), password.encode())
        self.clock = clock
        self.delivered: list[Delivered] = []

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, how: str, given: Any) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == self.login
        return AuthResult(success=right, handled=False)

    # The names of the hooks are aiosmtpd's.
    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        data = envelope.content if isinstance(envelope.content, bytes) else b""
        self.delivered.append(Delivered(self.clock(), envelope.mail_from or "", tuple(envelope.rcpt_tos), data))
        return "250 2.0.0 taken"


class Servers:
    """Both servers, up from `with` to its end. `clock` dates what the SMTP server takes."""

    def __init__(self, user: str, password: str, clock: Callable[[], datetime]) -> None:
        self.user, self.password = user, password
        self.imap_port = self.smtp_port = 0
        self._taker = _Taker(user, password, clock)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox servers", daemon=True)
        self._listening: list[asyncio.AbstractServer] = []

    @property
    def delivered(self) -> tuple[Delivered, ...]:
        """All that was handed over by SMTP, in order."""
        return tuple(self._taker.delivered)

    def __enter__(self) -> Self:
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own old names at each login
        self._thread.start()
        self._wait(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(Exception):
            self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        if not self._thread.is_alive():
            self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.result(_PATIENCE)

    async def _listen(self) -> None:
        imap = await asyncio.start_server(await self._imap(), HOST, 0)
        smtp = await self._loop.create_server(self._smtp, HOST, 0)
        self._listening = [imap, smtp]
        self.imap_port, self.smtp_port = (s.sockets[0].getsockname()[1] for s in (imap, smtp))

    async def _imap(self) -> Any:
        """The handler of an IMAP connection: pymap with one user, whose folders are empty."""
        config = _ImapConfig(
            Namespace(passlib_cfg=None, proxy_protocol=None), host=HOST, port=0, tls_enabled=False, demo_data=False,
            demo_user=self.user, demo_password=self.password, hash_context=Cleartext(),
        )  # fmt: skip
        config.apply_context()
        login = Login(config)
        secret = await Passwords(config).hash_password(self.password)
        await login.demo_user_identity.set(UserMetadata(config, self.user, password=secret))
        return ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))

    def _smtp(self) -> SMTP:
        return SMTP(
            self._taker, hostname="localhost", ident="followmail sandbox", enable_SMTPUTF8=True, loop=self._loop,
            authenticator=self._taker.authenticate, auth_require_tls=False,
        )  # fmt: skip

    async def _close(self) -> None:
        for server in self._listening:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=1.0) if others else None
