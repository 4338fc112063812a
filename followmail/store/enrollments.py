"""Who is in which sequence, and where they stand. Leaving `active`, or a new anchor, recalls what is on its way."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from followmail.errors import UserError
from followmail.mail.identity import mailbox
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Delay, Enrollment, Origin, State, Trigger, Unit
from followmail.store.events import Events
from followmail.store.opening import state_of
from followmail.store.outbox import Outbox
from followmail.store.rows import Rows
from followmail.store.schema import EnrollmentRow
from followmail.store.spelling import of_people

# Somebody else may change a row between reading and writing it; not for ever.
_TRIES = 5
_IS_LIVE = "state IN ({})".format(", ".join(f"'{s.value}'" for s in State if s.live))
_ROWS = Rows(EnrollmentRow)


class Enrollments:
    """One row an enrollment; (opening, sequence) is unique."""

    def __init__(self, database: Any, outbox: Outbox, events: Events) -> None:
        self._database = database
        self._outbox = outbox
        self._events = events
        self._live: tuple[object, tuple[Enrollment, ...]] = (None, ())  # as of a state of the file, and what it was

    # ---- asking

    def get(self, enrollment: int) -> Enrollment | None:
        return next(iter(self._where("id = ?", enrollment)), None)

    def live(self) -> tuple[Enrollment, ...]:
        """Asked many times a round: read anew only where something was written, by us or by a command beside us."""
        if (state := state_of(self._database)) is None:
            return self._where(_IS_LIVE)
        if self._live[0] != state:
            self._live = state, self._where(_IS_LIVE)
        return self._live[1]

    def all(self, state: State | None = None) -> tuple[Enrollment, ...]:
        return self._where("state = ?", state.value) if state else self._where("id > 0")

    def counts(self) -> dict[State, int]:
        """How many there are in each state, ended ones among them: counted where they lie."""
        rows = self._database.execute_sql("SELECT state, count(*) FROM enrollment GROUP BY state").fetchall()
        return {State(state): count for state, count in rows}

    def of_address(self, address: str) -> tuple[Enrollment, ...]:
        """A person's enrollments, however the address is spelled."""
        return self._where(*of_people([address]))

    def live_of(self, address: str) -> Enrollment | None:
        """A person's one live enrollment."""
        return next(iter(self._where(f"mailbox(address) = ? AND {_IS_LIVE}", mailbox(address))), None)

    def of_conversation(self, conversation: int) -> tuple[Enrollment, ...]:
        return self._where("conversation = ?", conversation)

    def any_ended(self) -> bool:
        return bool(self._database.execute_sql(f"SELECT 1 FROM enrollment WHERE NOT {_IS_LIVE} LIMIT 1").fetchone())

    def ended_near(self, conversation: int | None, people: Sequence[str]) -> tuple[Enrollment, ...]:
        """Enrollments that are over, of this conversation or of these people."""
        who, *values = of_people(people)
        return self._where(f"(conversation = ? OR {who}) AND NOT {_IS_LIVE}", conversation, *values)

    def of_opening(self, opening: str) -> tuple[Enrollment, ...]:
        return self._where("opening = ?", opening)

    def last_batch(self) -> tuple[Enrollment, ...]:
        """The enrollments of the last import that was not undone; its id is the moment of it, as ISO 8601."""
        latest = EnrollmentRow.select(EnrollmentRow.batch).order_by(EnrollmentRow.batch.desc()).limit(1)
        batch = next((row.batch for row in latest.execute(self._database)), "")
        return self._where("batch = ?", batch) if batch else ()

    def _where(self, condition: str, *values: object) -> tuple[Enrollment, ...]:
        rows = _ROWS.where(self._database, f"{condition} ORDER BY id", *values)
        found = [_enrollment(row) for row in rows]
        deliveries = self._outbox.of_all([e.id for e in found])
        return tuple(replace(e, deliveries=deliveries[e.id]) if e.id in deliveries else e for e in found)

    # ---- changing

    def begin(self, new: Enrollment, now: datetime, why: str) -> Enrollment:
        """Make an enrollment (its `id` is given here), or make an ended one of the same opening and sequence live again."""
        known = EnrollmentRow.select(EnrollmentRow.id).where(_same(new)).tuples().execute(self._database)
        there = next((self.get(number) for (number,) in known), None)
        if there is not None and (there.state.live or there.address != new.address):
            raise UserError(
                f"This conversation is followed up in '{new.sequence}' already, with {there.address} ({there.id})."
            )
        columns = _columns(new) | {"ended": None}
        if there is not None:
            row = there.id
            EnrollmentRow.update(columns).where(EnrollmentRow.id == row).execute(self._database)
        else:
            row = int(EnrollmentRow.insert(columns | {"created": now}).execute(self._database))
        self._events.add(now, Happened.ENROLLED, why, row, new.address)
        return replace(new, id=row, created=now, deliveries=self._outbox.of(row) if there is not None else ())

    def change(
        self, enrollment: Enrollment, state: State, now: datetime, why: str, *, event: Happened | None = None, code: str = "",
        until: datetime | None = None, then: State = State.ACTIVE,
    ) -> bool:  # fmt: skip
        """Move to a state, if it still stands where `enrollment` says: the consultant may have spoken meanwhile.

        Every end and every wait is told: an event is written in the same transaction.
        """
        if enrollment.state is State.WAITING and state is State.ACTIVE and (enrollment.until or now) > now:
            state, until = State.PAUSED, enrollment.until  # they are away: the yes counts when they are back
        columns: dict[str, Any] = {
            "state": state.value, "why": why, "code": code, "until": until, "then": then.value,
            "ended": None if state.live else now,
        }  # fmt: skip
        if enrollment.state is State.PAUSED and state is State.ACTIVE:
            columns["resumed_at"] = enrollment.until or now
        as_known = (EnrollmentRow.id == enrollment.id) & (EnrollmentRow.state == enrollment.state.value)
        with self._database.atomic():
            if not EnrollmentRow.update(columns).where(as_known).execute(self._database):
                return False
            if state is not State.ACTIVE:
                self._outbox.recall(enrollment.id, now, why)
            self._events.add(now, event or Happened(state.value), why, enrollment.id, enrollment.address)
        return True

    def change_now(self, number: int, state: State, now: datetime, why: str, **how: Any) -> bool:
        """Move a live enrollment, whatever it became meanwhile; False where it is live no more."""
        for _ in range(_TRIES):
            e = self.get(number)
            if e is None or not e.state.live:
                return False
            if self.change(e, state, now, why, **how):
                return True
        return False

    def move_anchor(self, enrollment: Enrollment, message_id: str, at: datetime, now: datetime, why: str) -> None:
        """Delays count from here on; what was on its way for the old anchor is recalled."""
        with self._database.atomic():
            EnrollmentRow.update(anchor=message_id, anchor_at=at).where(EnrollmentRow.id == enrollment.id).execute(
                self._database
            )
            self._outbox.recall(enrollment.id, now, why)
            self._events.add(now, Happened.ANCHOR, why, enrollment.id, enrollment.address)

    def say_yes(self, enrollment: Enrollment, now: datetime, why: str, granted: Iterable[str] = ()) -> None:
        """The consultant's yes: for the enrollment, and for what is named in `granted`."""
        words = sorted(enrollment.granted | set(granted))
        with self._database.atomic():
            EnrollmentRow.update(yes_at=now, granted=json.dumps(words)).where(
                EnrollmentRow.id == enrollment.id
            ).execute(self._database)
            self._events.add(now, Happened.YES, why, enrollment.id, enrollment.address)

    def note(self, enrollment: int, **columns: Any) -> None:
        """Change what is known about an enrollment without moving it: shape, held_at, counts_from, dropped, …"""
        for name in ("shape", "granted", "dropped"):
            if name in columns:
                columns[name] = json.dumps(sorted(columns[name]) if name != "shape" else list(columns[name]))
        EnrollmentRow.update(**columns).where(EnrollmentRow.id == enrollment).execute(self._database)

    def count_soft_bounce(self, enrollment: int) -> int:
        """One more temporary failure; how many there were."""
        EnrollmentRow.update(soft_bounces=EnrollmentRow.soft_bounces + 1).where(EnrollmentRow.id == enrollment).execute(
            self._database
        )
        rows = EnrollmentRow.select().where(EnrollmentRow.id == enrollment).execute(self._database)
        return int(next(iter(rows)).soft_bounces)


def _same(e: Enrollment) -> Any:
    return (EnrollmentRow.opening == e.opening) & (EnrollmentRow.sequence == e.sequence)


def _columns(e: Enrollment) -> dict[str, Any]:
    return {
        "address": e.address,
        "name": e.name,
        "sequence": e.sequence,
        "trigger": e.trigger.value,
        "origin": e.origin.value,
        "opening": e.opening,
        "conversation": e.conversation,
        "state": e.state.value,
        "why": e.why,
        "code": e.code,
        "until": e.until,
        "then": e.then.value,
        "anchor": e.anchor,
        "anchor_at": e.anchor_at,
        "counts_from": e.counts_from,
        "first_delay": f"{e.first_delay.count} {e.first_delay.unit.value}" if e.first_delay else "",
        "met_on": e.met_on,
        "where": e.where,
        "about": e.about,
        "yes_at": e.yes_at,
        "granted": json.dumps(sorted(e.granted)),
        "shape": json.dumps(e.shape),
        "before_first_run": e.before_first_run,
        "dropped": json.dumps(sorted(e.dropped)),
        "again": e.again,
        "batch": e.batch,
    }


def _enrollment(row: Any) -> Enrollment:
    met_on: date | None = row.met_on
    return Enrollment(
        id=row.id,
        address=row.address,
        name=row.name,
        sequence=row.sequence,
        trigger=Trigger(row.trigger),
        origin=Origin(row.origin),
        opening=row.opening,
        state=State(row.state),
        conversation=row.conversation,
        why=row.why,
        code=row.code,
        until=row.until,
        then=State(row.then),
        anchor=row.anchor,
        anchor_at=row.anchor_at,
        counts_from=row.counts_from,
        first_delay=_delay(row.first_delay),
        met_on=met_on,
        where=row.where,
        about=row.about,
        yes_at=row.yes_at,
        granted=frozenset(json.loads(row.granted)),
        shape=tuple(json.loads(row.shape)),
        before_first_run=row.before_first_run,
        held_at=row.held_at,
        resumed_at=row.resumed_at,
        told_at=row.told_at,
        dropped=frozenset(json.loads(row.dropped)),
        again=row.again,
        batch=row.batch,
        created=row.created,
        ended=row.ended,
    )


def _delay(text: str) -> Delay | None:
    count, _, unit = text.partition(" ")
    return Delay(int(count), Unit(unit)) if text else None
