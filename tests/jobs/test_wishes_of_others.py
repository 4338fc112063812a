"""Somebody else asks to be left alone, or somebody who may be the prospect: the chase waits, and the question says so."""

import pytest

from followmail import desk
from tests.stories.acts import has_run, propose
from tests.world import BOB, Mail, World

BOBS, ZED, PRIVATE = "bob@bob.example", "Zed <zed@bob.example>", "Rob <rob@private.example>"
STOP = "Please stop writing to us, all of you."


def asks_to_stop(world: World, sender: str, answers: Mail | None = None) -> str:
    """Bob has a proposal; a day later somebody else asks to be left alone. What Bob's chase waits for then."""
    world.days_pass(1)
    world.gets(sender, "Re: Proposal", STOP, answers=answers)
    world.round()
    assert world.of(BOBS).state == "waiting"
    return world.of(BOBS).why


@pytest.fixture
def chased(world: World) -> World:
    world.reopen(FOLLOWMAIL_DIGEST="07:30")
    propose(has_run(world))
    return world


@pytest.mark.parametrize("sender", [ZED, PRIVATE])
def test_the_question_names_the_wish_and_its_author_is_never_mailed(chased: World, sender: str) -> None:
    """Zed had a proposal of his own; Bob writes from his private address, perhaps."""
    zeds = propose(chased, ZED) if sender == ZED else None
    why = asks_to_stop(chased, sender, zeds)
    name, _, address = sender.rstrip(">").partition(" <")
    assert why.startswith(f"{name} asked not to be written to on 5 May")
    assert chased.office.store.suppressions.matching(address)
    assert not chased.office.store.suppressions.matching(BOBS)
    assert f"{name} asked not to be written to" in chased.digest().under("Waits for your yes")


def test_a_yes_to_all_is_none_to_him(chased: World) -> None:
    """Neither in an answer to the digest nor at the command line; by name it is."""
    asks_to_stop(chased, PRIVATE)
    digest = chased.digest()
    assert "1 more waits for your yes" in chased.answers_digest("ok all", digest).replace("one more", "1 more")
    assert desk.approve_all(chased.desk()) == ()
    assert chased.one().state == "waiting"
    chased.answers_digest(f"ok {digest.number('asked not to be written to')}", digest)
    assert chased.one().state == "active"


def test_what_else_is_written_hides_no_wish(chased: World) -> None:
    """Ann of the same company writes about an invoice the day after: what is asked stays the wish."""
    why = asks_to_stop(chased, PRIVATE)
    chased.days_pass(1)
    chased.gets("Ann <ann@bob.example>", "Invoice 7", "Where is the invoice?")
    chased.round()
    assert chased.one().why == why
    assert desk.approve_all(chased.desk()) == ()


def test_a_wish_of_somebody_in_copy_is_none_of_the_prospects(world: World) -> None:
    """Eve, in Cc, is left out from now on; whether Bob is written to is said by name."""
    propose(has_run(world), BOB, Cc="Eve <eve@bob.example>")
    why = asks_to_stop(world, "Eve <eve@bob.example>")
    assert why.startswith("eve@bob.example, in Cc, asked not to be written to on 5 May")
    assert desk.approve_all(world.desk()) == ()
    desk.approve(world.desk(), world.one())
    world.run_days(4)
    assert [(draft["To"], draft["Cc"]) for draft in world.drafts()] == [(BOB, None)]
