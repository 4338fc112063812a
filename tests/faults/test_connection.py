"""The line to the mailbox goes dead, lies, hangs or is refused: it is noticed, told, and nothing is lost or sent blindly."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from followmail import service, smtp, telling, waiting
from followmail.errors import FollowmailError, LoginRefused
from followmail.imap import idling
from followmail.imap.session import Session
from followmail.rounds import Office
from followmail.service import Daemon, Stop
from followmail.settings import load
from tests.canary import PASSWORD
from tests.faults.cable import Cable
from tests.imap.staging import Talk, scripted
from tests.servers.dovecot import Dovecot, Dovecots, Mailbox
from tests.servers.smtp import Smtpd
from tests.test_service import Process, until
from tests.world import ANN, BOB, CARLA, World, days

BOBS = "bob@bob.example"
ALWAYS = {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00"}
Sending = Callable[..., World]


@pytest.fixture
def today(mailbox: Mailbox, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox at the machine's own time, in a window that never closes."""
    world = World(mailbox, tmp_path / "home", dict(ALWAYS), datetime.now(UTC))
    yield world
    world.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code with short time limits: nobody is far away here."""
    account = Office.account
    quick = {"connect_timeout": 1.0, "read_timeout": 1.0}
    monkeypatch.setattr(Office, "account", lambda office: replace(account(office), **quick))
    monkeypatch.setattr(service, "BACKOFF_FIRST", 0.1)
    monkeypatch.setattr(service, "BACKOFF_LONGEST", 0.4)
    monkeypatch.setattr(idling, "_END", 0.5)


class Living:
    """A daemon in a thread of this process, with a database connection of its own."""

    def __init__(self, world: World, **options: str) -> None:
        self.stop = Stop()
        self.status: int | None = None
        self._environment = {**world.environment(), "FOLLOWMAIL_POLL": "1", **options}
        self._home = world.home
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Living":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.ask()
        self._thread.join(20)
        self.stop.close()
        assert self.status == 0

    def _run(self) -> None:
        office = Office.open(load(None, self._environment, directory=self._home))
        try:
            self.status = Daemon(office, self.stop).run()
        finally:
            office.close()


class Waits(Stop):
    """Waits for nothing, and remembers how long it should have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def waits() -> Iterator[Waits]:
    made = Waits()
    yield made
    made.close()


def looked(world: World) -> datetime | None:
    """When the last complete look was, as another process sees it."""
    world.close()
    return world.office.store.facts.moment("looked_at")


def through(cable: Cable) -> dict[str, str]:
    return {"FOLLOWMAIL_IMAP_PORT": str(cable.port)}


# ---- 41–46: waiting and hanging


@pytest.mark.usefixtures("impatient")
def test_a_cable_pulled_while_it_waits_is_noticed_at_the_next_poll(today: World) -> None:
    """No FIN ever comes: the daemon dials anew, and the mail that came meanwhile is found."""
    with Cable(today.mailbox.server.port) as cable, Living(today, **through(cable)):
        until(lambda: looked(today) is not None)
        before = cable.connections
        cable.pull()
        today.writes(BOB, ago=days(7))
        until(lambda: len(today.drafts()) == 1)
        assert cable.connections > before


def test_a_wait_ends_when_the_machine_slept_through_it(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that goes on in sleep jumps by an hour: an IDLE of five minutes is over at once, and so is a pause."""
    began, real = time.monotonic(), time.clock_gettime
    monkeypatch.setattr(waiting, "_SLICE", 0.05)
    monkeypatch.setattr(waiting, "_timer", lambda seconds: None)  # which a test cannot make jump; tests/test_waiting.py

    def fall_asleep_in_the_next_wait() -> None:
        jump = iter([0.0])
        monkeypatch.setattr(time, "clock_gettime", lambda which: real(which) + next(jump, 3600.0))

    with Session.open(mailbox.account()) as session:
        session.examine("INBOX")
        fall_asleep_in_the_next_wait()
        assert session.idle(300) is False
    stop = Stop()
    fall_asleep_in_the_next_wait()
    stop.wait(300)
    stop.close()
    assert time.monotonic() - began < 10


def test_a_server_that_ends_every_wait_is_asked_ever_more_rarely(today: World, waits: Waits) -> None:
    """It takes the look and hangs up on each IDLE: no busy loop, the pauses double."""
    with Cable(today.mailbox.server.port) as cable:
        cable.to_client = lambda data: None if b"+ idling" in data else data
        today.reopen(**through(cable))
        daemon = Daemon(today.office, waits)
        for _ in range(6):
            assert daemon._round() is None
            daemon._rest()
        daemon._hang_up()
    assert len(waits.seconds) == 6
    assert all(5 * 2**n * 0.8 <= pause <= 5 * 2**n * 1.2 for n, pause in enumerate(waits.seconds))
    assert looked(today) is not None


def test_a_server_that_chatters_through_every_wait_ends_none(today: World) -> None:
    """What is no news is passed over, and the mail that comes behind it ends the one wait."""
    begun = 0

    def chatter(data: bytes) -> bytes:
        nonlocal begun
        begun += data.count(b"+ idling\r\n")
        return data.replace(b"+ idling\r\n", b"+ idling\r\n" + b"* OK Still here\r\n" * 50)

    with Cable(today.mailbox.server.port) as cable:
        cable.to_client = chatter
        with Living(today, **through(cable), FOLLOWMAIL_POLL="300"):
            until(lambda: begun == 1)
            today.gets(ANN)
            until(lambda: begun == 2)


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_restarted_again_and_again_loses_no_mail(own_dovecot: Dovecot, tmp_path: Path) -> None:
    """Down, mail, up, three times in a row: each proposal has its draft in the end."""
    world = World(own_dovecot.mailbox(), tmp_path / "home", dict(ALWAYS), datetime.now(UTC))
    world.mailbox.folders()
    with Living(world):
        for number, person in enumerate((BOB, ANN, CARLA), 1):
            own_dovecot.stop()
            own_dovecot.start()
            world.writes(person, ago=days(7))
            until(lambda wanted=number: len(world.drafts()) == wanted)  # type: ignore[misc]
    world.close()


@pytest.mark.usefixtures("impatient")
def test_a_server_whose_idle_never_tells_is_polled(today: World) -> None:
    """IDLE is offered, and EXISTS is never said: a hint that does not come costs one poll."""

    def hushed(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        return b"".join(line for line in lines if not (line.startswith(b"* ") and b" EXISTS" in line[:20]))

    with Cable(today.mailbox.server.port) as cable, Living(today, **through(cable)):
        until(lambda: looked(today) is not None)
        cable.to_client = hushed
        today.writes(BOB, ago=days(7))
        until(lambda: len(today.drafts()) == 1)


def test_mail_between_the_look_and_the_wait_is_not_waited_for(today: World) -> None:
    """It came after the folder was read and before IDLE: no line will tell of it, and it is seen at once."""
    stop = Stop()
    daemon = Daemon(today.office, stop)
    assert daemon._round() is None
    today.gets(BOB)
    began = time.monotonic()
    daemon._rest()
    assert daemon.due_now
    assert time.monotonic() - began < 5
    daemon._hang_up()
    stop.close()


@pytest.mark.usefixtures("impatient")
def test_silence_anywhere_in_a_cycle_ends_in_time_and_nothing_is_done_twice(world: World) -> None:
    """The server falls silent after so many bytes, greeting to APPEND: an error within seconds, one draft in the end."""
    with Cable(world.mailbox.server.port) as cable:
        world.reopen(**through(cable))
        world.round()
        length = cable.passed
        world.writes(BOB)
        world.round()
        world.days_pass(4)
        for place in range(0, 3 * length, length // 5):
            cable.mute_after = place
            began = time.monotonic()
            try:
                world.round()
            except FollowmailError:
                assert len(world.drafts()) <= 1
            assert time.monotonic() - began < 5
        cable.mute_after = None
        world.rounds_over(10)
    assert len(world.drafts()) == 1


# ---- 47, 48: silently dead


class Notified:
    """The socket on which systemd listens."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.path = str(folder / "notify")
        self._socket.bind(self.path)
        self.heard: list[str] = []

    def __enter__(self) -> "Notified":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def hears(self, seconds: float) -> bool:
        """Whether a sign of life comes within this time."""
        return self.hears_of("WATCHDOG=1", seconds)

    def hears_of(self, words: str, seconds: float) -> bool:
        """Whether something that begins so comes within this time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                self.heard.append(self._socket.recv(1000).decode())
            except TimeoutError:
                return False
            if self.heard[-1].startswith(words):
                return True
        return False

    def drain(self) -> None:
        while self.hears(0.01):
            pass


def test_a_daemon_that_stands_still_feeds_no_watchdog(today: World) -> None:
    """It is fed after each complete look, also where the poll alone would be too rare; stopped, it starves."""
    with Notified(today.home) as systemd:
        words = {"NOTIFY_SOCKET": systemd.path, "WATCHDOG_USEC": "3000000", "FOLLOWMAIL_POLL": "300"}
        daemon = Process(today, **words)
        assert systemd.hears(20)
        assert systemd.hears(5)
        daemon.popen.send_signal(signal.SIGSTOP)
        systemd.drain()
        assert not systemd.hears(3)
        daemon.popen.send_signal(signal.SIGCONT)
        assert systemd.hears(10)
        assert daemon.stop() == 0


def test_a_daemon_that_lives_and_sees_nothing_feeds_no_watchdog(today: World, waits: Waits) -> None:
    """A folder that cannot be read, then no server at all: rounds go by, and systemd hears of none."""
    today.mailbox.create("Clients")
    with Notified(today.home) as systemd, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTIFY_SOCKET", systemd.path)
        patch.setenv("WATCHDOG_USEC", "60000000")
        daemon = Daemon(today.office, waits)
        assert daemon._round() is None
        assert systemd.hears(1)
        today.mailbox.make_unreadable("Clients")
        daemon._hang_up()
        try:
            assert daemon._round() is None
        finally:
            today.mailbox.make_readable("Clients")
        today.reopen(FOLLOWMAIL_IMAP_PORT="1")
        lost = Daemon(today.office, waits)
        assert lost._round() is None
        assert not systemd.hears(0.05)
        daemon._hang_up()


def test_an_hour_without_a_complete_look_is_red_everywhere_and_told_once(today: World, waits: Waits) -> None:
    """The server is gone: `status` and `check` say so by their exit status, the other channel gets one message."""
    told = today.home / "told"
    today.round()
    today.reopen(FOLLOWMAIL_IMAP_PORT="1", FOLLOWMAIL_ALERT_COMMAND=f"cat >> {told}")
    daemon = Daemon(today.office, waits, lambda: today.now)
    for _ in range(3):
        assert daemon._round() is None
    assert not told.exists()
    assert health(today)["healthy"]
    today.now += timedelta(minutes=61)
    for _ in range(3):
        assert daemon._round() is None
    assert told.read_text().count("no complete look since") == 1
    assert any("last complete look" in problem for problem in health(today)["problems"])


def test_check_and_status_end_with_a_status_when_the_last_look_is_old(today: World) -> None:
    """Two hours: both say 1, and check says what to start; after a look both are well."""
    today.round()
    today.office.store.facts.set_moment("looked_at", datetime.now(UTC) - timedelta(hours=2))
    today.close()
    done = command(today, "check", "--json")
    (line,) = [line for line in json.loads(done.stdout)["checks"] if line["name"] == "last look"]
    assert (done.returncode, line["ok"], line["remedy"]) == (1, False, "start `followmail run`")
    assert command(today, "status").returncode == 1
    command(today, "once")
    assert command(today, "check").returncode == 0
    assert command(today, "status").returncode == 0


def test_refused_logins_turn_status_red_until_one_is_not(today: World) -> None:
    """The password expired an hour after a good look: red at once, and green with the new one."""
    today.round()
    assert health(today)["healthy"]
    today.reopen(FOLLOWMAIL_PASSWORD="expired-horse")
    with pytest.raises(LoginRefused):
        today.round()
    problems = health(today)["problems"]
    assert any("refuses the login" in problem for problem in problems)
    assert "expired-horse" not in str(problems)
    today.reopen(FOLLOWMAIL_PASSWORD=PASSWORD)
    today.round()
    assert health(today)["healthy"]


def health(world: World) -> Any:
    return telling.status(world.office.cycle(world.now), world.office.settings.poll)


def command(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    """The installed command, in a process of its own."""
    program = shutil.which("followmail", path=str(Path(sys.executable).parent)) or "followmail"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FOLLOWMAIL_")}
    env = {**clean, **world.environment()}
    return subprocess.run([program, *words], env=env, capture_output=True, text=True, cwd=world.home, check=False)


# ---- 53, 54: names, routes, sleep


def test_every_address_of_a_name_is_tried(mailbox: Mailbox, smtpd: Smtpd, monkeypatch: pytest.MonkeyPatch) -> None:
    """IPv6 first, and refused there: the next one answers, for IMAP and SMTP alike."""
    v6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "")

    def two(host: str, port: int, *_: object, **__: object) -> list[Any]:
        return [(*v6, ("::1", port, 0, 0)), (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with Session.open(mailbox.account(host="localhost")) as session:
        assert session.alive
    assert smtp.probe(smtpd.server(host="localhost")) == "mx.test"


def test_a_machine_that_was_asleep_dials_anew(today: World) -> None:
    """Stopped, its connection ended meanwhile, and woken: a minute is more than it needs."""
    with Cable(today.mailbox.server.port) as cable:
        daemon = Process(today, FOLLOWMAIL_POLL="300", **through(cable))
        until(lambda: looked(today) is not None)
        daemon.popen.send_signal(signal.SIGSTOP)
        cable.reset()
        today.writes(BOB, ago=days(7))
        daemon.popen.send_signal(signal.SIGCONT)
        until(lambda: len(today.drafts()) == 1)
        assert daemon.stop() == 0


# ---- 58, 63: a mailbox that others use, and a server with limits


def test_mail_that_vanishes_while_it_is_read_stops_nothing(world: World, dovecot: Dovecot) -> None:
    """Another client deletes what came, between the look at the headers and that at the body."""
    world.round()
    mail = world.writes(BOB)
    world.round()
    answer = world.gets(BOB, answers=mail)
    heard: list[str] = []

    def expunge(what: str, done: int, total: int) -> None:
        if what == "judging" and not heard:
            heard.append(what)
            world.mailbox.expunge("INBOX", [answer.uid])

    world.office.progress = expunge
    assert world.round().faults == ()
    assert heard == ["judging"]
    assert world.of(BOBS).state.value != "active"


@pytest.mark.parametrize("answer", ["NO [THROTTLED] slow down", "NO [LIMIT] too much", "NO [OVERQUOTA] bandwidth"])
def test_a_server_that_says_not_now_is_left_alone(waits: Waits, tmp_path: Path, answer: str) -> None:
    """In the middle of a look: no fault of a folder, but a pause of the whole, which grows."""

    def script(talk: Talk) -> None:
        talk.serve(
            {"LIST": ['* LIST () "/" INBOX', "TAG OK done"], "STATUS": [f"TAG {answer}"], "EXAMINE": [f"TAG {answer}"]}
        )

    with scripted(script) as (account, talks):
        options = {
            "FOLLOWMAIL_ADDRESS": "alex@consult.example", "FOLLOWMAIL_NAME": "Alex", "FOLLOWMAIL_PASSWORD": PASSWORD,
            "FOLLOWMAIL_IMAP_HOST": account.host, "FOLLOWMAIL_IMAP_PORT": str(account.port),
            "FOLLOWMAIL_IMAP_SECURITY": "none", "FOLLOWMAIL_DATABASE": str(tmp_path / "followmail.db"),
        }  # fmt: skip
        office = Office.open(load(None, options, directory=tmp_path))
        daemon = Daemon(office, waits)
        for _ in range(3):
            assert daemon._round() is None
        daemon._hang_up()
        assert len(talks) <= 3
        assert office.store.facts.moment("looked_at") is None
        office.close()


# ---- 73, 76, 77: what the servers say


@pytest.mark.parametrize("greeting", ["554 5.7.1 you are on a list", "421 4.3.2 too many", "550 no"])
def test_a_greeting_that_refuses_costs_no_mail_its_turn(sending: Sending, smtpd: Smtpd, greeting: str) -> None:
    """The account rests, one connection for all that is due; no mail is failed or suppressed, and later both leave."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=5)
    world.writes(BOB)
    world.writes(ANN, "Backups")
    world.round()
    world.days_pass(4, hour=11)
    smtpd.answer("GREETING", greeting)
    before = smtpd.connections
    world.round()
    smtpd.settle()
    assert smtpd.connections - before == 1
    assert set(world.states().values()) == {"active"}
    assert world.office.store.suppressions.lines() == ()
    smtpd.answer("GREETING", "220 mx.test")
    world.now += timedelta(minutes=10)
    world.rounds_over(20)
    assert len(smtpd.delivered) == 2


def test_what_the_server_cannot_carry_waits_and_says_why(sending: Sending, smtpd: Smtpd) -> None:
    """An address in another alphabet, and no SMTPUTF8: nothing is sent, and the reason is told."""
    smtpd.extensions = ("PIPELINING", "8BITMIME")
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=5)
    raw = (
        "From: alex@consult.example\r\nTo: bøb@bob.example\r\nSubject: Proposal\r\nMessage-ID: <u@consult.example>\r\n"
    )
    body = "\r\nHello,\r\n\r\nwhat do you think of the proposal?\r\n"
    world.raw_arrives((raw + f"Date: {world.now:%a, %d %b %Y %H:%M:%S +0000}\r\n" + body).encode(), "Sent")
    world.round()
    world.days_pass(4, hour=11)
    world.rounds_over(10)
    assert smtpd.delivered == []
    assert not any(line.startswith("DATA") for line in smtpd.commands)
    assert all(
        e.state.value in ("waiting", "active") and e.why for e in world.enrollments() if e.state.value != "active"
    )


@pytest.mark.parametrize(
    "date",
    [
        "yesterday, I think", "", "Mon, 99 Foo 2026 99:99:99 +9999", "Thu, 01 Jan 1970 00:00:00 +0000",
        "Fri, 31 Dec 2199 23:59:59 +0000", "Mon, 4 May 2026 10:00:00 -2300",
    ],
)  # fmt: skip
def test_an_answer_counts_whatever_its_clock_says(world: World, date: str) -> None:
    """Unreadable, of the epoch, of the next century: it refers to Alex's mail, so it came after it."""
    world.round()
    mail = world.writes(BOB)
    world.round()
    world.gets(BOB, answers=mail, Date=date) if date else world.gets(BOB, answers=mail)
    world.round()
    assert world.states() == {BOBS: "replied"}


# ---- 46, 84: many folders, one slow


def test_a_folder_that_never_answers_holds_the_cycle(dovecots: Dovecots, tmp_path: Path, impatient: None) -> None:
    """The rest was read, one folder hangs: the look is broken off, nothing is drafted, and status says it."""
    world = World(dovecots().mailbox(), tmp_path / "home")
    with Cable(world.mailbox.server.port) as cable:
        world.reopen(**through(cable))
        world.round()
        world.writes(BOB)
        world.round()
        world.days_pass(4)
        world.gets(ANN, "Hello", folder="INBOX")

        def hung(data: bytes) -> bytes:
            if b" FETCH (" in data:
                cable.pull()
                return b""
            return data

        cable.to_client = hung
        with pytest.raises(FollowmailError):
            world.round()
        assert world.drafts() == []
        assert not health(world)["healthy"]
    world.close()


# ---- 59: very much mail

HUGE = """
import json, resource, sys
from followmail.imap import reader
from followmail.auth import Secret
from followmail.imap.session import Account, Session
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
seen, told = 0, []
with Session.open(Account("127.0.0.1", int(sys.argv[1]), "none", "user", lambda: Secret("x"), 5, 30)) as session:
    for head in reader.heads(session, "INBOX", range(1, 200_001), progress=lambda done, of: told.append(done)):
        seen += 1
peak = int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))) // 1024  # of this program: ru_maxrss is also its parent's
print(json.dumps([seen, len(told), peak]))
"""


def test_two_hundred_thousand_headers_are_read_in_little_memory() -> None:
    """A folder as large as they come, read to its end: under 256 MB, with progress, none left out."""
    header = b"From: a@one.example\r\nTo: b@two.example\r\nSubject: Hello\r\nMessage-ID: <%d@one.example>\r\n\r\n"

    def answer(uid: int) -> bytes:
        text = header % uid
        start = b'* %d FETCH (UID %d FLAGS () INTERNALDATE "04-May-2026 12:00:00 +0000" RFC822.SIZE 900 ' % (uid, uid)
        return start + b"BODY[HEADER.FIELDS (FROM TO)]<0> {%d}\r\n" % len(text) + text + b")\r\n"

    def script(talk: Talk) -> None:
        talk.say("* OK ready")
        while heard := talk.hear().upper():
            if heard.startswith("UID FETCH"):
                first, _, last = heard.split()[2].partition(":")
                talk.sock.sendall(b"".join(map(answer, range(int(first), int(last or first) + 1))))
            elif heard.startswith("EXAMINE"):
                talk.say("* 200000 EXISTS", "* OK [UIDVALIDITY 7] .", "* OK [UIDNEXT 200001] .")
            elif heard.startswith("CAPABILITY"):
                talk.say("* CAPABILITY IMAP4rev1")
            talk.say("TAG OK done")

    with scripted(script) as (account, _):
        done = subprocess.run(
            [sys.executable, "-c", HUGE, str(account.port)], capture_output=True, text=True, check=False, timeout=120
        )
    assert done.returncode == 0, done.stderr[-2000:]
    seen, steps, megabytes = json.loads(done.stdout)
    assert seen == 200_000
    assert steps == 200
    assert megabytes < 256
