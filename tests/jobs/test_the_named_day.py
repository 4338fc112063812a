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


def is_away(world: World) -> None:
    """Alex wrote to Bob, whose machine says that he is away until 20 May."""
    mail = world.writes(BOB)
    world.round()
    away = "I am out of office until 20 May."
    world.gets(BOB, "Automatic reply: Proposal", away, answers=mail, Auto_Submitted="auto-replied")
    world.round()
    assert world.states() == {BOBS: "paused"}


@pytest.mark.parametrize(("snoozed", "rests"), [(4, 21), (21, 25)])
def test_a_snooze_writes_to_nobody_who_is_away(mornings: World, snoozed: int, rests: int) -> None:
    """A shorter one changes nothing, and says so; a longer one holds; `resume` ends either."""
    is_away(mornings)
    said = desk.snooze(mornings.desk(), mornings.one(), mornings.now + days(snoozed))
    assert "Bob Builder is away until 20 May" in mornings.one().why
    assert ("nothing comes before Thu 21 May; resume ends that" in said) is (rests == 21)
    until = mornings.one().until
    assert until is not None and mornings.calendar.local_date(until).day == rests
    desk.resume(mornings.desk(), mornings.one())
    assert mornings.states() == {BOBS: "active"}


def test_a_second_snooze_replaces_the_first(mornings: World) -> None:
    """It is the consultant's own word, also where it is shorter."""
    mornings.writes(BOB)
    mornings.round()
    for until in (days(14), days(2)):
        desk.snooze(mornings.desk(), mornings.one(), mornings.now + until)
    assert mornings.one().until == mornings.now + days(2)


def test_a_question_that_was_snoozed_comes_back_as_it_was(mornings: World) -> None:
    """And not before they are back, for a yes would not count sooner."""
    is_away(mornings)
    mornings.gets("Bea <bea@bob.example>", "Your visit", "When do you come by?")
    mornings.round()
    asked = mornings.one().why
    assert mornings.states() == {BOBS: "waiting"} and asked.endswith("still follow up?")
    desk.snooze(mornings.desk(), mornings.one(), mornings.now + days(2))
    mornings.days_pass(10)
    mornings.round()
    assert mornings.states() == {BOBS: "paused"}
    mornings.days_pass(3)
    mornings.round()
    assert (mornings.states(), mornings.one().why) == ({BOBS: "waiting"}, asked)


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
