"""Lives from a seed: no promise is ever broken, and a broken rule is noticed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.broken import RULES, without
from tests.simulation.life import kept
from tests.simulation.machine import room
from tests.simulation.script import script
from tests.simulation.shrink import shortest

LIVES = 200  # so many fit into a check of a quarter of an hour; `make lives` plays 20,000
AT_ONCE = 10


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder for lives."""
    with room() as folder:
        yield Path(folder)


@pytest.mark.parametrize("first", range(0, LIVES, AT_ONCE))
def test_no_life_breaks_a_promise(first: int, home: Path) -> None:
    """Faults, habits and misfortunes at random: nobody is mailed who should not be, nothing twice, nothing lost."""
    said = {seed: kept(script(seed), home / "life") for seed in range(first, first + AT_ONCE)}
    assert not {seed: text for seed, text in said.items() if text}


@pytest.mark.parametrize("rule", RULES)
def test_a_life_notices_when_this_rule_is_left_out(rule: str, home: Path) -> None:
    """Within these lives; else they prove nothing about it."""
    with without(rule):
        assert any(kept(script(seed), home / "life") for seed in range(LIVES)), f"nobody noticed: {rule}"


def test_the_same_seed_is_the_same_life(home: Path) -> None:
    """A failing seed replays exactly, or it would be no use."""
    with without("an answer ends it"):
        seed = next(s for s in range(LIVES) if kept(script(s), home / "life"))
        assert kept(script(seed), home / "life") == kept(script(seed), home / "again")


def test_a_failing_life_shrinks(home: Path) -> None:
    """To a script that a person can read, and that still breaks the promise."""
    with without("an answer ends it"):
        life = next(script(s) for s in range(LIVES) if kept(script(s), home / "life"))
        short = shortest(life, home / "life")
        assert kept(short, home / "life")
    assert len(short.actions) < len(life.actions) / 4
    assert not kept(short, home / "life"), "with the rule in place the same life breaks nothing"
