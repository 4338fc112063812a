"""The folders of an account with their counts, in one round trip; an answer like the one before is not read again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from followmail.errors import CommandRefused
from followmail.imap import folders as listing
from followmail.imap.folders import Folder, Namespaces

if TYPE_CHECKING:
    from followmail.imap.session import Session

_PIPELINED = 50  # commands in flight: neither side's buffers fill up


class Directory:
    """What one session was told of its folders."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._namespaces: Namespaces | None = None
        self._heard = b""  # all that the server said to the last LIST, where it told enough
        self._folders: tuple[Folder, ...] = ()  # what that meant

    def ask(self) -> tuple[Folder, ...]:
        """One round trip where the server has LIST-STATUS (RFC 5819), two elsewhere. Raises as the session does."""
        session = self._session
        heard, stirred = self._list()
        if heard and heard == self._heard:
            if not stirred:
                return self._folders
            self._heard = b""
            return self.ask()
        listed, status = listing.read_list(session.untagged("LIST")), listing.read_status(session.untagged("STATUS"))
        for entry in listed:
            session.remember(entry.wire)
        if stirred:
            # Dovecot puts a NOOP off until the commands sent with it are done: what it tells is newer than the STATUS.
            status.pop(stirred, None)
        spaces = self._namespaces or Namespaces()
        missing = [e.wire for e in listed if e.wire not in status and _is_asked(e, spaces)]
        faults = self._ask_status(missing, status)
        found = listing.assemble(listed, spaces, lambda n: status.get(n, {}), lambda n: faults.get(n, ""))
        self._heard, self._folders = b"" if missing or stirred else heard, found
        return found

    def status_items(self) -> str:
        """What is asked of a folder."""
        modseq = " HIGHESTMODSEQ" if "CONDSTORE" in self._session.capabilities else ""
        return f"(MESSAGES UIDNEXT UIDVALIDITY{modseq})"

    def _list(self) -> tuple[bytes, bytes]:
        """What was heard, unread where it is what was heard before; the folder that is open, where it changed meanwhile."""
        session, wanted = self._session, list[str]()
        if "SPECIAL-USE" in session.capabilities:
            wanted.append("SPECIAL-USE")
        if "LIST-STATUS" in session.capabilities:
            wanted.append(f"STATUS {self.status_items()}")
        extended = {"LIST-EXTENDED", "LIST-STATUS"} & session.capabilities and wanted
        returns = [f"RETURN ({' '.join(wanted)})"] if extended else []
        # STATUS need not be fresh for the folder that is open (RFC 9051 §6.3.11): NOOP rides along.
        before = [("NOOP",)] if session.opened else []
        if first := self._namespaces is None and "NAMESPACE" in session.capabilities:
            before.append(("NAMESPACE",))
        heard, refusals = session.pipeline([*before, ("LIST", '""', '"*"', *returns)], self._heard)
        if len(before) in refusals:
            raise CommandRefused(f"{session.account.host} does not list its folders: {refusals[len(before)]}")
        if first:
            lines = [line for line in session.untagged("NAMESPACE") if isinstance(line, bytes)]
            self._namespaces = listing.read_namespaces(lines[0]) if lines else Namespaces()
        return b"" if first else heard, session.stirred()

    def _ask_status(self, names: Sequence[bytes], status: dict[bytes, dict[str, int]]) -> dict[bytes, str]:
        """Asks for the status of each folder, many in flight; adds to `status`. Returns the refusals."""
        session, faults = self._session, dict[bytes, str]()
        for start in range(0, len(names), _PIPELINED):
            some = names[start : start + _PIPELINED]
            _, refusals = session.pipeline([("STATUS", session.quoted(n), self.status_items()) for n in some])
            status.update(listing.read_status(session.untagged("STATUS")))
            faults.update({some[i]: text for i, text in refusals.items()})
            faults.update({n: "The server told no status." for n in some if n not in status and n not in faults})
        return faults


def _is_asked(entry: listing.Listed, spaces: Namespaces) -> bool:
    return spaces.prefix_of(entry.wire) is not None and not entry.attributes & {"\\noselect", "\\nonexistent"}
