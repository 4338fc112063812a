"""Folders: what each is for, whatever its name, language, prefix and delimiter. Lines in, values out: no connection."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from imapclient import imap_utf7  # type: ignore[import-untyped]

from followmail.imap.names import ROLE_BY_NAME, fold


class Role(StrEnum):
    """What a folder is for (RFC 6154, and what mail programs add to it)."""

    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"
    JUNK = "junk"
    TRASH = "trash"
    ARCHIVE = "archive"
    ALL = "all"
    OUTBOX = "outbox"
    SCHEDULED = "scheduled"
    TEMPLATES = "templates"
    OTHER = "other"


# What lies here has not been sent, whoever wrote it.
UNSENT = frozenset({Role.DRAFTS, Role.OUTBOX, Role.SCHEDULED, Role.TEMPLATES})


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of the account. `fault`: why its status could not be had; such a folder makes the look incomplete."""

    name: str  # as a person reads it
    role: Role
    special: bool  # the role came from SPECIAL-USE
    delimiter: str  # "" where the server has no hierarchy
    selectable: bool
    uidvalidity: int | None = None
    uidnext: int | None = None
    messages: int | None = None
    highestmodseq: int | None = None
    fault: str = ""
    prefix: str = ""  # of its namespace: "INBOX." on Courier


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of LIST. `wire` is the name as it goes over the wire."""

    attributes: frozenset[str]  # lower case
    delimiter: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The prefixes of our own folders, and of those of others (RFC 2342), as they go over the wire."""

    personal: tuple[bytes, ...] = (b"",)
    foreign: tuple[bytes, ...] = ()

    def prefix_of(self, name: bytes) -> bytes | None:
        """Our prefix that this folder stands under; None where it is somebody else's."""
        if any(name.startswith(prefix) or name == prefix[:-1] for prefix in self.foreign):
            return None
        longest = sorted(self.personal, key=len, reverse=True)
        found = next((prefix for prefix in longest if name.startswith(prefix)), None)
        # INBOX is everybody's own, also where the prefix is "INBOX." (RFC 9051 §5.1).
        return self.personal[0] if found is None and name.upper() == b"INBOX" else found


# XLIST, Gmail's forerunner of SPECIAL-USE, said \Spam and \AllMail.
_FLAGS: Mapping[str, Role] = {
    "\\sent": Role.SENT,
    "\\drafts": Role.DRAFTS,
    "\\junk": Role.JUNK,
    "\\spam": Role.JUNK,
    "\\trash": Role.TRASH,
    "\\archive": Role.ARCHIVE,
    "\\all": Role.ALL,
    "\\allmail": Role.ALL,
    "\\scheduled": Role.SCHEDULED,  # draft-ietf-mailmaint-interesting-attributes, on some servers
}
# Folders that only hold others: Gmail's, some hosters'.
_SHELLS = frozenset(fold(name) for name in ("[Gmail]", "[Google Mail]", "INBOX", "Mail"))
# What lies in a sub-folder of these is thrown away, or not yet sent, too.
_INHERITED = frozenset({Role.TRASH, Role.JUNK, Role.DRAFTS})
# One response of LIST: attributes, delimiter, then the name as quoted string, literal's mark or atom.
_LIST = re.compile(rb'\(([^)]*)\) (?:NIL|"(\\?[^\r\n])") ?(?:"((?:[^"\\]|\\.)*)"|(\{\d+\})\Z|([^\s"]+))', re.IGNORECASE)
_STATUS = re.compile(rb'(?:"((?:[^"\\]|\\.)*)"|(\{\d+\})\Z|(\S+)) ?(?:\(([^()]*)\))?', re.IGNORECASE)
_LONGEST = 8_000  # bytes of a NAMESPACE answer that are looked at
_ITEM = re.compile(rb"(?<![A-Z.-])([A-Z.-]{1,40}) (\d{1,20})", re.IGNORECASE)
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|[()]|[^\s()"]+')


def decode_name(wire: bytes) -> str:
    """A folder name from modified UTF-7 (RFC 3501 §5.1.3); else from UTF-8, else from Latin-1. Never raises."""
    try:
        name = str(imap_utf7.decode(wire))
        name.encode("utf-8")
    except (ValueError, LookupError):
        name = ""
    if name and wire.isascii():
        return name
    try:
        return wire.decode("utf-8")
    except UnicodeDecodeError:
        return wire.decode("latin-1")


def encode_name(name: str) -> bytes:
    """A folder name as it goes over the wire. Raises ValueError where it cannot (a lone surrogate)."""
    return bytes(imap_utf7.encode(name))


def read_list(records: Iterable[bytes | tuple[bytes, bytes] | None]) -> list[Listed]:
    """The folders in LIST responses (RFC 9051 §7.3.1), as imaplib gives them. A line that is none is passed over."""
    found = []
    for text, literal in _with_literals(records):
        line = _LIST.match(text)
        if not line:
            continue
        name = literal if line[4] else _unquoted(line[3]) if line[3] is not None else line[5]
        if not name:
            continue
        attributes = frozenset(line[1].decode("ascii", "replace").lower().split())
        found.append(Listed(attributes, _unquoted(line[2] or b"").decode("latin-1"), name))
    return found


def read_status(records: Iterable[bytes | tuple[bytes, bytes] | None]) -> dict[bytes, dict[str, int]]:
    """Name on the wire → item (upper case) → number, of STATUS responses (RFC 9051 §7.3.4)."""
    found: dict[bytes, dict[str, int]] = {}
    waiting: bytes | None = None
    for text, literal in _with_literals(records):
        if waiting is not None and text.lstrip().startswith(b"("):
            found[waiting], waiting = _items(text), None
            continue
        line = _STATUS.match(text)
        if not line:
            continue
        if line[2]:
            waiting = literal
        else:
            found[_unquoted(line[1]) if line[1] is not None else line[3]] = _items(line[4] or b"")
    return found


def read_namespaces(line: bytes | None) -> Namespaces:
    """The answer to NAMESPACE: personal, other users', shared (RFC 2342 §5). Without a personal one all is ours."""
    groups = [
        [entry[0] for entry in group if entry and isinstance(entry, list)]
        for group in _nested((line or b"")[:_LONGEST])
    ]
    personal, *others = [tuple(p for p in group if isinstance(p, bytes)) for group in groups] or [()]
    foreign = tuple(prefix for prefixes in others for prefix in prefixes if prefix and prefix not in personal)
    return Namespaces(personal or (b"",), foreign)


def assemble(
    listed: Sequence[Listed],
    spaces: Namespaces,
    status: Callable[[bytes], Mapping[str, int]],
    fault: Callable[[bytes], str],
) -> tuple[Folder, ...]:
    """The account's own folders, by name. `status` and `fault` answer for a name on the wire."""
    if spaces.personal == (b"",):
        spaces = Namespaces((_guessed_prefix(listed),), spaces.foreign)
    found = []
    for entry in listed:
        prefix = spaces.prefix_of(entry.wire)
        if prefix is None:
            continue
        name = decode_name(entry.wire)
        role, special = role_of(name, decode_name(prefix), entry.delimiter, entry.attributes)
        selectable = not entry.attributes & {"\\noselect", "\\nonexistent"}
        known = status(entry.wire) if selectable else {}
        found.append(
            Folder(
                *(name, role, special, entry.delimiter, selectable),
                uidvalidity=known.get("UIDVALIDITY"),
                uidnext=known.get("UIDNEXT"),
                messages=known.get("MESSAGES"),
                highestmodseq=known.get("HIGHESTMODSEQ") or None,
                fault=fault(entry.wire) if selectable else "",
                prefix=decode_name(prefix),
            )
        )
    return tuple(sorted(found, key=lambda folder: (folder.role is not Role.INBOX, folder.name)))


def role_of(name: str, prefix: str, delimiter: str, attributes: frozenset[str] = frozenset()) -> tuple[Role, bool]:
    """What a folder is for, and whether SPECIAL-USE says so."""
    if name.upper() == "INBOX":
        return Role.INBOX, False
    flagged = next((_FLAGS[a] for a in sorted(attributes) if a in _FLAGS), None)
    if flagged:
        return flagged, True
    return _role_by_name(_parts(name, prefix, delimiter)), False


def having(folders: Iterable[Folder], role: Role) -> tuple[Folder, ...]:
    """The folders with a role that can hold mail, the special one first."""
    return tuple(sorted((f for f in folders if f.role is role and f.selectable), key=lambda f: not f.special))


def our_folder(folders: Sequence[Folder], *path: str) -> str:
    """The name of a folder of ours in this account: ("Followmail", "nudge") → "INBOX.Followmail.nudge"."""
    inbox = next((folder for folder in folders if folder.role is Role.INBOX), None)
    prefix = inbox.prefix if inbox else ""
    delimiter = next((f.delimiter for f in ((inbox,) if inbox else ()) + tuple(folders) if f.delimiter), "")
    # Without a hierarchy, and inside one part, a hyphen stands for the delimiter.
    parts = [part.replace(delimiter, "-") if delimiter else part for part in path]
    return prefix + (delimiter or "-").join(parts)


def _parts(name: str, prefix: str, delimiter: str) -> list[str]:
    """The path below the prefix, without the shells around it."""
    inner = name.removeprefix(prefix)
    parts = inner.split(delimiter) if delimiter else [inner]
    return parts[1:] if len(parts) > 1 and fold(parts[0]) in _SHELLS else parts


def _role_by_name(parts: Sequence[str]) -> Role:
    top = Role(ROLE_BY_NAME.get(fold(parts[0]), Role.OTHER))
    # A consultant's own "Clients/Sent" is a folder like any other.
    return top if len(parts) == 1 or top in _INHERITED else Role.OTHER


def _guessed_prefix(listed: Sequence[Listed]) -> bytes:
    """Courier and old Cyrus without NAMESPACE: where everything stands under INBOX, that is the prefix."""
    inbox = next((entry for entry in listed if entry.wire.upper() == b"INBOX"), None)
    if inbox is None or not inbox.delimiter or len(listed) < 2:
        return b""
    prefix = inbox.wire + inbox.delimiter.encode("latin-1")
    return prefix if all(entry is inbox or entry.wire.startswith(prefix) for entry in listed) else b""


def _with_literals(records: Iterable[bytes | tuple[bytes, bytes] | None]) -> Iterable[tuple[bytes, bytes]]:
    """imaplib gives (text with the mark, literal) or a bare text."""
    for record in records:
        if isinstance(record, tuple):
            yield record[0], record[1]
        elif record is not None:
            yield record, b""


def _unquoted(text: bytes) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", text)


def _items(text: bytes) -> dict[str, int]:
    return {name.decode("ascii").upper(): int(number) for name, number in _ITEM.findall(text)}


def _nested(line: bytes) -> list[Any]:
    """Parenthesised strings as nested lists. What does not fit is passed over."""
    top: list[Any] = []
    path = [top]
    for token in _TOKEN.finditer(line):
        if token[0] == b"(":
            path[-1].append([])
            path.append(path[-1][-1])
        elif token[0] == b")":
            path = path[:-1] or [top]
        else:
            path[-1].append(_unquoted(token[1]) if token[1] is not None else token[0])
    return top
