"""No step is silently dropped: who stays silent and may be mailed is followed up in the end, or the program says why not.

Worked out from what happened alone, and held against what left: in calm weeks, with every yes given, each step that is
due leaves. Where none left, what the program tells of that person must say a reason that is true.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from followmail.rounds import Office
from followmail.telling import plan_rows
from tests.simulation.machine import AFTER
from tests.simulation.truth import ZONE, Broken, Thread, Truth

# So long before the end a step must be due: what the limit, a company's one mail a day, and a yes take.
MARGIN = 5
LOOKBACK = timedelta(days=14)
_OF_THE_DAY = frozenset({"limit", "company", "gap", "window"})
_ThreadOf = Callable[[str, int | None], Thread | None]


def due(thread: Thread) -> datetime | None:
    """When the next step is due, counted from what left last; None where all have left."""
    number = max((int(step[-1]) for step in {*+thread.steps, *thread.left_out} if step), default=0) + 1
    if number not in AFTER:
        return None
    count, _, unit = AFTER[number].partition(" ")
    base = max(filter(None, (thread.wrote_at, thread.left_at))).astimezone(ZONE)
    return base + timedelta(days=int(count)) if unit == "days" else business_days_after(base, int(count))


def business_days_after(moment: datetime, count: int) -> datetime:
    """The same time, so many business days later."""
    while count:
        moment += timedelta(days=1)
        count -= moment.weekday() < 5
    return moment


def owed(truth: Truth, began: datetime, now: datetime) -> Iterator[Thread]:
    """The threads in which a step had to leave since `began`, and none did."""
    for thread in truth.threads.values():
        when = due(thread)
        if when is None or business_days_after(when, MARGIN) > now or (thread.left_at and thread.left_at >= began):
            continue
        rests = any(until and until > began for until in (thread.away_until, thread.snoozed_until))
        if not rests and not _over(thread, truth):
            yield thread


def _over(thread: Thread, truth: Truth) -> bool:
    """Whether it may rightly rest for good: by an answer, a word of the consultant's, or a rule of how a chase begins."""
    seen = thread.seen_at is not None and thread.seen_at - thread.wrote_at <= LOOKBACK
    several = len(truth.of(thread.address)) > 1  # a person is in one sequence at a time
    forbidden = thread.off or thread.address in truth.forbidden
    ended = thread.answered or thread.stopped or thread.bounced or thread.declined or thread.was_over
    return ended or forbidden or several or not seen


def nothing_vanished(office: Office) -> None:
    """I5: every enrollment is at its end with an event that says why, or says what it waits for."""
    for e in office.store.enrollments.all():
        told = [str(event.event) for event in office.store.events.of((e.id,))]
        if not e.state.live and e.state.value not in told:
            raise Broken(f"I5: {e.address} is {e.state} and no event says so: {told}")
        if any(d.status.value in ("sending", "handed-over") for d in e.deliveries):
            raise Broken(f"I5: a delivery to {e.address} is stuck: {[d.status.value for d in e.deliveries]}")


def nothing_dropped(truth: Truth, office: Office, began: datetime, now: datetime, thread_of: _ThreadOf) -> None:
    """Each that was owed has a reason that the program tells, and that is one. Raises Broken where it has none."""
    rows = {row["id"]: row for row in plan_rows(office.cycle(now))}
    for thread in owed(truth, began, now):
        of_them = office.store.enrollments.of_address(thread.address)
        mine = [e for e in of_them if thread_of(e.address, e.conversation) is thread][-1:]
        if not any(row and row["waits_for"] in _OF_THE_DAY for row in (rows.get(e.id) for e in mine)):
            told = [f"{e.state}, '{e.why}', {rows.get(e.id, {}).get('why', 'no plan')}" for e in mine]
            about = f"{thread.address} about '{thread.subject}' since {began:%Y-%m-%d}, due {due(thread):%Y-%m-%d}"
            raise Broken(f"L: no step to {about} ({'; '.join(told) or 'not enrolled'}): a step was dropped")
