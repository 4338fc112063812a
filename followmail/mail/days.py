"""A day that lies behind, as people write it: in a cell of its own (`read_day`), or within a text (`day_in`).

In the seven languages: 2026-05-04, 4.5.2026, 4. Mai 2026, May 4th; in a text also without a year, and yesterday, last
Friday. What may be two days is none.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from followmail.mail.kinds.words import LANGUAGES, fold, table

# A day of a text that has no year is one of the past months, or of this week.
_AHEAD = timedelta(days=7)

_FORMS = (
    r"(?<![\w.,/-])(?:"
    r"(?P<y1>\d{4})-(?P<m1>\d\d?)-(?P<d1>\d\d?)"
    r"|(?P<y2>\d{4})/(?P<m2>\d\d?)/(?P<d2>\d\d?)"
    r"|(?P<d3>\d\d?)\. ?(?P<m3>\d\d?)\.(?: ?(?P<y3>\d{4}|\d\d))?"
    r"|(?P<a>\d\d?)(?P<mark>[/-])(?P<b>\d\d?)(?P=mark)(?P<y4>\d{4}|\d\d)"
    r"|(?P<d5>\d\d?)(?:st|nd|rd|th|er|º|°|\.)? (?:of |de |di )?(?P<m5>MONTH)\.?(?:,? (?:de |del |di )?(?P<y5>\d{4}))?"
    r"|(?P<m6>MONTH)\.? (?P<d6>\d\d?)(?:st|nd|rd|th)?(?:,? (?P<y6>\d{4}))?"
    r")(?![\w/-]|[.,]\d)"
)
_TIME = re.compile(r"[T ]+\d\d?:\d\d(?::\d\d(?:\.\d{1,9})?)?(?: ?[ap]m| ?Z| ?[+-]\d\d:?\d\d)?$", re.I)
_WRITE = "write it as 2026-05-04"

# "hier" is yesterday in French, and here in German and Dutch.
_FRENCH = re.compile(
    r"(?<!\w)(?:rencontr\w*|crois\w*|vue?s?|parle|discute|a|aux|le|la|les|lors|chez|soir|matin|salon)(?!\w)"
)

_BACK = {
    0: "today this_morning this_afternoon this_evening tonight heute vorhin aujourd'hui ce_matin ce_soir hoy "
    "esta_mañana esta_tarde oggi stamattina stamani stasera vandaag vanmorgen vanochtend vanmiddag vanavond hoje",
    1: "yesterday last_night gestern hier ayer anoche ieri gisteren ontem",
    2: "the_day_before_yesterday day_before_yesterday vorgestern avant-hier avant_hier anteayer antes_de_ayer l'altro_ieri "
    "ieri_l'altro altroieri eergisteren anteontem",
}


def read_day(text: str) -> date:
    """The day that a cell or an option names. ValueError says in plain words why it names none, or two."""
    said = _TIME.sub("", " ".join(text[:60].split()))
    found = _forms().fullmatch(said)
    if found is None:
        raise ValueError(f"'{text[:60]}' is no date; {_WRITE}")
    readings = list(_readings(found))
    if not readings:
        raise ValueError(f"'{text[:60]}' is no date; {_WRITE}")
    if any(year is None for year, _, _ in readings):
        raise ValueError(f"'{text[:60]}' has no year; {_WRITE}")
    days = list(dict.fromkeys(day for reading in readings if (day := _day(*reading)) is not None))
    if not days:
        raise ValueError(f"'{text[:60]}' is no day of the calendar; {_WRITE}")
    if len(days) > 1:
        both = " or ".join(f"{day.day} {day:%B}" for day in days)
        raise ValueError(f"'{text[:60]}' may be {both}; {_WRITE}")
    return days[0]


def day_in(text: str, today: date) -> tuple[date | None, str]:
    """The day behind that a text names, and the text without it. None where it names none, two, or an ambiguous one."""
    spans: list[tuple[int, int, date | None]] = []
    for found in _forms().finditer(text):
        readings = list(_readings(found))
        if readings:
            near = {day for reading in readings if (day := _near(*reading, today)) is not None}
            spans.append((*found.span(), near.pop() if len(near) == 1 else None))
    folded = fold(text)
    if len(folded) == len(text):
        spans += [
            (*found.span(), _relative(found[1].replace("-", " "), today))
            for found in _words().finditer(folded)
            if found[1] != "hier" or _FRENCH.search(folded)
        ]
        spans += [
            (*found.span(), today - timedelta(days=(today.weekday() - _weekdays()[found["day"]]) % 7 or 7 * bool(found["last"])))
            for found in _named().finditer(folded)
        ]  # fmt: skip
    days = {day for _, _, day in spans}
    for start, end, _ in sorted(spans, reverse=True):
        text = f"{text[:start].rstrip()} ⏐ {text[end:].lstrip()}"
    return (days.pop() if len(days) == 1 else None), text


def _readings(found: re.Match[str]) -> Iterator[tuple[int | None, int, int]]:
    """(year, month, day) in every way a match may be read."""
    part = found.groupdict()
    for n in "12356":
        if part[f"d{n}"]:
            name = part[f"m{n}"]
            month = int(name) if name.isdigit() else _months().get(fold(name), 0)
            if month:
                yield _year(part[f"y{n}"]), month, int(part[f"d{n}"])
    if part["a"]:
        first, second, year = int(part["a"]), int(part["b"]), _year(part["y4"])
        yield year, second, first  # 25/12 is read one way only, for there is no month 25
        yield year, first, second


def _year(text: str | None) -> int | None:
    return None if text is None else int(text) + (2000 if len(text) == 2 else 0)


def _day(year: int | None, month: int, day: int) -> date | None:
    try:
        return date(year or 0, month, day)
    except ValueError:
        return None


def _near(year: int | None, month: int, day: int, today: date) -> date | None:
    """The day; without a year the latest one that is not ahead of this week."""
    if year is not None:
        return _day(year, month, day)
    days = (_day(y, month, day) for y in (today.year + 1, today.year, today.year - 1))
    return next((d for d in days if d is not None and d <= today + _AHEAD), None)


def _relative(word: str, today: date) -> date:
    return today - timedelta(days=_relatives()[word])


@cache
def _forms() -> re.Pattern[str]:
    lines = [line for lang in LANGUAGES for line in table(lang, "dates")["months"]]
    names = {name for line in lines for word in line.split() for name in (word, fold(word))}
    return re.compile(_FORMS.replace("MONTH", "|".join(map(re.escape, sorted(names, key=len, reverse=True)))), re.I)


@cache
def _months() -> dict[str, int]:
    return _numbered("months")


@cache
def _weekdays() -> dict[str, int]:
    return {name: number - 1 for name, number in _numbered("weekdays").items() if len(name) > 4}


def _numbered(key: str) -> dict[str, int]:
    lines = [(number, line) for lang in LANGUAGES for number, line in enumerate(table(lang, "dates")[key], 1)]
    return {fold(name): number for number, line in lines for name in line.split()}


@cache
def _relatives() -> dict[str, int]:
    return {fold(w).replace("_", " ").replace("-", " "): back for back, ws in _BACK.items() for w in ws.split()}


@cache
def _words() -> re.Pattern[str]:
    names = sorted(_relatives(), key=len, reverse=True)
    return re.compile(r"(?<!\w)(" + "|".join(re.escape(n).replace(r"\ ", "[ -]") for n in names) + r")(?!\w)")


@cache
def _named() -> re.Pattern[str]:
    """A weekday where a word leads to it: on Friday, letzten Freitag, vendredi dernier."""
    names = "|".join(map(re.escape, sorted(_weekdays(), key=len, reverse=True)))
    last = "last|letzten|vergangenen|afgelopen|vorige|scorso|scorsa|passado|passada"
    behind = "dernier|pasado|scorso|scorsa|passado|passada"
    return re.compile(
        rf"(?<!\w)(?:(?P<last>(?:on |am )?(?:{last}) )|on |am |le |el |il |op |na |no |this |diesen )"
        rf"({names})(?:-feira)?(?: (?:{behind}))?(?!\w)".replace(f"({names})", f"(?P<day>{names})")
    )
