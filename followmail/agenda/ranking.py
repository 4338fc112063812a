"""Puts what the store knows of an enrollment into the rule of who comes first."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.attend import PUT_AWAY
from followmail.mail.need import Need
from followmail.sequence.agenda import Item
from followmail.sequence.priority import Facts, Priority, priority
from followmail.sequence.steps import Enrollment, Origin, Status
from followmail.store.attention import Letter


@dataclass(frozen=True, slots=True)
class Ranking:
    """What is asked of the store once for all items: who asked something that has no answer, in which words."""

    c: Cycle
    letters: tuple[Letter, ...]
    questions: dict[str, str]

    @classmethod
    def of(cls, c: Cycle) -> "Ranking":
        letters = c.store.attention.unanswered(c.now - c.options.lookback, c.now, put_away(c))
        asking = (letter for letter in letters if letter.need is Need.QUESTION)
        return cls(c, letters, {letter.sender.address: letter.asked for letter in asking})

    def ranked(self, e: Enrollment, item: Item, since: datetime | None = None) -> Item:
        """The item with its rank, why it has it, and what they asked; `since`: how long it has waited."""
        found = self.priority(e, since)
        return replace(item, rank=found.rank, first=found.why, asked=item.asked or self.questions.get(e.address, ""))

    def priority(self, e: Enrollment, since: datetime | None = None) -> Priority:
        """Where an enrollment stands in the order."""
        theirs, mine = self.c.store.attention.exchanged(e.address)
        return priority(
            Facts(
                asked=e.address in self.questions,
                uncertain=any(d.status in (Status.UNCERTAIN, Status.HANDED_OVER) for d in e.deliveries),
                marked=e.origin is not Origin.DETECTED,
                theirs=theirs,
                mine=mine,
                days=days_since(self.c, since),
            )
        )


def put_away(c: Cycle) -> tuple[str, ...]:
    """The folders in which mail lies that needs nothing, as the last look found them."""
    return tuple(json.loads(c.store.facts.text(PUT_AWAY) or "[]"))


def days_since(c: Cycle, moment: datetime | None) -> int:
    """Business days since a moment, up to today."""
    if moment is None or moment >= c.now:
        return 0
    calendar = c.policy.calendar
    return calendar.business_days_between(calendar.local_date(moment), calendar.local_date(c.now))
