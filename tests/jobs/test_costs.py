"""What a cycle costs, in counts that no busy machine changes: commands, bytes, messages, statements."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from followmail.imap.session import Session
from followmail.jobs import watch
from followmail.rounds import go_round
from followmail.service import Daemon, Stop
from tests.imap.staging import Relay
from tests.servers.dovecot import Dovecots
from tests.world import ANN, BOB, PROPOSAL, World

OTHERS = ("Archive", "Clients", "Family", "Invoices", "Projects")  # with INBOX, Sent, Drafts, Junk, Trash: ten folders


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """The SQL that runs meanwhile, values filled in."""
    told: list[str] = []
    connection = world.office.store._database.connection()
    connection.set_trace_callback(told.append)
    try:
        yield told
    finally:
        connection.set_trace_callback(None)


def commands(world: World) -> list[str]:
    """What the last session said, without tags."""
    return [line.partition(" ")[2] for line in world.mailbox.said()]


def stirred(said: list[str]) -> list[str]:
    """Less what begins and ends a session."""
    return [line for line in said if not re.match(r"CAPABILITY|NAMESPACE|LOGOUT", line)]


@pytest.mark.parametrize("messages", [3, 60])
def test_a_cycle_without_news_is_one_round_trip(world: World, messages: int) -> None:
    """One LIST with the status of all ten folders, however much lies in them: no folder is opened, nothing is searched."""
    for name in OTHERS:
        world.mailbox.create(name)
    for n in range(messages):
        world.gets(ANN, f"News {n}", "Hello.", ago=timedelta(days=3))
    world.writes(BOB, "Proposal", PROPOSAL, ago=timedelta(days=1))
    for _ in range(3):  # what may wait for Alex is read thirty bodies a round
        world.round()
    world.mailbox.record()
    with Relay(world.mailbox.server.port) as relay:
        account = world.mailbox.account(port=relay.port)
        with Session.open(account) as session:
            go_round(world.office, session, lambda: world.now)
            before = relay.passed
            go_round(world.office, session, lambda: world.now)
            told = relay.passed - before
    said = stirred(commands(world))
    assert [line.partition(" RETURN")[0] for line in said] == ['LIST "" "*"'] * 2
    assert told < 2_000  # bytes, for ten folders


def test_a_cycle_after_a_folder_was_open_is_one_round_trip_still(world: World) -> None:
    """The server is told to look again, in the same breath."""
    world.gets(ANN, "News", "Hello.")
    world.mailbox.record()
    with world.office.connect() as session:
        go_round(world.office, session, lambda: world.now)
        session.examine("INBOX")
        go_round(world.office, session, lambda: world.now)
    *_, noop, listed = stirred(commands(world))
    assert noop == "NOOP" and listed.startswith("LIST")


def test_an_answer_that_repeats_is_gone_through_once(world: World) -> None:
    """It is known what came of it; unless anything was written since, or other folders are to be skipped."""
    world.gets(ANN, "News", "Hello.")
    world.round()
    with world.office.connect() as session:
        for _ in range(2):
            assert not watch.look(session, world.office.cycle(world.now)).changed
        c = world.office.cycle(world.now)
        with statements(world) as told:
            again = watch.look(session, c)
        assert told == ["PRAGMA data_version"]
        assert again.complete and {folder.name for folder in again.folders} >= {"INBOX", "Sent"}
        world.command("pause")
        with statements(world) as told:
            watch.look(session, c)
        assert any("FROM cursor" in sql for sql in told)


def test_drafts_that_lie_untouched_cost_nothing(world: World) -> None:
    """The folder is not opened, nothing is written; what another client marks in it is seen at once."""
    world.writes(BOB, "Proposal", PROPOSAL)
    world.round()
    world.days_pass(4)
    world.round()
    world.round()
    world.mailbox.record()
    with world.office.connect() as session, statements(world) as told:
        go_round(world.office, session, lambda: world.now)
    assert [line.partition(" RETURN")[0] for line in stirred(commands(world))] == ['LIST "" "*"']
    assert [sql for sql in told if sql.startswith(("INSERT", "UPDATE")) and "WHERE status" not in sql] == []
    client = world.mailbox.client
    client.select_folder("Drafts")
    client.add_flags(client.search(), [rb"\Deleted"])
    world.round()
    (parcel,) = world.office.store.outbox.with_drafts()
    assert parcel.gone_looks == 1


def test_the_daemon_waits_again_without_opening_anything(world: World) -> None:
    """INBOX stays open from one IDLE to the next, as long as nothing else is asked."""
    world.gets(ANN, "News", "Hello.")
    world.mailbox.record()
    stop = Stop()
    daemon = Daemon(world.office, stop, lambda: world.now)
    for _ in range(4):
        assert daemon._round() is None
        threading.Timer(0.1, stop.ask_again).start()
        daemon._rest()
        assert stop.taken_again()
    daemon._hang_up()
    stop.close()
    said = [line.partition(" ")[0] or "DONE" for line in stirred(commands(world))]  # which has no tag
    assert said[-12:] == ["NOOP", "LIST", "IDLE", "DONE"] * 3


def test_one_new_mail_costs_one_message_whatever_lies_there(world: World) -> None:
    """Its folder alone is opened, and one header is fetched."""
    for n in range(40):
        world.gets(ANN, f"News {n}", "Hello.", ago=timedelta(days=3))
    world.round()
    world.gets(ANN, "Something new", "Hello again.")
    world.mailbox.record()
    with world.office.connect() as session, statements(world) as told:
        watch.look(session, world.office.cycle(world.now))
    said = stirred(commands(world))
    assert [line for line in said if line.startswith("EXAMINE")] == ['EXAMINE "INBOX"']
    assert [line.split()[2] for line in said if line.startswith("UID FETCH")] == ["41"]
    assert len([sql for sql in told if sql.startswith("INSERT INTO message")]) == 1
    assert len(told) < 40


def test_the_cost_of_storing_grows_with_messages_not_with_statements(world: World) -> None:
    """A hundred new messages are looked up and tied in one transaction; how far the folder was read is another, and where
    all the empty ones end a third."""
    for n in range(100):
        world.gets(ANN, f"News {n}", "Hello.", ago=timedelta(days=3))
    with world.office.connect() as session, statements(world) as told:
        watch.look(session, world.office.cycle(world.now))
    assert sum(sql.startswith("BEGIN") for sql in told) == 3
    assert sum("INSERT OR REPLACE INTO cursor" in sql for sql in told) == 5
    assert sum("INSERT INTO message" in sql for sql in told) == 100
    assert sum(sql.startswith("SELECT") for sql in told) < 40


def test_a_first_look_waits_once_for_each_folder_and_once_for_its_mail(world: World) -> None:
    """Two answers to come in, the folders, what to read of one and its heads; what moved meanwhile. INBOX and Sent hold mail."""
    world.gets(ANN, "News", "Hello.", ago=timedelta(days=3))
    world.writes(BOB, "Proposal", PROPOSAL, ago=timedelta(days=1))
    written: list[str] = []

    def told(data: bytes) -> bytes:
        written.append(" ".join(line.split()[1] for line in data.decode().splitlines()))
        return data

    with Relay(world.mailbox.server.port) as relay:
        relay.to_server = told
        with Session.open(world.mailbox.account(port=relay.port)) as session:
            watch.look(session, world.office.cycle(world.now))
    examined = ["EXAMINE UID", "UID", "EXAMINE UID UID", "UID"]
    assert written[:-1] == ["AUTHENTICATE", "NAMESPACE LIST", *examined, "NOOP LIST"]


def test_the_first_look_fetches_only_what_is_looked_back_on(world: World) -> None:
    """A mailbox that is ten times as old costs no more."""
    world.gets(ANN, "News", "Hello.", ago=timedelta(days=3))
    for n in range(30):
        world.gets(ANN, f"Old news {n}", "Hello.", ago=timedelta(days=200 + n))
    world.mailbox.record()
    with world.office.connect() as session:
        look = watch.look(session, world.office.cycle(world.now))
    fetched = [line.split()[2] for line in commands(world) if line.startswith("UID FETCH")]
    assert look.new == 1 and fetched == ["1"]


def test_a_server_without_list_status_is_asked_folder_by_folder_in_one_go(dovecots: Dovecots) -> None:
    """Two round trips: the names, then the status of all."""
    mailbox = dovecots(capability="IMAP4rev1 UIDPLUS NAMESPACE IDLE").mailbox()
    mailbox.create("Clients")
    mailbox.record()
    with Session.open(mailbox.account()) as session:
        folders = session.folders()
        session.folders()
    said = stirred([line.partition(" ")[2] for line in mailbox.said()])
    assert [line.split()[0] for line in said] == 2 * ["LIST", *["STATUS"] * len(folders)]
