"""Who is mailed is who was meant: confusing addresses, the last second, many at once, twenty thousand old mails."""

import email.policy
import os
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.utils import format_datetime, getaddresses
from pathlib import Path

import pytest

from followmail.sequence.steps import State
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Smtpd
from tests.world import ANN, BOB, PROPOSAL, Mail, World

BOBS = "bob@bob.example"
Sending = Callable[..., World]

# What stands in To of a mail that Alex has sent → whom its nudge may reach; nobody where two readers could disagree.
CONFUSING = {
    "bob@bob.example <evil@evil.example>": {"evil@evil.example"},
    '"bob@bob.example" <evil@evil.example>': {"evil@evil.example"},
    "Bob <bob@bob.example> <evil@evil.example>": set(),
    "a)b@bob.example": set(),
    "bob(c)@bob.example": {BOBS},
    "Team: bob@bob.example, evil@evil.example;": {BOBS, "evil@evil.example"},
    "undisclosed-recipients:;": set(),
    "=?utf-8?q?Bob_=3Cevil=40evil=2Eexample=3E=2C?= <bob@bob.example>": {BOBS},
    "=?utf-8?q?evil=40evil.example=2C_?=bob@bob.example": set(),
    "=?utf-8?q?Bob=0D=0ABcc:_evil=40evil.example?= <bob@bob.example>": {BOBS},
    "Bob\r\n\t<bob@bob.example>": {BOBS},
    "bob@bob.example\r\n evil@evil.example": set(),
    "<@relay.example:bob@bob.example>": {BOBS},
    '"bob@bob.example, x" <bob@bob.example>': {BOBS},
    "bob@bob.example\x00@evil.example": set(),
    "b\u00f6b@bob.example": {"b\u00f6b@bob.example"},
    '"b b"@bob.example': set(),
    "bob@[127.0.0.1]": set(),
}


@pytest.mark.parametrize("to", CONFUSING)
def test_a_confusing_address_reaches_nobody_else(sending: Sending, smtpd: Smtpd, to: str) -> None:
    """Fault 34: the envelope holds only whom every reader finds in To; in doubt nobody, and it is told."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=5)
    head = f"From: Alex <alex@consult.example>\r\nTo: {to}\r\nSubject: Offer\r\nDate: {format_datetime(world.now)}\r\n"
    text = PROPOSAL.replace("\n", "\r\n")
    world.raw_arrives(f"{head}Message-ID: <o@consult.example>\r\n\r\n{text}".encode(), "Sent")
    world.round()
    world.days_pass(4, hour=12)
    world.rounds_over(10)
    reached = {address for mail in smtpd.delivered for address in mail.recipients}
    assert reached <= CONFUSING[to]
    for mail in smtpd.delivered:
        sent = message_from_bytes(mail.data, policy=email.policy.default)
        assert {a for _, a in getaddresses([*sent.get_all("To", []), *sent.get_all("Cc", [])])} == set(mail.recipients)
        assert sent["Bcc"] is None


@pytest.mark.parametrize("moment", ["MAIL", "DATA"])
@pytest.mark.parametrize("line", [BOBS, "@bob.example", "*@bob.*"])
def test_a_suppression_that_comes_while_the_body_goes_over_the_wire_counts(
    sending: Sending, smtpd: Smtpd, moment: str, line: str
) -> None:
    """Fault 21: asked once more between the last line and the dot; nothing leaves, and the chase ends."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=5)
    world.writes(BOB)
    world.round()
    world.days_pass(4, hour=12)
    usual = smtpd.scripted

    def scripted(*keys: str) -> str | bytes | None:
        if moment in keys:
            (world.home / "suppressed.txt").write_text(line + "\n")
        return usual(*keys)

    smtpd.scripted = scripted  # type: ignore[method-assign]  # the server's script, not ours
    world.round()
    smtpd.settle()
    assert "DATA" in smtpd.commands
    assert smtpd.delivered == []
    world.rounds_over(30)
    assert (smtpd.delivered, world.of(BOBS).state) == ([], State.STOPPED)


def test_a_hundred_due_at_once_are_a_question(sending: Sending, smtpd: Smtpd) -> None:
    """Faults 23 and 24: whatever made them due, all of them wait, and not one leaves."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=5)
    for number in range(100):
        world.writes(f"Pat <pat@firm{number}.example>", f"Proposal {number}")
    world.round()
    assert len(world.enrollments()) == 100
    world.days_pass(4, hour=12)
    world.rounds_over(20)
    assert smtpd.delivered == []
    assert set(world.states().values()) == {"waiting"}
    assert all("more mails than two days' limit" in row["why"] for row in world.plan())


def test_after_a_month_off_what_is_overdue_asks(sending: Sending, smtpd: Smtpd) -> None:
    """Fault 23: thirty days without a look; nothing leaves, each is a question, and an answer that came meanwhile counts."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=5)
    bob = world.writes(BOB)
    world.writes(ANN)
    world.round()
    world.now += timedelta(days=20)
    world.gets(BOB, answers=bob)
    world.now += timedelta(days=10)
    world.rounds_over(20)
    assert smtpd.delivered == []
    assert world.states() == {BOBS: "replied", "ann@ann.example": "waiting"}


# ---- twenty thousand


YEARS = 2


def seed(mailbox: Mailbox, world: World, count: int) -> None:
    """Mails of the last two years that Alex has sent, written straight into the maildir."""
    mailbox.uids("Sent")
    folder: Path = mailbox.home / "Maildir" / ".Sent" / "cur"
    for number in range(count):
        at = world.now - timedelta(minutes=1 + number * YEARS * 365 * 24 * 60 / count)
        raw = (
            f"From: Alex <alex@consult.example>\r\nTo: Pat <pat@firm{number}.example>\r\nSubject: Proposal {number}\r\n"
            f"Date: {format_datetime(at)}\r\nMessage-ID: <{number}@consult.example>\r\n\r\n{PROPOSAL}\r\n"
        )
        file = folder / f"{int(at.timestamp())}.{number}.host:2,S"
        file.write_bytes(raw.encode())
        os.utime(file, (at.timestamp(), at.timestamp()))  # from which Dovecot takes the INTERNALDATE
    mailbox.close()


@pytest.mark.parametrize("mode", ["send", "draft"])
def test_a_first_run_on_twenty_thousand_sent_mails_mails_nobody(
    sending: Sending, smtpd: Smtpd, every_moment: bool, mode: str
) -> None:
    """Fault 22: no mail; in mode draft the daily limit of drafts, of the days that are looked back. `make test` has 1000."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.reopen(FOLLOWMAIL_MODE=mode)
    count = 20_000 if every_moment else 1_000
    seed(world.mailbox, world, count)
    world.round()
    world.now += timedelta(hours=2)
    world.round()
    assert smtpd.connections == 0
    assert len(world.drafts()) == (10 if mode == "draft" else 0)
    found = len(world.enrollments())
    assert found == pytest.approx(count * 14 / (YEARS * 365), rel=0.1)
    if mode == "send":
        assert set(world.states().values()) == {"waiting"}


def test_what_comes_from_oneself_is_no_answer(world: World) -> None:
    """Fault 17: Alex in Cc of his own mail, at an alias and at a tag: no answer, and the chase goes on."""
    world.reopen(FOLLOWMAIL_ALIASES="alex@private.example")
    world.round()
    world.now += timedelta(minutes=5)
    mine: Mail = world.writes(BOB, Cc="alex@private.example, alex+copy@consult.example")
    world.round()
    for sender in ("Alex <alex@private.example>", "Alex <alex+copy@consult.example>", "Alex <ALEX@CONSULT.example>"):
        world.gets(sender, "Re: Proposal", "One more thing I forgot.", answers=mine)
    world.gets("Alex <alex@consult.example>", "Proposal", PROPOSAL, Message_ID=mine.id)
    world.round()
    assert world.states() == {BOBS: "active"}
    world.days_pass(4, hour=12)
    world.round()
    (draft,) = world.drafts()
    assert (draft["To"], draft["Cc"]) == (BOB, None)
