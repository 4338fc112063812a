"""In which language a text is written: told by its small words, and only where they leave no doubt."""

import re
from functools import cache

from followmail.mail.kinds.words import LANGUAGES, entries

CLEAR = 20  # words from which a language can be clear (SPEC: a text of fewer never differs from a template)
_MAX_WORDS = 600
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_NO_WORDS = re.compile(r"\S*(?:@|://|www\.)\S*")

# Neighbours that share small words with the languages read here: a text in one of them is in none of ours.
_NEIGHBOURS = {
    "sv": "och att det som är på för jag inte med till den har av om ett du vi men kan så från var mig ska"
    " vara eller hej tack när vid",
    "da": "og at det som er på for jeg ikke med til den har af om et du vi men kan så fra var mig skal være"
    " eller hej tak når ved hvad",
    "no": "og at det som er på for jeg ikke med til den har av om et du vi men kan så fra var meg skal være"
    " eller hei takk når ved hva",
    "pl": "i w na z do nie że się jest to jak o za ale co czy od po dla już tak być mam pan pani dziękuję"
    " proszę dzień dobry",
    "ca": "el la els les i que de en un una és no es per amb però com més molt meu seu aquest aquesta són"
    " gràcies hola bon dia també perquè hi ha vaig",
    "ro": "și în de la nu că este pe cu un o mai sunt pentru din care dar să am vă mulțumesc bună ziua",
    "cs": "a v na že je se s z do to o pro ale jak si za jsem jsme prosím děkuji dobrý den také není by",
    "fi": "ja on ei että se en kun olen ole mutta niin hän mitä tai kuin voi kiitos hei myös jos ovat",
    "hu": "a az és hogy nem is egy de van ez meg csak már köszönöm kérem vagy mint ha én lesz",
    "tr": "ve bir bu için ile de da ne çok daha var ben sen biz ama teşekkürler merhaba olarak gibi",
    "gl": "o a os as e que de non un unha é para con máis pero moi grazas ola tamén está",
}


def words(text: str) -> int:
    """How many words a text has; addresses and links are none."""
    return len(_WORD.findall(_NO_WORDS.sub(" ", text)))


def language(text: str) -> str | None:
    """ISO 639-1 code of en, de, fr, es, it, nl or pt; None where unsure, as a text under 20 words mostly is."""
    found = _WORD.findall(_NO_WORDS.sub(" ", text[: _MAX_WORDS * 12]).replace("’", "'").lower())[:_MAX_WORDS]
    if len(found) < 3:
        return None
    scores = dict.fromkeys(_all(), 0.0)
    for word in found:
        known = _known().get(word) or _known().get(word.partition("'")[0] + "'", ())
        for lang in known:
            scores[lang] += 2.0 / (1 + len(known))
    (best, most), (_, second) = sorted(scores.items(), key=lambda item: -item[1])[:2]
    if len(best) != 2 or best in _NEIGHBOURS:
        return None
    long = len(found) >= CLEAR
    clear = (
        most >= 0.14 * len(found) and most >= 1.3 * second
        if long
        else most >= max(2.5, 0.3 * len(found)) and most >= 2 * second
    )
    return best if clear else None


@cache
def _all() -> tuple[str, ...]:
    return (*LANGUAGES, *_NEIGHBOURS)


@cache
def _known() -> dict[str, tuple[str, ...]]:
    """Word → the languages it is common in."""
    listed = {lang: entries("language", "common", lang) for lang in LANGUAGES}
    listed |= {lang: tuple(text.split()) for lang, text in _NEIGHBOURS.items()}
    known: dict[str, tuple[str, ...]] = {}
    for lang, common in listed.items():
        for word in dict.fromkeys(common):
            known[word] = (*known.get(word, ()), lang)
    return known
