"""Enrolling by hand: whether somebody can be put into a sequence, and doing it. Commands, imports and notes ask here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from followmail.contacts import Contact
from followmail.desk import Desk, answer_since
from followmail.errors import UserError
from followmail.mail.identity import canonical, is_address, is_machine
from followmail.sequence.conversation import Entry
from followmail.sequence.steps import Delay, Enrollment, Origin, Sequence, State
from followmail.store.conversations import Known
from followmail.store.facts import UNSETTLED

# A day met that is further off than this is a slip of the pen.
FARTHEST_DAY_MET = 366
FARTHEST_AHEAD = 3
# What the enrollments of an import bear that was undone: they count as if they had never been.
UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody is enrolled. `batch`: the import; `not_before`: its day; `asks`: why it waits for a yes first."""

    origin: Origin = Origin.MANUAL
    why: str = "you enrolled them"
    again: bool = False
    first_delay: Delay | None = None
    not_before: datetime | None = None
    batch: str = ""
    asks: str = ""


def why_not(
    desk: Desk, contact: Contact, sequence: Sequence, again: bool = False, theirs: Iterable[Enrollment] | None = None
) -> str:
    """Why somebody cannot be enrolled by hand; empty where they can. `theirs`: their enrollments, where these are known."""
    address = canonical(contact.address)
    fault = _why_not_mailed(desk, address) or _why_not_then(desk, contact)
    if fault:
        return fault
    if not sequence.steps:
        return f"the sequence '{sequence.name}' has no step"
    earlier = desk.store.enrollments.of_address(address) if theirs is None else tuple(theirs)
    live = next((e for e in earlier if e.state.live), None)
    if live is not None:
        number = "" if desk.in_a_mail else f" (number {live.id}, {live.state})"
        return f"{address} is in '{live.sequence}' already{number}"
    if not again and any(e.sequence == sequence.name and e.done for e in earlier):
        return f"{address} was in '{sequence.name}' before{'' if desk.in_a_mail else '; --again enrolls all the same'}"
    return "" if sequence.steps[0].new_thread else _why_no_thread(desk, address, sequence)


def _why_not_mailed(desk: Desk, address: str) -> str:
    if not is_address(address):
        return f"'{address}' is no mail address"
    if not desk.identity.is_outside(address):
        return f"{address} is you or a colleague"
    if is_machine(address):
        return f"{address} is no person: nobody reads it"
    if not address.isascii():
        return f"{address} cannot be asked of a mail server; write its domain in ASCII (xn--…)"
    if line := desk.store.suppressions.matching(address):
        return f"{address} must not be mailed ('{line}' in {desk.store.suppressions.path.name})"
    return ""


def _why_not_then(desk: Desk, contact: Contact) -> str:
    if contact.met_on is None:
        return ""
    ahead = (contact.met_on - desk.policy.calendar.local_date(desk.now)).days
    if ahead > FARTHEST_AHEAD:
        return f"{contact.met_on} is still to come; a day on which you met lies behind you"
    return f"{contact.met_on} is too far from today for a day on which you met" if -ahead > FARTHEST_DAY_MET else ""


def _why_no_thread(desk: Desk, address: str, sequence: Sequence) -> str:
    """Why a sequence cannot continue a conversation with somebody."""
    last = desk.store.conversations.last_sent_to(address)
    if last is None:
        return (
            f"'{sequence.name}' continues a conversation, and no mail of yours to {address} was found;"
            " put a mail of yours to them into the folder Followmail/" + sequence.name
        )
    if answer := answer_since(desk, address, last.conversation, last.entry.at):
        return f"{answer}, after your last mail; write to them yourself first"
    return ""


def opening_of(contact: Contact) -> str:
    """What stands for the opening where there is no conversation: the address and the day met, if given."""
    return f"met:{canonical(contact.address)}:{contact.met_on.isoformat() if contact.met_on else ''}"


def enroll(
    desk: Desk,
    contact: Contact,
    sequence: Sequence,
    manner: Manner | None = None,
    theirs: Iterable[Enrollment] | None = None,
) -> Enrollment:
    """Enroll somebody by hand. Raises UserError where that cannot be."""
    manner = manner or Manner()
    if fault := why_not(desk, contact, sequence, manner.again, theirs):
        raise UserError(fault + ".")
    last = None if sequence.steps[0].new_thread else desk.store.conversations.last_sent_to(canonical(contact.address))
    with desk.store.transaction():
        new = (
            _continuing(desk, contact, sequence, last, manner) if last else _beginning(desk, contact, sequence, manner)
        )
        e = desk.store.enrollments.begin(new, desk.now, manner.why)
        desk.store.facts.add_number(UNSETTLED, e.id)
        if manner.asks:
            desk.store.enrollments.change(e, State.WAITING, desk.now, manner.asks, code="mark")
        return desk.store.enrollments.get(e.id) or e if manner.asks else e


def _beginning(desk: Desk, contact: Contact, sequence: Sequence, manner: Manner) -> Enrollment:
    """Without a conversation: delays count from the day met."""
    calendar = desk.policy.calendar
    opening = opening_of(contact) + (f":{desk.now.isoformat()}" if manner.again else "")
    day = contact.met_on or calendar.local_date(desk.now)
    return _enrollment(
        desk, contact, sequence, manner, opening, desk.store.conversations.new(), "", calendar.opening_of(day)
    )


def _continuing(desk: Desk, contact: Contact, sequence: Sequence, last: Known, manner: Manner) -> Enrollment:
    """In the conversation of the consultant's last mail to them: delays count from that."""
    address = canonical(contact.address)
    silence = desk.store.conversations.get(last.conversation).silence(address, last.entry)
    named = contact if contact.name else replace(contact, name=_name_in(last.entry, address))
    anchor = last.entry.message.id
    return _enrollment(desk, named, sequence, manner, silence[0].message.id, last.conversation, anchor, last.entry.left)


def _enrollment(
    desk: Desk, contact: Contact, sequence: Sequence, manner: Manner, opening: str, conversation: int, anchor: str, at: datetime
) -> Enrollment:  # fmt: skip
    later = manner.not_before
    return Enrollment(
        id=0,
        address=canonical(contact.address),
        name=contact.name,
        sequence=sequence.name,
        trigger=sequence.trigger,
        origin=manner.origin,
        opening=opening,
        state=State.PAUSED if later else State.ACTIVE,
        why=f"its place in the import is {desk.policy.calendar.local_date(later):%Y-%m-%d}" if later else "",
        until=later,
        conversation=conversation,
        anchor=anchor,
        anchor_at=at,
        first_delay=manner.first_delay,
        met_on=contact.met_on,
        where=contact.where,
        about=contact.about,
        yes_at=None if manner.asks else desk.now,
        shape=sequence.shape,
        again=manner.again,
        batch=manner.batch,
    )


def _name_in(entry: Entry, address: str) -> str:
    """The name under which a mail is addressed to somebody."""
    return next((p.name for p in (*entry.message.to, *entry.message.cc) if p.address == address), "")
