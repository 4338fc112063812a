"""What lies in the Drafts folders, and which of it is ours.

A draft is known by its recipients and In-Reply-To, never by its id alone: clients rewrite id and UID at every edit.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from followmail.imap import reader
from followmail.imap.folders import Folder, Role
from followmail.imap.session import Session
from followmail.mail import message as mail_message
from followmail.mail.message import Message
from followmail.store.outbox import Parcel


@dataclass(frozen=True, slots=True)
class Draft:
    """One message of a Drafts folder."""

    folder: str
    uidvalidity: int
    uid: int
    size: int
    message: Message


def read_drafts(session: Session, folders: Iterable[Folder]) -> tuple[Draft, ...]:
    """Every message of the Drafts folders."""
    found: list[Draft] = []
    for folder in folders:
        if folder.role is not Role.DRAFTS or not folder.selectable:
            continue
        chosen = reader.examine(session, folder.name)
        for head in reader.heads(session, folder.name, reader.uids_from(session, folder.name, 1)):
            message = mail_message.read(head.header, head.arrived, head.size)
            found.append(Draft(folder.name, chosen.uidvalidity, head.uid, head.size, message))
    return tuple(found)


def draft_of(parcel: Parcel, drafts: Iterable[Draft]) -> Draft | None:
    """The draft that is this delivery's: by id where it still has ours, else by recipient and thread."""
    drafts = list(drafts)
    same = [d for d in drafts if d.message.id == parcel.delivery.message_id]
    near = [d for d in drafts if is_in_its_place(d.message, parcel)]
    return next(iter((*same, *near)), None)


def is_in_its_place(message: Message, parcel: Parcel) -> bool:
    """Whether a draft is to the same person, in the same thread (a new thread: with the same subject, or none yet)."""
    if parcel.address not in {p.address for p in (*message.to, *message.cc)}:
        return False
    if parcel.in_reply_to:
        return parcel.in_reply_to in message.answers
    return not message.answers
