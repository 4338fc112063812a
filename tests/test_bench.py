"""The page about speed tells what was measured, and nothing else."""

import importlib

import pytest

from bench import page, picture
from bench.__main__ import MEASUREMENTS


def test_the_page_and_its_picture_are_made_from_the_figures() -> None:
    """`make bench` writes all three."""
    figures = page.read()
    assert page.filled(page.PAGE.read_text(), figures) == page.PAGE.read_text()
    assert picture.draw(figures) == page.PICTURE.read_text()


def test_every_measurement_has_its_figures_in_the_order_of_the_table() -> None:
    """None is left out because it would not look well."""
    assert tuple(page.read()) == MEASUREMENTS


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_measurement_can_be_asked_for(name: str) -> None:
    """A name is a module here that measures."""
    assert callable(importlib.import_module(f"bench.{name}").measure)


def test_what_is_measured_anew_takes_the_place_of_what_was() -> None:
    """The rest of the page stays."""
    row = {"what": "a thing", "goal": "≤ 2", "figure": "1", "held": True, "values": {}}
    measured = {"on": "2026-11-23", "commit": "abc", "load": 0.5, "machine": "one", "rows": [row]}
    before = "Above.\n<!-- goals: make bench -->\nold\n<!-- /goals -->\nBelow.\n"
    filled = page.filled(before, {"reply": measured})
    assert "| a thing | ≤ 2 | 1 | yes |" in filled and "old" not in filled
    assert filled.startswith("Above.\n") and filled.endswith("-->\nBelow.\n")
    assert page.filled(filled, {"reply": measured}) == filled
