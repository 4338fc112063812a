"""Single facts about the whole: the first run, the last looks, the pause over everything."""

from datetime import UTC, datetime
from typing import Any

from followmail.store.opening import translated


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
