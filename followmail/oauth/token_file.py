"""The file that holds the tokens, beside the database: mode 600, replaced as a whole, one writer at a time.

A new one is on disk before it is used: a temporary file, fsync, rename, fsync of the folder. One that others can read,
that belongs to somebody else, or that is a link is refused.
"""

import contextlib
import errno
import fcntl
import json
import os
import shlex
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from followmail.auth import Secret
from followmail.errors import LoginNeeded, LoginRefused, ServerBusy, Transient
from followmail.oauth.grant import Tokens
from followmail.oauth.registration import Registration

VERSION = 1
_LARGEST = 65_536  # bytes
_LOCK_PATIENCE = 60.0  # seconds: whoever holds the lock asks one question, which ends in a third of that
_LOCK_SLICE = 0.05


@dataclass(frozen=True, slots=True)
class TokenFile:
    """Where the tokens of one client and one mailbox lie."""

    path: Path
    client: Registration
    user: str

    # ---- reading

    def read(self) -> Tokens:
        """The tokens. Raises LoginNeeded where there are none for this client, LoginRefused where it is not safe."""
        try:
            return self._tokens(json.loads(self._content()))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise LoginNeeded(f"{self.path} cannot be read as tokens. Log in once more: `followmail login`.") from None

    def _content(self) -> bytes:
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                self._refuse_if_open_to_others(os.fstat(handle))
                return os.read(handle, _LARGEST)
            finally:
                os.close(handle)
        except FileNotFoundError:
            raise LoginNeeded(f"You are not logged in at {self.client.name} yet: `followmail login`.") from None
        except OSError as fault:
            raise self._unreadable(fault) from None

    def _unreadable(self, fault: OSError) -> LoginRefused:
        if fault.errno == errno.ELOOP:
            return LoginRefused(f"{self.path} is a link: tokens are read from no link. Remove it: `followmail login`.")
        return LoginRefused(f"{self.path} cannot be read ({fault.strerror}).")

    def _refuse_if_open_to_others(self, found: os.stat_result) -> None:
        name = shlex.quote(str(self.path))
        if not stat.S_ISREG(found.st_mode):
            raise LoginRefused(f"{self.path} is no file.")
        if found.st_uid != os.geteuid():
            raise LoginRefused(f"{self.path} holds tokens and belongs to another user: chown {os.geteuid()} {name}")
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise LoginRefused(
                f"{self.path} holds tokens and is open to others: chmod 600 {name}, and `followmail login` anew if"
                " somebody may have read it."
            )

    def _tokens(self, said: Any) -> Tokens:
        mine = (VERSION, self.client.provider.value, self.client.client_id, self.user)
        if (said["version"], said["provider"], said["client_id"], said["user"]) != mine:
            raise LoginNeeded(
                f"{self.path} is from another login, client or mailbox. Log in once more: `followmail login`."
            )
        refresh = said["refresh_token"]
        return Tokens(
            Secret(str(said["access_token"])), Secret(str(refresh)) if refresh else None,
            _moment(said["since"]), _moment(said["until"]),
        )  # fmt: skip

    # ---- writing

    def take_up(self) -> None:
        """Puts in place what a process that died had written whole: it is newer than what stands. Hold the lock."""
        fresh = replace(self, path=self._fresh)
        with contextlib.suppress(LoginRefused, OSError):  # there is none, or a part of one
            fresh.read()
            _sync(fresh.path)
            fresh.path.replace(self.path)
            _sync(self.path.parent)

    @property
    def _fresh(self) -> Path:
        return self.path.with_name(f"{self.path.name}.new")

    def write(self, tokens: Tokens) -> None:
        """Puts these in place of what is there; on disk when it returns. Raises OSError. Hold the lock."""
        said = {
            "version": VERSION,
            "provider": self.client.provider.value,
            "client_id": self.client.client_id,
            "user": self.user,
            "access_token": tokens.access.reveal(),
            "refresh_token": tokens.refresh.reveal() if tokens.refresh else None,
            "since": tokens.since.isoformat() if tokens.since else None,
            "until": tokens.until.isoformat() if tokens.until else None,
        }
        fresh = self._fresh
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()  # of one that died
        try:
            _write_whole(fresh, json.dumps(said).encode() + b"\n")
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise
        fresh.replace(self.path)
        _sync(self.path.parent)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One at a time, over all processes; the lock goes with its process.

        Raises ServerBusy where another takes too long, Transient where no lock can be made.
        """
        path = self.path.with_name(f"{self.path.name}.lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise Transient(f"{path} cannot be made ({fault.strerror}), so the login is not renewed.") from None
        try:
            _lock(handle)
            yield
        finally:
            os.close(handle)


def _lock(handle: int) -> None:
    end = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise ServerBusy("Another followmail has been renewing the login for a minute.") from None
            time.sleep(_LOCK_SLICE)


def _write_whole(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, 0o600)  # whatever the umask
        file.write(data)
        file.flush()
        os.fsync(handle)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _moment(text: str | None) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else None
    if moment is not None and moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment
