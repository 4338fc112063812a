"""What was put off until a day is asked in that day's digest, at half past seven, though nothing leaves before the window."""

from datetime import timedelta

import pytest

from followmail import desk
from followmail.agenda import agenda
from followmail.sequence.agenda import What
from tests.world import BOB, World, days

BOBS = "bob@bob.example"
ASKS = "Hello Alex,\n\ncould you look after our backups from June on?\n\nBest regards\nBob"


@pytest.fixture
def mornings(world: World) -> World:
    """A digest each morning; the first run is over."""
    world.reopen(FOLLOWMAIL_DIGEST="07:30")
    world.round()
    world.now += timedelta(minutes=10)
    return world


def morning_of(world: World, day: int) -> str:
    """What the digest of a day in May says, made at 07:35."""
    world.days_pass(day - world.calendar.local_date(world.now).day, hour=7)
    world.now += timedelta(minutes=35)
    world.round()
    return world.digest().text


def test_a_wait_that_was_snoozed_until_monday(mornings: World) -> None:
    """It stands in Monday's digest, not in Tuesday's."""
    mornings.writes(BOB)
    mornings.round()
    mornings.gets(BOB, "Invoice 7", "Where is invoice 7?")
    mornings.round()
    assert mornings.states() == {BOBS: "waiting"}
    monday = mornings.calendar.opening_of(mornings.calendar.local_date(mornings.now) + days(7))
    desk.snooze(mornings.desk(), mornings.one(), monday)
    mornings.round()
    assert mornings.states() == {BOBS: "paused"}
    assert "Bob Builder wrote about 'Invoice 7'" in morning_of(mornings, 11)
    assert mornings.states() == {BOBS: "waiting"}


def test_a_snooze_of_hours_is_meant_to_the_hour(mornings: World) -> None:
    """Only a day means its beginning."""
    mornings.writes(BOB)
    mornings.round()
    mornings.gets(BOB, "Invoice 7", "Where is invoice 7?")
    mornings.round()
    until = mornings.now + timedelta(hours=2)
    desk.snooze(mornings.desk(), mornings.one(), until)
    assert mornings.one().until == until


def test_who_put_it_off_comes_back_on_the_day_they_named(mornings: World) -> None:
    """To be asked about; and no draft is laid for it."""
    mail = mornings.writes(BOB)
    mornings.round()
    mornings.gets(BOB, "Re: Proposal", "Please call me again on 18 May.", answers=mail)
    mornings.round()
    assert mornings.states() == {BOBS: "paused"}
    assert "Bob Builder put it off" in morning_of(mornings, 18)
    assert mornings.states() == {BOBS: "waiting"}
    assert not mornings.drafts()


def test_who_waits_and_was_put_aside_until_a_day(mornings: World) -> None:
    """Stands among those who wait on that morning."""
    mail = mornings.gets(BOB, "Backups", ASKS)
    mornings.round()
    monday = mornings.calendar.opening_of(mornings.calendar.local_date(mornings.now) + days(7))
    desk.put_aside(mornings.desk(), mail.id.strip("<>"), monday)
    friday = mornings.office.cycle(mornings.now + days(4))
    assert not agenda(friday, None).of(What.WAITS_FOR_YOU)
    assert "Bob Builder wrote about 'Backups'" in morning_of(mornings, 11)


def test_a_pause_of_everything_is_over_on_its_day(mornings: World) -> None:
    """The digest of that day says what goes out, and nothing of a pause."""
    mornings.writes(BOB)
    mornings.round()
    tuesday = mornings.calendar.opening_of(mornings.calendar.local_date(mornings.now) + days(8))
    desk.pause(mornings.desk(), tuesday)
    said = morning_of(mornings, 12)
    assert "paused until" not in said.split("\n")[0]
    assert not mornings.drafts()


def test_a_pause_until_an_hour_of_today_is_told_with_the_hour(mornings: World) -> None:
    """It holds what is due this morning."""
    desk.pause(mornings.desk(), mornings.now + timedelta(hours=3))
    c = mornings.office.cycle(mornings.now)
    said = agenda(c, None)
    at = mornings.calendar.local(mornings.now + timedelta(hours=3))
    assert said.verdict.startswith(f"Everything is paused until {at:%H:%M}. ")
    assert not said.of(What.TODAY)
