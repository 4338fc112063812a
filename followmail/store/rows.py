"""Reads the rows of one table. Its SELECT is written once: building it anew costs more than running it."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import peewee

from followmail.store.opening import damaged, translated
from followmail.store.schema import Day, Moment

# Fields whose value in the file is not the value that is meant.
_CONVERTED = (Moment, Day, peewee.BooleanField)


class Rows:
    """`where` gives rows as values by name; `without` leaves a column out that may be large."""

    def __init__(self, model: type[peewee.Model], without: str = "") -> None:
        meta: Any = model._meta
        fields = [field for field in meta.sorted_fields if field.column_name != without]
        self._names = tuple(field.column_name for field in fields)
        columns = ", ".join(f'"{name}"' for name in self._names)
        self._select = f'SELECT {columns} FROM "{meta.table_name}" WHERE '
        self._meant: tuple[tuple[str, Callable[[Any], Any]], ...] = tuple(
            (field.column_name, field.python_value) for field in fields if isinstance(field, _CONVERTED)
        )

    def where(self, database: Any, condition: str, *values: object) -> Iterator[Any]:
        """The rows for which `condition` holds, which may end with ORDER BY and LIMIT; its `?` are `values`."""
        with translated():  # a text that is damaged shows when it is fetched
            found = database.execute_sql(self._select + condition, values).fetchall()
        yield from map(self._read, found)

    def _read(self, row: tuple[Any, ...]) -> Any:
        found = dict(zip(self._names, row, strict=True))
        try:
            for name, meant in self._meant:
                found[name] = meant(found[name])
        except (TypeError, ValueError, OverflowError) as fault:
            raise damaged(fault) from fault
        return SimpleNamespace(**found)


def marks(count: int) -> str:
    """`?, ?, ?`: so many values in a list."""
    return ", ".join("?" * count)
