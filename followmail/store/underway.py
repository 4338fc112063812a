"""Which message is being worked out at this moment, so that one that kills the program is known after it."""

import contextlib
import os
from pathlib import Path


class Underway:
    """A small file beside the database. It is not forced to the disk: a process that dies leaves it behind all the same,
    and a power cut is no message's fault. Without a path nothing is noted."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._handle: int | None = None

    def begin(self, row: int) -> None:
        """This message is being worked out now. A disk that is full stops nothing here."""
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._handle, f"{row:20d}".encode(), 0)

    def end(self) -> None:
        """None is, for now: whatever comes next is not its doing."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._handle, f"{0:20d}".encode(), 0)

    def close(self) -> None:
        """All are worked out: the file goes."""
        if self._handle is not None and self._path is not None:
            os.close(self._handle)
            self._handle = None
            self._path.unlink(missing_ok=True)

    def taken(self) -> int | None:
        """The message in the middle of which a program died, told once."""
        if self._path is None or self._handle is not None:
            return None
        try:
            text = self._path.read_text("ascii").strip()
            self._path.unlink()
        except (OSError, ValueError):
            return None
        return int(text) or None if text.isdecimal() else None
