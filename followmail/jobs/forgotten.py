"""Keeps nothing of people who were forgotten: of them only the hash in suppressed.txt is known.

What bears on somebody else's enrollment is a hold all the same: a mail of theirs in a conversation that we know, or from
a company that is followed up, is remembered without name, address and subject.
"""

from dataclasses import replace

from followmail.jobs.cycle import Cycle
from followmail.mail.event import Event
from followmail.mail.identity import Person, company, domain, same_company
from followmail.mail.message import Message

NOBODY = "forgotten"


def less_forgotten(c: Cycle, message: Message) -> Message | None:
    """What may be remembered of a message; None: nothing, for it is from or to a forgotten person alone."""
    if not c.store.suppressions.has_forgotten:
        return message
    is_forgotten = c.store.suppressions.is_forgotten
    sender = message.sender.address
    if is_forgotten(sender):
        if not _bears(c, message):
            return None
        message = message._replace(sender=Person("", f"{NOBODY}@{domain(sender)}"), subject="")
    people = (*message.to, *message.cc, *message.bcc)
    gone = {p.address for p in people if is_forgotten(p.address)}
    if not gone:
        return message
    others = [p for p in people if p.address not in gone]
    if c.identity.is_own(sender) and not c.identity.outside(others):
        return None
    return message._replace(
        to=_less(message.to, gone),
        cc=_less(message.cc, gone),
        bcc=_less(message.bcc, gone),
        envelope_to=tuple(a for a in message.envelope_to if a not in gone),
    )


def is_forgotten(message: Message) -> bool:
    """Whether somebody who was forgotten wrote it: what it says bears on others, and is not kept."""
    return message.sender.address.partition("@")[0] == NOBODY


def event_less_forgotten(c: Cycle, event: Event) -> Event:
    """An event without the forgotten people in it; then also without its title and place, which may name them."""
    gone = c.store.suppressions.is_forgotten
    kept = tuple(a for a in event.attendees if not gone(a.person.address))
    organizer = None if event.organizer is not None and gone(event.organizer.address) else event.organizer
    if (kept, organizer) == (event.attendees, event.organizer):
        return event
    return replace(event, attendees=kept, organizer=organizer, summary="", location="")


def _bears(c: Cycle, message: Message) -> bool:
    ids = (message.id, *message.answers)
    if c.store.conversations.conversation_of(ids) is not None:
        return True
    if company(message.sender.address) is None:
        return False
    return any(same_company(e.address, message.sender.address) for e in c.store.enrollments.live())


def _less(people: tuple[Person, ...], gone: set[str]) -> tuple[Person, ...]:
    return tuple(p for p in people if p.address not in gone)
