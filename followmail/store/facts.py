"""Single facts about the whole: the first run, the last looks, the pause over everything."""

from datetime import UTC, datetime
from typing import Any

from followmail.store.opening import translated
from followmail.store.schema import Fact


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
            Fact.delete().where(Fact.key == key).execute(self._database)
        else:
            Fact.insert(key=key, value=value).on_conflict_replace().execute(self._database)

    def moment(self, key: str) -> datetime | None:
        value = self.text(key)
        return datetime.fromisoformat(value).astimezone(UTC) if value else None

    def set_moment(self, key: str, value: datetime | None) -> None:
        self.set_text(key, value.astimezone(UTC).isoformat() if value else None)
