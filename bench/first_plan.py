"""What somebody sees who has just set it up: the first round and the first `plan`, from the shell, whole processes."""

import sys
from collections.abc import Iterator

from bench.bed import Bed, Row, timed


def measure(bed: Bed) -> Iterator[Row]:
    """`followmail once` and `followmail plan` against the limit; the same on a mailbox a tenth as big."""
    small = bed.more("small", bed.count // 10)
    turns = bed.turns(limit=bed.limit, ours=lambda: _first(bed), small=lambda: _first(small))
    ratio, growth = turns.ratio("ours", "limit"), turns.ratio("ours", "small")
    figure = (
        f"{ratio:.1f} × ({turns.median('ours'):.1f} s);"
        f" {growth:.1f} × what it takes where there is a tenth ({turns.median('small'):.1f} s)"
    )
    goal = "≤ 1 × limit; no more on a mailbox ten times as big"
    yield Row("first useful plan after set-up", goal, figure, ratio <= 1, {n: turns.median(n) for n in turns.taken})


def _first(bed: Bed) -> float:
    with bed.folder() as folder:
        env = bed.settings(folder / "followmail.db")
        program = (sys.executable, "-m", "followmail")
        return timed(lambda: (bed.run(*program, "once", **env), bed.run(*program, "plan", **env)))
