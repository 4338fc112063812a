"""A followmail that dies: one round of the real code in a process of its own, under strace.

    with Mortals(world) as mortals:
        calls = mortals.watched()                       # every system call of a round, in order
        mortals.dies(calls[400])                        # a round that is killed there; nothing of it goes on
        mortals.fails("pwrite64", "ENOSPC", 3)          # the disk is full from the third write on

The module is also the program: `python -m tests.faults.mortal` imports followmail once and then forks a child for each
round, so that a round begins at once and its system calls are its own.
"""

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from tests.world import World

STRACE = shutil.which("strace")
ROOT = Path(__file__).parents[2]
DONE, FAULT, BROKEN = 0, 3, 4  # how a round ends: well, with an error that is ours, with any other
_PR_SET_PTRACER, _ANY = 0x59616D61, -1


@dataclass(frozen=True, slots=True)
class Call:
    """The `number`-th call of this name in a round; `text`: as strace shows it."""

    name: str
    number: int
    text: str


class Mortals:
    """Rounds of a world's followmail that may be killed. The world itself must be closed meanwhile.

    `program`: a module, and its words, that prepares something and then calls `live`.
    """

    def __init__(self, world: World, *program: str) -> None:
        self.world = world
        self._log = Path(tempfile.mkdtemp(prefix="followmail-strace-"))
        self._popen = subprocess.Popen(
            [sys.executable, "-m", *(program or ("tests.faults.mortal",))], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )  # fmt: skip

    def __enter__(self) -> "Mortals":
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe("stdin").close()
        self._popen.wait(20)
        self._pipe("stdout").close()
        shutil.rmtree(self._log)

    def watched(self) -> list[Call]:
        """A whole round that nobody disturbs: its system calls in order."""
        assert self._round([]) == DONE
        counts: Counter[str] = Counter()
        found = []
        for line in (self._log / "calls").read_text(errors="replace").splitlines():
            if match := re.match(r"\d+ +(\w+)\((.*)", line):
                counts[match[1]] += 1
                found.append(Call(match[1], counts[match[1]], match[2]))
        return found

    def dies(self, at: Call) -> bool:
        """A round that is killed as it enters this call; False where it ended before."""
        how = self._round([f"--inject={at.name}:signal=SIGKILL:when={at.number}"], at.name)
        assert how in (DONE, -signal.SIGKILL), how
        return how != DONE

    def fails(self, names: str, error: str, number: int, for_ever: bool = True) -> int:
        """A round in which the n-th of these calls, and perhaps every later one, fails; how it ended."""
        return self._round([f"--inject={names}:error={error}:when={number}{'+' * for_ever}"], names)

    def _round(self, injected: list[str], names: str = "all") -> int:
        order = {"home": str(self.world.home), "now": self.world.now.isoformat(), "env": self.world.environment()}
        pid = self._ask(json.dumps(order))
        where = ["-f", "-p", str(pid), "-s", "64", "-o", str(self._log / "calls"), "-e", f"trace={names}"]
        with subprocess.Popen([str(STRACE), *where, *injected], stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr is not None
            attached = strace.stderr.readline()
            assert "attached" in attached, attached
            return self._ask("go")

    def _ask(self, line: str) -> int:
        stdin = self._pipe("stdin")
        stdin.write(line + "\n")
        stdin.flush()
        return int(self._pipe("stdout").readline())

    def _pipe(self, name: str) -> IO[Any]:
        pipe: IO[Any] = getattr(self._popen, name)
        return pipe


def live() -> None:
    """The program: a line is a round to come, and is answered with its process; the next says go."""
    from followmail.rendering import Templates, shipped
    from followmail.rounds import Office  # noqa: F401  # all that a round needs is imported before it

    Templates(shipped()).refresh()

    for line in sys.stdin:
        gate, opener = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(opener)
            _one_round(json.loads(line), gate)
        os.close(gate)
        _say(pid)
        sys.stdin.readline()
        os.write(opener, b"go")
        _, status = os.waitpid(pid, 0)
        os.close(opener)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _one_round(order: dict[str, Any], gate: int) -> None:
    """In the child: wait, go round once as `once` does, and end without a goodbye."""
    from followmail.errors import FollowmailError
    from followmail.rounds import Office, go_round
    from followmail.settings import load

    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)  # strace is no parent of ours
    home, now = Path(order["home"]), datetime.fromisoformat(order["now"])
    try:
        settings = load(None, order["env"], directory=home)
        os.read(gate, 2)
        office = Office.open(settings)
        with office.connect() as session:
            go_round(office, session, lambda: now)
        office.close()
        how = DONE
    except FollowmailError as fault:
        sys.stderr.write(f"{fault}\n")
        how = FAULT
    except BaseException:  # noqa: BLE001  # told to the test, which fails
        traceback.print_exc()
        how = BROKEN
    os._exit(how)


if __name__ == "__main__":
    live()
