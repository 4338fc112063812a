"""How the database file is opened, and brought up to this format.

SQLite before 3.51.3 can corrupt a WAL database with two connections (sqlite.org/wal.html, "the WAL-reset bug"), hence
journal_mode=DELETE; synchronous=EXTRA makes a commit survive a power cut also in its directory entry.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee

from followmail.errors import DatabaseError
from followmail.mail.identity import mailbox
from followmail.store import formats
from followmail.store.schema import TABLES, VERSION

BUSY_SECONDS = 5


class Database(peewee.SqliteDatabase):
    """SQLite, whose faults are ours: a disk that is full, a file that somebody else holds too long."""

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        with translated():
            return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]

    def begin(self, lock_type: str | None = None) -> None:
        with translated():
            super().begin(lock_type)

    def commit(self) -> Any:
        with translated():
            return super().commit()

    def rollback(self) -> None:
        if self.connection().in_transaction:  # type: ignore[no-untyped-call]  # else SQLite did it: the disk failed
            super().rollback()


def state_of(database: Any) -> object:
    """What differs as soon as anything is written, by us or by a command beside us; None while a transaction is open, for
    what stands there then may yet be rolled back."""
    connection = database.connection()
    if connection.in_transaction:
        return None
    return connection, connection.total_changes, database.execute_sql("PRAGMA data_version").fetchone()


_REMEDY = (
    "The file is left as it is. Put a backup in its place, or move it away: a new one is rebuilt from the mailbox, and"
    " everything open then waits for your yes."
)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Reads and writes whose faults are ours."""
    try:
        yield
    except peewee.IntegrityError:  # a rule of the schema, and no fault of the file
        raise
    except (peewee.OperationalError, sqlite3.OperationalError) as fault:
        raise DatabaseError(f"The database could not be used: {fault}. Nothing leaves until it can.") from fault
    except (peewee.DatabaseError, sqlite3.DatabaseError, UnicodeDecodeError) as fault:  # even SQLite's words may be
        raise damaged(fault) from fault


def damaged(fault: object) -> DatabaseError:
    """What is said of a file that cannot be read as it was written."""
    return DatabaseError(f"The database is damaged: {fault}. {_REMEDY}")


def check_whole(database: Any, path: str) -> None:
    """Read the whole file once, pages and indexes. Raises DatabaseError where it is damaged."""
    with translated():
        found = [str(row[0]) for row in database.execute_sql("PRAGMA integrity_check(3)").fetchall()]
    if found != ["ok"]:
        raise DatabaseError(f"The database {path} is damaged: {'; '.join(found)}. {_REMEDY}")


def open_database(path: Path | None) -> peewee.SqliteDatabase:
    """The database at `path` (None: in memory), its tables made where they are missing.

    Raises DatabaseError where the file is broken, newer than this version, or cannot be written.
    """
    database = Database(
        str(path) if path else ":memory:",
        timeout=BUSY_SECONDS,
        lock_type="IMMEDIATE",
        pragmas={"journal_mode": "delete", "synchronous": "extra", "foreign_keys": 1, "temp_store": "memory"},
    )
    database.register_function(mailbox, num_params=1)
    try:
        database.connect()
        _bring_up(database, path)
    except DatabaseError:
        database.close()
        raise
    except (peewee.DatabaseError, sqlite3.Error, OSError, UnicodeDecodeError) as fault:
        database.close()
        raise DatabaseError(f"The database {path} cannot be used: {fault}. {_REMEDY}") from fault
    return database


def _bring_up(database: Any, path: Path | None) -> None:
    version = _version(database)
    if version > VERSION:
        raise DatabaseError(
            f"The database {path} was written by a newer followmail (format {version}, this one knows {VERSION})."
            " Install that version again, or restore a backup made by this one."
        )
    if version == VERSION:
        return
    if version and path is not None:
        _refuse_beside(path, version)
        _keep_before(path)
    with database.atomic("IMMEDIATE"), database.bind_ctx(TABLES):
        version = _version(database)  # anew: somebody else may have brought it up meanwhile
        if version < VERSION:
            formats.rebuild(database, version)
            database.execute_sql(f"PRAGMA user_version = {VERSION}")


def bring_up(database: Any) -> None:
    """Bring tables that were copied from an older file up to this format, where no file is behind them."""
    _bring_up(database, None)


def _version(database: Any) -> int:
    return int(database.execute_sql("PRAGMA user_version").fetchone()[0])


def _refuse_beside(path: Path, version: int) -> None:
    """The daemon of an older version may still be at work: under its feet the file must stay as it knows it.

    Who holds the lock is written in it (`rounds.alone`); it may be this very process.
    """
    try:
        handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # nobody ever ran here
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 32).decode("ascii", "replace").strip()
        if holder != str(os.getpid()):
            raise DatabaseError(
                f"The database {path} has format {version}, and the older followmail that works with it still runs"
                f" (process {holder}). Restart it first, for instance with `systemctl restart followmail`."
            ) from None
    finally:
        os.close(handle)


def _keep_before(path: Path) -> None:
    """A copy of a file in an older format, beside it, before it is changed; an earlier copy stays."""
    kept = path.with_name(f"{path.name}.before-{VERSION}")
    if kept.exists():
        return
    part = kept.with_name(kept.name + ".part")
    part.touch(0o600)
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(kept)
