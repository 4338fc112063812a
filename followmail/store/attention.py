"""Who waits for the consultant: the mails of people that have no answer, and those that were put aside."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from followmail.mail.identity import Person, mailbox
from followmail.mail.need import Need
from followmail.store.keys import key_of, key_of_address
from followmail.store.schema import AsideRow, MessageRow


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that may wait for the consultant. `at`: when it came, by the earlier of its two dates."""

    message_id: str
    conversation: int
    sender: Person
    subject: str
    at: datetime
    need: Need
    asked: str
    introduces: tuple[Person, ...] = ()


# Whichever of Date and INTERNALDATE is earlier: an answer that came after it is an answer.
_AT = "min(coalesce(m.date, m.arrived), coalesce(m.arrived, m.date))"
# Put aside, or written before what was put aside by the same person; an introduction is about somebody else.
_ASIDE = (
    "EXISTS (SELECT 1 FROM aside a CROSS JOIN message o ON o.key = a.key AND o.message_id = a.message_id"
    " WHERE o.sender = m.sender"
    " AND (o.id = m.id OR (o.need <> 'introduction' AND m.need <> 'introduction' AND o.arrived >= m.arrived))"
    ' AND (a."until" IS NULL OR a."until" > ?))'
)


@dataclass(slots=True)
class _Written:
    """When the consultant last wrote in each conversation and to each person, and what was answered by reference."""

    conversations: dict[int, datetime] = field(default_factory=dict)
    people: dict[str, datetime] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)

    def answers(self, letter: Letter) -> bool:
        return letter.message_id in self.answered or any(
            moment is not None and moment > letter.at
            for moment in (self.conversations.get(letter.conversation), self.people.get(letter.sender.address))
        )


class Attention:
    """What each mail needs of the consultant, read once; and the questions about it."""

    def __init__(self, database: Any) -> None:
        self._database = database

    # ---- weighing: what a mail needs

    def unweighed(self, since: datetime, less: Collection[str], most: int) -> tuple[str, ...]:
        """Message-IDs of received mails since a moment whose need is not known, the newest first; those in the folders
        `less` are left out. One that could not be worked out is told elsewhere."""
        marks = ", ".join("?" * len(less))
        rows = self._database.execute_sql(
            "SELECT message_id FROM message WHERE sent = 0 AND need IS NULL AND arrived >= ? AND coalesce(date, arrived) >= ?"
            f" AND judged = 1 AND attempts < 3 AND folder NOT IN ({marks}) ORDER BY arrived DESC, id DESC LIMIT ?",
            (*[MessageRow.arrived.db_value(since)] * 2, *less, most),
        )
        return tuple(row[0] for row in rows.fetchall())

    def weigh(self, message_id: str, need: Need, asked: str = "", introduces: Iterable[Person] = ()) -> None:
        """Remember what a mail needs."""
        people = json.dumps([[p.name, p.address] for p in introduces], ensure_ascii=False)
        values: dict[str, Any] = {"need": need.value, "introduces": people}
        if need is not Need.NOTHING:
            values["asks"] = asked
        mine = (MessageRow.key == key_of(message_id)) & (MessageRow.message_id == message_id)
        MessageRow.update(values).where(mine).execute(self._database)

    # ---- who waits

    def unanswered(self, since: datetime, now: datetime, less: Collection[str]) -> tuple[Letter, ...]:
        """Mails that need an answer and have none since, neither in their conversation nor to their author, oldest
        first; put aside ones and those in the folders `less` left out."""
        written = self._written(since)
        found = self._letters("m.need <> ?", since, now, less)
        return tuple(letter for letter in found if not written.answers(letter))

    def introductions(self, since: datetime, now: datetime, less: Collection[str]) -> tuple[Letter, ...]:
        """Introductions, each with the people to whom the consultant has not written since; none where nobody is left."""
        found = self._letters("m.need = ?", since, now, less)
        written = self._written(since).people if found else {}
        left = [(x, tuple(p for p in x.introduces if written.get(p.address, x.at) <= x.at)) for x in found]
        return tuple(replace(letter, introduces=people) for letter, people in left if people)

    def _letters(self, need: str, since: datetime, now: datetime, less: Collection[str]) -> tuple[Letter, ...]:
        marks, moment = ", ".join("?" * len(less)), MessageRow.arrived.db_value(since)
        rows = self._database.execute_sql(
            f"SELECT m.message_id, m.conversation, m.sender_name, m.sender, m.subject, {_AT}, m.need, m.asks, m.introduces"
            " FROM message m WHERE m.sent = 0 AND m.need > '' AND m.arrived >= ? AND coalesce(m.date, m.arrived) >= ?"
            f" AND m.folder NOT IN ({marks}) AND {need} AND NOT {_ASIDE} ORDER BY 6, m.id",
            (moment, moment, *less, Need.INTRODUCTION.value, MessageRow.arrived.db_value(now)),
        )
        return tuple(map(_letter, rows.fetchall()))

    def _written(self, since: datetime) -> _Written:
        """The consultant's mails since a moment: read once, rather than asked for each letter."""
        rows = self._database.execute_sql(
            'SELECT conversation, date, "to", cc, bcc, in_reply_to FROM message WHERE sent = 1 AND auto_submitted = 0'
            " AND date >= ? ORDER BY date",
            (MessageRow.date.db_value(since),),
        )
        written = _Written()
        for conversation, date, to, cc, bcc, in_reply_to in rows.fetchall():
            moment = _moment(date)
            written.conversations[conversation] = moment
            written.people |= {address: moment for people in (to, cc, bcc) for _, address in json.loads(people)}
            written.answered |= set(json.loads(in_reply_to))
        return written

    def ever_wrote_to(self, address: str) -> bool:
        """Whether the consultant ever wrote to somebody, as far as is known."""
        quoted = json.dumps(address, ensure_ascii=False)
        rows = self._database.execute_sql(
            'SELECT 1 FROM message WHERE sent = 1 AND (instr("to", ?) OR instr(cc, ?) OR instr(bcc, ?)) LIMIT 1',
            (quoted, quoted, quoted),
        )
        return rows.fetchone() is not None

    def wrote_in(self, conversation: int, before: datetime) -> bool:
        """Whether the consultant wrote in a conversation before a moment."""
        rows = self._database.execute_sql(
            "SELECT 1 FROM message WHERE conversation = ? AND sent = 1 AND date < ? LIMIT 1",
            (conversation, MessageRow.date.db_value(before)),
        )
        return rows.fetchone() is not None

    def exchanged(self, address: str, before: datetime | None = None) -> tuple[int, int]:
        """(mails of theirs, mails of the consultant's in the conversations in which they wrote), as far as known."""
        until, who = (
            MessageRow.date.db_value(before) if before is not None else 2**62,
            (key_of_address(address), mailbox(address)),
        )
        row = self._database.execute_sql(  # a `+` keeps SQLite from walking through all that was ever sent
            "SELECT (SELECT count(*) FROM message WHERE sender_key = ? AND mailbox(sender) = ? AND +sent = 0 AND auto_submitted = 0"
            " AND coalesce(date, arrived) < ?), (SELECT count(*) FROM message WHERE +sent = 1 AND +date < ?"
            " AND conversation IN (SELECT conversation FROM message WHERE sender_key = ? AND mailbox(sender) = ? AND +sent = 0))",
            (*who, until, until, *who),
        )
        theirs, mine = row.fetchone()
        return int(theirs), int(mine)

    # ---- put aside

    def put_aside(self, message_id: str, until: datetime | None = None) -> None:
        """This mail, and what its author wrote before it, waits no more: until then, or for good."""
        key = key_of(message_id)
        AsideRow.insert(message_id=message_id, key=key, until=until).on_conflict_replace().execute(self._database)

    def is_aside(self, message_id: str, now: datetime) -> bool:
        rows = AsideRow.select().where(AsideRow.message_id == message_id).execute(self._database)
        return any(row.until is None or row.until > now for row in rows)


def _moment(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1_000_000, UTC)


def _letter(row: Any) -> Letter:
    message_id, conversation, name, sender, subject, at, need, asks, introduces = row
    return Letter(
        message_id=message_id,
        conversation=conversation,
        sender=Person(name, sender),
        subject=subject,
        at=_moment(at),
        need=Need(need),
        asked=asks or "",
        introduces=tuple(Person(n, a) for n, a in json.loads(introduces)),
    )
