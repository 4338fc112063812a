"""What parts a message has, as a server tells it (BODYSTRUCTURE, RFC 9051 §7.5.2): pure, and never raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_PARTS = 100
MAX_DEPTH = 10
_WORD = re.compile(r"[^A-Za-z0-9.+_/-]")


@dataclass(frozen=True, slots=True)
class Part:
    """One part that is no multipart: its section number, and what its own header says. Words are plain and short."""

    section: str  # "1", "2.1": what BODY[…] takes
    kind: str  # "text/calendar", lower case
    encoding: str = ""  # Content-Transfer-Encoding, lower case
    charset: str = ""
    method: str = ""  # of a calendar (RFC 6047 §2.4)
    name: str = ""
    size: int = 0

    @property
    def header(self) -> bytes:
        """Its header as it was: with the body behind it, a message of one part."""
        parameters = "".join(f'; {k}="{v}"' for k, v in (("charset", self.charset), ("method", self.method)) if v)
        lines = f"Content-Type: {self.kind}{parameters}\r\nContent-Transfer-Encoding: {self.encoding or '7bit'}\r\n"
        return f'{lines}Content-Disposition: inline; filename="{self.name}"\r\n\r\n'.encode("ascii")


def parts(body: object) -> tuple[Part, ...]:
    """The parts of one BODYSTRUCTURE as imapclient reads it, in their order; attached messages are not opened."""
    return tuple(part for part, _ in zip(_parts(body, "", 0), range(MAX_PARTS), strict=False))


def _parts(body: object, prefix: str, depth: int) -> Iterator[Part]:
    if not isinstance(body, tuple) or not body or depth > MAX_DEPTH:
        return
    if isinstance(body[0], list):  # multipart: its parts, then its subtype
        for number, child in enumerate(body[0][:MAX_PARTS], 1):
            yield from _parts(
                child, f"{prefix}{number}." if isinstance(_first(child), list) else f"{prefix}{number}", depth + 1
            )
    elif part := _part(body, prefix or "1"):
        yield part


def _first(body: object) -> object:
    return body[0] if isinstance(body, tuple) and body else None


def _part(body: tuple[object, ...], section: str) -> Part | None:
    """type, subtype, parameters, id, description, encoding, size, and what may follow: among it the disposition."""
    if len(body) < 7:
        return None
    own = _pairs(body[2])
    disposed = {
        k: v for field in body[7:] if isinstance(field, tuple) and len(field) > 1 for k, v in _pairs(field[1]).items()
    }
    return Part(
        section=section,
        kind=f"{_word(body[0])}/{_word(body[1])}".lower(),
        encoding=_word(body[5]).lower(),
        charset=_word(own.get("charset", b"")),
        method=_word(own.get("method", b"")),
        name=_word(own.get("name", b"") or disposed.get("filename", b"")),
        size=body[6] if isinstance(body[6], int) else 0,
    )


def _pairs(values: object) -> dict[str, object]:
    """(name value name value …), names in lower case."""
    if not isinstance(values, tuple):
        return {}
    return {_word(k).lower(): v for k, v in zip(values[::2], values[1::2], strict=False)}


def _word(value: object) -> str:
    """A foreign word made safe for a header: nothing but the letters of types, charsets and file names."""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else ""
    return _WORD.sub("_", text[-80:])
