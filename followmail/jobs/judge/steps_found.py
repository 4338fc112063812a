"""Sent messages that are steps: mails of our form, and drafts of ours that the consultant sent."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial

from followmail.errors import CommandRefused
from followmail.imap import reader
from followmail.imap.folders import Role, having
from followmail.jobs.copies import AROUND, is_copy
from followmail.jobs.cycle import Cycle
from followmail.jobs.drafts_folder import DELETED, Draft, draft_of, read_drafts, versions_of
from followmail.jobs.judge.court import BODY_LIMIT, Court, NotYet
from followmail.jobs.judge.incoming import bearings, tie_of
from followmail.jobs.sent_folder import has_id
from followmail.mail import text as mail_text
from followmail.mail.identity import company
from followmail.mail.kinds import Kind
from followmail.mail.msgid import is_askable, mint
from followmail.mail.subject import base_subject
from followmail.sequence import planner
from followmail.sequence.conversation import Entry
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Enrollment, Mode, Sequence, State, Status, Step
from followmail.store.conversations import Known
from followmail.store.outbox import Parcel, Written
from followmail.writing import Desk, write

# Two texts this much alike are one, edited.
ALIKE = 0.6
# So much of a step's text, in pieces of so many characters, stands in a mail that is that step.
HOLDS, PIECE = 0.6, 20
# A phone that was offline sends later than a draft may be missed.
LATEST = timedelta(days=7)
# A draft cannot have been sent before it was laid, but the clocks of two machines may differ.
CLOCKS_DIFFER = timedelta(hours=1)
_ANY = tuple(Status)
_BY_US = (Status.SENT, Status.UNCERTAIN)
# What became of these is told by the draft itself, by the copy in Sent, or by the consultant.
_SETTLED_OTHERWISE = (Status.DRAFTED, Status.SENDING, Status.HANDED_OVER, Status.UNCERTAIN)


def step_of_ours(c: Cycle, known: Known) -> None:
    """A mail of our form stands in Sent: its step has left, whatever we thought of it.

    One transaction, here as below: a message that is known as a step is asked about no more, so what it is the step of
    must be known as soon.
    """
    with c.store.transaction():
        c.store.conversations.set_step(known.row)
        if (parcel := c.store.outbox.by_message_id(known.entry.message.id)) is not None:
            if parcel.delivery.status is not Status.SENT:
                has_left(c, parcel, known, "it stands in Sent")
            c.store.outbox.note(parcel.delivery.id, filed=True)
            return
        for e in c.store.enrollments.live():
            if e.conversation == known.conversation or known.entry.is_to(e.address):
                sequence = c.sequences.get(e.sequence)
                step = sequence and _step_with_id(c, e, sequence, known.entry.message.id)
                if sequence is not None and step:
                    count_as_step(c, e, sequence, step, known.entry)
        database_lacked(c)


def copy_of_ours(c: Cycle, known: Known) -> bool:
    """Whether this is the provider's copy of a mail that we sent, under an id of the provider's own."""
    near = c.store.outbox.left_since(known.entry.at - AROUND)
    parcel = next((p for p in near if p.delivery.status in _BY_US and p.data and is_copy(known.entry.message, p)), None)
    if parcel is None:
        return False
    with c.store.transaction():
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


def count_as_step(
    c: Cycle, e: Enrollment, sequence: Sequence, step: str, entry: Entry, why: str = "it stands in Sent"
) -> None:
    """Record that this step has left with this message."""
    number = next(s.number for s in sequence.steps if s.name == step)
    c.store.outbox.count_step(
        e.id, e.address, (e.opening, sequence.name, step), number, entry.message.id, entry.left, Status.SENT,
        "found in Sent",
    )  # fmt: skip
    c.store.events.add(c.now, Happened.STEP_FOUND, f"step {number} left on {entry.at:%Y-%m-%d}: {why}", e.id, e.address)


def earlier_steps(court: Court, e: Enrollment, sequence: Sequence, opening: Entry | None) -> dict[str, str]:
    """The consultant's messages since the opening that are steps of this sequence: Message-ID → step. Mails of our form
    by their fixed id, and drafts that a client gave another id by their text: of a database that is lost. They are
    no anchors, so they are marked at once."""
    c = court.c
    found: dict[str, str] = {}
    text_of = cache(partial(_text_of_step, c, e, sequence))
    for entry in _later_to(c, e, opening):
        known = c.store.conversations.find(entry.message.id)
        left = [s for s in sequence.steps if s.name not in found.values() and not s.call]
        exact = _step_with_id(c, e, sequence, entry.message.id)
        step = exact or next((s.name for s in left if known and _holds_text(court, known, text_of(s))), None)
        if step is not None and known is not None and step not in found.values():
            found[entry.message.id] = step
            c.store.conversations.set_step(known.row)
    return found


def without_our_id(c: Cycle, e: Enrollment, sequence: Sequence, opening: Entry | None) -> list[Known]:
    """Those of them of which only the text tells whether they are a step."""
    later = (x.message.id for x in _later_to(c, e, opening) if not _step_with_id(c, e, sequence, x.message.id))
    return [known for message_id in later if (known := c.store.conversations.find(message_id)) is not None]


def count_earlier_steps(
    c: Cycle, e: Enrollment, sequence: Sequence, opening: Entry, found: Mapping[str, str], all_count: bool
) -> None:
    """Count the steps that have left before there was this enrollment: those found, and after a lost database
    (`all_count`) every later message of the consultant's to the prospect in the conversation."""
    done: set[str] = set()
    for entry in _later_to(c, e, opening):
        names = (s.name for s in sequence.steps if not s.call and s.name not in done | set(found.values()))
        step = found.get(entry.message.id) or (next(names, None) if all_count else None)
        if step is None:
            continue
        done.add(step)
        count_as_step(c, e, sequence, step, entry)
        known = c.store.conversations.find(entry.message.id)
        if known is not None:
            c.store.conversations.set_step(known.row)


def _later_to(c: Cycle, e: Enrollment, opening: Entry | None) -> list[Entry]:
    """The consultant's messages to the prospect in the conversation after the opening."""
    if e.conversation is None or opening is None:
        return []
    entries = c.store.conversations.get(e.conversation).entries
    return [x for x in entries if x.sent and x.at > opening.at and x.is_to(e.address)]


def _text_of_step(c: Cycle, e: Enrollment, sequence: Sequence, step: Step) -> str:
    """The text of a step as it would be written; empty where it cannot be."""
    written = write(
        Desk(c.store, c.identity, c.library, c.policy.calendar), e, sequence, step, c.now, Mode.DRAFT, c.now
    )
    return mail_text.new_text(mail_text.text_of(written.data)) if isinstance(written, Written) else ""


def _holds_text(court: Court, known: Known, text: str) -> bool:
    """Whether a message holds the text of a step."""
    return bool(text) and _holds(court.read(known).new_text, text)


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
    c.store.events.add(c.now, Happened.FIRST_RUN, why)
    c.tell("first-run", {"why": why})


def step_of_draft(court: Court, known: Known) -> bool:
    """Whether this sent message is a draft of ours, edited or not, that the consultant sent; or such a draft itself."""
    store = court.c.store
    asked = dict.fromkeys(p.address for p in (*known.entry.message.to, *known.entry.message.cc))
    people = [address for address in asked if store.enrollments.of_address(address)]
    if not people:
        return False
    open_ones = [parcel for parcel in store.outbox.parcels(Status.DRAFTED) if known.entry.is_to(parcel.address)]
    if _is_draft_itself(court, known, open_ones):
        return True
    return (
        any(_is_step(court, known, parcel) for parcel in open_ones)
        or any(_sent_after_all(court, known, address) for address in people)
        or any(_reads_like_step(court, known, address) for address in people)
    )


def _is_step(court: Court, known: Known, parcel: Parcel) -> bool:
    """Whether it is this open draft, sent. If so, it is recorded."""
    c, message = court.c, known.entry.message
    e = c.store.enrollments.get(parcel.delivery.enrollment)
    if e is None or not _belongs(known, e, parcel.subject):
        return False
    if message.later is not None and message.later < parcel.delivery.changed - CLOCKS_DIFFER:
        return False
    draft = draft_of(parcel, _drafts(court))
    seen = {version.partition(" ")[0] for version in parcel.draft_versions.splitlines()}
    if (
        draft is not None
        and message.id not in seen
        and not _alike(court.read(known).new_text, _texts(court, parcel, draft))
    ):
        return False
    sent = lies_in_sent(court, known)
    place = known.place.folder if known.place else ""
    with _as_step(court, known, e):
        has_left(c, parcel, known, "you sent its draft" if sent else f"it lies as a sent mail in '{place}'", yes=sent)
        if not sent:
            _warn(c, e, f"step {parcel.delivery.number} counts as sent, for it lies in '{place}' and is no draft there")
    return True


def _belongs(known: Known, e: Enrollment, subject: str) -> bool:
    """Whether a message is in an enrollment's conversation, or bears the subject of its step."""
    together = e.conversation is not None and e.conversation == known.conversation
    return together or known.entry.message.base_subject == base_subject(subject)


@contextmanager
def _as_step(court: Court, known: Known, e: Enrollment) -> Iterator[None]:
    """A message is a step of this enrollment, and with it what follows from that; its text is fetched before."""
    court.read(known)
    with court.c.store.transaction():
        court.c.store.conversations.set_step(known.row)
        if e.conversation is not None:
            court.c.store.conversations.join(known.conversation, e.conversation)
        yield


# ---- outside the Sent folders


def lies_in_sent(court: Court, known: Known) -> bool:
    """Whether a Sent folder holds it; it may show elsewhere too, and that may have been read last (Gmail's labels)."""
    folder = court.folder(known.place.folder) if known.place else None
    if folder is None or folder.role is Role.SENT:
        return True
    sent = having(court.look.folders, Role.SENT)
    return any(has_id(court.session, other.name, known.entry.message.id) for other in sent)


def _drafts(court: Court) -> tuple[Draft, ...]:
    """What lies in Drafts. Raises NotYet where it cannot be read."""
    try:
        return read_drafts(court.session, court.look.folders)
    except CommandRefused:
        raise NotYet from None


def _is_draft_itself(court: Court, known: Known, open_ones: list[Parcel]) -> bool:
    """A draft that shows in another folder too (Gmail's labels), or did until it was deleted, is no sent message.

    Raises NotYet as long as it may still be sent under the same id: it is judged then.
    """
    if lies_in_sent(court, known):
        return False
    stands = _still_stands(court, known)
    drafts = _drafts(court) if open_ones else ()
    lies = any(known.entry.message.id == d.message.id for parcel in open_ones for d in versions_of(parcel, drafts))
    if open_ones and (lies or not stands):
        raise NotYet
    return not stands


def _still_stands(court: Court, known: Known) -> bool:
    if known.place is None or not is_askable(known.entry.message.id):
        return True
    try:
        return bool(reader.uids_by_header(court.session, known.place.folder, "Message-ID", known.entry.message.id))
    except CommandRefused:
        return True


# ---- what no open draft tells


def _sent_after_all(court: Court, known: Known, address: str) -> bool:
    """Whether it is a draft that counts as deleted: a phone without a connection sends it hours later."""
    c = court.c
    for e in c.store.enrollments.of_address(address):
        for delivery in e.deliveries:
            if delivery.status is not Status.SKIPPED or delivery.why != DELETED:
                continue
            parcel = c.store.outbox.parcel(delivery.id)
            if parcel is None or known.entry.at > delivery.changed + LATEST or not _belongs(known, e, parcel.subject):
                continue
            if _alike(court.read(known).new_text, [parcel.data]):
                with _as_step(court, known, e):
                    has_left(c, parcel, known, "you sent its draft after all")
                    if e.state is State.STOPPED:
                        _warn(
                            c,
                            e,
                            f"you sent the draft of step {delivery.number} after all; resume goes on with the next",
                        )
                return True
    return False


def _reads_like_step(court: Court, known: Known, address: str) -> bool:
    """Whether it reads like the next step, of which this database knows no draft: after a restored backup, a draft that
    was edited, and so has an id of the client's, is told by its text alone; another mail of the consultant's that came in
    between may have put the step off. It is no yes."""
    c = court.c
    e = c.store.enrollments.live_of(address)
    sequence = c.sequences.get(e.sequence) if e is not None else None
    step = planner.next_step(e, sequence) if e is not None and sequence is not None else None
    if (
        e is None
        or sequence is None
        or step is None
        or step.call
        or any(d.status in _SETTLED_OTHERWISE for d in e.deliveries)
    ):
        return False
    try:
        due = planner.due_of(e, sequence, step, c.policy.calendar)
    except ValueError:
        return False
    written = write(Desk(c.store, c.identity, c.library, c.policy.calendar), e, sequence, step, due, Mode.DRAFT, c.now)
    if not isinstance(written, Written) or not _belongs(known, e, written.subject):
        return False
    if not _holds(court.read(known).new_text, mail_text.new_text(mail_text.text_of(written.data))):
        return False
    own = e.delivery(step.name)
    parcel = c.store.outbox.parcel(own.id) if own is not None else None
    with _as_step(court, known, e):
        if parcel is not None:
            has_left(c, parcel, known, "it reads like a mail of yours in Sent", yes=False)
        else:
            count_as_step(c, e, sequence, step.name, known.entry, "a mail of yours in Sent reads like it")
        _warn(c, e, f"step {step.number} counts as left: your mail of {known.entry.at:%Y-%m-%d} reads like it")
    return True


def _warn(c: Cycle, e: Enrollment, why: str) -> None:
    """What was decided in doubt is told, not only kept in the history."""
    c.store.events.add(c.now, Happened.WARNING, why, e.id, e.address)


def has_left(c: Cycle, parcel: Parcel, known: Known, why: str, yes: bool = True) -> None:
    """The step has left; where the consultant sent its draft, that is a yes too. A version of the draft that still lies
    in Drafts is looked after."""
    delivery = parcel.delivery
    was_draft = delivery.status is Status.DRAFTED
    with c.store.transaction():
        c.store.outbox.move(
            delivery.id, _ANY, Status.SENT, c.now, left=known.entry.left, filed=True, withdraw=was_draft, why=why,
            gone_since=None, gone_looks=0,
        )  # fmt: skip
        e = c.store.enrollments.get(delivery.enrollment)
        if e is None:
            return
        c.store.events.add(c.now, Happened.SENT, f"step {delivery.number}: {why}", e.id, e.address)
        if yes and delivery.status in (Status.DRAFTED, Status.WITHDRAWN):
            c.store.enrollments.say_yes(e, c.now, "you sent its draft", (f"step:{delivery.step}",))
            if e.state is State.WAITING and not _asked_since(c, e, known.entry.at):
                c.store.enrollments.change(e, State.ACTIVE, c.now, "you sent its draft", event=Happened.RESUMED)
    c.tally.sent += 1
    c.tell("sent", {"delivery": delivery.id, "step": delivery.number, "by": "consultant"})


def _asked_since(c: Cycle, e: Enrollment, moment: datetime) -> bool:
    """Whether a person wrote after a yes, so that it was none to that: both may be seen in one look."""
    b = replace(bearings(c, e), since=moment)
    came = c.store.conversations.bearing_since(moment, e.conversation, b.people, company(e.address), b.base_subjects)
    return any(
        known.entry.kind is not None
        and (known.entry.kind.human or known.entry.kind is Kind.CALENDAR)
        and (known.entry.message.later or moment) >= moment
        and tie_of(c, known, b) is not None
        for known in came
    )


# ---- two texts


def _texts(court: Court, parcel: Parcel, draft: Draft) -> tuple[bytes, bytes]:
    """A draft as it was laid, and as it lies there now."""
    return parcel.data, reader.beginning(court.session, draft.folder, draft.uid, BODY_LIMIT)


def _alike(text: str, versions: Iterable[bytes]) -> bool:
    """Whether a sent text is that of a draft, edited or not: told apart while the draft still lies in Drafts."""
    from difflib import SequenceMatcher  # late, as below: few texts are compared

    mine = _flat(text)
    drafts = (_flat(mail_text.new_text(mail_text.text_of(data))) for data in versions)
    return bool(mine) and any(SequenceMatcher(None, mine, d, autojunk=False).ratio() >= ALIKE for d in drafts)


def _holds(text: str, step: str) -> bool:
    """Whether most of a step's text stands in a mail, in pieces that are too long for chance, whatever stands around."""
    from difflib import SequenceMatcher

    mine, wanted = _flat(text), _flat(step)
    if not _may_hold(mine, wanted):
        return False
    blocks = SequenceMatcher(None, mine, wanted, autojunk=False).get_matching_blocks()
    return bool(wanted) and sum(b.size for b in blocks if b.size >= PIECE) >= HOLDS * len(wanted)


def _may_hold(mine: str, wanted: str) -> bool:
    """Whether so much of a step's text stands in a mail at all, in whatever order: told at once, where finding the
    longest pieces takes its time."""
    pieces = {mine[start : start + PIECE] for start in range(len(mine) - PIECE + 1)}
    covered, reached = 0, 0
    for start in range(len(wanted) - PIECE + 1):
        if wanted[start : start + PIECE] in pieces:
            covered += start + PIECE - max(start, reached)
            reached = start + PIECE
    return covered >= HOLDS * len(wanted)


def _flat(text: str) -> str:
    return " ".join(text.split())[:4000]
