"""A mailbox in memory and a session with it: the IMAP that the jobs speak, without a socket.

The session answers in the bytes of a server, so that the real reader reads them; and it can be cut at any command, before
or after the command took effect. What Dovecot does with the same calls is tested elsewhere, on Dovecot.
"""

import contextlib
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

from followmail.errors import CommandRefused, InDoubt, Unreachable
from followmail.imap.folders import Folder, Role
from followmail.imap.session import Selected

_HEADER_FIELDS = re.compile(r"BODY\.PEEK\[HEADER\.FIELDS \(([^)]*)\)\]")
_WHOLE = re.compile(r"BODY\.PEEK\[\]<0\.(\d+)>")
_ROLES = {"INBOX": Role.INBOX, "Sent": Role.SENT, "Drafts": Role.DRAFTS, "Junk": Role.JUNK, "Trash": Role.TRASH}


class Killed(BaseException):
    """The process died here: nothing of it runs on, only what was committed stays."""


@dataclass
class Stored:
    """One message in one folder."""

    uid: int
    raw: bytes
    arrived: datetime
    flags: set[str]
    fields: list[tuple[str, bytes]] = field(default_factory=list)  # lower-case name, the field's bytes
    _values: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        head = self.raw.partition(b"\r\n\r\n")[0] + b"\r\n"
        for found in re.finditer(rb"([!-9;-~]+):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", head):
            self.fields.append((found[1].decode("ascii").lower(), found[0]))

    def value(self, name: str) -> str:
        """One field's value, unfolded; empty without it."""
        if name not in self._values:
            raw = next((text for known, text in self.fields if known == name.lower()), b"")
            self._values[name] = raw.partition(b":")[2].decode("latin-1").replace("\r\n", "").strip()
        return self._values[name]

    @property
    def id(self) -> str:
        return self.value("Message-ID").strip("<>")

    @property
    def sent_at(self) -> datetime:
        return parsedate_to_datetime(self.value("Date"))

    def people(self, *names: str) -> list[str]:
        return [address.lower() for _, address in getaddresses([self.value(name) for name in names]) if address]


@dataclass
class Box:
    """One folder."""

    uidvalidity: int
    uidnext: int = 1
    modseq: int = 1
    messages: list[Stored] = field(default_factory=list)

    def add(self, raw: bytes, arrived: datetime, flags: Sequence[str] = ()) -> int:
        uid, self.uidnext, self.modseq = self.uidnext, self.uidnext + 1, self.modseq + 1
        self.messages.append(Stored(uid, raw, arrived, set(flags)))
        return uid

    def remove(self, uid: int) -> Stored | None:
        found = next((m for m in self.messages if m.uid == uid), None)
        if found is not None:
            self.messages.remove(found)
            self.modseq += 1
        return found


class Mailbox:
    """The folders of one account, as its owner and the world see them."""

    def __init__(self) -> None:
        self.boxes: dict[str, Box] = {name: Box(1_000 + n) for n, name in enumerate(_ROLES)}
        for number, name in enumerate(("Archive", "Followmail/nudge", "Followmail/Stop")):
            self.boxes[name] = Box(2_000 + number)
        self.broken: set[str] = set()  # folders that cannot be read today
        self.put: Callable[[str, bytes], None] = lambda folder, raw: None  # told what the program puts where
        self.moved: Callable[[str, Stored, str], None] = lambda source, message, target: None  # and what it moves

    def box(self, folder: str) -> Box:
        """A folder, made where there is none."""
        return self.boxes.setdefault(folder, Box(3_000 + len(self.boxes)))

    def rebuild(self, folder: str, moment: datetime | None = None) -> None:
        """Its index was lost: other UIDs under another UIDVALIDITY (RFC 9051 §2.3.1.1). With `moment`, all came then."""
        old = self.boxes[folder]
        new = Box(old.uidvalidity + 10_000)
        for message in old.messages:
            new.add(message.raw, moment or message.arrived, sorted(message.flags))
        self.boxes[folder] = new

    def copy(self, message: Stored, target: str) -> None:
        self.boxes[target].add(message.raw, message.arrived, sorted(message.flags))

    def move(self, source: str, uid: int, target: str) -> None:
        message = self.boxes[source].remove(uid)
        if message is not None:
            self.boxes[target].add(message.raw, message.arrived, sorted(message.flags))

    def everywhere(self) -> Iterator[tuple[str, Stored]]:
        for name, box in self.boxes.items():
            for message in box.messages:
                yield name, message


Take = Callable[[list[bytes]], None]
Fault = Callable[[str], str]  # name of a command → "", "cut", "cut-after", "kill", "kill-after"


class SimSession:
    """What the jobs know as a session. `fault` is asked at every command."""

    capabilities = frozenset({"IMAP4REV1", "IDLE", "MOVE", "UIDPLUS", "LIST-STATUS", "SPECIAL-USE"})
    account = SimpleNamespace(host="imap.sim")

    def __init__(self, mailbox: Mailbox, fault: Fault) -> None:
        self._mailbox = mailbox
        self._fault = fault
        self._open: str | None = None
        self.alive = True
        self.missed: set[str] = set()  # Message-IDs for which Sent was asked in vain

    def __enter__(self) -> "SimSession":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.alive = False

    drop = close

    def _before(self, name: str) -> str:
        """Asks what goes wrong with a command; what goes wrong before it takes effect does."""
        if not self.alive:
            raise Unreachable("The connection is closed.")
        what = self._fault(name)
        if what == "kill":
            raise Killed(name)
        if what == "cut":
            self.alive = False
            raise Unreachable(f"The connection broke at {name}.")
        return what

    def _after(self, name: str, what: str) -> None:
        """It took effect; nobody may hear of it."""
        if what == "kill-after":
            raise Killed(name)
        if what == "cut-after":
            self.alive = False
            if name == "APPEND":
                raise InDoubt("A message was being put into a folder and may lie there.")
            raise Unreachable(f"The connection broke after {name}.")

    # ---- folders

    def folders(self) -> tuple[Folder, ...]:
        what = self._before("LIST")
        found = tuple(self._folder(name, box) for name, box in self._mailbox.boxes.items())
        self._after("LIST", what)
        return found

    def _folder(self, name: str, box: Box) -> Folder:
        role = _ROLES.get(name, Role.ARCHIVE if name == "Archive" else Role.OTHER)
        if name in self._mailbox.broken:
            return Folder(name, role, True, "/", True, fault="NO Mailbox is broken")
        return Folder(name, role, True, "/", True, box.uidvalidity, box.uidnext, len(box.messages), box.modseq)

    def _box(self, folder: str) -> Box:
        if folder in self._mailbox.broken or folder not in self._mailbox.boxes:
            raise CommandRefused(f"{folder} cannot be read.")
        return self._mailbox.boxes[folder]

    def examine(self, folder: str) -> Selected:
        what = self._before("EXAMINE")
        box = self._box(folder)
        self._open = folder
        self._after("EXAMINE", what)
        return Selected(box.uidvalidity, box.uidnext, len(box.messages), box.modseq)

    def find(self, folder: str, *searches: Sequence[str]) -> tuple[Selected, list[int]]:
        opened = self.examine(folder)
        return opened, sorted({uid for criteria in searches for uid in self.search(*criteria)})

    def enter(self, folder: str) -> Selected:
        box = self._box(folder)
        if self._open == folder:
            return Selected(box.uidvalidity, box.uidnext, len(box.messages), box.modseq)
        return self.examine(folder)

    def is_open(self, folder: str) -> bool:
        return self._open == folder

    @contextlib.contextmanager
    def changing(self, folder: str) -> Iterator[None]:
        self.examine(folder)
        try:
            yield
        finally:
            self._open = None

    def noop(self) -> None:
        self._after("NOOP", self._before("NOOP"))

    # ---- mail

    def append(self, folder: str, data: bytes, flags: tuple[str, ...], when: datetime) -> int | None:
        box = self._box(folder)
        what = self._before("APPEND")
        uid = box.add(data, when, flags)
        self._mailbox.put(folder, data)
        self._after("APPEND", what)
        return uid

    def command(self, name: str, *arguments: str | bytes) -> None:
        """UID MOVE | COPY | STORE | EXPUNGE of one message, as the drafts edge asks for them."""
        words = [a.decode() if isinstance(a, bytes) else a for a in arguments]
        assert name == "UID" and self._open is not None, f"{name} {words} is not simulated"
        assert words[0] == "MOVE", f"{words} is not simulated"
        what, source, uid, target = (self._before("MOVE"), self._open, int(words[1]), words[2].strip('"'))
        for message in [m for m in self._box(source).messages if m.uid == uid]:
            self._mailbox.moved(source, message, target)
        self._mailbox.move(source, uid, target)
        self._after("MOVE", what)

    def quoted(self, text: str | bytes) -> bytes:
        raw = text.encode() if isinstance(text, str) else text
        return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'

    def folder_name(self, folder: str) -> bytes:
        return self.quoted(folder)

    def search(self, *criteria: str) -> list[int]:
        assert self._open is not None
        what = self._before("SEARCH")
        words, wanted = list(criteria), []
        while words:  # all of them must hold
            wanted.append(_next(words))
        found = [m.uid for m in self._box(self._open).messages if all(matches(m) for matches in wanted)]
        self._after("SEARCH", what)
        if self._open == "Sent" and criteria[:2] == ("HEADER", "Message-ID"):
            asked = criteria[2].strip('"<>')
            self.missed = self.missed - {asked} if found else self.missed | {asked}
        return found

    def fetch(self, sets: Sequence[str], items: str, take: Take) -> list[str]:
        fetching = self.fetching(sets, items, take)
        while fetching.next():
            pass
        return []

    def fetching(
        self, sets: Sequence[str], items: str, take: Take, read: Callable[[Any], list[bytes]] | None = None
    ) -> Any:
        """`next` asks for the next set, and gives its place and no refusal."""
        read = read or _Answers.read_response
        waiting = deque(enumerate(sets))

        def following() -> tuple[int, str] | None:
            if not waiting:
                return None
            place, one = waiting.popleft()
            assert self._open is not None
            what = self._before("FETCH")
            wanted, messages = (set(_uids(one)), enumerate(self._box(self._open).messages, 1))
            answers = _Answers(deque(_response(n, m, items) for n, m in messages if m.uid in wanted))
            while response := read(answers):
                take(response)
            self._after("FETCH", what)
            return place, ""

        return SimpleNamespace(next=following)


@dataclass
class _Answers:
    """The responses to one FETCH, read as from a wire."""

    left: deque[list[bytes]]

    def read_form(self, form: re.Pattern[bytes]) -> tuple[bytes, tuple[bytes, ...], bytes] | None:
        """The next response, where it has this form."""
        usual = form.fullmatch(self.left[0][0] + b"\r\n") if self.left else None
        return (self.left[0][0], usual.groups(), self.left.popleft()[1]) if usual else None

    def read_response(self) -> list[bytes]:
        """The next response, or nothing."""
        return self.left.popleft() if self.left else []


def _uids(text: str) -> list[int]:
    ranges = (part.partition(":") for part in text.split(","))
    return [uid for low, colon, high in ranges for uid in range(int(low), int(high if colon else low) + 1)]


def _criterion(words: list[str]) -> Callable[[Stored], bool]:
    """One search key of those that the reader uses (RFC 9051 §6.4.4)."""
    if len(words) == 1 and " " in words[0]:
        words[:] = words[0].split(" ", 1)
    key = words.pop(0)
    if key == "OR":
        one, other = _next(words), _next(words)
        return lambda m: one(m) or other(m)
    if key == "NOT":
        inner = _next(words)
        return lambda m: not inner(m)
    if key == "UID":
        first = int(words.pop(0).partition(":")[0])
        return lambda m: m.uid >= first
    if key == "SINCE":
        day = datetime.strptime(words.pop(0), "%d-%b-%Y").date()  # noqa: DTZ007  a day of the server's
        return lambda m: m.arrived.astimezone(UTC).date() >= day
    if key == "HEADER":
        words[:] = words if len(words) > 1 else words[0].split(" ", 1)
        name, value = words.pop(0), words.pop(0).strip('"').lower()
        return lambda m: value in m.value(name).lower()
    assert key in ("FROM", "TO", "CC"), f"{key} is not simulated"
    value = words.pop(0).strip('"').lower()
    return lambda m: value in m.value(key).lower()


def _next(words: list[str]) -> Callable[[Stored], bool]:
    if " " in words[0]:  # "FROM x" in one piece
        return _criterion([words.pop(0)])
    return _criterion(words)


def _response(number: int, message: Stored, items: str) -> list[bytes]:
    whole = _WHOLE.search(items)
    if whole:
        body = message.raw[: int(whole[1])]
        return [b"* %d FETCH (UID %d BODY[]<0> {%d}" % (number, message.uid, len(body)), body, b")"]
    fields = _HEADER_FIELDS.search(items)
    assert fields, f"{items} is not simulated"
    names = {name.lower() for name in fields[1].split()}
    body = b"".join(raw for name, raw in message.fields if name in names) + b"\r\n"
    date = message.arrived.astimezone(UTC).strftime("%d-%b-%Y %H:%M:%S +0000").encode()
    flags = " ".join(sorted(message.flags)).encode()
    head = b'* %d FETCH (UID %d FLAGS (%s) INTERNALDATE "%s" RFC822.SIZE %d BODY[HEADER.FIELDS (%s)]<0> {%d}'
    values = (number, message.uid, flags, date, len(message.raw), fields[1].encode(), len(body))
    return [head % values, body, b")"]
