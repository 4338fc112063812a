"""The names that a text may use: what they are called, what they hold, and a sample of each for the lint.

Values are plain. What is unknown is "" or None; printing it holds the mail, testing it with `if` or `or` does not.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date

from followmail.rendering.dates import written
from followmail.rendering.fault import Fault


@dataclass(frozen=True, slots=True)
class Me:
    """The consultant."""

    name: str
    first_name: str
    address: str


@dataclass(frozen=True, slots=True)
class Prospect:
    """Whom the mail is for."""

    name: str = ""
    first_name: str = ""
    last_name: str = ""
    address: str = ""
    company: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The thread: its subject without "Re:", and its first day."""

    subject: str = ""
    started_on: date | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """The consultant's message that delays count from."""

    sent_on: date | None = None
    text: str = ""
    days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class StepName:
    """Which step it is: 1 is the first."""

    number: int = 1
    name: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Met:
    """Where, when and about what one met."""

    on: date | None = None
    where: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """All that a text may name. Days are days in the consultant's zone."""

    me: Me
    prospect: Prospect
    today: date
    greeting: str = ""
    conversation: Conversation = field(default_factory=Conversation)
    anchor: Anchor = field(default_factory=Anchor)
    met: Met = field(default_factory=Met)
    step: StepName = field(default_factory=StepName)
    sequence: str = ""
    language: str = "en"


GROUPS: Mapping[str, tuple[str, ...]] = {
    name: tuple(f.name for f in fields(kind))
    for name, kind in (
        ("me", Me),
        ("prospect", Prospect),
        ("conversation", Conversation),
        ("anchor", Anchor),
        ("met", Met),
    )
} | {"step": ("number", "name")}
SINGLE = ("greeting", "today", "sequence", "language", "signature")
KNOWN = (*SINGLE, "step", *(f"{group}.{name}" for group, names in GROUPS.items() for name in names))


def sample(language: str = "en", today: date = date(2026, 5, 11), sent: date = date(2026, 5, 4)) -> Names:
    """A full set of names, for the lint and for a preview without a person: on that day, of a mail sent on that one."""
    return Names(
        me=Me("Alex Example", "Alex", "alex@example.com"),
        prospect=Prospect("Robin Sample", "Robin", "Sample", "robin@sample.example", "sample.example"),
        today=today,
        greeting="Hello Robin,",
        conversation=Conversation("Proposal", sent),
        anchor=Anchor(sent, "Hello Robin,\n\nhere is the proposal.\n\nAlex", (today - sent).days),
        met=Met(sent, "IT fair", "backups"),
        step=StepName(1, "hello"),
        sequence="nudge",
        language=language,
    )


def listed(names: Names, signature: str = "") -> tuple[tuple[str, str], ...]:
    """Every name with its live value as printed; "" where it is empty."""
    values = {**dict(_flat(names)), "signature": signature}
    return tuple((name, _shown(values[name], names)) for name in KNOWN if name in values)


def _shown(value: object, names: Names) -> str:
    if isinstance(value, date):
        return written(value, names.today, names.language)
    return "" if value is None else str(value)


def _flat(names: Names) -> Iterator[tuple[str, object]]:
    for entry in fields(names):
        value = getattr(names, entry.name)
        if is_dataclass(value) and not isinstance(value, type):
            yield from ((f"{entry.name}.{f.name}", getattr(value, f.name)) for f in fields(value))
            yield from [("step", str(value))] if entry.name == "step" else []
        else:
            yield entry.name, value


class Held(str):
    """Nothing where a text expects something: false and empty when tested, an error with this reason when printed."""

    why: str | Fault

    def __new__(cls, why: str | Fault) -> "Held":
        held = super().__new__(cls, "")
        held.why = why
        return held

    def __getitem__(self, key: object) -> "Held":  # a part of nothing is nothing
        return self


class Name(str):
    """The step's name, which also has a number."""

    number: int
    name: str


# What stands for a missing value in other people's exports
_NO_VALUE = frozenset("none null nan n/a undefined".split())
# A template of somebody else's that was never filled in, or markup: no name of a person, place or company
_MARKUP = re.compile(
    r"\{\{|\}\}|\{[%#]|[%#]\}|<[a-zA-Z/!][^<>]{0,200}>|[\[{]\s*(?:first|last|your|company|vor|nach)?[ _]?name\s*[\]}]",
    re.I,
)
# RFC 5322 §2.2 wants none of them; the others turn the direction of a line
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_CHECKED = ("greeting", "prospect.", "met.")


def context(names: Names) -> dict[str, object]:
    """The names, less `signature`, as the sandbox takes them: groups as dictionaries, what is empty as `Held`."""
    values: dict[str, object] = {}
    for name, value in _flat(names):
        group, _, member = name.partition(".")
        if group == "step":
            continue
        if not member:
            values[name] = usable(name, value)
        else:
            members = values.setdefault(group, {})
            assert isinstance(members, dict)
            members[member] = usable(name, value)
    values["step"] = step = Name(names.step.name)
    step.number, step.name = names.step.number, names.step.name
    return values


def usable(name: str, value: object) -> object:
    """A value as a text may print it; one that must not be printed as `Held`."""
    if value is None:
        return _empty(name)
    if not isinstance(value, str):
        return value
    value = CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    if name == "anchor.text":
        return value if value.strip() else _empty(name)
    value = " ".join(value.split())
    if not value or value.lower() in _NO_VALUE:
        return _empty(name)
    if name.startswith(_CHECKED) and _MARKUP.search(value):
        return Held(f"{name} reads '{value[:60]}', which looks like a template that was never filled in")
    return value


def _empty(name: str) -> Held:
    return Held(f"{name} is empty for this person; write instead, say, {{{{ {name} or '…' }}}} or {{% if {name} %}}")
