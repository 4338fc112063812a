"""What we remember: one SQLite file and `suppressed.txt` beside it. No peewee row leaves this package."""

from followmail.store.database import Store

__all__ = ["Store"]
