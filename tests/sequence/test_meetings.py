"""What became of a meeting: a row a case, the messages about it first, then what is known besides, then the verdict."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followmail.mail.event import Attendee, Event
from followmail.mail.identity import Identity, Person
from followmail.sequence.meetings import (
    Meeting,
    Not,
    Notice,
    Past,
    TookPlace,
    fold,
    hear,
    undone,
    verdict,
    was_held,
)
from followmail.sequence.workdays import Calendar, window

ALEX = Person("Alex Consultant", "alex@consult.example")
EVE = Person("Eve", "eve@consult.example")
BOB = Person("Bob Builder", "bob@bob.example")
BEA = Person("Bea", "bea@it.bob.example")
BEN = Person("Ben", "ben@bob.example")
BO = Person("Bo", "bo@bob.example")
CARLA = Person("Carla Cook", "carla@carla.example")
GMAIL = Person("Gus", "gus@gmail.com")
BOT = Person("Webinar", "no-reply@zoom.example")
IDENTITY = Identity("Alex Consultant", "alex@consult.example", ("alex@alias.example",))
CALENDAR = Calendar("Europe/Berlin", *window("Mon-Fri 08:30-17:30"))


def at(day: int, hour: float, month: int = 5) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour)


TUESDAY = at(5, 12)
WEDNESDAY = at(6, 12)
NOW = at(5, 16)
INVITED, ANSWERED, THE_DAY_BEFORE = at(1, 8), at(1, 9), at(4, 8)
STRANGERS = Past()


def request(
    *people: Person, sent: datetime = INVITED, by: Person = ALEX, start: datetime = TUESDAY, hours: float = 1,
    sequence: int = 0, said: dict[str, str] | None = None, method: str = "REQUEST", **more: object,
) -> Notice:  # fmt: skip
    """An invitation, or a later revision of it."""
    attendees = tuple(Attendee(p, (said or {}).get(p.address, "NEEDS-ACTION")) for p in people)
    event = Event(
        method, "uid", "", sequence, sent, start, start + timedelta(hours=hours), summary="Backups", organizer=by,
        attendees=attendees,
    )  # fmt: skip
    return Notice(replace(event, **more), by.address, sent, f"{method}-{sequence}-{sent}")  # type: ignore[arg-type]


def reply(
    who: Person, said: str = "ACCEPTED", sent: datetime = ANSWERED, start: datetime | None = TUESDAY, sequence: int = 0,
    sender: str = "", method: str = "REPLY", by: Person = ALEX,
) -> Notice:  # fmt: skip
    end = start + timedelta(hours=1) if start else None
    event = Event(
        method, "uid", "", sequence, sent, start, end, summary="Backups", organizer=by, attendees=(Attendee(who, said),)
    )
    return Notice(event, sender or who.address, sent, f"reply-{who.address}-{sent}")


def cancel(
    *people: Person, sent: datetime = THE_DAY_BEFORE, sequence: int = 1, status: str = "CANCELLED", **more: object
) -> Notice:
    return request(*people, sent=sent, sequence=sequence, method="CANCEL", status=status, **more)  # type: ignore[arg-type]


def judged(
    notices: Sequence[Notice], past: Past = STRANGERS, now: datetime = NOW, calendar: Calendar = CALENDAR
) -> TookPlace | Not:
    meeting = fold(notices)
    assert meeting is not None
    return verdict(hear(meeting, IDENTITY, past, now, timedelta(days=14), calendar))


def told(found: TookPlace | Not) -> str:
    """`met`, `ask: why`, or `not: why`."""
    if isinstance(found, Not):
        return f"not: {found.why}"
    return f"ask: {found.doubt}" if found.doubt else "met"


ASKED = request(BOB)
YES = reply(BOB)
MOVED = request(BOB, start=WEDNESDAY, sequence=1, sent=at(4, 8))
BY_BOB = request(ALEX, by=BOB)

CASES: dict[str, tuple[tuple[Notice, ...], Past, str]] = {
    # who accepted
    "invited and accepted": ((ASKED, YES), Past(), "met"),
    "an answer without its invitation": ((YES,), Past(), "met"),
    "accepted in the organizer's list": ((request(BOB, said={BOB.address: "ACCEPTED"}),), Past(), "met"),
    "accepted by an assistant": ((ASKED, reply(BOB, sender="ada@bob.example")), Past(), "met"),
    "accepted through the calendar's address": (
        (ASKED, reply(BOB, sender="calendar-notification@google.com")), Past(), "met",
    ),
    "an answer that somebody else sent": (
        (ASKED, reply(BOB, sender="mallory@evil.example")), Past(),
        "ask: Bob Builder did not answer the invitation",
    ),
    "not answered": ((ASKED,), Past(), "ask: Bob Builder did not answer the invitation"),
    "with reservation": ((ASKED, reply(BOB, "TENTATIVE")), Past(), "ask: Bob Builder accepted with reservation"),
    "another time proposed": (
        (ASKED, reply(BOB, "TENTATIVE", method="COUNTER", start=WEDNESDAY)), Past(),
        "ask: Bob Builder proposed another time",
    ),
    "somebody else sent instead": ((ASKED, reply(BOB, "DELEGATED")), Past(), "ask: Bob Builder sent somebody else"),
    "declined": ((ASKED, reply(BOB, "DECLINED")), Past(), "not: Bob Builder declined"),
    "accepted, then declined": ((ASKED, YES, reply(BOB, "DECLINED", at(4, 9))), Past(), "not: Bob Builder declined"),
    "declined, then accepted": ((ASKED, reply(BOB, "DECLINED"), reply(BOB, sent=at(4, 9))), Past(), "met"),
    "invited by them, accepted": ((BY_BOB, reply(ALEX, by=BOB)), Past(), "met"),
    "invited by them, accepted in their list": (
        (request(ALEX, by=BOB, said={ALEX.address: "ACCEPTED"}),), Past(),
        "ask: only their invitation says that you accepted",
    ),
    "invited by them, not answered": ((BY_BOB,), Past(), "ask: you did not answer the invitation"),
    "invited by them, with reservation": (
        (BY_BOB, reply(ALEX, "TENTATIVE", by=BOB)), Past(), "ask: you accepted with reservation",
    ),
    "invited by them, declined": ((BY_BOB, reply(ALEX, "DECLINED", by=BOB)), Past(), "not: you declined"),
    "invited at an alias": (
        (request(Person("", "alex@alias.example"), by=BOB, said={"alex@alias.example": "ACCEPTED"}),), Past(),
        "ask: only their invitation says that you accepted",
    ),
    "a colleague invited both": (
        (request(ALEX, BOB, by=EVE), reply(BOB, by=EVE), reply(ALEX, by=EVE)), Past(), "met",
    ),
    "a colleague comes along": ((request(BOB, EVE), YES), Past(), "met"),
    # who was there
    "nobody from outside": ((request(EVE), reply(EVE)), Past(), "not: nobody from outside was invited"),
    "a machine invites": ((request(ALEX, by=BOT),), Past(), "not: nobody from outside was invited"),
    "without the consultant": ((request(BEA, by=BOB), reply(BEA, by=BOB)), Past(), "not: you were not invited"),
    "a room is nobody": (
        (request(BOB, said={}, attendees=(Attendee(BOB), Attendee(BEN, "ACCEPTED", is_human=False))), YES), Past(), "met",
    ),
    "two of one company": (
        (request(BOB, BEA), YES), Past(), "ask: 2 people were invited: Bob Builder, Bea",
    ),
    "two, and one declined": ((request(BOB, BEA), YES, reply(BEA, "DECLINED")), Past(), "met"),
    "two of two companies": (
        (request(BOB, CARLA), YES), Past(), "ask: 2 people of several companies were invited: Bob Builder, Carla Cook",
    ),
    "two with free mail": (
        (request(GMAIL, Person("Gil", "gil@gmail.com")), reply(GMAIL)), Past(),
        "ask: 2 people of several companies were invited: Gus, Gil",
    ),
    "four": ((request(BOB, BEA, BEN, BO), YES), Past(), "not: 4 people from outside were invited"),
    # moved
    "moved, not accepted again": (
        (ASKED, YES, MOVED), Past(), "not: it is not over before 2026-05-06",
    ),
    "moved back before": (
        (request(BOB, start=WEDNESDAY), reply(BOB, start=WEDNESDAY), request(BOB, sequence=1, sent=at(4, 8))), Past(),
        "ask: Bob Builder did not answer the invitation",
    ),
    "moved, accepted again": (
        (request(BOB, start=WEDNESDAY), request(BOB, sequence=1, sent=at(4, 8)), reply(BOB, sequence=1, sent=at(4, 9))),
        Past(), "met",
    ),
    "moved, and the program left the old answer in its list": (
        (
            request(BOB, start=WEDNESDAY, said={BOB.address: "ACCEPTED"}),
            request(BOB, sequence=1, sent=at(4, 8), said={BOB.address: "ACCEPTED"}),
        ),
        Past(), "ask: Bob Builder did not answer the invitation",
    ),
    "declined the old time, accepted the new": (
        (
            request(BOB, start=WEDNESDAY), reply(BOB, "DECLINED", start=WEDNESDAY),
            request(BOB, sequence=1, sent=at(4, 8)), reply(BOB, sequence=1, sent=at(4, 9)),
        ),
        Past(), "met",
    ),
    "only its words were changed": (
        (ASKED, YES, request(BOB, sequence=1, sent=at(4, 8), summary="Restores")), Past(), "met",
    ),
    "an answer without a time, to the last revision": (
        (request(BOB, sequence=2), reply(BOB, start=None, sequence=2)), Past(), "met",
    ),
    "an answer without a time, to an older one": (
        (request(BOB, sequence=2), reply(BOB, start=None, sequence=1)), Past(),
        "ask: Bob Builder did not answer the invitation",
    ),
    # cancelled
    "cancelled": ((ASKED, YES, cancel(BOB)), Past(), "not: it was cancelled on 2026-05-04"),
    "cancelled without a new revision": ((ASKED, YES, cancel(BOB, sequence=0)), Past(), "not: it was cancelled on 2026-05-04"),
    "cancelled without naming anybody": ((ASKED, YES, cancel(status="")), Past(), "not: it was cancelled on 2026-05-04"),
    "a status says so": (
        (ASKED, YES, request(BOB, sequence=1, sent=at(4, 8), status="CANCELLED")), Past(),
        "not: it was cancelled on 2026-05-04",
    ),
    "cancelled and invited anew": (
        (ASKED, YES, cancel(BOB), request(BOB, sequence=2, sent=at(4, 9)), reply(BOB, sequence=2, sent=at(4, 10))),
        Past(), "met",
    ),
    "an old cancellation comes late": (
        (cancel(BOB, sent=at(1, 7), sequence=0), request(BOB, sequence=1), reply(BOB, sequence=1)), Past(), "met",
    ),
    "cancelled after its end": (
        (ASKED, YES, cancel(BOB, sent=at(5, 15))), Past(), "ask: it was cancelled after its end, on 2026-05-05",
    ),
    "one of two uninvited": (
        (request(BOB, BEA), YES, cancel(BEA, status="")), Past(), "met",
    ),
    # when
    "not over": ((request(BOB, start=at(5, 15.5)), reply(BOB, start=at(5, 15.5))), Past(), "not: it is not over before 2026-05-05"),
    "three weeks ago": (
        (request(BOB, start=at(14, 9, 4), sent=at(1, 9, 4)), reply(BOB, start=at(14, 9, 4), sent=at(2, 9, 4))), Past(),
        "not: it was 21 days ago, lookback 14 days",
    ),
    "a whole day": (
        (request(BOB, start=at(3, 22), hours=24, all_day=True), reply(BOB, start=at(3, 22))), Past(), "met",
    ),
    "three days": (
        (request(BOB, start=at(1, 22), hours=72, all_day=True), reply(BOB, start=at(1, 22))), Past(),
        "ask: it lasted 3 days",
    ),
    "a zone that nobody knows": ((request(BOB, zone_known=False), YES), Past(), "ask: its time zone is not known"),
    # series
    "a series": ((request(BOB, recurs=True), YES), Past(), "ask: it is one of a series"),
    "a series, its first instance cancelled": (
        (request(BOB, recurs=True), YES, cancel(BOB, instance=TUESDAY.isoformat())), Past(),
        "not: it was cancelled on 2026-05-04",
    ),
    "a series, a later instance cancelled": (
        (request(BOB, recurs=True), YES, cancel(BOB, instance=at(12, 12).isoformat(), start=at(12, 12))), Past(),
        "ask: it is one of a series",
    ),
    "a series, its first instance moved to tomorrow": (
        (
            request(BOB, recurs=True), YES,
            request(BOB, start=WEDNESDAY, sequence=1, instance=TUESDAY.isoformat(), sent=at(4, 8)),
        ),
        Past(), "not: it is not over before 2026-05-06",
    ),
    "one instance of a series that nobody saw": (
        (request(BOB, instance=TUESDAY.isoformat()), YES), Past(), "ask: it is one of a series",
    ),
    # the past
    "wrote to each other for a week": (
        (ASKED, YES), Past(first=at(25, 9, 4)), "ask: you wrote to each other before it, on 2026-04-25",
    ),
    "known for years": (
        (ASKED, YES), Past(first=at(1, 9, 1)), "not: no first contact: you wrote to each other before, on 2026-01-01",
    ),
    "met before": ((ASKED, YES), Past(met="you met them before, on 2026-04-01"), "not: you met them before, on 2026-04-01"),
    "written since": ((ASKED, YES), Past(since="they wrote after it"), "not: they wrote after it"),
    "nobody could be asked": (
        (ASKED, YES), Past(asked=False), "ask: it is not known whether you ever wrote to each other before",
    ),
    "two doubts": (
        (request(BOB, recurs=True),), Past(),
        "ask: Bob Builder did not answer the invitation; it is one of a series",
    ),
    "a reason against it is told before any doubt": (
        (request(BOB, recurs=True), cancel(BOB)), Past(first=at(25, 9, 4)), "not: it was cancelled on 2026-05-04",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_verdicts(name: str) -> None:
    """Each in words; in whatever order the messages were read."""
    notices, past, expected = CASES[name]
    assert {told(judged(order, past)) for order in permutations(notices)} == {expected}


def test_what_a_meeting_tells() -> None:
    """With whom, when, about what and where; the name from whichever message has one."""
    nameless = reply(Person("", BOB.address))
    found = judged((request(BOB, summary="Invitation: Backups with Bob", location="IT fair"), nameless))
    assert found == TookPlace(BOB, date(2026, 5, 5), "Backups", "IT fair")


def test_the_first_who_accepted_is_the_prospect() -> None:
    """Of several."""
    found = judged((request(BOB, BEA), reply(BEA)))
    assert isinstance(found, TookPlace)
    assert found.who == BEA


@pytest.mark.parametrize(
    ("start", "hours", "zone", "day"),
    [
        (at(5, 22.5), 1, "Europe/Berlin", date(2026, 5, 6)),
        (at(5, 22.5), 1, "Europe/London", date(2026, 5, 5)),
        (at(5, 3), 1, "America/New_York", date(2026, 5, 4)),
        (at(5, 21), 2, "Europe/Berlin", date(2026, 5, 5)),
        (at(3, 22), 24, "Europe/Berlin", date(2026, 5, 4)),
        (at(1, 22), 72, "Europe/Berlin", date(2026, 5, 4)),
    ],
)
def test_the_day_is_the_consultants(start: datetime, hours: float, zone: str, day: date) -> None:
    """By their clock: the day of its start; of several days the last."""
    calendar = Calendar(zone, *window("Mon-Fri 08:30-17:30"))
    notices = (request(BOB, start=start, hours=hours), reply(BOB, start=start))
    found = judged(notices, now=at(7, 8), calendar=calendar)
    assert isinstance(found, TookPlace)
    assert found.on == day


def test_only_what_is_not_over_may_be_judged_otherwise_later() -> None:
    """All other reasons are final."""
    found = judged((ASKED, YES), now=at(5, 12.5))
    assert isinstance(found, Not)
    assert not found.final
    again = judged((ASKED, reply(BOB, "DECLINED")), now=at(5, 12.5))
    assert isinstance(again, Not)
    assert again.final


def meeting_of(*notices: Notice) -> Meeting:
    meeting = fold(notices)
    assert meeting is not None
    return meeting


@pytest.mark.parametrize(
    ("notices", "past", "why"),
    [
        ((ASKED, YES), Past(), ""),
        ((ASKED, YES), Past(first=at(1, 9, 1), met="before"), ""),
        ((ASKED, YES, cancel(BOB)), Past(), "it was cancelled on 2026-05-04"),
        ((ASKED, YES, MOVED), Past(), "it is not over before 2026-05-06"),
        ((ASKED, YES), Past(since="you wrote"), "you wrote"),
        ((ASKED, YES, cancel(BOB, sent=at(5, 15))), Past(), ""),
    ],
)
def test_what_undoes_a_verdict(notices: tuple[Notice, ...], past: Past, why: str) -> None:
    """What came to light since; not what was asked once."""
    case = hear(meeting_of(*notices), IDENTITY, past, at(5, 17), timedelta(days=14), CALENDAR)
    assert undone(case) == why


def test_earlier_meetings_that_were_held() -> None:
    """Over by then, not called off by anybody."""
    assert was_held(meeting_of(ASKED, YES), IDENTITY, BOB.address, at(5, 13))
    assert not was_held(meeting_of(ASKED, YES), IDENTITY, BOB.address, at(5, 12))
    assert not was_held(meeting_of(ASKED, YES), IDENTITY, BEA.address, at(9, 12))
    assert not was_held(meeting_of(ASKED, YES, cancel(BOB)), IDENTITY, BOB.address, at(9, 12))
    assert not was_held(meeting_of(ASKED, reply(BOB, "DECLINED")), IDENTITY, BOB.address, at(9, 12))


def test_without_a_time_there_is_no_meeting() -> None:
    """Nor without any message."""
    assert fold(()) is None
    assert fold((reply(BOB, start=None),)) is None
    assert fold((reply(BOB, method="COUNTER"),)) is None
    assert fold((request(BOB, end=None),)) is None


NOTICES = (
    ASKED, YES, MOVED, BY_BOB, cancel(BOB), cancel(BEA, status=""), request(BOB, BEA, recurs=True),
    cancel(BOB, instance=TUESDAY.isoformat()), reply(BEA, "TENTATIVE"), reply(BOB, start=None), reply(ALEX, "DECLINED"),
    request(BOB, start=at(12, 12), instance=at(12, 12).isoformat()), request(attendees=()), request(organizer=None),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(NOTICES), max_size=8), st.randoms())
def test_any_messages_in_any_order_have_one_verdict(notices: list[Notice], chance: Random) -> None:
    """Never a fault; nothing that was declined or cancelled in time took place."""
    meeting = fold(notices)
    shuffled = list(notices)
    chance.shuffle(shuffled)
    assert (meeting is None) == (fold(shuffled) is None)
    if meeting is None:
        return
    found = verdict(hear(meeting, IDENTITY, Past(), at(20, 12), timedelta(days=30), CALENDAR))
    if meeting.cancelled is not None and meeting.cancelled <= meeting.end:
        assert isinstance(found, Not)
    if isinstance(found, TookPlace):
        assert IDENTITY.is_outside(found.who.address)
