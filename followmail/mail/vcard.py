"""vCards 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350): bytes → cards, as address books and phones write them. Never raises.

BEGIN:VCARD
VERSION:3.0
FN:Carla Cook
item1.EMAIL;TYPE=INTERNET,PREF:carla@carla.example
END:VCARD
"""

import binascii
import codecs
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from followmail.mail.identity import canonical
from followmail.mail.message import clean_name

MOST_CARDS = 10_000
_BEGIN = re.compile(rb"[ \t]*begin[ \t]*:[ \t]*vcard[ \t]*", re.I)
_END = re.compile(rb"[ \t]*end[ \t]*:[ \t]*vcard[ \t]*", re.I)
# Codecs that are charsets; Python knows others, some of them slow.
_CHARSET = re.compile(r"(?:UTF|ISO|LATIN|CP|WINDOWS|US-?ASCII|ASCII|MAC|KOI|GB|BIG5|EUC|SHIFT|SJIS)[\w.:-]{0,30}")
_WANTED = frozenset({"N", "FN", "EMAIL", "ORG", "NOTE"})
_LONGEST = 20_000  # bytes of a value that are kept
_MOST_VALUES = 50  # of one property in one card


@dataclass(frozen=True, slots=True)
class Card:
    """One person of a vCard file. `line`: where it begins, 1 first; `fault`: why it cannot be read to its end."""

    line: int
    name: str = ""
    addresses: tuple[str, ...] = ()  # canonical, the preferred one first
    organisation: str = ""
    note: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    parameters: tuple[tuple[str, str], ...]  # both in capitals; a bare one of 2.1 has no name
    value: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.parameters if key == name]

    @property
    def text(self) -> str:
        """The value decoded: transfer encoding, then charset (2.1 names it; since 4.0 it is UTF-8)."""
        encodings = {*self.all("ENCODING"), *self.all("")}
        data = self.value
        if "QUOTED-PRINTABLE" in encodings:
            data = quopri.decodestring(data)
        elif encodings & {"BASE64", "B"}:
            try:
                data = binascii.a2b_base64(b"".join(data.split()))
            except binascii.Error:
                data = b""
        for charset in (*filter(_CHARSET.fullmatch, self.all("CHARSET")), "utf-8", "cp1252"):
            try:
                return data.decode(charset)
            except (LookupError, UnicodeError):
                continue
        return data.decode("latin-1")

    @property
    def rank(self) -> int:
        """The lower, the more it is preferred: PREF=1 of 4.0, TYPE=PREF of 3.0, a bare PREF of 2.1."""
        numbers = [int(value) for value in self.all("PREF") if value.isdigit() and len(value) < 4]
        if numbers:
            return min(numbers)
        types = {t for value in (*self.all("TYPE"), *self.all("")) for t in value.split(",")}
        return 1 if "PREF" in types else 101


@dataclass(slots=True)
class _Open:
    """A card that is being read."""

    line: int
    found: dict[str, list[_Property]] = field(default_factory=dict)
    inner: int = 0  # cards within it (AGENT of 2.1) that are open

    def add(self, found: _Property) -> None:
        values = self.found.setdefault(found.name, [])
        if found.name in _WANTED and not self.inner and len(values) < _MOST_VALUES:
            values.append(found)

    def close(self, fault: str = "") -> Card:
        emails = sorted(self.found.get("EMAIL", ()), key=lambda found: found.rank)
        addresses = (canonical(_unescaped(e.text).removeprefix("mailto:")) for e in emails)
        return Card(
            self.line,
            self._text("FN") or self._name(),
            tuple(dict.fromkeys(a for a in addresses if a)),
            " ".join(filter(None, map(_flat, _split(self._raw("ORG"))))),
            "\n".join(_unescaped(p.text) for p in self.found.get("NOTE", ())),
            fault,
        )

    def _raw(self, name: str) -> str:
        found = sorted(self.found.get(name, ()), key=lambda p: p.rank)
        return found[0].text if found else ""

    def _text(self, name: str) -> str:
        return _flat(_unescaped(self._raw(name)))

    def _name(self) -> str:
        """N is family; given; additional; prefixes; suffixes (RFC 6350 §6.2.2)."""
        family, given, *_ = (*map(_flat, _split(self._raw("N"))), "", "")
        return " ".join(filter(None, (given, family)))


def is_vcard(data: bytes) -> bool:
    """Whether this is a vCard by what stands in it."""
    return _BEGIN.match(_as_utf8(data[:4096]).lstrip().partition(b"\n")[0].rstrip(b"\r")) is not None


def read_cards(data: bytes) -> Iterator[Card]:
    """The cards in order, at most one more than MOST_CARDS."""
    card: _Open | None = None
    count = 0
    for number, line in _lines(_as_utf8(data)):
        if _BEGIN.fullmatch(line):
            if card is not None and _is_agent(card):
                card.inner += 1
                continue
            if card is not None:
                yield card.close("it has no END:VCARD")
                count += 1
            card = _Open(number)
        elif card is not None and _END.fullmatch(line):
            if card.inner:
                card.inner -= 1
                continue
            yield card.close()
            card, count = None, count + 1
        elif card is not None and (found := _property(line)) is not None:
            card.add(found)
        if count > MOST_CARDS:
            return
    if card is not None:
        yield card.close("it has no END:VCARD")


def _is_agent(card: _Open) -> bool:
    """Whether the card that begins here stands within the open one."""
    return card.inner > 0 or (bool(card.found) and next(reversed(card.found)) == "AGENT")


def _as_utf8(data: bytes) -> bytes:
    for mark, charset in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(charset, "replace").encode("utf-8", "replace")
    return data.removeprefix(codecs.BOM_UTF8)


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Logical lines with the number of their first one: folded ones joined (RFC 6350 §3.2), and those that
    quoted-printable breaks off with `=`."""
    parts: list[bytes] = []
    start, size, soft = 1, 0, False
    for number, raw in enumerate(re.split(rb"\r\n|\n|\r", data), 1):
        folded = raw[:1] in (b" ", b"\t")
        if parts and (soft or folded):
            piece = raw[1:] if folded and not soft else raw
            if size < _LONGEST:
                parts.append(piece)
                size += len(piece)
        else:
            if parts:
                yield start, b"".join(parts)
            parts, start, size = [raw], number, len(raw)
        soft = raw.endswith(b"=") and b"QUOTED-PRINTABLE" in parts[0].partition(b":")[0].upper()
        if soft and parts[-1].endswith(b"="):
            parts[-1] = parts[-1][:-1]
    if parts:
        yield start, b"".join(parts)


def _property(line: bytes) -> _Property | None:
    """`item1.EMAIL;TYPE="a:b":value` (RFC 6350 §3.3). None where it is none."""
    colon, quoted = -1, False
    for at, char in enumerate(line[:1000]):
        if char == 0x22:
            quoted = not quoted
        elif char == 0x3A and not quoted:
            colon = at
            break
    if colon < 1:
        return None
    name, *rest = line[:colon].decode("utf-8", "replace").split(";")
    name = name.strip().upper().rpartition(".")[2]  # the group says only what belongs together
    if name not in _WANTED:
        return _Property(name, (), b"")
    parameters = []
    for part in rest:
        key, equals, value = part.partition("=")
        parameters.append((key.strip().upper(), value.strip(' "').upper()) if equals else ("", key.strip().upper()))
    return _Property(name, tuple(parameters), line[colon + 1 : colon + 1 + _LONGEST])


def _split(text: str) -> list[str]:
    """The components of a structured value, unescaped (RFC 6350 §3.4)."""
    return [_unescaped(part) for part in re.split(r"(?<!\\);", text)]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], text).strip()


def _flat(text: str) -> str:
    return clean_name(text)
