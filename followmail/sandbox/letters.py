"""The bytes of what Alex and the prospects write. The same play always writes the same bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from followmail.sandbox.cast import ME, ME_NAME, Form, Letter, Prospect, Reaction

_POLICY = SMTP.clone(max_line_length=998)
ALEX = f"{ME_NAME} <{ME}>"
_SEAM = "=-sandbox-="  # between the parts of a mail

_LETTERS: Mapping[Letter, tuple[str, str]] = {
    Letter.PROPOSAL: (
        "Proposal for your backups",
        "Hello {first},\n\nhere is the proposal for your backups that we talked about: one copy on your premises,"
        " one with us, and a test of both every month.\n\nWhat do you think of it?\n\nBest regards\nAlex",
    ),
    Letter.GERMAN: (
        "Angebot für Ihre Datensicherung",
        "Guten Tag Frau {last},\n\nhier ist das Angebot für Ihre Datensicherung, über das wir gesprochen haben: eine"
        " Kopie bei Ihnen im Haus, eine bei uns, und jeden Monat eine Probe.\n\nWas halten Sie davon?\n\n"
        "Mit freundlichen Grüßen\nAlex",
    ),
    Letter.CONTRACT: (
        "The new contract",
        "Hello {first},\n\nattached is the contract for the second year, with the changes that you wished for."
        "\n\nCould you look at it and tell me if it is fine?\n\nBest regards\nAlex",
    ),
    Letter.INTRODUCED: (
        "Re: Leo, meet Alex",
        "Thank you, Mia!\n\nHello {first}, nice to meet you. I help firms like yours to get their backups right."
        "\n\nWould you have time for a call next week?\n\nBest regards\nAlex",
    ),
    Letter.PRIVATE: ("Tonight", "Hi {first}, see you tonight at eight, I will bring the chess board. Alex"),
}


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail with what the next one in its thread must know."""

    id: str
    data: bytes
    references: tuple[str, ...] = ()
    subject: str = ""

    @classmethod
    def read(cls, data: bytes) -> "Mail":
        """A mail that arrived somewhere."""
        head = message_from_bytes(data, policy=_POLICY)
        references = tuple(word.strip("<>") for word in str(head["References"] or "").split())
        return cls(str(head["Message-ID"]).strip().strip("<>"), data, references, str(head["Subject"]))


def letter(prospect: Prospect, at: datetime, introduction: Mail | None = None, copy_to: str = "") -> Mail:
    """What Alex wrote to somebody; None of it goes through followmail."""
    subject, text = _LETTERS[prospect.letter]
    return _mail(
        f"to-{prospect.first.lower()}@consult.example", ALEX, f"{prospect.name} <{prospect.address}>", subject, at,
        text.format(first=prospect.first, last=prospect.last), answers=introduction, cc=copy_to,
    )  # fmt: skip


def introduction(introducer: Prospect, introduced: Prospect, at: datetime) -> Mail:
    """An outside person brings two together."""
    text = f"Alex, meet {introduced.name}. {introduced.first}, Alex is the one for backups.\n\n{introducer.first}"
    to = f"{ALEX}, {introduced.name} <{introduced.address}>"
    who = f"{introducer.name} <{introducer.address}>"
    return _mail(f"introduction@{introducer.first.lower()}.example", who, to, "Leo, meet Alex", at, text)


def client_wrote(client: Prospect, at: datetime) -> Mail:
    """An earlier mail of somebody who is a client already."""
    text = f"Hello Alex,\n\nthe first year went well. Please send us the contract for the second.\n\n{client.first}"
    who = f"{client.name} <{client.address}>"
    return _mail(f"earlier@{client.first.lower()}.example", who, ALEX, "Second year", at, text)


def invitation(prospect: Prospect, at: datetime, answers: Mail) -> Mail:
    """Alex invites to a call, in the thread (iMIP, RFC 6047)."""
    parts = [("text/plain", "", "Shall we talk it through? Here is an invitation."), _event("REQUEST", prospect)]
    to = f"{prospect.name} <{prospect.address}>"
    return _multipart(
        f"invitation-{prospect.first.lower()}@consult.example", ALEX, to, "Invitation: a call about backups", at,
        "multipart/mixed", parts, answers,
    )  # fmt: skip


def reaction(prospect: Prospect, what: Reaction, number: int, at: datetime, answers: Mail) -> Mail:
    """What a prospect writes back. `answers`: the mail that they react to."""
    host = prospect.address.partition("@")[2]
    own_id, who = f"{number}@{host}", what.sender or f"{prospect.name} <{prospect.address}>"
    thread = None if what.form is Form.FRESH else answers
    subject = what.subject or _reply_subject(answers.subject)
    match what.form:
        case Form.BOUNCE:
            return _bounce(own_id, prospect.address, what.text.format(address=prospect.address), at, answers)
        case Form.ACCEPT:
            parts = [("text/plain", "", what.text), _event("REPLY", prospect)]
            subject = "Accepted: a call about backups"
            return _multipart(own_id, who, ALEX, subject, at, "multipart/alternative", parts, answers)
        case Form.AWAY:  # RFC 3834
            marked = {"Auto-Submitted": "auto-replied"}
            return _mail(own_id, who, ALEX, subject, at, what.text, answers=thread, headers=marked)
        case _:
            return _mail(own_id, who, ALEX, subject, at, what.text, answers=thread)


def _mail(
    own_id: str, sender: str, to: str, subject: str, at: datetime, text: str, *, answers: Mail | None = None,
    cc: str = "", headers: Mapping[str, str] | None = None,
) -> Mail:  # fmt: skip
    mail = EmailMessage(policy=_POLICY)
    mail["From"], mail["To"] = sender, to
    if cc:
        mail["Cc"] = cc
    references = _thread(mail, own_id, subject, at, answers)
    for name, value in (headers or {}).items():
        mail[name] = value
    mail.set_content(text + "\n")
    return Mail(own_id, mail.as_bytes(), references, subject)


def _multipart(
    own_id: str, sender: str, to: str, subject: str, at: datetime, kind: str, parts: list[tuple[str, str, str]],
    answers: Mail,
) -> Mail:  # fmt: skip
    """A mail of several parts (type, its parameters, text); ASCII, with a seam that is always the same."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"], mail["To"] = sender, to
    references = _thread(mail, own_id, subject, at, answers)
    body = "".join(
        f"--{_SEAM}\nContent-Type: {part}; charset=us-ascii{more}\n\n{text.strip()}\n\n" for part, more, text in parts
    )
    head = mail.as_bytes().decode("ascii").rstrip().replace("\r\n", "\n")
    more = f'MIME-Version: 1.0\nContent-Type: {kind}; boundary="{_SEAM}"'
    data = f"{head}\n{more}\n\n{body}--{_SEAM}--\n".replace("\n", "\r\n").encode("ascii")
    return Mail(own_id, data, references, subject)


def _thread(mail: EmailMessage, own_id: str, subject: str, at: datetime, answers: Mail | None) -> tuple[str, ...]:
    """Subject, Date and the ids of the thread (RFC 5322 §3.6.4)."""
    mail["Subject"], mail["Date"], mail["Message-ID"] = subject, format_datetime(at), f"<{own_id}>"
    references = (*answers.references, answers.id) if answers else ()
    if answers:
        mail["In-Reply-To"] = f"<{answers.id}>"
        mail["References"] = " ".join(f"<{one}>" for one in references)
    return references


def _bounce(own_id: str, failed: str, said: str, at: datetime, answers: Mail) -> Mail:
    """A delivery status report: what the server says, for people and for programs, and the mail's head (RFC 3464)."""
    status = (
        "Reporting-MTA: dns; mail.consult.example\n\n"
        f"Final-Recipient: rfc822; {failed}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; {said}"
    )
    head = answers.data.partition(b"\r\n\r\n")[0].decode("ascii").replace("\r\n", "\n")
    parts = [
        ("text/plain", "", f"Your mail could not be delivered to {failed}:\n\n{said}"),
        ("message/delivery-status", "", status),
        ("text/rfc822-headers", "", head),
    ]
    return _multipart(
        own_id, "Mail Delivery System <mailer-daemon@consult.example>", ALEX, "Undelivered Mail Returned to Sender", at,
        "multipart/report; report-type=delivery-status", parts, answers,
    )  # fmt: skip


def _event(method: str, attendee: Prospect) -> tuple[str, str, str]:
    """The calendar part with one event of half an hour (RFC 5545)."""
    state = "ACCEPTED" if method == "REPLY" else "NEEDS-ACTION"
    text = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//sandbox//EN\nMETHOD:{method}\nBEGIN:VEVENT\n"
        "UID:call@consult.example\nDTSTAMP:20260430T073000Z\nDTSTART:20260511T080000Z\nDTEND:20260511T083000Z\n"
        f"SUMMARY:A call about backups\nORGANIZER:mailto:{ME}\nATTENDEE;PARTSTAT={state}:mailto:{attendee.address}\n"
        "END:VEVENT\nEND:VCALENDAR"
    )
    return "text/calendar", f"; method={method}", text


def _reply_subject(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"
