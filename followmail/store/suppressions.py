"""Who must never be mailed: `suppressed.txt`, a line each, also edited by hand.

A line is an address, `@domain` (its subdomains too), a glob, or `sha256:` of a canonical address; `#` begins a remark.
It forbids a person however the address is spelled (`identity.mailbox`).
The file is the truth: it is read again whenever it changed, and outlives the database.
"""

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterator
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path

from followmail.errors import UserError
from followmail.mail.identity import canonical, domain, is_address, mailbox

# The remark of an address that bounced: lifted when it writes.
BOUNCED = "bounced"
_QUOTES = " \t'\"`“”„‘’«»"
_BETWEEN = re.compile(r"[\s,;|]+")
_HEADER = "# Never mailed. One a line: an address, @domain, a glob such as *@*.example, or sha256: of an address.\n"


def is_entry(line: str) -> bool:
    """Whether a line forbids somebody."""
    if is_address(line) or (line.startswith("@") and is_address("a" + line)):
        return True
    if line.startswith("sha256:"):
        return len(line) == len("sha256:") + 64
    is_glob = any(c in line for c in "*?[") and not any(c.isspace() for c in line)
    return is_glob and ("@" in line or line.startswith("*") or line.endswith("*"))


class Suppressions:
    """The file and what it says."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._stamp: tuple[int, int, int] | None = None
        self._lines: tuple[str, ...] = ()
        self._plain: frozenset[str] = frozenset()
        self._mailboxes: dict[str, str] = {}  # mailbox, or @domain → its line
        self._hashed = False
        self._globs: tuple[str, ...] = ()
        self._matchers: tuple[tuple[str, str], ...] = ()

    def matching(self, address: str) -> str | None:
        """The line that forbids this address; None where none does."""
        self._refresh()
        address = canonical(address)
        if address in self._plain:
            return address
        person = mailbox(address)
        if person in self._mailboxes:
            return self._mailboxes[person]
        if (line := self._forgotten(address)) is not None:
            return line
        parts = domain(person).split(".")
        for start in range(len(parts)):
            if (line := self._mailboxes.get("@" + ".".join(parts[start:]))) is not None:
                return line
        return next((glob for glob, whole in self._matchers if fnmatchcase(address, whole)), None)

    def is_forgotten(self, address: str) -> bool:
        """Whether only the hash of an address stands here: nothing of this person is kept."""
        self._refresh()
        return self._forgotten(canonical(address)) is not None

    def _forgotten(self, address: str) -> str | None:
        """The hash that stands here for an address."""
        hashes = self._hashes(address) if self._hashed else ()
        return next((line for line in hashes if line in self._plain), None)

    @property
    def has_forgotten(self) -> bool:
        """Whether anybody was forgotten at all."""
        self._refresh()
        return self._hashed

    def faults(self) -> tuple[str, ...]:
        """Lines of which nobody can say whom they forbid: neither address, @domain, glob nor hash."""
        self._refresh()
        return tuple(
            f"'{line}' in {self.path.name} is no address, @domain or glob; nothing leaves until it is mended"
            for line in self._lines
            if not is_entry(line)
        )

    def lines(self) -> tuple[str, ...]:
        self._refresh()
        return self._lines

    def add(self, line: str, why: str = "") -> bool:
        """Write a line, durably; False where it stood there already."""
        self._refresh()
        entry = canonical(line)
        remark = f"  # {' '.join(why.split())}" if why else ""
        with self._alone():
            before = self._read() or _HEADER
            if entry in self._entries_of(before):
                return False
            self._write(before + ("" if before.endswith("\n") else "\n") + entry + remark + "\n")
        return True

    def remove(self, line: str) -> bool:
        """Take a line out; False where there was none."""
        entry = canonical(line)
        unwanted = {entry, *self._hashes(entry)}
        with self._alone():
            before = self._read().splitlines()
            kept = [rest for line in before if (rest := self._without(line, unwanted)) is not None]
            if kept != before:
                self._write("".join(f"{line}\n" for line in kept))
        return kept != before

    def forget(self, address: str) -> None:
        """Keep only the hash of an address, which suppresses; no line names it any more, nor does a remark."""
        entry = canonical(address)
        with self._alone():
            before = self._read() or _HEADER
            lines = (line for text in before.splitlines() if (line := self._without(text, {entry})) is not None)
            kept = [rest for line in lines if (rest := self._unnamed(line, entry))]
            there = set(self._entries_of("\n".join(kept)))
            kept += [line for line in self._hashes(entry) if line not in there]
            self._write("\n".join(kept) + "\n")

    @classmethod
    def _without(cls, line: str, unwanted: Collection[str]) -> str | None:
        """A line without these; None where nothing else stands in it."""
        entries = cls._entries(line)
        if not set(entries).intersection(unwanted):
            return line
        return "\n".join(entry for entry in entries if entry not in unwanted) or None

    @staticmethod
    def _unnamed(line: str, entry: str) -> str:
        """A line whose remark does not name somebody."""
        return line if entry not in line.casefold() else line.partition("#")[0].rstrip()

    def text(self) -> str:
        """The whole file, remarks included."""
        return self._read()

    def merge(self, text: str) -> int:
        """Add the lines of another such file that are missing here, with their remarks; how many there were."""
        with self._alone():
            before = self._read() or _HEADER
            there = set(self._entries_of(before))
            new = [line for line in text.splitlines() if not there.issuperset(self._entries(line))]
            if new:
                self._write(before + ("" if before.endswith("\n") else "\n") + "\n".join(new) + "\n")
        return len(new)

    def lift_bounce(self, address: str) -> None:
        """An address that bounced writes: it exists again. Any other reason stays."""
        self._refresh()
        entry = canonical(address)
        if (person := mailbox(entry)) in self._mailboxes:
            self._keep(
                lambda text: (
                    [*map(mailbox, self._entries(text))] != [person]
                    or not text.partition("#")[2].strip().startswith(BOUNCED)
                )
            )

    def _keep(self, wanted: Callable[[str], bool]) -> bool:
        """Keep only these lines; whether any went."""
        with self._alone():
            before = self._read().splitlines(keepends=True)
            kept = list(filter(wanted, before))
            if len(kept) < len(before):
                self._write("".join(kept))
        return len(kept) < len(before)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """The daemon and a command may both write: one after the other."""
        if self._read_only:
            yield
            return
        with self.path.with_name(self.path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @staticmethod
    def _hash(address: str) -> str:
        return "sha256:" + hashlib.sha256(address.encode("utf-8", "surrogateescape")).hexdigest()

    def _hashes(self, address: str) -> tuple[str, ...]:
        """Of an address as it is spelled, and of its mailbox."""
        return tuple(dict.fromkeys(map(self._hash, (address, mailbox(address)))))

    @classmethod
    def _entries_of(cls, text: str) -> Iterator[str]:
        return chain.from_iterable(map(cls._entries, text.splitlines()))

    @classmethod
    def _entries(cls, text: str) -> tuple[str, ...]:
        """What a line names. Where it is no entry as a whole, the entries that stand in it; else the line, for it is a fault."""
        whole = cls._entry(text)
        if not whole or is_entry(whole):
            return (whole,) if whole else ()
        parts = map(cls._entry, _BETWEEN.split(text.partition("#")[0]))
        return tuple(dict.fromkeys(filter(is_entry, parts))) or (whole,)

    @staticmethod
    def _entry(text: str) -> str:
        """A line as it is meant: quotes, `mailto:`, a name before the address and a domain without @ are slips, and forgiven."""
        line = text.partition("#")[0].strip(_QUOTES).rstrip(";,.").removeprefix("mailto:").strip(_QUOTES)
        if line.endswith(">") and "<" in line:
            line = line.rpartition("<")[2]
        entry = canonical(line)
        return f"@{entry}" if "@" not in entry and "." in entry and is_address(f"a@{entry}") else entry

    def _refresh(self) -> None:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            stamp = None
        else:
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if stamp == self._stamp and (stamp or not self._lines):
            return
        self._lines = tuple(self._entries_of(self._read()))
        self._globs = tuple(line for line in self._lines if any(c in line for c in "*?["))
        self._matchers = tuple((g, "*" + g if g.startswith("@") else g) for g in self._globs)
        self._plain = frozenset(self._lines) - frozenset(self._globs)
        self._mailboxes = {mailbox(line): line for line in self._lines if line in self._plain and "@" in line}
        self._hashed = any(line.startswith("sha256:") for line in self._plain)
        self._stamp = stamp

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as fault:
            raise UserError(
                f"{self.path} cannot be read ({fault}). Nothing leaves until it can: it says who must never be mailed."
            ) from fault

    def _write(self, text: str) -> None:
        """Replace the file in one step, so that a crash leaves the old or the new one, never a half."""
        if self._read_only:
            return
        fresh = self.path.with_name(self.path.name + ".new")
        with fresh.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        self._stamp = None
