"""What a refusal or a broken line means: a later try may work, or it will not (RFC 5530, RFC 9051 §7.1)."""

import re

from followmail.errors import CommandRefused, ServerBusy, Unreachable

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# RFC 5530 §3, RFC 9051 §7.1; THROTTLED is Exchange's and Gmail's, OVERQUOTA what Gmail says to too much traffic.
_BUSY_CODE = re.compile(r"\[(UNAVAILABLE|LIMIT|THROTTLED|INUSE|OVERQUOTA)\b", re.IGNORECASE)
_BUSY_WORDS = re.compile(
    r"too many (?:simultaneous )?connections|maximum number of connections|temporar(?:y|ily)|try again later|rate limit"
    r"|authenticated but not connected",  # Exchange, for an hour at a time
    re.IGNORECASE,
)


def lost(host: str, text: str) -> Unreachable | ServerBusy:
    """The server hung up, or the line broke. `[UNAVAILABLE]` in its goodbye means "not now"."""
    if _is_busy(text):
        return ServerBusy(f"{host} says not now: {text}")
    return Unreachable(f"The connection to {host} broke: {text}")


def refused(host: str, what: str, text: str) -> CommandRefused | ServerBusy:
    if _is_busy(text):
        return ServerBusy(f"{host} says not now: {text}")
    return CommandRefused(f"{host} refused {what}: {text}")


def _is_busy(text: str) -> bool:
    return bool(_BUSY_CODE.search(text) or _BUSY_WORDS.search(text))


def readable(said: object) -> str:
    """What a server or the system said, on one bounded line."""
    if isinstance(said, Exception) and said.args and isinstance(said.args[0], bytes):
        said = said.args[0]  # imaplib puts the server's bytes into its errors
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return CONTROL.sub(" ", text)[:300]
