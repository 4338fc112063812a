"""What a mail means by the times it names: the first day back of an absence, and every time that may be put off to.

A date counts where a cue of its language leads to it: back, until, return, from … to. An explicit date beats the
weekday beside it; an inclusive end adds a day. What is past, or more than 400 days ahead, is none.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from followmail.mail import almanac
from followmail.mail.kinds import words
from followmail.mail.prose import Prose, senses
from followmail.mail.times import Found, Named, Reading, Role

__all__ = ["MAX_AHEAD", "Named", "Rank", "counts_back", "every", "first_day_back", "running"]

MAX_AHEAD = 400  # days
_NEAR = 4  # tokens between a word of coming back and the date behind it
_FAR = 9
_ENDS = (Role.UNTIL, Role.THROUGH)
_SOON = 60  # days: an absence without an end is told shortly before


class Rank(IntEnum):
    """How surely a date is the first day back: the lower, the surer."""

    DATE = 0  # back on 4 May
    WEEKDAY = 1  # back on Monday
    LAST = 2  # through 3 May
    UNTIL = 3
    LASTING = 4  # for two weeks
    AWAY = 5  # away on Friday
    PAST = 6


class _Return(NamedTuple):
    rank: Rank
    place: int
    named: Named
    answer: bool = False  # the day of an answer, rather than of coming back


def first_day_back(
    text: str, lang: str | None, today: date, below: Rank | None = None, answers: bool = True
) -> Named | None:
    """The first day back that an absence note names. `lang` None: the language is that of the cue.

    `below`: only one that is surer than this; `answers` False: not one that is the day of an answer.
    """
    found: list[_Return] = []
    for reading in _readings(text, lang, today):
        found += (r for r in _returns(reading) if (below is None or r.rank < below) and (answers or not r.answer))
        if found and reading.sense.lang == lang:
            break
    best = min(found, key=lambda r: r[:2], default=None)
    if best is None or best.rank is Rank.PAST:
        return None
    return best.named if 0 <= (best.named.start - today).days <= MAX_AHEAD else None


def every(text: str, lang: str | None, today: date) -> tuple[Named, ...]:
    """All times ahead that a text names, in their order: for who knows by another cue which one is meant."""
    for reading in _readings(text, lang, today):
        found = (f.named for f in reading.found if f.role is not Role.PAST)
        if named := tuple(n for n in found if today <= n.end and (n.start - today).days <= MAX_AHEAD):
            return named
    return ()


def running(text: str, lang: str | None, today: date) -> Named | None:
    """The month, quarter or year that runs, where a text names it: "this month" ends when that does."""
    return next((r.running for r in _readings(text, lang, today) if r.running is not None), None)


def counts_back(text: str, lang: str | None, today: date) -> bool:
    """A text names a time by another one: "three months before that date"."""
    return any(reading.counts_back for reading in _readings(text, lang, today))


@lru_cache(maxsize=64)
def _readings(text: str, lang: str | None, today: date) -> tuple[Reading, ...]:
    """In one language after the other; none where no day can be reckoned from `today`."""
    prose = Prose(text)
    return tuple(Reading(prose, sense, today) for sense in senses(lang)) if almanac.is_near_us(today) else ()


def _returns(reading: Reading) -> Iterator[_Return]:
    ends = list(_ends(reading.found))
    yield from ends
    yield from _comings(reading, max((r.named.start for r in ends), default=None), ends[-1:])
    yield from _lastings(reading)
    yield from _days_away(reading)


def _comings(reading: Reading, end: date | None, last: list[_Return]) -> Iterator[_Return]:
    """By words of coming back: the date that belongs to each of them. `end`: the first day after a stated absence."""
    for key in ("back", "answer"):
        for match in reading.sense.phrase(key).each(reading.folded):
            at, after = reading.token_at(match.start()), reading.token_at(match.end())
            best = _belonging(_inside(reading, at), at, after)
            if best is not None:
                yield _coming(best, match.start(), end, reading.today)._replace(answer=key == "answer")
            elif last and reading.sense.phrase("day-after").first(reading.folded[match.start() : match.start() + 120]):
                # "away until the 25th, back the following day"
                day = last[0].named.start + timedelta(days=last[0].rank is Rank.UNTIL)
                yield _Return(Rank.DATE, match.start(), _one_day(day, match[0], match.span()))


def _inside(reading: Reading, at: int) -> list[Found]:
    """The times in the sentence of a token."""
    first, last = reading.sentence(at)
    return [f for f in reading.found if first <= f.first < last and f.role is not Role.PAST]


def _belonging(inside: list[Found], at: int, after: int) -> Found | None:
    """The date that a word of coming back speaks of: close behind it, else before it, else further behind."""
    behind = [f for f in inside if f.first >= at]
    before = [f for f in inside if f.after <= at and f.role not in _ENDS and not _is_begun(f, inside)]
    if behind and behind[0].first - after <= (_NEAR if before else _FAR):
        return behind[0]
    until = (f for f in behind if f.role in _ENDS)
    return before[-1] if before else next(until, None)


def _coming(found: Found, place: int, end: date | None, today: date) -> _Return:
    named = found.named
    if found.role is Role.THROUGH:
        return _Return(Rank.LAST, place, _after(named))
    if named.start < today or named.start == today < named.end:
        return _Return(Rank.PAST, place, named)  # it has begun: "away this week and will answer", on its Monday, too
    if named.explicit:
        return _Return(Rank.DATE, place, named)
    if end and named.start == named.end and named.start < end and (end - today).days <= MAX_AHEAD:
        # "away until 14 August … back on Monday": the Monday after that
        moved = end + timedelta(days=(named.start.isoweekday() - end.isoweekday()) % 7)
        named = _one_day(moved, named.words, named.span)
    return _Return(Rank.WEEKDAY, place, named)


def _ends(found: list[Found]) -> Iterator[_Return]:
    """Ends of an absence: "until X" → X; "through X" and "from … to X" → the day after."""
    for before, f in zip((None, *found), found, strict=False):
        if f.role is Role.THROUGH or (f.role is Role.UNTIL and before is not None and _begins(before, f)):
            yield _Return(Rank.LAST, f.named.span[0], _after(f.named))
        elif f.role is Role.UNTIL:
            named = f.named
            yield _Return(Rank.UNTIL, named.span[0], _one_day(named.start, named.words, named.span, named.explicit))


def _is_begun(found: Found, inside: list[Found]) -> bool:
    """The first day of a range: nobody comes back on it."""
    return any(f.role in _ENDS and f.first >= found.after and _begins(found, f) for f in inside)


def _begins(first: Found, last: Found) -> bool:
    """Both are days of one range: "ab 10. August bis 21. August"."""
    is_day = first.named.explicit and last.named.explicit
    return last.first - first.after <= 3 and (first.role is Role.FROM or is_day)


def _lastings(reading: Reading) -> Iterator[_Return]:
    """By a length: "for three weeks", from the first day named or from now on."""
    for match in reading.sense.phrase("for").each(reading.folded):
        lasting = reading.lasting(reading.token_at(match.end()))
        if lasting is None:
            continue
        begun = (f.named.start for f in reading.found if f.role in (Role.FROM, Role.PLAIN) and f.named.explicit)
        start = next((day for day in begun if day >= reading.today), reading.today)
        if (day := almanac.later(start, lasting[1], lasting[0])) is not None:
            yield _Return(Rank.LASTING, match.start(), _one_day(day, match[0], match.span()))


def _days_away(reading: Reading) -> Iterator[_Return]:
    """By the days away alone: "out of the office on Friday", "all day today"."""
    for match in words.phrases("out-of-office", "away", reading.sense.lang).each(reading.folded):
        away = [f.named for f in _inside(reading, reading.token_at(match.start())) if f.role is Role.PLAIN]
        if away and 0 <= (away[-1].end - reading.today).days <= _SOON:
            yield _Return(Rank.AWAY, match.start(), _after(away[-1]))


def _after(named: Named) -> Named:
    return _one_day(named.end + timedelta(days=1), named.words, named.span, named.explicit)


def _one_day(day: date, said: str, span: tuple[int, int], explicit: bool = False) -> Named:
    return Named(day, day, " ".join(said.split()), span, explicit)
