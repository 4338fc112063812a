"""The word tables of the seven languages: `<language>.toml`, of which each section is read once, when first asked for.

A table has a section for each rule and lists of phrases under its keys. A phrase is written as people type it and
matched word by word on folded text (lower case, no accents), whatever blanks, commas, quotes or hyphens stand between:

    "out of the office"     these words in this order
    "back|returning on"     one of several words
    "i'm|i_am away"         a `_` is a blank inside such a choice
    "i am (currently) away" a word, or a choice of words, that may be missing
    "urlaub* bis"           a word that begins so (three letters or more)
    "please ... remove"     up to six other words between, in the same sentence; with ".." up to two
    "ticket #"              a number
    "delete @"              an address, where the rule marks addresses (`statement.py`)
    "stop {mailing}"        one of the words that `mailing` stands for in the table `[<section>.words]`
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from followmail.mail.kinds.words.phrase import Phrases

__all__ = ["LANGUAGES", "Phrases", "entries", "fold", "phrases", "table"]

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
_HEAD = re.compile(r"^(?=\[)", re.MULTILINE)
_CLASS = re.compile(r"\{([a-z-]+)\}")


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
    """Text to compare with phrases: lower case, no accents, plain quotes; as long as `text` where that is NFC."""
    return text.translate(_FOLDING) if text.isascii() else unicodedata.normalize("NFC", text).translate(_FOLDING)


@cache
def table(lang: str, section: str) -> Mapping[str, Any]:
    """A section of the table of a language: key → value. An unknown language has empty ones.

    Most mail needs few of them: what is never asked for is neither read nor kept.
    """
    if lang not in LANGUAGES:
        return {}
    parts = _HEAD.split(files(__name__).joinpath(f"{lang}.toml").read_text("utf-8"))
    wanted = "".join(part for part in parts if part.startswith((f"[{section}]", f"[{section}.")))
    read: dict[str, dict[str, Any]] = tomllib.loads(wanted)
    return read.get(section, {})


@cache
def entries(section: str, key: str, *langs: str) -> tuple[str, ...]:
    """The phrases under `[section] key` in these languages, or in all."""
    return tuple(dict.fromkeys(p for lang in langs or LANGUAGES for p in _written_out(table(lang, section), key)))


def _written_out(section: Mapping[str, Any], key: str) -> Iterator[str]:
    """The phrases with the words of each class in its place."""
    for phrase in section.get(key, ()):
        yield _CLASS.sub(lambda name: section["words"][name[1]], phrase)


@cache
def phrases(section: str, key: str, *langs: str) -> Phrases:
    """The same, ready to be looked for."""
    written = entries(section, key, *langs)
    # what folding leaves as it is stands in memory once
    return Phrases(tuple(p if p == folded else folded for p, folded in zip(written, map(fold, written), strict=True)))
