"""The mails of a life: what people and machines write, and what a mail says of itself."""

import random
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from tests.simulation.mailbox import Stored
from tests.simulation.truth import OWN, Thread, bare

ALEX = f"Alex Consultant <{OWN}>"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = re.compile(r"\[([a-z]+/\d)\]")
_POLICY = SMTP.clone(max_line_length=998)


@lru_cache(maxsize=4096)
def step_of(raw: bytes) -> str:
    """The step that a mail is, by the mark in its own text, not in what it quotes."""
    body = raw.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
    own = "\n".join(line for line in body.splitlines() if not line.startswith(">"))
    found = _STEP.search(own)
    return found[1] if found else ""


@lru_cache(maxsize=4096)
def subject_of(raw: bytes) -> str:
    """The base subject."""
    return bare(str(message_from_bytes(raw)["Subject"] or ""))


@lru_cache(maxsize=4096)
def people_of(raw: bytes) -> tuple[str, ...]:
    """To and Cc."""
    return tuple(Stored(0, raw, EPOCH, set()).people("To", "Cc"))


def mail(
    sender: str, to: str, subject: str, text: str, at: datetime, answers: Stored | None, *, bcc: str = "", cc: str = "",
    automatic: bool = False,
) -> bytes:  # fmt: skip
    """A mail as it lies in a mailbox; `answers`: what it replies to."""
    new = EmailMessage(policy=_POLICY)
    new["From"], new["To"], new["Subject"] = sender, to, subject
    new["Date"] = format_datetime(at)
    new["Message-ID"] = f"<{random.getrandbits(64):x}@{sender.rpartition('@')[2].rstrip('>')}>"
    if cc:
        new["Cc"] = cc
    if bcc:
        new["Bcc"] = bcc
    if answers is not None:
        new["In-Reply-To"] = f"<{answers.id}>"
        new["References"] = f"{answers.value('References')} <{answers.id}>".strip()
    if automatic:
        new["Auto-Submitted"] = "auto-replied"
    if OWN not in sender:
        new["Received"] = f"from mx by mail.consult.example; {format_datetime(at)}"
    new.set_content(text)
    return new.as_bytes()


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
