"""`python -m bench [NAME…]`: makes a mailbox, measures, prints the table.

--messages N   in the mailbox (100,000)
--rounds N     turns for each contender (5)
--json FILE    also write the figures there
--picture FILE draw them (docs/performance.svg)
"""

import argparse
import importlib
import json
import os
import platform
import sqlite3
import sys
from dataclasses import asdict
from pathlib import Path

from bench import picture
from bench.bed import Row, open_bed

# Each is a file here with `measure(bed)`; in the order of the table.
MEASUREMENTS = (
    "first_plan", "whole_index", "far_server", "idle_cycle", "reply", "due", "sending", "process", "full_cycle",
)  # fmt: skip


def main() -> None:
    """Runs the measurements that are named, else all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast it is.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}; all without one")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path)
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(MEASUREMENTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    with open_bed(wanted.messages, wanted.rounds, _say) as bed:
        for name in wanted.names or MEASUREMENTS:
            _say(f"measuring {name} …")
            rows += importlib.import_module(f"bench.{name}").measure(bed)
    print(_table(rows, wanted.messages))  # noqa: T201
    if wanted.json:
        wanted.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    if wanted.picture:
        wanted.picture.write_text(picture.draw({row.what: row.values for row in rows if row.values}, wanted.messages))


def _table(rows: list[Row], messages: int) -> str:
    """The rows as a table in Markdown, and the machine on which they were measured."""
    held = {True: "yes", False: "no", None: ""}
    lines = [f"| what, on {messages:,} messages | goal | here | reached |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.goal} | {row.figure} | {held[row.held]} |" for row in rows]
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return "\n".join((*lines, "", f"{machine}, {versions}; load {os.getloadavg()[0]:.1f} at the end."))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
