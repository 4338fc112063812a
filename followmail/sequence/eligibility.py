"""Which sent messages begin an enrollment: named rules, each pass or fail with the value that it looked at.

Asked once, when a sent message is first seen. What the consultant marked is not asked: `jobs.judge.marked` obeys it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from followmail.mail.identity import Identity, Person, domain, same_company
from followmail.mail.kinds import Kind
from followmail.mail.message import Message
from followmail.mail.msgid import is_ours
from followmail.sequence.conversation import Conversation, Entry, outside_people
from followmail.sequence.steps import Sequence, Trigger

MAX_PEOPLE = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One rule, asked of one message."""

    rule: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Case:
    """A sent message, and what is known around it."""

    identity: Identity
    entry: Entry
    conversation: Conversation
    prospect: Person | None
    people: tuple[Person, ...]  # the outside people of its To and Cc, less introducers
    introducers: frozenset[str]
    opening: Entry
    silence: tuple[Entry, ...]  # the consultant's messages since the prospect last answered
    now: datetime
    lookback: timedelta
    first_wrote: datetime | None  # when the prospect first wrote to the consultant; None: never
    acquainted: bool  # whether that is known: a server was asked, or they wrote
    suppressed: Callable[[str], str | None]
    is_list: Callable[[str], bool]
    has_our_form: bool  # Sent holds a mail of ours in this conversation
    asks: str | None = None  # what the opening asks, in its own words; "" nothing; None: not read yet


def case_of(
    identity: Identity,
    entry: Entry,
    conversation: Conversation,
    now: datetime,
    lookback: timedelta,
    suppressed: Callable[[str], str | None],
    is_list: Callable[[str], bool],
) -> Case:
    """The case of a sent message: its prospect, opening and introducers. What a server must be asked comes later."""
    people = outside_people(identity, entry.message)
    to = {p.address for p in entry.message.to}
    prospect = next((p for p in people if p.address in to), None)
    silence = conversation.silence(prospect.address, entry) if prospect else (entry,)
    introducers = conversation.introducers(identity, prospect.address, silence[0]) if prospect else frozenset()
    return Case(
        identity=identity,
        entry=entry,
        conversation=conversation,
        prospect=prospect,
        people=outside_people(identity, entry.message, introducers),
        introducers=introducers,
        opening=silence[0],
        silence=silence,
        now=now,
        lookback=lookback,
        first_wrote=None,
        acquainted=False,
        suppressed=suppressed,
        is_list=is_list,
        has_our_form=any(e.sent and is_ours(e.message.id) for e in conversation.entries),
    )


# ---- the rules


def ordinary(case: Case) -> Check:
    """1. No list post, report, calendar message or automatic mail."""
    message = case.entry.message
    listed = next((p.address for p in (*message.to, *message.cc) if case.is_list(p.address)), None)
    fault = (
        "it has a List-Id" if message.is_list
        else f"{listed} is a mailing list" if listed
        else "it is a report" if message.is_report
        else "it is a calendar message" if message.is_calendar or case.entry.kind is Kind.CALENDAR
        else "it is Auto-Submitted" if message.auto_submitted
        else ""
    )  # fmt: skip
    return Check("an ordinary mail", not fault, fault or "no list post, report, calendar message or automatic mail")


def few_people(case: Case) -> Check:
    """2. One to three outside people, of one company where more than one."""
    names = ", ".join(p.address for p in case.people) or "nobody"
    if case.prospect is None or not case.people:
        return Check("one to three people outside", False, f"no person outside in To: {names}")
    if len(case.people) > MAX_PEOPLE:
        return Check("one to three people outside", False, f"{len(case.people)} people: {names}")
    strangers = [p.address for p in case.people[1:] if not same_company(p.address, case.people[0].address)]
    if strangers:
        return Check("one to three people outside", False, f"not of one company: {names}")
    return Check("one to three people outside", True, names)


def nobody_suppressed(case: Case) -> Check:
    """2. Nobody among them must never be mailed."""
    for person in case.people:
        if line := case.suppressed(person.address):
            return Check("nobody suppressed", False, f"{person.address} ('{line}')")
    return Check("nobody suppressed", True, "nobody of them stands in suppressed.txt")


def not_off(case: Case) -> Check:
    """The consultant said never to follow this conversation up."""
    return Check(
        "not switched off", not case.conversation.off, "marked +off or Stop" if case.conversation.off else "no mark"
    )


def recent(case: Case) -> Check:
    """4. Not older than the lookback; the earlier of Date and INTERNALDATE, the reading that holds back."""
    earlier = case.entry.message.earlier
    age = (case.now - earlier).days if earlier else None
    allowed = f"lookback {case.lookback.days} days"
    if case.has_our_form:
        return Check("not too old", True, "a mail of ours stands in the conversation")
    if age is None:
        return Check("not too old", False, "it has no date")
    return Check("not too old", is_recent(case.entry.message, case.now, case.lookback), f"{age} days old, {allowed}")


def is_recent(message: Message, now: datetime, lookback: timedelta) -> bool:
    """Whether a message is not older than the lookback; without a date it is."""
    return message.earlier is not None and now - message.earlier <= lookback


BEFORE_ASKING = (ordinary, few_people, nobody_suppressed, not_off, recent)


def first_contact(case: Case) -> Check:
    """3, `sent`: they had never written before, and it opened the conversation or answers an introducer."""
    if case.first_wrote is not None and case.first_wrote < case.opening.at:
        return Check("first contact", False, f"they wrote before, on {case.first_wrote:%Y-%m-%d}")
    if not case.acquainted:
        return Check("first contact", False, "it is not known whether they ever wrote before")
    before = [e for e in case.conversation.entries if e.at < case.opening.at and e is not case.opening]
    others = [e for e in before if not e.sent and e.message.sender.address not in case.introducers]
    if others:
        return Check("first contact", False, f"{others[0].message.sender.address} opened the conversation")
    if not before and case.opening.message.answers:
        return Check("first contact", False, "it answers a message that is not in the mailbox")
    if case.introducers:
        return Check("first contact", True, f"it answers {', '.join(sorted(case.introducers))}, who introduced you")
    return Check("first contact", True, "they never wrote before, and it opened the conversation")


def last_word(case: Case) -> Check:
    """3, `stalled`: they have written before, and the consultant's is the last word."""
    if case.first_wrote is None or case.first_wrote >= case.opening.at:
        return Check("they wrote before", False, "they never wrote before")
    last = case.conversation.last_word()
    if last is not None and not last.sent:
        return Check("the last word is yours", False, f"{last.message.sender.address} has the last word")
    return Check(
        "they wrote before, and the last word is yours",
        True,
        f"they wrote before, on {case.first_wrote:%Y-%m-%d}; the last word is yours",
    )


_TRIGGERS = {Trigger.SENT: first_contact, Trigger.STALLED: last_word}


def conditions(case: Case, sequence: Sequence) -> tuple[Check, ...]:
    """3 and 5, of one sequence: its trigger and its own conditions. `Asks` is left to `asks`."""
    trigger = _TRIGGERS.get(sequence.trigger)
    if trigger is None:
        return (Check("trigger", False, f"'{sequence.trigger}' is not found by rule"),)
    address = case.prospect.address if case.prospect else ""
    return (trigger(case), *stated(sequence, address, case.opening.message.subject))


def stated(sequence: Sequence, address: str, title: str) -> tuple[Check, ...]:
    """5, what a sequence says itself of the prospect's address, and of the opening's subject or the meeting's title."""
    checks, subject = [], title.casefold()
    if sequence.to:
        checks.append(Check("To", _globs(address, sequence.to), f"{address} in {', '.join(sequence.to)}"))
    if sequence.not_to:
        checks.append(
            Check("Not-To", not _globs(address, sequence.not_to), f"{address} not in {', '.join(sequence.not_to)}")
        )
    if sequence.subject_has:
        found = [word for word in sequence.subject_has if word.casefold() in subject]
        checks.append(
            Check("Subject-Has", bool(found), f"'{found[0]}'" if found else f"none of {_list(sequence.subject_has)}")
        )
    if sequence.subject_has_not:
        found = [word for word in sequence.subject_has_not if word.casefold() in subject]
        checks.append(Check("Subject-Has-Not", not found, f"'{found[0]}'" if found else "none of them"))
    return tuple(checks)


def asks(case: Case) -> Check:
    """5, `Asks: yes`: the opening asks something. In doubt it asks nothing."""
    if case.asks:
        return Check("it asks something", True, f"'{case.asks}'")
    return Check("it asks something", False, "it asks nothing" if case.asks is not None else "it could not be read")


def choose(fitting: list[Sequence]) -> Sequence | None:
    """Where several sequences fit, the one with more conditions; equal, by name."""
    return min(fitting, key=lambda s: (-s.conditions, s.name), default=None)


def _globs(address: str, globs: tuple[str, ...]) -> bool:
    """Globs of an address, or of its domain."""
    return any(fnmatchcase(address, g.lower()) or fnmatchcase(domain(address), g.lower().lstrip("@")) for g in globs)


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)
