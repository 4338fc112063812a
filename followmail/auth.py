"""Passwords and tokens: where they come from, how a token is said, and the type that keeps them from being shown.

A password is asked for anew at every login, so that a changed file or a vault that has been unlocked meanwhile counts.
The first of these that is configured is used: the systemd credential, `…_FILE`, `…_COMMAND`, the value itself.
What is wrong with the configuration is a SettingsError; a command that does not hand the password over is LoginRefused.
No message repeats a password, or a command, which may hold one.
"""

import os
import signal
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from followmail.errors import LoginRefused, SettingsError

COMMAND_TIME = 30.0  # seconds
_LONGEST = 65_536  # bytes
_COMMAND_NOT_FOUND = 127  # POSIX.1-2017, XCU 2.8.2


class Secret:
    """A text that does not show itself: printing, formatting and logging give stars. `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not written down")


# ---- a token, as it is said to a server


@dataclass(frozen=True, slots=True)
class Bearer:
    """How a token proves who one is: the mechanism, what is said first, and what answers a refusal's explanation."""

    mechanism: str
    first: Secret
    then: str


def bearer(offered: Collection[str], user: str, host: str, port: int, token: Secret) -> Bearer | None:
    """By what of these mechanisms the token is said; None where the server takes no token.

    A refused token is explained in a second challenge, to be answered by nearly nothing (RFC 7628 §3.2.3).
    """
    if "XOAUTH2" in offered:  # Google's and Microsoft's own, which came before the RFC
        return Bearer("XOAUTH2", Secret(f"user={user}\x01auth=Bearer {token.reveal()}\x01\x01"), "")
    if "OAUTHBEARER" in offered:  # RFC 7628 §3.1
        name = user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801 §4
        said = f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token.reveal()}\x01\x01"
        return Bearer("OAUTHBEARER", Secret(said), "\x01")
    return None


# ---- where a secret comes from


@dataclass(frozen=True, slots=True)
class PasswordSource:
    """Where one secret comes from. `key` is the setting that messages name."""

    key: str
    credential: Path | None = None
    file: Path | None = None
    command: str | None = field(default=None, repr=False)
    value: Secret | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)  # for the command


def password(source: PasswordSource) -> Callable[[], Secret]:
    """What gives the secret when it is called, at each login. SettingsError at once where there is no source."""
    if source.credential is not None:
        path, what = source.credential, f"The systemd credential “{source.credential.name}”"
        return lambda: _from_file(path, what)
    if source.file is not None:
        named = source.file
        return lambda: _from_file(named, f"{source.key}_FILE")
    if source.command is not None:
        command = source.command
        return lambda: _from_command(command, source)
    if source.value:
        value = source.value
        return lambda: value
    raise SettingsError(f"{source.key} is missing: set it, or {source.key}_FILE, or {source.key}_COMMAND.")


def _from_file(path: Path, what: str) -> Secret:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise SettingsError(f"{what}: {path} cannot be read ({error.strerror or type(error).__name__}).") from None
    return _single_line(content, f"{what}: {path}")


def _from_command(command: str, source: PasswordSource) -> Secret:
    what = f"{source.key}_COMMAND"
    status, output = run(command, source.environment, COMMAND_TIME)
    if status is None:
        raise LoginRefused(f"{what} took longer than {COMMAND_TIME:.0f} seconds and was ended; does it wait for input?")
    if status == _COMMAND_NOT_FOUND:
        raise SettingsError(f"{what}: the command, or one that it calls, was not found.")
    if status:
        raise LoginRefused(f"{what} failed with status {status}; run it by hand to see why.")
    return _single_line(output, f"The output of {what}")


def _single_line(content: bytes, what: str) -> Secret:
    """The password of a file or an output: one line of text, its line end taken off."""
    if len(content) > _LONGEST:
        raise SettingsError(f"{what} is far too long for a secret.")
    try:
        text = content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise SettingsError(f"{what} is not text in UTF-8.") from None
    if not text:
        raise SettingsError(f"{what} is empty.")
    if any(c < " " or c == "\x7f" for c in text):
        raise SettingsError(f"{what} has more than one line, or control characters: only the secret is wanted.")
    return Secret(text)


def run(command: str, environment: Mapping[str, str], limit: float) -> tuple[int | None, bytes]:
    """Run a command line of the consultant's own in a shell: its status (None: out of time) and output, up to 64 KiB.

    It gets this environment and nothing to read; what it leaves behind when the time is over is ended with it.
    """
    import subprocess

    with subprocess.Popen(
        ["/bin/sh", "-c", command],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        end = time.monotonic() + limit
        output = _read(process.stdout.fileno(), end)
        process.stdout.close()  # whoever goes on writing is ended by it
        try:
            status = None if output is None else process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            status = None
        if status is None:
            os.killpg(process.pid, signal.SIGKILL)
    return status, output or b""


def _read(descriptor: int, end: float) -> bytes | None:
    """All that comes until the other side closes, or one byte more than is wanted; None when the time is over."""
    from selectors import EVENT_READ, DefaultSelector

    output = b""
    with DefaultSelector() as selector:
        selector.register(descriptor, EVENT_READ)
        while len(output) <= _LONGEST:
            if not selector.select(max(0.0, end - time.monotonic())):
                return None
            chunk = os.read(descriptor, _LONGEST)
            if not chunk:
                break
            output += chunk
    return output
