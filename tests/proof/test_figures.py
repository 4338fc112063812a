"""The figures that are told are those of a run: the README's, and the page's."""

import re
from pathlib import Path

import pytest

from tests.proof import tally
from tests.proof.__main__ import _passed, parts
from tests.proof.page import MEANING, ORDER, PAGE, figures, page, recorded

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_was_recorded() -> None:
    """docs/proof.md is made from figures.json and never written by hand."""
    assert PAGE.read_text() == page(recorded())


def test_every_figure_of_the_readme_is_recorded_with_its_command() -> None:
    """A number in its table stands in figures.json, for the same words, and comes from the part of that command."""
    told = re.findall(r"^\| ([\d,]+) \| (.+?) \| `make proof ON=(\w+)` \|$", (ROOT / "README.md").read_text(), re.M)
    assert told
    known = figures()
    assert {what: (int(number.replace(",", "")), part) for number, what, part in told} == {
        what: known.get(what) for _, what, _ in told
    }


def test_every_part_has_its_meaning_and_no_other() -> None:
    """What the page explains is what can be run; each figure says when, and of which commit."""
    assert set(ORDER) == set(MEANING) == set(parts(2, 1))
    for row in recorded().values():
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row["date"])
        assert re.fullmatch(r"[0-9a-f]{8}\+?", row["commit"])
        assert all(number > 0 for number in row["figures"].values())


def test_what_was_tried_adds_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over calls and over processes; where nobody collects, nothing is written."""
    monkeypatch.delenv(tally.FOLDER, raising=False)
    tally.tried("kills")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv(tally.FOLDER, str(tmp_path))
    tally.tried("kills")
    tally.tried("kills", 3)
    tally.tried("cuts of a link", 2)
    (tmp_path / "1.tally").write_text("5 kills\n")
    assert tally.read(tmp_path) == {"kills": 9, "cuts of a link": 2}


@pytest.mark.parametrize(
    ("told", "passed"),
    [
        ("....\n263 passed in 102.31s (0:01:42)\n", 263),
        ("..s\n2 passed, 1 skipped in 3.00s\n", 0),
        ("..F\n1 failed, 2 passed in 3.00s\n", 0),
        ("no tests ran in 0.01s\n", 0),
        ("", 0),
    ],
)
def test_what_was_left_out_is_no_figure(told: str, passed: int) -> None:
    """A skipped test proves nothing, so the whole part does not."""
    assert _passed(told) == passed
