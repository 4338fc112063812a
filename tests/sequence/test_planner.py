"""What comes next: a table of cases is the specification of `decide`."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.sequence import planner
from followmail.sequence.forecast import forecast
from followmail.sequence.planner import Day, Finish, Leave, Policy, Wait, decide
from followmail.sequence.steps import (
    Delay,
    Delivery,
    Enrollment,
    Mode,
    Origin,
    Sequence,
    State,
    Status,
    Step,
    Text,
    Trigger,
    Unit,
)
from followmail.sequence.workdays import Calendar, holidays, window

BERLIN = Calendar("Europe/Berlin", *window("Mon-Fri 08:30-17:30"))
ANCHOR = datetime(2026, 5, 4, 8, tzinfo=UTC)  # a Monday, 10:00 in Berlin
DUE = datetime(2026, 5, 8, 8, tzinfo=UTC)  # 4 business days later
POLICY = Policy(BERLIN)
SENDING = Policy(BERLIN, mode=Mode.SEND)


def step(name: str, number: int, count: int, **changes: object) -> Step:
    text = Text(f"nudge/{number}-{name}.txt", "en", f"{count} business days", "Hello")
    made = Step(name, number, Delay(count, Unit.BUSINESS_DAYS), (text,))
    return replace(made, **changes)  # type: ignore[arg-type]


NUDGE = Sequence("nudge", (step("one", 1, 4), step("two", 2, 8), step("three", 3, 20, approve=True)), Trigger.SENT)
ALL = {"nudge": NUDGE}
E = Enrollment(
    id=1, address="bob@bob.example", name="Bob", sequence="nudge", trigger=Trigger.SENT, origin=Origin.DETECTED, opening="o@x",
    state=State.ACTIVE, conversation=1, anchor="o@x", anchor_at=ANCHOR, shape=NUDGE.shape, created=ANCHOR,
)  # fmt: skip
YES = replace(E, yes_at=ANCHOR)


def day(now: datetime = DUE, **changes: object) -> Day:
    return replace(Day(looked_at=now), **changes)  # type: ignore[arg-type]


def delivery(name: str, number: int, status: Status, left: datetime | None = None, **changes: object) -> Delivery:
    made = Delivery(number, 1, "nudge", name, number, status, f"{name}@x", DUE, DUE, left)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_due_step_leaves() -> None:
    """After its delay, inside the window, with nothing against it."""
    decision = decide(E, ALL, POLICY, day(), DUE)
    assert isinstance(decision, Leave)
    assert (decision.step.name, decision.due, decision.mode) == ("one", DUE, Mode.DRAFT)
    assert "4 business days after your mail of 4 May" in decision.why


@pytest.mark.parametrize(
    ("e", "policy", "changes", "now", "waits_for", "asks"),
    [
        # not due, or the enrollment is not active
        (E, POLICY, {}, DUE - timedelta(seconds=1), None, ""),
        (replace(E, state=State.WAITING, why="asked"), POLICY, {}, DUE, "approval", ""),
        (replace(E, state=State.PAUSED, until=DUE + timedelta(days=3)), POLICY, {}, DUE, "pause", ""),
        # consent
        (E, SENDING, {}, DUE, "approval", "detected"),
        (replace(YES, yes_at=None, before_first_run=True, origin=Origin.MARKED), SENDING, {}, DUE, "approval", "first-run"),
        (replace(E, before_first_run=True), replace(SENDING, detect="enroll"), {}, DUE, "approval", "first-run"),
        # the step or sequence changed
        (replace(E, shape=("zero", "one")), POLICY, {}, DUE, "approval", "template"),
        (replace(E, sequence="gone"), POLICY, {}, DUE, "approval", "template"),
        # on its way, or in doubt
        (replace(E, deliveries=(delivery("one", 1, Status.DRAFTED),)), POLICY, {}, DUE, "draft", ""),
        (replace(YES, deliveries=(delivery("one", 1, Status.UNCERTAIN, DUE),)), SENDING, {}, DUE, "approval", ""),
        (E, POLICY, {"drafts_to": frozenset({"bob@bob.example"})}, DUE, "draft", ""),
        (replace(YES, deliveries=(delivery("one", 1, Status.CANCELLED, next_try=DUE + timedelta(hours=1)),)), SENDING, {}, DUE, None, ""),
        # what holds everything
        (E, POLICY, {"paused_until": DUE + timedelta(days=1)}, DUE, "pause", ""),
        (E, POLICY, {"clock_fault": "the clock is wrong"}, DUE, "clock", ""),
        (E, POLICY, {"look_fault": "Archive could not be read"}, DUE, "look", ""),
        (E, POLICY, {"looked_at": None}, DUE, "look", ""),
        # the moment
        (E, POLICY, {}, datetime(2026, 5, 8, 20, tzinfo=UTC), "window", ""),
        (E, POLICY, {}, datetime(2026, 5, 9, 8, tzinfo=UTC), "window", ""),
        (E, POLICY, {"people": frozenset({"bob@bob.example"})}, DUE, "company", ""),
        (E, POLICY, {"companies": frozenset({"bob.example"})}, DUE, "company", ""),
        (E, POLICY, {"left_today": 10}, DUE, "limit", ""),
        (YES, SENDING, {"last_left": DUE - timedelta(seconds=89)}, DUE, "gap", ""),
        # too late, or too many, in mode send
        (YES, SENDING, {}, DUE + timedelta(days=10), "approval", "overdue"),
        (replace(E, origin=Origin.IMPORTED), SENDING, {"flood": frozenset({1})}, DUE, "approval", "many"),
        # somebody in Cc must not be mailed
        (E, POLICY, {"suppressed": {"boss@bob.example": "boss@bob.example"}.get,
                     "recipients": lambda e: ("bob@bob.example", "boss@bob.example")}, DUE, "approval", "cc:boss@bob.example"),
    ],
)  # fmt: skip
def test_what_holds_a_step(
    e: Enrollment, policy: Policy, changes: dict[str, object], now: datetime, waits_for: str | None, asks: str
) -> None:
    """Each rule alone holds it back, and says so."""
    decision = decide(e, ALL, policy, day(now, **changes), now)
    assert isinstance(decision, Wait)
    assert (decision.waits_for, decision.asks) == (waits_for, asks), decision.why
    assert decision.why or e.state is State.PAUSED


@pytest.mark.parametrize(
    ("e", "policy", "changes", "now"),
    [
        (YES, SENDING, {}, DUE),
        (E, replace(SENDING, detect="enroll"), {}, DUE),
        (YES, SENDING, {"last_left": DUE - timedelta(seconds=90)}, DUE),
        (YES, SENDING, {"flood": frozenset({1})}, DUE),
        (E, POLICY, {}, DUE + timedelta(days=31)),  # in mode draft nothing is too late
        (replace(E, before_first_run=True), POLICY, {}, DUE),  # the draft itself is the question
        (replace(YES, yes_at=DUE + timedelta(days=10)), SENDING, {}, DUE + timedelta(days=10)),
        (replace(YES, held_at=DUE + timedelta(days=9)), SENDING, {}, DUE + timedelta(days=10)),
        (replace(YES, resumed_at=DUE + timedelta(days=9)), SENDING, {}, DUE + timedelta(days=10)),
        (YES, SENDING, {"pause_ended": DUE + timedelta(days=9)}, DUE + timedelta(days=10)),
        (replace(E, address="bob@gmail.com"), POLICY, {"companies": frozenset({"gmail.com"})}, DUE),
        (replace(E, shape=("one", "two")), POLICY, {}, DUE),  # a step was added behind the last
        (replace(E, state=State.PAUSED, until=DUE), POLICY, {}, DUE),
    ],
)  # fmt: skip
def test_what_lets_it_leave(e: Enrollment, policy: Policy, changes: dict[str, object], now: datetime) -> None:
    """A yes, a gap that is over, a lateness that somebody answers for."""
    assert isinstance(decide(e, ALL, policy, day(now, **changes), now), Leave)


def test_a_suppressed_person_ends_it() -> None:
    """Never mailed means over, not waiting for ever."""
    decision = decide(E, ALL, POLICY, day(suppressed={"bob@bob.example": "@bob.example"}.get), DUE)
    assert isinstance(decision, Wait)
    assert decision.ends is State.STOPPED
    assert "@bob.example" in decision.why


def test_the_next_step_counts_from_the_later_of_leaving_and_anchor() -> None:
    """Step 2: eight business days after step 1 really left; a new anchor counts anew."""
    left = datetime(2026, 5, 12, 7, tzinfo=UTC)
    gone = replace(E, deliveries=(delivery("one", 1, Status.SENT, left),))
    decision = decide(gone, ALL, POLICY, day(), DUE)
    assert isinstance(decision, Wait)
    assert decision.step is not None
    assert decision.step.name == "two"
    assert decision.due == BERLIN.add(left, Delay(8, Unit.BUSINESS_DAYS))
    again = replace(gone, anchor_at=left + timedelta(days=1))
    later = decide(again, ALL, POLICY, day(), DUE)
    assert isinstance(later, Wait)
    assert later.due == BERLIN.add(left + timedelta(days=1), Delay(8, Unit.BUSINESS_DAYS))


def test_a_first_delay_of_a_mark_counts_for_the_first_step_only() -> None:
    """`me+nudge.2d@`."""
    quick = replace(E, first_delay=Delay(2, Unit.BUSINESS_DAYS))
    assert planner.due_of(quick, NUDGE, NUDGE.steps[0], BERLIN) == BERLIN.add(ANCHOR, Delay(2, Unit.BUSINESS_DAYS))
    after = replace(quick, deliveries=(delivery("one", 1, Status.SENT, DUE),))
    assert planner.due_of(after, NUDGE, NUDGE.steps[1], BERLIN) == BERLIN.add(DUE, Delay(8, Unit.BUSINESS_DAYS))


def test_approve_yes_asks_in_mode_send_when_it_is_due() -> None:
    """And a yes for the step lets it go; in mode draft the draft asks."""
    done = (delivery("one", 1, Status.SENT, DUE), delivery("two", 2, Status.SENT, DUE))
    e = replace(YES, deliveries=done)
    due = planner.due_of(e, NUDGE, NUDGE.steps[2], BERLIN)
    early = decide(e, ALL, SENDING, day(due), due - timedelta(days=1))
    asked = decide(e, ALL, SENDING, day(due), due)
    assert isinstance(early, Wait)
    assert (early.waits_for, early.asks) == (None, "")
    assert isinstance(asked, Wait)
    assert asked.asks == "step:three"
    assert isinstance(decide(replace(e, granted=frozenset({"step:three"})), ALL, SENDING, day(due), due), Leave)
    assert isinstance(decide(e, ALL, POLICY, day(due), due), Leave)


def test_all_done_is_the_end() -> None:
    """Skipped steps count as done."""
    done = (
        delivery("one", 1, Status.SKIPPED, DUE),
        delivery("two", 2, Status.SENT, DUE),
        delivery("three", 3, Status.SENT, DUE),
    )
    assert isinstance(decide(replace(E, deliveries=done), ALL, POLICY, day(), DUE), Finish)


def test_a_renamed_folder_waits_and_names_its_heir() -> None:
    """After a yes it goes on where the same steps are."""
    e = replace(E, sequence="nudge-old")
    decision = decide(e, ALL, POLICY, day(), DUE)
    assert isinstance(decision, Wait)
    assert "'nudge' has the same steps" in decision.why
    assert planner.heir_of(e, ALL) is NUDGE


CALLS = {"nudge": replace(NUDGE, steps=(step("one", 1, 4, call=True), *NUDGE.steps[1:]))}
LAPSED = BERLIN.add(DUE, planner.CALL_LAPSES)


@pytest.mark.parametrize("policy", [POLICY, SENDING], ids=["draft", "send"])
@pytest.mark.parametrize(
    ("e", "changes", "now", "told", "lapses", "waits_for"),
    [
        (YES, {}, DUE - timedelta(seconds=1), False, False, None),
        (YES, {}, DUE, True, False, None),
        # what holds a mail does not hold a call
        (YES, {"left_today": 10, "people": frozenset({YES.address})}, DUE, True, False, None),
        (YES, {"suppressed": lambda a: a if a == "ann@bob.example" else None}, DUE, True, False, None),
        (YES, {}, DUE + timedelta(hours=12), True, False, None),
        # what holds everything, or says that they must not be bothered, does
        (YES, {"paused_until": DUE + timedelta(days=1)}, DUE, False, False, "pause"),
        (YES, {"look_fault": "Archive: no"}, DUE, False, False, "look"),
        (YES, {"clock_fault": "wrong"}, DUE, False, False, "clock"),
        (replace(YES, state=State.WAITING, why="asked"), {}, DUE, False, False, "approval"),
        (replace(YES, state=State.PAUSED, until=DUE + timedelta(days=2)), {}, DUE, False, False, "pause"),
        # it lapses three business days after it was told, and never before it was
        (replace(YES, told_at=DUE), {}, LAPSED - timedelta(seconds=1), True, False, None),
        (replace(YES, told_at=DUE), {}, LAPSED, False, True, None),
        (YES, {}, LAPSED, True, False, None),
        (replace(YES, told_at=DUE + timedelta(hours=4)), {}, LAPSED, True, False, None),
        # told, and then snoozed, paused or said yes to once more: it counts from there
        (replace(YES, told_at=DUE, resumed_at=LAPSED), {}, LAPSED, True, False, None),
        (replace(YES, told_at=DUE), {"pause_ended": LAPSED}, LAPSED, True, False, None),
        (replace(YES, told_at=DUE, yes_at=LAPSED), {}, LAPSED, True, False, None),
    ],
)  # fmt: skip
def test_a_call_is_told_and_lapses(
    e: Enrollment,
    changes: dict[str, object],
    now: datetime,
    told: bool,
    lapses: bool,
    waits_for: str | None,
    policy: Policy,
) -> None:
    """No mail leaves; three business days after it was told it is over."""
    decision = decide(e, CALLS, policy, day(DUE, **changes), now)
    assert isinstance(decision, Wait)
    assert (planner.is_call_due(decision), decision.lapses, decision.waits_for) == (told, lapses, waits_for)


def test_a_call_lapses_in_no_dry_run() -> None:
    """Nobody was told of it."""
    decision = decide(replace(YES, told_at=DUE), CALLS, replace(POLICY, mode=Mode.DRY_RUN), day(), LAPSED)
    assert planner.is_call_due(decision)


def test_a_call_that_asks_waits_in_every_mode() -> None:
    """No draft would be the question."""
    asking = {"nudge": replace(NUDGE, steps=(step("one", 1, 4, call=True, approve=True), *NUDGE.steps[1:]))}
    for policy in (POLICY, SENDING):
        decision = decide(YES, asking, policy, day(), DUE)
        assert isinstance(decision, Wait)
        assert decision.asks == "step:one"
        assert planner.is_call_due(decide(replace(YES, granted=frozenset({"step:one"})), asking, policy, day(), DUE))


def test_a_forecast_counts_no_call_as_a_mail() -> None:
    """The day's limit is for mails."""
    people = tuple(replace(YES, id=n, address=f"p{n}@f{n}.example") for n in range(1, 4))
    planned = forecast(people, CALLS, replace(POLICY, daily_limit=1), day(ANCHOR), ANCHOR, DUE + timedelta(hours=1))
    assert [p.due for p in planned] == [DUE] * 3


@pytest.mark.parametrize(
    ("now", "fault"),
    [
        (DUE - timedelta(minutes=59), False),
        (DUE - timedelta(minutes=61), True),
        (DUE + timedelta(days=59), False),
        (DUE + timedelta(days=61), True),
    ],
)
def test_a_clock_that_cannot_be_right(now: datetime, fault: bool) -> None:
    """More than an hour before the last look, or more than 60 days after it."""
    assert bool(planner.clock_fault(now, DUE)) is fault
    assert planner.clock_fault(now, None) == ""


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    left_today=st.integers(0, 12),
    free_days=st.sets(st.dates(date(2026, 5, 1), date(2026, 6, 30)), max_size=10),
    state=st.sampled_from([State.ACTIVE, State.WAITING, State.PAUSED]),
    mode=st.sampled_from(list(Mode)),
)
def test_what_leaves_is_always_due_and_inside_the_window(
    now: datetime, left_today: int, free_days: Iterable[date], state: State, mode: Mode
) -> None:
    """Whatever the day and the settings."""
    calendar = Calendar(
        "Europe/Berlin", *window("Mon-Fri 08:30-17:30"), holidays(", ".join(d.isoformat() for d in free_days))
    )
    policy = Policy(calendar, mode=mode, detect="enroll")
    decision = decide(replace(E, state=state, until=DUE), ALL, policy, day(now, left_today=left_today), now)
    if isinstance(decision, Leave):
        assert decision.due <= now
        assert calendar.is_open(now)
        assert left_today < policy.daily_limit
        assert state is not State.WAITING


def test_the_forecast_keeps_the_limit_and_the_order() -> None:
    """As if nobody answered: every step of the time to come, at most so many a day."""
    many = tuple(replace(E, id=n, address=f"p{n}@firm{n}.example", opening=f"{n}@x") for n in range(25))
    planned = forecast(many, ALL, POLICY, day(), DUE, DUE + timedelta(days=30))
    days: dict[date, int] = {}
    for p in planned:
        assert p.due is not None
        if p.due <= DUE + timedelta(days=30):
            days[BERLIN.local_date(p.due)] = days.get(BERLIN.local_date(p.due), 0) + 1
    assert max(days.values()) <= POLICY.daily_limit
    assert sum(days.values()) == 50
    assert [p.due for p in planned] == sorted(p.due for p in planned if p.due)
