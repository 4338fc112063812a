"""What judging works with: one cycle, one connection, one look; bodies are fetched here, and only here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

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


@dataclass(slots=True)
class Court:
    """One cycle, one connection, one look, and what was read in it."""

    session: Session
    c: Cycle
    look: Look
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    deadly: int | None = None  # the message that the program died over, time and again

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
            verdict = kinds.classify(self.raw(known), _day_of(known, self.c.now))
            told = not known.entry.sent or verdict.kind is Kind.CALENDAR  # of a sent one only that it is an invitation
            self.c.store.conversations.set_read(
                known.row, verdict.kind if told else None,
                "" if is_forgotten(known.entry.message) else verdict.new_text, verdict.language,
                _asked(verdict) if known.entry.sent else None,
            )  # fmt: skip
            self.verdicts[known.row] = verdict
        return self.verdicts[known.row]

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
