"""What leaves is exactly what was meant: every header, recipient and line."""

import email
import email.policy
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.errors import Permanent
from followmail.mail import message
from followmail.mail.compose import MAX_REFERENCES, Outgoing, compose, html_of, quote, verify
from followmail.mail.identity import Person, is_address

ALEX = Person("Alex Consultant", "alex@consult.example")
BOB = Person("Bob Client", "bob@client.example")
EVE = Person("", "eve@client.example")
MAIL = Outgoing(
    sender=ALEX,
    to=(BOB,),
    cc=(EVE,),
    subject="Re: Your workshop",
    text="Hello Bob,\n\ndid my note reach you?\n\nAlex\n",
    message_id="fm1.abcdefghijklmnopqrstuvwxyz.abcdef@consult.example",
    date=datetime(2026, 5, 4, 9, 30, tzinfo=timezone(timedelta(hours=2))),
    in_reply_to="opening@consult.example",
    references=("first@client.example", "opening@consult.example"),
)
# What Outlook makes: longer than a folded line may be.
OUTLOOK = "AM0PR0102MB3345" + "A1b2C3d4" * 9 + "@AM0PR0102MB3345.eurprd01.prod.exchangelabs.com"

printable = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=120)
anything = st.text(max_size=120)
local = st.from_regex(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,20}", fullmatch=True)
domains = st.from_regex(r"([a-z0-9]{1,10}\.){1,3}[a-z]{2,6}", fullmatch=True)
addresses = st.builds("{}@{}".format, local, domains).filter(is_address)


def fields(data: bytes) -> list[tuple[str, str]]:
    """The header as another reader sees it: Python's own strict one."""
    return [(name, str(value)) for name, value in email.message_from_bytes(data, policy=email.policy.default).items()]


def read(data: bytes) -> message.Message:
    """The mail as this program reads incoming ones."""
    return message.read(data)


def text_of(data: bytes) -> str:
    """The plain text, decoded, with plain line ends."""
    part = email.message_from_bytes(data, policy=email.policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_holds_what_was_meant_and_nothing_else() -> None:
    """All headers, in order, word for word: no trace of a program."""
    assert compose(MAIL) == (
        b"From: Alex Consultant <alex@consult.example>\r\n"
        b"To: Bob Client <bob@client.example>\r\n"
        b"Cc: <eve@client.example>\r\n"
        b"Subject: Re: Your workshop\r\n"
        b"Date: Mon, 04 May 2026 09:30:00 +0200\r\n"
        b"Message-ID: <fm1.abcdefghijklmnopqrstuvwxyz.abcdef@consult.example>\r\n"
        b"In-Reply-To: <opening@consult.example>\r\n"
        b"References: <first@client.example>\r\n <opening@consult.example>\r\n"
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Hello Bob,\r\n\r\ndid my note reach you?\r\n\r\nAlex\r\n"
    )


def test_the_same_mail_has_the_same_bytes() -> None:
    """Composed twice, filed once: with HTML too, whose boundary is not drawn by lot."""
    mail = replace(MAIL, html="<p>Hello</p>", text="Grüße")
    assert compose(mail) == compose(mail)


@given(printable, printable, printable, st.lists(addresses, min_size=1, max_size=3), addresses)
def test_any_names_subjects_and_addresses_arrive_as_they_were(
    subject: str, name: str, other: str, to: list[str], sender: str
) -> None:
    """Whatever people are called and write about, in lines that no relay breaks."""
    people = tuple(Person(n, a) for n, a in zip((name, other, ""), to, strict=False))
    mail = replace(MAIL, subject=subject, to=people, sender=Person(name, sender))
    try:
        data = compose(mail)
    except Permanent:  # an encoded word with a control character inside, or an address that is hard to read
        assert "=?" in subject + name + other or any(".@" in a or "=?" in a for a in (*to, sender))
        return
    assert [a for _, a in email.utils.getaddresses([dict(fields(data))["To"]])] == [p.address for p in people]
    assert [p.address for p in read(data).to] == [p.address.lower() for p in people]
    if "=?" not in subject:
        assert message.decode(dict(fields(data))["Subject"].encode()) == message.decode(subject.encode())
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    head = data.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert [name for name, _ in fields(data)][:4] == ["From", "To", "Cc", "Subject"]


@given(anything)
def test_any_text_arrives_as_typed_or_is_refused(text: str) -> None:
    """Long lines, dots, trailing blanks, "From " and all; only control characters are refused."""
    try:
        data = compose(replace(MAIL, text=text, html=text))
    except Permanent:
        assert re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", text)
        return
    assert text_of(data).rstrip("\n") == re.sub("\r\n|\r", "\n", text).rstrip("\n")
    assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"")


@given(anything, anything, anything, anything)
def test_nothing_in_any_value_adds_a_header_or_recipient(subject: str, name: str, one: str, address: str) -> None:
    """Either refused in plain words, or exactly the fields and people that were meant."""
    mail = replace(MAIL, subject=subject, to=(Person(name, address),), references=(one,), cc=())
    try:
        data = compose(mail)
    except Permanent:
        return
    names = [n for n, _ in fields(data)]
    assert len(names) == len(set(names)) and {"Bcc", "Cc"}.isdisjoint(names)
    assert [p.address for p in read(data).to] == [address.lower()]


VECTORS = [
    "=?utf-8?q?a=0ABcc:_x?=",
    "=?utf-8?q?a=0D=0ABcc:_eve=40evil.example?=",
    "=?utf-8?b?YQ0KQmNjOiBldmVAZXZpbC5leGFtcGxl?=",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3D0ABcc=3A=5Fx=3F=3D?=",  # an encoded word within an encoded word
    "a\r\nBcc: eve@evil.example",
    "a\nBcc: eve@evil.example",
    "a\rBcc: eve@evil.example",
    "a\r\n\r\nbody",
    "a\x00b",
    "a\u2028Bcc: x",
    "a\x85Bcc: x",
    "a\ud800b",
]


@pytest.mark.parametrize("value", VECTORS)
def test_a_line_break_is_refused_wherever_it_hides(value: str) -> None:
    """In a subject, a name, an address or an id, open or inside encoded words."""
    for change in (
        {"subject": value},
        {"sender": Person(value, ALEX.address)},
        {"to": (Person(value, BOB.address),)},
        {"cc": (Person(value, BOB.address),)},
        {"to": (Person("", value),)},
        {"to": (Person("", f"{value}@x.example"),)},
        {"sender": Person("", value)},
        {"message_id": value + " "},
        {"in_reply_to": value + " "},
        {"unsubscribe": value},
    ):
        with pytest.raises(Permanent):
            compose(replace(MAIL, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address",
    [
        *("a)b@c", "x@y <evil@z>", "a,b@c.example", "group: a@b.example;", "<a@b.example>", "a@b.example, c@d.example"),
        *('"a b"@c.example', "a@[127.0.0.1]", "@c.example", "a@", "a b@c.example", "a@c.example\n", "", "a@b@c"),
        *("(c)a@b.example", "=?utf-8?q?a?=@b.example", "a\x85b@c.example"),
    ],
)
def test_an_address_that_two_readers_could_read_in_two_ways_is_refused(address: str) -> None:
    """Only a plain address is mailed."""
    with pytest.raises(Permanent):
        compose(replace(MAIL, to=(Person("Bob", address),)))
    with pytest.raises(Permanent):
        compose(replace(MAIL, cc=(Person("Bob", address),)))


@pytest.mark.parametrize(
    "name",
    [
        *("evil@z.example", "B, eve@evil.example", 'Bob" <eve@evil.example>, "', "a\\", "(Bob)", "B <e@evil.example>"),
        *("Dr. Bob", "Jörg Müller", "Bob =?x", "山田太郎", "x" * 300, "ä" * 300, "Bob;", "group: x", "O'Brien"),
        *("=?utf-8?q?Bob?=", "=?utf-8?q?Bob=20=3Ceve=40evil.example=3E?="),
    ],
)
def test_no_name_can_become_an_address(name: str) -> None:
    """Whatever somebody calls himself, the mail goes to his address alone."""
    data = compose(replace(MAIL, to=(Person(name, BOB.address),), cc=()))
    (to,) = read(data).to
    assert to.address == BOB.address
    assert dict(fields(data))["To"].count(BOB.address) == 1
    if len(name) < 200 and '"' not in name and "=?" not in name:
        assert to.name == message.clean_name(name)


def test_ids_are_never_encoded_or_folded_inside() -> None:
    """An Outlook id of more than 80 characters stands whole on its line; so does one of 900."""
    huge = "x" * 880 + "@y.example"
    for one in (OUTLOOK, huge):
        data = compose(replace(MAIL, in_reply_to=one, references=(f"1{OUTLOOK}", one)))
        assert f"In-Reply-To: <{one}>\r\nReferences: <1{OUTLOOK}>\r\n <{one}>\r\n".encode() in data
        assert read(data).in_reply_to == (one,)
        assert read(data).references == (f"1{OUTLOOK}", one)


def test_a_long_thread_keeps_its_root_and_the_nearest() -> None:
    """So that both old and new clients find it, in a field of bounded length."""
    chain = tuple(f"{n}.{OUTLOOK}" for n in range(500))
    kept = read(compose(replace(MAIL, references=chain, in_reply_to=chain[-1]))).references
    assert kept[0] == chain[0] and kept[1:] == chain[1 - len(kept) :]
    assert len(kept) > 3 and sum(map(len, kept)) <= 900
    short = tuple(f"{n}@x" for n in range(500))
    assert len(read(compose(replace(MAIL, references=short, in_reply_to=short[-1]))).references) == MAX_REFERENCES


def test_the_answered_message_is_always_the_last_reference() -> None:
    """RFC 5322 §3.6.4, whether the caller named it there or not."""
    assert read(compose(replace(MAIL, references=()))).references == ("opening@consult.example",)
    mixed = compose(replace(MAIL, references=("opening@consult.example", "b@c")))
    assert read(mixed).references == ("b@c", "opening@consult.example")


def test_a_broken_reference_is_left_out_and_a_broken_parent_is_told() -> None:
    """Foreign ids are what they are; but without its parent the mail would stand outside its thread."""
    data = compose(replace(MAIL, references=("a b", "ä@x", "<c@d>", "", "e" * 950, "good@x")))
    assert read(data).references == ("good@x", "opening@consult.example")
    with pytest.raises(Permanent, match="cannot be written"):
        compose(replace(MAIL, in_reply_to="a b@c"))


def test_a_new_thread_refers_to_nothing() -> None:
    """No In-Reply-To, no References; and without Cc no Cc."""
    names = [name for name, _ in fields(compose(replace(MAIL, in_reply_to="", references=(), cc=())))]
    content = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"]
    assert names == ["From", "To", "Subject", "Date", "Message-ID", *content]


def test_an_empty_subject_stays_empty() -> None:
    """Re: of nothing is nothing."""
    assert b"\r\nSubject:\r\n" in compose(replace(MAIL, subject=""))


def test_list_unsubscribe_names_the_address_and_this_mail() -> None:
    """RFC 2369: a mail to it, with a subject that says so, and which chase it is about."""
    data = compose(replace(MAIL, unsubscribe="alex+off@consult.example"))
    mailto = f"mailto:alex+off@consult.example?subject=unsubscribe%20{MAIL.message_id}"
    assert f"\r\nList-Unsubscribe: <{mailto}>\r\n".encode() in data


def test_an_international_address_is_written_as_it_is() -> None:
    """RFC 6532; whether the server takes it is asked later."""
    data = compose(replace(MAIL, to=(Person("Jörg", "jörg@büro.example"),)))
    assert "<jörg@büro.example>".encode() in data


def test_html_stands_beside_the_same_text() -> None:
    """multipart/alternative, the plain text first."""
    data = compose(replace(MAIL, text="*Hello* Jörg", html=html_of("*Hello* Jörg")))
    parsed = email.message_from_bytes(data, policy=email.policy.default)
    assert parsed.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert [p.get_content().strip() for p in parsed.iter_parts()] == ["*Hello* Jörg", "<p><em>Hello</em> Jörg</p>"]


@pytest.mark.parametrize(
    "tamper",
    [
        (b"Subject:", b"Bcc: eve@evil.example\r\nSubject:"),
        (b"Subject:", b"X-Mailer: followmail\r\nSubject:"),
        (b"To: Bob", b"To: eve@evil.example, Bob"),
        (b"bob@client", b"rob@client"),
        (b"bob@client", b"Bob@client"),
        (b"Cc: <eve", b"Cc: <eva"),
        (b"alex@consult.example>\r\nTo", b"max@consult.example>\r\nTo"),
        (b"<opening@", b"<0pening@"),
        (b"fm1.", b"fm2."),
        (b"Re: Your", b"Fw: Your"),
        (b"09:30", b"09:31"),
        (b"References: <first@client.example>\r\n", b"References:"),
        (b"note reach", b"vote reach"),
        (b"MIME-Version: 1.0\r\n", b""),
        (b"text/plain", b"text/html"),
        (b"Alex\r\n", b"Alex\n"),
        (b"\r\n\r\nHello", b"\r\nHello"),
        (b"Subject: ", b"Subject: a\rb"),
    ],
)
def test_verify_notices_what_is_not_as_meant(tamper: tuple[bytes, bytes]) -> None:
    """Any one change of header, recipient, id or text."""
    data = compose(MAIL)
    verify(data, MAIL)
    changed = data.replace(*tamper, 1)
    assert changed != data
    with pytest.raises(Permanent):
        verify(changed, MAIL)


@given(st.binary(max_size=400))
def test_verify_refuses_whatever_bytes_without_falling_over(data: bytes) -> None:
    """Permanent is all that it raises."""
    with pytest.raises(Permanent):
        verify(data, MAIL)


def test_a_date_without_a_zone_is_a_fault_of_the_caller() -> None:
    """Times are aware."""
    with pytest.raises(ValueError, match="zone"):
        compose(replace(MAIL, date=datetime(2026, 5, 4, 9, 30)))  # noqa: DTZ001  the fault itself


def test_a_mail_to_nobody_is_refused() -> None:
    """Cc alone is no follow-up."""
    with pytest.raises(Permanent):
        compose(replace(MAIL, to=()))


def test_a_megabyte_is_written_in_no_time() -> None:
    """Neither long lines nor many of them run away."""
    for text in ("x" * 1_000_000, "ä\n" * 300_000, "=?" * 400_000):
        started = time.perf_counter()
        compose(replace(MAIL, text=text, date=datetime(2026, 5, 4, tzinfo=UTC)))
        assert time.perf_counter() - started < 3


def test_markdown_becomes_html_and_tags_stay_text() -> None:
    """What a name or a quoted mail brings is shown, not run."""
    assert html_of("Hi\nthere, **you**") == "<p>Hi<br />\nthere, <strong>you</strong></p>\n"
    html = html_of("<script>x</script> [a](javascript:alert(1)) <b onclick=x>")
    assert "<script" not in html and "<b " not in html and "href" not in html


def test_a_quote_stands_under_its_attribution() -> None:
    """Lines after "> ", deeper quotes deeper, control characters gone, no blank ends."""
    quoted = quote("\r\nHello,\r\n\r\n> before\r\nbye \x0b\r\n\r\n", "On 4 May 2026, Alex wrote:")
    assert quoted == "On 4 May 2026, Alex wrote:\n> Hello,\n>\n>> before\n> bye\n"


@given(anything)
def test_every_quoted_line_is_marked(text: str) -> None:
    """None can pass for newly written."""
    lines = quote(text, "Alex wrote:").splitlines()[1:]
    assert [line for line in lines if not line.startswith(">") and line.strip()] == []
