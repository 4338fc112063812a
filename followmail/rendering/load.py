"""templates/ → sequences: reads the folder, understands each file, renders each text once with sample names.

A sequence with a fault is left out and told; the others go on.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from followmail import __version__
from followmail.rendering import digest_file
from followmail.rendering.digest_file import Wording
from followmail.rendering.fault import Fault, Faulty
from followmail.rendering.headers import MAX_FILE, decoded, on_line, taken_apart
from followmail.rendering.parse import CONDITIONS, SEQUENCE_FILE, STEP_HEADERS, LanguageOf, Reading, SandboxOf
from followmail.sequence.steps import Sequence, Text

if TYPE_CHECKING:
    from followmail.rendering.sandbox import Sandbox

ENDINGS = (".txt", ".md")


@dataclass(frozen=True, slots=True)
class Proof:
    """That a folder was looked through and had no fault: the mark of its bytes, and the language of each text.

    What was proven once and has not changed by a byte is not looked through again: that takes longer than most
    commands.
    """

    mark: str
    languages: Mapping[str, str | None]  # by path


@dataclass(frozen=True, slots=True)
class Library:
    """What a templates folder holds.

    `sequences` are those without a fault, `broken` the names of the others. `files` are the sources that a sequence's
    texts can include, the signature among them, as they were when it loaded. `digest` is the consultant's own digest.txt;
    None where there is none, or none without a fault: then the shipped one speaks.
    """

    folder: Path
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    broken: frozenset[str] = frozenset()
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    readable: bool = True  # the folder itself; else nothing is known of its sequences
    digest: Wording | None = None
    digest_broken: bool = False
    proof: Proof | None = None  # where nothing at all is wrong

    def fault_of(self, name: str) -> str:
        """Why a sequence that is not among `sequences` cannot be read; empty where it does not exist."""
        if not self.readable:
            return str(self.faults[0])
        own = (str(fault) for fault in self.faults if fault.path.startswith(name + "/"))
        return next(own, "") if name in self.broken else ""


def load(folder: Path, languages_of: LanguageOf | None = None, proof: Proof | None = None) -> Library:
    """Reads and lints a folder. Never raises for what stands in it: what is wrong is among the faults.

    `languages_of` tells the language of a text, or None; by default `mail.language.language`. Where `proof` is of these
    very bytes, it is believed.
    """
    try:
        files, unread = read(folder)
    except OSError as error:
        fault = Fault(str(folder), 0, f"this folder of templates cannot be read: {error.strerror}")
        return Library(folder, faults=(fault,), readable=False)
    return understood(folder, files, languages_of, unread, proof)


def understood(
    folder: Path, files: Mapping[str, bytes], languages_of: LanguageOf | None = None, unread: tuple[Fault, ...] = (),
    proof: Proof | None = None,
) -> Library:  # fmt: skip
    """The same from bytes: path → content, and what could not be read."""
    mark = _mark(files)
    known = proof.languages if proof is not None and proof.mark == mark else None
    sources = _sources(files)
    sandbox = cache(lambda: _sandbox(sources))
    faults, sequences, broken = list(unread), {}, set()
    for name in sorted({path.partition("/")[0] for path in (*files, *(f.path for f in unread)) if "/" in path}):
        if name[0] in "._":
            continue
        sequence, wrong = _sequence(name, files, sandbox, languages_of or _language, known)
        faults += wrong
        if sequence is None or wrong or any(fault.path.startswith(name + "/") for fault in unread):
            broken.add(name)
        else:
            sequences[name] = sequence
    wording, wrong = _wording(files.get(digest_file.FILE), sources, known is not None)
    lost = bool(wrong) or any(fault.path == digest_file.FILE for fault in unread)
    told = tuple(dict.fromkeys((*faults, *wrong)))
    of_sequences = dict.fromkeys(sequences, sources)
    proven = None if told else Proof(mark, {t.path: t.language for t in _texts(sequences)})
    return Library(
        folder, sequences, told, frozenset(broken), of_sequences, digest=wording, digest_broken=lost, proof=proven
    )


def _mark(files: Mapping[str, bytes]) -> str:
    """Another one for any other byte or name, and for any other version of what looks them through."""
    mark = sha256(__version__.encode())
    for path, raw in sorted(files.items()):
        mark.update(f"\0{path}\0{len(raw)}\0".encode("utf-8", "surrogateescape") + raw)
    return mark.hexdigest()


def _texts(sequences: Mapping[str, Sequence]) -> Iterator[Text]:
    return (text for sequence in sequences.values() for step in sequence.steps for text in step.texts)


def _sequence(
    name: str, files: Mapping[str, bytes], sandbox: SandboxOf, languages_of: LanguageOf,
    known: Mapping[str, str | None] | None,
) -> tuple[Sequence | None, list[Fault]]:  # fmt: skip
    """The sequence of a folder and what is wrong with it; with the languages `known`, that nothing is wrong is known."""
    reading = Reading(name, sandbox, languages_of, known or {})
    own = {path.partition("/")[2]: raw for path, raw in files.items() if path.startswith(name + "/")}
    sequence = reading.sequence(own)
    return sequence, sorted(reading.faults + (_lint(sequence, sandbox()) if sequence and known is None else []))


def _sandbox(sources: Mapping[str, str]) -> "Sandbox":
    from followmail.rendering.sandbox import Sandbox  # late: it brings Jinja along, which what is proven can do without

    return Sandbox(sources)


def _language(text: str) -> str | None:
    from followmail.mail.language import language  # late: it reads word tables

    return language(text)


def _wording(raw: bytes | None, sources: Mapping[str, str], proven: bool) -> tuple[Wording | None, list[Fault]]:
    """The consultant's digest.txt; that it can be rendered is tried where it is not proven."""
    if raw is None or proven:
        return digest_file.taken(raw, sources)
    from followmail.rendering import digest  # late, as above

    return digest.read(raw, sources)


def _lint(sequence: Sequence, sandbox: "Sandbox") -> list[Fault]:
    """Each text rendered once with sample names."""
    from followmail.rendering.names import sample
    from followmail.rendering.render import rendered

    faults: list[Fault] = []
    for step in sequence.steps:
        for text in step.texts:
            if text.subject == "" or not text.body:
                continue  # told by the reading
            try:
                rendered(sandbox, step, text, sample(text.language or "en"))
            except Faulty as error:
                faults += error.faults
    return faults


def _sources(files: Mapping[str, bytes]) -> dict[str, str]:
    """What can be included: every text, without its headers where it is a step."""
    sources = {}
    for path, raw in files.items():
        text, faults = decoded(path, raw)
        if faults or not path.lower().endswith(ENDINGS):
            continue
        folder, _, name = path.rpartition("/")
        if folder and not folder.startswith("_") and not name.startswith("_"):
            known = CONDITIONS if name.lower() == SEQUENCE_FILE else STEP_HEADERS
            file, _ = taken_apart(path, text, known)
            text = on_line(file.body, file.body_line)
        sources[path] = text.rstrip("\n")
    return sources


def read(folder: Path) -> tuple[dict[str, bytes], tuple[Fault, ...]]:
    """The files of the folder and of its sub-folders, path from it → bytes; and which could not be read.

    Raises OSError where the folder itself cannot be.
    """
    files: dict[str, bytes] = {}
    faults: list[Fault] = []
    for path in paths(folder):
        name = path.relative_to(folder).as_posix() + ("/" if path.is_dir() else "")
        try:
            with path.open("rb") as file:
                files[name] = file.read(MAX_FILE + 1)
        except OSError as error:
            faults.append(Fault(name, 0, f"this cannot be read: {error.strerror}"))
    return files, tuple(faults)


def paths(folder: Path) -> list[Path]:
    """The files that matter, in order: texts in the folder, all files one level down, nothing hidden or left over.

    A sub-folder that cannot be listed stands for itself.
    """
    found: list[Path] = []
    for entry in _entries(folder):
        if entry.is_dir():
            try:
                found += [inner for inner in _entries(entry) if inner.is_file()]
            except OSError:
                found.append(entry)
        elif entry.is_file() and entry.suffix.lower() in ENDINGS:
            found.append(entry)
    return found


# what editors and file managers leave behind
_LEFT_OVER = re.compile(r"^\.|~$|^#|\.(?:bak|orig|rej|sw[a-z]|tmp|part)$|^(?:thumbs\.db|desktop\.ini)$", re.I)


def _entries(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not _LEFT_OVER.search(entry.name))
