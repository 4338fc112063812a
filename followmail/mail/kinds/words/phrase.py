"""Phrases of the word tables, matched word by word: no regular expression is compiled for any of them.

How a phrase is written stands in `__init__.py`.
"""

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import pairwise
from sys import intern

KEY = 3  # letters of a first word by which `keys` tells a reader where a phrase may begin
_MAX_PHRASE = 200  # characters
_SKIPPED = {"..": 2, "...": 6}  # other words that may stand there

_WORD = re.compile(r"\w+|@{3,}")
_PART = re.compile(r"\w+\*?|#|@")
# what may stand between two words of a phrase: blanks, commas, quotes, one line break; never the end of a sentence
_JOINT = re.compile(r"[^\w.!?\n]{0,3}(?:\n[^\w.!?\n]{0,3})?")
_SPAN = re.compile(r".*", re.DOTALL)

Choice = tuple[str, ...]  # words in a row; `urlaub*` begins so, `#` is a number, `@` an address


def _joins(folded: str, begin: int, end: int) -> bool:
    """A blank nearly always: only what is none is matched."""
    return (end - begin == 1 and folded[begin] == " ") or _JOINT.fullmatch(folded, begin, end) is not None


class Tokens:
    """The words of a folded text, and which of them may stand in one phrase with the word before."""

    def __init__(self, folded: str) -> None:
        spans = [match.span() for match in _WORD.finditer(folded)]
        self.words = [folded[start:end] for start, end in spans]
        self.spans = spans
        self.joined = [False, *(_joins(folded, a[1], b[0]) for a, b in pairwise(spans))]

    @cached_property
    def at(self) -> dict[int, int]:
        """Position in the text → number of the word that begins there."""
        return {start: number for number, (start, _) in enumerate(self.spans)}

    @cached_property
    def vocabulary(self) -> dict[str, list[int]]:
        """Word → where it stands."""
        found: dict[str, list[int]] = {}
        for number, word in enumerate(self.words):
            found.setdefault(word, []).append(number)
        return found

    @cached_property
    def beginnings(self) -> dict[str, list[str]]:
        """Three letters → the words that begin so."""
        found: dict[str, list[str]] = {}
        for word in self.vocabulary:
            found.setdefault(word[:KEY], []).append(word)
        return found


@lru_cache(maxsize=8)  # of a long mail each takes a megabyte; who classifies comes back to the last few
def tokens(folded: str) -> Tokens:
    return Tokens(folded)


class _Item:
    """A step of a phrase: one of several choices, perhaps missing; or other words (".." and "...")."""

    __slots__ = ("_exact", "_loose", "firsts", "gap", "optional")

    def __init__(self, text: str) -> None:
        self.gap = _SKIPPED.get(text, 0)
        self.optional = text.startswith("(")
        written = [] if self.gap else text.strip("()").split("|")
        choices = [tuple(_PART.findall(choice.replace("_", " "))) for choice in written]
        self._exact: dict[str, list[Choice]] = {}
        self._loose: list[Choice] = []
        self.firsts: frozenset[str] = frozenset()  # one of these words stands in a text that has it; none: not known
        for choice in filter(None, choices):
            if _is_loose(choice[0]):
                self._loose.append(choice)
            else:
                self._exact.setdefault(choice[0], []).append(choice)
        if not self.optional and not self._loose:
            self.firsts = frozenset(self._exact)

    def ends(self, text: Tokens, at: int) -> Iterator[int]:
        """The words after each choice that stands here."""
        if at >= len(text.words):
            return
        word = text.words[at]
        for choice in self._exact.get(word, ()):
            if len(choice) == 1 or _stands(choice, text, at):
                yield at + len(choice)
        for choice in self._loose:
            if _stands(choice, text, at):
                yield at + len(choice)


def _stands(choice: Choice, text: Tokens, at: int) -> bool:
    if at + len(choice) > len(text.words):
        return False
    return all((n == 0 or text.joined[at + n]) and _is(part, text.words[at + n]) for n, part in enumerate(choice))


def _is_loose(part: str) -> bool:
    """It stands for more than one word."""
    return part in ("#", "@") or part.endswith("*")


def _is(part: str, word: str) -> bool:
    if part in ("#", "@"):
        return word.isdigit() if part == "#" else word[0] == "@"
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


class _Phrase:
    """One phrase; its items are read when a text has a word like its first."""

    def __init__(self, items: tuple[str, ...]) -> None:
        self._written = items
        self.length = sum(map(len, items))

    @cached_property
    def _items(self) -> list[_Item]:
        return [_Item(text) for text in self._written]

    @cached_property
    def _last(self) -> frozenset[str]:
        """Words of which it ends with one, where that is known."""
        return next((item.firsts for item in reversed(self._items) if item.firsts), frozenset())

    def end(self, text: Tokens, at: int) -> int | None:
        """The word after the phrase that begins with word `at`."""
        if self._last and text.vocabulary.keys().isdisjoint(self._last):
            return None
        return self._end(0, text, at, at)

    def _end(self, step: int, text: Tokens, at: int, begin: int) -> int | None:
        if step == len(self._items):
            return at
        item = self._items[step]
        if item.gap:
            return self._skip(step, text, at, begin)
        if at == begin or (at < len(text.words) and text.joined[at]):
            for after in item.ends(text, at):
                if (end := self._end(step + 1, text, after, begin)) is not None:
                    return end
        return self._end(step + 1, text, at, begin) if item.optional and step else None

    def _skip(self, step: int, text: Tokens, at: int, begin: int) -> int | None:
        for after in range(at, at + self._items[step].gap + 1):
            if after > at and (after > len(text.words) or not text.joined[after - 1]):
                return None
            if (end := self._end(step + 1, text, after, begin)) is not None:
                return end
        return None


class Phrases:
    """Many phrases looked for at once: one look-up a word, and only what begins with that word is tried."""

    def __init__(self, phrases: tuple[str, ...]) -> None:
        """`phrases` are folded."""
        filed: dict[str, list[_Phrase]] = {}
        self._loose: list[tuple[str, _Phrase]] = []
        for written in phrases:
            for items in _readings([intern(item) for item in written.split()]):
                self._file(_Phrase(tuple(items)), items[0], filed)
        # the longer phrase first: it says more
        self._filed = {first: tuple(sorted(some, key=lambda p: -p.length)) for first, some in filed.items()}

    def __bool__(self) -> bool:
        return bool(self._filed or self._loose)

    @cached_property
    def _loose_firsts(self) -> frozenset[str]:
        return frozenset(first for first, _ in self._loose)

    @cached_property
    def keys(self) -> frozenset[str]:
        """How the first words begin, three letters of each."""
        return frozenset(first[:KEY] for first in (*self._filed, *(first for first, _ in self._loose)))

    def at(self, folded: str, position: int = 0) -> re.Match[str] | None:
        """The phrase that begins exactly here."""
        text = tokens(folded)
        if position not in text.at:
            # inside a run of letters and digits: "4mai"
            match = _SPAN.match(folded, position, position + _MAX_PHRASE)
            rest = tokens(match[0]) if match else None
            end = self._try(rest, 0) if rest and rest.spans and rest.spans[0][0] == 0 else None
            return _SPAN.match(folded, position, position + rest.spans[end - 1][1]) if rest and end else None
        return self._match(folded, text, text.at[position])

    def each(self, folded: str) -> Iterator[re.Match[str]]:
        """All places where a phrase stands, in their order."""
        text = tokens(folded)
        for number in sorted(self._beginnings(text)):
            if (match := self._match(folded, text, number)) is not None:
                yield match

    def first(self, folded: str) -> str | None:
        """The first phrase that stands in the text, as it stands there."""
        return next((" ".join(match[0].split()) for match in self.each(folded)), None)

    def _beginnings(self, text: Tokens) -> set[int]:
        """The words that a phrase may begin with: found by comparing vocabularies, not word by word."""
        known = text.vocabulary.keys() & self._filed.keys()
        for first in self._loose_firsts:
            among = text.beginnings.get(first[:KEY], ()) if len(first) > KEY else text.vocabulary
            known.update(word for word in among if _is(first, word))
        return {number for word in known for number in text.vocabulary[word]}

    def _file(self, phrase: _Phrase, head: str, filed: dict[str, list[_Phrase]]) -> None:
        firsts = {_PART.findall(choice.replace("_", " "))[0] for choice in head.strip("()").split("|")}
        for first in firsts:
            if _is_loose(first):
                self._loose.append((first, phrase))
            else:
                filed.setdefault(intern(first), []).append(phrase)

    def _match(self, folded: str, text: Tokens, number: int) -> re.Match[str] | None:
        end = self._try(text, number)
        return _SPAN.match(folded, text.spans[number][0], text.spans[end - 1][1]) if end else None

    def _try(self, text: Tokens, number: int) -> int | None:
        word = text.words[number]
        for phrase in self._filed.get(word, ()):
            if (end := phrase.end(text, number)) is not None:
                return end
        for first, phrase in self._loose:
            if _is(first, word) and (end := phrase.end(text, number)) is not None:
                return end
        return None


def _readings(items: list[str]) -> Iterator[list[str]]:
    """A phrase, and what is left of it where its first items are missing."""
    if items[0] not in _SKIPPED:
        yield items
    while items and items[0].startswith(("(", "..")):
        items = items[1:]
        if items and items[0] not in _SKIPPED:
            yield items
