"""Who wrote, where From does not simply say so."""

import pytest

from followmail.mail.author import by_author
from followmail.mail.identity import Identity
from followmail.mail.message import read

ALEX = Identity("Alex", "alex@consult.example", ("sales@consult.example",))
LIST = "List-Id: <sales.consult.example>\n"


def author(head: str, awaited: str = "") -> str:
    return by_author(read(head.encode()), ALEX, lambda address: address == awaited).sender.address


@pytest.mark.parametrize(
    "value",
    [
        "Bob @ Builders <bob@bob.example>",
        '"Bob <bob@bob.example>',
        "Bob (of Builders <bob@bob.example>",
        "=?utf-8?Q?Bob_=3Cbob=40bob.example=3E?=",
        "=?utf-8?B?Qm9iIDxib2JAYm9iLmV4YW1wbGU+?=",
        "bob@old.example <bob@bob.example>",
        "Bob <mailto:bob@bob.example>",
        '"Bob\\" <bob@bob.example>',
        "Bob: bob@bob.example, or call",
    ],
)
def test_a_broken_from_still_says_who_wrote(value: str) -> None:
    """The address in brackets; where there is none, what looks like one."""
    assert author(f"From: {value}\n") == "bob@bob.example"


@pytest.mark.parametrize("value", ["", "<>", "Mail Delivery Subsystem", '"bob@bob.example" <>', "undisclosed:;"])
def test_a_from_that_names_nobody_names_nobody(value: str) -> None:
    """As servers write it, who report."""
    assert author(f"From: {value}\n") == ""


def test_a_name_with_an_at_sign_is_no_second_author() -> None:
    """What a parser puts together out of a name was written by nobody."""
    assert read(b"From: Alex @ Consult <alex@consult.example>\n").others == ()


def test_of_several_authors_the_one_counts_who_is_awaited() -> None:
    """And any outside one before the consultant (RFC 5322 §3.6.2)."""
    two = "From: Ida <ida@office.example>, Bob <bob@bob.example>\n"
    assert author(two) == "ida@office.example"
    assert author(two, "bob@bob.example") == "bob@bob.example"
    assert author("From: Alex <alex@consult.example>, Bob <bob@bob.example>\n") == "bob@bob.example"


@pytest.mark.parametrize(
    "head",
    [
        "From: 'Bob' via Sales <sales@consult.example>\nReply-To: bob@bob.example\n",
        f"From: Sales <sales@consult.example>\n{LIST}X-Original-From: Bob <bob@bob.example>\n",
        f"From: Sales <group@consult.example>\n{LIST}Reply-To: bob@bob.example\n",
        "From: Bob (Google Calendar) <calendar-notification@google.com>\nReply-To: bob@bob.example\n",
    ],
)
def test_behind_a_group_or_a_calendar_stands_its_author(head: str) -> None:
    """They write their own address into From, and his into another header."""
    assert author(head) == "bob@bob.example"


@pytest.mark.parametrize(
    ("head", "sender"),
    [
        ("From: alex@consult.example\nReply-To: bob@bob.example\n", "alex@consult.example"),
        (f"From: ann@ann.example\n{LIST}Reply-To: alex@consult.example\n", "ann@ann.example"),
        (f"From: pat@consult.example\n{LIST}Reply-To: sales@consult.example\n", "pat@consult.example"),
        ("From: noreply@shop.example\nReply-To: bob@bob.example\n", "noreply@shop.example"),
    ],
)
def test_else_from_says_it(head: str, sender: str) -> None:
    """No other header speaks for the consultant, nor where no list or calendar stands between."""
    assert author(head) == sender
