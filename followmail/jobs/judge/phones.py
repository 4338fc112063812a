"""Looks for the number of somebody who is to be called soon, in the signatures of their own latest mails.

Nobody else's mail is read for it, each is read once, and what was found is remembered with the message.
"""

from followmail.errors import Transient
from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.court import Court
from followmail.mail.phone import phone_in
from followmail.mail.text import text_of
from followmail.sequence.planner import CALLED, due_of, next_step
from followmail.sequence.steps import Enrollment, Status
from followmail.store.conversations import Known

# So many of their mails are read: a short answer often has no signature.
LATEST = 3
NOON = 12


def find_phones(court: Court) -> None:
    """Read the latest mails of whoever is to be called within a business day."""
    for e in court.c.store.enrollments.live():
        if not _call_is_near(court.c, e):
            continue
        for known in latest_of(court.c, e):
            if known.phone or (known.phone is None and _read(court, known)):
                break


def _call_is_near(c: Cycle, e: Enrollment) -> bool:
    sequence = c.sequences.get(e.sequence)
    step = next_step(e, sequence) if sequence else None
    if sequence is None or step is None or not step.call:
        return False
    try:
        due = due_of(e, sequence, step, c.policy.calendar)
    except ValueError:  # neither anchor nor day met: the planner asks
        return False
    calendar = c.policy.calendar
    return calendar.local_date(due) <= calendar.add_business_days(calendar.local_date(c.now), 1)


def latest_of(c: Cycle, e: Enrollment) -> list[Known]:
    """The person's own latest mails, the newest first; what a machine wrote left aside."""
    mails = [known for known in c.store.conversations.of_address(e.address) if _is_a_persons(known)]
    return sorted(mails, key=lambda known: known.entry.at, reverse=True)[:LATEST]


def _is_a_persons(known: Known) -> bool:
    message, kind = known.entry.message, known.entry.kind
    return not (message.auto_submitted or message.may_be_report) and (kind is None or kind.human)


def _read(court: Court, known: Known) -> str:
    """One mail, read once; one that cannot be read has no number."""
    try:
        phone = phone_in(text_of(court.raw(known), signed=True))
    except Transient:
        raise
    except Exception as fault:  # noqa: BLE001  whatever one message brings, the rest must go on
        court.c.tell("phone-failed", {"fault": type(fault).__name__})
        phone = ""
    court.c.store.conversations.set_phone(known.row, phone)
    return phone


# ---- what is told of it


def phone_line(c: Cycle, e: Enrollment) -> str:
    """`+49 30 901820; try in the afternoon: the last try was in the morning`; or that no number was found."""
    number = next((known.phone for known in latest_of(c, e) if known.phone), "")
    return "; ".join(filter(None, (number or "no number found in their mails", _hour(c, e))))


def _hour(c: Cycle, e: Enrollment) -> str:
    """Another hour of day than the last try; without one, the half of the day in which they write."""
    tries = [d.left for d in e.deliveries if d.status is Status.SKIPPED and d.why == CALLED and d.left is not None]
    if tries:
        early = c.policy.calendar.local(max(tries)).hour < NOON
        last, other = ("morning", "afternoon") if early else ("afternoon", "morning")
        return f"try in the {other}: the last try was in the {last}"
    hours = [c.policy.calendar.local(known.entry.at).hour for known in latest_of(c, e)]
    early_ones = sum(hour < NOON for hour in hours)
    if not hours or early_ones * 2 == len(hours):
        return ""
    return f"they write in the {'morning' if early_ones * 2 > len(hours) else 'afternoon'}"
