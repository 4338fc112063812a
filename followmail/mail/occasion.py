"""Where, about what and when somebody was met, as a note to oneself says it: by label, or in a sentence.

    where: IT fair, about: backups        met her at the IT fair about backups
    Ort: Messe Hannover                   gestern auf der Messe Hannover getroffen, wegen Backups

A sentence is read by its parts: a word of meeting, and what a word of place or of topic leads to. In doubt nothing: what
stands here is printed in a mail. The words stand in `kinds/words`, section note.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from followmail.mail.days import day_in, read_day
from followmail.mail.kinds.words import LANGUAGES, fold, table

_MAX = 4000  # characters that are looked at
_LONGEST = {"where": 8, "about": 8}  # words of what a sentence says
# Addresses and links.
_NO_WORD = re.compile(r"\S{0,200}(?:://|@|www\.)\S{0,400}")
_SENTENCE = re.compile(r"[!?]+\s|(?<=\w\w)\.\s|\n")
_MOST_SENTENCES = 100
_LONGEST_SENTENCE = 400
_BEFORE_DAYS = frozenset("on am vom den dem le du el il op em no na seit since from of".split())
_CLAUSE = re.compile(r"[,;()\[\]|–—]| - ")
_ENDS = re.compile(r"[,;:()\[\]\"“”„«»⏐|–—]| - |(?<=\w)\. |[.!?]+(?=\s|$)|\n")


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is known of a meeting; empty where nothing is. `dated`: the text names a day, be it an ambiguous one."""

    where: str = ""
    about: str = ""
    on: date | None = None
    dated: bool = False


def occasion(text: str, today: date) -> Occasion:
    """What a text says. Never raises."""
    labelled, rest = _labelled(text[:_MAX], today)
    said, days = _said(rest, today)
    if "on" in labelled:
        days = {_day(labelled["on"], today)}
    return Occasion(
        labelled.get("where", said.get("where", "")),
        labelled.get("about", said.get("about", "")),
        next(iter(days)) if len(days) == 1 else None,
        bool(days),
    )


def _day(text: str, today: date) -> date | None:
    try:
        return read_day(text)
    except ValueError:
        return day_in(text, today)[0] or day_in(f"on {text}", today)[0]


# ---- by label


def _labelled(text: str, today: date) -> tuple[dict[str, str], str]:
    """What labels say, each once; and the text without them."""
    found: dict[str, list[str]] = {}
    rest = []
    for line in text.split("\n"):
        marks = [m for m in _labels().finditer(line) if _tells(m, line, today)] if len(line) < 500 else []
        for mark, end in zip(marks, [*(m.start() for m in marks[1:]), len(line)], strict=False):
            found.setdefault(_label_meanings()[fold(mark[1])], []).append(line[mark.end() : end].strip(' ,;."“”„«»'))
        rest.append(line[: marks[0].start()] if marks else line)
    return {meaning: values[0][:200] for meaning, values in found.items() if len(set(values)) == 1}, "\n".join(rest)


def _tells(mark: re.Match[str], line: str, today: date) -> bool:
    """Whether a label is one: behind "met:" a day must stand, or at least figures."""
    value = line[mark.end() :]
    is_day = _label_meanings()[fold(mark[1])] == "on"
    return not is_day or any(c.isdigit() for c in value) or _day(re.split("[,;]", value)[0].strip(), today) is not None


@cache
def _label_meanings() -> dict[str, str]:
    return {
        fold(word): key for key in ("on", "about", "where") for lang in LANGUAGES for word in table(lang, "note")[key]
    }


@cache
def _labels() -> re.Pattern[str]:
    words = {word for lang in LANGUAGES for key in ("on", "about", "where") for word in table(lang, "note")[key]}
    names = "|".join(re.escape(w) for w in sorted(words | set(map(fold, words)), key=len, reverse=True))
    return re.compile(rf"(?:^[\s>*•·-]{{0,8}}|[,;.] {{0,3}})({names}) ?[:=](?!//) ?(?=\S)", re.I)


# ---- in a sentence


def _said(text: str, today: date) -> tuple[dict[str, str], set[date | None]]:
    """What sentences say, and the days on which they say it was. Two different answers to one question are none."""
    found: dict[str, set[str]] = {}
    days: set[date | None] = set()
    text = _NO_WORD.sub(" ⏐ ", text)
    for sentence in _SENTENCE.split(text)[:_MOST_SENTENCES]:
        on, rest = day_in(sentence[:_LONGEST_SENTENCE], today)
        parts = _read(rest.strip())
        for meaning, value in parts:
            found.setdefault(meaning, set()).add(value)
        if rest != sentence and _is_of_meeting(rest, parts):
            days.add(on)
    return {meaning: values.pop() for meaning, values in found.items() if len(values) == 1}, days


def _is_of_meeting(sentence: str, parts: list[tuple[str, str]]) -> bool:
    """Whether the day in a sentence is that of the meeting: "call her on Friday" names another."""
    folded = fold(sentence)
    alone = len(re.sub(r"\W", "", folded)) < 4
    return alone or any(m == "where" for m, _ in parts) or any(_grammar(lang).met.search(folded) for lang in LANGUAGES)


def _read(sentence: str) -> list[tuple[str, str]]:
    """(where or about, what) in one sentence: by the language whose word of meeting stands in it, else by the one that
    knows most of how it begins; by none where two know as much and read it differently."""
    folded = fold(sentence)
    if len(folded) != len(sentence):
        return []
    start = len(folded) - len(folded.lstrip("⏐ ,-*•"))
    cued: list[list[tuple[str, str]]] = []
    begun: list[tuple[int, list[tuple[str, str]]]] = []
    for lang in LANGUAGES:
        grammar = _grammar(lang)
        leads = [(m.start(), m.end(), "about" if m["topic"] else "where") for m in grammar.leads.finditer(folded)]
        if leads and grammar.met.search(folded):
            cued.append(_parts(sentence, folded, leads, grammar))
        elif leads and leads[0][0] == start and (parts := _parts(sentence, folded, leads, grammar)):
            begun.append((leads[0][1] + grammar.article(sentence[leads[0][1] :]), parts))
    best = [parts for known, parts in begun if known == max(begun)[0]]
    fitting = [parts for parts in cued if parts] or best
    return fitting[0] if fitting and all(parts == fitting[0] for parts in fitting) else []


def _parts(sentence: str, folded: str, leads: list[tuple[int, int, str]], grammar: "_Grammar") -> list[tuple[str, str]]:
    found = []
    number = 0
    while number < len(leads):
        start, begin, meaning = leads[number]
        number += 1
        while meaning == "where" and _leads_on(folded, begin, leads[number : number + 1]):
            number += 1  # at the IT fair in Hannover
        end = leads[number][0] if number < len(leads) else len(sentence)
        value = grammar.value(sentence[begin:end], meaning)
        if value and _is_told(folded, start, grammar):
            found.append((meaning, value))
    return found


def _is_told(folded: str, lead: int, grammar: "_Grammar") -> bool:
    """Whether what a word leads to is said of the meeting: its clause begins with it, or has the word of meeting. In
    "met Carla, she works at Siemens" it is not."""
    begin = max((m.end() for m in _CLAUSE.finditer(folded, 0, lead)), default=0)
    after = _CLAUSE.search(folded, lead)
    before = folded[begin:lead]
    if not before.strip(" ⏐-*•") or before.strip(" ⏐-*•") in grammar.conjunctions:
        return True
    clause = folded[begin : after.start() if after else len(folded)]
    return grammar.met.search(clause) is not None and grammar.works.search(before) is None


def _leads_on(folded: str, begin: int, following: list[tuple[int, int, str]]) -> bool:
    """Whether the next word of place belongs to the place that began: nothing but words stands between."""
    if not following or following[0][2] != "where":
        return False
    between = folded[begin : following[0][0]]
    return bool(between.strip()) and not _ENDS.search(between)


class _Grammar:
    """The words of one language, folded, as patterns."""

    def __init__(self, lang: str) -> None:
        words = table(lang, "note")
        self.lang = lang
        self.leads = re.compile(
            rf"(?<![\w'])(?:(?P<topic>{_any(words['topic'])})|(?P<place>{_any(words['place'])}))(?!\w)"
        )
        self.met = re.compile(rf"(?<!\w)(?:{_any(words['met'])})(?!\w)")
        self.works = re.compile(rf"(?<!\w)(?:{_any(words['works'])})(?!\w)")
        self._articles = frozenset(map(fold, (*words["articles"], *words["theirs"])))
        self._indefinite = frozenset(map(fold, words.get("indefinite", ())))
        self._stops = frozenset(map(fold, words["stops"])) - self._articles
        self._theirs = frozenset(map(fold, words["theirs"]))
        self._no_place = frozenset(map(fold, words["no-place"]))
        self.conjunctions = frozenset(map(fold, words["and"])) | {"&"}
        # What leads on to a day that was taken out, or to nothing: "Barcamp Köln am".
        self._leading = self.conjunctions | self._articles | frozenset(map(fold, words["place"])) | _BEFORE_DAYS
        self._met = frozenset(fold(w) for phrase in words["met"] for w in phrase.split())

    def value(self, text: str, meaning: str) -> str:
        """A place or a topic, up to where it ends; empty where it is none, or in doubt."""
        text = re.sub(r"^(\s*l)['’](?=\w)", r"\1' ", text.lstrip(" :"), flags=re.I)
        words = _ENDS.split(f" {text}", maxsplit=1)[0].split()
        while words and fold(words[0]) in self._articles | (self._indefinite if meaning == "where" else frozenset()):
            if meaning == "where" and fold(words[0]) in self._theirs:
                return ""
            del words[0]
        kept: list[str] = []
        for word in words:
            if fold(word) in self._stops or fold(word) in self._met:
                break
            kept.append(word)
        while kept and fold(kept[-1]) in self._leading:
            kept.pop()
        return " ".join(kept) if self._is_sound(kept, meaning) else ""

    def article(self, text: str) -> int:
        """How many letters of an article of this language a text begins with."""
        first = (text.split(maxsplit=1) or [""])[0]
        return len(first) if fold(first) in self._articles | self._indefinite else 0

    def _is_sound(self, words: list[str], meaning: str) -> bool:
        if not words or len(words) > _LONGEST[meaning] or any(len(w) > 40 or "@" in w or "/" in w for w in words):
            return False
        first = words[0]
        if not (first[0].isalnum() and any(c.isalpha() for c in first)):
            return False
        if meaning == "where" and (fold(first) in self._no_place or first[0].isdigit()):
            return False
        # A German noun bears a capital; "neuen Backups" would stand in the wrong case.
        return self.lang != "de" or first[0].isupper() or first[0].isdigit()


@cache
def _grammar(lang: str) -> _Grammar:
    return _Grammar(lang)


def _any(words: list[str]) -> str:
    return "|".join(re.escape(fold(w)) for w in sorted(words, key=len, reverse=True))
