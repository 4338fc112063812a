"""Header bytes → Message. Reads leniently: whatever came in over the wire, this never raises (RFC 5322, RFC 2047)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache

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
# As nearly all programs write these; whatever looks otherwise goes through the standard library, which takes its time.
_MAILBOX = re.compile(
    r"""(?:(?:"([^"\\]*)"\ ?|([^"\\<>(),:;@\[\]]*))<([\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+)>|([\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+))(,\ ?|\Z)""",
    re.ASCII,
)
_DATE = re.compile(
    rb"(?:[A-Za-z]{3}, )?(\d\d?) ([A-Z][a-z]{2}) ([12]\d{3}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) ([+-])([01]\d)([0-5]\d)"
    rb"(?: \([A-Z]{1,5}\))?"
)
_MONTHS = {name: n for n, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_SHORT = 200  # bytes of a header that is worth remembering: the same people write again and again


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
    date, original = read_date(_first(fields, "date")), _first(fields, "x-microsoft-original-message-id")
    own_id = msgid.read_bare_id(_first(fields, "message-id"))
    if not own_id or len(own_id) > 998:
        own_id = msgid.synthetic(str(size), str(date), sender.address, ",".join(p.address for p in to), subject)
    references = _ids(fields, "references")
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
        in_reply_to=_ids(fields, "in-reply-to")[:MAX_REFERENCES],
        references=references,
        original_id=msgid.read_bare_id(original) if original else "",
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
    if ":" not in text and "：" not in text and text[:1] != "[":
        return text
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
    several = list(values)
    if len(several) == 1 and len(several[0]) <= _SHORT:
        return _remembered(several[0], literally)
    return _people(", ".join(map(_flat, several))[:200_000], literally) if several else ()


def _people(text: str, literally: bool) -> tuple[Person, ...]:
    found = _usual_people(text)
    return _any_people(text, literally) if found is None else found


@lru_cache(maxsize=2048)
def _remembered(value: bytes, literally: bool) -> tuple[Person, ...]:
    return _people(_flat(value), literally)


def _any_people(text: str, literally: bool) -> tuple[Person, ...]:
    words = frozenset(_BETWEEN_ADDRESSES.split(text)) if literally else frozenset()
    return tuple(
        _person(name, plain)
        for name, address in _addresses(text)[:_MAX_PEOPLE]
        if not (literally and address not in words)
        and (plain := canonical(address)).count("@") == 1
        and plain.isprintable()
        and " " not in plain
    )


def _usual_people(text: str) -> tuple[Person, ...] | None:
    """The mailboxes of a header of which each has the usual form; None where one has not."""
    found: list[Person] = []
    place = 0
    while place < len(text) and len(found) < _MAX_PEOPLE:
        mailbox = _MAILBOX.match(text, place)
        if mailbox is None:
            return None
        quoted, words, address, bare, _ = mailbox.groups()
        found.append(_person(quoted or words or "", (address or bare).lower()))
        place = mailbox.end()
    return tuple(found)


def _person(name: str, address: str) -> Person:
    return Person(clean_name(_decode_words(name) if "=?" in name else name), address)


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
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line
    return _CONTROL.sub("", line).encode("utf-8", "replace").decode("utf-8")


def read_date(value: bytes) -> datetime | None:
    """A Date field as aware UTC; None where it cannot be read or is absurd. '-0000' is UTC (RFC 5322 §3.3)."""
    return _usual_date(value) or _any_date(value)


def _usual_date(value: bytes) -> datetime | None:
    """A date in the usual form; None where it is none."""
    usual = _DATE.fullmatch(value)
    if usual is None:
        return None
    day, month, year, hour, minute, second, *zone = usual.groups()
    midnight = _midnight(day, month, year, *zone)
    return midnight and midnight + timedelta(0, int(hour) * 3600 + int(minute) * 60 + int(second))


def _any_date(value: bytes) -> datetime | None:
    try:
        moment = parsedate_to_datetime(_flat(value))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError, AttributeError):
        return None
    return moment if 1980 <= moment.year <= 9000 else None


@lru_cache(maxsize=1024)
def _midnight(day: bytes, month: bytes, year: bytes, sign: bytes, hours: bytes, minutes: bytes) -> datetime | None:
    """When a day began in a zone; None where there is no such day, or its year is absurd."""
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        midnight = datetime(int(year), _MONTHS[month], int(day), tzinfo=UTC)
    except (ValueError, KeyError):
        return None
    return (midnight + ahead if sign == b"-" else midnight - ahead) if 1980 < midnight.year < 9000 else None


def _fields(head: bytes) -> dict[str, list[bytes]]:
    """Field name (lower case) → unfolded raw values, in order. A line that is no field is passed over."""
    text = head.replace(b"\r\n", b"\n")
    block = text.partition(b"\n\n")[0] if text[:1] != b"\n" else b""
    fields: dict[str, list[bytes]] = {}
    values: list[bytes] | None = None  # of the field that a folded line goes on with
    for line in block.replace(b"\r", b"\n").split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if values:
                values[-1] += b" " + line.strip()
            continue
        raw, colon, value = line.partition(b":")
        name = _field_name(raw) if colon else ""
        values = fields.setdefault(name, []) if name else None
        if values is not None:
            values.append(value.strip())
    return fields


def _field_name(raw: bytes) -> str:
    return _USUAL_NAMES.get(raw) or raw.strip().decode("ascii", "replace").lower()


_USUAL_NAMES = {name.encode(): name.lower() for name in HEADER_FIELDS}


def _ids(fields: Mapping[str, list[bytes]], name: str) -> tuple[str, ...]:
    values = fields.get(name)
    return msgid.read_ids(b" ".join(values)) if values else ()


def _first(fields: Mapping[str, list[bytes]], name: str) -> bytes:
    values = fields.get(name)
    return values[0] if values else b""


def _flat(value: bytes) -> str:
    """Bytes as text whatever they are, on one line."""
    if not value:
        return ""
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
    found = [p.address for name in _ENVELOPE if name in fields for p in people(fields[name])]
    return tuple(dict.fromkeys(found)) if found else ()


def _is_auto_submitted(fields: Mapping[str, list[bytes]]) -> bool:
    """Auto-Submitted other than 'no' (RFC 3834 §5), or the older marks that say the same."""
    if "auto-submitted" in fields:
        value = _flat(_first(fields, "auto-submitted")).lower().partition(";")[0].strip()
        if value and value != "no":
            return True
    return "x-autoreply" in fields or "x-autorespond" in fields


def _list_post(value: bytes) -> str:
    found = re.search(r"mailto:([^>?\s]+)", _flat(value), re.IGNORECASE) if value else None
    return canonical(found[1]) if found else ""
