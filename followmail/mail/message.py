"""Header bytes → Message. Reads leniently: whatever came in over the wire, this never raises (RFC 5322, RFC 2047)."""

import re
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from followmail.mail import msgid
from followmail.mail.fields import ENVELOPE, read_fields
from followmail.mail.identity import Person, canonical
from followmail.mail.subject import base_subject

# No mail needs more; a hostile one brings thousands. The oldest is the root, the newest are the nearest.
MAX_REFERENCES = 100
_MAX_PEOPLE = 500
_MAX_TEXT = 2000

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0080-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BETWEEN_ADDRESSES = re.compile(r"[\s<>,;:(]+")
# Outlook's 'bob@bob.example' <bob@bob.example>: an address for a name, unquoted, is one person, not two.
_NAMED_SO = re.compile(r"(?<![^\s,;])'?([\w.+-]{1,64}@[\w.-]{1,253})'?\s?<\1>", re.IGNORECASE)
# As nearly all programs write these; whatever looks otherwise goes through the standard library, which takes its time.
_MAILBOX = re.compile(
    r"""(?:(?:"([^"\\]*)"\ ?|([^"\\<>(),:;@\[\]]*))<([\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+)>|([\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+))(,\ ?|\Z)""",
    re.ASCII,
)
_DATE = re.compile(
    rb"(?:[A-Za-z]{3}, )?(\d\d? [A-Z][a-z]{2} [12]\d{3}) ((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d) ([+-][01]\d[0-5]\d)"
    rb"(?: \([A-Z]{1,5}\))?\s*"
)
# RFC 2047: words of one charset, perhaps behind a "Re:" that is plain.
_WORD = r"=\?(?P<charset>[A-Za-z0-9-]{1,30})\?(?:[bB]\?(?P<b>[A-Za-z0-9+/]*={0,2})|[qQ]\?(?P<q>(?:[!-<>@-~]|=[0-9A-Fa-f]{2})*))\?="
_ENCODED = re.compile(rf"(?P<plain>(?:[!-<>-~]+ )*){_WORD}")
_MONTHS = {name: n for n, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_SHORT = 200  # bytes of a header that is worth remembering: the same people write again and again


class Message(NamedTuple):
    """One mail as its headers tell it. Addresses are canonical, dates aware UTC, ids without brackets.

    (A tuple with names: a mailbox holds a hundred thousand of them, and a dataclass takes four times as long to make.)
    """

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
    others: tuple[Person, ...] = ()  # further authors; read, not remembered
    original_from: tuple[Person, ...] = ()  # read, not remembered
    reply_to: tuple[Person, ...] = ()  # read, not remembered

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
    fields = read_fields(head)
    value = fields.get
    sender, *others = authors(value("from", b"")) or (_NOBODY,)
    to, subject = _mailboxes(value("to", b""), literally=True), decode(value("subject", b""))
    date, own_id = read_date(value("date", b"")), msgid.read_bare_id(value("message-id", b""))
    if not own_id or len(own_id) > 998:
        own_id = msgid.synthetic(str(size), str(date), sender.address, ",".join(p.address for p in to), subject)
    references = msgid.read_ids(value("references", b""))
    if len(references) > MAX_REFERENCES:
        references = (references[0], *references[1 - MAX_REFERENCES :])
    return Message(
        own_id,
        sender,
        to,
        cc=_mailboxes(fields["cc"], literally=True) if "cc" in fields else (),
        bcc=_mailboxes(fields["bcc"], literally=True) if "bcc" in fields else (),
        envelope_to=_envelope_to(fields),
        subject=subject,
        date=date,
        arrived=arrived,
        in_reply_to=(*msgid.read_ids(value("in-reply-to", b""))[:MAX_REFERENCES], *msgid.named_in(subject)),
        references=references,
        original_id=msgid.read_bare_id(fields[_ORIGINAL]) if _ORIGINAL in fields else "",
        content_type=_flat(value("content-type", b"")).lower()[:300],
        auto_submitted=_is_auto_submitted(fields),
        is_list="list-id" in fields or "list-post" in fields,
        list_post=_list_post(fields["list-post"]) if "list-post" in fields else "",
        null_return_path=value("return-path", b"").strip() == b"<>",
        failed_recipients="x-failed-recipients" in fields,
        received="received" in fields,
        others=tuple(others),
        original_from=_mailboxes(fields[_GROUPS]) if _GROUPS in fields else (),
        reply_to=_mailboxes(fields["reply-to"]) if "reply-to" in fields else (),
    )


_NOBODY = Person("", "")
_GROUPS = "x-original-from"
_ORIGINAL = "x-microsoft-original-message-id"


def decode(value: bytes) -> str:
    """An unstructured header value as text: RFC 2047, then UTF-8, then Latin-1; one line, no control characters."""
    flat = _flat(value)
    return _plain(_decode_words(flat) if "=?" in flat else flat)[:_MAX_TEXT]


def people(values: Iterable[bytes], literally: bool = False) -> tuple[Person, ...]:
    """The mailboxes of address headers, canonical, in order; what cannot be read is left out (RFC 5322 §3.4).

    `literally`: also an address that stands in the header as no word of its own. "a)b@c.example" is read as b@c.example,
    which may be somebody else; who wrote is told leniently, who is mailed is not.
    """
    return _mailboxes(b", ".join(values), literally)


def authors(value: bytes) -> tuple[Person, ...]:
    """Who wrote, by the value of From. Of a header that is broken also what stands in it like an address: nobody who wrote
    may go unnoticed."""
    return _remembered_authors(value) if len(value) <= _SHORT else _authors(value)


def _authors(value: bytes) -> tuple[Person, ...]:
    text = _flat(value)[:10_000]
    found = _usual_people(text)
    return _found_authors(text) if found is None else found


_remembered_authors = lru_cache(maxsize=2048)(_authors)
_WRITTEN = r"(?:mailto:)?([^\s<>()\[\],;:\"'@]{1,64}@[^\s<>()\[\],;:\"'@]{1,253})"
_ANGLED, _WRITTEN_ALONE = re.compile(rf"<\s?{_WRITTEN}\s?>"), re.compile(_WRITTEN)


def _found_authors(text: str) -> tuple[Person, ...]:
    """The addresses in brackets first, which stand behind the names; what merely looks like one where there is none."""
    read, plain = _any_people(text, literally=True), _decode_words(text)
    angled = [canonical(a) for a in _ANGLED.findall(plain)[:_MAX_PEOPLE]]
    sure = [p for p in read if p.address in angled]
    found = [*sure, *(Person("", a) for a in reversed(angled)), *read] or list(_any_people(text, literally=False))
    if not found and "<>" not in plain:
        found = [Person("", canonical(a)) for a in _WRITTEN_ALONE.findall(plain)[:_MAX_PEOPLE]]
    return tuple({p.address: p for p in reversed(found)}[a] for a in dict.fromkeys(p.address for p in found))


def _mailboxes(value: bytes, literally: bool = False) -> tuple[Person, ...]:
    if not value:
        return ()
    return _remembered(value, literally) if len(value) <= _SHORT else _people(_flat(value)[:200_000], literally)


def _people(text: str, literally: bool) -> tuple[Person, ...]:
    found = _usual_people(text)
    return _any_people(text, literally) if found is None else found


@lru_cache(maxsize=2048)
def _remembered(value: bytes, literally: bool) -> tuple[Person, ...]:
    return _people(_flat(value), literally)


def _any_people(text: str, literally: bool) -> tuple[Person, ...]:
    text = _NAMED_SO.sub(r"<\1>", text)
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
    from email.utils import getaddresses  # late, as below: what is in its usual form does without

    try:
        return getaddresses([text])
    except (RecursionError, ValueError, IndexError):  # thousands of nested comments, brackets that never close
        return []


def clean_name(name: str) -> str:
    """A display name as data: one line, no control characters, bounded."""
    return _plain(name).strip("'\" ")[:200]


def _plain(text: str) -> str:
    """One line without control characters, and without the lone surrogates that UTF-7 can smuggle in."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    line = " ".join(text.split())
    return _CONTROL.sub("", line).encode("utf-8", "replace").decode("utf-8")


def read_date(value: bytes) -> datetime | None:
    """A Date field as aware UTC; None where it cannot be read or is absurd. '-0000' is UTC (RFC 5322 §3.3)."""
    return _usual_date(value) or _any_date(value)


def _usual_date(value: bytes) -> datetime | None:
    """A date in the usual form; None where it is none."""
    usual = _DATE.fullmatch(value)
    if usual is None:
        return None
    day, clock, second, zone = usual.groups()
    midnight = _midnight(day, zone)
    return midnight and midnight + since_midnight(clock) + SECONDS[second]


def _any_date(value: bytes) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(_flat(value))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError, AttributeError):
        return None
    return moment if 1980 <= moment.year <= 9000 else None


@lru_cache(maxsize=1440)
def since_midnight(clock: bytes) -> timedelta:
    """`08:31`"""
    return timedelta(hours=int(clock[:2]), minutes=int(clock[3:]))


SECONDS = {b"%02d" % n: timedelta(seconds=n) for n in range(60)}


@lru_cache(maxsize=1024)
def _midnight(date: bytes, zone: bytes) -> datetime | None:
    """When a day began in a zone; None where there is no such day, or its year is absurd."""
    day, month, year = date.split()
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    try:
        midnight = datetime(int(year), _MONTHS[month], int(day), tzinfo=UTC)
    except (ValueError, KeyError):
        return None
    return (midnight + ahead if zone[:1] == b"-" else midnight - ahead) if 1980 < midnight.year < 9000 else None


def _flat(value: bytes) -> str:
    """Bytes as text whatever they are, on one line."""
    if value.isascii() and (plain := value.decode()).isprintable() and "  " not in plain:
        return plain.strip()
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("cp1252", "replace")  # raw 8-bit headers are Latin-1 more often than anything else
    return " ".join(text.replace("\0", "").split())


def _decode_words(text: str) -> str:
    """RFC 2047 encoded words; what cannot be decoded stays as it is."""
    usual = _usual_word(text)
    return _any_words(text) if usual is None else usual


def _usual_word(text: str) -> str | None:
    """One encoded word of the usual form, perhaps behind plain ones; None where it is none, or there are more."""
    word = _ENCODED.fullmatch(text)
    if word is None:
        return None
    plain, charset, b, q = word.groups()
    if b is not None and len(b) % 4:
        return None
    raw = a2b_qp(q, header=True) if b is None else a2b_base64(b)
    return plain + _charset(raw, charset)


def _any_words(text: str) -> str:
    from email.header import decode_header

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


def _envelope_to(fields: Mapping[str, bytes]) -> tuple[str, ...]:
    found = [p.address for name in ENVELOPE if name in fields for p in _mailboxes(fields[name])]
    return tuple(dict.fromkeys(found)) if found else ()


def _is_auto_submitted(fields: Mapping[str, bytes]) -> bool:
    """Auto-Submitted other than 'no' (RFC 3834 §5), or the older marks that say the same."""
    if "auto-submitted" in fields:
        value = _flat(fields["auto-submitted"]).lower().partition(";")[0].strip()
        if value and value != "no":
            return True
    return "x-autoreply" in fields or "x-autorespond" in fields


def _list_post(value: bytes) -> str:
    found = re.search(r"mailto:([^>?\s]+)", _flat(value), re.IGNORECASE)
    return canonical(found[1]) if found else ""
