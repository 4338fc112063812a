"""What a person says in a mail, for the families that read people: sentences without greeting, closing and quotes."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

from followmail.mail.kinds.words import Phrases, fold, phrases
from followmail.mail.quote import own_words
from followmail.mail.signature import closing_at

MAX_TEXT = 4000  # characters: what somebody wants is said early
_MAX_SENTENCES = 120
_MAX_SENTENCE = 1200  # characters of one

# a full stop behind a number or a title ends nothing
_END = re.compile(
    r"(?:(?<!\d)(?<!\bdr)(?<!\bmr)(?<!\bhr)(?<!\bfr)(?<!\bmrs)(?<!\bst)(?<!\bca)(?<!\bsig)(?<!\bsra)"
    r"(?<!\sm)(?<!\bsr)(?<!\bdra)(?<!\bing)(?<!\blic)(?<!\bdott)\."
    r"|[!?…;。？！])+(?=[\s)\"»]|$)|\n[ \t]*\n|\n(?=[-*•] )|\n(?=\d\))",
    re.I,
)
_NAME_ALONE = re.compile(r"[^\w\n]{0,3}[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,3}[^\w\n]{0,2}$")
_NAME_FIRST = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,2}(?:,[ \t]*\n| [-–—] )")
ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
# a time of day
CLOCK = re.compile(
    r"(?<![\d.])\b(?:[01]?\d|2[0-4])(?:(?:[:hu]\d{2}|\.(?:00|05|1[3-9]|[2-5]\d))(?!\.?\d)"
    r"|\s?(?:am|pm|uhr|h|u|hrs|o'clock|heures?|uur))\b|\b(?:at|um|a las|alle|às|as|om|à)\s(?:ca\.?\s)?\d{1,2}\b"
    r"(?![./-]\d| ?(?:days|tage|jan|feb|mar|apr|ma|ju|aug|sep|oc|okt|nov|de))",
    re.I,
)
_BREAK = re.compile(r"[,!.:;–—\n]|\s-\s")


@dataclass(frozen=True, slots=True)
class Sentence:
    """As typed (NFC), and folded to compare with phrases, an address all `@`: both of the same length."""

    text: str
    folded: str

    @property
    def asks(self) -> bool:
        return self.text.rstrip(')"» ').endswith(("?", "？"))

    def quoted(self, match: "re.Match[str]") -> str:
        """The words of a match as they were typed."""
        return " ".join(self.text[match.start() : match.end()].split())

    def first(self, table: Phrases) -> "re.Match[str] | None":
        return next(table.each(self.folded), None)

    def has(self, table: Phrases) -> bool:
        return self.first(table) is not None


class Statement:
    """A new text (see `quote.new_text`) and its sentences."""

    def __init__(self, text: str) -> None:
        self.text = unicodedata.normalize(
            "NFC", _without_closing(_without_greeting(own_words(text[:MAX_TEXT]).strip()))
        )

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        found, begin = [], 0
        for match in _END.finditer(self.text):
            found.append(self.text[begin : match.end()])
            begin = match.end()
        found.append(self.text[begin:])
        kept = [s.strip()[:_MAX_SENTENCE] for s in found if s.strip()]
        return tuple(Sentence(s, _marked(s)) for s in kept[:_MAX_SENTENCES])

    @cached_property
    def whole(self) -> Sentence:
        """The whole text as if it were one sentence."""
        return Sentence(self.text, _marked(self.text))

    @property
    def words(self) -> int:
        return len(self.text.split())


@lru_cache(maxsize=16)
def statement(text: str) -> Statement:
    """The statement of a new text: each family asks for it, one after the other."""
    return Statement(text)


def _marked(text: str) -> str:
    """Folded, and each address one word: its dots end no sentence, its parts are no words of a phrase."""
    return ADDRESS.sub(lambda address: "@" * len(address[0]), fold(text))


def _without_greeting(text: str) -> str:
    """Less "Hi Alex," or "Sehr geehrter Herr Berger," or the bare name in front."""
    match = phrases("closing", "greeting").at(fold(unicodedata.normalize("NFC", text[:200])))
    if match is not None:
        end = _BREAK.search(text, match.end())
        if end is not None and end.start() - match.end() <= 50 and len(text[match.end() : end.start()].split()) <= 5:
            return _without_greeting(text[end.end() :].lstrip(" ,!.:-–—\n")) if end.end() < len(text) else ""
        return text if end is not None or len(text) - match.end() > 40 else ""
    name = _NAME_FIRST.match(text)
    return text[name.end() :].lstrip() if name and len(name[0].split()) <= 4 else text


def _without_closing(text: str) -> str:
    """Less "Best regards" and what follows it, less a name alone in the last lines."""
    lines = text.rstrip().split("\n")
    closing = closing_at(lines)
    if closing is not None and len(lines) - closing < 10:
        lines = lines[:closing]
    while len(lines) > 1 and (not lines[-1].strip() or _is_name(lines[-1])):
        lines.pop()
    return "\n".join(lines).strip()


def _is_name(line: str) -> bool:
    stripped = line.strip(" -–—*/,.")
    return (
        len(stripped) < 40
        and _NAME_ALONE.match(stripped) is not None
        and all(w[:1].isupper() for w in stripped.split() if len(w) > 3)
    )
