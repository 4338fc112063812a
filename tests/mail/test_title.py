"""Titles and locations of events: what is a topic, and what is a place."""

import time

import pytest

from followmail.mail.identity import Person
from followmail.mail.title import place, topic

PEOPLE = (
    Person("Alex Consultant", "alex@consult.example"),
    Person("Carla Cook", "carla@carla.example"),
    Person("", "bob.builder@acme-tools.example"),
)


@pytest.mark.parametrize(
    ("title", "about"),
    [
        ("Backups", "Backups"),
        ("Backups and restores", "Backups and restores"),
        ("Invitation: Backups @ Mon 4 May 2026 10:00 - 11:00 (CEST)", "Backups"),
        ("Re: Aktualisierte Einladung: Datensicherung", "Datensicherung"),
        ("Alex / Carla", ""),
        ("Alex <> Carla", ""),
        ("Alex Consultant & Carla Cook", ""),
        ("Alex x Carla", ""),
        ("Carla", ""),
        ("carla@carla.example", ""),
        ("Intro call with Carla Cook", ""),
        ("30 Minute Meeting", ""),
        ("30 min intro - Carla", ""),
        ("Alex Consultant's Zoom Meeting", ""),
        ("Meeting with Bob Builder, ACME Tools GmbH", ""),
        ("Kennenlerngespräch mit Carla Cook", ""),
        ("Termin", ""),
        ("Rendez-vous avec Carla Cook", ""),
        ("Reunión con Carla", ""),
        ("Riunione conoscitiva", "Riunione conoscitiva"),
        ("Kennismaking met Carla", ""),
        ("Reunião com a Carla", ""),
        ("Intro call: backups and restores", "backups and restores"),
        ("Alex / Carla: restores", "restores"),
        ("Backup strategy with Bob Builder", "Backup strategy"),
        ("Intro call about backups", "backups"),
        ("Gespräch über Backups", "Backups"),
        ("Notes about backups", "Notes about backups"),
        ("Carla Cook - Backup audit - Alex", "Backup audit"),
        ("Backups/restores", "Backups/restores"),
        ("https://zoom.us/j/1", ""),
        ("(No title)", ""),
        ("", ""),
        ("x" * 200, ""),
    ],
)
def test_topics(title: str, about: str) -> None:
    """Names, greetings and durations say nothing that a mail could take up."""
    assert topic(title, PEOPLE) == about


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("IT fair, hall 4", "IT fair, hall 4"),
        ("Café Einstein, Berlin", "Café Einstein, Berlin"),
        ("Microsoft Teams Meeting", ""),
        ("Microsoft Teams-Besprechung", ""),
        ("https://meet.google.com/abc", ""),
        ("zoom.us/j/9", ""),
        ("Zoom", ""),
        ("+49 30 123456", ""),
        ("Phone: +49 30 123456", ""),
        ("Telefonisch", ""),
        ("Besprechungsraum 3", ""),
        ("Meeting Room 3", ""),
        ("Salle de réunion B", ""),
        ("TBD", ""),
        ("x" * 61, ""),
        ("", ""),
    ],
)
def test_places(location: str, where: str) -> None:
    """A link, a telephone and a room are no place that one would name in a letter."""
    assert place(location) == where


@pytest.mark.parametrize("text", ["a " * 500_000, "- " * 500_000, ":" * 1_000_000, "a'" * 500_000, "Carla " * 200_000])
def test_long_ones(text: str) -> None:
    """Bounded, whatever they hold."""
    topic("Backups", PEOPLE)
    place("Berlin")
    began = time.process_time()
    topic(text, PEOPLE)
    place(text)
    assert time.process_time() - began < 0.1
