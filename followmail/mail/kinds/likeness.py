"""What a mail is most like, where no phrase decides, or one is doubtful: the likeness of its words to examples of each kind.

`examples/<language>.txt` holds what people write, a line each, under the kind that it is. Whoever finds a mail that is
misunderstood adds it there; that is all. Which words, and which pairs of words, stand in the examples of one kind and
not in the others is counted when it is first asked for (naive Bayes over presence: Manning, Raghavan, Schütze,
"Introduction to Information Retrieval", §13.3).

A person is never taken for a machine by likeness: what is most like an automatic answer is left to the rules.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import exp, log

from followmail.mail.kinds.statement import statement
from followmail.mail.kinds.verdict import Kind

# How sure it must be, of 1; of a wish never to be written to again most, for nobody writes to them afterwards.
_SURE = {Kind.UNSUBSCRIBE: 0.7, Kind.LATER: 0.6, Kind.WRONG_PERSON: 0.6}
_ANSWERS = frozenset(
    {Kind.UNSUBSCRIBE, Kind.LATER, Kind.WRONG_PERSON, Kind.REPLY, Kind.OUT_OF_OFFICE, Kind.LEFT_COMPANY}
)
_ASKS, _NOTHING = "asks", "asks-nothing"
_LONGEST = 60  # words; who writes more says more than one thing
_RARE = 0.03  # what a word counts that stands in no example of a kind
_CAUTION = 0.15  # the words of a sentence are not independent of each other: each counts for less
# How much more it must be like a reply, or like what asks nothing, to go against a phrase: natural logarithms.
_NO_REPLY, _NO_QUESTION = 15.0, 10.0
_FEW = 4  # words that may be a phrase by chance
_SHOWN = 3
_LINE_END = " / "
_WORD = re.compile(r"\d+|@+|[\w']+|[?!.]")


def likeness(text: str) -> tuple[Kind, str] | None:
    """(kind, the words that speak most for it, as evidence) of a new text; None where it is most like a reply, or unsure."""
    words = _words(text)
    if not words or len(words) > _LONGEST:
        return None
    model = _model(_ANSWERS)
    known = model.known(words)
    scores = model.scores(known)
    best = max(scores, key=lambda kind: scores[kind])
    sure = 1 / sum(exp(_CAUTION * (score - scores[best])) for score in scores.values())
    if sure < _SURE.get(Kind(best), 2):
        return None
    return Kind(best), f"reads like others who mean that: {_telling(model, best, known)}"


def is_rather_a_reply(text: str, kind: Kind, phrase: str) -> bool:
    """Whether a short text, in which a few words say that it is of this kind, is as a whole much more like a reply."""
    if len(phrase.split()) > _FEW or len(words := _words(text)) > _LONGEST:
        return False
    model = _model(_ANSWERS)
    scores = model.scores(model.known(words))
    return scores[Kind.REPLY] - scores[kind] > _NO_REPLY


def asks_nothing(text: str) -> bool:
    """Whether a sent mail is much more like those that ask nothing than like those that ask."""
    model = _model(frozenset({_ASKS, _NOTHING}))
    scores = model.scores(model.known(_words(text)))
    return scores[_NOTHING] - scores[_ASKS] > _NO_QUESTION


class _Model:
    """How many examples there are under each title, and in how many of them a word or pair of words stands."""

    def __init__(self, examples: Iterator[tuple[str, str]]) -> None:
        self.texts: Counter[str] = Counter()
        counts: dict[str, Counter[str]] = {}
        for title, text in examples:
            self.texts[title] += 1
            for part in _parts(_words(text)):
                counts.setdefault(part, Counter())[title] += 1
        # a pair that stands in a single example says nothing of others
        self.counts: Mapping[str, Mapping[str, int]] = {
            part: dict(by_title) for part, by_title in counts.items() if " " not in part or by_title.total() > 1
        }

    def known(self, words: list[str]) -> list[str]:
        """What of a text stands in any example."""
        return [part for part in _parts(words) if part in self.counts]

    def scores(self, known: Collection[str]) -> dict[str, float]:
        """The logarithm of how probable each title is, up to a constant."""
        return {
            title: log(texts / self.texts.total()) + sum(self.weight(title, part) for part in known)
            for title, texts in self.texts.items()
        }

    def weight(self, title: str, part: str) -> float:
        return log((self.counts[part].get(title, 0) + _RARE) / (self.texts[title] + 2 * _RARE))


@cache
def _model(titles: frozenset[str]) -> _Model:
    return _Model((title, text) for title, text in _examples() if title in titles)


def _examples() -> Iterator[tuple[str, str]]:
    """Every example with its title."""
    for file in sorted(files(__package__).joinpath("examples").iterdir(), key=lambda f: f.name):
        title = ""
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("["):
                title = line.strip("[]")
            elif line and not line.startswith("#"):
                yield title, line.replace(_LINE_END, "\n")


def _words(text: str) -> list[str]:
    """Folded, without greeting and closing, every number and every address alike."""
    found = _WORD.findall(statement(text).whole.folded)
    return ["0" if word.isdigit() else "@" if word[0] == "@" else word for word in found]


def _parts(words: list[str]) -> frozenset[str]:
    """The words, and each two that stand together, from the first to the last."""
    row = ["^", *words, "$"]
    return frozenset((*row, *map(" ".join, pairwise(row))))


def _telling(model: _Model, title: str, known: Collection[str]) -> str:
    """The words that most set it apart from a reply."""
    spoken = [part for part in known if any(map(str.isalpha, part))]
    spoken.sort(key=lambda part: model.weight(Kind.REPLY, part) - model.weight(title, part))
    return ", ".join(f"'{part.strip('^$ ')}'" for part in spoken[:_SHOWN])
