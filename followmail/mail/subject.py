"""The subject of a mail without what programs put before and behind it: for comparing, and for reading."""

import re
import unicodedata
from functools import lru_cache

# What programs put before the subject of an answer and of what is passed on; `Re[2]:`, `Re (3):` and the wide colon too.
_WORDS = (
    "re|aw|antw|antwort|sv|svar|vs|rv|tr|wg|fw|fwd|rif|r|res|enc|vl|vb|vá|válasz|doorst|odp|ynt|ilt|re\\^\\d{1,3}|atb|"
    "απ|σχετ|ответ|відповідь|回复|回覆|答复|答覆|转发|轉寄|返信|رد|إعادة توجيه|השב|תשובה|ตอบ|"
    "automatic reply|automatische antwort|réponse automatique|respuesta automática|risposta automatica|"
    "automatisch antwoord|resposta automática"
)
_OUTSIDE = "ext|external|extern|externe|externo|esterno"
_REPLY = re.compile(
    rf"^\s*(?:\[(?:{_OUTSIDE})\]|(?:{_WORDS})\s*(?:\[\d{{1,3}}\]|\(\d{{1,3}}\))?\s*[:：])\s*", re.IGNORECASE
)
# What filters, gateways and ticket systems set at either end. In doubt a mark: then two subjects are one, which asks.
_MARK = re.compile(
    rf"^(?:\[[^\[\]]{{1,60}}\]|\*{{1,5}}[\w !-]{{1,30}}\*{{1,5}}|\((?:{_OUTSIDE}|spam)(?: e?-?mail| sender)?\)"
    rf"|(?:{_OUTSIDE}|spam)\s*[:：])\s*",
    re.IGNORECASE,
)
_END = re.compile(r"\s*(?:\[[^\[\]]{1,60}\]|\*{1,5}[\w !-]{1,30}\*{1,5}|\((?:fwd|external|spam)\))$", re.IGNORECASE)
# As programs of the seven languages, and their neighbours, mark a mail that is passed on.
_FORWARD = re.compile(
    r"^\s*(?:\[(?:ext|external|extern|externe|externo|esterno)\]\s*)?(?:fwd?|wg|tr|rv|enc|i|doorst|vl|vb|vs|pd|转发|轉寄)"
    r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]|\(fwd\)\s*$",
    re.IGNORECASE,
)
_MOST = 20  # marks of one subject


def is_forward(subject: str) -> bool:
    """Whether the subject says that the mail is passed on."""
    return _FORWARD.search(" ".join(subject.split())) is not None


@lru_cache(maxsize=1024)
def base_subject(subject: str) -> str:
    """The subject without reply, forward, list and filter marks, folded for comparing (after RFC 5256 §2.1).

    A mark that is all there is stays: "[Proposal]" is a subject.
    """
    text = bare_subject(subject if subject.isascii() else unicodedata.normalize("NFKC", subject))
    if "[" in text or "*" in text or ":" in text or "(" in text:
        text = _less_marks(text)
    folded = text.casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


def _less_marks(text: str) -> str:
    for _ in range(_MOST):
        before = text
        for mark in (_MARK, _END):
            text = bare_subject(mark.sub("", text, count=1)) or text
        if text == before:
            break
    return text


def bare_subject(subject: str) -> str:
    """The subject without the words of answers before it, as it was typed: for reading."""
    text = " ".join(subject.split())
    if ":" not in text and "：" not in text and text[:1] != "[":
        return text
    for _ in range(_MOST):
        shorter = _REPLY.sub("", text, count=1)
        if shorter == text:
            break
        text = shorter
    return text.strip()
