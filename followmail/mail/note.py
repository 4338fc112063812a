"""A note of the consultant's to himself at me+met@…: bytes → whom he met, where, when and about what. Never raises.

Who: a vCard attached; else the outside sender of a mail forwarded in it; else an address in what he newly wrote; else
one in the subject. Where what he wrote names others than the vCard or the forwarded mail, it is refused: nobody is
guessed at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from email.message import Message as Part
from functools import cache

from followmail.mail.identity import Identity, Person, canonical, is_address, local_part
from followmail.mail.kinds.words import entries, fold
from followmail.mail.message import clean_name, decode, people
from followmail.mail.names import first_name
from followmail.mail.occasion import occasion
from followmail.mail.parse import parse, tame
from followmail.mail.quote import forwarded
from followmail.mail.text import children, text_of
from followmail.mail.vcard import is_vcard, read_cards

MOST_BYTES = 2 * 1024 * 1024
_MOST_PARTS = 50
_BEGINS = 50  # characters by which a note is known again
_MOST_PEOPLE = 50
_LONGEST_NAME = 7  # words, titles among them
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_NAME_WORD = re.compile(r"[^\W\d_][\w'’.-]{0,30}$")
_PARTICLES = frozenset("van von de der den del della di da dos du la le ten ter zu zum y".split())
_CARDS = frozenset({"text/vcard", "text/x-vcard", "text/directive"})


@dataclass(frozen=True, slots=True)
class Noted:
    """One person whom a note is about."""

    person: Person
    met_on: date | None = None
    where: str = ""
    about: str = ""


def read_note(data: bytes, identity: Identity, today: date) -> tuple[Noted, ...] | str:
    """Whom a note is about, or why that cannot be said. `today`: the note's own day, the day met where it names none."""
    try:
        message = parse(tame(data, MOST_BYTES))
        subject = decode(str(message.get("Subject", "")).encode("utf-8", "surrogateescape"))
        typed, senders = forwarded(text_of(message))
    except (ValueError, LookupError, AssertionError, RecursionError):
        return "it cannot be read"
    parts = list(_parts(message))
    brought = _brought(parts, senders, identity)
    if isinstance(brought, str):
        return brought
    lines = _named(typed, identity)
    if brought:
        return _about_them(brought, typed, lines, subject, today)
    return _listed(lines or _named(subject, identity), typed if lines else f"{subject}\n{typed}", subject, today)


def passed_on(data: bytes, identity: Identity) -> tuple[Person, ...]:
    """Who of outside wrote the mail that is forwarded in this one, attached or below; nobody where none is."""
    try:
        message = parse(tame(data, MOST_BYTES))
        parts = [part for part in _parts(message) if not _is_card(part)]
        brought = _brought(parts, forwarded(text_of(message))[1], identity)
    except (ValueError, LookupError, AssertionError, RecursionError):
        return ()
    return () if isinstance(brought, str) else tuple(brought)


def first_words(data: bytes) -> str:
    """How a note begins, on one line: by it the consultant knows it again."""
    try:
        typed, _ = forwarded(text_of(parse(tame(data, MOST_BYTES))))
    except (ValueError, LookupError, AssertionError, RecursionError):
        return ""
    return beginning(typed)


def beginning(text: str) -> str:
    """The first words of a text, on one line."""
    line = " ".join(text[: _BEGINS * 4].split())
    return line if len(line) <= _BEGINS else line[:_BEGINS].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"


# ---- what came with it


def _parts(message: Part) -> Iterator[Part]:
    """The parts of a message, not those within an attached message."""
    waiting = [message]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        if part.get_content_maintype() == "multipart":
            waiting[:0] = children(part)


def _brought(parts: list[Part], senders: tuple[str, ...], identity: Identity) -> list[Person] | str:
    """The people whose vCards or forwarded mails came with a note; or why these cannot be used."""
    cards = [card for part in parts if _is_card(part) for card in read_cards(_payload(part))]
    foreign = [card for card in cards if not any(identity.is_own(a) for a in card.addresses)]
    if foreign:
        bad = next((card for card in foreign if not card.addresses or card.fault), None)
        if bad is not None:
            return f"the vCard '{bad.name or 'without a name'}' in it: {bad.fault or 'it has no mail address'}"
        return [Person(card.name, card.addresses[0]) for card in foreign[:_MOST_PEOPLE]]
    attached = [person for part in parts for person in _sender_of(part)]
    found = [person for person in attached if identity.is_outside(person.address)]
    if attached and not found:
        return "the mail attached to it is not from outside"
    if not found and senders:
        nearest = people([senders[0].replace("[mailto:", "<").replace("]", ">").encode("utf-8", "replace")])
        found = [person for person in nearest if identity.is_outside(person.address)]
    return found


def _is_card(part: Part) -> bool:
    if part.is_multipart():
        return False
    named = str(part.get_filename() or "").lower().endswith(".vcf")
    return (part.get_content_type() in _CARDS or named) and is_vcard(_payload(part))


def _payload(part: Part) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return b""
    return payload if isinstance(payload, bytes) else b""


def _sender_of(part: Part) -> tuple[Person, ...]:
    """The sender of an attached message (RFC 2046 §5.2.1), or of one attached as a file."""
    inner = children(part)[:1] if part.get_content_type() == "message/rfc822" else []
    if not inner and not part.is_multipart() and str(part.get_filename() or "").lower().endswith(".eml"):
        inner = [parse(tame(_payload(part)))]
    return tuple(p for m in inner for p in people([str(m.get("From", "")).encode("utf-8", "surrogateescape")])[:1])


# ---- what was written


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that names people: their addresses, the name beside the one, and the rest of the line."""

    addresses: tuple[str, ...]
    name: str
    rest: str
    entry: bool  # nothing but a name stands before the address, as in a list


def _named(text: str, identity: Identity) -> list[_Line]:
    """The lines of a text in which an outside address stands."""
    found = []
    for line in text.split("\n")[:500]:
        matches = [
            m for m in _ADDRESS.finditer(line[:500]) if identity.is_outside(_plain(m[0])) and is_address(_plain(m[0]))
        ]
        if matches:
            found.append(_line(line[:500], matches))
    return found


def _plain(address: str) -> str:
    return canonical(address.strip("'*_`").removeprefix("mailto:"))


def _line(line: str, matches: list[re.Match[str]]) -> _Line:
    addresses = tuple(dict.fromkeys(_plain(m[0]) for m in matches))
    start, end = matches[0].start(), matches[-1].end()
    before, after = line[:start], line[end:]
    shown = before.rstrip().endswith("<") and after.lstrip().startswith(">")
    lead = re.sub(r"^[\s>*•·–-]{0,8}(?:\d{1,3}[.)]\s)?", "", before).rstrip(" <([:,;\t")
    lead = re.sub(r"(?:^|\s)(?:e-?mail|mailto|mail)$", "", lead, flags=re.I).rstrip(" :,;(")
    name = _run(lead.split()[::-1], addresses[0])[::-1]
    whole = len(name) == len(lead.split())
    if name and not (shown and whole) and not _is_theirs(name, addresses[0]):
        name = []
    tail = after.lstrip("> )],;:-–(\t")
    behind = [] if name else _run(re.split(r"[,;:()|\n]| [-–] ", tail)[0].split(), addresses[0])
    if behind and not _is_theirs(behind, addresses[0]):
        behind = []
    rest = " ".join(lead.split()[: len(lead.split()) - len(name)]) + " ⏐ " + tail.removeprefix(" ".join(behind))
    return _Line(addresses, clean_name(" ".join(name or behind)), rest, whole)


def _run(words: list[str], address: str) -> list[str]:
    """The words of a name that a list of words begins with: capitals, and particles between them. One that also
    begins sentences ("Will") is part of it where it stands in the address."""
    found: list[str] = []
    for word in words[:_LONGEST_NAME]:
        bare = word.strip("\"'“”„*_")
        if not _NAME_WORD.match(bare):
            break
        if bare not in _PARTICLES:
            begins = fold(bare) in _no_names() and not _is_theirs([bare], address)
            if begins or not bare[0].isupper():
                break
        found.append(bare)
    while found and found[-1] in _PARTICLES:
        found.pop()
    return found


@cache
def _no_names() -> frozenset[str]:
    """Words that begin a sentence about somebody met, and are no names."""
    words = (
        *entries("note", "met"),
        *entries("note", "stops"),
        *entries("note", "place"),
        *entries("note", "no-place"),
    )
    return frozenset(
        {fold(part) for word in words for part in word.split()} | {"hi", "hallo", "hello", "fyi", "habe"} - {"da"}
    )


def _is_theirs(name: list[str], address: str) -> bool:
    """Whether a name beside an address is surely that of its owner: it stands in it, or is known as a first name."""
    local = re.sub(r"\W", "", fold(local_part(address)))
    parts = [re.sub(r"\W", "", fold(word)) for word in name]
    return any(len(part) > 2 and part in local for part in parts) or (
        len(name) > 1 and first_name(name[0], address) is not None
    )


# ---- together


def _about_them(
    brought: list[Person], typed: str, lines: list[_Line], subject: str, today: date
) -> tuple[Noted, ...] | str:
    """The people who came with the note, as long as what was written names nobody else."""
    known = {person.address for person in brought}
    written = {address for line in lines for address in line.addresses}
    if written and written != known:
        others = ", ".join(sorted(written - known)) or ", ".join(sorted(known - written))
        return f"it brings {', '.join(sorted(known))}, and what you wrote names others ({others})"
    text = "\n".join(
        [*(line for line in typed.split("\n") if not _ADDRESS.search(line)), *(line.rest for line in lines)]
    )
    unique = {person.address: person for person in reversed(brought)}
    return tuple(_noted(person, text, subject, today) for person in reversed(unique.values()))


def _listed(lines: list[_Line], text: str, subject: str, today: date) -> tuple[Noted, ...] | str:
    """One person, or a list with a line for each."""
    if not lines:
        return "there is no vCard, no forwarded mail and no outside address in it"
    crowded = next((line for line in lines if len(line.addresses) > 1), None)
    if crowded is not None:
        return f"{' and '.join(crowded.addresses)} stand in one line; give each a line of its own"
    addresses = list(dict.fromkeys(line.addresses[0] for line in lines))
    if len(addresses) > 1 and not all(line.entry for line in lines):
        return f"it names {', '.join(addresses)}; to enroll several, begin a line with each"
    if len(addresses) > _MOST_PEOPLE:
        return f"it names more than {_MOST_PEOPLE} people; import them as a file"
    common = "\n".join(line for line in text.split("\n") if not _ADDRESS.search(line))
    found: dict[str, Noted] = {}
    for line in lines:
        person = Person(line.name, line.addresses[0])
        own = line.rest if len(addresses) == 1 else f"{line.rest}\n"
        found.setdefault(person.address, _noted(person, f"{own}\n{common}", subject, today))
    return tuple(found.values())


def _noted(person: Person, text: str, subject: str, today: date) -> Noted:
    said, above = occasion(text, today), occasion(subject, today)
    told = said if said.dated else above
    met_on = told.on if told.dated else today
    return Noted(person, met_on, said.where or above.where, said.about or above.about)
