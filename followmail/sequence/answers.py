"""What an incoming message does to an enrollment.

First the tie, from the headers alone: does it bear on the enrollment, and how? Only then is a body worth reading. Then
the effect, from what the body was read as. In doubt an effect holds the mail back; an end needs a plain reason.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from followmail.mail.identity import Identity, Person, local_part, mailbox, same_company, same_person
from followmail.mail.kinds import Kind, Verdict
from followmail.mail.message import Message
from followmail.mail.subject import bare_subject
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Enrollment, State
from followmail.sequence.workdays import Calendar

ACKNOWLEDGED = 10  # business days that a bare acknowledgement holds
AWAY = 5  # business days for an absence without a date
DECLINED = 3  # business days after a declined or cancelled meeting
# A mail dated so long before the anchor is an old one: no clock and no queue explains it.
LONG_BEFORE = timedelta(days=2)
SOFT_BOUNCES = 3  # so many temporary failures are one final
WISH = "wish"  # the code of a question because somebody asked not to be written to: only a yes by name answers it
GONE = "gone"  # the code of an end because they left the company: it needs a second yes to go on


class Tie(StrEnum):
    """How a message bears on an enrollment."""

    CONVERSATION = "in its conversation"
    INTRODUCER = "from the introducer"
    COLLEAGUE = "from a colleague"
    REPORT = "a report on a mail of it"
    ELSEWHERE = "from the prospect, elsewhere"
    RECIPIENT = "from somebody in its Cc, elsewhere"
    SUBJECT = "with its subject"
    COMPANY = "from the prospect's company"


@dataclass(frozen=True, slots=True)
class Bearings:
    """What is known of an enrollment when a message comes in."""

    enrollment: Enrollment
    identity: Identity
    since: datetime  # the anchor's time, or that of a later message from which it counts
    own_ids: frozenset[str]  # the anchor and what we sent after it
    all_ids: frozenset[str]  # every id of its conversation
    introducers: frozenset[str]
    base_subjects: frozenset[str]  # under which the consultant wrote in it; never an empty one
    recipients: tuple[str, ...]  # whom its mails go to
    written_to: frozenset[str] = frozenset()  # every mailbox to which the consultant wrote in it, introducers aside

    @property
    def people(self) -> tuple[str, ...]:
        """The prospect, and whom else its mails go to."""
        return tuple(dict.fromkeys((self.enrollment.address, *self.recipients)))


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows: the state it moves to (None: it stays), and what else is to be done."""

    event: Happened
    why: str
    state: State | None = None
    code: str = ""
    until: datetime | None = None
    then: State = State.ACTIVE
    suppress: tuple[tuple[str, str], ...] = ()  # (address, remark)
    drop: tuple[str, ...] = ()  # Cc recipients that go no further
    counts_from: datetime | None = None
    proposes: str | None = None


def is_after(message: Message, b: Bearings) -> bool:
    """Whether a message is after the anchor: by reference whatever its clock says, else by the later of its dates."""
    if b.own_ids.intersection(message.answers):
        return True
    return message.later is None or message.later >= b.since


def tie(message: Message, in_conversation: bool, refers_to_known: bool, b: Bearings) -> Tie | None:
    """How a message bears on an enrollment, from its headers; None where it does not.

    What may be a report is first of all a mail like any other: an absence note comes with a null path (RFC 3834 §3.3).
    """
    if b.identity.is_own(message.sender.address) or not is_after(message, b):
        return None
    return _by_sender(message, in_conversation, refers_to_known, b) or (Tie.REPORT if message.may_be_report else None)


def _by_sender(message: Message, in_conversation: bool, refers_to_known: bool, b: Bearings) -> Tie | None:
    sender = message.sender.address
    if in_conversation:
        if b.identity.is_colleague(sender):
            return Tie.COLLEAGUE
        return Tie.INTRODUCER if any(same_person(sender, a) for a in b.introducers) else Tie.CONVERSATION
    if same_person(sender, b.enrollment.address):
        return Tie.ELSEWHERE
    if any(same_person(sender, address) for address in b.recipients):
        return Tie.RECIPIENT
    if message.base_subject in b.base_subjects and not refers_to_known:
        return Tie.SUBJECT
    if b.identity.is_colleague(sender):
        return None
    if same_company(sender, b.enrollment.address) and _to_consultant(message, b.identity):
        return Tie.COMPANY
    return None


def _to_consultant(message: Message, identity: Identity) -> bool:
    addressed = (*(p.address for p in (*message.to, *message.cc, *message.bcc)), *message.envelope_to)
    return not addressed or any(identity.is_own(address) for address in addressed)


def effect(
    how: Tie, message: Message, verdict: Verdict, b: Bearings, calendar: Calendar, now: datetime
) -> Effect | None:
    """What a message that bears on an enrollment does to it; None: nothing.

    An old mail that only came in lately, as from an archive, ends nothing: it asks. A wish to be left alone does not age,
    and stays what is asked, whatever else is written.
    """
    found = _effect(how, message, verdict, b, calendar, now)
    if found is not None and found.state in (State.WAITING, State.PAUSED) and b.enrollment.code == WISH:
        return replace(found, code=WISH, why=b.enrollment.why)
    ends = found is not None and (found.suppress or (found.state is not None and not found.state.live))
    if found is None or not ends or verdict.kind is Kind.UNSUBSCRIBE or not _is_old(message, verdict, b):
        return found
    why = f"{found.why}, by a mail of {message.date:%Y-%m-%d} that came in only now; still follow up?"
    return Effect(Happened.WAITING, why, State.WAITING, "answer", away_until(b.enrollment))


def _is_old(message: Message, verdict: Verdict, b: Bearings) -> bool:
    """Whether it was written long before the anchor, and refers to nothing of the conversation."""
    if message.date is None or message.date > b.since - LONG_BEFORE:
        return False
    return not b.all_ids.intersection((*message.answers, *verdict.original_ids))


def _effect(
    how: Tie, message: Message, verdict: Verdict, b: Bearings, calendar: Calendar, now: datetime
) -> Effect | None:
    if how is Tie.REPORT or verdict.kind.bounce:
        return _report(message, verdict, b, calendar, now)
    if how is Tie.CONVERSATION:
        return _by_kind(message, verdict, b, calendar, now)
    if how is Tie.ELSEWHERE and verdict.kind in (
        Kind.UNSUBSCRIBE, Kind.CALENDAR, Kind.OUT_OF_OFFICE, Kind.LEFT_COMPANY
    ):  # fmt: skip
        return _by_kind(message, verdict, b, calendar, now)
    if how is Tie.INTRODUCER and verdict.acknowledgement:
        return None
    if how is Tie.RECIPIENT and verdict.kind is Kind.UNSUBSCRIBE:
        mine = [a for a in b.recipients if same_person(a, message.sender.address)]
        return _goes_on_without([message.sender.address, *mine], "asked not to be written to", message, b, calendar)
    if not (verdict.kind.human or verdict.kind is Kind.CALENDAR):
        return None
    doubt = _doubt(how, message, b, calendar)
    return _wish(doubt, message, verdict, b, calendar) if verdict.kind is Kind.UNSUBSCRIBE else doubt


def _doubt(how: Tie, message: Message, b: Bearings, calendar: Calendar) -> Effect:
    """A person wrote something that may or may not be an answer: the consultant is asked."""
    who = message.sender.name or message.sender.address
    subject = bare_subject(message.subject)
    about = f" about '{subject}'" if subject else ""
    day = _day(message.later, calendar)
    why = {
        Tie.INTRODUCER: f"{who}, who introduced you, wrote{day}; still follow up?",
        Tie.COLLEAGUE: f"your colleague {who} wrote in the conversation{day}; still follow up?",
        Tie.SUBJECT: f"{who} wrote{about}{day}, perhaps an answer; still follow up?",
    }.get(how, f"{who} wrote{about}{day}; still follow up?")
    counts = (message.sent_on or message.later) if how is Tie.COLLEAGUE else None
    return Effect(Happened.WAITING, why, State.WAITING, "answer", away_until(b.enrollment), counts_from=counts)


def passed_on(author: Person, message: Message, b: Bearings, calendar: Calendar) -> Effect | None:
    """What the consultant forwards to himself of the prospect's, from another mailbox of his, may be an answer: it asks."""
    if not is_after(message, b) or b.enrollment.code == WISH:
        return None
    why = f"you forwarded a mail of {author.name or author.address}'s to yourself{_day(message.later, calendar)}; still follow up?"
    return Effect(Happened.WAITING, why, State.WAITING, "answer", away_until(b.enrollment))


def _wish(doubt: Effect, message: Message, v: Verdict, b: Bearings, calendar: Calendar) -> Effect:
    """Somebody asked not to be written to, who may be another or mean something else: never again to them."""
    who, day = message.sender, _day(message.later, calendar)
    said = next((f" ({words})" for words in v.evidence if words.startswith("'")), "")
    return replace(
        doubt, code=WISH, why=f"{who.name or who.address} asked not to be written to{day}{said}; still follow up?",
        suppress=((who.address, f"asked not to be written to{day}"),) if b.identity.is_outside(who.address) else (),
    )  # fmt: skip


def _goes_on_without(who: list[str], what: str, message: Message, b: Bearings, calendar: Calendar) -> Effect:
    """Somebody in Cc wants no mail: never again to them, and to the prospect only after a yes."""
    day = _day(message.later, calendar)
    gone = tuple(dict.fromkeys(who))
    why = f"{gone[-1]}, in Cc, {what}{day}; still follow up?"
    return Effect(
        Happened.WAITING, why, State.WAITING, WISH, away_until(b.enrollment),
        suppress=tuple((address, f"{what}{day}") for address in gone), drop=tuple(a for a in gone if a in b.recipients),
    )  # fmt: skip


def away_until(e: Enrollment) -> datetime | None:
    """Until when a yes does not count: they are away, or it was snoozed, and a question does not change that."""
    rests = e.state is State.WAITING or (e.state is State.PAUSED and e.then is State.ACTIVE)
    return e.until if rests else None


def _by_kind(message: Message, v: Verdict, b: Bearings, calendar: Calendar, now: datetime) -> Effect | None:
    who = message.sender.name or message.sender.address
    said = f": {v.evidence[0]}" if v.evidence else ""
    match v.kind:
        case Kind.REPLY:
            return Effect(Happened.REPLIED, f"{who} answered{_day(message.later, calendar)}", State.REPLIED)
        case Kind.WRONG_PERSON:
            hint = f"; proposed: {v.contact}" if v.contact else ""
            return Effect(Happened.REPLIED, f"{who} names somebody else{hint}", State.REPLIED, proposes=v.contact)
        case Kind.UNSUBSCRIBE:
            gone = tuple(dict.fromkeys(a for a in (message.sender.address, b.enrollment.address) if a))
            remark = f"asked not to be written to{_day(message.later, calendar)}"
            return Effect(
                Happened.UNSUBSCRIBED, f"{who} asked not to be written to{said}", State.UNSUBSCRIBED,
                suppress=tuple((address, remark) for address in gone),
            )  # fmt: skip
        case Kind.LATER:
            return _later(who, said, v, message, b.enrollment, calendar, now)
        case Kind.CALENDAR:
            return _calendar(who, v, message, calendar, now)
        case Kind.OUT_OF_OFFICE | Kind.LEFT_COMPANY if not _is_theirs(message.sender, b.enrollment):
            return _of_another(who, v, message, b, calendar, now)
        case Kind.OUT_OF_OFFICE:
            return _away(who, v, message, b, calendar, now)
        case Kind.LEFT_COMPANY:
            hint = f"; instead: {v.contact}" if v.contact else ""
            quoted = next((words for words in v.evidence if words.startswith("'")), "so")
            said = f", as an automatic answer says: {quoted}" if quoted != "so" else ", as an automatic answer says"
            why = f"{b.enrollment.name or b.enrollment.address} is no longer there{said}{hint}"
            return Effect(Happened.STOPPED, why, State.STOPPED, GONE, proposes=v.contact)
    return None


def _is_theirs(sender: Person, e: Enrollment) -> bool:
    """Whether a mailbox is the prospect's: their address, or a second one that bears their name."""
    if same_person(sender.address, e.address):
        return True
    names, called = {_words(e.name)}, {_words(sender.name)}
    if same_company(sender.address, e.address):
        names.add(_words(local_part(e.address)))
        called.add(_words(local_part(sender.address).partition("+")[0]))
    return bool((names & called) - {frozenset()})


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]+", text.casefold()))


def _of_another(
    who: str, v: Verdict, message: Message, b: Bearings, calendar: Calendar, now: datetime
) -> Effect | None:
    """What another mailbox than the prospect's answers by itself: nothing where the consultant wrote to it, for it speaks
    for its owner. Else it stands behind one that he wrote to: the prospect's, where there is no other."""
    if mailbox(message.sender.address) in b.written_to:
        return None
    if v.kind is Kind.OUT_OF_OFFICE and len(b.written_to) <= 1:
        return _away(who, v, message, b, calendar, now)
    what = "away" if v.kind is Kind.OUT_OF_OFFICE else "no longer there"
    theirs = b.enrollment.name or b.enrollment.address
    why = f"{who} answered by itself{_day(message.later, calendar)} that somebody is {what}, perhaps {theirs}; still follow up?"
    return Effect(Happened.WAITING, why, State.WAITING, "answer", away_until(b.enrollment))


def _later(
    who: str, said: str, v: Verdict, message: Message, e: Enrollment, calendar: Calendar, now: datetime
) -> Effect | None:  # fmt: skip
    """Put off, promised or acknowledged: not over, and not silent either. Thanks shorten no pause.

    What comes back only to ask comes at the day's beginning: that day's digest asks, and nothing leaves by it.
    """
    if v.until is None:
        until = calendar.beginning_of(_days_after(message, ACKNOWLEDGED, calendar, now))
    elif v.promised:  # the business day after the end of the time named
        until = calendar.beginning_of(calendar.add_business_days(v.until_end or v.until, 1))
    else:
        until = calendar.beginning_of(calendar.local_date(calendar.next_open(calendar.opening_of(v.until))))
    waits = e.until if e.state is State.PAUSED and e.then is State.WAITING else None
    if v.acknowledgement and waits is not None and waits >= until:
        return None
    why = f"{who} will come back{said}" if v.until is None or v.promised else f"{who} put it off{said}"
    return Effect(Happened.PAUSED, why, State.PAUSED, "answer", until, State.WAITING)


def _calendar(who: str, v: Verdict, message: Message, calendar: Calendar, now: datetime) -> Effect:
    if v.calendar in ("decline", "cancel"):
        until = calendar.beginning_of(_days_after(message, DECLINED, calendar, now))
        return Effect(
            Happened.PAUSED, f"{who} declined or cancelled the meeting", State.PAUSED, "answer", until, State.WAITING
        )
    return Effect(
        Happened.REPLIED, f"{who} answered with a calendar message ({v.calendar or 'invitation'})", State.REPLIED
    )


def _away(who: str, v: Verdict, message: Message, b: Bearings, calendar: Calendar, now: datetime) -> Effect | None:
    if v.return_date is not None:
        day = calendar.add_business_days(v.return_date, 1)
        why = f"{who} is away until {v.return_date.day} {v.return_date:%b}"
    else:
        day = _days_after(message, AWAY, calendar, now)
        why = f"{who} is away"
    e = b.enrollment
    asks = e.state is State.PAUSED and e.then is State.WAITING
    until = calendar.beginning_of(day) if asks else calendar.opening_of(day)
    if e.until is not None and e.until >= until:
        return None
    if e.state is State.WAITING:  # for a word, still; which counts when they are back
        return Effect(Happened.AWAY, f"{e.why} ({why})", State.WAITING, e.code, until)
    then = e.then if e.state is State.PAUSED else State.ACTIVE
    return Effect(Happened.PAUSED, why, State.PAUSED, e.code if e.state is State.PAUSED else "", until, then)


def _report(message: Message, v: Verdict, b: Bearings, calendar: Calendar, now: datetime) -> Effect | None:
    """A report: it must hold an id of the conversation, or name a recipient of ours as failed."""
    failed, complained = _ours_among(v.failed_recipients, b), _ours_among(v.reported_to, b)
    others = {*b.written_to, *map(mailbox, b.enrollment.dropped)}
    if (
        v.failed_recipients
        and not failed
        and all(b.identity.is_own(a) or mailbox(a) in others for a in v.failed_recipients)
    ):
        return None  # a plus address of the consultant's, or somebody to whom nothing of this goes, or no more
    ours = b.all_ids.intersection((*v.original_ids, *message.answers))
    if not failed and not complained and not ours:
        return None
    if complained and b.enrollment.address not in complained:
        return _goes_on_without(complained, "called your mail spam", message, b, calendar)
    if not v.kind.bounce:
        return None if v.kind is Kind.AUTOMATIC else _by_kind(message, v, b, calendar, now)
    if not v.failed_recipients and len({*b.written_to, *map(mailbox, b.people)}) == 1:
        failed = [b.enrollment.address]
    said = f": {v.evidence[0]}" if v.evidence else ""
    return _bounce(v, failed, said, b)


def _ours_among(addresses: Iterable[str], b: Bearings) -> list[str]:
    """Those of them to whom mails of this enrollment go, as we spell them."""
    wanted = set(map(mailbox, addresses))
    return [address for address in b.people if mailbox(address) in wanted]


def _bounce(v: Verdict, failed: list[str], said: str, b: Bearings) -> Effect | None:
    address = b.enrollment.address
    if v.kind is Kind.BOUNCE_SOFT:
        why = f"the mail to {address} could not be delivered for now{said}"
        return Effect(Happened.WAITING, why, State.WAITING, "bounce") if v.final else Effect(Happened.SOFT_BOUNCE, why)
    if v.kind is Kind.BOUNCE_BLOCKED or not failed:
        return Effect(
            Happened.WAITING, f"the mail to {address} was refused{said}; still follow up?", State.WAITING, "bounce"
        )
    remarks = tuple((a, "bounced") for a in failed)
    if address in failed:
        return Effect(Happened.BOUNCED, f"{address} does not exist{said}", State.BOUNCED, suppress=remarks)
    return Effect(
        Happened.DROPPED, f"{', '.join(failed)} in Cc does not exist{said}", suppress=remarks, drop=tuple(failed)
    )


def third_soft_bounce(b: Bearings) -> Effect:
    """So many temporary failures count as a final one."""
    why = f"the mail to {b.enrollment.address} could not be delivered {SOFT_BOUNCES} times; still follow up?"
    return Effect(Happened.WAITING, why, State.WAITING, "bounce")


def _days_after(message: Message, count: int, calendar: Calendar, now: datetime) -> date:
    """So many business days after the message; a clock that runs ahead does not count."""
    start = min(message.later or now, now + timedelta(hours=1))
    return calendar.add_business_days(calendar.local_date(start), count)


def _day(moment: datetime | None, calendar: Calendar) -> str:
    if moment is None:
        return ""
    day = calendar.local_date(moment)
    return f" on {day.day} {day:%b}"
