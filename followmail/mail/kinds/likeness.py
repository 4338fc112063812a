"""What a mail is most like: the likeness of its words to examples of each kind.

`examples/<language>.txt` holds what people write, a line each, under the kind that it is. Whoever finds a mail that is
misunderstood adds it there; that is all. How often each word, each two that stand together, each two around a third and
the beginning of each longer word stand in the examples of a kind is counted when it is first asked for (multinomial
naive Bayes: Manning, Raghavan, Schütze, "Introduction to Information Retrieval", §13.2). A text weighs the same however
long it is, and in it the rare words more than the common ones (ibid., §6.2 to 6.4).

A phrase and the likeness to examples are two witnesses. Where a phrase says what a mail is, the examples need only not
speak against it; where none does, they must be sure.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain, pairwise
from math import exp, log, sqrt

from followmail.mail.kinds.statement import ADDRESS, statement
from followmail.mail.kinds.verdict import Kind
from followmail.mail.kinds.words import entries, fold

# How probable a kind must be where a phrase says it, and where none does.
_WITH_PHRASE = {Kind.UNSUBSCRIBE: 0.3, Kind.LATER: 0.3, Kind.WRONG_PERSON: 0.2}
_ALONE = {Kind.UNSUBSCRIBE: 0.75, Kind.LATER: 0.75, Kind.WRONG_PERSON: 0.65, Kind.OUT_OF_OFFICE: 0.8}
_ANSWERS = (*_ALONE, Kind.REPLY, Kind.LEFT_COMPANY)
_ASKS, _NOTHING = "asks", "asks-nothing"
_LONGEST = 60  # words; who writes more says more than one thing
_FEW = 5  # words that are like anything
_MUCH = 200  # words of a sent mail; who asks for something asks in the end
_RARE = 0.25  # what counts for a word that stands in no example of a kind
_STEM = 4  # letters
_BESIDES = 0.5  # how like an answer one sentence of a note may be
_TYPED = 0.95
_NO_QUESTION = 0.7  # how probable it must be that nothing is asked, to go against a phrase
_SHOWN = 3
_WORD = re.compile(r"\d+|@+|[\w']+|[?!.\n]")
_SPOKEN = re.compile(r"\s*[^\W_]{2}[\w' ]*\s*")  # a part that a person understands
_EDGE = "\n"  # as if it were a word: before the first one, behind the last


def likeness(text: str) -> tuple[Kind, str] | None:
    """(kind, the words that speak most for it, as evidence) of a new text; None where it is most like a reply, or unsure.

    A note of an absence has no sentence besides: "Back on Monday. Your price is fine." is an answer.
    """
    chances = _chances(text)
    kind = next((kind for kind, least in _ALONE.items() if chances.get(kind, 0) >= least), None)
    if kind is None or (kind is Kind.OUT_OF_OFFICE and _answers_besides(text)):
        return None
    return kind, f"reads like others who mean that: {_telling(kind, text)}"


def _answers_besides(text: str) -> bool:
    return any(_chances(sentence.text).get(Kind.REPLY, 0) > _BESIDES for sentence in statement(text).sentences)


def agrees(text: str, kind: Kind) -> bool:
    """Whether a text may be of the kind that a phrase in it says. Of very few words, and of many, the phrase knows best.

    Who wants no more mail has said it, whatever else they write: one sentence of theirs is enough, or one line.
    """
    if len(_words(text)) <= _FEW:
        return True
    parts = (*(s.text for s in statement(text).sentences), *text.splitlines()) if kind is Kind.UNSUBSCRIBE else ()
    told = (text, *parts)
    return any(_may_be(kind, chances) for chances in map(_chances, told))


def is_typed(text: str) -> bool:
    """Whether a text is like what people write who answer, of whatever kind, and like no machine's."""
    chances = _chances(text)
    return any(chances.get(kind, 0) >= _TYPED for kind in Kind if kind.human)


def asks_nothing(text: str) -> bool:
    """Whether a sent mail is much more like those that ask nothing than like those that ask."""
    return _model((_ASKS, _NOTHING)).chances(_words(text)[-_MUCH:])[_NOTHING] >= _NO_QUESTION


def _may_be(kind: Kind, chances: Mapping[str, float]) -> bool:
    """Probable enough, and nothing but a reply is more probable."""
    if not chances:
        return True
    others = (chance for title, chance in chances.items() if title not in (kind, Kind.REPLY))
    return chances[kind] >= max(_WITH_PHRASE[kind], *others)


@lru_cache(maxsize=16)
def _chances(text: str) -> Mapping[str, float]:
    words = _words(text)
    return _model(_ANSWERS).chances(words) if 0 < len(words) <= _LONGEST else {}


class _Model:
    """How often each part of a text stands in the examples under each title."""

    def __init__(self, examples: Mapping[str, list[str]]) -> None:
        self._titles = tuple(examples)
        self._counts = [Counter(_parts(_row(fold(_EDGE.join(lines))))) for lines in examples.values()]
        self._number = sum(map(len, examples.values()))
        self._prior = [log(len(lines) / self._number) for lines in examples.values()]
        different = len(set().union(*self._counts))
        self._sizes = [counts.total() + _RARE * different for counts in self._counts]

    def chances(self, words: list[str]) -> dict[str, float]:
        """How probable each title is, of 1."""
        scores, square = [0.0] * len(self._titles), 0.0
        for _, rarity, weights in self._weighed(words):
            square += rarity * rarity
            scores = [score + rarity * weight for score, weight in zip(scores, weights, strict=False)] or scores
        scores = [prior + score / sqrt(square) for prior, score in zip(self._prior, scores, strict=True)]
        odds = [exp(score - max(scores)) for score in scores]
        return {title: odd / sum(odds) for title, odd in zip(self._titles, odds, strict=True)}

    def telling(self, title: str, other: str, words: list[str]) -> list[str]:
        """The parts of a text, the one that most sets one title apart from another first."""
        one, two = self._titles.index(title), self._titles.index(other)
        known = [(weights[two] - weights[one], part) for part, _, weights in self._weighed(words) if weights]
        return [part for _, part in sorted(known)]

    def _weighed(self, words: list[str]) -> Iterator[tuple[str, float, list[float]]]:
        """(part, how rare it is, how much it speaks for each title) of a text; of what stands in no example nothing."""
        for part in dict.fromkeys(_parts([_EDGE, *words, _EDGE])):
            times = [counts.get(part, 0) for counts in self._counts]
            rarity = 1 + log((self._number + 1) / (sum(times) + 1))
            known = zip(times, self._sizes, strict=True) if any(times) else ()
            yield part, rarity, [log((number + _RARE) / size) for number, size in known]


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


def _parts(row: list[str]) -> Iterator[str]:
    """The words, each two that stand together, each two around a third, the beginnings of the longer ones."""
    stems = (f"{word[:_STEM]}*" for word in row if len(word) > _STEM)
    return chain(row, map(" ".join, pairwise(row)), map("_".join, zip(row, row[2:], strict=False)), stems)


def _telling(kind: Kind, text: str) -> str:
    """The words that most set it apart from a reply."""
    parts = _model(_ANSWERS).telling(kind, Kind.REPLY, _words(text))
    spoken = (part.replace("_", " … ").strip("\n ") for part in parts if _SPOKEN.fullmatch(part))
    return ", ".join(f"'{part}'" for part in list(dict.fromkeys(spoken))[:_SHOWN])
