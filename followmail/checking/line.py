"""One line of `check`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. A remedy beside what is ok is a piece of advice."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    status: int = 1
