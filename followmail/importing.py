"""An import: who of a file goes on which day, and all of them enrolled at once or none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from followmail import desk as words
from followmail.contacts import Contact
from followmail.mail.identity import same_company
from followmail.sequence.steps import Enrollment, Origin, Sequence, State

# So many mails a day are left for follow-ups.
LEFT_FOR_FOLLOW_UPS = 3


@dataclass(frozen=True, slots=True)
class Placed:
    """One contact of an import: when its first mail goes, or why it is left out."""

    contact: Contact
    on: datetime | None = None
    fault: str = ""


def lay_out(desk: words.Desk, contacts: Iterable[Contact], sequence: Sequence) -> tuple[Placed, ...]:
    """Who of an import goes on which day, within the limit; duplicates and those who must not be mailed are named."""
    used, firms = _planned(desk)
    seen: dict[str, int] = {}
    placed = []
    for contact in contacts:
        fault = words.why_not(desk, contact, sequence)
        if not fault and contact.address in seen:
            fault = f"{contact.address} stands in line {seen[contact.address]} already"
        if not fault and any(e.sequence == sequence.name for e in desk.store.enrollments.of_address(contact.address)):
            fault = f"{contact.address} was in '{sequence.name}' before"
        seen.setdefault(contact.address, contact.line)
        placed.append(Placed(contact, None, fault) if fault else _place(desk, contact, sequence, used, firms))
    return tuple(placed)


def import_contacts(desk: words.Desk, placed: Iterable[Placed], sequence: Sequence) -> tuple[Enrollment, ...]:
    """Enroll all that were placed, in one transaction: all of them or none."""
    with desk.store.transaction():
        return tuple(
            words.enroll(desk, p.contact, sequence, origin=Origin.IMPORTED, not_before=p.on)
            for p in placed
            if p.on is not None
        )


def _planned(desk: words.Desk) -> tuple[dict[date, int], set[tuple[date, str]]]:
    """First mails of earlier imports by day, and who has one on it."""
    used: dict[date, int] = {}
    firms: set[tuple[date, str]] = set()
    for e in desk.store.enrollments.all(State.PAUSED):
        if e.origin is Origin.IMPORTED and not e.done and e.until is not None:
            day = desk.policy.calendar.local_date(e.until)
            used[day] = used.get(day, 0) + 1
            firms.add((day, e.address))
    return used, firms


def _place(
    desk: words.Desk, contact: Contact, sequence: Sequence, used: dict[date, int], firms: set[tuple[date, str]]
) -> Placed:
    calendar = desk.policy.calendar
    day = contact.met_on or calendar.local_date(desk.now)
    due = calendar.add(calendar.opening_of(day), sequence.steps[0].after)
    when = calendar.next_open(max(due, desk.now))
    room = max(1, desk.policy.daily_limit - LEFT_FOR_FOLLOW_UPS)
    while used.get(calendar.local_date(when), 0) >= room or _has_one(firms, calendar.local_date(when), contact.address):
        when = calendar.next_open(calendar.opening_of(calendar.local_date(when) + timedelta(days=1)))
    day = calendar.local_date(when)
    used[day] = used.get(day, 0) + 1
    firms.add((day, contact.address))
    return Placed(contact, when)


def _has_one(firms: set[tuple[date, str]], day: date, address: str) -> bool:
    """Whether somebody of the same company has a first mail on that day."""
    return any(on == day and same_company(other, address) for on, other in firms)
