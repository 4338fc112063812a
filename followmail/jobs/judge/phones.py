"""Looks for the number of somebody who is to be called soon, in the signatures of their own latest mails.

Nobody else's mail is read for it, each is read once, and what was found is remembered with the message.
"""

from followmail.errors import Transient
from followmail.jobs.calls import latest_of
from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.court import Court
from followmail.mail.phone import phone_in
from followmail.mail.text import text_of
from followmail.sequence.planner import due_of, next_step
from followmail.sequence.steps import Enrollment
from followmail.store.conversations import Known


def find_phones(court: Court) -> None:
    """Read the latest mails of whoever is to be called within a business day."""
    if not any(step.call for sequence in court.c.sequences.values() for step in sequence.steps):
        return
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
