"""Reports of a provider on a mail of ours (RFC 5965): that somebody called it spam, or that nobody did."""

import re
from email.message import Message

from followmail.mail.identity import canonical
from followmail.mail.kinds.received import Received
from followmail.mail.kinds.verdict import Kind, Verdict
from followmail.mail.message import people
from followmail.mail.parse import parse
from followmail.mail.text import children, decoded

_TYPE = re.compile(r"^[ \t]*feedback-type[ \t]*:[ \t]*([\w-]{1,40})", re.I | re.M)
_COMPLAINTS = frozenset(("abuse", "fraud", "opt-out", "opt-out-list"))  # RFC 5965 §7.3; without a type it is one
_WHO = re.compile(
    r"^[ \t]*(?:original-rcpt-to|removal-recipient)[ \t]*:[ \t]*(?:rfc822[ \t]*;[ \t]*)?"
    r"(<?[^\s<>;,@]{1,64}@[^\s<>;,@]{1,253}>?)",
    re.I | re.M,
)
_MOST = 50


def feedback(mail: Received) -> Verdict | None:
    """A complaint, or another report on a mail of ours: how it was authenticated, that it is no spam (RFC 6591)."""
    if not mail.has_part("message/feedback-report") and "feedback-report" not in mail.header("Content-Type").lower():
        return None
    said = _TYPE.search(mail.body)
    if said is None or said[1].lower() in _COMPLAINTS:
        return Verdict(Kind.UNSUBSCRIBE, ("a complaint report",), reported_to=_recipients(mail))
    return Verdict(Kind.AUTOMATIC, (f"a feedback report: '{said[1]}'",))


def _recipients(mail: Received) -> tuple[str, ...]:
    """To whom the mail went: as the report says (RFC 5965 §3.2), else by To of the mail that it returns, whose id may be
    another's than ours (Amazon SES)."""
    named = [canonical(found) for found in _WHO.findall(mail.body)]
    if not named:
        to = (
            str(value).encode("utf-8", "surrogateescape")
            for head in _returned(mail)
            for value in head.get_all("To", ())
        )
        named = [person.address for person in people(to)]
    return tuple(dict.fromkeys(named))[:_MOST]


def _returned(mail: Received) -> list[Message]:
    """The returned mails, or what is left of them."""
    found: list[Message] = []
    for part in mail.parts:
        if part.get_content_type() == "message/rfc822":
            found += children(part)
        elif part.get_content_type() == "text/rfc822-headers":
            found.append(parse(decoded(part).encode("utf-8", "replace")))
    return found
