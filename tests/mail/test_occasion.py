"""Where, about what and when: what a note to oneself says of a meeting, and where it says nothing."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.occasion import occasion

MONDAY = date(2026, 5, 4)
SUNDAY = date(2026, 5, 3)


@pytest.mark.parametrize(
    ("text", "where", "about", "on"),
    [
        ("where: IT fair", "IT fair", "", None),
        ("where: IT fair, about: backups", "IT fair", "backups", None),
        ("Where: IT fair\nAbout: backups, and restores\nMet on: 30 April", "IT fair", "backups, and restores", date(2026, 4, 30)),
        ("Ort: Messe Hannover; Thema: neue Server", "Messe Hannover", "neue Server", None),
        ("lieu : salon de Lyon\nsujet : sauvegardes", "salon de Lyon", "sauvegardes", None),
        ("lugar: feria de Madrid\ntema: copias", "feria de Madrid", "copias", None),
        ("luogo: fiera di Milano\nargomento: backup", "fiera di Milano", "backup", None),
        ("waar: beurs\nonderwerp: back-ups", "beurs", "back-ups", None),
        ("local: feira\nassunto: cópias", "feira", "cópias", None),
        ("met her at the IT fair about backups", "IT fair", "backups", None),
        ("Met yesterday at the IT fair in Hannover, about backups and restores.", "IT fair in Hannover", "backups and restores", SUNDAY),
        ("We talked about backups at the IT fair on 30 April.", "IT fair", "backups", date(2026, 4, 30)),
        ("At the IT fair, about backups", "IT fair", "backups", None),
        ("Met at IT fair 2026 re: backups", "IT fair 2026", "backups", None),
        ("met at my office about a new website", "", "a new website", None),
        ("auf der Messe Hannover getroffen, wegen Backups", "Messe Hannover", "Backups", None),
        ("getroffen auf dem Barcamp Köln am 28.4. wegen Storage", "Barcamp Köln", "Storage", date(2026, 4, 28)),
        ("Gestern im Café Central kennengelernt", "Café Central", "", SUNDAY),
        ("wegen ihrer Backups", "", "Backups", None),
        ("Rencontrée hier au salon IT de Lyon à propos de sauvegardes", "salon IT de Lyon", "sauvegardes", SUNDAY),
        ("à propos de ses sauvegardes", "", "sauvegardes", None),
        ("La conocí en la feria de Madrid, hablamos de copias de seguridad", "feria de Madrid", "copias de seguridad", None),
        ("Conosciuta ieri alla fiera di Milano, abbiamo parlato di backup", "fiera di Milano", "backup", SUNDAY),
        ("gisteren ontmoet op de beurs in Utrecht, over back-ups", "beurs in Utrecht", "back-ups", SUNDAY),
        ("Conheci-a ontem na feira de Lisboa, falamos de cópias", "feira de Lisboa", "cópias", SUNDAY),
    ],
)  # fmt: skip
def test_what_is_said(text: str, where: str, about: str, on: date | None) -> None:
    """By label and in a sentence, in the seven languages."""
    said = occasion(text, MONDAY)
    assert (said.where, said.about, said.on) == (where, about, on)


@pytest.mark.parametrize(
    "text",
    [
        "met in person",
        "met at noon",
        "We met at lunch",
        "met at your office",
        "am Telefon gesprochen",
        "wegen neuer Server",
        "She is interested in backups",
        "Please follow up",
        "met at the fair. met at the bar",
        "met at https://fair.example/about",
        "met:",
        "at",
        "Nice weather in Hannover",
        "call her at noon about the thing",
        "met Carla, she works at Siemens",
        "met Carla who works at Siemens",
        "Carla getroffen, die bei Siemens arbeitet",
        "rencontré Carla qui travaille chez Siemens",
        "let us meet at the fair in June",
        "",
    ],
)
def test_in_doubt_nothing_is_said(text: str) -> None:
    """What stands here is printed in a mail."""
    said = occasion(text, MONDAY)
    assert (said.where, said.about) == ("", "")


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("met at the IT fair. Call her on Friday.", None),
        ("call her on Friday about the offer", None),
        ("habe sie hier auf der Messe Hannover getroffen", None),
        ("hier au salon de Lyon", SUNDAY),
        ("yesterday", SUNDAY),
        ("met yesterday. Her birthday was on 1 May.", SUNDAY),
    ],
)
def test_only_the_day_of_the_meeting_counts(text: str, on: date | None) -> None:
    """Not one on which to call; "hier" is yesterday in French alone."""
    assert occasion(text, MONDAY).on == on


def test_a_day_that_may_be_two_is_told_from_none() -> None:
    """The first is no reason to take the day of the note."""
    assert occasion("met on 4/5/2026", MONDAY).dated
    assert not occasion("met at the fair", MONDAY).dated


@given(st.text(max_size=300))
def test_whatever_is_written_it_never_raises(text: str) -> None:
    """Foreign input."""
    said = occasion(text, MONDAY)
    assert "\n" not in said.where + said.about
