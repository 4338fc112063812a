"""What lies in the Drafts folders, and which of it is ours.

A draft is known by its recipients and In-Reply-To, never by its id alone: clients rewrite id and UID at every edit.
What is marked \\Deleted is gone: Outlook shows it struck through and expunges it months later, if ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from followmail.errors import CommandRefused
from followmail.imap import reader
from followmail.imap.folders import Folder, Role
from followmail.imap.session import Session
from followmail.mail import message as mail_message
from followmail.mail import msgid
from followmail.mail.identity import Identity
from followmail.mail.message import Message, base_subject
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
        found += _standing(session, folder.name, chosen.uidvalidity, reader.uids_from(session, folder.name, 1))
    return tuple(found)


def _standing(session: Session, folder: str, uidvalidity: int, uids: Iterable[int]) -> list[Draft]:
    heads = reader.heads(session, folder, uids)
    return [
        Draft(folder, uidvalidity, head.uid, head.size, mail_message.read(head.header, head.arrived, head.size))
        for head in heads
        if "\\deleted" not in {flag.lower() for flag in head.flags}
    ]


# Where a draft that was moved there is no longer one: thrown away, sent, or shown once more (Gmail's All Mail).
_NOT_MOVED = frozenset({Role.DRAFTS, Role.TRASH, Role.SENT, Role.JUNK, Role.ALL})


def moved_draft(session: Session, identity: Identity, folders: Iterable[Folder], parcel: Parcel) -> Draft | None:
    """A delivery's draft that was moved to another folder; where it lay at the last look is asked first."""
    fine = [f for f in folders if f.role not in _NOT_MOVED and f.selectable]
    for folder in sorted(fine, key=lambda f: f.name != parcel.draft_folder):
        try:
            chosen = reader.examine(session, folder.name)
            uids = set(reader.uids_by_header(session, folder.name, "Message-ID", parcel.delivery.message_id))
            if msgid.is_askable(parcel.in_reply_to):
                uids |= set(reader.uids_by_header(session, folder.name, "In-Reply-To", parcel.in_reply_to))
            there = _standing(session, folder.name, chosen.uidvalidity, uids)
        except CommandRefused:
            continue
        if draft := draft_of(parcel, [d for d in there if identity.is_own(d.message.sender.address)]):
            return draft
    return None


def draft_of(parcel: Parcel, drafts: Iterable[Draft]) -> Draft | None:
    """The draft that is this delivery's: by id where it still has ours, else by recipient and thread."""
    drafts = list(drafts)
    same = [d for d in drafts if d.message.id == parcel.delivery.message_id]
    near = [d for d in drafts if is_in_its_place(d.message, parcel)]
    return next(iter((*same, *near)), None)


def begun_by_hand(parcel: Parcel, drafts: Iterable[Draft]) -> Draft | None:
    """The draft that lies there already when this one would be laid: in a new thread it must have its subject, or none
    yet, for a draft about something else is no step."""
    subject = base_subject(parcel.subject)
    return draft_of(parcel, [d for d in drafts if parcel.in_reply_to or d.message.base_subject in (subject, "")])


def is_in_its_place(message: Message, parcel: Parcel) -> bool:
    """Whether a draft is to the same person, in the same thread; where it opened a new one: in none."""
    if parcel.address not in {p.address for p in (*message.to, *message.cc)}:
        return False
    if parcel.in_reply_to:
        return parcel.in_reply_to in message.answers
    return not message.answers
