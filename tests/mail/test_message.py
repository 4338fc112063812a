"""Header bytes → Message, whatever comes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail import fields, message
from followmail.mail.message import decode, read, read_date
from followmail.mail.subject import base_subject, is_forward

FULL = b"""From: "Builder, Bob" <Bob@Bob.Example>\r
To: Alex <alex@consult.example>, jo@consult.example\r
Cc: undisclosed-recipients:;\r
Subject: =?utf-8?q?Re=3A_Angebot_f=C3=BCr?=\r
 =?utf-8?q?_B=C3=BCro?=\r
Date: Mon, 4 May 2026 10:00:00 +0200\r
Message-ID: <abc@bob.example>\r
In-Reply-To: <one@consult.example>\r
References: <root@consult.example>\r
 <one@consult.example>\r
\r
body"""


def test_an_ordinary_header_is_read() -> None:
    """Addresses canonical, subject decoded, date in UTC, ids without brackets."""
    m = read(FULL)
    assert (m.sender.name, m.sender.address) == ("Builder, Bob", "bob@bob.example")
    assert [p.address for p in m.to] == ["alex@consult.example", "jo@consult.example"]
    assert m.cc == ()
    assert m.subject == "Re: Angebot für Büro"
    assert m.base_subject == "angebot für büro"
    assert m.date == datetime(2026, 5, 4, 8, tzinfo=UTC)
    assert m.id == "abc@bob.example"
    assert m.answers == ("one@consult.example", "root@consult.example")


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"Subject: Gr\xfc\xdfe", "Grüße"),
        ("Subject: Grüße".encode(), "Grüße"),
        (b"Subject: =?utf-8?q?a=0ABcc:_x@y?=", "a Bcc: x@y"),
        (b"Subject: =?nonsense?q?abc?=", "abc"),
        (b"Subject: =?utf-8?b?!!!?=", ""),
        (b"Subject: a\x00b", "ab"),
        (b"Subject: =?utf-7?q?+2AA-?=", "?"),
        (b"Subject: \x1b[31mred", "[31mred"),
        (b"Subject:", ""),
        (b"", ""),
    ],
)
def test_subjects(raw: bytes, subject: str) -> None:
    """One line of plain text, always."""
    assert read(raw + b"\n\n").subject == subject


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Re: Proposal", "proposal"),
        ("AW: WG: Re[2]: Proposal", "proposal"),
        ("[EXTERNAL] Re: Proposal", "proposal"),
        ("Automatic reply: Proposal", "proposal"),
        ("Réponse automatique : Proposal", "proposal"),
        ("R: I: Proposal".replace("I: ", ""), "proposal"),
        ("Proposal: Re the roof", "proposal: re the roof"),
        ("Re:", ""),
        ("", ""),
        ("Antw: Sv: Proposal  two", "proposal two"),
    ],
)
def test_base_subjects(subject: str, base: str) -> None:
    """Without reply and forward marks, in many languages (RFC 5256 §2.1)."""
    assert base_subject(subject) == base


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (b"Mon, 4 May 2026 10:00:00 +0200", datetime(2026, 5, 4, 8, tzinfo=UTC)),
        (b"4 May 2026 10:00:00 -0000", datetime(2026, 5, 4, 10, tzinfo=UTC)),
        (b"Mon, 4 May 2026 10:00:00 GMT (nonsense)", datetime(2026, 5, 4, 10, tzinfo=UTC)),
        (b"yesterday", None),
        (b"", None),
        (b"Mon, 4 May 1026 10:00:00 +0000", None),
        (b"Mon, 99 May 2026 10:00:00 +0000", None),
        (b"Mon, 4 May 2026 10:00:00 +9999", None),
    ],
)
def test_dates(value: bytes, moment: datetime | None) -> None:
    """Aware UTC, or none."""
    assert read_date(value) == moment


def test_without_an_id_messages_are_told_apart() -> None:
    """Size, date, author, recipients and subject make one."""
    one, other = (
        read(b"From: a@x.example\nSubject: 1\n\n", None, 10),
        read(b"From: a@x.example\nSubject: 2\n\n", None, 10),
    )
    assert one.id != other.id
    assert one.id == read(b"From: a@x.example\nSubject: 1\n\n", None, 10).id


def test_references_are_bounded() -> None:
    """The root and the newest are kept."""
    raw = b"References: " + b" ".join(b"<%d@x>" % n for n in range(5000)) + b"\n\n"
    m = read(raw)
    assert len(m.references) == message.MAX_REFERENCES
    assert (m.references[0], m.references[-1]) == ("0@x", "4999@x")


@pytest.mark.parametrize(
    ("raw", "auto"),
    [
        (b"Auto-Submitted: auto-replied\n\n", True),
        (b"Auto-Submitted: auto-generated; x=y\n\n", True),
        (b"Auto-Submitted: no\n\n", False),
        (b"X-Autoreply: yes\n\n", True),
        (b"X-Auto-Response-Suppress: All\n\n", False),
        (b"Subject: hello\n\n", False),
    ],
)
def test_automatic_mail(raw: bytes, auto: bool) -> None:
    """RFC 3834 §5; X-Auto-Response-Suppress says nothing about the mail that bears it."""
    assert read(raw).auto_submitted is auto


@pytest.mark.parametrize(
    "raw",
    [b"Content-Type: multipart/report; report-type=delivery-status\n\n", b"Return-Path: <>\nFrom: x@x.example\n\n",
     b"From: MAILER-DAEMON@x.example\n\n", b"X-Failed-Recipients: a@b.example\nFrom: x@x.example\n\n", b"Subject: no From\n\n"],
)  # fmt: skip
def test_what_may_be_a_report(raw: bytes) -> None:
    """Its body must be read to know."""
    assert read(raw).may_be_report


@given(st.binary(max_size=3000))
def test_reading_never_raises(raw: bytes) -> None:
    """Foreign bytes never raise, and never give control characters or lone surrogates."""
    m = read(raw)
    for text in (m.subject, m.sender.name, *(p.name for p in m.to)):
        assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in text)
        text.encode("utf-8")
    assert m.id
    assert m.date is None or m.date.tzinfo is not None


@given(st.dictionaries(st.sampled_from(fields.HEADER_FIELDS), st.binary(max_size=200), max_size=10))
def test_every_header_may_be_anything(fields: dict[str, bytes]) -> None:
    """Each field with random bytes."""
    raw = b"".join(
        name.encode() + b": " + value.replace(b"\n", b" ").replace(b"\r", b" ") + b"\r\n"
        for name, value in fields.items()
    )
    m = read(raw + b"\r\n")
    m.subject.encode("utf-8")
    for person in (m.sender, *m.to, *m.cc, *m.bcc):
        assert "\n" not in person.address
        assert " " not in person.address


@pytest.mark.parametrize("value", [b"(" * 5000, b"a@[" * 2000, b'"' * 3001, b"<" * 5000, b"a" * 300_000, b":;" * 5000])
def test_monstrous_addresses_give_nobody(value: bytes) -> None:
    """Nested comments, open brackets, endless words."""
    assert read(b"From: " + value + b"\n\n").sender.address in ("", "a" * 300_000)


def test_the_later_and_the_earlier_date() -> None:
    """'After' uses the later, 'too old' the earlier, of Date and INTERNALDATE."""
    arrived = datetime(2026, 5, 9, tzinfo=UTC)
    m = read(FULL, arrived)
    assert m.later == arrived
    assert m.earlier == datetime(2026, 5, 4, 8, tzinfo=UTC)


def test_decode_is_one_line() -> None:
    """Folding is undone."""
    assert decode(b"a\r\n b\r\n\tc") == "a b c"


@pytest.mark.parametrize(
    ("subject", "forward"),
    [
        ("Fwd: Proposal", True),
        ("FW: Proposal", True),
        ("WG: Angebot", True),
        ("TR : Offre", True),
        ("RV: Oferta", True),
        ("I: Offerta", True),
        ("Doorst: Offerte", True),
        ("ENC: Proposta", True),
        ("[EXT] Fwd[2]: Proposal", True),
        ("Proposal (fwd)", True),
        ("Re: Proposal", False),
        ("Re: Fwd: Proposal", False),
        ("AW: Angebot", False),
        ("Fwding rules: which?", False),
        ("I think: yes", False),
        ("", False),
    ],
)
def test_a_forward_says_so_in_its_subject(subject: str, forward: bool) -> None:
    """In the words of many programs; an answer to a forward is an answer."""
    assert is_forward(subject) is forward


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        (b"'dan@dan.example' <dan@dan.example>", ["dan@dan.example"]),
        (
            b"dan@dan.example <Dan@dan.example>; 'eve@eve.example' <eve@eve.example>",
            ["dan@dan.example", "eve@eve.example"],
        ),
        (b"x@y.example <evil@z.example>", ["x@y.example", "evil@z.example"]),
    ],
)
def test_whose_address_stands_for_the_name_is_one_person(value: bytes, addresses: list[str]) -> None:
    """As Outlook writes it; where the two differ, nobody can say who is meant, and both are read."""
    assert [p.address for p in read(b"To: " + value + b"\r\n\r\n").to] == addresses


# ---- the fast way and the slow way


_pieces = st.lists(
    st.sampled_from(
        ["Ann Archer", "J. D", '"Smith, Jo"', '"a" ', "<ann@one.example>", "bob@two.example", "<B.C@Two.Example>", ", ", ",", " ",
         "=?utf-8?q?J=C3=BCrgen?=", "Jürgen", "'o'", "(x)", "\\", '"', "<", ">", "@", ":", ";", ".", "..", "\u202e", "[1.2.3.4]"]
    ),
    max_size=8,
)  # fmt: skip


@given(_pieces.map("".join) | st.text(max_size=40))
def test_usual_people_are_read_as_the_standard_library_reads_them(text: str) -> None:
    """Only faster, and whoever stands there stands there as a word of its own."""
    flat = " ".join(text.split())
    found = message._usual_people(flat) if flat else None
    assert found is None or found == message._any_people(flat, True) == message._any_people(flat, False)


_words = st.lists(
    st.sampled_from(
        ["Re:", " ", "=?utf-8?q?J=C3=BCrgen?=", "=?UTF-8?B?w5xiZXJibGljaw==?=", "=?utf-8?b?w5?=", "=?latin1?q?a_b=FC?=", "=?x?q?=41?=",
         "=?utf-8?q?=zz?=", "=?utf-8?q??=", "=?utf-8?q?a?b?=", "=?utf-8?b??=", "plain", "=", "?", "Größe", "=?utf-8?q?a b?="]
    ),
    max_size=5,
)  # fmt: skip


@given(_words.map("".join) | st.text(max_size=30).map(lambda text: f"=?utf-8?q?{text}?="))
def test_usual_words_are_decoded_as_the_standard_library_decodes_them(text: str) -> None:
    """An encoded word, perhaps behind plain ones."""
    found = message._usual_word(" ".join(text.split()))
    assert found is None or found == message._any_words(" ".join(text.split()))


_dates = st.tuples(
    st.sampled_from([b"", b"Mon, ", b"Xyz, ", b"mon "]),
    st.integers(0, 32).map(lambda n: b"%d" % n) | st.integers(0, 31).map(lambda n: b"%02d" % n),
    st.sampled_from([b" Jan ", b" Feb ", b" Dec ", b" dec ", b" Foo ", b" May  "]),
    st.sampled_from([b"1979", b"1980", b"2026", b"26", b"2999", b"0026"]),
    st.sampled_from(
        [b" 00:00:00 ", b" 23:59:59 ", b" 24:00:00 ", b" 9:05:00 ", b" 10:61:00 ", b" 10:05 ", b" 10:05:60 "]
    ),
    st.sampled_from(
        [b"+0000", b"-0000", b"+1359", b"-1959", b"+2400", b"GMT", b"", b"+0200 (CEST)", b"+0200 (a (b))", b"+0260"]
    ),
).map(b"".join)


@given(_dates | st.binary(max_size=40))
def test_usual_dates_are_read_as_the_standard_library_reads_them(value: bytes) -> None:
    """A moment that the fast way tells is the moment that the slow way tells."""
    found = message._usual_date(value)
    assert found is None or found == message._any_date(value)


_lines = st.lists(
    st.sampled_from(
        [b"From: ann@one.example", b"subject: Hi", b"Subject: again", b"TO: bob@two.example", b"List-ID: <x>", b"Date:none", b"X-Mine: 1", b"List-Id",
         b"Cc : jo@one.example", b"Subject:", b"no field", b"", b" folded", b"\tfolded: too", b" ", b"References:  <a@b>\n <c@d>", b"To: a\rb"]
    ),
    max_size=6,
)  # fmt: skip


@given(
    st.tuples(_lines, st.sampled_from([b"\r\n", b"\n", b"\r"])).map(lambda way: way[1].join(way[0]))
    | st.binary(max_size=60)
)
def test_usual_fields_are_read_as_all_others(head: bytes) -> None:
    """What stands on lines of its own, or is folded (RFC 5322 §2.2.3), says the same either way."""
    found, slow = fields._usual_fields(head.partition(b"\r\n\r\n")[0]), fields._any_fields(head)
    assert found is None or {n: message._flat(v) for n, v in found.items()} == {
        n: message._flat(v) for n, v in slow.items()
    }
