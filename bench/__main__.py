"""`python -m bench [NAME…]`: makes a mailbox, measures, prints the table.

--messages N   in the mailbox (100,000)
--rounds N     turns for each contender (5)
--million      growth also on a mailbox ten times as big: some minutes, and 8 GB on the disk
--page         write the figures down, and into docs/performance.md; those that are not measured now stay
"""

import argparse
import importlib
import sys

from bench import page
from bench.bed import open_bed

# Each is a file here with `measure(bed)`; in the order of the table.
MEASUREMENTS = (
    "first_plan", "whole_index", "far_server", "idle_cycle", "reply", "due", "sending", "process", "full_cycle", "growth",
)  # fmt: skip


def main() -> None:
    """Runs the measurements that are named, else all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast it is.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}; all without one")
    parser.add_argument("--messages", type=int, default=page.MESSAGES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--page", action="store_true")
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(MEASUREMENTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    if wanted.page and wanted.messages != page.MESSAGES:
        parser.error(f"the page tells of {page.MESSAGES:,} messages")
    found: page.Figures = {}
    with open_bed(wanted.messages, wanted.rounds, _say, wanted.million) as bed:
        for name in wanted.names or MEASUREMENTS:
            _say(f"measuring {name} …")
            found[name] = page.measured(importlib.import_module(f"bench.{name}").measure(bed))
            if wanted.page:
                page.write(page.read() | found, MEASUREMENTS)
    told = page.goals(found).replace(f"{page.MESSAGES:,}", f"{wanted.messages:,}", 1)
    print(f"{told}\n\n{page.growth(found)}")  # noqa: T201


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
