"""vCards as address books and phones write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.vcard import MOST_CARDS, Card, is_vcard, read_cards

OLD = b"""BEGIN:VCARD\r
VERSION:2.1\r
N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6rg\r
FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:J=F6rg =\r
M=FCller\r
EMAIL;INTERNET:joerg@old.example\r
EMAIL;PREF;INTERNET:Joerg@New.example\r
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQEA\r
 /9j/4AAQSkZJRgABAQEAYABgAAD\r
\r
END:VCARD\r
"""


def only(data: bytes) -> Card:
    (card,) = read_cards(data)
    return card


def card(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCARD", *lines, "END:VCARD", ""]).encode()


def test_version_2_1_with_charset_quoted_printable_and_a_photo() -> None:
    """As old phones send it: the preferred address first, the photo passed over."""
    assert only(OLD) == Card(1, "Jörg Müller", ("joerg@new.example", "joerg@old.example"))


@pytest.mark.parametrize(
    ("lines", "name", "addresses"),
    [
        (("VERSION:3.0", "FN:Carla Cook", "EMAIL;TYPE=INTERNET:carla@carla.example"), "Carla Cook", ("carla@carla.example",)),
        (("FN:Carla", "  Cook", "item1.EMAIL;type=INTERNET:carla@car", " la.example"), "Carla Cook", ("carla@carla.example",)),
        (("fn:Carla\\, PhD", "email:c@c.example"), "Carla, PhD", ("c@c.example",)),
        (("N:van den Berg;Marieke;;Dr.;", "EMAIL:m@m.example"), "Marieke van den Berg", ("m@m.example",)),
        (("FN:A", "EMAIL;PREF=2:b@x.example", 'EMAIL;PREF=1;TYPE="work,home":a@x.example'), "A", ("a@x.example", "b@x.example")),
        (("FN:A", "EMAIL;TYPE=home:b@x.example", "EMAIL;TYPE=work,pref:a@x.example"), "A", ("a@x.example", "b@x.example")),
        (("FN:A", "EMAIL:mailto:a@x.example"), "A", ("a@x.example",)),
        (('FN;X-A="b:c;d":A', "EMAIL:a@x.example"), "A", ("a@x.example",)),
        (("FN;ENCODING=b:Q2FybGE=", "EMAIL:a@x.example"), "Carla", ("a@x.example",)),
        (("FN:A", "TEL:1"), "A", ()),
        (("EMAIL:a@x.example",), "", ("a@x.example",)),
    ],
)  # fmt: skip
def test_versions_3_and_4(lines: tuple[str, ...], name: str, addresses: tuple[str, ...]) -> None:
    """Groups, folded lines, parameters, escapes, the preferred address first (RFC 6350)."""
    found = only(card(*lines))
    assert (found.name, found.addresses, found.fault) == (name, addresses, "")


def test_organisation_and_note() -> None:
    """Escapes within the parts of a structured value."""
    found = only(card("FN:A", "ORG:Cook\\; Sons;Kitchen", "NOTE:where: IT fair\\nabout: backups"))
    assert (found.organisation, found.note) == ("Cook; Sons Kitchen", "where: IT fair\nabout: backups")


def test_many_cards_and_their_lines() -> None:
    """One without an end is said to be so; a card within a card is none of its own."""
    data = (
        card("FN:A", "EMAIL:a@x.example")
        + b"\r\n"
        + card("FN:B", "AGENT:", "BEGIN:VCARD", "EMAIL:no@x.example", "END:VCARD")
    )
    data += b"BEGIN:VCARD\r\nFN:C\r\n" + card("FN:D")
    assert [(c.line, c.name, c.addresses, c.fault) for c in read_cards(data)] == [
        (1, "A", ("a@x.example",), ""),
        (6, "B", (), ""),
        (13, "C", (), "it has no END:VCARD"),
        (15, "D", (), ""),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_whatever_encoding_it_was_saved_in(encoding: str) -> None:
    """With a byte order mark or without."""
    data = card("FN:Jörg", "EMAIL:j@x.example").decode().encode(encoding)
    assert is_vcard(data)
    assert only(data).name == "Jörg"


def test_it_is_bounded() -> None:
    """So many cards, and no value is longer than it may be."""
    assert len(list(read_cards(card("FN:A") * (MOST_CARDS + 100)))) == MOST_CARDS + 1
    assert len(only(card("FN:A", "NOTE:" + "x" * 1_000_000)).note) <= 20_000
    assert not is_vcard(b"email,name\n")


@given(st.binary(max_size=400))
def test_whatever_comes_it_never_raises(data: bytes) -> None:
    """Foreign input."""
    assert all(isinstance(found, Card) for found in read_cards(b"BEGIN:VCARD\n" + data))


@given(st.lists(st.text('abcN:;="\\\n\r ,.@EMAILFNQUOTED-PRINTABLE', max_size=40), max_size=12))
def test_whatever_lines_come_it_never_raises(lines: list[str]) -> None:
    """Broken parameters, quotes that never close, soft breaks at the end."""
    list(read_cards("\n".join(["BEGIN:VCARD", *lines, "END:VCARD"]).encode()))
