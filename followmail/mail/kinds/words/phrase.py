"""Phrases of the word tables, matched word by word: no regular expression is compiled for any of them.

How a phrase is written stands in `__init__.py`.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache, cached_property, lru_cache
from itertools import chain, pairwise
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
_NO_MORE: tuple[Choice, ...] = ((),)


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
    def loosely(self) -> dict[str, list[str]]:
        """What stands for words in a phrase ("urlaub*", "#") → the words here that it stands for."""
        found: dict[str, list[str]] = {}
        for word in self.vocabulary:
            for part in _stand_for(word):
                found.setdefault(part, []).append(word)
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
        written = () if self.gap else text.strip("()").split("|")
        choices = [parts for choice in written if (parts := _PART.findall(choice.replace("_", " ")))]
        self._exact: dict[str, tuple[Choice, ...]] = {}  # the first word of each choice → what follows it
        self._loose = tuple(tuple(choice) for choice in choices if _is_loose(choice[0]))
        for first, *rest in choices:
            if not _is_loose(first):
                self._exact[first] = (*self._exact[first], tuple(rest)) if first in self._exact else _follows(rest)
        # one of these words stands in a text that has it; none: not known
        self.firsts: Collection[str] = () if self.optional or self._loose else self._exact

    def ends(self, text: Tokens, at: int) -> Iterator[int]:
        """The words after each choice that stands here."""
        if at >= len(text.words):
            return
        word = text.words[at]
        for rest in self._exact.get(word, ()):
            if not rest or _stands(rest, text, at + 1):
                yield at + 1 + len(rest)
        for first, *more in self._loose:
            if _is(first, word) and _stands(more, text, at + 1):
                yield at + 1 + len(more)


# The same steps stand in many phrases. They are read when a text has a word like the first of such a phrase.
_item = cache(_Item)


def _follows(rest: list[str]) -> tuple[Choice, ...]:
    return (tuple(rest),) if rest else _NO_MORE


def _stands(rest: Sequence[str], text: Tokens, at: int) -> bool:
    """What follows the first word of a choice."""
    if at + len(rest) > len(text.words):
        return False
    return all(text.joined[n] and _is(part, text.words[n]) for n, part in enumerate(rest, at))


def _is_loose(part: str) -> bool:
    """It stands for more than one word."""
    return part in ("#", "@") or part.endswith("*")


def _stand_for(word: str) -> Iterator[str]:
    """What stands for this word among others."""
    yield from (f"{word[:length]}*" for length in range(KEY, len(word) + 1))
    if word.isdigit() or word[0] == "@":
        yield word[0] if word[0] == "@" else "#"


def _is(part: str, word: str) -> bool:
    if part in ("#", "@"):
        return word.isdigit() if part == "#" else word[0] == "@"
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


def _end(phrase: str, text: Tokens, at: int) -> int | None:
    """The word after the phrase, where it begins with word `at`."""
    last = _item(phrase.rpartition(" ")[2]).firsts
    if last and text.vocabulary.keys().isdisjoint(last):
        return None  # none of the words stands there that it ends with
    return _end_from(phrase.split(), 0, text, at, at)


def _end_from(items: list[str], step: int, text: Tokens, at: int, begin: int) -> int | None:
    if step == len(items):
        return at
    item = _item(items[step])
    if item.gap:
        return _skip(items, step, text, at, begin)
    if at == begin or (at < len(text.words) and text.joined[at]):
        for after in item.ends(text, at):
            if (end := _end_from(items, step + 1, text, after, begin)) is not None:
                return end
    return _end_from(items, step + 1, text, at, begin) if item.optional and step else None


def _skip(items: list[str], step: int, text: Tokens, at: int, begin: int) -> int | None:
    for after in range(at, at + _item(items[step]).gap + 1):
        if after > at and (after > len(text.words) or not text.joined[after - 1]):
            return None
        if (end := _end_from(items, step + 1, text, after, begin)) is not None:
            return end
    return None


class Phrases:
    """Many phrases looked for at once: one look-up a word, and only what begins with that word is tried.

    They are kept as they are written: twenty thousand of them, made ready, would fill a daemon's memory.
    """

    def __init__(self, phrases: tuple[str, ...]) -> None:
        """`phrases` are folded."""
        filed: dict[str, list[str]] = {}
        self._loose: dict[str, list[tuple[int, str]]] = {}  # first word → (its place among all, phrase)
        for place, phrase in enumerate(chain.from_iterable(map(_readings, phrases))):
            self._file(place, phrase, filed)
        # the longer phrase first: it says more
        self._filed = {first: tuple(sorted(some, key=_letters, reverse=True)) for first, some in filed.items()}

    def __bool__(self) -> bool:
        return bool(self._filed or self._loose)

    @cached_property
    def keys(self) -> frozenset[str]:
        """How the first words begin, three letters of each."""
        return frozenset(first[:KEY] for first in (*self._filed, *self._loose))

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
        for first in (text.loosely.keys() & self._loose.keys()) if self._loose else ():
            known.update(text.loosely[first])
        return {number for word in known for number in text.vocabulary[word]}

    def _file(self, place: int, phrase: str, filed: dict[str, list[str]]) -> None:
        head = phrase.split(None, 1)[0]
        firsts = {_PART.findall(choice.replace("_", " "))[0] for choice in head.strip("()").split("|")}
        for first in firsts:
            if _is_loose(first):
                self._loose.setdefault(first, []).append((place, phrase))
            else:
                filed.setdefault(intern(first), []).append(phrase)

    def _match(self, folded: str, text: Tokens, number: int) -> re.Match[str] | None:
        end = self._try(text, number)
        return _SPAN.match(folded, text.spans[number][0], text.spans[end - 1][1]) if end else None

    def _try(self, text: Tokens, number: int) -> int | None:
        word = text.words[number]
        for phrase in self._filed.get(word, ()):
            if (end := _end(phrase, text, number)) is not None:
                return end
        for phrase in self._loosely(word):
            if (end := _end(phrase, text, number)) is not None:
                return end
        return None

    def _loosely(self, word: str) -> Iterator[str]:
        """The phrases whose first word stands for this one among others, in their order."""
        found = [here for part in _stand_for(word) if (here := self._loose.get(part))] if self._loose else ()
        return (phrase for _, phrase in sorted(chain.from_iterable(found)))


def _letters(phrase: str) -> int:
    return sum(map(len, phrase.split()))


def _readings(phrase: str) -> Iterator[str]:
    """A phrase, and what is left of it where its first items are missing."""
    if not phrase.startswith(".."):
        yield phrase
    while phrase.startswith(("(", "..")):
        _, *rest = phrase.split(None, 1)
        phrase = "".join(rest)
        if phrase and not phrase.startswith(".."):
            yield phrase
