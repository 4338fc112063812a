"""The daemon behind the walls of its unit: a whole life of it, watched by strace, needs nothing that they keep away."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from tests.canary import PASSWORD
from tests.conftest import _require
from tests.faults.mortal import STRACE
from tests.faults.test_connection import Notified
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Smtpd
from tests.test_service import until
from tests.test_unit import ANALYZE, UNITS
from tests.world import ANN, BOB, World, days

ROOT = Path(__file__).parents[2]
CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (\S+)", re.MULTILINE)
# What makes or changes a file, and which of its words name one.
CHANGES = {"mkdir": (0,), "mkdirat": (1,), "rename": (0, 1), "renameat": (1, 3), "renameat2": (1, 3), "unlink": (0,),
           "unlinkat": (1,), "rmdir": (0,), "chmod": (0,), "fchmodat": (1,), "truncate": (0,), "link": (1,),
           "linkat": (3,), "symlink": (1,), "symlinkat": (2,), "mknod": (0,), "mknodat": (1,), "chown": (0,),
           "lchown": (0,), "fchownat": (1,), "utimensat": (1,), "setxattr": (0,)}  # fmt: skip


@cache
def calls_of(group: str) -> frozenset[str]:
    """The system calls of a group, as this machine's systemd has it."""
    command = [str(ANALYZE), "syscall-filter", group]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    words = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    return frozenset().union(*(calls_of(word) if word.startswith("@") else {word} for word in words))


def let_through() -> frozenset[str]:
    """What the SystemCallFilter of the unit lets through, line by line (systemd.exec(5))."""
    through = calls_of("@default")  # always
    for line in UNITS[0].read_text().splitlines():
        if line.startswith("SystemCallFilter="):
            words = line.partition("=")[2]
            named = frozenset().union(*map(calls_of, words.removeprefix("~").split()))
            through = through - named if words.startswith("~") else through | named
    return through


@pytest.fixture
def today(mailbox: Mailbox, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox at the machine's own time, in a window that never closes."""
    world = World(mailbox, tmp_path / "state", {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00"}, datetime.now(UTC))
    yield world
    world.close()


@pytest.mark.usefixtures("strace")
def test_a_whole_life_needs_nothing_that_the_unit_keeps_away(today: World, smtpd: Smtpd, tmp_path: Path) -> None:
    """Start, a draft, a reload into mode send, a mail, a stop: its system calls, its files, its sockets, its memory."""
    _require(ANALYZE, "systemd-analyze", "systemd")
    today.now -= days(20)
    today.round()  # the first run is long past
    today.now += days(20)
    today.close()
    with Notified(tmp_path) as systemd:
        log = tmp_path / "calls"
        daemon = _started(today, systemd, tmp_path, log)
        today.writes(BOB, ago=days(7))
        assert systemd.hears_of("READY=1", 30)
        until(lambda: len(today.drafts()) == 1)
        server = smtpd.server()
        _configure(today, tmp_path, FOLLOWMAIL_MODE="send", FOLLOWMAIL_DETECT="enroll", FOLLOWMAIL_GAP="0",
                   FOLLOWMAIL_SMTP_HOST=server.host, FOLLOWMAIL_SMTP_PORT=str(server.port), FOLLOWMAIL_SMTP_SECURITY="none")  # fmt: skip
        os.kill(_child_of(daemon.pid), signal.SIGHUP)
        assert systemd.hears_of("RELOADING=1", 20)
        assert systemd.hears_of("READY=1", 20)
        today.writes(ANN, "Backups", ago=days(7))
        until(lambda: smtpd.settle() is None and len(smtpd.delivered) == 1)
        os.kill(_child_of(daemon.pid), signal.SIGTERM)
        assert daemon.wait(30) == 0
        assert systemd.hears_of("STOPPING=1", 5)
    calls = [(name, words, result) for name, words, result in CALL.findall(log.read_text(errors="replace"))]
    assert {name for name, _, _ in calls} >= {"openat", "connect", "pwrite64", "execve"}
    by_root = {"fchown"} if os.geteuid() == 0 else set()  # SQLite gives a journal to whom the database belongs
    assert {name for name, _, _ in calls} - let_through() - by_root == set()
    assert _written(calls, [today.home, Path("/dev/null"), Path("/dev/tty")]) == []
    families = {words.partition(",")[0] for name, words, _ in calls if name == "socket"}
    assert families <= {"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"}  # glibc asks netlink, and takes a no
    memory = [words for name, words, _ in calls if name in ("mmap", "mprotect", "pkey_mprotect", "shmat")]
    assert [words for words in memory if "PROT_WRITE" in words and "PROT_EXEC" in words] == []


def _configure(world: World, folder: Path, **more: str) -> None:
    """config.env where ConfigurationDirectory has it; the password comes from a command, a process of its own."""
    (folder / "password").write_text(PASSWORD)
    told = (
        world.environment() | more | {"FOLLOWMAIL_PASSWORD_COMMAND": f"cat {folder}/password", "FOLLOWMAIL_POLL": "2"}
    )
    del told["FOLLOWMAIL_PASSWORD"], told["FOLLOWMAIL_DATABASE"]
    file = folder / "config.env"
    file.write_text("".join(f"{key}='{value}'\n" for key, value in told.items()))
    file.chmod(0o600)


def _started(world: World, systemd: Notified, folder: Path, log: Path) -> subprocess.Popen[bytes]:
    _configure(world, folder)
    given = {"PATH": os.environ["PATH"], "STATE_DIRECTORY": str(world.home), "NOTIFY_SOCKET": systemd.path}
    program = [sys.executable, "-B", "-m", "followmail", "--config", str(folder / "config.env"), "run"]
    return subprocess.Popen(
        [str(STRACE), "-f", "-qq", "-s", "0", "-o", str(log), *program],  # -s 0: no word of any mail or password
        cwd=ROOT, env=given | {"LANG": "C.UTF-8"}, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _child_of(pid: int) -> int:
    """The daemon itself, below strace."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _written(calls: list[tuple[str, str, str]], own: list[Path]) -> list[str]:
    """What was made or changed outside its own folders; what failed changed nothing."""
    found = []
    for name, words, result in calls:
        named = CHANGES.get(name, ())
        if name in ("open", "openat", "creat") and re.search(r"\bO_(WRONLY|RDWR|CREAT)\b", words):
            named = (0,) if name == "open" else (1,)
        paths = [part.strip().strip('"') for number, part in enumerate(words.split(", ")) if number in named]
        if result.startswith("-"):
            continue
        found += [f"{name} {path}" for path in paths if not any(Path(path).is_relative_to(folder) for folder in own)]
    return found
