"""Puts messages of a folder into the store, and asks the server for history that the store lacks.

Shared by the jobs that read: watching takes what is new, judging asks for what a verdict needs.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
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
from followmail.mail.identity import is_address
from followmail.mail.message import Message
from followmail.mail.msgid import is_askable, is_digest
from followmail.sequence import marks
from followmail.sequence.happened import Happened
from followmail.store.conversations import Found, Place

CHUNK = 1_000  # messages in one transaction
# So many people are asked about in one search.
ASKED_AT_ONCE = 40
# So many missing ancestors are asked for; the nearest first.
MOST_ANCESTORS = 5
_OWN_MAIL = UNSENT | {Role.SENT}
_ARRIVED = frozenset({Role.INBOX, Role.JUNK, Role.TRASH, Role.ALL})


def record(
    session: Session, c: Cycle, folder: Folder, uidvalidity: int, uids: list[int], read_anew: bool, judged: bool = False
) -> Iterator[Message]:
    """Read these messages and remember them, while what is new is taken from it: a whole mailbox fits in no memory."""
    desk = _Desk(session, c, folder, uidvalidity, read_anew)
    done = 0
    for heads in _chunks(reader.heads(session, folder.name, uids, anew=False)):
        read = [(head, mail_message.read(head.header, head.arrived, head.size)) for head in heads]
        received = desk.received(read)
        with c.store.transaction():
            desk.anybody_forgotten = c.store.suppressions.has_forgotten
            found = [one for head, message in read if (one := desk.found(head, message, received)) is not None]
            new = c.store.conversations.record_all(found, c.now, judged)
        yield from new
        done += len(heads)
        c.progress(folder.name, done, len(uids))


class _Desk:
    """What is told of each message of one folder before it is stored."""

    def __init__(self, session: Session, c: Cycle, folder: Folder, uidvalidity: int, read_anew: bool) -> None:
        self._session, self._c, self._folder, self._uidvalidity, self._read_anew = (
            session,
            c,
            folder,
            uidvalidity,
            read_anew,
        )
        self.anybody_forgotten = True
        self._mark = mark_of(folder)
        self._drafts = lay_in_drafts(c.store) if folder.role not in _OWN_MAIL | _ARRIVED else frozenset()
        self._is_own = lru_cache(maxsize=256)(c.identity.is_own)

    def found(self, head: reader.Head, read: Message, received: frozenset[int]) -> Found | None:
        """A message as it is to be remembered; None: it is not. Marks are taken down."""
        c, mark = self._c, self._mark
        if head.fault:
            c.store.events.add(c.now, Happened.UNREADABLE, f"UID {head.uid} in {self._folder.name}: {head.fault}")
            return None
        message = less_forgotten(c, read) if self.anybody_forgotten else read
        if message is None:
            if mark is not None:
                why = f"a mail of somebody who was forgotten lies in {self._folder.name}: they are never mailed again"
                c.store.events.add(c.now, Happened.MARK_REFUSED, why)
            return None
        own = self._is_own(message.sender.address)
        if own and self._is_draft(head, message):
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

    def received(self, read: list[tuple[reader.Head, Message]]) -> frozenset[int]:
        """UIDs of own messages outside the usual folders that came in over the network (RFC 5321 §4.4): no sent ones."""
        if self._folder.role is Role.SENT or self._folder.role in _ARRIVED:
            return frozenset()
        own = [head.uid for head, message in read if self._is_own(message.sender.address)]
        heads = reader.heads(self._session, self._folder.name, own, fields=("Received",)) if own else ()
        return frozenset(h.uid for h in heads if mail_message.read(h.header).received)

    def _is_draft(self, head: reader.Head, message: Message) -> bool:
        if self._folder.role in UNSENT or "\\draft" in {flag.lower() for flag in head.flags}:
            return True
        return bool(self._drafts) and version_of(message) in self._drafts


def _refuse_draft(c: Cycle, message: Message, mark: marks.Mark) -> None:
    why = f"+{mark.word} on '{message.subject}': it is a draft, and a draft is no mail yet; send it first"
    c.store.events.add(c.now, Happened.MARK_REFUSED, why)


def mark_of(folder: Folder) -> marks.Mark | None:
    """What it means that a message lies in this folder, below the account's prefix or below INBOX."""
    name = folder.name.removeprefix(folder.prefix)
    parts = tuple(name.split(folder.delimiter)) if folder.delimiter else (name,)
    return marks.folder_mark(parts[1:] if parts[0].upper() == "INBOX" else parts)


def _chunks(heads: Iterator[reader.Head]) -> Iterator[list[reader.Head]]:
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
    for folder in folders:
        if folder.role in _OWN_MAIL or not wanted:
            continue
        for start in range(0, len(wanted), ASKED_AT_ONCE):
            uids = reader.uids_from_addresses(session, folder.name, wanted[start : start + ASKED_AT_ONCE])
            for head in reader.heads(session, folder.name, uids, fields=("From", "Date")):
                message = mail_message.read(head.header, head.arrived)
                address, at = message.sender.address, message.sent_on
                if address in first and at is not None:
                    first[address] = min(first[address] or at, at)
    for address, moment in first.items():
        c.store.conversations.set_acquaintance(address, moment, c.now)


def complete(session: Session, c: Cycle, folders: Iterable[Folder], message: Message, judged: bool = True) -> None:
    """Ask for the messages that this one refers to and that are not in the store, the nearest first."""
    folders = list(folders)
    missing = [i for i in message.answers if is_askable(i) and not c.store.conversations.knows_id(i)]
    for wanted in missing[:MOST_ANCESTORS]:
        for folder in folders:
            try:
                uids = reader.uids_by_header(session, folder.name, "Message-ID", wanted)
            except CommandRefused:
                continue
            if uids and any(m.id == wanted for m in record_history(session, c, folder, uids[:5], judged)):
                break
