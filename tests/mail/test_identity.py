"""Who an address is."""

import pytest

from followmail.mail.identity import (
    Identity,
    Person,
    canonical,
    company,
    is_address,
    is_machine,
    is_shared,
    mailbox,
    same_company,
    same_person,
    spellings,
    tag,
    without_tag,
)

ALEX = Identity("Alex", "alex@consult.example", ("alex@old.example", "ac@mail.consult.example"))


@pytest.mark.parametrize(
    ("address", "own", "colleague"),
    [
        ("alex@consult.example", True, False),
        ("ALEX@Consult.Example", True, False),
        ("alex+nudge@consult.example", True, False),
        ("alex@old.example", True, False),
        ("alex+x@old.example", True, False),
        ("jo@consult.example", False, True),
        ("jo@sub.consult.example", False, True),
        ("jo@old.example", False, True),
        ("bob@bob.example", False, False),
        ("alex@bob.example", False, False),
        ("alex@notconsult.example", False, False),
    ],
)
def test_own_colleague_or_outside(address: str, own: bool, colleague: bool) -> None:
    """Own addresses with any tag, colleagues at any own company domain, all others outside."""
    assert ALEX.is_own(address) is own
    assert ALEX.is_colleague(address) is colleague
    assert ALEX.is_outside(address) is not (own or colleague)


def test_a_free_mail_consultant_has_no_colleagues() -> None:
    """Another Gmail user is no colleague of a consultant at Gmail."""
    alex = Identity("Alex", "alex@gmail.com")
    assert alex.is_outside("bob@gmail.com")
    assert not alex.is_colleague("bob@gmail.com")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a@bob.example", "b@bob.example", True),
        ("a@bob.example", "b@mail.bob.example", True),
        ("a@de.bob.example", "b@bob.example", True),
        ("a@bob.example", "b@notbob.example", False),
        ("a@de.bob.example", "b@fr.bob.example", False),
        ("a@gmail.com", "b@gmail.com", False),
        ("a@gmx.de", "a@bob.example", False),
    ],
)
def test_one_company(one: str, other: str, same: bool) -> None:
    """One company when equal, or one a subdomain of the other; a free-mail provider's users have none."""
    assert same_company(one, other) is same
    assert same_company(other, one) is same


def test_company_domain() -> None:
    """A company domain is the address's, and none at a free-mail provider."""
    assert company("bob@Bob.Example") == "bob.example"
    assert company("bob@gmail.com") is None


@pytest.mark.parametrize(
    "address",
    ["noreply@x.example", "no-reply@x.example", "do-not-reply@x.example", "billing@x.example", "invoices@x.example",
     "rechnung@x.example", "mailer-daemon@x.example", "newsletter@x.example", "team-list@x.example", "bounce+123@x.example",
     "notifications@x.example", "nicht-antworten@x.example"],
)  # fmt: skip
def test_machines_are_no_people(address: str) -> None:
    """No-reply, billing and list addresses do not count as people."""
    assert is_machine(address)


@pytest.mark.parametrize(
    "address",
    ["info@x.example", "office@x.example", "contact@x.example", "bob@x.example", "bill@x.example", "lista@x.example",
     "alister@x.example", "norep.lyons@x.example", "b.system@x.example".replace("system", "sysken"), "jobs@x.example"],
)  # fmt: skip
def test_people_and_shared_addresses_count(address: str) -> None:
    """Whoever may answer counts, shared addresses too."""
    assert not is_machine(address)


def test_shared_addresses_have_no_first_name() -> None:
    """info@ is somebody, but nobody to greet by name."""
    assert is_shared("Info@x.example")
    assert not is_shared("ingo@x.example")


@pytest.mark.parametrize("text", ["bob@bob.example", "b.o+b@x-y.example", "jürgen@müller.example", "o'neil@x.example"])
def test_addresses(text: str) -> None:
    """Plain addr-specs."""
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "bob", "bob@", "@x.example", "a b@x.example", 'a"b@x.example', "a@x\r\ny", "a)b@c", "a@b@c.example", "a..b@x.example",
     "x" * 65 + "@x.example", "a@" + "x" * 300, "<a@b.example>", "a@b.example,c@d.example", "a@[127.0.0.1]"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    """Nothing that could be asked of a server or mailed by mistake."""
    assert not is_address(text)


def test_tags() -> None:
    """Subaddresses (RFC 5233)."""
    assert tag("me+nudge.5d@x.example") == "nudge.5d"
    assert tag("me@x.example") == ""
    assert without_tag("Me+a+b@x.example") == "me@x.example"
    assert canonical(" <Bob@X.Example> ") == "bob@x.example"


def test_outside_people_once_in_order() -> None:
    """The outside people of a header, each once, machines and own people left out."""
    people = [
        Person("", a)
        for a in ("bob@b.example", "alex@consult.example", "noreply@b.example", "bob@b.example", "c@c.example")
    ]
    assert [p.address for p in ALEX.outside(people)] == ["bob@b.example", "c@c.example"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("bob.b@googlemail.com", "bob.b@gmail.com"),
        ("Bob.B@gmail.com", "bobb@gmail.com"),
        ("bob+alex@bob.example", "bob@bob.example"),
        ("bob@böb.example", "bob@xn--bb-fka.example"),
        ("bob@BO\u0308B.example", "bob@xn--bb-fka.example"),
        ("bob@bob.example.", "bob@bob.example"),
    ],
)
def test_one_person_may_be_spelled_in_two_ways(first: str, second: str) -> None:
    """Gmail looks at no dots and has two names; a tag is no other person; a domain has a form for DNS."""
    assert same_person(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("bob.b@bob.example", "bobb@bob.example"),
        ("bob@gmail.com", "bob@gmail.example"),
        ("+bob@bob.example", "+ann@bob.example"),
        ("", "bob@bob.example"),
    ],
)
def test_two_people_stay_two(first: str, second: str) -> None:
    """Where a dot tells them apart, and where there is nobody."""
    assert not same_person(first, second)


def test_who_stands_in_two_headers_under_two_spellings_is_one() -> None:
    """The first one is kept."""
    people = [Person("", a) for a in ("bob.b@gmail.com", "bobb@googlemail.com", "ann@ann.example", "ann+x@ann.example")]
    assert [p.address for p in ALEX.outside(people)] == ["bob.b@gmail.com", "ann@ann.example"]


def test_a_company_is_one_in_unicode_and_in_ascii() -> None:
    """Also where one is a subdomain of the other."""
    assert same_company("ann@böb.example", "bob@xn--bb-fka.example")
    assert same_company("ann@mail.böb.example", "bob@xn--bb-fka.example")
    assert not same_company("ann@bob.example", "bob@xn--bb-fka.example")


@pytest.mark.parametrize(
    ("address", "among"),
    [
        ("bob+alex@böb.example", {"bob+alex@böb.example", "bob@böb.example", "bob@xn--bb-fka.example"}),
        ("bob@xn--bb-fka.example", {"bob@böb.example", "bob@xn--bb-fka.example"}),
        ("bob.b@googlemail.com", {"bob.b@gmail.com", "bobb@gmail.com", "bobb@googlemail.com"}),
        ("bob@xn--\ud800.example", {"bob@xn--\ud800.example"}),
    ],
)
def test_the_spellings_of_one_mailbox(address: str, among: set[str]) -> None:
    """Each is the same person."""
    found = spellings(address)
    assert among <= found
    assert all(same_person(address, other) for other in found)


def test_own_addresses_are_own_however_spelled() -> None:
    """A consultant at Gmail never answers himself."""
    assert Identity("Alex", "alex.c@gmail.com").is_own("alexc+x@googlemail.com")
    assert mailbox("") == ""
