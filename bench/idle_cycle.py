"""A cycle without news: what the daemon does all day. INBOX is open, as it is while one waits for mail in it (IDLE).

`python -m bench.idle_cycle` measures it in a process of its own, with the settings of the environment.
"""

import json
import os
import socket
import statistics
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.bed import Bed, Row, timed

TIMES = 200


def measure(bed: Bed) -> Iterator[Row]:
    """A look at ten folders against a NOOP, on one connection; and the same two asked from a bare socket."""
    taken = [look(bed) for _ in range(bed.rounds)]
    found = {name: statistics.median(one[name] for one in taken) for name in taken[0]}
    ratio, bare = (
        statistics.median(one[a] / one[b] for one in taken) for a, b in (("look", "noop"), ("asked", "silence"))
    )
    figure = (
        f"one round trip, no SELECT; {ratio:.1f} × a NOOP ({found['look']:.2f} ms to {found['noop']:.2f}), where this server"
        f" alone takes {bare:.1f} × ({found['asked']:.2f} ms to {found['silence']:.2f}); the whole cycle {found['cycle']:.1f} ms"
    )
    yield Row("a cycle without news, ten folders", "one round trip, ≤ 2 × a NOOP; no SELECT", figure, ratio <= 2, found)


def look(bed: Bed) -> dict[str, float]:
    """Milliseconds, in a process of its own."""
    with bed.folder() as folder:
        env = bed.settings(folder / "followmail.db", LOOKBACK=1)
        found: dict[str, float] = json.loads(bed.run(sys.executable, "-m", "bench.idle_cycle", **env))
    return found


def _measured() -> dict[str, float]:
    """Milliseconds, medians: of a NOOP, a look, everything in a cycle; of a NOOP and the question on a bare socket."""
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
        session.examine("INBOX")
        question = f'z LIST "" "*" RETURN (SPECIAL-USE STATUS {session._directory.status_items()})\r\n'.encode()
        bare = session.wire.sock
        alone: dict[str, Callable[[], object]] = {
            "noop": session.noop,
            "look": lambda: watch.look(session, cycle),
            "silence": lambda: _said(bare, b"z NOOP\r\n"),
            "asked": lambda: _said(bare, b"y NOOP\r\n" + question),
        }
        taken: dict[str, list[float]] = {name: [] for name in alone}
        for _ in range(TIMES):
            for name, run in alone.items():
                taken[name].append(timed(run))
        taken["cycle"] = [timed(lambda: go_round(office, session, lambda: now)) for _ in range(20)]
    office.close()
    return {name: statistics.median(times) * 1000 for name, times in taken.items()}


def _said(bare: socket.socket, command: bytes) -> None:
    """Until it was answered, however often it was asked; what is answered is not looked at."""
    bare.sendall(command)
    heard, ends = b"", [b"\n" + line[:1] + b" OK" for line in command.splitlines()]
    while not (heard.endswith(b"\r\n") and all(end in b"\n" + heard for end in ends)):
        heard += bare.recv(2**16)


if __name__ == "__main__":
    print(json.dumps(_measured()))  # noqa: T201
