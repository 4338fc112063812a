"""All that is stored, one record after the other, in the words of the export. Reads a thousand rows at a time, so that
a reader who is slow keeps nobody from writing."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followmail.mail.text import text_of
from followmail.store.schema import (
    Acquaintance,
    DeliveryRow,
    EnrollmentRow,
    EventRow,
    MeetingRow,
    MessageRow,
)

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the export."""

    record: str
    id: int | str = ""
    at: datetime | None = None
    address: str = ""
    name: str = ""
    sequence: str = ""
    step: str = ""
    state: str = ""
    subject: str = ""
    message_id: str = ""
    detail: str = ""


class Records:
    """What is stored of everybody, or of one person."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def all(self, address: str = "") -> Iterator[Record]:
        """Enrollments, deliveries, messages, meetings, events, acquaintance; of one address, where one is given."""
        mine = [row.id for row in self._select(EnrollmentRow, EnrollmentRow.address == address)] if address else []
        quoted = json.dumps(address, ensure_ascii=False)
        yield from self._paged(EnrollmentRow, EnrollmentRow.address == address if address else None, _enrollment)
        theirs = (DeliveryRow.address == address) | DeliveryRow.recipients.contains(quoted)
        yield from self._paged(DeliveryRow, theirs if address else None, _delivery)
        people = (MessageRow.to, MessageRow.cc, MessageRow.bcc, MessageRow.introduces)
        wrote = MessageRow.sender == address
        for column in people:
            wrote |= column.contains(quoted)
        yield from self._paged(MessageRow, wrote if address else None, _message)
        about = (EventRow.address == address) | EventRow.enrollment.in_(mine)
        yield from self._paged(EventRow, about if address else None, _event)
        yield from self._keyed(MeetingRow, MeetingRow.state.contains(address) if address else None, _meeting)
        known = Acquaintance.address == address if address else None
        yield from self._keyed(Acquaintance, known, _acquaintance)

    def _select(self, table: Any, condition: Any) -> list[Any]:
        return list(table.select().where(condition).execute(self._database))

    def _paged(self, table: Any, condition: Any, record: Callable[[Any], Record]) -> Iterator[Record]:
        last = 0
        while True:
            here = table.id > last
            rows = table.select().where(here & condition if condition is not None else here)
            found = list(rows.order_by(table.id).limit(_AT_ONCE).execute(self._database))
            yield from map(record, found)
            if len(found) < _AT_ONCE:
                return
            last = found[-1].id

    def _keyed(self, table: Any, condition: Any, record: Callable[[Any], Record]) -> Iterator[Record]:
        """Tables that are small enough to be read at once."""
        rows = table.select() if condition is None else table.select().where(condition)
        yield from map(record, list(rows.execute(self._database)))


def _enrollment(row: Any) -> Record:
    met = f"met on {row.met_on}" if row.met_on else ""
    detail = "; ".join(filter(None, (row.why, f"origin {row.origin}", met, row.where, row.about)))
    return Record(
        "enrollment", row.id, row.created, row.address, row.name, row.sequence, "", row.state, "", row.opening, detail
    )


def _delivery(row: Any) -> Record:
    text = text_of(bytes(row.bytes)) if row.bytes else ""
    to = ", ".join(json.loads(row.recipients))
    detail = "\n".join(filter(None, (row.why, f"to {to}" if to else "", text)))
    at = row.left or row.changed
    return Record(
        "delivery", row.id, at, row.address, "", row.sequence, row.step, row.status, row.subject, row.message_id, detail
    )


def _message(row: Any) -> Record:
    people = [f"{name} <{address}>" if name else address for name, address in json.loads(row.to) + json.loads(row.cc)]
    phone = f"phone {row.phone}" if row.phone else ""
    detail = "\n".join(
        filter(None, (f"to {', '.join(people)}", phone, f"in {row.folder}" if row.folder else "", row.text))
    )
    state = "sent" if row.sent else row.kind or ""
    return Record(
        "message", row.id, row.date or row.arrived, row.sender, row.sender_name, "", "", state, row.subject,
        row.message_id, detail,
    )  # fmt: skip


def _event(row: Any) -> Record:
    return Record("event", row.id, row.at, row.address, state=row.event, detail=row.why)


def _meeting(row: Any) -> Record:
    return Record("meeting", row.uid, row.ends, detail=row.state)


def _acquaintance(row: Any) -> Record:
    detail = f"first wrote on {row.first_wrote:%Y-%m-%d}" if row.first_wrote else "had never written"
    return Record("acquaintance", "", row.asked, row.address, detail=detail)
