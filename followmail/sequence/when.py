"""What a person types as a point in time or a delay: `monday`, `4. Mai`, `in two months`, `3d`.

`parse` reads it for `snooze`, `pause` and replies to the digest, in the usual short forms of seven languages; `delay`
reads the stricter forms of a plus tag and of a template's `After`. What cannot be read, is not ahead, or may be two
days is a ValueError in plain words. `next friday` is the one of the next calendar week: the later meaning holds back.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from followmail.sequence.steps import Delay, Unit
from followmail.sequence.when_words import (
    AFTER_NEXT,
    ARTICLES,
    CONNECTORS,
    DAYPARTS,
    DAYS_AHEAD,
    HALF_YEARS,
    LENGTHS,
    LONGER,
    MONTH_ENDS,
    MONTHS,
    NEXT,
    NUMBERS,
    SKIPPED_FIRST,
    SKIPPED_LAST,
    WEEKDAYS,
)
from followmail.sequence.workdays import Calendar, clock

EXAMPLES = (
    "a day (2026-05-04, 4 May, 4.5., monday, tomorrow), with a time where you like (monday 14:00), "
    "or how long (2 weeks, 3 business days, in two months, 3d)"
)
DELAYS = "a number and minutes, hours, days, business days, weeks or months, such as “4 business days”"

_LONGEST = {  # ten years
    Unit.MINUTES: 5_256_000,
    Unit.HOURS: 87_600,
    Unit.DAYS: 3_652,
    Unit.BUSINESS_DAYS: 2_610,
    Unit.WEEKS: 521,
    Unit.MONTHS: 120,
}
_JUST_PASSED = timedelta(days=60)
_FARTHEST = timedelta(days=3_660)
_TAGS = {"d": Unit.BUSINESS_DAYS, "w": Unit.WEEKS, "m": Unit.MONTHS}
_UNITS = {name: unit for unit in Unit for name in (unit.value, unit.value.removesuffix("s"))}

_CLOCK = re.compile(
    r"(?:^|\s)(?:(\d{1,2})[:.](\d\d)(?: ?(?:uhr|h|uur))?|(\d{1,2}) ?uhr(?: (\d\d))?|(\d{1,2})h(\d\d)"
    r"|(\d{1,2})(?:[:.](\d\d))? ?([ap])\.? ?m)$",
    re.ASCII,
)
# `14h`, `14 uur`, `a las 14`: an hour only behind a day, else a length or nothing
_BARE_HOUR = re.compile(
    r"\s(?:(?:a las?|alle|as|um|om|at) (\d{1,2})(?: ?(?:h|uur|hs?|hrs))?|(?:a )?(\d{1,2}) ?(?:h|uur|hrs))$", re.ASCII
)
_NIGHT = 7
_WEEK = re.compile(r"(?:kw|week|wk|semaine|semana|settimana) ?(\d{1,2})", re.ASCII)


def parse(text: str, now: datetime, calendar: Calendar) -> datetime:
    """The moment that is meant, after `now` (aware UTC): a day means the window's opening on it."""
    said = _plain(text)
    found = _stamp(text.strip(), calendar) or _clocked(said, now, calendar) or _after_now(said, now, calendar)
    if found is None:
        raise ValueError(f"“{_shown(text)}” cannot be read as a time; write {EXAMPLES}")
    if found <= now:
        raise ValueError(f"“{_shown(text)}” is not ahead: it is now {calendar.local(now):%Y-%m-%d %H:%M}")
    if found - now > _FARTHEST:
        raise ValueError(f"“{_shown(text)}” is more than ten years ahead")
    return found


def delay(text: str) -> Delay:
    """`4 business days`, or as a plus tag has it: `3d` business days, `2w`, `1m`. From 0 up to ten years."""
    said = " ".join(text[:100].lower().split())
    parts = re.fullmatch(r"(\d{1,9}) ?([a-z ]{1,40})", said, re.ASCII)
    if parts is None:
        raise ValueError(f"“{_shown(text)}” is no delay; it is written as {DELAYS}")
    unit = _TAGS.get(parts[2]) or _UNITS.get(parts[2])
    if unit is None:
        raise ValueError(f"“{parts[2]}” is no unit of time{_meant(parts[2])}; a delay is {DELAYS}")
    return _limited(Delay(int(parts[1]), unit))


def _meant(unit: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(unit, _UNITS, n=1)
    return f" (“{close[0]}” was probably meant)" if close else ""


def _limited(found: Delay) -> Delay:
    if found.count > _LONGEST[found.unit]:
        raise ValueError(f"{found} is more than ten years")
    return found


# One form each: a value, or None where the text has another form


def _stamp(text: str, calendar: Calendar) -> datetime | None:
    """`2026-05-04T09:30:00+02:00`, as our own JSON writes it."""
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text, re.ASCII):
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else calendar.at(found.date(), found.time())
    except (ValueError, OverflowError):
        return None


def _clocked(said: str, now: datetime, calendar: Calendar) -> datetime | None:
    """`monday`, `monday 14:00`, `Montag 14 Uhr`, `lundi matin`, `2 pm`."""
    today = calendar.local_date(now)
    if day := _named_day(said, today, calendar):
        return calendar.opening_of(day)
    for rest, at in _timed(said):
        words = rest.split()
        while words and words[-1] in SKIPPED_FIRST:
            words.pop()
        if words:
            if day := _named_day(" ".join(words), today, calendar):
                return calendar.at(day, at) if at else calendar.opening_of(day)
        elif at:
            moment = calendar.at(today, at)
            return moment if moment > now else calendar.at(today + timedelta(days=1), at)
    return None


def _timed(said: str) -> Iterator[tuple[str, time | None]]:
    """What stands before a time of day at the end, and the time; None: the window's opening."""
    if found := _CLOCK.search(said):
        hour, minute = (found[1] or found[3] or found[5] or found[7]), (found[2] or found[4] or found[6] or found[8])
        yield said[: found.start()], _half_day(hour, minute, found[9]) if found[9] else clock(hour, minute)
    if found := _BARE_HOUR.search(said):
        hour = found[1] or found[2]
        if int(hour) < _NIGHT:
            raise ValueError(f"{hour} o'clock may be in the night or after noon; write {int(hour) + 12}:00")
        yield said[: found.start()], clock(hour, None)
    for words, at in DAYPARTS:
        if (found := words.search(said)) and found.end() == len(said):
            yield said[: found.start()], at


def _half_day(hour: str, minute: str | None, half: str) -> time:
    """`2 pm`, `12:30 am`."""
    if not 1 <= int(hour) <= 12:
        raise ValueError(f"{hour} {half}m is no time of day")
    return clock(str(int(hour) % 12 + (12 if half == "p" else 0)), minute)


def _after_now(said: str, now: datetime, calendar: Calendar) -> datetime | None:
    """`2 hours`: what is shorter than a day."""
    found = next(filter(None, map(_length, _tails(said))), None)
    return calendar.shift(now, found) if found else None


def _named_day(said: str, today: date, calendar: Calendar) -> date | None:
    """A day by date, by name or by its distance."""
    found = (_dated(s, today) or _weekday(s, today) or _distant(s, today, calendar) for s in _tails(said))
    return next(filter(None, found), None) or _of_week(said, today) or _of_month(said, today)


def _of_week(said: str, today: date) -> date | None:
    """`KW 23`, `monday next week`, `nächste Woche Montag`."""
    words = [word for word in said.split() if word not in SKIPPED_FIRST | CONNECTORS | {"da", "della"}]
    if found := _WEEK.fullmatch(" ".join(words)):
        return _iso_week(int(found[1]), today)
    if not NEXT & set(words):
        return None
    rest = [word for word in words if word not in NEXT and LENGTHS.get(word) is not Unit.WEEKS]
    rest = rest[:1] if rest[1:] == ["feira"] else rest
    if len(rest) != 1 or len(words) - len(rest) < 2 or rest[0] not in WEEKDAYS:
        return None
    return today + timedelta(days=7 - today.weekday() + WEEKDAYS[rest[0]])


def _iso_week(number: int, today: date) -> date:
    """The Monday of a calendar week (ISO 8601), of the next year where it is over."""
    year, current, _ = today.isocalendar()
    if number == current:
        raise ValueError(f"week {number} is this one; write a day")
    for one in (year, year + 1):
        try:
            day = date.fromisocalendar(one, number, 1)
        except ValueError:
            continue
        if day > today:
            return day
    raise ValueError(f"there is no week {number} ahead")


def _of_month(said: str, today: date) -> date | None:
    """`the 15th`, `am 15.`, `until september`, `end of the month`."""
    words = said.split()
    if any(MONTH_ENDS.fullmatch(tail) for tail in _tails(said)):
        return (today.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if len(words) > 1 and words[-1] in MONTHS and all(word in SKIPPED_FIRST for word in words[:-1]):
        return date(today.year + (MONTHS[words[-1]] < today.month), MONTHS[words[-1]], 1)
    found = re.fullmatch(r"(\d{1,2})(st|nd|rd|th|er|e|o)?\.?", words[-1], re.ASCII) if words else None
    if found is None or not all(word in SKIPPED_FIRST | ARTICLES for word in words[:-1]):
        return None
    if not found[2] and (len(words) < 2 or words[-2] not in ARTICLES):
        return None
    return _day_of_month(int(found[1]), today)


def _day_of_month(number: int, today: date) -> date:
    """The next day with this number, after today."""
    for months in range(12):
        first = date(today.year + (today.month - 1 + months) // 12, (today.month - 1 + months) % 12 + 1, 1)
        if 1 <= number <= monthrange(first.year, first.month)[1] and first.replace(day=number) > today:
            return first.replace(day=number)
    raise ValueError(f"there is no day {number} of a month")


def _distant(said: str, today: date, calendar: Calendar) -> date | None:
    """`tomorrow`, `2 weeks`, `next month`."""
    words = said.split()
    if said in DAYS_AHEAD:
        return today + timedelta(days=DAYS_AHEAD[said])
    if said in AFTER_NEXT:
        return today + timedelta(days=14 - today.weekday())
    half = " ".join(words[1:]) if words[0] in NUMBERS and NUMBERS[words[0]] == 1 else said
    if half in HALF_YEARS:
        return calendar.shift_day(today, Delay(HALF_YEARS[half], Unit.MONTHS))
    if len(words) == 2 and NEXT & set(words):
        unit = next((LENGTHS.get(word) for word in words if word not in NEXT), None)
        if unit is Unit.WEEKS:
            return today + timedelta(days=7 - today.weekday())
        return calendar.shift_day(today.replace(day=1), Delay(1, Unit.MONTHS)) if unit is Unit.MONTHS else None
    found = _length(said)
    return calendar.shift_day(today, found) if found and found.unit not in (Unit.MINUTES, Unit.HOURS) else None


def _length(said: str) -> Delay | None:
    """`2 weeks`, `zwei Monaten`, `3d`."""
    found = re.fullmatch(r"(\d{1,9}) ?([a-z ]+)|([a-z]+) ([a-z ]+)", said, re.ASCII)
    if found is None:
        return None
    count = int(found[1]) if found[1] else NUMBERS.get(found[3])
    name = found[2] or found[4]
    if count is not None and name in LONGER:
        return _limited(Delay(count * LONGER[name].count, LONGER[name].unit))
    return _limited(Delay(count, LENGTHS[name])) if count is not None and name in LENGTHS else None


def _weekday(said: str, today: date) -> date | None:
    """`monday` is the coming one; `next monday` the one of the next calendar week."""
    words = said.split()
    wanted = WEEKDAYS.get(" ".join(word for word in words if word not in NEXT))
    if wanted is None:
        return None
    if NEXT & set(words):
        return today + timedelta(days=7 - today.weekday() + wanted)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _dated(said: str, today: date) -> date | None:
    """`2026-05-04`, `4.5.`, `4 May`, `Montag, 4. Mai`."""
    if day := _written(said, today):  # before weekdays: `mar 3` is in March, not a martes
        return day
    first, _, rest = said.partition(" ")
    rest = rest.removeprefix("feira ")
    if first in WEEKDAYS and re.search(r"\d", rest):
        day = _dated(rest, today)
        if day is not None and day.weekday() != WEEKDAYS[first]:
            raise ValueError(f"{day} is a {day:%A}, not a {first}")
        return day
    if found := re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)", said, re.ASCII):
        return _day(int(found[3]), int(found[2]), found[1], today)
    if found := re.fullmatch(r"(\d\d?)\. ?(\d\d?)(?:\. ?(\d{4}|\d\d)?)?", said, re.ASCII):
        return _day(int(found[1]), int(found[2]), found[3], today)
    if found := re.fullmatch(r"(\d\d?)([/-])(\d\d?)(?:\2(\d{4}|\d\d))?", said, re.ASCII):
        return _slashed(int(found[1]), int(found[3]), found[4], today)
    return None


def _slashed(one: int, other: int, year: str | None, today: date) -> date:
    """`25/12`: day or month first, as long as only one of them can be."""
    if one != other and one <= 12 and other <= 12:
        raise ValueError(f"{one}/{other} may be two different days; write it as 2026-05-04 or 4 May")
    return _day(other, one, year, today) if other > 12 else _day(one, other, year, today)


def _written(said: str, today: date) -> date | None:
    """`4 May 2026`, `May 4th`, `4 de mayo de 2026`."""
    words = [word for word in re.findall(r"\d+|[a-z]+", said) if word not in CONNECTORS]
    if re.search(r"[^a-z0-9 .,]", said) or not 2 <= len(words) <= 3:
        return None
    day, month = words[:2] if words[0].isdigit() else words[1::-1]
    year = words[2] if len(words) == 3 else None
    if month not in MONTHS or not re.fullmatch(r"\d\d?", day) or not re.fullmatch(r"\d{4}", year or "2000"):
        return None
    return _day(int(day), MONTHS[month], year, today)


def _day(day: int, month: int, year: str | None, today: date) -> date:
    """A date; without a year the next one, today included. One that has just passed is a slip, not next year's."""
    years = range(today.year, today.year + 9) if year is None else [int(year) + (2000 if len(year) == 2 else 0)]
    for candidate in years:
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if year is not None:
            return found
        if found >= today:
            _check_passed(day, month, found.year, today)
            return found
    raise ValueError(f"there is no day {day} of month {month}" + (f" in {year}" if year else ""))


def _check_passed(day: int, month: int, year: int, today: date) -> None:
    """A day without a year that lies a few weeks back means last month, not eleven months ahead."""
    try:
        last = date(year - 1, month, day)
    except ValueError:  # 29 February
        return
    if today - last < _JUST_PASSED:
        raise ValueError(f"this is not ahead: {day} {last:%b} has passed; write the year if you mean {year}")


# Text


def _tails(said: str) -> Iterator[str]:
    """The text, then the text without the words in front that say nothing, one fewer at a time."""
    words = said.split()
    while words:
        yield " ".join(words)
        if words[0] not in SKIPPED_FIRST:
            return
        del words[0]


def _plain(text: str) -> str:
    """Lower case, without accents, apostrophes, hyphens between words and words at the end that say nothing."""
    if len(text) > 100:
        return ""
    letters = unicodedata.normalize("NFKD", text.casefold())
    said = "".join(" " if c in "'’" else c for c in letters if not unicodedata.combining(c))
    said = re.sub(r"(?<=[a-z])-|-(?=[a-z])", " ", said)
    said = " ".join(re.sub(r"(?<=[a-z])[.,]|,", " ", said).split()).replace(" que ", " ")  # el lunes que viene
    for ending in SKIPPED_LAST:
        said = said.removesuffix(" " + ending)
    return said


def _shown(text: str) -> str:
    """The text as a message may repeat it."""
    shown = "".join(c for c in text if c.isprintable())
    return shown if len(shown) <= 40 else shown[:39] + "…"
