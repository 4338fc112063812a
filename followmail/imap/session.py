"""One live connection to one mailbox: login, folders, IDLE, and the choke point through which every command goes.

After any network error a session is dead: it drops its socket, every further call raises Unreachable, and the caller
opens a new one. Nothing here waits longer than its time limits, and no secret stands in any text.
"""

import contextlib
import imaplib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Any, Self

from imapclient.exceptions import ProtocolError  # type: ignore[import-untyped]

from followmail.auth import Secret
from followmail.errors import CommandRefused, InDoubt, LoginRefused, Transient, Unreachable
from followmail.imap import folders as listing
from followmail.imap import idling
from followmail.imap.connect import Account, connect, shows, way_in
from followmail.imap.directory import Directory
from followmail.imap.fetching import Fetching, Read, Take, ascending
from followmail.imap.folders import Folder
from followmail.imap.verdicts import CONTROL, lost, readable, refused
from followmail.imap.wire import Wire

__all__ = ["Account", "Selected", "Session"]

_APPENDUID = re.compile(rb"APPENDUID \d+ (\d{1,10})\]", re.IGNORECASE)
_FAREWELL = 3.0  # seconds that a goodbye may take

Criteria = Sequence[str]  # of one search, as they are sent


@dataclass(frozen=True, slots=True)
class Selected:
    """What a server says of a folder that it opens."""

    uidvalidity: int
    uidnext: int
    messages: int
    highestmodseq: int | None


class Session:
    """One live connection. Every method may raise Unreachable | ServerBusy | CommandRefused; `close` never raises."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.capabilities: frozenset[str] = frozenset()
        self._selected: tuple[str, Selected] | None = None
        self._odd_names: dict[str, bytes] = {}  # names that do not survive decoding and encoding
        self._directory = Directory(self)
        self._quiet = False  # nothing was said since it was told how the open folder stands
        self._client: Any = connect(account)
        try:
            self._log_in()
        except BaseException:
            self.drop()
            raise

    @classmethod
    def open(cls, account: Account) -> Self:
        """A connection, logged in. Raises Unreachable | LoginRefused | ServerBusy; SettingsError for plain text."""
        return cls(account)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the connection was never lost or dropped, as far as we know."""
        return self._client is not None

    def close(self) -> None:
        """Says goodbye, briefly. Never raises."""
        if self._client is not None:
            with contextlib.suppress(Exception):
                self.wire.patience(_FAREWELL)
                self._client.logout()
        self.drop()

    def drop(self) -> None:
        """Lets go of the socket at once."""
        client, self._client, self._selected = self._client, None, None
        if client is not None:
            client.wire.shutdown()

    # -- folders ------------------------------------------------------------------------------------------------

    def folders(self) -> tuple[Folder, ...]:
        """The account's own folders with their counts. One round trip where the server has LIST-STATUS (RFC 5819)."""
        return self._directory.ask()

    def create(self, name: str) -> None:
        """Makes a folder and subscribes to it, so that mail programs show it. One that is there already is no fault."""
        wire = self._quoted_name(name)
        try:
            self.command("CREATE", wire)
        except CommandRefused:
            self.command("LIST", '""', wire)
            if not self.untagged("LIST"):
                raise
        with contextlib.suppress(CommandRefused):
            self.command("SUBSCRIBE", wire)

    def status(self, folder: str) -> Mapping[str, int]:
        """MESSAGES, UIDNEXT, UIDVALIDITY (and HIGHESTMODSEQ) of one folder that is not open."""
        self.command("STATUS", self._quoted_name(folder), self._directory.status_items())
        found = listing.read_status(self.untagged("STATUS"))
        return next(iter(found.values()), {})

    def examine(self, folder: str) -> Selected:
        """Opens a folder for reading: no flag changes, not even \\Recent (RFC 9051 §6.3.3)."""
        return self.find(folder)[0]

    def find(self, folder: str, *searches: Criteria) -> tuple[Selected, list[int]]:
        """As `examine`, and the UIDs there that match any of these criteria, ascending: all in one round trip."""
        self._selected = None
        wire, host = self.wire, self.account.host
        commands = [("EXAMINE", self._quoted_name(folder)), *(("UID", "SEARCH", *criteria) for criteria in searches)]
        wire.state, wire.is_readonly = "SELECTED", True  # so it is when the server comes to the search (RFC 9051 §5.5)
        _, refusals = self.pipeline(commands)
        if 0 in refusals:  # what was found was found elsewhere, if at all
            wire.state = "AUTH"
            raise refused(host, "EXAMINE", refusals[0])
        opened, found = self._opened(), self._found()
        if not opened.uidvalidity:
            raise CommandRefused(f"{host} gives no UIDVALIDITY for {folder}: its messages cannot be told apart.")
        late = not opened.uidnext
        if late:  # Courier has it in STATUS only, and may count a message there that the open folder does not show yet
            opened = replace(opened, uidnext=self.status(folder).get("UIDNEXT", 1))
            self.noop()
        self._selected = (folder, opened)
        if late:
            return opened, ascending(chain.from_iterable(self.search(*criteria) for criteria in searches))
        if refusals:
            raise refused(host, "UID SEARCH", next(iter(refusals.values())))
        return opened, found

    def enter(self, folder: str) -> Selected:
        """As `examine`, but a folder that is open already stays open. Its counts may be old then."""
        return self._selected[1] if self._selected and self.is_open(folder) else self.examine(folder)

    @property
    def opened(self) -> bool:
        """Whether a folder is open for reading."""
        return self._selected is not None

    def is_open(self, folder: str) -> bool:
        """Whether this folder is open for reading."""
        return self._selected is not None and self._selected[0] == folder

    def stirred(self) -> bytes:
        """The name on the wire of the folder that is open, where the last command told of a change in it."""
        told = any(self.untagged(kind) for kind in ("EXISTS", "EXPUNGE", "VANISHED"))
        self._quiet = not told
        return self._wire_name(self._selected[0]) if told and self._selected else b""

    def waits_in(self, folder: str) -> bool:
        """Whether it is open, and nothing was said since it was told how it stands: whatever comes, an IDLE tells."""
        return self._quiet and self.is_open(folder)

    @contextlib.contextmanager
    def changing(self, folder: str) -> Iterator[None]:
        """Opens a folder for writing, and leaves it without expunging anything."""
        self._selected = None
        self.call("SELECT", self._client_now().select_folder, self._quoted_name(folder))
        try:
            yield
        finally:
            self._selected = None
            if self.alive:
                self._leave(folder)

    # -- mail ---------------------------------------------------------------------------------------------------

    def append(self, folder: str, data: bytes, flags: tuple[str, ...], when: datetime) -> int | None:
        """Puts a message into a folder, its flags at once. Its UID, where the server tells (UIDPLUS, RFC 4315).

        Raises InDoubt when the connection breaks before the answer: the message may lie there.
        """
        if when.tzinfo is None:
            raise ValueError("the time of an APPEND needs a zone")
        self._refuse_control(*flags)
        if self.is_open(folder):  # Courier takes nothing into a folder that is open for reading
            self._leave_unchanged()
        name, client = self._quoted_name(folder), self._client_now()
        try:
            answer = self.call("APPEND", client.append, name, data, flags, when)
        except Transient as broken:
            if self.alive:  # a NO is an answer
                raise
            raise InDoubt(f"A message was being put into {folder} and may lie there. {broken}") from broken
        found = _APPENDUID.search(answer if isinstance(answer, bytes) else b"")
        return int(found[1]) if found else None

    def search(self, *criteria: str) -> list[int]:
        """The UIDs in the open folder that match, ascending. Criteria are sent as they stand: check them first."""
        self.command("UID", "SEARCH", *criteria)
        return self._found()

    def _found(self) -> list[int]:
        lines = [line for line in self.untagged("SEARCH") if isinstance(line, bytes)]
        # "(MODSEQ 917162500)" may follow the numbers (RFC 7162 §3.1.5).
        return ascending(int(n[0]) for line in lines for n in re.finditer(rb"\d{1,10}", line.partition(b"(")[0]))

    def fetch(self, sets: Sequence[str], items: str, take: Take) -> list[str]:
        """Asks for `items` of several UID sets of the open folder; each FETCH response goes to `take`.

        Returns the refusals (NO, BAD): what came before them is good.
        """
        fetching = self.fetching(sets, items, take)
        return [refusal for _, refusal in iter(fetching.next, None) if refusal]

    def fetching(self, sets: Sequence[str], items: str, take: Take, read: Read = Wire.read_response) -> Fetching:
        """The same set by set; other commands may go through the session meanwhile, the folder being entered again."""
        self._refuse_control(items, *sets)
        self._quiet = False
        return Fetching(self.wire, partial(self._translated, "FETCH"), sets, items, take, read)

    # -- waiting ------------------------------------------------------------------------------------------------

    def noop(self) -> None:
        self.command("NOOP")

    def idle(self, seconds: float, wake_fd: int | None = None) -> bool:
        """Waits until the server reports a change in the open folder (True), `seconds` pass, or `wake_fd` can be read.

        A hint, no promise: what came between the last look and this call is not reported, so compare
        `examine(…).uidnext` with what was seen before calling. What is no change, a keep-alive for instance, ends no wait.
        Without IDLE (RFC 2177) it only waits. Raises Unreachable on a dead link.
        """
        if "IDLE" not in self.capabilities:
            with self._translated("NOOP"):
                self.wire.wait(seconds, wake_fd)
            self.noop()
            return bool(self.untagged("EXISTS") or self.untagged("EXPUNGE"))
        with self._translated("IDLE"):
            changed = idling.wait(self._begin(), seconds, wake_fd, self.account.read_timeout)
        self._quiet = not changed
        return changed

    # -- the choke point ----------------------------------------------------------------------------------------

    @property
    def wire(self) -> Wire:
        wire: Wire = self._client_now().wire
        return wire

    def command(self, name: str, *arguments: str | bytes) -> None:
        """Sends one command and waits for its OK. No argument may hold a control character."""
        self._refuse_control(*arguments)
        self.call(_named(name, *arguments), self._simple, name, *arguments)

    def call(self, what: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs one exchange with the server, its errors translated."""
        with self._translated(what):
            self._begin()
            return function(*arguments)

    def pipeline(
        self, commands: Sequence[tuple[str | bytes, ...]], known: bytes | None = None
    ) -> tuple[bytes, dict[int, str]]:
        """Sends commands at once; place → refusal of those that were not accepted. Untagged responses add up.

        With `known`, also what came before the end of the last one; where that is `known`, it is not read.
        """
        self._refuse_control(*(argument for command in commands for argument in command))
        refusals, heard = dict[int, str](), b""
        with self._translated(_named(*commands[-1])):
            wire = self._begin()
            with wire.together():
                tags = [wire._command(*command) for command in commands]
            if known is not None:
                heard = wire.ahead(tags)
                wire.skip(heard if heard == known else b"")
            for place, tag in enumerate(tags):
                kind, data = wire._get_tagged_response(tag)
                if kind != "OK":
                    refusals[place] = readable(data[-1])
            wire._check_bye()
        return heard, refusals

    def untagged(self, kind: str) -> list[bytes | tuple[bytes, bytes]]:
        """What the last command brought of this kind, once."""
        found: list[bytes | tuple[bytes, bytes]] = self.wire.untagged_responses.pop(kind, [])
        return found

    def _begin(self) -> Wire:
        """The wire, on which nothing is left of what was said before."""
        wire = self.wire
        wire.settle()
        wire.untagged_responses.clear()
        self._quiet = False
        return wire

    def quoted(self, text: str | bytes) -> bytes:
        """A quoted string (RFC 9051 §4.3); control characters are refused."""
        self._refuse_control(text)
        raw = text.encode("utf-8") if isinstance(text, str) else text
        return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'

    def folder_name(self, folder: str) -> bytes:
        """A folder's name as an argument to a command."""
        return self._quoted_name(folder)

    def _refuse_control(self, *arguments: str | bytes) -> None:
        for argument in arguments:
            text = argument.decode("latin-1") if isinstance(argument, bytes) else argument
            if CONTROL.search(text):
                raise CommandRefused(
                    "A control character stands in what was to be asked of the IMAP server; nothing was sent."
                )

    def _simple(self, name: str, *arguments: str | bytes) -> None:
        wire = self.wire
        kind, data = wire._simple_command(name, *arguments)
        if kind != "OK":
            raise wire.error(readable(data[-1] if data else b""))

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        host = self.account.host
        try:
            yield
        except (imaplib.IMAP4.readonly, CommandRefused, Unreachable) as known:  # readonly is an abort to imaplib
            if isinstance(known, imaplib.IMAP4.readonly):
                raise CommandRefused(f"{host} lets this folder only be read.") from None
            raise
        except (imaplib.IMAP4.abort, ProtocolError) as broken:
            self.drop()
            raise lost(host, readable(broken)) from None
        except imaplib.IMAP4.error as answer:
            raise refused(host, what, readable(answer)) from None
        except TimeoutError:
            self.drop()
            raise Unreachable(f"{host} did not answer {what} in time.") from None
        except OSError as broken:
            self.drop()
            raise lost(host, readable(broken)) from None
        except (ValueError, LookupError, TypeError, AttributeError, AssertionError) as unreadable:
            self.drop()
            raise Unreachable(
                f"The answer of {host} to {what} cannot be read ({type(unreadable).__name__})."
            ) from unreadable
        except BaseException:
            self.drop()  # a signal in the middle of an answer: the rest of it would be taken for the next one
            raise

    def _client_now(self) -> Any:
        if self._client is None:
            raise Unreachable(f"The connection to {self.account.host} is closed.")
        return self._client

    # -- how ----------------------------------------------------------------------------------------------------

    def _log_in(self) -> None:
        """Once; with a token that is refused, once more with another: by our clock the first was still good."""
        account = self.account
        secret = account.password()
        sign_in = self._way_in(secret)
        try:
            self._prove(sign_in, secret)
        except LoginRefused:
            if account.renew is None or (other := account.renew(secret)) == secret:
                raise
            self._prove(self._way_in(other), other)
        words = b" ".join(line for line in self.untagged("CAPABILITY") if isinstance(line, bytes))
        self.capabilities = frozenset(words.decode("ascii", "replace").upper().split())

    def _way_in(self, secret: Secret) -> Callable[[], Any]:
        account = self.account
        self._refuse_control(account.user, secret.reveal())
        found = way_in(self.wire, account, secret)
        if found is None:
            what = "login by OAuth2" if account.mechanism == "oauth2" else "way to log in that this program knows"
            raise LoginRefused(f"{account.host} offers no {what}, or none on this connection.")
        return found

    def _prove(self, sign_in: Callable[[], Any], secret: Secret) -> None:
        host = self.account.host
        try:
            with self._translated("LOGIN"):
                self._begin()
                sign_in()
            if "CAPABILITY" not in self.wire.untagged_responses:  # there are often others now (RFC 9051 §6.2.3)
                self.command("CAPABILITY")
        except (CommandRefused, Transient) as answer:
            kind = LoginRefused if isinstance(answer, CommandRefused) else type(answer)
            told = (
                f"{host} repeats the password in its answer, which is left out."
                if shows(secret, answer)
                else str(answer)
            )
            raise kind(told) from None

    def _opened(self) -> Selected:
        """What was told of the folder that was opened; 0 stands for what was not."""
        with self._translated("EXAMINE"):
            said = [self.untagged(kind) for kind in ("UIDVALIDITY", "UIDNEXT", "EXISTS", "HIGHESTMODSEQ")]
            uidvalidity, uidnext, messages, modseq = (int(lines[0] or 0) if lines else 0 for lines in said)  # type: ignore[arg-type]  # a literal is no number
        return Selected(uidvalidity, uidnext, messages, modseq or None)

    def _leave(self, folder: str) -> None:
        # CLOSE would expunge what others have marked, unless it is open for reading only (RFC 9051 §6.4.1).
        if "UNSELECT" not in self.capabilities:
            self.examine(folder)
        self._leave_unchanged()

    def _leave_unchanged(self) -> None:
        # pymap closes nothing that is open for reading, and takes mail into it
        with contextlib.suppress(CommandRefused):
            self.command("UNSELECT" if "UNSELECT" in self.capabilities else "CLOSE")
            self.wire.state = "AUTH"
            self._selected = None

    def remember(self, wire: bytes) -> None:
        name = listing.decode_name(wire)
        if CONTROL.search(name) or listing.encode_name(name) != wire:
            self._odd_names[name] = wire

    def _wire_name(self, folder: str) -> bytes:
        if folder in self._odd_names:
            return self._odd_names[folder]
        self._refuse_control(folder)
        try:
            return listing.encode_name(folder)
        except ValueError:
            raise CommandRefused("This folder name cannot be written in IMAP; nothing was sent.") from None

    def _quoted_name(self, folder: str) -> bytes:
        return self.quoted(self._wire_name(folder))


def _named(name: str | bytes, *arguments: str | bytes) -> str:
    """A command as it is told of: UID FETCH rather than UID."""
    return f"{name!s} {arguments[0]!s}" if name == "UID" else str(name)
