"""Who first: the rule by which what needs the consultant is ordered, and its words.

First by what it is (a mail in doubt, an introduction, a question, a first mail, a referral, all else, a no); among these
what was marked by hand, then the warm before the cold, then who has waited longest, then who wrote most.
"""

from dataclasses import dataclass
from enum import IntEnum


class Tier(IntEnum):
    """What it is: the higher comes first."""

    DECLINED = 0  # they said no; a thank-you would do
    OTHER = 1
    REFERRED = 2  # somebody sent them
    FIRST = 3  # their first mail ever
    ASKED = 4
    INTRODUCED = 5
    UNCERTAIN = 6


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of somebody when the consultant's next five minutes are given away."""

    asked: bool = False  # they asked something
    first: bool = False  # it is their first mail
    referred: bool = False  # somebody sent them
    declined: bool = False
    introduced: bool = False
    uncertain: bool = False  # a mail to them may or may not have left
    marked: bool = False  # the consultant marked it by hand
    theirs: int = 0  # mails of theirs before
    mine: int = 0  # mails of the consultant's to them
    days: int = 0  # business days that it has waited


@dataclass(frozen=True, slots=True)
class Priority:
    """`rank`: the higher comes first; `why`: in words, as they stand behind a name."""

    rank: int
    why: str


# Each of these counts less than one step of the one before it.
_MOST_DAYS = 99
_MOST_MAILS = 99


def priority(facts: Facts) -> Priority:
    """Where it stands in the order, and why."""
    warm = facts.theirs > 0 and facts.mine > 0
    rank = int(tier(facts))
    for value, most in (
        (facts.marked, 1),
        (warm, 1),
        (facts.days, _MOST_DAYS),
        (facts.theirs + facts.mine, _MOST_MAILS),
    ):
        rank = rank * (most + 1) + max(0, min(int(value), most))
    return Priority(rank, _words(facts))


def tier(facts: Facts) -> Tier:
    """The first that holds, from the most urgent down; a no that asks something is a question."""
    for tier, holds in (
        (Tier.UNCERTAIN, facts.uncertain),
        (Tier.INTRODUCED, facts.introduced),
        (Tier.ASKED, facts.asked),
        (Tier.DECLINED, facts.declined),
        (Tier.FIRST, facts.first),
        (Tier.REFERRED, facts.referred),
    ):
        if holds:
            return tier
    return Tier.OTHER


def _words(facts: Facts) -> str:
    lead = {
        Tier.UNCERTAIN: "it may or may not have left",
        Tier.INTRODUCED: "an introduction goes cold soon",
        Tier.ASKED: "asked you something",
        Tier.FIRST: "their first mail to you",
        Tier.REFERRED: "somebody sent them to you",
        Tier.DECLINED: "said no; a thank-you would do",
        Tier.OTHER: "",
    }[tier(facts)]
    found = tier(facts)
    more = (
        f"{lead}, {_age(facts.days)}" if lead and facts.days > 0 else lead,  # else the item itself says since when
        "their first mail to you" if facts.first and found is Tier.ASKED else "",
        "somebody sent them to you" if facts.referred and found in (Tier.ASKED, Tier.FIRST) else "",
        "you marked it" if facts.marked else "",
        _warmth(facts),
    )
    return "; ".join(filter(None, more))


def _age(days: int) -> str:
    return f"{days} business day{'s' if days > 1 else ''} ago"


def _warmth(facts: Facts) -> str:
    if facts.theirs and facts.mine:
        total = facts.theirs + facts.mine
        return f"{total} mails between you before"
    if facts.theirs:
        return f"they wrote {_times(facts.theirs)} before"
    return ""


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
