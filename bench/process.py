"""What it costs to have it: the daemon while nothing happens, and the commands that are asked most, whole processes."""

import contextlib
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.bed import ROOT, Bed, Row

PROGRAM = (sys.executable, "-m", "followmail")
WATCHED = 60.0  # seconds
PATIENCE = 120.0


def measure(bed: Bed) -> Iterator[Row]:
    """Processor time rather than wall clock: that is what a busy machine changes least."""
    with bed.folder() as folder:
        env = bed.settings(folder / "followmail.db", LOOKBACK=14)
        with _daemon(bed, env) as pid:
            memory, waken = _memory(pid), _wakes(pid)
            time.sleep(WATCHED)
            waken, memory = _wakes(pid) - waken, max(memory, _memory(pid))
        yield Row("idle memory of the daemon", "≤ 60 MB", f"{memory:.0f} MB", memory <= 60, {"memory": memory})
        figure = f"{waken} in {WATCHED:.0f} s, in which this server says “Still here” once, or not at all"
        yield Row("wake-ups while nothing happens", "only IDLE renewal and polls", figure, waken <= 1, {"woken": waken})
        for words, goal in (("--help", 100.0), ("status", 200.0)):
            yield _command(bed, words, goal, env)


def _command(bed: Bed, words: str, goal: float, env: dict[str, str]) -> Row:
    """Milliseconds of processor time of a whole process, and what a Python that does nothing takes of them."""
    took = bed.turns(ours=lambda: _cpu(*PROGRAM, words, **env), bare=lambda: _cpu(sys.executable, "-c", "pass"))
    ours, bare = took.median("ours") * 1000, took.median("bare") * 1000
    figure = f"{ours:.0f} ms (Python alone: {bare:.0f})"
    return Row(f"`followmail {words}`", f"≤ {goal:.0f} ms", figure, ours <= goal, {"ours": ours, "bare": bare})


def _cpu(*command: str, **env: str) -> float:
    """Seconds that a process takes of the processor. (`status` ends with 1 where all is not well.)"""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FOLLOWMAIL_")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False, cwd=ROOT, env=clean | env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextlib.contextmanager
def _daemon(bed: Bed, env: dict[str, str]) -> Iterator[int]:
    """`followmail run`, once it has looked and waits for mail; its process id."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FOLLOWMAIL_")}
    process = subprocess.Popen((*PROGRAM, "run"), stderr=subprocess.DEVNULL, cwd=ROOT, env=clean | env)
    try:
        _until_quiet(process.pid)
        yield process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _until_quiet(pid: int) -> None:
    """Until it has used no processor for two seconds."""
    end, used = time.monotonic() + PATIENCE, -1
    while (now := _ticks(pid)) != used or now < 10:
        if time.monotonic() > end:
            raise RuntimeError("the daemon does not come to rest")
        used = now
        time.sleep(2)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _status(pid: int, name: str) -> Iterator[int]:
    """A line of the status of each thread."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from (int(n) for n in re.findall(rf"^{name}:\s+(\d+)", (task / "status").read_text(), re.M))


def _memory(pid: int) -> float:
    return max(_status(pid, "VmRSS")) / 1024


def _wakes(pid: int) -> int:
    """How often it has gone to sleep by itself, which is how often it has awoken."""
    return sum(_status(pid, "voluntary_ctxt_switches"))
