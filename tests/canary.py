"""The password of every test account, and whoever shows it: it must stand in nothing that a run leaves behind or prints.

`Watch` lives from the first test of a process to its last. It reads the process list now and then, every log record, what
pytest captured, what every child process said or was given as its words, and at the end each file that the tests made.
"""

import contextlib
import logging
import os
import re
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

PASSWORD = "canary-7Rk2vQ9x-horse"
# Where the password is meant to stand: what a test writes for followmail to read, and the tokens, which hold it too.
GIVEN = re.compile(r"(?:.*\.env|secret|password)(?:\.txt)?|.*\.token(?:\.new)?")
_EVERY = 0.5  # seconds between two looks at the process list
_LONGEST = 64 * 2**20


@cache
def forms(secret: str = PASSWORD) -> tuple[bytes, ...]:
    """The secret as it may show: as it is, and in base64 at each of the three places where it can begin."""
    raw = secret.encode()
    shifted = (b64encode(b"\0" * n + raw)[(4 if n else 0) : -4] for n in range(3))
    return raw, *shifted


def shows(data: bytes | str, secret: str = PASSWORD) -> bool:
    """Whether the secret stands in there in any form."""
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    return any(form in raw for form in forms(secret))


def in_files(folder: Path, secret: str = PASSWORD) -> list[str]:
    """The files below a folder that show it, those left out that were given it."""
    found = []
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(OSError):  # unreadable on purpose, a socket, or gone
            if path.is_file() and not path.is_symlink() and not GIVEN.fullmatch(path.name):
                with path.open("rb") as file:
                    found += [str(path)] if shows(file.read(_LONGEST), secret) else []
    return found


def in_process_list(secret: str = PASSWORD) -> list[str]:
    """The command lines on this machine that show it, as `ps` would."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes()
            found += [line.replace(b"\0", b" ").decode(errors="replace")] if shows(line, secret) else []
    return found


class _Logged(logging.Handler):
    """Every record of this process, as it would be written."""

    def __init__(self, leaks: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.leaks = leaks

    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter().format(record)
        if shows(text):
            self.leaks.append(f"log: {text}")


class Watch:
    """Everything that this process and its children say. `leaks`: where the password stood."""

    def __init__(self) -> None:
        self.leaks: list[str] = []
        self.looked = 0  # how much was looked at: a watch that sees nothing proves nothing
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_at_processes, daemon=True)

    def said(self, text: str | bytes | None, where: str) -> None:
        """Somebody said this."""
        if text:
            self.looked += len(text)
            if shows(text):
                self.leaks.append(where)

    @contextlib.contextmanager
    def watching(self, folder: Path) -> Iterator["Watch"]:
        """From now on; at the end the files below the folder are read too."""
        logger, handler = logging.getLogger("followmail"), _Logged(self.leaks)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        before = subprocess.Popen.communicate
        subprocess.Popen.communicate = _overheard(self, before)  # type: ignore[method-assign]
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()
            subprocess.Popen.communicate = before  # type: ignore[method-assign]
            logger.removeHandler(handler)
            self.leaks += in_files(folder)

    def _look_at_processes(self) -> None:
        while not self._over.wait(_EVERY):
            self.leaks += [f"process: {line}" for line in in_process_list()]
            self.looked += 1


def _overheard(watch: Watch, communicate: Any) -> Any:
    def overheard(popen: Any, *words: Any, **more: Any) -> Any:
        out, err = communicate(popen, *words, **more)
        name = str(popen.args)[:200]
        if os.getpid() == _PID:  # a child that was forked tells nobody
            watch.said(name, f"words of {name}")
            watch.said(out, f"output of {name}")
            watch.said(err, f"errors of {name}")
        return out, err

    return overheard


_PID = os.getpid()
