"""How much was tried: a test says it here, and a run of all proofs reads it.

tried("cuts of an SMTP dialogue", len(places))
"""

import os
from collections import Counter
from pathlib import Path

# The folder in which a run of all proofs collects what its processes say; without one nothing is written.
FOLDER = "PROOF_TALLY"


def tried(what: str, number: int = 1) -> None:
    """So many more of this were tried, and came out as promised."""
    if folder := os.environ.get(FOLDER):
        with (Path(folder) / f"{os.getpid()}.tally").open("a") as file:
            file.write(f"{number} {what}\n")


def every_moment() -> bool:
    """Whether every moment is to be tried that is noticed outside, and not only samples of them."""
    return os.environ.get("EVERY_MOMENT") in ("1", "all")


def every_call() -> bool:
    """Whether each system call is to be tried, also those that nobody outside can notice."""
    return os.environ.get("EVERY_MOMENT") == "all"


def read(folder: Path) -> Counter[str]:
    """What was tried, how often, by all processes that wrote into the folder."""
    found = Counter[str]()
    for path in folder.glob("*.tally"):
        for line in path.read_text().splitlines():
            number, _, what = line.partition(" ")
            found[what] += int(number)
    return found
