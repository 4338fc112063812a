"""Times and delays as people type them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.sequence.steps import Delay, Unit
from followmail.sequence.when import delay, parse
from followmail.sequence.workdays import Calendar, holidays, window

berlin = Calendar("Europe/Berlin", *window("Mon-Fri 08:30-17:30"), holidays("DE-BE"))
NOW = datetime(2026, 4, 29, 10, 0, tzinfo=UTC)  # a Wednesday, noon in Berlin


def read(text: str, now: datetime = NOW) -> str:
    return f"{berlin.local(parse(text, now, berlin)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("day", "texts"),
    {
        "2026-05-04": """2026-05-04|2026-5-4|4 May|May 4|May 4th, 2026|the 4th of May|4 may 2026|4.5.|4.5|04.05.2026|
            4.5.26|4. Mai|4. Mai 2026|Montag, 4. Mai|Mo 4.5.|le 4 mai|lundi 4 mai 2026|el 4 de mayo de 2026|4 de maio|
            il 4 maggio|lunedì 4 maggio|4 mei|maandag 4 mei|segunda-feira, 4 de maio|Monday|mon|on monday|until Monday|
            next monday|bis Montag|am Montag|nächsten Montag|lundi|jusqu'à lundi|lundi prochain|hasta el lunes|
            el lunes que viene|fino a lunedì|lunedì prossimo|tot maandag|volgende maandag|até segunda-feira|
            próxima segunda|next week|nächste Woche|la semaine prochaine|la próxima semana|la semana que viene|
            la prossima settimana|volgende week|próxima semana|5 days|2 business days|2d""",
        "2026-04-30": """tomorrow|morgen|demain|mañana|domani|amanhã|1 day|in a day|in einem Tag|1 business day|1d""",
        "2026-05-01": """the day after tomorrow|übermorgen|après-demain|pasado mañana|dopodomani|overmorgen|
            depois de amanhã|friday|this friday|kommenden Freitag|vendredi|viernes|venerdì|vrijdag|sexta|next month|
            nächsten Monat|le mois prochain|1º de maio|1 mai|1er mai""",
        "2026-05-08": "next friday|nächsten Freitag|vendredi prochain|volgende vrijdag|2026-05-08",
        "2026-05-05": "mar|Dienstag|mardi|martes|dinsdag|3d|3 business days|3 Werktage|3 jours ouvrés|3 días hábiles|"
        "3 giorni lavorativi|3 werkdagen|três dias úteis",
        "2026-05-06": "wednesday|Mittwoch|a week|1w|une semaine|in einer Woche|una settimana|een week|uma semana",
        "2026-05-13": """2 weeks|two weeks|2 weeks from now|2w|zwei Wochen|in 2 Wochen|dans deux semaines|
            dentro de 2 semanas|fra due settimane|over twee weken|daqui a 2 semanas|2 sem""",
        "2026-06-29": """in two months|2m|2 months|in zwei Monaten|dans deux mois|en dos meses|tra due mesi|
            over twee maanden|em dois meses""",
        "2026-12-25": "25/12|12/25|25-12-2026|25 dic|25. Dez.|25 décembre",
        "2027-03-03": "mar 3, 2027|3 march 2027|3 mars 2027|3. März 2027|3 de março de 2027",
        "2028-02-29": "29 Feb|29.2.",
    }.items(),
)
def test_a_day_is_read_in_seven_languages_and_means_its_opening(day: str, texts: str) -> None:
    """By date, by name, by distance; a date without a year is the next one."""
    assert {text.strip(): read(text.strip()) for text in texts.split("|")} == {
        text.strip(): f"{day} 08:30" for text in texts.split("|")
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("monday 14:00", "2026-05-04 14:00"),
        ("Montag um 14:00", "2026-05-04 14:00"),
        ("lunes a las 9:05", "2026-05-04 09:05"),
        ("2026-05-04 09:30", "2026-05-04 09:30"),
        ("2026-05-04T09:30:00+00:00", "2026-05-04 11:30"),
        ("2026-05-04T09:30", "2026-05-04 09:30"),
        ("today 18:00", "2026-04-29 18:00"),
        ("14:00", "2026-04-29 14:00"),
        ("09:00", "2026-04-30 09:00"),
        ("2 hours", "2026-04-29 14:00"),
        ("in einer Stunde", "2026-04-29 13:00"),
        ("30 min", "2026-04-29 12:30"),
    ],
)
def test_a_time_of_day_may_follow_and_short_lengths_elapse(text: str, moment: str) -> None:
    """Local times; a bare time is the next such one."""
    assert read(text) == moment


@pytest.mark.parametrize(
    ("moment", "texts"),
    {
        "2026-05-04 08:30": """monday morning|Montagmorgen|Montag früh|Montag Vormittag|lundi matin|lunes por la mañana|
            lunedì mattina|maandagochtend|segunda de manhã|monday next week|next week monday|nächste Woche Montag|
            lundi de la semaine prochaine|el lunes de la próxima semana|lunedì della prossima settimana|
            maandag volgende week|segunda da próxima semana|2ª-feira|KW 19|week 19|semaine 19|semana 19|settimana 19""",
        "2026-05-04 12:00": """monday noon|monday at noon|Montag Mittag|lundi midi|lunes al mediodía|
            lunedì a mezzogiorno|segunda ao meio-dia""",
        "2026-05-04 14:00": """monday 2pm|monday at 2 p.m.|monday afternoon|Montag 14 Uhr|Montag um 14 Uhr|Montagnachmittag|
            Montag Nachmittag|lundi 14h|lundi à 14h00|lundi après-midi|lunes a las 14|lunes por la tarde|lunedì alle 14|
            lunedì pomeriggio|maandag 14 uur|maandag om 14 uur|maandagmiddag|segunda às 14h|segunda à tarde""",
        "2026-04-29 14:30": "2:30 pm|2.30pm|14h30|14.30 Uhr|14 Uhr 30|um 14 Uhr 30",
        "2026-04-30 08:30": """tomorrow morning|morgen früh|demain matin|mañana por la mañana|domani mattina|morgenochtend|
            amanhã de manhã|end of the month|Ende des Monats|bis Monatsende|fin du mois|a fin de mes|fine mese|
            eind van de maand|fim do mês""",
        "2026-05-15 08:30": """the 15th|until the 15th|on the 15th|am 15.|bis zum 15.|le 15|jusqu'au 15 mai|el 15|el día 15|
            il 15|op de 15e|dia 15""",
        "2026-09-01 08:30": """until september|in September|im September|bis September|en septembre|en septiembre|
            a settembre|in september|tot september|em setembro""",
        "2026-05-13 08:30": "a fortnight|14 Tage|une quinzaine|una quincena|14 dagen|uma quinzena|fra 14 giorni",
        "2026-10-29 08:30": "half a year|ein halbes Jahr|in einem halben Jahr|medio año|mezzo anno|half jaar|meio ano",
        "2027-04-29 08:30": "1 year|a year|ein Jahr|in einem Jahr|un an|dans un an|un año|un anno|een jaar|um ano|12 mnd",
        "2026-05-11 08:30": "the week after next|übernächste Woche|KW 20",
        "2026-05-02 08:30": "3 days|3 Tage|3 jours|3 j|3 días|3 giorni|3 gg|3 dagen|3 dgn|3 dias",
    }.items(),
)
def test_the_usual_short_forms_of_seven_languages(moment: str, texts: str) -> None:
    """Mornings, hours, calendar weeks, days of a month, months, years."""
    assert {text.strip(): read(text.strip()) for text in texts.split("|")} == {
        text.strip(): moment for text in texts.split("|")
    }


def test_a_weekday_is_never_today() -> None:
    """On a Monday, `monday` is a week away."""
    assert read("monday", datetime(2026, 5, 4, 6, tzinfo=UTC)) == "2026-05-11 08:30"
    assert read("next monday", datetime(2026, 5, 3, 6, tzinfo=UTC)) == "2026-05-04 08:30"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("soon", "“soon” cannot be read as a time; write a day"),
        ("", "cannot be read"),
        ("3", "cannot be read"),
        ("-3 days", "cannot be read"),
        ("1.5 weeks", "cannot be read"),
        ("4/5", "may be two different days"),
        ("4-5-2026", "may be two different days"),
        ("tuesday 4 may", "2026-05-04 is a Monday, not a tuesday"),
        ("31.2.", "no day 31 of month 2"),
        ("2026-02-30", "no day 30 of month 2 in 2026"),
        ("25:00", "no time of day"),
        ("28 April", "not ahead: 28 Apr has passed; write the year if you mean 2027"),
        ("1.3.", "1 Mar has passed"),
        ("today", "not ahead: it is now 2026-04-29 12:00"),
        ("2020-01-01", "not ahead"),
        ("0 days", "not ahead"),
        ("2126-01-01", "more than ten years"),
        ("9999 weeks", "more than ten years"),
        ("99999999999 days", "cannot be read"),
        ("monday at 2", "in the night or after noon; write 14:00"),
        ("lundi 2h", "in the night or after noon"),
        ("13 pm", "no time of day"),
        ("0 am", "no time of day"),
        ("in 15", "cannot be read"),
        ("um 15", "cannot be read"),
        ("15", "cannot be read"),
        ("the 32nd", "cannot be read|no day 32"),
        ("noon", "cannot be read"),
        ("morning", "cannot be read"),
        ("until april", "not ahead"),
        ("week 18", "week 18 is this one"),
        ("week 60", "there is no week 60"),
        ("next", "cannot be read"),
        ("\x1b[31mred\n", r"“\[31mred” cannot be read"),
    ],
)
def test_what_cannot_be_meant_says_why(text: str, wrong: str) -> None:
    """In plain words, with examples, and without control characters."""
    with pytest.raises(ValueError, match=wrong):
        parse(text, NOW, berlin)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3d", Delay(3, Unit.BUSINESS_DAYS)),
        ("2w", Delay(2, Unit.WEEKS)),
        ("1m", Delay(1, Unit.MONTHS)),
        ("4 business days", Delay(4, Unit.BUSINESS_DAYS)),
        ("1 Business  Day", Delay(1, Unit.BUSINESS_DAYS)),
        ("0 minutes", Delay(0, Unit.MINUTES)),
        (" 36 hours\r\n", Delay(36, Unit.HOURS)),
        ("90 days", Delay(90, Unit.DAYS)),
        ("1 week", Delay(1, Unit.WEEKS)),
        ("2 months", Delay(2, Unit.MONTHS)),
    ],
)
def test_a_delay_is_a_number_and_a_unit(text: str, expected: Delay) -> None:
    """As a plus tag or as a template writes it."""
    assert delay(text) == expected


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("4 bussiness days", "“business days” was probably meant"),
        ("4 dyas", "“days” was probably meant"),
        ("four days", "is no delay"),
        ("-1 days", "is no delay"),
        ("1.5 days", "is no delay"),
        ("soon", "is no delay"),
        ("4", "is no delay"),
        ("", "is no delay"),
        ("3h", "“h” is no unit"),
        ("99999 days", "more than ten years"),
    ],
)
def test_a_bad_delay_says_what_is_allowed(text: str, wrong: str) -> None:
    """And what was probably meant."""
    with pytest.raises(ValueError, match=wrong):
        delay(text)


@given(st.builds(Delay, st.integers(0, 100), st.sampled_from(Unit)))
def test_a_delay_reads_back_what_it_shows(value: Delay) -> None:
    """`str` and `delay` are each other's inverse."""
    assert delay(str(value)) == value


@given(st.dates(date(2026, 4, 30), date(2036, 4, 1)))
def test_every_date_is_read_in_each_of_its_forms(day: date) -> None:
    """ISO, dotted and written out."""
    for text in (f"{day}", f"{day.day}.{day.month}.{day.year}", f"{day:%d %B %Y}", f"{day:%B} {day.day}, {day.year}"):
        assert parse(text, NOW, berlin) == berlin.opening_of(day)


words = st.lists(st.sampled_from("next 4 may . mar in a de 2 weeks monday - / 14:00".split())).map(" ".join)


@given(st.text(max_size=60) | words)
def test_any_text_is_a_moment_ahead_or_a_value_error(text: str) -> None:
    """Nothing else ever comes out."""
    try:
        assert parse(text, NOW, berlin) > NOW
    except ValueError as error:
        assert str(error)
    try:
        assert delay(text).count >= 0
    except ValueError as error:
        assert str(error)
