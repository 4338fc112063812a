"""Reading: complete, bounded, in one piece whatever lies in a folder, and without a trace in it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.errors import CommandRefused, Transient
from followmail.imap import reader
from followmail.imap.reader import Head, compact, read_internaldate
from followmail.imap.session import Session
from followmail.mail import msgid
from followmail.mail.fields import HEADER_FIELDS
from tests.imap.staging import Talk, scripted
from tests.servers.dovecot import Dovecots, Mailbox

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def mail(n: int, extra: bytes = b"") -> bytes:
    return (
        b"From: Ann <ann@one.example>\r\nTo: bob@two.example\r\nX-Noise: yes\r\nSubject: Number %d\r\n"
        b"Message-ID: <%d@one.example>\r\n%s\r\nHello\r\n" % (n, n, extra)
    )


def test_heads_tell_what_a_look_needs(mailbox: Mailbox) -> None:
    """UID, arrival in UTC, flags, size, and the wanted fields only."""
    mailbox.append(mail(1), "Sent", [r"\Seen", "Important"], NOON.astimezone(timezone(timedelta(hours=5))))
    with Session.open(mailbox.account()) as session:
        (head,) = reader.heads(session, "Sent", [1], ["From", "Message-ID"])
    assert head == Head(
        *("Sent", 1, NOON, frozenset({r"\Seen", "Important"}), len(mail(1))),
        b"From: Ann <ann@one.example>\r\nMessage-ID: <1@one.example>\r\n\r\n",
    )


def test_nothing_that_is_read_leaves_a_trace(mailbox: Mailbox) -> None:
    """Unread stays unread, \\Recent stays \\Recent, and no command could have changed it."""
    for n in range(3):
        mailbox.deliver(mail(n))
    before = mailbox.flags()
    mailbox.record()
    with Session.open(mailbox.account()) as session:
        session.folders()
        reader.examine(session, "INBOX")
        list(reader.heads(session, "INBOX", [1, 2, 3]))
        reader.beginning(session, "INBOX", 1)
        reader.whole(session, "INBOX", 2, 10_000)
        reader.uids_from_addresses(session, "INBOX", ["ann@one.example"])
        session.idle(0)
    assert mailbox.flags() == before == {1: frozenset(), 2: frozenset(), 3: frozenset()}
    verbs = {line.split()[1] if " " in line else line for line in mailbox.said()}
    assert verbs <= {"CAPABILITY", "NAMESPACE", "NOOP", "LIST", "EXAMINE", "UID", "IDLE", "DONE", "LOGOUT"}
    assert not any("BODY[" in line or "STORE" in line for line in mailbox.said())


def test_examine_tells_the_counts(mailbox: Mailbox) -> None:
    """UIDVALIDITY, UIDNEXT, messages."""
    mailbox.deliver(mail(1))
    mailbox.deliver(mail(2))
    mailbox.expunge("INBOX", [1])
    with Session.open(mailbox.account()) as session:
        found = reader.examine(session, "INBOX")
        assert (found.uidnext, found.messages) == (3, 1)
        assert found.uidvalidity == session.folders()[0].uidvalidity


def test_courier_tells_uidnext_in_status_only() -> None:
    """EXAMINE without it: asked again."""
    answers = {
        "EXAMINE": ["* 2 EXISTS", "* OK [UIDVALIDITY 9] ok", "TAG OK done"],
        "STATUS": ['* STATUS "INBOX" (MESSAGES 2 UIDNEXT 17 UIDVALIDITY 9)', "TAG OK done"],
    }
    with scripted(lambda talk: talk.serve(answers)) as (account, _), Session.open(account) as session:
        assert reader.examine(session, "INBOX") == reader.Selected(9, 17, 2, None)


def test_a_folder_without_uidvalidity_is_refused() -> None:
    """Its messages could not be told apart from those of another day."""
    answers = {"EXAMINE": ["* 2 EXISTS", "TAG OK done"]}
    with (
        scripted(lambda talk: talk.serve(answers)) as (account, _),
        Session.open(account) as session,
        pytest.raises(CommandRefused, match="UIDVALIDITY"),
    ):
        reader.examine(session, "INBOX")


def test_a_restored_mailbox_shows_a_new_uidvalidity(mailbox: Mailbox) -> None:
    """The same messages, the same UIDs, another folder."""
    mailbox.deliver(mail(1))
    with Session.open(mailbox.account()) as session:
        before = reader.examine(session, "INBOX")
    mailbox.wipe_indexes()
    with Session.open(mailbox.account()) as session:
        after = reader.examine(session, "INBOX")
        assert [head.uid for head in reader.heads(session, "INBOX", [1])] == [1]
    assert after.uidvalidity != before.uidvalidity
    assert after.uidnext == before.uidnext


def test_a_folder_rebuilt_in_the_middle_stops_the_reading(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    """UIDs of the old folder must not be mixed with those of the new."""
    monkeypatch.setattr(reader, "_SET", 1)
    for n in range(2):
        mailbox.append(mail(n), "Clients")
    with Session.open(mailbox.account()) as session:
        found = reader.heads(session, "Clients", [1, 2])
        assert next(found).uid == 1
        session.examine("INBOX")
        mailbox.delete("Clients")
        for n in range(2):
            mailbox.append(mail(n), "Clients")
        with pytest.raises(Transient):
            next(found)


def test_many_messages_come_in_portions_with_progress(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    """Several sets, other commands in between, each message once."""
    monkeypatch.setattr(reader, "_SET", 7)
    for n in range(40):
        mailbox.deliver(mail(n))
    told: list[tuple[int, int]] = []
    uids = []
    with Session.open(mailbox.account()) as session:
        for head in reader.heads(
            session, "INBOX", [*range(1, 41), 3, 3], progress=lambda done, all_: told.append((done, all_))
        ):
            uids.append(head.uid)
            if head.uid % 10 == 0:
                assert reader.beginning(session, "INBOX", head.uid).endswith(b"Hello\r\n")
                session.examine("Sent")
    assert uids == list(range(1, 41))
    assert told == [(7, 40), (14, 40), (21, 40), (28, 40), (35, 40), (40, 40)]


def test_messages_that_vanished_are_left_out(mailbox: Mailbox) -> None:
    """Another client was faster."""
    for n in range(5):
        mailbox.deliver(mail(n))
    with Session.open(mailbox.account()) as session:
        reader.examine(session, "INBOX")
        mailbox.expunge("INBOX", [2, 4])
        assert [head.uid for head in reader.heads(session, "INBOX", [1, 2, 3, 4, 5, 99])] == [1, 3, 5]
        assert reader.beginning(session, "INBOX", 2) == b""


def test_mail_that_came_after_the_folder_was_opened_is_read(mailbox: Mailbox) -> None:
    """The open folder is looked at anew: nothing new is taken for vanished."""
    with Session.open(mailbox.account()) as session:
        reader.examine(session, "INBOX")
        mailbox.deliver(mail(1))
        assert reader.whole(session, "INBOX", 1, 10_000) == mail(1)
        mailbox.deliver(mail(2))
        assert [head.uid for head in reader.heads(session, "INBOX", [1, 2])] == [1, 2]
        mailbox.deliver(mail(3))
        assert reader.uids_from(session, "INBOX", 3) == [3]
        mailbox.deliver(mail(4))
        assert reader.uids_by_header(session, "INBOX", "Message-ID", "4@one.example") == [4]


def test_uids_from_never_names_an_older_message(mailbox: Mailbox) -> None:
    """`UID n:*` always returns the last one."""
    for n in range(3):
        mailbox.deliver(mail(n))
    with Session.open(mailbox.account()) as session:
        assert reader.uids_from(session, "INBOX", 1) == [1, 2, 3]
        assert reader.uids_from(session, "INBOX", 3) == [3]
        assert reader.uids_from(session, "INBOX", 4) == []
        assert reader.uids_from(session, "Sent", 1) == []


def test_searches_by_day_id_and_address(mailbox: Mailbox) -> None:
    """Each a hint that is to be compared again."""
    ours = b"Cc: Cleo <cleo@three.example>\r\nReferences: <fm1.abc@two.example>\r\n"
    mailbox.append(mail(1), when=NOON - timedelta(days=30))
    mailbox.append(mail(2, ours), when=NOON)
    with Session.open(mailbox.account()) as session:
        assert reader.uids_since(session, "INBOX", date(2026, 5, 3)) == [2]
        assert reader.uids_since(session, "INBOX", date(2026, 1, 1)) == [1, 2]
        assert reader.uids_by_header(session, "INBOX", "Message-ID", "1@one.example") == [1]
        assert reader.uids_by_header(session, "INBOX", "References", msgid.OUR_PREFIX) == [2]
        assert reader.uids_by_ids(session, "INBOX", ["2@one.example", "1@one.example", "3@one.example"]) == [1, 2]
        assert reader.uids_from_addresses(session, "INBOX", ["ann@one.example"]) == [1, 2]
        assert reader.uids_from_addresses(session, "INBOX", ["nobody@one.example"]) == []
        assert reader.uids_to_address(session, "INBOX", "bob@two.example") == [1, 2]
        assert reader.uids_to_address(session, "INBOX", "cleo@three.example") == [2]


@pytest.mark.parametrize(
    "value", ["", "a b@c.example", 'x"@y.example', "x\\@y.example", "é@y.example", "x" * 300, "<fm1.\r\n"]
)
def test_only_plain_ids_are_asked_for(mailbox: Mailbox, value: str) -> None:
    """Text from mail is never sent to a server."""
    with Session.open(mailbox.account()) as session:
        with pytest.raises(CommandRefused):
            reader.uids_by_header(session, "INBOX", "Message-ID", value)
        with pytest.raises(CommandRefused):
            reader.uids_by_ids(session, "INBOX", ["1@one.example", value])
        with pytest.raises(CommandRefused):
            reader.uids_from_addresses(session, "INBOX", ["ann@one.example", value])
        with pytest.raises(CommandRefused):
            reader.uids_to_address(session, "INBOX", value)


def test_monsters_are_bounded(mailbox: Mailbox) -> None:
    """A huge header, thousands of references, a large body: read in part, the neighbours whole."""
    references = b"References:" + b"".join(b"\r\n <%d@references.example>" % n for n in range(20_000)) + b"\r\n"
    mailbox.deliver(mail(1))
    mailbox.deliver(mail(2, references))
    mailbox.deliver(mail(3, b"X-Line: y\r\n" * 10_000) + b"z" * 3_000_000)
    with Session.open(mailbox.account()) as session:
        first, second, third = reader.heads(session, "INBOX", [1, 2, 3])
        assert len(second.header) == reader.MAX_HEADER
        assert not second.fault
        assert len(third.header) < 1000
        assert third.size > 3_000_000
        assert b"Number 1" in first.header
        assert len(reader.beginning(session, "INBOX", 3)) == 65_536
        with pytest.raises(CommandRefused, match="larger"):
            reader.whole(session, "INBOX", 3, 1_000_000)
        assert len(reader.whole(session, "INBOX", 3, 5_000_000)) == third.size


def test_heavy_portions_are_let_go_and_asked_again(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    """Memory stays bounded, and every message comes."""
    monkeypatch.setattr(reader, "_HELD", 500)
    for n in range(20):
        mailbox.deliver(mail(n))
    with Session.open(mailbox.account()) as session:
        assert sorted(head.uid for head in reader.heads(session, "INBOX", range(1, 21))) == list(range(1, 21))


@pytest.mark.parametrize(
    "header",
    [
        b"From: \xff\xfe <a@b.example>\r\n",
        b"Subject: nul \x00 inside\r\nFrom: a@b.example\r\n",
        b"Message-ID: <>\r\nMessage-ID: <[abc@x>\r\nFrom: a@[\r\n",
        b"no colon at all\r\n\tfolded\r\nFrom a@b.example Mon May  4\r\n",
        b"Subject: )\r\nFrom: {5}\r\n",
        b'Subject: "\\\r\nFrom: ]\r\n',
        b"From:\r\n" + b" \r\n" * 500,
    ],
)
def test_malformed_headers_come_through_as_bytes(mailbox: Mailbox, header: bytes) -> None:
    """Whoever reads them decides; the one after them is read as well."""
    mailbox.deliver(header + b"\r\nbody\r\n")
    mailbox.deliver(mail(2))
    with Session.open(mailbox.account()) as session:
        first, second = reader.heads(session, "INBOX", [1, 2])
    assert not first.fault
    assert b"Number 2" in second.header


HEADER = b"Subject: x\r\n\r\n"
DATE = b'INTERNALDATE "04-May-2026 12:00:00 +0000"'
BODY = b"BODY[HEADER.FIELDS (SUBJECT)]<0> {14}\r\n" + HEADER
PLAIN = b"* 1 FETCH (UID 1 FLAGS (\\Seen) " + DATE + b" RFC822.SIZE 9 " + BODY + b")"
RESPONSES = {
    "as asked": [PLAIN],
    "one digit": [PLAIN.replace(b"04-May", b" 4-May")],
    "another order and zone": [
        b'* 1 FETCH (FLAGS (\\Seen) UID 1 RFC822.SIZE 9 INTERNALDATE "04-May-2026 14:00:00 +0200" '
        + BODY.replace(b"SUBJECT", b'"SUBJECT"').replace(b"<0>", b"")
        + b")"
    ],
    "header first": [b"* 1 FETCH (" + BODY + b" FLAGS (\\Seen) " + DATE + b" UID 1 RFC822.SIZE 9)"],
    "more than asked": [PLAIN.replace(b"FLAGS", b"MODSEQ (12) FLAGS")],
    "a list and NIL among the flags": [PLAIN.replace(rb"(\Seen)", rb"(\Seen (a b) NIL)")],
    "lower case": [
        PLAIN.partition(b"<0>")[0].lower().replace(b"\\seen", b"\\Seen") + b"<0>" + PLAIN.partition(b"<0>")[2]
    ],
    "others in between": [b"* 5 EXISTS", b"* 1 FETCH (FLAGS (\\Seen))", PLAIN, b"* 9 FETCH (UID 12 FLAGS ())"],
}


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_every_form_of_a_fetch_response_is_read(response: Sequence[bytes]) -> None:
    """Servers may answer as they like (RFC 9051 §7.5.2)."""
    answers = {"UID FETCH": [*response, "TAG OK done"]}
    with scripted(lambda talk: talk.serve(answers)) as (account, _), Session.open(account) as session:
        (head,) = reader.heads(session, "INBOX", [1], ["Subject"])
    assert head == Head("INBOX", 1, NOON, frozenset({r"\Seen"}), 9, HEADER)


@pytest.mark.parametrize("empty", [b'""', b"NIL", b"{0}\r\n"])
def test_an_empty_header_may_be_nil_or_quoted(empty: bytes) -> None:
    """No wanted field is there."""
    answers = {"UID FETCH": [PLAIN.replace(b"<0> {14}\r\n" + HEADER, b" " + empty), "TAG OK done"]}
    with scripted(lambda talk: talk.serve(answers)) as (account, _), Session.open(account) as session:
        (head,) = reader.heads(session, "INBOX", [1], ["Subject"])
    assert (head.uid, head.header, head.fault) == (1, b"", "")


@pytest.mark.parametrize("how", ["refused", "unreadable"])
def test_one_bad_message_is_set_aside_and_the_rest_go_on(how: str) -> None:
    """Asked again by halves, until only the one at fault remains."""

    def script(talk: Talk) -> None:
        talk.say("* OK ready")
        while command := talk.hear():
            verb, _, rest = command.partition(" ")
            if verb == "CAPABILITY":
                talk.say("* CAPABILITY IMAP4rev1")
            elif verb == "EXAMINE":
                talk.say("* 9 EXISTS", "* OK [UIDVALIDITY 7] .", "* OK [UIDNEXT 10] .")
            elif verb == "UID" and not _fetch(talk, rest.split()[1]):
                continue
            talk.say("TAG OK done")

    def _fetch(talk: Talk, wanted: str) -> bool:
        uids = [
            uid for part in wanted.split(",") for uid in range(int(part.split(":")[0]), int(part.split(":")[-1]) + 1)
        ]
        for uid in uids:
            if uid == 5 and how == "refused":
                talk.say("TAG NO [SERVERBUG] message 5 is damaged")
                return False
            line = PLAIN.replace(b"* 1 FETCH (UID 1 ", b"* %d FETCH (UID %d " % (uid, uid))
            talk.say(line.replace(b"(\\Seen)", b'("') if uid == 5 else line)
        return True

    with scripted(script) as (account, _):
        session = Session.open(account)
        found = {head.uid: head for head in reader.heads(session, "INBOX", range(1, 10), ["Subject"])}
        session.drop()
    assert sorted(found) == list(range(1, 10))
    assert found[5].fault
    assert not any(head.fault for uid, head in found.items() if uid != 5)


def test_a_body_that_the_server_refuses_is_told() -> None:
    """NO is no empty message."""
    with (
        scripted(lambda talk: talk.serve({"UID FETCH": ["TAG NO [SERVERBUG] damaged"]})) as (account, _),
        Session.open(account) as session,
        pytest.raises(CommandRefused, match="damaged"),
    ):
        reader.beginning(session, "INBOX", 1)


def test_many_bodies_come_in_portions_each_as_it_comes_alone(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    """What is gone is left out; no byte more than asked for."""
    monkeypatch.setattr(reader, "_BODIES", 4)
    for n in range(1, 11):
        mailbox.deliver(mail(n, b"\r\n" + b"x" * 50 * n))
    mailbox.expunge("INBOX", [3])
    with Session.open(mailbox.account()) as session:
        found = dict(reader.beginnings(session, "INBOX", [*range(1, 11), 99], limit=400))
        alone = {uid: reader.beginning(session, "INBOX", uid, limit=400) for uid in found}
    assert list(found) == [1, 2, *range(4, 11)]
    assert found == alone
    assert max(map(len, found.values())) == 400


def test_a_body_that_the_server_refuses_is_left_out_of_many() -> None:
    """Whoever needs it asks for it alone."""
    answers = {"UID FETCH": ['* 1 FETCH (UID 1 BODY[]<0> "one")', "TAG NO [SERVERBUG] one of them is damaged"]}
    with scripted(lambda talk: talk.serve(answers)) as (account, _), Session.open(account) as session:
        assert list(reader.beginnings(session, "INBOX", [1, 2])) == [(1, b"one")]


def test_exchange_like_servers_are_read_the_same(dovecots: Dovecots) -> None:
    """IMAP4rev1 and little else."""
    mailbox = dovecots(
        capability="IMAP4 IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"
    ).mailbox()
    mailbox.deliver(mail(1))
    with Session.open(mailbox.account("tls")) as session:
        assert session.folders()[0].highestmodseq is None
        (head,) = reader.heads(session, "INBOX", reader.uids_from(session, "INBOX", 1), HEADER_FIELDS)
    assert b"<1@one.example>" in head.header


@given(st.sets(st.integers(1, 4_294_967_295), max_size=300))
def test_sequence_sets_are_compact_and_complete(uids: set[int]) -> None:
    """Every UID, no other, in ranges."""
    text = compact(sorted(uids))
    parts = [part.split(":") for part in text.split(",") if part]
    assert {uid for part in parts for uid in range(int(part[0]), int(part[-1]) + 1)} == uids


def test_no_command_is_too_long_for_a_server() -> None:
    """Scattered UIDs: lines of less than 8,000 characters (RFC 2683 §3.2.1.5)."""
    uids = [n * 2 + 4_000_000_000 for n in range(10_000)]
    sets = list(reader._sets(uids, 2_000))
    assert [uid for one in sets for uid in one] == uids
    assert all(len(compact(one)) <= 7_000 for one in sets)


def test_no_search_is_too_long_for_a_server(mailbox: Mailbox) -> None:
    """Forty long ids are asked for in two searches."""
    ids = [f"{n}.{'x' * 230}@one.example" for n in range(40)]
    mailbox.deliver(b"Message-ID: <" + ids[39].encode() + b">\r\n\r\n")
    mailbox.record()
    with Session.open(mailbox.account()) as session:
        assert reader.uids_by_ids(session, "INBOX", ids) == [1]
    said = [line for line in mailbox.said() if "UID SEARCH" in line]
    assert len(said) == 2 and max(map(len, said)) < 8_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"17-Jul-1996 02:44:25 -0700", datetime(1996, 7, 17, 9, 44, 25, tzinfo=UTC)),
        (b" 1-jan-2026 00:00:00 +0530", datetime(2025, 12, 31, 18, 30, tzinfo=UTC)),
        (b"31-Dec-2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"00-Jan-2026 00:00:00 +0000", None),
        (b"tomorrow", None),
        (b"", None),
    ],
)
def test_internaldate(text: bytes, expected: datetime | None) -> None:
    """As aware UTC, leap seconds included; nothing where it is no date."""
    assert read_internaldate(text) == expected


@given(st.binary(max_size=60))
def test_no_date_breaks_the_reader(text: bytes) -> None:
    """Never raises."""
    found = read_internaldate(text)
    assert found is None or found.tzinfo is UTC
