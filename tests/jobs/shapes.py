"""Forty shapes in which an answer comes, and twenty that look like one: a table of whole mails, and what each does.

`@ID@` stands for the proposal's Message-ID, `@DATE@` for the moment of the test. Bob's proposal left on Monday,
4 May 2026; the mail of a row comes in on Tuesday.
"""

import base64
from dataclasses import dataclass
from datetime import date

from tests.world import BOB

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
    head = b"".join(
        name.encode() + b": " + _bytes(value) + b"\r\n" for name, value in fields.items() if value is not None
    )
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


def report(
    status: str, said: str, action: str = "failed", to: str = "bob@bob.example", original: str = "@ID@"
) -> bytes:
    """A delivery report (RFC 3464), which refers to nothing; our id stands inside."""
    return multipart(
        "report", plain(f"<{to}>: {said}"),
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.bob.example\n\n"
        f"Final-Recipient: rfc822; {to}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n",
        "Content-Type: text/rfc822-headers\n\n"
        f"From: alex@consult.example\nTo: {to}\nMessage-ID: {original}\nSubject: Proposal\n",
        Content_Type='multipart/report; report-type=delivery-status; boundary="b"', thread=False, Return_Path="<>",
        From="Mail Delivery System <MAILER-DAEMON@mx.bob.example>", Subject="Undelivered Mail Returned to Sender",
        Message_ID="<report.1@mx.bob.example>",
    )  # fmt: skip


OUTLOOK = """

________________________________
From: Alex Consultant <alex@consult.example>
Sent: Monday, 4 May 2026 10:00
To: Bob Builder <bob@bob.example>
Subject: Proposal

attached is the proposal. I am out of office on Friday.
To unsubscribe, reply stop.
"""
QUOTE = """On Mon, 4 May 2026 at 10:00, Alex Consultant <alex@consult.example> wrote:
> attached is the proposal.
> What do you think of it?
"""
HTML = """<html><body><div>Yes, let us do that.</div>
<blockquote type="cite">I am out of office. To unsubscribe, reply stop.</blockquote></body></html>"""
WINMAIL = "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+IgAAAAA="
PDF = """Content-Type: application/pdf; name=signed.pdf
Content-Transfer-Encoding: base64
Content-Disposition: attachment

JVBERi0xLjQK"""
REACTION = (
    'Content-Type: text/vnd.google.email-reaction+json; charset=utf-8\n\n{"emoji": "\N{THUMBS UP SIGN}", "version": 1}'
)

ANSWERS = (
    # ---- in the thread, whatever the headers
    Shape("in the thread", "replied", mail()),
    Shape("References alone", "replied", mail(In_Reply_To=None)),
    Shape("In-Reply-To alone", "replied", mail(References=None)),
    Shape(
        "In-Reply-To with words around the id",
        "replied",
        mail(In_Reply_To='Your message of "Mon, 4 May" @ID@', References=None),
    ),
    Shape(
        "References folded and among others",
        "replied",
        mail(In_Reply_To=None, References="<a@x.example>\r\n\t@ID@\r\n <b@x.example>"),
    ),
    Shape("no Message-ID", "replied", mail(Message_ID=None)),
    Shape("a date of last year", "replied", mail(Date="Mon, 5 May 2025 10:00:00 +0200")),
    Shape("a date of ten years on", "replied", mail(Date="Tue, 5 May 2036 10:00:00 +0200")),
    Shape("no date", "replied", mail(Date=None)),
    Shape("a date that is none", "replied", mail(Date="yesterday, about noon")),
    Shape(
        "raw Latin-1 headers", "replied", mail(From=b"B\xf6b B\xfcilder <bob@bob.example>", Subject=b"R\xe9: Proposal")
    ),
    Shape("no From", "replied", mail(From=None)),
    Shape("an encoded name in an unknown charset", "replied", mail(From="=?x-none?Q?B=F6b?= <bob@bob.example>")),
    Shape("another subject in the thread", "replied", mail(Subject="Something else altogether")),
    Shape("another address of his, in the thread", "replied", mail(From=PRIVATE)),
    Shape(
        "his assistant, in the thread",
        "replied",
        mail("Bob would like to see you on Thursday.", From="Ida Holm <ida@office.example>"),
    ),
    # ---- whatever the body
    Shape("from a phone", "replied", mail("Yes, let us do that.\n\nSent from my iPhone")),
    Shape("HTML only", "replied", mail(HTML, Content_Type="text/html; charset=utf-8")),
    Shape("base64", "replied", mail(base64.encodebytes(YES.encode()), Content_Transfer_Encoding="base64")),
    Shape(
        "quoted-printable Latin-1",
        "replied",
        mail(
            "Gr=FC=DFe, gern am Donnerstag.",
            Content_Type="text/plain; charset=iso-8859-1",
            Content_Transfer_Encoding="quoted-printable",
        ),
    ),
    Shape(
        "a charset that is none", "replied", mail(b"Sch\xf6n, das machen wir.", Content_Type="text/plain; charset=none")
    ),
    Shape(
        "an empty text part beside HTML",
        "replied",
        multipart("alternative", plain(""), f"Content-Type: text/html\n\n{HTML}"),
    ),
    Shape("written above an Outlook quote", "replied", mail(YES + OUTLOOK)),
    Shape("written below the quote", "replied", mail(QUOTE + "\n" + YES)),
    Shape(
        "written between the lines",
        "replied",
        mail(
            "On Mon, 4 May 2026, Alex wrote:\n> attached is the proposal.\nThank you, it came.\n"
            "> What do you think of it?\nWe take it.\n> unsubscribe"
        ),
    ),
    Shape(
        "signed",
        "replied",
        multipart("signed", plain(YES), "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----"),
    ),
    Shape(
        "encrypted",
        "replied",
        multipart(
            "encrypted",
            "Content-Type: application/pgp-encrypted\n\nVersion: 1",
            "Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----",
        ),
    ),
    Shape("winmail.dat alone", "replied", multipart("mixed", WINMAIL)),
    Shape("the signed contract alone", "replied", multipart("mixed", PDF)),
    Shape("nothing typed at all", "replied", mail("")),
    Shape("a no", "replied", mail("No thanks, we have a supplier.")),
    Shape(
        "named another person", "replied", mail("I am not the right person for this. Please contact meier@bob.example.")
    ),
    Shape("a wish to be left alone", "unsubscribed", mail("Please remove me from your list.")),
    # ---- what mail systems add to a person's answer
    Shape("Precedence: bulk on a person's mail", "replied", mail(Precedence="bulk")),
    Shape("X-Auto-Response-Suppress on a person's mail", "replied", mail(X_Auto_Response_Suppress="All")),
    Shape("through a group's list", "replied", mail(List_Id="<office.bob.example>", Subject="[Office] Re: Proposal")),
    Shape(
        "typed into a ticket system",
        "replied",
        mail(
            "Hi Alex,\n\nwe would like to go ahead. Can you send the contract?\n\nAnna",
            From="Bob Support <support@bob.example>",
            Subject="[Ticket #48151] Re: Proposal",
        ),
    ),
    # ---- wherever it lies
    Shape("filed by a rule", "replied", mail(), "Clients/Bob"),
    Shape("taken for spam", "replied", mail(), "Junk"),
    Shape("read and deleted", "replied", mail(), "Trash"),
    Shape("archived", "replied", mail(), "Archive"),
    # ---- calendars
    Shape("an accepted invitation", "replied", calendar("REPLY", "ACCEPTED", Subject="Accepted: Call")),
    Shape(
        "a counter-proposal of a time", "replied", calendar("COUNTER", "TENTATIVE", Subject="New Time Proposed: Call")
    ),
    Shape("an invitation of his own", "replied", calendar("REQUEST", Subject="Call about the proposal")),
    # ---- without references: perhaps an answer, so the consultant is asked
    Shape("references stripped", "waiting", fresh(), why="Bob Builder wrote about 'Proposal' on 5 May"),
    Shape(
        "'AW:', references stripped",
        "waiting",
        fresh("Ja, gerne.", Subject="AW: Proposal"),
        why="wrote about 'Proposal'",
    ),
    Shape(
        "'Antwort:' from elsewhere",
        "waiting",
        fresh("Ja.", Subject="Antwort: Proposal", From=PRIVATE),
        why="perhaps an answer",
    ),
    Shape(
        "'[EXTERNAL] Re:' from elsewhere",
        "waiting",
        fresh(Subject="[EXTERNAL] RE: Proposal", From=PRIVATE),
        why="'Proposal'",
    ),
    Shape(
        "an answer to an id that nobody knows",
        "waiting",
        mail(From=PRIVATE, In_Reply_To="<rewritten@relay.example>", References="<rewritten@relay.example>"),
        why="perhaps an answer",
    ),
    Shape(
        "a fresh mail without a subject",
        "waiting",
        fresh("Call me, please.", Subject=None),
        why="Bob Builder wrote on 5 May",
    ),
    Shape(
        "a fresh mail of the firm's",
        "waiting",
        fresh("We would like to go ahead.", From=CFO, Subject="Backups"),
        why="Carl Funds wrote about 'Backups'",
    ),
    Shape(
        "a fresh mail of his with a tag",
        "waiting",
        fresh(From="bob+mail@bob.example", Subject="Backups"),
        why="wrote about 'Backups'",
    ),
    Shape(
        "a fresh mail from a subdomain",
        "waiting",
        fresh(From="bob@mail.bob.example", Subject="Backups"),
        why="wrote about 'Backups'",
    ),
)

AWAY = {"Auto_Submitted": "auto-replied", "Subject": "Automatic reply: Proposal"}
NO_ENDS = (
    # ---- people, but no answer to this
    Shape(
        "an acknowledgement",
        "paused",
        mail("Thanks Alex, will look at it."),
        until=date(2026, 5, 19),
        why="will come back",
    ),
    Shape(
        "an emoji reaction",
        "paused",
        multipart("alternative", plain("\N{THUMBS UP SIGN}"), REACTION),
        until=date(2026, 5, 19),
    ),
    Shape(
        "a promise", "paused", mail("I'll get back to you next week."), until=date(2026, 5, 18), why="will come back"
    ),
    Shape(
        "put off",
        "paused",
        mail("Not now. Please contact me again in September."),
        until=date(2026, 9, 1),
        why="put it off",
    ),
    Shape(
        "a call cancelled",
        "paused",
        calendar("CANCEL", Subject="Canceled: Call"),
        until=date(2026, 5, 8),
        why="declined or cancelled",
    ),
    Shape("a call declined", "paused", calendar("REPLY", "DECLINED", Subject="Declined: Call"), until=date(2026, 5, 8)),
    Shape(
        "a colleague in the thread",
        "waiting",
        mail("Dear Bob, I can help.", From="Pat <pat@consult.example>"),
        why="your colleague Pat wrote",
    ),
    # ---- away, with and without a day
    Shape(
        "away until the 14th",
        "paused",
        fresh("I am out of office until 14 May.", **AWAY),
        until=date(2026, 5, 15),
        why="is away until 14 May",
    ),
    Shape(
        "away without a day",
        "paused",
        fresh("I am out of office and cannot read my mail.", **AWAY),
        until=date(2026, 5, 12),
        why="is away",
    ),
    Shape(
        "away, with an empty path",
        "paused",
        fresh("I am out of office until 14 May.", Return_Path="<>", **AWAY),
        until=date(2026, 5, 15),
    ),
    # ---- machines
    Shape(
        "a ticket opened",
        "active",
        mail(
            "Thank you for contacting us. We have received your request. Your ticket number is 48151.",
            From="Bob Support <support@bob.example>",
            Subject="[Ticket #48151] Proposal",
            Auto_Submitted="auto-generated",
        ),
    ),
    Shape(
        "a newsletter of the firm",
        "active",
        fresh(
            "Great offers.\n\nUnsubscribe: https://bob.example/u",
            From="Bob & Sons <news@bob.example>",
            Subject="News in May",
            List_Id="<news.bob.example>",
            List_Unsubscribe="<https://bob.example/u>",
        ),
    ),
    Shape(
        "a post of his to a list",
        "active",
        fresh(
            "Has anybody seen this?",
            To="devel@lists.example",
            Subject="[devel] Backups",
            List_Id="<devel.lists.example>",
            List_Post="<mailto:devel@lists.example>",
        ),
    ),
    Shape(
        "a read receipt",
        "active",
        multipart(
            "report",
            plain("Your message was read."),
            "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; bob@bob.example\n"
            "Original-Message-ID: @ID@\nDisposition: manual-action/MDN-sent-manually; displayed\n",
            Content_Type='multipart/report; report-type=disposition-notification; boundary="b"',
            Subject="Read: Proposal",
        ),
    ),
    Shape(
        "a notification about him",
        "active",
        fresh(
            "Bob Builder accepted your invitation.",
            From="LinkedIn <invitations-noreply@linkedin.example>",
            Subject="Bob is now a contact",
        ),
    ),
    Shape(
        "a filter that asks who wrote",
        "active",
        mail(
            "To complete delivery of your message, please confirm that you are human: https://f.example/c",
            Auto_Submitted="auto-replied",
            Subject="Please confirm your message",
            From="Bob Builder <bob@bob.example>",
        ),
    ),
    # ---- reports
    Shape("a delay", "active", report("4.2.2", "452 4.2.2 Mailbox full, will retry", action="delayed")),
    Shape(
        "a full mailbox given up",
        "waiting",
        report("5.2.2", "552 5.2.2 Mailbox full, giving up"),
        why="could not be delivered",
    ),
    Shape(
        "a refusal by policy",
        "waiting",
        report("5.7.1", "550 5.7.1 Message rejected as spam by content filter"),
        why="was refused",
    ),
    Shape("a success", "active", report("2.0.0", "250 2.0.0 delivered", action="delivered")),
    Shape(
        "a bounce of the plus address",
        "active",
        report("5.1.1", "550 5.1.1 User unknown", to="alex+nudge@consult.example"),
    ),
    Shape(
        "a bounce of somebody else's mail",
        "active",
        report("5.1.1", "550 5.1.1 User unknown", to="eve@eve.example", original="<other@consult.example>"),
    ),
    # ---- the consultant's own
    Shape(
        "own mail to oneself",
        "active",
        mail("Note to myself: call Bob.", From="Alex Consultant <alex@consult.example>"),
    ),
    Shape("own second address", "active", mail("Note to myself: call Bob.", From="Alex <alex@private.example>")),
    Shape("own address with a tag", "active", mail("Note to myself.", From="alex+notes@consult.example")),
    # ---- others
    Shape(
        "the firm writes to a colleague",
        "active",
        fresh("Hello Pat.", From=CFO, To="pat@consult.example", Subject="Backups"),
        "Shared",
    ),
    Shape("a stranger without our subject", "active", fresh(From="Eve <eve@eve.example>", Subject="Hello")),
)
SHAPES = (*ANSWERS, *NO_ENDS)
