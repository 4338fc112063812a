"""Copies of the database file: a consistent one while others work, and one put back in its place."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from followmail.errors import DatabaseError, UserError
from followmail.store.schema import VERSION

# Seconds that a copy waits for somebody who writes.
BUSY = 10
# The table of a backup in which the lines of suppressed.txt travel.
_LINES = "suppressed"
_NEEDED = frozenset({"fact", "cursor", "message", "enrollment", "delivery", "event"})


def write_copy(source: Path, target: Path, suppressed: str) -> None:
    """A checked copy of a database at a new file that only its owner may read, with the text of suppressed.txt in it.

    Raises UserError where the file exists or cannot be made, DatabaseError where the copy is not whole.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise UserError(f"{target} exists already; a backup never overwrites. Name another file.") from None
    except OSError as fault:
        raise UserError(f"{target} cannot be made: {fault.strerror}.") from None
    try:
        _copy(source, target)
        with _opened(target) as copy:
            copy.execute(f"CREATE TABLE {_LINES} (text TEXT NOT NULL)")
            copy.execute(f"INSERT INTO {_LINES} VALUES (?)", (suppressed,))
            copy.commit()
        check(target)
        _sync(target)
    except (sqlite3.Error, OSError) as fault:
        target.unlink(missing_ok=True)
        raise DatabaseError(f"The backup could not be written: {fault}. {target} was taken away again.") from fault
    except DatabaseError:
        target.unlink(missing_ok=True)
        raise


def check(path: Path) -> None:
    """Whether a file is a whole database of ours that this version can read. Raises DatabaseError."""
    try:
        with _opened(path, read_only=True) as copy:
            faults = [row[0] for row in copy.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
            version = copy.execute("PRAGMA user_version").fetchone()[0]
            tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as fault:
        raise DatabaseError(f"{path} is no database that can be read: {fault}.") from fault
    if faults:
        raise DatabaseError(f"{path} is damaged: {'; '.join(faults)}.")
    if version < 1 or not tables >= _NEEDED:
        raise DatabaseError(f"{path} is no database of followmail.")
    if version > VERSION:
        raise DatabaseError(
            f"{path} was written by a newer followmail (format {version}, this one knows {VERSION}). Install that one."
        )


def suppressed_in(path: Path) -> str:
    """The text of suppressed.txt that travels in a backup; empty in a plain copy of a database."""
    with _opened(path, read_only=True) as copy:
        if not copy.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_LINES,)).fetchone():
            return ""
        return "\n".join(row[0] for row in copy.execute(f"SELECT text FROM {_LINES}"))


def unpack(source: Path, target: Path) -> None:
    """A backup as a database again, in a file of its own. Raises DatabaseError."""
    target.unlink(missing_ok=True)
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _copy(source, target)
        with _opened(target) as copy:
            copy.execute(f"DROP TABLE IF EXISTS {_LINES}")
            copy.commit()
    except (sqlite3.Error, OSError) as fault:
        target.unlink(missing_ok=True)
        raise DatabaseError(f"{source} could not be copied to {target}: {fault}.") from fault


def put_in_place(fresh: Path, path: Path, now: datetime) -> Path | None:
    """Put a finished file in the place of the database; where the one before lies now, None where there was none.

    A journal that a crash left belongs to its database, and goes with it.
    """
    _sync(fresh)
    kept = path.with_name(f"{path.name}.{now:%Y%m%d-%H%M%S}")
    there = path.exists()
    try:
        for suffix in ("-journal", "") if there else ():
            old = path.with_name(path.name + suffix)
            if old.exists():
                old.rename(kept.with_name(kept.name + suffix))
        fresh.replace(path)
        _sync(path)
    except OSError as fault:
        raise DatabaseError(f"{path} could not be replaced: {fault.strerror}. The one before is {kept}.") from fault
    return kept if there else None


def _copy(source: Path, target: Path) -> None:
    with _opened(source, read_only=True) as old, _opened(target) as new:
        old.backup(new)


@contextlib.contextmanager
def _opened(path: Path, read_only: bool = False) -> Iterator[sqlite3.Connection]:
    """A plain connection; read only, it makes no file and leaves none. A journal left by a crash is rolled back."""
    mode = "ro" if read_only and not path.with_name(path.name + "-journal").exists() else "rw"
    with contextlib.closing(
        sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, timeout=BUSY)
    ) as opened:
        yield opened


def _sync(path: Path) -> None:
    """On the disk, the file and its name."""
    for target in (path, path.parent):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
