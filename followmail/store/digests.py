"""The digests and the answers to the consultant's orders: on their way into INBOX, and what their numbers stand for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followmail.sequence.agenda import Item, What
from followmail.store.events import Event
from followmail.store.rows import Rows
from followmail.store.schema import DigestItemRow, DigestRow, EventRow

_ROWS, _WITHOUT_BYTES = Rows(DigestRow), Rows(DigestRow, without="data")


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest, or one answer, which has no numbers."""

    id: int
    message_id: str
    at: datetime
    daily: bool


@dataclass(frozen=True, slots=True)
class Filing:
    """A mail of ours that INBOX lacks."""

    id: int
    message_id: str
    data: bytes


class Digests:
    """Each is written down once, with its numbers, then put into INBOX; only what stands here is ever obeyed."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def add(self, message_id: str, at: datetime, data: bytes, daily: bool, items: Sequence[Item] = ()) -> int:
        """Write a digest down, its items numbered from 1; its id. One that is known stays as it is."""
        if known := self.find([message_id]):
            return known.id
        with self._database.atomic():
            row = DigestRow.insert(
                message_id=message_id, at=at, daily=daily, data=data, through=self._last_event()
            ).execute(self._database)
            for number, item in enumerate(items, 1):
                DigestItemRow.insert(
                    digest=row, number=number, what=item.what.value, enrollment=item.enrollment, address=item.address,
                    message=item.message, state=item.state, code=item.code, why=item.why,
                ).execute(self._database)  # fmt: skip
        return int(row)

    def unfiled(self) -> tuple[Filing, ...]:
        """What has still to be put into INBOX, oldest first."""
        rows = _ROWS.where(self._database, "filed = 0 ORDER BY id")
        return tuple(Filing(r.id, r.message_id, bytes(r.data)) for r in rows)

    def set_filed(self, digest: int) -> None:
        """It lies in INBOX; its bytes are needed no more, and tell of people."""
        DigestRow.update(filed=True, data=b"").where(DigestRow.id == digest).execute(self._database)

    def find(self, ids: Iterable[str]) -> Digest | None:
        """The one that the first known of these Message-IDs names."""
        for message_id in ids:
            for r in DigestRow.select().where(DigestRow.message_id == message_id).execute(self._database):
                return Digest(r.id, r.message_id, r.at, r.daily)
        return None

    def item(self, digest: int, number: int) -> Item | None:
        """What a number stands for, with state, code and why as they were then; its text is not kept."""
        mine = (DigestItemRow.digest == digest) & (DigestItemRow.number == number)
        for r in DigestItemRow.select().where(mine).execute(self._database):
            return Item(
                What(r.what), "", enrollment=r.enrollment, address=r.address, message=r.message, state=r.state,
                code=r.code, why=r.why,
            )  # fmt: skip
        return None

    def numbers(self, digest: int) -> tuple[int, ...]:
        rows = DigestItemRow.select().where(DigestItemRow.digest == digest).order_by(DigestItemRow.number)
        return tuple(int(r.number) for r in rows.execute(self._database))

    def news(self, digest: int, enrollment: int) -> tuple[Event, ...]:
        """What happened to an enrollment since the digest was made, oldest first."""
        known = DigestRow.select(DigestRow.through).where(DigestRow.id == digest)
        since = (EventRow.enrollment == enrollment) & (EventRow.id > known)
        rows = EventRow.select().where(since).order_by(EventRow.id).execute(self._database)
        return tuple(Event(r.at, r.event, r.why, r.enrollment, r.address) for r in rows)

    def last_daily(self) -> datetime | None:
        """When the latest daily digest was written down."""
        return next((r.at for r in _WITHOUT_BYTES.where(self._database, "daily = 1 ORDER BY id DESC LIMIT 1")), None)

    def count_since(self, moment: datetime) -> int:
        """How many were put into INBOX since then."""
        since = (DigestRow.at >= moment) & (DigestRow.filed == True)  # noqa: E712
        return int(DigestRow.select().where(since).count(self._database))

    def prune(self, before: datetime) -> None:
        """What was written down before then: its numbers stand for nothing any more, and it is put nowhere."""
        old = DigestRow.select(DigestRow.id).where(DigestRow.at < before)
        DigestItemRow.delete().where(DigestItemRow.digest.in_(old)).execute(self._database)
        DigestRow.update(filed=True, data=b"").where(DigestRow.at < before).execute(self._database)

    def forget(self, address: str) -> None:
        """What numbers stood for this person stand for nobody."""
        DigestItemRow.delete().where(DigestItemRow.address == address).execute(self._database)

    def _last_event(self) -> int:
        rows = EventRow.select(EventRow.id).order_by(EventRow.id.desc()).limit(1).execute(self._database)
        return next((int(row.id) for row in rows), 0)
