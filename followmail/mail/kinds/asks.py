"""Whether a sent mail asks something: a question, a request, an offer that awaits an answer. In doubt it does not."""

import re
from itertools import zip_longest

from followmail.mail.kinds.statement import MAX_TEXT, Sentence, statement
from followmail.mail.kinds.words import fold, phrases

SECTION = "asks"

_WORD = re.compile(r"[^\W\d_]+")
_END = 1500  # characters: the end of a long text
_COURTESY_WORDS = 9  # "How are you, and how was your weekend?": a question of more words is one
_TAG_WORDS = 4
_PAUSES = ("", ",", ".", "!", ":", ";")
_LEAD = "¿¡ -–\"'(:"
_INVOICE = re.compile(r"\b(?:invoices?|rechnung\w*|factures?|facturas?|fattur[ae]|factuur|facturen|faturas?)\b")
_LINK = re.compile(r"\S*(?:://|www\.)\S*")
_QUOTED = re.compile(r"[\"“„”«][^\"“„”«»]{2,300}[?.!…]\s?[\"“”»]")  # somebody's words


def asks(text: str, lang: str | None, offers: bool = True) -> str | None:
    """The question, request or (unless told not) offer in a new text, as evidence, or None. `lang` None: any language.

    With the offers goes what an answer says, too, and asks nothing by it: that something is missing or awaited.
    """
    langs = () if lang is None else (lang,)
    text = _QUOTED.sub(" ", _LINK.sub(" ", text[:20_000]))
    # people ask in the beginning or in the end
    said = statement(text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - _END - 2]}\n\n{text[-_END:]}").sentences
    pairs = zip_longest(said, said[1:])
    return next((found for s, after in pairs if (found := _asked(s, after, langs, offers)) is not None), None)


def _asked(sentence: Sentence, after: Sentence | None, langs: tuple[str, ...], offers: bool) -> str | None:
    offer = sentence.first(phrases(SECTION, "offer", *langs)) if offers else None
    if offer is not None and not _INVOICE.search(sentence.folded):
        return f"says '{sentence.quoted(offer)}'"
    if sentence.asks and not _is_rhetorical(sentence, after, langs) and not _is_invitation(sentence, langs):
        return _question(sentence, langs)
    return _unmarked(sentence, langs, ("request", "awaits") if offers else ("request",))


def _unmarked(sentence: Sentence, langs: tuple[str, ...], keys: tuple[str, ...]) -> str | None:
    """What is asked without a question mark, by phrases under these keys."""
    asked = _begins(sentence.folded, "unmarked", langs)
    said = [match for key in keys for match in phrases(SECTION, key, *langs).each(sentence.folded)]
    if not (asked or said) or any(sentence.has(phrases(SECTION, key, *langs)) for key in ("told", "rhetorical")):
        return None
    nothing = [m.span() for m in phrases(SECTION, "nothing", *langs).each(sentence.folded)]
    if asked and not nothing:
        return _question(sentence, langs)
    besides = (m for m in said if not any(m.start() < end and begin < m.end() for begin, end in nothing))
    return next((f"says '{sentence.quoted(match)}'" for match in besides), None)


def _is_rhetorical(question: Sentence, after: Sentence | None, langs: tuple[str, ...]) -> bool:
    """It awaits no answer: a figure of speech, told of somebody, a statement with a tag, or answered at once."""
    tag = question.folded.rpartition(",")[2].strip(_LEAD + "?!) ")
    return (
        question.has(phrases(SECTION, "rhetorical", *langs))
        or question.has(phrases(SECTION, "told", *langs))
        or ("," in question.folded and len(tag.split()) <= _TAG_WORDS and _begins(tag, "tag", langs))
        or (after is not None and _answers(after, langs))
    )


def _answers(sentence: Sentence, langs: tuple[str, ...]) -> bool:
    """ "Because …", "The answer is …", "Yes, …"."""
    if sentence.asks:
        return False
    said = sentence.folded.lstrip(_LEAD)
    word = phrases(SECTION, "yes-or-no", *langs).at(said)
    return _begins(said, "answered", langs) or (word is not None and said[word.end() : word.end() + 1] in _PAUSES)


def _begins(folded: str, key: str, langs: tuple[str, ...]) -> bool:
    return phrases(SECTION, key, *langs).at(folded.lstrip(_LEAD)) is not None


def _question(sentence: Sentence, langs: tuple[str, ...]) -> str | None:
    words = _WORD.findall(sentence.text)
    if not words or (len(words) <= _COURTESY_WORDS and _begins(fold(sentence.text), "courtesy", langs)):
        return None
    return f"asks '{' '.join(sentence.text.split())[-80:]}'"


def _is_invitation(sentence: Sentence, langs: tuple[str, ...]) -> bool:
    """ "Any questions? Let me know" and the like; a question besides it counts all the same."""
    return len(_WORD.findall(sentence.text)) <= _COURTESY_WORDS and sentence.has(phrases(SECTION, "nothing", *langs))
