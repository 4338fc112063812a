"""Whether a new text makes somebody known to the reader: "Anna introduces Carla". In doubt not."""

import re
from collections.abc import Iterable

from followmail.mail.kinds.statement import Sentence, statement
from followmail.mail.kinds.words import fold, phrases

SECTION = "introduction"

_WORD = re.compile(r"[^\W\d_]{3,}")
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")


def introduces(text: str, names: Iterable[str], lang: str | None) -> str | None:
    """The words by which a new text introduces people, as evidence, or None.

    `names`: the display names of those who could be meant; `lang` None: any language. Words that mean little by
    themselves ("meet", "in copy") count only in a sentence that names one of them.
    """
    langs = () if lang is None else (lang, "en")
    wanted = frozenset(word for name in names for word in _WORD.findall(fold(name)))
    for sentence in statement(text).sentences:
        words = _sure(sentence, langs) or _presented(sentence, wanted, langs)
        if words:
            return f"says '{words}'"
    return None


def refers(text: str, lang: str | None) -> str | None:
    """The words by which the author says that somebody sent them, as evidence, or None."""
    langs = () if lang is None else (lang, "en")
    table = phrases(SECTION, "referral", *langs)
    found = ((s, s.first(table)) for s in statement(text).sentences[:12])
    return next((f"says '{s.quoted(match)}'" for s, match in found if match), None)


def _sure(sentence: Sentence, langs: tuple[str, ...]) -> str | None:
    match = sentence.first(phrases(SECTION, "sure", *langs))
    return sentence.quoted(match) if match else None


def _presented(sentence: Sentence, wanted: frozenset[str], langs: tuple[str, ...]) -> str | None:
    if not wanted.intersection(_WORD.findall(fold(_ADDRESS.sub(" ", sentence.text)))):
        return None
    match = sentence.first(phrases(SECTION, "presents", *langs))
    return sentence.quoted(match) if match else None
