"""The consultant's word, one function an action. Every surface calls these: the commands, and the replies to a digest.

Each gives a sentence that says what was done: to a command with addresses, which it takes; in a mail with names, and
neither numbers nor commands, for it is read on a phone. Nothing here speaks IMAP or SMTP: what follows is carried out
by the next cycle.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from followmail.errors import UserError
from followmail.mail.identity import Identity, canonical
from followmail.sequence import agenda, planner
from followmail.sequence.answers import GONE, WISH, away_until
from followmail.sequence.happened import Happened
from followmail.sequence.planner import Policy
from followmail.sequence.steps import Enrollment, Sequence, State, Status, Step
from followmail.sequence.workdays import Calendar
from followmail.store import Store
from followmail.store.facts import MAILS_AWAITED, UNSETTLED
from followmail.store.suppressions import is_entry

STOPPED_BY_HAND = "you stopped it"
RESUMED_BY_HAND = "you resumed it"
APPROVED_BY_HAND = "you approved it"
_LONGEST_NUMBER = 18  # no row has a longer one
SNOOZED = "you snoozed it until"


@dataclass(frozen=True, slots=True)
class Desk:
    """What an action needs."""

    store: Store
    identity: Identity
    sequences: Mapping[str, Sequence]
    policy: Policy
    now: datetime
    in_a_mail: bool = False  # what is said stands in an answer to a reply

    def who(self, e: Enrollment) -> str:
        """As the surface names somebody."""
        return (e.name if self.in_a_mail else "") or e.address

    def day(self, moment: datetime) -> str:
        """`Tue 5 May`."""
        return agenda.day(moment, self.policy.calendar, self.now)


def find(desk: Desk, words: Iterable[str], live_only: bool = True) -> tuple[Enrollment, ...]:
    """The enrollments that ids and addresses name; all that is not found is told at once."""
    found: dict[int, Enrollment] = {}
    faults = []
    for word in words:
        mine = _named(desk, word)
        chosen = [e for e in mine if e.state.live or _is_in_doubt(e)]
        if not chosen and not live_only:
            chosen = list(mine[-1:])  # what ended last
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


def answer_since(desk: Desk, address: str, conversation: int | None, since: datetime) -> str:
    """Who answered since the consultant's mail, and when; empty where nobody did."""
    known = desk.store.conversations.bearing_since(since, conversation, [address], None, ())
    for entry in (
        k.entry for k in known if k.conversation == conversation or k.entry.message.sender.address == address
    ):
        message = entry.message
        if entry.answered and not desk.identity.is_own(message.sender.address) and (message.later or since) >= since:
            return f"{message.sender.name or message.sender.address} answered on {desk.day(entry.at)}"
    return ""


def _named(desk: Desk, word: str) -> tuple[Enrollment, ...]:
    if word.isdecimal():
        e = desk.store.enrollments.get(int(word)) if len(word) <= _LONGEST_NUMBER else None
        return (e,) if e else ()
    return desk.store.enrollments.of_address(canonical(word))


# ---- yes and no


def approve(desk: Desk, e: Enrollment) -> str:
    """A yes: for the enrollment, for what it waits for, and for a delivery that may or may not have left: send it."""
    doubt = [p for p in desk.store.outbox.parcels(Status.UNCERTAIN) if p.delivery.enrollment == e.id]
    if doubt and not e.state.live:
        raise UserError(
            f"{desk.who(e)} is {e.state} ({e.why}), so nothing is sent again; skip counts the mail as left."
        )
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
        return f"{desk.who(e)}: step {doubt[0].delivery.number} will be sent again"
    if e.state is not State.WAITING:
        return f"{desk.who(e)}: {_draft_of(desk, e) or 'nothing waits for your yes'}"
    with desk.store.transaction():
        _yes(desk, e)
    return f"{desk.who(e)}: goes on in '{e.sequence}'"


def _draft_of(desk: Desk, e: Enrollment) -> str:
    """That a draft is the question, where one is open; empty where none is."""
    drafted = next((d for d in e.deliveries if d.status is Status.DRAFTED), None)
    parcel = desk.store.outbox.parcel(drafted.id) if drafted else None
    if parcel is None or parcel.withdraw:
        return ""
    if parcel.gone_since is not None:
        return f"the draft of step {parcel.delivery.number} is gone: {planner.DRAFT_GONE}"
    return f"the draft of step {parcel.delivery.number} lies in {parcel.draft_folder}; sending it is the yes"


def _yes(desk: Desk, e: Enrollment) -> None:
    granted = {e.code} if e.code else set()
    desk.store.enrollments.say_yes(e, desk.now, APPROVED_BY_HAND, granted)
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
        desk.store.enrollments.change(e, State.ACTIVE, desk.now, APPROVED_BY_HAND, event=Happened.APPROVED)


def approve_all(desk: Desk) -> tuple[str, ...]:
    """A yes for all that waits; what may have left is left out, and of whom somebody asked not to be written to: that is
    decided by name."""
    doubtful = {p.delivery.enrollment for p in desk.store.outbox.parcels(Status.UNCERTAIN)}
    waiting = [e for e in desk.store.enrollments.all(State.WAITING) if e.id not in doubtful and e.code != WISH]
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
            desk.store.events.add(desk.now, Happened.SETTLED, "you said: it left", e.id, e.address)
        return f"{desk.who(e)}: step {doubt[0].delivery.number} counts as left"
    step = planner.next_step(e, sequence) if sequence else None
    if sequence is None or step is None:
        return f"{desk.who(e)}: there is no step left to skip"
    own = e.delivery(step.name)
    drafted = desk.store.outbox.parcel(own.id) if own is not None and own.status is Status.DRAFTED else None
    _end_step(desk, e, sequence.name, step, Happened.SKIPPED, "you skipped it")
    said = f"{desk.who(e)}: step {step.number} is skipped"
    if drafted is not None and drafted.draft_edited and drafted.gone_since is None:
        return f"{said}; its draft, which you edited, stays in {drafted.draft_folder}: delete it yourself"
    return said


def called(desk: Desk, e: Enrollment) -> str:
    """A call was made, or tried: the step is done. It is no mail: no limit counts it."""
    sequence = desk.sequences.get(e.sequence)
    step = planner.next_step(e, sequence) if sequence and e.state.live else None
    if sequence is None or step is None or not step.call:
        return f"{desk.who(e)}: there is no call to be made"
    _end_step(desk, e, sequence.name, step, Happened.CALLED, planner.CALLED)
    return f"{desk.who(e)}: step {step.number}, the call, is done"


def _end_step(desk: Desk, e: Enrollment, sequence: str, step: Step, event: Happened, why: str) -> None:
    """The step is over without a mail, now; what waited for it goes on."""
    own = e.delivery(step.name)
    with desk.store.transaction():
        if own is None:
            message_id = f"skipped.{e.id}.{step.name}@skipped.invalid"
            key = (e.opening, sequence, step.name)
            desk.store.outbox.count_step(
                e.id, e.address, key, step.number, message_id, desk.now, Status.SKIPPED, why
            )  # fmt: skip
        elif own.status is Status.DRAFTED:
            desk.store.outbox.move(
                own.id, (Status.DRAFTED,), Status.SKIPPED, desk.now, left=desk.now, withdraw=True, why=why
            )
        else:
            before = (Status.QUEUED, Status.SENDING, Status.CANCELLED, Status.WITHDRAWN, Status.FAILED)
            desk.store.outbox.move(own.id, before, Status.SKIPPED, desk.now, left=desk.now, why=why)
        desk.store.events.add(desk.now, event, f"step {step.number}: {why}", e.id, e.address)
        of_the_step = ("overdue", "many", "failed", "language", "quote", f"step:{step.name}", f"text:{step.name}")
        if e.state is State.WAITING and e.code in of_the_step:
            over = "you skipped the step that waited" if event is Happened.SKIPPED else why
            desk.store.enrollments.change(e, State.ACTIVE, desk.now, over, event=Happened.RESUMED)


def stop(desk: Desk, e: Enrollment) -> str:
    """The end, by hand."""
    if not desk.store.enrollments.change_now(e.id, State.STOPPED, desk.now, STOPPED_BY_HAND):
        since = desk.store.enrollments.get(e.id) or e
        return f"{desk.who(e)}: it is over already: {since.state}, {since.why}"
    return f"{desk.who(e)}: stopped"


def resume(desk: Desk, e: Enrollment) -> str:
    """On it goes: a paused one now, a stopped one again, a waiting one as if approved; an answered one asks once more."""
    if e.state is State.WAITING:
        return approve(desk, e)
    if e.state is State.ACTIVE:
        return f"{desk.who(e)}: it is active"
    if not e.state.live:
        return _revive(desk, e)
    with desk.store.transaction():
        desk.store.enrollments.say_yes(e, desk.now, RESUMED_BY_HAND)
        desk.store.enrollments.change(e, State.ACTIVE, desk.now, RESUMED_BY_HAND, event=Happened.RESUMED)
    return f"{desk.who(e)}: goes on in '{e.sequence}'"


def _revive(desk: Desk, e: Enrollment) -> str:
    """What ended goes on: one that was stopped at once; one that was answered only after a second word."""
    if e.state not in (State.STOPPED, State.REPLIED):
        begins = "" if desk.in_a_mail else ". `enroll` begins anew."
        raise UserError(f"{desk.who(e)} is {e.state} ({e.why}); only what was stopped or answered can go on{begins}")
    if other := desk.store.enrollments.live_of(e.address):
        first = "stop that first" if desk.in_a_mail else f"`followmail stop {other.id}` ends that first."
        raise UserError(f"{desk.who(e)} is in '{other.sequence}' already; {first}")
    if line := desk.store.suppressions.matching(e.address):
        path = desk.store.suppressions.path
        raise UserError(f"{desk.who(e)} must not be mailed ('{line}' in {path.name if desk.in_a_mail else path}).")
    answer = answer_since(desk, e.address, e.conversation, e.anchor_at) if e.anchor_at else ""
    if e.state is State.REPLIED or e.code == GONE:
        answer = answer or e.why
    if answer:
        why = f"{answer}; still follow up?"
        desk.store.enrollments.change(e, State.WAITING, desk.now, why, event=Happened.RESUMED, code="answer")
        again = "; “list” shows it" if desk.in_a_mail else ""
        return f"{desk.who(e)}: waits for your yes: {answer}{again}"
    with desk.store.transaction():
        desk.store.enrollments.say_yes(e, desk.now, RESUMED_BY_HAND)
        desk.store.enrollments.change(e, State.ACTIVE, desk.now, RESUMED_BY_HAND, event=Happened.RESUMED)
        desk.store.facts.add_number(UNSETTLED, e.id)
    return f"{desk.who(e)}: goes on in '{e.sequence}'"


def snooze(desk: Desk, e: Enrollment, until: datetime) -> str:
    """Nothing to this person until then; afterwards as before. What has ended is not begun again by it, and whoever is away
    for longer is not written to before they are back."""
    if not e.state.live:
        raise UserError(f"{desk.who(e)} is {e.state} ({e.why}); nothing more goes to them.")
    then = (
        State.WAITING
        if e.state is State.WAITING or (e.state is State.PAUSED and e.then is State.WAITING)
        else State.ACTIVE
    )
    rests = None if e.state is State.PAUSED and e.why.startswith(SNOOZED) else away_until(e)
    if rests is not None and rests > until and e.state is State.PAUSED:
        return f"{desk.who(e)}: {e.why}, so nothing comes before {desk.day(rests)}; resume ends that"
    until = max(until, rests or until)
    until = _asking_at(desk, until) if then is State.WAITING else until
    why = e.why if then is State.WAITING else f"{f'{e.why}; ' if rests else ''}{SNOOZED} {desk.day(until)}"
    if not desk.store.enrollments.change(
        e, State.PAUSED, desk.now, why, event=Happened.SNOOZED, code=e.code, until=until, then=then
    ):
        raise UserError(f"{desk.who(e)} changed in this very moment; say it again where it still holds.")
    return f"{desk.who(e)}: snoozed until {desk.day(until)}"


def _asking_at(desk: Desk, until: datetime) -> datetime:
    """When to ask the consultant again: a day means its beginning, so that the digest of that day asks."""
    day = desk.policy.calendar.local_date(until)
    begins = desk.policy.calendar.beginning_of(day)
    return begins if until == desk.policy.calendar.opening_of(day) and begins > desk.now else until


def put_aside(desk: Desk, message_id: str, until: datetime | None) -> str:
    """Of somebody who waits for the consultant: until then, or (None) dealt with elsewhere."""
    known = desk.store.conversations.find(message_id)
    sender = known.entry.message.sender if known else None
    who = (sender.name if desk.in_a_mail else "") or sender.address if sender else "a mail that is gone"
    desk.store.attention.put_aside(message_id, _asking_at(desk, until) if until else None)
    if until is None:
        return f"{who}: waits for you no more"
    return f"{who}: put aside until {desk.day(until)}"


# ---- the whole


def pause(desk: Desk, until: datetime | None) -> str:
    """Nothing at all leaves until then (None: until `resume`). The days of it are no business days."""
    end = until or datetime.max.replace(tzinfo=desk.now.tzinfo).replace(year=9000)
    desk.store.facts.set_moment("paused_from", desk.store.facts.moment("paused_from") or desk.now)
    desk.store.facts.set_moment("paused_until", end)
    when = f"until {desk.day(end)}" if until else "until you resume"
    desk.store.events.add(desk.now, Happened.PAUSED_ALL, f"nothing leaves {when}")
    return f"Paused: nothing leaves {when}."


def resume_all(desk: Desk) -> str:
    """End the pause over everything, believe the clock and the mailbox again, and let the account try again."""
    facts = desk.store.facts
    was_paused = facts.moment("paused_until") is not None
    end_pause(desk.store, desk.policy.calendar, desk.now)
    facts.set_text("clock_fault", None)
    facts.set_moment("clock_accepted", desk.now)
    if facts.text(MAILS_AWAITED) is not None:
        facts.set_text(MAILS_AWAITED, "0")  # what the mailbox holds is all of it
    let_account_try(desk.store)
    desk.store.events.add(desk.now, Happened.RESUMED_ALL, "you resumed everything")
    return "Resumed: mails leave again." if was_paused else "Nothing was paused; the clock as it stands is believed."


def let_account_try(store: Store) -> None:
    """Forget that the mail server refused the account: it was mended."""
    for fact in ("sending_held_until", "account_refusals", "sending_fault"):
        store.facts.set_text(fact, None)


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
    desk.store.events.add(desk.now, Happened.UNSUPPRESSED, "by hand", address=canonical(line))
    return f"{canonical(line)} may be mailed again"
