"""The word tables: every entry can be looked for, and none says more than its rule wants."""

import pytest

from followmail.mail.kinds.words import LANGUAGES, entries, fold, phrases, table

PHRASES = [
    (lang, section, key)
    for lang in LANGUAGES
    for section, keys in table(lang).items()
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


def test_words_that_may_be_missing_may_stand_before_a_gap() -> None:
    """The phrase then begins with what is needed."""
    found = phrases("later", "anew", "en")
    assert found.first("please try again") == "again"
