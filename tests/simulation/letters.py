"""The mails of a life: what people and machines write, and what a mail says of itself."""

import random
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from tests.simulation.mailbox import Stored
from tests.simulation.truth import OWN, Thread, bare

ALEX = f"Alex Consultant <{OWN}>"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = re.compile(r"\[([a-z]+/\d)\]")
_TEXT = {"MIME-Version": "1.0", "Content-Type": 'text/plain; charset="utf-8"', "Content-Transfer-Encoding": "8bit"}


@lru_cache(maxsize=4096)
def step_of(raw: bytes) -> str:
    """The step that a mail is, by the mark in its own text, not in what it quotes."""
    body = (
        raw.partition(b"\r\n\r\n")[2].decode("utf-8", "replace").replace("=\r\n", "")
    )  # quoted-printable's soft breaks
    own = "\n".join(line for line in body.splitlines() if not line.startswith(">"))
    found = _STEP.search(own)
    return found[1] if found else ""


@lru_cache(maxsize=4096)
def subject_of(raw: bytes) -> str:
    """The base subject."""
    return bare(Stored(0, raw, EPOCH, set()).value("Subject"))


@lru_cache(maxsize=4096)
def people_of(raw: bytes) -> tuple[str, ...]:
    """To and Cc."""
    return tuple(Stored(0, raw, EPOCH, set()).people("To", "Cc"))


def mail(
    sender: str, to: str, subject: str, text: str, at: datetime, answers: Stored | None, *, bcc: str = "", cc: str = "",
    automatic: bool = False,
) -> bytes:  # fmt: skip
    """A mail as it lies in a mailbox; `answers`: what it replies to."""
    head = {"From": sender, "To": to, "Subject": subject, "Date": format_datetime(at)}
    head["Message-ID"] = f"<{random.getrandbits(64):x}@{sender.rpartition('@')[2].rstrip('>')}>"
    head |= {"Cc": cc} if cc else {}
    head |= {"Bcc": bcc} if bcc else {}
    if answers is not None:
        head["In-Reply-To"] = f"<{answers.id}>"
        head["References"] = f"{answers.value('References')} <{answers.id}>".strip().replace("> <", ">\r\n <")
    if automatic:
        head["Auto-Submitted"] = "auto-replied"
    if OWN not in sender:
        head["Received"] = f"from mx by mail.consult.example; {format_datetime(at)}"
    head |= _TEXT
    body = text.rstrip("\n").replace("\n", "\r\n") + "\r\n"
    return ("".join(f"{name}: {value}\r\n" for name, value in head.items()) + "\r\n" + body).encode()


def report(
    anchor: Stored, address: str, status: str, said: str, at: datetime, action: str = "failed", *, quotes: bool = True
) -> bytes:  # fmt: skip
    """A delivery report (RFC 3464)."""
    head = (
        f"From: Mail Delivery System <mailer-daemon@mail.consult.example>\r\nTo: {OWN}\r\nSubject: Undelivered Mail\r\n"
        f"Date: {format_datetime(at)}\r\nMessage-ID: <{random.getrandbits(64):x}@mail.consult.example>\r\n"
        "Return-Path: <>\r\nAuto-Submitted: auto-replied\r\nReceived: from x by y\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    )
    parts = (
        f"--b\r\nContent-Type: text/plain\r\n\r\n<{address}>: {said}\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mail.consult.example\r\n\r\nFinal-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {said}\r\n\r\n"
    )
    quoted = f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{anchor.id}>\r\n\r\n" if quotes else ""
    return (head + parts + quoted + "--b--\r\n").encode()


def complaint(anchor: Stored, address: str, at: datetime) -> bytes:
    """A provider tells that somebody called a mail spam (RFC 5965)."""
    return (
        (
            f"From: Feedback <feedback@provider.example>\r\nTo: {OWN}\r\nSubject: Complaint\r\nDate: {format_datetime(at)}\r\n"
            f"Message-ID: <{random.getrandbits(64):x}@provider.example>\r\nReceived: from x by y\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n\r\n--b\r\n"
            "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n"
            f"Original-Rcpt-To: {address}\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        ).encode()
        + anchor.raw
        + b"\r\n--b--\r\n"
    )


def calendar_answer(thread: Thread, anchor: Stored, at: datetime, said: str = "ACCEPTED") -> bytes:
    """They accept or decline a meeting (RFC 5546 §3.2.3)."""
    body = (
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:1@consult.example\r\n"
        f"ATTENDEE;PARTSTAT={said}:mailto:{thread.address}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    plain = mail(f"Pat <{thread.address}>", ALEX, f"{said.capitalize()}: {thread.subject}", "x", at, anchor)
    head = re.sub(rb"\r\nContent-[^\r]*|\r\nMIME-Version[^\r]*", b"", plain.partition(b"\r\n\r\n")[0])
    return head + b"\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n" + body.encode()
