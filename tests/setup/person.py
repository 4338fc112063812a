"""A person at a real terminal: reads what is asked, types, and keeps all that stood on the screen."""

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.canary import PASSWORD

ROOT = Path(__file__).parent.parent.parent
_PATIENCE = 20.0  # seconds until a silent program is taken for stuck
_PROMPT = re.compile(r"(?:^|\n)([^\n]*: )\Z")
_MANY = 40  # questions
CTRL_C = "\x03"


@dataclass(frozen=True)
class Session:
    """What happened: all that was shown, the questions in their order, and the exit status."""

    screen: str
    questions: tuple[str, ...]
    status: int

    @property
    def last(self) -> str:
        """The last line that says something."""
        return [line for line in self.screen.splitlines() if line.strip() and line != "^C"][-1]


def at_terminal(
    words: Sequence[str],
    home: Path,
    environ: Mapping[str, str],
    answers: Sequence[tuple[str, str]] = (),
    stop_at: int = -1,
) -> Session:
    """Runs it, answering each question by the first unused answer whose words stand in it, else with Enter alone.

    `stop_at`: at the question of this number, Ctrl-C.
    """
    master, slave = pty.openpty()
    env = {
        **{key: text for key, text in os.environ.items() if not key.startswith("FOLLOWMAIL_")},
        "TERM": "dumb", "COLUMNS": "120", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT), "TZ": "Europe/Berlin",
        **environ,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, *words], stdin=slave, stdout=slave, stderr=slave, cwd=home, env=env, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    left, asked, screen = list(answers), list[str](), ""
    try:
        while True:
            try:
                text = _read(master, impatient=0 <= stop_at < len(asked))
            except TimeoutError as stuck:
                raise AssertionError(f"{stuck}:\n{screen}") from None
            if not text:
                break
            screen += text.replace("\r", "")
            found = _PROMPT.search(screen)
            if not found:
                continue
            asked.append(found[1].strip())
            assert len(asked) < _MANY, f"it does not stop asking:\n{screen[-3000:]}"
            reply = CTRL_C if len(asked) - 1 == stop_at else _answer(asked[-1], left)
            os.write(master, reply.encode())
            screen += "\n" if reply == "\n" else " \n"
        status = process.wait(_PATIENCE)
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert PASSWORD not in screen, "the password stood on the screen"
    assert "Traceback" not in screen, screen
    return Session(screen, tuple(asked), status)


def _answer(question: str, left: list[tuple[str, str]]) -> str:
    for number, (words, reply) in enumerate(left):
        if words in question:
            del left[number]
            return reply + "\n"
    return "\n"


def _read(master: int, impatient: bool) -> str:
    """What is shown next; empty when the program is over.

    Whoever wants to stop presses Ctrl-C again after a while: between two system calls Python misses one.
    """
    for _ in range(4):
        if select.select([master], [], [], _PATIENCE / 4)[0]:
            break
        if impatient:
            os.write(master, CTRL_C.encode())
    else:
        raise TimeoutError("it asks nothing, says nothing, and does not end")
    try:
        return os.read(master, 65536).decode(errors="replace")
    except OSError:  # the other side is closed
        return ""
