"""All that takes longer than a commit can wait: `make proof`, or `make proof ON="smtp kills"` some of it.

Each part that held is written into figures.json with what was tried, when, and of which commit; docs/proof.md is made from
that. A part that did not hold is shown, and its figures stay those of the last time that it did.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.proof import tally
from tests.proof.page import FIGURES, PAGE, page, recorded

ROOT = Path(__file__).parents[2]
_PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "worksteal")


@dataclass(frozen=True, slots=True)
class Part:
    """Commands that must all end with 0, run side by side. `figure`: what each counts for, where no test says it."""

    commands: tuple[tuple[str, ...], ...]
    moments: str = "1"  # as tests/proof/tally.py reads it
    figure: tuple[str, int] | None = None
    passed_as: str = ""  # the tests that passed are the figure


def parts(lives: int, seconds: int) -> dict[str, Part]:
    """Every part by its name, in the order in which they are run."""
    half = lives // 2
    play = (sys.executable, "-m", "tests.simulation")
    fuzz = (sys.executable, "-m", "tests.fuzz", "--seconds", str(seconds))
    return {
        "smtp": _tests("tests/test_smtp.py", "-k", "cut_at_every or silence_is_told or within_tls"),
        "servers": _tests(
            "tests/imap/test_contract.py", "tests/jobs/test_folders.py", passed_as="tests on six servers"
        ),
        "imap": _tests("tests/faults/test_cut.py"),
        "kills": _tests("tests/faults/test_killed.py", "-k", "killed_at"),
        "calls": _tests("tests/faults/test_killed.py", "-k", "killed_at", moments="all"),
        "disk": _tests("tests/faults/test_killed.py", "-k", "disk_that_fails"),
        "faults": _tests(
            "tests/faults",
            "--ignore=tests/faults/test_killed.py",
            "--ignore=tests/faults/test_cut.py",
            passed_as="tests of faults, each moment and seed",
        ),
        "rules": _tests(
            "tests/simulation/test_lives.py", "-k", "notices", passed_as="rules broken on purpose, and caught"
        ),
        "lives": Part(
            ((*play, "0", str(half)), (*play, str(half), str(lives - half))), figure=("lives simulated", lives)
        ),
        "fuzz": Part((fuzz,), figure=("seconds of fuzzing each reader", seconds)),
    }


def _tests(*words: str, moments: str = "1", passed_as: str = "") -> Part:
    return Part(((*_PYTEST, *words),), moments, passed_as=passed_as)


def main(words: Sequence[str]) -> int:
    """Runs the parts; 1 where one did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof")
    parser.add_argument("on", nargs="*", metavar="PART", help="default: all")
    parser.add_argument("--count", type=int, default=20_000, help="lives")
    parser.add_argument("--seconds", type=int, default=60, help="of fuzzing each reader")
    given = parser.parse_args(words)
    all_parts = parts(given.count, given.seconds)
    if unknown := set(given.on) - set(all_parts):
        parser.error(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(all_parts)}")
    failed = [name for name in given.on or all_parts if not _hold(name, all_parts[name])]
    _say(
        f"\nDid not hold: {', '.join(failed)}."
        if failed
        else f"\nAll held. {PAGE.relative_to(ROOT)} tells the figures."
    )
    return bool(failed)


def _hold(name: str, part: Part) -> bool:
    """Runs one part, and writes its figures down where it held."""
    _say(f"\n==== {name}")
    commit, began = _commit(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="followmail-proof-") as folder:
        environment = {**os.environ, "EVERY_MOMENT": part.moments, tally.FOLDER: folder, "PYTHONDONTWRITEBYTECODE": "1"}
        outputs = [Path(folder, f"{number}.out") for number in range(len(part.commands))]
        ends = _side_by_side(part.commands, outputs, environment)
        figures = dict(tally.read(Path(folder)))
        told = [path.read_text(errors="replace") for path in outputs]
    passed = _passed(told[0])
    if any(ends) or (part.passed_as and not passed):
        _say("\n".join(told))
        return False
    if part.passed_as:
        figures[part.passed_as] = passed
    if part.figure:
        figures[part.figure[0]] = part.figure[1]
    _write(name, {
        "figures": figures, "seconds": round(time.monotonic() - began), "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit,
    })  # fmt: skip
    _say("\n".join(f"{number:>9,} {what}" for what, number in figures.items()))
    return True


def _side_by_side(commands: Sequence[Sequence[str]], outputs: Sequence[Path], environment: dict[str, str]) -> list[int]:
    running = []
    for command, output in zip(commands, outputs, strict=True):
        with output.open("w") as file:
            running.append(subprocess.Popen(command, stdout=file, stderr=file, cwd=ROOT, env=environment))
    return [process.wait() for process in running]


def _passed(told: str) -> int:
    """How many tests pytest says have passed; 0 where one was left out."""
    words = (told.strip().splitlines() or [""])[-1].replace(",", "").split()
    complete = "passed" in words and not {"failed", "skipped"} & set(words)
    return int(words[words.index("passed") - 1]) if complete else 0


def _commit() -> str:
    """The commit that is tried, with a plus where files differ from it."""

    def git(*words: str) -> str:
        return subprocess.run(("git", *words), capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()

    own = (":!tests/proof/figures.json", ":!docs/proof.md")
    return git("rev-parse", "--short=8", "HEAD") + ("+" if git("status", "--porcelain", "--", ".", *own) else "")


def _write(name: str, row: dict[str, object]) -> None:
    found = recorded()
    found[name] = row
    FIGURES.write_text(json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    PAGE.write_text(page(found))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
