"""What there is to say to the consultant at a moment: what stands, what came to pass, and who waits for them.

`standing` tells what is open now, `history` each end and each answer since the last digest, `people` who wrote and has
no answer. Nothing is changed here, and no server is asked.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from followmail.agenda import history, people, standing
from followmail.agenda.ranking import Ranking
from followmail.agenda.standing import problems
from followmail.jobs.cycle import Cycle
from followmail.sequence.agenda import Agenda, Item, What

__all__ = ["agenda", "problems", "verdict"]

# Without an earlier digest: what came to pass in so many days.
FIRST = timedelta(days=7)


def agenda(c: Cycle, since: datetime | None, poll: timedelta = timedelta(minutes=5)) -> Agenda:
    """All there is to say, in the order in which it is read.

    `since`: when the last digest was made, None without one; what it told is not told again, for it remembers `through`,
    the last line of the history that it told. `poll`: how often the mailbox is looked at.
    """
    events, ranking = history.events_since(c, since, FIRST), Ranking.of(c)
    open_now = standing.standing(c, ranking, poll)
    told = history.told(c, ranking, events, {item.enrollment for item in open_now if item.what is What.DRAFT})
    fits = history.fitting(told)
    left = told[fits:]
    told = told[:fits]
    answered = frozenset(item.message for item in told)
    # News of a problem before what has stood for long: it is told once.
    items = [*told, *open_now, *people.waiting(c, ranking, answered)]
    ordered = tuple(sorted(items, key=lambda item: (tuple(What).index(item.what), -item.rank)))
    through = left[0].line - 1 if left else max((number for number, _ in events), default=0)
    return Agenda(verdict(c, ordered), ordered, through, len(left))


def verdict(c: Cycle, items: Iterable[Item]) -> str:
    """The whole in one line: problems first, then what needs the consultant, then what goes by itself."""
    items = tuple(items)

    def count(*kinds: What) -> int:
        return sum(item.what in kinds for item in items)

    parts = [
        _counted(count(What.PROBLEM), "problem", "problems"),
        _counted(count(What.UNCERTAIN), "mail that may or may not have left", "mails that may or may not have left"),
        _counted(count(What.DRAFT), "draft waits", "drafts wait"),
        _counted(count(What.WAITING), "waits for your yes", "wait for your yes"),
        _counted(count(What.CALL), "call", "calls"),
        _counted(count(What.INTRODUCED), "introduction", "introductions"),
        _counted(count(What.WAITS_FOR_YOU), "person waits for you", "people wait for you"),
    ]
    needs = [part for part in parts if part]
    told = [_counted(count(What.ANSWERED), "answered", "answered"), _counted(count(What.TODAY), *_goes(c))]
    said = ", ".join([*needs, *(part for part in told if part)])
    sentence = said if needs else f"Nothing needs you{'; ' + said if said else ''}."
    return standing.paused(c) + sentence


def _goes(c: Cycle) -> tuple[str, str]:
    return ("goes out today", "go out today") if standing.sends(c) else ("draft comes today", "drafts come today")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""
