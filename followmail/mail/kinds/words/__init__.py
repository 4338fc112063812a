"""The word tables of the seven languages: `<language>.toml`, read once each, when first asked for.

A table has a section for each rule and lists of phrases under its keys. A phrase is written as people type it and matched
word by word on folded text (lower case, no accents), whatever blanks, commas, quotes or hyphens stand between the words:

    "out of the office"     these words in this order
    "back|returning on"     one of several words
    "i'm|i_am away"         a `_` is a blank inside such a choice
    "i am (currently) away" a word, or a choice of words, that may be missing
    "urlaub* bis"           a word that begins so (three letters or more)
    "please ... remove"     up to six other words between, in the same sentence
    "ticket #"              a number
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")

# what may stand between two words of a phrase: blanks, commas, quotes, hyphens, one line break; never the end of a sentence
_BETWEEN = r"(?=\W)[^\w.!?\n]{0,3}(?:\n[^\w.!?\n]{0,3})?"
_KEY = 3  # letters of a phrase's first word that it is filed under


class _Folding(dict[int, str]):
    """Code point → one folded character: lower case, no accent, plain apostrophe and blank."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = unicodedata.normalize("NFKD", char)[:1].lower() if char.isalpha() and char not in "ŀŉ" else char
        if char.isspace() and char != "\n":
            plain = " "
        self[code] = plain if len(plain) == 1 else char
        return self[code]


_FOLDING = _Folding({ord(c): "'" for c in "’‘`´ʼ"} | {ord(c): '"' for c in "“”„«»"} | {ord(c): "-" for c in "–—‐‑"})


def fold(text: str) -> str:
    """Text to compare with phrases: lower case, no accents, plain quotes. As long as `text`, character for character, where that is NFC."""
    return text.translate(_FOLDING) if text.isascii() else unicodedata.normalize("NFC", text).translate(_FOLDING)


@cache
def table(lang: str) -> Mapping[str, Mapping[str, Any]]:
    """The whole table of a language: section → key → value. An unknown language has an empty one."""
    if lang not in LANGUAGES:
        return {}
    return tomllib.loads(files(__name__).joinpath(f"{lang}.toml").read_text("utf-8"))


@cache
def entries(section: str, key: str, *langs: str) -> tuple[str, ...]:
    """The phrases under `[section] key` in these languages, or in all."""
    return tuple(dict.fromkeys(p for lang in langs or LANGUAGES for p in table(lang).get(section, {}).get(key, ())))


@cache
def phrases(section: str, key: str, *langs: str) -> "Phrases":
    """The same, ready to be looked for."""
    return Phrases(entries(section, key, *langs))


class Phrases:
    """Many phrases looked for at once: one look-up a word, and only what begins like that word is tried."""

    def __init__(self, phrases: tuple[str, ...]) -> None:
        self._filed: dict[str, list[str]] = {}
        for phrase in phrases:
            for firsts, pattern in _readings(fold(phrase).split()):
                for key in dict.fromkeys(first[:_KEY] for first in firsts):
                    self._filed.setdefault(key, []).append(pattern)
        for patterns in self._filed.values():
            patterns.sort(key=len, reverse=True)  # the longer phrase first: it says more

    def __bool__(self) -> bool:
        return bool(self._filed)

    @property
    def keys(self) -> frozenset[str]:
        """How the first words begin, three letters of each."""
        return frozenset(self._filed)

    def at(self, folded: str, position: int = 0) -> re.Match[str] | None:
        """The phrase that begins exactly here."""
        word = folded[position : position + _KEY]
        key = re.split(r"\W", word, maxsplit=1)[0]
        return self._try(key, folded, position)

    def each(self, folded: str) -> Iterator[re.Match[str]]:
        """All places where a phrase stands, in their order."""
        for word in re.finditer(r"\w+", folded):
            if (match := self._try(word[0][:_KEY], folded, word.start())) is not None:
                yield match

    def first(self, folded: str) -> str | None:
        """The first phrase that stands in the text, as it stands there."""
        return next((" ".join(match[0].split()) for match in self.each(folded)), None)

    def _try(self, key: str, folded: str, position: int) -> re.Match[str] | None:
        if key[:1].isdigit() and "#" in self._filed:
            key = "#"
        for pattern in self._filed.get(key, ()):
            if (match := _compiled(pattern).match(folded, position)) is not None:
                return match
        return None


# a phrase is compiled once, when a text has a word like its first
_compiled = cache(re.compile)


def _readings(items: list[str]) -> Iterator[tuple[list[str], str]]:
    """(first words, pattern) of a phrase; several where its first item may be missing."""
    head, rest = items[0], items[1:]
    choices = head.strip("()").split("|")
    firsts = [re.findall(r"\w+|#", choice.replace("_", " "))[0] for choice in choices]
    tail = "".join(_following(item) for item in rest)
    yield firsts, f"(?:{'|'.join(map(_choice, choices))}){tail}{_end(items[-1])}"
    if head.startswith("("):
        yield from _readings(rest)


def _following(item: str) -> str:
    if item == "...":
        return rf"(?:{_BETWEEN}\w+){{0,6}}?"
    options = "|".join(_choice(choice) for choice in item.strip("()").split("|"))
    return rf"(?:{_BETWEEN}(?:{options}))" + ("?" if item.startswith("(") else "")


def _choice(choice: str) -> str:
    words = re.findall(r"\w+\*?|#", choice.replace("_", " "))
    return _BETWEEN.join(r"\d+" if w == "#" else w[:-1] + r"\w*" if w.endswith("*") else w + r"(?!\w)" for w in words)


def _end(last: str) -> str:
    return "" if last == "..." else r"(?!\w)"
