"""Calendar mail: an invitation, or the answer to one (iTIP, RFC 5546; iMIP, RFC 6047)."""

import re
from email.message import Message

from followmail.mail.identity import canonical
from followmail.mail.kinds import words
from followmail.mail.kinds.received import Received
from followmail.mail.text import decoded

_METHODS = {
    "REQUEST": "invitation",
    "ADD": "invitation",
    "COUNTER": "counter",
    "CANCEL": "cancel",
    "DECLINECOUNTER": "decline",
}
_PARTSTAT = {"ACCEPTED": "accept", "TENTATIVE": "tentative", "DECLINED": "decline"}
_ATTENDEE = re.compile(r"^ATTENDEE[^\r\n]{0,500}?:mailto:([^\s;,<>]{3,254})", re.I | re.M)
_MAX = 64 * 1024
_MAX_WORDS = 40  # an answer without its calendar part says little besides


def answer(mail: Received) -> tuple[str, str] | None:
    """(accept|tentative|decline|counter|cancel|invitation, evidence), or None where the mail is no calendar mail."""
    for part in mail.parts:
        if _is_calendar(part) and (found := _of_part(part)):
            return found, f"it carries a calendar part that says {found}"
    return _of_subject(mail)


def attendee(mail: Received) -> str:
    """Who answers an invitation, by the calendar part itself; "" where that names nobody, or several."""
    parts = (_unfolded(part) for part in mail.parts if _is_calendar(part) and _method(part, _unfolded(part)) == "REPLY")
    named = {canonical(address) for lines in parts for address in _ATTENDEE.findall(lines)}
    return named.pop() if len(named) == 1 else ""


def _is_calendar(part: Message) -> bool:
    return part.get_content_type() in ("text/calendar", "application/ics") or _file_name(part).endswith(".ics")


def _file_name(part: Message) -> str:
    try:
        return str(part.get_filename() or "").lower()
    except ValueError:  # RFC 2231 with a charset that is none
        return ""


def _of_part(part: Message) -> str | None:
    lines = _unfolded(part)
    method = _method(part, lines)
    if method == "REPLY":
        said = re.findall(r"^ATTENDEE[^\r\n]{0,500}?;PARTSTAT=([A-Z-]+)", lines, re.I | re.M)
        return next((_PARTSTAT[s.upper()] for s in said if s.upper() in _PARTSTAT), "accept")
    return _METHODS.get(method)


def _unfolded(part: Message) -> str:
    # RFC 5545 §3.1: a long line goes on after a line break and a blank
    return re.sub(r"\r?\n[ \t]", "", decoded(part)[:_MAX])


def _method(part: Message, lines: str) -> str:
    stated = re.search(r"^METHOD:[ \t]*([A-Z]+)", lines, re.I | re.M)
    return (stated[1] if stated else str(part.get_param("method") or "")).upper()


def _of_subject(mail: Received) -> tuple[str, str] | None:
    """Outlook and Google name the answer in front of the subject, in the language of the one who answers."""
    head, colon, _ = mail.subject.partition(":")
    if not colon or len(head) > 40 or len(mail.new_text.split()) > _MAX_WORDS or "?" in mail.new_text:
        return None
    for said in ("accept", "tentative", "decline", "cancel", "counter", "invitation"):
        match = words.phrases("calendar", said).at(words.fold(head.strip()))
        if match and match.end() == len(head.strip()):
            return said, f"subject begins '{head.strip()}:'"
    return None
