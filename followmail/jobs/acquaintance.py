"""Whether and since when a prospect is known: the rules are told of it, no server is asked."""

from dataclasses import replace
from datetime import datetime

from followmail.jobs.cycle import Cycle
from followmail.sequence.eligibility import Case


def is_acquainted(c: Cycle, address: str, moment: datetime | None) -> bool:
    """Whether it is known whether somebody had written before a moment: a mail that is remembered tells, too."""
    first = c.store.conversations.first_wrote(address)
    wrote = first is not None and moment is not None and first < moment
    return wrote or c.store.conversations.is_acquainted(address)


def with_acquaintance(c: Cycle, case: Case) -> Case:
    """The case with what is known of when the prospect first wrote."""
    if case.prospect is None:
        return case
    first = c.store.conversations.first_wrote(case.prospect.address)
    asked = first is not None or c.store.conversations.is_acquainted(case.prospect.address)
    return replace(case, first_wrote=first, acquainted=asked)
