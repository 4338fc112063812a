"""Whether a person puts off."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Later:
    until: date | None
    until_end: date | None
    promised: bool
    acknowledgement: bool
    evidence: str


def puts_off(text: str, on: date | None, lang: str | None) -> Later | None:
    return None
