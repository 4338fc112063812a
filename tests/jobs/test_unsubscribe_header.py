"""`Unsubscribe: yes`: the mail that a List-Unsubscribe makes tells which chase it is about, whoever sends it."""

from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.servers.smtp import Smtpd
from tests.stories.acts import has_run, own_templates, propose
from tests.world import ANN, BOB, World

BOBS, PRIVATE = "bob@bob.example", "Robert <robert@private.example>"


@pytest.fixture
def offers(sending: Callable[..., World], smtpd: Smtpd) -> tuple[World, Message]:
    """Bob and Ann got the nudge, which offers to be unsubscribed; the one to Bob."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    step = own_templates(world) / "nudge" / "1-checking-in.txt"
    step.write_text(f"Unsubscribe: yes\n{step.read_text()}")
    world.reopen()
    has_run(world)
    propose(world)
    propose(world, ANN)
    world.run_days(4)
    sent = {mail["To"]: mail for mail in (message_from_bytes(d.data) for d in smtpd.delivered)}
    return world, sent[BOB]


def presses(world: World, mail: Message, sender: str, text: str = "", **headers: str) -> None:
    """The mail program writes what List-Unsubscribe says, and drops of it all but the address and the subject."""
    url = urlsplit(mail["List-Unsubscribe"].strip("<>"))
    (subject,) = parse_qs(url.query)["subject"]
    world.gets(sender, subject, text, to=url.path, **headers)
    world.round()


@pytest.mark.parametrize("sender", [BOB, PRIVATE])
@pytest.mark.parametrize("machine", [{}, {"Auto_Submitted": "auto-generated", "Precedence": "bulk"}])
def test_it_ends_the_chase_of_the_mail_that_offered_it(
    offers: tuple[World, Message], smtpd: Smtpd, sender: str, machine: dict[str, str]
) -> None:
    """Also from the mailbox to which theirs is forwarded: neither address is mailed again, and Ann's chase goes on."""
    world, mail = offers
    presses(world, mail, sender, **machine)
    assert world.states() == {BOBS: "unsubscribed", "ann@ann.example": "active"}
    suppressions = world.office.store.suppressions
    assert suppressions.matching(BOBS) and suppressions.matching(sender.partition("<")[2].rstrip(">"))
    world.run_days(9)
    assert [d.recipients for d in smtpd.delivered].count((BOBS,)) == 1


def test_it_holds_where_the_chase_is_over(offers: tuple[World, Message]) -> None:
    """Bob had answered; he is not written to again all the same."""
    world, mail = offers
    world.gets(BOB, "Re: Proposal", "No, thank you.", In_Reply_To=mail["Message-ID"])
    world.round()
    presses(world, mail, PRIVATE)
    assert world.states()[BOBS] == "replied"
    assert world.office.store.suppressions.matching(BOBS)


def test_a_lost_database_knows_it_still(offers: tuple[World, Message]) -> None:
    """The mail stands in Sent."""
    world, mail = offers
    world.close()
    for file in world.home.glob("followmail.db*"):
        file.unlink()
    world.round()
    presses(world, mail, PRIVATE)
    assert world.states() == {BOBS: "unsubscribed", "ann@ann.example": "waiting"}
