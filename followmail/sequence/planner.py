"""What comes next for one enrollment: `decide(…) → Wait | Leave | Finish`, with its reason. Changes nothing.

`plan`, `explain`, `once --dry-run` and the daemon all ask here. The rules stand in the order in which they are asked:
first what the consultant must be asked, then what the step needs, then what must hold at the moment of leaving.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from followmail.mail.identity import company, mailbox, same_company
from followmail.sequence.steps import (
    Delay,
    Delivery,
    Enrollment,
    Mode,
    Origin,
    Sequence,
    State,
    Status,
    Step,
    Trigger,
    Unit,
)
from followmail.sequence.workdays import Calendar

# In mode send, a step that is later than this waits instead (the machine was off).
OVERDUE_BUSINESS_DAYS = 5
# A call that nobody made lapses after this long, and the next step counts from then.
CALL_LAPSES = Delay(3, Unit.BUSINESS_DAYS)
CALL_THEM = "call them"
CALLED = "you called"
CALL_LAPSED = "the call was not made in time"
DRAFT_GONE = "unless it comes back within a quarter of an hour, that is your no"
# So many mails of a day are left for follow-ups by the first mails of imports.
LEFT_FOR_FOLLOW_UPS = 3
CLOCK_BACK = timedelta(hours=1)
CLOCK_AHEAD = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the consultant configured."""

    calendar: Calendar
    mode: Mode = Mode.DRAFT
    detect: str = "wait"  # enroll | wait | off
    daily_limit: int = 10
    gap: int = 90  # seconds between two sends


@dataclass(frozen=True, slots=True)
class Day:
    """What has happened, as far as it bears on whether one more mail may leave now."""

    looked_at: datetime | None = None  # end of the last complete look; None: never, or the last one was incomplete
    look_fault: str = ""  # what the last look could not read
    clock_fault: str = ""
    paused_until: datetime | None = None  # the pause over everything
    pause_ended: datetime | None = None  # when the last whole pause ended
    unseen: datetime | None = None  # when it was found that mail had come and was deleted before anybody looked
    left_today: int = 0
    imports_today: int = 0  # first mails of imports among them
    last_left: datetime | None = None
    people: frozenset[str] = frozenset()  # whose mailbox got a mail today, by us or by the consultant
    companies: frozenset[str] = frozenset()  # company domains mailed today by us
    drafts_to: frozenset[str] = frozenset()  # for whose mailbox a draft of ours is open
    suppressed: Callable[[str], str | None] = field(default=lambda address: None, repr=False)
    template_fault: Callable[[str], str] = field(default=lambda sequence: "", repr=False)  # of one that is not there
    flood: frozenset[int] = frozenset()  # enrollments that became due at once, too many of them
    recipients: Callable[[Enrollment], tuple[str, ...]] = field(default=lambda e: (e.address,), repr=False)

    def after(self, e: Enrollment, now: datetime) -> "Day":
        """The day once this enrollment's mail has left too."""
        people = {*self.recipients(e), e.address}
        return replace(
            self,
            left_today=self.left_today + 1,
            imports_today=self.imports_today + (e.origin is Origin.IMPORTED and not e.done),
            last_left=now,
            people=self.people | mailboxes(people),
            companies=self.companies | companies_of(people),
        )


def mailboxes(addresses: Iterable[str]) -> frozenset[str]:
    """The people behind these addresses: one counts once, however the address is spelled."""
    return frozenset(map(mailbox, addresses))


def companies_of(addresses: Iterable[str]) -> frozenset[str]:
    """The company domains of these addresses."""
    return frozenset(filter(None, map(company, addresses)))


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now. `asks`: the consultant must be asked; the code of what a yes grants."""

    why: str
    due: datetime | None = None
    step: Step | None = None
    waits_for: str | None = None
    asks: str = ""
    ends: State | None = None  # it can never leave: the enrollment ends
    lapses: bool = False  # a call that nobody made in time: the step is over


@dataclass(frozen=True, slots=True)
class Leave:
    """This step's mail may leave now."""

    why: str
    due: datetime
    step: Step
    mode: Mode


@dataclass(frozen=True, slots=True)
class Finish:
    """Every step is done."""

    why: str


Decision = Wait | Leave | Finish


def decide(e: Enrollment, sequences: Mapping[str, Sequence], policy: Policy, day: Day, now: datetime) -> Decision:
    """What comes next for a live enrollment."""
    sequence = sequences.get(e.sequence)
    if sequence is None:
        return _gone(e, sequences, day)
    step = next_step(e, sequence)
    if e.state is not State.WAITING and (changed := _changed(e, sequence)):
        return Wait(changed, due_of(e, sequence, step, policy.calendar) if step else None, step, "approval", "template")
    if step is None:
        return Finish("all steps are done")
    try:
        due = due_of(e, sequence, step, policy.calendar)
    except ValueError as fault:
        return Wait(f"when it is due cannot be worked out: {fault}", None, step, "approval", "date")
    mode = _mode_of_step(e, step, mode_of(sequence, policy))
    for rule in (_standing, _consent, _person, _under_way, _timing, _copied, _whole, _call, _lateness, _moment):
        found = rule(e, step, due, mode, policy, day, now)
        if found is not None:
            return found
    return Leave(reason(e, step, due, policy.calendar), due, step, mode)


# ---- what the step is and when it is due


def next_step(e: Enrollment, sequence: Sequence) -> Step | None:
    """The first step that has neither left nor been skipped, by name."""
    return next((step for step in sequence.steps if step.name not in e.done), None)


def mode_of(sequence: Sequence, policy: Policy) -> Mode:
    """A sequence's own mode, else the configured one; a configured dry run holds everything."""
    if policy.mode is Mode.DRY_RUN:
        return Mode.DRY_RUN
    return sequence.mode or policy.mode


def _mode_of_step(e: Enrollment, step: Step, mode: Mode) -> Mode:
    """A step that became a draft stays one, whatever the mode becomes."""
    own = e.delivery(step.name)
    was_draft = own is not None and own.status in (Status.DRAFTED, Status.WITHDRAWN)
    return Mode.DRAFT if mode is Mode.SEND and was_draft else mode


def due_of(e: Enrollment, sequence: Sequence, step: Step, calendar: Calendar) -> datetime:
    """When a step is due: its delay after the anchor, or after the later of the previous step's leaving and the anchor."""
    base = counts_from(e)
    previous = _previous(e, sequence, step)
    if previous is not None and previous.left is not None:
        base = max(base, previous.left)
    first = not e.done or step.number == 1
    delay = e.first_delay if e.first_delay is not None and first else step.after
    due = calendar.add(base, delay)
    if e.state is State.PAUSED and e.until is not None:
        due = calendar.next_open(max(due, e.until))
    return due


def counts_from(e: Enrollment) -> datetime:
    """What delays count from: the anchor, or a colleague's message that came after it."""
    moments = [m for m in (e.anchor_at, e.counts_from) if m is not None]
    if not moments:
        raise ValueError(f"enrollment {e.id} has neither an anchor nor a day met")
    return max(moments)


def _previous(e: Enrollment, sequence: Sequence, step: Step) -> Delivery | None:
    """The latest delivery of the steps before this one."""
    before = {s.name for s in sequence.steps if s.number < step.number}
    gone = [
        d for d in e.deliveries if d.status.done and d.left is not None and (d.step in before or d.step != step.name)
    ]
    return max(gone, key=lambda d: d.left or d.changed, default=None)


# ---- the rules, in order; each gives a Wait, or None to go on


def _gone(e: Enrollment, sequences: Mapping[str, Sequence], day: Day) -> Wait:
    """The folder was renamed or removed; or it has a fault, which nobody needs to be asked about one by one."""
    if e.state is State.WAITING:
        return Wait(e.why, None, None, "approval")
    if fault := day.template_fault(e.sequence):
        return Wait(fault, None, None, "template")
    heir = next((s for s in sequences.values() if e.shape and s.shape == e.shape), None)
    hint = f"; '{heir.name}' has the same steps, a yes goes on there" if heir else "; stop it, or put the folder back"
    return Wait(f"the sequence '{e.sequence}' is gone{hint}", None, None, "approval", "template")


def heir_of(e: Enrollment, sequences: Mapping[str, Sequence]) -> Sequence | None:
    """The sequence with which an enrollment goes on after a yes, where its own is gone."""
    return sequences.get(e.sequence) or next((s for s in sequences.values() if e.shape and s.shape == e.shape), None)


def _changed(e: Enrollment, sequence: Sequence) -> str:
    """Renamed, renumbered, removed or inserted steps; one added behind the last changes nothing that was agreed."""
    if not e.shape or sequence.shape[: len(e.shape)] == e.shape:
        return ""
    return f"the steps of '{sequence.name}' changed: {', '.join(e.shape)} became {', '.join(sequence.shape)}"


def _standing(
    e: Enrollment, step: Step, due: datetime, mode: Mode, policy: Policy, day: Day, now: datetime
) -> Wait | None:
    """Where the enrollment itself stands: waiting for a yes, or paused."""
    if e.state is State.WAITING:
        return Wait(e.why, due, step, "approval")
    over = e.until is not None and now >= e.until
    if e.state is State.PAUSED and (not over or e.then is State.WAITING):  # to wait then is not for a clock to forget
        return Wait(e.why, due, step, "pause")
    return None


def _consent(
    e: Enrollment, step: Step, due: datetime, mode: Mode, policy: Policy, day: Day, now: datetime
) -> Wait | None:
    """Whether the consultant must first be asked: what was only detected, in mode send, and steps that say so."""
    own = e.delivery(step.name)
    asks = step.approve and f"step:{step.name}" not in e.granted and now >= due
    if step.call and asks and mode is not Mode.DRY_RUN:  # no draft would ask
        return Wait(f"step {step.number}, a call, asks before it is told", due, step, "approval", f"step:{step.name}")
    if mode is not Mode.SEND or (own is not None and own.status is Status.DRAFTED):
        return None  # the draft itself is the question
    if e.before_first_run and not e.said_yes:
        return Wait("it was sent before the first run", due, step, "approval", "first-run")
    if e.origin is Origin.DETECTED and not e.said_yes and policy.detect != "enroll":
        question = "you met them; write to them?" if e.met_on else "nobody has answered; follow up?"
        return Wait(question, due, step, "approval", "detected")
    if day.unseen is not None and not e.said_yes and counts_from(e) <= day.unseen:
        question = "mail was deleted before followmail saw it, perhaps their answer; still follow up?"
        return Wait(question, due, step, "approval", "unseen")
    if asks:
        return Wait(f"step {step.number} asks before it goes", due, step, "approval", f"step:{step.name}")
    return None


def _person(
    e: Enrollment, step: Step, due: datetime, mode: Mode, policy: Policy, day: Day, now: datetime
) -> Wait | None:
    """Whether the person must not be mailed: that ends it."""
    line = day.suppressed(e.address)
    if line is None:
        return None
    return Wait(f"{e.address} must not be mailed ('{line}' in suppressed.txt)", due, step, ends=State.STOPPED)


def _copied(
    e: Enrollment, step: Step, due: datetime, mode: Mode, policy: Policy, day: Day, now: datetime
) -> Wait | None:
    """Whether somebody whom the mail would reach in Cc must not be mailed."""
    for address in () if step.call else day.recipients(e):
        if (line := day.suppressed(address)) and address != e.address:
            why = f"{address}, who stands in Cc, must not be mailed ('{line}')"
            return Wait(why, due, step, "approval", f"cc:{address}")
    return None


def _under_way(
    e: Enrollment, step: Step, due: datetime, mode: Mode, policy: Policy, day: Day, now: datetime
) -> Wait | None:
    """Whether this step is on its way already, or the one before it may have left."""
    doubt = next((d for d in e.deliveries if d.status in (Status.UNCERTAIN, Status.HANDED_OVER)), None)
    if doubt is not None:
        return Wait(f"nobody can know whether step {doubt.number} left; approve or skip it", due, step, "approval")
    own = e.delivery(step.name)
    if own is not None and own.status is Status.DRAFTED:
        why = "its draft waits for you" if own.gone_since is None else f"its draft is gone: {DRAFT_GONE}"
        return Wait(why, due, step, "draft")
    if own is not None and own.status is Status.FAILED:
        return Wait(f"it could not be sent: {own.why}", due, step, "approval", "failed")
    if own is not None and own.next_try is not None and now < own.next_try:
        return Wait(f"tried {own.attempts} times; {own.why}", max(due, own.next_try), step)
    if not day.drafts_to.isdisjoint(mailboxes((*day.recipients(e), e.address))):
        return Wait("another draft to this person is open", due, step, "draft")
    return None


def _timing(
    e: Enrollment, step: Step, due: datetime, mode: Mode, policy: Policy, day: Day, now: datetime
) -> Wait | None:
    """Whether it is due."""
    return Wait(reason(e, step, due, policy.calendar), due, step) if now < due else None


def _lateness(
    e: Enrollment, step: Step, due: datetime, mode: Mode, policy: Policy, day: Day, now: datetime
) -> Wait | None:
    """Whether it is so late, or one of so many, that the consultant should be asked. Asked only when nothing holds
    everything: a pause makes nothing late, and a clock that cannot be right proves nothing."""
    if mode is Mode.SEND:
        latest = max(m for m in (due, e.resumed_at, day.pause_ended, e.yes_at, e.held_at) if m is not None)
        calendar = policy.calendar
        late = calendar.business_days_between(calendar.local_date(latest), calendar.local_date(now))
        if late > OVERDUE_BUSINESS_DAYS:
            return Wait(f"it was due {_on(due, calendar)}, {late} business days ago", due, step, "approval", "overdue")
        if e.id in day.flood and not e.said_yes:
            return Wait("more mails than two days' limit became due at once", due, step, "approval", "many")
    return None


def _whole(
    e: Enrollment, step: Step, due: datetime, mode: Mode, policy: Policy, day: Day, now: datetime
) -> Wait | None:
    """What holds everything: a pause, a clock that cannot be right, a look that is not complete."""
    if day.paused_until is not None and now < day.paused_until:
        until = "you resume" if day.paused_until.year >= 9000 else _on(day.paused_until, policy.calendar)
        return Wait(f"everything is paused until {until}", due, step, "pause")
    if day.clock_fault:
        return Wait(day.clock_fault, due, step, "clock")
    if day.looked_at is None or day.look_fault:
        return Wait(day.look_fault or "no complete look at the mailbox yet", due, step, "look")
    return None


def _call(e: Enrollment, step: Step, due: datetime, mode: Mode, policy: Policy, day: Day, now: datetime) -> Wait | None:
    """A step that is a call, not a mail: no rule about mail holds it. It is told, and lapses when nobody made it.

    It lapses so long after it was told, never before: what nobody could know of (the machine was off) is not dropped.
    """
    if not step.call:
        return None
    lapsed = False
    if e.told_at is not None and e.told_at >= call_since(e, due, day.pause_ended) and mode is not Mode.DRY_RUN:
        lapsed = now >= policy.calendar.add(e.told_at, CALL_LAPSES)
    return Wait(CALL_LAPSED if lapsed else CALL_THEM, due, step, lapses=lapsed)


def call_since(e: Enrollment, due: datetime, pause_ended: datetime | None) -> datetime:
    """From when on a call may be made: the latest of its time, the yes, and the end of a pause or a snooze."""
    return max(m for m in (due, e.resumed_at, pause_ended, e.yes_at) if m is not None)


def is_call_due(decision: Decision) -> bool:
    """Whether the consultant is to call now."""
    return isinstance(decision, Wait) and decision.why == CALL_THEM and not decision.lapses


def _moment(
    e: Enrollment, step: Step, due: datetime, mode: Mode, policy: Policy, day: Day, now: datetime
) -> Wait | None:
    """What must hold at the very moment of leaving: window, one a day to a person and company, limit, gap."""
    calendar = policy.calendar
    if not calendar.is_open(now):
        return Wait("outside the window", calendar.next_open(now), step, "window")
    for address in day.recipients(e):
        if mailbox(address) in day.people:
            return Wait(f"{address} had a mail today", next_day(calendar, now), step, "company")
    for domain in companies_of((*day.recipients(e), e.address)):
        if any(same_company(domain, other) for other in day.companies):
            return Wait(f"somebody at {domain} had a mail today", next_day(calendar, now), step, "company")
    if day.left_today >= policy.daily_limit:
        return Wait(f"the {policy.daily_limit} mails of today are out", next_day(calendar, now), step, "limit")
    if is_import(e, step) and day.imports_today >= room_for_imports(policy):
        why = f"{day.imports_today} first mails of imports are out today, the rest is for follow-ups"
        return Wait(why, next_day(calendar, now), step, "limit")
    if mode is Mode.SEND and day.last_left is not None:
        free = day.last_left + timedelta(seconds=policy.gap)
        if now < free:
            return Wait(f"{policy.gap} seconds between two mails", calendar.next_open(free), step, "gap")
    return None


def is_import(e: Enrollment, step: Step) -> bool:
    """Whether this step is the first mail to somebody who was imported."""
    return e.origin is Origin.IMPORTED and step.number == 1


def room_for_imports(policy: Policy) -> int:
    """How many first mails of imports a day has room for."""
    return max(1, policy.daily_limit - LEFT_FOR_FOLLOW_UPS)


HELD_BY_THE_DAY = frozenset({"limit", "gap", "company", "window"})


def next_day(calendar: Calendar, now: datetime) -> datetime:
    return calendar.next_open(calendar.opening_of(calendar.local_date(now) + timedelta(days=1)))


# ---- the words


def reason(e: Enrollment, step: Step, due: datetime, calendar: Calendar) -> str:
    """Why this step is due when it is, in a consultant's words."""
    delay = e.first_delay if e.first_delay is not None and not e.done else step.after
    if e.done:
        return f"{delay} after {_last(e, step)}, no answer since"
    if e.trigger in (Trigger.MET, Trigger.MANUAL) and not e.anchor:
        return f"{delay} after {'you met' if e.met_on else 'today'}"
    return f"{delay} after your mail of {_on(counts_from(e), calendar)}, no answer since"


def _last(e: Enrollment, step: Step) -> str:
    """What the delay counts from: a mail that left, a call, or a step that was left out."""
    last = max((d for d in e.deliveries if d.left is not None), key=lambda d: d.left or d.changed, default=None)
    if last is not None and last.status is Status.SKIPPED:
        return "the call" if last.why in (CALLED, CALL_LAPSED) else f"step {last.number} was skipped"
    return f"step {step.number - 1} left"


def _on(moment: datetime, calendar: Calendar) -> str:
    day = calendar.local_date(moment)
    return f"{day.day} {day:%b}"


# ---- what the clock may not do


def clock_fault(now: datetime, last_look: datetime | None) -> str:
    """Why this clock cannot be believed; empty where it can. A small jump ahead is a machine that was off."""
    if last_look is None:
        return ""
    if now < last_look - CLOCK_BACK:
        return f"the clock stands before the last look ({last_look:%Y-%m-%d %H:%M} UTC); set it right, or `followmail resume`"
    if now > last_look + CLOCK_AHEAD:
        days = (now - last_look).days
        return f"the last look was {days} days ago; if the clock is right, `followmail resume`"
    return ""
