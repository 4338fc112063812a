"""Whom to greet: the first and the last name that a display name gives away. In doubt none: "Hello," offends nobody.

Roles, companies, families, initials and single surnames give no first name. Their words stand in
`kinds/words`, section names.
"""

import re
import unicodedata
from functools import cache

from followmail.mail.identity import domain, is_shared
from followmail.mail.kinds.words import entries, fold

_MAX = 200

# behind a dash, bar, slash or @, behind "via" or "from", stands where they are, not who
_BEYOND = re.compile(
    r"\s+(?:[-–—|·•/@~:]+|via|from|von der firma|de chez|bei|at|im auftrag|i\. ?a\. ?v|on behalf)(?:\s.*)?$"
    r"|\s*[|•·].*$|/.*$",
    re.I,
)
_BRACKETS = re.compile(r"\([^()]{0,80}\)|\[[^\[\]]{0,80}\]|<[^<>]{0,120}>|\{[^{}]{0,80}\}")
_NICKNAME = re.compile(r"(?<=\S )(?:\(([^\W\d_][\w'-]{2,20})\)|[\"'“„«‘]([^\W\d_][\w-]{1,20})[\"'”“»’])(?= \S)")
_AND = re.compile(r"[&+]|\b(?:and|und|et|oder|or)\b", re.I)
_INITIALS = re.compile(r"[^\W\d_]$|(?:[^\W\d_]\.-?){1,4}[^\W\d_]?$|[A-Z]{2,3}$")
# scripts in which the family's name comes first, unspaced
_UNSPACED = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af]")
_SLAVIC_FAMILY = re.compile(r".{2,}(?:ов|ев|ёв|ова|ева|ин|ина|ский|ская|енко|чук)$", re.I)

_SUFFIXES = frozenset(
    (
        "jr sr ii iii iv phd md cpa mba esq frcp frcs dds dvm pe pmp bsc msc ba ma llm llb rn cfa acca ca mbe obe"
        " steuerberater rechtsanwalt cissp"
    ).split()
)
_PARTICLES = frozenset(
    (
        "van von vom zu zum zur de del della dello dei degli di da do dos das du des la le les den der het 't ter"
        " ten te op y e i el al bin ibn ben abu af av d' v st saint san mac mc o"
    ).split()
)
# first names that are used in twos
_DOUBLE = {
    "maria": "jose luisa teresa elena isabel cristina carmen angeles pilar dolores rosa victoria eugenia fernanda"
    " clara grazia pia chiara"
    " laura paola antonietta rita mercedes ines jesus belen joao",
    "jose": "luis maria antonio manuel carlos miguel ramon angel ignacio javier francisco alberto pedro vicente juan",
    "juan": "carlos jose manuel antonio pablo luis francisco ignacio miguel pedro ramon david diego martin"
    " sebastian andres camilo fernando",
    "ana": "maria belen isabel paula luisa rosa cristina clara sofia teresa carolina beatriz lucia rita elena",
    "luis": "miguel alberto fernando carlos felipe enrique manuel angel antonio",
    "luiz": "carlos felipe fernando henrique eduardo",
    "jean": "pierre paul claude marc luc michel jacques louis francois baptiste philippe yves marie christophe charles",
    "joao": "pedro paulo miguel carlos luiz vitor gabriel",
    "abdul": "rahman aziz rehman karim hamid latif",
    "mary": "ann anne beth jo kate lou ellen jane",
    "miguel": "angel",
    "francisco": "javier jose",
    "gian": "luca marco carlo paolo piero maria",
}
# family names that stand first in their country
_FAMILY_FIRST = frozenset(
    "park choi jung kang cho yoon jang lim nguyen tran pham huynh vo dang bui ngo wang li zhang liu chen yang huang"
    " zhao wu zhou xu sun lin guo he ma zhu hu"
    " nagy kovacs toth szabo horvath varga kiss molnar nemeth".split()
)
_HUNGARIAN = frozenset(
    "laszlo istvan jozsef janos zoltan sandor gabor ferenc attila peter tamas zsolt tibor andras csaba imre lajos"
    " gyorgy balazs gyula katalin erzsebet"
    " ilona eva zsuzsanna judit agnes andrea erika".split()
)


def first_name(display_name: str, address: str = "") -> str | None:
    """The first name as one would greet by it ("Jane" of `DOE, Jane (Sales)`); None for no single person, and in doubt.

    `address` tells a company from a person; it is never greeted by itself. Never raises.
    """
    given, _ = _names(display_name, address)
    return given or None


def last_name(display_name: str, address: str = "") -> str | None:
    """The family name ("van den Berg" of `Berg, Marieke van den`); None in doubt."""
    _, family = _names(display_name, address)
    return family or None


def _names(display_name: str, address: str) -> tuple[str, str]:
    """First and last name, each "" where unknown."""
    text = unicodedata.normalize("NFC", display_name[:_MAX]).strip()
    nickname = _NICKNAME.search(text)
    text = _BEYOND.sub("", _BRACKETS.sub(" ", text)).strip()
    text = "".join(
        c if c.isalpha() or c in " -'’.,&+_@\u00ba\u00aa" or c.isdigit() or unicodedata.combining(c) else " "
        for c in text
    )
    text = text.replace("’", "'")
    if nickname and nickname[2]:
        text = text.replace(f"'{nickname[2]}'", " ")
    if re.search(r"[\d@_]", text) or _AND.search(text) or _UNSPACED.search(text):
        return "", ""
    given, family, titled = _parts([part.split() for part in text.split(",") if part.strip(" '.-")])
    if not given or not _is_person([*given, *family], address):
        return "", ""
    first, last = _ordered(given, family, titled)
    if nickname and first:
        return _written((nickname[1] or nickname[2]).split()), _written(last)
    if nickname and nickname[1] and last:  # F. (Fleur) de Graaf
        return _written([nickname[1]]), _written(last)
    return _written(first), _written(last)


def _parts(parts: list[list[str]]) -> tuple[list[str], list[str], bool]:
    """Given names, the family name where a comma told it (else all words are given), whether a title stood there."""
    stripped = [_without_titles(part) for part in parts]
    titled = any(had for _, had in stripped)
    words = [part for part, _ in stripped]
    if not words:
        return [], [], titled
    if len(words) == 1 or not words[1] or _role(words[1]) or all(_folded(word) in _SUFFIXES for word in words[1]):
        return words[0], [], titled
    family, given = words[0], words[1]
    while len(given) > 1 and _folded(given[-1]) in _PARTICLES:  # Berg, Marieke van den
        family = [given.pop(), *family]
    return given, family, titled


def _without_titles(part: list[str]) -> tuple[list[str], bool]:
    words = [word.strip("'") for word in part if word.strip("'.-")]
    titles = _listed("titles")
    begin, end = 0, len(words)
    while begin < end and (
        _folded(words[begin]) in titles or all(w in titles for w in re.findall(r"\w+", _folded(words[begin])))
    ):
        begin += 1
    # "M" and the like are initials behind a name
    while end - begin > 1 and _folded(words[end - 1]) in _SUFFIXES:
        end -= 1
    return words[begin:end], begin > 0


def _ordered(words: list[str], family: list[str], titled: bool) -> tuple[list[str], list[str]]:
    """Which of the words are the first name, which the family's."""
    if family:
        return ([], family) if _INITIALS.match(words[0]) else (_first_of(words), family)
    if len(words) == 1:
        return ([], words) if titled else (words, []) if _known(words[0]) else ([], [])
    shouted = [
        word for word in words if (len(word) > 2 and word.isupper()) or (word.startswith("Mc") and word[2:].isupper())
    ]
    if shouted and len(shouted) < len(words):
        return _by_capitals(words, shouted)
    first, second = words[0], words[1]
    if _INITIALS.match(first) and not _known(first):
        return [], words[1:] if len(words) == 2 and not _INITIALS.match(second) else []
    if _INITIALS.match(words[-1]) and len(words[-1].strip(".")) == 1 and not _known(first):
        return [], []  # Smith J
    if _folded(first) in _FAMILY_FIRST or (
        len(words) == 2 and re.fullmatch(r"\w+-[^\W\d_]+", second) and second.split("-")[1].islower()
    ):
        return _family_first(words)
    if len(words) == 2 and not _known(first) and (_known(second) or _SLAVIC_FAMILY.match(first)):
        return [], []  # Smith John, or a John for a surname
    given = _first_of(words)
    return given, words[len(given) :]


def _by_capitals(words: list[str], shouted: list[str]) -> tuple[list[str], list[str]]:
    """HARGREAVES Tom, Ayşe YILMAZ: the family's name is in capitals."""
    given = [word for word in words if word not in shouted and _folded(word) not in _PARTICLES]
    family = [word for word in words if word not in given]
    sure = words[0] not in shouted or _known(given[0]) if given else False
    return (_first_of(given), family) if sure or (given and "-" in given[0]) else ([], [])


def _family_first(words: list[str]) -> tuple[list[str], list[str]]:
    """Kim Min-jun, Nagy László; Nguyễn Văn An and Wang Wei are in doubt."""
    second = words[1]
    if len(words) == 2 and ("-" in second or _folded(second) in _HUNGARIAN):
        return [second], [words[0]]
    return [], []


def _first_of(words: list[str]) -> list[str]:
    pair = len(words) > 1 and _folded(words[1]) in _DOUBLE.get(_folded(words[0]), "").split()
    return words[:2] if pair else words[:1]


def _is_person(words: list[str], address: str) -> bool:
    if len(words) > 6 or any(len(word) > 30 for word in words) or _role(words):
        return False
    company = re.sub(r"\W", "", domain(address).partition(".")[0])
    same = company and re.sub(r"\W", "", _folded("".join(words))) == company
    # "Acme Widgets" <info@acmewidgets.example>, "Acme" <…@acme.example>
    return not (same and (is_shared(address) or not _known(words[0])))


def _role(words: list[str]) -> bool:
    """A department, a company, a machine: some word says so."""
    listed, stems = _listed("no_person"), _stems()
    return any(
        part in listed or part.startswith(stems)
        for word in words
        for part in {_folded(word), *_folded(word).split("-")}
        if len(part) > 1
    )


def _known(word: str) -> bool:
    return _folded(word).split("-")[0] in _listed("given")


def _folded(word: str) -> str:
    return fold(word).replace(".", "").replace("º", "o").replace("ª", "a")


@cache
def _listed(key: str) -> frozenset[str]:
    words = {_folded(word) for word in entries("names", key)}
    stems = {word[:-1] for word in words if word.endswith("*")}
    return frozenset(words | stems | {stem + s for stem in stems for s in ("s", "e", "en", "i")})


@cache
def _stems() -> tuple[str, ...]:
    """Long enough not to begin a surname as well."""
    return tuple(_folded(word)[:-1] for word in entries("names", "no_person") if word.endswith("*") and len(word) > 7)


def _written(words: list[str]) -> str:
    """As in a greeting: no word all capitals or all small, particles aside."""
    return " ".join(
        _capitalised(word) if i == 0 or _folded(word) not in _PARTICLES else word for i, word in enumerate(words)
    ).strip(" '-.")


def _capitalised(word: str) -> str:
    if _folded(word) in _PARTICLES or not (word.isupper() or word.islower()) or len(word.strip(".")) < 2:
        return word
    return "-".join(part[:1].upper() + part[1:].lower() for part in word.split("-"))
