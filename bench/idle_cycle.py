"""A cycle without news: what the daemon does all day. INBOX is open, as it is while one waits for mail in it (IDLE).

`python -m bench.idle_cycle` measures it in a process of its own, with the settings of the environment.
"""

import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.bed import Bed, Row, timed

TIMES = 200


def measure(bed: Bed) -> Iterator[Row]:
    """A look at ten folders against a NOOP, on one connection."""
    taken: list[dict[str, float]] = []
    for _ in range(bed.rounds):
        with bed.folder() as folder:
            env = bed.settings(folder / "followmail.db", LOOKBACK=1)
            taken.append(json.loads(bed.run(sys.executable, "-m", "bench.idle_cycle", **env)))
    found = {name: statistics.median(one[name] for one in taken) for name in taken[0]}
    ratio = statistics.median(one["look"] / one["noop"] for one in taken)
    trip = statistics.median(one["trip"] / one["noop"] for one in taken)
    figure = (
        f"{trip:.1f} × for the round trip ({found['trip']:.2f} ms), {ratio:.1f} × with our own share ({found['look']:.2f} ms);"
        f" the whole cycle {found['cycle']:.0f} ms"
    )
    yield Row("a cycle without news, ten folders", "one round trip, ≤ 2 × a NOOP; no SELECT", figure, trip <= 2, found)


def _measured() -> dict[str, float]:
    """Milliseconds, medians: of a NOOP, of the round trip alone, of a look, of everything in a cycle."""
    from followmail import settings
    from followmail.jobs import watch
    from followmail.rounds import Office, go_round

    office = Office.open(settings.load(None, os.environ, directory=Path("/nonexistent")))
    now = datetime.now(UTC)
    with office.connect() as session:
        for _ in range(5):  # until all is read that is to be read
            go_round(office, session, lambda: now)
        session.examine("INBOX")
        cycle = office.cycle(now)
        assert not watch.look(session, cycle).changed
        status = f"RETURN (SPECIAL-USE STATUS {session._status_items()})"
        alone: dict[str, Callable[[], object]] = {
            "noop": session.noop,
            "trip": lambda: session._pipeline([("NOOP",), ("LIST", '""', '"*"', status)]),
            "look": lambda: watch.look(session, cycle),
        }
        taken: dict[str, list[float]] = {name: [] for name in alone}
        for _ in range(TIMES):
            for name, run in alone.items():
                taken[name].append(timed(run))
        taken["cycle"] = [timed(lambda: go_round(office, session, lambda: now)) for _ in range(20)]
    office.close()
    return {name: statistics.median(times) * 1000 for name, times in taken.items()}


if __name__ == "__main__":
    print(json.dumps(_measured()))  # noqa: T201
