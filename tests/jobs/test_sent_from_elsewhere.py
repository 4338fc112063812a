"""In mode send, with what is found enrolled unasked: a mail that only lies in some folder may never have been sent."""

from collections.abc import Callable

import pytest

from followmail import desk
from tests.servers.smtp import Smtpd
from tests.world import BOB, World, days

BOBS = "bob@bob.example"


@pytest.mark.parametrize("folder", ["Konzepte", "Mailspring/Scheduled", "Unsent Messages"])
def test_what_no_sent_folder_holds_is_asked_about(sending: Callable[..., World], smtpd: Smtpd, folder: str) -> None:
    """Many programs keep there what waits to be sent, without marking it; after a yes it goes on."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += days(1)
    if "/" in folder:
        world.mailbox.create(folder.partition("/")[0])
    world.writes(BOB, folder=folder)
    world.run_days(6)
    assert (world.states(), smtpd.delivered) == ({BOBS: "waiting"}, [])
    assert f"lies in '{folder}', not in Sent; was it sent?" in world.one().why
    desk.approve(world.desk(), world.one())
    world.round()
    assert len(smtpd.delivered) == 1


def test_what_is_filed_with_a_client_and_stands_in_sent_is_sent(sending: Callable[..., World], smtpd: Smtpd) -> None:
    """A second copy elsewhere changes nothing, whichever was read last."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += days(1)
    mail = world.writes(BOB)
    world.mailbox.append(mail.raw, "Zoo clients", ("\\Seen",), world.now)
    world.run_days(6)
    assert len(smtpd.delivered) == 1


def test_in_mode_draft_the_draft_asks(world: World) -> None:
    """Nothing leaves by itself there."""
    world.round()
    world.writes(BOB, folder="Konzepte")
    world.run_days(5)
    assert (world.states(), len(world.drafts())) == ({BOBS: "active"}, 1)
