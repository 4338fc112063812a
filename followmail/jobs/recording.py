"""Puts messages of a folder into the store, and asks the server for history that the store lacks.

Shared by the jobs that read: watching takes what is new, judging asks for what a verdict needs.
"""

import contextlib
import gc
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import islice

from followmail.errors import CommandRefused
from followmail.imap import reader
from followmail.imap.folders import UNSENT, Folder, Role
from followmail.imap.session import Session
from followmail.jobs.cycle import Cycle
from followmail.jobs.drafts_folder import lay_in_drafts, version_of
from followmail.jobs.forgotten import less_forgotten
from followmail.mail import message as mail_message
from followmail.mail.author import by_author
from followmail.mail.identity import is_address
from followmail.mail.message import Message
from followmail.mail.msgid import is_askable, is_digest, is_ours
from followmail.sequence import marks
from followmail.sequence.happened import Happened
from followmail.store.conversations import Found, Place

CHUNK = 2_000  # messages in one transaction
# So many people are asked about in one search.
ASKED_AT_ONCE = 40
# So many missing ancestors are asked for; the nearest first.
MOST_ANCESTORS = 5
# So many messages of a folder may bear one id, or seem to.
MOST_COPIES = 5
_Read = tuple[reader.Head, Message]
_OWN_MAIL = UNSENT | {Role.SENT}
_ARRIVED = frozenset({Role.INBOX, Role.JUNK, Role.TRASH, Role.ALL})


def record(
    session: Session,
    c: Cycle,
    folder: Folder,
    uidvalidity: int,
    uids: Sequence[int],
    read_anew: bool,
    judged: bool = False,
    unread: list[reader.Head] | None = None,
) -> Iterator[Message]:
    """Read these messages and remember them, while what is new is taken from it: a whole mailbox fits in no memory.

    `unread`: where those go that cannot be read; without it each is told at once.
    """
    desk = _Desk(session, c, folder, uidvalidity, read_anew, unread)
    done = 0
    with _no_search_for_cycles():
        for read in _chunks(map(_read, reader.heads(session, folder.name, uids, anew=False))):
            received = desk.received(read)
            with c.store.transaction():
                desk.anybody_forgotten = c.store.suppressions.has_forgotten
                found = [one for head, message in read if (one := desk.found(head, message, received)) is not None]
                new = c.store.conversations.record_all(found, c.now, judged)
            yield from new
            done += len(read)
            c.progress(folder.name, done, len(uids))


@contextlib.contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Messages hold none, and looking for them among so many takes an eighth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Desk:
    """What is told of each message of one folder before it is stored."""

    def __init__(
        self, session: Session, c: Cycle, folder: Folder, uidvalidity: int, read_anew: bool, unread: list[reader.Head] | None
    ) -> None:  # fmt: skip
        self._session, self._c, self._folder, self._uidvalidity = session, c, folder, uidvalidity
        self._read_anew, self._unread = read_anew, unread
        self.anybody_forgotten = True
        self._mark = mark_of(folder)
        self._drafts = lay_in_drafts(c.store) if folder.role not in _OWN_MAIL | _ARRIVED else frozenset()
        self._is_own = lru_cache(maxsize=2048)(c.identity.is_own)

    def found(self, head: reader.Head, read: Message, received: frozenset[int]) -> Found | None:
        """A message as it is to be remembered; None: it is not. Marks are taken down."""
        c, mark = self._c, self._mark
        if head.fault:
            if self._unread is None:
                tell_unreadable(c, head)
            else:
                self._unread.append(head)
            return None
        if self._folder.role not in _OWN_MAIL:
            read = by_author(read, c.identity, self._is_awaited)
        message = less_forgotten(c, read) if self.anybody_forgotten else read
        if message is None:
            if mark is not None:
                why = f"a mail of somebody who was forgotten lies in {self._folder.name}: they are never mailed again"
                c.store.events.add(c.now, Happened.MARK_REFUSED, why)
            return None
        own = self._is_own(message.sender.address)
        if own and self._is_draft(head, message):
            if is_ours(message.id) and self._folder.role is Role.DRAFTS:
                c.store.outbox.draft_came(message.id, self._folder.name)
            if mark is not None and not self._read_anew:
                _refuse_draft(c, message, mark)
            return None
        place = Place(self._folder.name, self._uidvalidity, head.uid)
        if mark is not None:
            c.store.conversations.mark(message.id, mark.word, place, c.now, self._read_anew)
        role = self._folder.role
        here = role is Role.SENT or (role not in _ARRIVED and head.uid not in received)
        # A digest, wherever it is moved, is from us to the consultant.
        return Found(message, own and here and not is_digest(message.id), place)

    def _is_awaited(self, address: str) -> bool:
        return self._c.store.enrollments.live_of(address) is not None

    def received(self, read: list[_Read]) -> frozenset[int]:
        """UIDs of own messages outside the usual folders that came in over the network (RFC 5321 §4.4): no sent ones."""
        if self._folder.role is Role.SENT or self._folder.role in _ARRIVED:
            return frozenset()
        own = [head.uid for head, message in read if self._is_own(message.sender.address)]
        heads = reader.heads(self._session, self._folder.name, own, fields=("Received",), anew=False)
        return frozenset(h.uid for h in heads if mail_message.read(h.header).received)

    def _is_draft(self, head: reader.Head, message: Message) -> bool:
        if self._folder.role in UNSENT or "\\draft" in {flag.lower() for flag in head.flags}:
            return True
        return bool(self._drafts) and version_of(message) in self._drafts


def tell_unreadable(c: Cycle, head: reader.Head) -> None:
    """A message that the server has, and does not give."""
    c.store.events.add(c.now, Happened.UNREADABLE, f"UID {head.uid} in {head.folder}: {head.fault}")


def _refuse_draft(c: Cycle, message: Message, mark: marks.Mark) -> None:
    why = f"+{mark.word} on '{message.subject}': it is a draft, and a draft is no mail yet; send it first"
    c.store.events.add(c.now, Happened.MARK_REFUSED, why)


def mark_of(folder: Folder) -> marks.Mark | None:
    """What it means that a message lies in this folder, below the account's prefix or below INBOX."""
    name = folder.name.removeprefix(folder.prefix)
    parts = tuple(name.split(folder.delimiter)) if folder.delimiter else (name,)
    return marks.folder_mark(parts[1:] if parts[0].upper() == "INBOX" else parts)


def _read(head: reader.Head) -> _Read:
    """The message, and its head without the bytes."""
    folder, uid, arrived, flags, size, header, fault = head
    return reader.Head(folder, uid, arrived, flags, size, b"", fault), mail_message.read(header, arrived, size)


def _chunks(heads: Iterator[_Read]) -> Iterator[list[_Read]]:
    while chunk := list(islice(heads, CHUNK)):
        yield chunk


# ---- history


def record_history(
    session: Session, c: Cycle, folder: Folder, uids: Iterable[int], judged: bool = True
) -> tuple[Message, ...]:
    """Record these messages as history, which begins nothing; gives those that were new."""
    uidvalidity = session.enter(folder.name).uidvalidity
    return tuple(record(session, c, folder, uidvalidity, sorted(uids), read_anew=True, judged=judged))


def acquaint(session: Session, c: Cycle, folders: Iterable[Folder], addresses: Iterable[str]) -> None:
    """Ask the server when these people first wrote to the consultant, all in one search a folder; it is remembered.

    The hits are compared again: FROM matches parts of addresses (RFC 9051 §6.4.4). An address that cannot be asked for
    stays unknown, and what is unknown begins no first contact.
    """
    wanted = [a for a in dict.fromkeys(addresses) if is_address(a) and a.isascii()]
    first: dict[str, datetime | None] = dict.fromkeys(wanted)
    for _, message in from_addresses(session, folders, wanted):
        address, at = message.sender.address, message.sent_on
        if at is not None:
            first[address] = min(first[address] or at, at)
    with c.store.transaction():
        for address, moment in first.items():
            c.store.conversations.set_acquaintance(address, moment, c.now)


def from_addresses(
    session: Session, folders: Iterable[Folder], addresses: Sequence[str], before: date | None = None
) -> Iterator[tuple[reader.Head, Message]]:
    """What these people wrote to the consultant, all asked for in one search a folder; of each author, date and id alone.
    `before`: what came before that day."""
    for folder in folders:
        if folder.role in _OWN_MAIL or folder.messages == 0:
            continue
        for start in range(0, len(addresses), ASKED_AT_ONCE):
            uids = reader.uids_from_addresses(session, folder.name, addresses[start : start + ASKED_AT_ONCE], before)
            for head in reader.heads(session, folder.name, uids, fields=("From", "Date", "Message-ID"), anew=False):
                message = mail_message.read(head.header, head.arrived)
                if message.sender.address in addresses:
                    yield head, message


def complete(
    session: Session,
    c: Cycle,
    folders: Iterable[Folder],
    messages: Iterable[Message],
    asked: set[str],
    judged: bool = True,
) -> bool:
    """Ask for the messages that these refer to and that are not in the store, of each the nearest; whether any was found.

    All in one search a folder. `asked`: the ids for which the folders were searched already; those of now are added.
    """
    knows = c.store.conversations.knows_id
    missing = [[i for i in m.answers if is_askable(i) and not knows(i)][:MOST_ANCESTORS] for m in messages]
    wanted = [i for i in dict.fromkeys(i for ids in missing for i in ids) if i not in asked]
    asked.update(wanted)
    found = False
    for folder in folders:
        for start in range(0, len(wanted), ASKED_AT_ONCE):
            found |= _search_for(session, c, folder, wanted[start : start + ASKED_AT_ONCE], judged)
        wanted = [i for i in wanted if not knows(i)]
    return found


def _search_for(session: Session, c: Cycle, folder: Folder, ids: list[str], judged: bool) -> bool:
    """Record the messages of a folder that bear these ids; whether there was any."""
    try:
        uids = reader.uids_by_ids(session, folder.name, ids)
    except CommandRefused:  # one of them may be at fault
        return len(ids) > 1 and sum(_search_for(session, c, folder, [one], judged) for one in ids) > 0
    return bool(uids and record_history(session, c, folder, uids[: MOST_COPIES * len(ids)], judged))
