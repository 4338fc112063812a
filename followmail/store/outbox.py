"""The outbox: one row for each mail of each step, from queued to left.

    queued → drafted → sent | skipped | withdrawn
    queued → sending → handed-over → sent | failed | uncertain
    cancelled from any state before the dot; from there, or from withdrawn, back to queued as the same row

Every move is one conditional UPDATE: whoever changes a row first wins, and nobody needs a lock.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followmail.sequence.steps import Delivery, Mode, State, Status
from followmail.store.events import Events
from followmail.store.rows import Rows, marks
from followmail.store.schema import DeliveryRow, EnrollmentRow
from followmail.store.spelling import of_people

# A step that has left, was skipped, or may have left, never goes back.
_BEFORE_THE_DOT = (Status.QUEUED, Status.SENDING)
# SQLite takes so many values in one statement.
AT_ONCE = 500
_ROWS, _WITHOUT_BYTES = Rows(DeliveryRow), Rows(DeliveryRow, without="bytes")
_ANSWERED = [State.REPLIED.value, State.BOUNCED.value, State.UNSUBSCRIBED.value]
_AGAIN = (Status.CANCELLED, Status.WITHDRAWN, Status.QUEUED, Status.FAILED)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery with what leaves: bytes and envelope, and where its draft lies."""

    delivery: Delivery
    address: str
    opening: str
    mode: Mode
    sender: str
    subject: str
    in_reply_to: str
    data: bytes
    filed: bool
    draft_folder: str
    draft_uidvalidity: int | None
    draft_uid: int | None
    draft_edited: bool
    withdraw: bool
    gone_since: datetime | None
    gone_looks: int
    draft_versions: str


@dataclass(frozen=True, slots=True)
class Written:
    """What a step became when it was due: the finished mail, not yet on its way."""

    enrollment: int
    opening: str
    sequence: str
    step: str
    number: int
    address: str
    message_id: str
    mode: Mode
    sender: str
    recipients: tuple[str, ...]
    subject: str
    in_reply_to: str
    data: bytes
    text_hash: str
    due: datetime


class Outbox:
    """The rows and their moves."""

    def __init__(self, database: Any, events: Events) -> None:
        self._database = database
        self._events = events

    # ---- asking

    def of(self, enrollment: int) -> tuple[Delivery, ...]:
        return self.of_all([enrollment]).get(enrollment, ())

    def of_all(self, enrollments: Sequence[int]) -> dict[int, tuple[Delivery, ...]]:
        """The deliveries of many enrollments, in a few statements."""
        found: dict[int, tuple[Delivery, ...]] = {}
        for start in range(0, len(enrollments), AT_ONCE):
            some = list(enrollments[start : start + AT_ONCE])
            rows = _WITHOUT_BYTES.where(self._database, f"enrollment IN ({marks(len(some))}) ORDER BY id", *some)
            for row in rows:
                found[row.enrollment] = (*found.get(row.enrollment, ()), _delivery(row))
        return found

    def parcels(self, *statuses: Status) -> tuple[Parcel, ...]:
        """All deliveries in these states, follow-ups before first contacts, the oldest due first."""
        values = [s.value for s in statuses]
        return self._where(f"status IN ({marks(len(values))}) ORDER BY number = 1, due, id", *values)

    def parcel(self, delivery: int) -> Parcel | None:
        return next(iter(self._where("id = ?", delivery)), None)

    def by_message_id(self, message_id: str) -> Parcel | None:
        return next(iter(self._where("message_id = ?", message_id)), None)

    def with_drafts(self) -> tuple[Parcel, ...]:
        """Deliveries whose draft is followed: the open ones; those skipped or sent whose draft may still be to be taken
        back; and those that are to have none, but may: it was laid when the connection broke, or came again."""
        return self._where(
            "status = 'drafted' OR (status IN ('skipped', 'sent') AND withdraw = 1)"
            " OR (status IN ('queued', 'cancelled', 'withdrawn') AND draft_folder <> '' AND draft_uid IS NULL) ORDER BY id"
        )

    def unfiled(self) -> tuple[Parcel, ...]:
        """What was sent by us and has no copy in Sent that we know of."""
        return self._where("status = 'sent' AND filed = 0")

    def left_since(self, moment: datetime) -> tuple[Parcel, ...]:
        """What left, or was laid as a draft, or may have left, since a moment."""
        out = [s.value for s in (Status.SENT, Status.DRAFTED, Status.UNCERTAIN, Status.HANDED_OVER, Status.WITHDRAWN)]
        since = DeliveryRow.left.db_value(moment)
        # a `+` keeps SQLite from walking through all that ever left, here and below
        return self._where(f'+status IN ({marks(len(out))}) AND "left" >= ?', *out, since)

    def texts_to(self, address: str) -> frozenset[str]:
        """Fingerprints of the texts that an address got."""
        out = [s.value for s in (Status.SENT, Status.UNCERTAIN, Status.HANDED_OVER)]
        who, *values = of_people([address])
        rows = _WITHOUT_BYTES.where(self._database, f"{who} AND +status IN ({marks(len(out))})", *values, *out)
        return frozenset(row.text_hash for row in rows if row.text_hash)

    def _where(self, condition: str, *values: object) -> tuple[Parcel, ...]:
        return tuple(map(_parcel, _ROWS.where(self._database, condition, *values)))

    # ---- moves

    def enqueue(self, written: Written, now: datetime) -> int | None:
        """Queue a step's mail; None where the step has left, is leaving, or may have left (RFC 1047's doubt).

        A row that was cancelled or withdrawn is the same row again, with the same Message-ID.
        """
        news = {
            "status": Status.QUEUED.value,
            "mode": written.mode.value,
            "sender": written.sender,
            "recipients": json.dumps(written.recipients),
            "subject": written.subject,
            "in_reply_to": written.in_reply_to,
            "bytes": written.data,
            "text_hash": written.text_hash,
            "due": written.due,
            "changed": now,
            "withdraw": False,
            "why": "",
        }
        key = (
            (DeliveryRow.opening == written.opening)
            & (DeliveryRow.sequence == written.sequence)
            & (DeliveryRow.step == written.step)
        )
        again = DeliveryRow.update(news).where(key & DeliveryRow.status.in_([s.value for s in _AGAIN]))
        if again.execute(self._database):
            row = next(iter(DeliveryRow.select().where(key).execute(self._database)))
            return int(row.id)
        if DeliveryRow.select().where(key).count(self._database):
            return None
        fixed = {
            "enrollment": written.enrollment,
            "opening": written.opening,
            "sequence": written.sequence,
            "step": written.step,
            "number": written.number,
            "address": written.address,
            "message_id": written.message_id,
        }
        return int(DeliveryRow.insert(fixed | news).execute(self._database))

    def move(self, delivery: int, before: Iterable[Status], to: Status, now: datetime, **columns: Any) -> bool:
        """One step of the state machine; False where somebody else moved the row first."""
        changed = DeliveryRow.update(status=to.value, changed=now, **columns).where(
            (DeliveryRow.id == delivery) & DeliveryRow.status.in_([s.value for s in before])
        )
        return bool(changed.execute(self._database))

    def note(self, delivery: int, **columns: Any) -> None:
        """Change what is known about a delivery without moving it."""
        DeliveryRow.update(**columns).where(DeliveryRow.id == delivery).execute(self._database)

    def draft_came(self, message_id: str, folder: str) -> None:
        """A draft with this id is new in a Drafts folder: one that was taken back, that has left, or that was deleted before
        they answered comes from a device that was offline, or from an import."""
        row = DeliveryRow.message_id == message_id
        over = EnrollmentRow.select(EnrollmentRow.id).where(EnrollmentRow.state.in_(_ANSWERED))
        left = (DeliveryRow.status == Status.SENT.value) & (DeliveryRow.mode == Mode.DRAFT.value)
        skipped = (DeliveryRow.status == Status.SKIPPED.value) & DeliveryRow.enrollment.in_(over)
        gone = DeliveryRow.status.in_([Status.CANCELLED.value, Status.WITHDRAWN.value])
        DeliveryRow.update(draft_folder=folder, draft_uid=None).where(row & gone).execute(self._database)
        DeliveryRow.update(withdraw=True, gone_since=None, gone_looks=0).where(
            row & (left | skipped) & (DeliveryRow.withdraw == False)  # noqa: E712
        ).execute(self._database)

    def recall(self, enrollment: int, now: datetime, why: str) -> None:
        """Cancel what has not left, and ask for the withdrawal of an unedited draft."""
        before = [s.value for s in _BEFORE_THE_DOT]
        self._database.execute_sql(
            "UPDATE delivery SET status = ?, changed = ?, why = ?"
            f" WHERE enrollment = ? AND status IN ({marks(len(before))})",
            (Status.CANCELLED.value, DeliveryRow.changed.db_value(now), why, enrollment, *before),
        )
        self._database.execute_sql(
            "UPDATE delivery SET withdraw = 1, why = ? WHERE enrollment = ? AND status = ?",
            (why, enrollment, Status.DRAFTED.value),
        )

    def unqueue(self, enrollment: int, now: datetime, why: str) -> None:
        """Take back what is queued: it may not leave now. When it may, the same row is queued again."""
        DeliveryRow.update(status=Status.CANCELLED.value, changed=now, why=why).where(
            (DeliveryRow.enrollment == enrollment) & (DeliveryRow.status == Status.QUEUED.value)
        ).execute(self._database)

    def count_step(
        self,
        enrollment: int,
        address: str,
        key: tuple[str, str, str],
        number: int,
        message_id: str,
        left: datetime,
        status: Status,
        why: str,
    ) -> None:
        """Record a step that left otherwise (found in Sent, sent by hand) or is skipped, without a mail of ours."""
        opening, sequence, step = key
        DeliveryRow.insert(
            enrollment=enrollment,
            opening=opening,
            sequence=sequence,
            step=step,
            number=number,
            address=address,
            status=status.value,
            message_id=message_id,
            due=left,
            changed=left,
            left=left,
            why=why,
            filed=True,
        ).on_conflict_ignore().execute(self._database)

    def recover(self, now: datetime) -> tuple[int, int]:
        """After a start: (put back to the queue, made uncertain).

        `sending` proves that no final dot was written; `handed-over` proves nothing (RFC 1047).
        """
        changed = DeliveryRow.changed.db_value(now)
        back = self._database.execute_sql(
            "UPDATE delivery SET status = ?, changed = ? WHERE status = ?",
            (Status.QUEUED.value, changed, Status.SENDING.value),
        )
        doubt = self._database.execute_sql(
            "UPDATE delivery SET status = ?, changed = ?, why = 'it stopped in the middle of sending' WHERE status = ?",
            (Status.UNCERTAIN.value, changed, Status.HANDED_OVER.value),
        )
        return int(back.rowcount), int(doubt.rowcount)

    def last_left(self) -> datetime | None:
        """When the last mail left or may have left; drafts aside."""
        out = [s.value for s in (Status.SENT, Status.UNCERTAIN, Status.HANDED_OVER)]
        latest = f'+status IN ({marks(len(out))}) AND bytes IS NOT NULL ORDER BY "left" DESC LIMIT 1'
        return next((row.left for row in _WITHOUT_BYTES.where(self._database, latest, *out)), None)


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        enrollment=row.enrollment,
        sequence=row.sequence,
        step=row.step,
        number=row.number,
        status=Status(row.status),
        message_id=row.message_id,
        due=row.due,
        changed=row.changed,
        left=row.left,
        recipients=tuple(json.loads(row.recipients)),
        next_try=row.next_try,
        attempts=row.attempts,
        text_hash=row.text_hash,
        why=row.why,
        gone_since=row.gone_since,
    )


def _parcel(row: Any) -> Parcel:
    return Parcel(
        delivery=_delivery(row),
        address=row.address,
        opening=row.opening,
        mode=Mode(row.mode),
        sender=row.sender,
        subject=row.subject,
        in_reply_to=row.in_reply_to,
        data=bytes(row.bytes or b""),
        filed=row.filed,
        draft_folder=row.draft_folder,
        draft_uidvalidity=row.draft_uidvalidity,
        draft_uid=row.draft_uid,
        draft_edited=row.draft_edited,
        withdraw=row.withdraw,
        gone_since=row.gone_since,
        gone_looks=row.gone_looks,
        draft_versions=row.draft_versions,
    )
