"""What judging works with: one cycle, one connection, one look; bodies are fetched here, and only here."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from followmail.errors import CommandRefused, InDoubt, Stopped, Transient, UserError
from followmail.imap import reader
from followmail.imap.folders import Folder, Role
from followmail.imap.session import Session
from followmail.jobs.cycle import Cycle, Look
from followmail.jobs.forgotten import is_forgotten
from followmail.mail import kinds, msgid
from followmail.mail import message as mail_message
from followmail.mail.kinds import Kind, Verdict
from followmail.sequence.happened import Happened
from followmail.store.conversations import Known

MAX_TRIES = 3
MAX_BROKEN = 5
BODY_LIMIT = 64 * 1024
TOGETHER = 16  # messages that are read ahead are remembered in one transaction
# The fact that the connection broke while much was asked for together: then it is asked for one by one, to find what is
# at fault.
BROKE = "together_broke"
_T = TypeVar("_T")


@dataclass(slots=True)
class Court:
    """One cycle, one connection, one look, and what was read in it."""

    session: Session
    c: Cycle
    look: Look
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    deadly: int | None = None  # the message that the program died over, time and again
    asked_for: set[str] = field(default_factory=set)  # ids of ancestors for which the folders were searched
    recalled: set[str] = field(default_factory=set)  # people whose older mails were asked for
    switched_off: set[int] = field(default_factory=set)  # conversations, in this look

    def folder(self, name: str) -> Folder | None:
        return next((f for f in self.look.folders if f.name == name), None)

    def watched(self) -> list[Folder]:
        """Folders that can be asked, those with the consultant's mail first."""
        order = {Role.SENT: 0, Role.INBOX: 1, Role.ARCHIVE: 2, Role.ALL: 2}
        fine = [
            f for f in self.look.folders
            if f.selectable and not f.fault and f.name not in self.c.options.skip_folders
        ]  # fmt: skip
        return sorted(fine, key=lambda f: order.get(f.role, 3))

    def read(self, known: Known) -> Verdict:
        """What a message says: its body is fetched, at most 64 KiB of it, and read once."""
        if known.row not in self.verdicts:
            self._understand(known, self.raw(known))
        return self.verdicts[known.row]

    def classify(self, known: Known, raw: bytes) -> Verdict:
        """What the bytes of a message say; nothing is remembered."""
        store, sender = self.c.store, known.entry.message.sender.address
        ours = store.conversations.is_ours(known.conversation) or store.enrollments.live_of(sender) is not None
        return kinds.classify(raw, _day_of(known, self.c.now), ours, known.entry.sent)

    def _understand(self, known: Known, raw: bytes) -> None:
        verdict = self.classify(known, raw)
        told = not known.entry.sent or verdict.kind is Kind.CALENDAR  # of a sent one only that it is an invitation
        self.c.store.conversations.set_read(
            known.row, verdict.kind if told else None,
            "" if is_forgotten(known.entry.message) else verdict.new_text, verdict.language,
            _asked(verdict) if known.entry.sent else None,
        )  # fmt: skip
        self.verdicts[known.row] = verdict

    def read_ahead(self, wanted: Iterable[tuple[Known, Known]]) -> None:
        """Read what will be asked for: (the message to be judged, one that is read for it). What cannot be read now is
        left to the judging, which holds or tells."""
        needs = {needed.row: (judged.row, needed) for judged, needed in wanted if judged.row != self.deadly}
        bodies = self.bodies(needed for _, needed in needs.values() if needed.row not in self.verdicts)
        while some := list(islice(bodies, TOGETHER)):
            with self.c.store.transaction():
                for known, raw in some:
                    self.foresee(needs[known.row][0], partial(self._understand, known, raw))

    def foresee(self, judged: int, work: Callable[[], _T]) -> _T | None:
        """Work something out ahead for a message (its row); None where that fails, for its judging will meet it again."""
        self.c.store.underway.begin(judged)
        try:
            return work()
        except (Stopped, UserError):
            raise
        except Exception as fault:  # noqa: BLE001  whatever one message brings, the rest must go on
            self.c.tell("foreseeing-failed", {"fault": type(fault).__name__})
            return None
        finally:
            self.c.store.underway.end()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is asked of the server for many messages: where the connection breaks, they are next asked for alone."""
        try:
            yield
        except Transient:
            self.c.store.facts.set_text(BROKE, self.c.now.isoformat())
            raise

    @property
    def apart(self) -> bool:
        """Whether nothing may be asked for together."""
        return self.c.store.facts.text(BROKE) is not None

    def bodies(self, wanted: Iterable[Known]) -> Iterator[tuple[Known, bytes]]:
        """The beginnings of messages that lie where they were seen, a folder at a time; of the others nothing."""
        lying: dict[str, dict[int, Known]] = {}
        for known in wanted if not self.apart else ():
            if known.place is not None and self.folder(known.place.folder) is not None:
                lying.setdefault(known.place.folder, {})[known.place.uid] = known
        for folder in sorted(lying, key=self.session.is_open, reverse=True):
            here = lying[folder]
            for uid, raw in self._beginnings(folder, list(here)):
                if uid in here and _is_same(raw, here[uid]):
                    yield here[uid], raw

    def _beginnings(self, folder: str, uids: list[int]) -> Iterator[tuple[int, bytes]]:
        with contextlib.suppress(CommandRefused), self.together():
            yield from reader.beginnings(self.session, folder, uids, BODY_LIMIT)

    def raw(self, known: Known, limit: int = BODY_LIMIT) -> bytes:
        """The beginning of a message, wherever it lies now; its headers alone where it is gone."""
        place = known.place
        if place is not None and self.folder(place.folder) is not None:
            data = self._beginning(place.folder, place.uid, limit)
            if data is not None and _is_same(data, known):
                return data
        return self._elsewhere(known, limit)

    def _beginning(self, folder: str, uid: int, limit: int) -> bytes | None:
        try:
            return reader.beginning(self.session, folder, uid, limit) or None
        except CommandRefused:
            return None

    def _elsewhere(self, known: Known, limit: int) -> bytes:
        """The message was moved since: look for it by its id."""
        if msgid.is_askable(known.entry.message.id):
            for folder in self.watched():
                for uid in reader.uids_by_header(self.session, folder.name, "Message-ID", known.entry.message.id):
                    data = self._beginning(folder.name, uid, limit)
                    if data is not None and _is_same(data, known):
                        return data
        return _head_again(known)


class NotYet(Exception):
    """A message that cannot be judged until the consultant has mended something; it stays to be judged."""


def _nothing(known: Known) -> None:
    """Nothing is held."""


def judge_each(
    court: Court, new: Iterable[Known], work: Callable[[Known], None], hold: Callable[[Known], None] = _nothing
) -> None:
    """Judge messages one by one; `hold` is called for one that could not be.

    What was judged is noted when all are, or when the connection breaks: twice harms none.
    """
    done: list[int] = []
    try:
        for number, known in enumerate(new):
            court.c.progress("judging", number, 0)
            if known.row == court.deadly:
                hold(known)
                _set_aside(court, known, "the program died whenever it was read")
                done.append(known.row)
            elif guarded(court, known, partial(work, known), partial(hold, known)):
                done.append(known.row)
    finally:
        court.c.store.conversations.set_judged(done)


def guarded(court: Court, known: Known, work: Callable[[], None], hold: Callable[[], None] = lambda: None) -> bool:
    """Run the judging of one message; one that fails time and again is set aside, and told."""
    underway = court.c.store.underway
    underway.begin(known.row)
    try:
        work()
    except Transient:
        if court.c.store.conversations.count_attempt(known.row) >= MAX_BROKEN:  # it is this message that breaks it
            hold()
            _set_aside(court, known, "the connection broke whenever it was read")
            court.c.store.conversations.set_judged([known.row])
        raise
    except (InDoubt, Stopped, UserError):
        raise
    except NotYet:
        return False
    except Exception as fault:  # noqa: BLE001  whatever one message brings, the rest must go on
        hold()
        tries = court.c.store.conversations.count_attempt(known.row)
        if tries < MAX_TRIES:
            court.c.tell("message-failed", {"tries": tries, "fault": type(fault).__name__})
            return False
        _set_aside(court, known, f"{type(fault).__name__}: {fault}")
    finally:
        underway.end()
    return True


def deadly(c: Cycle) -> int | None:
    """The message in the middle of which the program died, where it did so for the last time that is allowed."""
    row = c.store.underway.taken()
    return row if row is not None and c.store.conversations.count_attempt(row) >= MAX_TRIES else None


def _set_aside(court: Court, known: Known, fault: str) -> None:
    sender = known.entry.message.sender.address
    why = f"a message from {sender} could not be worked out ({fault})"
    court.c.store.events.add(court.c.now, Happened.SET_ASIDE, why, address=sender)


def _asked(verdict: Verdict) -> str:
    """What a sent message asks; empty where it asks nothing."""
    if not verdict.asks:
        return ""
    return (
        next((line for line in verdict.new_text.splitlines() if "?" in line), verdict.new_text[:80]).strip()[:120]
        or "yes"
    )


def _day_of(known: Known, now: datetime) -> date:
    return (known.entry.message.sent_on or now).date()


def _is_same(data: bytes, known: Known) -> bool:
    read = mail_message.read(data)
    return read.id == known.entry.message.id or msgid.is_synthetic(known.entry.message.id)


def _head_again(known: Known) -> bytes:
    """A message that is gone from the server, as far as its headers are remembered."""
    m = known.entry.message
    lines = [f"From: {m.sender.address}", f"Subject: {m.subject}", f"Content-Type: {m.content_type or 'text/plain'}"]
    lines += ["Auto-Submitted: auto-replied"] if m.auto_submitted else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")
