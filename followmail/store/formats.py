"""Older formats of the database file, and how one becomes this one.

Its tables are made anew and its rows copied over, so that a file that was brought up has the very same schema as a new
one, with every rule and index. A column that is new gets its default; what a format needs beyond that is a function in
`CHANGES`, which is given the old tables first.
"""

from collections.abc import Callable, Mapping
from typing import Any

from followmail.mail.subject import base_subject
from followmail.store.keys import key_of, key_of_address
from followmail.store.schema import TABLES, VERSION


def _keys(database: Any) -> None:
    """Format 4 finds messages by keys of their texts, and compares subjects without the marks of filters."""
    for function in (key_of, key_of_address, base_subject):
        database.connection().create_function(function.__name__, 1, function, deterministic=True)
    columns = (
        ("message", "key", "key_of(message_id)"), ("message", "sender_key", "key_of_address(sender)"),
        ("thread_id", "key", "key_of(message_id)"), ("aside", "key", "key_of(message_id)"),
    )  # fmt: skip
    for table, column, value in columns:
        if database.table_exists(table):
            database.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" BIGINT')
            database.execute_sql(f'UPDATE "{table}" SET "{column}" = {value}')
    if database.table_exists("message"):
        database.execute_sql("UPDATE message SET base_subject = base_subject(subject)")


# format → what its rows need that no default gives them, done on the tables of the format before
CHANGES: Mapping[int, Callable[[Any], None]] = {4: _keys}


def rebuild(database: Any, version: int) -> None:
    """Bring a database of an older format up to this one, within the caller's transaction.

    What an old row has that a rule of this format forbids raises peewee.IntegrityError, and nothing is changed.
    """
    for number in range(version + 1, VERSION + 1):
        if number in CHANGES:
            CHANGES[number](database)
    there = set(database.get_tables())
    older = [model for model in TABLES if model._meta.table_name in there]
    for model in older:
        _set_aside(database, model._meta.table_name, _aside(model, version))
    database.create_tables(TABLES)
    for model in older:
        _copy(database, model, _aside(model, version))


def _aside(model: Any, version: int) -> str:
    return f"{model._meta.table_name} of format {version}"


def _set_aside(database: Any, table: str, aside: str) -> None:
    """Free the names of a table and its indexes."""
    for index in database.get_indexes(table):
        if index.sql:  # else it belongs to a rule of the table
            database.execute_sql(f'DROP INDEX "{index.name}"')
    database.execute_sql(f'ALTER TABLE "{table}" RENAME TO "{aside}"')


def _copy(database: Any, model: Any, aside: str) -> None:
    """All rows of an older table into that of this format."""
    there = {column.name for column in database.get_columns(aside)}
    fields = model._meta.sorted_fields
    values = [f'"{field.column_name}"' if field.column_name in there else "?" for field in fields]
    defaults = [field.db_value(field.default) for field in fields if field.column_name not in there]
    names = ", ".join(f'"{field.column_name}"' for field in fields)
    table = model._meta.table_name
    database.execute_sql(f'INSERT INTO "{table}" ({names}) SELECT {", ".join(values)} FROM "{aside}"', defaults)
    database.execute_sql(f'DROP TABLE "{aside}"')
