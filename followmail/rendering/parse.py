"""The files of one folder → a Sequence: conditions, steps in order, twins. What is wrong comes back as faults."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, TypeVar

from followmail.rendering import headers
from followmail.rendering.dates import LANGUAGES
from followmail.rendering.fault import Fault, Faulty, meant, quoted
from followmail.rendering.headers import File
from followmail.sequence.steps import Delay, Mode, Sequence, Step, Text, Trigger

if TYPE_CHECKING:
    from followmail.rendering.sandbox import Sandbox

LanguageOf = Callable[[str], str | None]
SandboxOf = Callable[[], "Sandbox"]  # made when it is first asked for: a folder that is proven needs none
SEQUENCE_FILE = "sequence.txt"
CONDITIONS = ("Trigger", "Mode", "To", "Not-To", "Subject-Has", "Subject-Has-Not", "Asks")
STEP_HEADERS = ("After", "Subject", "Approve", "Quote", "Unsubscribe", "Channel")
RESERVED = ("met", "off")  # words of the plus address
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Named:
    """What a step's file name says: `1-checking-in.de.txt`."""

    path: str
    number: int | None
    name: str
    language: str | None
    markdown: bool


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a step's headers say beside its text; None: nothing said."""

    after: Delay | None
    approve: bool | None
    quote: bool | None
    unsubscribe: bool | None
    call: bool | None


class Reading:
    """One folder being read: collects what is wrong with it."""

    def __init__(self, name: str, sandbox: SandboxOf, language_of: LanguageOf, known: Mapping[str, str | None]) -> None:
        self.name, self.sandbox, self.language_of, self.known = name, sandbox, language_of, known
        self.faults: list[Fault] = []

    def sequence(self, files: Mapping[str, bytes]) -> Sequence | None:
        """The sequence of these files (name → bytes); None where it cannot be made out. See `faults`."""
        self._check_name()
        named = [self._named(file) for file in sorted(files) if file.lower() != SEQUENCE_FILE and file[0] not in "._"]
        steps = self._steps([n for n in named if n], {f"{self.name}/{file}": raw for file, raw in files.items()})
        conditions = next(
            (self._file(file, raw, CONDITIONS) for file, raw in files.items() if file.lower() == SEQUENCE_FILE), None
        )
        trigger = self.value(conditions, "Trigger", headers.one_of({t.value: t for t in Trigger})) or Trigger.MANUAL
        if not named:
            self._wrong(self.name, 0, "the folder holds no step; a step is a file such as 1-hello.txt")
        self._first_needs_subject(steps, trigger, conditions)
        if not steps:
            return None
        return Sequence(
            self.name,
            tuple(steps),
            trigger,
            self.value(conditions, "Mode", headers.one_of({m.value: m for m in Mode})),
            self.value(conditions, "To", headers.globs) or (),
            self.value(conditions, "Not-To", headers.globs) or (),
            self.value(conditions, "Subject-Has", headers.phrases) or (),
            self.value(conditions, "Subject-Has-Not", headers.phrases) or (),
            self.value(conditions, "Asks", headers.yes_or_no) or False,
        )

    def value(self, file: File | None, name: str, read: Callable[[str], T]) -> T | None:
        """What a header says; None where it is absent or wrong."""
        header = file.headers.get(name) if file else None
        if file is None or header is None:
            return None
        try:
            # Jinja, but read before there is a person: no names
            text = (
                self.sandbox().run(file.path, header.value, {}, line=header.line, names=())
                if "{" in header.value
                else header.value
            )
            if not text.strip():
                raise ValueError(f"there is no value{'' if name == 'After' else '; leave the line out'}")
            return read(text.strip())
        except Faulty as error:
            self.faults += error.faults
        except ValueError as error:
            self._wrong(file.path, header.line, f"{name}: {error}")
        return None

    def _wrong(self, path: str, line: int, text: str) -> None:
        self.faults.append(Fault(path, line, text))

    def _missing(self, path: str, line: int, text: str) -> None:
        """What is missing from a file that nothing else is wrong with: a mistyped header is told once."""
        if all(fault.path != path for fault in self.faults):
            self._wrong(path, line, text)

    def _check_name(self) -> None:
        if self.name.lower() in RESERVED:
            self._wrong(
                self.name,
                0,
                f"'{self.name}' cannot name a sequence: it means something else in a plus address; rename the folder",
            )
        elif not re.fullmatch(r"\w[\w -]{0,59}", self.name):
            self._wrong(self.name, 0, f"{quoted(self.name)} cannot name a sequence; use letters, digits, '-' and '_'")

    def _file(self, file: str, raw: bytes, known: tuple[str, ...]) -> File:
        path = f"{self.name}/{file}"
        text, faults = headers.decoded(path, raw)
        if faults:
            self.faults += faults
            return File(path)
        taken, faults = headers.taken_apart(path, text, known, has_text=known is STEP_HEADERS)
        self.faults += faults
        return taken

    def _named(self, file: str) -> _Named | None:
        path = f"{self.name}/{file}"
        match = re.fullmatch(r"(?:([0-9]{1,6})[-_. ]*)?(.*)\.(txt|md)", file, re.I | re.S)
        if match is None:
            self._wrong(
                path,
                0,
                "a step is a .txt or .md file; if this is none, keep it outside the folder or begin its name with '_'",
            )
            return None
        name, _, code = match[2].rpartition(".") if "." in match[2] else (match[2], "", "")
        if code and (not name or code.lower() not in LANGUAGES):
            self._wrong(path, 0, f"'{code}' is no language known here ({', '.join(LANGUAGES)}){meant(code, LANGUAGES)}")
            return None
        number = int(match[1]) if match[1] else None
        return _Named(path, number, name or match[1] or "", code.lower() or None, match[3].lower() == "md")

    def _steps(self, named: list[_Named], raw: Mapping[str, bytes]) -> list[Step]:
        groups = [
            list(group)
            for _, group in groupby(sorted(named, key=lambda n: (n.name, n.language or "")), key=lambda n: n.name)
        ]
        groups.sort(key=lambda group: (group[0].number is None, group[0].number or 0, group[0].name))
        steps = [
            self._step(position, group, raw) for position, group in enumerate(groups, 1) if self._is_one_step(group)
        ]
        return [step for step in steps if step]

    def _is_one_step(self, group: list[_Named]) -> bool:
        """A step is known by its name without the number: two files of one name are twins, or a fault."""
        first = group[0]
        for before, other in pairwise(group):
            if before.language == other.language:
                self._wrong(
                    other.path,
                    0,
                    f"{before.path} is the same step; a step is known by its name without the number, so rename one",
                )
                return False
            if (other.number, other.markdown) != (first.number, first.markdown):
                self._wrong(
                    other.path,
                    0,
                    f"{first.path} is the same step in another language; both need the same number and ending",
                )
                return False
        return True

    def _step(self, position: int, group: list[_Named], raw: Mapping[str, bytes]) -> Step | None:
        files = [self._file(named.path.partition("/")[2], raw[named.path], STEP_HEADERS) for named in group]
        rules = [self._rules(file) for file in files]
        first, plain = rules[0], files[0]
        if "After" not in plain.headers:
            self._missing(
                plain.path, 1, "'After' is missing; a step begins with a line such as 'After: 4 business days'"
            )
        for file, twin in zip(files[1:], rules[1:], strict=True):
            self._agree(plain, first, file, twin)
        texts = tuple(self._text(named, file, plain) for named, file in zip(group, files, strict=True))
        if not first.call:
            for file in files:
                if not file.body.strip():
                    self._missing(file.path, 0, "there is no text; it stands below the headers, after an empty line")
        if first.after is None:
            return None
        options = {"approve": bool(first.approve), "unsubscribe": bool(first.unsubscribe), "call": bool(first.call)}
        return Step(
            group[0].name, position, first.after, texts, quote=first.quote, markdown=group[0].markdown, **options
        )

    def _rules(self, file: File) -> _Rules:
        return _Rules(
            self.value(file, "After", headers.delay),
            self.value(file, "Approve", headers.yes_or_no),
            self.value(file, "Quote", headers.yes_or_no),
            self.value(file, "Unsubscribe", headers.yes_or_no),
            self.value(file, "Channel", headers.one_of({"call": True, "mail": False})),
        )

    def _agree(self, plain: File, first: _Rules, file: File, twin: _Rules) -> None:
        """A twin is the same step: it may leave the headers to the plain file, but not contradict it."""
        if any(fault.path == plain.path for fault in self.faults):
            return  # one fault in the plain file is told once, not once a language
        for header, said, meant_ in zip(
            ("After", "Approve", "Quote", "Unsubscribe", "Channel"),
            (twin.after, twin.approve, twin.quote, twin.unsubscribe, twin.call),
            (first.after, first.approve, first.quote, first.unsubscribe, first.call),
            strict=True,
        ):
            if said is not None and said != meant_ and header in file.headers:
                self._wrong(
                    file.path,
                    file.headers[header].line,
                    f"'{header}' is another than in {plain.path}; it is one step: leave the line out here",
                )
        if ("Subject" in file.headers) != ("Subject" in plain.headers):
            has, lacks = (file, plain) if "Subject" in file.headers else (plain, file)
            self._wrong(
                lacks.path,
                1,
                f"'Subject' is missing, but {has.path} has one: a step has it in every language or in none",
            )

    def _text(self, named: _Named, file: File, plain: File) -> Text:
        subject, after = file.headers.get("Subject"), file.headers.get("After") or plain.headers.get("After")
        if subject and not subject.value:
            self._wrong(file.path, subject.line, "Subject: there is no value; leave the line out to stay in the thread")
        return Text(
            file.path,
            named.language or self._language(file),
            after.value if after else "",
            file.body,
            subject.value if subject else None,
            file.body_line,
            subject.line if subject else 1,
        )

    def _language(self, file: File) -> str | None:
        if file.path in self.known:
            return self.known[file.path]
        words = self.sandbox().prose(file.body)
        return None if words is None else self.language_of(words)

    def _first_needs_subject(self, steps: list[Step], trigger: Trigger, conditions: File | None) -> None:
        first = next((step for step in steps if not step.call), None)
        if first and not first.new_thread and trigger in (Trigger.MET, Trigger.MANUAL):
            told = (
                f"the sequence is '{trigger}'"
                if conditions and "Trigger" in conditions.headers
                else "nothing says when the sequence starts"
            )
            guess = (
                "" if trigger is Trigger.MET else f"; or did you mean 'Trigger: sent' in {self.name}/{SEQUENCE_FILE}?"
            )
            self._missing(
                first.texts[0].path,
                1,
                f"'Subject' is missing: {told}, so the first mail has no thread to stand in{guess}",
            )
