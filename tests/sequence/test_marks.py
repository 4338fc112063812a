"""What the consultant said from a mail client: every form of a mark, and what is none."""

import pytest

from followmail.mail.identity import Identity
from followmail.mail.message import read
from followmail.sequence.marks import OFF, STOP, folder_mark, plus_marks
from followmail.sequence.steps import Delay, Unit

ALEX = Identity("Alex", "alex@consult.example", ("sales+eu@consult.example",))


@pytest.mark.parametrize(
    ("header", "word", "delay", "visible"),
    [
        ("Bcc: alex+nudge@consult.example", "nudge", None, False),
        ("Bcc: Alex <ALEX+Nudge@Consult.Example>", "nudge", None, False),
        ("Bcc: alex+nudge.5d@consult.example", "nudge", Delay(5, Unit.BUSINESS_DAYS), False),
        ("Bcc: alex+nudge.2w@consult.example", "nudge", Delay(2, Unit.WEEKS), False),
        ("Bcc: alex+nudge.1m@consult.example", "nudge", Delay(1, Unit.MONTHS), False),
        ("Bcc: alex+nice-to-meet-you@consult.example", "nice-to-meet-you", None, False),
        ("Delivered-To: alex+nudge@consult.example", "nudge", None, False),
        ("X-Original-To: alex+nudge@consult.example", "nudge", None, False),
        ("To: bob@bob.example, alex+nudge@consult.example", "nudge", None, True),
        ("Cc: alex+nudge@consult.example", "nudge", None, True),
        ("Bcc: alex+off@consult.example", OFF, None, False),
    ],
)
def test_a_plus_address_is_a_mark(header: str, word: str, delay: Delay | None, visible: bool) -> None:
    """In Bcc, To, Cc or the envelope of a copy that arrived."""
    (mark,) = plus_marks(ALEX, read(header.encode() + b"\r\n\r\n"))
    assert (mark.word, mark.first_delay, mark.visible, mark.fault) == (word, delay, visible, "")


@pytest.mark.parametrize(
    "header",
    [
        "Bcc: alex@consult.example",
        "Bcc: bob+nudge@bob.example",
        "Bcc: jo+nudge@consult.example",
        "Bcc: sales+eu@consult.example",  # an own address that has a tag of its own
        "Subject: alex+nudge@consult.example",
    ],
)
def test_what_is_no_mark(header: str) -> None:
    """Other people's tags, colleagues', and own addresses as they are."""
    assert plus_marks(ALEX, read(header.encode() + b"\r\n\r\n")) == ()


def test_a_delay_that_cannot_be_read_is_told() -> None:
    """It is not guessed."""
    (mark,) = plus_marks(ALEX, read(b"Bcc: alex+nudge.soon@consult.example\r\n\r\n"))
    assert mark.word == "nudge"
    assert "soon" in mark.fault


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (("Followmail", "nudge"), "nudge"),
        (("followmail", "nudge"), "nudge"),
        (("Followmail", "Stop"), STOP),
        (("Followmail",), None),
        (("Clients", "nudge"), None),
        (("Followmail", "nudge", "old"), None),
        (("INBOX",), None),
    ],
)
def test_a_folder_is_a_mark(path: tuple[str, ...], word: str | None) -> None:
    """One below `Followmail`, and no other."""
    mark = folder_mark(path)
    assert (mark.word if mark else None) == word
