"""A newer mail to somebody whose chase waits for a word: it gives way, and the digest says so, with the way out."""

from tests.stories.acts import has_run, propose
from tests.world import BOB, World

BOBS = "bob@bob.example"


def test_it_is_told_once_and_a_mark_follows_it_up_instead(world: World) -> None:
    """Bob wrote about an invoice in May; Alex left that question open, and sends a second proposal in June."""
    world.reopen(FOLLOWMAIL_DIGEST="07:30", FOLLOWMAIL_DETECT="enroll")
    propose(has_run(world))
    world.days_pass(1)
    world.gets(BOB, "Invoice 7", "Where is the invoice?")
    world.days_pass(25)
    second = propose(world, subject="A second proposal")
    assert world.one().state == "waiting"
    said = world.digest().text
    told = "Bob Builder: your mail 'A second proposal' is not followed up, for number 1 is asked about still"
    assert told in " ".join(said.split())
    assert "put it into Followmail/stalled to follow it up instead" in " ".join(said.split())
    world.run_days(1)
    assert "A second proposal" not in world.digest().text
    world.mailbox.append(second.raw, "Followmail/stalled", (), world.now)
    world.round()
    assert [e.state for e in world.enrollments()] == ["stopped", "active"]
    assert world.of(BOBS).opening == second.id.strip("<>")


def test_a_chase_that_goes_on_needs_no_word(world: World) -> None:
    """Bob is nudged about the first one anyway."""
    propose(has_run(world))
    world.days_pass(1)
    propose(world, subject="A second proposal")
    assert not any(line.startswith("warning") for line in world.events(BOBS))
