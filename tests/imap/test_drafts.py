"""What is changed in the mailbox: a draft laid and taken away, a copy filed, and nothing else touched."""

from datetime import UTC, datetime

import pytest

from followmail.errors import CommandRefused
from followmail.imap import drafts, reader
from followmail.imap.session import Session
from tests.servers.dovecot import Dovecots, Mailbox

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MAIL = b"From: me@consult.example\r\nTo: b@two.example\r\nSubject: Gr\xc3\xbc\xc3\x9fe\r\n\r\nHello\r\n"


def test_a_draft_is_a_draft_from_its_first_moment(mailbox: Mailbox) -> None:
    """Flags and date at once, the bytes as they are."""
    with Session.open(mailbox.account()) as session:
        uid = drafts.lay(session, "Drafts", MAIL, NOON)
    assert mailbox.flags("Drafts") == {uid: {r"\Draft", r"\Seen"}}
    assert mailbox.raw("Drafts") == [MAIL]


def test_a_filed_copy_is_read_already(mailbox: Mailbox) -> None:
    """As every mail program files its own."""
    with Session.open(mailbox.account()) as session:
        uid = drafts.file_copy(session, "Sent", MAIL, NOON)
        (head,) = reader.heads(session, "Sent", [1])
    assert mailbox.flags("Sent") == {uid: {r"\Seen"}}
    assert head.arrived == NOON


@pytest.mark.parametrize(
    ("capability", "stays"),
    [("", False), ("IMAP4rev1 UIDPLUS UNSELECT", False), ("IMAP4rev1 UIDPLUS", False), ("IMAP4rev1", True)],
    ids=["move", "copy", "no-unselect", "no-uidplus"],
)
@pytest.mark.parametrize("trash", ["Trash", None])
def test_a_draft_goes_to_the_trash_alone(dovecots: Dovecots, capability: str, stays: bool, trash: str | None) -> None:
    """What others have marked \\Deleted is never expunged along with it."""
    mailbox = dovecots(capability=capability).mailbox()
    with Session.open(mailbox.account()) as session:
        mailbox.append(b"Subject: theirs\r\n\r\nmarked by another client\r\n", "Drafts", [r"\Deleted"])
        uid = drafts.lay(session, "Drafts", MAIL, NOON) or 2
        drafts.to_trash(session, "Drafts", uid, trash)
        session.noop()
        reader.examine(session, "INBOX")
    flags = mailbox.flags("Drafts")
    assert flags[1] == {r"\Deleted"}
    if stays and not (capability == "" and trash):
        assert r"\Deleted" in flags[uid]
    else:
        assert uid not in flags
    assert mailbox.raw("Trash") == ([MAIL] if trash else [])


def test_a_draft_that_is_gone_already_is_no_fault(mailbox: Mailbox) -> None:
    """The consultant deleted it a moment ago."""
    with Session.open(mailbox.account()) as session:
        drafts.to_trash(session, "Drafts", 77, "Trash")
        assert session.alive
    assert mailbox.uids("Trash") == []


def test_a_missing_trash_leaves_the_draft_where_it_is(dovecots: Dovecots) -> None:
    """Refused, with MOVE and with COPY, and nothing is lost."""
    for capability in ("", "IMAP4rev1 UIDPLUS"):
        mailbox = dovecots(capability=capability).mailbox()
        with Session.open(mailbox.account()) as session:
            drafts.lay(session, "Drafts", MAIL, NOON)
            with pytest.raises(CommandRefused):
                drafts.to_trash(session, "Drafts", 1, "No such trash")
            assert [head.uid for head in reader.heads(session, "Drafts", [1])] == [1]
        assert mailbox.flags("Drafts") == {1: {r"\Draft", r"\Seen"}}
