"""Times in prose, word by word in one language: "Monday 4 May", "vom 3. bis 21. August", "in two months", "semaine 36".

`Reading` finds them with what stands around them; what an absence note or a promise means by them is said in `dates.py`.
The order of day and month is that of the language, and where both can be meant the reading that lies nearest after the
mail's own day. Without a year it is the next such day.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import cache

from followmail.mail import almanac
from followmail.mail.kinds import words

_PAST = 60  # days: a date without a year that lies so little back is past, not next year's
_MAX_TEXT = 6000
_MAX_TOKENS = 1500

_TOKEN = re.compile(
    r"(?P<iso>\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d))|(?P<full>\d{1,2}(?P<sep>[./-]) ?\d{1,2}(?P=sep) ?(?:\d{4}|\d{2})(?![\d./]\d))"
    r"|(?P<short>(?<!\d)\d{1,2}(?:[./]\d{1,2}|\. \d{1,2}\.)(?![\d]|[./-]\d)\.?)"
    r"|(?P<nth>\d{1,2}(?:st|nd|rd|th|er|ere|eme|ste|de|e|o|a|º|ª|°)(?!\w))|(?P<number>\d+)|(?P<word>[^\W\d_]+)|(?P<mark>[^\w\s])|(?P<gap>\n\s*\n)"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A time that a text names: its first and its last day, the words, and where they stand in the text."""

    start: date
    end: date
    words: str
    span: tuple[int, int]
    explicit: bool = True  # a day of a month, rather than a weekday or a span of time


class Role(Enum):
    """What the words around a date make of it."""

    PLAIN = 0
    FROM = 1
    UNTIL = 2
    THROUGH = 3  # inclusive
    PAST = 4


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """A date in its sentence."""

    named: Named
    role: Role
    first: int  # token numbers
    after: int
    open_year: bool = False


_OPENING = (
    "early", "mid", "end", "today", "tomorrow", "day-after-tomorrow", "this-week", "next-week", "week-after-next", "next-month", "next-quarter",
    "next-year", "first-half", "second-half", "in", "week-number", "week-of", "week-from",
)  # fmt: skip


class Prose:
    """A text cut into words, numbers and marks, once for all languages."""

    def __init__(self, text: str) -> None:
        self.text = unicodedata.normalize("NFC", text[:_MAX_TEXT])
        self.folded = words.fold(self.text)
        found = zip(_TOKEN.finditer(self.folded), range(_MAX_TOKENS), strict=False)
        self.tokens = [Token(m.lastgroup or "", m[0], m.start(), m.end()) for m, _ in found]


class Sense:
    """What words mean in one language, as its table says."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        table = words.table(lang).get("dates", {})
        self.months = _numbered(table.get("months", ()))
        self.weekdays = _numbered(table.get("weekdays", ()))
        self.short_weekdays = _numbered(table.get("short-weekdays", ()))
        self.numbers = _numbered(table.get("numbers", ()))
        self.units = {
            w: unit for unit in ("day", "week", "fortnight", "month", "quarter", "year") for w in table.get(unit, ())
        }
        self.fillers = frozenset(table.get("fillers", ()))
        self.next = frozenset(table.get("next", ()))
        self.month_first = bool(table.get("month-first", False))
        self.suffixes = frozenset(table.get("ordinals", ()))
        self.opens = self._opening()

    def _opening(self) -> frozenset[str]:
        """How the words begin that may begin a date: all others need no second look."""
        names = (self.months, self.weekdays, self.short_weekdays, self.numbers)
        keys = {w[:3] for table in names for w in table} | {"q", "h", "t", "the"}
        return frozenset(keys.union(*(self.phrase(key).keys for key in _OPENING)))

    def phrase(self, key: str) -> words.Phrases:
        return words.phrases("dates", key, self.lang)


def _numbered(lines: tuple[str, ...]) -> dict[str, int]:
    return {words.fold(w): i for i, line in enumerate(lines, 1) for w in line.split()}


@cache
def sense_of(lang: str) -> Sense:
    return Sense(lang)


def senses(lang: str | None) -> list[Sense]:
    return [sense_of(name) for name in sorted(words.LANGUAGES, key=lambda name: name != lang)]


class Reading:
    """One text read in the sense of one language."""

    def __init__(self, prose: Prose, sense: Sense, today: date) -> None:
        self.text, self.folded, self.tokens = prose.text, prose.folded, prose.tokens
        self.sense, self.today = sense, today
        self.found = list(self._find())

    # -- tokens

    def word(self, i: int) -> str:
        return self.tokens[i].text if 0 <= i < len(self.tokens) and self.tokens[i].kind == "word" else ""

    def kind(self, i: int) -> str:
        return self.tokens[i].kind if 0 <= i < len(self.tokens) else ""

    def skip(self, i: int, marks: str = ",.-('\"") -> int:
        """Past words and marks that may stand inside a date: "the 3rd of", "den 24."."""
        for _ in range(4):
            if not (self.word(i) in self.sense.fillers or (self.kind(i) == "mark" and self.tokens[i].text in marks)):
                break
            i += 1
        return i

    def phrase(self, key: str, i: int) -> int | None:
        """The token after a phrase that begins at this one."""
        if not 0 <= i < len(self.tokens):
            return None
        match = self.sense.phrase(key).at(self.folded, self.tokens[i].start)
        return self.token_at(match.end()) if match else None

    def token_at(self, position: int) -> int:
        low, high = 0, len(self.tokens)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.tokens[middle].start < position else (low, middle)
        return low

    def sentence(self, i: int) -> tuple[int, int]:
        """The tokens of the sentence around one: from first up to, not including, last."""
        first = last = i
        while first > 0 and not self._ends(first - 1):
            first -= 1
        while last < len(self.tokens) and not self._ends(last):
            last += 1
        return first, last

    def _ends(self, i: int) -> bool:
        token = self.tokens[i]
        if token.kind == "gap" or (token.kind == "mark" and token.text in "!?"):
            return True
        if token.text != ".":
            return False
        before, after = self.kind(i - 1), self.text[token.end :].lstrip()[:1]
        if before in ("number", "nth") or (before == "word" and len(self.word(i - 1)) <= 4 and self._names(i - 1)):
            return bool(after) and after.isupper() and not self._names(i + 1)
        return token.end >= len(self.text) or self.text[token.end].isspace()

    def _names(self, i: int) -> bool:
        return any(
            self.word(i) in names for names in (self.sense.months, self.sense.weekdays, self.sense.short_weekdays)
        )

    # -- dates

    def _find(self) -> Iterator[Found]:
        i = 0
        before: Found | None = None
        while i < len(self.tokens):
            read = self._range(i) or self._read(i)
            if read is None:
                i += 1
                continue
            start, end, after, explicit = read
            span = (self.tokens[i].start, self.tokens[after - 1].end)
            named = Named(start, end, " ".join(self.text[slice(*span)].split()), span, explicit)
            before = Found(named, self._role(i, after, before), i, after)
            yield before
            i = after

    def _range(self, i: int) -> tuple[date, date, int, bool] | None:
        """Days of one month: "10. bis 21. August", "du 10 au 14 août", "July 10-31"."""
        if self.kind(i) in ("number", "nth") and len(self.tokens[i].text) <= 4:
            j = i + 1 + (self.kind(i + 1) == "mark" and self.tokens[i + 1].text == ".")
            to = self._to(j)
            last = (self._numeric(self.skip(to)) or self._day_month(self.skip(to))) if to else None
        else:
            first = self._month_day(i)
            to = self._to(first[1]) if first else None
            if to is None or self.kind(to) not in ("number", "nth") or len(self.tokens[to].text) > 4:
                return None
            number = int(re.match(r"\d+", self.tokens[to].text)[0])  # type: ignore[index]
            year, after = self._year(to + 1)
            last = self._dated(self.sense.months[self.word(i)], number, year), after
        if not last or last[0] is None:
            return None
        day = int(re.findall(r"\d+", self.tokens[i].text)[0]) if self.kind(i) != "word" else 1
        start = almanac.day_of(last[0].year, last[0].month, day)
        return (start, last[0], last[1], True) if start and start <= last[0] else None

    def _to(self, i: int) -> int | None:
        """Past what stands between the first and the last day."""
        if self.kind(i) == "mark" and self.tokens[i].text in "-/":
            return i + 1
        return self.phrase("to", i)

    def _role(self, i: int, after: int, before: Found | None) -> Role:
        """By what stands directly before the date, and behind it."""
        if (
            before is not None
            and 0 < i - before.after <= 5
            and (
                to := self._to(
                    before.after + (self.kind(before.after) == "mark" and self.tokens[before.after].text in ",.")
                )
            )
            and to <= i <= self.skip(to)
        ):
            return Role.THROUGH
        if self._is_span(i, after):
            return Role.THROUGH
        for back in range(1, 6):
            j = i - back
            if j < 0 or self.kind(j) == "gap":
                break
            for key, role in (
                ("through", Role.THROUGH),
                ("until", Role.UNTIL),
                ("from", Role.FROM),
                ("since", Role.PAST),
            ):
                end = self.phrase(key, j)
                if end is not None and self.skip(end) >= i >= end:
                    return self._inclusive(role, i, after)
        return Role.PLAIN

    def _is_span(self, i: int, after: int) -> bool:
        return any(self._to(k) is not None for k in range(i + 1, after - 1))

    def _inclusive(self, role: Role, i: int, after: int) -> Role:
        behind = self.skip(after, ",(.")
        if role is Role.UNTIL and self.phrase("inclusive", behind) is not None:
            return Role.THROUGH
        return role

    def _read(self, i: int) -> tuple[date, date, int, bool] | None:
        if self.kind(i) == "mark" or (self.kind(i) == "word" and self.word(i)[:3] not in self.sense.opens):
            return None
        for reader in (
            self._day,
            self._part,
            self._week,
            self._relative,
            self._duration,
            self._quarter,
            self._weekday,
            self._month,
        ):
            if (read := reader(i)) is not None:
                return read
        return None

    def _day(self, i: int) -> tuple[date, date, int, bool] | None:
        """A day of a month, with a weekday before it or not."""
        j = self.skip(self._weekday_name(i)[1]) if self._weekday_name(i)[0] else i
        if (
            j > i
            and self.kind(j) not in ("iso", "full", "short", "nth", "number")
            and self.word(j) not in self.sense.months
        ):
            return None
        day = self._numeric(j) or self._day_month(j) or self._month_day(j)
        if day is None:
            return self._day_alone(j, i)
        return (day[0], day[0], day[1], True) if day[0] is not None else None

    def _numeric(self, i: int) -> tuple[date | None, int] | None:
        kind = self.kind(i)
        if kind not in ("iso", "full", "short"):
            return None
        n = [int(x) for x in re.findall(r"\d+", self.tokens[i].text)]
        if kind == "iso":
            return almanac.day_of(*n), i + 1
        if kind == "short":
            if n == [24, 7] or (kind == "short" and self._is_time(i)):
                return None
            year, after = self._year(i + 1)
            options = [self._dated(m, d, year) for d, m in self._orders(n[0], n[1], "/" in self.tokens[i].text)]
            return almanac.nearest(options, self.today), after
        year_ = n[2] + (2000 if n[2] < 100 else 0)
        options = [almanac.day_of(year_, m, d) for d, m in self._orders(n[0], n[1], "." not in self.tokens[i].text)]
        return almanac.nearest(options, self.today), i + 1

    def _orders(self, first: int, second: int, either: bool) -> list[tuple[int, int]]:
        """(day, month): both readings where the language leaves it open, else the day first."""
        both = [(first, second), (second, first)]
        if self.sense.month_first and either:
            return both
        return both[:1] if 1 <= second <= 12 else both[1:] if either else []

    def _is_time(self, i: int) -> bool:
        token = self.tokens[i]
        return self.folded[token.end : token.end + 1] in (":", "%", "€", "$") or self.word(i + 1) in (
            "uhr",
            "h",
            "am",
            "pm",
            "uur",
            "ore",
            "eur",
            "euro",
            "gb",
            "tb",
            "mb",
        )

    def _day_month(self, i: int) -> tuple[date | None, int] | None:
        """3 May, 3rd of May 2026, 3. Mai, 1er septembre, 3 de mayo de 2026."""
        if self.kind(i) not in ("nth", "number"):
            return None
        number = int(re.match(r"\d+", self.tokens[i].text)[0])  # type: ignore[index]
        j = self.skip(i + 1 + (self.word(i + 1) in self.sense.suffixes))
        month = self.sense.months.get(self.word(j))
        if month is None or not 1 <= number <= 31 or len(self.tokens[i].text) > 5:
            return None
        year, after = self._year(j + 1)
        return self._dated(month, number, year), after

    def _month_day(self, i: int) -> tuple[date | None, int] | None:
        """May 3rd, 2026."""
        month = self.sense.months.get(self.word(i))
        j = self.skip(i + 1)
        if (
            month is None
            or self.kind(j) not in ("nth", "number")
            or not (self.sense.month_first or self.kind(j) == "nth")
        ):
            return None
        number = int(re.match(r"\d+", self.tokens[j].text)[0])  # type: ignore[index]
        if not 1 <= number <= 31 or self._is_time(j) or (self.kind(j + 1) == "mark" and self.tokens[j + 1].text == ":"):
            return None
        year, after = self._year(j + 1)
        return self._dated(month, number, year), after

    def _year(self, i: int) -> tuple[int | None, int]:
        j = self.skip(i, ",.'/")
        text = self.tokens[j].text if self.kind(j) == "number" else ""
        return (int(text), j + 1) if re.fullmatch(r"20\d\d", text) else (None, i)

    def _dated(self, month: int, day: int, year: int | None) -> date | None:
        """Without a year the next such day; one shortly past stays past."""
        if year is not None:
            return almanac.day_of(year, month, day)
        years = [
            d
            for y in (self.today.year - 1, self.today.year, self.today.year + 1)
            if (d := almanac.day_of(y, month, day))
        ]
        return next((d for d in years if (d - self.today).days >= -_PAST), None)

    def _day_alone(self, j: int, i: int) -> tuple[date, date, int, bool] | None:
        """the 17th, le 24, lunes 24: a day without its month, where an article, an ordinal or a weekday makes it one."""
        if self.kind(j) not in ("nth", "number") or len(self.tokens[j].text) > 5:
            return None
        led = j > i or (self.kind(j) == "nth" and bool(self._led_by(j))) or self._led_by(j) == "day-alone"
        number = int(re.match(r"\d+", self.tokens[j].text)[0])  # type: ignore[index]
        if (
            not led
            or not 1 <= number <= 31
            or self._is_time(j)
            or self.word(j + 1) in self.sense.units
            or self._is_counted(j)
        ):
            return None
        if (after := self.phrase("of-next-month", j + 1)) is not None:
            day = almanac.day_of(*almanac.month_after(self.today, 1), number)
            return (day, day, after, True) if day else None
        weekday = self._weekday_name(i)[0] if j > i else None
        day = almanac.next_day(self.today, number, weekday)
        after = (
            j + 2
            if self.kind(j + 1) == "mark" and self.tokens[j + 1].text == "." and self.sense.lang in ("de",)
            else j + 1
        )
        return (day, day, after, True) if day else None

    def _led_by(self, j: int) -> str:
        for back in (1, 2, 3):
            if j - back < 0:
                break
            for key in ("day-alone", "until", "through", "from"):
                if self.phrase(key, j - back) == j:
                    return key
        return ""

    def _is_counted(self, j: int) -> bool:
        """A number of something: "24 h", "3.5", "12:45", "40 %", "the 2 offices"."""
        after = self.folded[self.tokens[j].end : self.tokens[j].end + 1]
        next_ = self.word(j + 1)
        if after in (":", "%", "€", "$", "°", "/") or next_ in (
            "h",
            "uhr",
            "uur",
            "am",
            "pm",
            "ore",
            "horas",
            "heures",
            "percent",
            "euro",
        ):
            return True
        return (
            self.kind(j) == "number"
            and bool(next_)
            and after == " "
            and next_ not in self.sense.fillers
            and self.phrase("inclusive", j + 1) is None
            and (self.phrase("goes-on", j + 1) is None)
        )

    def _weekday_name(self, i: int) -> tuple[int | None, int]:
        """(1 Monday … 7 Sunday or None, the token after it)."""
        name = self.word(i)
        if name in self.sense.weekdays:
            return self.sense.weekdays[name], i + 1
        if name in self.sense.short_weekdays and (self._led(i) or self._dotted(i)):
            return self.sense.short_weekdays[name], i + 1
        return None, i

    def _led(self, i: int) -> bool:
        return self.word(i - 1) in self.sense.fillers or any(
            self.phrase(k, i - b) == i for k in ("until", "from", "through") for b in (1, 2, 3) if i >= b
        )

    def _dotted(self, i: int) -> bool:
        j = self.skip(i + 1, ".,")
        return j > i + 1 and self.kind(j) in ("short", "full", "nth", "number")

    def _weekday(self, i: int) -> tuple[date, date, int, bool] | None:
        weekday, after = self._weekday_name(i)
        if weekday is None:
            return None
        day = self.today + timedelta(days=(weekday - self.today.isoweekday() - 1) % 7 + 1)
        if (word_after := self.phrase("week-after-weekday", after)) is not None:
            day, after = almanac.monday(self.today) + timedelta(days=6 + weekday), word_after
        elif self.word(i - 1) in self.sense.next or self.word(after) in self.sense.next:
            after += self.word(after) in self.sense.next
            day += timedelta(
                days=7 if day <= almanac.monday(self.today) + timedelta(days=6) and self.sense.lang == "en" else 0
            )
        return day, day, after, False

    def _month(self, i: int) -> tuple[date, date, int, bool] | None:
        """A month alone, led to by a preposition: in October, au mois de mai, im März 2027."""
        month = self.sense.months.get(self.word(i))
        if month is None or not self._month_led(i):
            return None
        year, after = self._year(i + 1)
        span = self._month_span(month, year)
        return (*span, after, False) if span else None

    def _month_led(self, i: int) -> bool:
        return any(
            self.phrase(key, i - back) == i
            for key in ("in-month", "until", "from", "through")
            for back in (1, 2, 3)
            if i >= back
        )

    def _month_span(self, month: int, year: int | None) -> tuple[date, date] | None:
        if year is None:
            year = self.today.year + (month < self.today.month)
        first = almanac.day_of(year, month, 1)
        return (first, almanac.month_end(first)) if first else None

    def _part(self, i: int) -> tuple[date, date, int, bool] | None:
        """early, mid, end of: of a month, of the year, of next month, of a quarter."""
        for key in ("early", "mid", "end"):
            if (after := self.phrase(key, i)) is None:
                continue
            j = self.skip(after, "-")
            span = self._whole(j)
            if span is None:
                return None
            start, end, after = span
            return (*almanac.part_of(key, start, end), after, False)
        return None

    def _whole(self, i: int) -> tuple[date, date, int] | None:
        if (month := self.sense.months.get(self.word(i))) is not None:
            year, after = self._year(i + 1)
            span = self._month_span(month, year)
            return (*span, after) if span else None
        for key in (
            "this-week",
            "the-week",
            "next-week",
            "this-month",
            "next-month",
            "this-quarter",
            "next-quarter",
            "this-year",
            "next-year",
        ):
            if (after_ := self.phrase(key, i)) is not None:
                return (*almanac.span(key, self.today), after_)
        year, after = self._year(i)
        if year is not None:
            return date(year, 1, 1), date(year, 12, 31), after
        return None

    def _relative(self, i: int) -> tuple[date, date, int, bool] | None:
        for key, days in (("day-after-tomorrow", 2), ("tomorrow", 1), ("today", 0)):
            if (after := self.phrase(key, i)) is not None:
                day = self.today + timedelta(days=days)
                return day, day, after, False
        for key in (
            "week-after-next",
            "next-week",
            "this-week",
            "next-month",
            "next-quarter",
            "next-year",
            "second-half",
            "first-half",
        ):
            if (after := self.phrase(key, i)) is not None:
                start, end = almanac.span(key, self.today)
                return self._in_week(start, end, after) if "week" in key else (start, end, after, False)
        return None

    def _in_week(self, start: date, end: date, after: int) -> tuple[date, date, int, bool]:
        """nächste Woche Donnerstag, next week on Thursday."""
        weekday, j = self._weekday_name(self.skip(after, ","))
        if weekday is None:
            return start, end, after, False
        day = start + timedelta(days=weekday - 1)
        return day, day, j, False

    def _duration(self, i: int) -> tuple[date, date, int, bool] | None:
        """in two months, in einem Vierteljahr, for three weeks, a week from Tuesday."""
        after = self.phrase("in", i)
        if after is None:
            return None
        count, after = self._count(after)
        unit = self.sense.units.get(self.word(after))
        if count is None or unit is None:
            return None
        day = almanac.later(self.today, unit, count)
        return (day, day, after + 1, False) if day else None

    def _count(self, i: int) -> tuple[int | None, int]:
        i = self.skip(i)
        if self.kind(i) == "number" and len(self.tokens[i].text) <= 2:
            count: int | None = int(self.tokens[i].text)
        else:
            count = self.sense.numbers.get(self.word(i))
        if count is None:
            return (1, i) if self.word(i) in self.sense.units else (None, i)
        j = i + 1
        while self.word(j) in self.sense.fillers | self.sense.next and j < i + 3:
            j += 1
        return count, j

    def _week(self, i: int) -> tuple[date, date, int, bool] | None:
        """week 36, KW 36; the week of 7 September, w/c 2 November."""
        if (after := self.phrase("week-from", i)) is not None and (day := self._weekday(self.skip(after))) is not None:
            return day[0] + timedelta(days=7), day[0] + timedelta(days=7), day[2], False
        if (after := self.phrase("week-of", i)) is not None and (day := self._day(self.skip(after))) is not None:
            monday = almanac.monday(day[0])
            return monday, monday + timedelta(days=6), day[2], True
        if (after := self.phrase("week-number", i)) is None or self.kind(self.skip(after, ".")) not in (
            "number",
            "nth",
        ):
            return None
        j = self.skip(after, ".")
        number, j = int(re.match(r"\d+", self.tokens[j].text)[0]), j + 1  # type: ignore[index]
        while (
            self.kind(self.skip(j, "-/+&")) == "number"
            and len(self.tokens[self.skip(j, "-/+&")].text) <= 2
            and self.skip(j, "-/+&") <= j + 2
            and self.skip(j, "-/+&") > j
        ):
            j = self.skip(j, "-/+&")
            number, j = int(self.tokens[j].text), j + 1
        year, after = self._year(j)
        monday_ = almanac.week_number(self.today, number, year)
        return (monday_, monday_ + timedelta(days=6), after, True) if monday_ else None

    def _quarter(self, i: int) -> tuple[date, date, int, bool] | None:
        """Q1, Q1 2027, H2, the first quarter, au 3e trimestre."""
        match = re.fullmatch(r"([qth])", self.word(i))
        number, after, months = 0, i, 3
        if match and self.kind(i + 1) == "number" and self.tokens[i].end == self.tokens[i + 1].start:
            number, after, months = int(self.tokens[i + 1].text[:3]), i + 2, 6 if match[1] == "h" else 3
        elif self.sense.units.get(self.word(i + 1)) == "quarter" or self.sense.units.get(self.word(i + 2)) == "quarter":
            number = (
                int(m[0]) if (m := re.match(r"\d", self.tokens[i].text)) else self.sense.numbers.get(self.word(i), 0)
            )
            after = i + 2 if self.sense.units.get(self.word(i + 1)) == "quarter" else i + 3
        if not 1 <= number <= 12 // months:
            return None
        year, after = self._year(after)
        for y in (year,) if year else (self.today.year, self.today.year + 1):
            start = date(y, (number - 1) * months + 1, 1)
            if year or start > self.today:
                return start, almanac.month_end(almanac.later(start, "month", months - 1) or start), after, False
        return None
