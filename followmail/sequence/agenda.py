"""What there is to say to the consultant: its nouns, and who comes first.

`Agenda` is what the digest and `status` tell, gathered elsewhere; here stands what an item is, which words apply to it,
and in which order the items are read: so that the next best use of five minutes is the first line.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from followmail.sequence.workdays import Calendar

# So many items of a kind stand in one digest: all of them, on any day but the strangest.
MOST_SHOWN = 40


class What(StrEnum):
    """What an item is about; the order of a digest."""

    PROBLEM = "problem"
    UNCERTAIN = "uncertain"  # a mail that may or may not have left
    DRAFT = "draft"
    WAITING = "waiting"  # for a yes
    CALL = "call"  # a call that is due
    TODAY = "today"  # goes out today
    ANSWERED = "answered"
    INTRODUCED = "introduced"  # somebody introduced them, and the consultant has not written yet
    WAITS_FOR_YOU = "waits-for-you"  # a person wrote, and has no answer
    ENDED = "ended"
    PROPOSED = "proposed"  # a stand-in, the person named
    SAID = "said"  # what a mark or an order did


# The words of a reply that apply to an item.
WORDS: dict[What, tuple[str, ...]] = {
    What.PROBLEM: (),
    What.UNCERTAIN: ("ok", "skip"),
    What.DRAFT: ("skip", "snooze", "stop"),
    What.WAITING: ("ok", "skip", "snooze", "stop"),
    What.CALL: ("done", "snooze", "skip", "stop"),
    What.TODAY: ("skip", "snooze", "stop"),
    What.ANSWERED: (),
    What.INTRODUCED: ("done", "snooze"),
    What.WAITS_FOR_YOU: ("done", "snooze"),
    What.ENDED: (),
    What.PROPOSED: (),
    What.SAID: (),
}
# Those that apply to what answered, rests or ended, by its state. No `ok` among them: below news it reads as "seen".
GOING_ON: dict[str, tuple[str, ...]] = {
    "replied": ("resume",),
    "stopped": ("resume",),
    "paused": ("resume", "snooze", "stop"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to say. `rank`: higher comes first among its kind; `first`: why it does, in words."""

    what: What
    text: str  # one sentence
    asked: str = ""  # what they asked, in their words
    enrollment: int | None = None
    address: str = ""
    message: str = ""  # Message-ID of what waits for the consultant
    state: str = ""  # of the enrollment, as it stood: an order about something else does nothing
    code: str = ""
    why: str = ""
    rank: int = 0
    first: str = ""
    final: bool = False  # no word of the consultant's would bring it back
    line: int = 0  # of the history, which it tells

    @property
    def words(self) -> tuple[str, ...]:
        """The words of a reply that can be obeyed about it."""
        if self.what in (What.ANSWERED, What.ENDED):
            return () if self.final else GOING_ON.get(self.state, ())
        return WORDS[self.what]


@dataclass(frozen=True, slots=True)
class Agenda:
    """All there is to say at a moment: a verdict in a line, and the items in the order in which they are read."""

    verdict: str
    items: tuple[Item, ...] = field(default=())
    through: int = 0  # the last line of the history that it tells: the next digest goes on behind it
    left: int = 0  # so much of the history is left for the next one

    def of(self, what: What) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.what is what)


def day(moment: datetime, calendar: Calendar, now: datetime) -> str:
    """`Tue 5 May`, in the consultant's zone; with the year where it is another one."""
    local = calendar.local(moment)
    year = "" if local.year == calendar.local(now).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}"
