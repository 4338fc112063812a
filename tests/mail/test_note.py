"""A note to oneself: whom it is about, and when that cannot be said."""

import time
from datetime import date
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.identity import Identity
from followmail.mail.note import Noted, read_note

ALEX = Identity("Alex", "alex@consult.example", ("alex@private.example",))
MONDAY = date(2026, 5, 4)
CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Carla Cook\nEMAIL:carla@carla.example\nEND:VCARD\n"
OWN_CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Alex\nEMAIL:alex@private.example\nEND:VCARD\n"


def note(
    text: str, subject: str = "", *attached: str | EmailMessage, filename: str = "c.vcf", kind: str = "vcard"
) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Alex <alex@consult.example>", "alex+met@consult.example", subject
    mail.set_content(text)
    for part in attached:
        if isinstance(part, EmailMessage):
            mail.add_attachment(part)
        else:
            mail.add_attachment(part.encode(), maintype="text", subtype=kind, filename=filename)
    return mail.as_bytes()


def read(data: bytes) -> tuple[Noted, ...] | str:
    return read_note(data, ALEX, MONDAY)


def who(data: bytes) -> list[tuple[str, str]]:
    found = read(data)
    assert not isinstance(found, str), found
    return [(noted.person.name, noted.person.address) for noted in found]


@pytest.mark.parametrize(
    "text",
    [
        "Carla Cook <carla@carla.example>",
        "* Carla Cook <carla@carla.example>",
        '"Carla Cook" <carla@carla.example>',
        "carla@carla.example Carla Cook",
        "carla@carla.example, Carla Cook",
        "carla@carla.example (Carla Cook)",
        "Carla Cook, carla@carla.example",
        "Carla Cook: carla@carla.example",
        "Carla Cook, e-mail: carla@carla.example",
        "Met Carla Cook (carla@carla.example) at the IT fair",
        "Carla Cook carla@carla.example met at the IT fair",
        "Hi,\n\nCarla Cook <Carla@Carla.example>\n\nAlex\nalex@consult.example",
        "Getroffen: Carla Cook <carla@carla.example>",
        "Rencontré Carla Cook <carla@carla.example> au salon",
    ],
)
def test_a_name_and_an_address(text: str) -> None:
    """In the forms in which people write them."""
    assert who(note(text)) == [("Carla Cook", "carla@carla.example")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Will Wu <will@wu.example>", "Will Wu"),
        ("Wil Wung <wil@wung.example>", "Wil Wung"),
        ("Eva-Maria von Hohenstein <eva@hohen.example>", "Eva-Maria von Hohenstein"),
        ("Prof. Dr. Eva-Maria von Hohenstein <eva@hohen.example>", "Prof. Dr. Eva-Maria von Hohenstein"),
        ("Met Carla Cook <carla@carla.example> at the fair", "Carla Cook"),
        ("Will send Carla <cc@carla.example> an offer", ""),
    ],
)
def test_names_whose_words_also_begin_sentences(text: str, name: str) -> None:
    """A name is one where it stands in the address; titles and particles belong to it."""
    ((found, _),) = who(note(text))
    assert found == name


@pytest.mark.parametrize(
    "text",
    [
        "info@messe.example Messe Hannover",
        "met carla@carla.example there",
        "Great Talk x.y@z.example",
        "x@y.example IT Fair",
    ],
)
def test_in_doubt_no_name(text: str) -> None:
    """ "Hello," offends nobody; "Hello Messe" does."""
    ((name, _),) = who(note(text))
    assert name == ""


def test_a_list_has_a_line_for_each_and_each_its_own_topic() -> None:
    """What stands in no line is said of all."""
    found = read(
        note(
            "1. Carla Cook carla@carla.example, about backups\n2. Dora Doe: dora@dora.example, about servers\nmet at the IT fair"
        )
    )
    assert [(n.person.address, n.where, n.about) for n in found if isinstance(n, Noted)] == [
        ("carla@carla.example", "IT fair", "backups"),
        ("dora@dora.example", "IT fair", "servers"),
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (note("nobody"), "no vCard, no forwarded mail and no outside address"),
        (note("alex@private.example and max@consult.example"), "no outside address"),
        (note("carla@carla.example and dora@dora.example"), "stand in one line"),
        (note("carla@carla.example\nask dora@dora.example"), "begin a line with each"),
        (note("dora@dora.example", "", CARD), "names others (dora@dora.example)"),
        (note("", "", "BEGIN:VCARD\nFN:Carla\nEND:VCARD\n"), "the vCard 'Carla' in it: it has no mail address"),
        (note("", "", "BEGIN:VCARD\nFN:Carla\nEMAIL:c@c.example\n"), "it has no END:VCARD"),
    ],
)
def test_who_cannot_be_said_is_refused(data: bytes, why: str) -> None:
    """With the reason."""
    told = read(data)
    assert isinstance(told, str)
    assert why in told


@pytest.mark.parametrize(
    ("kind", "filename"), [("vcard", "x"), ("x-vcard", "c.vcf"), ("directive", "x"), ("plain", "Carla.VCF")]
)
def test_a_vcard_whatever_it_is_called(kind: str, filename: str) -> None:
    """The consultant's own, which mail programs attach by themselves, means nobody."""
    assert who(note("", "", OWN_CARD, CARD, kind=kind, filename=filename)) == [("Carla Cook", "carla@carla.example")]


def test_several_cards_are_several_people() -> None:
    """In one file or in many."""
    other = CARD.replace("arla", "lara")
    assert who(note("", "", CARD + other)) == who(note("", "", CARD, other))
    assert len(who(note("", "", CARD + other))) == 2


def test_an_attached_mail_means_its_sender() -> None:
    """Nobody within it; one of the consultant's own is refused."""
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "Carla Cook <carla@carla.example>", "Hi"
    inner.set_content("ask dora@dora.example")
    assert who(note("", "Fwd", inner)) == [("Carla Cook", "carla@carla.example")]
    assert who(note("carla@carla.example, about backups", "Fwd", inner)) == [("Carla Cook", "carla@carla.example")]
    assert "names others" in str(read(note("dora@dora.example", "Fwd", inner)))
    own = EmailMessage()
    own["From"] = "alex@consult.example"
    own.set_content("x")
    assert read(note("", "Fwd", own)) == "the mail attached to it is not from outside"


def test_a_mail_forwarded_inline_means_the_nearest_sender() -> None:
    """Not those whom that mail quotes in turn."""
    block = "From: {}\nSent: Monday\nTo: Alex\nSubject: Hi\n\nHello\n\n"
    carla, dora = "Carla Cook [mailto:carla@carla.example]", "Dora <dora@dora.example>"
    assert who(note("fyi\n\n" + block.format(carla) + block.format(dora))) == [("Carla Cook", "carla@carla.example")]
    assert "no outside address" in str(
        read(note("fyi\n\n" + block.format("Alex <alex@consult.example>") + block.format(dora)))
    )


def test_the_day_met() -> None:
    """That of the note, or the one it names; one that may be two is none."""
    days = [
        read(note(f"carla@carla.example{text}"))[0]
        for text in ("", ", met yesterday", "\nmet on 30 April", "\nmet on 4/5/2026")
    ]
    assert [n.met_on for n in days if isinstance(n, Noted)] == [MONDAY, date(2026, 5, 3), date(2026, 4, 30), None]


@given(st.binary(max_size=400))
def test_whatever_comes_it_never_raises(data: bytes) -> None:
    """Foreign input."""
    for head in (
        b"",
        b"Content-Type: text/vcard\n\nBEGIN:VCARD\n",
        b"Content-Type: message/rfc822\n\n",
        b"Subject: x\n\n",
    ):
        assert isinstance(read(head + data), tuple | str)


@pytest.mark.parametrize(
    "text",
    [
        "a@b.c " * 100_000,
        "<" * 1_000_000,
        "Name " * 200_000 + "a@b.example",
        "a.b@" * 200_000,
        "From: x\nTo: y\n" * 60_000,
    ],
)
def test_nothing_runs_away(text: str) -> None:
    """A megabyte of anything."""
    data = note(text)
    began = time.process_time()
    read(data)
    assert time.process_time() - began < 0.5
