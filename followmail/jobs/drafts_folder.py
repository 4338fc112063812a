"""What lies in the Drafts folders, and which of it is ours.

A draft is known by its recipients and In-Reply-To, never by its id alone: clients rewrite id and UID at every edit.
What is marked \\Deleted is gone: Outlook shows it struck through and expunges it months later, if ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from followmail.errors import CommandRefused
from followmail.imap import reader
from followmail.imap.folders import Folder, Role, having
from followmail.imap.session import Session
from followmail.jobs.cycle import Cycle
from followmail.mail import message as mail_message
from followmail.mail import msgid
from followmail.mail.identity import Identity, same_person
from followmail.mail.message import Message
from followmail.mail.subject import base_subject
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Status
from followmail.store import Store
from followmail.store.outbox import Parcel

# Why a step is skipped whose draft was deleted: two of these in a row end the enrollment.
DELETED = "you deleted its draft"


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
    for folder in having(folders, Role.DRAFTS):
        chosen, uids = session.find(folder.name, reader.from_uid(1))
        found += _standing(session, folder.name, chosen.uidvalidity, uids)
    return tuple(found)


def _standing(session: Session, folder: str, uidvalidity: int, uids: Iterable[int]) -> list[Draft]:
    heads = reader.heads(session, folder, uids, anew=False)
    return [
        Draft(folder, uidvalidity, head.uid, head.size, mail_message.read(head.header, head.arrived, head.size))
        for head in heads
        if "\\deleted" not in {flag.lower() for flag in head.flags}
    ]


# Where a draft that was moved there is no longer one: thrown away, sent, or shown once more (Gmail's All Mail).
_NOT_MOVED = frozenset({Role.DRAFTS, Role.TRASH, Role.SENT, Role.JUNK, Role.ALL})


def moved_draft(session: Session, identity: Identity, folders: Iterable[Folder], parcel: Parcel) -> Draft | None:
    """A delivery's draft that was moved to another folder; where it lay at the last look is asked first.

    Raises CommandRefused where it was not found and some folder could not be asked: it may lie there.
    """
    fine = [f for f in folders if f.role not in _NOT_MOVED and f.selectable]
    refused: CommandRefused | None = None
    for folder in sorted(fine, key=lambda f: f.name != parcel.draft_folder):
        try:
            asked = [reader.bearing(session, "Message-ID", parcel.delivery.message_id)]
            if msgid.is_askable(parcel.in_reply_to):
                asked.append(reader.bearing(session, "In-Reply-To", parcel.in_reply_to))
            chosen, uids = session.find(folder.name, *asked)
            there = _standing(session, folder.name, chosen.uidvalidity, uids)
        except CommandRefused as fault:
            refused = fault
            continue
        if draft := draft_of(parcel, [d for d in there if identity.is_own(d.message.sender.address)]):
            return draft
    if refused is not None:
        raise refused
    return None


def draft_of(parcel: Parcel, drafts: Iterable[Draft]) -> Draft | None:
    """The draft that is this delivery's: by id where it still has ours, else by recipient and thread."""
    drafts = list(drafts)
    near = [d for d in drafts if is_in_its_place(d.message, parcel)]
    return next(iter((*versions_of(parcel, drafts), *near)), None)


def versions_of(parcel: Parcel, drafts: Iterable[Draft]) -> tuple[Draft, ...]:
    """All that lies there of this delivery's draft: two devices, or an edit seen half way, leave several. The one that
    still has our id first. In a new thread it must have its subject, or none yet: one about something else is no step."""
    drafts = list(drafts)
    subjects = (base_subject(parcel.subject), "")
    same = [d for d in drafts if d.message.id == parcel.delivery.message_id]
    near = [d for d in drafts if d not in same and is_in_its_place(d.message, parcel)]
    return (*same, *(d for d in near if parcel.in_reply_to or d.message.base_subject in subjects))


def begun_by_hand(store: Store, parcel: Parcel, drafts: Iterable[Draft]) -> Draft | None:
    """The draft that lies there already when this one would be laid: its own, else one to the person anywhere in the
    thread. One that still has the id of a step that left is a leftover of that step."""
    drafts = [d for d in drafts if step_that_left(store, d) is None]
    inside = (
        [d for d in drafts if is_to(d.message, parcel.address) and answered(store, parcel, d)]
        if parcel.in_reply_to
        else []
    )
    return next(iter((*versions_of(parcel, drafts), *inside)), None)


def adopt(c: Cycle, parcel: Parcel, there: Draft) -> None:
    """A draft that lies there already is this step's."""
    c.store.outbox.note(parcel.delivery.id, in_reply_to=answered(c.store, parcel, there))
    note_drafted(
        c, parcel, draft_folder=there.folder, draft_uid=there.uid, draft_uidvalidity=there.uidvalidity,
        draft_versions=versions_seen([there]), draft_edited=there.message.id != parcel.delivery.message_id,
    )  # fmt: skip


def note_drafted(c: Cycle, parcel: Parcel, **place: Any) -> None:
    """The step is a draft now; where it was cancelled meanwhile, the next cycle takes it back."""
    delivery = parcel.delivery
    with c.store.transaction():
        moved = c.store.outbox.move(
            delivery.id, (Status.QUEUED,), Status.DRAFTED, c.now, left=c.now, gone_since=None, gone_looks=0, **place
        )
        if not moved:
            c.store.outbox.move(
                delivery.id, (Status.CANCELLED,), Status.DRAFTED, c.now, left=c.now, withdraw=True, **place
            )
            return
        why = f"step {delivery.number} lies in {place['draft_folder']}"
        c.store.events.add(c.now, Happened.DRAFTED, why, delivery.enrollment, parcel.address)
    c.tally.drafted += 1
    c.tell("drafted", {"delivery": delivery.id, "step": delivery.number})


def answered(store: Store, parcel: Parcel, draft: Draft) -> str:
    """Which message of the thread a draft answers, the one that ours would where it can be; empty: none."""
    e = store.enrollments.get(parcel.delivery.enrollment)
    ids = store.conversations.ids_of(e.conversation) if e is not None and e.conversation is not None else frozenset()
    answers = draft.message.answers
    return parcel.in_reply_to if parcel.in_reply_to in answers else next((i for i in answers if i in ids), "")


def step_that_left(store: Store, draft: Draft) -> Parcel | None:
    """The step of which a draft is a leftover: its id is that of a delivery that has left."""
    parcel = store.outbox.by_message_id(draft.message.id) if msgid.is_ours(draft.message.id) else None
    return parcel if parcel is not None and parcel.delivery.status is Status.SENT else None


# ---- telling a draft that was moved from a mail that was sent


def version_of(message: Message) -> str:
    """What stays the same when a draft is moved, and changes when it is edited or sent: its id with its date."""
    return f"{message.id} {message.date.isoformat() if message.date else ''}"


def versions_seen(drafts: Iterable[Draft]) -> str:
    """Versions of one draft, as they are remembered: one a line."""
    return "\n".join(version_of(d.message) for d in drafts)


def lay_in_drafts(store: Store) -> frozenset[str]:
    """Every version of an open draft that lay in Drafts at the last look. Found in another folder without \\Draft (not
    every client sets it), it is that draft, moved, and no sent message."""
    return frozenset(v for parcel in store.outbox.parcels(Status.DRAFTED) for v in parcel.draft_versions.splitlines())


def is_in_its_place(message: Message, parcel: Parcel) -> bool:
    """Whether a draft is to the same person, in the same thread; where it opened a new one: in none."""
    if not is_to(message, parcel.address):
        return False
    if parcel.in_reply_to:
        return parcel.in_reply_to in message.answers
    return not message.answers


def is_to(message: Message, address: str) -> bool:
    """Whether somebody stands in its To or Cc."""
    return any(same_person(p.address, address) for p in (*message.to, *message.cc))
