"""Sent messages that are steps: mails of our form, and drafts of ours that the consultant sent."""

from collections.abc import Iterable
from datetime import timedelta
from difflib import SequenceMatcher

from followmail.imap import reader
from followmail.jobs.copies import AROUND, is_copy
from followmail.jobs.cycle import Cycle
from followmail.jobs.drafts_folder import Draft, draft_of, read_drafts
from followmail.jobs.judge.court import BODY_LIMIT, Court
from followmail.mail import text as mail_text
from followmail.mail.message import base_subject
from followmail.mail.msgid import mint
from followmail.sequence.conversation import Entry
from followmail.sequence.steps import Enrollment, Sequence, State, Status
from followmail.store.conversations import Known
from followmail.store.outbox import Parcel

# Two texts this much alike are one, edited.
ALIKE = 0.6
# A draft cannot have been sent before it was laid, but the clocks of two machines may differ.
CLOCKS_DIFFER = timedelta(hours=1)
_ANY = tuple(Status)
_BY_US = (Status.SENT, Status.UNCERTAIN)


def step_of_ours(c: Cycle, known: Known) -> None:
    """A mail of our form stands in Sent: its step has left, whatever we thought of it."""
    store, message = c.store, known.entry.message
    store.conversations.set_step(known.row)
    parcel = store.outbox.by_message_id(message.id)
    if parcel is not None:
        if parcel.delivery.status is not Status.SENT:
            has_left(c, parcel, known, "it stands in Sent")
        store.outbox.note(parcel.delivery.id, filed=True)
        return
    for e in store.enrollments.live():
        if e.conversation == known.conversation or known.entry.is_to(e.address):
            sequence = c.sequences.get(e.sequence)
            step = sequence and _step_with_id(c, e, sequence, message.id)
            if sequence is not None and step:
                count_as_step(c, e, sequence, step, known.entry)
    database_lacked(c)


def copy_of_ours(c: Cycle, known: Known) -> bool:
    """Whether this is the provider's copy of a mail that we sent, under an id of the provider's own."""
    near = c.store.outbox.left_since(known.entry.at - AROUND)
    parcel = next((p for p in near if p.delivery.status in _BY_US and p.data and is_copy(known.entry.message, p)), None)
    if parcel is None:
        return False
    c.store.conversations.set_step(known.row)
    if parcel.delivery.status is Status.UNCERTAIN:
        has_left(c, parcel, known, "its copy stands in Sent")
    e = c.store.enrollments.get(parcel.delivery.enrollment)
    if e is not None and e.conversation is not None:
        c.store.conversations.join(known.conversation, e.conversation)
    c.store.outbox.note(parcel.delivery.id, filed=True)
    return True


def _step_with_id(c: Cycle, e: Enrollment, sequence: Sequence, message_id: str) -> str | None:
    """The step whose fixed Message-ID this is; the right side of an id may have been rewritten."""
    left = message_id.partition("@")[0]
    names = (s.name for s in sequence.steps)
    return next(
        (n for n in names if mint(c.identity.address, e.opening, sequence.name, n, "").partition("@")[0] == left), None
    )


def count_as_step(c: Cycle, e: Enrollment, sequence: Sequence, step: str, entry: Entry) -> None:
    """Record that this step has left with this message."""
    number = next(s.number for s in sequence.steps if s.name == step)
    c.store.outbox.count_step(
        e.id, e.address, (e.opening, sequence.name, step), number, entry.message.id, entry.at, Status.SENT,
        "found in Sent",
    )  # fmt: skip
    c.store.events.add(
        c.now, "step-found", f"step {number} left on {entry.at:%Y-%m-%d}: it stands in Sent", e.id, e.address
    )


def count_earlier_steps(c: Cycle, e: Enrollment, sequence: Sequence, opening: Entry, all_count: bool) -> None:
    """Steps that have left before there was this enrollment: mails of our form, by their fixed id; and after a lost
    database (`all_count`) every later message of the consultant's to the prospect in the conversation."""
    if e.conversation is None:
        return
    entries = c.store.conversations.get(e.conversation).entries
    later = [x for x in entries if x.sent and x.at > opening.at and x.is_to(e.address)]
    done: set[str] = set()
    for entry in later:
        exact = _step_with_id(c, e, sequence, entry.message.id)
        free = next((s.name for s in sequence.steps if s.name not in done), None) if all_count else None
        step = exact if exact and exact not in done else free
        if step is None:
            continue
        done.add(step)
        count_as_step(c, e, sequence, step, entry)
        known = c.store.conversations.find(entry.message.id)
        if known is not None:
            c.store.conversations.set_step(known.row)


def database_lacked(c: Cycle) -> None:
    """A mail of our form that we do not remember: the database was lost or restored. What is open waits for a yes."""
    if c.store.facts.moment("first_run") in (None, c.now):
        return
    c.store.facts.set_moment("first_run", c.now)
    for e in c.store.enrollments.live():
        c.store.enrollments.note(e.id, before_first_run=True, yes_at=None)
    why = (
        "Sent holds a mail of ours that this database does not know: it was restored, or another followmail is at work"
    )
    c.store.events.add(c.now, "first-run", why)
    c.tell("first-run", {"why": why})


def step_of_draft(court: Court, known: Known) -> bool:
    """Whether this sent message is a draft of ours, edited or not, that the consultant sent."""
    c, message = court.c, known.entry.message
    for parcel in c.store.outbox.parcels(Status.DRAFTED):
        e = c.store.enrollments.get(parcel.delivery.enrollment)
        if e is None or not known.entry.is_to(parcel.address):
            continue
        together = e.conversation is not None and e.conversation == known.conversation
        if not together and message.base_subject != base_subject(parcel.subject):
            continue
        if message.later is not None and message.later < parcel.delivery.changed - CLOCKS_DIFFER:
            continue
        draft = draft_of(parcel, read_drafts(court.session, court.look.folders))
        if draft is None or _alike(court.read(known).new_text, _versions(court, parcel, draft)):
            court.read(known)
            c.store.conversations.set_step(known.row)
            if e.conversation is not None:
                c.store.conversations.join(known.conversation, e.conversation)
            has_left(c, parcel, known, "you sent its draft")
            return True
    return False


def has_left(c: Cycle, parcel: Parcel, known: Known, why: str) -> None:
    """The step has left; where the consultant sent its draft, that is a yes too."""
    delivery = parcel.delivery
    with c.store.transaction():
        c.store.outbox.move(
            delivery.id, _ANY, Status.SENT, c.now, left=known.entry.at, filed=True, withdraw=False, why=why
        )
        e = c.store.enrollments.get(delivery.enrollment)
        if e is None:
            return
        c.store.events.add(c.now, "sent", f"step {delivery.number}: {why}", e.id, e.address)
        if delivery.status in (Status.DRAFTED, Status.WITHDRAWN):
            c.store.enrollments.say_yes(e, c.now, "you sent its draft", (f"step:{delivery.step}",))
            if e.state is State.WAITING:
                c.store.enrollments.change(e, State.ACTIVE, c.now, "you sent its draft", event="resumed")
    c.tally.sent += 1
    c.tell("sent", {"delivery": delivery.id, "step": delivery.number, "by": "consultant"})


def _versions(court: Court, parcel: Parcel, draft: Draft) -> tuple[bytes, bytes]:
    """A draft as it was laid, and as it lies there now."""
    return parcel.data, reader.beginning(court.session, draft.folder, draft.uid, BODY_LIMIT)


def _alike(text: str, versions: Iterable[bytes]) -> bool:
    """Whether a sent text is that of a draft, edited or not: told apart while the draft still lies in Drafts."""
    mine = " ".join(text.split())[:4000]
    drafts = (" ".join(mail_text.new_text(mail_text.text_of(data)).split())[:4000] for data in versions)
    return bool(mine) and any(SequenceMatcher(None, mine, d, autojunk=False).ratio() >= ALIKE for d in drafts)
