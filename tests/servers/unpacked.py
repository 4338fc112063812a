"""A private server whose programs come from an unpacked package: its folder, its ports, its processes, its users."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from imapclient import IMAPClient

from tests.servers import packages
from tests.servers.dovecot import Mailbox, _answers, _free_ports, make_certificate

_MARK = "FOLLOWMAIL_TEST_SERVER"  # in the environment of every process of ours: by this they are found and ended
_PATIENCE = 30.0
_numbers = itertools.count(1)


class Unpacked:
    """One server. `port` is plain with STARTTLS, `tls_port` TLS from the start; `ca_file` vouches for it."""

    name: str  # as in packages.WANTED
    host = "127.0.0.1"
    prefix: str
    separator: str

    def __init__(self) -> None:
        found = packages.where(self.name)
        assert found, f"{self.name} is not unpacked"
        self.top = found
        self.root = Path(tempfile.mkdtemp(prefix=f"followmail-{self.name}-"))
        self.root.chmod(0o755)  # its processes run as another user and must get through
        self.port, self.tls_port = _free_ports(2)
        self._mailboxes: list[Mailbox] = []
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("log", "ssl"):
            (self.root / name).mkdir()
        make_certificate(self.root / "ssl", "DNS:localhost,IP:127.0.0.1")

    # ---- what each server does in its own way

    def command(self) -> Sequence[str]:
        """Lays out all that the server needs; the command that runs it in the foreground."""
        raise NotImplementedError

    def admit(self, user: str) -> None:
        """From now on this user may log in, with the password of tests/canary.py."""
        raise NotImplementedError

    # ---- what they share

    @property
    def ca_file(self) -> str:
        return str(self.root / "ssl" / "ca.pem")

    def start(self) -> "Unpacked":
        """Starts it and waits until somebody can log in, at most half a minute."""
        self.hand_over()
        command = self.command()
        self.hand_over()
        with (self.root / "log" / "start.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                start_new_session=True,
            )
        give_up = time.monotonic() + _PATIENCE
        while not _answers(self.port) or not self._lets_in():
            if self._process.poll() is not None or time.monotonic() > give_up:
                said = self.log()
                self.close()  # nothing of it goes on
                raise RuntimeError(f"{self.name} did not start:\n{said}")
            time.sleep(0.02)  # a port can only be asked again
        return self

    def close(self) -> None:
        """Ends it with all its connections, and deletes all it stored."""
        self.hang_up()
        _ended(self._processes)
        if self._process is not None:
            self._process.wait(_PATIENCE)
        shutil.rmtree(self.root, ignore_errors=True)

    def mailbox(self, user: str | None = None) -> Mailbox:
        """A user; without a name a new one, whose folders are empty."""
        user = user or f"{self.name}{next(_numbers)}"
        self.admit(user)
        self._mailboxes.append(Mailbox(self, user))  # type: ignore[arg-type]
        self._mailboxes[-1].folders()  # Cyrus makes them at the first login, and two first logins in each other's way
        return self._mailboxes[-1]

    def hang_up(self) -> None:
        """Ends the connections that mailboxes made for themselves."""
        while self._mailboxes:
            self._mailboxes.pop().close()

    def log(self) -> str:
        """All that the server has written so far."""
        return "".join(path.read_text(errors="replace") for path in sorted((self.root / "log").glob("*.log")))

    def environment(self) -> dict[str, str]:
        """Nothing of ours but what marks its processes and lets them find their libraries."""
        path = f"{self.top}/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"PATH": path, _MARK: str(self.root), **packages.environment(self.top)}

    def run(self, *words: str, given: str | bytes = "") -> str:
        """A program of the package, as the server's own user where it makes files; what it prints."""
        data = given.encode() if isinstance(given, str) else given
        done = subprocess.run(words, input=data, capture_output=True, check=True, env=self.environment(), cwd="/")
        return done.stdout.decode()

    def program(self, path: str) -> str:
        """The full path of a program of the package."""
        return str(self.top / path)

    @property
    def owner(self) -> pwd.struct_passwd:
        """Who reads and writes the mail: not root."""
        return pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())

    def hand_over(self, folder: Path | None = None) -> None:
        """What lies in a folder belongs to the server's own user."""
        if os.geteuid() == 0:
            for path in (folder or self.root, *(folder or self.root).rglob("*")):
                os.chown(path, self.owner.pw_uid, self.owner.pw_gid, follow_symlinks=False)

    def _lets_in(self) -> bool:
        """Whether the first user can log in: a port that answers is not yet all of a server."""
        self.admit("first")
        with contextlib.suppress(Exception):
            from tests.canary import PASSWORD

            client = IMAPClient(self.host, self.port, ssl=False, timeout=5)
            client.login("first", PASSWORD)
            client.logout()
            return True
        return False

    def _processes(self) -> list[int]:
        return [int(p.parent.name) for p in Path("/proc").glob("[0-9]*/environ") if self._is_ours(p)]

    def _is_ours(self, environ: Path) -> bool:
        with contextlib.suppress(OSError):
            return f"{_MARK}={self.root}".encode() in environ.read_bytes().split(b"\0")
        return False


def _ended(processes: Callable[[], list[int]]) -> None:
    """Ends these processes for good; new ones that they made meanwhile, too. A dead one has no environment any more."""
    give_up = time.monotonic() + _PATIENCE
    while (left := processes()) and time.monotonic() < give_up:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)  # the kernel takes a moment
