"""What a mailbox answers by itself speaks for its owner: for the prospect where it is theirs, for nobody else's chase."""

from datetime import date, timedelta

import pytest

from tests.stories.acts import local_day
from tests.stories.test_silence_and_answers import report_of
from tests.world import BOB, Mail, World

BOBS, EVE = "bob@bob.example", "Eve Miller <eve@bob.example>"
OTHERS = [EVE, "Ed Ender <ed@ed.example>"]
AWAY, GONE = "I am out of office until 14 May.", "I no longer work here. Please write to kim@ed.example."


@pytest.fixture
def proposal(world: World) -> Mail:
    """To Bob alone, a day ago."""
    world.reopen(FOLLOWMAIL_DIGEST="07:30")
    world.round()
    world.now += timedelta(minutes=5)
    mail = world.writes(BOB)
    world.round()
    world.days_pass(1)
    return mail


def answers_by_itself(world: World, sender: str, text: str, mail: Mail) -> None:
    world.now += timedelta(minutes=5)
    world.gets(sender, "Automatic reply: Proposal", text, answers=mail, Auto_Submitted="auto-replied")
    world.round()


@pytest.mark.parametrize("text", [AWAY, GONE])
@pytest.mark.parametrize("other", OTHERS)
def test_whom_it_was_forwarded_to_is_away_or_gone_for_himself(
    world: World, proposal: Mail, other: str, text: str
) -> None:
    """Bob's chase goes on, and nobody is proposed in his place."""
    forward = world.writes(other, "Fwd: Proposal", "This went to Bob yesterday.", answers=proposal)
    world.round()
    answers_by_itself(world, other, text, forward)
    assert world.of(BOBS).state == "active"
    assert "proposed: kim@ed.example" not in world.events(BOBS)
    world.run_days(4)
    assert [draft["To"] for draft in world.drafts()].count(BOB) == 1


@pytest.mark.parametrize("code", ["5.1.1", "5.7.1", "5.2.2"])
def test_a_mail_that_cannot_reach_him_is_no_news_of_bob(world: World, proposal: Mail, code: str) -> None:
    """The report holds the id of a mail of the conversation, and names whom it could not reach."""
    forward = world.writes(OTHERS[1], "Fwd: Proposal", "This went to Bob yesterday.", answers=proposal)
    world.round()
    world.raw_arrives(report_of(world, forward, code, f"550 {code} no", to="ed@ed.example"))
    world.round()
    assert world.of(BOBS).state == "active"


def test_a_report_that_names_nobody_asks_where_there_are_several(world: World, proposal: Mail) -> None:
    """It may be about the forward: nobody's address is given up for it."""
    forward = world.writes(OTHERS[1], "Fwd: Proposal", "This went to Bob yesterday.", answers=proposal)
    world.round()
    world.gets(
        "MAILER-DAEMON@mx.example", "Undelivered mail", "550 5.1.1 User unknown", answers=forward, Return_Path="<>"
    )
    world.round()
    assert world.of(BOBS).state == "waiting"
    assert not world.office.store.suppressions.matching(BOBS)


def test_the_absence_of_one_holds_no_chase_of_the_one_who_stands_in(world: World, proposal: Mail) -> None:
    """Bob is away, so Alex writes to Eve in the conversation; then Bob's mailbox answers once more."""
    answers_by_itself(world, BOB, AWAY, proposal)
    asked = world.writes(EVE, "Re: Proposal", "Hello Eve,\n\nBob is away. What do you think of it?", answers=proposal)
    world.round()
    answers_by_itself(world, BOB, AWAY, asked)
    assert world.states() == {BOBS: "paused", "eve@bob.example": "active"}


@pytest.mark.parametrize(
    "second", ["Bob Builder <robert@private.example>", "bob.builder@bob.example", "BOB <bob+x@mail.bob.example>"]
)
def test_his_own_second_mailbox_speaks_for_him(world: World, proposal: Mail, second: str) -> None:
    """By the name, or by an address of his company that is made of it; also where Eve had the mail too."""
    world.writes(EVE, "Fwd: Proposal", "This went to Bob yesterday.", answers=proposal)
    world.round()
    answers_by_itself(world, second, AWAY, proposal)
    assert world.of(BOBS).state == "paused"
    answers_by_itself(world, second, GONE, proposal)
    assert world.of(BOBS).state == "stopped"


def test_a_mailbox_behind_his_rests_it_and_ends_nothing(world: World, proposal: Mail) -> None:
    """Nobody else had the mail, so it is his in some way: an absence holds the chase until then, more than that is asked."""
    answers_by_itself(world, "desk@bob.example", AWAY, proposal)
    assert (world.one().state, world.one().until and local_day(world) < date(2026, 5, 15)) == ("paused", True)
    answers_by_itself(world, "desk@bob.example", GONE, proposal)
    assert (world.one().state, "desk@bob.example" in world.one().why) == ("waiting", True)
    assert not world.digest().under("Proposals")


@pytest.mark.parametrize("text", [AWAY, GONE])
def test_a_mailbox_behind_one_of_several_is_asked_about(world: World, proposal: Mail, text: str) -> None:
    """It may be Bob's or Eve's."""
    world.writes(EVE, "Fwd: Proposal", "This went to Bob yesterday.", answers=proposal)
    world.round()
    answers_by_itself(world, "desk@bob.example", text, proposal)
    assert world.of(BOBS).state == "waiting"
    assert "desk@bob.example" in world.digest().under("Waits for your yes")
