"""Business days, holidays, the window and the local clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.sequence.steps import Delay, Unit
from followmail.sequence.workdays import Calendar, Holidays, Window, clock, holidays, window, zone

OFFICE = window("Mon-Fri 08:30-17:30")
ALWAYS = window("Mon-Sun 00:00-24:00")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "America/St_Johns", "Asia/Kathmandu")
berlin = Calendar("Europe/Berlin", *OFFICE, holidays("DE-BE"))


def at(text: str, where: str = "Europe/Berlin") -> datetime:
    """The UTC moment of a local time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(where)).astimezone(UTC)


def local(moment: datetime, where: str = "Europe/Berlin") -> str:
    return f"{moment.astimezone(ZoneInfo(where)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("anchor", "delay", "due"),
    [
        ("2026-04-27 10:00", Delay(4, Unit.BUSINESS_DAYS), "2026-05-04 10:00"),  # 1 May is a holiday
        ("2026-04-27 10:00", Delay(0, Unit.BUSINESS_DAYS), "2026-04-27 10:00"),
        ("2026-04-25 10:00", Delay(1, Unit.BUSINESS_DAYS), "2026-04-27 10:00"),  # from a Saturday
        ("2026-04-24 20:00", Delay(1, Unit.BUSINESS_DAYS), "2026-04-28 08:30"),  # Monday evening is after hours
        ("2026-04-24 06:00", Delay(1, Unit.BUSINESS_DAYS), "2026-04-27 08:30"),
        ("2026-04-27 10:00", Delay(3, Unit.DAYS), "2026-04-30 10:00"),
        ("2026-04-27 10:00", Delay(4, Unit.DAYS), "2026-05-04 08:30"),  # the holiday, then a weekend
        ("2026-04-20 10:00", Delay(2, Unit.WEEKS), "2026-05-04 10:00"),
        ("2026-03-23 10:00", Delay(1, Unit.WEEKS), "2026-03-30 10:00"),  # over the change of clocks
        ("2026-01-30 10:00", Delay(1, Unit.MONTHS), "2026-03-02 08:30"),  # 28 February is a Saturday
        ("2027-12-31 10:00", Delay(2, Unit.MONTHS), "2028-02-29 10:00"),
        ("2026-04-27 10:00", Delay(30, Unit.MINUTES), "2026-04-27 10:30"),
        ("2026-04-27 17:00", Delay(1, Unit.HOURS), "2026-04-28 08:30"),
        ("2026-03-28 10:00", Delay(24, Unit.HOURS), "2026-03-30 08:30"),
    ],
)
def test_a_step_is_due_at_the_next_moment_inside_the_window(anchor: str, delay: Delay, due: str) -> None:
    """Long delays keep the time of day; what falls outside the window moves to its opening."""
    assert local(berlin.add(at(anchor), delay)) == due


def test_hours_elapse_where_days_keep_the_clock() -> None:
    """In the night when the clock goes ahead, 24 hours are not a day."""
    anchor = at("2026-03-28 10:00")
    always = Calendar("Europe/Berlin", *ALWAYS)
    assert local(always.add(anchor, Delay(24, Unit.HOURS))) == "2026-03-29 11:00"
    assert local(always.add(anchor, Delay(1, Unit.DAYS))) == "2026-03-29 10:00"


@pytest.mark.parametrize(
    ("where", "anchor", "due"),
    [
        ("Europe/Berlin", "2026-03-28 02:30", "2026-03-29 01:00"),  # 02:00 to 03:00 is left out
        ("America/New_York", "2026-03-07 02:30", "2026-03-08 07:00"),
        ("Australia/Lord_Howe", "2026-10-03 02:10", "2026-10-03 15:30"),  # half an hour is left out
        ("Europe/Berlin", "2026-10-24 02:30", "2026-10-25 01:30"),  # 02:30 comes twice: the later one
        ("America/New_York", "2026-10-31 01:30", "2026-11-01 06:30"),
        ("Australia/Lord_Howe", "2026-04-04 01:45", "2026-04-04 15:15"),
    ],
)
def test_a_time_that_is_left_out_or_comes_twice_is_resolved_forward(where: str, anchor: str, due: str) -> None:
    """Due times in UTC, one day after a local anchor."""
    moment = Calendar(where, *ALWAYS).add(at(anchor, where), Delay(1, Unit.DAYS))
    assert f"{moment:%Y-%m-%d %H:%M}" == due


def test_a_day_that_does_not_exist_has_no_window() -> None:
    """Samoa went from 29 to 31 December 2011."""
    samoa = Calendar("Pacific/Apia", *ALWAYS)
    assert local(samoa.add(at("2011-12-29 12:00", "Pacific/Apia"), Delay(1, Unit.DAYS)), "Pacific/Apia") == (
        "2011-12-31 00:00"
    )


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-04-27 08:29", "2026-04-27 08:30"),
        ("2026-04-27 08:30", "2026-04-27 08:30"),
        ("2026-04-27 17:29", "2026-04-27 17:29"),
        ("2026-04-27 17:30", "2026-04-28 08:30"),
        ("2026-04-30 18:00", "2026-05-04 08:30"),
        ("2026-12-24 18:00", "2026-12-28 08:30"),
    ],
)
def test_the_window_opens_on_business_days_only(moment: str, opens: str) -> None:
    """The closing time itself is outside."""
    assert local(berlin.next_open(at(moment))) == opens
    assert berlin.is_open(at(moment)) is (moment == opens)


def test_own_days_off_and_a_pause_are_no_business_days() -> None:
    """Holidays of one's own, and the days of a whole pause, are left out of the count."""
    own = Calendar("Europe/Berlin", *OFFICE, holidays("DE-BE, 2026-12-24..2027-01-06"))
    assert own.add_business_days(date(2026, 12, 23), 1) == date(2027, 1, 7)
    paused = berlin.without([(date(2026, 5, 4), date(2026, 5, 8)), (date(2026, 5, 7), date(2026, 5, 12))])
    assert paused.add_business_days(date(2026, 4, 30), 1) == date(2026, 5, 13)
    assert not paused.is_business_day(date(2026, 5, 12))
    assert not paused.is_open(at("2026-05-05 10:00"))
    assert paused.business_days_between(date(2026, 4, 30), date(2026, 5, 15)) == 2  # 14 May is Ascension Day


def test_a_pause_without_end_is_an_error_and_no_endless_search() -> None:
    """Nothing opens before the year 10000."""
    paused = berlin.without([(date(2026, 5, 4), date.max)])
    with pytest.raises(ValueError, match="10000"):
        paused.next_open(at("2026-05-04 10:00"))
    assert not paused.is_open(at("2026-05-04 10:00"))


def test_business_days_between_are_those_that_counting_goes_through() -> None:
    """The first day is not counted, the last one is."""
    assert berlin.business_days_between(date(2026, 4, 27), date(2026, 5, 4)) == 4
    assert berlin.business_days_between(date(2026, 5, 1), date(2026, 5, 3)) == 0
    assert berlin.business_days_between(date(2026, 5, 4), date(2026, 4, 27)) == 0


def test_the_local_day_is_the_consultants() -> None:
    """Half past midnight in Berlin is still yesterday in UTC."""
    late, early = at("2026-05-04 00:30"), at("2026-05-04 23:30")
    assert late.date() == date(2026, 5, 3)
    assert berlin.local_date(late) == date(2026, 5, 4)
    assert berlin.local_date(late) == berlin.local_date(early)
    assert berlin.local_date(late) != berlin.local_date(late - timedelta(hours=1))
    assert berlin.opening_of(date(2026, 5, 4)) == at("2026-05-04 08:30")


def test_a_moment_without_a_zone_is_refused() -> None:
    """A naive datetime would silently be taken for the system's."""
    with pytest.raises(TypeError, match="naive"):
        berlin.next_open(datetime.fromisoformat("2026-05-04"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon-Fri 08:30-17:30", Window(frozenset(range(5)), time(8, 30), time(17, 30))),
        ("Mon-Sun 00:00-24:00", Window(frozenset(range(7)), time(0), time(0))),
        ("Mon,Wed,Fri 9-17", Window(frozenset({0, 2, 4}), time(9), time(17))),
        ("mon - thu, sat  08:00 – 12:00", Window(frozenset({0, 1, 2, 3, 5}), time(8), time(12))),
        ("Sun-Thu 9:00-17:00", Window(frozenset({6, 0, 1, 2, 3}), time(9), time(17))),
        ("Tuesday 18-24", Window(frozenset({1}), time(18), time(0))),
    ],
)
def test_a_window_is_read_as_people_write_it(text: str, expected: Window) -> None:
    """Days, lists and ranges of them, and times with or without minutes."""
    assert window(text) == expected


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "not days and times"),
        ("Mon-Fri", "not days and times"),
        ("Mon-Fri 9am-5pm", "no time from which to which"),
        ("Mon-Fri 17-9", "closes before"),
        ("Mon-Fri 9-9", "closes before"),
        ("Mon-Fri 9-00:00", "closes before"),
        ("Mon-Fri 24:00-24:00", "24:00 is no time"),
        ("Mon-Fri 9-24:30", "24:30 is no time"),
        ("Mon-Fri 8:99-17", "8:99 is no time"),
        ("Mo-Xy 9-17", "“xy” is no weekday"),
        ("T 9-17", "“t” is no weekday"),
    ],
)
def test_a_bad_window_says_what_is_wrong(text: str, wrong: str) -> None:
    """In the words that were typed."""
    with pytest.raises(ValueError, match=wrong):
        window(text)


def test_holidays_are_countries_regions_and_days() -> None:
    """Regions count their own holidays; whatever is named twice is there once."""
    found = holidays("de-be, DE-BE, 2026-12-24..2027-01-06, 2026-05-15")
    assert found == Holidays(
        ("DE-BE",), ((date(2026, 5, 15), date(2026, 5, 15)), (date(2026, 12, 24), date(2027, 1, 6)))
    )
    assert date(2026, 3, 8) in found  # Women's Day, a holiday in Berlin
    assert date(2026, 3, 8) not in holidays("DE-BY")
    assert date(2026, 11, 26) in holidays("US")
    assert date(2026, 5, 15) in found
    assert holidays("") == Holidays()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("XX", "no public holidays are known for “XX”"),
        ("Germany", "a country is two letters"),
        ("DE-XX", "DE has no region “XX”; it has BB, BE"),
        ("2026-02-30", "is no day"),
        ("24.12.2026", "written 2026-12-24"),
        ("2026-12-24..2026-12-01", "ends before it begins"),
        ("2026-01-01..2027-06-01", "more than 400 on end"),
        ("2026-01-01..2026-12-31, 2027-01-01..2027-06-01", "more than 400 on end"),
    ],
)
def test_bad_holidays_say_what_is_wrong(text: str, wrong: str) -> None:
    """A calendar that would never have a business day is refused too."""
    with pytest.raises(ValueError, match=wrong):
        holidays(text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Berlin", "Europe/Berlin was probably meant"),
        ("new york", "America/New_York was probably meant"),
        ("Europe/Berlni", "Europe/Berlin was probably meant"),
        ("../../etc/passwd", "no time zone"),
        ("Europe", "no time zone"),
        ("", "no time zone"),
    ],
)
def test_a_bad_zone_says_which_was_meant(text: str, wrong: str) -> None:
    """Cities are found by themselves."""
    with pytest.raises(ValueError, match=wrong):
        zone(text)


@pytest.mark.parametrize("days", [frozenset[int](), frozenset({7})])
def test_a_calendar_without_weekdays_is_refused(days: frozenset[int]) -> None:
    """There would never be a business day."""
    with pytest.raises(ValueError, match="no weekday"):
        Calendar("UTC", days, time(9), time(17))


def test_a_calendar_that_closes_before_it_opens_is_refused() -> None:
    """Nothing could ever leave."""
    with pytest.raises(ValueError, match="not after"):
        Calendar("UTC", frozenset({0}), time(17), time(9))


@pytest.mark.parametrize("delay", [Delay(10_000_000_000, unit) for unit in Unit])
def test_a_delay_beyond_the_calendar_is_an_error_in_words(delay: Delay) -> None:
    """Not an overflow, and not an endless count."""
    with pytest.raises(ValueError, match=r"10000|cannot be counted"):
        berlin.add(at("2026-05-04 10:00"), delay)


def test_a_clock_is_read_from_its_digits() -> None:
    """24:00 only where it may stand."""
    assert clock("7", None) == time(7)
    assert clock("24", "00", last=24) == time(0)
    with pytest.raises(ValueError, match="no time of day"):
        clock("24", "00")


moments = st.integers(1_262_304_000, 2_208_988_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))  # to 2040
long_units = [Unit.DAYS, Unit.BUSINESS_DAYS, Unit.WEEKS, Unit.MONTHS]
delays = st.builds(Delay, st.integers(0, 30), st.sampled_from(Unit))
hours = st.sampled_from([(time(8, 30), time(17, 30)), (time(0),) * 2, (time(1, 30), time(2, 45)), (time(2), time(3))])
calendars = st.builds(
    lambda where, days, hours, off: Calendar(where, days, *hours, off),
    st.sampled_from(ZONES),
    st.frozensets(st.integers(0, 6), min_size=1),
    hours,
    st.sampled_from([holidays("DE-BE"), holidays("US, 2026-12-24..2027-01-06"), Holidays()]),
)


@given(calendars, moments, delays)
def test_what_is_due_is_inside_the_window_and_not_early(calendar: Calendar, moment: datetime, delay: Delay) -> None:
    """In every zone, whatever the clocks do."""
    due = calendar.add(moment, delay)
    assert calendar.is_open(due)
    assert due >= calendar.shift(moment, delay) >= moment
    assert calendar.is_business_day(calendar.local_date(due))
    assert calendar.next_open(due) == due


@given(calendars, moments, st.integers(0, 40), st.sampled_from(long_units))
def test_a_long_delay_keeps_the_local_time_of_day(calendar: Calendar, moment: datetime, count: int, unit: Unit) -> None:
    """Except where that time does not exist: then it is the first that does."""
    before, after = calendar.local(moment), calendar.local(calendar.shift(moment, Delay(count, unit)))
    if after.time() != before.time():
        assert after.time() > before.time()
        assert calendar.local(calendar.shift(moment, Delay(count, unit)) - timedelta(seconds=1)).time() < before.time()
    assert after.date() == calendar.shift_day(before.date(), Delay(count, unit))


@given(calendars, moments, moments)
def test_the_next_opening_never_runs_backwards(calendar: Calendar, one: datetime, other: datetime) -> None:
    """A later moment has no earlier opening, and nothing between a moment and its opening is open."""
    first, second = sorted((one, other))
    assert calendar.next_open(first) <= calendar.next_open(second)
    between = first + (calendar.next_open(first) - first) / 2
    assert between in (first, calendar.next_open(first)) or not calendar.is_open(between)


@given(calendars, st.dates(date(2010, 1, 1), date(2040, 1, 1)), st.integers(1, 60))
def test_the_nth_business_day_has_n_behind_it(calendar: Calendar, day: date, count: int) -> None:
    """Counting there and back agree."""
    last = calendar.add_business_days(day, count)
    assert calendar.is_business_day(last)
    assert calendar.business_days_between(day, last) == count


@given(moments, st.integers(0, 200))
def test_months_end_on_the_same_day_or_the_last_one(moment: datetime, count: int) -> None:
    """31 January plus a month is the end of February."""
    start = moment.date()
    end = berlin.shift_day(start, Delay(count, Unit.MONTHS))
    assert (end.year - start.year) * 12 + end.month - start.month == count
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)
