"""A follow-up shows the mail that it comes back to; where that has no text, Alex is asked first."""

from email.utils import format_datetime

import pytest

from followmail import desk
from tests.world import ALEX, BOB, World

BOBS = "bob@bob.example"
SEALED = "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA0123456789abcdef\r\n=abcd\r\n-----END PGP MESSAGE-----\r\n"
ANCHORS = {
    "only a file": ("application/pdf; name=proposal.pdf", "JVBERi0="),
    "only a picture": ("text/html", "<html><body><img src='cid:x'></body></html>"),
    "nothing": ("text/plain", ""),
    "sealed in line": ("text/plain", SEALED),
    "sealed": ("application/pkcs7-mime; smime-type=enveloped-data", "MIIB"),
}


@pytest.mark.parametrize(("kind", "body"), ANCHORS.values(), ids=ANCHORS)
def test_a_mail_without_text_is_asked_about(world: World, kind: str, body: str) -> None:
    """ "It is below once more" would be a lie; after a yes the draft is laid without it."""
    world.round()
    raw = (
        f"From: {ALEX}\r\nTo: {BOB}\r\nBcc: alex+nudge@consult.example\r\nSubject: Proposal\r\n"
        f"Date: {format_datetime(world.now)}\r\nMessage-ID: <x@consult.example>\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n{body}"
    )
    world.raw_arrives(raw.encode(), "Sent")
    world.run_days(4)
    assert (world.states(), world.drafts()) == ({BOBS: "waiting"}, [])
    assert world.one().why == "your mail of 2026-05-04 has no text that could stand below; send without it?"
    desk.approve(world.desk(), world.one())
    world.round()
    (draft,) = world.drafts()
    assert "wrote:" not in draft.as_string() and "PGP" not in draft.as_string()
