"""Message-IDs: read them from anything, mint ours, recognise ours (RFC 5322 §3.6.4).

An id is kept without its angle brackets and with its case: the left side is opaque to everybody but its maker.
"""

import base64
import hashlib
import re
from datetime import datetime

# Lenient on purpose: Outlook, Exchange and mobile clients write ids that no grammar of the RFC admits.
# (What is no blank is spelled out: a class of characters that names another is slow.)
_ID = re.compile(rb"<\s*([^<>\t-\r ]{1,998}(?:\s+[^<>\t-\r ]{1,200}){0,3})\s*>")
_USUAL = re.compile(rb"<([!-;=?-~]{1,998})>")
_ASKABLE = re.compile(r"[A-Za-z0-9.!#$%&*+/=?^_`{|}~@\[\]:-]{3,250}")
_OURS = re.compile(r"fm1\.([a-z2-7]{26})\.([a-z2-7]{6})@[^\s<>@]+")
_NAMED = re.compile(rf"(?<!\S){_OURS.pattern}")

_DIGEST = re.compile(r"fmd1\.([a-z2-7]{26})\.([a-z2-7]{6})@[^\s<>@]+")

_MISSING = "@missing.invalid"

# What a server may be asked for: the beginning that every id of ours has.
OUR_PREFIX = "<fm1."


def read_ids(value: bytes | str) -> tuple[str, ...]:
    """The ids in a Message-ID, In-Reply-To or References value, in order, each once; never raises.

    White space folded inside an id is removed: some relays break long ones.
    """
    if not value:
        return ()
    raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    found = _ID.findall(raw)
    if not found:
        return ()
    whole = b" ".join(found)
    if whole.isascii() and whole.count(b" ") < len(found) and (text := whole.decode()).isprintable():
        return tuple(dict.fromkeys(text.split(" ")))  # as nearly all are: no blanks within
    ids = (b"".join(part.split()).decode("utf-8", "replace") for part in found)
    return tuple(dict.fromkeys(i for i in ids if i.isprintable()))


def read_bare_id(value: bytes | str) -> str:
    """The one id of a Message-ID field, also where the brackets are missing; empty where there is none."""
    usual = _USUAL.fullmatch(value) if isinstance(value, bytes) else None
    if usual is not None:
        return usual[1].decode()
    ids = read_ids(value)
    if ids:
        return ids[0]
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    words = text.strip().strip("<>").split()
    return words[0] if len(words) == 1 and "@" in words[0] and words[0].isprintable() else ""


def is_askable(msgid: str) -> bool:
    """Whether an id may stand in a command to a server: no control characters, quotes, backslashes or blanks."""
    return _ASKABLE.fullmatch(msgid) is not None


def synthetic(*parts: str | bytes) -> str:
    """A stand-in for a missing id, from what tells the message apart; never equal to a real one."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return f"{digest.hexdigest()[:40]}{_MISSING}"


def is_synthetic(msgid: str) -> bool:
    """Whether an id is a stand-in."""
    return msgid.endswith(_MISSING)


def mint(account: str, opening: str, sequence: str, step: str, sender: str) -> str:
    """Our id of one step: a fixed function of its arguments, so that the same step can never have two.

    The last six characters check the others, which makes the form recognisable. The right side is the sender's domain.
    """
    key = "\0".join((account, opening, sequence, step)).encode("utf-8", "surrogateescape")
    body = _base32(hashlib.sha256(key).digest())[:26]
    return f"fm1.{body}.{_check(body)}@{sender.rpartition('@')[2]}"


def is_ours(msgid: str) -> bool:
    """Whether an id has our form. The right side may have been rewritten; the left side proves itself."""
    found = _OURS.fullmatch(msgid)
    return found is not None and _check(found[1]) == found[2]


def named_in(text: str) -> tuple[str, ...]:
    """The ids of ours that stand among other words, as in the subject that our List-Unsubscribe asks for (RFC 2369)."""
    return tuple(one for found in _NAMED.finditer(text) if is_ours(one := found[0])) if "fm1." in text else ()


def digest_id(account: str, moment: datetime, word: str) -> str:
    """The id of a mail from us to the consultant: a digest, or an answer. `word` tells apart those of one moment."""
    key = "\0".join((account, moment.isoformat(), word)).encode("utf-8", "surrogateescape")
    body = _base32(hashlib.sha256(b"digest\0" + key).digest())[:26]
    return f"fmd1.{body}.{_check(body)}@{account.rpartition('@')[2]}"


def is_digest(msgid: str) -> bool:
    """Whether an id has the form of a digest's. The form proves nothing: what is obeyed stands in the store."""
    found = _DIGEST.fullmatch(msgid)
    return found is not None and _check(found[1]) == found[2]


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").lower().rstrip("=")


def _check(body: str) -> str:
    return _base32(hashlib.sha256(b"fm1" + body.encode("ascii")).digest())[:6]
