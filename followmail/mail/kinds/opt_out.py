"""Whether a person wishes never to be written to again. A plain "no, thank you" is a reply."""

import re
from functools import cache
from itertools import product

from followmail.mail.kinds.statement import Sentence, Statement, statement
from followmail.mail.kinds.words import entries, fold, phrases
from followmail.mail.subject import base_subject

SECTION = "opt-out"
_COURTESIES = frozenset(
    (
        "please pls plz thanks thank you bitte danke dankeschon merci svp por favor gracias per favore grazie"
        " cortesia graag aub alstublieft obrigado obrigada sofort ya now sir madam"
    ).split()
)
# "Stop, there is a mistake on page 2": what may begin another sentence
_AMBIGUOUS = frozenset(
    "stop stopp just out basta cancel cancelar chega enough para pare paren parem parar schluss genug eliminar delete"
    " streichen elimina assez borrar no non"
    " ca es jetzt ya annulla cancellare löschen loschen entfernen sair genoeg stoppen arretez".split()
)
_CLAUSE = re.compile(r"[,;:]|\s-\s")
_WORDS = re.compile(r"[^\W_]+")


def asks_to_stop(text: str, subject: str, lang: str | None) -> str | None:
    """The words by which the author of a new text asks it, as evidence, or None. `lang` None: any language."""
    said = statement(text)
    bare = _bare(said.text) or _first_bare(said) if said.sentences else _bare(base_subject(subject))
    if bare:
        return f"says only '{bare}'"
    langs = _languages(lang)
    if goes_on(text, lang):
        return None
    return next((found for s in said.sentences if (found := _wish(s, langs)) is not None), None)


def goes_on(text: str, lang: str | None) -> bool:
    """Whether the author speaks of going on, or of where to write instead: "no need to write again, I sign tomorrow"."""
    said, langs = statement(text), _languages(lang)
    return said.whole.has(phrases(SECTION, "elsewhere", *langs)) or _wants_to_go_on(said, langs)


def _languages(lang: str | None) -> tuple[str, ...]:
    return () if lang is None else ("en", lang)


def _wish(sentence: Sentence, langs: tuple[str, ...]) -> str | None:
    if sentence.has(phrases(SECTION, "unless", *langs)):
        return None
    for match in phrases(SECTION, "stop", *langs).each(sentence.folded):
        clause = sentence.folded[: _clause_end(sentence, match.end())]
        another = next(phrases(SECTION, "object", *langs).each(clause), None)
        if another is None and not _negated(sentence.folded[: match.start()]):
            return f"says '{sentence.quoted(match)}'"
    return None


def _clause_end(sentence: Sentence, start: int) -> int:
    """Where the next comma or dash stands: what comes after it is another matter."""
    found = _CLAUSE.search(sentence.folded, start)
    return found.start() if found else len(sentence.folded)


def _wants_to_go_on(said: Statement, langs: tuple[str, ...]) -> bool:
    return any(
        not _negated(s.folded[: m.start()])
        for s in said.sentences
        for m in phrases(SECTION, "interest", *langs).each(s.folded)
    )


def _negated(before: str) -> bool:
    """ "don't" right before, "please don't": the words that follow are not wanted."""
    match = _negations().search(before[-60:])
    return match is not None and not before[-60:][: match.start()].endswith(
        ("why ", "can ", "could ", "warum ", "wieso ")
    )


@cache
def _negations() -> re.Pattern[str]:
    words = "|".join(re.escape(fold(w)) for w in sorted(entries(SECTION, "negated"), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{words})(?:[^\w.,;:!?\n]+\w+){{0,2}}[^\w.,;:!?\n]+$")


def _bare(text: str) -> str | None:
    """A text that is a wish and nothing else, a courtesy before or after it aside."""
    if len(text) > 80 or text.rstrip().endswith("?"):
        return None
    words = _WORDS.findall(fold(text))
    while words and words[0] in _COURTESIES:
        words.pop(0)
    if " ".join(words) in _bare_wishes():
        return text.strip()
    while words and words[-1] in _COURTESIES:
        words.pop()
    return text.strip() if " ".join(words) in _bare_wishes() else None


def _first_bare(said: Statement) -> str | None:
    """ "Remove. How did you get my address?", "… I said no. Stop.": the first or last sentence says all."""
    first, last = said.sentences[0].text, said.sentences[-1].text
    begins = _WORDS.findall(fold(first))[:1]
    return (_bare(first) if begins and begins[0] not in _AMBIGUOUS else None) or _bare(last)


@cache
def _bare_wishes() -> frozenset[str]:
    return frozenset(wish for phrase in entries(SECTION, "bare") for wish in _readings(fold(phrase).split()))


def _readings(items: list[str]) -> list[str]:
    """All that a phrase of choices and words in brackets can be."""
    options = [item.strip("()").split("|") + ([""] if item.startswith("(") else []) for item in items]
    return [" ".join(_WORDS.findall(" ".join(words).replace("_", " "))) for words in product(*options)]
