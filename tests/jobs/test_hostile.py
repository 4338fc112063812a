"""Mail made to do harm: it changes nothing that it must not, stops nothing, and the next good mail is still worked."""

from collections.abc import Callable
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import format_datetime

import pytest

from followmail.mail import msgid
from followmail.sequence.steps import State
from tests.servers.smtp import Smtpd
from tests.world import ALEX, ANN, BOB, PROPOSAL, Mail, World, days

BOBS = "bob@bob.example"
EVE = "Eve <eve@evil.example>"
MANY = b"<r%d@evil.example>"
Sending = Callable[..., World]


def raw(world: World, headers: bytes, body: bytes = b"Hello\r\n", sender: bytes = EVE.encode()) -> bytes:
    """A mail with these headers, dated now."""
    date = format_datetime(world.now).encode()
    basics = b"From: " + sender + b"\r\nTo: alex@consult.example\r\nDate: " + date + b"\r\n"
    return basics + headers + b"\r\n\r\n" + body


HOSTILE: dict[str, Callable[[World], bytes]] = {
    "nothing at all": lambda w: b"\r\n",
    "no headers": lambda w: b"\r\nJust text, and a question?\r\n",
    "no line end": lambda w: b"From",
    "a header that never ends": lambda w: raw(w, b"Subject: " + b"x" * 600_000),
    "ten thousand header lines": lambda w: raw(w, b"\r\n".join(b"X-%d: y" % n for n in range(10_000))),
    "a folded header of a megabyte": lambda w: raw(w, b"Subject: a\r\n" + b" b\r\n" * 250_000 + b"X: y"),
    "five thousand references": lambda w: raw(w, b"References: " + b"\r\n ".join(MANY % n for n in range(5000))),
    "five thousand recipients": lambda w: raw(w, b"Cc: " + b",\r\n ".join(MANY % n for n in range(5000))),
    "an id with a line end": lambda w: raw(w, b"Message-ID: <a\r\n b@evil.example>\r\nIn-Reply-To: <x\r\n\ty@z>"),
    "an id with a command": lambda w: raw(
        w, b'Message-ID: <a"\\ DELETE INBOX@evil.example>\r\nIn-Reply-To: <"\r\n A1 CREATE Owned\r\n@x>'
    ),
    "an id of 8-bit bytes": lambda w: raw(w, b"Message-ID: <\xff\xfe\x80@evil.example>\r\nReferences: <\xc3\x28@x>"),
    "an id of two kilobytes": lambda w: raw(w, b"Message-ID: <" + b"i" * 2000 + b"@evil.example>"),
    "an empty id": lambda w: raw(w, b"Message-ID: <>\r\nIn-Reply-To: <>\r\nReferences: <[abc@x> <<>> ><"),
    "an encoded line end in the subject": lambda w: raw(w, b"Subject: =?utf-8?q?Hi=0D=0ABcc:_all@evil.example?="),
    "NUL bytes": lambda w: raw(w, b"Subject: a\0b\r\nMessage-ID: <n\0n@evil.example>\r\nX-\0: \0", b"a\0b\r\n" * 100),
    "control characters": lambda w: raw(w, b"Subject: a\x1b[2J\x07\x08\x7f\r\nMessage-ID: <\x01\x1b@evil.example>"),
    "surrogates": lambda w: raw(w, b"Subject: =?utf-8?q?=ED=A0=80=ED=B0=80?= =?utf-16?b?2AA=?="),
    "UTF-7": lambda w: raw(w, b"Subject: =?utf-7?q?+2AA-+ADwAcwBjAHIAaQBwAHQAPg-?="),
    "an unknown charset": lambda w: raw(w, b"Subject: =?x-klingon?b?AAAA?= =?utf-8?b?AAA?= =?utf-8?q?=FF=FE?="),
    "a codec that is no charset": lambda w: raw(w, b"Subject: =?zlib?b?eJwLAAAAAA==?= =?idna?q?xn--?= =?rot13?q?abc?="),
    "template text": lambda w: raw(w, b"Subject: {{ me.__class__ }} {% for x in range(10**9) %}x{% endfor %}"),
    "groups and comments in From": lambda w: raw(w, b"Subject: Hi", sender=b"a(b)c: x@y <evil@z>;, (((" + b"(" * 5000),
    "Alex in From": lambda w: raw(w, b"Subject: Transfer", sender=b"Alex Consultant <alex@consult.example>"),
    "a date of the year 0": lambda w: b"From: e@evil.example\r\nDate: Mon, 1 Jan 0000 00:00:00 +9999\r\n\r\nx\r\n",
    "a date of the year 99999": lambda w: b"From: e@evil.example\r\nDate: Mon, 1 Jan 99999 00:00:00 +0000\r\n\r\nx\r\n",
    "a body of nested parts": lambda w: raw(
        w, b'Subject: Deep\r\nContent-Type: multipart/mixed; boundary="0"',
        b"".join(b'--%d\r\nContent-Type: multipart/mixed; boundary="%d"\r\n\r\n' % (n, n + 1) for n in range(2000)),
    ),
    "a body of quotes": lambda w: raw(w, b"Subject: Quotes", b">" * 300_000 + b"\r\n" + b"> " * 100_000),
    "a calendar part of rubbish": lambda w: raw(
        w, b"Subject: Meet\r\nContent-Type: text/calendar; method=REQUEST", b"BEGIN:VCALENDAR\r\n" * 5000
    ),
    "a report of rubbish": lambda w: raw(
        w, b"Subject: Undelivered\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b",
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822;\r\nStatus: 5.1.1\r\n" * 2000,
        b"MAILER-DAEMON@evil.example",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_it_stops_nothing_and_the_next_good_mail_is_worked(world: World, name: str) -> None:
    """Between a proposal and its answer lies a mail of Eve's: the chase lives through it and ends by the answer."""
    world.round()
    mail = world.writes(BOB)
    world.round()
    world.raw_arrives(HOSTILE[name](world))
    report = world.round()
    assert report.faults == ()
    world.rounds_over(40)
    assert world.of(BOBS).state is State.ACTIVE, world.of(BOBS).why
    assert len(world.enrollments()) == 1
    assert not any(line.startswith("set-aside") for line in world.events("") + world.events("eve@evil.example"))
    world.days_pass(4)
    world.round()
    assert len(world.drafts()) == 1
    world.gets(BOB, answers=mail)
    world.round()
    assert world.states() == {BOBS: "replied"}
    assert world.mailbox.folders() == {"INBOX", "Sent", "Drafts", "Trash", "Junk"}


@pytest.mark.parametrize("name", HOSTILE)
def test_in_sent_it_stops_nothing_either(world: World, name: str) -> None:
    """The same bytes where Alex's own mail lies; he is not enrolled by them into anything odd."""
    world.round()
    world.raw_arrives(HOSTILE[name](world).replace(EVE.encode(), ALEX.encode()), "Sent")
    world.writes(BOB)
    assert world.round().faults == ()
    world.days_pass(4)
    world.rounds_over(20)
    assert [d["To"] for d in world.drafts()] == [BOB]


def test_all_of_it_at_once(world: World) -> None:
    """A folder full of it, read in one look, and once more after the folder was rebuilt."""
    world.round()
    world.writes(BOB)
    for make in HOSTILE.values():
        world.raw_arrives(make(world))
        world.raw_arrives(make(world), "Junk")
    report = world.round()
    assert report.faults == ()
    before = [(e.address, e.state) for e in world.enrollments()]
    world.mailbox.wipe_indexes()
    assert world.round().faults == ()
    assert [(e.address, e.state) for e in world.enrollments()] == before == [(BOBS, State.ACTIVE)]


# ---- what may be asked of a server


def test_no_text_of_a_mail_becomes_a_command(world: World) -> None:
    """Ids, addresses and subjects with line ends and quotes, in mails about which followmail asks the server."""
    world.mailbox.record()
    world.round()
    evil = (
        b'"a\\"b\r\n A1 CREATE Owned"@evil.example',
        b"a@evil.example\r\n A1 DELETE INBOX",
        b"=?utf-8?q?x=0D=0AA1_CREATE_Owned?= <b@evil.example>",
        b'"A1 CREATE Owned" <c@evil.example>',
        b"d{5+}@evil.example",
    )
    for number, person in enumerate(evil):
        ids = b"Message-ID: <e%d\r\n CREATE@x>\r\nIn-Reply-To: <p%d\r\n\tA1 CREATE Owned@x>\r\nReferences: <q%d {3}>"
        world.raw_arrives(raw(world, ids % (number, number, number), sender=person))
        world.raw_arrives(raw(world, b"Subject: Hi?\r\nTo: " + person, PROPOSAL.encode(), ALEX.encode()), "Sent")
    world.rounds_over(20)
    world.days_pass(4)
    world.rounds_over(20)
    verbs = {line.split()[1].upper() for line in world.mailbox.said() if len(line.split()) > 1}
    assert not {"CREATE", "DELETE", "RENAME", "SETACL"} & verbs
    assert "Owned" not in "".join(world.mailbox.folders())


# ---- what becomes of it in our own mail


@pytest.mark.parametrize(
    "subject",
    [
        "{{ me.address }} {% raw %} {# x #}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "=?utf-8?q?Offer=0D=0ABcc:_all@evil.example=0D=0A=0D=0AHello?=",
        "=?utf-8?q?Offer=00=0B=E2=80=A8=E2=80=AE?=",
        "Offer\t\twith   blanks, a = and a ?= and a =?",
        "x" * 3000,
    ],
)
def test_a_subject_is_data(world: World, sending: Sending, smtpd: Smtpd, subject: str) -> None:
    """Template text stays text, an encoded line end makes no header: one To, no Bcc, one body."""
    sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += days(0.01)
    head = f"Subject: {subject}\r\nMessage-ID: <s@consult.example>\r\n".encode()
    mine = raw(world, head, PROPOSAL.replace("\n", "\r\n").encode(), ALEX.encode())
    world.raw_arrives(mine.replace(b"To: alex@consult.example", b"To: " + BOB.encode()), "Sent")
    world.round()
    world.days_pass(4, hour=12)
    world.rounds_over(10)
    for mail in smtpd.delivered:
        sent = message_from_bytes(mail.data)
        assert mail.recipients == (BOBS,)
        assert sent.get_all("To") == [BOB]
        assert (sent["Bcc"], sent["Cc"]) == (None, None)
        shown = str(make_header(decode_header(sent["Subject"].replace("\r\n", ""))))
        assert shown.isprintable()
        if "{" in subject:
            assert subject in shown
    assert len(smtpd.delivered) == 1 or world.plan()[0]["why"]


@pytest.mark.parametrize(
    "name",
    [
        "{{ me.address }}",
        "{% include '/etc/passwd' %}",
        "=?utf-8?q?Bob=0D=0ABcc=3A_x=40evil.example?=",
        "Bob, Jr. <x@evil.example>",
    ],
)
def test_a_name_is_data(world: World, name: str) -> None:
    """Bob's display name says what it likes: the draft goes to Bob, and its text shows no address of Alex's."""
    world.round()
    quoted = name if name.startswith("=?") else '"' + name.replace('"', "") + '"'
    text = PROPOSAL.replace("Hello,", "Hi!").encode()
    mine = raw(world, b"Subject: Offer\r\nMessage-ID: <n@consult.example>", text, ALEX.encode())
    world.raw_arrives(mine.replace(b"To: alex@consult.example", f"To: {quoted} <{BOBS}>".encode()), "Sent")
    world.round()
    world.days_pass(4)
    world.round()
    for draft in world.drafts():
        assert BOBS in draft["To"]
        assert (draft["Bcc"], draft["Cc"]) == (None, None)
        body = draft.get_payload(decode=True)
        assert isinstance(body, bytes)
        assert b"root:" not in body
        assert b"alex@consult.example" not in body.partition(b"wrote:")[0]
    assert len(world.drafts()) == 1 or world.plan()[0]["why"]


def test_the_quoted_text_is_data(world: World) -> None:
    """Alex's own words are quoted as they are, braces and all."""
    world.round()
    world.writes(BOB, text="Hello,\n\nwould {{ 7 * 7 }} or {% if %} suit you?\n\nAlex")
    world.round()
    world.days_pass(4)
    world.round()
    (draft,) = world.drafts()
    body = draft.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert b"> would {{ 7 * 7 }} or {% if %} suit you?" in body


# ---- who is who


def test_two_people_with_one_message_id_stay_two(world: World) -> None:
    """A broken program uses the id of Bob's answer for Eve's mail, and the other way round."""
    world.round()
    bob = world.writes(BOB)
    ann = world.writes(ANN, "Backups")
    world.round()
    world.gets(EVE, "Hello", "Buy my pills.", Message_ID="<1@localhost>")
    world.round()
    assert set(world.states().values()) == {"active"}
    world.gets(BOB, answers=bob, Message_ID="<1@localhost>")
    world.round()
    assert world.states() == {BOBS: "replied", "ann@ann.example": "active"}
    world.gets(ANN, "Re: Backups", answers=ann, Message_ID="<1@localhost>")
    world.round()
    assert world.states() == {BOBS: "replied", "ann@ann.example": "replied"}


def test_a_mail_that_steals_the_id_of_alexs_proposal_hides_no_answer(world: World) -> None:
    """It came first (a list that rewrites From, or somebody who means harm): Alex's mail is still Alex's."""
    world.round()
    thief = Mail("<stolen@consult.example>", b"", "INBOX", 1)
    world.gets(EVE, "Something else", "Buy my pills.", Message_ID=thief.id)
    mail = world.writes(BOB, Message_ID=thief.id)
    world.round()
    assert world.states() == {BOBS: "active"}
    world.gets("Assistant <a@other.example>", "Re: Proposal", "Yes, go ahead.", answers=mail)
    world.round()
    assert world.states() == {BOBS: "replied"}


def test_a_forged_copy_of_alexs_proposal_changes_no_recipient(world: World) -> None:
    """Somebody sends Alex his own mail back, same From and Message-ID, with another To: the copy in Sent counts."""
    world.round()
    mail = Mail("<mine@consult.example>", b"", "INBOX", 1)
    world.gets(ALEX, "Proposal", "Shall we?", to=EVE, Message_ID=mail.id)
    world.writes(BOB, Message_ID=mail.id)
    world.round()
    assert world.states() == {BOBS: "active"}
    world.days_pass(4)
    world.round()
    assert [d["To"] for d in world.drafts()] == [BOB]


def test_a_forged_mail_of_our_form_counts_nothing(world: World) -> None:
    """An id of our form in INBOX, or under another's name, is no step that has left."""
    world.round()
    opening = world.writes(BOB)
    world.round()
    sequence = world.office.templates.library.sequences["nudge"]
    step, me = sequence.steps[0].name, "alex@consult.example"
    forged = msgid.mint(me, opening.id.strip("<>"), "nudge", step, me)
    world.gets(EVE, "Hi", "I am not you.", Message_ID=f"<{forged}>")
    world.gets(ALEX, "Hi", "Nor am I.", Message_ID=f"<{forged}>")
    world.round()
    assert world.of(BOBS).done == frozenset()
    world.days_pass(4)
    world.round()
    assert len(world.drafts()) == 1


def test_alex_in_from_of_a_received_mail_is_no_word_of_his(world: World) -> None:
    """A forged sender enrolls nobody, switches nothing off, moves no anchor, and answers no digest."""
    world.round()
    mail = world.writes(BOB)
    world.round()
    due = world.plan()[0]["due"]
    for folder in ("INBOX", "Junk"):
        off = f"{BOB}, alex+off@consult.example"
        world.gets(ALEX, "Re: Proposal", "Any news?", answers=mail, to=off, folder=folder)
        world.gets(ALEX, "Hi", "Shall we?", to=f"{EVE}, alex+nudge@consult.example", folder=folder)
        world.gets(ALEX, "Re: followmail", "ok all\nstop 1\n", folder=folder)
    world.rounds_over(20)
    assert [e.address for e in world.enrollments()] == [BOBS]
    assert world.plan()[0]["due"] == due
    assert world.of(BOBS).state is State.ACTIVE


def test_a_forged_bounce_needs_an_id_of_ours_or_a_recipient(world: World) -> None:
    """Backscatter about strangers does nothing."""
    world.round()
    world.writes(BOB)
    world.round()
    body = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nno such user\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; stranger@strange.example\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <no@where>\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    )
    head = b"Subject: Undelivered\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b"
    world.raw_arrives(raw(world, head, body, b"MAILER-DAEMON@evil.example"))
    world.round()
    assert world.states() == {BOBS: "active"}
    assert world.office.store.suppressions.lines() == ()
