"""What stands open at a moment: problems, mails in doubt, drafts, what waits for a yes, calls, what goes out today."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from followmail.agenda.phrasing import clock, day, named, shortened, step, who
from followmail.agenda.ranking import Ranking
from followmail.jobs import plan as planning
from followmail.jobs.calls import phone_line
from followmail.jobs.cycle import Cycle
from followmail.jobs.facts import DIGEST_FAULT
from followmail.sequence import planner
from followmail.sequence.agenda import Item, What
from followmail.sequence.forecast import Planned
from followmail.sequence.planner import Leave, Wait
from followmail.sequence.steps import Enrollment, Mode, State, Status
from followmail.store.outbox import Parcel

# A complete look that is older than this many polls is no health.
STALE_POLLS = 3
STALE_AT_LEAST = timedelta(hours=1)
# What a decision waits for that is no matter of the person alone: it is told as a problem, or not at all.
_NOT_OPEN = frozenset({"approval", "draft", "pause", "template", "look", "clock"})
_DOUBT = "may or may not have left: ok sends it again, skip counts it as left"


def standing(c: Cycle, ranking: Ranking, poll: timedelta) -> list[Item]:
    """What is open now."""
    planned = planning.forecast(c, 0)
    found = [Item(What.PROBLEM, text) for text in problems(c, poll)]
    found += unwritten(c, planned)
    found += uncertain(c)
    found += drafts(c, ranking)
    found += [waiting(ranking, p) for p in planned if _asks(p)]
    found += calls(c, ranking, planned)
    found += today(c, planned)
    return found


# ---- problems


def problems(c: Cycle, poll: timedelta) -> list[str]:
    """Why mail may not work, each as a sentence; empty where all is well. Mails in doubt are told by themselves."""
    facts = c.store.facts
    looked = facts.moment("looked_at")
    found = []
    if looked is None:
        found.append("there was no complete look yet; start `followmail run`")
    elif is_stale(looked, c.now, poll):
        hours = (c.now - looked).total_seconds() / 3600
        found.append(f"the last complete look was {hours:.0f} hours ago; is `followmail run` at work?")
    if text := facts.text("login_fault"):
        found.append(f"the mailbox refuses the login: {_with(text, 'mend the password')}, then start `followmail run`")
    found += [text for key in ("look_fault", "clock_fault", DIGEST_FAULT) if (text := facts.text(key))]
    if text := facts.text("sending_fault"):
        found.append(f"the mail server refuses to send: {_with(text, '`followmail resume` tries again')}")
    found += [str(fault) for fault in c.library.faults]
    found += c.store.suppressions.faults()
    found += [
        f"a message from {known.entry.message.sender.address or 'somebody'} could not be worked out; read it yourself"
        for known in c.store.conversations.set_aside(c.now - c.options.lookback)
    ]
    return found


def _with(fault: str, remedy: str) -> str:
    """A fault and what to do; one of OAuth2 says itself that `followmail login` mends it."""
    return fault.rstrip(".") if "`followmail login`" in fault else f"{fault}; {remedy}"


def is_stale(looked: datetime, now: datetime, poll: timedelta) -> bool:
    """Whether a complete look is so long ago that silence proves nothing any more."""
    return now - looked > max(STALE_AT_LEAST, STALE_POLLS * poll)


def paused(c: Cycle) -> str:
    """That nothing at all leaves, and until when; empty where it does."""
    until = c.store.facts.moment("paused_until")
    if until is None or until <= c.now:
        return ""
    calendar = c.policy.calendar
    if calendar.local_date(until) == calendar.local_date(c.now):
        over = until <= calendar.opening_of(calendar.local_date(c.now))  # before it nothing would leave anyway
        return "" if over else f"Everything is paused until {clock(c, until).removeprefix('at ')}. "
    return f"Everything is paused until {'you resume' if until.year >= 9000 else day(c, until)}. "


def sends(c: Cycle) -> bool:
    """Whether what is due is sent rather than drafted, as far as it is configured for all."""
    return c.policy.mode is Mode.SEND


def unwritten(c: Cycle, planned: Iterable[Planned]) -> list[Item]:
    """Mails that are due and cannot be written; a sequence that does not load is a problem of its own."""
    held = [
        (p.enrollment, p.decision.why)
        for p in planned
        if isinstance(p.decision, Wait) and p.decision.waits_for == "template" and p.sequence is not None
    ]
    return [_about(e, Item(What.PROBLEM, f"The mail to {who(e)} is held: {why}")) for e, why in held]


# ---- what needs a word


def is_uncertain(e: Enrollment) -> bool:
    """Whether one of its mails may or may not have left."""
    return any(d.status in (Status.UNCERTAIN, Status.HANDED_OVER) for d in e.deliveries)


def uncertain(c: Cycle) -> list[Item]:
    """Mails of which nobody can know whether they left, also of what ended since."""
    found = []
    for parcel in c.store.outbox.parcels(Status.UNCERTAIN, Status.HANDED_OVER):
        e = c.store.enrollments.get(parcel.delivery.enrollment)
        if e is not None:
            text = f"{who(e)}: {step(e, parcel.delivery.number)} {_DOUBT}"
            found.append(_about(e, Item(What.UNCERTAIN, text)))
    return found


def drafts(c: Cycle, ranking: Ranking) -> list[Item]:
    """Open drafts; one that is about to be taken back is none any more."""
    found = []
    for parcel in c.store.outbox.parcels(Status.DRAFTED):
        e = c.store.enrollments.get(parcel.delivery.enrollment)
        if e is not None and not parcel.withdraw and (text := _draft(c, e, parcel)):
            found.append(_about(e, ranking.ranked(e, Item(What.DRAFT, text), since=parcel.delivery.left)))
    return found


def has_draft(p: Planned) -> bool:
    """Whether a draft of it lies with the consultant, whatever else keeps it."""
    waits = isinstance(p.decision, Wait) and p.decision.waits_for == "draft"
    return waits or any(d.status is Status.DRAFTED for d in p.enrollment.deliveries)


def kept_drafts(c: Cycle) -> list[tuple[Enrollment, Parcel, str]]:
    """Drafts that the consultant edited and that wait no more, for somebody answered: with what there is to say."""
    found = []
    for parcel in c.store.outbox.parcels(Status.DRAFTED):
        e = c.store.enrollments.get(parcel.delivery.enrollment)
        if e is not None and e.state is not State.ACTIVE and parcel.draft_edited and not parcel.withdraw:
            found.append((e, parcel, f"you edited it; but {e.why}. Delete it, or send it if it still fits"))
    return found


def _draft(c: Cycle, e: Enrollment, parcel: Parcel) -> str:
    label = f"{step(e, parcel.delivery.number)} is in your drafts since {day(c, parcel.delivery.left)}"
    if parcel.gone_since is not None:
        return f"{who(e)}: the draft of {step(e, parcel.delivery.number)} is gone; {planner.DRAFT_GONE}"
    if e.state is State.ACTIVE or not parcel.draft_edited:
        return f"{who(e)}: {label}"
    return f"{who(e)}: {label}, and you edited it; but {e.why}. Delete it, or send it if it still fits"


def _asks(planned: Planned) -> bool:
    """Whether the consultant must say yes before it goes on."""
    decision, e = planned.decision, planned.enrollment
    return isinstance(decision, Wait) and decision.waits_for == "approval" and not is_uncertain(e)


def waiting(ranking: Ranking, planned: Planned) -> Item:
    """What waits for a yes, and for what."""
    e, decision = planned.enrollment, planned.decision
    label = step(e, decision.step.number) if isinstance(decision, Wait) and decision.step else e.sequence
    text = f"{named(e, decision.why)} ({label})"
    return _about(e, ranking.ranked(e, Item(What.WAITING, text), since=planned.due))


# ---- today


def calls(c: Cycle, ranking: Ranking, planned: Iterable[Planned]) -> list[Item]:
    """Calls that are due before the window closes today."""
    found = []
    for p in planned:
        decision, e = p.decision, p.enrollment
        if not isinstance(decision, Wait) or decision.step is None or not decision.step.call or decision.lapses:
            continue
        if (at := _today(c, p)) is not None:
            when = f"since {day(c, p.due)}" if p.due and p.due <= c.now else f"today {clock(c, at)}"
            text = f"Call {who(e)}: {phone_line(c, e)} ({step(e, decision.step.number)}, due {when})"
            say = shortened(to_say(c, e))
            item = Item(What.CALL, f"{text}. To say: {say}" if say else text)
            found.append(_about(e, ranking.ranked(e, item, since=p.due)))
    return found


def to_say(c: Cycle, e: Enrollment) -> str:
    """What to say in the call that is next; empty where the next step is none."""
    sequence = c.sequences.get(e.sequence)
    following = planner.next_step(e, sequence) if sequence else None
    if sequence is None or following is None or not following.call:
        return ""
    from followmail.writing import Desk, said_in_call  # late: it brings Jinja along

    desk = Desk(c.store, c.identity, c.library, c.policy.calendar)
    return said_in_call(desk, e, sequence, following, c.now)


def today(c: Cycle, planned: Iterable[Planned]) -> list[Item]:
    """What leaves by itself until the window closes today, within the limits of a day."""
    if paused(c):
        return []
    return [_about(e, Item(What.TODAY, text)) for e, text in _leaving(c, planned)]


def _leaving(c: Cycle, planned: Iterable[Planned]) -> Iterator[tuple[Enrollment, str]]:
    current = planning.day_of(c.store, c, c.store.facts.text("look_fault") or "")
    for p in planned:
        if (at := _today(c, p)) is None:
            continue
        e = p.enrollment if p.enrollment.state is not State.PAUSED else replace(p.enrollment, state=State.ACTIVE)
        then = planner.decide(e, c.sequences, c.policy, current, at)
        if not isinstance(then, Leave) and not (isinstance(then, Wait) and then.waits_for == "gap"):
            continue
        current = current.after(e, at)
        mode = planner.mode_of(c.sequences[e.sequence], c.policy)
        becomes = {Mode.SEND: "goes out", Mode.DRAFT: "will be laid as a draft"}.get(mode, "would go out")
        if then.step is not None and not then.step.call:
            yield p.enrollment, f"{who(e)}: {step(e, then.step.number)} {becomes} today {clock(c, at)}; {then.why}"


def _today(c: Cycle, planned: Planned) -> datetime | None:
    """When a step is due inside today's window and nothing but the hour holds it; None where it is not."""
    decision, calendar = planned.decision, c.policy.calendar
    if planned.due is None:
        return None
    if isinstance(decision, Wait) and decision.waits_for in _NOT_OPEN and not _wakes(c, planned.enrollment, decision):
        return None
    try:
        at = calendar.next_open(max(c.now, planned.due))
    except ValueError:  # no later day is a business day
        return None
    return at if calendar.local_date(at) == calendar.local_date(c.now) else None


def _wakes(c: Cycle, e: Enrollment, decision: Wait) -> bool:
    """Whether what is paused goes on by itself today: its own pause ends, or the one over everything."""
    if decision.waits_for != "pause":
        return False
    if e.state is State.PAUSED:
        return e.then is State.ACTIVE and e.until is not None
    return not paused(c)


def _about(e: Enrollment, item: Item) -> Item:
    """The item with the enrollment as it stands now: an order about something else does nothing."""
    return replace(item, enrollment=e.id, address=e.address, state=e.state.value, code=e.code, why=e.why)
