"""Days in prose: the first day back of an absence, and every time that a text names."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followmail.mail import almanac, dates

TODAY = date(2026, 8, 10)  # a Monday

BACK = [
    ("en", "I will be back in the office on Monday 24 August.", "2026-08-24"),
    ("en", "I am out of the office until 08/31/2026.", "2026-08-31"),
    ("en", "Out from 10/08/2026, will not return until 21/08/2026.", "2026-08-21"),
    ("en", "I am away until Friday, August 14, 2026 (inclusive).", "2026-08-15"),
    ("en", "I'm away from Aug 8 through Aug 16.", "2026-08-17"),
    ("en", "I will be travelling on August 10-21.", "2026-08-22"),
    ("en", "Away until 14 August. Back on Monday.", "2026-08-17"),
    ("en", "I am away until the 25th and back the following day.", "2026-08-26"),
    ("en", "I am on leave for two weeks.", "2026-08-24"),
    ("en", "I am on leave until early November.", "2026-11-01"),
    ("en", "I am out this week.", "2026-08-17"),
    ("en", "I return in January 2027.", "2027-01-01"),
    ("en", "Returning the 15th of next month.", "2026-09-15"),
    ("en", "We are closed from 16 Aug to 20 Aug 2026 and resume work on 23 Aug.", "2026-08-23"),
    ("de", "Ich bin vom 10. bis 21. August nicht im Büro.", "2026-08-22"),
    ("de", "Ich bin bis einschließlich 28.08.2026 im Urlaub.", "2026-08-29"),
    ("de", "Ab Montag, den 24. August bin ich wieder für Sie da.", "2026-08-24"),
    ("de", "Ich kehre am 3. September zurück.", "2026-09-03"),
    ("de", "Ich bin heute auf einer Schulung und morgen wieder erreichbar.", "2026-08-11"),
    ("de", "Bin in KW 33 und 34 nicht erreichbar.", "2026-08-24"),
    ("de", "bin im urlaub, komm am mo zurück", "2026-08-17"),
    ("fr", "Je suis absente jusqu'au 24 août inclus.", "2026-08-25"),
    ("fr", "De retour le 1er septembre 2026.", "2026-09-01"),
    ("fr", "En déplacement du 10 au 14 août.", "2026-08-15"),
    ("es", "De vacaciones del 3 al 21 de agosto. Responderé a mi regreso, el lunes 24.", "2026-08-24"),
    ("es", "Cerrado del 10 al 23 de agosto, ambos inclusive.", "2026-08-24"),
    ("it", "Sarò assente fino al 30 agosto compreso.", "2026-08-31"),
    ("it", "Rientro giovedì 20 agosto.", "2026-08-20"),
    ("nl", "Wij zijn gesloten t/m 23 augustus.", "2026-08-24"),
    ("nl", "Ik ben woensdag 12 augustus weer terug.", "2026-08-12"),
    ("pt", "Estou em viagem até o dia 25 de agosto e volto no dia seguinte.", "2026-08-26"),
    ("pt", "Retorno em 17/08.", "2026-08-17"),
]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("lang", "text", "day"), BACK)
def test_the_first_day_back(lang: str, text: str, day: str, known: bool) -> None:
    """Also where the text is too short to tell its language."""
    named = dates.first_day_back(text, lang if known else None, TODAY)
    assert named is not None
    assert named.start == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        "I was away until 3 August.",
        "I will be back in 2031.",
        "Back on 4 May 2024.",
        "I am out of the office. Call +44 20 7946 0958, extension 1204.",
        "Version 3.2.1 is out, invoice 2026-1182, 24/7 support.",
        "We may march on. The sun is out.",
        "Je reviens vers vous. Tél. 01 23 45 67 89",
        "Va bene. Dott. Marzo Sabato, via Roma 5",
        "Danke. Viele Grüße, Mai Ling, HRB 12345",
        "We close on Mondays at 5.",
        "I will be back.",
        "",
    ],
)
def test_no_day_where_none_is_named(text: str) -> None:
    """A wrong day nudges somebody who is away; none waits five days."""
    assert dates.first_day_back(text, None, TODAY) is None


TIMES = [
    ("en", "Call me in two months.", "2026-10-10", "2026-10-10"),
    ("en", "Ping me next week.", "2026-08-17", "2026-08-23"),
    ("en", "Try again next Thursday.", "2026-08-20", "2026-08-20"),
    ("en", "A week from Tuesday would do.", "2026-08-18", "2026-08-18"),
    ("en", "In a fortnight.", "2026-08-24", "2026-08-24"),
    ("en", "Around mid-October.", "2026-10-15", "2026-10-15"),
    ("en", "At the end of next month.", "2026-09-30", "2026-09-30"),
    ("en", "The week of September 7.", "2026-09-07", "2026-09-13"),
    ("en", "Not before Q1 2027.", "2027-01-01", "2027-03-31"),
    ("en", "Let's pick it up in October.", "2026-10-01", "2026-10-31"),
    ("en", "In H1.", "2027-01-01", "2027-06-30"),
    ("en", "Try me after 9/15.", "2026-09-15", "2026-09-15"),
    ("de", "In KW 36.", "2026-08-31", "2026-09-06"),
    ("de", "Nächste Woche Donnerstag.", "2026-08-20", "2026-08-20"),
    ("de", "Anfang Oktober.", "2026-10-01", "2026-10-10"),
    ("de", "In einem Vierteljahr.", "2026-11-10", "2026-11-10"),
    ("de", "Ab 3. März 2027.", "2027-03-03", "2027-03-03"),
    ("fr", "Dans deux mois.", "2026-10-10", "2026-10-10"),
    ("fr", "Rappelez-moi mi-septembre.", "2026-09-15", "2026-09-15"),
    ("fr", "La semaine prochaine.", "2026-08-17", "2026-08-23"),
    ("es", "A finales de septiembre.", "2026-09-30", "2026-09-30"),
    ("es", "Dentro de un mes.", "2026-09-10", "2026-09-10"),
    ("it", "Tra due mesi.", "2026-10-10", "2026-10-10"),
    ("it", "A fine settembre.", "2026-09-30", "2026-09-30"),
    ("nl", "Over twee maanden.", "2026-10-10", "2026-10-10"),
    ("nl", "Begin september.", "2026-09-01", "2026-09-10"),
    ("pt", "Daqui a seis semanas.", "2026-09-21", "2026-09-21"),
    ("pt", "Em meados de outubro.", "2026-10-15", "2026-10-15"),
]


@pytest.mark.parametrize(("lang", "text", "start", "end"), TIMES)
def test_a_time_has_a_first_and_a_last_day(lang: str, text: str, start: str, end: str) -> None:
    """Who promised to come back "next week" has until its end."""
    first = dates.every(text, lang, TODAY)[0]
    assert (first.start, first.end) == (date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize("day", ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25"])
def test_easter_is_where_the_calendar_has_it(day: str) -> None:
    """The feasts that move go by it."""
    assert almanac.easter(date.fromisoformat(day).year) == date.fromisoformat(day)


def test_the_reading_nearest_after_the_mail_wins() -> None:
    """English leaves the order of day and month open."""
    read = [
        dates.first_day_back("I am out of the office until 05/01/2027.", "en", day)
        for day in (date(2026, 12, 30), date(2027, 4, 20))
    ]
    assert [named and named.start for named in read] == [date(2027, 1, 5), date(2027, 5, 1)]


def test_all_times_are_named_in_their_order() -> None:
    """Which one is meant is said by another cue."""
    named = dates.every("Slammed this week. Try next Thursday, or on 4 September.", "en", TODAY)
    assert [n.words for n in named] == ["this week", "Thursday", "4 September"]


_WORDS = st.sampled_from(
    "back until from to 4 May 31 2026 24.8. 08/31/2026 next week the 2nd of on Monday bis zum ab KW 99 in two "
    "months . , - ( mid Q5 "
    "du au 1er le tot t/m fino al 30 febbraio hasta el 9999-99-99 0 00 t.b.d.".split()
)


@settings(deadline=None)  # the word tables load at the first text
@given(
    st.one_of(st.text(max_size=300), st.lists(_WORDS, max_size=40).map(" ".join)),
    st.dates(date(1980, 1, 1), date(9000, 1, 1)),
)
def test_no_text_breaks_it(text: str, today: date) -> None:
    """What it finds lies ahead, and not too far."""
    named = dates.first_day_back(text, None, today)
    assert named is None or 0 <= (named.start - today).days <= dates.MAX_AHEAD
    assert all(n.start <= n.end and n.end >= today for n in dates.every(text, None, today))


@given(
    st.sampled_from(
        [text for _, text, _ in BACK] + ["until 31.12.9999", "in 99 years", "from 9999-12-30 to 9999-12-31"]
    ),
    st.sampled_from(["en", "de", None]),
    st.one_of(st.dates(), st.just(date.min), st.just(date.max)),
)
@settings(max_examples=150, deadline=None)
def test_no_day_is_too_far(text: str, lang: str | None, today: date) -> None:
    """At both ends of the calendar, too, a text is read, and names what lies ahead or nothing."""
    back = dates.first_day_back(text, lang, today)
    assert back is None or back.start >= today
    assert all(named.end >= today for named in dates.every(text, lang, today))
    assert isinstance(dates.counts_back(text, lang, today), bool)
