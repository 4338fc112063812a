"""The days to come, as if nobody answered: every step when it would leave, by the same rules as the planner's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from followmail.sequence.planner import (
    CALLED,
    Day,
    Decision,
    Finish,
    Leave,
    Policy,
    Wait,
    decide,
    due_of,
    is_import,
    next_day,
    next_step,
    reason,
    room_for_imports,
)
from followmail.sequence.steps import Delivery, Enrollment, Sequence, State, Status


@dataclass(frozen=True, slots=True)
class Planned:
    """One step to come."""

    enrollment: Enrollment
    decision: Decision
    sequence: Sequence | None

    @property
    def due(self) -> datetime | None:
        return None if isinstance(self.decision, Finish) else self.decision.due


def forecast(
    enrollments: tuple[Enrollment, ...],
    sequences: Mapping[str, Sequence],
    policy: Policy,
    day: Day,
    now: datetime,
    until: datetime,
) -> tuple[Planned, ...]:
    """Every step of the time to come, each leaving when it is due and the day's limits let it: as if nobody answered,
    and the consultant said yes at once to whatever waits."""
    out: list[Planned] = []
    used: dict[date, int] = {}
    imports: dict[date, int] = {}  # first mails of imports among them
    if day.left_today:
        used[policy.calendar.local_date(now)] = day.left_today
        imports[policy.calendar.local_date(now)] = day.imports_today
    queue = [(e, decide(e, sequences, policy, day, now)) for e in enrollments]
    while queue:
        queue.sort(key=lambda item: _order(item[1], now))
        e, decision = queue.pop(0)
        sequence = sequences.get(e.sequence)
        when = decision.due if isinstance(decision, Wait | Leave) else None
        if when is None or sequence is None:
            out.append(Planned(e, decision, sequence))
            continue
        counts = not _is_call(decision)
        first = (
            counts and not isinstance(decision, Finish) and decision.step is not None and is_import(e, decision.step)
        )
        when = _free_day(policy, used, imports if first else {}, max(when, now)) if counts else max(when, now)
        if when > until:
            if not any(p.enrollment.id == e.id for p in out):
                out.append(Planned(e, _dated(decision, when), sequence))
            continue
        out.append(Planned(e, _dated(decision, when), sequence))
        used[policy.calendar.local_date(when)] = used.get(policy.calendar.local_date(when), 0) + counts
        imports[policy.calendar.local_date(when)] = imports.get(policy.calendar.local_date(when), 0) + first
        following = _as_if_left(e, decision, when)
        if following is not None and next_step(following, sequence) is not None:
            queue.append((following, _plain_wait(following, sequence, policy)))
    return tuple(sorted(out, key=lambda p: (p.due is None, p.due or now)))


def _dated(decision: Decision, due: datetime) -> Decision:
    return decision if isinstance(decision, Finish) else replace(decision, due=due)


def _is_call(decision: Decision) -> bool:
    """A call is no mail: it uses up no day's limit."""
    return not isinstance(decision, Finish) and decision.step is not None and decision.step.call


def _order(decision: Decision, now: datetime) -> datetime:
    due = decision.due if isinstance(decision, Wait | Leave) else None
    return due or now


def _free_day(policy: Policy, used: dict[date, int], imports: dict[date, int], when: datetime) -> datetime:
    calendar, room = policy.calendar, room_for_imports(policy)
    while used.get(day := calendar.local_date(when), 0) >= policy.daily_limit or imports.get(day, 0) >= room:
        when = next_day(calendar, when)
    return calendar.next_open(when)


def _as_if_left(e: Enrollment, decision: Decision, when: datetime) -> Enrollment | None:
    if not isinstance(decision, Wait | Leave) or decision.step is None:
        return None
    step = decision.step
    left = Delivery(
        id=0, enrollment=e.id, sequence=e.sequence, step=step.name, number=step.number, message_id="", due=when, changed=when,
        left=when, status=Status.SKIPPED if step.call else Status.SENT, why=CALLED if step.call else "",
    )  # fmt: skip
    others = tuple(d for d in e.deliveries if d.step != step.name)
    return replace(e, state=State.ACTIVE, until=None, deliveries=(*others, left))


def _plain_wait(e: Enrollment, sequence: Sequence, policy: Policy) -> Wait:
    step = next_step(e, sequence)
    if step is None:
        raise ValueError("no step is left")
    due = due_of(e, sequence, step, policy.calendar)
    return Wait(reason(e, step, due, policy.calendar), due, step)
