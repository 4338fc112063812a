"""The whole of reading mail: it answers for any bytes, and does bounded work for each."""

import email
from datetime import date
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followmail.mail.kinds import Kind, Verdict, classify
from followmail.mail.kinds.received import MAX_BODY, Received
from followmail.mail.parse import MAX_BOUNDARIES, MAX_LINES, MAX_NESTED, MAX_PARTS, MAX_RAW, tame

_HEADERS = st.sampled_from(
    [
        b"From: Lena <lena@oak.example>",
        b"From: mailer-daemon@x",
        b"From: a@[",
        b"Subject: =?x?q?=ff?=",
        b"Subject: Automatic reply: x",
        b"Subject: Undeliverable: x",
        b"Date: Mon, 99 Foo 2026",
        b"Date: Mon, 10 Aug 2026 09:00:00 +0000",
        b"Message-ID: <>",
        b"List-Id: <",
        b"Content-Type: multipart/report; boundary=b",
        b"Content-Type: text/html; charset=utf-16",
        b"Content-Type: text/calendar; method=REPLY",
        b"Content-Type: message/delivery-status",
        b"Content-Transfer-Encoding: base64",
        b"Auto-Submitted: auto-replied",
        b"\xff\xfe: \x00",
        b"Return-Path: <>",
        b"X-Failed-Recipients: @",
        b"Content-Type: message/rfc822",
        b'Content-Type: ;;;="',
    ]
)
_LINES = st.sampled_from(
    [
        b"--b",
        b"--b--",
        b"",
        b"Final-Recipient: rfc822; a@b.example",
        b"Status: 5.1.1",
        b"METHOD:REPLY",
        b"back on 4 May",
        b"<p>away",
        b"> quoted",
        b"On Monday A wrote:",
    ]
)
_MAILS = st.one_of(
    st.binary(max_size=2000),
    st.tuples(st.lists(_HEADERS, max_size=8), st.lists(st.one_of(_LINES, st.binary(max_size=80)), max_size=25)).map(
        lambda t: b"\n".join(t[0]) + b"\n\n" + b"\n".join(t[1])
    ),
)


@settings(deadline=None)  # the word tables load at the first mail
@given(_MAILS, st.one_of(st.none(), st.dates()))
def test_any_bytes_have_a_verdict(raw: bytes, on: date | None) -> None:
    """Foreign input never raises; the verdict keeps its own promises."""
    verdict = classify(raw, on)
    assert isinstance(verdict, Verdict)
    assert all(a == a.lower() and "@" in a for a in verdict.failed_recipients)
    assert (verdict.calendar is not None) == (verdict.kind is Kind.CALENDAR)
    assert verdict.return_date is None or verdict.kind is Kind.OUT_OF_OFFICE
    assert not any(c in i for i in verdict.original_ids for c in "<> ")


@settings(deadline=None)
@given(_MAILS)
def test_the_same_bytes_have_the_same_verdict(raw: bytes) -> None:
    """Reading mail is a pure function."""
    assert classify(raw) == classify(raw)


def test_a_mail_without_a_date_is_of_the_day_it_is_said_to_be() -> None:
    """Days without a year are counted from there."""
    raw = b"Subject: Automatic reply: x\nAuto-Submitted: auto-replied\n\nI am out of the office until 4 May."
    assert classify(raw, date(2026, 4, 20)).return_date == date(2026, 5, 4)
    assert classify(raw).return_date is None


_CHARSETS = "idna punycode undefined utf-16 utf-7 unicode_escape rot13 zlib x-none utf-8\xff ' \" \0 ../x".split(" ")
_BODIES = (
    "Content-Type: text/plain; charset={0}\n\n",
    "Content-Type: text/html; charset={0}\nContent-Transfer-Encoding: 8bit\n\n",
    "Content-Type: text/plain; charset*={0}''%ff\nContent-Transfer-Encoding: base64\n\n",
    "Content-Type: message/delivery-status; charset={0}\n\nX: y\nContent-Type: text/plain; charset={0}\n\n",
    "Content-Type: multipart/mixed; boundary=b; charset={0}\n\n--b\nContent-Type: text/plain; charset={0}\n\n",
    "Content-Type: application/x; name*={0}''%ff.ics\n\n",
    "From: =?{0}?q?=ff?= <postmaster@x.example>\nSubject: Undeliverable =?{0}?b?//4=?=\n"
    "Content-Type: text/plain; charset={0}\n\nyour message could not be delivered\n",
)


@pytest.mark.parametrize("charset", _CHARSETS)
@pytest.mark.parametrize("body", _BODIES)
def test_a_charset_that_is_none_never_raises(charset: str, body: str, caplog: pytest.LogCaptureFixture) -> None:
    """Some that Python knows are no text at all, and raise on it; nor is there a traceback of a library in the log."""
    raw = body.format(charset).encode("latin-1") + "Hällo “you” \xff\n".encode()
    assert isinstance(classify(raw, date(2026, 8, 10)), Verdict)
    assert not caplog.records


def _parts(message: Message) -> int:
    return sum(1 for _ in message.walk())


MEGABYTE = 1_000_000
WORST = {
    "line breaks": b"Subject: x\n\n" + b"\n" * MEGABYTE,
    "headers": b"a: b\n" * (MEGABYTE // 5),
    "one header": b"Subject: " + b"x" * MEGABYTE,
    "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * (MEGABYTE // 14),
    "parts": b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\n" * (MEGABYTE // 5),
    "blocks of a report": b"Content-Type: message/delivery-status\n\n" + b"\n" * MEGABYTE,
    "fields of a report": b"Content-Type: message/delivery-status\r\n\r\n" + b"a: b\r\n\r\n" * (MEGABYTE // 8),
    "nested parts": b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (i, i) for i in range(15_000)),
    "nested messages": b"Content-Type: message/rfc822\n\n" * (MEGABYTE // 30),
    "parameters": b"Content-Type: text/plain; " + b"a=b;" * (MEGABYTE // 4) + b"\n\nx",
    "comments in an address": b"From: " + b"(" * MEGABYTE + b"\n\nx",
    "recipients": b"To: " + b"a@b.example, " * (MEGABYTE // 13) + b"\n\nx",
    "letters": b"Subject: Re: x\n\n" + b"a" * MEGABYTE,
    "dates": b"Auto-Submitted: auto-replied\n\n" + b"back on 4 May " * (MEGABYTE // 14),
    "failed recipients": b"From: mailer-daemon@x.example\nSubject: Undeliverable\n\n"
    + b"Final-Recipient: rfc822; a@b.example\n\n" * 27_000,
    "addresses": b"From: mailer-daemon@x.example\nSubject: Undeliverable\n\n" + b"a@b.example " * (MEGABYTE // 12),
    "dots": b"From: mailer-daemon@x.example\nSubject: Undeliverable: mailbox full\n\n" + b"a." * (MEGABYTE // 2),
    "attendees": b"Content-Type: text/calendar; method=REPLY\n\nMETHOD:REPLY\n" + b"ATTENDEE;X=Y;" * (MEGABYTE // 13),
    "zeros": b"\0" * MEGABYTE,
}


@pytest.mark.parametrize("raw", WORST.values(), ids=WORST)
def test_a_megabyte_of_anything_is_bounded(raw: bytes) -> None:
    """Not more is looked at than a person would read, whatever comes in."""
    tamed = tame(raw)
    assert len(tamed) <= MAX_RAW
    assert tamed.count(b"\n") <= MAX_LINES
    assert _parts(email.message_from_bytes(tamed)) <= 2 * MAX_BOUNDARIES + MAX_NESTED
    mail = Received(raw)
    assert len(mail.parts) <= MAX_PARTS
    assert len(mail.body) <= MAX_BODY
    assert isinstance(classify(raw), Verdict)
