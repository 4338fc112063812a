"""Asks, of whoever the consultant put in or let go on at a desk, what came before: a desk reads no mail."""

from datetime import time

from followmail.jobs.judge.begin import forbade
from followmail.jobs.judge.court import Court
from followmail.jobs.judge.incoming import apply, bearings, count, settle_history
from followmail.sequence.answers import Effect
from followmail.sequence.steps import Enrollment, State
from followmail.store.facts import UNSETTLED


def settle_by_hand(court: Court) -> None:
    """Once for each, before anything of theirs leaves: who wrote since the day met, or since the anchor, waits for a word
    or is over, by the rules for what comes in later."""
    c = court.c
    for number in c.store.facts.numbers(UNSETTLED):
        e = c.store.enrollments.get(number)
        if e is not None and e.state in (State.ACTIVE, State.PAUSED):
            _settle(court, e)
        c.store.facts.drop_number(UNSETTLED, number)


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
