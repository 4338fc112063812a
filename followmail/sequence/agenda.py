"""What there is to say to the consultant: its nouns, and who comes first.

`Agenda` is what the digest and `status` tell, gathered elsewhere; here stands what an item is, which words apply to it,
and in which order the items are read: so that the next best use of five minutes is the first line.
"""

from dataclasses import dataclass, field
from enum import StrEnum


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


# The words of a reply that apply to an item. `ok` on an ended one asks again whether to go on.
WORDS: dict[What, tuple[str, ...]] = {
    What.PROBLEM: (),
    What.UNCERTAIN: ("ok", "skip"),
    What.DRAFT: ("skip", "snooze", "stop"),
    What.WAITING: ("ok", "skip", "snooze", "stop"),
    What.CALL: ("done", "snooze", "skip", "stop"),
    What.TODAY: ("skip", "snooze", "stop"),
    What.ANSWERED: ("ok",),
    What.INTRODUCED: ("done", "snooze"),
    What.WAITS_FOR_YOU: ("done", "snooze"),
    What.ENDED: ("ok",),
    What.PROPOSED: (),
    What.SAID: (),
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

    @property
    def words(self) -> tuple[str, ...]:
        return WORDS[self.what]


@dataclass(frozen=True, slots=True)
class Agenda:
    """All there is to say at a moment: a verdict in a line, and the items in the order in which they are read."""

    verdict: str
    items: tuple[Item, ...] = field(default=())
    through: int = 0  # the last line of the history that it tells: the next digest goes on behind it

    def of(self, what: What) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.what is what)
