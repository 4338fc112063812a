"""docs/proof.md, made from tests/proof/figures.json: what was tried, how often, when, and of which commit."""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FIGURES, PAGE = HERE / "figures.json", HERE.parents[1] / "docs" / "proof.md"
ORDER = ("smtp", "imap", "kills", "calls", "disk", "faults", "servers", "rules", "lives", "fuzz")
# What one of each is, and what must come of it.
MEANING = {
    "smtp": "The link breaks after each byte, in both directions, reset, ended or silent, in the open and within TLS: no "
    "outcome is a lie, nothing is sent again that may have left.",
    "imap": "The link to the mailbox breaks along a whole cycle: nothing leaves on half a look; one mail, one copy, one draft.",
    "kills": "SIGKILL at every system call of a cycle that shows outside of the process, in a file or on a socket: at most "
    "one mail a step, one copy, one draft; the database opens whole.",
    "calls": "The same at every system call, also those that nobody can notice: some hours.",
    "disk": "Every write of a cycle that sends fails, once or from then on: nothing twice, nothing dropped.",
    "faults": "Every other fault of [faults.md](faults.md), at each moment and with each seed.",
    "servers": "The same tests and the same whole days on Dovecot, Dovecot as Exchange and as Gmail, Cyrus with dots and "
    "with slashes, Courier.",
    "rules": "A rule is left out of the program on purpose: the simulated lives notice.",
    "lives": "A consultant's life with habits, crashes, cuts, restored backups and lost databases: no promise is broken.",
    "fuzz": "Foreign bytes into everything that reads them: nothing raises, nothing runs away.",
}


def recorded() -> dict[str, Any]:
    """What stands in figures.json: part → figures, seconds, date, commit."""
    found: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return found


def figures() -> dict[str, tuple[int, str]]:
    """What was tried → how often, and in which part."""
    return {what: (number, part) for part, row in recorded().items() for what, number in row["figures"].items()}


def page(found: dict[str, Any]) -> str:
    """The whole page."""
    rows = [_row(part, what, found[part]) for part in ORDER if part in found for what in sorted(found[part]["figures"])]
    meaning = [f"- `{part}`: {MEANING[part]}" for part in ORDER]
    return "\n".join([
        "# What was tried, and how often",
        "",
        "`make proof` runs all that takes longer than a commit can wait, for some hours on two cores, and writes this page:",
        "only what held is counted. `make proof ON=kills` runs one part, `COUNT=1000` that many lives. A plus at a commit:",
        "files differed from it.",
        "",
        "| how often | what | part | took | on | commit |",
        "| ---: | --- | --- | ---: | --- | --- |",
        *rows,
        "",
        *meaning,
        "",
        "What these figures prove of which promise, and what they do not: [promises.md](promises.md).",
        "",
    ])  # fmt: skip


def _row(part: str, what: str, row: dict[str, Any]) -> str:
    took = f"{row['seconds'] // 60} min" if row["seconds"] >= 120 else f"{row['seconds']} s"
    return f"| {row['figures'][what]:,} | {what} | `make proof ON={part}` | {took} | {row['date']} | {row['commit']} |"


if __name__ == "__main__":  # after a change of the words above
    PAGE.write_text(page(recorded()))
