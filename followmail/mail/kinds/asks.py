"""Whether a sent mail asks something: a question, a request, an offer that awaits an answer. In doubt it does not."""

import re

from followmail.mail.kinds.statement import MAX_TEXT, Sentence, statement
from followmail.mail.kinds.words import fold, phrases

SECTION = "asks"

_WORD = re.compile(r"[^\W\d_]+")
_END = 1500  # characters: the end of a long text
_COURTESY_WORDS = 9  # "How are you, and how was your weekend?": a question of more words is one
_INVOICE = re.compile(r"\b(?:invoices?|rechnung\w*|factures?|facturas?|fattur[ae]|factuur|facturen|faturas?)\b")
_LINK = re.compile(r"\S*(?:://|www\.)\S*")


def asks(text: str, lang: str | None) -> str | None:
    """The question, request or offer in a new text, as evidence, or None. `lang` None: any language."""
    langs = () if lang is None else (lang,)
    text = _LINK.sub(" ", text[:20_000])
    # people ask in the beginning or in the end
    said = statement(text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - _END - 2]}\n\n{text[-_END:]}")
    return next((found for s in said.sentences if (found := _asked(s, langs)) is not None), None)


def _asked(sentence: Sentence, langs: tuple[str, ...]) -> str | None:
    offer = sentence.first(phrases(SECTION, "offer", *langs))
    if offer is not None and not _INVOICE.search(sentence.folded):
        return f"says '{sentence.quoted(offer)}'"
    if sentence.has(phrases(SECTION, "nothing", *langs)):
        # "let me know if you have questions" and the like; a question besides it counts all the same
        return None if not sentence.asks or _is_short(sentence) else _question(sentence, langs)
    if sentence.asks:
        return _question(sentence, langs)
    match = sentence.first(phrases(SECTION, "request", *langs))
    return f"says '{sentence.quoted(match)}'" if match else None


def _question(sentence: Sentence, langs: tuple[str, ...]) -> str | None:
    words = _WORD.findall(sentence.text)
    if not words or (
        len(words) <= _COURTESY_WORDS
        and phrases(SECTION, "courtesy", *langs).at(fold(sentence.text.lstrip("¿¡ -–\"'(")))
    ):
        return None
    return f"asks '{' '.join(sentence.text.split())[-80:]}'"


def _is_short(sentence: Sentence) -> bool:
    return len(_WORD.findall(sentence.text)) <= _COURTESY_WORDS
