"""Times in prose: "Monday 4 May", "vom 3. bis 21. August", "in two months", "semaine 36".

`Reading` finds them with what stands around them; what an absence note or a promise means by them, `dates.py` says.
The order of day and month is that of the language, and where both can be meant the reading that lies nearest after the
mail's own day. Without a year it is the next such day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import cached_property
from re import findall
from typing import NamedTuple

from followmail.mail import almanac
from followmail.mail.kinds.words.phrase import KEY
from followmail.mail.prose import Prose, Sense, Walk

_PAST = 60  # days: a date without a year that lies so little back is past, not next year's
_CLOCK = frozenset("h uhr uur am pm ore horas heures".split())
_COUNTED = _CLOCK | frozenset("percent prozent euro eur gb tb mb".split())
_WHOLES = tuple(
    "this-week the-week next-week this-month next-month this-quarter next-quarter this-year next-year".split()
)
_RUNNING = ("this-month", "this-quarter", "this-year")
_SPANS = tuple("week-after-next next-week this-week next-month next-quarter next-year second-half first-half".split())


@dataclass(frozen=True, slots=True)
class Named:
    """A time that a text names: its first and its last day, the words, and where they stand in the text."""

    start: date
    end: date
    words: str
    span: tuple[int, int]
    explicit: bool = True  # a day of a month, rather than a weekday or a span of time


class Role(Enum):
    """What the words around a time make of it."""

    PLAIN = 0
    FROM = 1
    UNTIL = 2
    THROUGH = 3  # inclusive: the last day
    PAST = 4


_LEADS = (("through", Role.THROUGH), ("until", Role.UNTIL), ("from", Role.FROM), ("since", Role.PAST))


@dataclass(frozen=True, slots=True)
class Found:
    """A time in its sentence: the tokens from `first` up to `after`."""

    named: Named
    role: Role
    first: int
    after: int


class _Read(NamedTuple):
    start: date
    end: date
    after: int
    explicit: bool = False


class Reading(Walk):
    """One text read in the sense of one language."""

    def __init__(self, prose: Prose, sense: Sense, today: date) -> None:
        super().__init__(prose, sense)
        self.today = today

    @cached_property
    def found(self) -> list[Found]:
        """All times of the text, in their order."""
        return list(self._find())

    def _find(self) -> Iterator[Found]:
        i = 0
        before: Found | None = None
        while i < self.count:
            read = (self._range(i) or self._read(i)) if self._may_begin(i) else None
            if read is None:
                i += 1
                continue
            span = (self.tokens[i].start, self.tokens[read.after - 1].end)
            said = " ".join(self.text[slice(*span)].split())
            named = Named(read.start, read.end, said, span, read.explicit)
            before = Found(named, self._role(i, read.after, before), i, read.after)
            yield before
            i = read.after

    def _may_begin(self, i: int) -> bool:
        """Asked first, for most tokens begin no time."""
        token = self.tokens[i]
        return token.word[:KEY] in self.sense.opens if token.kind == "word" else token.kind not in ("mark", "gap")

    def _read(self, i: int) -> _Read | None:
        for reader in (
            self._day,
            self._part,
            self._week,
            self._relative,
            self._duration,
            self._quarter,
            self._feast,
            self._weekday,
            self._month,
            self._year_alone,
        ):
            if (read := reader(i)) is not None:
                return read
        return None

    # -- what stands around a time

    def _role(self, i: int, after: int, before: Found | None) -> Role:
        """By what stands directly before it, and behind it."""
        if (before is not None and self._goes_on(before.after, i)) or self._is_range(i, after):
            return Role.THROUGH
        for j in range(i - 1, max(i - 6, -1), -1):
            if self.kind(j) == "gap":
                break
            for key, role in _LEADS:
                end = self.phrase(key, j)
                if end is not None and end <= i <= self.skip(end):
                    is_last = role is Role.UNTIL and self.phrase("inclusive", self.skip(after, ",(.")) is not None
                    return Role.THROUGH if is_last else role
        return Role.PLAIN

    def _goes_on(self, after: int, i: int) -> bool:
        """From the first day of a range, whose last token is before `after`, to the last one."""
        to = self._to(after + self.is_mark(after, ",."))
        return to is not None and to <= i <= self.skip(to)

    def _is_range(self, i: int, after: int) -> bool:
        return any(self._to(j) is not None for j in range(i + 1, after - 1))

    def _to(self, i: int) -> int | None:
        """Past what stands between the first and the last day."""
        return i + 1 if self.is_mark(i, "-/") else self.phrase("to", i)

    # -- days

    def _range(self, i: int) -> _Read | None:
        """Days of one month: "10. bis 21. August", "du 10 au 14 août", "July 10-31"."""
        read = self._month_range(i) if self.word(i) else self._number_range(i)
        return read if read and read.start <= read.end else None

    def _number_range(self, i: int) -> _Read | None:
        if self.kind(i) not in ("number", "nth") or not 1 <= self.token(i).number <= 31:
            return None
        to = self._to(i + 1 + self.is_mark(i + 1, "."))
        last = (self._numeric(self.skip(to)) or self._day_month(self.skip(to))) if to else None
        first = almanac.day_of(last.end.year, last.end.month, self.token(i).number) if last else None
        return _Read(first, last.end, last.after, True) if last and first else None

    def _month_range(self, i: int) -> _Read | None:
        first = self._month_day(i)
        to = self._to(first.after) if first else None
        if first is None or to is None or self.kind(to) not in ("number", "nth"):
            return None
        year, after = self._year(to + 1)
        last = self._dated(self.sense.months[self.word(i)], self.token(to).number, year)
        return _Read(first.start, last, after, True) if last else None

    def _day(self, i: int) -> _Read | None:
        """A day of a month, with a weekday before it or not."""
        weekday, after = self._weekday_name(i)
        j = self.skip(after) if weekday else i
        return self._numeric(j) or self._day_month(j) or self._month_day(j) or self._day_alone(j, weekday)

    def _numeric(self, i: int) -> _Read | None:
        """24.8., 24.08.2026, 8/24, 2026-08-24."""
        kind, text = self.kind(i), self.token(i).text
        if kind not in ("iso", "full", "short") or text == "24/7":
            return None
        n = [int(x) for x in findall(r"\d+", text)]
        after = i + 1
        if kind == "iso":
            options = [almanac.day_of(n[0], n[1], n[2])]
        elif kind == "full":
            year = n[2] + (2000 if n[2] < 100 else 0)
            options = [almanac.day_of(year, m, d) for d, m in self._orders(n[0], n[1], "." not in text)]
        else:
            stated, after = self._year(i + 1)
            orders = [] if self._is_counted(i, _COUNTED) else self._orders(n[0], n[1], "/" in text)
            options = [self._dated(m, d, stated) for d, m in orders]
        day = almanac.nearest(options, self.today)
        return _Read(day, day, after, True) if day else None

    def _orders(self, first: int, second: int, either: bool) -> list[tuple[int, int]]:
        """(day, month): both readings where the language leaves it open, else the day first."""
        if either and (self.sense.month_first or second > 12):
            return [(first, second), (second, first)]
        return [(first, second)]

    def _day_month(self, i: int) -> _Read | None:
        """3 May, 3rd of May 2026, 3. Mai, 1er septembre, 3 de mayo de 2026."""
        j = self.skip(i + 1 + (self.word(i + 1) in self.sense.ordinals))
        month = self.sense.months.get(self.word(j))
        if month is None or self.kind(i) not in ("nth", "number"):
            return None
        year, after = self._year(j + 1)
        day = self._dated(month, self.token(i).number, year)
        return _Read(day, day, after, True) if day else None

    def _month_day(self, i: int) -> _Read | None:
        """May 3rd, 2026."""
        month, j = self.sense.months.get(self.word(i)), self.skip(i + 1)
        kinds = ("nth", "number") if self.sense.month_first else ("nth",)
        if month is None or self.kind(j) not in kinds or self._is_counted(j, _CLOCK):
            return None
        year, after = self._year(j + 1)
        day = self._dated(month, self.token(j).number, year)
        return _Read(day, day, after, True) if day else None

    def _year(self, i: int) -> tuple[int | None, int]:
        """(the year that stands here, the token after it), or (None, i)."""
        j = self.skip(i, ",.'/")
        is_year = self.kind(j) == "number" and 2000 <= self.token(j).number <= 2099
        return (self.token(j).number, j + 1) if is_year else (None, i)

    def _dated(self, month: int, day: int, year: int | None) -> date | None:
        """Without a year the next such day; one shortly past stays past."""
        years = (year,) if year else range(self.today.year - 1, self.today.year + 2)
        days = [d for y in years if (d := almanac.day_of(y, month, day))]
        return next((d for d in days if year or (d - self.today).days >= -_PAST), None)

    def _day_alone(self, i: int, weekday: int | None) -> _Read | None:
        """the 17th, le 24, lunes 24: a day without its month, if an article, an ordinal or a weekday makes it one."""
        number = self.token(i).number
        if self.kind(i) not in ("nth", "number") or not 1 <= number <= 31 or not (weekday or self._leads_to_day(i)):
            return None
        if self.word(i + 1) in self.sense.units or self._is_counted(i, _COUNTED) or self._counts(i):
            return None
        after = self.phrase("of-next-month", i + 1)
        if after is not None:
            day = almanac.day_of(*almanac.month_after(self.today, 1), number)
        else:
            day = almanac.next_day(self.today, number, weekday)
            after = i + 1 + (self.sense.lang == "de" and self.is_mark(i + 1, "."))
        return _Read(day, day, after, True) if day else None

    def _leads_to_day(self, i: int) -> bool:
        keys = ("day-alone", "until", "through", "from") if self.kind(i) == "nth" else ("day-alone",)
        return self.is_led(i, *keys)

    def _is_counted(self, i: int, by: frozenset[str]) -> bool:
        """A time of day, or a number of something: "24 h", "12:45", "40 %"."""
        end = self.token(i).end
        return self.folded[end : end + 1] in tuple(":%€$°/") or self.word(i + 1) in by

    def _counts(self, i: int) -> bool:
        """ "the 2 offices": a bare number with a word behind it that goes on with no sentence."""
        goes_on = any(self.phrase(key, i + 1) is not None for key in ("inclusive", "goes-on"))
        return self.kind(i) == "number" and self.word(i + 1) not in ("", *self.sense.fillers) and not goes_on

    def _weekday_name(self, i: int) -> tuple[int | None, int]:
        """(1 Monday … 7 Sunday or None, the token after it). A short name counts only where a date leads to it."""
        weekday = self.sense.weekdays.get(self.word(i))
        short = self.sense.short_weekdays.get(self.word(i)) if weekday is None else None
        if short is not None and (self._is_led_to(i) or self._leads_on(i)):
            weekday = short
        return weekday, i + (weekday is not None)

    def _is_led_to(self, i: int) -> bool:
        return self.word(i - 1) in self.sense.fillers or self.is_led(i, "until", "from", "through")

    def _leads_on(self, i: int) -> bool:
        """A short name with a number behind it: "Mo., 24.8."."""
        j = self.skip(i + 1, ".,")
        return j > i + 1 and self.kind(j) in ("short", "full", "nth", "number")

    def _weekday(self, i: int) -> _Read | None:
        weekday, after = self._weekday_name(i)
        if weekday is None:
            return None
        day = self.today + timedelta(days=(weekday - self.today.isoweekday() - 1) % 7 + 1)
        this_week = day < almanac.monday(self.today) + timedelta(days=7)
        if (week_after := self.phrase("week-after-weekday", after)) is not None:
            day, after = almanac.monday(self.today) + timedelta(days=6 + weekday), week_after
        elif self.word(i - 1) in self.sense.next and this_week and self.sense.lang == "en":
            day += timedelta(days=7)  # "next Thursday", said on a Monday, is not this week's
        elif self.word(after) in self.sense.next:
            after += 1
        return _Read(day, day, after)

    # -- weeks, months, quarters

    def _week(self, i: int) -> _Read | None:
        """week 36, KW 36 und 37; the week of 7 September; a week from Tuesday."""
        if (j := self.phrase("week-from", i)) is not None and (day := self._weekday(self.skip(j))) is not None:
            return _Read(day.start + timedelta(days=7), day.start + timedelta(days=7), day.after)
        if (j := self.phrase("week-of", i)) is not None and (day := self._day(self.skip(j))) is not None:
            monday = almanac.monday(day.start)
            return _Read(monday, monday + timedelta(days=6), day.after, True)
        if (j := self.phrase("week-number", i)) is None or self.kind(self.skip(j)) not in ("number", "nth"):
            return None
        first = last = self.skip(j)
        while (j := self.skip(last + 1, "-/+&")) > last + 1 and self.kind(j) == "number" and self.token(j).number <= 53:
            last = j
        year, after = self._year(last + 1)
        start, end = (almanac.week_number(self.today, self.token(k).number, year) for k in (first, last))
        return _Read(start, end + timedelta(days=6), after, True) if start and end else None

    def _month(self, i: int) -> _Read | None:
        """A month alone, led to by a preposition: in October, au mois de mai, im März 2027."""
        month = self.sense.months.get(self.word(i))
        if month is None or not self.is_led(i, "in-month", "until", "from", "through"):
            return None
        return self._whole(i)

    def _year_alone(self, i: int) -> _Read | None:
        """A year to come: in 2027, im Haushaltsjahr 2027."""
        year, after = self._year(i) if self.kind(i) == "number" else (None, i)
        is_ahead = year is not None and year > self.today.year and self.is_led(i, "in-year")
        return _Read(date(year, 1, 1), date(year, 12, 31), after) if year and is_ahead else None

    def _part(self, i: int) -> _Read | None:
        """early, mid, end of: of a month, of the year, of next month, of a quarter."""
        for key in ("early", "mid", "end"):
            after = self.phrase(key, i)
            if after is not None and (whole := self._whole(self.skip(after, "-"))) is not None:
                return _Read(*almanac.part_of(key, whole.start, whole.end), whole.after)
        return None

    def _whole(self, i: int) -> _Read | None:
        """A month, this or next week, month, quarter or year, or a year in digits."""
        year, after = self._year(i)
        if year:
            return _Read(date(year, 1, 1), date(year, 12, 31), after)
        if (month := self.sense.months.get(self.word(i))) is not None:
            year, after = self._year(i + 1)
            first = almanac.day_of(year or self.today.year + (month < self.today.month), month, 1)
            return _Read(first, almanac.month_end(first), after) if first else None
        return self._span(i, _WHOLES)

    def _span(self, i: int, keys: tuple[str, ...]) -> _Read | None:
        for key in keys:
            if (after := self.phrase(key, i)) is not None:
                return _Read(*almanac.span(key, self.today), after)
        return None

    def _relative(self, i: int) -> _Read | None:
        """today, tomorrow, next week (on Thursday), next quarter."""
        for days, key in enumerate(("today", "tomorrow", "day-after-tomorrow")):
            if (after := self.phrase(key, i)) is not None:
                day = self.today + timedelta(days=days)
                return _Read(day, day, after)
        span = self._span(i, _SPANS)
        if span is None or (span.end - span.start).days != 6:
            return span
        weekday, after = self._weekday_name(self.skip(span.after, ","))
        day = span.start + timedelta(days=(weekday or 1) - 1)
        return _Read(day, day, after) if weekday else span

    def _quarter(self, i: int) -> _Read | None:
        """Q1, Q1 2027, H2, the first quarter, au 3e trimestre."""
        number, after, months = 0, i, 3
        if self.word(i) in ("q", "t", "h") and self.token(i).end == self.token(i + 1).start:
            number, after, months = self.token(i + 1).number, i + 2, 6 if self.word(i) == "h" else 3
        else:
            ends = [j for j in (i + 1, i + 2) if self.sense.units.get(self.word(j)) == "quarter"]
            if ends:
                number, after = self.token(i).number or self.sense.numbers.get(self.word(i), 0), ends[0] + 1
        if not 1 <= number <= 12 // months:
            return None
        year, after = self._year(after)
        years = [year] if year else [self.today.year, self.today.year + 1]
        starts = [date(y, (number - 1) * months + 1, 1) for y in years]
        start = next(s for s in starts if year or s > self.today)
        return _Read(start, almanac.month_end(date(start.year, start.month + months - 1, 1)), after)

    def _feast(self, i: int) -> _Read | None:
        """Easter; after Easter: the first day after it."""
        behind = self.phrase("after", i)
        at = i if behind is None else self.skip(behind)
        for key in almanac.FEASTS:
            if (after := self.phrase(key, at)) is not None:
                first, last = almanac.feast(key, self.today)
                next_day = last + timedelta(days=1)
                return _Read(first, last, after) if behind is None else _Read(next_day, next_day, after)
        return None

    # -- spans of time from now

    def _duration(self, i: int) -> _Read | None:
        """in two months, in einem Vierteljahr, within three weeks."""
        after = self.phrase("in", i)
        lasting = self.lasting(after) if after is not None else None
        day = almanac.later(self.today, lasting[1], lasting[0]) if lasting else None
        return _Read(day, day, lasting[2]) if lasting and day else None

    @property
    def running(self) -> Named | None:
        """What is left of the month, quarter or year that runs, where the text names it: "this month"."""
        for i in range(self.count):
            read = self._span(i, _RUNNING) if self.word(i) in self.sense.these else None
            if read is not None:
                span = (self.tokens[i].start, self.tokens[read.after - 1].end)
                return Named(self.today, read.end, " ".join(self.text[slice(*span)].split()), span)
        return None

    @property
    def counts_back(self) -> bool:
        """It counts from a day that stands elsewhere: "three months before that"."""
        lengths = (self.lasting(i) for i in range(self.count))
        return any(length is not None and self.phrase("before", length[2]) is not None for length in lengths)

    def lasting(self, i: int) -> tuple[int, str, int] | None:
        """(how many, of what unit, the token after it): two weeks, einem Vierteljahr, the next three days."""
        direct, i = i, self.skip(i)
        count = self.token(i).number if self.kind(i) == "number" else self.sense.numbers.get(self.word(i), 0)
        if not count and i == direct and self.word(i) in self.sense.units:
            return 1, self.sense.units[self.word(i)], i + 1
        j = i + 1
        while j < i + 3 and (self.word(j) in self.sense.fillers or self.word(j) in self.sense.next):
            j += 1
        unit = self.sense.units.get(self.word(j))
        return (count, unit, j + 1) if 1 <= count <= 99 and unit else None
