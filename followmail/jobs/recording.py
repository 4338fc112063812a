"""Puts messages of a folder into the store, and asks the server for history that the store lacks.

Shared by the jobs that read: watching takes what is new, judging asks for what a verdict needs.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from followmail.errors import CommandRefused
from followmail.imap import reader
from followmail.imap.folders import Folder, Role
from followmail.imap.session import Session
from followmail.jobs.cycle import Cycle
from followmail.mail import message as mail_message
from followmail.mail.identity import is_address
from followmail.mail.message import Message
from followmail.mail.msgid import is_askable
from followmail.sequence import marks
from followmail.store.conversations import Place

CHUNK = 500
# So many of somebody's messages tell when they first wrote, and what the conversation was.
MOST_HISTORY = 50
# So many missing ancestors are asked for; the nearest first.
MOST_ANCESTORS = 5
_UNSENT = frozenset({Role.DRAFTS, Role.OUTBOX, Role.SCHEDULED, Role.TEMPLATES})
_ARRIVED = frozenset({Role.INBOX, Role.JUNK, Role.TRASH, Role.ALL})


def record(
    session: Session, c: Cycle, folder: Folder, uidvalidity: int, uids: list[int], read_anew: bool, judged: bool = False
) -> tuple[Message, ...]:
    """Read these messages and remember them; gives those that are new."""
    mark = mark_of(folder)
    new: list[Message] = []
    heads = reader.heads(session, folder.name, uids)
    done = 0
    for chunk in _chunks(heads):
        received = _received(session, c, folder, chunk)
        with c.store.transaction():
            for head in chunk:
                if head.fault:
                    c.store.events.add(c.now, "unreadable", f"UID {head.uid} in {folder.name}: {head.fault}")
                    continue
                message = mail_message.read(head.header, head.arrived, head.size)
                place = Place(folder.name, uidvalidity, head.uid)
                own = c.identity.is_own(message.sender.address)
                if own and (folder.role in _UNSENT or "\\draft" in {f.lower() for f in head.flags}):
                    continue
                sent = own and (folder.role is Role.SENT or (folder.role not in _ARRIVED and head.uid not in received))
                if mark is not None:
                    c.store.conversations.mark(message.id, mark.word, place, c.now, read_anew)
                if c.store.conversations.record(message, sent, place, c.now, judged):
                    new.append(message)
        done += len(chunk)
        c.progress(folder.name, done, len(uids))
    return tuple(new)


def _received(session: Session, c: Cycle, folder: Folder, chunk: list[reader.Head]) -> frozenset[int]:
    """UIDs of own messages outside the usual folders that came in over the network (RFC 5321 §4.4): no sent ones."""
    if folder.role is Role.SENT or folder.role in _ARRIVED:
        return frozenset()
    own = [h.uid for h in chunk if c.identity.is_own(mail_message.read(h.header).sender.address)]
    if not own:
        return frozenset()
    heads = reader.heads(session, folder.name, own, fields=("Received",))
    return frozenset(h.uid for h in heads if mail_message.read(h.header).received)


def mark_of(folder: Folder) -> marks.Mark | None:
    """What it means that a message lies in this folder."""
    parts = tuple(folder.name.split(folder.delimiter)) if folder.delimiter else (folder.name,)
    return marks.folder_mark(parts[1:] if parts and parts[0].upper() == "INBOX" else parts)


def _chunks(heads: Iterator[reader.Head]) -> Iterator[list[reader.Head]]:
    while chunk := list(islice(heads, CHUNK)):
        yield chunk


# ---- history


def record_history(
    session: Session, c: Cycle, folder: Folder, uids: Iterable[int], judged: bool = True
) -> tuple[Message, ...]:
    """Record these messages as history, which begins nothing; gives those that were new."""
    chosen = reader.examine(session, folder.name)
    return record(session, c, folder, chosen.uidvalidity, sorted(uids), read_anew=True, judged=judged)


def acquaint(session: Session, c: Cycle, folders: Iterable[Folder], address: str) -> datetime | None:
    """When this person first wrote to the consultant; None: never. The server is asked once, then it is remembered.

    The hits of the server's search are compared again: FROM matches parts of addresses (RFC 9051 §6.4.4).
    """
    if c.store.conversations.was_asked(address):
        return c.store.conversations.first_wrote(address)
    if is_address(address) and address.isascii():
        for folder in folders:
            reader.examine(session, folder.name)
            uids = reader.uids_from_address(session, folder.name, address)
            record_history(session, c, folder, {*uids[:MOST_HISTORY], *uids[-MOST_HISTORY:]})
    c.store.conversations.set_asked(address, c.now)
    return c.store.conversations.first_wrote(address)


def complete(session: Session, c: Cycle, folders: Iterable[Folder], message: Message, judged: bool = True) -> None:
    """Ask for the messages that this one refers to and that are not in the store, the nearest first."""
    folders = list(folders)
    missing = [i for i in message.answers if is_askable(i) and not c.store.conversations.knows_id(i)]
    for wanted in missing[:MOST_ANCESTORS]:
        for folder in folders:
            try:
                reader.examine(session, folder.name)
                uids = reader.uids_by_header(session, folder.name, "Message-ID", wanted)
            except CommandRefused:
                continue
            if uids and any(m.id == wanted for m in record_history(session, c, folder, uids[:5], judged)):
                break
