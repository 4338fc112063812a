"""How it stands, in one line: what `followmail status` says first, and what systemd shows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from followmail.agenda import standing
from followmail.agenda.phrasing import day, shortened, who
from followmail.jobs import plan as planning
from followmail.jobs.cycle import Cycle
from followmail.sequence.forecast import Planned
from followmail.sequence.planner import Finish, Wait

_TROUBLE = 140  # characters of a problem
# What keeps a mail for a while, and not until something happens first.
_GOES_ON = frozenset({None, "window", "limit", "gap", "company"})


def headline(
    c: Cycle, poll: int, *troubles: str, planned: Sequence[Planned] | None = None, problems: Sequence[str] | None = None
) -> str:
    """`12 waiting; next: Bob, tomorrow 09:10; 2 drafts need your OK`; what is wrong before all else.

    `poll`: seconds between two looks. `troubles`: what the caller knows to be wrong, empty ones aside; `planned` and
    `problems`: where they were asked for already.
    """
    planned = planning.forecast(c, 0) if planned is None else planned
    found = standing.problems(c, timedelta(seconds=poll)) if problems is None else problems
    wrong = list(dict.fromkeys((*filter(None, troubles), *found)))
    parts = [
        _wrong(wrong),
        standing.paused(c).strip().rstrip("."),
        _waiting(planned),
        _next(c, planned),
        *_yours(c, planned),
    ]
    return "; ".join(filter(None, parts))


def _wrong(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    more = f" (and {len(problems) - 1} more)" if problems[1:] else ""
    return f"NOT healthy: {shortened(problems[0].rstrip('.'), _TROUBLE)}{more}"


def _waiting(planned: Sequence[Planned]) -> str:
    return f"{len(planned)} waiting" if planned else "nobody waits for a follow-up"


def _next(c: Cycle, planned: Sequence[Planned]) -> str:
    """Whose mail is written next by itself, and when."""
    for p in planned:
        if p.due is not None and _goes_on(p):
            return f"next: {who(p.enrollment)}, {_when(c, p.due)}"
    return ""


def _goes_on(p: Planned) -> bool:
    if isinstance(p.decision, Finish) or _is_call(p):
        return False
    return not isinstance(p.decision, Wait) or p.decision.waits_for in _GOES_ON


def _when(c: Cycle, due: datetime) -> str:
    """`now`, `today 14:05`, `tomorrow 09:10`, `Thu 26 Nov 09:10`."""
    if due <= c.now:
        return "now"
    calendar = c.policy.calendar
    ahead = (calendar.local_date(due) - calendar.local_date(c.now)).days
    name = {0: "today", 1: "tomorrow"}.get(ahead) or day(c, due)
    return f"{name} {calendar.local(due):%H:%M}"


def _yours(c: Cycle, planned: Sequence[Planned]) -> list[str]:
    """What does not go on without the consultant."""
    waits = [p.decision.waits_for for p in planned if isinstance(p.decision, Wait)]
    doubtful = sum(standing.is_uncertain(p.enrollment) for p in planned)
    calls = sum(_is_call(p) and p.due is not None and p.due <= c.now for p in planned)
    return [
        _count(sum(map(standing.has_draft, planned)), "draft needs your OK", "drafts need your OK"),
        _count(waits.count("approval") - doubtful, "needs your yes", "need your yes"),
        _count(doubtful, "mail in doubt", "mails in doubt"),
        _count(calls, "call to make", "calls to make"),
    ]


def _is_call(p: Planned) -> bool:
    step = None if isinstance(p.decision, Finish) else p.decision.step
    return step is not None and step.call


def _count(number: int, one: str, several: str) -> str:
    return "" if number <= 0 else f"{number} {one if number == 1 else several}"
