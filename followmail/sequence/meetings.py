"""What became of a meeting, by the calendar messages about it (iTIP, RFC 5546): it took place, or not, or who knows.

`fold` makes one meeting of the messages, in whatever order they came. `verdict` judges it; the rules stand in the order
in which they are asked. Only a plain reason says that a meeting was none; what is merely doubtful is asked about.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from followmail.mail.event import Event
from followmail.mail.identity import Identity, Person, is_machine, same_company
from followmail.mail.title import place, topic
from followmail.sequence.workdays import Calendar

Rule = Callable[["Hearing"], str]
MAX_PEOPLE = 3  # from outside
NEW = timedelta(days=30)  # who wrote no longer ago than this before the invitation may still be a first contact
LONGEST = timedelta(hours=24)
_OUTLINES = ("REQUEST", "PUBLISH", "ADD", "")
_ANSWERS = ("REPLY", "COUNTER")


@dataclass(frozen=True, slots=True)
class Notice:
    """One calendar message about a meeting: what it says, who sent it and when."""

    event: Event
    sender: str
    at: datetime
    message: str  # its Message-ID

    @property
    def order(self) -> tuple[int, datetime, datetime]:
        """The later revision counts: SEQUENCE, then DTSTAMP (RFC 5546 §2.1.5), then when it was sent."""
        return self.event.sequence, self.event.stamp or self.at, self.at


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who was invited, and what they said to the time at which it stands."""

    person: Person
    said: str = "NEEDS-ACTION"  # or ACCEPTED, TENTATIVE, DECLINED, DELEGATED, COUNTER
    by: str = ""  # whose message tells it


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting as it stands after all messages about it; of a series, its first instance."""

    uid: str
    start: datetime
    end: datetime
    announced: datetime  # the first message about it
    parties: tuple[Party, ...] = ()
    organizer: Person | None = None
    summary: str = ""
    location: str = ""
    all_day: bool = False
    zone_known: bool = True
    recurs: bool = False
    cancelled: datetime | None = None  # when it was
    messages: frozenset[str] = frozenset()

    def outside(self, identity: Identity) -> tuple[Party, ...]:
        """The outside people of it, the organizer first: who organizes, accepts."""
        everybody = self.parties
        if self.organizer is not None:
            others = tuple(p for p in everybody if p.person.address != self.organizer.address)
            everybody = (Party(self.organizer, "ACCEPTED"), *others)
        return tuple(p for p in everybody if identity.is_outside(p.person.address) and not is_machine(p.person.address))


# ---- from messages to a meeting


def fold(notices: Iterable[Notice]) -> Meeting | None:
    """The meeting that these messages, all with one UID, are about; None where they name no time."""
    ordered = sorted(notices, key=lambda n: n.order)
    about = _of_first_instance(ordered)
    outlines = [n for n in about if n.event.method in _OUTLINES and n.event.start is not None]
    told = outlines or [n for n in about if n.event.method in ("REPLY", "CANCEL") and n.event.start is not None]
    if not told:
        return None
    last = told[-1].event
    if last.start is None or last.end is None:
        return None
    standing = [n for n in about if n.event.method in _OUTLINES]
    return Meeting(
        uid=last.uid,
        start=last.start,
        end=last.end,
        announced=min(n.at for n in ordered),
        parties=_parties(about, standing, last),
        organizer=next((n.event.organizer for n in reversed(about) if n.event.organizer), None),
        summary=last.summary,
        location=last.location,
        all_day=last.all_day,
        zone_known=last.zone_known,
        recurs=any(n.event.recurs or n.event.instance for n in ordered),
        cancelled=_cancelled(about, told[-1]),
        messages=frozenset(n.message for n in ordered),
    )


def _of_first_instance(ordered: list[Notice]) -> list[Notice]:
    """Messages about the whole, and about the first instance of a series (RECURRENCE-ID, RFC 5545 §3.8.4.4)."""
    whole = [n.event.start for n in ordered if not n.event.instance and n.event.method in _OUTLINES and n.event.start]
    first = whole[0].isoformat() if whole else min((n.event.instance for n in ordered if n.event.instance), default="")
    return [n for n in ordered if n.event.instance in ("", first)]


def _parties(about: list[Notice], outlines: list[Notice], last: Event) -> tuple[Party, ...]:
    """Who is invited by the last revision, and who answered besides; less who was uninvited."""
    invited = last.attendees if outlines else ()
    answers = [n for n in about if n.event.method in _ANSWERS]
    people = {a.person.address: a for a in (*invited, *(a for n in answers for a in n.event.attendees)) if a.is_human}
    for notice in about:
        if _uninvites(notice, outlines):
            for gone in notice.event.attendees:
                people.pop(gone.person.address, None)
    return tuple(
        Party(_named(a.person, about), *_said(address, answers, outlines, last)) for address, a in people.items()
    )


def _uninvites(notice: Notice, outlines: list[Notice]) -> bool:
    """Whether a cancellation is only for those whom it names (RFC 5546 §3.2.5)."""
    one = notice.event.method == "CANCEL" and notice.event.status != "CANCELLED"
    return one and (not outlines or notice.order >= outlines[-1].order)


def _named(person: Person, about: list[Notice]) -> Person:
    """With the name under which any message knows them."""
    same = (a.person.name for n in about for a in n.event.attendees if a.person.address == person.address)
    return replace(person, name=person.name or next(filter(None, same), ""))


def _said(address: str, answers: list[Notice], outlines: list[Notice], last: Event) -> tuple[str, str]:
    """Somebody's last answer, and whose message tells it. One to a time that was given up since does not count: a move asks anew (RFC 5546 §3.2.2)."""
    found: list[tuple[datetime, str, str]] = []
    for notice in answers:
        event = notice.event
        mine = [a.partstat for a in event.attendees if a.person.address == address]
        fits = event.start == last.start or (event.start is None and event.sequence >= last.sequence)
        if mine and (fits or event.method == "COUNTER") and _may_answer(notice.sender, address):
            said = "COUNTER" if event.method == "COUNTER" else mine[0]
            found.append((event.stamp or notice.at, said, notice.sender))
    before = None
    for notice in outlines:
        event, moved = notice.event, before not in (None, notice.event.start)
        before = event.start or before
        listed = [a.partstat for a in event.attendees if a.person.address == address]
        if listed and listed[0] != "NEEDS-ACTION" and event.start == last.start and not moved:
            found.append((event.stamp or notice.at, listed[0], notice.sender))
    _, said, by = max(found, key=lambda answer: answer[0], default=(None, "NEEDS-ACTION", ""))
    return said, by


def _may_answer(sender: str, address: str) -> bool:
    """Somebody answers for themselves, by an assistant, or through their calendar's own address."""
    return sender == address or same_company(sender, address) or is_machine(sender) or sender.endswith("@google.com")


def _cancelled(about: list[Notice], told: Notice) -> datetime | None:
    """When it was cancelled, if a later revision did not bring it back."""
    for notice in reversed(about):
        event = notice.event
        newer = notice.order >= told.order or notice.order[1:] >= told.order[1:]
        if event.method == "CANCEL" and newer and (event.status == "CANCELLED" or _names_all(event, told.event)):
            return notice.at
    return told.at if told.event.status == "CANCELLED" else None


def _names_all(cancel: Event, told: Event) -> bool:
    """Whether a cancellation is for everybody, and not only for those who are uninvited (RFC 5546 §3.2.5)."""
    named = {a.person.address for a in cancel.attendees}
    return not named or {a.person.address for a in told.attendees if a.is_human} <= named


# ---- from a meeting to a verdict


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the consultant and a person besides this meeting; calendar mail before it left aside."""

    asked: bool = True  # whether the server was asked for mail older than what is remembered
    first: datetime | None = None  # the first mail either way before the invitation; None: there was none
    since: str = ""  # who wrote to whom after its end, in words
    met: str = ""  # that they had met before, in words


@dataclass(frozen=True, slots=True)
class TookPlace:
    """It took place: with whom, on which day of the consultant's, about what and where. `doubt`: ask first, and why."""

    who: Person
    on: date
    about: str = ""
    where: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Not:
    """It began nothing, and why; `who` it would have been about. `final`: no later look will tell otherwise."""

    why: str
    who: Person | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class Hearing:
    """A meeting, and all that a rule may ask about it."""

    meeting: Meeting
    identity: Identity
    past: Past
    now: datetime
    lookback: timedelta
    calendar: Calendar
    people: tuple[Party, ...]  # from outside, those who declined left out
    outside: tuple[Party, ...]

    @property
    def prospect(self) -> Person | None:
        """The first from outside who accepted; else the first who was invited."""
        accepted = (p.person for p in self.people if p.said == "ACCEPTED")
        return next(accepted, next((p.person for p in (*self.people, *self.outside)), None))


def hear(
    meeting: Meeting, identity: Identity, past: Past, now: datetime, lookback: timedelta, calendar: Calendar
) -> Hearing:
    """All that is needed to judge a meeting."""
    outside = meeting.outside(identity)
    people = tuple(p for p in outside if p.said != "DECLINED")
    return Hearing(meeting, identity, past, now, lookback, calendar, people, outside)


def verdict(case: Hearing) -> TookPlace | Not:
    """Whether the meeting took place, was a first contact, and nothing was written since."""
    who = case.prospect
    for against in _AGAINST:
        if why := against(case):
            concerned = None if against in (nobody_outside, not_mine) else who
            return Not(why, concerned, final=against is not _not_over)
    assert who is not None  # else nobody was there, which is against it
    doubts = [why for doubtful in _DOUBTS if (why := doubtful(case))]
    meeting = case.meeting
    everybody = [p.person for p in meeting.parties] + ([meeting.organizer] if meeting.organizer else [])
    me = Person(case.identity.name, case.identity.address)
    return TookPlace(
        who,
        day_of(meeting, case.calendar),
        topic(meeting.summary, (*everybody, me)),
        place(meeting.location),
        "; ".join(doubts),
    )


def undone(case: Hearing) -> str:
    """Why a meeting that was judged to have taken place is no ground for a mail any more; empty where it still is.

    What was asked once, when it was over, is not asked again (its age, who knew whom).
    """
    return next((why for against in _UNDOES if (why := against(case))), "")


def was_held(meeting: Meeting, identity: Identity, address: str, before: datetime) -> bool:
    """Whether a meeting with somebody was over by then, and nobody called it off."""
    party = next((p for p in meeting.outside(identity) if p.person.address == address), None)
    return party is not None and party.said != "DECLINED" and meeting.cancelled is None and meeting.end <= before


def day_of(meeting: Meeting, calendar: Calendar) -> date:
    """The day on which they met, by the consultant's clock: the first; of a meeting of several days the last."""
    if meeting.end - meeting.start > LONGEST:
        return calendar.local_date(meeting.end - timedelta(microseconds=1))
    return calendar.local_date(meeting.start)


def nobody_outside(case: Hearing) -> str:
    return "" if case.outside else "nobody from outside was invited"


def too_many(case: Hearing) -> str:
    count = len(case.outside)
    return f"{count} people from outside were invited" if count > MAX_PEOPLE else ""


def not_mine(case: Hearing) -> str:
    return "" if _own(case) is not None else "you were not invited"


def cancelled(case: Hearing) -> str:
    when = case.meeting.cancelled
    return f"it was cancelled on {_day(case, when)}" if when is not None and when <= case.meeting.end else ""


def declined_by_me(case: Hearing) -> str:
    return "you declined" if _own(case) == "DECLINED" else ""


def declined_by_them(case: Hearing) -> str:
    return "" if case.people else f"{' and '.join(_name(p) for p in case.outside)} declined"


def _not_over(case: Hearing) -> str:
    return "" if case.meeting.end <= case.now else f"it is not over before {_day(case, case.meeting.end)}"


def too_old(case: Hearing) -> str:
    age = case.now - case.meeting.end
    return f"it was {age.days} days ago, lookback {case.lookback.days} days" if age > case.lookback else ""


def met_before(case: Hearing) -> str:
    return case.past.met


def known_longer(case: Hearing) -> str:
    first = case.past.first
    if first is None or case.meeting.announced - first <= NEW:
        return ""
    return f"no first contact: you wrote to each other before, on {_day(case, first)}"


def written_since(case: Hearing) -> str:
    return case.past.since


_UNDOES = (cancelled, declined_by_me, declined_by_them, _not_over, written_since)
_AGAINST: tuple[Rule, ...] = (
    nobody_outside, not_mine, too_many, cancelled, declined_by_me, declined_by_them, _not_over, too_old, met_before,
    known_longer, written_since,
)  # fmt: skip


def cancelled_late(case: Hearing) -> str:
    return f"it was cancelled after its end, on {_day(case, case.meeting.cancelled)}" if case.meeting.cancelled else ""


def not_accepted(case: Hearing) -> str:
    """Whether anybody from outside accepted the time at which it stands."""
    if any(p.said == "ACCEPTED" for p in case.people):
        return ""
    first = case.people[0]
    said = {
        "TENTATIVE": "accepted with reservation",
        "COUNTER": "proposed another time",
        "DELEGATED": "sent somebody else",
    }
    return f"{_name(first)} {said.get(first.said, 'did not answer the invitation')}"


def not_accepted_by_me(case: Hearing) -> str:
    own = _own(case)
    if own == "ACCEPTED":
        return "" if _own_word(case) else "only their invitation says that you accepted"
    return "you accepted with reservation" if own == "TENTATIVE" else "you did not answer the invitation"


def several(case: Hearing) -> str:
    if len(case.people) < 2:
        return ""
    first, *others = (p.person.address for p in case.people)
    strange = any(not same_company(first, other) for other in others)
    names = ", ".join(_name(p) for p in case.people)
    return f"{len(case.people)} people{' of several companies' if strange else ''} were invited: {names}"


def a_series(case: Hearing) -> str:
    return "it is one of a series" if case.meeting.recurs else ""


def a_long_one(case: Hearing) -> str:
    lasts = case.meeting.end - case.meeting.start
    return f"it lasted {-(-lasts // timedelta(days=1))} days" if lasts > timedelta(hours=25) else ""


def zone_unknown(case: Hearing) -> str:
    return "" if case.meeting.zone_known else "its time zone is not known"


def wrote_lately(case: Hearing) -> str:
    first = case.past.first
    return f"you wrote to each other before it, on {_day(case, first)}" if first is not None else ""


def unasked(case: Hearing) -> str:
    return "" if case.past.asked else "it is not known whether you ever wrote to each other before"


_DOUBTS: tuple[Rule, ...] = (
    cancelled_late, not_accepted, not_accepted_by_me, several, a_series, a_long_one, zone_unknown, wrote_lately, unasked,
)  # fmt: skip


def _own(case: Hearing) -> str | None:
    """What the consultant said: who organizes, accepts; None: they have no part in it."""
    meeting, is_own = case.meeting, case.identity.is_own
    if meeting.organizer is not None and is_own(meeting.organizer.address):
        return "ACCEPTED"
    said = [p.said for p in meeting.parties if is_own(p.person.address)]
    order = ("DECLINED", "ACCEPTED", "TENTATIVE")
    return next((s for s in order if s in said), "NEEDS-ACTION") if said else None


def _own_word(case: Hearing) -> bool:
    """Whether the consultant organizes, or accepted by a message of this side: a stranger's invitation may say anything."""
    meeting, identity = case.meeting, case.identity
    if meeting.organizer is not None and identity.is_own(meeting.organizer.address):
        return True
    mine = (p for p in meeting.parties if identity.is_own(p.person.address) and p.said == "ACCEPTED")
    return any(not identity.is_outside(p.by) for p in mine)


def _name(party: Party) -> str:
    return party.person.name or party.person.address


def _day(case: Hearing, moment: datetime | None) -> str:
    return f"{case.calendar.local_date(moment):%Y-%m-%d}" if moment else ""
