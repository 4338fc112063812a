"""The words that all items share: who, which step, on which day."""

from datetime import datetime

from followmail.jobs.cycle import Cycle
from followmail.sequence import agenda
from followmail.sequence.steps import Enrollment

QUOTED = 120  # characters of somebody's words
SUBJECT = 60  # characters of a subject inside a sentence


def who(e: Enrollment) -> str:
    """A name as one says it, else the address."""
    return e.name or e.address


def named(e: Enrollment, why: str) -> str:
    """A reason with the name in front, where it does not begin with it."""
    return why if why.startswith(who(e)) else f"{who(e)}: {why}"


def day(c: Cycle, moment: datetime | None) -> str:
    """`Tue 5 May`, in the consultant's zone; with the year where it is another one."""
    return "some day" if moment is None else agenda.day(moment, c.policy.calendar, c.now)


def clock(c: Cycle, moment: datetime) -> str:
    """`at 14:30`."""
    return f"at {c.policy.calendar.local(moment):%H:%M}"


def step(e: Enrollment, number: int) -> str:
    """`nudge 1`."""
    return f"{e.sequence} {number}"


def shortened(text: str, length: int = QUOTED) -> str:
    """The beginning of a text as one line, cut between words."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
