"""The digest: what there is to say → a subject and a text, in the consultant's own words (digest.txt), and the mail.

What comes from mail is data: on one line each, without control characters, never template source. A digest always
comes out: where the consultant's own text cannot be rendered, the shipped one is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from followmail.errors import Permanent
from followmail.mail.compose import Outgoing, compose
from followmail.mail.identity import Identity, Person
from followmail.rendering.digest_file import FILE, Wording, taken
from followmail.rendering.digest_html import html_of, safe
from followmail.rendering.fault import Fault, Faulty, meant, quoted
from followmail.rendering.sandbox import Sandbox, Unknown
from followmail.rendering.starters import shipped
from followmail.sequence.agenda import MOST_SHOWN, Agenda, Item, What

if TYPE_CHECKING:
    from followmail.rendering.load import Library

SENDER = "followmail"  # how it is shown; the address is the consultant's own
PER_SECTION = MOST_SHOWN
_NAMED = 20  # of those left out
_LONGEST = {"text": 300, "asked": 240, "first": 120}
_MAX_SUBJECT = 250
_END_KEPT = 100  # characters of a sentence that is too long: what it says of a subject stands there
_WIDEST = 60  # columns of a line of examples: a reply must not wrap it

# What a digest says in which order, under which title.
SECTIONS: tuple[tuple[str, tuple[What, ...]], ...] = (
    ("Problems", (What.PROBLEM,)),
    ("May or may not have left", (What.UNCERTAIN,)),
    ("Drafts that wait for you", (What.DRAFT,)),
    ("Waits for your yes", (What.WAITING,)),
    ("Calls to make", (What.CALL,)),
    ("Goes out today", (What.TODAY,)),
    ("Who answered", (What.ANSWERED,)),
    ("Who waits for you", (What.INTRODUCED, What.WAITS_FOR_YOU)),
    ("What ended", (What.ENDED,)),
    ("Proposals", (What.PROPOSED,)),
    ("What you said", (What.SAID,)),
)
_AFTER_NUMBER = {"snooze": " 2 weeks"}
_SHOWN = ("ok", "skip", "snooze", "stop", "done", "resume")
_FOR_ALL = ("pause until monday", "resume", "list", "help")
_BETWEEN = " · "


# What a text may name


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as a text prints it; what it lacks is empty."""

    number: int
    text: str
    asked: str = ""
    words: str = ""  # a ready line: `ok 1 · skip 1`
    first: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Items of one kind. `more`: so many were left out; `others`: who they are, on one line."""

    title: str
    items: tuple[Entry, ...]
    more: int = 0
    others: str = ""


_GROUPS = {"me": ("name", "first_name", "address")}
NAMES = ("verdict", "sections", "more", "examples", "today", *(f"me.{name}" for name in _GROUPS["me"]))
_PARTS = {kind: frozenset(f.name for f in fields(kind)) for kind in (Section, Entry)}


@dataclass(frozen=True, slots=True)
class Page:
    """What a digest says. `items`: those shown, number 1 first; `fault`: why it is not in the consultant's own words."""

    subject: str
    text: str
    items: tuple[Item, ...]
    fault: str = ""


def digest_text(library: "Library", agenda: Agenda, identity: Identity, today: date) -> Page:
    """The digest in the words of the library's digest.txt, else of the shipped one."""
    sections, items = _sections(agenda)
    values = _values(agenda, sections, items, identity, today)
    fault = ""
    for wording in (library.digest, _shipped()):
        try:
            if wording is not None:
                return Page(*_rendered(wording, values, today), items, fault)
        except Faulty as error:
            fault = str(error.faults[0])
    raise AssertionError(f"the shipped digest.txt cannot be rendered: {fault}")


def self_mail(
    me: Person,
    subject: str,
    text: str,
    message_id: str,
    date: datetime,
    in_reply_to: str = "",
    references: tuple[str, ...] = (),
) -> bytes:
    """A mail from us to the consultant: the text, and the same as HTML. Ids without brackets, `date` aware.

    An id that cannot be written costs the thread, not the mail.
    """
    text = safe(text)
    head = safe(subject).replace("=?", "= ?")  # nothing in it is an encoded word (RFC 2047 §5)
    to = (Person(me.name, me.address),)
    mail = Outgoing(
        Person(SENDER, me.address), to, (), " ".join(head.split())[:_MAX_SUBJECT], text, message_id, date,
        html=html_of(text), in_reply_to=in_reply_to, references=references, automatic=True,
    )  # fmt: skip
    try:
        return compose(mail)
    except Permanent:
        return compose(replace(mail, in_reply_to="", references=()))


def read(raw: bytes | None, files: Mapping[str, str]) -> tuple[Wording | None, list[Fault]]:
    """A digest.txt, rendered once with samples; None where there is none or where it has faults."""
    wording, faults = taken(raw, files)
    faults = faults or (_lint(wording) if wording else [])
    return (None, sorted(set(faults))) if faults else (wording, [])


# The sections


def _sections(agenda: Agenda) -> tuple[tuple[Section, ...], tuple[Item, ...]]:
    """The sections that are not empty, and the items that they show, numbered from 1 on throughout."""
    sections: list[Section] = []
    shown: list[Item] = []
    for title, kinds in SECTIONS:
        items = [item for kind in kinds for item in agenda.of(kind)]
        if items:
            entries = tuple(_entry(len(shown) + n, item) for n, item in enumerate(items[:PER_SECTION], 1))
            sections.append(Section(title, entries, len(items[PER_SECTION:]), _others(items[PER_SECTION:])))
            shown += items[:PER_SECTION]
    return tuple(sections), tuple(shown)


def _entry(number: int, item: Item) -> Entry:
    words = " · ".join(_order(word, number) for word in item.words)
    return Entry(
        number,
        _sentence(item.text, _LONGEST["text"]),
        _one_line(item.asked, _LONGEST["asked"]),
        words,
        _one_line(item.first, _LONGEST["first"]),
    )


def _order(word: str, *numbers: int) -> str:
    return f"{word} {' '.join(map(str, numbers))}{_AFTER_NUMBER.get(word, '')}"


def _examples(items: Sequence[Item]) -> tuple[str, ...]:
    """What may be answered to these items, with their own numbers, on lines that no mail program wraps."""
    by_word: dict[str, list[int]] = {}
    for number, item in enumerate(items, 1):
        for word in item.words if item.what is not What.UNCERTAIN else ():  # that is never said by example
            by_word.setdefault(word, []).append(number)
    found = [_order(word, *by_word[word][: 2 if word == "ok" else 1]) for word in _SHOWN if word in by_word]
    if any(item.what is What.WAITING for item in items):
        found.insert(1, "ok all")  # behind `ok`, which what waits has
    lines: list[str] = []
    for one in (*found, *_FOR_ALL):
        if lines and len(lines[-1]) + len(_BETWEEN) + len(one) <= _WIDEST:
            lines[-1] += _BETWEEN + one
        else:
            lines.append(one)
    return tuple(lines)


def _others(items: list[Item]) -> str:
    """Who was left out: an end that is told once is told, if only by its name."""
    names = list(dict.fromkeys(_one_line(item.address, 80) for item in items if item.address))
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _sentence(text: str, limit: int) -> str:
    """One line; of a long one the middle is left out: a subject may be long, what is said of it stands behind it."""
    text = text if len(text) <= 4 * limit else f"{text[: 2 * limit]} {text[-2 * limit :]}"
    line = " ".join(safe(text).split())
    if len(line) <= limit:
        return line
    head, tail = line[: limit - _END_KEPT - 3].rpartition(" "), line[-_END_KEPT:].partition(" ")
    return f"{head[0] or head[2]} … {tail[2] or tail[0]}"


def _one_line(text: str, limit: int) -> str:
    line = " ".join(safe(text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


# Rendering


class _Unknown(Unknown):
    """As in any text; what was probably meant is a name of the digest's."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        known = (*NAMES, *sorted(frozenset().union(*_PARTS.values())))
        return self._undefined_hint or f"there is nothing called {quoted(name)} here{meant(name, known)}"


class _Sandbox(Sandbox):
    """The sandbox of every text, whose texts may also ask a section and an item for its parts."""

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(files)
        self.known = replace(self.known, groups=_GROUPS, told_by="docs/digest.md")
        self.undefined = _Unknown

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return attr in _PARTS.get(type(obj), ()) or super().is_safe_attribute(obj, attr, value)


def _values(
    agenda: Agenda, sections: tuple[Section, ...], items: Sequence[Item], identity: Identity, today: date
) -> dict[str, object]:
    name = _one_line(identity.name, 120)
    return {
        "verdict": _one_line(agenda.verdict, _LONGEST["text"]),
        "sections": sections,
        "more": sum(section.more for section in sections) + agenda.left,
        "examples": _examples(items),
        "me": {"name": name, "first_name": name.partition(" ")[0], "address": identity.address},
        "today": today,
    }


def _rendered(wording: Wording, values: Mapping[str, object], today: date) -> tuple[str, str]:
    """Subject and text; what comes out empty is the verdict. Raises Faulty."""
    sandbox, file = _Sandbox(wording.files), wording.file
    header = file.headers["Subject"]
    subject = sandbox.run(FILE, header.value, values, today=today, line=header.line, names=NAMES)
    body = sandbox.run(FILE, file.body, values, today=today, line=file.body_line, names=NAMES)
    verdict = str(values["verdict"])
    return " ".join(subject.split())[:_MAX_SUBJECT] or verdict, (_spaced(body) or verdict) + "\n"


def _spaced(text: str) -> str:
    """Without blanks at the ends of lines, and with one empty line where there are several."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    return "\n".join(line for n, line in enumerate(lines) if line or lines[n - 1])


def _lint(wording: Wording) -> list[Fault]:
    """With everything there may be to say, and with nothing."""
    faults: list[Fault] = []
    today, me = date(2026, 5, 11), Identity("Alex Example", "alex@example.com")
    for agenda in _samples():
        try:
            _rendered(wording, _values(agenda, *_sections(agenda), me, today), today)
        except Faulty as error:
            faults += error.faults
    return faults


def _samples() -> Iterator[Agenda]:
    one = Item(What.DRAFT, "Robin Sample: step 1 of nudge.", "Shall we?", 1, "robin@sample.example", first="they asked")
    items = (replace(one, what=what, asked=asked) for what in What for asked in ("Shall we?", *[""] * PER_SECTION))
    yield Agenda("2 drafts wait, 3 go out today", tuple(items))
    yield Agenda("Nothing waits for you.")


@cache
def _shipped() -> Wording:
    wording, faults = read((shipped() / FILE).read_bytes(), {})
    assert wording is not None, faults
    return wording
