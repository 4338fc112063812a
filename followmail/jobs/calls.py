"""What is known of somebody who is to be called: their latest mails, the number found in them, a good hour to try."""

from followmail.jobs.cycle import Cycle
from followmail.sequence.planner import CALLED
from followmail.sequence.steps import Enrollment, Status
from followmail.store.conversations import Known

# So many of their mails are read: a short answer often has no signature.
LATEST = 3
NOON = 12


def latest_of(c: Cycle, e: Enrollment) -> list[Known]:
    """The person's own latest mails, the newest first; what a machine wrote left aside."""
    mails = [known for known in c.store.conversations.of_address(e.address) if _is_a_persons(known)]
    return sorted(mails, key=lambda known: known.entry.at, reverse=True)[:LATEST]


def _is_a_persons(known: Known) -> bool:
    message, kind = known.entry.message, known.entry.kind
    return not (message.auto_submitted or message.may_be_report) and (kind is None or kind.human)


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
