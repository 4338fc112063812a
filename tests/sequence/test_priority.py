"""Who first: the table is the rule."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.sequence.priority import Facts, Tier, priority, tier

# From the first line to the last, each with its words.
IN_ORDER = [
    (Facts(uncertain=True), "it may or may not have left"),
    (Facts(introduced=True, days=1), "an introduction goes cold soon, 1 business day ago"),
    (Facts(introduced=True), "an introduction goes cold soon"),
    (Facts(asked=True, marked=True, theirs=1, mine=1), "asked you something; you marked it; 2 mails between you before"),
    (Facts(asked=True, theirs=6, mine=4, days=3), "asked you something, 3 business days ago; 10 mails between you before"),
    (Facts(asked=True, theirs=1, mine=1, days=3), "asked you something, 3 business days ago; 2 mails between you before"),
    (Facts(asked=True, theirs=6, mine=4, days=2), "asked you something, 2 business days ago; 10 mails between you before"),
    (Facts(asked=True, first=True, days=9), "asked you something, 9 business days ago; their first mail to you"),
    (Facts(asked=True, declined=True), "asked you something"),
    (Facts(first=True, days=2), "their first mail to you, 2 business days ago"),
    (Facts(first=True, referred=True), "their first mail to you; somebody sent them to you"),
    (Facts(referred=True, theirs=2), "somebody sent them to you; they wrote twice before"),
    (Facts(theirs=1, mine=3, days=1), "4 mails between you before"),
    (Facts(theirs=1, mine=2, days=1), "3 mails between you before"),
    (Facts(days=5), ""),
    (Facts(theirs=3), "they wrote 3 times before"),
    (Facts(), ""),
    (Facts(declined=True, first=True, theirs=9, mine=9, days=50), "said no; a thank-you would do, 50 business days ago; 18 mails between you before"),
]  # fmt: skip


def test_the_order() -> None:
    """Each stands before the next one."""
    ranks = [priority(facts).rank for facts, _ in IN_ORDER]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize(("facts", "why"), IN_ORDER)
def test_the_words(facts: Facts, why: str) -> None:
    """They say what the rule looked at, and nothing else."""
    assert priority(facts).why == why


NUMBERS = st.integers(0, 10_000)
ANY = st.builds(
    Facts, *[st.booleans()] * 7, theirs=NUMBERS, mine=NUMBERS, days=NUMBERS
)  # fmt: skip


@given(ANY, ANY)
def test_no_number_outweighs_what_it_is(one: Facts, other: Facts) -> None:
    """However long it waited, and however much was written."""
    if tier(one) > tier(other):
        assert priority(one).rank > priority(other).rank


@given(ANY)
def test_a_mark_and_a_day_more_never_put_it_back(facts: Facts) -> None:
    """Each fact works in one direction."""
    rank = priority(facts).rank
    assert priority(replace(facts, marked=True)).rank >= rank
    assert priority(replace(facts, days=facts.days + 1)).rank >= rank
    assert Tier.DECLINED <= tier(facts) <= Tier.UNCERTAIN
