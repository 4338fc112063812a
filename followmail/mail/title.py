"""What the title and the location of a calendar event say: a topic, and a place. Often they say neither.

"Alex / Carla", "Intro call with Carla Cook" and "30 Minute Meeting" name no topic; a link and "Microsoft Teams" no place.
"""

import re
from collections.abc import Iterable
from functools import cache

from followmail.mail.identity import Person, domain, local_part
from followmail.mail.kinds import words
from followmail.mail.subject import bare_subject

_MOST_TOPIC = 80
_MOST_PLACE = 60
_LEADS = ("invitation", "accept", "tentative", "decline", "cancel", "counter")
_SEGMENT = re.compile(r"\s{1,9}(?:[-–—/|•·&+]|<->|<>|x|vs)\s{1,9}|:\s|\s?[|•·]\s?|<>|\s?//\s?", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_]{1,60}(?:['’.-][^\W_]{1,60}){0,5}")
_LINK = re.compile(r"://|\bwww\.|@|\b[\w-]{1,40}\.(?:com|net|org|us|io|de|me)/", re.IGNORECASE)
_ON = frozenset({"re", "zu", "zum", "zur", "sur", "sobre", "su", "over"})  # in a title also these lead to the topic
_LEGAL = frozenset(
    "gmbh ag kg ug ohg mbh ltd llc inc corp plc limited sarl sas sa sl srl spa bv nv lda co company group".split()
)


def topic(title: str, people: Iterable[Person]) -> str:
    """What a meeting was about, as its title says; empty where it names only who meets, or how."""
    plain = _bare(title)
    if not plain or _LINK.search(plain):
        return ""
    names = _names(people)
    telling = [s for s in map(str.strip, _SEGMENT.split(plain)) if s and _says_something(s, names)]
    whole = telling[0] if len(telling) == 1 else plain if telling else ""
    trimmed = _behind_the_kind(_without_names_at_its_ends(whole, names), names)
    return trimmed if len(trimmed) <= _MOST_TOPIC else ""


def place(location: str) -> str:
    """Where a meeting was, where that is a place that one would name in a letter; else empty."""
    plain = " ".join(location.split())
    if not plain or len(plain) > _MOST_PLACE or _LINK.search(plain) or not re.search(r"[^\W\d_]{3}", plain):
        return ""
    return "" if words.phrases("calendar", "nowhere").first(words.fold(plain)) else plain


def _bare(title: str) -> str:
    """Without "Re:" and "Invitation:", and without the time that Google writes behind."""
    plain = bare_subject(title[:300])
    for _ in range(3):
        head, colon, rest = plain.partition(":")
        folded = words.fold(head.strip())
        matches = (words.phrases("calendar", lead).at(folded) for lead in _LEADS)
        if not colon or not any(m and m.end() == len(folded) for m in matches):
            break
        plain = bare_subject(rest)
    return plain.partition(" @ ")[0].strip(" -–—|/:.,")


def _behind_the_kind(text: str, names: frozenset[str]) -> str:
    """ "Intro call about backups" → "backups": what stands before such a word names only the kind of meeting."""
    folded = words.fold(text)
    for found in _about().finditer(folded) if len(folded) == len(text) else ():
        before, behind = text[: found.start()], text[found.end() :].strip()
        if behind and before.strip() and not _says_something(before, names):
            return behind if _says_something(behind, names) else text
    return text


@cache
def _about() -> re.Pattern[str]:
    found = {words.fold(word) for lang in words.LANGUAGES for word in words.table(lang, "note")["topic"]}
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(found | _ON, key=len, reverse=True)))})(?!\w)")


def _names(people: Iterable[Person]) -> frozenset[str]:
    """The words that name these people and their companies, folded."""
    found: set[str] = set()
    for person in people:
        for text in (person.name, local_part(person.address), domain(person.address).rpartition(".")[0]):
            found.update(t for token in _TOKEN.findall(words.fold(text)) for t in (token, *re.split(r"[.'’-]", token)))
    return frozenset(found) | _LEGAL


def _says_something(segment: str, names: frozenset[str]) -> bool:
    folded = words.fold(segment)
    idle = [m.span() for m in words.phrases("calendar", "title").each(folded)]
    for token in _TOKEN.finditer(folded):
        inside = any(start <= token.start() and token.end() <= end for start, end in idle)
        if not inside and not _is_name(token[0], names) and sum(map(str.isalpha, token[0])) > 1:
            return True
    return False


def _is_name(token: str, names: frozenset[str]) -> bool:
    return token in names or token.removesuffix("'s").removesuffix("’s") in names


def _without_names_at_its_ends(text: str, names: frozenset[str]) -> str:
    """ "Backups with Bob Builder" → "Backups"; a name amid the words stays."""
    tokens = list(_TOKEN.finditer(text))
    folded = [words.fold(t[0]) for t in tokens]
    end = len(tokens)
    while end > 1 and _is_name(folded[end - 1], names):
        end -= 1
    if end < len(tokens):  # and what led to the name: "with", "for"
        while end > 1 and not _says_something(tokens[end - 1][0], names):
            end -= 1
    return text[: tokens[end - 1].end()].strip() if tokens else ""
