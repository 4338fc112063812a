"""Begins an enrollment, once every rule about the message itself has passed: the rules about the person follow here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from followmail.jobs.cycle import Cycle
from followmail.jobs.facts import OLDER
from followmail.jobs.judge.court import Court
from followmail.jobs.judge.forbidden import forbade, latest, recall
from followmail.jobs.judge.incoming import bearing_on, count, settle_history, wrote
from followmail.jobs.judge.steps_found import count_earlier_steps, earlier_steps, lies_in_sent, without_our_id
from followmail.mail.identity import Person
from followmail.sequence.answers import Effect
from followmail.sequence.conversation import Entry
from followmail.sequence.happened import Happened
from followmail.sequence.meetings import TookPlace
from followmail.sequence.planner import due_of, mode_of, next_step
from followmail.sequence.steps import Delay, Enrollment, Mode, Origin, Sequence, State
from followmail.store.conversations import Known

# A chase whose next step is further off than this gives way to a newer one.
FAR_OFF = 20  # business days


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to be enrolled in what, and why."""

    prospect: Person
    sequence: Sequence
    origin: Origin
    why: str
    opening: Entry | None = None
    entry: Entry | None = None  # the message that begins it
    first_delay: Delay | None = None
    yes_at: datetime | None = None
    counts_from: datetime | None = None
    met: TookPlace | None = None  # the meeting that begins it
    ended: datetime | None = None  # and when that was over


def begin(court: Court, wish: Wish) -> str:
    """Begin the enrollment; the reason why not, in plain words, else empty."""
    c = court.c
    if fault := _fault(c, wish):
        return fault
    e = _new(court, wish)
    known = _before(c, e)
    if known is not None and (known.state.live or wish.origin is Origin.DETECTED):
        return _again(court, known, wish)
    if known is not None and _stopped_since(known, wish):
        return f"it was stopped after that: {known.why}"
    if not wish.prospect.address.isascii():
        return f"{wish.prospect.address} cannot be asked of a mail server"
    left = earlier_steps(court, e, wish.sequence, wish.opening)
    e = _new(court, wish) if left else e  # they are no anchors
    recall(court, [wish.prospect.address])  # first: among what they wrote long ago may be the answer
    settled = settle_history(court, e, wish.ended)
    if isinstance(settled, Effect):
        c.store.events.add(c.now, Happened.NOT_ENROLLED, f"answered by then: {settled.why}", address=e.address)
        return f"answered by then: {settled.why}"
    if why := forbade(court, wish.prospect.address):
        c.store.events.add(c.now, Happened.NOT_ENROLLED, why, address=wish.prospect.address)
        return why
    if wish.met is not None and wish.met.doubt and settled.state is State.ACTIVE:
        settled = replace(settled, state=State.WAITING, why=_doubt(wish.met), code="meeting")
    if settled.state is State.ACTIVE and (why := _lies_elsewhere(court, wish)):
        settled = replace(settled, state=State.WAITING, why=why, code="unsent")
    if wish.origin is Origin.MARKED and wish.yes_at is None:
        settled = _asked_first(settled)
    if fault := _one_live(court, wish):
        return fault
    _write(court, settled, wish, left)
    return ""


def will_read(court: Court, wish: Wish) -> list[Known]:
    """The messages that `begin` will read, as far as can be foreseen: what they wrote ends it mostly, and they are read
    no further than that."""
    c = court.c
    e = _new(court, wish)
    if _fault(c, wish) or _before(c, e) is not None:
        return []
    came = list(bearing_on(c, e, wish.ended))
    lately = [known for known in latest(c, e.address) if known.entry.kind is None]
    anchor = c.store.conversations.find(e.anchor) if e.anchor else None
    mine = [anchor] if anchor is not None and anchor.asks is None else []
    return [
        *mine,
        *without_our_id(c, e, wish.sequence, wish.opening),
        *came,
        *([] if wrote(e.address, came) else lately),
    ]


def _fault(c: Cycle, wish: Wish) -> str:
    """Why nobody can be enrolled so, whatever was written."""
    if line := c.store.suppressions.matching(wish.prospect.address):
        return f"{wish.prospect.address} must not be mailed ('{line}' in suppressed.txt)"
    return "" if wish.sequence.steps else f"the sequence '{wish.sequence.name}' has no step"


def _before(c: Cycle, e: Enrollment) -> Enrollment | None:
    """The enrollment of the same opening in the same sequence."""
    return next((x for x in c.store.enrollments.of_opening(e.opening) if x.sequence == e.sequence), None)


def _lies_elsewhere(court: Court, wish: Wish) -> str:
    """Asks about a mail that would be followed up without a word of the consultant's, and that no Sent folder holds: many
    programs keep in a folder of theirs what waits to be sent, and do not mark it as a draft. Else empty."""
    unasked = wish.origin is Origin.DETECTED and mode_of(wish.sequence, court.c.policy) is Mode.SEND
    known = court.c.store.conversations.find(wish.entry.message.id) if unasked and wish.entry else None
    if known is None or known.place is None or lies_in_sent(court, known):
        return ""
    return (
        f"your mail of {known.entry.at:%Y-%m-%d} lies in '{known.place.folder}', not in Sent; was it sent? follow up?"
    )


def _asked_first(e: Enrollment) -> Enrollment:
    """Marked before the first run: it waits for a yes; what it waits or rests for already stays what it is told for."""
    why = "it was marked before the first run; follow up?"
    if e.state is State.ACTIVE:
        return replace(e, state=State.WAITING, why=why, code="mark")
    if e.state is State.PAUSED and e.then is State.ACTIVE:
        return replace(e, then=State.WAITING, why=f"{e.why}; {why}", code="mark")
    return e


def _doubt(met: TookPlace) -> str:
    return f"you may have met {met.who.name or met.who.address} on {met.on}: {met.doubt}; write to them?"


def _new(court: Court, wish: Wish) -> Enrollment:
    """The enrollment as it would begin. What was sent before the first run counts from its opening: later mails of the
    consultant's to the prospect count as steps that have left, for after a lost database nobody can tell them apart."""
    c = court.c
    opening = wish.opening
    conversation = None
    anchor = opening
    met = wish.met
    day = met.on if met else c.policy.calendar.local_date(c.now)
    sent_at = wish.entry.at if wish.entry else wish.ended or c.now
    early = wish.yes_at is None and sent_at < (c.first_run or c.now)
    if opening is not None:
        known = c.store.conversations.find(opening.message.id)
        conversation = known.conversation if known else None
        if conversation is not None and not early:
            anchor = c.store.conversations.get(conversation).anchor(wish.prospect.address) or opening
    return Enrollment(
        id=0,
        address=wish.prospect.address,
        name=wish.prospect.name,
        sequence=wish.sequence.name,
        trigger=wish.sequence.trigger,
        origin=wish.origin,
        opening=opening.message.id if opening else f"met:{wish.prospect.address}:{day}",
        state=State.ACTIVE,
        conversation=conversation,
        anchor=anchor.message.id if anchor else "",
        anchor_at=anchor.left if anchor else c.policy.calendar.opening_of(day) if met else c.now,
        counts_from=wish.counts_from,
        first_delay=wish.first_delay,
        met_on=met.on if met else None,
        where=met.where if met else "",
        about=met.about if met else "",
        yes_at=wish.yes_at,
        shape=wish.sequence.shape,
        before_first_run=early,
    )


def _again(court: Court, known: Enrollment, wish: Wish) -> str:
    """The same opening in the same sequence: a mark on it is a yes, a detection is nothing new."""
    c = court.c
    if wish.origin is Origin.DETECTED:
        return "this opening was in this sequence before"
    if wish.yes_at is not None:
        c.store.enrollments.say_yes(known, c.now, wish.why)
        if known.state is State.WAITING and _asked_before(c, known, wish.yes_at):
            c.store.enrollments.change(known, State.ACTIVE, c.now, wish.why, event=Happened.RESUMED)
    if wish.first_delay is not None and not known.done:
        c.store.enrollments.note(known.id, first_delay=f"{wish.first_delay.count} {wish.first_delay.unit.value}")
    return ""


def _asked_before(c: Cycle, e: Enrollment, moment: datetime) -> bool:
    """Whether what it waits for was asked before a mark was made, or seen: a mark is no yes to what came with it."""
    asked = [event.at for event in c.store.events.of([e.id]) if event.why == e.why]
    return not asked or max(asked) < moment


def _stopped_since(known: Enrollment, wish: Wish) -> bool:
    """Whether a stop is the later word: a mark is often seen long after it was made."""
    stopped = known.ended if known.state is State.STOPPED else None
    return stopped is not None and wish.yes_at is not None and wish.yes_at < stopped


def _one_live(court: Court, wish: Wish) -> str:
    """A person has at most one live enrollment; a marked one, or one newer than a far-off chase, displaces it."""
    c = court.c
    other = c.store.enrollments.live_of(wish.prospect.address)
    if other is None:
        return ""
    if wish.origin is Origin.DETECTED and not _far_off(court, other):
        why = f"{other.address} is in '{other.sequence}' already"
        asks = other.state is State.WAITING or (other.state is State.PAUSED and other.then is State.WAITING)
        if asks and wish.entry is not None:
            told = _gives_way(other, wish.entry.message.subject, wish.sequence.name)
            c.store.events.add(c.now, Happened.WARNING, told, other.id, other.address)
        else:
            c.store.events.add(c.now, Happened.NOT_ENROLLED, why, other.id, other.address)
        return why
    c.store.enrollments.change_now(other.id, State.STOPPED, c.now, f"gave way to '{wish.sequence.name}': {wish.why}")
    c.tally.stopped += 1
    return ""


def _gives_way(other: Enrollment, subject: str, sequence: str) -> str:
    """That a newer mail is not followed up while a question about an older one stands, and how it would be."""
    return (
        f"your mail '{subject}' is not followed up, for number {other.id} is asked about still ({other.why});"
        f" put it into Followmail/{sequence} to follow it up instead"
    )


def _far_off(court: Court, other: Enrollment) -> bool:
    c = court.c
    sequence = c.sequences.get(other.sequence)
    step = next_step(other, sequence) if sequence else None
    if sequence is None or step is None:
        return False
    calendar = c.policy.calendar
    due = due_of(other, sequence, step, calendar)
    return calendar.business_days_between(calendar.local_date(c.now), calendar.local_date(due)) > FAR_OFF


def _write(court: Court, e: Enrollment, wish: Wish, left: Mapping[str, str]) -> None:
    c = court.c
    anchor = c.store.conversations.find(e.anchor) if e.anchor else None
    if anchor is not None and anchor.asks is None:
        court.read(anchor)
    with c.store.transaction():
        if e.conversation is None:
            e = replace(e, conversation=c.store.conversations.new())
        stored = c.store.enrollments.begin(e, c.now, wish.why)
        if e.before_first_run:
            c.store.facts.add_number(OLDER, stored.id)
        if wish.opening is not None and e.conversation is not None:
            count_earlier_steps(c, stored, wish.sequence, wish.opening, left, all_count=e.before_first_run)
        if e.state is not State.ACTIVE:
            c.store.events.add(c.now, Happened(e.state.value), e.why, stored.id, e.address)
            count(c, e.state)
    c.tally.enrolled += 1
    c.tell("enrolled", {"enrollment": stored.id, "address": e.address, "sequence": e.sequence})
