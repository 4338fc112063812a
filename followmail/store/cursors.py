"""How far each folder has been read."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from followmail.store.opening import state_of, translated
from followmail.store.schema import Cursor

_ALL = "SELECT folder, uidvalidity, uidnext, messages, highestmodseq FROM cursor"  # asked at every look


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
        self._concluded: tuple[object, object, object] = (None, None, None)

    def all(self) -> dict[str, Position]:
        with translated():  # a text that is damaged shows when it is fetched
            rows = self._database.execute_sql(_ALL).fetchall()
        return {row[0]: Position(*row) for row in rows}

    def conclude(self, question: object, conclusion: object) -> None:
        """Remember what was made of something, until anything is written."""
        self._concluded = state_of(self._database), question, conclusion

    def concluded(self, question: object) -> object:
        """What was made of the very same thing, if nothing was written since; else None."""
        state, asked, conclusion = self._concluded
        return conclusion if asked is question and state is not None and state == state_of(self._database) else None

    def set(self, position: Position) -> None:
        self._database.execute_sql(
            "INSERT OR REPLACE INTO cursor (folder, uidvalidity, uidnext, messages, highestmodseq) VALUES (?, ?, ?, ?, ?)",
            (position.folder, position.uidvalidity, position.uidnext, position.messages, position.highestmodseq),
        )

    def drop(self, folders: Iterable[str]) -> None:
        """These are no more."""
        self._database.execute_sql(
            "DELETE FROM cursor WHERE folder IN (SELECT value FROM json_each(?))", (json.dumps([*folders]),)
        )

    def forget(self) -> None:
        """Read every folder anew at the next look."""
        Cursor.delete().execute(self._database)
