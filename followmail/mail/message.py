"""Header bytes → Message. Reads leniently: whatever came in over the wire, this never raises (RFC 5322, RFC 2047)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime

from followmail.mail import msgid
from followmail.mail.identity import Person, canonical

# What a look asks for (HEADER.FIELDS, RFC 9051 §6.4.5). Received is asked only where its absence means something.
HEADER_FIELDS = (
    "From",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Auto-Submitted",
    "Precedence",
    "List-Id",
    "List-Post",
    "Return-Path",
    "X-Autoreply",
    "X-Autorespond",
    "X-Failed-Recipients",
    "X-Microsoft-Original-Message-ID",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",  # Fastmail
    "X-Rcpt-To",
)
_ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-rcpt-to")

# No mail needs more; a hostile one brings thousands. The oldest is the root, the newest are the nearest.
MAX_REFERENCES = 100
_MAX_PEOPLE = 500
_MAX_TEXT = 2000

_REPLY = re.compile(
    r"^\s*(?:\[(?:ext|external|extern|externe|externo|esterno)\]|(?:re|aw|antw|antwort|sv|vs|rv|tr|wg|fw|fwd|rif|r|res|enc|vl|"
    r"doorst|odp|ynt|automatic reply|automatische antwort|réponse automatique|respuesta automática|risposta automatica|"
    r"automatisch antwoord|resposta automática)\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：])\s*",
    re.IGNORECASE,
)
# As programs of the seven languages, and their neighbours, mark a mail that is passed on.
_FORWARD = re.compile(
    r"^\s*(?:\[(?:ext|external|extern|externe|externo|esterno)\]\s*)?(?:fwd?|wg|tr|rv|enc|i|doorst|vl|vb|vs|pd|转发|轉寄)"
    r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]|\(fwd\)\s*$",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0080-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BETWEEN_ADDRESSES = re.compile(r"[\s<>,;:(]+")


@dataclass(frozen=True, slots=True)
class Message:
    """One mail as its headers tell it. Addresses are canonical, dates aware UTC, ids without brackets."""

    id: str
    sender: Person
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()
    envelope_to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    arrived: datetime | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    original_id: str = ""
    content_type: str = ""
    auto_submitted: bool = False
    is_list: bool = False
    list_post: str = ""
    null_return_path: bool = False
    failed_recipients: bool = False
    received: bool = False

    @property
    def answers(self) -> tuple[str, ...]:
        """The ids this message refers to, nearest first (RFC 5322 §3.6.4)."""
        return tuple(dict.fromkeys((*self.in_reply_to, *reversed(self.references))))

    @property
    def base_subject(self) -> str:
        return base_subject(self.subject)

    @property
    def is_report(self) -> bool:
        """multipart/report: delivery status, disposition, feedback (RFC 6522)."""
        return self.content_type.startswith("multipart/report")

    @property
    def is_calendar(self) -> bool:
        """A calendar message (RFC 6047): the whole of it, or announced by the method of its type."""
        return self.content_type.startswith("text/calendar") or "method=" in self.content_type

    @property
    def may_be_report(self) -> bool:
        """Whether the body must be read to know if it reports on a mail of ours."""
        local = self.sender.address.partition("@")[0]
        return (
            self.is_report
            or self.null_return_path
            or self.failed_recipients
            or not self.sender.address
            or local in ("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mdaemon", "microsoftexchange")
            or local.startswith("microsoftexchange")
        )

    @property
    def later(self) -> datetime | None:
        """The later of Date and INTERNALDATE: asked where 'after' holds back."""
        return max((d for d in (self.date, self.arrived) if d), default=None)

    @property
    def earlier(self) -> datetime | None:
        """The earlier of Date and INTERNALDATE: asked where 'too old' holds back."""
        return min((d for d in (self.date, self.arrived) if d), default=None)

    @property
    def sent_on(self) -> datetime | None:
        """When its author sent it: Date, else INTERNALDATE; a Date far ahead of its arrival cannot be right."""
        if self.date and self.arrived and self.date > self.arrived + timedelta(days=1):
            return self.arrived
        return self.date or self.arrived


def read(head: bytes, arrived: datetime | None = None, size: int = 0) -> Message:
    """A message from its header block (with or without the empty line). `size` tells messages without an id apart."""
    fields = _fields(head)
    return _message(fields, head, arrived, size)


def _message(fields: Mapping[str, list[bytes]], head: bytes, arrived: datetime | None, size: int) -> Message:
    senders = people(fields.get("from", ()))
    sender = senders[0] if senders else Person("", "")
    to, subject = people(fields.get("to", ()), literally=True), decode(_first(fields, "subject"))
    date = read_date(_first(fields, "date"))
    own_id = msgid.read_bare_id(_first(fields, "message-id"))
    if not own_id or len(own_id) > 998:
        own_id = msgid.synthetic(str(size), str(date), sender.address, ",".join(p.address for p in to), subject)
    references = msgid.read_ids(b" ".join(fields.get("references", ())))
    if len(references) > MAX_REFERENCES:
        references = (references[0], *references[1 - MAX_REFERENCES :])
    return Message(
        id=own_id,
        sender=sender,
        to=to,
        cc=people(fields.get("cc", ()), literally=True),
        bcc=people(fields.get("bcc", ()), literally=True),
        envelope_to=_envelope_to(fields),
        subject=subject,
        date=date,
        arrived=arrived,
        in_reply_to=msgid.read_ids(b" ".join(fields.get("in-reply-to", ())))[:MAX_REFERENCES],
        references=references,
        original_id=msgid.read_bare_id(_first(fields, "x-microsoft-original-message-id")),
        content_type=_flat(_first(fields, "content-type")).lower()[:300],
        auto_submitted=_is_auto_submitted(fields),
        is_list="list-id" in fields or "list-post" in fields,
        list_post=_list_post(_first(fields, "list-post")),
        null_return_path="return-path" in fields and _flat(_first(fields, "return-path")) == "<>",
        failed_recipients="x-failed-recipients" in fields,
        received="received" in fields,
    )


def is_forward(subject: str) -> bool:
    """Whether the subject says that the mail is passed on."""
    return _FORWARD.search(" ".join(subject.split())) is not None


def base_subject(subject: str) -> str:
    """The subject without reply, forward and list marks, folded for comparing (after RFC 5256 §2.1)."""
    return bare_subject(subject).casefold()


def bare_subject(subject: str) -> str:
    """The same, as it was typed: for reading."""
    text = " ".join(subject.split())
    for _ in range(20):
        shorter = _REPLY.sub("", text, count=1)
        if shorter == text:
            break
        text = shorter
    return text.strip()


def decode(value: bytes) -> str:
    """An unstructured header value as text: RFC 2047, then UTF-8, then Latin-1; one line, no control characters."""
    flat = _flat(value)
    if "=?" in flat:
        flat = _decode_words(flat)
    return _plain(flat)[:_MAX_TEXT]


def people(values: Iterable[bytes], literally: bool = False) -> tuple[Person, ...]:
    """The mailboxes of address headers, canonical, in order; what cannot be read is left out (RFC 5322 §3.4).

    `literally`: also an address that stands in the header as no word of its own. "a)b@c.example" is read as b@c.example,
    which may be somebody else; who wrote is told leniently, who is mailed is not.
    """
    text = ", ".join(_flat(value) for value in values)[:200_000]
    words = frozenset(_BETWEEN_ADDRESSES.split(text)) if literally else frozenset()
    found = []
    for name, address in _addresses(text)[:_MAX_PEOPLE]:
        if literally and address not in words:
            continue
        plain = canonical(address)
        if plain.count("@") == 1 and plain.isprintable() and " " not in plain:
            found.append(Person(clean_name(_decode_words(name) if "=?" in name else name), plain))
    return tuple(found)


def _addresses(text: str) -> list[tuple[str, str]]:
    try:
        return getaddresses([text])
    except (RecursionError, ValueError, IndexError):  # thousands of nested comments, brackets that never close
        return []


def clean_name(name: str) -> str:
    """A display name as data: one line, no control characters, bounded."""
    return _plain(name).strip("'\" ")[:200]


def _plain(text: str) -> str:
    """One line without control characters, and without the lone surrogates that UTF-7 can smuggle in."""
    return _CONTROL.sub("", " ".join(text.split())).encode("utf-8", "replace").decode("utf-8")


def read_date(value: bytes) -> datetime | None:
    """A Date field as aware UTC; None where it cannot be read or is absurd. '-0000' is UTC (RFC 5322 §3.3)."""
    try:
        moment = parsedate_to_datetime(_flat(value))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError, AttributeError):
        return None
    return moment if 1980 <= moment.year <= 9000 else None


def _fields(head: bytes) -> dict[str, list[bytes]]:
    """Field name (lower case) → unfolded raw values, in order. A line that is no field is passed over."""
    block = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0] if not head.startswith((b"\n", b"\r\n")) else b""
    fields: dict[str, list[bytes]] = {}
    name = ""
    for line in re.split(rb"\r\n|\n|\r", block):
        if line[:1] in (b" ", b"\t"):
            if name:
                fields[name][-1] += b" " + line.strip()
            continue
        raw, colon, value = line.partition(b":")
        name = raw.strip().decode("ascii", "replace").lower() if colon and raw.strip() else ""
        if name:
            fields.setdefault(name, []).append(value.strip())
    return fields


def _first(fields: Mapping[str, list[bytes]], name: str) -> bytes:
    values = fields.get(name)
    return values[0] if values else b""


def _flat(value: bytes) -> str:
    """Bytes as text whatever they are, on one line."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("cp1252", "replace")  # raw 8-bit headers are Latin-1 more often than anything else
    return " ".join(text.replace("\0", "").split())


def _decode_words(text: str) -> str:
    """RFC 2047 encoded words; what cannot be decoded stays as it is."""
    try:
        parts = decode_header(text)
    except Exception:  # noqa: BLE001  the standard library raises many kinds here; foreign input never may
        return text
    return "".join(part if isinstance(part, str) else _charset(part, charset) for part, charset in parts)


def _charset(raw: bytes, charset: str | None) -> str:
    for name in (charset or "utf-8", "utf-8", "cp1252"):
        try:
            return raw.decode(name)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return raw.decode("latin-1")


def _envelope_to(fields: Mapping[str, list[bytes]]) -> tuple[str, ...]:
    found = [p.address for name in _ENVELOPE for p in people(fields.get(name, ()))]
    return tuple(dict.fromkeys(found))


def _is_auto_submitted(fields: Mapping[str, list[bytes]]) -> bool:
    """Auto-Submitted other than 'no' (RFC 3834 §5), or the older marks that say the same."""
    value = _flat(_first(fields, "auto-submitted")).lower().partition(";")[0].strip()
    if value and value != "no":
        return True
    return "x-autoreply" in fields or "x-autorespond" in fields


def _list_post(value: bytes) -> str:
    found = re.search(r"mailto:([^>?\s]+)", _flat(value), re.IGNORECASE)
    return canonical(found[1]) if found else ""
