"""A database of an older format is brought up, and a copy of it stays beside it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from followmail.errors import DatabaseError
from followmail.sequence.steps import State, Status
from followmail.store import Store
from followmail.store.schema import VERSION

# Format 1, as the first version wrote it.
FORMAT_1 = """
CREATE TABLE "acquaintance" ("address" TEXT NOT NULL PRIMARY KEY, "first_wrote" INTEGER, "asked" INTEGER NOT NULL);
CREATE TABLE "conversation" ("id" INTEGER NOT NULL PRIMARY KEY, "off" INTEGER NOT NULL);
CREATE TABLE "cursor" ("folder" TEXT NOT NULL PRIMARY KEY, "uidvalidity" INTEGER NOT NULL, "uidnext" INTEGER NOT NULL,
  "messages" INTEGER, "highestmodseq" INTEGER);
CREATE TABLE "delivery" ("id" INTEGER NOT NULL PRIMARY KEY, "enrollment" INTEGER NOT NULL, "opening" TEXT NOT NULL,
  "sequence" TEXT NOT NULL, "step" TEXT NOT NULL, "number" INTEGER NOT NULL, "address" TEXT NOT NULL,
  "status" TEXT NOT NULL, "message_id" TEXT NOT NULL, "mode" TEXT NOT NULL, "sender" TEXT NOT NULL,
  "recipients" TEXT NOT NULL, "subject" TEXT NOT NULL, "in_reply_to" TEXT NOT NULL, "bytes" BLOB,
  "text_hash" TEXT NOT NULL, "due" INTEGER NOT NULL, "changed" INTEGER NOT NULL, "left" INTEGER, "next_try" INTEGER,
  "attempts" INTEGER NOT NULL, "why" TEXT NOT NULL, "filed" INTEGER NOT NULL, "draft_folder" TEXT NOT NULL,
  "draft_uidvalidity" INTEGER, "draft_uid" INTEGER, "draft_edited" INTEGER NOT NULL, "withdraw" INTEGER NOT NULL,
  "gone_since" INTEGER, "gone_looks" INTEGER NOT NULL, CHECK (status IN ('queued','drafted','sending','handed-over',
  'sent','skipped','withdrawn','cancelled','failed','uncertain')), CHECK (status != 'sent' OR "left" IS NOT NULL));
CREATE INDEX "delivery_enrollment" ON "delivery" ("enrollment");
CREATE UNIQUE INDEX "delivery_message_id" ON "delivery" ("message_id");
CREATE UNIQUE INDEX "delivery_opening_sequence_step" ON "delivery" ("opening", "sequence", "step");
CREATE TABLE "enrollment" ("id" INTEGER NOT NULL PRIMARY KEY, "address" TEXT NOT NULL, "name" TEXT NOT NULL,
  "sequence" TEXT NOT NULL, "trigger" TEXT NOT NULL, "origin" TEXT NOT NULL, "opening" TEXT NOT NULL,
  "conversation" INTEGER, "state" TEXT NOT NULL, "why" TEXT NOT NULL, "code" TEXT NOT NULL, "until" INTEGER,
  "then" TEXT NOT NULL, "anchor" TEXT NOT NULL, "anchor_at" INTEGER, "counts_from" INTEGER, "first_delay" TEXT NOT NULL,
  "met_on" TEXT, "where" TEXT NOT NULL, "about" TEXT NOT NULL, "yes_at" INTEGER, "granted" TEXT NOT NULL,
  "shape" TEXT NOT NULL, "before_first_run" INTEGER NOT NULL, "held_at" INTEGER, "resumed_at" INTEGER,
  "dropped" TEXT NOT NULL, "soft_bounces" INTEGER NOT NULL, "again" INTEGER NOT NULL, "created" INTEGER NOT NULL,
  "ended" INTEGER);
CREATE UNIQUE INDEX "enrollment_opening_sequence" ON "enrollment" ("opening", "sequence");
CREATE TABLE "event" ("id" INTEGER NOT NULL PRIMARY KEY, "at" INTEGER NOT NULL, "enrollment" INTEGER,
  "address" TEXT NOT NULL, "event" TEXT NOT NULL, "why" TEXT NOT NULL);
CREATE TABLE "fact" ("key" TEXT NOT NULL PRIMARY KEY, "value" TEXT NOT NULL);
CREATE TABLE "mark" ("message_id" TEXT NOT NULL, "word" TEXT NOT NULL, "place" TEXT NOT NULL, "seen" INTEGER NOT NULL,
  "judged" INTEGER NOT NULL, PRIMARY KEY ("message_id", "word", "place"));
CREATE TABLE "message" ("id" INTEGER NOT NULL PRIMARY KEY, "message_id" TEXT NOT NULL, "conversation" INTEGER NOT NULL,
  "sender" TEXT NOT NULL, "sender_domain" TEXT NOT NULL, "sender_name" TEXT NOT NULL, "to" TEXT NOT NULL,
  "cc" TEXT NOT NULL, "bcc" TEXT NOT NULL, "envelope_to" TEXT NOT NULL, "subject" TEXT NOT NULL,
  "base_subject" TEXT NOT NULL, "date" INTEGER, "arrived" INTEGER, "in_reply_to" TEXT NOT NULL,
  "references" TEXT NOT NULL, "content_type" TEXT NOT NULL, "auto_submitted" INTEGER NOT NULL, "is_list" INTEGER NOT NULL,
  "list_post" TEXT NOT NULL, "null_return_path" INTEGER NOT NULL, "failed_recipients" INTEGER NOT NULL,
  "sent" INTEGER NOT NULL, "step" INTEGER NOT NULL, "kind" TEXT, "text" TEXT, "language" TEXT, "asks" TEXT,
  "folder" TEXT NOT NULL, "uidvalidity" INTEGER, "uid" INTEGER, "judged" INTEGER NOT NULL, "attempts" INTEGER NOT NULL,
  "seen" INTEGER NOT NULL);
CREATE UNIQUE INDEX "message_message_id" ON "message" ("message_id");
CREATE TABLE "thread_id" ("message_id" TEXT NOT NULL PRIMARY KEY, "conversation" INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "conversation" VALUES (1, 0);
INSERT INTO "thread_id" VALUES ('o@x', 1);
INSERT INTO "message" VALUES (1, 'o@x', 1, 'alex@consult.example', 'consult.example', 'Alex', '[["Bob", "bob@bob.example"]]',
  '[]', '[]', '[]', 'Proposal', 'proposal', 1777881600000000, 1777881600000000, '[]', '[]', 'text/plain', 0, 0, '', 0, 0,
  1, 0, NULL, 'Hello', 'en', 'What do you think?', 'Sent', 1, 1, 1, 0, 1777881600000000);
INSERT INTO "enrollment" VALUES (1, 'bob@bob.example', 'Bob', 'nudge', 'sent', 'detected', 'o@x', 1, 'active', '', '',
  NULL, 'active', 'o@x', 1777881600000000, NULL, '', NULL, '', '', NULL, '[]', '["checking-in"]', 0, NULL, NULL, '[]', 0, 0,
  1777881600000000, NULL);
INSERT INTO "delivery" VALUES (1, 1, 'o@x', 'nudge', 'checking-in', 1, 'bob@bob.example', 'sent', 's@x', 'draft',
  'alex@consult.example', '["bob@bob.example"]', 'Re: Proposal', 'o@x', NULL, 'h', 1778227200000000, 1778227200000000,
  1778227200000000, NULL, 0, '', 1, '', NULL, NULL, 0, 0, NULL, 0);
INSERT INTO "event" VALUES (1, 1777881600000000, 1, 'bob@bob.example', 'enrolled', 'nobody has answered');
PRAGMA user_version = 1;
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database as the first version left it."""
    path = tmp_path / "followmail.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(FORMAT_1)
    return path


def test_an_old_database_is_brought_up_with_all_that_it_knew(old: Path) -> None:
    """Enrollments, deliveries, messages and history are read, and written on."""
    with Store.open(old) as store:
        (e,) = store.enrollments.live()
        assert (e.address, e.state, e.told_at, e.deliveries[0].status) == (
            "bob@bob.example", State.ACTIVE, None, Status.SENT,
        )  # fmt: skip
        known = store.conversations.find("o@x")
        assert known is not None
        assert (known.entry.message.subject, known.phone) == ("Proposal", None)
        assert [event.event for event in store.events.of([1])] == ["enrolled"]
        store.conversations.set_phone(known.row, "+44 20 7946 0018")
        store.enrollments.note(1, told_at=datetime(2026, 5, 4, 8, tzinfo=UTC))
    with Store.open(old) as store:
        assert store.enrollments.live()[0].told_at == datetime(2026, 5, 4, 8, tzinfo=UTC)


def test_a_copy_of_the_old_database_stays_beside_it(old: Path) -> None:
    """As it was, for its owner only; opening again makes no other."""
    before = sqlite3.connect(old).execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    for _ in range(2):
        Store.open(old).close()
    kept = old.with_name(f"followmail.db.before-{VERSION}")
    assert kept.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert copy.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() == before
        assert copy.execute("SELECT address FROM enrollment").fetchall() == [("bob@bob.example",)]
    assert {p.name for p in old.parent.iterdir()} == {old.name, kept.name}


def test_a_dry_run_on_an_old_database_leaves_it_as_it_is(old: Path) -> None:
    """The copy in memory is brought up, the file is not."""
    before = old.read_bytes()
    with Store.copy_in_memory(old) as store:
        assert store.enrollments.live()[0].address == "bob@bob.example"
    assert old.read_bytes() == before
    assert [p.name for p in old.parent.iterdir()] == [old.name]


def test_a_database_that_cannot_be_copied_is_not_changed(old: Path) -> None:
    """Something stands where the copy belongs: the old one stays as it is."""
    before = old.read_bytes()
    old.with_name(f"followmail.db.before-{VERSION}.part").mkdir()
    with pytest.raises(DatabaseError, match="left as it is"):
        Store.open(old)
    assert old.read_bytes() == before


def test_a_newer_database_is_refused(old: Path) -> None:
    """A version that does not know its format must not write it."""
    with closing(sqlite3.connect(old)) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(DatabaseError, match="newer followmail"):
        Store.open(old)
