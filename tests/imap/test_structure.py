"""What parts a message has: asked of a server without reading any of them, and of anything that calls itself one."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.errors import CommandRefused
from followmail.imap import reader
from followmail.imap.session import Session
from followmail.imap.structure import MAX_PARTS, Part, parts
from tests.servers.dovecot import Mailbox

CALENDAR = base64.encodebytes(b"BEGIN:VCALENDAR\nEND:VCALENDAR\n").decode().replace("\n", "\r\n")
MIXED = (
    "From: a@a.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
    "Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\nHello\r\n--i\r\n"
    'Content-Type: text/calendar; charset="UTF-8"; method=REQUEST\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    f"{CALENDAR}--i--\r\n--o\r\nContent-Type: application/octet-stream\r\n"
    'Content-Disposition: attachment; filename="Invite me.ICS"\r\n\r\nx\r\n--o--\r\n'
).encode()
SINGLE = b"From: a@a.example\r\nContent-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\n"
FORWARDED = (
    b"From: a@a.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
    b"Content-Type: text/plain\r\n\r\nSee below\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n" + SINGLE + b"--o--\r\n"
)


def test_the_parts_of_messages(mailbox: Mailbox) -> None:
    """Section, type, what the calendar says it is, and the name; an attached message is one part."""
    uids = [mailbox.deliver(raw) for raw in (MIXED, SINGLE, FORWARDED)]
    with Session.open(mailbox.account()) as session:
        found = reader.structures(session, "INBOX", [*uids, 99])
    assert list(found) == uids
    assert [(p.section, p.kind, p.encoding, p.charset, p.method, p.name) for p in found[uids[0]]] == [
        ("1.1", "text/plain", "7bit", "us-ascii", "", ""),
        ("1.2", "text/calendar", "base64", "UTF-8", "REQUEST", ""),
        ("2", "application/octet-stream", "7bit", "", "", "Invite_me.ICS"),
    ]
    assert [(p.section, p.kind, p.method) for p in found[uids[1]]] == [("1", "text/calendar", "REPLY")]
    assert [(p.section, p.kind) for p in found[uids[2]]] == [("1", "text/plain"), ("2", "message/rfc822")]


def test_one_fetch_a_portion_and_no_trace(mailbox: Mailbox) -> None:
    """Nothing is read, and no flag changes."""
    uids = [mailbox.deliver(MIXED) for _ in range(5)]
    mailbox.record()
    with Session.open(mailbox.account()) as session:
        reader.structures(session, "INBOX", uids)
        assert reader.structures(session, "INBOX", []) == {}
        assert sum("FETCH" in line for line in mailbox.said()) == 1
    assert set(mailbox.flags().values()) == {frozenset()}


def test_a_part_alone(mailbox: Mailbox) -> None:
    """As it stands, encoded, and no more of it than asked for; with its header before it, a message."""
    uid = mailbox.deliver(MIXED)
    with Session.open(mailbox.account()) as session:
        (_, calendar, _) = reader.structures(session, "INBOX", [uid])[uid]
        body = reader.part(session, "INBOX", uid, calendar.section, 10_000)
        assert reader.part(session, "INBOX", uid, calendar.section, 5) == body[:5]
        assert reader.part(session, "INBOX", 99, "1", 5) == b""
    assert body.strip() == CALENDAR.strip().encode()
    assert b'Content-Type: text/calendar; charset="UTF-8"; method="REQUEST"\r\n' in calendar.header


@pytest.mark.parametrize("section", ["", "0", "1.", "1]<0.5> BODY[2", "1\r\nA LOGOUT", "TEXT"])
def test_no_section_is_a_command(mailbox: Mailbox, section: str) -> None:
    """Only numbers are sent."""
    with Session.open(mailbox.account()) as session, pytest.raises(CommandRefused):
        reader.part(session, "INBOX", 1, section, 5)


def nested(depth: int) -> Any:
    body: Any = (b"text", b"plain", None, None, None, b"7bit", 1, 1)
    for _ in range(depth):
        body = ([body, body], b"mixed")
    return body


def test_a_structure_without_end_is_cut() -> None:
    """In depth and in number."""
    assert parts(nested(30)) == ()
    assert len(parts(nested(9))) == MAX_PARTS


def test_no_word_of_a_structure_adds_a_header() -> None:
    """A name is a name."""
    evil = (
        b"text",
        b"calendar",
        (b"charset", b"x\r\nBcc: a@b", b"name", b'"\r\n\r\nx.ics'),
        None,
        None,
        b"7bit\r\nX:",
        1,
    )
    (part,) = parts(evil)
    assert part.header.count(b"\r\n") == 4
    assert isinstance(part, Part)


_TREES = st.recursive(
    st.one_of(st.none(), st.binary(max_size=8), st.integers(-5, 10**12)),
    lambda inner: st.one_of(st.lists(inner, max_size=9).map(tuple), st.lists(inner, max_size=3)),
    max_leaves=40,
)


@given(_TREES)
def test_no_structure_raises(body: object) -> None:
    """Whatever a server says."""
    for part in parts(body):
        assert part.header.isascii()
