"""What a person types as a point in time or a delay: `monday`, `4. Mai`, `in two months`, `3d`.

`parse` reads it for `snooze`, `pause` and replies to the digest, in the usual short forms of seven languages; `delay`
reads the stricter forms of a plus tag and of a template's `After`. What cannot be read, is not ahead, or may be two
days is a ValueError in plain words. `next friday` is the one of the next calendar week: the later meaning holds back.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from followmail.sequence.steps import Delay, Unit
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
_FARTHEST = timedelta(days=3_660)
_TAGS = {"d": Unit.BUSINESS_DAYS, "w": Unit.WEEKS, "m": Unit.MONTHS}
_UNITS = {name: unit for unit in Unit for name in (unit.value, unit.value.removesuffix("s"))}

Meaning = TypeVar("Meaning")


def _words(rows: Mapping[Meaning, str]) -> dict[str, Meaning]:
    """What each word means; `_` is a blank within one."""
    return {word.replace("_", " "): meaning for meaning, words in rows.items() for word in words.split()}


# The words of English, German, French, Spanish, Italian, Dutch and Portuguese, lower case and without accents.

_LENGTHS = _words(
    {
        Unit.MINUTES: "minute minutes min mins minuten minuto minutos minuti minuut",
        Unit.HOURS: "hour hours h hr hrs stunde stunden std heure heures hora horas ora ore uur uren",
        Unit.DAYS: "day days tag tage tagen jour jours j dia dias giorno giorni gg dag dagen",
        Unit.BUSINESS_DAYS: """d business_day business_days working_day working_days workday workdays
            werktag werktage werktagen arbeitstag arbeitstage arbeitstagen jour_ouvre jours_ouvres jour_ouvrable
            jours_ouvrables dia_habil dias_habiles dia_laborable dias_laborables giorno_lavorativo giorni_lavorativi
            werkdag werkdagen dia_util dias_uteis""",
        Unit.WEEKS: """week weeks w wk wks woche wochen wo semaine semaines sem semana semanas settimana settimane sett
            weken""",
        Unit.MONTHS: "month months m mo monat monate monaten mois mes meses mese mesi maand maanden",
    }
)
_NUMBERS = _words(
    {
        1: "a an one ein eine einem einen einer un une una uno een um uma",
        2: "two zwei deux dos due twee dois duas",
        3: "three drei trois tres tre drie",
        4: "four vier quatre cuatro quattro quatro",
        5: "five funf cinq cinco cinque vijf",
        6: "six sechs seis sei zes",
        7: "seven sieben sept siete sette zeven sete",
        8: "eight acht huit ocho otto oito",
        9: "nine neun neuf nueve nove negen",
        10: "ten zehn dix diez dieci tien dez",
        11: "eleven elf onze once undici",
        12: "twelve zwolf douze doce dodici twaalf doze",
        15: "quinze quince quindici",
    }
)
_DAYS_AHEAD = _words(
    {
        0: "today heute aujourd_hui hoy oggi vandaag hoje",
        1: "tomorrow morgen demain manana domani amanha",
        2: "day_after_tomorrow ubermorgen apres_demain pasado_manana dopodomani overmorgen depois_de_amanha",
    }
)
_WEEKDAYS = _words(
    {
        0: "monday mon montag mo lundi lun lunes lunedi maandag ma segunda segunda_feira seg",
        1: "tuesday tue tues dienstag di mardi mar martes martedi dinsdag terca terca_feira ter",
        2: "wednesday wed mittwoch mi mercredi mer miercoles mie mercoledi woensdag wo quarta quarta_feira qua",
        3: "thursday thu thur thurs donnerstag do jeudi jeu jueves jue giovedi gio donderdag quinta quinta_feira qui",
        4: "friday fri freitag fr vendredi ven viernes vie venerdi vrijdag vr sexta sexta_feira sex",
        5: "saturday sat samstag sonnabend sa samedi sam sabado sab sabato zaterdag za",
        6: "sunday sun sonntag so dimanche dim domingo dom domenica zondag zo",
    }
)
_MONTHS = _words(
    {
        1: "january jan januar janner janvier janv enero ene gennaio gen januari janeiro",
        2: "february feb februar fevrier fevr fev febrero febbraio februari fevereiro",
        3: "march mar marz mars marzo maart mrt marco",
        4: "april apr avril avr abril abr aprile",
        5: "may mai mayo maggio mag mei maio",
        6: "june jun juni juin junio giugno giu junho",
        7: "july jul juli juillet juil julio luglio lug julho",
        8: "august aug aout agosto ago augustus",
        9: "september sep sept septembre septiembre settembre set setembro",
        10: "october oct okt oktober octobre octubre ottobre ott outubro out",
        11: "november nov novembre noviembre novembro",
        12: "december dec dez dezember decembre diciembre dic dicembre dezembro",
    }
)
_NEXT = frozenset(
    """next nachste nachsten nachster nachstes nachstem prochain prochaine proximo proxima prossimo prossima volgende
    viene vem""".split()
)
_SKIPPED_FIRST = frozenset(
    """until till to on in for by at the this coming bis zum am den der die fur um nach kommenden kommende diesen
    jusqu a au le la ce cette dans d ici pour hasta el al la las dentro de en este esta para fino il tra fra per alle
    questo questa tot op om over deze komende ate o as daqui em""".split()
)
_SKIPPED_LAST = ("from now", "from today", "later", "ab jetzt", "ab heute")
_CONNECTORS = frozenset("of the st nd rd th er o a de del di do den".split())


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
    """`monday`, `monday 14:00`, `14:00`."""
    today = calendar.local_date(now)
    found = re.search(r"(?:^|\s)(\d{1,2}):(\d\d)$", said, re.ASCII)
    if found is None:
        day = _named_day(said, today, calendar)
        return calendar.opening_of(day) if day else None
    at, rest = clock(found[1], found[2]), said[: found.start()].split()
    while rest and rest[-1] in _SKIPPED_FIRST | {"at"}:
        rest.pop()
    if rest:
        day = _named_day(" ".join(rest), today, calendar)
        return calendar.at(day, at) if day else None
    moment = calendar.at(today, at)
    return moment if moment > now else calendar.at(today + timedelta(days=1), at)


def _after_now(said: str, now: datetime, calendar: Calendar) -> datetime | None:
    """`2 hours`: what is shorter than a day."""
    found = next(filter(None, map(_length, _tails(said))), None)
    return calendar.shift(now, found) if found else None


def _named_day(said: str, today: date, calendar: Calendar) -> date | None:
    """A day by date, by name or by its distance."""
    found = (_dated(s, today) or _weekday(s, today) or _distant(s, today, calendar) for s in _tails(said))
    return next(filter(None, found), None)


def _distant(said: str, today: date, calendar: Calendar) -> date | None:
    """`tomorrow`, `2 weeks`, `next month`."""
    words = said.split()
    if said in _DAYS_AHEAD:
        return today + timedelta(days=_DAYS_AHEAD[said])
    if len(words) == 2 and _NEXT & set(words):
        unit = next((_LENGTHS.get(word) for word in words if word not in _NEXT), None)
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
    count = int(found[1]) if found[1] else _NUMBERS.get(found[3])
    unit = _LENGTHS.get(found[2] or found[4])
    return None if count is None or unit is None else _limited(Delay(count, unit))


def _weekday(said: str, today: date) -> date | None:
    """`monday` is the coming one; `next monday` the one of the next calendar week."""
    words = said.split()
    wanted = _WEEKDAYS.get(" ".join(word for word in words if word not in _NEXT))
    if wanted is None:
        return None
    if _NEXT & set(words):
        return today + timedelta(days=7 - today.weekday() + wanted)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _dated(said: str, today: date) -> date | None:
    """`2026-05-04`, `4.5.`, `4 May`, `Montag, 4. Mai`."""
    if day := _written(said, today):  # before weekdays: `mar 3` is in March, not a martes
        return day
    first, _, rest = said.partition(" ")
    rest = rest.removeprefix("feira ")
    if first in _WEEKDAYS and re.search(r"\d", rest):
        day = _dated(rest, today)
        if day is not None and day.weekday() != _WEEKDAYS[first]:
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
    words = [word for word in re.findall(r"\d+|[a-z]+", said) if word not in _CONNECTORS]
    if re.search(r"[^a-z0-9 .,]", said) or not 2 <= len(words) <= 3:
        return None
    day, month = words[:2] if words[0].isdigit() else words[1::-1]
    year = words[2] if len(words) == 3 else None
    if month not in _MONTHS or not re.fullmatch(r"\d\d?", day) or not re.fullmatch(r"\d{4}", year or "2000"):
        return None
    return _day(int(day), _MONTHS[month], year, today)


def _day(day: int, month: int, year: str | None, today: date) -> date:
    """A date; without a year the next one, today included."""
    years = range(today.year, today.year + 9) if year is None else [int(year) + (2000 if len(year) == 2 else 0)]
    for candidate in years:
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if year is not None or found >= today:
            return found
    raise ValueError(f"there is no day {day} of month {month}" + (f" in {year}" if year else ""))


# Text


def _tails(said: str) -> Iterator[str]:
    """The text, then the text without the words in front that say nothing, one fewer at a time."""
    words = said.split()
    while words:
        yield " ".join(words)
        if words[0] not in _SKIPPED_FIRST:
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
    for ending in _SKIPPED_LAST:
        said = said.removesuffix(" " + ending)
    return said


def _shown(text: str) -> str:
    """The text as a message may repeat it."""
    shown = "".join(c for c in text if c.isprintable())
    return shown if len(shown) <= 40 else shown[:39] + "…"
