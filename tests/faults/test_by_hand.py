"""Somebody edits the database by hand: what no program could mean is refused, and what left does not leave again."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followmail import desk
from followmail.errors import DatabaseError
from followmail.sequence.steps import Mode, Origin, State, Status, Trigger
from followmail.store import Store
from tests.faults.scene import Scene, due
from tests.servers.smtp import Smtpd
from tests.world import BOB, World

BOBS = "bob@bob.example"
Sending = Callable[..., World]
WORDS = {
    ("delivery", "status"): Status, ("delivery", "mode"): Mode, ("enrollment", "state"): State,
    ("enrollment", "then"): State, ("enrollment", "trigger"): Trigger, ("enrollment", "origin"): Origin,
}  # fmt: skip


def by_hand(home: Path, sql: str, *values: object) -> None:
    """What the sqlite3 command would do."""
    with closing(sqlite3.connect(home / "followmail.db")) as database, database:
        database.execute(sql, values)


def written(home: Path) -> list[object]:
    with closing(sqlite3.connect(home / "followmail.db")) as database:
        tables = ("delivery", "enrollment")
        return [row for table in tables for row in database.execute(f"SELECT * FROM {table}")]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which one enrollment has one mail that left."""
    home = tmp_path_factory.mktemp("by-hand")
    Store.open(home / "followmail.db").close()
    by_hand(
        home,
        'INSERT INTO enrollment (address, name, sequence, trigger, origin, opening, state, why, code, "then", anchor,'
        ' first_delay, "where", about, granted, shape, before_first_run, dropped, soft_bounces, again, batch, created)'
        " VALUES ('b@b.example', '', 'nudge', 'sent', 'detected', 'o@x', 'active', '', '', 'active', 'o@x', '', '', '',"
        " '[]', '[]', 0, '[]', 0, 0, '', 1)",
    )
    by_hand(
        home,
        "INSERT INTO delivery (enrollment, opening, sequence, step, number, address, status, message_id, mode, sender,"
        ' recipients, subject, in_reply_to, text_hash, due, changed, "left", attempts, why, filed, draft_folder,'
        " draft_edited, withdraw, gone_looks, draft_versions) VALUES (1, 'o@x', 'nudge', 'first', 1, 'b@b.example', 'sent',"
        " 'm@x', 'send', 'a@a', '[]', '', '', '', 1, 1, 1, 0, '', 1, '', 0, 0, 0, '')",
    )
    return home


@pytest.mark.parametrize("place", WORDS, ids=".".join)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    word=st.one_of(
        st.none(), st.text(max_size=12), st.integers(-9, 9), st.sampled_from(["SENT", " sent", "Active", ""])
    )
)
def test_a_word_that_there_is_not_is_refused(sent: Path, place: tuple[str, str], word: object) -> None:
    """Fault 37: the file itself refuses it, whoever writes."""
    if word in {w.value for w in WORDS[place]}:
        return
    table, column = place
    before = written(sent)
    with pytest.raises(sqlite3.IntegrityError):
        by_hand(sent, f'UPDATE {table} SET "{column}" = ?', word)
    assert written(sent) == before


@pytest.mark.parametrize(
    "sql",
    [
        'UPDATE delivery SET "left" = NULL',
        "INSERT INTO delivery SELECT NULL, {rest} FROM delivery",
        "UPDATE delivery SET message_id = NULL",
        "UPDATE delivery SET opening = NULL",
        "UPDATE enrollment SET address = NULL",
    ],
)
def test_what_would_make_a_step_two_mails_is_refused(sent: Path, sql: str) -> None:
    """Fault 37: a sent mail has left at some time; one opening, sequence and step is one row."""
    with closing(sqlite3.connect(sent / "followmail.db")) as database:
        columns = [f'"{row[1]}"' for row in database.execute("PRAGMA table_info(delivery)")]
    before = written(sent)
    with pytest.raises(sqlite3.IntegrityError):
        by_hand(sent, sql.format(rest=", ".join(columns[1:])))
    assert written(sent) == before


def test_every_word_of_the_program_may_be_written(tmp_path: Path, sent: Path) -> None:
    """The refusals are no narrower than the program."""
    copy = tmp_path / "followmail.db"
    copy.write_bytes((sent / "followmail.db").read_bytes())
    for (table, column), words in WORDS.items():
        for word in words:
            by_hand(tmp_path, f'UPDATE {table} SET "{column}" = ?', word.value)
    with pytest.raises(DatabaseError), Store.open(copy) as store, store.transaction():
        store._database.execute_sql("UPDATE delivery SET status = 'resent'")


@pytest.mark.parametrize("back_to", ["queued", "cancelled", "failed", "sending", "withdrawn"])
def test_a_sent_mail_that_is_put_back_by_hand_does_not_leave_again(
    sending: Sending, smtpd: Smtpd, back_to: str
) -> None:
    """Fault 37: it stands in Sent, which is asked before anything leaves."""
    world = due(sending(FOLLOWMAIL_DETECT="enroll"), BOB)
    world.rounds_over(10)
    scene = Scene(world, smtpd)
    by_hand(world.home, "UPDATE delivery SET status = ?, attempts = 0, next_try = NULL", back_to)
    world.days_pass(1)
    world.rounds_over(20)
    if scene.statuses()[BOBS] is Status.FAILED:  # a refused mail asks; a yes is no reason to send it twice either
        desk.approve(world.desk(), world.one())
        world.rounds_over(20)
    assert len(smtpd.delivered) == 1
    assert scene.statuses() == {BOBS: Status.SENT}
    assert len(scene.ours("Sent")) == 1


def test_a_word_on_a_mail_in_doubt_stands_in_the_history(sending: Sending, smtpd: Smtpd) -> None:
    """Fault 37: approve and skip are the two ways out, and both are written down with their moment."""
    world = due(sending(FOLLOWMAIL_DETECT="enroll"), BOB)
    smtpd.answer("DOT", b"2", times=1)
    world.round()
    world.now += timedelta(minutes=10)
    desk.skip(world.desk(), world.one())
    events = world.office.store.events.since(world.now)
    assert [e.event for e in events if e.address == BOBS or e.enrollment == world.one().id]
    scene = Scene(world, smtpd)
    world.rounds_over(10)
    assert scene.statuses() == {BOBS: Status.SENT}
    assert scene.reached(BOBS) == 1
