"""The shapes in which an answer comes, and what looks like one: each against a real mailbox, with what SPEC owes it.

Alex's proposal left on Monday, 4 May 2026. On Tuesday the mail of the row comes in; on Friday a nudge would be due.
A row is a whole mail: `@ID@` is the proposal's Message-ID, `@DATE@` the moment of the test.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecots
from tests.world import BERLIN, BOB, Mail, World

YES = "Yes, let us do that. When could you begin?"
CFO = "Carl Funds <carl.funds@bob.example>"
PRIVATE = "Bob Builder <bob.private@gmail.com>"
THREAD = {"In-Reply-To": "@ID@", "References": "@ID@"}


@dataclass(frozen=True)
class Shape:
    """One mail and what follows from it. `why` is a part of what `prospects` says."""

    sentence: str
    state: str
    raw: bytes
    folder: str = "INBOX"
    until: date | None = None
    why: str = ""

    def __str__(self) -> str:
        return self.sentence


def mail(text: str | bytes = YES, thread: bool = True, **headers: str | bytes | None) -> bytes:
    """A mail of Bob's as it arrives; header names with `_` for `-`, None takes one away."""
    fields: dict[str, str | bytes | None] = {
        "Received": "from mx.bob.example by mail.consult.example; Tue, 5 May 2026 08:00:00 +0000",
        "From": BOB,
        "To": "Alex Consultant <alex@consult.example>",
        "Subject": "Re: Proposal",
        "Date": "@DATE@",
        "Message-ID": "<answer.1@bob.example>",
        **(THREAD if thread else {}),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = b"".join(name.encode() + b": " + _bytes(value) + b"\r\n" for name, value in fields.items() if value is not None)
    return head + b"\r\n" + _bytes(text).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def multipart(kind: str, *parts: str, **headers: str | bytes | None) -> bytes:
    """A mail of several parts, each with its own header."""
    body = "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"
    return mail(body, **{"Content_Type": f'multipart/{kind}; boundary="b"', **headers})


def plain(text: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\n\n{text}"


def fresh(text: str = YES, **headers: str | bytes | None) -> bytes:
    """A mail that refers to nothing."""
    return mail(text, thread=False, **headers)


def calendar(method: str, partstat: str = "", **headers: str | bytes | None) -> bytes:
    """An iTIP message (RFC 6047) that refers to nothing."""
    attendee = f"ATTENDEE;PARTSTAT={partstat}:mailto:bob@bob.example\n" if partstat else ""
    return fresh(
        f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:{method}\nBEGIN:VEVENT\nUID:1@consult.example\nDTSTART:20260512T090000Z\n"
        f"ORGANIZER:mailto:alex@consult.example\n{attendee}SUMMARY:Call\nEND:VEVENT\nEND:VCALENDAR",
        **{"Content_Type": f"text/calendar; method={method}; charset=utf-8", "Subject": "Call", **headers},
    )


def report(status: str, said: str, action: str = "failed", to: str = "bob@bob.example", original: str = "@ID@") -> bytes:
    """A delivery report (RFC 3464), which refers to nothing; our id stands inside."""
    return multipart(
        "report", plain(f"<{to}>: {said}"),
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.bob.example\n\nFinal-Recipient: rfc822; {to}\n"
        f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n",
        f"Content-Type: text/rfc822-headers\n\nFrom: alex@consult.example\nTo: {to}\nMessage-ID: {original}\nSubject: Proposal\n",
        Content_Type='multipart/report; report-type=delivery-status; boundary="b"', thread=False, Return_Path="<>",
        From="Mail Delivery System <MAILER-DAEMON@mx.bob.example>", Subject="Undelivered Mail Returned to Sender",
        Message_ID="<report.1@mx.bob.example>",
    )  # fmt: skip


OUTLOOK = "\n\n________________________________\nFrom: Alex Consultant <alex@consult.example>\nSent: Monday, 4 May 2026 10:00\nTo: Bob Builder <bob@bob.example>\nSubject: Proposal\n\nattached is the proposal. I am out of office on Friday.\nTo unsubscribe, reply stop.\n"
QUOTE = "On Mon, 4 May 2026 at 10:00, Alex Consultant <alex@consult.example> wrote:\n> attached is the proposal.\n> What do you think of it?\n"
HTML = "<html><body><div>Yes, let us do that.</div><blockquote type='cite'>I am out of office. Unsubscribe.</blockquote></body></html>"
WINMAIL = "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+IgAAAAA="
PDF = "Content-Type: application/pdf; name=signed.pdf\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment\n\nJVBERi0xLjQK"
REACTION = 'Content-Type: text/vnd.google.email-reaction+json; charset=utf-8\n\n{"emoji": "\N{THUMBS UP SIGN}", "version": 1}'

ANSWERS = (
    # ---- in the thread, whatever the headers
    Shape("in the thread", "replied", mail()),
    Shape("References alone", "replied", mail(In_Reply_To=None)),
    Shape("In-Reply-To alone", "replied", mail(References=None)),
    Shape("In-Reply-To with words around the id", "replied", mail(In_Reply_To='Your message of "Mon, 4 May" @ID@', References=None)),
    Shape("References folded and among others", "replied", mail(In_Reply_To=None, References="<a@x.example>\r\n\t@ID@\r\n <b@x.example>")),
    Shape("no Message-ID", "replied", mail(Message_ID=None)),
    Shape("the Message-ID of the mail it answers", "replied", mail(Message_ID="@ID@")),
    Shape("a date of last year", "replied", mail(Date="Mon, 5 May 2025 10:00:00 +0200")),
    Shape("a date of ten years on", "replied", mail(Date="Tue, 5 May 2036 10:00:00 +0200")),
    Shape("no date", "replied", mail(Date=None)),
    Shape("a date that is none", "replied", mail(Date="yesterday, about noon")),
    Shape("raw Latin-1 headers", "replied", mail(From=b"B\xf6b B\xfcilder <bob@bob.example>", Subject=b"R\xe9: Proposal")),
    Shape("no From", "replied", mail(From=None)),
    Shape("an encoded name in an unknown charset", "replied", mail(From="=?x-none?Q?B=F6b?= <bob@bob.example>")),
    Shape("another subject in the thread", "replied", mail(Subject="Something else altogether")),
    Shape("another address of his, in the thread", "replied", mail(From=PRIVATE)),
    Shape("his assistant, in the thread", "replied", mail("Bob would like to see you on Thursday.", From="Ida Holm <ida@office.example>")),
    # ---- whatever the body
    Shape("from a phone", "replied", mail("Yes, let us do that.\n\nSent from my iPhone")),
    Shape("HTML only", "replied", mail(HTML, Content_Type="text/html; charset=utf-8")),
    Shape("base64", "replied", mail(base64.encodebytes(YES.encode()), Content_Transfer_Encoding="base64")),
    Shape("quoted-printable Latin-1", "replied", mail(
        "Gr=FC=DFe, gern am Donnerstag.", Content_Type="text/plain; charset=iso-8859-1", Content_Transfer_Encoding="quoted-printable"
    )),
    Shape("a charset that is none", "replied", mail(b"Sch\xf6n, das machen wir.", Content_Type="text/plain; charset=none")),
    Shape("an empty text part beside HTML", "replied", multipart("alternative", plain(""), f"Content-Type: text/html\n\n{HTML}")),
    Shape("written above an Outlook quote", "replied", mail(YES + OUTLOOK)),
    Shape("written below the quote", "replied", mail(QUOTE + "\n" + YES)),
    Shape("written between the lines", "replied", mail(
        "On Mon, 4 May 2026, Alex wrote:\n> attached is the proposal.\nThank you, it came.\n> What do you think of it?\nWe take it.\n> unsubscribe"
    )),
    Shape("signed", "replied", multipart("signed", plain(YES), "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----")),
    Shape("encrypted", "replied", multipart(
        "encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1", "Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----"
    )),
    Shape("winmail.dat alone", "replied", multipart("mixed", WINMAIL)),
    Shape("the signed contract alone", "replied", multipart("mixed", PDF)),
    Shape("nothing typed at all", "replied", mail("")),
    Shape("a no", "replied", mail("No thanks, we have a supplier.")),
    Shape("named another person", "replied", mail("I am not the right person for this. Please contact meier@bob.example.")),
    Shape("a wish to be left alone", "unsubscribed", mail("Please remove me from your list.")),
    # ---- what mail systems add to a person's answer
    Shape("Precedence: bulk on a person's mail", "replied", mail(Precedence="bulk")),
    Shape("X-Auto-Response-Suppress on a person's mail", "replied", mail(X_Auto_Response_Suppress="All")),
    Shape("through a group's list", "replied", mail(List_Id="<office.bob.example>", Subject="[Office] Re: Proposal")),
    Shape("typed into a ticket system", "replied", mail(
        "Hi Alex,\n\nwe would like to go ahead. Can you send the contract?\n\nAnna", From="Bob Support <support@bob.example>",
        Subject="[Ticket #48151] Re: Proposal",
    )),
    # ---- wherever it lies
    Shape("filed by a rule", "replied", mail(), "Clients/Bob"),
    Shape("taken for spam", "replied", mail(), "Junk"),
    Shape("read and deleted", "replied", mail(), "Trash"),
    Shape("archived", "replied", mail(), "Archive"),
    # ---- calendars
    Shape("an accepted invitation", "replied", calendar("REPLY", "ACCEPTED", Subject="Accepted: Call")),
    Shape("a counter-proposal of a time", "replied", calendar("COUNTER", "TENTATIVE", Subject="New Time Proposed: Call")),
    Shape("an invitation of his own", "replied", calendar("REQUEST", Subject="Call about the proposal")),
    # ---- without references: perhaps an answer, so the consultant is asked
    Shape("references stripped", "waiting", fresh(), why="Bob Builder wrote about 'Proposal' on 5 May"),
    Shape("'AW:', references stripped", "waiting", fresh("Ja, gerne.", Subject="AW: Proposal"), why="wrote about 'Proposal'"),
    Shape("'Antwort:' from elsewhere", "waiting", fresh("Ja.", Subject="Antwort: Proposal", From=PRIVATE), why="perhaps an answer"),
    Shape("'[EXTERNAL] Re:' from elsewhere", "waiting", fresh(Subject="[EXTERNAL] RE: Proposal", From=PRIVATE), why="'Proposal'"),
    Shape("an answer to an id that nobody knows", "waiting", mail(
        From=PRIVATE, In_Reply_To="<rewritten@relay.example>", References="<rewritten@relay.example>"
    ), why="perhaps an answer"),
    Shape("a fresh mail without a subject", "waiting", fresh("Call me, please.", Subject=None), why="Bob Builder wrote on 5 May"),
    Shape("a fresh mail of the firm's", "waiting", fresh("We would like to go ahead.", From=CFO, Subject="Backups"), why="Carl Funds wrote about 'Backups'"),
    Shape("a fresh mail of his with a tag", "waiting", fresh(From="bob+mail@bob.example", Subject="Backups"), why="wrote about 'Backups'"),
    Shape("a fresh mail from a subdomain", "waiting", fresh(From="bob@mail.bob.example", Subject="Backups"), why="wrote about 'Backups'"),
)  # fmt: skip

AWAY = {"Auto_Submitted": "auto-replied", "Subject": "Automatic reply: Proposal"}
NO_ENDS = (
    # ---- people, but no answer to this
    Shape("an acknowledgement", "paused", mail("Thanks Alex, will look at it."), until=date(2026, 5, 19), why="will come back"),
    Shape("an emoji reaction", "paused", multipart("alternative", plain("\N{THUMBS UP SIGN}"), REACTION), until=date(2026, 5, 19)),
    Shape("a promise", "paused", mail("I'll get back to you next week."), until=date(2026, 5, 18), why="will come back"),
    Shape("put off", "paused", mail("Not now. Please contact me again in September."), until=date(2026, 9, 1), why="put it off"),
    Shape("a call cancelled", "paused", calendar("CANCEL", Subject="Canceled: Call"), until=date(2026, 5, 8), why="declined or cancelled"),
    Shape("a call declined", "paused", calendar("REPLY", "DECLINED", Subject="Declined: Call"), until=date(2026, 5, 8)),
    Shape("a colleague in the thread", "waiting", mail("Dear Bob, I can help.", From="Pat <pat@consult.example>"), why="your colleague Pat wrote"),
    # ---- away, with and without a day
    Shape("away until the 14th", "paused", fresh("I am out of office until 14 May.", **AWAY), until=date(2026, 5, 15), why="is away until 14 May"),
    Shape("away without a day", "paused", fresh("I am out of office and cannot read my mail.", **AWAY), until=date(2026, 5, 12), why="is away"),
    Shape("away, with an empty path", "paused", fresh("I am out of office until 14 May.", Return_Path="<>", **AWAY), until=date(2026, 5, 15)),
    # ---- machines
    Shape("a ticket opened", "active", mail(
        "Thank you for contacting us. We have received your request. Your ticket number is 48151.",
        From="Bob Support <support@bob.example>", Subject="[Ticket #48151] Proposal", Auto_Submitted="auto-generated",
    )),
    Shape("a newsletter of the firm", "active", fresh(
        "Great offers.\n\nUnsubscribe: https://bob.example/u", From="Bob & Sons <news@bob.example>", Subject="News in May",
        List_Id="<news.bob.example>", List_Unsubscribe="<https://bob.example/u>",
    )),
    Shape("a post of his to a list", "active", fresh(
        "Has anybody seen this?", To="devel@lists.example", Subject="[devel] Backups", List_Id="<devel.lists.example>",
        List_Post="<mailto:devel@lists.example>",
    )),
    Shape("a read receipt", "active", multipart(
        "report", plain("Your message was read."),
        "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; bob@bob.example\n"
        "Original-Message-ID: @ID@\nDisposition: manual-action/MDN-sent-manually; displayed\n",
        Content_Type='multipart/report; report-type=disposition-notification; boundary="b"', Subject="Read: Proposal",
    )),
    Shape("a notification about him", "active", fresh(
        "Bob Builder accepted your invitation.", From="LinkedIn <invitations-noreply@linkedin.example>", Subject="Bob is now a contact",
    )),
    Shape("a filter that asks who wrote", "active", mail(
        "To complete delivery of your message, please confirm that you are human: https://f.example/c", Auto_Submitted="auto-replied",
        Subject="Please confirm your message", From="Bob Builder <bob@bob.example>",
    )),
    # ---- reports
    Shape("a delay", "active", report("4.2.2", "452 4.2.2 Mailbox full, will retry", action="delayed")),
    Shape("a full mailbox given up", "waiting", report("5.2.2", "552 5.2.2 Mailbox full, giving up"), why="could not be delivered"),
    Shape("a refusal by policy", "waiting", report("5.7.1", "550 5.7.1 Message rejected as spam by content filter"), why="was refused"),
    Shape("a success", "active", report("2.0.0", "250 2.0.0 delivered", action="delivered")),
    Shape("a bounce of the plus address", "active", report("5.1.1", "550 5.1.1 User unknown", to="alex+nudge@consult.example")),
    Shape("a bounce of somebody else's mail", "active", report(
        "5.1.1", "550 5.1.1 User unknown", to="eve@eve.example", original="<other@consult.example>"
    )),
    # ---- the consultant's own
    Shape("own mail to oneself", "active", mail("Note to myself: call Bob.", From="Alex Consultant <alex@consult.example>")),
    Shape("own second address", "active", mail("Note to myself: call Bob.", From="Alex <alex@private.example>")),
    Shape("own address with a tag", "active", mail("Note to myself.", From="alex+notes@consult.example")),
    # ---- others
    Shape("the firm writes to a colleague", "active", fresh("Hello Pat.", From=CFO, To="pat@consult.example", Subject="Backups"), "Shared"),
    Shape("a stranger without our subject", "active", fresh(From="Eve <eve@eve.example>", Subject="Hello")),
)  # fmt: skip


def propose(world: World, to: str = BOB, **more: str) -> Mail:
    world.options["FOLLOWMAIL_ALIASES"] = "alex@private.example"
    proposal = world.writes(to, **more)
    world.round()
    assert world.one().state == "active"
    return proposal


def arrives(world: World, raw: bytes, proposal: Mail, folder: str = "INBOX") -> None:
    now = format_datetime(world.now - timedelta(minutes=1)).encode()
    world.raw_arrives(raw.replace(b"@ID@", proposal.id.encode()).replace(b"@DATE@", now), folder)


def nudged_on_friday(world: World) -> bool:
    """Whether the nudge lies in Drafts on the day it would be due."""
    world.now = datetime(2026, 5, 8, 10, tzinfo=BERLIN).astimezone(UTC)
    world.round()
    return bool(world.drafts())


@pytest.mark.parametrize("shape", (*ANSWERS, *NO_ENDS), ids=str)
def test_each_shape_ends_holds_or_leaves_the_chase(world: World, shape: Shape) -> None:
    """State, day and reason are as owed; a nudge comes on Friday only where nothing changed."""
    proposal = propose(world)
    world.days_pass(1)
    arrives(world, shape.raw, proposal, shape.folder)
    world.round()
    e = world.one()
    assert e.state == shape.state, e.why
    assert shape.why in e.why
    assert (e.until.astimezone(BERLIN).date() if e.until else None) == shape.until
    assert nudged_on_friday(world) == (shape.state == "active")


def test_there_are_as_many_shapes_as_promised() -> None:
    """Forty that end or hold a chase, twenty that do not end it; no sentence twice."""
    sentences = [s.sentence for s in (*ANSWERS, *NO_ENDS)]
    assert len(ANSWERS) >= 40
    assert len(NO_ENDS) >= 20
    assert len(set(sentences)) == len(sentences)


# ---- shapes that need a story of their own


def test_an_answer_to_another_mail_waits_and_names_it(world: World) -> None:
    """Bob answers the invoice."""
    invoice = world.writes(BOB, "Invoice 7", "Dear Bob,\n\nattached is invoice 7.\n\nAlex")
    propose(world)
    world.days_pass(1)
    world.gets(BOB, "Re: Invoice 7", "Paid.", answers=invoice)
    world.round()
    assert (world.one().state, world.one().why) == ("waiting", "Bob Builder wrote about 'Invoice 7' on 5 May; still follow up?")
    assert not nudged_on_friday(world)


@pytest.mark.parametrize(
    ("text", "state"), [("You're welcome!", "active"), ("Did you two find a date? Carla seems busy this month.", "waiting")]
)
def test_an_introducer_who_writes_again_ends_nothing(world: World, text: str, state: str) -> None:
    """A bare acknowledgement means nothing, anything else waits."""
    anna = "Anna Ash <anna@ash.example>"
    carla = "Carla Cook <carla@carla.example>"
    first = world.gets(anna, "Alex, meet Carla", "Alex, this is Carla. Carla, this is Alex.", ago=timedelta(minutes=30), Cc=carla)
    reply = world.writes(
        carla, "Re: Alex, meet Carla", "Thanks, Anna.\n\nHello Carla, shall we talk next week?", answers=first, Cc=anna
    )
    world.round()
    assert (world.one().address, world.one().state) == ("carla@carla.example", "active")
    world.days_pass(1)
    world.gets(anna, "Re: Alex, meet Carla", text, answers=reply, Cc=carla)
    world.round()
    assert world.one().state == state
    assert nudged_on_friday(world) == (state == "active")


def test_another_user_of_the_same_free_mail_provider_means_nothing(world: World) -> None:
    """Gmail is nobody's company."""
    propose(world, to="Carl <carl.cole@gmail.com>")
    world.days_pass(1)
    world.gets("Someone <someone.else@gmail.com>", "Hello", "Could you help me with my backups?")
    world.round()
    assert nudged_on_friday(world)


def test_out_of_office_of_somebody_in_cc_means_nothing(world: World) -> None:
    """Only the prospect's own absence pauses."""
    proposal = propose(world, Cc="Carl Funds <carl.funds@bob.example>")
    world.days_pass(1)
    arrives(world, mail("I am out of office until 14 May.", From=CFO, Auto_Submitted="auto-replied", Subject="Automatic reply: Proposal"), proposal)
    world.round()
    assert nudged_on_friday(world)


def test_a_bounce_of_somebody_in_cc_drops_that_person_only(world: World) -> None:
    """The rest goes on, to Bob alone."""
    proposal = propose(world, Cc="Carl Funds <carl.funds@bob.example>")
    world.days_pass(1)
    arrives(world, report("5.1.1", "550 5.1.1 User unknown", to="carl.funds@bob.example"), proposal)
    world.round()
    assert world.one().state == "active"
    assert nudged_on_friday(world)
    (draft,) = world.drafts()
    assert (draft["To"], draft["Cc"]) == (BOB, None)
    assert world.office.store.suppressions.matching("carl.funds@bob.example")


def test_an_old_mail_of_his_that_is_moved_means_nothing(world: World) -> None:
    """Alex tidies up: what Bob wrote before the proposal lies in another folder now, and refers to nothing of it."""
    raw = fresh("My number is 0123.", Subject="My number", Date="Fri, 1 May 2026 10:00:00 +0200", Message_ID="<number@bob.example>")
    world.mailbox.append(raw, "INBOX", (), world.now - timedelta(days=3))
    propose(world)
    world.days_pass(1)
    world.mailbox.expunge("INBOX", world.mailbox.uids("INBOX"))
    world.mailbox.append(raw, "Clients/Bob", (), datetime(2026, 5, 1, 8, tzinfo=UTC))
    world.round()
    assert world.one().state == "active"


def test_a_report_on_an_earlier_mail_of_the_conversation_counts(world: World) -> None:
    """Alex wrote again before the server of the first mail gave up; it names nobody, but holds its id."""
    proposal = propose(world)
    world.now += timedelta(hours=2)
    world.writes(BOB, "Re: Proposal", "One thing I forgot: it includes support.", answers=proposal)
    world.round()
    world.days_pass(1)
    text = (
        f"Your message could not be delivered: 550 5.7.1 rejected by policy.\n\n--- original message ---\n"
        f"Message-ID: {proposal.id}\nSubject: Proposal\n"
    )
    arrives(world, fresh(text, From="MAILER-DAEMON@relay.example", Subject="Delivery failure", Return_Path="<>"), proposal)
    world.round()
    assert world.one().state == "waiting"


def test_an_answer_to_the_nudge_is_an_answer(world: World) -> None:
    """It refers to our mail alone."""
    propose(world)
    world.run_days(4)
    nudge = world.sends_draft(new_id=True)
    world.round()
    world.days_pass(1)
    answer = mail(In_Reply_To=nudge.id, References=nudge.id)
    arrives(world, answer, nudge)
    world.round()
    assert world.one().state == "replied"


GMAIL = (
    (r"\All", "[Gmail]/All Mail"),
    (r"\Sent", "[Gmail]/Sent Mail"),
    (r"\Drafts", "[Gmail]/Drafts"),
    (r"\Trash", "[Gmail]/Bin"),
    (r"\Junk", "[Gmail]/Spam"),
)


@pytest.mark.parametrize("folders", [("[Gmail]/All Mail",), ("[Gmail]/All Mail", "INBOX"), ("[Gmail]/Spam",), ("[Gmail]/Bin",)])
def test_on_gmail_an_answer_counts_once_wherever_it_lies(dovecots: Dovecots, tmp_path: Path, folders: tuple[str, ...]) -> None:
    """All Mail holds every message once more, archived ones nowhere else."""
    world = World(dovecots(folders=GMAIL).mailbox(), tmp_path / "home")
    proposal = world.writes(BOB, folder="[Gmail]/Sent Mail")
    world.mailbox.append(proposal.raw, "[Gmail]/All Mail", ("\\Seen",), world.now - timedelta(minutes=1))
    world.round()
    assert world.one().state == "active"
    world.days_pass(1)
    for folder in folders:
        arrives(world, mail(), proposal, folder)
    report = world.round()
    assert (world.one().state, report.tally.new_messages) == ("replied", 1)
    world.close()
