"""The word tables: every entry can be looked for, and none says more than its rule wants."""

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from followmail.mail.kinds.words import LANGUAGES, entries, fold, phrases, table


def _whole(lang: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("followmail.mail.kinds.words").joinpath(f"{lang}.toml").read_text("utf-8"))


PHRASES = [
    (lang, section, key)
    for lang in LANGUAGES
    for section, keys in _whole(lang).items()
    if section not in ("names", "language")
    for key, value in keys.items()
    if isinstance(value, list) and key not in ("months", "weekdays", "short-weekdays", "numbers")
]


@pytest.mark.parametrize(("lang", "section", "key"), PHRASES)
def test_every_entry_can_be_looked_for(lang: str, section: str, key: str) -> None:
    """An entry that cannot be read would break the reading of all mail; one of gaps alone would match it."""
    found = phrases(section, key, lang)
    assert len(list(found.each(fold("Ein Wort, un mot, una palabra, a word.")))) <= 9
    for entry in entries(section, key, lang):
        needed = [item for item in entry.split() if item != "..." and not item.startswith("(")]
        assert needed, entry
        assert not entry.startswith("..."), entry


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_sections_that_are_read_one_by_one_are_the_whole_table(lang: str) -> None:
    """A language has no section that cannot be asked for; of one that is unknown, all are empty."""
    whole = _whole(lang)
    assert {section: table(lang, section) for section in whole} == whole
    assert table("xx", "asks") == table(lang, "no-such-section") == {}


def test_words_that_may_be_missing_may_stand_before_a_gap() -> None:
    """The phrase then begins with what is needed."""
    found = phrases("later", "anew", "en")
    assert found.first("please try again") == "again"
