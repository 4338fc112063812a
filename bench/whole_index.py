"""The whole past of a mailbox: every header read, parsed, tied into conversations, and stored for good."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.bed import FULL, Bed, Row

LOOKBACK = 3650  # days


def measure(bed: Bed) -> Iterator[Row]:
    """Our look and the obvious design against the limit; our peak of memory."""
    peaks: list[float] = []
    worked: list[float] = []

    def ours() -> float:
        with bed.folder() as folder:
            found = look(bed, folder / "followmail.db")
        assert found["stored"] == bed.count, found
        peaks.append(found["peak"])
        worked.append(found["cpu"])
        return found["seconds"]

    def obvious() -> float:
        with bed.folder() as folder:
            found = bed.child("bench.obvious", bed.server.port, bed.user, folder / "mail.db", *FULL)
        return float(found["seconds"])

    turns = bed.turns(limit=bed.limit, ours=ours, obvious=obvious)
    against, ahead = turns.ratio("ours", "limit"), turns.ratio("obvious", "ours")
    figure = f"{against:.1f} × ({turns.median('ours'):.1f} s, {median(worked):.1f} of our processor); the obvious design takes {ahead:.1f} × that"
    values = {name: turns.median(name) for name in turns.taken}
    yield Row("whole mailbox indexed, joined, stored", "≤ 3 × limit, ≥ 8 × faster than obvious", figure,
              against <= 3 and ahead >= 8, values)  # fmt: skip
    yield Row("peak memory during that", "≤ 60 MB", f"{max(peaks):.0f} MB", max(peaks) <= 60)


def look(bed: Bed, database: Path, **settings: object) -> dict[str, float]:
    """One look of the program in a process of its own: seconds, those of the processor, messages stored, peak in MB."""
    env = bed.settings(database, LOOKBACK=LOOKBACK, **settings)
    found: dict[str, float] = json.loads(bed.run(sys.executable, "-m", "bench.one_look", **env))
    return found
