"""docs/promises.md: each promise has its mechanism, its proof, and what it does not cover; all that is named is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.proof.__main__ import parts

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n\n(.+?)(?=\n## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


@cache
def functions_of(path: str) -> frozenset[str]:
    """The tests of a file; a state machine under its name as pytest shows it."""
    tree = ast.parse((ROOT / path).read_text())
    found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    found |= {ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)}
    return frozenset(name for name in found if name.lower().startswith("test"))


def test_every_promise_of_the_readme_has_its_part() -> None:
    """In the same order, under the same sentence; what follows them is no promise of the README."""
    promised = re.findall(r"^\d+\. \*\*(.+?)\.\*\*", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert list(SECTIONS)[: len(promised)] == promised
    for promise in promised:
        name = "test_" + re.sub(r"[^a-z0-9]+", "_", promise.lower())
        assert f"`tests/test_promises.py::{name}`" in SECTIONS[promise]


@pytest.mark.parametrize("promise", SECTIONS)
def test_it_says_how_what_shows_it_and_what_not(promise: str) -> None:
    """Three lines each: a mechanism with a function, a proof with a test and a command, and a limit in words."""
    kept, proof, limits = re.fullmatch(
        r"(?:.*?\n\n)?- Kept by: (.+?)\n- Proof: (.+?)\n- Not covered: (.+?)\n*", SECTIONS[promise], re.DOTALL
    ).groups()  # type: ignore[union-attr]
    assert re.search(r"`\w+(\.\w+)+`", kept)
    assert "::test_" in proof or "::Test" in proof
    assert re.search(r"`make \w+", proof)
    assert len(limits.split()) > 5


def test_every_named_test_and_command_exists() -> None:
    """Modules and functions are held to it by tests/test_repository.py."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 30
    assert PAGE.count("::") == len(named)
    assert [f"{path}::{name}" for path, name in named if name not in functions_of(path)] == []
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = re.findall(r"`make (\w+)(?: ON=(\w+))?`", PAGE)
    assert {target for target, _ in commands} <= targets
    assert {part for _, part in commands if part} <= set(parts(2, 1))
