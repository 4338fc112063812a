"""What a measurement stands on: a Dovecot with a mailbox, turns taken by the contenders, a process of one's own for each."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import limit, mailbox
from tests.canary import PASSWORD
from tests.servers import dovecot
from tests.servers.dovecot import Dovecot, Mailbox

ROOT = Path(__file__).parent.parent
FULL = ("INBOX", "Sent")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `held`: whether the goal was reached; None: there is none."""

    what: str
    goal: str
    figure: str
    held: bool | None = None
    values: Mapping[str, float] = field(default_factory=dict)  # for the picture, and for whoever compares runs


@dataclass(frozen=True, slots=True)
class Bed:
    """A mailbox of `count` messages on a server of its own."""

    server: Dovecot
    user: str
    count: int
    work: Path
    rounds: int = 5
    say: Callable[[str], None] = lambda text: None
    million: bool = False  # whether growth is also measured on a mailbox ten times as big

    @property
    def box(self) -> Mailbox:
        return self.server.mailbox(self.user)

    def more(self, user: str, count: int) -> "Bed":
        """The same with another user, whose mailbox has so many messages; made when it is first asked for."""
        if not self.server.mailbox(user).home.exists():
            self.say(f"writing a mailbox of {count:,} messages …")
            mailbox.write(self.server.mailbox(user).home / "Maildir", count, mailbox.midnight(datetime.now(UTC)))
            for folder in (*FULL, *mailbox.EMPTY):
                self.server.doveadm("index", "-u", user, folder)
            limit.in_python(self.server.port, user, FULL)  # from now on Dovecot keeps the wanted fields in its cache
        return replace(self, user=user, count=count)

    def limit(self) -> float:
        """Seconds to read all wanted header fields and throw them away: in C where there is a compiler."""
        program = limit.compiled(self.work)
        if program is None:
            return limit.in_python(self.server.port, self.user, FULL)
        return limit.in_c(program, self.server.port, self.user, FULL)

    def child(self, module: str, *words: object) -> dict[str, Any]:
        """Runs `python -m MODULE WORDS` and gives what it prints as JSON."""
        return dict(json.loads(self.run(sys.executable, "-m", module, *words)))

    def run(self, *command: object, **env: str) -> str:
        """What a command prints; FOLLOWMAIL_… and other variables are set for it alone."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FOLLOWMAIL_")}
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, check=False, cwd=ROOT, env=clean | env
        )
        if done.returncode:
            raise RuntimeError(f"{command} failed: {done.stderr[-2000:]}")
        return done.stdout

    def settings(self, database: Path, **more: object) -> dict[str, str]:
        """The environment of a followmail that looks at this mailbox and changes nothing in it."""
        values: dict[str, object] = {
            "ADDRESS": mailbox.ME[1], "NAME": mailbox.ME[0], "PASSWORD": PASSWORD, "IMAP_USER": self.user,
            "IMAP_HOST": "127.0.0.1", "IMAP_PORT": self.server.port, "IMAP_SECURITY": "none",
            "DATABASE": database, "TEMPLATES": ROOT / "templates", "MODE": "dry-run", "DIGEST": "off",
        }  # fmt: skip
        return {f"FOLLOWMAIL_{name}": str(value) for name, value in (values | more).items()}

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """A new folder for one turn."""
        with tempfile.TemporaryDirectory(dir=self.work) as path:
            yield Path(path)

    def turns(self, **contenders: Callable[[], float]) -> "Turns":
        """Lets each contender have its turn, again and again: what disturbs the machine disturbs all of them."""
        taken: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(self.rounds):
            for name, run in contenders.items():
                taken[name].append(run())
        return Turns(taken)


@dataclass(frozen=True, slots=True)
class Turns:
    """Seconds that each contender took, turn by turn."""

    taken: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        return statistics.median(self.taken[name])

    def ratio(self, name: str, of: str) -> float:
        """The median of the ratios within one turn."""
        return statistics.median(a / b for a, b in zip(self.taken[name], self.taken[of], strict=True))


def timed(run: Callable[[], object]) -> float:
    """Seconds of wall clock."""
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


@contextlib.contextmanager
def open_bed(count: int, rounds: int, say: Callable[[str], None], million: bool = False) -> Iterator[Bed]:
    """A server with the mailbox; both are gone afterwards."""
    with dovecot.running() as server, tempfile.TemporaryDirectory(prefix="followmail-bench-") as work:
        yield Bed(server, "", 0, Path(work), rounds, say, million).more("alex", count)
