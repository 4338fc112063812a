"""Whether a person says that somebody else is the one to write to, and to which address."""

import re

from followmail.mail.identity import is_address
from followmail.mail.kinds.statement import Sentence, Statement, statement
from followmail.mail.kinds.words import fold, phrases

SECTION = "wrong-person"

_SHORT = 45  # words of a text that says no more than whom to turn to

_ADDRESS = re.compile(
    r"(?<![\w.+@-])([\w.+'-]{1,64})(?:@| ?[(\[{] ?(?:at|ät|arobase|arroba|chiocciola|apenstaartje|klammeraffe"
    r"|@) ?[)\]}] ?)((?:[\w-]{1,63}\.){1,6}[a-z]{2,24})",
    re.I,
)
_NOT = re.compile(r"(?:\b(?:not|nicht|pas|ne|no|non|niet|nao|n't|isn't|keine?)\W+(?:\w+\W+)?)$")
# what is sent elsewhere while the talk goes on here
_PAPER = re.compile(
    r"\b(?:invoices?|bills?|contract|quote|offer|proposal|po|rechnung(?:en)?|vertrag|angebot|factures?"
    r"|devis|contrat|facturas?|presupuesto|contrato|fattur[ae]|preventivo|contratto|factuur|facturen|offerte|faturas?"
    r"|orcamento|proposta|invite|invitation|einladung)\b"
)
# an assistant who finds a date is no other person to talk to
_DATE = re.compile(
    r"\b(?:assistant\w*|assistent\w*|assistenz|secretar\w*|sekretar\w*|segretari\w*|appointments?|slots?|date|schedule"
    r"|calendar|termin\w*|kalender|rendez-vous|agenda|cita|reunion|appuntamento|afspraak|reuniao|horario)\b"
)
# who does it themselves
_OURSELVES = re.compile(r"\b(?:i|we|i'll|we'll|i'd|will|to|ich|wir|ik|wij|je|nous|eu|yo|io)\W+(?:\w+\W+)?$")
# an article or a title may stand before a name
_NAME = re.compile(
    r"\W{1,3}(?:(?i:the|de|het|den|die|der|dem|an|el|la|le|il|lo|o|a|ao|al|à|au|com|do|da|don|doña|dona|mr|mrs|ms|dr|sr|sra"
    r"|dhr|mevr|mevrouw|meneer|sig|m|mme)\.?\s+){0,2}[^\W\d_a-zà-ÿ]\w"
)


def proposes(text: str, lang: str | None) -> tuple[str, str | None] | None:
    """(evidence, the first address proposed or None), where the author of a new text is not the one; else None."""
    if _is_the_one(text, lang):
        return None
    said, langs = statement(text), _languages(lang)
    contact = address_in(said.text)
    not_me = None if said.whole.has(phrases(SECTION, "opinion", *langs)) else _not_me(said, langs)
    words = not_me or (contact and _redirect(said, langs)) or _sends_elsewhere(said, contact, langs)
    return (f"says '{words}'", contact) if words else None


def _is_the_one(text: str, lang: str | None) -> bool:
    """ "I am the one to talk to": whoever else is named."""
    whole = statement(text).whole
    said = phrases(SECTION, "me", *_languages(lang)).each(whole.folded)
    return any(not _NOT.search(whole.folded[: match.start()]) for match in said)


def _languages(lang: str | None) -> tuple[str, ...]:
    return () if lang is None else ("en", lang)


def _not_me(said: Statement, langs: tuple[str, ...]) -> str | None:
    return next(
        (s.quoted(m) for s in said.sentences if not s.asks and (m := s.first(phrases(SECTION, "not_me", *langs)))), None
    )


def _redirect(said: Statement, langs: tuple[str, ...]) -> str | None:
    """Somebody to turn to in the sentence of an address or before it; not where only a paper is to go there."""
    for at, sentence in enumerate(said.sentences):
        near = (sentence, *said.sentences[at + 1 : at + 2])
        match = sentence.first(phrases(SECTION, "redirect", *langs))
        other = _PAPER.search(fold(sentence.text)) or sentence.has(phrases(SECTION, "stays", *langs))
        if match and any(map(_names_address, near)) and not other:
            return sentence.quoted(match)
    return None


def _sends_elsewhere(said: Statement, contact: str | None, langs: tuple[str, ...]) -> str | None:
    """To a department, a colleague, an address: in a few words, and nothing that goes on here."""
    whole = said.whole
    if said.words > _SHORT or any(s.asks and not s.has(phrases(SECTION, "please", *langs)) for s in said.sentences):
        return None  # a question, and not "could you send this to Kim?"
    if any(whole.has(phrases(SECTION, key, *langs)) for key in ("stays", "away")):
        return None
    if _PAPER.search(whole.folded) or _DATE.search(whole.folded):
        return None
    for sentence in said.sentences:
        match = sentence.first(phrases(SECTION, "elsewhere", *langs)) or _to_a_name(sentence, langs)
        if match:
            return sentence.quoted(match)
    return contact


def _to_a_name(sentence: Sentence, langs: tuple[str, ...]) -> "re.Match[str] | None":
    """ "Ask Kim": whom to turn to is no word of ours, but begins as a name does. "I'll ask Kim" is a promise."""
    for match in phrases(SECTION, "ask", *langs).each(sentence.folded):
        if _NAME.match(sentence.text, match.end()) and not _OURSELVES.search(sentence.folded[: match.start()]):
            return match
    return None


def _names_address(sentence: Sentence) -> bool:
    return _ADDRESS.search(sentence.text) is not None


def address_in(text: str) -> str | None:
    for match in _ADDRESS.finditer(text):
        address = f"{match[1]}@{match[2]}".lower().strip(".'")
        if is_address(address):
            return address
    return None
