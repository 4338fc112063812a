"""A template file as people save it: bytes → headers and text, and the values that headers may have.

A file looks like a mail (RFC 5322 §2.1): `Name: value` lines, an empty line, the text. Values are plain text, no YAML:
nothing is silently made a number, a time or a truth. Nothing here raises on what people type: a fault says what is off.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from followmail.rendering.fault import Fault, closest, meant, quoted
from followmail.sequence.steps import Delay, Unit

MAX_FILE = 256 * 1024  # bytes
_UTF16 = (b"\xff\xfe", b"\xfe\xff")  # what Windows calls "Unicode"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_HEADER = re.compile(r"([A-Za-z][A-Za-z_ -]{0,30}?)\s*:(.*)")


@dataclass(frozen=True, slots=True)
class Header:
    """One header: its value on one line, and where it stands."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class File:
    """A file taken apart. `body` has no empty lines at its ends and begins on line `body_line`."""

    path: str
    headers: dict[str, Header] = field(default_factory=dict)
    body: str = ""
    body_line: int = 1


def decoded(path: str, raw: bytes) -> tuple[str, list[Fault]]:
    """The text of a file with plain line ends; UTF-8 with or without a BOM, or UTF-16 with one."""
    if len(raw) > MAX_FILE:
        return "", [Fault(path, 0, f"the file is longer than {MAX_FILE // 1024} KiB")]
    try:
        text = raw.decode("utf-16" if raw.startswith(_UTF16) else "utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return "", [Fault(path, line, "this is not UTF-8; save the file as UTF-8")]
    text = text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        text = f"a control character ({ord(control[0]):#04x}) stands here; save the file as plain UTF-8 text"
        return "", [Fault(path, line, text)]
    return text, []


def taken_apart(path: str, text: str, known: Iterable[str], has_text: bool = True) -> tuple[File, list[Fault]]:
    """Headers and body. In a file without a text (`sequence.txt`) empty lines mean nothing. `#` begins a remark."""
    known = tuple(known)
    headers: dict[str, Header] = {}
    faults: list[Fault] = []
    lines = text.split("\n")
    position, last, begun = 0, "", False
    while position < len(lines):
        line, number = lines[position], position + 1
        position += 1
        if not line.strip():
            if has_text and begun:
                break
            continue
        begun = True
        if line.startswith("#"):
            continue
        if line[0] in " \t" and last:  # RFC 5322 §2.2.3: a folded line goes on
            headers[last] = Header(f"{headers[last].value} {line.strip()}".strip(), headers[last].line)
            continue
        match = _HEADER.match(line)
        if match is None:
            faults.append(Fault(path, number, _no_header(line, bool(headers), has_text)))
            if has_text:
                position = len(lines)
            continue
        last, fault = _header(match, number, known, headers)
        faults += [Fault(path, number, fault)] if fault else []
    while position < len(lines) and not lines[position].strip():
        position += 1
    body = "\n".join(lines[position:]).rstrip() if has_text else ""
    return File(path, headers, body, position + 1), faults


def _header(match: re.Match[str], line: int, known: tuple[str, ...], headers: dict[str, Header]) -> tuple[str, str]:
    """Files one header; its name ("" where it is none), and what is wrong with it."""
    typed, value = match[1].strip(), match[2].strip()
    name = next((k for k in known if k.lower() == re.sub(r"[ _-]+", "-", typed).lower()), "")
    if not name:
        guess = meant(typed, known) or "; known here: " + ", ".join(known)
        return "", f"unknown header {quoted(typed)}{guess}"
    if name in headers:
        return name, f"'{name}' stands twice, first on line {headers[name].line}"
    headers[name] = Header(value, line)
    return name, ""


def _no_header(line: str, begun: bool, has_text: bool) -> str:
    if not has_text:
        return f"{quoted(line)} is no header; each line here is a name, a colon and a value, such as 'Trigger: sent'"
    if begun:
        return f"{quoted(line)} is no header; is the empty line between the headers and the text missing?"
    return f"{quoted(line)} is no header; a step begins with 'After: 4 business days' or the like, then an empty line"


_UNITS = {form: unit for unit in Unit for form in (unit.value, unit.value[:-1])}
_MEANT = {
    word: unit
    for unit, written in {
        "minutes": "min mins",
        "hours": "h hrs",
        "days": "d tage",
        "business days": "bd workday workdays weekdays businessdays working_day working_days werktage arbeitstage",
        "weeks": "w wk wks wochen",
        "months": "m mo monate",
    }.items()
    for word in (w.replace("_", " ") for w in written.split())
}
_NUMBERS = {word: n for n, word in enumerate("one two three four five six seven eight nine ten".split(), 1)} | {
    "a": 1,
    "an": 1,
}
# ten years: nothing is followed up later, and the calendar ends somewhere
_LONGEST = {
    Unit.MINUTES: 5_256_000,
    Unit.HOURS: 87_600,
    Unit.DAYS: 3650,
    Unit.BUSINESS_DAYS: 2600,
    Unit.WEEKS: 520,
    Unit.MONTHS: 120,
}
_SHAPE = "; write it like '4 business days': a number and minutes, hours, days, business days, weeks or months"


def delay(text: str) -> Delay:
    """`4 business days`; raises ValueError with a sentence for people."""
    words = " ".join(text.lower().split())
    match = re.fullmatch(r"([0-9]{1,9}|[a-z]{1,6})[ -]?([a-z][a-z -]{0,40})", words)
    unit = _UNITS.get(" ".join(match[2].split("-"))) if match else None
    if match and unit and match[1].isdigit():
        return _in_range(Delay(int(match[1]), unit), text)
    raise ValueError(f"{quoted(text)} is no delay{(_guess(match) if match else '') or _SHAPE}")


def _in_range(value: Delay, text: str) -> Delay:
    if value.count > _LONGEST[value.unit]:
        raise ValueError(f"{quoted(text)} is more than ten years")
    return value


def _guess(match: re.Match[str]) -> str:
    count = match[1] if match[1].isdigit() else str(_NUMBERS.get(match[1], ""))
    unit = _MEANT.get(match[2]) or closest(match[2], _UNITS)
    return f"; did you mean '{count} {unit}'?" if count and unit else ""


def yes_or_no(text: str) -> bool:
    """`yes` or `no`; raises ValueError."""
    return one_of({"yes": True, "no": False})(text)


T = TypeVar("T")


def one_of(values: dict[str, T]) -> Callable[[str], T]:
    """A reader of one of a few words, in any case."""

    def read(text: str) -> T:
        if text.lower() in values:
            return values[text.lower()]
        *some, final = values
        allowed = f"{', '.join(some)} or {final}" if some else final
        raise ValueError(f"{quoted(text)} is not allowed here; write {allowed}{meant(text, values)}")

    return read


_GLOB = re.compile(r"[^\s,;:<>\"'()]+")


def globs(text: str) -> tuple[str, ...]:
    """Globs of addresses or domains, separated by commas, lower case; raises ValueError."""
    found = tuple(part.lower() for part in phrases(text))
    for glob in found:
        if not _GLOB.fullmatch(glob) or not set(glob) & set(".@*"):
            raise ValueError(f"{quoted(glob)} is no address or domain, such as 'bob@sample.example' or '*.example'")
    return found


def phrases(text: str) -> tuple[str, ...]:
    """Phrases separated by commas; raises ValueError."""
    found = tuple(" ".join(part.split()) for part in text.split(",") if part.strip())
    if not found:
        raise ValueError(f"{quoted(text)} names nothing; leave the line out")
    return found


def on_line(source: str, line: int) -> str:
    """A source that counts its lines from `line`, as in its file, and prints the same."""
    return source if line <= 1 else "{#" + "\n" * (line - 1) + "#}" + source
