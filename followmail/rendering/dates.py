"""Days as people write them, in seven languages: the filters `date`, `weekday` and `ago`.

A day is a `date` in the consultant's zone; a `datetime` counts by its own date.
"""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Words:
    """How one language names days. Patterns take {d} day, {m} month, {y} year, {n} count."""

    months: tuple[str, ...]
    weekdays: tuple[str, ...]  # Monday first
    day: str
    day_and_year: str
    today: str
    yesterday: str
    ago: tuple[str, str, str, str]  # days, weeks, months, years: two or more of them
    first: str = ""  # how the first of a month is written, where not "1"


WORDS = {
    "en": Words(
        tuple("January February March April May June July August September October November December".split()),
        tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
        "{d} {m}",
        "{d} {m} {y}",
        "today",
        "yesterday",
        ("{n} days ago", "{n} weeks ago", "{n} months ago", "{n} years ago"),
    ),
    "de": Words(
        tuple("Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()),
        tuple("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()),
        "{d}. {m}",
        "{d}. {m} {y}",
        "heute",
        "gestern",
        ("vor {n} Tagen", "vor {n} Wochen", "vor {n} Monaten", "vor {n} Jahren"),
    ),
    "fr": Words(
        tuple("janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()),
        tuple("lundi mardi mercredi jeudi vendredi samedi dimanche".split()),
        "{d} {m}",
        "{d} {m} {y}",
        "aujourd’hui",
        "hier",
        ("il y a {n} jours", "il y a {n} semaines", "il y a {n} mois", "il y a {n} ans"),
        first="1er",
    ),
    "es": Words(
        tuple("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()),
        tuple("lunes martes miércoles jueves viernes sábado domingo".split()),
        "{d} de {m}",
        "{d} de {m} de {y}",
        "hoy",
        "ayer",
        ("hace {n} días", "hace {n} semanas", "hace {n} meses", "hace {n} años"),
    ),
    "it": Words(
        tuple("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split()),
        tuple("lunedì martedì mercoledì giovedì venerdì sabato domenica".split()),
        "{d} {m}",
        "{d} {m} {y}",
        "oggi",
        "ieri",
        ("{n} giorni fa", "{n} settimane fa", "{n} mesi fa", "{n} anni fa"),
        first="1º",
    ),
    "nl": Words(
        tuple("januari februari maart april mei juni juli augustus september oktober november december".split()),
        tuple("maandag dinsdag woensdag donderdag vrijdag zaterdag zondag".split()),
        "{d} {m}",
        "{d} {m} {y}",
        "vandaag",
        "gisteren",
        ("{n} dagen geleden", "{n} weken geleden", "{n} maanden geleden", "{n} jaar geleden"),
    ),
    "pt": Words(
        tuple("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro".split()),
        tuple("segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo".split()),
        "{d} de {m}",
        "{d} de {m} de {y}",
        "hoje",
        "ontem",
        ("há {n} dias", "há {n} semanas", "há {n} meses", "há {n} anos"),
    ),
}
LANGUAGES = tuple(WORDS)


def words(language: str | None) -> Words:
    """The words of a language; English where it is not among the seven."""
    return WORDS.get(language or "en", WORDS["en"])


def written(day: date, today: date, language: str | None) -> str:
    """`4 May`; with the year when it is another one than today's."""
    known = words(language)
    pattern = known.day if day.year == today.year else known.day_and_year
    number = known.first if day.day == 1 and known.first else str(day.day)
    return pattern.format(d=number, m=known.months[day.month - 1], y=day.year)


def weekday(day: date, language: str | None) -> str:
    """`Monday`."""
    return words(language).weekdays[day.weekday()]


def ago(days: int, language: str | None) -> str:
    """`3 days ago`, from a number of days; weeks from the 14th, months from the 60th, years from the 730th day.

    Raises ValueError for a day to come.
    """
    known = words(language)
    if days < 0:
        raise ValueError("a day to come is not ago")
    if days < 2:
        return (known.today, known.yesterday)[days]
    unit, length = next((unit, length) for unit, length, limit in _SPANS if days < limit)
    return known.ago[unit].format(n=int(days / length))


_SPANS = ((0, 1, 14), (1, 7, 60), (2, 30.44, 730), (3, 365.25, 10**9))  # unit, its days, below how many days it is used


def day_of(value: date) -> date:
    """The day alone."""
    return value.date() if isinstance(value, datetime) else value
