"""Who must never be mailed: `suppressed.txt`, a line each, also edited by hand.

A line is an address, `@domain` (its subdomains too), a glob, or `sha256:` of a canonical address; `#` begins a remark.
The file is the truth: it is read again whenever it changed, and outlives the database.
"""

import hashlib
import os
from fnmatch import fnmatchcase
from pathlib import Path

from followmail.errors import UserError
from followmail.mail.identity import canonical, domain

# The remark of an address that bounced: lifted when it writes.
BOUNCED = "bounced"
_HEADER = "# Never mailed. One a line: an address, @domain, a glob such as *@*.example, or sha256: of an address.\n"


class Suppressions:
    """The file and what it says."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._stamp: tuple[int, int, int] | None = None
        self._lines: tuple[str, ...] = ()
        self._plain: frozenset[str] = frozenset()
        self._globs: tuple[str, ...] = ()

    def matching(self, address: str) -> str | None:
        """The line that forbids this address; None where none does."""
        self._refresh()
        address = canonical(address)
        if address in self._plain:
            return address
        if self._hash(address) in self._plain:
            return self._hash(address)
        parts = domain(address).split(".")
        for start in range(len(parts)):
            line = "@" + ".".join(parts[start:])
            if line in self._plain:
                return line
        return next((glob for glob in self._globs if fnmatchcase(address, glob)), None)

    def lines(self) -> tuple[str, ...]:
        self._refresh()
        return self._lines

    def add(self, line: str, why: str = "") -> bool:
        """Write a line, durably; False where it stood there already."""
        self._refresh()
        entry = canonical(line)
        if entry in self._lines:
            return False
        remark = f"  # {' '.join(why.split())}" if why else ""
        before = self._read() or _HEADER
        self._write(before + ("" if before.endswith("\n") else "\n") + entry + remark + "\n")
        return True

    def remove(self, line: str) -> bool:
        """Take a line out; False where there was none."""
        entry = canonical(line)
        before = self._read()
        kept = [
            text for text in before.splitlines(keepends=True) if self._entry(text) not in (entry, self._hash(entry))
        ]
        if len(kept) == len(before.splitlines()):
            return False
        self._write("".join(kept))
        return True

    def lift_bounce(self, address: str) -> None:
        """An address that bounced writes: it exists again. Any other reason stays."""
        self._refresh()
        if canonical(address) not in self._plain:
            return
        before = self._read().splitlines(keepends=True)
        kept = [
            text for text in before
            if not (self._entry(text) == canonical(address) and text.partition("#")[2].strip().startswith(BOUNCED))
        ]  # fmt: skip
        if len(kept) < len(before):
            self._write("".join(kept))

    @staticmethod
    def _hash(address: str) -> str:
        return "sha256:" + hashlib.sha256(address.encode("utf-8", "surrogateescape")).hexdigest()

    @staticmethod
    def _entry(text: str) -> str:
        return canonical(text.partition("#")[0].strip())

    def _refresh(self) -> None:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            stamp = None
        else:
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if stamp == self._stamp and (stamp or not self._lines):
            return
        self._lines = tuple(filter(None, map(self._entry, self._read().splitlines())))
        self._globs = tuple(line for line in self._lines if any(c in line for c in "*?["))
        self._plain = frozenset(self._lines) - frozenset(self._globs)
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
