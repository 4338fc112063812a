"""The database, the disk and the process under it fail: nothing leaves blindly, nothing is lost, and it says so."""

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from followmail.errors import DatabaseError, FollowmailError
from followmail.service import Daemon
from followmail.store import Store
from tests.faults.mortal import STRACE, Mortals
from tests.faults.test_connection import Waits
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Smtpd
from tests.store.formats import FORMAT_1
from tests.test_service import Process, until
from tests.world import ANN, BOB, World, days

BOBS = "bob@bob.example"
ROOT = Path(__file__).parents[2]
# Who is followed up in the database of the first format, and how many mails each got.
LIVE = {
    f"{name}@{name}.example {mails}" for name, mails in (("bob", 2), ("dave", 1), ("eva", 1), ("frank", 1), ("gina", 1))
}
ALWAYS = {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00", "FOLLOWMAIL_DETECT": "enroll"}
Sending = Callable[..., World]


@pytest.fixture
def today(mailbox: Mailbox, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox at the machine's own time, in a window that never closes."""
    world = World(mailbox, tmp_path / "home", dict(ALWAYS), datetime.now(UTC))
    yield world
    world.close()


@pytest.fixture
def waits() -> Iterator[Waits]:
    made = Waits()
    yield made
    made.close()


def due(sending: Sending) -> World:
    """Bob's nudge is due now, in mode send."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.owes_bob_a_nudge()
    return world


# ---- 62: a message that kills the program

DEADLY = """
import os, sys
from followmail.mail import kinds
real = kinds.classify
def classify(raw, *more):
    if b"poison" in raw:
        os._exit(9)
    return real(raw, *more)
kinds.classify = classify
from followmail.cli import main
main(["once"])
"""


def test_a_message_that_kills_the_program_is_set_aside_the_third_time(today: World) -> None:
    """It dies over Bob's answer three times; then Bob waits, and Ann's proposal is worked."""
    today.now -= timedelta(days=2)
    today.round()
    today.now += timedelta(days=2)
    mail = today.writes(BOB, ago=days(1))
    today.round()
    today.gets(BOB, text="poison", answers=mail)
    today.writes(ANN, ago=days(1))
    today.close()
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FOLLOWMAIL_")}
    env = {**clean, **today.environment()}
    ends = [
        subprocess.run([sys.executable, "-c", DEADLY], env=env, cwd=ROOT, check=False, capture_output=True).returncode
        for _ in range(4)
    ]
    assert ends == [9, 9, 9, 0]
    assert today.states() == {BOBS: "waiting", "ann@ann.example": "active"}
    assert len(today.office.store.conversations.set_aside(today.now - timedelta(days=30))) == 1
    assert not list(today.home.glob("*.judging"))


# ---- 64: the disk


class Disk:
    """Where the database may grow no more: a write past its size fails, as on a full disk."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, self._before[1]))

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


@pytest.fixture
def disk(world: World) -> Iterator[Disk]:
    made = Disk(world.home / "followmail.db")
    yield made
    made.free()


def test_on_a_full_disk_nothing_leaves_and_it_goes_on_when_there_is_room(
    sending: Sending, smtpd: Smtpd, disk: Disk, waits: Waits
) -> None:
    """No claim can be written, so none is sent; the daemon lives, and sends once when there is room."""
    world = due(sending)
    daemon = Daemon(world.office, waits, lambda: world.now)
    disk.fill()
    for _ in range(3):
        assert daemon._round() is None
    assert smtpd.delivered == []
    disk.free()
    assert daemon._round() is None
    assert len(smtpd.delivered) == 1
    assert daemon._round() is None
    assert len(smtpd.delivered) == 1
    daemon._hang_up()


def test_two_megabytes_that_are_full(tmp_path: Path, mailbox: Mailbox, waits: Waits) -> None:
    """A real small file system where this machine lets one be mounted: full, nothing is drafted; with room, one is."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)], capture_output=True, check=False
    ).returncode == 0  # fmt: skip
    world = World(mailbox, small / "home")
    try:
        world.round()
        world.writes(BOB)
        world.round()
        world.days_pass(4)
        daemon = Daemon(world.office, waits, lambda: world.now)
        filler = small / "filler"
        if mounted:
            with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as file:
                while file.write(b"x" * 4096):
                    pass
            for _ in range(2):
                assert daemon._round() is None
            assert world.drafts() == []
            filler.unlink()
        assert daemon._round() is None
        assert len(world.drafts()) == 1
        daemon._hang_up()
    finally:
        world.close()
        if mounted:
            subprocess.run(["umount", str(small)], check=True)


def test_a_read_only_database_is_told_and_nothing_leaves(sending: Sending, smtpd: Smtpd) -> None:
    """SQLite refuses each write, as on a disk that became read-only; nothing is lost when it may write again."""
    world = due(sending)
    world.office.store._database.execute_sql("PRAGMA query_only = 1")
    with pytest.raises(FollowmailError, match="database"):
        world.round()
    assert smtpd.delivered == []
    world.close()
    world.round()
    assert len(smtpd.delivered) == 1


# ---- 65: the file is damaged


def test_a_flipped_byte_anywhere_is_refused_or_harmless(world: World, tmp_path: Path) -> None:
    """Hundreds of places: the database is refused with the way out, or read; no traceback, and the file stays."""
    world.round()
    for person in (BOB, ANN):
        mail = world.writes(person)
    world.round()
    world.days_pass(4)
    world.round()
    world.gets(BOB, answers=mail)
    world.round()
    world.close()
    good = (world.home / "followmail.db").read_bytes()
    places = random.Random(65).sample(range(len(good)), 500)
    refused = 0
    for place in [*range(0, 100, 4), *places]:
        path = tmp_path / "damaged.db"
        bad = bytearray(good)
        bad[place] ^= 0xFF
        path.write_bytes(bad)
        try:
            with Store.open(path) as store:
                store.check()
                _read_all(store)
        except DatabaseError as fault:
            refused += 1
            assert str(fault).startswith("The database")
            assert path.read_bytes() == bytes(bad)
    assert refused > 20


def _read_all(store: Store) -> None:
    """What a round reads first."""
    store.enrollments.all()
    store.cursors.all()
    store.facts.moment("looked_at")
    list(store.conversations.unjudged())


@pytest.mark.parametrize("content", [b"", b"not a database" * 100, b"SQLite format 3\0" + b"\0" * 4080])
def test_a_file_that_is_no_database(world: World, content: bytes) -> None:
    """Empty is new: a first run. Anything else is refused, with the way out, and stays as it is."""
    world.home.joinpath("followmail.db").write_bytes(content)
    if not content:
        world.round()
        assert world.office.store.facts.moment("first_run") is not None
        return
    with pytest.raises(DatabaseError, match="backup"):
        world.round()
    assert world.home.joinpath("followmail.db").read_bytes() == content


def test_a_truncated_database_is_refused_by_every_command(today: World) -> None:
    """Half of the file is gone: once and run end with a sentence, nothing is drafted, the file stays."""
    today.writes(BOB, ago=days(7))
    today.round()
    for number in range(40):
        today.gets(ANN, f"Hello {number}", "x" * 2000)
    today.round()
    today.close()
    path = today.home / "followmail.db"
    half = path.read_bytes()[: path.stat().st_size // 2 // 4096 * 4096]
    path.write_bytes(half)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FOLLOWMAIL_")}
    for words in ("once", "run"):
        done = subprocess.run(
            [sys.executable, "-m", "followmail", words], env={**clean, **today.environment()}, cwd=today.home,
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        assert "backup" in done.stderr
        assert "Traceback" not in done.stderr
    assert path.read_bytes() == half


# ---- 66: somebody else holds it


@pytest.mark.parametrize("held", ["BEGIN IMMEDIATE", "BEGIN; SELECT * FROM message"])
def test_a_database_that_somebody_holds_is_waited_for_and_nothing_is_lost(
    sending: Sending, smtpd: Smtpd, waits: Waits, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    """A long writer, or a long reader, keeps it: the round is held, and what it had to do is done after."""
    monkeypatch.setattr("followmail.store.opening.BUSY_SECONDS", 0.2)
    world = due(sending)
    world.reopen()
    mail = world.writes(ANN, "Backups")
    daemon = Daemon(world.office, waits, lambda: world.now)
    with closing(sqlite3.connect(world.home / "followmail.db", isolation_level=None)) as other:
        *first, last = held.split("; ")
        for statement in first:
            other.execute(statement)
        rows = other.execute(last)
        rows.fetchone()
        assert daemon._round() is None
        assert smtpd.delivered == []
    assert daemon._round() is None
    assert len(smtpd.delivered) == 1
    assert world.of("ann@ann.example").opening == mail.id.strip("<>")
    daemon._hang_up()


# ---- 67, 68: killed while it writes


@pytest.mark.usefixtures("strace")
def test_killed_at_a_write_of_an_idle_round_the_database_opens_and_knows_all(world: World, every_moment: bool) -> None:
    """A round that only reads new mail dies at its writes: the next one knows what there is, each message once."""
    world.round()
    world.writes(BOB)
    world.close()
    with Mortals(world) as mortals:
        calls = [c for c in mortals.watched() if c.name in ("pwrite64", "fdatasync", "unlink", "ftruncate")]
        assert len(calls) > 5
        for number, call in enumerate(calls if every_moment else calls[:: max(1, len(calls) // 8)]):
            world.gets(ANN, f"Hello {number}", "Nothing special.")
            world.close()
            mortals.dies(call)
            with closing(sqlite3.connect(world.home / "followmail.db")) as database:
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            world.round()
            assert world.states() == {BOBS: "active"}
            found = [f"Hello {n}" for n in range(number + 1)]
            known = [k.entry.message.subject for k in world.office.store.conversations.of_address("ann@ann.example")]
            assert sorted(known) == sorted(found)
            world.close()


@pytest.mark.usefixtures("strace")
def test_killed_at_a_write_of_an_upgrade_the_old_data_is_whole(tmp_path: Path, every_moment: bool) -> None:
    """An old database is brought up by a process that dies: opened again, it knows what it knew."""
    step = 1 if every_moment else 17
    number, ended = 1, False
    while not ended:
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "followmail.db"
        with closing(sqlite3.connect(path)) as database:
            database.executescript(FORMAT_1)
        program = (
            f"from pathlib import Path; from followmail.store import Store; Store.open(Path({str(path)!r})).close()"
        )
        command = [str(STRACE), "-f", "-o", "/dev/null", "-e", "trace=pwrite64,fdatasync,unlink,rename"]
        kill = ["-e", f"inject=pwrite64:signal=SIGKILL:when={number}"]
        done = subprocess.run(
            [*command, *kill, sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True
        )
        ended = done.returncode == 0
        with Store.open(path) as store:
            assert {f"{e.address} {len(e.deliveries)}" for e in store.enrollments.live()} == LIVE
        number += step
    assert number > step


# ---- 69: asked to stop


@pytest.mark.parametrize("phase", ["GREETING", "AUTH", "RCPT", "DATA", "DOT", "QUIT"])
def test_sigterm_in_every_phase_of_a_send(today: World, smtpd: Smtpd, phase: str) -> None:
    """It ends with 0 within seconds, twice asked or once; the mail left once, or leaves once at the next start."""
    server = smtpd.server()
    today.options |= {
        "FOLLOWMAIL_MODE": "send", "FOLLOWMAIL_SMTP_HOST": server.host, "FOLLOWMAIL_SMTP_PORT": str(server.port),
        "FOLLOWMAIL_SMTP_SECURITY": "none", "FOLLOWMAIL_GAP": "0",
    }  # fmt: skip
    today.now -= timedelta(days=20)
    today.round()
    today.now += timedelta(days=20)
    today.writes(BOB, ago=days(7))
    today.close()
    there = Process.__new__(Process)
    asked: list[int] = []
    real = smtpd.scripted

    def scripted(*keys: str) -> Any:
        if phase in (key.upper() for key in keys) and not asked:
            asked.append(there.popen.pid)
            there.popen.send_signal(signal.SIGTERM)
            there.popen.send_signal(signal.SIGTERM)
        return real(*keys)

    smtpd.scripted = scripted  # type: ignore[method-assign]
    there.__init__(today)  # type: ignore[misc]
    try:
        until(lambda: asked != [])
    finally:
        assert there.ended() == 0
    smtpd.settle()
    assert "Traceback" not in there.log
    assert len(smtpd.delivered) <= 1
    today.now = datetime.now(UTC) + timedelta(minutes=30)
    today.round()
    smtpd.settle()
    assert len(smtpd.delivered) == 1


# ---- 70: nobody listens


def test_with_no_output_at_all_it_goes_on(today: World) -> None:
    """Standard output and error are closed, then a pipe whose reader is gone: the draft is laid all the same."""
    today.writes(BOB, ago=days(7))
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FOLLOWMAIL_")}
    env = {**clean, **today.environment(), "FOLLOWMAIL_POLL": "1"}
    program = [sys.executable, str(ROOT / "daemon.py")]
    with subprocess.Popen(["/bin/sh", "-c", 'exec "$0" "$@" >&- 2>&-', *program], env=env, cwd=today.home) as deaf:
        until(lambda: len(today.drafts()) == 1)
        deaf.send_signal(signal.SIGTERM)
        assert deaf.wait(20) == 0
    read, write = os.pipe()
    with subprocess.Popen(program, env=env, cwd=today.home, stdout=write, stderr=write) as deaf:
        os.close(write)
        os.close(read)
        today.writes(ANN, "Backups", ago=days(7))
        until(lambda: len(today.drafts()) == 2)
        deaf.send_signal(signal.SIGTERM)
        assert deaf.wait(20) == 0
