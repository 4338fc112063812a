"""A mailbox by OAuth2: a real Dovecot that asks about each token, a real SMTP dialogue, tokens that end at any moment."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from followmail import telling
from followmail.errors import LoginNeeded, LoginRefused, Transient
from followmail.imap.session import Session
from followmail.sequence.steps import Status
from followmail.service import Daemon, Stop
from followmail.smtp import Sent, submit
from tests.canary import PASSWORD, shows
from tests.servers.dovecot import Dovecots
from tests.servers.oauth import Provider
from tests.servers.smtp import Smtpd
from tests.test_service import until
from tests.world import BOB, Mail, World

ROOT = Path(__file__).parents[2]
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 33\r\n\r\n<html>Accept our terms, please.  \n"


@pytest.fixture
def sending_by_token(oauth_world: World, provider: Provider, smtpd: Smtpd) -> World:
    """The same world in mode send; the mail server takes the provider's tokens too."""
    smtpd.auth, smtpd.takes_token = "XOAUTH2 OAUTHBEARER", provider.takes
    oauth_world.reopen(
        FOLLOWMAIL_MODE="send", FOLLOWMAIL_SMTP_HOST="127.0.0.1", FOLLOWMAIL_SMTP_PORT=str(smtpd.port),
        FOLLOWMAIL_SMTP_SECURITY="none", FOLLOWMAIL_GAP="0", FOLLOWMAIL_DETECT="enroll",
    )  # fmt: skip
    return oauth_world


def due(world: World) -> World:
    """Alex wrote to Bob, four business days passed, and the nudge is due."""
    world.owes_bob_a_nudge()
    return world


def token_file(world: World) -> Path:
    return world.home / "followmail.token"


def problems(world: World) -> str:
    return "\n".join(telling.status(world.office.cycle(world.now), world.office.settings.poll)["problems"])


# ---- getting in


def test_a_round_by_token(oauth_world: World, provider: Provider) -> None:
    """The token of the file is taken as it is; nobody is asked for another."""
    oauth_world.round()
    assert (provider.refreshes, len(provider.seen)) == (0, 1)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_imap_by_each_mechanism(oauth_world: World, provider: Provider, mechanism: str) -> None:
    """A real Dovecot takes what we say, whichever of the two it offers."""
    account = oauth_world.office.account()
    with Session.open(account) as session:
        session.wire.capabilities = (f"AUTH={mechanism}",)
        assert session.alive
    from followmail.imap.connect import connect, way_in

    for more in ((), ("SASL-IR",)):
        client = connect(account)
        client.wire.capabilities = (f"AUTH={mechanism}", *more)
        sign_in = way_in(client.wire, account, account.password())
        assert sign_in is not None
        sign_in()
        assert client.wire.state == "AUTH"
        client.wire.shutdown()


@pytest.mark.parametrize("offered", ["XOAUTH2", "OAUTHBEARER", "PLAIN OAUTHBEARER XOAUTH2"])
def test_smtp_by_each_mechanism(sending_by_token: World, smtpd: Smtpd, offered: str) -> None:
    """The user and the token arrive."""
    smtpd.auth = offered
    server = sending_by_token.office.smtp_server()
    assert server is not None
    assert isinstance(send(server), Sent)
    assert smtpd.logins == [(sending_by_token.mailbox.user, server.password().reveal())]


def send(server: object) -> object:
    return submit(
        server, "a@one.example", ["b@two.example"], b"Subject: x\r\n\r\nHello\r\n",  # type: ignore[arg-type]
        before_dot=lambda: None, local_hostname="localhost",
    )  # fmt: skip


def test_a_server_that_takes_no_tokens_is_named(oauth_world: World, smtpd: Smtpd, dovecots: Dovecots) -> None:
    """No password is said in the token's stead, and no new token is asked for."""
    oauth_world.reopen(FOLLOWMAIL_IMAP_PORT=str(dovecots().port))
    with pytest.raises(LoginRefused, match="offers no login by OAuth2"):
        oauth_world.round()
    oauth_world.reopen(
        FOLLOWMAIL_SMTP_HOST="127.0.0.1", FOLLOWMAIL_SMTP_PORT=str(smtpd.port), FOLLOWMAIL_SMTP_SECURITY="none"
    )
    assert "offers no login by OAuth2" in repr(send(oauth_world.office.smtp_server()))
    assert smtpd.logins == []


def test_a_password_of_smtps_own_is_said_there(oauth_world: World, smtpd: Smtpd) -> None:
    """The mailbox by token, the mail server by password."""
    oauth_world.reopen(
        FOLLOWMAIL_SMTP_HOST="127.0.0.1", FOLLOWMAIL_SMTP_PORT=str(smtpd.port), FOLLOWMAIL_SMTP_SECURITY="none",
        FOLLOWMAIL_SMTP_PASSWORD=PASSWORD,
    )  # fmt: skip
    assert isinstance(send(oauth_world.office.smtp_server()), Sent)
    oauth_world.round()


def test_a_helper_that_prints_tokens(oauth_world: World, provider: Provider) -> None:
    """It is run at each login; a refused token is asked for once more, and the same again is not said twice."""
    helper = oauth_world.home / "secret"
    oauth_world.reopen(FOLLOWMAIL_TOKEN_COMMAND=f"cat {helper}; mv {helper}.txt {helper} 2>/dev/null || true")
    helper.write_text(provider.tokens().access.reveal())
    oauth_world.round()
    helper.write_text(f"stale-{PASSWORD}")
    helper.with_name("secret.txt").write_text(provider.tokens().access.reveal())
    oauth_world.round()
    provider.expire()
    provider.seen.clear()
    with pytest.raises(LoginRefused):
        oauth_world.round()
    assert len(provider.seen) == 1
    assert provider.asked == []


# ---- the end of a token


def test_it_is_renewed_before_it_ends(oauth_world: World, provider: Provider) -> None:
    """Five minutes before: no server sees one that is over."""
    oauth_world.office.clock = lambda: oauth_world.now
    oauth_world.now += timedelta(minutes=54)
    oauth_world.round()
    assert provider.refreshes == 0
    oauth_world.now += timedelta(minutes=2)
    oauth_world.round()
    assert provider.refreshes == 1
    assert len(set(provider.seen)) == 2
    kept = json.loads(token_file(oauth_world).read_text())
    assert (kept["access_token"], stat.S_IMODE(token_file(oauth_world).stat().st_mode)) == (provider.seen[-1], 0o600)


@pytest.mark.parametrize("skew", [timedelta(days=-400), timedelta(hours=-2), timedelta(days=400)])
def test_a_clock_that_is_wrong_costs_a_question_and_no_login(
    oauth_world: World, provider: Provider, skew: timedelta
) -> None:
    """Behind or ahead: what our clock cannot tell, the provider can."""
    oauth_world.office.clock = lambda: oauth_world.now + skew
    for _ in range(3):
        oauth_world.round()
    assert provider.refreshes <= 1 if skew.days >= 0 else provider.refreshes == 1


def test_a_token_that_ended_early_is_renewed_at_the_servers_no(oauth_world: World, provider: Provider) -> None:
    """By our clock it was good for an hour."""
    oauth_world.office.clock = lambda: oauth_world.now
    provider.expire()
    oauth_world.round()
    assert provider.refreshes == 1
    oauth_world.round()
    assert provider.refreshes == 1


def test_a_token_that_ends_while_it_waits_for_mail(oauth_world: World, provider: Provider) -> None:
    """Fault 50: the server ends the IDLE with the token. It is renewed, and the mail of that time is found."""
    opening = due(oauth_world).sent()[0]
    stop = Stop()
    daemon = Daemon(oauth_world.office, stop, lambda: oauth_world.now)
    assert daemon._round() is None
    assert len(oauth_world.drafts()) == 1
    before = provider.refreshes

    def meanwhile() -> None:
        provider.expire()
        oauth_world.gets(BOB, answers=Mail(opening["Message-ID"], b"", "Sent", 1))
        oauth_world.mailbox.kick()

    other = threading.Thread(target=meanwhile)
    other.start()

    def goes_on() -> bool:
        daemon.backoff = 0.01
        daemon._rest()
        assert daemon._round() is None
        return provider.refreshes > before and oauth_world.states() == {"bob@bob.example": "replied"}

    until(goes_on)
    other.join()
    daemon._hang_up()
    stop.close()
    assert provider.refreshes == before + 1


def test_the_daemon_itself_outlives_a_token(oauth_world: World, provider: Provider) -> None:
    """Fault 50, as a process: the connection ends with the token; it logs in anew, and its log shows no secret."""
    world, log = oauth_world, oauth_world.home / "log"
    world.now = datetime.now(UTC)
    world.options |= {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00"}
    opening = world.writes(BOB, ago=timedelta(days=7))
    call = [sys.executable, "-m", "tests.oauth.command", str(provider.port), "run"]
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **world.environment()}
    with log.open("w") as file:
        daemon = subprocess.Popen(call, env=environment, stdin=subprocess.DEVNULL, stderr=file, cwd=ROOT)
    try:
        until(lambda: len(world.drafts()) == 1)
        before = provider.refreshes
        provider.expire()
        world.mailbox.kick()
        world.gets(BOB, answers=opening, ago=timedelta(0))
        until(lambda: world.drafts() == [])
    finally:
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(20) == 0
    assert provider.refreshes == before + 1
    assert not shows(log.read_text())


@pytest.mark.parametrize("when", ["EHLO", "MAIL", "DOT"])
def test_a_token_that_ends_in_the_middle_of_a_send(
    sending_by_token: World, provider: Provider, smtpd: Smtpd, when: str
) -> None:
    """Fault 50: renewed where the server asks for it; the mail leaves once, and one copy lies in Sent."""
    world = due(sending_by_token)
    provider.log_in(token_file(world), world.mailbox.user, world.now)

    def ends(key: str) -> None:
        if key == when and not over:
            over.append(key)
            provider.expire()

    over: list[str] = []
    smtpd.on_command = ends
    world.rounds_over(30)
    smtpd.settle()
    assert over == [when]
    assert len(smtpd.delivered) == 1
    assert [m["Message-ID"] for m in world.sent()].count(message_from_bytes(smtpd.delivered[0].data)["Message-ID"]) == 1
    assert world.of("bob@bob.example").deliveries[0].status is Status.SENT
    assert provider.refreshes == 1


# ---- a token that is dead


def test_a_revoked_login_is_one_message_and_77(oauth_world: World, provider: Provider) -> None:
    """Fault 51: told by the other channel, once; nothing is tried again; what was seen stays; a new login mends it."""
    told = oauth_world.home / "told"
    oauth_world.reopen(FOLLOWMAIL_ALERT_COMMAND=f"cat >> {told}")
    due(oauth_world)
    oauth_world.round()
    provider.expire()
    provider.revoked = True
    stop = Stop()
    assert Daemon(oauth_world.office, stop, lambda: oauth_world.now).run() == 77
    stop.close()
    (line,) = told.read_text().splitlines()
    assert "Google takes this login no longer" in line and "`followmail login`" in line
    assert len(provider.asked) == 1
    assert "`followmail login`" in problems(oauth_world) and "mend the password" not in problems(oauth_world)
    assert len(oauth_world.drafts()) == 1
    provider.revoked = False
    provider.log_in(token_file(oauth_world), oauth_world.mailbox.user, oauth_world.now)
    oauth_world.round()
    assert problems(oauth_world) == ""


def test_a_login_revoked_under_a_living_connection_holds_what_would_be_sent(
    sending_by_token: World, provider: Provider, smtpd: Smtpd
) -> None:
    """Fault 51: the mailbox goes on being watched; nothing is sent, and it is said why; after a login it leaves."""
    world = due(sending_by_token)
    told = world.home / "told"
    world.reopen(FOLLOWMAIL_ALERT_COMMAND=f"cat >> {told}")
    stop = Stop()
    daemon = Daemon(world.office, stop, lambda: world.now)
    daemon.session = world.office.connect()
    provider.expire()
    provider.revoked = True
    for _ in range(3):
        assert daemon._round() is None
    assert smtpd.delivered == []
    assert told.read_text().count("followmail login") == 1
    assert "`followmail login`" in problems(world)
    daemon._hang_up()
    assert daemon._round() == 77
    assert told.read_text().count("followmail login") == 1
    stop.close()
    provider.revoked = False
    provider.log_in(token_file(world), world.mailbox.user, world.now)
    from followmail.desk import let_account_try

    let_account_try(world.office.store)
    world.rounds_over(20)
    smtpd.settle()
    assert len(smtpd.delivered) == 1


def test_a_client_that_the_provider_does_not_know(oauth_world: World, provider: Provider) -> None:
    """The settings to look at are named; the secret that it repeats is not."""
    oauth_world.reopen(FOLLOWMAIL_OAUTH_CLIENT_SECRET=f"wrong-{PASSWORD}")
    provider.expire()
    with pytest.raises(LoginRefused, match="FOLLOWMAIL_OAUTH_CLIENT_ID, _CLIENT_SECRET") as caught:
        oauth_world.round()
    assert "no such client ***" in str(caught.value)


@pytest.mark.parametrize("status", [0, 77])
def test_the_installed_command_ends_with_77(oauth_world: World, provider: Provider, status: int) -> None:
    """`once` at the real endpoint's place; without a login, it says what to do."""
    provider.log_in(token_file(oauth_world), oauth_world.mailbox.user)
    if status:
        token_file(oauth_world).unlink()
    said = command(oauth_world, provider, "once", status=status)
    assert ("You are not logged in at Google yet: `followmail login`." in said) is bool(status)


def command(world: World, provider: Provider, *words: str, status: int = 0) -> str:
    """What the command says, with the provider in Google's place."""
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **world.environment()}
    call = [sys.executable, "-m", "tests.oauth.command", str(provider.port), *words]
    done = subprocess.run(
        call, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, check=False, timeout=60,
        cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


# ---- an endpoint in trouble


@pytest.mark.parametrize(
    "raw",
    [
        PAGE,
        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 429 Slow\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"{" * 200_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n" + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n" + b"[" * 40,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 50_000,
        b'HTTP/1.1 200 OK\r\n\r\n{"access_token": ""}',
        b'HTTP/1.1 200 OK\r\n\r\n{"access_token": "a\\u0001b", "expires_in": 1e400}',
        b'HTTP/1.1 200 OK\r\n\r\n{"access_token": "a\\u0001b", "expires_in": 1' + b"0" * 400 + b"}",
        b'HTTP/1.1 200 OK\r\n\r\n{"access_token": ["x"], "expires_in": {}}',
        b"SSH-2.0-OpenSSH_9\r\n",
        b"",
    ],
    ids=lambda raw: repr(raw[:60]),
)
def test_what_the_endpoint_answers_is_bounded_and_told(oauth_world: World, provider: Provider, raw: bytes) -> None:
    """A portal's page, HTTP 500, an answer without end: for later, in plain words; the tokens stay as they are."""
    before = token_file(oauth_world).read_bytes()
    provider.expire()
    provider.answers.append(raw)
    with pytest.raises(Transient) as caught:
        oauth_world.round()
    assert str(caught.value).isprintable()
    assert not shows(str(caught.value))
    assert token_file(oauth_world).read_bytes() == before
    oauth_world.round()
    assert provider.refreshes == 1


def test_an_endpoint_that_hangs_is_given_up(
    oauth_world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time; a token that still has minutes is used meanwhile."""
    monkeypatch.setattr("followmail.oauth.web.PATIENCE", 0.3)
    oauth_world.office.clock = lambda: oauth_world.now
    oauth_world.now += timedelta(minutes=57)
    provider.answers.append(None)
    oauth_world.round()
    provider.expire()
    provider.answers += [None, None]
    with pytest.raises(Transient, match="did not answer within"):
        oauth_world.round()


def test_nothing_of_it_stands_in_the_database(oauth_world: World, provider: Provider) -> None:
    """Tokens are in their own file and nowhere else."""
    provider.expire()
    oauth_world.round()
    provider.revoked = True
    provider.expire()
    with pytest.raises(LoginNeeded):
        oauth_world.round()
    oauth_world.close()
    holding = [p.name for p in oauth_world.home.iterdir() if shows(p.read_bytes())]
    assert holding == ["followmail.token"]
