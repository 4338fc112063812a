"""How the daemon's log lines look: for people at a terminal, for the journal with its priorities, with dates elsewhere.

An event is one line, whatever a server or a mail says in it.
"""

import logging
import os
import sys
from collections.abc import Mapping
from typing import TextIO

# The numbers of syslog(3), as sd-daemon(3) wants them in front of a line.
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7))


class Line(logging.Formatter):
    """One event as a line; `prefix` is what stands before it."""

    def format(self, record: logging.LogRecord) -> str:
        return self.prefix(record) + "".join(c if c.isprintable() else " " for c in record.getMessage())

    def prefix(self, record: logging.LogRecord) -> str:
        """To a file or a pipe: the day too, for it may be read a year later."""
        stamp = self.formatTime(record, "%Y-%m-%d %H:%M:%S")
        return f"{stamp} {record.levelname.lower()} " if record.levelno > logging.INFO else f"{stamp} "


class AtTerminal(Line):
    """To somebody who looks on: the time of day, and what is wrong stands out."""

    def prefix(self, record: logging.LogRecord) -> str:
        return f"{self.formatTime(record, '%H:%M:%S')} {'! ' if record.levelno > logging.INFO else '  '}"


class InJournal(Line):
    """To systemd's journal, which knows the time itself (sd-daemon(3))."""

    def prefix(self, record: logging.LogRecord) -> str:
        return f"<{next((number for level, number in _PRIORITIES if record.levelno >= level), 7)}>"


def log_to(stream: TextIO | None, environment: Mapping[str, str]) -> None:
    """Everything from here on goes to this stream, in the shape that suits whoever reads it."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(shape(stream, environment))
    logging.basicConfig(handlers=[handler], level=logging.INFO)


def shape(stream: TextIO | None, environment: Mapping[str, str]) -> Line:
    """What suits whoever reads the stream."""
    if is_journal(stream, environment):
        return InJournal()
    return AtTerminal() if at_terminal(stream) else Line()


def at_terminal(stream: TextIO | None = None) -> bool:
    """Whether a person looks on."""
    stream = stream or sys.stderr
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


def is_journal(stream: TextIO | None, environment: Mapping[str, str]) -> bool:
    """Whether the stream leads to the journal, and not elsewhere meanwhile (systemd.exec(5), JOURNAL_STREAM)."""
    named = environment.get("JOURNAL_STREAM", "")
    try:
        found = os.fstat(stream.fileno()) if named and stream else None
    except (OSError, ValueError):
        return False
    return found is not None and named == f"{found.st_dev}:{found.st_ino}"
