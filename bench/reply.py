"""How long a reply goes unnoticed: from the server's line about it to the enrollment that is stopped and committed.

The server itself waits half a second before it says the line; that is not ours. What it takes to answer is told apart.
"""

import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from bench.bed import Bed, Row
from followmail.imap.session import Session
from followmail.rounds import go_round
from tests.world import Mail, World

GOAL = 20.0  # milliseconds


@dataclass(slots=True)
class _Moment:
    """A moment by two clocks: that of the wall, and what this process took of the processor."""

    wall: float
    ours: float

    @classmethod
    def now(cls) -> "_Moment":
        return cls(time.perf_counter(), time.process_time())


def measure(bed: Bed) -> Iterator[Row]:
    """Prospects who answer one after the other, each while the mailbox is watched."""
    with bed.folder() as folder:
        world = World(bed.server.mailbox("reply"), folder)
        mails = {n: world.writes(_person(n), f"Proposal {n}", ago=timedelta(days=1)) for n in range(bed.rounds + 1)}
        world.round()
        with world.office.connect() as session:
            go_round(world.office, session, lambda: world.now)
            taken = [_stopped(world, session, n, mail) for n, mail in mails.items()][1:]  # the first one warms up
        world.close()
    ours = statistics.median(own for _, own in taken) * 1000
    wall = statistics.median(wall for wall, _ in taken) * 1000
    figure = f"{ours:.0f} ms of the processor; {wall:.0f} ms with the server's answers and the disk"
    yield Row("a reply, from the server's line to the stop", f"≤ {GOAL:.0f} ms of our own", figure, ours <= GOAL)


def _person(n: int) -> str:
    return f"Robin Sample <robin@sample{n}.example>"


def _stopped(world: World, session: Session, n: int, mail: Mail) -> tuple[float, float]:
    """Seconds by the wall and of the processor, until the stop is committed."""
    session.examine("INBOX")
    arrival = threading.Thread(target=lambda: world.gets(_person(n), f"Re: Proposal {n}", answers=mail))
    arrival.start()
    while not session.idle(30.0, None):
        pass
    begun, stops = _Moment.now(), list[_Moment]()
    written = False

    def watch(sql: str) -> None:
        nonlocal written
        written = written or (sql.startswith('UPDATE "enrollment"') and "'replied'" in sql)
        if written and sql == "COMMIT":
            stops.append(_Moment.now())

    connection = world.office.store._database.connection()  # type: ignore[no-untyped-call]
    connection.set_trace_callback(watch)
    go_round(world.office, session, lambda: world.now)
    connection.set_trace_callback(None)
    arrival.join()
    stop = stops[0]
    return stop.wall - begun.wall, stop.ours - begun.ours
