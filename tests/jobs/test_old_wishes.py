"""Whoever asked to be left alone before the mail that a first look reads: found when somebody would follow them up."""

from collections.abc import Callable
from datetime import date

from followmail import desk, enrolling
from followmail.contacts import Contact
from tests.jobs.test_costs import commands
from tests.servers.smtp import Smtpd
from tests.world import ANN, BOB, CARLA, World, days

BOBS = "bob@bob.example"
Sending = Callable[..., World]
STOP = "Please remove me from your list and never write to me again."


def met(world: World, *addresses: str) -> None:
    d = world.desk()
    for address in addresses:
        enrolling.enroll(d, Contact(address, met_on=date(2026, 4, 30)), d.sequences["nice-to-meet-you"])


def test_who_is_found_by_rule_is_not_mailed(sending: Sending, smtpd: Smtpd) -> None:
    """Bob asked half a year ago; what he wrote since is no leave to follow him up."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.mailbox.create("Clients")
    world.gets(BOB, "Your newsletter", STOP, ago=days(180), folder="Clients")
    world.gets(BOB, "The invoice", "Here it is.", ago=days(30))
    world.round()
    world.now += days(1)
    world.writes(BOB)
    world.round()
    assert (world.enrollments(), bool(world.office.store.suppressions.matching(BOBS))) == ((), True)
    assert "asked on 2025-11-05 not to be written to" in world.events(BOBS)[-1]


def test_who_is_marked_is_not_mailed_and_that_is_told(sending: Sending, smtpd: Smtpd) -> None:
    """By plus address: a mark is a yes to following up, none to a wish that Alex has forgotten."""
    world = sending()
    world.gets(BOB, "Your newsletter", STOP, ago=days(180))
    world.round()
    world.now += days(1)
    world.writes(BOB, Bcc="alex+nudge@consult.example")
    world.round()
    assert (world.enrollments(), bool(world.office.store.suppressions.matching(BOBS))) == ((), True)
    assert world.events(BOBS)[-1].startswith("mark-refused:")


def test_who_is_put_in_by_hand_is_not_mailed(sending: Sending, smtpd: Smtpd) -> None:
    """Before anything leaves; who wrote nothing of the kind goes on."""
    world = sending()
    world.gets(BOB, "Your newsletter", STOP, ago=days(180))
    world.gets(CARLA, "The fair", "See you there?", ago=days(180))
    world.round()
    met(world, BOBS, "carla@carla.example")
    world.round()
    assert world.states() == {BOBS: "unsubscribed", "carla@carla.example": "active"}


def test_what_was_allowed_again_stays_allowed(sending: Sending, smtpd: Smtpd) -> None:
    """`unsuppress` is a later word than the old mail."""
    world = sending()
    world.gets(BOB, "Your newsletter", STOP, ago=days(180))
    world.round()
    met(world, BOBS)
    world.round()
    desk.unsuppress(world.desk(), BOBS)
    met(world, BOBS)
    world.round()
    assert world.one().state == "active"


def test_many_are_asked_for_in_one_search_and_of_each_mail_the_body_once(sending: Sending) -> None:
    """Fifty old mails of Ann's: ten bodies; nobody else's are read; and whoever never wrote costs nothing again."""
    world = sending()
    for n in range(50):
        world.gets(ANN, f"News {n}", "Hello.", ago=days(100 + n))
    world.gets("Eve <eve@eve.example>", "News", "Hello.", ago=days(100))
    world.round()
    people = [f"pat{n}@firm{n}.example" for n in range(8)]
    met(world, "ann@ann.example", *people)
    world.mailbox.record()
    world.round()
    said = commands(world)
    assert len([line for line in said if 'FROM "pat3@firm3.example"' in line]) == 1
    assert len([line for line in said if "BODY.PEEK[]<0" in line]) == 1
    assert len(world.office.store.conversations.of_address("ann@ann.example")) == 10
    assert all(map(world.office.store.conversations.is_acquainted, people))


def test_an_answer_of_long_ago_is_one_where_the_database_is_lost(world: World) -> None:
    """It lies before what a first look reads, and comes in with the question what they wrote long ago."""
    proposal = world.writes(BOB, ago=days(95))
    world.gets(BOB, text="Yes, we take it.", answers=proposal, ago=days(93))
    world.mailbox.create("Followmail")
    world.mailbox.create("Followmail/nudge")
    world.mailbox.client.select_folder("Sent")
    world.mailbox.client.copy([proposal.uid], "Followmail/nudge")
    world.round()
    assert world.enrollments() == () or world.states()[BOBS] in ("replied", "waiting")
    for e in world.enrollments():
        if e.state.live:
            desk.approve(world.desk(), e)
    world.run_days(6)
    assert world.drafts() == []
