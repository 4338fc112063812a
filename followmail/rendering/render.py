"""A step's text and a person's names → what the mail says."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from followmail.errors import TemplateError
from followmail.rendering.fault import Fault, Faulty
from followmail.rendering.load import Library
from followmail.rendering.names import CONTROL, KNOWN, Held, Names, context
from followmail.rendering.sandbox import Sandbox, Written
from followmail.sequence.steps import Sequence, Step, Text

MAX_SUBJECT = 250  # characters
Escape = Callable[[str], str] | None
_IN_SIGNATURE = tuple(name for name in KNOWN if name != "signature")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a mail says; `subject` None: it stays in its thread. `source_hash` is that of the text, whoever gets it."""

    subject: str | None
    body: str
    html: str | None
    source_hash: str


def render(library: Library, sequence: Sequence, step: Step, text: Text, names: Names) -> Rendered:
    """What the mail of a step says to a person. Raises TemplateError (file, line, what is wrong): that mail is held."""
    try:
        got = rendered(Sandbox(library.files.get(sequence.name, {})), step, text, names)
        return complete(got, step, text)
    except Faulty as error:
        raise TemplateError(map(str, error.faults)) from None


def signature(library: Library, sequence: Sequence, names: Names) -> str:
    """The name `signature` as texts print it; "" where it cannot be."""
    return str(signed(Sandbox(library.files.get(sequence.name, {})), names, context(names)))


def rendered(sandbox: Sandbox, step: Step, text: Text, names: Names) -> Rendered:
    """Renders a text in its own language. Raises Faulty."""
    names = replace(names, language=text.language or names.language or "en")
    body, html = _body(sandbox, text, names, None), None
    if step.markdown:
        from followmail.mail.compose import html_of  # late: it needs a Markdown parser

        html = html_of(_body(sandbox, text, names, escaped))
    return Rendered(_subject(sandbox, text, names), body, html, source_hash(text))


def complete(got: Rendered, step: Step, text: Text) -> Rendered:
    """A mail that has a text, and a subject where it needs one. Raises Faulty: with these names it came out without."""
    if not got.body.strip() and not step.call:
        raise Faulty([Fault(text.path, text.body_line, "the text came out empty")])
    if got.subject == "":
        raise Faulty([Fault(text.path, text.subject_line, "the subject came out empty")])
    return got


def source_hash(text: Text) -> str:
    """Knows a text again, also under another name or number; blanks and line ends do not count."""
    return sha256(" ".join(text.body.split()).encode()).hexdigest()


def _body(sandbox: Sandbox, text: Text, names: Names, escape: Escape) -> str:
    values = _values(sandbox, names, escape)
    body = sandbox.run(
        text.path, text.body, values, language=names.language, today=names.today, escape=escape, line=text.body_line
    )
    return _sendable(text.path, text.body_line, body.strip("\n")) + "\n"


def _subject(sandbox: Sandbox, text: Text, names: Names) -> str | None:
    if text.subject is None:
        return None
    values = _values(sandbox, names, None)
    subject = sandbox.run(
        text.path, text.subject, values, language=names.language, today=names.today, line=text.subject_line
    )
    subject = _sendable(text.path, text.subject_line, " ".join(subject.split()))
    if len(subject) > MAX_SUBJECT:
        told = f"the subject has {len(subject)} characters; up to {MAX_SUBJECT} are allowed"
        raise Faulty([Fault(text.path, text.subject_line, told)])
    return subject


def _values(sandbox: Sandbox, names: Names, escape: Escape) -> Mapping[str, object]:
    values = context(names)
    return values | {"signature": signed(sandbox, names, values, escape)}


def signed(sandbox: Sandbox, names: Names, values: Mapping[str, object], escape: Escape = None) -> str:
    """signature.<language>.txt, else signature.txt, else the consultant's name. Its faults show where it is printed."""
    own = f"signature.{names.language}.txt"
    path = own if own in sandbox.files else "signature.txt"
    if path not in sandbox.files:
        return names.me.name or Held("me.name is empty")
    try:
        text = sandbox.run(
            path,
            sandbox.files[path],
            values,
            language=names.language,
            today=names.today,
            escape=escape,
            names=_IN_SIGNATURE,
        )
        return Written(_sendable(path, 1, text.strip("\n"))) or Held(f"{path} is empty")
    except Faulty as error:
        return Held(error.faults[0])


def _sendable(path: str, line: int, text: str) -> str:
    """Text that a mail can carry; `{{ "\\x00" }}` is none."""
    if CONTROL.search(text):
        raise Faulty([Fault(path, line, "a control character came out")])
    return text


def escaped(value: str) -> str:
    """A value in Markdown: it shows as it is, and makes no link, heading or list (CommonMark §2.4)."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", re.sub(r"(?m)^[ \t]+", "", value))
