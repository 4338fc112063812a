"""What it costs to ask how things stand, in a store of any size: no table is walked through, and nothing asked twice."""

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from bench.due import fill
from followmail import telling
from followmail.rounds import go_round
from followmail.sequence.steps import State
from followmail.service import Daemon, Stop
from tests.jobs.test_costs import statements
from tests.world import ANN, BOB, World

# What holds a few rows, whatever was ever sent: folders, what the consultant put aside or marked, a month of digests.
SMALL = {"cursor", "aside", "mark", "digest"}


def walks(world: World, told: Iterable[str]) -> list[str]:
    """Statements for which SQLite walks through a whole table that grows with the mailbox."""
    connection = world.office.store._database.connection()
    found = []
    for sql in dict.fromkeys(told):
        if not re.match(r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b", sql, re.I):
            continue
        for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
            table = re.match(r"SCAN (\w+)$", step)
            if table and _meant(table[1], sql) not in SMALL:
                found.append(sql)
    return found


def _meant(alias: str, sql: str) -> str:
    named = re.search(rf'"?(\w+)"? (?:AS )?"?{alias}"?[\s,)]', sql)
    return named[1] if named and named[1].upper() not in ("FROM", "JOIN", "INTO", "UPDATE") else alias


def test_neither_a_cycle_nor_status_walks_through_a_table(world: World) -> None:
    """Every question of an uneventful cycle, of a digest and of `status` has an index."""
    world.writes(BOB, ago=timedelta(days=1))
    world.gets(ANN, "Hello", "Do you have time for us?", ago=timedelta(days=2))
    world.round()
    world.round()
    with world.office.connect() as session, statements(world) as cycle:
        go_round(world.office, session, lambda: world.now)
    with statements(world) as status:
        telling.status(world.office.cycle(world.now), 300)
    with statements(world) as digest:
        world.office.gather(world.office.cycle(world.now))(None)
    assert cycle and status and digest
    assert walks(world, [*cycle, *status, *digest]) == []


def test_status_asks_no_more_where_thousands_have_ended(world: World) -> None:
    """They are counted where they lie; those that live are read once."""
    world.writes(BOB, ago=timedelta(days=1))
    world.round()
    world.close()
    with statements(world) as before:
        telling.status(world.office.cycle(world.now), 300)
    world.close()
    fill(Path(world.home / "followmail.db"), 3000, 0)
    with statements(world) as after:
        told = telling.status(world.office.cycle(world.now), 300)
    assert told["counts"][State.REPLIED.value] == 3000 and told["counts"][State.ACTIVE.value] == 1
    assert len(after) == len(before)


def test_what_is_due_is_known_without_asking(world: World) -> None:
    """Between two looks the daemon compares two moments: no statement, however much is remembered."""
    world.writes(BOB, ago=timedelta(days=1))
    world.round()
    daemon = Daemon(world.office, stop := Stop(), clock=lambda: world.now)
    daemon.next_due = world.now + timedelta(hours=1)
    with statements(world) as told:
        assert not daemon._something_is_due()
    world.now += timedelta(hours=1)
    assert daemon._something_is_due()
    assert told == []
    stop.close()


def test_those_that_live_are_read_once_until_something_is_written(world: World) -> None:
    """Asked many times a cycle; a word beside us is seen at once."""
    world.writes(BOB, ago=timedelta(days=1))
    world.round()
    enrollments = world.office.store.enrollments
    (bob,) = enrollments.live()
    with statements(world) as told:
        assert enrollments.live() == enrollments.live() == (bob,)
    assert [sql for sql in told if "enrollment" in sql] == []
    world.command("stop", "bob@bob.example")
    assert enrollments.live() == ()
