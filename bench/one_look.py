"""One look of the program, with the settings of the environment, in a process that holds nothing of the bench.

`python -m bench.one_look` tells seconds of wall clock and of our processor, messages stored, and the peak of memory in MB.
"""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from followmail import settings
from followmail.jobs import watch
from followmail.rounds import Office


def _look() -> dict[str, float]:
    office = Office.open(settings.load(None, os.environ, directory=Path("/nonexistent")))
    with office.connect() as session:
        begun, worked = time.perf_counter(), time.process_time()
        found = watch.look(session, office.cycle(datetime.now(UTC)))
        taken, cpu = time.perf_counter() - begun, time.process_time() - worked
    assert found.complete, found.faults
    office.close()
    return {"seconds": taken, "cpu": cpu, "stored": found.new, "peak": _peak()}


def _peak() -> float:
    """MB that this process has held at most. (ru_maxrss would also tell of its parent.)"""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    print(json.dumps(_look()))  # noqa: T201
