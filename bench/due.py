"""What is due, and when to wake, where a million conversations are remembered: asked between any two looks."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

from bench.bed import Bed, Row
from followmail import telling
from followmail.jobs.plan import forecast
from followmail.rounds import go_round
from followmail.service import Daemon, Stop
from tests.world import BOB, World

GOAL = 0.05  # milliseconds
LIVE = 1000
TIMES = 2000


def measure(bed: Bed) -> Iterator[Row]:
    """The daemon's question, in a store with ten conversations for each message of the mailbox; most are over."""
    count, found = bed.count * 10, asked(bed, bed.count * 10)
    known = found["due"] + found["known"]
    figure = (
        f"{known:.3f} ms: {found['due']:.4f} to compare with the next wake, {found['known']:.3f} to know that nothing was"
        f" changed beside us; after a change, {LIVE:,} live ones are read in {found['anew']:.0f} ms and decided in"
        f" {found['decided']:.0f} ms"
    )
    yield Row(f"due now and next wake, {count:,} conversations", f"≤ {GOAL} ms", figure, known <= GOAL, found)


@cache
def asked(bed: Bed, count: int) -> dict[str, float]:
    """Milliseconds of the processor, with so many conversations, of whom LIVE at most are not over."""
    with bed.folder() as folder:
        world = World(bed.server.mailbox(f"due{count}"), folder)
        world.writes(BOB, ago=timedelta(days=1))
        world.round()
        world.close()
        bed.say(f"writing {count:,} conversations …")
        fill(folder / "followmail.db", count, min(LIVE, count))
        world.round()  # takes the mailbox up as it is: from here on nothing is new
        store, stop = world.office.store, Stop()
        daemon = Daemon(world.office, stop, clock=lambda: world.now)
        daemon.next_due = world.now + timedelta(hours=1)
        found = {"due": _each(daemon._something_is_due), "known": _each(store.enrollments.live)}
        with store.transaction():  # in which nothing that was read before is believed
            found["anew"] = _each(store.enrollments.live, 5)
        found["decided"] = _each(lambda: forecast(world.office.cycle(world.now), 0), 5)
        found["status"] = _each(lambda: telling.status(world.office.cycle(world.now), 300), 3)
        with world.office.connect() as session:
            go_round(world.office, session, lambda: world.now)
            found["round"] = _each(lambda: go_round(world.office, session, lambda: world.now), 5)
        stop.close()
        world.close()
    return found


def _each(run: Callable[[], object], times: int = TIMES) -> float:
    """Milliseconds of the processor for one of many."""
    begun = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - begun) / times * 1000


def fill(path: Path, count: int, live: int) -> None:
    """Conversations of one mail each, made from the one that is there; the enrollment of each is over but for `live`."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA cache_size=-400000")  # KB: a million random places of an index
        (first,) = database.execute("SELECT max(id) FROM conversation").fetchone()
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
        database.execute(f"{numbers} INSERT INTO conversation (id, off) SELECT {first} + i, 0 FROM n")
        _copy(database, numbers, "message", {
            "message_id": "'m' || i || '@sample.example'", "conversation": f"{first} + i",
            "date": "date - 86400000000 * (10 + i % 3000)", "arrived": "arrived - 86400000000 * (10 + i % 3000)",
            "to": """'[["", "robin@sample' || i || '.example"]]'""",
        })  # fmt: skip
        over = "CASE WHEN i <= {} THEN {} ELSE {} END"
        _copy(database, numbers, "enrollment", {
            "address": "'robin@sample' || i || '.example'", "opening": "'m' || i || '@sample.example'",
            "conversation": f"{first} + i", "anchor": "'m' || i || '@sample.example'",
            "state": over.format(live, "state", "'replied'"), "ended": over.format(live, "NULL", "created"),
        })  # fmt: skip


def _copy(database: sqlite3.Connection, numbers: str, table: str, values: dict[str, str]) -> None:
    """So many rows like the first one, with other values."""
    rows = database.execute(f"SELECT name FROM pragma_table_info('{table}') WHERE name <> 'id'").fetchall()
    names = ", ".join(f'"{name}"' for (name,) in rows)
    taken = ", ".join(values.get(name, f'"{name}"') for (name,) in rows)
    source = f"(SELECT * FROM {table} ORDER BY id LIMIT 1)"
    database.execute(f"{numbers} INSERT INTO {table} ({names}) SELECT {taken} FROM {source}, n")
