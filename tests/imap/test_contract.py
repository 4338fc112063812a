"""What followmail asks of a mailbox is answered alike by every server: Dovecot, and as Exchange and Gmail, Cyrus, Courier.

Nothing here knows what a server can do; the edge is to find it out. What is special to one is told at its table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from imaplib import IMAP4

import pytest

from followmail.errors import CommandRefused, LoginRefused, Unreachable
from followmail.imap import drafts, reader
from followmail.imap.folders import Role, having, our_folder
from followmail.imap.session import Session
from tests.servers.dovecot import Dovecots, Mailbox
from tests.servers.others import KINDS, Kind, Others

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ID = "<0a1b2c.4711@one.example>"
OF_BOB = (
    b"Received: from mx.example by mail.example; Mon, 4 May 2026 12:00:00 +0000\r\nFrom: Bob <bob@bob.example>\r\n"
    b"To: alex@consult.example\r\nSubject: %s\r\nMessage-ID: %s\r\n\r\nHello,\r\n.\r\nBob\r\n"
)
DRAFT = (
    b"From: Alex <alex@consult.example>\r\nTo: bob@bob.example\r\nSubject: Re: Proposal\r\n"
    b"Message-ID: <draft@consult.example>\r\nIn-Reply-To: " + ID.encode() + b"\r\nReferences: " + ID.encode() + b"\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"Gr\xc3\xbc\xc3\x9fe\r\n\r\n--\r\nAlex\r\n"
)
NAMES = ("Clients", "Entwürfe 2025", "Q&A", "Kunde A (alt)", "送信済み", "émigré & fils")


@dataclass(frozen=True)
class Box:
    """A user on a server, and what the folders of that server are called."""

    kind: Kind
    mailbox: Mailbox

    def session(self, security: str = "none") -> Session:
        return Session.open(self.mailbox.account(security, host="localhost"))


@pytest.fixture(params=KINDS)
def box(request: pytest.FixtureRequest, dovecots: Dovecots, others: Others) -> Iterator[Box]:
    """A new user on each server."""
    kind = KINDS[request.param]
    box = Box(kind, kind.mailbox(dovecots, others))
    yield box
    box.mailbox.close()


def of_bob(number: int) -> bytes:
    return OF_BOB % (b"No. %d" % number, b"<%d@bob.example>" % number)


def counts(session: Session) -> dict[str, tuple[int | None, int | None]]:
    """What tells a look which folders to open: folder → UIDNEXT, messages."""
    return {folder.name: (folder.uidnext, folder.messages) for folder in session.folders() if folder.selectable}


# ---- the way in


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_it_logs_in(box: Box, security: str) -> None:
    """In the open (on this machine only), over TLS after the greeting, and over TLS from the start."""
    with box.session(security) as session:
        session.noop()
        assert "IMAP4REV1" in session.capabilities


def test_a_wrong_password_is_a_refused_login(box: Box) -> None:
    """And not a server that is away, nor a fault to be tried again."""
    box.mailbox.password = "wrong-horse"
    with pytest.raises(LoginRefused) as refused:
        box.session("tls")
    assert "wrong-horse" not in str(refused.value)


# ---- folders


def test_folders_are_known_for_what_they_are(box: Box) -> None:
    """By special-use flags in any case, or by their names; at any prefix and delimiter; each with its counts."""
    box.mailbox.append(of_bob(1), "INBOX")
    with box.session() as session:
        folders = session.folders()
    for role, name in ((Role.SENT, box.kind.sent), (Role.DRAFTS, box.kind.drafts), (Role.TRASH, box.kind.trash)):
        assert [folder.name for folder in having(folders, role)] == [name]
    inbox = next(folder for folder in folders if folder.role is Role.INBOX)
    assert (inbox.name, inbox.messages, inbox.uidnext) == ("INBOX", 1, 2)
    assert all(folder.uidvalidity and folder.selectable and not folder.fault for folder in folders if folder.messages)
    assert our_folder(folders, "Followmail", "nudge") == box.kind.path("Followmail", "nudge")


def test_our_folders_are_made_where_they_belong(box: Box) -> None:
    """Once; making them again is no fault; they are listed, empty, and take a mail."""
    with box.session() as session:
        for _ in range(2):
            for names in (("Followmail",), ("Followmail", "nudge"), ("Followmail", "Stop")):
                session.create(our_folder(session.folders(), *names))
        box.mailbox.append(of_bob(1), box.kind.path("Followmail", "nudge"))
        found = {folder.name: folder for folder in session.folders()}
    assert found[box.kind.path("Followmail", "nudge")].messages == 1
    assert found[box.kind.path("Followmail", "Stop")].messages == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_alphabet_is_read(box: Box, name: str) -> None:
    """Made by the consultant, it is listed as the same name, opened, and read."""
    folder = box.kind.path(name)
    box.mailbox.append(of_bob(7), folder)
    with box.session() as session:
        listed = next(found for found in session.folders() if found.name == folder)
        assert (listed.fault, listed.messages) == ("", 1)
        assert [head.uid for head in reader.heads(session, folder, [1])] == [1]


@pytest.mark.parametrize("name", ['the "big" one', "back\\slash", "per%cent", "a*b", "{5}", "~tilde"])
def test_a_name_of_marks_is_read_or_refused_in_plain_words(box: Box, name: str) -> None:
    """Servers forbid some of them; what one lets be made is read like any other, and nothing becomes a command."""
    folder = box.kind.path(name)
    with box.session() as session:
        try:
            session.create(folder)
        except CommandRefused as refused:
            assert str(refused)
        except Unreachable:  # Cyrus with slashes hangs up on whoever lists "{5}"
            assert name == "{5}"
            return
        else:
            box.mailbox.append(of_bob(7), folder)
            listed = next(found for found in session.folders() if found.name == folder)
            assert (listed.fault, listed.messages) == ("", 1)
            assert reader.examine(session, folder).messages == 1
        session.noop()


# ---- reading


def test_a_look_and_the_next_one(box: Box) -> None:
    """All there is, then what is new and nothing else: found by the counts of the folder, without opening it."""
    for number in range(3):
        box.mailbox.append(of_bob(number), "INBOX", when=NOON)
    with box.session() as session:
        seen = reader.examine(session, "INBOX")
        heads = list(reader.heads(session, "INBOX", reader.uids_from(session, "INBOX", 1)))
        assert [head.arrived for head in heads] == [NOON] * 3
        assert [b"No. %d" % n in head.header for n, head in enumerate(heads)] == [True] * 3
        assert (seen.messages, seen.uidnext) == (3, heads[-1].uid + 1)
        quiet = counts(session)
        assert counts(session) == quiet
        box.mailbox.append(of_bob(3), "INBOX", when=NOON)
        now = counts(session)
        assert {name for name in now if now[name] != quiet[name]} == {"INBOX"}
        (new,) = reader.heads(session, "INBOX", reader.uids_from(session, "INBOX", seen.uidnext))
        assert b"No. 3" in new.header
        assert reader.uids_from(session, "INBOX", seen.uidnext + 1) == []


def test_a_look_leaves_no_trace(box: Box) -> None:
    """No flag of any mail changes by being read, whole or in part."""
    box.mailbox.append(of_bob(1), "INBOX")
    box.mailbox.append(of_bob(2), "INBOX", (r"\Flagged",))
    before = box.mailbox.flags("INBOX")
    with box.session() as session:
        list(reader.heads(session, "INBOX", [1, 2]))
        assert reader.beginning(session, "INBOX", 1) == of_bob(1)
        assert reader.whole(session, "INBOX", 2, 10_000) == of_bob(2)
        assert reader.structures(session, "INBOX", [1])
    assert box.mailbox.flags("INBOX") == before


def test_a_folder_made_anew_has_another_uidvalidity(box: Box) -> None:
    """Its UIDs stand for other mails now; the look can tell."""
    folder = box.kind.path("Clients")
    box.mailbox.append(of_bob(1), folder)
    with box.session() as session:
        before = reader.examine(session, folder).uidvalidity
        after = before
        while after == before:  # some count in seconds
            reader.examine(session, "INBOX")
            box.mailbox.delete(folder)
            box.mailbox.append(of_bob(2), folder)
            box.mailbox.close()
            after = next(found.uidvalidity for found in session.folders() if found.name == folder)
        assert reader.examine(session, folder).uidvalidity == after
        (head,) = reader.heads(session, folder, reader.uids_from(session, folder, 1))
        assert b"No. 2" in head.header


def test_a_mail_that_vanishes_is_left_out(box: Box) -> None:
    """Deleted between the search and the reading; the others are read."""
    uids = [box.mailbox.append(of_bob(number), "INBOX") for number in range(4)]
    with box.session() as session:
        assert reader.uids_from(session, "INBOX", 1) == uids
        box.mailbox.expunge("INBOX", uids[1:3])
        session.noop()
        assert [head.uid for head in reader.heads(session, "INBOX", uids) if not head.fault] == [uids[0], uids[3]]
        assert reader.beginning(session, "INBOX", uids[1]) == b""
        assert session.alive


LONG = b"<" + b"x" * 300 + b"@one.example>"
ODD = {
    "an id of 300 letters": (b"Message-ID: %s\r\nSubject: long\r\n" % LONG, LONG),
    "an id on the next line": (b"Message-ID:\r\n %s\r\n" % ID.encode(), ID.encode()),
    "8-bit letters": (b"From: J\xc3\xbcrgen <j@one.example>\r\nSubject: Gr\xfc\xdfe\r\n", b"j@one.example"),
    "a hundred references": (b"References: " + b"\r\n ".join(b"<%d@one.example>" % n for n in range(100)) + b"\r\n",
                             b"<99@one.example>"),
    "a field without a colon": (b"this is no field\r\nSubject: after it\r\n", b""),
    "the same field twice": (b"Subject: one\r\nSubject: two\r\nFrom: a@one.example\r\n", b"a@one.example"),
    "quotes and braces": (b'From: "A \\"B\\" {5}" <a@one.example>\r\nSubject: ) BODY[] {3}\r\n', b") BODY[] {3}"),
    "nothing at all": (b"\r\n", b""),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_an_odd_header_is_read_and_disturbs_no_other(box: Box, name: str) -> None:
    """As the server gives it: what we look for stands in it, and the mail after it is read."""
    header, expected = ODD[name]
    try:
        odd = box.mailbox.append(header + b"\r\nHello\r\n", "INBOX")
    except IMAP4.error as refused:  # Cyrus lets no such mail in
        assert "invalid header" in str(refused)
        return
    good = box.mailbox.append(of_bob(1), "INBOX")
    with box.session() as session:
        heads = {head.uid: head for head in reader.heads(session, "INBOX", [odd, good])}
    assert expected in heads[odd].header.replace(b"\r\n ", b" ")
    assert (heads[odd].fault, heads[good].fault) == ("", "")
    assert b"<1@bob.example>" in heads[good].header


def test_a_mail_is_found_by_its_id_and_by_whom_it_answers(box: Box) -> None:
    """In Sent: by Message-ID; by In-Reply-To and recipient; by sender. What the server gives is compared again."""
    mine = box.mailbox.append(DRAFT, box.kind.sent)
    box.mailbox.append(of_bob(1), box.kind.sent)
    with box.session() as session:
        sent = box.kind.sent
        assert reader.uids_by_header(session, sent, "Message-ID", "draft@consult.example") == [mine]
        assert reader.uids_by_header(session, sent, "In-Reply-To", ID.strip("<>")) == [mine]
        assert reader.uids_to_address(session, sent, "bob@bob.example") == [mine]
        assert reader.uids_from_addresses(session, sent, ["alex@consult.example", "x@y.example"]) == [mine]
        assert mine not in reader.uids_by_header(session, sent, "Message-ID", "other@consult.example")


# ---- writing


def test_a_draft_and_a_copy_lie_there_byte_for_byte(box: Box) -> None:
    """With their flags and their date from the first moment."""
    with box.session() as session:
        draft = drafts.lay(session, box.kind.drafts, DRAFT, NOON)
        copy = drafts.file_copy(session, box.kind.sent, DRAFT, NOON)
        (head,) = reader.heads(session, box.kind.sent, [1])
        assert reader.whole(session, box.kind.drafts, 1, 10_000) == DRAFT
    assert {draft, copy} <= {1, None}  # None where the server does not tell
    assert head.arrived == NOON
    assert box.mailbox.raw(box.kind.drafts) == box.mailbox.raw(box.kind.sent) == [DRAFT]
    assert box.mailbox.flags(box.kind.drafts) == {1: {r"\Draft", r"\Seen"}}
    assert box.mailbox.flags(box.kind.sent) == {1: {r"\Seen"}}


def test_a_draft_is_taken_back_and_nothing_else_is(box: Box) -> None:
    """Moved to the Trash, or copied there and deleted; what another program has marked as deleted stays."""
    with box.session() as session:
        theirs = box.mailbox.append(b"Subject: theirs\r\n\r\nmarked by another\r\n", box.kind.drafts, [r"\Deleted"])
        drafts.lay(session, box.kind.drafts, DRAFT, NOON)
        (ours,) = set(reader.uids_from(session, box.kind.drafts, 1)) - {theirs}
        drafts.to_trash(session, box.kind.drafts, ours, box.kind.trash)
        drafts.to_trash(session, box.kind.drafts, 4711, box.kind.trash)  # gone already: no fault
        session.noop()
    flags = box.mailbox.flags(box.kind.drafts)
    assert flags[theirs] == {r"\Deleted"}
    assert r"\Deleted" in flags.get(ours, {r"\Deleted"})  # without UIDPLUS it stays behind, marked
    assert box.mailbox.raw(box.kind.trash) == [DRAFT]


def test_a_folder_that_was_just_read_takes_a_draft(box: Box) -> None:
    """Also where a server takes nothing into a folder that is open for reading; what others marked stays there."""
    box.mailbox.append(b"Subject: theirs\r\n\r\nmarked by another\r\n", box.kind.drafts, [r"\Deleted"])
    with box.session() as session:
        assert reader.uids_from(session, box.kind.drafts, 1) == [1]
        drafts.lay(session, box.kind.drafts, DRAFT, NOON)
        assert len(reader.uids_from(session, box.kind.drafts, 1)) == 2
    assert box.mailbox.flags(box.kind.drafts) == {1: {r"\Deleted"}, 2: {r"\Draft", r"\Seen"}}


# ---- waiting


def test_new_mail_ends_the_wait(box: Box) -> None:
    """Told by IDLE, at once or at the server's own next look."""
    import threading

    with box.session() as session:
        reader.examine(session, "INBOX")
        writer = threading.Timer(0.2, box.mailbox.append, (of_bob(1),))
        box.mailbox.folders()  # logged in by now
        writer.start()
        news = session.idle(20)
        writer.join()
        assert news
        assert reader.examine(session, "INBOX").messages == 1
