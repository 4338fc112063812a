"""A database of any older format is brought up, with all that it knew, and a copy of it stays beside it."""

import fcntl
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from followmail.errors import DatabaseError
from followmail.rounds import alone
from followmail.sequence.steps import State, Status
from followmail.store import Store
from followmail.store.keys import key_of
from followmail.store.opening import open_database
from followmail.store.schema import VERSION
from tests.store.formats import FORMAT_1, HERE

KEPT = sorted(int(folder.name) for folder in HERE.iterdir() if folder.name.isdigit())
EACH_OLDER = pytest.mark.parametrize("older", [number for number in KEPT if number < VERSION])
Schema = list[tuple[str, ...]]
GONE = {("message", "sender_domain")}  # the sender tells it
KEYED = (("message", "key", "message_id"), ("message", "sender_key", "sender"), ("thread_id", "key", "message_id"),
         ("aside", "key", "message_id"))  # fmt: skip
# What the first version that had format 2 did to a file of format 1, which lacked its rules ever after.
TO_2 = """
ALTER TABLE message ADD COLUMN phone TEXT;
ALTER TABLE message ADD COLUMN introduces TEXT NOT NULL DEFAULT '[]';
ALTER TABLE message ADD COLUMN need TEXT;
ALTER TABLE enrollment ADD COLUMN batch TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN draft_versions TEXT NOT NULL DEFAULT '';
ALTER TABLE enrollment ADD COLUMN told_at BIGINT;
PRAGMA user_version = 2;
"""


def schema(path: Path) -> Schema:
    """Every table and index, as SQLite keeps its words."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def rows(path: Path) -> dict[str, list[dict[str, object]]]:
    """Table → all its rows."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: [dict(row) for row in database.execute(f'SELECT * FROM "{table}"')] for table in tables}


def written(path: Path, *scripts: str) -> Path:
    with closing(sqlite3.connect(path)) as database:
        for script in scripts:
            database.executescript(script)
    return path


def fixture(number: int) -> str:
    return (HERE / str(number) / "followmail.sql").read_text("utf-8")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database as the first version left it."""
    return written(tmp_path / "followmail.db", FORMAT_1)


@pytest.fixture
def new(tmp_path: Path) -> Schema:
    """The schema of a new file."""
    path = tmp_path / "new.db"
    open_database(path).close()
    return schema(path)


def test_every_format_is_kept() -> None:
    """A new VERSION needs its folder: `python -m tests.store.formats` writes it. The others never go."""
    assert list(range(1, VERSION + 1)) == KEPT


def test_a_changed_schema_is_a_new_format(new: Schema, tmp_path: Path) -> None:
    """Who changes a table raises VERSION in store/schema.py, and writes the new format's folder."""
    assert new == schema(written(tmp_path / "kept.db", fixture(VERSION)))


@EACH_OLDER
def test_an_older_file_gets_the_very_schema_of_a_new_one(older: int, new: Schema, tmp_path: Path) -> None:
    """Every column, rule and index, in the same words; and not one row less, nor a word changed."""
    path = written(tmp_path / "followmail.db", fixture(older))
    before = rows(path)
    Store.open(path).close()
    assert schema(path) == new
    after = rows(path)
    for table, lines in before.items():
        kept = [column for column in (lines[0] if lines else ()) if (table, column) not in GONE]
        now, was = ([[line[column] for column in kept] for line in some] for some in (after[table], lines))
        assert sorted(now, key=repr) == sorted(was, key=repr)
    for table, column, text in KEYED:
        assert all(line[column] == key_of(str(line[text])) for line in after[table])
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_that_was_brought_up_by_adding_columns_gets_the_rules_too(new: Schema, tmp_path: Path) -> None:
    """Format 2 was once made so: nothing told it from a new one but its schema."""
    path = written(tmp_path / "followmail.db", FORMAT_1, TO_2)
    Store.open(path).close()
    assert schema(path) == new


def test_an_old_database_is_brought_up_with_all_that_it_knew(old: Path) -> None:
    """Enrollments, deliveries, messages and history are read, and written on."""
    with Store.open(old) as store:
        (e,) = (e for e in store.enrollments.live() if e.address == "bob@bob.example")
        assert (e.state, e.told_at) == (State.ACTIVE, None)
        assert [d.status for d in e.deliveries] == [Status.SENT, Status.SENT]
        known = store.conversations.find("proposal-bob@consult.example")
        assert known is not None
        assert (known.entry.message.subject, known.phone) == ("Proposal", None)
        assert "enrolled" in [event.event for event in store.events.of([e.id])]
        store.conversations.set_phone(known.row, "+44 20 7946 0018")
        store.enrollments.note(e.id, told_at=datetime(2026, 5, 4, 8, tzinfo=UTC))
    with Store.open(old) as store:
        found = store.enrollments.get(e.id)
        assert found is not None
        assert found.told_at == datetime(2026, 5, 4, 8, tzinfo=UTC)


def test_a_copy_of_the_old_database_stays_beside_it(old: Path) -> None:
    """As it was, for its owner only; opening again makes no other."""
    before = schema(old), rows(old)
    for _ in range(2):
        Store.open(old).close()
    kept = old.with_name(f"followmail.db.before-{VERSION}")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (schema(kept), rows(kept)) == before
    assert {p.name for p in old.parent.iterdir()} == {old.name, kept.name}


def test_a_dry_run_on_an_old_database_leaves_it_as_it_is(old: Path) -> None:
    """The copy in memory is brought up, the file is not."""
    before = old.read_bytes()
    with Store.copy_in_memory(old) as store:
        assert "bob@bob.example" in [e.address for e in store.enrollments.live()]
    assert old.read_bytes() == before
    assert [p.name for p in old.parent.iterdir()] == [old.name]


def test_a_database_that_cannot_be_copied_is_not_changed(old: Path) -> None:
    """Something stands where the copy belongs: the old one stays as it is."""
    before = old.read_bytes()
    old.with_name(f"followmail.db.before-{VERSION}.part").mkdir()
    with pytest.raises(DatabaseError, match="left as it is"):
        Store.open(old)
    assert old.read_bytes() == before


def test_a_row_that_no_rule_allows_changes_nothing(old: Path) -> None:
    """Somebody wrote a word into the file by hand that the new rules refuse: it is told, and all stays as it was."""
    with closing(sqlite3.connect(old)) as database:
        database.execute("PRAGMA ignore_check_constraints = 1")
        database.execute("UPDATE enrollment SET state = 'asleep' WHERE id = 2")
        database.commit()
    before = rows(old)
    with pytest.raises(DatabaseError, match="left as it is"):
        Store.open(old)
    assert rows(old) == before


def test_a_table_of_somebody_elses_stays(old: Path) -> None:
    """What is none of ours is neither read nor lost."""
    written(old, "CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine');")
    Store.open(old).close()
    assert rows(old)["notes"] == [{"text": "mine"}]


def test_what_a_shell_left_in_the_file_is_no_hindrance(old: Path) -> None:
    """ANALYZE makes tables of SQLite's own, which nobody may rename; a stranger's index stays."""
    with closing(sqlite3.connect(old)) as database, database:
        database.executescript("CREATE TABLE mine (a); CREATE INDEX mine_a ON mine (a); ANALYZE;")
    open_database(old).close()
    with closing(sqlite3.connect(old)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == VERSION
        assert database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'mine_a'").fetchone()[0] == 1


def test_while_the_older_daemon_runs_its_file_stays_as_it_is(old: Path) -> None:
    """A new `status` beside it would take the tables from under its feet; the daemon that is started anew may."""
    before = old.read_bytes()
    lock = old.with_name(f"{old.name}.lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("4711\n")
        held.flush()
        with pytest.raises(DatabaseError, match=r"process 4711\). Restart it first"):
            Store.open(old)
    assert old.read_bytes() == before
    with alone(old):
        Store.open(old).close()
    assert rows(old)["enrollment"]


@pytest.mark.parametrize("opened", [Store.open, Store.copy_in_memory], ids=["to work", "to look"])
def test_a_newer_database_is_refused(old: Path, opened: Callable[[Path], Store]) -> None:
    """A version that does not know its format must neither write nor judge it."""
    written(old, f"PRAGMA user_version = {VERSION + 1}")
    before = old.read_bytes()
    with pytest.raises(DatabaseError, match="newer followmail"):
        opened(old)
    assert old.read_bytes() == before
