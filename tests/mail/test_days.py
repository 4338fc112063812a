"""Days that lie behind, as people write them."""

from datetime import date

import pytest

from followmail.mail.days import day_in, read_day

MONDAY = date(2026, 5, 4)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-05-04", date(2026, 5, 4)),
        ("2026/5/4", date(2026, 5, 4)),
        ("2026-05-04 10:30", date(2026, 5, 4)),
        ("2026-05-04T10:30:00+02:00", date(2026, 5, 4)),
        ("4.5.2026", date(2026, 5, 4)),
        ("04.05.26", date(2026, 5, 4)),
        ("25/12/2025", date(2025, 12, 25)),
        ("12/25/2025", date(2025, 12, 25)),
        ("5/5/2026", date(2026, 5, 5)),
        ("4 May 2026", date(2026, 5, 4)),
        ("May 4th, 2026", date(2026, 5, 4)),
        ("4. März 2026", date(2026, 3, 4)),
        ("1er mai 2026", date(2026, 5, 1)),
        ("4 de mayo de 2026", date(2026, 5, 4)),
        ("4 maggio 2026", date(2026, 5, 4)),
        ("4 mei 2026", date(2026, 5, 4)),
        ("4 de março de 2026", date(2026, 3, 4)),
    ],
)
def test_a_day_is_read(text: str, day: date) -> None:
    """As spreadsheets and people of the seven languages write it."""
    assert read_day(text) == day


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("4/5/2026", "may be 4 May or 5 April"),
        ("04-05-2026", "may be 4 May or 5 April"),
        ("31.2.2026", "is no day of the calendar"),
        ("4 May", "has no year"),
        ("soon", "is no date"),
        ("4 Foo 2026", "is no date"),
        ("", "is no date"),
    ],
)
def test_a_day_that_is_none_or_two_is_told(text: str, why: str) -> None:
    """With both readings, and how to write it."""
    with pytest.raises(ValueError, match="write it as 2026-05-04") as told:
        read_day(text)
    assert why in str(told.value)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("met her yesterday", date(2026, 5, 3)),
        ("the day before yesterday", date(2026, 5, 2)),
        ("vorgestern", date(2026, 5, 2)),
        ("heute", MONDAY),
        ("rencontrée hier", date(2026, 5, 3)),
        ("avant-hier", date(2026, 5, 2)),
        ("anteayer", date(2026, 5, 2)),
        ("l'altro ieri", date(2026, 5, 2)),
        ("eergisteren", date(2026, 5, 2)),
        ("anteontem", date(2026, 5, 2)),
        ("on Friday", date(2026, 5, 1)),
        ("am Freitag", date(2026, 5, 1)),
        ("le vendredi", date(2026, 5, 1)),
        ("last Monday", date(2026, 4, 27)),
        ("letzten Montag", date(2026, 4, 27)),
        ("on 30 April", date(2026, 4, 30)),
        ("on 4 May", MONDAY),
        ("on December 30", date(2025, 12, 30)),
        ("am 28.4.", date(2026, 4, 28)),
        ("on 4/5/2026", None),  # two days
        ("yesterday, on Friday", None),  # two days
        ("3 servers", None),
        ("mon frère", None),
        ("", None),
    ],
)
def test_a_day_in_a_text(text: str, day: date | None) -> None:
    """Without a year the one just past; two are none."""
    assert day_in(text, MONDAY)[0] == day


def test_the_text_without_its_day() -> None:
    """So that a place does not end in one."""
    assert day_in("met on 4 May at the IT fair", MONDAY)[1] == "met on ⏐ at the IT fair"
