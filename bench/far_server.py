"""The same look with the server 50 ms away: nothing may wait for an answer before it asks the next."""

from collections.abc import Iterator
from statistics import median

from bench import limit, whole_index
from bench.bed import FULL, Bed, Row
from bench.delay import far

SECONDS = 0.05
MESSAGES = 20_000


def measure(bed: Bed) -> Iterator[Row]:
    """Our look, storing included, against one FETCH of everything, read and thrown away."""
    box = bed.more("far", min(MESSAGES, bed.count))
    worked: list[float] = []
    with far(bed.server.port, SECONDS) as port:

        def ours() -> float:
            with box.folder() as folder:
                found = whole_index.look(box, folder / "followmail.db", IMAP_PORT=port)
            worked.append(found["cpu"])
            return found["seconds"]

        turns = bed.turns(one=lambda: limit.in_python(port, box.user, FULL), ours=ours)
    ratio = turns.ratio("ours", "one")
    figure = f"{ratio:.1f} × ({turns.median('ours'):.1f} s, {median(worked):.1f} of our processor)"
    what = f"the same at {SECONDS * 1000:.0f} ms round trip, {box.count:,} messages"
    yield Row(what, "≤ 2 × one single FETCH", figure, ratio <= 2, {n: turns.median(n) for n in turns.taken})
