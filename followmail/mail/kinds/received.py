"""One incoming message as the families of kinds ask about it: parsed once, leniently, and only what can matter."""

import re
from datetime import date
from email.message import Message
from email.utils import parsedate
from functools import cached_property

from followmail.mail import msgid
from followmail.mail.identity import Person
from followmail.mail.kinds.words import fold
from followmail.mail.message import authors, decode, people
from followmail.mail.parse import MAX_NESTED, MAX_PARTS, parse, tame
from followmail.mail.quote import unquoted
from followmail.mail.text import children, decoded, new_text, text_of

# More than a mail needs that a person reads; a hostile one brings more.
MAX_IDS = 20
MAX_FIELDS = 1000
MAX_BODY = 64 * 1024
MAX_WORDS_TEXT = 4000  # characters that phrases are looked for in

REPLY = re.compile(
    r"\s*(?:re|aw|antw|antwort|sv|vs|rv|r|rif|res|odp|ynt|ref|tr|wg|fw|fwd|enc|i)\s*(?:\[\d{1,3}\])?\s*[:：]\s*", re.I
)
_TAGS = re.compile(r"^(?:\s{0,3}\[[^\]]{1,60}\]\s{0,3}){1,5}")
_QUESTION = re.compile(r"[?？]")
_URL = re.compile(r"https?://\S{1,500}")
_MESSAGE_ID = re.compile(
    r"^[ \t>]*(?:(?:(?:x-)?original-|x-(?:microsoft|google)-original-)?message-id|in-reply-to):[ \t]*(?:\r?\n[ \t]+)?(<?[^\s<>]{1,250}@[^\s<>]{1,250}>?)",
    re.I | re.M,
)


class Received:
    """A message, perhaps cut off anywhere. `on` stands for its own day where Date cannot be read; `ours`: the consultant
    wrote in its conversation."""

    def __init__(self, raw: bytes, on: date | None = None, ours: bool = False) -> None:
        self.ours = ours
        self.raw = tame(raw)
        self.message = parse(self.raw)
        self._on = _plausible(on)
        self._heads: dict[str, list[str]] = {}
        for name, value in list(self.message.raw_items())[:MAX_FIELDS]:
            self._heads.setdefault(name.lower(), []).append(str(value)[:8000])

    def all(self, name: str) -> list[str]:
        """The values of a header, decoded (RFC 2047)."""
        return [decode(_bytes(value)) for value in self._heads.get(name.lower(), ())]

    def header(self, name: str) -> str:
        """The first of them, or ""."""
        return next(iter(self.all(name)), "")

    def _named(self, name: str) -> list[str]:
        """Values of an address header. The parser of the standard library recurses at each bracket of a comment."""
        return [v if v.count("(") < MAX_NESTED else v.replace("(", " ") for v in self._heads.get(name, ())]

    def has(self, name: str) -> bool:
        return name.lower() in self._heads

    @cached_property
    def sender(self) -> Person:
        found = authors(b", ".join(map(_bytes, self._named("from"))))
        return found[0] if found else Person("", "")

    @cached_property
    def reply_to(self) -> tuple[Person, ...]:
        """To whom an answer is to go (RFC 5322 §3.6.2)."""
        return people(_bytes(value) for value in self._named("reply-to"))

    @cached_property
    def recipients(self) -> tuple[str, ...]:
        """The addresses in To and Cc."""
        return tuple(p.address for p in people(_bytes(v) for n in ("to", "cc") for v in self._named(n)))

    @cached_property
    def subject(self) -> str:
        return self.header("Subject")

    @cached_property
    def is_reply(self) -> bool:
        """The subject says so: Re, AW, SV …"""
        return REPLY.match(_TAGS.sub("", self.subject)) is not None

    @cached_property
    def answers(self) -> bool:
        """It answers a mail: by its subject, by In-Reply-To or References (RFC 5322 §3.6.4), or by what it quotes."""
        return self.is_reply or self.has("In-Reply-To") or self.has("References") or self.quotes_recipient

    @cached_property
    def quotes_recipient(self) -> bool:
        """What it quotes names one of those that it goes to: they wrote that."""
        own = set(unquoted(self.text))
        quoted = "\n".join(line for line in self.text.splitlines() if line not in own).lower()
        return any(address in quoted for address in self.recipients)

    @cached_property
    def head(self) -> str:
        """The subject folded, without marks in brackets before it."""
        return fold(_TAGS.sub("", self.subject).strip(" *\"'-!:"))

    @cached_property
    def questions(self) -> int:
        """How many questions the new text has, those of links aside."""
        return len(_QUESTION.findall(_URL.sub("", self.new_text[:MAX_WORDS_TEXT])))

    @cached_property
    def length(self) -> int:
        """Words of the new text."""
        return len(self.new_text.split())

    @cached_property
    def day(self) -> date | None:
        """The day in the author's own zone."""
        return _day(self.header("Date")) or self._on

    @cached_property
    def parts(self) -> tuple[Message, ...]:
        """All parts in their order, without those of an attached message."""
        found: list[Message] = []
        waiting = [self.message]
        while waiting and len(found) < MAX_PARTS:
            part = waiting.pop(0)
            found.append(part)
            if part.get_content_maintype() == "multipart":
                waiting[:0] = children(part)
        return tuple(found)

    def has_part(self, *types: str) -> bool:
        return any(part.get_content_type() in types for part in self.parts)

    @cached_property
    def text(self) -> str:
        return text_of(self.message)

    @cached_property
    def new_text(self) -> str:
        """What the author newly typed."""
        return new_text(self.text)

    @cached_property
    def said(self) -> str:
        """The beginning of the new text, folded: where phrases are looked for."""
        return fold(self.new_text[:MAX_WORDS_TEXT])

    @cached_property
    def body(self) -> str:
        """The readable parts one after another, reports included, without the returned message."""
        return "\n\n".join(_flat(part) for part in self.parts)[:MAX_BODY]

    @cached_property
    def inner_ids(self) -> tuple[str, ...]:
        """Message-IDs that stand inside the body: those of a returned message, and of what it answers, for a provider may
        have given it another id than ours. Canonical, without brackets."""
        head = re.search(rb"\r?\n\r?\n", self.raw)
        below = self.raw[head.end() :].decode("latin-1") if head else ""
        found = (m for text in (below, self.body, self.text) for m in _MESSAGE_ID.findall(text)[:MAX_IDS])
        ids = dict.fromkeys(i for m in found if "&" not in m for i in msgid.read_ids(f"<{m.strip('<>')}>"))
        own = msgid.read_ids(self.header("Message-ID"))
        return tuple(i for i in ids if i not in own)


def _day(value: str) -> date | None:
    try:
        read = parsedate(value)
        return _plausible(date(*read[:3]) if read else None)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _plausible(day: date | None) -> date | None:
    """A day by which others can be reckoned."""
    return day if day and 1980 <= day.year <= 9000 else None


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def _flat(part: Message) -> str:
    kind = part.get_content_type()
    if kind.startswith("message/") and kind.endswith(
        ("delivery-status", "disposition-notification", "feedback-report")
    ):
        return "\n\n".join(map(_lines, children(part))) if part.is_multipart() else decoded(part)
    if kind == "text/plain" or (kind.startswith("multipart/") and not part.is_multipart()):
        return decoded(part).replace("\r\n", "\n")
    return ""


def _lines(block: Message) -> str:
    """A block of fields, which the parser took for a message, as lines again."""
    rest = "\n\n".join(map(_lines, children(block))) if block.is_multipart() else decoded(block)
    return "\n".join(f"{name}: {value}" for name, value in block.items()) + "\n\n" + rest
