"""Reckoning with days: months, weeks and quarters around a day. No words, no zones.

A day is one of the years 1900 to 9000: no step from there leaves the calendar of Python (years 1 to 9999).
"""

from datetime import date, timedelta

_FIRST_YEAR, _LAST_YEAR = 1900, 9000


def is_near_us(day: date) -> bool:
    """Others can be reckoned from it."""
    return _FIRST_YEAR <= day.year <= _LAST_YEAR


def day_of(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if is_near_us(found) else None


def nearest(options: list[date | None], today: date) -> date | None:
    """The reading that lies nearest after the mail's own day; else the latest one."""
    days = [d for d in options if d is not None]
    return min((d for d in days if d >= today), default=max(days, default=None))


def next_day(today: date, number: int, weekday: int | None) -> date | None:
    """The next such day of a month; with a weekday the next one that falls on it, within three months."""
    days = [d for ahead in range(4) if (d := day_of(*month_after(today, ahead), number)) and d >= today]
    if weekday is not None:
        return next((d for d in days[:3] if d.isoweekday() == weekday), days[0] if days else None)
    return days[0] if days else None


def month_after(day: date, ahead: int) -> tuple[int, int]:
    """(year, month) so many months after a day's own."""
    month = day.month - 1 + ahead
    return day.year + month // 12, month % 12 + 1


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def month_end(day: date) -> date:
    year, month = month_after(day, 1)
    return date(year, month, 1) - timedelta(days=1)


def week_number(today: date, number: int, year: int | None) -> date | None:
    for y in (year,) if year else (today.isocalendar().year, today.isocalendar().year + 1):
        try:
            first = date.fromisocalendar(y, number, 1)
        except ValueError:
            return None
        if year or first + timedelta(days=6) >= today:
            return first
    return None


def later(day: date, unit: str, count: int) -> date | None:
    if count > 400:
        return None
    if unit in ("day", "week", "fortnight"):
        return day + timedelta(days=count * {"day": 1, "week": 7, "fortnight": 14}[unit])
    year, month = month_after(day, count * {"month": 1, "quarter": 3, "year": 12}[unit])
    return next(d for n in (day.day, 30, 29, 28) if n <= day.day and (d := day_of(year, month, n)))


def span(key: str, today: date) -> tuple[date, date]:
    """First and last day of "next week", "this quarter", "the second half"."""
    this_monday = monday(today)
    which, _, unit = key.partition("-")
    ahead = 0 if which in ("this", "the") else 1
    if "week" in key:
        start = this_monday + timedelta(days=7 * (2 if key == "week-after-next" else ahead))
        return start, start + timedelta(days=6)
    if unit == "month":
        start = date(*month_after(today, ahead), 1)
        return start, month_end(start)
    if unit == "quarter":
        start = date(*month_after(today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1), 3 * ahead), 1)
        return start, month_end(date(*month_after(start, 2), 1))
    if unit == "half":
        month, last = (7, 12) if which == "second" else (1, 6)
        year = today.year + (today.month >= month)
        return date(year, month, 1), month_end(date(year, last, 1))
    return date(today.year + ahead, 1, 1), date(today.year + ahead, 12, 31)


def part_of(key: str, start: date, end: date) -> tuple[date, date]:
    days = (end - start).days + 1
    if key == "early":
        return start, start + timedelta(days=max(days // 3 - 1, 0))
    if key == "end":
        return end, end
    middle = start.replace(day=15) if 28 <= days <= 31 and start.day == 1 else start + timedelta(days=days // 2)
    return middle, middle


_FEASTS = {"easter": (-2, 1), "pentecost": (49, 50), "carnival": (-52, -47)}  # first and last day from Easter Sunday on
_FIXED = {"christmas": ((12, 24), (12, 26)), "epiphany": ((1, 6), (1, 6)), "rentree": ((9, 1), (9, 30))}
FEASTS = (*_FEASTS, *_FIXED)


def feast(key: str, today: date) -> tuple[date, date]:
    """First and last day of the next such feast that is not over."""
    for year in (today.year, today.year + 1):
        if key in _FIXED:
            (month, day), last = _FIXED[key]
            days = date(year, month, day), date(year, *last)
        else:
            first, end = _FEASTS[key]
            days = easter(year) + timedelta(days=first), easter(year) + timedelta(days=end)
        if days[1] >= today:
            return days
    return days


def easter(year: int) -> date:
    """Easter Sunday of the western churches (the Gregorian computus of Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    week = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + week - 7 * ((a + 11 * h + 22 * week) // 451) + 114, 31)
    return date(year, month, day + 1)
