"""docs/faults.md: each fault has its row, and each row names tests that exist, or says why there is none."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "faults.md"
FAULTS = [*map(str, range(1, 41)), "40a", "40b", "40c", *map(str, range(41, 91)), *(f"I{n}" for n in range(1, 11))]


def rows() -> list[tuple[str, str]]:
    """The number and the last cell of each row."""
    found = re.findall(r"^\| (I?\d+[a-c]?) \|.*\| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert found
    return found


@cache
def functions_of(path: str) -> frozenset[str]:
    """The test functions of a file; those of a state machine under its name as pytest shows it."""
    tree = ast.parse((ROOT / path).read_text())
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    machines = {ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)}
    return frozenset(name for name in functions | machines if name.lower().startswith("test"))


def test_every_fault_has_one_row() -> None:
    """None is left out, none stands twice."""
    assert sorted(number for number, _ in rows()) == sorted(FAULTS)


def test_every_row_names_a_test_or_says_why_not() -> None:
    """A row without a test must say in words what was done instead."""
    empty = [number for number, cell in rows() if "::" not in cell and len(cell.split()) < 8]
    assert empty == []


def test_every_named_test_exists() -> None:
    """`tests/x/test_y.py::test_z` is a function of that file."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text())
    assert named
    missing = [
        f"{path}::{name}" for path, name in named if not (ROOT / path).exists() or name not in functions_of(path)
    ]
    assert missing == []
    assert PAGE.read_text().count("::") == len(named)
