"""When a mail may leave: limit and gap, one a day, the window, holidays, pauses, lateness, the fuse, the clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from followmail import desk, enrolling
from followmail.contacts import Contact
from followmail.sequence.steps import State
from tests.servers.smtp import Smtpd
from tests.world import BOB, CARLA, World, days

BERLIN = ZoneInfo("Europe/Berlin")
BOBS = "bob@bob.example"
Sending = Callable[..., World]


def sent_in(sending: Sending, **options: str) -> World:
    """Mode send, everybody detected is enrolled, and the first run lies a while back."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.reopen(**options)
    world.round()
    world.now += timedelta(minutes=20)
    return world


def writes_to(world: World, count: int, first: int = 0) -> list[str]:
    """Proposals to so many people at as many companies; their addresses."""
    people = [f"p{number}@firm{number}.example" for number in range(first, first + count)]
    for person in people:
        world.writes(f"Pat Person <{person}>", f"Proposal for {person}", ago=timedelta(minutes=2))
    world.round()
    return people


def at(day: int, hour: int, minute: int = 0, month: int = 5) -> datetime:
    """A moment in Berlin, May 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def people_of(smtpd: Smtpd) -> list[str]:
    return [mail.recipients[0] for mail in smtpd.delivered]


# ---- a day


def test_no_more_than_the_daily_limit_and_the_rest_on_the_next_days(sending: Sending, smtpd: Smtpd) -> None:
    """Five due, two a day: two, two, one; each person once."""
    world = sent_in(sending, FOLLOWMAIL_DAILY_LIMIT="2")
    people = writes_to(world, 4)
    counts = []
    world.days_pass(3, hour=11)
    for _ in range(4):
        world.days_pass(1, hour=11)
        before = len(smtpd.delivered)
        world.rounds_over(40)
        counts.append(len(smtpd.delivered) - before)
    assert counts == [2, 2, 0, 0]
    assert sorted(people_of(smtpd)) == people


def test_the_limit_holds_for_drafts_too(world: World) -> None:
    """Ten a day by default, however often the day is looked at."""
    world.round()
    writes_to(world, 13)
    world.days_pass(4)
    world.rounds_over(120)
    assert len(world.drafts()) == 10
    assert [row["waits_for"] for row in world.plan()].count("limit") == 3
    world.days_pass(1)
    world.rounds_over(20)
    assert len(world.drafts()) == 13


def test_two_sends_keep_the_gap(sending: Sending, smtpd: Smtpd) -> None:
    """Twenty minutes between two mails, and a look of its own for each."""
    world = sent_in(sending, FOLLOWMAIL_GAP="1200")
    writes_to(world, 3)
    world.days_pass(4, hour=11)
    times = []
    for _ in range(12):
        before = len(smtpd.delivered)
        world.round()
        times += [world.now] * (len(smtpd.delivered) - before)
        world.now += timedelta(minutes=5)
    assert [b - a for a, b in pairwise(times)] == [timedelta(minutes=20)] * 2


def test_one_a_day_to_a_company_and_its_subsidiary_domains(sending: Sending, smtpd: Smtpd) -> None:
    """Three at one company, one of them at a subdomain: a day each. Gmail is no company."""
    world = sent_in(sending)
    for person in ("a@firm.example", "b@firm.example", "c@eu.firm.example", "d@gmail.com", "e@gmail.com"):
        world.writes(person, f"Proposal {person}", ago=timedelta(minutes=2))
    world.round()
    world.days_pass(4, hour=11)
    world.rounds_over(60)
    assert sorted(people_of(smtpd)) == ["a@firm.example", "d@gmail.com", "e@gmail.com"]
    world.days_pass(1, hour=11)
    world.rounds_over(60)
    world.days_pass(1, hour=11)
    world.rounds_over(60)
    assert people_of(smtpd)[3:] == ["b@firm.example", "c@eu.firm.example"]


def test_alexs_own_mail_is_the_one_of_the_day(sending: Sending, smtpd: Smtpd) -> None:
    """He wrote to Bob about something else this morning: the nudge goes tomorrow."""
    world = sent_in(sending)
    world.writes(BOB)
    world.round()
    world.days_pass(4, hour=12)
    world.writes(BOB, "Parking", "Parking is behind the house.")
    world.rounds_over(60)
    assert smtpd.delivered == []
    world.days_pass(1, hour=9)
    world.round()
    assert people_of(smtpd) == [BOBS]


def test_follow_ups_go_before_first_contacts_and_the_oldest_due_first(sending: Sending, smtpd: Smtpd) -> None:
    """With room for one a day, the one that has waited longest goes; somebody met at a fair goes last."""
    world = sent_in(sending, FOLLOWMAIL_DAILY_LIMIT="1")
    world.now += timedelta(hours=3)
    world.writes(CARLA, "Offer", ago=timedelta(hours=1))
    world.writes(BOB, ago=timedelta(hours=2))
    world.round()
    world.days_pass(3, hour=12)
    met = world.office.templates.library.sequences["nice-to-meet-you"]
    enrolling.enroll(world.desk(), Contact(address="dan@dan.example", name="Dan Dale"), met)
    world.days_pass(1, hour=14)
    for _ in range(3):
        world.rounds_over(20)
        world.days_pass(1, hour=14)
    assert people_of(smtpd) == [BOBS, "carla@carla.example", "dan@dan.example"]


# ---- the window


@pytest.mark.parametrize(
    ("moment", "leaves"),
    [
        (at(11, 8, 29), False),
        (at(11, 8, 30), True),
        (at(11, 17, 29), True),
        (at(11, 17, 30), False),
        (at(9, 12), False),
        (at(10, 12), False),
    ],
    ids=["too early", "opening", "closing", "too late", "Saturday", "Sunday"],
)
def test_only_inside_the_window(world: World, moment: datetime, leaves: bool) -> None:
    """Mon-Fri 08:30-17:30, drafts too."""
    world.round()
    world.writes(BOB)
    world.round()
    world.now = moment
    world.round()
    assert len(world.drafts()) == leaves
    if not leaves:
        assert world.plan()[0]["waits_for"] == "window"


def test_while_a_line_of_suppressed_txt_cannot_be_read_nothing_leaves(world: World) -> None:
    """Nobody can know whom "Bob at the bakery" means; it is told, and once it is mended the draft is laid."""
    world.owes_bob_a_nudge()
    file = world.office.store.suppressions.path
    file.write_text("Bob at the bakery\n")
    world.round()
    assert world.drafts() == []
    assert "Bob at the bakery" in str(world.plan()[0]["why"]).replace("bob at", "Bob at")
    assert "suppressed.txt" in world.command("status", status=1)
    file.write_text("rob@bakery.example\n")
    world.round()
    assert len(world.drafts()) == 1


def test_business_days_skip_holidays_and_nothing_leaves_on_one(world: World) -> None:
    """Ascension Day, 14 May 2026 in Berlin, is neither counted nor used."""
    world.options["FOLLOWMAIL_HOLIDAYS"] = "DE-BE, 2026-05-15"
    world.now = at(11, 10)
    world.round()
    world.writes(BOB)
    world.round()
    assert str(world.plan()[0]["due"]).startswith("2026-05-19")
    for day in (14, 15, 18):
        world.now = at(day, 12)
        world.round()
        assert world.drafts() == []
    world.now = at(19, 12)
    world.round()
    assert len(world.drafts()) == 1


# ---- pauses


def test_a_pause_holds_everything_survives_a_restart_and_stretches_the_delays(sending: Sending, smtpd: Smtpd) -> None:
    """A week off: its days are no business days, and nothing that came due in it is late."""
    world = sent_in(sending)
    writes_to(world, 1)
    world.days_pass(3)
    desk.pause(world.desk(), at(18, 0))
    for _ in range(6):
        world.reopen()
        world.days_pass(1) if world.now < at(15, 0) else None
        world.round()
    assert smtpd.delivered == []
    world.now = at(20, 12)
    world.rounds_over(20)
    assert len(smtpd.delivered) == 1


def test_a_pause_without_an_end_makes_nothing_late(sending: Sending, smtpd: Smtpd) -> None:
    """Paused for three weeks, then `resume`: what came due meanwhile goes, it does not wait."""
    world = sent_in(sending)
    writes_to(world, 1)
    world.days_pass(4, hour=9)
    desk.pause(world.desk(), None)
    reports = world.run_days(15)
    assert sum(r.tally.waiting for r in reports) == 0
    assert world.plan()[0]["waits_for"] == "pause"
    desk.resume_all(world.desk())
    world.rounds_over(20)
    assert len(smtpd.delivered) == 1


def test_a_snoozed_one_is_not_late_when_it_goes_on(sending: Sending, smtpd: Smtpd) -> None:
    """Lateness counts from the end of the pause."""
    world = sent_in(sending)
    writes_to(world, 1)
    desk.snooze(world.desk(), world.one(), at(1, 9, month=6))
    world.run_days(18)
    assert smtpd.delivered == []
    world.now = at(1, 12, month=6)
    world.rounds_over(20)
    assert len(smtpd.delivered) == 1


# ---- lateness, the fuse


@pytest.mark.parametrize(("late", "goes"), [(5, True), (6, False)])
def test_what_is_more_than_five_business_days_overdue_waits(
    sending: Sending, smtpd: Smtpd, late: int, goes: bool
) -> None:
    """The machine was off: in mode send it asks; a yes sends it."""
    world = sent_in(sending)
    writes_to(world, 1)
    world.days_pass(4 + late, hour=12)
    world.rounds_over(20)
    assert len(smtpd.delivered) == goes
    if not goes:
        (state,) = world.states().values()
        assert state == "waiting"
        desk.approve(world.desk(), world.one())
        world.round()
        assert len(smtpd.delivered) == 1


def test_what_only_the_limit_held_is_never_late(sending: Sending, smtpd: Smtpd) -> None:
    """Eight due at once, one a day: the last goes on the eighth day, and none waits for a yes."""
    world = sent_in(sending, FOLLOWMAIL_DAILY_LIMIT="4")
    writes_to(world, 8)
    world.reopen(FOLLOWMAIL_DAILY_LIMIT="1")
    world.days_pass(3, hour=11)
    for e in world.enrollments():
        world.office.store.enrollments.say_yes(e, world.now, "yes")
    world.days_pass(1, hour=11)
    reports = [world.round(), *world.run_days(8)]
    assert [r.tally.sent for r in reports] == [1] * 8 + [0]
    assert sum(r.tally.waiting for r in reports) == 0
    assert len(set(people_of(smtpd))) == 8


def test_in_draft_mode_late_is_a_draft(world: World) -> None:
    """The draft asks anyway."""
    world.round()
    world.writes(BOB)
    world.round()
    world.days_pass(15)
    world.round()
    assert len(world.drafts()) == 1


@pytest.mark.parametrize(("count", "fuse"), [(6, False), (7, True)])
def test_more_than_two_days_limit_at_once_waits(sending: Sending, smtpd: Smtpd, count: int, fuse: bool) -> None:
    """Three a day: six due at once is work, seven is a fault somewhere, and asks."""
    world = sent_in(sending, FOLLOWMAIL_DAILY_LIMIT="3")
    writes_to(world, count)
    world.days_pass(4, hour=11)
    world.rounds_over(40)
    states = list(world.states().values())
    assert states.count("waiting") == (count if fuse else 0)
    assert len(smtpd.delivered) == (0 if fuse else 3)


def test_the_fuse_leaves_out_what_alex_said_yes_to(sending: Sending, smtpd: Smtpd) -> None:
    """Two marked ones among seven: six more are no flood."""
    world = sent_in(sending, FOLLOWMAIL_DAILY_LIMIT="3")
    writes_to(world, 7)
    for e in world.enrollments()[:2]:
        world.office.store.enrollments.say_yes(e, world.now, "yes")
    world.days_pass(4, hour=11)
    world.rounds_over(40)
    assert "waiting" not in world.states().values()
    assert len(smtpd.delivered) == 3


def test_two_steps_due_after_a_long_sleep_are_one_and_then_the_delay_again(world: World) -> None:
    """A month away: one draft, and the second step eight business days after the first left."""
    world.round()
    world.writes(BOB)
    world.round()
    world.now += days(40)
    world.days_pass(1)
    world.rounds_over(20)
    assert len(world.drafts()) == 1
    world.sends_draft()
    world.rounds_over(20)
    assert world.drafts() == []
    world.run_days(7)
    assert world.drafts() == []
    world.days_pass(1, hour=12)
    world.round()
    assert len(world.drafts()) == 1


def test_after_ten_days_asleep_answers_count_first(sending: Sending, smtpd: Smtpd) -> None:
    """Story 34: what was answered meanwhile does not go; what is late waits."""
    world = sent_in(sending)
    mail = world.writes(BOB)
    world.writes(CARLA, "Offer")
    world.round()
    world.days_pass(14)
    world.gets(BOB, answers=mail, ago=days(5))
    world.rounds_over(30)
    assert smtpd.delivered == []
    assert world.states() == {BOBS: "replied", "carla@carla.example": "waiting"}


# ---- the clock


@pytest.mark.parametrize("jump", [days(4 * 365), days(61), days(-180), -timedelta(hours=2)], ids=str)
def test_a_clock_that_cannot_be_right_holds_all(sending: Sending, smtpd: Smtpd, jump: timedelta) -> None:
    """Nothing leaves, nothing is decided by it; set right again, all is as it was."""
    world = sent_in(sending)
    mail = writes_to(world, 3)
    world.days_pass(3, hour=12)
    world.round()
    before = [(e.address, e.state, e.why) for e in world.enrollments()]
    right = world.now
    world.now = right + jump
    if jump > timedelta(0):
        world.days_pass(1)
    for _ in range(4):
        world.round()
        world.now += timedelta(hours=1)
        assert {row["waits_for"] for row in world.plan() if row["state"] == "active"} <= {"clock", None}
    assert smtpd.delivered == []
    assert [(e.address, e.state, e.why) for e in world.enrollments()] == before
    world.now = right
    world.days_pass(1, hour=12)
    world.rounds_over(20)
    assert sorted(people_of(smtpd)) == mail


def test_a_wrong_clock_ends_no_pause(sending: Sending, smtpd: Smtpd) -> None:
    """Paused for a week; the clock jumps a year ahead and back: it is still paused."""
    world = sent_in(sending)
    writes_to(world, 1)
    world.days_pass(4, hour=9)
    right = world.now
    desk.pause(world.desk(), at(15, 0))
    world.now += days(365)
    world.round()
    world.now = right + timedelta(hours=3)
    world.rounds_over(20)
    assert smtpd.delivered == []
    assert world.office.store.facts.moment("paused_until") is not None


def test_resume_believes_the_clock(sending: Sending, smtpd: Smtpd) -> None:
    """Two months in a drawer are real: after `resume` it works again, and asks about what is late."""
    world = sent_in(sending)
    writes_to(world, 1)
    world.now += days(70)
    world.days_pass(1)
    world.round()
    assert world.plan()[0]["waits_for"] == "clock"
    desk.resume_all(world.desk())
    world.rounds_over(20)
    assert smtpd.delivered == []
    assert world.one().state is State.WAITING
    desk.approve(world.desk(), world.one())
    world.round()
    assert len(smtpd.delivered) == 1


def test_a_small_jump_is_a_machine_that_was_off(world: World) -> None:
    """Three weeks: it just goes on."""
    world.round()
    world.writes(BOB)
    world.round()
    world.now += days(21)
    world.days_pass(1)
    assert world.round().faults == ()
    assert len(world.drafts()) == 1


@pytest.mark.parametrize("month", [3, 10])
def test_the_night_of_the_clock_change_moves_no_hour(world: World, month: int) -> None:
    """Due at the same time of day, summer or winter."""
    day = {3: 26, 10: 22}[month]
    world.now = at(day, 14, month=month)
    world.round()
    world.writes(BOB)
    world.round()
    due = datetime.fromisoformat(str(world.plan()[0]["due"]))
    assert (due.hour, due.minute) == (13, 59)
    assert due.weekday() == 2


def test_the_day_before_a_leap_day(world: World) -> None:
    """29 February 2024 was a business day like any other."""
    world.now = datetime(2024, 2, 23, 12, tzinfo=BERLIN).astimezone(UTC)
    world.round()
    world.writes(BOB)
    world.round()
    assert str(world.plan()[0]["due"]).startswith("2024-02-29T11:59")


# ---- a week of it all


def test_two_weeks_of_everyday_never_break_a_limit(sending: Sending, smtpd: Smtpd) -> None:
    """Fifteen people, two a day, half an hour between two: at most that, each person and company once a day."""
    world = sent_in(sending, FOLLOWMAIL_DAILY_LIMIT="2", FOLLOWMAIL_GAP="1800")
    left: list[tuple[datetime, str]] = []
    for day in range(9):
        if day < 5:
            writes_to(world, 3, first=3 * day)
        for hour in (9, 11, 18):
            world.now = world.now.astimezone(BERLIN).replace(hour=hour, minute=0).astimezone(UTC)
            for _ in range(2):
                before = len(smtpd.delivered)
                world.round()
                left += [(world.now, m.recipients[0]) for m in smtpd.delivered[before:]]
                world.now += timedelta(minutes=10)
        world.days_pass(1, hour=8)
    per_day: dict[str, list[datetime]] = {}
    for moment, _ in left:
        per_day.setdefault(f"{moment:%Y-%m-%d}", []).append(moment)
    assert max(map(len, per_day.values())) == 2
    assert all(b - a >= timedelta(minutes=30) for (a, _), (b, _) in pairwise(left))
    assert all(moment.astimezone(BERLIN).hour < 18 for moment, _ in left)
    ids = [message_from_bytes(mail.data)["Message-ID"] for mail in smtpd.delivered]
    assert len(set(ids)) == len(ids) > 8
