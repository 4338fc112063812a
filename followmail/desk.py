"""The consultant's word, one function an action. Every surface calls these: commands today, the digest's answers later.

Each gives a sentence that says what was done. Nothing here speaks IMAP or SMTP: what follows is carried out by the
next cycle.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from followmail.contacts import Contact
from followmail.errors import UserError
from followmail.mail.identity import Identity, canonical, is_address, is_machine
from followmail.sequence import planner
from followmail.sequence.conversation import Entry
from followmail.sequence.planner import Policy
from followmail.sequence.steps import Delay, Enrollment, Origin, Sequence, State, Status
from followmail.sequence.workdays import Calendar
from followmail.store import Store
from followmail.store.suppressions import is_entry

# A day met that is further off than this is a slip of the pen.
FARTHEST_DAY_MET = 366
STOPPED_BY_HAND = "you stopped it"


@dataclass(frozen=True, slots=True)
class Desk:
    """What an action needs."""

    store: Store
    identity: Identity
    sequences: Mapping[str, Sequence]
    policy: Policy
    now: datetime


def find(desk: Desk, words: Iterable[str], live_only: bool = True) -> tuple[Enrollment, ...]:
    """The enrollments that ids and addresses name; all that is not found is told at once."""
    found: dict[int, Enrollment] = {}
    faults = []
    for word in words:
        mine = _named(desk, word)
        chosen = [e for e in mine if e.state.live or _is_in_doubt(e)] if live_only else list(mine)
        if not mine:
            faults.append(
                f"'{word}' is neither the number nor the address of an enrollment; `followmail prospects` lists them"
            )
        elif not chosen:
            faults.append(f"{mine[-1].address} has no live enrollment any more: it is {mine[-1].state}, {mine[-1].why}")
        found |= {e.id: e for e in chosen}
    if faults:
        raise UserError(faults)
    return tuple(found.values())


def _is_in_doubt(e: Enrollment) -> bool:
    """Whether a mail of it may or may not have left: that must be settled also where it ended since."""
    return any(d.status is Status.UNCERTAIN for d in e.deliveries)


def _answer_since(desk: Desk, address: str, conversation: int | None, since: datetime) -> str:
    """Who answered since the consultant's mail, and when; empty where nobody did."""
    known = desk.store.conversations.bearing_since(since, conversation, address, None, ())
    for entry in (
        k.entry for k in known if k.conversation == conversation or k.entry.message.sender.address == address
    ):
        message = entry.message
        if entry.answered and not desk.identity.is_own(message.sender.address) and (message.later or since) >= since:
            return f"{message.sender} answered on {entry.at:%Y-%m-%d}"
    return ""


def _named(desk: Desk, word: str) -> tuple[Enrollment, ...]:
    if word.isdigit():
        e = desk.store.enrollments.get(int(word))
        return (e,) if e else ()
    return desk.store.enrollments.of_address(canonical(word))


# ---- yes and no


def approve(desk: Desk, e: Enrollment) -> str:
    """A yes: for the enrollment, for what it waits for, and for a delivery that may or may not have left: send it."""
    doubt = [p for p in desk.store.outbox.parcels(Status.UNCERTAIN) if p.delivery.enrollment == e.id]
    if doubt:
        with desk.store.transaction():
            for parcel in doubt:
                desk.store.outbox.move(
                    parcel.delivery.id,
                    (Status.UNCERTAIN,),
                    Status.CANCELLED,
                    desk.now,
                    why="you said: send it",
                    left=None,
                )
            _yes(desk, e)
        return f"{e.address}: step {doubt[0].delivery.number} will be sent again"
    if e.state is not State.WAITING:
        return f"{e.address}: nothing waits for your yes"
    with desk.store.transaction():
        _yes(desk, e)
    return f"{e.address}: goes on in '{e.sequence}'"


def _yes(desk: Desk, e: Enrollment) -> None:
    granted = {e.code} if e.code else set()
    desk.store.enrollments.say_yes(e, desk.now, "you approved it", granted)
    if e.code == "template":
        heir = planner.heir_of(e, desk.sequences)
        if heir is not None:
            desk.store.enrollments.note(e.id, shape=(), sequence=heir.name)
    if e.code.startswith("cc:"):
        desk.store.enrollments.note(e.id, dropped=e.dropped | {e.code.removeprefix("cc:")})
    for delivery in e.deliveries:
        if delivery.status is Status.FAILED:
            desk.store.outbox.move(delivery.id, (Status.FAILED,), Status.CANCELLED, desk.now, why="you said: try again")
    if e.state is State.WAITING:
        desk.store.enrollments.change(e, State.ACTIVE, desk.now, "you approved it", event="approved")


def approve_all(desk: Desk) -> tuple[str, ...]:
    """A yes for all that waits; what may have left is left out: that is decided by name."""
    doubtful = {p.delivery.enrollment for p in desk.store.outbox.parcels(Status.UNCERTAIN)}
    waiting = [e for e in desk.store.enrollments.all(State.WAITING) if e.id not in doubtful]
    return tuple(approve(desk, e) for e in waiting)


def skip(desk: Desk, e: Enrollment) -> str:
    """Leave the next step out; one that may have left counts as left."""
    sequence = desk.sequences.get(e.sequence)
    doubt = [p for p in desk.store.outbox.parcels(Status.UNCERTAIN) if p.delivery.enrollment == e.id]
    if doubt:
        with desk.store.transaction():
            for parcel in doubt:
                left = parcel.delivery.left or desk.now
                desk.store.outbox.move(
                    parcel.delivery.id, (Status.UNCERTAIN,), Status.SENT, desk.now, left=left, why="you said: it left"
                )
            desk.store.events.add(desk.now, "settled", "you said: it left", e.id, e.address)
        return f"{e.address}: step {doubt[0].delivery.number} counts as left"
    step = planner.next_step(e, sequence) if sequence else None
    if sequence is None or step is None:
        return f"{e.address}: there is no step left to skip"
    return _skip_step(desk, e, sequence.name, step.name, step.number)


def _skip_step(desk: Desk, e: Enrollment, sequence: str, step: str, number: int) -> str:
    own = e.delivery(step)
    with desk.store.transaction():
        if own is None:
            message_id = f"skipped.{e.id}.{step}@skipped.invalid"
            desk.store.outbox.count_step(
                e.id,
                e.address,
                (e.opening, sequence, step),
                number,
                message_id,
                desk.now,
                Status.SKIPPED,
                "you skipped it",
            )
        elif own.status is Status.DRAFTED:
            desk.store.outbox.move(
                own.id, (Status.DRAFTED,), Status.SKIPPED, desk.now, left=desk.now, withdraw=True, why="you skipped it"
            )
        else:
            before = (Status.QUEUED, Status.SENDING, Status.CANCELLED, Status.WITHDRAWN, Status.FAILED)
            desk.store.outbox.move(own.id, before, Status.SKIPPED, desk.now, left=desk.now, why="you skipped it")
        desk.store.events.add(desk.now, "skipped", f"step {number}: you skipped it", e.id, e.address)
        if e.state is State.WAITING and e.code in (
            "overdue",
            "many",
            "failed",
            "language",
            f"step:{step}",
            f"text:{step}",
        ):
            desk.store.enrollments.change(
                e, State.ACTIVE, desk.now, "you skipped the step that waited", event="resumed"
            )
    return f"{e.address}: step {number} is skipped"


def stop(desk: Desk, e: Enrollment) -> str:
    """The end, by hand."""
    desk.store.enrollments.change_now(e.id, State.STOPPED, desk.now, STOPPED_BY_HAND)
    return f"{e.address}: stopped"


def resume(desk: Desk, e: Enrollment) -> str:
    """On it goes: a paused one now, a stopped one again, a waiting one as if approved."""
    if e.state is State.WAITING:
        return approve(desk, e)
    if e.state is State.ACTIVE:
        return f"{e.address}: it is active"
    if not e.state.live:
        return _revive(desk, e)
    with desk.store.transaction():
        desk.store.enrollments.say_yes(e, desk.now, "you resumed it")
        desk.store.enrollments.change(e, State.ACTIVE, desk.now, "you resumed it", event="resumed")
    return f"{e.address}: goes on in '{e.sequence}'"


def _revive(desk: Desk, e: Enrollment) -> str:
    if e.state is not State.STOPPED:
        raise UserError(
            f"{e.address} is {e.state} ({e.why}); only what was stopped can be resumed. `enroll` begins anew."
        )
    if other := desk.store.enrollments.live_of(e.address):
        raise UserError(f"{e.address} is in '{other.sequence}' already; `followmail stop {other.id}` ends that first.")
    if line := desk.store.suppressions.matching(e.address):
        raise UserError(f"{e.address} must not be mailed ('{line}' in {desk.store.suppressions.path}).")
    if e.anchor_at and (answer := _answer_since(desk, e.address, e.conversation, e.anchor_at)):
        why = f"{answer}; still follow up?"
        desk.store.enrollments.change(e, State.WAITING, desk.now, why, event="resumed", code="answer")
        return f"{e.address}: waits for your yes: {answer}"
    with desk.store.transaction():
        desk.store.enrollments.say_yes(e, desk.now, "you resumed it")
        desk.store.enrollments.change(e, State.ACTIVE, desk.now, "you resumed it", event="resumed")
    return f"{e.address}: goes on in '{e.sequence}'"


def snooze(desk: Desk, e: Enrollment, until: datetime) -> str:
    """Nothing to this person until then; afterwards as before."""
    then = (
        State.WAITING
        if e.state is State.WAITING or (e.state is State.PAUSED and e.then is State.WAITING)
        else State.ACTIVE
    )
    day = desk.policy.calendar.local_date(until)
    why = e.why if then is State.WAITING else f"you snoozed it until {day:%Y-%m-%d}"
    desk.store.enrollments.change(e, State.PAUSED, desk.now, why, event="snoozed", code=e.code, until=until, then=then)
    return f"{e.address}: snoozed until {day:%Y-%m-%d}"


# ---- the whole


def pause(desk: Desk, until: datetime | None) -> str:
    """Nothing at all leaves until then (None: until `resume`). The days of it are no business days."""
    end = until or datetime.max.replace(tzinfo=desk.now.tzinfo).replace(year=9000)
    desk.store.facts.set_moment("paused_from", desk.store.facts.moment("paused_from") or desk.now)
    desk.store.facts.set_moment("paused_until", end)
    when = f"until {desk.policy.calendar.local_date(end):%Y-%m-%d}" if until else "until you resume"
    desk.store.events.add(desk.now, "paused-all", f"nothing leaves {when}")
    return f"Paused: nothing leaves {when}."


def resume_all(desk: Desk) -> str:
    """End the pause over everything, believe the clock again, and let the account try again."""
    facts = desk.store.facts
    was_paused = facts.moment("paused_until") is not None
    end_pause(desk.store, desk.policy.calendar, desk.now)
    facts.set_text("clock_fault", None)
    facts.set_moment("clock_accepted", desk.now)
    facts.set_moment("sending_held_until", None)
    facts.set_text("account_refusals", None)
    facts.set_text("sending_fault", None)
    desk.store.events.add(desk.now, "resumed-all", "you resumed everything")
    return "Resumed: mails leave again." if was_paused else "Nothing was paused; the clock as it stands is believed."


def end_pause(store: Store, calendar: Calendar, now: datetime) -> None:
    """Close the pause over everything, and remember its days: they are no business days."""
    start, until = store.facts.moment("paused_from"), store.facts.moment("paused_until")
    if until is None:
        return
    end = min(now, until)
    first, last = calendar.local_date(start or end), calendar.local_date(end) - timedelta(days=1)
    if first <= last:  # on the day on which it ends mail leaves again
        days = [*json.loads(store.facts.text("pauses") or "[]"), [first.isoformat(), last.isoformat()]]
        store.facts.set_text("pauses", json.dumps(days))
    store.facts.set_moment("pause_ended", end)
    store.facts.set_moment("paused_until", None)
    store.facts.set_moment("paused_from", None)


def calendar_with_pauses(store: Store, calendar: Calendar) -> Calendar:
    """The calendar less the days of whole pauses, past and running."""
    ranges = [(date.fromisoformat(a), date.fromisoformat(b)) for a, b in json.loads(store.facts.text("pauses") or "[]")]
    start, until = store.facts.moment("paused_from"), store.facts.moment("paused_until")
    if start is not None and until is not None and until.year < 9000:
        last = calendar.local_date(until)
        ranges.append((calendar.local_date(start), date.fromordinal(last.toordinal() - 1)))
    whole = [(first, last) for first, last in ranges if first <= last]
    return calendar.without(whole) if whole else calendar


# ---- never again


def suppress(desk: Desk, line: str) -> str:
    """Never mail this address, @domain or glob again; what is live ends."""
    entry = canonical(line)
    _check_entry(entry)
    added = desk.store.suppressions.add(entry, f"by hand on {desk.policy.calendar.local_date(desk.now):%Y-%m-%d}")
    ended = 0
    for e in desk.store.enrollments.live():
        if desk.store.suppressions.matching(e.address):
            desk.store.enrollments.change_now(e.id, State.STOPPED, desk.now, f"you suppressed {entry}")
            ended += 1
    what = "is never mailed again" if added else "was suppressed already"
    return f"{entry} {what}" + (f"; {ended} stopped" if ended else "")


def _check_entry(entry: str) -> None:
    if not is_entry(entry):
        raise UserError(
            f"'{entry}' is no address, @domain or glob; write for example bob@bob.example, @bob.example or *@*.example"
        )


def unsuppress(desk: Desk, line: str) -> str:
    """Allow it again. Nobody is enrolled by that."""
    if not desk.store.suppressions.remove(line):
        other = desk.store.suppressions.matching(line)
        hint = f"; the line '{other}' forbids it" if other else ""
        return f"{canonical(line)} does not stand in {desk.store.suppressions.path.name}{hint}"
    desk.store.events.add(desk.now, "unsuppressed", "by hand", address=canonical(line))
    return f"{canonical(line)} may be mailed again"


# ---- by hand


def why_not(desk: Desk, contact: Contact, sequence: Sequence, again: bool = False) -> str:
    """Why somebody cannot be enrolled by hand; empty where they can."""
    address = canonical(contact.address)
    if not is_address(address):
        return f"'{contact.address}' is no mail address"
    if not desk.identity.is_outside(address):
        return f"{address} is you or a colleague"
    if is_machine(address):
        return f"{address} is no person: nobody reads it"
    if not address.isascii():
        return f"{address} cannot be asked of a mail server; write its domain in ASCII (xn--…)"
    if line := desk.store.suppressions.matching(address):
        return f"{address} must not be mailed ('{line}' in {desk.store.suppressions.path.name})"
    if other := desk.store.enrollments.live_of(address):
        return f"{address} is in '{other.sequence}' already (number {other.id}, {other.state})"
    if not sequence.steps:
        return f"the sequence '{sequence.name}' has no step"
    earlier = [e for e in desk.store.enrollments.of_address(address) if e.sequence == sequence.name and e.done]
    if earlier and not again:
        return f"{address} was in '{sequence.name}' before; --again enrolls all the same"
    if contact.met_on and abs((contact.met_on - desk.policy.calendar.local_date(desk.now)).days) > FARTHEST_DAY_MET:
        return f"{contact.met_on} is too far from today for a day on which you met"
    return "" if sequence.steps[0].new_thread else _why_no_thread(desk, address, sequence)


def _why_no_thread(desk: Desk, address: str, sequence: Sequence) -> str:
    """Why a sequence cannot continue a conversation with somebody."""
    last = desk.store.conversations.last_sent_to(address)
    if last is None:
        return (
            f"'{sequence.name}' continues a conversation, and no mail of yours to {address} was found;"
            " put a mail of yours to them into the folder Followmail/" + sequence.name
        )
    if answer := _answer_since(desk, address, last.conversation, last.entry.at):
        return f"{answer}, after your last mail; write to them yourself first"
    return ""


def enroll(
    desk: Desk, contact: Contact, sequence: Sequence, *, origin: Origin = Origin.MANUAL, again: bool = False,
    first_delay: Delay | None = None, not_before: datetime | None = None,
) -> Enrollment:  # fmt: skip
    """Enroll somebody by hand. Raises UserError where that cannot be."""
    if fault := why_not(desk, contact, sequence, again):
        raise UserError(fault + ".")
    address = canonical(contact.address)
    last = None if sequence.steps[0].new_thread else desk.store.conversations.last_sent_to(address)
    calendar = desk.policy.calendar
    today = calendar.local_date(desk.now)
    day = contact.met_on or today
    opening = f"met:{address}:{contact.met_on.isoformat() if contact.met_on else ''}"
    if again:
        opening += f":{desk.now.isoformat()}"
    conversation, anchor_at, anchor = None, calendar.opening_of(day), ""
    if last is not None:
        silence = desk.store.conversations.get(last.conversation).silence(address, last.entry)
        opening, conversation = silence[0].message.id, last.conversation
        anchor, anchor_at = last.entry.message.id, last.entry.at
    with desk.store.transaction():
        e = Enrollment(
            id=0,
            address=address,
            name=contact.name or (_name_in(last.entry, address) if last else ""),
            sequence=sequence.name,
            trigger=sequence.trigger,
            origin=origin,
            opening=opening,
            state=State.PAUSED if not_before else State.ACTIVE,
            why=f"its place in the import is {calendar.local_date(not_before):%Y-%m-%d}" if not_before else "",
            until=not_before,
            conversation=conversation if conversation is not None else desk.store.conversations.new(),
            anchor=anchor,
            anchor_at=anchor_at,
            first_delay=first_delay,
            met_on=contact.met_on,
            where=contact.where,
            about=contact.about,
            yes_at=desk.now,
            shape=sequence.shape,
            again=again,
        )
        return desk.store.enrollments.begin(e, desk.now, "you enrolled them" if origin is Origin.MANUAL else "imported")


def _name_in(entry: Entry, address: str) -> str:
    """The name under which a mail is addressed to somebody."""
    return next((p.name for p in (*entry.message.to, *entry.message.cc) if p.address == address), "")
