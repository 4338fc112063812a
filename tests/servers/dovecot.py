"""A private Dovecot 2.3 for pytest: own configuration, own store, free ports on 127.0.0.1.

In a test (fixtures from tests/conftest.py):

    def test_something(mailbox):                    # a new, empty user on the shared server
        uid = mailbox.append(b"From: …", folder="Sent", flags=[r"\\Seen"], when=datetime(…, tzinfo=UTC))
        session = Session.open(mailbox.account())   # the Account that followmail.imap takes
        assert mailbox.raw("Drafts") == [b"…"]      # what lies there, seen by another client

    def test_another(dovecot):                      # the shared server itself
        one, two = dovecot.mailbox(), dovecot.mailbox()

    def test_dialect(dovecots):                     # a server with options, started once a run and kept
        courier_like = dovecots(prefix="INBOX.", separator=".", special_use=False, capability="IMAP4rev1 UIDPLUS")
        mailbox = courier_like.mailbox()

    def test_outage(own_dovecot):                   # a server that only this test uses: may be stopped and started
        own_dovecot.stop(); own_dovecot.start()

Any name logs in with the password of tests/canary.py. Sent, Drafts, Trash and Junk are there from the first login on.
Dovecot turns an INTERNALDATE of more than two hours ahead into now.
"""

import contextlib
import dataclasses
import itertools
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from imapclient import IMAPClient
from imapclient.imap_utf7 import encode

from tests.canary import PASSWORD

PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
SPECIAL = ((r"\Sent", "Sent"), (r"\Drafts", "Drafts"), (r"\Trash", "Trash"), (r"\Junk", "Junk"))
_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True, slots=True)
class Options:
    """What this server pretends to be."""

    prefix: str = ""  # of the personal namespace: "INBOX." as Courier and Cyrus have it
    separator: str = "/"
    special_use: bool = True  # False: the folders are there, their flags are not
    folders: tuple[tuple[str, str], ...] = SPECIAL  # (special-use flag, name), made at the first login
    capability: str = ""  # the whole capability list after login, e.g. "IMAP4rev1 UIDPLUS"
    layout: str = "maildir:~/Maildir"  # ":LAYOUT=fs" appended: folder names may hold dots
    certificate: str = "DNS:localhost,IP:127.0.0.1"  # subjectAltName
    imap: str = ""  # lines for `protocol imap { }`
    extra: str = ""  # further configuration, last: it wins


class Dovecot:
    """One server. `port` is plain with STARTTLS, `tls_port` TLS from the start; `ca_file` vouches for it."""

    host = "127.0.0.1"

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.root = Path(tempfile.mkdtemp(prefix="followmail-dovecot-"))
        self.port, self.tls_port = _free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None
        self._mailboxes: list[Mailbox] = []
        self._layout()

    @property
    def ca_file(self) -> str:
        return str(self.root / "ssl" / "ca.pem")

    def start(self) -> "Dovecot":
        """Starts it and waits until the port answers, at most ten seconds."""
        with (self.root / "log" / "start.log").open("ab") as log:
            command = [str(PROGRAM), "-F", "-c", str(self.root / "dovecot.conf")]
            # An inherited pipe would stay open in its children and keep whoever reads it waiting.
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=True)
        give_up = time.monotonic() + 10
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"Dovecot did not start:\n{self.log()}")
            time.sleep(0.01)  # a port can only be asked again
        return self

    def stop(self) -> None:
        """Ends it with all its connections. What it stores stays; `start` brings it back on the same ports."""
        if self._process is None:
            return
        children = _children(self._process.pid)
        self._process.send_signal(signal.SIGTERM)
        for pid in children:  # those that hold a connection would take their time
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None

    def close(self) -> None:
        """Ends it and deletes all it stored."""
        self.hang_up()
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def mailbox(self, user: str | None = None) -> "Mailbox":
        """A user; without a name a new one, whose folders are empty."""
        self._mailboxes.append(Mailbox(self, user or f"user{next(_numbers)}"))
        return self._mailboxes[-1]

    def hang_up(self) -> None:
        """Ends the connections that mailboxes made for themselves."""
        while self._mailboxes:
            self._mailboxes.pop().close()

    def log(self) -> str:
        """All that the server has written so far."""
        return "".join(path.read_text(errors="replace") for path in sorted((self.root / "log").glob("*.log")))

    def doveadm(self, *words: str) -> str:
        """Runs doveadm against this server; its output."""
        command = ["doveadm", "-c", str(self.root / "dovecot.conf"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout

    def _layout(self) -> None:
        self.root.chmod(0o755)  # the mail processes run as another user and must get through
        for name in ("run", "mail", "ssl", "log"):
            (self.root / name).mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.root / "mail", "mail", "mail")
        make_certificate(self.root / "ssl", self.options.certificate)
        (self.root / "dovecot.conf").write_text(_configuration(self))


@dataclasses.dataclass(slots=True)
class Mailbox:
    """One user of one server, and what a test does to it from outside. Folder names are as a person reads them."""

    server: Dovecot
    user: str
    password: str = PASSWORD
    _client: IMAPClient | None = None

    @property
    def address(self) -> str:
        return f"{self.user}@consult.example"

    @property
    def home(self) -> Path:
        return self.server.root / "mail" / self.user

    def account(self, security: str = "none", **changes: Any) -> Any:
        """The `followmail.imap.session.Account` for this user; `security` picks the port."""
        from followmail.auth import Secret
        from followmail.imap.session import Account

        port = self.server.tls_port if security == "tls" else self.server.port
        values: dict[str, Any] = {
            "host": self.server.host,
            "port": port,
            "security": security,
            "user": self.user,
            "password": lambda: Secret(self.password),
            "ca_file": self.server.ca_file,
        }
        return Account(**(values | changes))

    @property
    def client(self) -> IMAPClient:
        """Another client of the same user: logged in, made anew after the server was away."""
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.noop()
                return self._client
            self.close()
        self._client = IMAPClient(self.server.host, self.server.port, ssl=False, timeout=20)
        self._client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.normalise_times = False
        self._client.login(self.user, self.password)
        return self._client

    def append(self, raw: bytes, folder: str = "INBOX", flags: Sequence[str] = (), when: datetime | None = None) -> int:
        """Puts a mail into a folder, which is made if absent, as it is; `when` becomes its INTERNALDATE. Its UID."""
        if folder.upper() != "INBOX" and not self.client.folder_exists(folder):
            self.client.create_folder(folder)
        answer = self.client.append(folder, raw, flags, when)
        found = re.search(rb"APPENDUID \d+ (\d+)", answer)
        return int(found[1]) if found else max(self.uids(folder))

    def deliver(self, raw: bytes, when: datetime | None = None) -> int:
        """A mail that comes in: into INBOX, unread."""
        return self.append(raw, when=when)

    def create(self, folder: str) -> None:
        self.client.create_folder(folder)

    def delete(self, folder: str) -> None:
        self.client.select_folder("INBOX")
        self.client.delete_folder(folder)

    def folders(self) -> set[str]:
        return {name for _, _, name in self.client.list_folders()}

    def uids(self, folder: str = "INBOX") -> list[int]:
        self.client.select_folder(folder, readonly=True)
        return list(self.client.search())

    def flags(self, folder: str = "INBOX") -> dict[int, frozenset[str]]:
        """UID → flags, without \\Recent."""
        self.client.select_folder(folder, readonly=True)
        found = self.client.get_flags(self.client.search())
        return {uid: frozenset(f.decode() for f in flags) - {r"\Recent"} for uid, flags in found.items()}

    def raw(self, folder: str = "INBOX") -> list[bytes]:
        """Every message of a folder, whole, in order of UID."""
        self.client.select_folder(folder, readonly=True)
        found = self.client.fetch(self.client.search(), ["BODY.PEEK[]"])
        return [found[uid][b"BODY[]"] for uid in sorted(found)]

    def expunge(self, folder: str, uids: Iterable[int]) -> None:
        """Deletes messages for good."""
        self.client.select_folder(folder)
        self.client.delete_messages(list(uids))
        self.client.expunge()

    def kick(self) -> None:
        """Ends this user's connections as an administrator does (BYE), and waits until they are gone."""
        self.close()
        with contextlib.suppress(subprocess.CalledProcessError):  # there was none
            self.server.doveadm("kick", self.user)
        while self.user in self.server.doveadm("-f", "tab", "who", self.user).split():
            time.sleep(0.01)  # doveadm does not wait

    def wipe_indexes(self) -> None:
        """A restored backup: every folder gets a new UIDVALIDITY; the messages and their UIDs stay."""
        self.close()
        for index in self.home.rglob("dovecot.index*"):
            index.unlink()
        for path in self.home.rglob("dovecot-uidlist"):
            path.write_bytes(
                re.sub(rb" V(\d+)", lambda found: b" V%d" % (int(found[1]) + 1000), path.read_bytes(), count=1)
            )

    def make_unreadable(self, folder: str) -> None:
        """The folder is listed, and answers NO to everything. Acts on connections made from now on."""
        self.close()
        self._path(folder).chmod(0)

    def make_readable(self, folder: str) -> None:
        self._path(folder).chmod(0o700)

    def record(self) -> None:
        """From now on new connections of this user are written down: see `said`."""
        self.uids()  # makes the home
        path = self.home / "wire"
        path.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(path, "mail", "mail")

    def said(self) -> list[str]:
        """The lines that clients have sent after their login since `record`, without time stamps."""
        lines = [p.read_text(errors="replace").splitlines() for p in sorted((self.home / "wire").glob("*.in"))]
        return [re.sub(r"^\d+\.\d+ ", "", line) for line in itertools.chain.from_iterable(lines)]

    def close(self) -> None:
        """Logs the other client out."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.logout()
            client.socket().close()

    def _path(self, folder: str) -> Path:
        top = self.home / "Maildir"
        name = folder.removeprefix(self.server.options.prefix)
        if folder.upper() == "INBOX":
            return top / "cur"
        wire = encode(name).decode("ascii")
        return top / wire if "LAYOUT=fs" in self.server.options.layout else top / ("." + wire.replace("/", "."))


def make_certificate(folder: Path, names: str, stem: str = "cert") -> None:
    """`ca.pem` (an authority) and `<stem>.pem`, `<stem>-key.pem` signed by it for `names` (subjectAltName)."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30")
    ca, ca_key = str(folder / "ca.pem"), str(folder / "ca-key.pem")
    _openssl("req", "-x509", *key, "-subj", "/CN=followmail test authority", "-keyout", ca_key, "-out", ca)
    _openssl(
        *("req", "-x509", *key, "-subj", "/CN=followmail test", "-addext", f"subjectAltName={names}"),
        *("-addext", "basicConstraints=critical,CA:FALSE", "-CA", ca, "-CAkey", ca_key),
        *("-keyout", str(folder / f"{stem}-key.pem"), "-out", str(folder / f"{stem}.pem")),
    )


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, stdin=subprocess.DEVNULL)


def _children(parent: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [s.getsockname()[1] for s in held]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as probe:
            probe.settimeout(5)
            return probe.recv(4) == b"* OK"
    except OSError:
        return False


def _configuration(server: Dovecot) -> str:
    o, root = server.options, server.root
    capability = f"imap_capability = {o.capability}" if o.capability else ""
    return f"""
base_dir = {root}/run
state_dir = {root}/run
instance_name = followmail-test
protocols = imap
listen = 127.0.0.1
log_path = {root}/log/dovecot.log
info_log_path = {root}/log/info.log
first_valid_uid = 1
mail_location = {o.layout}
mail_fsync = never
mailbox_list_index = yes
disable_plaintext_auth = no
auth_mechanisms = plain login
# the delays and penalties for failed logins would only slow the tests
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
  chroot =
}}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = {_owner()} home={root}/mail/%u
}}
ssl = yes
ssl_cert = <{root}/ssl/cert.pem
ssl_key = <{root}/ssl/cert-key.pem
ssl_min_protocol = TLSv1.2
default_vsz_limit = 0
service imap-login {{
  inet_listener imap {{
    port = {server.port}
  }}
  inet_listener imaps {{
    port = {server.tls_port}
  }}
  service_count = 0
  process_min_avail = 1
  chroot =
}}
protocol imap {{
  mail_max_userip_connections = 100
  rawlog_dir = {root}/mail/%u/wire
  {capability}
  {o.imap}
}}
namespace inbox {{
  inbox = yes
  prefix = {o.prefix}
  separator = {o.separator}
{"".join(map(_folder, o.folders, itertools.repeat(o.special_use)))}}}
{_without_root()}
{o.extra}
"""


def _folder(entry: tuple[str, str], special_use: bool) -> str:
    flag, name = entry
    special = f"    special_use = {flag}\n" if special_use and flag else ""
    return f'  mailbox "{name}" {{\n{special}    auto = subscribe\n  }}\n'


def _owner() -> str:
    if os.geteuid() == 0:
        mail = pwd.getpwnam("mail")
        return f"uid={mail.pw_uid} gid={mail.pw_gid}"
    return f"uid={os.geteuid()} gid={os.getegid()}"


def _without_root() -> str:
    if os.geteuid() == 0:
        return ""
    me = pwd.getpwuid(os.geteuid()).pw_name
    return f"default_login_user = {me}\ndefault_internal_user = {me}\ndefault_internal_group =\n"


class Dovecots:
    """Servers by their options: each is started when first asked for and kept until the end of the run."""

    def __init__(self) -> None:
        self._running: dict[Options, Dovecot] = {}

    def __call__(self, **options: Any) -> Dovecot:
        wanted = Options(**options)
        if wanted not in self._running:
            self._running[wanted] = Dovecot(wanted).start()
        return self._running[wanted]

    def hang_up(self) -> None:
        for server in self._running.values():
            server.hang_up()

    def close(self) -> None:
        for server in self._running.values():
            server.close()


@contextlib.contextmanager
def running(**options: Any) -> Iterator[Dovecot]:
    """A server for the length of a `with` block."""
    server = Dovecot(Options(**options))
    try:
        yield server.start()
    finally:
        server.close()
