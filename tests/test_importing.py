"""Imports that a person can trust: shown first, spread over days, all or nobody, and taken back while unsent."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from followmail import contacts, desk, enrolling, importing
from followmail.contacts import Contact
from followmail.enrolling import Manner
from followmail.errors import UserError
from followmail.importing import Placed
from followmail.sequence.steps import State
from tests.runaway import ends
from tests.servers.smtp import Smtpd
from tests.world import ANN, BERLIN, BOB, CARLA, World, addresses

Sending = Callable[..., World]
MET = "nice-to-meet-you"


def people(count: int, firm: str = "firm{n}.example") -> list[Contact]:
    return [
        Contact(f"p{n}@{firm.format(n=n)}", f"Person{n} Tester", None, "IT fair", "backups", n + 2)
        for n in range(count)
    ]


def lay_out(world: World, who: list[Contact]) -> tuple[Placed, ...]:
    return importing.lay_out(world.desk(), who, world.office.templates.library.sequences[MET])


def take_in(world: World, who: list[Contact]) -> tuple[Placed, ...]:
    placed = lay_out(world, who)
    importing.import_contacts(world.desk(), placed, world.office.templates.library.sequences[MET])
    return placed


def per_day(placed: tuple[Placed, ...]) -> list[int]:
    days = Counter(p.on.astimezone(BERLIN).date() for p in placed if p.on)
    return [days[day] for day in sorted(days)]


# ---- on which day


def test_a_second_import_goes_behind_the_first(world: World) -> None:
    """Also on the day that is half full."""
    take_in(world, people(10))
    more = [Contact(f"q{n}@other{n}.example") for n in range(10)]
    assert per_day(lay_out(world, more)) == [4, 6]


def test_those_who_are_late_count_for_today(world: World) -> None:
    """Nobody looked for two days: what was placed on them goes first."""
    take_in(world, people(14))
    world.days_pass(3)
    more = [Contact(f"q{n}@other{n}.example", met_on=date(2026, 5, 4)) for n in range(3)]
    assert [p.on.astimezone(BERLIN).date() for p in lay_out(world, more) if p.on] == [date(2026, 5, 8)] * 3


def test_companies_and_the_domains_above_them_get_one_a_day(world: World) -> None:
    """In whatever order they stand."""
    who = [Contact(f"a@{domain}") for domain in ("it.firm.example", "firm.example", "hr.firm.example", "other.example")]
    assert per_day(lay_out(world, who)) == [3, 1]
    free = [Contact(f"p{n}@gmail.com") for n in range(5)]
    assert per_day(lay_out(world, free)) == [5]


@pytest.mark.parametrize("firm", ["firm{n}.example", "same.example", "sub{n}.same.example", "gmail.com"])
def test_two_thousand_people_are_laid_out_at_once(world: World, firm: str) -> None:
    """The time grows with the file, not with its square, whatever companies they are of."""
    with ends():
        placed = lay_out(world, people(2000, firm))
    assert all(p.on for p in placed)
    assert max(per_day(placed)) == (1 if firm == "same.example" else 7)


def test_a_missed_day_leaves_room_for_follow_ups(sending: Sending, smtpd: Smtpd) -> None:
    """Three days' first mails are due at once: seven leave, and a nudge that comes due later that day still goes."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=10)
    world.writes(BOB)
    world.round()
    take_in(world, people(21))
    world.days_pass(4, hour=9)
    world.rounds_over(30)
    imported = [m.recipients[0] for m in smtpd.delivered]
    assert len(imported) == 7
    held = [row for row in world.plan() if row["waits_for"] == "limit"]
    assert "the rest is for follow-ups" in str(held[0]["why"])
    world.now += timedelta(hours=1)
    world.rounds_over(60)
    assert [m.recipients[0] for m in smtpd.delivered[7:]] == ["bob@bob.example"]


# ---- who is left out


def test_whoever_wrote_since_the_day_met_is_named(world: World) -> None:
    """It would be no answer to tell them how good it was to meet."""
    world.gets(CARLA, "Our talk", "Could you send me a price list?")
    world.gets(ANN, "Earlier", "Hello", ago=timedelta(days=5))
    world.round()
    who = [
        Contact("carla@carla.example", met_on=date(2026, 5, 1), line=2),
        Contact("ann@ann.example", met_on=date(2026, 5, 1), line=3),
    ]
    left, going = lay_out(world, who)
    assert left.fault == "carla@carla.example wrote to you on 2026-05-04 ('Our talk'); answer that yourself"
    assert going.fault == ""


def test_a_day_met_that_is_to_come_is_refused(world: World) -> None:
    """A few days ahead are fine: clocks and zones differ, and some prepare."""
    fine, slip, old = lay_out(
        world,
        [
            Contact("a@a.example", met_on=date(2026, 5, 6)),
            Contact("b@b.example", met_on=date(2026, 5, 14)),
            Contact("c@c.example", met_on=date(2024, 5, 14)),
        ],
    )
    assert fine.fault == ""
    assert slip.fault == "2026-05-14 is still to come; a day on which you met lies behind you"
    assert "too far from today" in old.fault


def test_nothing_is_half_imported(world: World) -> None:
    """One of them was suppressed between the showing and the yes."""
    placed = lay_out(world, people(5))
    world.office.store.suppressions.add("p3@firm3.example")
    with pytest.raises(UserError, match="must not be mailed"):
        importing.import_contacts(world.desk(), placed, world.office.templates.library.sequences[MET])
    assert world.enrollments() == ()


# ---- taken back


def test_an_import_is_taken_back_and_made_again(world: World) -> None:
    """As if it had never been; the one before it as well."""
    world.writes(BOB)
    world.round()
    take_in(world, people(3))
    world.now += timedelta(minutes=1)
    take_in(world, [Contact("dora@dora.example")])
    (last,) = importing.undo(world.desk())
    assert (last.enrollment.address, last.stays) == ("dora@dora.example", "")
    assert [u.stays for u in importing.undo(world.desk())] == ["", "", ""]
    assert Counter(e.state for e in world.enrollments()) == {State.ACTIVE: 1, State.STOPPED: 4}
    assert "stopped: import undone" in world.events("dora@dora.example")
    with pytest.raises(UserError, match="no import to undo"):
        importing.undo(world.desk())
    assert [p.fault for p in take_in(world, people(3))] == ["", "", ""]
    world.run_days(1)
    assert len(world.drafts()) == 3


def test_whoever_was_mailed_stays_and_is_named(sending: Sending, smtpd: Smtpd) -> None:
    """The others are taken back."""
    world = sending()
    take_in(world, people(9))
    world.run_days(1)
    assert len(smtpd.delivered) == 7
    done = importing.undo(world.desk())
    assert Counter(bool(u.stays) for u in done) == {True: 7, False: 2}
    assert all("has left" in u.stays for u in done if u.stays)
    world.run_days(8)
    assert {m.recipients[0] for m in smtpd.delivered} == {f"p{n}@firm{n}.example" for n in range(7)}
    again = take_in(world, people(9))
    assert [bool(p.fault) for p in again] == [True] * 7 + [False] * 2


def test_open_drafts_of_it_are_withdrawn(world: World) -> None:
    """By the next round; made again, they are laid again."""
    take_in(world, people(2))
    world.run_days(1)
    assert len(world.drafts()) == 2
    assert [u.stays for u in importing.undo(world.desk())] == ["", ""]
    world.round()
    assert world.drafts() == []
    world.run_days(3)
    assert world.drafts() == []
    assert [p.fault for p in take_in(world, people(2))] == ["", ""]
    world.run_days(1)
    assert sorted(addresses(world.drafts())) == [f"Person{n} Tester <p{n}@firm{n}.example>" for n in range(2)]


def test_whoever_ended_meanwhile_stays_ended(world: World) -> None:
    """By hand, or by an answer."""
    take_in(world, people(2))
    desk.stop(world.desk(), world.of("p0@firm0.example"))
    stopped, taken = importing.undo(world.desk())
    assert (stopped.stays, taken.stays) == ("it is stopped already: you stopped it", "")
    again = lay_out(world, people(2))
    assert again[0].fault == "p0@firm0.example was in 'nice-to-meet-you' before: stopped, you stopped it"
    assert again[1].fault == ""


def test_whoever_came_by_hand_is_no_import(world: World) -> None:
    """Nor is one who was enrolled again."""
    sequence = world.office.templates.library.sequences[MET]
    enrolling.enroll(world.desk(), Contact("carla@carla.example"), sequence, Manner(again=True))
    with pytest.raises(UserError, match="no import to undo"):
        importing.undo(world.desk())


def test_a_vcard_file_is_imported(world: World) -> None:
    """As a phone exports it."""
    data = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Carla Cook\r\nEMAIL;TYPE=INTERNET:carla@carla.example\r\nEND:VCARD\r\n"
    take_in(world, list(contacts.read(data, "contacts.csv").contacts))
    world.run_days(1)
    assert addresses(world.drafts()) == [CARLA]


def test_the_plan_of_the_days_to_come_leaves_that_room_too(world: World) -> None:
    """Also behind a missed day: never more than seven first mails of imports a day."""
    take_in(world, people(21))
    world.days_pass(3, hour=9)
    first = [str(row["due"])[:10] for row in world.plan(days=20) if row["step"] == 1]
    assert [count for _, count in sorted(Counter(first).items())] == [7, 7, 7]
