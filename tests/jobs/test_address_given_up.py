"""The consultant's mail came from an address that he has given up: what would leave from it asks first, for an answer
might go where nobody looks."""

from collections.abc import Callable
from email import message_from_bytes
from email.utils import format_datetime

from followmail import desk
from tests.servers.smtp import Smtpd
from tests.stories.acts import has_run, propose
from tests.world import BOB, PROPOSAL, World

BOBS, OLD = "bob@bob.example", "alex@old.example"


def wrote_from_the_old_one(world: World) -> None:
    raw = f"From: Alex <{OLD}>\r\nTo: {BOB}\r\nSubject: Proposal\r\nDate: {format_datetime(world.now)}\r\n"
    world.raw_arrives(f"{raw}Message-ID: <1@old.example>\r\n\r\n{PROPOSAL}\r\n".encode(), "Sent")
    world.round()


def test_it_waits_until_he_says_so_and_asks_once(sending: Callable[..., World], smtpd: Smtpd) -> None:
    """An alias was taken out: nothing leaves; after a yes both steps do, from the address of his mail."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll", FOLLOWMAIL_ALIASES=OLD, FOLLOWMAIL_DIGEST="07:30"))
    wrote_from_the_old_one(world)
    world.reopen(FOLLOWMAIL_ALIASES="")
    world.run_days(5)
    assert (smtpd.delivered, world.states()) == ([], {BOBS: "waiting"})
    assert f"your mail came from {OLD}" in world.digest().under("Waits for your yes")
    desk.approve(world.desk(), world.one())
    world.run_days(12)
    assert [message_from_bytes(mail.data)["From"] for mail in smtpd.delivered] == [f"Alex Consultant <{OLD}>"] * 2


def test_it_goes_on_where_the_address_is_his_again(sending: Callable[..., World], smtpd: Smtpd) -> None:
    """He names it in FOLLOWMAIL_ALIASES before the step is due."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll", FOLLOWMAIL_ALIASES=OLD))
    wrote_from_the_old_one(world)
    world.reopen(FOLLOWMAIL_ALIASES="")
    world.run_days(2)
    world.reopen(FOLLOWMAIL_ALIASES=f"{OLD}, a@b.example")
    world.run_days(3)
    assert [mail.recipients for mail in smtpd.delivered] == [(BOBS,)]


def test_a_move_to_another_address(world: World) -> None:
    """The account has a new address, and the old one is not named: no draft is laid that would leave from it."""
    world.reopen(FOLLOWMAIL_DETECT="enroll")
    propose(has_run(world))
    world.reopen(FOLLOWMAIL_ADDRESS="alex@newname.example")
    world.run_days(5)
    assert (world.states(), world.drafts()) == ({BOBS: "waiting"}, [])
