"""Single facts about the whole: the first run, the last looks, the pause over everything."""

import json
from datetime import UTC, datetime
from typing import Any

from followmail.store.opening import translated

# The enrollments that the consultant put in or let go on by hand, and of whom nobody has asked yet what they wrote before.
UNSETTLED = "unsettled"
# How many mails the mailbox held before it began anew with fewer.
MAILS_AWAITED = "mails_awaited"


class Facts:
    """Named moments and texts, one row each."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def text(self, key: str) -> str | None:
        with translated():
            found = self._database.execute_sql("SELECT value FROM fact WHERE key = ?", (key,)).fetchone()
        return str(found[0]) if found else None

    def set_text(self, key: str, value: str | None) -> None:
        """Remember a text; None forgets it."""
        if value is None:
            self._database.execute_sql("DELETE FROM fact WHERE key = ?", (key,))
        else:
            self._database.execute_sql("INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)", (key, value))

    def moment(self, key: str) -> datetime | None:
        value = self.text(key)
        return datetime.fromisoformat(value).astimezone(UTC) if value else None

    def set_moment(self, key: str, value: datetime | None) -> None:
        self.set_text(key, value.astimezone(UTC).isoformat() if value else None)

    def numbers(self, key: str) -> tuple[int, ...]:
        """A set of numbers, ascending."""
        return tuple(json.loads(self.text(key) or "[]"))

    def add_number(self, key: str, number: int) -> None:
        self.set_text(key, json.dumps(sorted({*self.numbers(key), number})))

    def drop_number(self, key: str, number: int) -> None:
        left = [n for n in self.numbers(key) if n != number]
        self.set_text(key, json.dumps(left) if left else None)
