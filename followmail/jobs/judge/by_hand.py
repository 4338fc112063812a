"""Asks, of whoever the consultant put in or let go on at a desk, what came before: a desk reads no mail."""

from datetime import time

from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.court import Court
from followmail.jobs.judge.forbidden import forbade, latest, recall
from followmail.jobs.judge.incoming import apply, bearings, count, settle_history
from followmail.sequence.answers import Effect
from followmail.sequence.steps import Enrollment, State
from followmail.store.facts import UNSETTLED


def settle_by_hand(court: Court) -> None:
    """Once for each, before anything of theirs leaves: who wrote since the day met, or since the anchor, waits for a word
    or is over, by the rules for what comes in later."""
    c = court.c
    numbers = c.store.facts.numbers(UNSETTLED)
    people = [e.address for number in numbers if (e := _going_on(c, number)) is not None]
    recall(court, people)
    unread = (known for address in people for known in latest(c, address) if known.entry.kind is None)
    court.read_ahead((known, known) for known in unread)
    for number in numbers:
        if (e := _going_on(c, number)) is not None:
            _settle(court, e)
        c.store.facts.drop_number(UNSETTLED, number)


def _going_on(c: Cycle, number: int) -> Enrollment | None:
    e = c.store.enrollments.get(number)
    return e if e is not None and e.state in (State.ACTIVE, State.PAUSED) else None


def _settle(court: Court, e: Enrollment) -> None:
    c = court.c
    if why := forbade(court, e.address):
        c.store.enrollments.change(e, State.UNSUBSCRIBED, c.now, why)
        count(c, State.UNSUBSCRIBED)
        return
    calendar = c.policy.calendar
    begun = calendar.at(calendar.local_date(e.anchor_at), time(0)) if e.anchor_at and not e.anchor else None
    settled = settle_history(court, e, begun)
    if isinstance(settled, Effect):
        apply(c, e, settled, bearings(c, e))
    elif (settled.state, settled.until) != (e.state, e.until):
        c.store.enrollments.change(
            e, settled.state, c.now, settled.why, code=settled.code, until=settled.until, then=settled.then
        )
        count(c, settled.state)
