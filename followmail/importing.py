"""An import: who of a file goes on which day, all of them enrolled at once or none, and taken back while unsent."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from followmail import enrolling
from followmail.contacts import Contact
from followmail.desk import Desk
from followmail.enrolling import UNDONE, Manner
from followmail.errors import UserError
from followmail.mail.identity import company, mailbox
from followmail.sequence.planner import room_for_imports
from followmail.sequence.steps import Enrollment, Origin, Sequence, State, Status
from followmail.sequence.workdays import Calendar

_MAY_HAVE_LEFT = frozenset({Status.HANDED_OVER, Status.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Placed:
    """One contact of an import: when its first mail goes, or why it is left out."""

    contact: Contact
    on: datetime | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Undone:
    """One enrollment of the import that was undone; `stays`: why it is not taken back."""

    enrollment: Enrollment
    stays: str = ""


def lay_out(desk: Desk, contacts: Iterable[Contact], sequence: Sequence) -> tuple[Placed, ...]:
    """Who of an import goes on which day, within the limit; whoever is left out, with the reason."""
    everyone = _by_person(desk)
    days = _Days(desk, (e for theirs in everyone.values() for e in theirs))
    seen: dict[str, int] = {}
    placed = []
    for contact in contacts:
        theirs = everyone.get(mailbox(contact.address), [])
        fault = (
            enrolling.why_not(desk, contact, sequence, theirs=theirs)
            or _twice(contact, seen)
            or _before(contact, sequence, theirs)
            or _wrote_since(desk, contact, sequence)
        )
        seen.setdefault(mailbox(contact.address), contact.line)
        placed.append(Placed(contact, None, fault) if fault else Placed(contact, days.place(contact, sequence)))
    return tuple(placed)


def import_contacts(desk: Desk, placed: Iterable[Placed], sequence: Sequence) -> tuple[Enrollment, ...]:
    """Enroll all that were placed, in one transaction: all of them or none."""
    with desk.store.transaction():
        everyone = _by_person(desk)
        return tuple(
            enrolling.enroll(
                desk,
                p.contact,
                sequence,
                Manner(Origin.IMPORTED, "imported", not_before=p.on, batch=desk.now.isoformat(timespec="microseconds")),
                everyone.get(mailbox(p.contact.address), []),
            )
            for p in placed
            if p.on is not None
        )


def undo(desk: Desk) -> tuple[Undone, ...]:
    """Take the last import back, as far as nothing of it has left. Raises UserError where there is none.

    What stands in a draft that nobody edited is withdrawn by the next round.
    """
    batch = desk.store.enrollments.last_batch()
    if not batch:
        raise UserError("There is no import to undo.")
    with desk.store.transaction():
        found = [Undone(e, _why_it_stays(e)) for e in batch]
        for e in (u.enrollment for u in found if not u.stays):
            desk.store.enrollments.change_now(e.id, State.STOPPED, desk.now, "import undone", code=UNDONE)
        for e in batch:
            desk.store.enrollments.note(e.id, batch="")
    return tuple(found)


def _why_it_stays(e: Enrollment) -> str:
    if not e.state.live:
        return f"it is {e.state} already: {e.why}"
    if any(d.status in _MAY_HAVE_LEFT for d in e.deliveries):
        return "a mail to them may have left"
    return "a mail to them has left, or was skipped; `followmail stop` ends it" if e.done else ""


def _by_person(desk: Desk) -> dict[str, list[Enrollment]]:
    found: dict[str, list[Enrollment]] = defaultdict(list)
    for e in desk.store.enrollments.all():
        found[mailbox(e.address)].append(e)
    return found


# ---- who is left out


def _twice(contact: Contact, seen: Mapping[str, int]) -> str:
    line = seen.get(mailbox(contact.address))
    return f"{contact.address} stands in line {line} already" if line is not None else ""


def _before(contact: Contact, sequence: Sequence, theirs: Iterable[Enrollment]) -> str:
    """Whoever was once in this sequence is not imported into it again, unless that import was undone."""
    earlier = next((e for e in theirs if e.sequence == sequence.name and e.code != UNDONE), None)
    return f"{contact.address} was in '{sequence.name}' before: {earlier.state}, {earlier.why}" if earlier else ""


def _wrote_since(desk: Desk, contact: Contact, sequence: Sequence) -> str:
    """Whoever wrote since the day met is not told how good it was to meet them; the consultant answers."""
    if not sequence.steps[0].new_thread:
        return ""
    calendar = desk.policy.calendar
    since = calendar.at(contact.met_on or calendar.local_date(desk.now), time(0))
    for known in desk.store.conversations.of_address(contact.address):
        message = known.entry.message
        if known.entry.answered and (message.later or since) >= since:
            return f"{contact.address} wrote to you on {known.entry.at:%Y-%m-%d} ('{message.subject}'); answer that yourself"
    return ""


# ---- on which day


class _Days:
    """Days and the first mails that imports have on them: so many a day, one a day to a company."""

    def __init__(self, desk: Desk, enrollments: Iterable[Enrollment]) -> None:
        self._calendar: Calendar = desk.policy.calendar
        self._now = desk.now
        self._room = room_for_imports(desk.policy)
        self._count: Counter[date] = Counter()
        self._firms: dict[date, set[str]] = defaultdict(set)  # company domains
        self._above: dict[date, set[str]] = defaultdict(set)  # the domains above them
        self._next: dict[date, datetime] = {}  # the window's opening after a day
        self._due: dict[date, datetime] = {}  # when a first mail is due to whom one met on a day
        self._from: dict[tuple[datetime, str], datetime] = {}  # nothing is free before, for this company
        for day, address in self._taken(enrollments):
            self._take(day, company(address) or "")

    def place(self, contact: Contact, sequence: Sequence) -> datetime:
        """The first moment from which this contact's first mail may go."""
        firm = company(contact.address) or ""
        due = self._due_for(contact.met_on or self._calendar.local_date(self._now), sequence)
        open_to_all = self._seek(due, "")
        when = max(open_to_all, self._seek(due, firm)) if firm else open_to_all
        self._from[due, ""] = open_to_all
        self._from[due, firm] = when
        self._take(self._calendar.local_date(when), firm)
        return when

    def _seek(self, due: datetime, firm: str) -> datetime:
        when = max(self._from.get((due, firm), due), self._from.get((due, ""), due))
        while not self._is_free(self._calendar.local_date(when), firm):
            when = self._after(self._calendar.local_date(when))
        return when

    def _is_free(self, day: date, firm: str) -> bool:
        if self._count[day] >= self._room:
            return False
        return not firm or (firm not in self._above[day] and self._firms[day].isdisjoint(_domains(firm)))

    def _take(self, day: date, firm: str) -> None:
        self._count[day] += 1
        if firm:
            self._firms[day].add(firm)
            self._above[day].update(_domains(firm))

    def _due_for(self, met: date, sequence: Sequence) -> datetime:
        if met not in self._due:
            due = self._calendar.add(self._calendar.opening_of(met), sequence.steps[0].after)
            self._due[met] = self._calendar.next_open(max(due, self._now))
        return self._due[met]

    def _after(self, day: date) -> datetime:
        if day not in self._next:
            self._next[day] = self._calendar.next_open(self._calendar.opening_of(day + timedelta(days=1)))
        return self._next[day]

    def _taken(self, enrollments: Iterable[Enrollment]) -> Iterator[tuple[date, str]]:
        """The first mails of earlier imports that are to come, or left today."""
        today = self._calendar.local_date(self._now)
        for e in enrollments:
            if e.origin is not Origin.IMPORTED:
                continue
            if e.state.live and not e.done:
                yield max(self._calendar.local_date(e.until), today) if e.until else today, e.address
            elif any(d.number == 1 and d.left and self._calendar.local_date(d.left) == today for d in e.deliveries):
                yield today, e.address


def _domains(firm: str) -> Iterator[str]:
    """A domain and those above it: `it.firm.example`, `firm.example`, `example`."""
    parts = firm.split(".")
    return (".".join(parts[n:]) for n in range(len(parts)))
