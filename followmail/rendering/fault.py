"""What is wrong with a text: one sentence with its file and line, and the guess at what was meant."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong: path inside templates/, line (0: the file as a whole), a sentence for people."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path} line {self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


class Faulty(Exception):
    """Carries faults up to `load` or `render`."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(map(str, self.faults)))


class Refused(Exception):
    """A text asked for what no text gets; the message is for people, the line is found from the traceback."""


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'After'?`, or nothing where nothing known resembles the word."""
    guess = closest(word, known)
    return f"; did you mean '{guess}'?" if guess else ""


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant: the same in another case or behind a dot, or one with few letters off."""
    known = tuple(known)
    folded = {name.lower(): name for name in reversed(known)}
    word = word.lower()[:60]
    if word in folded:
        return folded[word]
    if tails := [name for name in known if name.rpartition(".")[2] == word]:
        # somebody's name is the prospect's more often than one's own
        return next((name for name in tails if name.startswith("prospect.")), tails[0])
    from difflib import get_close_matches  # here: templates are nearly always in order

    ends = sorted({name.rpartition(".")[2] for name in folded if "." in name})
    if "." not in word and (near := get_close_matches(word, ends, 1, 0.8)):
        return closest(near[0], known)
    near = get_close_matches(word, folded, 1, 0.7)
    return folded[near[0]] if near else None


def quoted(text: str, limit: int = 60) -> str:
    """A piece of a file for a message: on one line, shortened."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else "?" for c in line)
    return f"'{line[: limit - 1]}…'" if len(line) > limit else f"'{line}'"
