"""Takes all that is stored of one person out of the database, so that not even freed pages hold it.

What is theirs goes whole: enrollments, deliveries, messages, events. Of what is others' too only their name and address
go: out of lists of people, and out of every text that names them.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from typing import Any

from followmail.errors import DatabaseError
from followmail.mail.identity import canonical
from followmail.store.schema import (
    Acquaintance,
    AsideRow,
    ConversationRow,
    DeliveryRow,
    DigestItemRow,
    EnrollmentRow,
    EventRow,
    MarkRow,
    MeetingRow,
    MessageRow,
    ThreadId,
)

# What stands where a forgotten person's name or address stood in a sentence.
SOMEBODY = "somebody who is forgotten"
_SHORTEST_NAME = 5  # "Ann" stands in too many words; a whole name does not
_AT_ONCE = 400
# What remains and may name them: sentences that we wrote; texts that a later mail may print, which are emptied rather
# than changed; lists of people. Subjects are the others' too, and stand in their mailboxes.
_SENTENCES = (EnrollmentRow.why, DeliveryRow.why, EventRow.why, DigestItemRow.why)
_TEXTS = (MessageRow.text, MessageRow.asks, EnrollmentRow.where, EnrollmentRow.about)
_LISTS = (
    MessageRow.to, MessageRow.cc, MessageRow.bcc, MessageRow.envelope_to, MessageRow.introduces, DeliveryRow.recipients,
    EnrollmentRow.dropped,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """What names a person: the address and whole names."""

    address: str
    names: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (self.address, *self.names)

    def stand_in(self, text: str) -> bool:
        return self._pattern.search(text) is not None

    def left_out_of(self, text: str) -> str:
        """A sentence that names nobody any more."""
        return self._pattern.sub(SOMEBODY, text)

    def less(self, text: str) -> str:
        """A list of people or addresses without this one."""
        items = json.loads(text)
        kept = [i for i in items if canonical(i[1] if isinstance(i, list) else i) != self.address]
        return json.dumps(kept, ensure_ascii=False)

    @property
    def _pattern(self) -> re.Pattern[str]:
        """joann@ann.example is not ann@ann.example, and Anna Archer not Ann Archer."""
        names = "".join(rf"|(?<!\w){re.escape(name)}(?!\w)" for name in self.names)
        return re.compile(rf"(?<![\w.+-]){re.escape(self.address)}(?![\w-]|\.\w){names}", re.IGNORECASE)


class Forgetting:
    """Deletes one person; everything in one transaction, and the file is written anew behind it."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def on_its_way(self, address: str) -> str:
        """A mail to a person, or one that names them, that is not at its end: in a few words; empty where none is."""
        words = Words(address, self._names(address))
        rows = DeliveryRow.select().where(
            DeliveryRow.status.in_(["drafted", "sending", "handed-over"])
            | ((DeliveryRow.status == "sent") & (DeliveryRow.filed == False))  # noqa: E712
            | ((DeliveryRow.draft_folder != "") & DeliveryRow.status.in_(["queued", "cancelled"]))
            | ((DeliveryRow.status == "skipped") & (DeliveryRow.withdraw == True))  # noqa: E712
        )
        for row in rows.execute(self._database):
            if row.address == address or words.stand_in(f"{row.recipients} {_text_of(bytes(row.bytes or b''))}"):
                return (
                    f"a draft to {row.address} lies in {row.draft_folder}"
                    if row.draft_folder
                    else "a mail is on its way"
                )
        unfiled = self._column("SELECT data FROM digest WHERE NOT filed")
        return "a digest is on its way" if any(words.stand_in(_text_of(bytes(data))) for data in unfiled) else ""

    def forget(self, address: str, is_other: Callable[[str], bool]) -> int:
        """Delete; how many rows went or changed. `is_other`: whether an address is another outside person's.

        Raises DatabaseError where the file is busy: nothing was deleted then.
        """
        self._sql("PRAGMA secure_delete = ON")
        with self._database.atomic("IMMEDIATE"):
            words = Words(address, self._names(address))
            count = (
                self._delete(address, is_other) + self._meetings(words) + self._empty_bytes(words) + self._scrub(words)
            )
        try:
            self._sql("VACUUM")  # what was changed before deleting was secure still stands in freed pages
        except DatabaseError as fault:
            raise DatabaseError(
                "Deleted, but the file could not be written anew, so traces may be left in it: another process uses it."
                " Run `forget` once more."
            ) from fault
        return count

    def _sql(self, sql: str, *values: Any) -> Any:
        return self._database.execute_sql(sql, values)

    def _column(self, sql: str, *values: Any) -> list[Any]:
        return [row[0] for row in self._sql(sql, *values).fetchall()]

    # ---- what is theirs

    def _names(self, address: str) -> tuple[str, ...]:
        """Whole names under which the person is stored, the longest first."""
        found = set(self._column("SELECT DISTINCT sender_name FROM message WHERE sender = ?", address))
        found |= set(self._column("SELECT DISTINCT name FROM enrollment WHERE address = ?", address))
        quoted = json.dumps(address, ensure_ascii=False)
        for column in ("to", "cc", "bcc", "introduces"):
            for text in self._column(f'SELECT "{column}" FROM message WHERE instr("{column}", ?)', quoted):
                found |= {name for name, who in json.loads(text) if canonical(who) == address}
        long = {name.strip() for name in found if len(name.strip()) >= _SHORTEST_NAME}
        return tuple(sorted(long, key=len, reverse=True))

    def _delete(self, address: str, is_other: Callable[[str], bool]) -> int:
        mine = self._column("SELECT id FROM enrollment WHERE address = ?", address)
        conversations = self._conversations(address, mine)
        alone = [number for number in conversations if not self._has_other(number, address, is_other)]
        gone = self._messages(address, conversations, alone, is_other)
        count = self._delete_messages(gone)
        for table, column in ((MarkRow, MarkRow.message_id), (AsideRow, AsideRow.message_id)):
            self._delete_where(table, column, [*gone.values()])
        self._delete_where(DigestItemRow, DigestItemRow.message, [*gone.values()])
        for row in (DeliveryRow, EventRow, DigestItemRow):
            count += self._delete_where(row, row.enrollment, mine) + self._delete_where(row, row.address, [address])
        count += self._delete_where(EnrollmentRow, EnrollmentRow.id, mine)
        count += self._delete_where(Acquaintance, Acquaintance.address, [address])
        self._delete_where(ThreadId, ThreadId.conversation, alone)
        self._delete_where(ConversationRow, ConversationRow.id, alone)
        return count + self._delete_where(MeetingRow, MeetingRow.enrollment, mine)

    def _meetings(self, words: Words) -> int:
        """Meetings that name the person, whoever else was there."""
        rows = self._sql("SELECT uid, state FROM meeting").fetchall()
        return self._delete_where(MeetingRow, MeetingRow.uid, [uid for uid, state in rows if words.stand_in(state)])

    def _conversations(self, address: str, enrollments: Iterable[int]) -> list[int]:
        """Those in which the person wrote, was written to, or is enrolled."""
        quoted = json.dumps(address, ensure_ascii=False)
        found = self._column(
            'SELECT DISTINCT conversation FROM message WHERE sender = ? OR instr("to", ?) OR instr(cc, ?) OR instr(bcc, ?)',
            address, quoted, quoted, quoted,
        )  # fmt: skip
        found += self._column("SELECT conversation FROM enrollment WHERE address = ?", address)
        return sorted({number for number in found if number is not None})

    def _has_other(self, conversation: int, address: str, is_other: Callable[[str], bool]) -> bool:
        """Whether a conversation is somebody else's too."""
        if self._column(
            "SELECT 1 FROM enrollment WHERE conversation = ? AND address <> ? LIMIT 1", conversation, address
        ):
            return True
        rows = self._sql('SELECT sender, "to", cc, bcc FROM message WHERE conversation = ?', conversation).fetchall()
        return any(who != address and is_other(who) for row in rows for who in _people(row))

    def _messages(
        self, address: str, conversations: Iterable[int], alone: Iterable[int], is_other: Callable[[str], bool]
    ) -> dict[int, str]:
        """Row and Message-ID of what goes whole: what they wrote, and what went to them alone."""
        only = set(alone)
        gone: dict[int, str] = {}
        for number in conversations:
            rows = self._sql(
                'SELECT id, message_id, sent, sender, "to", cc, bcc FROM message WHERE conversation = ?', number
            )
            for row, message_id, sent, *people in rows.fetchall():
                to = [who for who in _people(people) if is_other(who) or who == address]
                to_them_alone = bool(sent) and bool(to) and set(to) == {address}
                if number in only or people[0] == address or to_them_alone:
                    gone[row] = message_id
        return gone

    def _delete_messages(self, rows: Collection[int]) -> int:
        """What answers them still belongs to their conversation, where that stays."""
        for row in rows:
            columns = "message_id, key, conversation"
            self._sql(f"INSERT INTO thread_id ({columns}) SELECT {columns} FROM message WHERE id = ?", row)
        return self._delete_where(MessageRow, MessageRow.id, list(rows))

    def _delete_where(self, table: Any, column: Any, values: list[Any]) -> int:
        count = 0
        for start in range(0, len(values), _AT_ONCE):
            some = values[start : start + _AT_ONCE]
            count += int(table.delete().where(column.in_(some)).execute(self._database))
        return count

    def _empty_bytes(self, words: Words) -> int:
        """Finished mails to others, and digests, that name the person: their bytes go, what they were stays. One that
        is queued is written anew, without them."""
        count = 0
        for table, column in (("delivery", "bytes"), ("digest", "data")):
            for number in self._column(f"SELECT id FROM {table} WHERE length({column}) > 0"):
                data = bytes(self._column(f"SELECT {column} FROM {table} WHERE id = ?", number)[0])
                if words.stand_in(_text_of(data)):
                    self._sql(f"UPDATE {table} SET {column} = x'' WHERE id = ?", number)
                    self._sql("UPDATE digest SET filed = 1 WHERE length(data) = 0")
                    self._sql("UPDATE delivery SET status = 'cancelled' WHERE status = 'queued' AND length(bytes) = 0")
                    count += 1
        return count

    # ---- what is others' too

    def _scrub(self, words: Words) -> int:
        """Take name and address out of what remains."""
        count = sum(self._rewrite(field, words, words.left_out_of) for field in _SENTENCES)
        count += sum(self._rewrite(field, words, lambda text: "") for field in _TEXTS)
        return count + sum(self._rewrite(field, words, words.less) for field in _LISTS)

    def _rewrite(self, field: Any, words: Words, news: Callable[[str], str]) -> int:
        table, column = field.model._meta.table_name, field.column_name
        asked = [form for word in words.all for form in dict.fromkeys((word.lower(), word))]
        found = " OR ".join(f'instr(lower("{column}"), ?) OR instr("{column}", ?)' for _ in asked)
        values = [form for form in asked for _ in range(2)]
        rows = self._sql(f'SELECT rowid, "{column}" FROM "{table}" WHERE {found}', *values)
        changed = [(row, news(text)) for row, text in rows.fetchall() if words.stand_in(text)]
        for row, text in changed:
            self._sql(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', text, row)
        return len(changed)


def _people(row: Iterable[str]) -> Iterator[str]:
    """The addresses of sender, To, Cc and Bcc columns."""
    sender, *lists = row
    yield sender
    for text in lists:
        yield from (who for _, who in json.loads(text))


def _text_of(data: bytes) -> str:
    """All of a mail of ours that can be read: its headers and texts."""
    message = message_from_bytes(data, policy=default)
    parts = [str(part.get_content()) for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join((*map(str, message.values()), *parts))
