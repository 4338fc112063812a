"""Weighs a mail that a person wrote: the words from which its need is read."""

import re
from datetime import date

from followmail.mail import dates
from followmail.mail.kinds.asks import asks
from followmail.mail.kinds.introduction import refers
from followmail.mail.kinds.statement import Statement, statement
from followmail.mail.kinds.verdict import Kind
from followmail.mail.kinds.words import entries, fold, phrases
from followmail.mail.need import Need

SECTION = "need"
MAX_ASKED = 160  # characters of what they asked

_SETTLED_WORDS = 25  # a text of more words says more than that all is well
_DECLINED_WORDS = 60
_SENTENCES = 40
_WORD = re.compile(r"[^\W\d_]{3,}")
_ANY_DAY = date(2000, 1, 3)  # which day a time means is not asked


def need_of(kind: Kind | None, text: str, lang: str | None) -> tuple[Need, str]:
    """(what it needs, the sentence that says so). `text`: what its author newly wrote; in doubt it needs an answer.

    Who puts off and asks nothing, only thanks, or wants no more mail needs none; nor does a machine.
    """
    said = statement(text)
    if kind not in (Kind.REPLY, Kind.WRONG_PERSON, Kind.LATER) or not said.text:
        return Need.NOTHING, ""
    if question := _question(said, lang) or (kind is not Kind.LATER and _request(said, lang)):
        return Need.QUESTION, _line(question)
    if kind is Kind.LATER or _is_settled(said, lang):
        return Need.NOTHING, ""
    first = next((s.text for s in said.sentences), "")
    if said.words <= _DECLINED_WORDS and said.whole.has(phrases(SECTION, "declines", *_langs(lang))):
        return Need.COURTESY, _line(first)
    return (Need.REFERRAL if refers(text, lang) else Need.ANSWER), _line(first)


def _langs(lang: str | None) -> tuple[str, ...]:
    return () if lang is None else (lang, "en")


def _question(said: Statement, lang: str | None) -> str | None:
    """The first sentence with a question mark that asks something."""
    asking = (s.text for s in said.sentences[:_SENTENCES] if s.asks)
    return next((text for text in asking if asks(text, lang) is not None), None)


def _request(said: Statement, lang: str | None) -> str | None:
    """The first sentence that asks for something without a question mark; a formula or a no does not."""
    langs = _langs(lang)
    request = phrases(SECTION, "request", *langs)
    others = (phrases(SECTION, "formal", *langs), phrases(SECTION, "declines", *langs))
    sentences = (s for s in said.sentences[:_SENTENCES] if not s.asks and s.has(request))
    return next((s.text for s in sentences if not any(map(s.has, others))), None)


def _is_settled(said: Statement, lang: str | None) -> bool:
    """Nothing but thanks and "see you on Thursday": every word is of such a phrase, or of no weight."""
    if said.words > _SETTLED_WORDS:
        return False
    folded, langs = said.whole.folded, _langs(lang)
    tables = (phrases(SECTION, "settled", *langs), phrases("later", "ack", *langs))
    said_so = [match.span() for table in tables for match in table.each(folded)]
    for start, end in (*said_so, *(named.span for named in dates.every(said.text, lang, _ANY_DAY))):
        folded = folded[:start] + " " * (end - start) + folded[end:]
    listed = (*entries("later", "filler", *langs), *entries(SECTION, "light", *langs))
    light = {part for word in listed for part in _WORD.findall(fold(word))}
    return bool(said_so) and all(word in light for word in _WORD.findall(folded))


def _line(sentence: str) -> str:
    """A sentence as one line, cut between words where it is long."""
    line = " ".join(sentence.split())
    if len(line) <= MAX_ASKED:
        return line
    return line[: MAX_ASKED - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
