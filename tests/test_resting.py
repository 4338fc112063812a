"""A daemon that goes to rest gives back what its last round needed, and keeps what the next one will."""

from datetime import timedelta

from followmail.mail.kinds.statement import statement
from followmail.mail.kinds.words import phrases
from followmail.mail.message import read
from followmail.resting import give_back
from tests.world import ANN, BOB, PROPOSAL, World


def test_of_the_mails_that_were_read_last_nothing_is_remembered(world: World) -> None:
    """Tables of words stay: they are needed again."""
    world.writes(BOB, "Proposal", PROPOSAL, ago=timedelta(days=9))
    world.gets(ANN, "News", "Could you call me tomorrow?")
    world.round()
    statement("Could you call me tomorrow?")
    tables = phrases.cache_info().currsize
    assert tables
    give_back(world.office.store)
    assert statement.cache_info().currsize == 0
    assert phrases.cache_info().currsize == tables


def test_the_next_round_goes_on_as_before(world: World) -> None:
    """What was given back is read anew where it is asked for."""
    world.writes(BOB, "Proposal", PROPOSAL, ago=timedelta(days=9))
    world.round()
    give_back(world.office.store)
    world.gets(BOB, "Re: Proposal", "Yes, gladly.")
    assert world.round().tally.new_messages == 1
    assert read(b"From: Bob <bob@bob.example>\n\n").sender.name == "Bob"
