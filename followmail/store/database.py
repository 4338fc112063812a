"""The store: one open database and what may be asked of it, one object a noun."""

import contextlib
import sqlite3
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import peewee

from followmail.errors import DatabaseError
from followmail.store.attention import Attention
from followmail.store.conversations import Conversations
from followmail.store.cursors import Cursors
from followmail.store.digests import Digests
from followmail.store.enrollments import Enrollments
from followmail.store.events import Events
from followmail.store.facts import Facts
from followmail.store.opening import bring_up, check_whole, open_database
from followmail.store.outbox import Outbox
from followmail.store.suppressions import Suppressions
from followmail.store.underway import Underway

if TYPE_CHECKING:
    from followmail.store.forgetting import Forgetting
    from followmail.store.meetings import Meetings
    from followmail.store.records import Records


class Store:
    """What we remember. Open it once a process; a context manager closes it."""

    def __init__(
        self, database: peewee.SqliteDatabase, suppressions: Suppressions, underway: Underway | None = None
    ) -> None:
        self._database = database
        self.suppressions = suppressions
        self.underway = underway or Underway(None)
        self.facts = Facts(database)
        self.cursors = Cursors(database)
        self.digests = Digests(database)
        self.attention = Attention(database)
        self.events = Events(database)
        self.conversations = Conversations(database)
        self.outbox = Outbox(database, self.events)
        self.enrollments = Enrollments(database, self.outbox, self.events)

    @classmethod
    def open(cls, path: Path) -> Self:
        """The store at `path`, made where it is missing. Raises DatabaseError."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise DatabaseError(
                f"The folder of the database, {path.parent}, cannot be made: {fault.strerror}."
            ) from fault
        new = not path.exists()
        underway = Underway(path.with_name(f"{path.name}.judging"))
        store = cls(open_database(path), Suppressions(path.with_name("suppressed.txt")), underway)
        if new:
            path.chmod(0o600)
        return store

    @classmethod
    def copy_in_memory(cls, path: Path) -> Self:
        """A copy that nothing which is done to it outlives: for looking at what would happen."""
        database = open_database(None)
        if path.exists():
            with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source:
                source.backup(database.connection())  # type: ignore[no-untyped-call]
            bring_up(database)
        return cls(database, Suppressions(path.with_name("suppressed.txt"), read_only=True))

    # What reads mails themselves is opened when it is first asked for: what only tells of them need not load it.

    @cached_property
    def meetings(self) -> "Meetings":
        from followmail.store.meetings import Meetings

        return Meetings(self._database)

    @cached_property
    def records(self) -> "Records":
        from followmail.store.records import Records

        return Records(self._database)

    @cached_property
    def forgetting(self) -> "Forgetting":
        from followmail.store.forgetting import Forgetting

        return Forgetting(self._database)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; durable when it ends. May be nested."""
        try:
            with self._database.atomic():
                yield
        except (peewee.OperationalError, peewee.DatabaseError) as fault:
            raise DatabaseError(
                f"The database could not be written: {fault}. Nothing was changed; nothing leaves."
            ) from fault

    def check(self) -> None:
        """That the file is whole: asked before a process may send from it. Raises DatabaseError."""
        check_whole(self._database, str(self._database.database))

    def shrink(self) -> None:
        """Pages of the file that are at hand for the next question are let go of."""
        self._database.execute_sql("PRAGMA shrink_memory")  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
