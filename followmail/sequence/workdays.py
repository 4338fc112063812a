"""Business days, holidays and the window: the only place that knows a zone.

Moments are aware UTC datetimes, days are the consultant's own dates. A business day is a weekday of the window that is
no holiday and no day of a whole pause; the window is open on business days only. Where the local clock jumps, a time
that does not exist becomes the first moment that does; one that exists twice is the later one for a delay, the earlier
one for the window's edges. Text that cannot be read is a ValueError, and so is what lies past the year 9999.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from followmail.sequence.steps import Delay, Unit

Days = tuple[date, date]  # first and last, both included

LONGEST_HOLIDAY = 400  # days on end
_MOST_BUSINESS_DAYS = 100_000
_MIDNIGHT = time(0)
_TOO_LATE = "there is no such time before the year 10000"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EXACT = {Unit.MINUTES: timedelta(minutes=1), Unit.HOURS: timedelta(hours=1)}

WINDOW_ALLOWED = "days and times such as Mon-Fri 08:30-17:30, up to Mon-Sun 00:00-24:00"
HOLIDAYS_ALLOWED = (
    "countries or regions (DE, DE-BE), days (2026-12-24) and ranges (2026-12-24..2027-01-06), comma-separated"
)


class Window(NamedTuple):
    """When mail may leave: weekdays (Monday is 0) and local times; closing at 00:00 means the end of the day."""

    days: frozenset[int]
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Holidays:
    """Public holidays of regions, and own days off."""

    regions: tuple[str, ...] = ()  # `DE`, `DE-BE`: ISO 3166 as the library `holidays` knows it
    own: tuple[Days, ...] = ()

    def __post_init__(self) -> None:
        for first, last in _merged(self.own):
            if (last - first).days >= LONGEST_HOLIDAY:
                raise ValueError(f"the days from {first} to {last} are more than {LONGEST_HOLIDAY} on end")

    def __contains__(self, day: date) -> bool:
        return _end_of_range(self.own, day) is not None or any(day in _public(r, day.year) for r in self.regions)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The consultant's working time: `Calendar("Europe/Berlin", *window("Mon-Fri 9-17"), holidays("DE-BE"))`."""

    zone: str | tzinfo
    days: frozenset[int]
    opens: time
    closes: time
    holidays: Holidays = field(default_factory=Holidays)
    pauses: tuple[Days, ...] = ()

    def __post_init__(self) -> None:
        _zone(self.zone)
        if not self.days or not self.days <= frozenset(range(7)):
            raise ValueError("no weekday is left: there would never be a business day")
        if self.closes != _MIDNIGHT and self.opens >= self.closes:
            raise ValueError(f"the window closes at {self.closes:%H:%M}, not after it opens at {self.opens:%H:%M}")

    def without(self, pauses: Iterable[Days]) -> "Calendar":
        """The same calendar less the days of whole pauses, each from its first to its last day."""
        return replace(self, pauses=_merged((*self.pauses, *pauses)))

    # Days

    def local_date(self, moment: datetime) -> date:
        """The consultant's date at a moment."""
        return self.local(moment).date()

    def is_business_day(self, day: date) -> bool:
        return day.weekday() in self.days and _end_of_range(self.pauses, day) is None and day not in self.holidays

    def add_business_days(self, day: date, count: int) -> date:
        """The count-th business day after a day; with 0 the day itself, whatever it is."""
        if not 0 <= count <= _MOST_BUSINESS_DAYS:
            raise ValueError(f"{count} business days cannot be counted")
        for _ in range(count):
            day = self._business_day_from(_shifted(day, 1))
        return day

    def business_days_between(self, first: date, last: date) -> int:
        """How many business days lie after the first day, up to and with the last; 0 where the last is no later."""
        return sum(self.is_business_day(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    # Moments

    def local(self, moment: datetime) -> datetime:
        """A moment as the consultant's clock shows it."""
        if moment.tzinfo is None:
            raise TypeError("a moment needs a zone: naive datetimes are refused")
        try:
            return moment.astimezone(_zone(self.zone))
        except OverflowError:
            raise ValueError(_TOO_LATE) from None

    def at(self, day: date, clock: time) -> datetime:
        """The moment of a local time on a day; one that exists twice is the earlier."""
        return _moment(datetime.combine(day, clock), _zone(self.zone))

    def opening_of(self, day: date) -> datetime:
        """When the window's opening time comes on a day, business day or not."""
        return self.at(day, self.opens)

    def beginning_of(self, day: date) -> datetime:
        """When a day begins."""
        return self.at(day, _MIDNIGHT)

    def next_open(self, moment: datetime) -> datetime:
        """The first moment inside the window, not before this one."""
        day = self.local_date(moment)
        while True:
            day = self._business_day_from(day)
            opens, closes = self._hours(day)
            if max(moment, opens) < closes:
                return max(moment, opens).astimezone(UTC)
            day = _shifted(day, 1)

    def is_open(self, moment: datetime) -> bool:
        """Whether a moment is inside the window; the closing time itself is not."""
        try:
            return self.next_open(moment) == moment
        except ValueError:  # nor any later one
            return False

    def shift(self, moment: datetime, delay: Delay) -> datetime:
        """A moment plus a delay, in the window or not: minutes and hours elapse, all else keeps the local time."""
        if delay.unit in _EXACT:
            try:
                return (moment + delay.count * _EXACT[delay.unit]).astimezone(UTC)
            except OverflowError:
                raise ValueError(_TOO_LATE) from None
        local = self.local(moment)
        day = self.shift_day(local.date(), delay)
        return _moment(datetime.combine(day, local.time()).replace(fold=1), _zone(self.zone))

    def shift_day(self, day: date, delay: Delay) -> date:
        """A day plus a delay of whole days or longer; a month that lacks the day ends on its last one."""
        match delay.unit:
            case Unit.BUSINESS_DAYS:
                return self.add_business_days(day, delay.count)
            case Unit.DAYS:
                return _shifted(day, delay.count)
            case Unit.WEEKS:
                return _shifted(day, 7 * delay.count)
            case Unit.MONTHS:
                return _months_later(day, delay.count)
        raise ValueError(f"{delay}: minutes and hours do not add up to a day")

    def add(self, moment: datetime, delay: Delay) -> datetime:
        """When a step is due: the moment plus the delay, then the next moment inside the window."""
        return self.next_open(self.shift(moment, delay))

    # Within

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        """When the window opens and closes on a business day; the same moment where the clock jumps over it all."""
        end = self.at(_shifted(day, 1), _MIDNIGHT) if self.closes == _MIDNIGHT else self.at(day, self.closes)
        return self.opening_of(day), end

    def _business_day_from(self, day: date) -> date:
        """The first business day, not before this one. Pauses are jumped over, all else is a matter of days."""
        while not self.is_business_day(day):
            day = _shifted(_end_of_range(self.pauses, day) or day, 1)
        return day


# Text


def window(text: str) -> Window:
    """`Mon-Fri 08:30-17:30`, `Mon,Wed,Fri 9-17`, `Mon-Sun 00:00-24:00`."""
    words = re.sub(r"\s*([-–,])\s*", r"\1", text.replace("–", "-").strip().lower()).split()
    if len(words) != 2:
        raise ValueError(f"“{text}” is not days and times")
    times = re.fullmatch(r"(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?", words[1], re.ASCII)
    if times is None:
        raise ValueError(f"“{words[1]}” is no time from which to which")
    opens, closes = clock(times[1], times[2]), clock(times[3], times[4], last=24)
    if int(times[3]) != 24 and opens >= closes:
        raise ValueError(f"“{words[1]}” closes before it opens; a window lies within one day, at most 00:00-24:00")
    return Window(frozenset(day for part in words[0].split(",") for day in _weekdays(part)), opens, closes)


def clock(hour: str, minute: str | None, last: int = 23) -> time:
    """A time of day from its digits; 24:00 becomes 00:00 where the last hour allows it."""
    hours, minutes = int(hour), int(minute or 0)
    if hours == last == 24 and not minutes:
        return _MIDNIGHT
    if hours > 23 or minutes > 59:
        raise ValueError(f"{hour}:{minute or '00'} is no time of day")
    return time(hours, minutes)


def holidays(text: str) -> Holidays:
    """`DE-BE, 2026-12-24..2027-01-06, 2026-05-15`; empty: none."""
    regions: list[str] = []
    own: list[Days] = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        if part[0].isdigit():
            own.append(_days(part))
        else:
            regions.append(_region(part))
    return Holidays(tuple(dict.fromkeys(regions)), _merged(own))


def zone(text: str) -> str:
    """The name of a zone, as the tz database spells it."""
    _zone(text.strip())
    return text.strip()


def _weekdays(text: str) -> Iterable[int]:
    first, dash, last = text.partition("-")
    start, end = _weekday(first), _weekday(last if dash else first)
    return (n % 7 for n in range(start, (end if end >= start else end + 7) + 1))


def _weekday(text: str) -> int:
    found = [n for n, name in enumerate(_WEEKDAYS) if len(text) >= 2 and name.startswith(text)]
    if len(found) != 1:
        raise ValueError(f"“{text}” is no weekday")
    return found[0]


def _days(text: str) -> Days:
    first, dots, last = (part.strip() for part in text.partition(".."))
    days = _iso(first), _iso(last if dots else first)
    if days[0] > days[1]:
        raise ValueError(f"{text} ends before it begins")
    return days


def _iso(text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"“{text}” is no day; a day is written 2026-12-24")


def _region(text: str) -> str:
    """`de-be` → `DE-BE`."""
    from holidays.utils import list_supported_countries

    country, dash, part = (word.strip() for word in text.partition("-"))
    known = list_supported_countries(include_aliases=False).get(country.upper())
    if known is None:
        raise ValueError(f"no public holidays are known for “{text}”; a country is two letters, such as DE")
    if not dash:
        return country.upper()
    found = next((name for name in known if name.lower() == part.lower()), None)
    if found is None:
        raise ValueError(f"{country.upper()} has no region “{part}”; it has {', '.join(known) or 'none'}")
    return f"{country.upper()}-{found}"


# What the tables know


@lru_cache(maxsize=16)
def _zone(name: str | tzinfo) -> tzinfo:
    if not isinstance(name, str):
        return name
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"no time zone is called “{name}”{_similar_zones(name)}") from None


def _similar_zones(name: str) -> str:
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    wanted = name.strip().replace(" ", "_").lower()
    names = {zone.lower(): zone for zone in available_timezones()}
    ends = {zone.rpartition("/")[2]: zone for zone in sorted(names)}
    if wanted in ends:
        return f"; {names[ends[wanted]]} was probably meant"
    close = get_close_matches(wanted, [*names, *ends], n=1)
    return f"; {names[ends.get(close[0], close[0])]} was probably meant" if close else ""


@lru_cache(maxsize=256)
def _public(region: str, year: int) -> frozenset[date]:
    """The public holidays of a region in a year."""
    from holidays.utils import country_holidays

    country, _, part = region.partition("-")
    return frozenset(country_holidays(country, subdiv=part or None, years=year, expand=False))


def _end_of_range(ranges: tuple[Days, ...], day: date) -> date | None:
    return next((last for first, last in ranges if first <= day <= last), None)


def _merged(ranges: Iterable[Days]) -> tuple[Days, ...]:
    """The same days in the fewest ranges, in order."""
    merged: list[Days] = []
    for first, last in sorted(ranges):
        if merged and (first - merged[-1][1]).days <= 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        elif first <= last:
            merged.append((first, last))
    return tuple(merged)


# Reckoning


def _shifted(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise ValueError(_TOO_LATE) from None


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > 9999:
        raise ValueError(_TOO_LATE)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _moment(wanted: datetime, where: tzinfo) -> datetime:
    """The UTC moment of a naive local time. `fold` says which of two (PEP 495); in a gap the first moment after it."""
    try:
        found = wanted.replace(tzinfo=where).astimezone(UTC)
        if found.astimezone(where).replace(tzinfo=None) == wanted:
            return found
        return _end_of_gap(wanted, where)
    except OverflowError:
        raise ValueError(_TOO_LATE) from None


def _end_of_gap(wanted: datetime, where: tzinfo) -> datetime:
    """When the local clock jumps over a time that does not exist, to the second."""
    before, after = sorted(wanted.replace(tzinfo=where, fold=fold, microsecond=0).astimezone(UTC) for fold in (0, 1))
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before).total_seconds() // 2)
        if middle.astimezone(where).replace(tzinfo=None) < wanted:
            before = middle
        else:
            after = middle
    return after
