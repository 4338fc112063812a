"""Messages and the conversations that they make (RFC 5322 §3.6.4)."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from followmail.mail.identity import dns, in_letters, mailbox
from followmail.mail.kinds import Kind
from followmail.mail.message import Message
from followmail.sequence.conversation import Conversation
from followmail.sequence.happened import Happened
from followmail.store.keys import key_of, key_of_address
from followmail.store.messages import (
    INSERT,
    READ,
    Found,
    Known,
    Place,
    headers,
    known,
    people_in,
    people_out,
    row_of,
    stand_in,
    tying,
)
from followmail.store.opening import translated
from followmail.store.rows import Rows, marks
from followmail.store.schema import (
    Acquaintance,
    ConversationRow,
    EnrollmentRow,
    MarkRow,
    MessageRow,
    ThreadId,
)
from followmail.store.ties import Ties

__all__ = ["Conversations", "Found", "Known", "Place"]

# The message table is what grows with the mailbox, so its statements are written once, not built at every call.
_ROWS = Rows(MessageRow)
_ID, _SENDER = "key = ? AND message_id = ?", "sender_key = ? AND mailbox(sender) = ?"
_SEEN = "id, sender, sent, bcc, envelope_to, date, base_subject, is_list"
_MINUTE = 60_000_000  # microseconds
_DOMAIN = "substr(sender, instr(sender, '@') + 1)"
_TIE = "INSERT INTO thread_id (message_id, key, conversation) VALUES (?, ?, ?)"
_DRAFT_KEPT = timedelta(days=31)
_AT_ONCE = 512  # values in one list: older SQLite takes 999 in a statement


class Conversations:
    """Records messages, each once, and ties them."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def record(self, message: Message, sent: bool, place: Place | None, seen: datetime, judged: bool = False) -> bool:
        """Remember a message; True when it is new, or newly known to be the consultant's own sent one.

        A second copy of a known message changes only where it lies; one that no list carried counts before one that a
        list did. Two mails that share an id but not their author, or not their date, stay two.
        """
        row = self._find(message.id)
        if row is not None and not _is_copy(row, message, sent):
            if sent and not row[2]:
                self._yield_id(message.id)
            else:
                message = message._replace(id=stand_in(message))
            row = self._find(message.id)
        if row is None:
            self._insert([Found(message, sent, place)], {}, seen, judged)
            return True
        return self._see_again(row, message, sent, place, judged)

    def record_all(self, found: Sequence[Found], seen: datetime, judged: bool = False) -> list[Message]:
        """`record` for each, in their order; gives those for which it is True. New ones are stored together."""
        keys = {one.message.id: key_of(one.message.id) for one in found}
        there = set(self._among("message", keys))
        fresh: dict[str, Found] = {}
        new = []
        for one in found:
            message = one.message
            if message.id in fresh:  # a second copy, or a second mail with the same id
                self._insert(fresh.values(), keys, seen, judged)
                there |= fresh.keys()
                fresh.clear()
            if message.id not in there:
                fresh[message.id] = one
            elif not self.record(message, one.sent, one.place, seen, judged):
                continue
            new.append(message)
        self._insert(fresh.values(), keys, seen, judged)
        return new

    def _yield_id(self, message_id: str) -> None:
        """The consultant's sent mail bears its id by right: somebody else's that came first with the same id goes on
        under a stand-in, in a conversation of its own; what refers to the id stays."""
        other = self.find(message_id)
        if other is not None:
            other_id = stand_in(other.entry.message)
            values = (other_id, key_of(other_id), self.new(), other.row)
            self._sql("UPDATE message SET message_id = ?, key = ?, conversation = ? WHERE id = ?", *values)
            self.learn_id(message_id, other.conversation)

    def _sql(self, sql: str, *values: Any) -> Any:
        return self._database.execute_sql(sql, values)

    def _find(self, message_id: str) -> Any:
        found = self._sql(f"SELECT {_SEEN} FROM message WHERE {_ID}", *_by_id(message_id))
        return found.fetchone()

    def _see_again(self, row: Any, message: Message, sent: bool, place: Place | None, judged: bool) -> bool:
        number, _, was_sent, bcc, envelope_to, *_, was_list = row
        news: dict[str, Any] = {}
        if place is not None and (was_list or not message.is_list):
            news |= {"folder": place.folder, "uidvalidity": place.uidvalidity, "uid": place.uid}
        newly_sent = sent and not was_sent
        if newly_sent:  # the copy in Sent is the consultant's; one that arrived may be forged
            news |= zip(READ, headers(message), strict=True)
        addressed = [a for a in message.envelope_to if a not in json.loads(envelope_to)]
        hidden = [p for p in message.bcc if p not in people_in(bcc)]
        if (
            addressed or hidden
        ):  # the copy that arrived by a plus address says more than the one in Sent, or the reverse
            news["envelope_to"] = json.dumps([*json.loads(envelope_to), *addressed])
            news["bcc"] = people_out((*people_in(bcc), *hidden))
        says_more = bool(addressed or hidden) and (sent or bool(was_sent))
        if newly_sent or says_more:
            news |= {"sent": True, "judged": judged}
        elif was_list and not message.is_list and not was_sent:  # read anew: as a list's it may have meant nothing
            news |= {"is_list": False, "list_post": "", "kind": None, "need": None, "judged": judged}
        if news:
            columns = ", ".join(f'"{name}" = ?' for name in news)
            self._sql(f"UPDATE message SET {columns} WHERE id = ?", *news.values(), number)
        return newly_sent or says_more

    def _insert(self, found: Collection[Found], known: Mapping[str, int], seen: datetime, judged: bool) -> None:
        """Messages whose ids no row has yet. `known`: keys of some ids."""
        if found:
            with self._database.atomic():
                ids = [tying(one.message) for one in found]
                keys = {i: known.get(i) or key_of(i) for some in ids for i in some}
                conversations, moment = self._tie(ids, keys), MessageRow.seen.db_value(seen)
                rows = (
                    row_of(one, keys[one.message.id], number, moment, judged)
                    for one, number in zip(found, conversations, strict=True)
                )
                self._many(INSERT, rows)

    def _tie(self, messages: Sequence[tuple[str, ...]], keys: Mapping[str, int]) -> list[int]:
        """The conversation of each message, by its ids, its own first, which no row bears yet; several become one."""
        own = {ids[0] for ids in messages}
        known = self._among("message", {i: key for i, key in keys.items() if i not in own})
        known |= self._among("thread_id", keys)
        ties = Ties(known, self._sql("SELECT coalesce(max(id), 0) + 1 FROM conversation").fetchone()[0])
        tied = [ties.tie(ids) for ids in messages]
        for other, target in ties.joined:
            self.join(other, target)
        self._many("INSERT INTO conversation (id, off) VALUES (?, 0)", ((number,) for number in ties.made))
        self._many(_TIE, ((i, keys[i], number) for i, number in ties.fresh if i not in own))
        return [ties.now(number) for number in tied]

    def _many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with translated():
            self._database.connection().executemany(sql, rows)

    def _among(self, table: str, keys: Mapping[str, int]) -> dict[str, int]:
        """Of these ids, given with their keys, those that a table has, and their conversations."""
        found: dict[str, int] = {}
        wanted = list(keys.values())
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            some += some[-1:] * (2 ** (len(some) - 1).bit_length() - len(some))  # a few statements do for all, and stay
            rows = self._sql(f"SELECT message_id, conversation FROM {table} WHERE key IN ({marks(len(some))})", *some)
            found.update(row for row in rows.fetchall() if row[0] in keys)
        return found

    def new(self) -> int:
        """A conversation that has no message yet."""
        return int(self._sql("INSERT INTO conversation (off) VALUES (0)").lastrowid)

    def join(self, other: int, target: int) -> None:
        """Make two conversations one."""
        if other == target:
            return
        for table in (ThreadId, MessageRow, EnrollmentRow):
            table.update(conversation=target).where(table.conversation == other).execute(self._database)
        if self.is_off(other):
            self.set_off(target)
        ConversationRow.delete().where(ConversationRow.id == other).execute(self._database)

    def learn_id(self, message_id: str, conversation: int) -> None:
        """Tie one more id to a conversation: the one by which the provider replaced ours, or one of ours."""
        if self.conversation_of([message_id]) is None:
            self._sql(_TIE, message_id, key_of(message_id), conversation)

    def knows_id(self, message_id: str) -> bool:
        """Whether a message with this id was seen (referred to is not enough)."""
        return self._find(message_id) is not None

    def conversation_of(self, ids: Iterable[str]) -> int | None:
        """The conversation that any of these ids belongs to."""
        keys = {i: key_of(i) for i in ids}
        found = self._among("message", keys) or self._among("thread_id", keys)
        return next(iter(found.values()), None)

    def ids_of(self, conversation: int) -> frozenset[str]:
        told = "SELECT message_id FROM {} WHERE conversation = ?"
        rows = self._sql(f"{told.format('thread_id')} UNION {told.format('message')}", conversation, conversation)
        return frozenset(str(row[0]) for row in rows.fetchall())

    def get(self, conversation: int) -> Conversation:
        """A conversation with all its entries, oldest first."""
        entries = [known.entry for known in self._known("conversation = ?", conversation)]
        entries.sort(key=lambda entry: entry.at)
        return Conversation(conversation, tuple(entries), self.is_off(conversation))

    def find(self, message_id: str) -> Known | None:
        return next(self._known(_ID, *_by_id(message_id)), None)

    def unjudged(self) -> Iterator[Known]:
        """Messages whose effect has not been worked out, oldest first."""
        return self._known("judged = 0 ORDER BY date, arrived, id")

    def recorded_after(self, row: int, since: datetime) -> tuple[Known, ...]:
        """Messages with a higher row number, in their order; those that are older than `since` left out."""
        return tuple(
            self._known(
                "id > ? AND (date >= ? OR arrived >= ?) ORDER BY id", row, *2 * (MessageRow.date.db_value(since),)
            )
        )

    def newest(self) -> int:
        """The highest row number; 0 where nothing is remembered."""
        return int(self._sql("SELECT max(id) FROM message").fetchone()[0] or 0)

    def set_judged(self, rows: Iterable[int]) -> None:
        """What these messages do has been done."""
        with self._database.atomic():
            for row in rows:
                self._sql("UPDATE message SET judged = 1 WHERE id = ?", row)

    def count_attempt(self, row: int) -> int:
        """One more try at a message that could not be worked out; how many there were."""
        MessageRow.update(attempts=MessageRow.attempts + 1).where(MessageRow.id == row).execute(self._database)
        found = self._sql("SELECT attempts FROM message WHERE id = ?", row).fetchone()
        return int(found[0]) if found else 0

    def set_aside(self, since: datetime) -> tuple[Known, ...]:
        """Messages seen since then that could not be worked out, however often it was tried. Found by the history, which
        tells of each, for no index knows how often a message was tried."""
        moment = MessageRow.seen.db_value(since)
        told = self._sql(
            "SELECT DISTINCT address FROM event WHERE at >= ? AND event = ?", moment, Happened.SET_ASIDE.value
        )
        condition = f"{_SENDER} AND attempts >= 3 AND seen >= ?"
        return tuple(known for (who,) in told.fetchall() for known in self._known(condition, *_by(who), moment))

    def set_read(self, row: int, kind: Kind | None, text: str, language: str | None, asks: str | None) -> None:
        """What a message was read as. `asks` None: what it asks stays as it is known."""
        news = {"kind": kind.value if kind else None, "text": text[:20_000], "language": language}
        MessageRow.update(news if asks is None else news | {"asks": asks}).where(MessageRow.id == row).execute(
            self._database
        )

    def set_phone(self, row: int, phone: str) -> None:
        """The number in a message's signature; "" where it has none."""
        MessageRow.update(phone=phone).where(MessageRow.id == row).execute(self._database)

    def set_step(self, row: int) -> None:
        """This message of the consultant's counts as a step."""
        MessageRow.update(step=True).where(MessageRow.id == row).execute(self._database)

    def bearing_since(
        self, moment: datetime, conversation: int | None, people: Iterable[str], company: str | None, subjects: Iterable[str]
    ) -> tuple[Known, ...]:  # fmt: skip
        """Incoming messages since a moment that may bear on an enrollment, oldest first: a superset, judged elsewhere."""
        stamp = MessageRow.date.db_value(moment)
        values: list[object] = list(map(key_of_address, people))
        ties: list[str] = [f"sender_key IN ({marks(len(values))}) OR {_REPORTS}"]
        late, since = "date >= ? OR arrived >= ?", [stamp, stamp]
        if conversation is not None:  # what refers to the anchor is after it, whatever its clock says
            ties.append("conversation = ?")
            values.append(conversation)
            late += " OR conversation = ?"
            since.append(conversation)
        for name in {dns(company), in_letters(dns(company))} if company else ():
            ties.append(f"{_DOMAIN} = ? OR {_DOMAIN} LIKE ? OR (sender <> '' AND ? LIKE '%.' || {_DOMAIN})")
            values += [name, f"%.{name}", name]
        for subject in subjects:
            ties.append("base_subject = ?")
            values.append(subject)
        found = self._known(f"sent = 0 AND ({late}) AND ({' OR '.join(ties)})", *since, *values)
        return tuple(sorted(found, key=lambda known: known.entry.message.later or known.entry.at))

    def written_to(self, conversations: Iterable[int]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Each message of the consultant's in these conversations: which one, and the addresses in its To and Cc."""
        wanted = list(conversations)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            sql = f'SELECT conversation, "to", cc FROM message WHERE conversation IN ({marks(len(some))}) AND +sent = 1'
            for conversation, to, cc in self._sql(sql, *some).fetchall():
                yield conversation, tuple(p.address for p in (*people_in(to), *people_in(cc)))

    def written_under(self, base_subject: str) -> tuple[int, ...]:
        """The conversations in which the consultant wrote under this base subject; none under an empty one."""
        if not base_subject:
            return ()
        rows = self._sql("SELECT DISTINCT conversation FROM message WHERE base_subject = ? AND sent = 1", base_subject)
        return tuple(int(row[0]) for row in rows)

    def sent_since(self, moment: datetime) -> tuple[Known, ...]:
        """The consultant's messages since a moment, by the later of Date and INTERNALDATE: a Date may be kept from an old
        draft. One that is older than any draft tells of a mailbox that moved."""
        since, oldest = MessageRow.date.db_value(moment), MessageRow.date.db_value(moment - _DRAFT_KEPT)
        return tuple(self._known("sent = 1 AND date >= ? AND (date >= ? OR arrived >= ?)", oldest, since, since))

    def last_sent_to(self, address: str) -> Known | None:
        """The consultant's latest message to an address, steps of ours aside, as far as the store knows."""
        quoted = json.dumps(address, ensure_ascii=False)
        rows = self._known('sent = 1 AND step = 0 AND (instr("to", ?) OR instr(cc, ?))', quoted, quoted)
        mine = [known for known in rows if known.entry.is_to(address)]
        return max(mine, key=lambda known: known.entry.at, default=None)

    def last_sent_in(self, folder: str) -> int:
        """When the newest sent message of a folder was sent, in microseconds since 1970; 0 without one."""
        found = self._sql("SELECT max(date) FROM message WHERE folder = ? AND sent = 1", folder)
        return int(found.fetchone()[0] or 0)

    def of_address(self, address: str) -> tuple[Known, ...]:
        """What an address wrote."""
        return tuple(self._known(_SENDER, *_by(address)))

    def is_list_address(self, address: str) -> bool:
        """Whether an address stands in the List-Post of a received message (RFC 2369 §3.4)."""
        query = "SELECT 1 FROM message WHERE list_post = ? AND list_post <> '' LIMIT 1"
        return self._sql(query, address).fetchone() is not None

    def is_ours(self, conversation: int) -> bool:
        """Whether the consultant wrote in it."""
        found = self._sql("SELECT 1 FROM message WHERE conversation = ? AND sent = 1 LIMIT 1", conversation)
        return found.fetchone() is not None

    def is_off(self, conversation: int) -> bool:
        return self._sql("SELECT 1 FROM conversation WHERE id = ? AND off", conversation).fetchone() is not None

    def set_off(self, conversation: int) -> None:
        """Never follow this conversation up."""
        ConversationRow.update(off=True).where(ConversationRow.id == conversation).execute(self._database)

    # ---- marks by folder

    def mark(self, message_id: str, word: str, place: Place, seen: datetime, read_anew: bool) -> None:
        """A message lies in a folder that means something. Read anew, a mark that is known is not made again."""
        if read_anew and MarkRow.select().where((MarkRow.message_id == message_id) & (MarkRow.word == word)).count(
            self._database
        ):
            return
        where = f"{place.folder}/{place.uidvalidity}/{place.uid}"
        MarkRow.insert(message_id=message_id, word=word, place=where, seen=seen).on_conflict_ignore().execute(
            self._database
        )

    def new_marks(self) -> tuple[tuple[str, str, datetime], ...]:
        """Marks that have not been obeyed yet: (Message-ID, word, when it was seen)."""
        rows = MarkRow.select().where(MarkRow.judged == False)  # noqa: E712
        return tuple((r.message_id, r.word, r.seen) for r in rows.order_by(MarkRow.seen).execute(self._database))

    def obeyed(self, message_id: str, word: str) -> None:
        MarkRow.update(judged=True).where((MarkRow.message_id == message_id) & (MarkRow.word == word)).execute(
            self._database
        )

    def was_obeyed(self, message_id: str, word: str) -> bool:
        """Whether a mark on this message was obeyed before, or refused."""
        mine = (MarkRow.message_id == message_id) & (MarkRow.word == word) & (MarkRow.judged == True)  # noqa: E712
        return bool(MarkRow.select().where(mine).count(self._database))

    def set_obeyed(self, message_id: str, word: str, seen: datetime) -> None:
        """Remember that a mark that lies in no folder was obeyed, or refused."""
        MarkRow.insert(message_id=message_id, word=word, place="", seen=seen, judged=True).on_conflict_ignore().execute(
            self._database
        )

    # ---- acquaintance: had they ever written?

    def first_wrote(self, address: str) -> datetime | None:
        """When this person first wrote to the consultant, as far as is known; None: never, or nobody asked."""
        heard = self._sql(
            f"SELECT min(coalesce(date, arrived)) FROM message WHERE {_SENDER} AND +sent = 0 AND auto_submitted = 0",
            *_by(address),
        )
        moments = [MessageRow.date.python_value(value) for (value,) in heard]
        asked = Acquaintance.select().where(Acquaintance.address == address).execute(self._database)
        return min(filter(None, (*moments, *(row.first_wrote for row in asked))), default=None)

    def is_acquainted(self, address: str) -> bool:
        """Whether the server was asked about this address."""
        return self._sql("SELECT 1 FROM acquaintance WHERE address = ?", address).fetchone() is not None

    def set_acquaintance(self, address: str, first_wrote: datetime | None, asked: datetime) -> None:
        """What the server said: when they first wrote; None: never."""
        Acquaintance.insert(address=address, first_wrote=first_wrote, asked=asked).on_conflict_replace().execute(
            self._database
        )

    def _known(self, where: str, *values: Any) -> Iterator[Known]:
        return map(known, _ROWS.where(self._database, where, *values))


def _is_copy(row: Any, message: Message, sent: bool) -> bool:
    """Whether a mail is the one in this row (`_SEEN`), whose id it bears. Some programs give one id to all their mails."""
    _, sender, was_sent, *_, stamp, base_subject, _ = row
    if sender != message.sender.address or sent or was_sent:
        return bool(sender == message.sender.address)
    date = MessageRow.date.db_value(message.date)
    if date is None or stamp is None:
        return bool(date == stamp and base_subject == message.base_subject)
    return bool(abs(date - stamp) < _MINUTE)


def _by_id(message_id: str) -> tuple[int, str]:
    """The values of `_ID`."""
    return key_of(message_id), message_id


def _by(address: str) -> tuple[int, str]:
    """The values of `_SENDER`."""
    return key_of_address(address), mailbox(address)


# What may report on a mail of ours, by its headers.
_REPORTS = (
    "null_return_path = 1 OR failed_recipients = 1 OR content_type LIKE 'multipart/report%'"
    " OR sender LIKE 'mailer-daemon@%' OR sender LIKE 'postmaster@%' OR sender LIKE 'microsoftexchange%' OR sender = ''"
)
