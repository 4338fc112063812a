"""How far each folder has been read."""

from dataclasses import dataclass
from typing import Any

from followmail.store.schema import Cursor


@dataclass(frozen=True, slots=True)
class Position:
    """A folder as it stood when it was last read to its end."""

    folder: str
    uidvalidity: int
    uidnext: int
    messages: int | None = None
    highestmodseq: int | None = None


class Cursors:
    """One position a folder."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def all(self) -> dict[str, Position]:
        rows = Cursor.select().execute(self._database)
        return {r.folder: Position(r.folder, r.uidvalidity, r.uidnext, r.messages, r.highestmodseq) for r in rows}

    def set(self, position: Position) -> None:
        Cursor.insert(
            folder=position.folder,
            uidvalidity=position.uidvalidity,
            uidnext=position.uidnext,
            messages=position.messages,
            highestmodseq=position.highestmodseq,
        ).on_conflict_replace().execute(self._database)

    def forget(self) -> None:
        """Read every folder anew at the next look."""
        Cursor.delete().execute(self._database)
