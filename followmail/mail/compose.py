"""A follow-up → the bytes of a mail, strictly (RFC 5322, RFC 2045, RFC 2047), and read again before they leave.

The same Outgoing always gives the same bytes: written once, drafted or sent, and filed as they are. What must not or
cannot be written raises Permanent with a sentence for the consultant: that mail is held.
"""

import email
import hashlib
import quopri
import re
import textwrap
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.header import Header, decode_header
from email.utils import format_datetime, getaddresses
from email.utils import quote as quoted
from typing import Any
from urllib.parse import quote as percent_encoded

from followmail.errors import Permanent
from followmail.mail.identity import Person, is_address
from followmail.mail.message import read_date
from followmail.mail.msgid import read_ids

# A thread is found by its root and its nearest messages; relays break longer fields.
MAX_REFERENCES = 20
_MAX_REFERENCES_LENGTH = 900
_MAX_LINE = 998  # RFC 5322 §2.1.1; an id is never folded, so none may be near it
_MAX_ID = 900
_WIDTH = 76

_ID = re.compile(r"[!-;=?-~]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_FIELD = re.compile(r"([A-Za-z-]+):(?: ([^\r\n]*))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BODY_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One mail as it is meant. Ids without brackets, `date` aware, `text` and `html` with any line ends.

    `unsubscribe` is the address that List-Unsubscribe names (RFC 2369); empty: no such field. `automatic`: no person
    wrote it, and no machine should answer it.
    """

    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    text: str
    message_id: str
    date: datetime
    html: str | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    unsubscribe: str = ""
    automatic: bool = False


def compose(outgoing: Outgoing) -> bytes:
    """The finished mail, in lines that end with CRLF; verified. Permanent where it must not be written."""
    head, body = _fields(outgoing), _content(outgoing)
    data = "".join(f"{name}: {value}".rstrip(" ") + "\r\n" for name, value in head).encode() + body
    verify(data, outgoing)
    return data


def verify(data: bytes, outgoing: Outgoing) -> None:
    """Reads finished bytes as others will: the fields, recipients and parts that are meant only, or Permanent."""
    head = data.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n ", " ").split("\r\n")
    found = [_FIELD.fullmatch(line) for line in head]
    fields = [(field[1], field[2] or "") for field in found if field]
    mime = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"][: 3 if outgoing.html is None else 2]
    if None in found or [name for name, _ in fields] != [name for name, _ in _fields(outgoing)] + mime:
        raise _unlike("the list of its headers")
    values = dict(fields)
    for name, people in (("From", (outgoing.sender,)), ("To", outgoing.to), ("Cc", outgoing.cc)):
        _same_people(name, values.get(name, ""), people)
    for name, ids in _ids(outgoing):
        _same(name, read_ids(values[name]), ids)
    _same("Subject", _unworded(values["Subject"]), _plain("Subject", outgoing.subject))
    _same("Date", read_date(values["Date"].encode()), outgoing.date.replace(microsecond=0))
    _same("List-Unsubscribe", values.get("List-Unsubscribe", ""), _unsubscribe(outgoing))
    _same("Auto-Submitted", values.get("Auto-Submitted") == "auto-generated", outgoing.automatic)
    _same_content(data, outgoing)


def html_of(markdown: str) -> str:
    """Markdown as HTML. Tags in the text stay text; a line break stays one, since this was typed as a mail."""
    from markdown_it import MarkdownIt  # late: costs more than the rest of this module

    return str(MarkdownIt("commonmark", {"html": False, "breaks": True}).render(markdown))


def quote(text: str, attribution: str) -> str:
    """The text under its attribution, each line after "> "; quoted quotes gain a ">" (RFC 3676 §4.5)."""
    lines = [_BODY_CONTROL.sub("", line).rstrip() for line in text.strip().splitlines()]
    marked = [f">{line}" if not line or line.startswith(">") else f"> {line}" for line in lines]
    return "\n".join([attribution, *marked]) + "\n"


# The header


def _fields(outgoing: Outgoing) -> list[tuple[str, str]]:
    """Every field above the content's, in order, folded; and none that names a program."""
    if outgoing.date.tzinfo is None:
        raise ValueError("the date of a mail needs its zone")
    if not outgoing.to:
        raise Permanent("The mail has nobody in To.")
    fields = [
        ("From", _mailboxes((outgoing.sender,))),
        ("To", _mailboxes(outgoing.to)),
        ("Cc", _mailboxes(outgoing.cc)),
        ("Subject", _worded(_plain("Subject", outgoing.subject), "Subject")),
        ("Date", format_datetime(outgoing.date)),
        *((name, "\r\n ".join(f"<{one}>" for one in ids)) for name, ids in _ids(outgoing)),
        ("List-Unsubscribe", _unsubscribe(outgoing)),
        ("Auto-Submitted", "auto-generated" if outgoing.automatic else ""),  # RFC 3834 §5
    ]
    return [(name, value) for name, value in fields if value or name == "Subject"]


def _ids(outgoing: Outgoing) -> list[tuple[str, tuple[str, ...]]]:
    """The fields of ids that this mail has: never encoded, folded only between two ids (RFC 5322 §3.6.4)."""
    for one in filter(None, (outgoing.message_id, outgoing.in_reply_to)):
        if not _is_id(one):
            raise Permanent(f"The Message-ID {one[:60]!r} cannot be written into a header.")
    fields = [("Message-ID", (outgoing.message_id,)), ("References", _references(outgoing))]
    fields[1:1] = [("In-Reply-To", (outgoing.in_reply_to,))] if outgoing.in_reply_to else []
    return [(name, ids) for name, ids in fields if ids]


def _references(outgoing: Outgoing) -> tuple[str, ...]:
    """The root, then the nearest ones, the answered message last; what is no id is left out, not repaired."""
    ids = [one for one in dict.fromkeys(outgoing.references) if _is_id(one) and one != outgoing.in_reply_to]
    ids += [outgoing.in_reply_to] if outgoing.in_reply_to else []
    while len(ids) > MAX_REFERENCES or (len(ids) > 2 and sum(len(one) + 3 for one in ids) > _MAX_REFERENCES_LENGTH):
        del ids[1]
    return tuple(ids)


def _is_id(one: str) -> bool:
    return len(one) <= _MAX_ID and _ID.fullmatch(one) is not None


def _unsubscribe(outgoing: Outgoing) -> str:
    """With this mail's id: who wants no more may ask so from an address that nobody knows (RFC 2369 §3.2)."""
    if not outgoing.unsubscribe:
        return ""
    whom, about = (percent_encoded(x, safe="@+.") for x in (_address(outgoing.unsubscribe), outgoing.message_id))
    return f"<mailto:{whom}?subject=unsubscribe%20{about}>"


def _mailboxes(people: tuple[Person, ...]) -> str:
    """One a line. An address is never encoded; one that is not ASCII needs a server with SMTPUTF8 (RFC 6532)."""
    return ",\r\n ".join(f"{_phrase(one)} <{_address(one.address)}>".lstrip() for one in people)


def _phrase(person: Person) -> str:
    name = _plain("name", person.name)
    if not name.isascii() or "=?" in name or len(name) > 60:
        return _worded(name, "", always=True)
    return name if _ATOMS.fullmatch(name) or not name else f'"{quoted(name)}"'


def _address(address: str) -> str:
    if not is_address(address) or not address.isprintable() or "=?" in address:
        raise Permanent(f"{address[:80]!r} is no address that can be mailed.")
    return address


def _plain(what: str, value: str) -> str:
    """A value as people read it: encoded words decoded, however deep they are; refused if that brings a line break."""
    layers = [value.replace("\t", " ")]
    while len(layers) < 6 and "=?" in layers[-1] and (inner := _unworded(layers[-1])) != layers[-1]:
        layers.append(inner)
    if any(map(_CONTROL.search, layers)):
        raise Permanent(f"The {what} has a line break or another control character in it.")
    return re.sub(r" +", " ", layers[-1]).strip(" ")


def _worded(text: str, name: str, *, always: bool = False) -> str:
    """Unstructured text, folded; as encoded words where it has to be (RFC 2047 §5)."""
    if not always and text.isascii() and "=?" not in text and max(map(len, text.split(" "))) < _WIDTH:
        return "\r\n ".join(textwrap.wrap(text, _WIDTH - len(name), break_long_words=False, break_on_hyphens=False))
    return Header(text, "utf-8", maxlinelen=_WIDTH, header_name=name).encode(linesep="\r\n")


def _unworded(text: str) -> str:
    """One layer of encoded words decoded; text that has none, or such as nobody can read, stays."""
    try:
        parts = decode_header(text)
        return "".join(p if isinstance(p, str) else p.decode(charset or "raw-unicode-escape") for p, charset in parts)
    except (MessageError, ValueError, LookupError):
        return text


# The content


def _content(outgoing: Outgoing) -> bytes:
    """The last fields and the body: text/plain as typed, and the HTML beside it if there is some (RFC 2046 §5.1.4)."""
    plain = _part("plain", outgoing.text)
    if outgoing.html is None:
        return b"MIME-Version: 1.0\r\n" + plain
    boundary = b"=_" + hashlib.sha256(outgoing.message_id.encode()).hexdigest()[:32].encode()
    parts = b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in (plain, _part("html", outgoing.html)))
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="%b"\r\n\r\n' % boundary
    return head + parts + b"--%b--\r\n" % boundary


def _part(kind: str, text: str) -> bytes:
    if _BODY_CONTROL.search(text):
        raise Permanent("The text has a control character in it.")
    raw = _NEWLINE.sub("\r\n", text.rstrip("\r\n") + "\n").encode()
    simple = raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= _WIDTH + 2
    encoding = "7bit" if simple else "quoted-printable"
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode() + (raw if simple else quopri.encodestring(raw))


# Reading it again


def _same_people(name: str, value: str, people: tuple[Person, ...]) -> None:
    """Two readers that differ on hard cases must agree on whom this goes to."""
    meant = [(_plain("name", one.name), one.address) for one in people]
    _same(name, [(_plain("name", shown), address) for shown, address in getaddresses([value]) if value], meant)
    from email.headerregistry import HeaderRegistry  # late: only what is written is read so strictly

    try:
        strict: Any = HeaderRegistry()(name, value)
    except (ValueError, LookupError, AttributeError):  # what it raises where it cannot read
        raise _unlike(name) from None
    _same(name, [one.addr_spec for one in strict.addresses], [address for _, address in meant])


def _same_content(data: bytes, outgoing: Outgoing) -> None:
    lines = data.split(b"\r\n")
    if any(len(line) > _MAX_LINE or b"\r" in line or b"\n" in line for line in lines):
        raise _unlike("a line")
    meant = [("text/plain", outgoing.text)] + ([] if outgoing.html is None else [("text/html", outgoing.html)])
    read = []
    for part in email.message_from_bytes(data).walk():
        payload = part.get_payload(decode=True)  # None for the multipart itself
        if isinstance(payload, bytes):
            read.append((part.get_content_type(), payload.decode("utf-8", "replace")))
    _same("the text", [(kind, _trimmed(text)) for kind, text in read], [(kind, _trimmed(text)) for kind, text in meant])


def _trimmed(text: str) -> str:
    return _NEWLINE.sub("\n", text).rstrip("\n")


def _same(what: str, read: object, meant: object) -> None:
    if read != meant:
        raise _unlike(what)


def _unlike(what: str) -> Permanent:
    return Permanent(f"The finished mail does not read as it was meant: {what} differs. It is held.")
