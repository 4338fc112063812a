"""One copy of each sent mail in Sent: looked for first, for the provider may have filed it; appended if absent.

Gmail, Microsoft 365 and others file their own copy, some under another Message-ID, which is then learned.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from followmail.errors import CommandRefused, FollowmailError, Unreachable
from followmail.imap import drafts as drafts_edge
from followmail.imap import reader
from followmail.imap.folders import Folder, Role, having
from followmail.imap.session import Session
from followmail.jobs.copies import is_copy, same_bytes
from followmail.jobs.cycle import Cycle, Look
from followmail.mail import message as mail_message
from followmail.mail.message import Message
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Mode, Status
from followmail.store.conversations import Place
from followmail.store.outbox import Parcel

# A provider that is known to file its own copies may take its time.
PROVIDER_FILES_WITHIN = timedelta(minutes=10)
# So long after leaving a provider may still file a copy beside ours.
PROVIDER_FILES_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a mail in a Sent folder."""

    folder: str
    uid: int
    message: Message


def file(session: Session, c: Cycle, look: Look) -> None:
    """File every mail that left and has no copy yet. A copy that cannot be filed is tried again; the mail has left."""
    target = sent_target(look, c)
    for parcel in c.store.outbox.unfiled():
        _guarded(c, parcel, partial(_file, session, c, look, target))
    for parcel in c.store.outbox.left_since(c.now - PROVIDER_FILES_LATE):
        if parcel.filed and parcel.mode is Mode.SEND and parcel.delivery.status is Status.SENT:
            _guarded(c, parcel, partial(_give_way, session, c, look))


def _guarded(c: Cycle, parcel: Parcel, work: Callable[[Parcel], None]) -> None:
    try:
        work(parcel)
    except Unreachable:
        raise
    except FollowmailError as fault:  # a full mailbox, a folder that may only be read: the mail has left all the same
        c.tell("not-filed", {"delivery": parcel.delivery.id, "why": str(fault)})


def sent_target(look: Look, c: Cycle) -> Folder | None:
    """Where copies go: the special-use folder, else the one used last."""
    sent = having(look.folders, Role.SENT)
    special = next((f for f in sent if f.special), None)
    return special or max(sent, key=lambda f: c.store.conversations.last_sent_in(f.name), default=None)


def _file(session: Session, c: Cycle, look: Look, target: Folder | None, parcel: Parcel) -> None:
    copy = next(_copies(session, c, look, parcel), None)
    if copy is not None:
        _found(c, copy, parcel)
        return
    if c.store.facts.text("provider_files") and _is_fresh(c, parcel):
        return
    if target is None:
        c.tell("not-filed", {"delivery": parcel.delivery.id, "why": "no Sent folder was found"})
        return
    moment = parcel.delivery.left or c.now
    uid = drafts_edge.file_copy(session, target.name, parcel.data, moment)
    _remember(c, parcel, target.name, uid)


def _give_way(session: Session, c: Cycle, look: Look, parcel: Parcel) -> None:
    """The provider filed its copy late, beside ours: ours goes, and from now on there is none."""
    copies = list(_copies(session, c, look, parcel))
    if len(copies) < 2:
        return
    ours = next((copy for copy in copies if _is_ours(session, copy, parcel)), None)
    if ours is None:
        return
    trash = next((f.name for f in having(look.folders, Role.TRASH)), None)
    drafts_edge.to_trash(session, ours.folder, ours.uid, trash)
    c.tell("one-copy", {"delivery": parcel.delivery.id})
    _found(c, next(copy for copy in copies if copy is not ours), parcel)


def _is_ours(session: Session, copy: Copy, parcel: Parcel) -> bool:
    """Whether it is the copy that we put there, byte for byte."""
    limit = len(parcel.data) + 65_536
    return copy.message.id == parcel.delivery.message_id and same_bytes(
        reader.whole(session, copy.folder, copy.uid, limit), parcel
    )


def _is_fresh(c: Cycle, parcel: Parcel) -> bool:
    return parcel.delivery.left is not None and c.now - parcel.delivery.left < PROVIDER_FILES_WITHIN


def _copies(session: Session, c: Cycle, look: Look, parcel: Parcel) -> Iterator[Copy]:
    """The copies of a mail in the Sent folders: by its id, by the id it had, else by recipient, thread, subject, time."""
    day = ((parcel.delivery.left or c.now) - timedelta(days=1)).date()
    for folder in having(look.folders, Role.SENT):
        try:
            uids = set(reader.uids_by_header(session, folder.name, "Message-ID", parcel.delivery.message_id))
            uids |= set(reader.uids_since(session, folder.name, day))
        except CommandRefused:
            continue
        for head in reader.heads(session, folder.name, sorted(uids)):
            message = mail_message.read(head.header, head.arrived, head.size)
            if is_copy(message, parcel):
                yield Copy(folder.name, head.uid, message)


def _found(c: Cycle, copy: Copy, parcel: Parcel) -> None:
    """The provider filed it: remember that it does, and the id that it gave."""
    if _is_anothers(copy, parcel):
        _tell_twice(c, parcel)
    c.store.facts.set_text("provider_files", copy.folder)
    with c.store.transaction():
        c.store.outbox.note(parcel.delivery.id, filed=True)
        c.store.conversations.record(copy.message, True, None, c.now, judged=True)
        known = c.store.conversations.find(copy.message.id)
        if known is not None:
            c.store.conversations.set_step(known.row)
            e = c.store.enrollments.get(parcel.delivery.enrollment)
            if e is not None and e.conversation is not None:  # its new id answers in a conversation of its own
                c.store.conversations.join(known.conversation, e.conversation)


def _is_anothers(copy: Copy, parcel: Parcel) -> bool:
    """Whether another machine sent the same step at the same time: our id, which is the same there, under another Date.

    Only of a mail that was tried once: an earlier try of our own may have left after all, with its own Date.
    """
    if parcel.delivery.attempts > 1 or copy.message.id != parcel.delivery.message_id:
        return False
    return copy.message.date != mail_message.read(parcel.data).date


def _tell_twice(c: Cycle, parcel: Parcel) -> None:
    step, enrollment = parcel.delivery.number, parcel.delivery.enrollment
    why = f"step {step} to {parcel.address} may have arrived twice: another followmail sends from this mailbox; run one only"
    c.store.events.add(c.now, Happened.SENT_TWICE, why, enrollment, parcel.address)
    c.tell("sent-twice", {"delivery": parcel.delivery.id})


def _remember(c: Cycle, parcel: Parcel, folder: str, uid: int | None) -> None:
    """Our own copy is a message of the conversation: known at once, so that an answer to it is."""
    message = mail_message.read(parcel.data, parcel.delivery.left)
    place = Place(folder, 0, uid) if uid is not None else None
    with c.store.transaction():
        c.store.outbox.note(parcel.delivery.id, filed=True)
        c.store.conversations.record(message, True, place, c.now, judged=True)
        known = c.store.conversations.find(message.id)
        if known is not None:
            c.store.conversations.set_step(known.row)
