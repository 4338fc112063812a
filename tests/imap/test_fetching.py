"""The fast way of reading heads is the slow way, faster: equal on whatever a server says, however it comes in pieces."""

import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followmail.errors import Unreachable
from followmail.imap import fetching, reader
from followmail.imap.fetching import Fetching, usual_heads
from followmail.imap.session import Session
from followmail.imap.wire import Wire
from tests.imap.staging import Talk, scripted
from tests.servers.dovecot import Mailbox

WANTED = list(range(1, 60))
FIELDS = b"BODY[HEADER.FIELDS (FROM TO MESSAGE-ID)]"
HEADER = b"From: ann@one.example\r\nMessage-ID: <1@one.example>\r\n\r\n"
DATE = b'INTERNALDATE "17-Jul-2026 02:44:25 +0200"'


class Fed(Wire):
    """A wire whose bytes come in given pieces, and that counts what was read in the fast way."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = list(pieces)
        self._buffer = bytearray()
        self._lines = self._kept = 0
        self.usual = 0

    def _fill(self) -> None:
        self._buffer += self._pieces.pop(0)

    def read_form(self, form: re.Pattern[bytes]) -> tuple[bytes, tuple[bytes | None, ...], bytes] | None:
        found = super().read_form(form)
        self.usual += found is not None
        return found


def read(pieces: Sequence[bytes], fast: bool = True) -> tuple[list[reader.Head], bool, int]:
    """Heads, whether one was unreadable, and how many went the fast way, until the tagged answer."""
    wire, portion = Fed(pieces), reader._Portion("INBOX", WANTED)
    following: Callable[[Wire], list[bytes]] = usual_heads(portion.take_usual) if fast else Wire.read_response
    while not (response := following(wire))[0].startswith(b"zz "):
        if b" FETCH (" in response[0][:40].upper():
            portion.take(response)
    heads, _, _ = portion.pop(WANTED)
    return heads, portion.unreadable, wire.usual


def literal(data: bytes) -> bytes:
    return b"{%d}\r\n%s" % (len(data), data)


# As servers were heard to answer.
RECORDED = {
    "Dovecot": b"* 1 FETCH (UID 7 FLAGS (\\Seen) " + DATE + b" RFC822.SIZE 900 " + FIELDS + b" " + literal(HEADER) + b")\r\n",
    "Cyrus": b"* 1 FETCH (FLAGS (\\Seen $Label1) UID 7 " + DATE + b" RFC822.SIZE 900 " + FIELDS + b"<0> " + literal(HEADER) + b")\r\n",
    "Courier": b"* 1 FETCH (UID 7 FLAGS () " + DATE + b" RFC822.SIZE 900 " + FIELDS.replace(b"FROM", b'"From"') + b" "
    + literal(HEADER) + b")\r\n",
    "Exchange": b"* 1 FETCH (" + FIELDS + b" " + literal(HEADER) + b" UID 7 FLAGS (\\Seen) " + DATE + b" RFC822.SIZE 900)\r\n",
    "Gmail": b"* 1 FETCH (UID 7 RFC822.SIZE 900 " + DATE + b" FLAGS (\\Seen) " + FIELDS + b" " + literal(HEADER) + b")\r\n",
    "with MODSEQ": b"* 1 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (12) " + DATE + b" RFC822.SIZE 900 " + FIELDS + b" " + literal(HEADER)
    + b")\r\n",
    "quoted": b"* 1 FETCH (UID 7 FLAGS (\\Seen) " + DATE + b" RFC822.SIZE 900 " + FIELDS + b' "Subject: a \\"b\\""' + b")\r\n",
    "nothing": b"* 1 FETCH (UID 7 FLAGS (\\Seen) " + DATE + b" RFC822.SIZE 900 " + FIELDS + b" NIL)\r\n",
    "small letters": b"* 1 fetch (uid 7 flags (\\Seen) " + DATE.lower() + b" rfc822.size 900 " + FIELDS + b" " + literal(HEADER)
    + b")\r\n",
    "no such day": b'* 1 FETCH (UID 7 FLAGS () INTERNALDATE "32-Jul-2026 02:44:25 +0200" RFC822.SIZE 9 ' + FIELDS + b" "
    + literal(HEADER) + b")\r\n",
}  # fmt: skip
FAST = {"Dovecot", "Cyrus", "Courier", "Gmail"}


@pytest.mark.parametrize("server", RECORDED)
def test_each_server_is_read_the_same_however_its_bytes_come(server: str) -> None:
    """Cut in two at every byte, with another response before and behind."""
    said = b"* 9 EXISTS\r\n" + RECORDED[server] + b"* 2 FETCH (FLAGS (\\Seen))\r\nzz OK done\r\n"
    expected = read([said], fast=False)[:2]
    assert (len(expected[0]) == 1) is not expected[1]
    for place in range(len(said) + 1):
        pieces = [piece for piece in (said[:place], said[place:]) if piece]
        heads, unreadable, usual = read(pieces)
        assert (heads, unreadable) == expected
        assert (usual > 0) is (server in FAST or server == "no such day")
    assert read([bytes([byte]) for byte in said])[:2] == expected


def test_a_header_may_look_like_anything() -> None:
    """Its length tells where it ends, not what stands in it."""
    header = b")\r\n* 2 FETCH (UID 8 FLAGS () " + DATE + b" RFC822.SIZE 1 " + FIELDS + b" {3}\r\nabc)\r\nzz OK done\r\n"
    said = RECORDED["Dovecot"].replace(literal(HEADER), literal(header)) + b"zz OK done\r\n"
    (head,), unreadable, usual = read([said])
    assert (head.header, unreadable, usual) == (header, False, 1)


# A keyword that is a number or NIL is left out: imapclient's parser takes it for one.
_words = st.lists(
    st.sampled_from([b"\\Seen", b"\\Recent", b"$Forwarded", b"Work", b"a+b", b"x]y", b"\xc3\xa9"]), max_size=3
)
_dates = st.sampled_from(
    [b"17-Jul-2026 02:44:25 +0200", b" 1-Jan-2026 00:00:00 -0730", b"31-Dec-2026 23:59:59 +0000", b"tomorrow", b"",
     b"31-Feb-2026 10:00:00 +0000", b"01-jan-2026 10:00:00 +0000", b"01-Jan-2026 25:00:00 +0000"]
)  # fmt: skip
_headers = st.one_of(st.just(HEADER), st.binary(max_size=80), st.sampled_from([b"", b")\r\n", b"\r\n", b"{5}\r\n"]))


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """FETCH responses of the usual items, and what may be wrong or odd about them."""
    items = [b"UID %d" % draw(st.integers(1, 59)), b"FLAGS (%s)" % b" ".join(draw(_words))]
    items += [b'INTERNALDATE "%s"' % draw(_dates), b"RFC822.SIZE %d" % draw(st.integers(0, 10**12))]
    items = draw(st.permutations(items))
    for _ in range(draw(st.integers(0, 2))):
        odd = draw(st.sampled_from(["drop", "double", "lower", "modseq", "swap"]))
        place = draw(st.integers(0, len(items) - 1)) if items else 0
        if odd == "drop" and items:
            del items[place]
        elif odd == "double" and items:
            items.append(items[place])
        elif odd == "lower" and items:
            items[place] = items[place].lower()
        elif odd == "modseq":
            items.insert(place, b"MODSEQ (5)")
    header = draw(_headers)
    form = draw(st.sampled_from(["literal"] * 6 + ["quoted", "nil"]))
    value = {"literal": literal(header), "quoted": b'"Subject: x"', "nil": b"NIL"}[form]
    name = draw(st.sampled_from([FIELDS, FIELDS + b"<0>", b"BODY[HEADER.FIELDS ({4}\r\nFROM)]", b"BODY[HEADER]"]))
    items.insert(draw(st.sampled_from([len(items)] * 4 + [0])), name + b" " + value)
    return b"* %d FETCH (%s)\r\n" % (draw(st.integers(1, 99)), b" ".join(items))


_noise = st.sampled_from(
    [b"* 5 EXISTS\r\n", b"* 3 EXPUNGE\r\n", b"* 4 FETCH (FLAGS (\\Seen))\r\n", b"* OK [ALERT] {9}x\r\n"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(responses() | _noise, max_size=6), st.data())
def test_random_responses_are_read_as_imapclient_reads_them(said: list[bytes], data: st.DataObject) -> None:
    """In whatever order, form and pieces."""
    whole = b"".join(said) + b"zz OK done\r\n"
    cuts = sorted(data.draw(st.lists(st.integers(1, len(whole)), max_size=5)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True) if a < b]
    expected = read([whole], fast=False)
    assert read(pieces)[:2] == expected[:2]


@settings(max_examples=25, deadline=None)
@given(responses())
def test_random_responses_may_be_cut_at_every_byte(said: bytes) -> None:
    """A segment of TCP ends where it likes."""
    whole = said + b"zz OK done\r\n"
    expected = read([whole], fast=False)[:2]
    for place in range(1, len(whole)):
        assert read([whole[:place], whole[place:]])[:2] == expected


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4))
def test_no_bytes_break_it(pieces: list[bytes]) -> None:
    """Whatever comes either is read, or ends the connection in words that are known."""
    try:
        read([*pieces, b"\r\nzz OK done\r\n"])
    except (Wire.abort, IndexError):  # it waits for more than there is
        return


# ---- several on their way


def test_a_few_commands_are_on_their_way_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    """Each waits for none but those before it."""
    for n in range(12):
        mailbox.deliver(b"Message-ID: <%d@one.example>\r\n\r\n" % n)
    flying: list[int] = []
    answered = Fetching.next

    def watched(self: Fetching) -> tuple[int, str] | None:
        found = answered(self)
        flying.append(len(self._flying))
        return found

    monkeypatch.setattr(Fetching, "next", watched)
    monkeypatch.setattr(reader, "_SET", 1)
    with Session.open(mailbox.account()) as session:
        assert [head.uid for head in reader.heads(session, "INBOX", range(1, 13))] == list(range(1, 13))
    assert max(flying) == fetching.IN_FLIGHT
    assert flying[-1] == 0


def test_two_readings_take_turns_on_one_connection(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    """What is on its way for the one is taken in before the other asks."""
    monkeypatch.setattr(reader, "_SET", 2)
    for n in range(9):
        for folder in ("INBOX", "Sent"):
            mailbox.append(b"Message-ID: <%d@one.example>\r\n\r\n" % n, folder)
    with Session.open(mailbox.account()) as session:
        both = zip(
            reader.heads(session, "INBOX", range(1, 10)), reader.heads(session, "Sent", range(1, 10)), strict=True
        )
        assert [(a.folder, a.uid, b.folder, b.uid) for a, b in both] == [("INBOX", n, "Sent", n) for n in range(1, 10)]


def test_a_connection_that_ends_in_the_middle_is_told() -> None:
    """With commands on their way, the one that is waited for fails, and so does the next."""

    def script(talk: Talk) -> None:
        talk.serve({"UID FETCH": ["* BYE enough"]})

    with scripted(script) as (account, _), Session.open(account) as session:
        session.examine("INBOX")
        several = session.fetching(["1", "2", "3"], "(UID)", lambda response: None)
        for _ in range(2):
            with pytest.raises(Unreachable):
                several.next()
