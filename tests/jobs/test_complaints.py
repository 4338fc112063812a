"""Somebody calls a mail spam, and their provider says so (RFC 5965): of a mail whose Message-ID another put in its place."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.servers.smtp import Smtpd
from tests.world import BOB, Mail, World, days

BOBS = "bob@bob.example"
CAROL = "Carol Clerk <carol@bob.example>"
Sending = Callable[..., World]


def complaint(world: World, feedback: str = "", returned: str = "", part: str = "message/rfc822") -> None:
    """As Amazon SES passes one on: the id in the returned mail is its own."""
    world.raw_arrives(
        (
            "Received: from a by b; Mon, 4 May 2026 08:00:00 +0000\r\nReturn-Path: <>\r\n"
            "From: complaints@email-abuse.amazonses.example\r\nTo: alex@consult.example\r\nSubject: Complaint\r\n"
            f"Message-ID: <{world.now.timestamp()}@isp.example>\r\nDate: {world.now:%a, %d %b %Y %H:%M:%S} +0000\r\n"
            'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nThis is an email abuse report.\r\n"
            f"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n{feedback}\r\n"
            f"--b\r\nContent-Type: {part}\r\n\r\nMessage-ID: <0102018f@amazonses.example>\r\n{returned}\r\n\r\nHello\r\n"
            "--b--\r\n"
        ).encode(),
        ago=timedelta(0),
    )


WAYS = {
    "the report names the recipient": ("Original-Rcpt-To: <Bob@bob.example>\r\n", ""),
    "with its type": ("Original-Rcpt-To: rfc822;bob@bob.example\r\n", ""),
    "it says whom to remove": ("Removal-Recipient: bob@bob.example\r\n", ""),
    "the returned mail is to them": ("", "To: Bob <bob@bob.example>\r\n"),
    "the returned mail answers the proposal": ("", "In-Reply-To: @ID@\r\n"),
    "the returned mail tells its former id": ("", "X-Microsoft-Original-Message-ID: @ID@\r\n"),
}


@pytest.mark.parametrize(("feedback", "returned"), WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("part", ["message/rfc822", "text/rfc822-headers"])
def test_a_complaint_ends_the_chase_and_forbids(world: World, feedback: str, returned: str, part: str) -> None:
    """Whatever names him, or the conversation."""
    proposal = world.writes(BOB)
    world.round()
    complaint(world, feedback, returned.replace("@ID@", proposal.id), part)
    world.round()
    assert world.states() == {BOBS: "unsubscribed"}
    assert world.office.store.suppressions.matching(BOBS)


def test_a_complaint_about_a_mail_to_somebody_else_is_theirs(world: World) -> None:
    """Nothing in it is of this chase."""
    world.writes(BOB)
    world.round()
    complaint(world, "Original-Rcpt-To: <eve@eve.example>\r\n", "To: eve@eve.example\r\n")
    world.round()
    assert world.states() == {BOBS: "active"}


def test_who_is_in_cc_and_complains_gets_no_more_and_the_rest_waits(world: World) -> None:
    """Never again to Carol; to Bob only after a yes."""
    world.writes(BOB, Cc=CAROL)
    world.round()
    complaint(world, "Original-Rcpt-To: <carol@bob.example>\r\n")
    world.round()
    assert world.states() == {BOBS: "waiting"}
    matching = world.office.store.suppressions.matching
    assert (bool(matching("carol@bob.example")), matching(BOBS)) == (True, None)


def test_after_the_end_it_forbids_still(sending: Sending, smtpd: Smtpd) -> None:
    """He answered, and called the nudge spam on the next day."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.owes_bob_a_nudge()
    world.rounds_over(10)
    assert len(smtpd.delivered) == 1
    anchor = Mail(f"<{world.one().anchor}>", b"", "Sent", 0)
    world.gets(BOB, "Re: Proposal", "No, thank you.", answers=anchor)
    world.round()
    assert world.one().state == "replied"
    world.now += days(1)
    complaint(world, "Original-Rcpt-To: <bob@bob.example>\r\n")
    world.round()
    assert world.office.store.suppressions.matching(BOBS)
