"""What a mail means by the times it names: the first day back of an absence, and every time that may be put off to.

A date counts where a cue of its language leads to it: back, until, return, from … to. An explicit date beats the weekday
beside it; an inclusive end adds a day. What is past, or more than 400 days ahead, is none.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from followmail.mail import almanac
from followmail.mail.kinds import words
from followmail.mail.prose import Found, Named, Prose, Reading, Role, senses

__all__ = ["MAX_AHEAD", "Named", "every", "first_day_back"]

MAX_AHEAD = 400  # days
_SURE = 3  # ranks from here on are guesses from an absence alone


def first_day_back(text: str, lang: str | None, today: date, sure: bool = False) -> Named | None:
    """The first day back that an absence note names. `lang` None: the language is that of the cue.

    `sure`: only one that a word of its end or of coming back leads to, not the day after a day away.
    """
    prose = Prose(text)
    found: list[tuple[tuple[int, int], Named]] = []
    for sense in senses(lang):
        found += _returns(Reading(prose, sense, today))
        if found and sense.lang == lang:
            break
    best = min((c for c in found if c[0][0] <= _SURE or not sure), key=lambda c: c[0], default=None)
    return best[1] if best is not None and _is_ahead(best[1].start, today) else None


def every(text: str, lang: str | None, today: date) -> tuple[Named, ...]:
    """All times that a text names, in their order, that are not past: for who knows by another cue which one is meant."""
    prose = Prose(text)
    for sense in senses(lang):
        reading = Reading(prose, sense, today)
        named = [
            f.named
            for f in reading.found
            if f.role is not Role.PAST and _is_ahead(f.named.end, today) and (f.named.start - today).days <= MAX_AHEAD
        ]
        if named:
            return tuple(named)
    return ()


def _is_ahead(day: date, today: date) -> bool:
    return 0 <= (day - today).days <= MAX_AHEAD


def _returns(reading: Reading) -> Iterator[tuple[tuple[int, int], Named]]:
    """((rank, place), first day back): the lower rank is the surer one."""
    found = reading.found
    bounds = _bounds(found)
    for match in reading.sense.phrase("back").each(reading.folded):
        i = reading.token_at(match.start())
        first, last = reading.sentence(i)
        end = reading.token_at(match.end())
        inside = [f for f in found if first <= f.first < last and f.role is not Role.PAST]
        if best := _nearest_to(inside, i, end):
            yield _as_return(best, match, bounds, reading)
        elif bounds and reading.sense.phrase("day-after").first(reading.folded[match.start() : match.start() + 120]):
            yield (1, match.start()), _moved(bounds[-1][1], 0)
    for rank, named in bounds:
        yield (rank, named.span[0]), named
    yield from _absences(reading)


def _nearest_to(inside: list[Found], start: int, end: int) -> Found | None:
    """The date that a word of coming back speaks of: the next one behind it, else the last one before it; "until" goes first."""
    until = [f for f in inside if f.role in (Role.UNTIL, Role.THROUGH) and f.first >= end]
    behind = [f for f in inside if f.first >= start and f.first - end <= 9]
    before = [f for f in inside if f.after <= start and f.role not in (Role.UNTIL, Role.THROUGH)]
    if behind and (not before or behind[0].first - end <= 4):
        return behind[0]
    return next(iter([*before[-1:], *behind, *until]), None)


def _as_return(
    best: Found, match: re.Match[str], bounds: list[tuple[int, Named]], reading: Reading
) -> tuple[tuple[int, int], Named]:
    named = best.named
    if best.role is Role.THROUGH:
        return (2, match.start()), _moved(named, 1)
    latest = max((b.start for _, b in bounds), default=None)
    if (
        not named.explicit
        and latest
        and named.start == named.end
        and named.start < latest <= reading.today + timedelta(days=MAX_AHEAD)
    ):
        # "away until 14 August … back on Monday": the Monday after that
        steps = (named.start.isoweekday() - latest.isoweekday()) % 7
        moved = latest + timedelta(days=steps)
        return (1, match.start()), Named(moved, moved, named.words, named.span)
    rank = 0 if named.explicit else 1
    return (rank if (named.start - reading.today).days >= 0 else 8, match.start()), named


def _bounds(found: list[Found]) -> list[tuple[int, Named]]:
    """Ends of an absence: "until X" → X, "through X" and "from … to X" → the day after."""
    out = []
    for i, f in enumerate(found):
        before = found[i - 1] if i else None
        if f.role is Role.THROUGH:
            out.append((2, _moved(f.named, 1)))
        elif f.role is Role.UNTIL:
            is_range = (
                before is not None
                and f.first - before.after <= 3
                and (before.role is Role.FROM or before.named.explicit and f.named.explicit)
            )
            out.append((3, _moved(f.named, 1 if is_range else 0)))
    return [(rank, named) for rank, named in out]


def _moved(named: Named, days: int) -> Named:
    """The day after the last one, or the first one itself."""
    day = named.end + timedelta(days=1) if days else named.start
    return Named(day, day, named.words, named.span, named.explicit)


def _absences(reading: Reading) -> Iterator[tuple[tuple[int, int], Named]]:
    """Without a word of coming back: ranges, "for three weeks", "out of the office on Friday", "all day today"."""
    found = reading.found
    for match in reading.sense.phrase("for").each(reading.folded):
        if (ended := _lasting(reading, reading.token_at(match.end()))) is not None:
            yield (5, match.start()), Named(ended, ended, " ".join(match[0].split()), match.span(), False)
    for match in words.phrases("out-of-office", "away", reading.sense.lang).each(reading.folded):
        first, last = reading.sentence(reading.token_at(match.start()))
        inside = [
            f
            for f in found
            if first <= f.first < last and f.role is Role.PLAIN and (f.named.end - reading.today).days >= 0
        ]
        if inside and (inside[-1].named.end - reading.today).days <= 60:
            yield (6, match.start()), _moved(inside[-1].named, 1)


def _lasting(reading: Reading, i: int) -> date | None:
    count, after = reading._count(i)
    unit = reading.sense.units.get(reading.word(after))
    if count is None or unit is None:
        return None
    starts = [
        f.named.start
        for f in reading.found
        if f.role in (Role.FROM, Role.PLAIN) and f.named.start >= reading.today and f.named.explicit
    ]
    return almanac.later(starts[0] if starts else reading.today, unit, count)
