"""The text of a message as a person sees it: the first text part, decoded leniently, HTML made plain.

Foreign input never raises; a message may be cut off anywhere. What of the text is newly written is said by `quote.py`.
"""

import codecs
import re
from collections import Counter
from email.message import Message
from html.parser import HTMLParser

from followmail.mail.parse import parse, tame
from followmail.mail.quote import new_text

__all__ = ["children", "decoded", "new_text", "plain", "text_of"]

MAX_RAW = 512 * 1024  # bytes of a message that are looked at
MAX_TEXT = 64 * 1024  # characters of a text that are looked at
_MAX_PARTS = 100
_MAX_TAGS = 6000

# codecs that are charsets; Python knows others, some of them slow or no text at all
_CHARSET = re.compile(
    r"(?:utf|iso|latin|cp|windows|ms|us-?ascii|ascii|koi|gb|hz|big5|euc|shift|sjis|mac|tis|l\d)[\w.:-]*", re.I
)
# WHATWG Encoding §4.2: what is called Latin-1 or ASCII is windows-1252 in practice
_WINDOWS = re.compile(r"(?:iso-?8859-?1|latin-?1|us-?ascii|ascii|ansi_x3.*|l1)$", re.I)


def text_of(raw: bytes | Message, signed: bool = False) -> str:
    """The first text part of a message that says anything, decoded, without HTML; "" where there is none.

    `signed`: with the signature that a mail program fenced off in HTML.
    """
    message = parse(tame(raw, MAX_RAW)) if isinstance(raw, bytes) else raw
    blank = ""
    for part in _text_parts(message):
        text = decoded(part)
        text = plain(text, signed) if _is_html(part, text) else text
        if text.strip():
            return text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        blank = blank or text
    return blank[:MAX_TEXT]


def decoded(part: Message) -> str:
    """The body of one part: by its declared charset, else UTF-8, else windows-1252 (RFC 2045 §6, RFC 2046 §4.1.2)."""
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):  # a broken transfer encoding
        payload = b""
    data = payload if isinstance(payload, bytes) else b""
    return _by_charset(data[: 4 * MAX_TEXT], str(part.get_param("charset", "") or ""))


def _by_charset(data: bytes, declared: str) -> str:
    name = declared.strip().strip("\"'")
    tried = (
        (["utf-8", "cp1252"] if _WINDOWS.match(name) else [name, "utf-8", "cp1252"])
        if _CHARSET.fullmatch(name)
        else ["utf-8", "cp1252"]
    )
    for charset in tried:
        try:
            # not final: a character cut off at the end is no fault
            return codecs.getincrementaldecoder(charset)().decode(data).removeprefix("\ufeff")
        except (UnicodeError, LookupError):
            continue
    return data.decode("latin-1")


def _text_parts(message: Message) -> list[Message]:
    """Text parts in their order; no attachment, nothing inside an attached message."""
    found: list[Message] = []
    waiting = [message]
    for _ in range(_MAX_PARTS):
        if not waiting:
            break
        part = waiting.pop(0)
        if part.is_multipart():
            if part.get_content_maintype() == "multipart":
                waiting[:0] = children(part)
        elif part.get_content_maintype() in ("text", "multipart") and not _attached(part):
            found.append(part)  # a multipart without a boundary is text all the same
    return [p for p in found if p.get_content_type() != "text/calendar"]


def children(part: Message) -> list[Message]:
    """The parts of a multipart. Of any other part the standard library would decode the payload, and may raise."""
    payload = part.get_payload() if part.is_multipart() else None
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _attached(part: Message) -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _is_html(part: Message, text: str) -> bool:
    return part.get_content_type() == "text/html" or bool(
        re.match(r"\s*<(?:!doctype html|html|head|body|div)\b", text, re.I)
    )


_BLOCKS = frozenset(
    "address article aside blockquote body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr"
    " li main nav ol p "
    "pre section table tr ul".split()
)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr o:p".split())
_UNSEEN = frozenset("head style script title template noscript object svg select".split())
_ENDS = frozenset("p li tr td th dd dt option".split())  # close themselves when the next one begins (HTML §13.1.2.4)
_LEADS = {"td": " ", "th": " ", "li": "- "}
_HIDDEN = re.compile(r"display\s*:\s*none", re.I)
# marks by which mail programs fence off what was not typed
_SIGNATURE = re.compile(
    r"gmail_signature\b|moz-signature|ms-outlook-mobile-signature|protonmail_signature_block|x_?signature\b", re.I
)
_QUOTED = re.compile(
    r"appendonsend|divRplyFwdMsg|yahoo_quoted|protonmail_quote|moz-forward-container|reply-intro|mail-editor-reference",
    re.I,
)
_RULE = "________________________________"


class _Plain(HTMLParser):
    """HTML → lines: blocks begin one, quoted ones begin with `> `, signatures and what is unseen are left out."""

    def __init__(self, signed: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._signed = signed
        self.lines: list[str] = []
        self._line: list[str] = []
        self._open: list[tuple[str, str]] = []  # tag, and what it means: "", "unseen", "quote"
        self._meanings = Counter[str]()
        self._tags = Counter[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id"))
        if tag in _BLOCKS or tag == "br":
            self._end_line(tag == "br")
        if tag == "hr" or _QUOTED.search(marks):
            self._end_line()
            self._line.append(_RULE)
            self._end_line()
        elif tag in _LEADS:
            self._line.append(_LEADS[tag])
        if tag in _VOID or len(self._open) > 500:
            return
        if tag in _ENDS and self._open and self._open[-1][0] == tag:
            self._close()
        hidden = any(name == "style" and _HIDDEN.search((value or "")[:500]) for name, value in attrs)
        unseen = tag in _UNSEEN or hidden or (_SIGNATURE.search(marks) and not self._signed)
        self._push(tag, "unseen" if unseen else "quote" if tag == "blockquote" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_line()
        if self._tags[tag] > 0:
            while self._close() != tag:
                pass
        if tag == "p" and self.lines and self.lines[-1].strip("> "):
            self._end_line(True)

    def handle_data(self, data: str) -> None:
        if self._meanings["unseen"]:
            return
        if self._tags["pre"] > 0:
            first, *rest = data.split("\n")
            self._line.append(first)
            for line in rest:
                self._end_line(True)
                self._line.append(line)
        else:
            self._line.append(re.sub(r"[ \t\r\n\f]+", " ", data))

    def _push(self, tag: str, meaning: str) -> None:
        self._open.append((tag, meaning))
        self._tags[tag] += 1
        self._meanings[meaning] += 1

    def _close(self) -> str:
        tag, meaning = self._open.pop()
        self._tags[tag] -= 1
        self._meanings[meaning] -= 1
        return tag

    def _end_line(self, always: bool = False) -> None:
        text = (
            re.sub(r" {2,}", " ", "".join(self._line)).strip()
            if self._tags["pre"] < 1
            else "".join(self._line).rstrip()
        )
        self._line.clear()
        if (text or always) and not self._meanings["unseen"]:
            self.lines.append("> " * min(self._meanings["quote"], 20) + text)


def plain(html: str, signed: bool = False) -> str:
    """HTML as the text one reads. Unclosed and broken markup is read as far as it goes."""
    reader = _Plain(signed)
    # what a person typed stands early; newsletters and hostile mails go on for ever
    marks = re.sub(r"<+(?=<)", "", html[: 4 * MAX_TEXT]).split("<", _MAX_TAGS + 1)
    try:
        reader.feed("<".join(marks[: _MAX_TAGS + 1]) + "<br>")  # the last tag lets go of the text before it
    except (ValueError, AssertionError):  # html.parser raises on some broken declarations
        return re.sub(r"<[^<>]*>", " ", html[:MAX_TEXT])
    return re.sub(r"\n{3,}", "\n\n", "\n".join(reader.lines)).strip("\n")
