"""Meetings, as the calendar messages about them: one row an event, whose state is all that was said about it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from followmail.mail.event import Attendee, Event
from followmail.mail.identity import Person
from followmail.sequence.meetings import Notice, fold
from followmail.store.schema import MeetingRow

# So many messages about one event are kept: the first, and the newest.
MOST = 60


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A meeting that is to be judged: what was said about it, and the enrollment that it began."""

    uid: str
    notices: tuple[Notice, ...]
    enrollment: int | None


class Meetings:
    """Remembers notices by the event's UID; `judged` ones have been worked out, until a new notice comes."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def add(self, notice: Notice) -> bool:
        """Remember a notice; False where it was known."""
        uid = notice.event.uid
        known = self.notices(uid)
        if any((n.message, n.event.method, n.event.instance) == _key(notice) for n in known):
            return False
        notices = (*known, notice)
        if len(notices) > MOST:
            notices = (notices[0], *notices[1 - MOST :])
        meeting = fold(notices)
        state = json.dumps([_out(n) for n in notices], ensure_ascii=False)
        columns = {"state": state, "ends": meeting.end if meeting else None, "judged": False}
        if known:
            MeetingRow.update(**columns).where(MeetingRow.uid == uid).execute(self._database)
        else:
            MeetingRow.insert(uid=uid, **columns).execute(self._database)
        return True

    def notices(self, uid: str) -> tuple[Notice, ...]:
        """All that was said about one event, in the order in which it was read."""
        rows = MeetingRow.select().where(MeetingRow.uid == uid).execute(self._database)
        return next((_in(row.state) for row in rows), ())

    def unsettled(self, now: datetime) -> tuple[Unsettled, ...]:
        """Meetings that have ended and are not judged, the one that ended first before the others; and those that began
        an enrollment of which nothing has left."""
        due = (MeetingRow.ends <= now) | MeetingRow.enrollment.is_null(False)
        rows = MeetingRow.select().where((MeetingRow.judged == False) & due).order_by(MeetingRow.ends)  # noqa: E712
        return tuple(Unsettled(row.uid, _in(row.state), row.enrollment) for row in rows.execute(self._database))

    def with_person(self, address: str) -> tuple[tuple[Notice, ...], ...]:
        """The notices of each meeting that names this address."""
        quoted = json.dumps(address, ensure_ascii=False)
        rows = self._database.execute_sql("SELECT state FROM meeting WHERE instr(state, ?)", (quoted,)).fetchall()
        return tuple(_in(state) for (state,) in rows)

    def set_enrollment(self, uid: str, enrollment: int | None) -> None:
        """The enrollment that it began; None: that was undone."""
        MeetingRow.update(enrollment=enrollment).where(MeetingRow.uid == uid).execute(self._database)

    def set_judged(self, uid: str) -> None:
        MeetingRow.update(judged=True).where(MeetingRow.uid == uid).execute(self._database)


def _key(notice: Notice) -> tuple[str, str, str]:
    return notice.message, notice.event.method, notice.event.instance


def _out(notice: Notice) -> dict[str, Any]:
    event = asdict(notice.event)
    for name in ("stamp", "start", "end"):
        event[name] = _text(event[name])
    return {"event": event, "sender": notice.sender, "at": _text(notice.at), "message": notice.message}


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _in(state: str) -> tuple[Notice, ...]:
    return tuple(_notice(row) for row in json.loads(state))


def _notice(row: dict[str, Any]) -> Notice:
    event = dict(row["event"])
    for name in ("stamp", "start", "end"):
        event[name] = datetime.fromisoformat(event[name]) if event[name] else None
    event["organizer"] = Person(**event["organizer"]) if event["organizer"] else None
    event["attendees"] = tuple(_attendees(event["attendees"]))
    return Notice(Event(**event), row["sender"], datetime.fromisoformat(row["at"]), row["message"])


def _attendees(rows: Iterable[dict[str, Any]]) -> Iterable[Attendee]:
    return (Attendee(**{**row, "person": Person(**row["person"])}) for row in rows)
