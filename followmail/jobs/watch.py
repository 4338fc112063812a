"""Reads what is new in every folder into the store: headers only, each message once.

The cost of a look grows with new mail: a folder whose UIDNEXT, UIDVALIDITY and count stand where they stood is not even
opened. The first look goes back to the horizon only, and further where a live enrollment's anchor is older.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial

from followmail.errors import CommandRefused
from followmail.imap import reader
from followmail.imap.folders import Folder, Role
from followmail.imap.session import Criteria, Session
from followmail.jobs import unseen
from followmail.jobs.cycle import Cycle, Look, Options
from followmail.jobs.recording import mark_of, record
from followmail.jobs.unread import ask_again
from followmail.jobs.vanished import await_mails
from followmail.mail import msgid
from followmail.mail.message import Message
from followmail.sequence import marks
from followmail.store.cursors import Position

# Marks by plus address are honoured this far back, so the first look reads at least as far.
SHORTEST_HORIZON = marks.HONOURED
# So often all folders are gone through in one look, while mail is being moved.
_PASSES = 5


def look(session: Session, c: Cycle) -> Look:
    """One look. Folders that cannot be read are named in its faults; a broken connection raises.

    What another program moved while it was read may lie where nothing was new a moment before: looked for again. The
    server's very answer of the last look, which found nothing new, is not gone through once more.
    """
    listed = session.folders()
    last = c.store.cursors.concluded(listed)
    if isinstance(last, _Quiet) and last.options == c.options:
        return last.look
    changed: set[str] = set()
    anew: set[str] = set()
    before: Mapping[str, Position] | None = None
    new = 0
    for _ in range(_PASSES):
        seen = _go_through(session, c, listed if before is None else session.folders())
        before = seen.before if before is None else before
        changed |= seen.changed
        anew |= seen.anew
        new += seen.new
        if not seen.missing:
            break
    if seen.missing:
        seen.faults.append("mail is moved from folder to folder while it is read")
    if fault := await_mails(c, before or {}, filter(partial(_is_watched, c), seen.folders), anew):
        seen.faults.append(fault)
    if not seen.faults:
        _drop_gone(c, seen)
        unseen.tell(c)
    c.tally.new_messages += new
    found = Look(seen.folders, tuple(seen.faults), frozenset(changed), new)
    if found.complete and not changed:
        c.store.cursors.conclude(listed, _Quiet(c.options, found))
    return found


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A look that found nothing new, and the settings that it was taken under."""

    options: Options
    look: Look


@dataclass(slots=True)
class _Seen:
    """What came of going through the folders once. `before`: how far each had been read; `anew`: whose UIDs do not go on;
    `missing`: of some UIDs that were given away there was no message."""

    folders: tuple[Folder, ...]
    before: Mapping[str, Position]
    faults: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    anew: set[str] = field(default_factory=set)
    new: int = 0
    missing: bool = False


def _go_through(session: Session, c: Cycle, listed: Iterable[Folder]) -> _Seen:
    positions, empty = c.store.cursors.all(), list[Position]()
    seen = _Seen(tuple(_with_settings(folder, c) for folder in listed), positions)
    watched = [folder for folder in seen.folders if _is_watched(c, folder)]
    for number, folder in enumerate(watched):
        c.progress("looking", number, len(watched))
        if folder.fault:
            seen.faults.append(f"{folder.name}: {folder.fault}")
            continue
        if _unchanged(folder, positions.get(folder.name)):
            continue
        seen.changed.add(folder.name)
        if folder.name not in positions and (end := _end_of_empty(folder)) is not None:
            empty.append(end)
            continue
        try:
            _read_folder(session, c, folder, positions.get(folder.name), seen)
        except CommandRefused as fault:
            seen.faults.append(f"{folder.name}: {fault}")
    if empty:
        with c.store.transaction():
            for end in empty:
                c.store.cursors.set(end)
    return seen


def _is_watched(c: Cycle, folder: Folder) -> bool:
    return folder.selectable and folder.name not in c.options.skip_folders


def _drop_gone(c: Cycle, seen: _Seen) -> None:
    """Of a folder that is no more it need not be known how far it was read."""
    gone = seen.before.keys() - {folder.name for folder in seen.folders}
    if gone:
        c.store.cursors.drop(gone)


def read_back(session: Session, c: Cycle, folders: Iterable[Folder], moment: datetime) -> bool:
    """Read every folder back to a day before the horizon, for an anchor that is older; False where nothing was missing."""
    day = (moment - timedelta(days=1)).date()
    horizon = _horizon(c)
    if day >= horizon:
        return False
    for folder in folders:
        if _is_watched(c, folder) and not folder.fault:
            chosen, uids = session.find(folder.name, reader.since(day))
            missing = sorted(set(uids).difference(session.search(*reader.since(horizon))))
            for _ in record(session, c, folder, chosen.uidvalidity, missing, read_anew=True):
                pass
    c.store.facts.set_text("horizon", day.isoformat())
    return True


def _with_settings(folder: Folder, c: Cycle) -> Folder:
    """The folders that the configuration names, whatever they are called."""
    if folder.name == c.options.sent_folder:
        return replace(folder, role=Role.SENT, special=True)
    if folder.name == c.options.drafts_folder:
        return replace(folder, role=Role.DRAFTS, special=True)
    return folder


def _unchanged(folder: Folder, position: Position | None) -> bool:
    return (
        position is not None
        and folder.uidnext is not None
        and folder.uidvalidity == position.uidvalidity
        and folder.uidnext == position.uidnext
        and folder.messages == position.messages
        and folder.highestmodseq == position.highestmodseq
    )


def _end_of_empty(folder: Folder) -> Position | None:
    """Where a folder that is empty by its status has been read to, unopened."""
    if folder.messages != 0 or folder.uidvalidity is None or folder.uidnext is None:
        return None
    return Position(folder.name, folder.uidvalidity, folder.uidnext, folder.messages, folder.highestmodseq)


def _horizon(c: Cycle) -> date:
    """The day from which every folder has been read."""
    text = c.store.facts.text("horizon")
    if text:
        return date.fromisoformat(text)
    day = (c.now - max(c.options.lookback, SHORTEST_HORIZON)).date()
    c.store.facts.set_text("horizon", day.isoformat())
    return day


def _read_folder(session: Session, c: Cycle, folder: Folder, position: Position | None, seen: _Seen) -> None:
    wanted = partial(_wanted, session, c, folder, position)
    chosen, found = session.find(folder.name, *wanted(folder.uidvalidity))
    known = position is not None and position.uidvalidity == chosen.uidvalidity
    if known and position and chosen.uidnext is not None and chosen.uidnext < position.uidnext:
        known = False  # brought back from a backup: it gives the same UIDs away again
        found = [uid for criteria in wanted(None) for uid in session.search(*criteria)]
    elif chosen.uidvalidity != folder.uidvalidity:  # built anew since it was listed
        found = [uid for criteria in wanted(chosen.uidvalidity) for uid in session.search(*criteria)]
    start = position.uidnext if known and position else 1
    uids = array("Q", (uid for uid in found if uid >= start))  # a tenth of the memory of a list
    del found
    read_anew = position is not None and not known
    if read_anew:
        seen.anew.add(folder.name)
    unread: list[reader.Head] = []
    recorded: Iterable[Message] = record(session, c, folder, chosen.uidvalidity, uids, read_anew, unread=unread)
    following = max(max(uids, default=0) + 1, start, chosen.uidnext or 1)
    stored = tuple(recorded) if known else ()
    seen.new += len(stored) if known else sum(1 for _ in recorded)
    seen.missing |= not known or len(uids) < following - start
    with c.store.transaction():
        if known:
            unseen.weigh(c, folder, len(uids), following - start, stored)
        again = ask_again(c, folder, chosen.uidvalidity, unread)
        following = min([following, *(head.uid for head in again)])
        c.store.cursors.set(Position(folder.name, chosen.uidvalidity, following, folder.messages, folder.highestmodseq))
    if again:
        seen.faults.append(f"{folder.name}: message {again[0].uid} cannot be read: {again[0].fault}")


def _wanted(
    session: Session, c: Cycle, folder: Folder, position: Position | None, uidvalidity: int | None
) -> list[Criteria]:
    """What to read of a folder: from where it was read to, or, where it is new to us or its UIDs became invalid
    (RFC 9051 §2.3.1.1), from the horizon."""
    if position is not None and position.uidvalidity == uidvalidity:
        return [reader.from_uid(position.uidnext)]
    was_empty = position is not None and position.messages == 0  # Courier gives an empty folder another UIDVALIDITY
    if was_empty or mark_of(folder) is not None:  # by date Courier finds no mail whose file it cannot open
        return [reader.from_uid(1)]
    if folder.role is Role.SENT:  # every mail of our form, however old: what has left must never leave again
        return [reader.since(_horizon(c)), reader.bearing(session, "Message-ID", msgid.OUR_PREFIX)]
    return [reader.since(_horizon(c))]
