"""What a mail is most like: the likeness of its words to examples of each kind.

`examples/<language>.txt` holds what people write, a line each, under the kind that it is. Whoever finds a mail that is
misunderstood adds it there; that is all. How often each word, each two that stand together, their beginnings, and what
they mean (`senses.py`) stand in the examples of a kind is counted when it is first asked for (multinomial naive Bayes:
Manning, Raghavan, Schütze, "Introduction to Information Retrieval", §13.2). A text weighs the same however long it is,
and in it the rare words more than the common ones (ibid., §6.2 to 6.4). By what they mean, the examples of one language
speak for all.

A phrase and the likeness to examples are two witnesses. Where a phrase says what a mail is, the examples need only not
speak against it; where none does, they must be sure.
"""

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain, pairwise, product, repeat
from math import exp, log, sqrt
from operator import add

from followmail.mail.kinds.senses import senses
from followmail.mail.kinds.statement import ADDRESS, statement
from followmail.mail.kinds.verdict import Kind
from followmail.mail.kinds.words import entries, fold

# How probable a kind must be where a phrase says it, and where none does.
_WITH_PHRASE = {Kind.UNSUBSCRIBE: 0.4, Kind.LATER: 0.35, Kind.WRONG_PERSON: 0.5}
_ALONE = {Kind.UNSUBSCRIBE: 0.8, Kind.LATER: 0.85, Kind.WRONG_PERSON: 0.85, Kind.OUT_OF_OFFICE: 0.9}
_ANSWERS = (*_ALONE, Kind.REPLY, Kind.LEFT_COMPANY)
_ASKS, _NOTHING = "asks", "asks-nothing"
_LONGEST = 60  # words; who writes more says more than one thing
_FEW = 5  # words that are like anything
_MUCH = 90  # words of a sent mail, from which it is known what it is like; who asks for something asks in the end
_RARE = 0.05  # what counts for a word that stands in no example of a kind
_BITS = 16  # of a number that says how often
_STEM = 4  # letters
_BESIDES = 0.8  # how like an answer one sentence of a note may be
_TYPED = 0.95
_CERTAIN = 0.99
_UNLIKE = 0.05
_GONE = 0.7  # how probable it must be, where a machine wrote, that somebody left
_ASKING, _REQUEST, _QUESTION = 0.85, 0.3, 0.1  # that something is asked: by no phrase, by one, with a question mark
_SHOWN = 3
_DATED = 0.15
_CLEAR = 0.9  # how probable the kind must be of a part of a sentence
_CLAUSE = re.compile(r"[,;:.!?\n]+\s|\s-\s")
_WORD = re.compile(r"\d+|@+|[\w']+|[?!.\n]")
_SPOKEN = re.compile(r"\s*[^\W_]{2}[\w' ]*\s*")  # a part that a person understands
_EDGE = "\n"  # as if it were a word: before the first one, behind the last
_Part = str | tuple[str, ...]
_ENDS = frozenset(("<not", "<stop", "<remove", "<off", "<angry", "<law"))
_SIGNS = frozenset(".?!0@°~" + _EDGE)  # what stands in a row and is no word, and means itself


def likeness(text: str) -> tuple[Kind, str] | None:
    """(kind, the words that speak most for it, as evidence) of a new text; None where it is most like a reply, or unsure.

    A note of an absence has no sentence besides: "Back on Monday. Your price is fine." is an answer.
    """
    chances = _chances(text)
    kind = next((kind for kind, least in _ALONE.items() if chances.get(kind, 0) >= least), None)
    if kind is None or (kind is Kind.OUT_OF_OFFICE and _answers_besides(text)):
        return None
    if kind is Kind.UNSUBSCRIBE and not _wishes_an_end(text):
        return None
    return kind, f"reads like others who mean that: {_telling(kind, text)}"


def _answers_besides(text: str) -> bool:
    return any(_chances(sentence.text).get(Kind.REPLY, 0) > _BESIDES for sentence in statement(text).sentences)


def _wishes_an_end(text: str) -> bool:
    """A word of it denies, stops, removes or accuses: without one, no wish for no more mail has been put into words."""
    return any(not _ENDS.isdisjoint(senses(word)) for word in _words(text))


def agrees(text: str, kind: Kind, dated: bool = False) -> bool:
    """Whether a text may be of the kind that a phrase in it says. Of very few words, and of many, the phrase knows best.

    Much less will do where the phrase is `dated`: "call me in September".
    Who wants no more mail has said it, whatever else they write: a part of a sentence is enough, where it is clear.
    """
    if len(_words(text)) <= _FEW:
        return True
    if _may_be(kind, _chances(text), _DATED if dated else _WITH_PHRASE[kind]):
        return True
    parts = _CLAUSE.split(text) if kind is Kind.UNSUBSCRIBE else ()
    return any(_chances(part).get(kind, 0) >= _CLEAR for part in parts)


def is_typed(text: str) -> bool:
    """Whether a text is like what people write who answer, of whatever kind, and like no machine's."""
    chances = _chances(text)
    return any(chances.get(kind, 0) >= _TYPED for kind in Kind if kind.human)


def is_surely(text: str, kind: Kind) -> bool:
    """Whether the likeness alone is enough where a mistake weighs most."""
    return _chances(text).get(kind, 0) >= _CERTAIN


def is_unlike(text: str, kind: Kind) -> bool:
    """Whether a text is like those of a kind in nothing, whatever a phrase in it says."""
    return _chances(text).get(kind, 1) < _UNLIKE


def somebody_left(text: str) -> bool:
    """Whether a machine's text is like those which say that somebody is gone."""
    return _chances(text).get(Kind.LEFT_COMPANY, 0) >= _GONE


def asks(text: str, said: str | None) -> bool:
    """Whether a sent mail is like those that ask something; much less will do where a phrase has `said` so."""
    words = _words(text)
    if not words or (len(words) > _MUCH and not said):
        return False
    least = _ASKING if not said else _QUESTION if "?" in said else _REQUEST
    return _model((_ASKS, _NOTHING)).chances(words[-_MUCH:])[_ASKS] >= least


def _may_be(kind: Kind, chances: Mapping[str, float], least: float) -> bool:
    """Probable enough, and nothing but a reply is more probable."""
    if not chances:
        return True
    others = (chance for title, chance in chances.items() if title not in (kind, Kind.REPLY))
    return chances[kind] >= max(least, *others)


@lru_cache(maxsize=16)
def _chances(text: str) -> Mapping[str, float]:
    words = _words(text)
    return _model(_ANSWERS).chances(words) if 0 < len(words) <= _LONGEST else {}


class _Model:
    """How often each part of a text stands in the examples under each title.

    Rows of bare numbers: as Counters, the parts of all examples would take twenty megabytes for as long as a daemon runs.
    Most parts stand there once or twice, so that many weigh the same: what a part weighs is reckoned once for all these.
    """

    def __init__(self, examples: Mapping[str, list[str]]) -> None:
        self._titles = tuple(examples)
        self._parts, self._which, times, totals = _counted(examples.values())
        self._number = sum(map(len, examples.values()))
        self._prior = [log(len(lines) / self._number) for lines in examples.values()]
        self._unknown = 1 + log(self._number + 1)
        sizes = [total + _RARE * len(self._parts) for total in totals]
        self._weights = array("d")
        for at in range(0, len(times), len(sizes)):
            self._weights.extend(self._weigh(times[at : at + len(sizes)], sizes))

    def chances(self, words: list[str]) -> dict[str, float]:
        """How probable each title is, of 1."""
        scores, square = [0.0] * len(self._titles), 0.0
        for _, rarity, weights in self._weighed(words):
            square += rarity * rarity
            if weights:
                scores = list(map(add, scores, weights))
        scores = [prior + score / sqrt(square) for prior, score in zip(self._prior, scores, strict=True)]
        odds = [exp(score - max(scores)) for score in scores]
        return {title: odd / sum(odds) for title, odd in zip(self._titles, odds, strict=True)}

    def telling(self, title: str, other: str, words: list[str]) -> list[_Part]:
        """The parts of a text, the one that most sets one title apart from another first."""
        one, two = self._titles.index(title), self._titles.index(other)
        known = [(weights[two] - weights[one], part) for part, _, weights in self._weighed(words) if weights]
        return [part for _, part in sorted(known, key=lambda weighed: weighed[0])]

    def _weighed(self, words: list[str]) -> Iterator[tuple[_Part, float, Sequence[float]]]:
        """(part, how rare it is, how much it speaks for each title) of a text; of what stands in no example nothing."""
        for part in dict.fromkeys(_parts([_EDGE, _EDGE, *words, _EDGE, _EDGE])):
            at = bisect_left(self._parts, sought := hash(part))
            known = at < len(self._parts) and self._parts[at] == sought
            row = self._which[at] * (len(self._titles) + 1) if known else 0
            rarity, *weights = self._weights[row : row + len(self._titles) + 1] if known else (self._unknown,)
            yield part, rarity, weights

    def _weigh(self, times: Sequence[int], sizes: list[float]) -> Iterator[float]:
        """How rare a part is that stands so often under each title, and how much it speaks for each."""
        yield (rarity := 1 + log((self._number + 1) / (sum(times) + 1)))
        yield from (rarity * log((often + _RARE) / size) for often, size in zip(times, sizes, strict=True))


def _counted(examples: Iterable[list[str]]) -> tuple[Sequence[int], Sequence[int], Sequence[int], list[int]]:
    """(the hashes of all parts in their order, which of the following rows each has, rows of how often a part stands under
    each title, how many stand under each). Two parts with one hash are not met with."""
    found: dict[int, int] = {}
    totals = []
    for at, lines in enumerate(examples):
        counted = Counter(map(hash, _parts(_row(fold((2 * _EDGE).join(lines))))))
        totals.append(counted.total())
        for part, often in counted.items():
            found[part] = found.get(part, 0) + (often << at * _BITS)
    parts, alike = array("q", sorted(found)), dict[int, int]()
    which = array("H", (alike.setdefault(found[part], len(alike)) for part in parts))
    rows = array("H", (row >> at * _BITS & (1 << _BITS) - 1 for row in alike for at in range(len(totals))))
    return parts, which, rows, totals


@cache
def _model(titles: tuple[str, ...]) -> _Model:
    examples = _examples()
    return _Model({title: examples[title] for title in titles})


def _examples() -> Mapping[str, list[str]]:
    """The examples under each title, of all languages."""
    found: dict[str, list[str]] = {}
    for file in sorted(files(__package__).joinpath("examples").iterdir(), key=lambda f: f.name):
        lines: list[str] = []
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("["):
                lines = found.setdefault(line.strip("[]"), [])
            elif line and not line.startswith("#"):
                lines.append(ADDRESS.sub("@", line) if "@" in line else line)
    return found


def _words(text: str) -> list[str]:
    """Folded, without greeting and closing, every number and every address alike."""
    return [word for word in _row(statement(text).whole.folded) if word != _EDGE]


def _row(folded: str) -> list[str]:
    """The words; every number, every address, every month and every weekday alike."""
    named = _named()
    return [
        "0" if word.isdigit() else "@" if word[0] == "@" else named.get(word, word) for word in _WORD.findall(folded)
    ]


@cache
def _named() -> Mapping[str, str]:
    """The names of the months and of the weekdays, and the sign that stands for each of them."""
    signs = {"months": "°", "weekdays": "~"}
    return {fold(names).split()[0]: sign for key, sign in signs.items() for names in entries("dates", key)}


def _parts(row: list[str]) -> Iterator[_Part]:
    """The words, each two that stand together, their beginnings, and what they mean, also around a third."""
    stems = [word[:_STEM] for word in row]
    longer = (f"{stem}*" for stem, word in zip(stems, row, strict=True) if len(word) > _STEM)
    known = {word: (f"<{word}",) if word in _SIGNS else senses(word) for word in set(row)}
    meant = list(filter(None, map(known.__getitem__, row)))
    return chain(
        row,
        pairwise(row),
        longer,
        zip(stems, repeat("*"), stems[1:], strict=False),
        chain.from_iterable(meant),
        chain.from_iterable(map(product, meant, meant[1:])),
        chain.from_iterable(map(product, meant, repeat(("...",)), meant[2:])),
    )


def _telling(kind: Kind, text: str) -> str:
    """The words that most set it apart from a reply."""
    parts = _model(_ANSWERS).telling(kind, Kind.REPLY, _words(text))
    told = (part if isinstance(part, str) else " ".join(part) for part in parts)
    spoken = (part.strip("\n ") for part in told if _SPOKEN.fullmatch(part))
    return ", ".join(f"'{part}'" for part in list(dict.fromkeys(spoken))[:_SHOWN])
