"""What a word means, whatever the language: `remove`, `gelöscht` and `cancellare` are one sense.

The senses stand in the word tables under `[senses]`, the same ones in every language. A word may have several of them,
for it may be a word of several languages; a word of no weight has none.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from followmail.mail.kinds.words import LANGUAGES, fold, table

SECTION = "senses"

_KEY = 3  # letters; no beginning is shorter


def senses(word: str) -> tuple[str, ...]:
    """The senses of a folded word; of "l'offre" those of "offre", unless the whole has some."""
    words, beginnings = _known()
    found = dict.fromkeys(words.get(word, ()))
    for beginning, some in beginnings.get(word[:_KEY], ()):
        if word.startswith(beginning):
            found.update(dict.fromkeys(some))
    if not found and "'" in word:
        return senses(word.rpartition("'")[2])
    return tuple(found)


@cache
def _known() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, list[tuple[str, tuple[str, ...]]]]]:
    """(word → senses, three letters → how words begin with them, and the senses of these), of all languages."""
    found: dict[str, tuple[str, ...]] = {}
    for sense, word in _listed():
        known = found.get(word, ())
        found[word] = known if sense in known else (*known, sense)
    beginnings: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for word in [word for word in found if word.endswith("*")]:
        beginnings.setdefault(word[:_KEY], []).append((word[:-1], found.pop(word)))
    return found, beginnings


def _listed() -> Iterator[tuple[str, str]]:
    for lang in LANGUAGES:
        for sense, words in table(lang, SECTION).items():
            for word in fold(words).split():
                yield f"<{sense}", word  # no word begins so
