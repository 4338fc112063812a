"""Secrets, strangers and texts that mean harm: nothing is shown, believed, fetched or run that should not be."""

import json
import re
import resource
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from followmail.errors import Unreachable
from followmail.imap.session import Session
from followmail.smtp import NotSent, submit
from tests import canary
from tests.faults.test_connection import command, until
from tests.imap.staging import Talk, scripted
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Certificate, running
from tests.test_service import Process
from tests.world import ALEX, BOB, World, days

ROOT = Path(__file__).parents[2]


@pytest.fixture
def today(mailbox: Mailbox, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox at the machine's own time, in a window that never closes."""
    world = World(mailbox, tmp_path / "home", {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00"}, datetime.now(UTC))
    yield world
    world.close()


# ---- 79: the canary of the whole run


def test_a_leak_anywhere_would_be_found(tmp_path: Path) -> None:
    """The net of tests/canary.py holds: plain, in base64 at any offset, in a file, an output, a log, a process list."""
    secret = "canary-planted-4711"
    for n in range(4):
        wrapped = canary.b64encode(b"x" * n + secret.encode() + b"y" * n)
        assert canary.shows(b"AUTH PLAIN " + wrapped, secret)
    (tmp_path / "some.db").write_bytes(b"\0" * 5000 + secret.encode() + b"\0")
    (tmp_path / "password").write_text(secret)
    assert canary.in_files(tmp_path, secret) == [str(tmp_path / "some.db")]
    with subprocess.Popen(["/bin/sh", "-c", "read line; exit 0", secret], stdin=subprocess.PIPE) as shown:
        until(lambda: any(secret in line for line in canary.in_process_list(secret)))
        shown.communicate(b"\n")
    assert not canary.shows("nothing of the kind", secret)


def test_the_watch_hears_what_children_and_logs_say(caplog: pytest.LogCaptureFixture) -> None:
    """What a child process printed and what was logged is looked at, in this very run."""
    from tests.conftest import _watch

    before = _watch.looked
    subprocess.run(["/bin/echo", "x" * 500], capture_output=True, check=True)
    assert _watch.looked >= before + 500
    assert _watch.leaks == []


def test_a_password_stands_in_no_command_line_and_no_core(today: World) -> None:
    """While the daemon runs: neither its words nor its title show it; its log at the end does not either."""
    daemon = Process(today)
    until(lambda: (today.home / "followmail.db").exists())
    for path in (f"/proc/{daemon.popen.pid}/cmdline", f"/proc/{daemon.popen.pid}/comm"):
        assert not canary.shows(Path(path).read_bytes())
    assert canary.in_process_list() == []
    assert daemon.stop() == 0
    assert not canary.shows(daemon.log)


# ---- 82: who answers there


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certificate]:
    """An authority of our own, and what it signed, or did not."""
    folder = tmp_path_factory.mktemp("authority")

    def run(*words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True, stdin=subprocess.DEVNULL, cwd=folder)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run(
        "req",
        "-x509",
        *key,
        "-days",
        "30",
        "-subj",
        "/CN=followmail authority",
        "-keyout",
        "ca-key.pem",
        "-out",
        "ca.pem",
    )
    made = {}
    names = {"good": "IP:127.0.0.1", "wrong host": "DNS:mail.other.example", "expired": "IP:127.0.0.1"}
    for number, (kind, name) in enumerate(names.items()):
        stem, end = f"c{number}", "-1" if kind == "expired" else "30"
        (folder / f"{stem}.ext").write_text(f"subjectAltName={name}\nbasicConstraints=critical,CA:FALSE\n")
        run("req", *key, "-subj", "/CN=followmail test", "-keyout", f"{stem}-key.pem", "-out", f"{stem}.csr")
        signed = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile", f"{stem}.ext", "-days", end)
        run("x509", "-req", "-in", f"{stem}.csr", *signed, "-out", f"{stem}.pem")
        made[kind] = Certificate(str(folder / f"{stem}.pem"), str(folder / f"{stem}-key.pem"))
    run(
        "req", "-x509", *key, "-days", "30", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", "self-key.pem", "-out", "self.pem",
    )  # fmt: skip
    made["self-signed"] = Certificate(str(folder / "self.pem"), str(folder / "self-key.pem"))
    made["authority"] = Certificate(str(folder / "ca.pem"), str(folder / "ca-key.pem"))
    return made


KINDS = ("good", "wrong host", "expired", "self-signed")


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("kind", KINDS)
def test_imap_trusts_only_a_good_certificate(certificates: dict[str, Certificate], kind: str, security: str) -> None:
    """The right name, in date, signed by the authority; else no login is tried and nothing goes on in plain text."""
    context = certificates[kind].context()

    def script(talk: Talk) -> None:
        if security == "tls":
            talk.serve({})
            return
        talk.say("* OK ready")
        while command := talk.hear():
            if command == "STARTTLS":
                talk.say("TAG OK go ahead")
                _serve_in_tls(talk, context)
                return
            talk.say("* CAPABILITY IMAP4rev1 STARTTLS", "TAG OK done")

    changes = {"security": security, "ca_file": certificates["authority"].file}
    with scripted(script, context if security == "tls" else None, **changes) as (account, talks):
        if kind == "good":
            Session.open(account).close()
        else:
            with pytest.raises(Unreachable, match="certificate"):
                Session.open(account)
    heard = [line for talk in talks for line in talk.heard if line.startswith(("LOGIN", "AUTHENTICATE"))]
    assert bool(heard) is (kind == "good" and security == "tls")


def _serve_in_tls(talk: Talk, context: ssl.SSLContext) -> None:
    """What comes after STARTTLS: login and logout, in the tunnel."""
    with context.wrap_socket(talk.sock.dup(), server_side=True) as inner, inner.makefile("rb") as lines:
        for raw in lines:
            tag, _, rest = raw.partition(b" ")
            inner.sendall(b"* CAPABILITY IMAP4rev1\r\n" if rest.startswith(b"CAPA") else b"")
            inner.sendall(tag + b" OK done\r\n")
            if rest.upper().startswith(b"LOGOUT"):
                return


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("kind", KINDS)
def test_smtp_trusts_only_a_good_certificate(certificates: dict[str, Certificate], kind: str, security: str) -> None:
    """The same matrix where mail leaves: without trust no login, no mail, and it is the account's fault for now."""
    with running(tls=security, certificate=certificates[kind]) as smtpd:
        server = smtpd.server(ca_file=certificates["authority"].file)
        outcome = submit(
            server, "alex@consult.example", ["bob@bob.example"], b"Subject: x\r\n\r\nx\r\n", before_dot=lambda: None,
            local_hostname="consult.example",
        )  # fmt: skip
        smtpd.settle()
        assert len(smtpd.delivered) == len(smtpd.logins) == (1 if kind == "good" else 0)
    if kind != "good":
        assert isinstance(outcome, NotSent)
        assert (outcome.transient, outcome.scope) == (True, "account")


# ---- 84: a server that means harm


def _flood(talk: Talk, data: bytes) -> None:
    while True:
        talk.sock.sendall(data)


def _after(verb: str, evil: Callable[[Talk], None], capability: str = "IMAP4rev1 IDLE") -> Callable[[Talk], None]:
    """A good server up to this command."""

    def script(talk: Talk) -> None:
        talk.say("* OK ready")
        while heard := talk.hear():
            if heard.upper().startswith(verb):
                evil(talk)
                return
            lines = {
                "CAPABILITY": [f"* CAPABILITY {capability}"],
                "EXAMINE": ["* 3 EXISTS", "* OK [UIDVALIDITY 7] .", "* OK [UIDNEXT 4] ."],
            }
            talk.say(*lines.get(heard.split()[0].upper(), []), "TAG OK done")

    return script


EVIL: dict[str, Callable[[Talk], None]] = {
    "an endless greeting": lambda talk: _flood(talk, b"x" * 65_536),
    "greetings without end": lambda talk: _flood(talk, b"* OK hello\r\n" * 5000),
    "a literal of ten gigabytes": _after("LIST", lambda talk: _flood(talk, b'* LIST () "/" {9999999999}\r\n' + b"x" * 65_536)),
    "many literals of sixty megabytes": _after("LIST", lambda talk: _flood(talk, b'* LIST () "/" {60000000}\r\n' + b"x" * 60_000_000)),
    "lines without end": _after("LIST", lambda talk: _flood(talk, b'* LIST () "/" a\r\n' * 5000)),
    "long lines without end": _after("LIST", lambda talk: _flood(talk, b"* LIST " + b"x" * 15_000_000 + b"\r\n")),
    "codes without end": _after("LIST", lambda talk: _flood(talk, b"* OK [ALERT] boo\r\n" * 5000)),
    "headers nobody asked for": _after("UID FETCH", lambda talk: _flood(talk, b"* 1 FETCH (UID 9 FLAGS ())\r\n" * 5000)),
    "a header of ten gigabytes": _after("UID FETCH", lambda talk: _flood(talk, b"* 1 FETCH (UID 1 BODY[] {9999999999}\r\n" + b"x" * 65_536)),
    "a wait that talks": _after("IDLE", lambda talk: _flood(talk, b"* OK Still here\r\n" * 5000)),
    "challenges without end": _after("LOGIN", lambda talk: _flood(talk, b"+ more\r\n" * 5000)),
}  # fmt: skip

VICTIM = """
import json, resource, sys
from followmail.errors import FollowmailError
from followmail.imap import reader
from followmail.auth import Secret
from followmail.imap.session import Account, Session
resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
said = {}
for name, port in json.loads(sys.argv[1]).items():
    try:
        with Session.open(Account("127.0.0.1", port, "none", "user", lambda: Secret("x"), 5, 5)) as session:
            session.folders()
            session.examine("INBOX")
            list(reader.heads(session, "INBOX", [1, 2, 3]))
            session.idle(1)
        said[name] = "nothing"
    except FollowmailError as fault:
        said[name] = type(fault).__name__
peak = int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))) // 1024  # of this program: ru_maxrss is also its parent's
print(json.dumps([said, peak]))
"""


def test_a_malicious_server_costs_bounded_memory_and_time() -> None:
    """Gigabytes announced, lines and answers without end, under 512 MB of address space: a plain error each, alive."""
    import contextlib

    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(scripted(script))[0].port for name, script in EVIL.items()}
        done = subprocess.run(
            [sys.executable, "-c", VICTIM, json.dumps(ports)], capture_output=True, text=True, check=False, timeout=120,
            cwd=ROOT,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    said, megabytes = json.loads(done.stdout)
    assert said == dict.fromkeys(EVIL, "Unreachable")
    assert megabytes < 400


@pytest.mark.parametrize("where", ["GREETING", "EHLO", "AUTH", "RCPT", "DOT"])
def test_a_malicious_mail_server_costs_bounded_memory_and_time(where: str) -> None:
    """An answer of fifty megabytes without a line end, and one of a million lines: refused at the first few kilobytes."""
    for reply in (b"2" * 50_000_000, b"250-more\r\n" * 1_000_000):
        with running() as smtpd:
            smtpd.answer(where, reply)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            outcome = submit(
                smtpd.server(), "alex@consult.example", ["bob@bob.example"], b"Subject: x\r\n\r\nx\r\n",
                before_dot=lambda: None, local_hostname="consult.example",
            )  # fmt: skip
            assert type(outcome).__name__ == ("Unknown" if where == "DOT" else "NotSent")
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


# ---- 86: a template that means harm


def test_a_bomb_among_the_templates_stops_the_sequence_and_not_the_daemon(today: World) -> None:
    """Escapes and bombs beside a good text: check names each, the daemon goes on, the good one is drafted."""
    folder = today.home / "templates"
    shutil.copytree(ROOT / "templates", folder)
    bombs = {
        "bomb": "{{ 'x' * 10000000000 }}",
        "escape": "{{ ().__class__.__mro__ }}",
        "loop": "{% for i in range(10**9) %}{% endfor %}",
    }
    for name, text in bombs.items():
        (folder / name).mkdir()
        (folder / name / "1-a.txt").write_text(f"After: 1 day\nSubject: x\n\n{text}\n")
    today.templates = folder
    today.writes(BOB, ago=days(7))
    done = command(today, "check", "--json")
    faults = [
        line["detail"] for line in json.loads(done.stdout)["checks"] if line["name"] == "templates" and not line["ok"]
    ]
    assert done.returncode == 1
    assert {name for name in bombs if any(f"{name}/1-a.txt" in fault for fault in faults)} == set(bombs)
    daemon = Process(today)
    until(lambda: len(today.drafts()) == 1)
    assert daemon.stop() == 0


# ---- 87, 88: what strangers write

NASTY = "\x1b[2J\x1b]0;owned\x07\u202eevil\u2066\u200b\r\nFAKE LINE\x9b31m"
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def test_no_word_of_a_stranger_moves_the_cursor(today: World) -> None:
    """Escape codes, direction marks and line ends in subject, name and text: no command and no log shows them."""
    name = "=?utf-8?q?" + "".join(f"={b:02X}" for b in f"Bob{NASTY}".encode()) + "?="
    subject = "=?utf-8?q?" + "".join(f"={b:02X}" for b in f"Offer{NASTY}".encode()) + "?="
    head = f"Date: {today.now - days(7):%a, %d %b %Y %H:%M:%S +0000}\r\nMessage-ID: <o@consult.example>\r\nSubject: {subject}\r\n"
    text = "\r\nHello,\r\n\r\nwhat do you think of the proposal?\r\n"
    today.raw_arrives(f"From: {ALEX}\r\nTo: {name} <bob@bob.example>\r\n{head}{text}".encode(), "Sent", days(7))
    today.round()
    reply = f"From: {name} <bob@bob.example>\r\nTo: {ALEX}\r\nDate: {today.now:%a, %d %b %Y %H:%M:%S +0000}\r\n"
    body = f"Subject: {subject} 7\r\nMessage-ID: <r@bob.example>\r\n\r\nWhat about {NASTY}, can you call me?\r\n"
    today.raw_arrives((reply + body).encode("utf-8", "surrogateescape"))
    today.close()
    daemon = Process(today)
    until(lambda: (today.close(), today.states())[1] == {"bob@bob.example": "waiting"})  # type: ignore[func-returns-value]
    assert daemon.stop() == 0
    told = [daemon.log]
    for words in (
        ("status",), ("status", "--json"), ("plan",), ("prospects",), ("prospects", "--json"), ("digest", "--print"),
        ("explain", "bob@bob.example"), ("explain", "bob@bob.example", "--json"), ("preview", "nudge", "--to", "bob@bob.example"),
    ):  # fmt: skip
        done = command(today, *words)
        told += [done.stdout, done.stderr]
        if "--json" in words:
            json.loads(done.stdout)
    assert all("Traceback" not in text for text in told)
    assert [found for text in told if (found := _FORBIDDEN.search(text))] == []
    assert not any(line.startswith("FAKE") for text in told for line in text.splitlines())


def test_of_a_mail_only_headers_and_its_beginning_are_fetched(world: World) -> None:
    """Attachments, HTML and scripts stay on the server: no fetch asks for more than 64 KiB, and no file is written."""
    world.mailbox.record()
    world.round()
    mail = world.writes(BOB)
    world.round()
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = BOB, ALEX, "Re: Proposal"
    answer["In-Reply-To"], answer["Message-ID"] = mail.id, "<evil@bob.example>"
    answer["Received"] = "from mx.example by mail.consult.example; Mon, 4 May 2026 08:00:00 +0000"
    answer.set_content("Yes please.\n")
    answer.add_alternative(
        '<script src="http://evil.example/x.js"></script><img src="http://evil.example/1.gif">', "html"
    )
    answer.add_attachment(
        b"MZ" + b"\0" * 900_000 + b"THE-END", maintype="application", subtype="x-msdownload", filename="../../x.exe"
    )
    world.raw_arrives(answer.as_bytes())
    before = {p.name for p in world.home.iterdir()}
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    fetches = [line.partition("FETCH")[2] for line in world.mailbox.said() if "FETCH" in line]
    assert fetches
    for line in fetches:
        items = re.findall(r"BODY[^ ()]*\[[^\]]*\](?:<0\.(\d+)>)?", line)
        assert all(items), line  # each BODY[…] says how much at most
        assert all(int(n) <= (262_144 if "HEADER.FIELDS" in line else 65_537) for n in items), line
        assert ".PEEK" in line or "BODY[" not in line
    sent = b"".join(path.read_bytes() for path in (world.mailbox.home / "wire").glob("*.out"))
    assert b"VEhFLUVORA" not in sent and b"THE-END" not in sent
    assert {p.name for p in world.home.iterdir()} == before
