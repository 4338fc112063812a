"""What is kept of people, and keeping it: `forget`, `export`, `backup`, `restore`."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from followmail.books import Books
from followmail.errors import UserError
from followmail.mail.identity import canonical, is_address, is_machine
from followmail.rounds import alone
from followmail.sequence.happened import Happened
from followmail.sequence.steps import State, Status
from followmail.settings import Settings
from followmail.store import Store, copies
from followmail.store.facts import MAILS_AWAITED
from followmail.store.records import Record
from followmail.store.suppressions import Suppressions
from followmail.telling import stamp

Row = dict[str, Any]
COLUMNS = tuple(asdict(Record("")))
# A cell that begins so is a formula to a spreadsheet (owasp.org, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


# ---- forget


def forget(books: Books, word: str, now: datetime) -> tuple[str, ...]:
    """All that is stored of a person is gone; a hash in suppressed.txt stays. Sentences that say so.

    Raises UserError while a mail or a draft to them is not at its end.
    """
    store, identity = books.store, books.settings.identity
    address = _person(books, word)
    if open_mail := store.forgetting.on_its_way(address):
        raise UserError(
            f"{open_mail}, so {address} cannot be forgotten yet. `followmail stop {address}` takes it back with the next"
            " round; a draft that you edited you delete yourself. Then say it again."
        )
    store.suppressions.forget(address)  # first: it must outlive the rest
    count = store.forgetting.forget(address, lambda who: identity.is_outside(who) and not is_machine(who))
    store.events.add(now, Happened.FORGOTTEN, "somebody was forgotten, as you said")
    said = f"{address} is forgotten: {count} records are gone. A hash in {store.suppressions.path.name} stays, so that"
    told = [f"{said} they are never mailed again. What lies in the mailbox is yours to delete."]
    if older := [path.name for path in _copies_beside(books.settings.database)]:
        told.append(f"Older copies of the database still hold them; delete them when you can: {', '.join(older)}.")
    return tuple(told)


def stored_of(books: Books, word: str) -> int:
    """How many records there are of a person."""
    return sum(1 for _ in books.store.records.all(_person(books, word)))


def _person(books: Books, word: str) -> str:
    address = canonical(word)
    if not is_address(address):
        raise UserError(f"'{word}' is no mail address.")
    if books.settings.identity.is_own(address):
        raise UserError(f"{address} is your own address.")
    return address


def _copies_beside(database: Path) -> list[Path]:
    """Databases that an upgrade or a `restore` kept."""
    ours = (
        p
        for p in database.parent.glob(f"{database.name}.*")
        if not p.name.endswith((".lock", "-journal", ".token", ".token.new"))
    )
    return sorted(ours)


# ---- export


def export(books: Books, now: datetime, word: str = "") -> Iterator[Row]:
    """All that is stored, of everybody or of one person: a row a record, by the columns of `COLUMNS`."""
    c = books.cycle(now)
    address = canonical(word)
    for record in books.store.records.all(address):
        yield asdict(record) | {"at": stamp(record.at, c)}
    lines = books.store.suppressions.lines()
    if address:
        matching = books.store.suppressions.matching(address)
        lines = (matching,) if matching else ()
    for line in lines:
        yield asdict(Record("suppression", address=line, state="never mailed"))


def defused(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


# ---- backup and restore


def backup(settings: Settings, file: Path) -> str:
    """A consistent, checked copy, also while the daemon runs; suppressed.txt travels in it."""
    if not settings.database.exists():
        raise UserError(f"There is no database at {settings.database} yet.")
    copies.write_copy(settings.database, file, _suppressions(settings).text())
    return f"{file} holds all that is stored, and suppressed.txt. It names people: keep it as you keep your mail."


def restore(settings: Settings, file: Path, now: datetime) -> tuple[str, ...]:
    """Back from a backup; then it is a first run: nothing leaves before a complete look and a yes.

    Raises AnotherInstance while `run` or `once` works, DatabaseError where the file is damaged, newer or no database.
    """
    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    with alone(settings.database):
        copies.check(file)
        fresh = settings.database.with_name(settings.database.name + ".restoring")
        copies.unpack(file, fresh)
        added = _suppressions(settings).merge(copies.suppressed_in(file))
        with Store.open(fresh) as store:
            open_ones = begin_anew(store, now)
        for before in fresh.parent.glob(f"{fresh.name}.before-*"):
            before.unlink()
        kept = copies.put_in_place(fresh, settings.database, now)
    told = [f"Restored from {file}. Open follow-ups: {open_ones}. Nothing leaves before a complete look and your yes."]
    if kept is not None:
        told.append(f"The database before is kept as {kept}.")
    if added:
        told.append(f"{added} lines were added to suppressed.txt; none was taken away.")
    return tuple(told)


def begin_anew(store: Store, now: datetime) -> int:
    """Make the next cycle a first run; how many enrollments are open. What may have left meanwhile is found in Sent."""
    with store.transaction():
        for e in store.enrollments.live():
            if line := store.suppressions.matching(e.address):
                store.enrollments.change(e, State.STOPPED, now, f"{e.address} must not be mailed ('{line}')")
        live = store.enrollments.live()
        for fact in ("first_run", "looked_at", "clock_accepted", "clock_fault", "look_fault", MAILS_AWAITED):
            store.facts.set_text(fact, None)
        store.facts.set_moment("restored", now)
        store.cursors.forget()
        for e in live:
            store.enrollments.note(e.id, before_first_run=True, yes_at=None, granted=())
        for parcel in store.outbox.parcels(Status.QUEUED, Status.SENDING):
            before = (Status.QUEUED, Status.SENDING)
            store.outbox.move(parcel.delivery.id, before, Status.CANCELLED, now, why="restored from a backup")
        for filing in store.digests.unfiled():
            store.digests.set_filed(filing.id)
        store.events.add(now, Happened.FIRST_RUN, "restored from a backup: what is open waits for your yes")
    return len(live)


def _suppressions(settings: Settings) -> Suppressions:
    return Suppressions(settings.database.with_name("suppressed.txt"))
