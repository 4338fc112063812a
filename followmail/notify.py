"""What systemd is told of the daemon: ready, how it stands, alive, reloading, stopping (sd_notify(3)).

Where no service manager listens, nothing is said.
"""

import contextlib
import os
import socket
import time
from collections.abc import Mapping

_LONGEST = 300  # characters of a status: one line of `systemctl status`
_SECONDS = 1.0  # a manager that takes no more holds nobody up


class Manager:
    """The service manager that started this process, and how long it waits for a sign of life."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        patience = environment.get("WATCHDOG_USEC", "")
        mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.patience = int(patience) / 1_000_000 if mine and patience.isdecimal() else None  # seconds; None: it is off
        self._standing = ""
        self._bearing = False

    def at_most(self, poll: float) -> float:
        """Seconds between two looks, such that a healthy daemon is heard of in time."""
        return poll if self.patience is None else min(poll, self.patience / 3)

    @property
    def listens(self) -> bool:
        return bool(self._address)

    def ready(self) -> None:
        """It is up: configuration and database are good. Also the end of `reloading`."""
        self._say("READY=1")

    def reloading(self) -> None:
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._say(f"RELOADING=1\nMONOTONIC_USEC={now}")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def alive(self) -> None:
        """A look was complete. Nothing else counts as a sign of life: one that hangs, or sees nothing, is ended."""
        if self.patience is not None:
            if self._bearing:
                self._wait_at_most(self.patience)
            self._bearing = False
            self._say("WATCHDOG=1")

    def bears(self, seconds: float) -> None:
        """What is begun now may rightly take so long: until the next sign of life one is waited for longer."""
        if self.patience is not None and seconds > self.patience:
            self._bearing = True
            self._wait_at_most(seconds)

    def _wait_at_most(self, seconds: float) -> None:
        self._say(f"WATCHDOG_USEC={seconds * 1_000_000:.0f}")

    def stands(self, sentence: str) -> bool:
        """How it stands, for `systemctl status`; whether it is another way than before, for then it is said."""
        if sentence == self._standing:
            return False
        self._standing = sentence
        self._say(f"STATUS={_one_line(sentence)}")
        return True

    def _say(self, message: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(_SECONDS)
            sock.sendto(message.encode(), self._address.replace("@", "\0", 1))


def _one_line(text: str) -> str:
    """Names come from mails: a line end in one would say another thing to the manager."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
