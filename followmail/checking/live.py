"""`check --live`: one mail to oneself, and how it comes back: From, Message-ID, Bcc, the plus address, copy and clock.

It goes to the consultant alone, and to the consultant's own `+off` address, which follows nothing up.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from followmail import smtp, survey
from followmail.checking.line import Line
from followmail.errors import FollowmailError
from followmail.imap.folders import Folder, Role, having
from followmail.imap.session import Session
from followmail.mail.message import Message
from followmail.rounds import Office
from followmail.sequence import marks

_TRIES, _BETWEEN = 20, 3.0  # looks, and seconds between them
_NEWEST = 30  # messages of a folder among which it must be
_CLOCKS_MAY_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Test:
    """The mail that was sent. Its subject is its own, for the id may be changed on the way."""

    subject: str
    id: str
    sender: str
    plus: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Back:
    """What came back: in the folders where mail arrives, and in Sent."""

    arrived: tuple[tuple[str, Message], ...]
    filed: tuple[tuple[str, Message], ...]


def look(office: Office, session: Session, now: datetime, wait: Callable[[float], None]) -> Iterator[Line]:
    """The lines of it. Takes up to a minute."""
    server = office.smtp_server()
    if server is None:
        yield Line("live mail", False, "no server for sending is set", "set FOLLOWMAIL_SMTP_HOST", 78)
        return
    test, data = _written(office, now)
    try:
        outcome = smtp.submit(
            server, test.sender, (test.sender, test.plus), data, before_dot=lambda: None, local_hostname="[127.0.0.1]"
        )
    except FollowmailError as fault:
        yield Line(
            "live mail", False, str(fault), "check FOLLOWMAIL_SMTP_HOST, _PORT, _SECURITY, _USER", fault.exit_status
        )
        return
    if not isinstance(outcome, smtp.Sent):
        yield Line("live mail", False, f"{server.host} did not take it: {outcome.text}", "see what the server says")
        return
    back = _wait_for(session, test, wait)
    yield from _told(back, test)


def _written(office: Office, now: datetime) -> tuple[_Test, bytes]:
    identity = office.settings.identity
    local, _, domain = identity.address.partition("@")
    token = secrets.token_hex(6)
    test = _Test(
        f"followmail check {token}", f"check-{token}@{domain}", identity.address, f"{local}+{marks.OFF}@{domain}", now
    )
    mail = EmailMessage(policy=SMTP)
    mail["From"] = formataddr((identity.name, identity.address))
    mail["To"], mail["Bcc"], mail["Subject"] = identity.address, test.plus, test.subject
    mail["Date"], mail["Message-ID"] = format_datetime(now), f"<{test.id}>"
    mail.set_content("You sent this to yourself with `followmail check --live`. You may delete it.\n")
    return test, mail.as_bytes()


def _wait_for(session: Session, test: _Test, wait: Callable[[float], None]) -> _Back:
    """Looks until it is there; then once more, for the second copy and the one in Sent."""
    for _ in range(_TRIES):
        if _seen(session, test).arrived:
            break
        wait(_BETWEEN)
    wait(_BETWEEN)
    return _seen(session, test)


def _seen(session: Session, test: _Test) -> _Back:
    folders = session.folders()
    arrives = [f for role in (Role.INBOX, Role.JUNK) for f in having(folders, role)]
    return _Back(
        tuple(_having(session, arrives, test)), tuple(_having(session, having(folders, Role.SENT), test))
    )  # fmt: skip


def _having(session: Session, folders: Sequence[Folder], test: _Test) -> Iterator[tuple[str, Message]]:
    for folder in folders:
        for message in survey.newest(session, folder.name, _NEWEST):
            if message.subject == test.subject:
                yield folder.name, message


# ---- what it comes to


def _told(back: _Back, test: _Test) -> Iterator[Line]:
    if not back.arrived:
        remedy = "look for it in your mail program, and at what your provider sent back"
        yield Line("live mail", False, f"it was taken, and is not back after {_TRIES * _BETWEEN:.0f} seconds", remedy)
        return
    folder, message = back.arrived[0]
    spam = "" if folder.upper() == "INBOX" else "your provider takes your own mail for spam: ask why"
    yield Line("live mail", True, f"is back, in {folder}", spam)
    yield _sender(message, test)
    yield _identity(message, test)
    yield _copy(back, test)
    yield _bcc(back)
    yield _plus(back, test)
    yield _clock(message, test)


def _sender(message: Message, test: _Test) -> Line:
    if message.sender.address == test.sender:
        return Line("live From", True, f"as sent: {message.sender}")
    told = f"the server wrote {message.sender} instead of {test.sender}"
    return Line(
        "live From", False, told, "allow this address there as a sender, or set FOLLOWMAIL_ADDRESS to the other one"
    )


def _identity(message: Message, test: _Test) -> Line:
    if message.id == test.id:
        return Line("live Message-ID", True, "as sent")
    how = "and tells the old one" if message.original_id == test.id else "and does not tell the old one"
    return Line("live Message-ID", True, f"the server writes its own, {how}; it is learned from the copy in Sent")


def _copy(back: _Back, test: _Test) -> Line:
    if back.filed:
        return Line("live copy", True, f"the server files its own in {back.filed[0][0]}")
    return Line("live copy", True, "the server files none by now; followmail puts one into Sent")


def _bcc(back: _Back) -> Line:
    if any(message.bcc for _, message in back.arrived):
        remedy = "everybody can see to whom your Bcc goes: mark by folder, or ask your provider"
        return Line("live Bcc", False, "it is shown to those who get the mail", remedy)
    if any(message.bcc for _, message in back.filed):
        return Line("live Bcc", True, "hidden from others, and kept in the copy in Sent")
    return Line("live Bcc", True, "hidden from others; not in a copy in Sent that the server files")


def _plus(back: _Back, test: _Test) -> Line:
    if len(back.arrived) > 1 or any(test.plus in message.envelope_to for _, message in back.arrived):
        return Line("live plus address", True, f"{test.plus} reaches you")
    told = f"nothing shows that {test.plus} reached you"
    return Line(
        "live plus address", True, told, "mark by the folders Followmail/…: `followmail check --create-folders`"
    )


def _clock(message: Message, test: _Test) -> Line:
    """The server's clock stamped it some seconds after ours did."""
    drift = (message.arrived or test.at) - test.at
    if abs(drift) <= _CLOCKS_MAY_DIFFER:
        return Line("live clock", True, "agrees with the server's")
    minutes = int(abs(drift).total_seconds() // 60)
    told = f"this machine is {minutes} minutes {'behind' if drift > timedelta(0) else 'ahead of'} the server"
    return Line("live clock", False, told, "set the clock of this machine right (`timedatectl set-ntp true`)")
