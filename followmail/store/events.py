"""The append-only history: what was decided, when, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followmail.sequence.happened import Happened
from followmail.store.schema import EventRow


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    event: str
    why: str
    enrollment: int | None = None
    address: str = ""


class Events:
    """One line an event; nothing is ever changed or taken away, except by `forget`."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def add(self, at: datetime, event: Happened, why: str, enrollment: int | None = None, address: str = "") -> None:
        self._database.execute_sql(
            "INSERT INTO event (at, event, why, enrollment, address) VALUES (?, ?, ?, ?, ?)",
            (EventRow.at.db_value(at), str(event), why, enrollment, address),
        )

    def of(self, enrollments: Iterable[int] = (), address: str = "") -> tuple[Event, ...]:
        """The history of these enrollments and of this address, oldest first."""
        mine = EventRow.enrollment.in_(list(enrollments))
        rows = EventRow.select().where((mine | (EventRow.address == address)) if address else mine)
        return tuple(
            Event(r.at, r.event, r.why, r.enrollment, r.address)
            for r in rows.order_by(EventRow.at, EventRow.id).execute(self._database)
        )

    def since(self, moment: datetime) -> tuple[Event, ...]:
        rows = EventRow.select().where(EventRow.at >= moment).order_by(EventRow.at, EventRow.id)
        return tuple(Event(r.at, r.event, r.why, r.enrollment, r.address) for r in rows.execute(self._database))

    def after(self, number: int, since: datetime | None = None) -> tuple[tuple[int, Event], ...]:
        """The lines behind this one, each with its number; with `since`, only those later than that moment."""
        wanted = EventRow.id > number
        if since is not None:
            wanted &= EventRow.at > since
        rows = EventRow.select().where(wanted).order_by(EventRow.id).execute(self._database)
        return tuple((int(r.id), Event(r.at, r.event, r.why, r.enrollment, r.address)) for r in rows)

    def last(self) -> int:
        """The number of the latest line; 0 before the first."""
        rows = EventRow.select(EventRow.id).order_by(EventRow.id.desc()).limit(1).execute(self._database)
        return next((int(row.id) for row in rows), 0)
