"""Whether and since when a prospect is known: the rules are told of it, no server is asked."""

from dataclasses import replace

from followmail.jobs.cycle import Cycle
from followmail.sequence.eligibility import Case


def is_acquainted(c: Cycle, case: Case) -> bool:
    """Whether it is known whether the prospect had written before the opening: a mail that is remembered tells, too."""
    if case.prospect is None:
        return True
    first = c.store.conversations.first_wrote(case.prospect.address)
    return (first is not None and first < case.opening.at) or c.store.conversations.is_acquainted(case.prospect.address)


def with_acquaintance(c: Cycle, case: Case) -> Case:
    """The case with what is known of when the prospect first wrote."""
    if case.prospect is None:
        return case
    first = c.store.conversations.first_wrote(case.prospect.address)
    asked = first is not None or c.store.conversations.is_acquainted(case.prospect.address)
    return replace(case, first_wrote=first, acquainted=asked)
