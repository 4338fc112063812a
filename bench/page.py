"""The tables of docs/performance.md and its picture, made from bench/figures.json, where each measurement has its last figures."""

import json
import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bench import picture
from bench.bed import ROOT, Row

FIGURES, PAGE, PICTURE = (ROOT / name for name in ("bench/figures.json", "docs/performance.md", "docs/performance.svg"))
MESSAGES = 100_000  # what the goals are for; figures of another mailbox are not written down
_HELD = {True: "yes", False: "no", None: ""}
Figures = dict[str, Any]  # measurement → when, of which commit, under what load, on what machine, its rows


def measured(rows: Iterable[Row]) -> dict[str, Any]:
    """What is written down of one measurement."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return {
        "on": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit.stdout.strip(),
        "load": round(os.getloadavg()[0], 1),
        "machine": f"{machine}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        "rows": [asdict(row) for row in rows],
    }


def read() -> Figures:
    found: Figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return found


def write(figures: Figures, order: Sequence[str]) -> None:
    """The figures, the page, the picture."""
    ordered = {name: figures[name] for name in order if name in figures}
    FIGURES.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(filled(PAGE.read_text(), ordered))
    PICTURE.write_text(picture.draw(ordered))


def filled(page: str, figures: Figures) -> str:
    """The page with these figures between its marks."""
    for name, text in (("goals", goals(figures)), ("growth", growth(figures))):
        marks = re.compile(rf"(<!-- {name}: make bench -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        page = marks.sub(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)  # type: ignore[misc]
    return page


def goals(figures: Figures) -> str:
    """Every row that has a goal, in the order in which they are measured; and on what machine that was."""
    lines = [f"| what, on {MESSAGES:,} messages | goal | here | reached |", "| --- | --- | --- | --- |"]
    with_goal = [row for row in _rows(figures) if row["goal"]]
    lines += [f"| {r['what']} | {r['goal']} | {r['figure']} | {_HELD[r['held']]} |" for r in with_goal]
    return "\n".join((*lines, "", _where(figures.values())))


def growth(figures: Figures) -> str:
    """What is told of growth: no goal, a figure for each size."""
    lines = [f"| {r['what']} | {r['figure']} |" for r in _rows(figures) if not r["goal"]]
    return "\n".join(("| what | here |", "| --- | --- |", *lines))


def _rows(figures: Figures) -> list[Mapping[str, Any]]:
    return [row for found in figures.values() for row in found["rows"]]


def _where(found: Iterable[Mapping[str, Any]]) -> str:
    """The machine, and when it was how busy."""
    found = list(found)
    days, loads = sorted({one["on"] for one in found}), sorted(one["load"] for one in found)
    machines = "; ".join(dict.fromkeys(one["machine"] for one in found))
    if not found:
        return "Not measured yet."
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    commits = ", ".join(dict.fromkeys(one["commit"] for one in found))
    return f"{machines}; {when}, commit {commits}; load {loads[0]} to {loads[-1]}."
