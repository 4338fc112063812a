"""Whether a person puts off: a bare acknowledgement, a promise to come back, "call me in two months". In doubt not."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from followmail.mail import dates
from followmail.mail.kinds.statement import CLOCK, Sentence, Statement, statement
from followmail.mail.kinds.words import Phrases, entries, fold, phrases

SECTION = "later"

_LONG = 110  # words from which a mail says more than a promise
_BRIEF = 30  # words up to which a mail may be an acknowledgement and no more
_FEW = 4  # words of a sentence of it that say with whom, and why
_SHORT = 45  # words up to which "let me think about it" is all there is
NEAR = timedelta(days=9)  # "let's talk on Thursday" is an appointment, "let's talk in October" is none
_AT_ONCE = timedelta(days=2)
_WORD = re.compile(r"[^\W\d_]+")
_EMOJI = re.compile(r"[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\u2764]")
_QUOTED = re.compile(r"[“„\"«»][^“„”\"«»]{1,2000}[”“\"»«]")
# the contrary, or somebody else
_NOT = re.compile(
    r"(?:\b(?:you|they|he|she|it|not|nicht|pas|no|non|niet|nao|never|nie|keine?|without)\W+(?:\w+\W+)?|n't (?:\w+ )?)$"
)


@dataclass(frozen=True, slots=True)
class Later:
    """How long somebody puts off. Dates None: no time named."""

    until: date | None
    until_end: date | None
    promised: bool
    acknowledgement: bool
    evidence: str


def puts_off(text: str, on: date, lang: str | None) -> Later | None:
    """What a new text, written on the day `on`, puts off; None where it is a reply."""
    said = statement(text)
    return _Hearing(said, on, lang).verdict() if said.text else None


def tapback(text: str) -> str | None:
    """ "Liked “Shall we meet?”": a reaction as a telephone writes it that cannot show it, and not a word besides."""
    said = statement(text).text
    bare, quotes = _QUOTED.subn(" ", said)
    return " ".join(said.split())[:60] if quotes and " ".join(_WORD.findall(fold(bare))) in _tapbacks() else None


def time_named(text: str, on: date, lang: str | None) -> date | None:
    """The first day of the first time to come that a new text names; None where it names none."""
    hearing = _Hearing(statement(text), on, lang)
    return next((named.start for s in hearing.said.sentences if (named := hearing.named(s)) is not None), None)


class _Hearing:
    """One statement, asked one question after the other."""

    def __init__(self, said: Statement, on: date, lang: str | None) -> None:
        self.said, self.on, self.lang = said, on, lang
        self._found: dict[str, tuple[dates.Named, ...]] = {}
        self._langs = () if lang is None else (lang,) if lang == "en" else ("en", lang)

    def verdict(self) -> Later | None:
        if reaction := self._reaction():
            return Later(None, None, False, True, f"a reaction: '{reaction}'")
        if self._is_time_alone() and not any(self._match(self.said.whole, key) for key in ("agreed", "meets")):
            named = self.named(self.said.whole)
            return self._later(named, "") if named and named.start - self.on > NEAR else self._promise()
        if self._acknowledges():
            return self._acknowledgement()
        if any(self._match(s, "agreed") for s in self.said.sentences):
            return None
        put_off = self._put_off()
        if self._decides():
            # a no, a yes, an appointment; "no, but call me next year" is none of them
            far = put_off is not None and put_off.until is not None and put_off.until - self.on > NEAR
            return put_off if far else None
        return put_off or self._promise() or (self._acknowledgement() if self._takes_it() else self._thinks())

    def _reaction(self) -> str | None:
        """ "Pat reacted via Gmail", as it arrives where a program does not show reactions."""
        if self.said.words > 20:
            return None
        return self._match(self.said.whole, "reaction", phrases(SECTION, "reaction"))

    def _is_time_alone(self) -> bool:
        """ "In two months.", and not a word besides."""
        if self.said.words > 6 or "?" in self.said.text:
            return False
        named = next(iter(self._dates(self.said.whole)), None)
        rest = self.said.text[: named.span[0]] + self.said.text[named.span[1] :] if named else self.said.text
        return named is not None and not [word for word in _WORD.findall(fold(rest)) if len(word) > 3]

    def _acknowledges(self) -> bool:
        """Nothing but thanks, "received", "will look at it", an emoji."""
        text = self.said.text
        letters = _WORD.search(text)
        if letters is None:
            return _EMOJI.search(text) is not None and not re.search(r"[\d?]", text)
        if self.said.words > _BRIEF or "?" in text or CLOCK.search(self.said.whole.folded):
            return False
        folded = fold(_EMOJI.sub(" ", text))
        rest, end = [], 0
        for match in phrases(SECTION, "ack").each(folded):
            if match.start() >= end:
                rest.append(folded[end : match.start()])
                end = match.end()
        rest.append(folded[end:])
        left = [word for word in _WORD.findall(" ".join(rest)) if len(word) > 1]
        filler = _filler()
        return end > 0 and all(word in filler for word in left) and not re.search(r"\d{3}", text)

    def _acknowledgement(self) -> Later | None:
        if self._match(self.said.whole, "meets"):
            return None  # "great, see you on Tuesday"
        named = next((n for n in map(self.named, self.said.sentences) if n is not None), None)
        words = " ".join(self.said.text.split())[:60]
        start, end = (named.start, named.end) if named else (None, None)
        return Later(start, end, named is not None, True, f"says only '{words}'")

    def _decides(self) -> bool:
        return any(self._match(s, "no") for s in self.said.sentences)

    def _takes_it(self) -> bool:
        """Sentence by sentence: it has come, lies with somebody, will be read; and few words besides."""
        if self.said.words > _BRIEF or re.search(r"[\d?]", self.said.text) or self._decides():
            return False
        takes = [self._match(s, "reads") or self._match(s, "passed") for s in self.said.sentences]
        besides = (len(_besides(s)) for s in self.said.sentences)
        return any(takes) and all(left <= (_FEW if took else 0) for left, took in zip(besides, takes, strict=True))

    def _put_off(self) -> Later | None:
        """ "Call me in two months", "not before October": the time named most narrowly, where several name it."""
        found = [f for at in range(len(self.said.sentences)) if (f := self._asks_for_later(at)) is not None]
        if not found:
            return self._not_now()
        best = found[0]
        for other in found[1:]:
            if best[0] is None or (other[0] is not None and _within(other[0], best[0])):
                best = other
        return self._later(*best)

    def _asks_for_later(self, at: int) -> tuple[dates.Named | None, str, bool] | None:
        """(time, words, promised) of a sentence that asks to come back at a time."""
        sentence = self.said.sentences[at]
        if CLOCK.search(sentence.folded):
            return None
        if (words := self._match(sentence, "again")) is not None:
            near = self._near(at)
            if any(s is not sentence and self._proposes(s) for s in near):
                return None  # "only after the term. Would 20 July do?"
            if dates.counts_back(sentence.text, self.lang, self.on):
                return None, words, False
            named = next((n for n in map(self.named, near) if n is not None), None)
            is_near = (
                named is not None and named.start - self.on <= NEAR and (sentence.asks or named.start == named.end)
            )
            if (is_near or is_question(sentence)) and not self._match(sentence, "anew"):
                # "can you start in June?"; "could you call me in June?"
                return None if is_near else self._far(sentence)
            if sentence.asks and phrases(SECTION, "question").at(sentence.folded.lstrip("¿¡ -")):
                return None  # "how long does the price hold?"
            if named is not None and (named.start <= self.on or named.end - self.on <= _AT_ONCE):
                return None  # "call me tomorrow"
            if named is not None or any(self._match(s, "vague") for s in near):
                return named, words, not sentence.asks and self._promises(sentence) is not None
        return self._far(sentence)

    def _far(self, sentence: Sentence) -> tuple[dates.Named | None, str, bool] | None:
        """A talk, at a time too far away for an appointment."""
        if (words := self._match(sentence, "contact")) is not None:
            named = self.named(sentence)
            if named.start - self.on > NEAR if named else self._match(sentence, "vague") is not None:
                return named, words, False
        return None

    def _not_now(self) -> Later | None:
        """Too busy, no budget, and a time at which it will be otherwise."""
        words = next((w for s in self.said.sentences if (w := self._match(s, "not_now")) is not None), None)
        if words is None or self.said.words > _LONG or CLOCK.search(self.said.whole.folded):
            return None
        found = [n for s in self.said.sentences for n in self._dates(s) if not self._proposes(s)]
        named = next((n for n in reversed(found) if n.start > self.on), None)
        if named is not None and named.start - self.on > timedelta(days=3):
            return self._later(named, words)
        asked = any(s.asks and not self._match(s, "vague") for s in self.said.sentences)
        if not asked and any(self._match(s, "vague") for s in self.said.sentences):
            return self._later(None, words)
        return None

    def _promise(self) -> Later | None:
        """ "I'll get back to you next week", and no question that waits for an answer."""
        if self.said.words > _LONG or any(is_question(s) for s in self.said.sentences):
            return None
        for at, sentence in enumerate(self.said.sentences):
            words = self._promises(sentence)
            if words is not None and not CLOCK.search(sentence.folded):
                near = self._near(at)
                named = next((n for n in map(self.named, near) if n is not None), None)
                return self._later(named or self._running(near), words, promised=True)
        return None

    def _running(self, near: tuple[Sentence, ...]) -> dates.Named | None:
        """ "Today", "this month": a time that has begun, by whose end a promise is kept."""
        today = (named for s in near for named in self._dates(s) if named.end == self.on)
        return next(today, None) or next(filter(None, (dates.running(s.text, self.lang, self.on) for s in near)), None)

    def _promises(self, sentence: Sentence) -> str | None:
        return None if sentence.has(phrases(SECTION, "to-me")) else self._match(sentence, "promise")

    def _thinks(self) -> Later | None:
        if self.said.words > _SHORT or any(s.asks for s in self.said.sentences):
            return None
        words = next((w for s in self.said.sentences if (w := self._match(s, "think")) is not None), None)
        return self._later(self.named(self.said.whole), words, promised=True) if words else None

    def _proposes(self, sentence: Sentence) -> bool:
        """ "Would 20 July do?" """
        asked = sentence.asks and not any(self._match(sentence, key) for key in ("again", "anew", "contact", "vague"))
        return asked and self.named(sentence) is not None

    def _near(self, at: int) -> tuple[Sentence, ...]:
        """The sentence itself, the one after it, the one before."""
        sentences = self.said.sentences
        return (sentences[at], *sentences[at + 1 : at + 2], *sentences[max(0, at - 1) : at])

    def named(self, sentence: Sentence) -> dates.Named | None:
        """The first time in a sentence, or a narrower one inside it ("next year, in February")."""
        best = None
        for named in self._dates(sentence):
            if named.end > self.on and (best is None or _within(named, best)):
                best = named
        return best

    def _dates(self, sentence: Sentence) -> tuple[dates.Named, ...]:
        if sentence.text not in self._found:
            wished = [match.span() for match in phrases(SECTION, "wish").each(sentence.folded)]
            self._found[sentence.text] = tuple(
                named
                for named in dates.every(sentence.text, self.lang, self.on)
                if not any(begin <= named.span[0] < end for begin, end in wished)
            )
        return self._found[sentence.text]

    def _match(self, sentence: Sentence, key: str, table: Phrases | None = None) -> str | None:
        for match in (table or phrases(SECTION, key, *self._langs)).each(sentence.folded):
            before = sentence.folded[max(0, match.start() - 40) : match.start()]
            if key in ("again", "anew", "vague") or not _NOT.search(before):
                return sentence.quoted(match)
        return None

    def _later(self, named: dates.Named | None, words: str, promised: bool = False) -> Later:
        start, end = (named.start, named.end) if named else (None, None)
        return Later(start, end if promised else start, promised, False, _evidence(words, named.words if named else ""))


def is_question(sentence: Sentence) -> bool:
    """It is a question, and not one by its last word alone: "let's talk next month, ok?"."""
    _, comma, tail = sentence.text.rpartition(",")
    return sentence.asks and not (comma and len(tail.split()) <= 2)


def _within(inner: dates.Named, outer: dates.Named) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _besides(sentence: Sentence) -> list[str]:
    """The words of a sentence that belong to no acknowledgement. A contrast counts for many: "got it, but …"."""
    rest = list(sentence.folded)
    for key in ("ack", "reads", "passed", "wish"):
        for match in phrases(SECTION, key).each(sentence.folded):
            rest[match.start() : match.end()] = " " * (match.end() - match.start())
    words = [word for word in _WORD.findall("".join(rest)) if len(word) > 1 and word not in _filler()]
    return words * (1 + _FEW * sentence.has(phrases(SECTION, "but")))


@cache
def _tapbacks() -> frozenset[str]:
    return frozenset(map(fold, entries(SECTION, "tapback")))


@cache
def _filler() -> frozenset[str]:
    return frozenset(part for word in entries(SECTION, "filler") for part in _WORD.findall(fold(word)))


def _evidence(words: str, when: str) -> str:
    """The words, and the time where it does not stand in them."""
    if not words or when in words:
        return f"says '{words or when}'"
    return f"says '{words}'" + (f", '{when}'" if when else "")
