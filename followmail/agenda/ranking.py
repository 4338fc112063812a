"""Puts what the store knows of an enrollment into the rule of who comes first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from followmail.jobs.cycle import Cycle
from followmail.jobs.facts import PUT_AWAY
from followmail.mail.need import Need
from followmail.sequence.agenda import Item
from followmail.sequence.priority import Facts, Priority, priority
from followmail.sequence.steps import Enrollment, Origin, Status
from followmail.store.attention import Letter


@dataclass(frozen=True, slots=True)
class Ranking:
    """What is asked of the store once for all items: whose mails have no answer, oldest first."""

    c: Cycle
    letters: dict[str, list[Letter]]

    @classmethod
    def of(cls, c: Cycle) -> "Ranking":
        letters: dict[str, list[Letter]] = {}
        for letter in c.store.attention.unanswered(c.now - c.options.lookback, c.now, put_away(c)):
            letters.setdefault(letter.sender.address, []).append(letter)
        return cls(c, letters)

    def ranked(self, e: Enrollment, item: Item, since: datetime | None = None) -> Item:
        """The item with its rank, why it has it, and what they asked; `since`: how long it has waited."""
        known = self.c.store.conversations.find(item.message) if item.message else None
        found = self.priority(e, since, known.entry.message.earlier if known else None)
        question = question_of(self.letters.get(e.address, ()))
        asked = question.asked if question and question.message_id != item.message else item.asked
        return replace(item, rank=found.rank, first=found.why, asked=asked)

    def priority(self, e: Enrollment, since: datetime | None = None, wrote: datetime | None = None) -> Priority:
        """Where an enrollment stands in the order; `wrote`: when they wrote what is told of them."""
        facts = self.facts(e.address, since, wrote)
        uncertain = any(d.status in (Status.UNCERTAIN, Status.HANDED_OVER) for d in e.deliveries)
        if uncertain:
            facts = replace(facts, days=days_since(self.c, since))
        return priority(replace(facts, uncertain=uncertain, marked=e.origin is not Origin.DETECTED))

    def facts(self, address: str, since: datetime | None = None, wrote: datetime | None = None) -> Facts:
        """What is known of somebody, the same in every part: what went before their mails that have no answer (else
        before what they `wrote`), and how long the question in them waits; without one, it waits since then."""
        letters = self.letters.get(address, ())
        question, before = question_of(letters), letters[0].at if letters else wrote
        theirs, mine = self.c.store.attention.exchanged(address, before)
        ever = self.c.store.conversations.first_wrote(address) if before is not None else None
        return Facts(
            asked=question is not None,
            first=before is not None and theirs == 0 and (ever is None or ever >= before),
            theirs=theirs,
            mine=mine,
            days=days_since(self.c, question.at if question else since),
        )


def question_of(letters: Sequence[Letter]) -> Letter | None:
    """The latest of somebody's mails that asks something."""
    return next((letter for letter in reversed(letters) if letter.need is Need.QUESTION), None)


def put_away(c: Cycle) -> tuple[str, ...]:
    """The folders in which mail lies that needs nothing, as the last look found them."""
    return tuple(json.loads(c.store.facts.text(PUT_AWAY) or "[]"))


def days_since(c: Cycle, moment: datetime | None) -> int:
    """Business days since a moment, up to today."""
    if moment is None or moment >= c.now:
        return 0
    calendar = c.policy.calendar
    return calendar.business_days_between(calendar.local_date(moment), calendar.local_date(c.now))
