"""A cycle on a full day: a thousand live enrollments, fifty new mails, twenty follow-ups due, laid as drafts."""

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

from bench.bed import Bed, Row
from followmail.rounds import go_round
from tests.world import MONDAY, World

LIVE, NEW, DUE = 1000, 50, 20
DAYS = 3
GOAL = 1.0  # seconds


def measure(bed: Bed) -> Iterator[Row]:
    """Three such days. Our own time is that of the processor: the rest is the server's, and the disk's."""
    with bed.folder() as folder:
        options = {"FOLLOWMAIL_DAILY_LIMIT": "100", "FOLLOWMAIL_GAP": "0", "FOLLOWMAIL_LOOKBACK": "30"}
        world = World(bed.server.mailbox("fullday"), folder, options)
        bed.say(f"writing and enrolling {LIVE:,} people …")
        _enroll(world)
        taken = [_day(world, day) for day in range(DAYS)]
        world.close()
    wall, ours = (statistics.median(column) for column in zip(*taken, strict=True))
    figure = f"{ours:.2f} s of the processor; {wall:.1f} s with the server and the disk"
    yield Row(
        f"a cycle: {LIVE:,} live, {NEW} new mails, {DUE} drafts", f"≤ {GOAL:.0f} s of our own", figure, ours <= GOAL
    )


def _person(n: int) -> str:
    return f"Robin Sample <robin@sample{n}.example>"


def _enroll(world: World) -> None:
    """Sent mails: some of three business days ago, some of two, …, so that twenty are due on each day to come."""
    world.now = MONDAY + timedelta(days=3)  # a Thursday: four business days after Monday is Friday
    for n in range(LIVE):
        day = n // DUE if n < DUE * DAYS else DAYS
        world.writes(_person(n), f"Proposal {n}", ago=timedelta(days=3 - day if day < 3 else 0, minutes=n % 60 + 2))
    while len(world.office.store.enrollments.live()) < LIVE:
        before = len(world.office.store.enrollments.live())
        world.round()
        if len(world.office.store.enrollments.live()) == before:
            raise RuntimeError(f"only {before} were enrolled")


def _day(world: World, day: int) -> tuple[float, float]:
    """The next business day: seconds by the wall and of the processor, of the first cycle of the day."""
    world.days_pass(1, hour=12)
    for n in range(NEW):
        world.gets(f"News <news@paper{n % 7}.example>", f"News {day} {n}", "What happened.\n" * 20)
    with world.office.connect() as session:
        wall, ours = time.perf_counter(), time.process_time()
        report = go_round(world.office, session, lambda: world.now)
        taken = time.perf_counter() - wall, time.process_time() - ours
    if (report.look.new, report.tally.drafted) != (NEW, DUE):
        raise RuntimeError(f"{report.look.new} new mails and {report.tally.drafted} drafts")
    return taken
