"""Asks the planner about every live enrollment and carries its answer out: holds, ends, or queues a finished mail."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache

from followmail.jobs.cycle import Cycle, Look
from followmail.jobs.queueing import queue, written_of
from followmail.mail.identity import Identity
from followmail.sequence import forecast as forecasting
from followmail.sequence import planner
from followmail.sequence.conversation import parties_of
from followmail.sequence.happened import Happened
from followmail.sequence.planner import Day, Decision, Finish, Leave, Wait
from followmail.sequence.steps import Enrollment, Mode, Origin, State, Status, Step
from followmail.store import Store
from followmail.store.outbox import Parcel

Decided = tuple[Enrollment, Decision]


@dataclass(frozen=True, slots=True)
class Would:
    """What a dry run tells: the mail that would have been laid or sent."""

    address: str
    sequence: str
    step: int
    mode: str
    why: str


def day_of(store: Store, c: Cycle, look_fault: str) -> Day:
    """What has happened today, as far as it bears on one more mail."""
    calendar = c.policy.calendar
    start = calendar.at(calendar.local_date(c.now), time(0))
    left = store.outbox.left_since(start)
    mailed = _addressed(left)
    people = set(mailed)
    for known in store.conversations.sent_since(start):
        people.update(p.address for p in (*known.entry.message.to, *known.entry.message.cc))
    return Day(
        looked_at=store.facts.moment("looked_at"),
        look_fault="; ".join(filter(None, (look_fault, *store.suppressions.faults()))),
        clock_fault=store.facts.text("clock_fault") or "",
        paused_until=store.facts.moment("paused_until"),
        pause_ended=store.facts.moment("pause_ended"),
        unseen=store.facts.moment("unseen"),
        left_today=len(left),
        imports_today=sum(_is_import(store, p) for p in left),
        last_left=store.outbox.last_left(),
        people=planner.mailboxes(people),
        companies=planner.companies_of(mailed),
        drafts_to=planner.mailboxes(_addressed(store.outbox.parcels(Status.DRAFTED))),
        suppressed=store.suppressions.matching,
        template_fault=c.library.fault_of,
        recipients=cache(lambda e: _recipients(store, c.identity, e)),
    )


def _addressed(parcels: Iterable[Parcel]) -> frozenset[str]:
    """Everybody to whom these mails go."""
    return frozenset(a for p in parcels for a in (*p.delivery.recipients, p.address))


def _recipients(store: Store, identity: Identity, e: Enrollment) -> tuple[str, ...]:
    conversation = store.conversations.get(e.conversation) if e.conversation is not None else None
    return parties_of(identity, e, conversation).recipients


def _is_import(store: Store, parcel: Parcel) -> bool:
    e = store.enrollments.get(parcel.delivery.enrollment) if parcel.delivery.number == 1 else None
    return e is not None and e.origin is Origin.IMPORTED


def plan(c: Cycle, look: Look | None, allowed_to_leave: bool = True) -> tuple[Would, ...]:
    """One pass over all live enrollments. Gives what a dry run would have let leave."""
    for e in c.store.enrollments.live() if not c.store.facts.text("clock_fault") else ():
        wake(c, e)
    live = c.store.enrollments.live()
    fault = "; ".join(look.faults) if look else ""
    asked = day = day_of(c.store, c, f"could not be read: {fault}" if fault else "")
    decided = _decided(c, day, live)
    if flood := _flood(c, decided):
        asked = day = replace(day, flood=flood)
        decided = _decided(c, day, live)
    would: list[Would] = []
    waits: list[datetime] = []
    for e, decision in _in_order(c, decided):
        if day is not asked:  # something left meanwhile, which bears on all that follows
            decision = planner.decide(e, c.sequences, c.policy, day, c.now)
        if isinstance(decision, Leave) and allowed_to_leave:
            decision, day = _leave(c, e, decision, day, would)
        if not isinstance(decision, Leave) and any(d.status is Status.QUEUED for d in e.deliveries):
            c.store.outbox.unqueue(e.id, c.now, decision.why)
        if (due := _carry_out(c, e, decision)) is not None and due > c.now:
            waits.append(due)
    c.tally.next_due = min(waits, default=None)
    return tuple(would)


def finish(c: Cycle) -> None:
    """End what has had its last step in this round."""
    for e in c.store.enrollments.live():
        sequence = c.sequences.get(e.sequence)
        if sequence is not None and e.state is State.ACTIVE and planner.next_step(e, sequence) is None:
            c.store.enrollments.change(e, State.FINISHED, c.now, "all steps are done")
            c.tally.stopped += 1


def wake(c: Cycle, e: Enrollment) -> None:
    """A pause that is over: on it goes, or it waits for a yes."""
    if e.state is not State.PAUSED or e.until is None or c.now < e.until:
        return
    if e.then is State.WAITING:
        why = e.why if e.why.endswith("?") else f"{e.why}; follow up now?"
        c.store.enrollments.change(e, State.WAITING, c.now, why, code=e.code or "answer")
        c.tally.waiting += 1
    else:
        c.store.enrollments.change(e, State.ACTIVE, c.now, "the pause is over", event=Happened.RESUMED)


def _decided(c: Cycle, day: Day, live: tuple[Enrollment, ...]) -> list[Decided]:
    return [(e, planner.decide(e, c.sequences, c.policy, day, c.now)) for e in live]


def _in_order(c: Cycle, decided: list[Decided]) -> list[Decided]:
    """Follow-ups before first contacts, the oldest due first."""

    def rank(one: Decided) -> tuple[bool, float, int]:
        e, decision = one
        due = decision.due if isinstance(decision, Wait | Leave) and decision.due else c.now
        step = decision.step if isinstance(decision, Wait | Leave) else None
        first_contact = step is None or (step.number == 1 and not e.anchor)
        return (first_contact, due.timestamp(), e.id)

    return sorted(decided, key=rank)


def _flood(c: Cycle, decided: list[Decided]) -> frozenset[int]:
    """Too many at once that nobody said yes to: those become questions."""
    due = []
    for e, decision in decided:
        sequence = c.sequences.get(e.sequence)
        if e.said_yes or e.held_at is not None or e.state is not State.ACTIVE:
            continue
        if sequence is None or planner.mode_of(sequence, c.policy) is not Mode.SEND:
            continue
        if isinstance(decision, Leave) or (
            isinstance(decision, Wait) and decision.waits_for in planner.HELD_BY_THE_DAY
        ):
            due.append(e.id)
    return frozenset(due) if len(due) > 2 * c.policy.daily_limit else frozenset()


def _leave(c: Cycle, e: Enrollment, decision: Leave, day: Day, would: list[Would]) -> tuple[Decision, Day]:
    """Write the mail and queue it; where it cannot be written, wait."""
    written = written_of(c, e, decision)
    if isinstance(written, Wait):
        return written, day
    if c.dry or decision.mode is Mode.DRY_RUN:
        mode = "draft" if decision.mode is Mode.DRY_RUN else decision.mode.value
        would.append(Would(e.address, e.sequence, decision.step.number, mode, decision.why))
        return decision, day.after(e, c.now)
    queued = queue(c, e, decision, written)
    return (queued, day) if isinstance(queued, Wait) else (decision, day.after(e, c.now))


def _carry_out(c: Cycle, e: Enrollment, decision: Decision) -> datetime | None:
    """Carry a decision out; when to ask again, for `next_due`."""
    if isinstance(decision, Finish):
        c.store.enrollments.change(e, State.FINISHED, c.now, decision.why)
        c.tally.stopped += 1
        return None
    if isinstance(decision, Leave):
        return None
    if decision.ends is not None:
        c.store.enrollments.change(e, decision.ends, c.now, decision.why)
        c.tally.stopped += 1
        return None
    if decision.lapses and decision.step is not None:
        _lapse(c, e, decision.step, decision.why)
        return None
    if planner.is_call_due(decision):
        _tell_call(c, e, decision)
        return None
    if decision.asks and e.state is not State.WAITING:
        c.store.enrollments.change(e, State.WAITING, c.now, decision.why, code=decision.asks)
        c.tally.waiting += 1
        c.tally.held += 1
    elif (decision.due is not None and decision.due <= c.now) or decision.waits_for in planner.HELD_BY_THE_DAY:
        c.tally.held += decision.waits_for not in (None, "draft", "approval")
    if decision.waits_for in planner.HELD_BY_THE_DAY:
        c.store.enrollments.note(e.id, held_at=c.now)
    return decision.due if e.state is not State.WAITING and decision.waits_for != "draft" else None


def _tell_call(c: Cycle, e: Enrollment, decision: Wait) -> None:
    """A call that is due is told once; told again after a snooze or a pause. From then on it may lapse."""
    sequence = c.sequences.get(e.sequence)
    if decision.step is None or decision.due is None or sequence is None:
        return
    since = planner.call_since(e, decision.due, c.store.facts.moment("pause_ended"))
    told = e.told_at is not None and e.told_at >= since
    if not told and planner.mode_of(sequence, c.policy) is not Mode.DRY_RUN:
        with c.store.transaction():
            c.store.enrollments.note(e.id, told_at=c.now)
            c.store.events.add(c.now, Happened.CALL, f"step {decision.step.number}: {decision.why}", e.id, e.address)


def _lapse(c: Cycle, e: Enrollment, step: Step, why: str) -> None:
    own = e.delivery(step.name)
    with c.store.transaction():
        if own is not None:
            c.store.outbox.move(own.id, (own.status,), Status.SKIPPED, c.now, left=c.now, why=why)
        c.store.outbox.count_step(
            e.id, e.address, (e.opening, e.sequence, step.name), step.number, f"call.{e.id}.{step.name}@skipped.invalid",
            c.now, Status.SKIPPED, why,
        )  # fmt: skip
        c.store.events.add(c.now, Happened.LAPSED, f"step {step.number}: {why}", e.id, e.address)


def forecast(c: Cycle, days: int) -> tuple[forecasting.Planned, ...]:
    """The next step of each enrollment; with `days`, every step of that time, as if nobody answered."""
    live = c.store.enrollments.live()
    day = day_of(c.store, c, c.store.facts.text("look_fault") or "")
    until = c.now + timedelta(days=days)
    if days:
        return forecasting.forecast(live, c.sequences, c.policy, day, c.now, until)
    decided = [forecasting.Planned(e, _with_template(c, e, day), c.sequences.get(e.sequence)) for e in live]
    return tuple(sorted(decided, key=lambda p: (p.due is None, p.due or c.now, p.enrollment.id)))


def _with_template(c: Cycle, e: Enrollment, day: Day) -> Decision:
    """What comes next, also asking whether its text can be written."""
    decision = planner.decide(e, c.sequences, c.policy, day, c.now)
    if isinstance(decision, Leave):
        written = written_of(c, e, decision)
        return written if isinstance(written, Wait) else decision
    return decision
