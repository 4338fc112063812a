"""Reports that a message could not be delivered, or not yet: delivery status notifications (RFC 3464) and what
servers write instead. Says whose address failed, and whether it is gone (hard), hindered (soft) or fine (blocked).
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from io import BytesIO
from itertools import islice

from followmail.mail.identity import canonical, local_part
from followmail.mail.kinds import words
from followmail.mail.kinds.received import Received
from followmail.mail.kinds.verdict import Kind

_MAX_REPORT = 12_000  # characters of a report's text that are looked at
_MAX_RECIPIENTS = 50
_MAX_LINES = 800  # of a report that flufl.bounce reads
_MAX_RAW = 48 * 1024
_REPORT_TYPES = ("message/delivery-status", "message/global-delivery-status")
_FIELD = re.compile(
    r"^[ \t>*]{0,4}(final-recipient|original-recipient|action|status|diagnostic-code|will-retry-until)[ \t]*:[ \t]*"
    r"([^\n]{0,600}(?:\n[ \t]+[^\n]{1,300}){0,12})",
    re.I | re.M,
)
_ADDRESS = re.compile(r"(?<![\w.+/=%-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,6}")
# an address that begins its line, as servers list them: `<a@b>:`, `* a@b`, `a@b ... unknown host`
_LISTED = re.compile(rf"^[ \t*|\"'>•-]{{0,12}}(?:rfc822;|smtp:)?[ \t]?[<(\"']{{0,2}}({_ADDRESS.pattern})", re.I | re.M)
_X400 = re.compile(r"\bSMTP=([^\s;@]{1,64}@[^\s;]{1,120})", re.I)
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")  # RFC 3463
_REPLY = re.compile(r"(?<![\d.])([45])(\d\d)(?=[ \-:\"'#;,)]|$)(?!-\d{3}-)")  # RFC 5321 §4.2
_DAEMON = re.compile(
    r"^(?:mailer-?daemon|mail-?daemon|postmaster|poostmaster|mail[._-]?delivery|mdaemon|mail-?system|delivery|bounces?|ndr|"
    r"microsoftexchange[0-9a-f]*|mail\.delivery\.system|mailerdaemon|imss|majordomo-bounce)\b",
    re.I,
)
_DAEMON_NAME = re.compile(
    r"mail(?:er)?[ -]?(?:delivery|daemon)|delivery (?:sub)?system|\bndr\b|postmaster|mail administrator|undeliver", re.I
)
_RETURNED = re.compile(
    r"^(?:return-path|received|message-id|from|to|subject|mime-version|dkim-signature):[ \t]", re.I | re.M
)
_TRANSCRIPT = re.compile(r"\s+was received\b")  # so sendmail's own words begin: "The original message was received at"

# RFC 3463 §3: what a code says by itself. A code that is not here says nothing certain.
_HARD = {"1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "1.4", "1.9"}
_SOFT = {"2.2", "4.7", "2.4"}
_BLOCKED = {"1.7", "1.8", "2.3", "3.2", "3.4", "3.5"}


@dataclass(frozen=True, slots=True)
class Bounce:
    """A failed delivery: its kind, whose address failed, whether it is given up for good, and the words that say so."""

    kind: Kind
    recipients: tuple[str, ...]
    final: bool
    evidence: tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """The fields of one recipient in a report (RFC 3464 §2.3)."""

    final: str = ""
    original: str = ""
    action: str = ""
    status: str = ""
    diagnostic: str = ""
    retried: bool = False

    @property
    def address(self) -> str:
        return self.original or self.final

    @property
    def failed(self) -> bool:
        return self.action in ("failed", "delayed", "") and bool(self.status[:1] != "2")


def bounce(mail: Received) -> Bounce | None:
    """The failed delivery that this message reports; None where it reports none."""
    is_report = is_delivery_report(mail)
    if not is_report and not _looks_like_one(mail):
        return None
    groups = [g for g in _groups(mail.body) if g.failed]
    if is_report and not groups and _groups(mail.body):
        return None  # delivered, relayed or expanded: a receipt (RFC 3464 §2.3.3)
    text = _report_text(mail)
    kind, said = _judge(groups, text, mail.subject)
    delayed = _is_delayed(groups, text, mail.subject) and kind is not Kind.BOUNCE_HARD
    if delayed:
        kind = Kind.BOUNCE_SOFT
    evidence = ["a delivery report" if is_report else "it reads like a delivery failure", *said]
    return Bounce(kind, _recipients(mail, groups, text), not delayed, tuple(evidence))


def is_delivery_report(mail: Received) -> bool:
    """It has a delivery status part, whatever that says (RFC 3464 §2)."""
    return any(part.get_content_type() in _REPORT_TYPES for part in mail.parts) or (
        "report-type=delivery-status" in mail.header("Content-Type").lower().replace('"', "").replace(" ", "")
    )


def reports_success(mail: Received) -> bool:
    """A delivery report by which the message arrived."""
    groups = list(_groups(mail.body))
    return is_delivery_report(mail) and bool(groups) and not any(g.failed for g in groups)


def _looks_like_one(mail: Received) -> bool:
    """In doubt not: a person may write about a bounce, but not as the mail system, and lists no failed address."""
    if mail.has("X-Failed-Recipients"):
        return True
    head = words.fold(mail.subject)
    subject = words.phrases("bounce", "subject").at(head) is not None
    null = is_null_path(mail)
    if is_mail_system(mail):
        return subject or _says_failed(mail) or (null and bool(list(_groups(mail.body))))
    if not subject or (mail.has("In-Reply-To") and not null):
        return False
    return (null or bool(_LISTED.search(_report_text(mail)))) and _says_failed(mail)


def _says_failed(mail: Received) -> bool:
    return words.phrases("bounce", "failed").first(words.fold(_report_text(mail)[:4000])) is not None


def is_mail_system(mail: Received) -> bool:
    """The sender is a mail system: mailer-daemon, postmaster, or so named."""
    return bool(
        _DAEMON.match(local_part(mail.sender.address) or mail.header("From")) or _DAEMON_NAME.search(mail.sender.name)
    )


def is_null_path(mail: Received) -> bool:
    """An empty Return-Path, or a mail system's: nobody is to answer (RFC 5321 §4.5.5)."""
    path = mail.header("Return-Path").strip().lower()
    return mail.has("Return-Path") and (path in ("<>", "") or path.strip("<>").startswith("mailer-daemon"))


def _groups(body: str) -> Iterator[_Group]:
    """The recipients of a report, read line by line: also where its MIME structure is broken."""
    group, seen = _Group(), set[str]()
    for match in _FIELD.finditer(body):
        name, value = match[1].lower(), " ".join(match[2].split())
        if (
            name in seen
            and name in ("final-recipient", "original-recipient", "action", "status")
            and _has_address(group)
        ):
            yield group
            group, seen = _Group(), set()
        seen.add(name)
        _fill(group, name, value)
    if _has_address(group) or group.action or group.status:
        yield group


def _has_address(group: _Group) -> bool:
    return bool(group.final or group.original)


def _fill(group: _Group, name: str, value: str) -> None:
    if name == "will-retry-until":
        group.retried = True
    elif name == "action":
        group.action = next(iter(re.findall(r"[a-z]+", value.lower())), "")
    elif name == "status":
        group.status = value if _ENHANCED.match(value) else group.status
    elif name == "diagnostic-code":
        group.diagnostic = value
    elif found := _ADDRESS.search(value.partition(";")[2] or value):
        if name == "original-recipient":
            group.original = canonical(found[0])
        elif not group.final:
            group.final = canonical(found[0])


def _report_text(mail: Received) -> str:
    """What the server wrote itself, down to the message that it returns."""
    text = (mail.text or mail.body)[:_MAX_REPORT]
    cut = len(text)
    for match in words.phrases("bounce", "returned").each(words.fold(text)):
        if not _TRANSCRIPT.match(text, match.end()):
            cut = min(cut, match.start())
            break
    for match in _RETURNED.finditer(text):
        # a block of header lines, not one line of a summary
        if len(_RETURNED.findall(text[match.start() : match.start() + 1500])) >= 4:
            cut = min(cut, match.start())
            break
    return text[:cut]


def _recipients(mail: Received, groups: list[_Group], text: str) -> tuple[str, ...]:
    """Original-Recipient before Final-Recipient, then what servers name elsewhere, then what is listed in the text."""
    named = [g.address for g in groups if g.address]
    if not named:
        named = [canonical(a) for value in mail.all("X-Failed-Recipients") for a in _ADDRESS.findall(value)]
    if not named:
        named = list(_in_text(mail, text))
    if not named:
        named = _by_flufl(mail) or _returned_to(mail)
    found = dict.fromkeys(a.rstrip(".") for a in named if _ADDRESS.fullmatch(a))
    return tuple(found)[:_MAX_RECIPIENTS]


def _in_text(mail: Received, text: str) -> Iterator[str]:
    ours = {mail.sender.address, *mail.recipients}
    for pattern in (_LISTED, _X400, _ADDRESS):
        found = [canonical(m[m.re.groups and 1]) for m in pattern.finditer(text)]
        wanted = [a for a in found if a not in ours and not _DAEMON.match(local_part(a))]
        if wanted or (found and pattern is _LISTED):
            yield from wanted or found[:1]
            return


def _returned_to(mail: Received) -> list[str]:
    """The one recipient of the returned message."""
    to = re.findall(r"^To:[ \t]*(?:[^\n<]{0,100}<)?(" + _ADDRESS.pattern + ")", mail.body, re.I | re.M)
    return [canonical(to[0])] if len(set(to)) == 1 else []


def _by_flufl(mail: Received) -> list[str]:
    from flufl.bounce import scan_message  # imported late: it is slow to load and seldom asked

    # it logs a traceback for each mail that it cannot read, and reads all lines dozens of times
    logging.getLogger("flufl.bounce").disabled = True
    beginning = b"".join(islice(BytesIO(mail.raw[:_MAX_RAW]), _MAX_LINES))
    try:
        found = scan_message(message_from_bytes(beginning))
        return sorted(canonical(a.decode("ascii", "replace") if isinstance(a, bytes) else str(a)) for a in found)
    except Exception:  # noqa: BLE001  it raises many kinds, on a missing From and on raw 8-bit headers among others
        return []


def _is_delayed(groups: list[_Group], text: str, subject: str) -> bool:
    """Still on its way: the server goes on trying (RFC 3464 §2.3.3)."""
    if any(g.action == "failed" for g in groups):
        return False
    if any(g.action == "delayed" for g in groups):
        return True
    return any(words.phrases("bounce", "delayed").first(words.fold(t)) for t in (subject, text[:4000]))


def _judge(groups: list[_Group], text: str, subject: str) -> tuple[Kind, list[str]]:
    """The kind, and the words that say so: what the server said of this recipient comes before all else."""
    own = " ".join(f"{g.status} {g.diagnostic}" for g in groups)
    for where in (own, text, subject):
        if kind_said := _by_words(where):
            return kind_said[0], [f"'{kind_said[1]}'"]
        if kind_said := _by_code(where):
            return kind_said[0], [f"status {kind_said[1]}"]
    # an unclear final failure is not hard
    return Kind.BOUNCE_SOFT, []


_ORDER = (
    ("full", Kind.BOUNCE_SOFT),
    ("sender", Kind.BOUNCE_BLOCKED),
    ("unknown", Kind.BOUNCE_HARD),
    ("expired", Kind.BOUNCE_SOFT),
    ("blocked", Kind.BOUNCE_BLOCKED),
    ("no-domain", Kind.BOUNCE_HARD),
    ("temporary", Kind.BOUNCE_SOFT),
    ("refused", Kind.BOUNCE_HARD),
)


def _by_words(text: str) -> tuple[Kind, str] | None:
    folded = " ".join(words.fold(re.sub(r"https?://\S+|[\w.-]{1,64}@[\w.-]{1,255}", " ", text)).split())
    for key, kind in _ORDER:
        if said := words.phrases("bounce", key).first(folded):
            return kind, said
    return None


def _by_code(text: str) -> tuple[Kind, str] | None:
    codes = [(m[1], f"{int(m[2])}.{int(m[3])}") for m in _ENHANCED.finditer(text)]
    for table, kind in ((_SOFT, Kind.BOUNCE_SOFT), (_HARD, Kind.BOUNCE_HARD), (_BLOCKED, Kind.BOUNCE_BLOCKED)):
        for first, rest in codes:
            if rest in table and (first == "5" or kind is not Kind.BOUNCE_HARD):
                return kind, f"{first}.{rest}"
    for first, rest in codes:
        if first == "4":
            return Kind.BOUNCE_SOFT, f"{first}.{rest}"
        if rest.startswith("7."):  # RFC 3463 §3.8: security or policy
            return Kind.BOUNCE_BLOCKED, f"{first}.{rest}"
    reply = _REPLY.search(text)
    return (Kind.BOUNCE_SOFT, reply[0]) if reply and reply[1] == "4" else None
