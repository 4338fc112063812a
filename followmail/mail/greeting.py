"""How a follow-up begins: as the consultant began, else by the prospect's name, else "Hello," in its language."""

import re

from followmail.mail.identity import Person, is_shared
from followmail.mail.names import first_name, last_name

_MAX_LINE = 70  # characters: what is longer is a sentence
_MAX_WORDS = 7

# What a greeting begins with. An hour of the day is one ("Guten Morgen"), a season is none ("Happy New Year").
_OPENING = re.compile(
    r"""(?:
    hi|hello|hey|dear|good\ (?:morning|afternoon|evening|day)|greetings
    |hallo|hi|guten\ (?:tag|morgen|abend)|sehr\ geehrte[rs]?|liebe[rs]?|verehrte[rs]?
    |moin(?:\ moin)?|servus|gr(?:ü|ue)(?:ß|ss)\ gott|gr(?:ü|ue)ezi
    |bonjour|bonsoir|salut|ch[eè]re?s?|madame|monsieur|mesdames|messieurs
    |hola|estimad[oa]s?|querid[oa]s?|apreciad[oa]s?|buenos\ d[ií]as|buenas(?:\ (?:tardes|noches))?|buen\ d[ií]a
    |buongiorno|buonasera|salve|ciao|gentil(?:e|i|issim[oaie])|egregi[oa]?|car[oaie]|spettabile|spett\.le
    |beste|geachte|hoi|dag|goede(?:morgen|middag|navond|ndag)
    |ol[aá]|oi|bom\ dia|boa\ (?:tarde|noite)|prezad[oa]s?|car[oa]s|exm[oa]s?\.?|excelent[ií]ssim[oa]
    )(?=[\s,!.:;–—-]|$)""",
    re.IGNORECASE | re.VERBOSE,
)
# what stands in no greeting: questions, addresses, placeholders; and the words of a closing line
_NEVER = re.compile(
    r"[?@/\d{}<>\[\]]|\b(?:gr(?:ü|ue|u)(?:ß|ss)e?|groet(?:en|jes)?|saluti|saludos?|cumprimentos|regards|wishes)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"([^\W\d_]+)([.!])\s+(?=\w)")
_TITLES = frozenset(
    "dr prof mr mrs ms mx med dipl ing hr fr mag sr sra srta dott ssa avv m mme mlle st jr ir drs exmo spett".split()
)
_END = " ,!:;.–—-"

# language → with a name, without one
_MADE = {
    "en": ("Hello {name},", "Hello,"),
    "de": ("Guten Tag {name},", "Guten Tag,"),
    "fr": ("Bonjour {name},", "Bonjour,"),
    "es": ("Hola, {name}:", "Hola:"),
    "it": ("Buongiorno {name},", "Buongiorno,"),
    "nl": ("Beste {name},", "Goedendag,"),
    "pt": ("Olá, {name},", "Olá,"),
}
# where a first name alone is for friends, the whole name serves both
_WHOLE_NAME = ("de",)


def greeting(anchor_text: str, prospect: Person, language: str | None) -> str:
    """The first line of a follow-up, never empty.

    `anchor_text` is what the consultant newly wrote in the anchor, "" without one; its first line is taken where it is
    a greeting. `language` is that of the mail; English where it is None or not among the seven. Never raises.
    """
    return own(anchor_text, prospect) or made(prospect, language)


def own(anchor_text: str, prospect: Person) -> str:
    """The greeting that the consultant wrote; "" where the first line is none."""
    first = next((line for line in anchor_text[:4000].splitlines() if line.strip()), "")
    line = " ".join(first[:500].split())
    if _OPENING.match(line):
        return next((text for text in (line, _beginning(line)) if _is_greeting(text)), "")
    named = {prospect.name.lower(), (first_name(prospect.name, prospect.address) or "").lower()} - {""}
    return line if line.rstrip(_END).lower() in named else ""


def made(prospect: Person, language: str | None) -> str:
    """A greeting by name where the name is sure, else without."""
    with_name, without = _MADE.get(language or "en", _MADE["en"])
    name = "" if is_shared(prospect.address) else first_name(prospect.name, prospect.address) or ""
    if name and language in _WHOLE_NAME:
        name = " ".join(filter(None, (name, last_name(prospect.name, prospect.address))))
    return with_name.format(name=name) if name else without


def is_greeting(line: str) -> bool:
    """Whether a line is a greeting and nothing else."""
    return bool(_OPENING.match(line)) and _is_greeting(line)


def _is_greeting(line: str) -> bool:
    """Whether a line that begins like a greeting is nothing else."""
    inner = line.rstrip(_END)
    if len(line) > _MAX_LINE or len(inner.split()) > _MAX_WORDS or _NEVER.search(line) or _sentence_end(inner):
        return False
    if any(not (part[:1].isupper() or _OPENING.match(part)) for part in re.split(r",\s*", inner)[1:]):
        return False  # "Hi Bob, thanks for the call,"
    # without a mark at its end, "Hi there" is a greeting and "Hi quick question" is none
    return line != inner or sum(word.islower() for word in inner.split()[1:]) < 2


def _beginning(line: str) -> str:
    """`Hi Bob,` of "Hi Bob, thanks for the call."."""
    ends = [end for end in (line.find(",") + 1, line.find("!") + 1, _sentence_end(line)) if end > 0]
    return line[: min(ends)] if ends else ""


def _sentence_end(line: str) -> int:
    """Where the first sentence ends and another begins; 0 where none does. A title's dot is no end."""
    for match in _SENTENCE_END.finditer(line):
        if match[2] == "!" or (len(match[1]) > 1 and match[1].lower() not in _TITLES):
            return match.end(2)
    return 0
