"""A text as words, numbers and marks, and what the words mean in one language: the ground that `times.py` stands on."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from followmail.mail.kinds import words
from followmail.mail.kinds.words.phrase import KEY

_MAX_TEXT = 4000  # characters: who names a day does so early
_MAX_TOKENS = 400

_TOKEN = re.compile(
    r"(?P<iso>\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d))"
    r"|(?P<full>\d{1,2}(?P<sep>[./-]) ?\d{1,2}(?P=sep) ?(?:\d{4}|\d{2})(?![\d./]\d))"
    r"|(?P<short>(?<!\d)\d{1,2}(?:[./]\d{1,2}|\. \d{1,2}\.)(?![\d]|[./-]\d)\.?)"
    r"|(?P<nth>\d{1,2}(?:st|nd|rd|th|er|ere|eme|ste|de|e|o|a|º|ª|°)(?!\w))"
    r"|(?P<number>\d+)|(?P<word>[^\W\d_]+)|(?P<mark>[^\w\s])|(?P<gap>\n\s*\n)"
)
# keys of [dates] whose phrases begin a time
_OPENING = tuple(
    """after easter pentecost carnival christmas epiphany rentree early mid end today tomorrow day-after-tomorrow this-week next-week week-after-next next-month next-quarter
    next-year first-half second-half in week-number week-of week-from""".split()
)
_UNITS = ("day", "week", "fortnight", "month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number (nth: with its ending), a date in digits (iso, full, short), a mark, or a gap of paragraphs."""

    kind: str
    text: str
    start: int
    end: int
    word: str  # the text of a word, else ""

    @property
    def number(self) -> int:
        """The number that it begins with; 0 where that is none or too long to be a day."""
        digits = re.match(r"\d{1,4}(?!\d)", self.text)
        return int(digits[0]) if digits else 0


# behind the last token, and before the first one: lists count from the end there
_BEYOND = [Token("", "", 0, 0, "")] * 32


class Prose:
    """A text cut into tokens, once for all languages."""

    def __init__(self, text: str) -> None:
        self.text = unicodedata.normalize("NFC", text[:_MAX_TEXT])
        self.folded = words.fold(self.text)
        found = zip(_TOKEN.finditer(self.folded), range(_MAX_TOKENS), strict=False)
        tokens = [_token(m) for m, _ in found]
        self.count = len(tokens)
        self.tokens = tokens + _BEYOND


def _token(match: re.Match[str]) -> Token:
    kind = match.lastgroup or ""
    return Token(kind, match[0], match.start(), match.end(), match[0] if kind == "word" else "")


class Sense:
    """What words mean in one language, as its table says."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        table = words.table(lang, "dates")
        self.months, self.weekdays, self.short_weekdays, self.numbers = (
            _numbered(table.get(key, ())) for key in ("months", "weekdays", "short-weekdays", "numbers")
        )
        self.units = {words.fold(w): unit for unit in _UNITS for w in table.get(unit, ())}
        self.fillers = frozenset(map(words.fold, table.get("fillers", ())))
        self.next = frozenset(map(words.fold, table.get("next", ())))
        self.these = frozenset(map(words.fold, table.get("these", ())))
        self.ordinals = frozenset(table.get("ordinals", ()))
        self.month_first = bool(table.get("month-first", False))
        self.opens = self._opening()

    def phrase(self, key: str) -> words.Phrases:
        return words.phrases("dates", key, self.lang)

    def _opening(self) -> frozenset[str]:
        """How the words begin that may begin a time: all others need no second look."""
        names = (self.months, self.weekdays, self.short_weekdays, self.numbers)
        keys = {w[:KEY] for table in names for w in table} | {"q", "h", "t"}
        return frozenset(keys.union(*(self.phrase(key).keys for key in _OPENING)))


def senses(lang: str | None) -> list[Sense]:
    """All languages, this one first."""
    return [_sense(name) for name in sorted(words.LANGUAGES, key=lambda name: name != lang)]


@cache
def _sense(lang: str) -> Sense:
    return Sense(lang)


def _numbered(lines: tuple[str, ...]) -> dict[str, int]:
    return {words.fold(w): i for i, line in enumerate(lines, 1) for w in line.split()}


class Walk:
    """Steps through the tokens of a text in the sense of one language. Tokens are meant by their number."""

    def __init__(self, prose: Prose, sense: Sense) -> None:
        self.text, self.folded, self.tokens, self.count = prose.text, prose.folded, prose.tokens, prose.count
        self.sense = sense

    def token(self, i: int) -> Token:
        return self.tokens[i]

    def kind(self, i: int) -> str:
        return self.tokens[i].kind

    def word(self, i: int) -> str:
        return self.tokens[i].word

    def is_mark(self, i: int, marks: str) -> bool:
        token = self.tokens[i]
        return token.kind == "mark" and token.text in marks

    def skip(self, i: int, marks: str = ",.-('\"") -> int:
        """Past words and marks that may stand inside a date: "the 3rd of", "den 24."."""
        for _ in range(4):
            if self.word(i) not in self.sense.fillers and not self.is_mark(i, marks):
                break
            i += 1
        return i

    def phrase(self, key: str, i: int) -> int | None:
        """The token after a phrase that begins at this one."""
        token, table = self.tokens[i], self.sense.phrase(key)
        if token.kind in ("", "mark", "gap") or (token.word and not self._may_begin_phrase(token, table)):
            return None
        match = table.at(self.folded, token.start)
        return self.token_at(match.end()) if match else None

    def _may_begin_phrase(self, token: Token, table: words.Phrases) -> bool:
        """Asked first: most words begin none. A short one may go on with digits ("q1")."""
        goes_on = len(token.word) < KEY and self.folded[token.end : token.end + 1].isdigit()
        return goes_on or token.word[:KEY] in table.keys

    def is_led(self, i: int, *keys: str) -> bool:
        """One of these phrases ends directly before the token."""
        return any(self.phrase(key, i - back) == i for key in keys for back in (1, 2, 3))

    def token_at(self, position: int) -> int:
        """The first token at or after a place in the text."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.tokens[middle].start < position else (low, middle)
        return low

    def sentence(self, i: int) -> tuple[int, int]:
        """The tokens of the sentence around one: from first up to, not including, last."""
        first = last = i
        while first > 0 and not self._ends(first - 1):
            first -= 1
        while last < self.count and not self._ends(last):
            last += 1
        return first, last

    def _ends(self, i: int) -> bool:
        token = self.tokens[i]
        if token.kind == "gap" or self.is_mark(i, "!?"):
            return True
        if token.text != ".":
            return False
        if self.kind(i - 1) in ("number", "nth") or (len(self.word(i - 1)) <= 4 and self._is_name(i - 1)):
            # "24. August", "Mon. 3": ends a sentence only where another one begins
            after = self.text[token.end :].lstrip()[:1]
            return after.isupper() and not self._is_name(i + 1)
        return token.end >= len(self.text) or self.text[token.end].isspace()

    def _is_name(self, i: int) -> bool:
        sense = self.sense
        return any(self.word(i) in names for names in (sense.months, sense.weekdays, sense.short_weekdays))
