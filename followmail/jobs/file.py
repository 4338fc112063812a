"""One copy of each sent mail in Sent: looked for first, for the provider may have filed it; appended if absent.

Gmail, Microsoft 365 and others file their own copy, some under another Message-ID, which is then learned.
"""

from datetime import timedelta

from followmail.errors import CommandRefused, FollowmailError, Transient
from followmail.imap import drafts as drafts_edge
from followmail.imap import reader
from followmail.imap.folders import Folder, Role
from followmail.imap.session import Session
from followmail.jobs.cycle import Cycle, Look
from followmail.mail import message as mail_message
from followmail.mail.message import Message
from followmail.store.conversations import Place
from followmail.store.outbox import Parcel

# A provider that is known to file its own copies may take its time.
PROVIDER_FILES_WITHIN = timedelta(minutes=10)
_AROUND = timedelta(minutes=10)


def file(session: Session, c: Cycle, look: Look) -> None:
    """File every mail that left and has no copy yet. A copy that cannot be filed is tried again; the mail has left."""
    parcels = c.store.outbox.unfiled()
    if not parcels:
        return
    target = sent_target(look, c)
    for parcel in parcels:
        try:
            _file(session, c, look, target, parcel)
        except Transient:
            raise
        except FollowmailError as fault:
            c.tell("not-filed", {"delivery": parcel.delivery.id, "why": str(fault)})


def sent_target(look: Look, c: Cycle) -> Folder | None:
    """Where copies go: the special-use folder, else the one used last."""
    sent = [f for f in look.folders if f.role is Role.SENT and f.selectable]
    special = next((f for f in sent if f.special), None)
    return special or max(sent, key=lambda f: c.store.conversations.last_sent_in(f.name), default=None)


def _file(session: Session, c: Cycle, look: Look, target: Folder | None, parcel: Parcel) -> None:
    for folder in look.folders:
        if folder.role is Role.SENT and folder.selectable:
            copy = _copy_in(session, c, folder, parcel)
            if copy is not None:
                _found(c, folder, parcel, copy)
                return
    if c.store.facts.text("provider_files") and _is_fresh(c, parcel):
        return
    if target is None:
        c.tell("not-filed", {"delivery": parcel.delivery.id, "why": "no Sent folder was found"})
        return
    moment = parcel.delivery.left or c.now
    uid = drafts_edge.file_copy(session, target.name, parcel.data, moment)
    _remember(c, parcel, target.name, uid)


def _is_fresh(c: Cycle, parcel: Parcel) -> bool:
    return parcel.delivery.left is not None and c.now - parcel.delivery.left < PROVIDER_FILES_WITHIN


def _copy_in(session: Session, c: Cycle, folder: Folder, parcel: Parcel) -> Message | None:
    """The copy of a mail in a Sent folder: by its id, by the id it had, else by recipient, thread, subject and time."""
    try:
        uids = set(reader.uids_by_header(session, folder.name, "Message-ID", parcel.delivery.message_id))
        day = ((parcel.delivery.left or c.now) - timedelta(days=1)).date()
        uids |= set(reader.uids_since(session, folder.name, day))
    except CommandRefused:
        return None
    for head in reader.heads(session, folder.name, sorted(uids)):
        message = mail_message.read(head.header, head.arrived, head.size)
        if parcel.delivery.message_id in (message.id, message.original_id) or _is_the_same(message, parcel):
            return message
    return None


def _is_the_same(message: Message, parcel: Parcel) -> bool:
    """The provider's copy under another Message-ID: same person, thread and subject, at the same time."""
    left = parcel.delivery.left
    if left is None or message.sent_on is None or abs(message.sent_on - left) > _AROUND:
        return False
    same_people = {p.address for p in (*message.to, *message.cc)} == set(parcel.delivery.recipients)
    thread = message.in_reply_to[:1] == ((parcel.in_reply_to,) if parcel.in_reply_to else ())
    return same_people and thread and message.subject == mail_message.decode(parcel.subject.encode())


def _found(c: Cycle, folder: Folder, parcel: Parcel, copy: Message) -> None:
    """The provider filed it: remember that it does, and the id that it gave."""
    c.store.facts.set_text("provider_files", folder.name)
    with c.store.transaction():
        c.store.outbox.note(parcel.delivery.id, filed=True)
        c.store.conversations.record(copy, True, None, c.now, judged=True)
        known = c.store.conversations.find(copy.id)
        if known is not None:
            c.store.conversations.set_step(known.row)
            e = c.store.enrollments.get(parcel.delivery.enrollment)
            if e is not None and e.conversation is not None:  # its new id answers in a conversation of its own
                c.store.conversations.join(known.conversation, e.conversation)


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
