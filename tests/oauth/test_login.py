"""`followmail login`: the loopback redirect, a code for another device, and everything that a person or a stranger does amiss."""

import contextlib
import json
import os
import pty
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from followmail.auth import Secret
from followmail.errors import LoginRefused, SettingsError, Unreachable, UserError
from followmail.oauth import device
from followmail.oauth.loopback import Loopback
from followmail.oauth.registration import ENDPOINTS, Registration
from followmail.oauth.web import post
from followmail.options import Provider as Name
from tests.canary import PASSWORD, shows
from tests.servers.oauth import CLIENT_ID, Provider
from tests.servers.smtp import Certificate, certificate
from tests.test_service import until
from tests.world import World

ROOT = Path(__file__).parents[2]
CLIENT = Registration(Name.GOOGLE, CLIENT_ID)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def browse(url: str) -> str:
    """A browser that says yes to everything; the page at which it ends."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=20) as page:
            return str(page.read().decode())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.read().decode()


class Login:
    """`followmail login` as a process; `said` is what it has written so far."""

    def __init__(
        self, world: World, provider: Provider, *words: str, stdin: int = subprocess.DEVNULL, **more: str
    ) -> None:
        environment = {
            "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **world.environment(), **more
        }  # fmt: skip
        call = [sys.executable, "-m", "tests.oauth.command", str(provider.port), "login", *words]
        self.popen = subprocess.Popen(
            call, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=ROOT
        )
        self.said = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.said += line

    def url(self) -> str:
        """The address that it shows."""
        until(lambda: "Waiting for your yes" in self.said or self.popen.poll() is not None)
        (found,) = re.findall(r"^http://127\.0\.0\.1\S+/authorize\S+$", self.said, re.MULTILINE)
        return str(found)

    def ended(self) -> int:
        status = self.popen.wait(20)
        self._reader.join(20)
        assert self.popen.stdout is not None
        self.popen.stdout.close()
        assert not shows(self.said)
        return status


@pytest.fixture
def new_world(oauth_world: World) -> World:
    """Nobody has logged in yet."""
    (oauth_world.home / "followmail.token").unlink()
    return oauth_world


# ---- in the browser


def test_a_login_in_the_browser(new_world: World, provider: Provider) -> None:
    """One yes; then the tokens lie beside the database, for their owner alone, and a round works."""
    login = Login(new_world, provider)
    asked = parse_qs(urlsplit(login.url()).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["scope"] == ["https://mail.google.com/"]
    assert asked["login_hint"] == [new_world.mailbox.user]
    page = browse(login.url())
    assert "Go back to followmail" in page and not shows(page)
    assert login.ended() == 0, login.said
    file = new_world.home / "followmail.token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "lets followmail in as" in login.said
    assert json.loads(file.read_text())["access_token"] == provider.seen[-1]
    new_world.round()
    assert provider.refreshes == 0
    with pytest.raises(OSError):  # nothing listens any more
        socket.create_connection(("127.0.0.1", urlsplit(asked["redirect_uri"][0]).port or 0), 1)


def test_a_login_that_was_refused_before_is_forgiven_after(new_world: World, provider: Provider) -> None:
    """What was held because of it is tried again."""
    facts = new_world.office.store.facts
    for fact in ("login_fault", "sending_fault"):
        facts.set_text(fact, "no")
    new_world.close()
    login = Login(new_world, provider)
    browse(login.url())
    assert login.ended() == 0
    facts = new_world.office.store.facts
    assert (facts.text("login_fault"), facts.text("sending_fault")) == (None, None)


def test_a_yes_as_somebody_else_is_told(new_world: World, provider: Provider) -> None:
    """The provider lets them in, the mailbox does not."""
    provider.user = "somebody-else"
    login = Login(new_world, provider)
    browse(login.url())
    assert login.ended() == 77
    assert "Was it another account?" in login.said


def test_a_no_at_the_consent_page(new_world: World, provider: Provider) -> None:
    """Nothing is stored; the page and the terminal say so."""
    provider.consents = False
    login = Login(new_world, provider)
    assert "was told no (access_denied)" in browse(login.url())
    assert login.ended() == 77
    assert "nothing was stored" in login.said
    assert not (new_world.home / "followmail.token").exists()


def test_a_browser_that_never_comes(new_world: World, provider: Provider) -> None:
    """Ctrl-C ends it with 130, without a trace of it."""
    login = Login(new_world, provider)
    login.url()
    login.popen.send_signal(signal.SIGINT)
    assert login.ended() == 130
    assert "Traceback" not in login.said
    assert not (new_world.home / "followmail.token").exists()


def test_a_machine_without_a_browser(new_world: World, provider: Provider) -> None:
    """At a terminal the address at which a browser elsewhere ended may be pasted."""
    ours, its = pty.openpty()
    login = Login(new_world, provider, stdin=its)
    url = login.url()
    assert "Open this address in a browser" in login.said
    until(lambda: "paste its address here" in login.said)

    class Elsewhere(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """There is nothing at 127.0.0.1 on that machine."""

    with pytest.raises(urllib.error.HTTPError) as ended:
        urllib.request.build_opener(Elsewhere).open(url, timeout=20)
    os.write(ours, f"what?\n{ended.value.headers['Location']}\n".encode())
    ended.value.close()
    assert login.ended() == 0, login.said
    os.close(ours)
    os.close(its)


def test_the_browser_gets_none_of_our_settings(new_world: World, provider: Provider) -> None:
    """Neither in its environment nor among its words."""
    told = new_world.home / "told"
    browser = new_world.home / "browser"
    browser.write_text(f'#!/bin/sh\n{{ env; echo "$@"; }} > {told}.new; mv {told}.new {told}\n')
    browser.chmod(0o755)
    login = Login(new_world, provider, DISPLAY=":99", BROWSER=f"{browser} %s")
    url = login.url()
    until(told.exists)
    assert "Your browser opens it" in login.said
    said = told.read_text()
    assert url in said and "FOLLOWMAIL_" not in said and not shows(said)
    login.popen.send_signal(signal.SIGINT)
    login.ended()


def test_a_login_by_password_has_nothing_to_log_in_to(oauth_world: World, provider: Provider) -> None:
    """Nor has one whose tokens another program brings."""
    for more, what in (
        ({"FOLLOWMAIL_AUTH": "password", "FOLLOWMAIL_PASSWORD": PASSWORD}, "Login is by password here"),
        ({"FOLLOWMAIL_TOKEN_COMMAND": "true"}, "come from FOLLOWMAIL_TOKEN_COMMAND"),
    ):
        login = Login(oauth_world, provider, **more)
        assert login.ended() == 1
        assert what in login.said


# ---- the loopback, and who else knocks


@pytest.fixture
def loopback(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """One attempt, which waits no longer than a test may."""
    monkeypatch.setattr("followmail.oauth.loopback.PATIENCE", 20.0)
    with Loopback(CLIENT, "alex") as made:
        yield made


def answered(loopback: Loopback, *visits: Callable[[int, str], str]) -> list[str]:
    """What the visitors are shown, in order, while it waits; they are given the port and the state."""
    state = parse_qs(urlsplit(loopback.url).query)["state"][0]
    shown: list[str] = []
    thread = threading.Thread(target=lambda: shown.extend(visit(loopback.port, state) for visit in visits))
    thread.start()
    try:
        loopback.wait()
    finally:
        thread.join(20)
    return shown


def raw(text: str) -> Callable[[int, str], str]:
    def visit(port: int, state: str) -> str:
        shown = ""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(text.replace("STATE", state).encode())
            sock.shutdown(socket.SHUT_WR)
            shown = sock.makefile().read()
        return shown

    return visit


GOOD = raw("GET /?code=c&state=STATE HTTP/1.1\r\nHost: x\r\n\r\n")


def test_other_visitors_are_shown_nothing(loopback: Loopback) -> None:
    """An icon, a connection that says nothing, another method, rubbish: it goes on waiting."""
    noise = [
        "GET /favicon.ico HTTP/1.1\r\n\r\n",
        "",
        "POST /?code=x&state=STATE HTTP/1.1\r\n\r\n",
        "\x00" * 500,
        "A" * 70_000,
        "GET //[x?code=1 HTTP/1.1\r\n\r\n",
        f"GET /?{'&'.join('a=b' for _ in range(60))} HTTP/1.1\r\n\r\n",
    ]
    shown = answered(loopback, *map(raw, noise), GOOD)
    assert [text[:12] for text in shown if text][-1] == "HTTP/1.1 200"
    assert not any("200" in text[:12] for text in shown[:-1])


@pytest.mark.parametrize("query", ["code=c&state=other", "code=c", "error=access_denied&state=", "code=c&state=%FF"])
def test_an_answer_with_another_state_is_not_believed(loopback: Loopback, query: str) -> None:
    """Whoever sent it: the login ends, and nothing is stored."""
    shown: list[str] = []
    with pytest.raises(LoginRefused, match="its state is another"):
        shown = answered(loopback, raw(f"GET /?{query} HTTP/1.1\r\n\r\n"))
    assert shown == []


def test_a_page_of_ours_runs_no_words_of_others(loopback: Loopback) -> None:
    """What stands in an error is not repeated as it came."""
    shown: list[str] = []

    def visit(port: int, state: str) -> str:
        shown.append(raw(f"GET /?state={state}&error={'%3Cscript%3E' * 9} HTTP/1.1\r\n\r\n")(port, state))
        return ""

    with pytest.raises(LoginRefused, match="scriptscript"):
        answered(loopback, visit)
    assert "<script" not in shown[0] and "default-src 'none'" in shown[0]


def test_a_code_is_worth_nothing_without_the_verifier(loopback: Loopback, provider: Provider) -> None:
    """RFC 7636: who steals the code on its way has nothing; nor has who brings one of another login."""
    with Loopback(CLIENT, "alex") as other:
        code = parse_qs(urlsplit(provider.consent(_asked(other))).query)["code"][0]
        with pytest.raises(LoginRefused, match="invalid_grant"):
            loopback.tokens(Secret(code), NOON)
        assert other.tokens(Secret(parse_qs(urlsplit(provider.consent(_asked(other))).query)["code"][0]), NOON).refresh


def _asked(loopback: Loopback) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(loopback.url).query).items()}


def test_nobody_is_waited_for_without_end(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes, here less."""
    monkeypatch.setattr("followmail.oauth.loopback.PATIENCE", 0.1)
    with pytest.raises(LoginRefused, match="Nobody answered"):
        loopback.wait()


def test_only_this_machine_can_answer(loopback: Loopback) -> None:
    """It listens on 127.0.0.1, and asks for that address, or for localhost where the provider wants the word."""
    assert loopback._listener.getsockname()[0] == "127.0.0.1"
    assert _asked(loopback)["redirect_uri"] == f"http://127.0.0.1:{loopback.port}"
    with Loopback(Registration(Name.MICROSOFT, "x", tenant="consult.example"), "alex") as other:
        assert _asked(other)["redirect_uri"] == f"http://localhost:{other.port}"
        assert other.url.startswith("https://login.microsoftonline.com/consult.example/oauth2/v2.0/authorize?")


# ---- on another device


def test_a_code_typed_on_another_device(new_world: World, provider: Provider) -> None:
    """It asks until somebody has typed it."""
    login = Login(new_world, provider, "--device")
    until(lambda: "ABCD-EFGH" in login.said or login.popen.poll() is not None)
    assert "Open https://provider.example/device on any device" in login.said
    until(lambda: len(provider.asked) > 2)
    provider.typed = True
    assert login.ended() == 0, login.said


def test_a_no_on_the_other_device_and_nobody_at_all(provider: Provider) -> None:
    """Each ends in one sentence."""
    shown = device.begin(CLIENT)
    assert PASSWORD not in repr(shown)
    with pytest.raises(LoginRefused, match="heard nobody in time"):
        device.tokens(CLIENT, shown, lambda: NOON, wait=lambda seconds: None)
    provider.consents = False
    with pytest.raises(LoginRefused, match="was told no"):
        device.tokens(CLIENT, shown, lambda: NOON, wait=lambda seconds: None)


def test_a_provider_that_wants_to_be_asked_less_is(provider: Provider) -> None:
    """RFC 8628 §3.5: slow_down is five seconds more; silence doubles."""
    shown = replace(device.begin(CLIENT), pause=1.0)
    body = b'{"error": "slow_down"}'
    provider.answers += [
        b"HTTP/1.1 400 Bad\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), b"HTTP/1.1 500 Oops\r\n\r\n",
    ]  # fmt: skip
    provider.typed = True
    waits: list[float] = []
    assert device.tokens(CLIENT, shown, lambda: NOON, wait=waits.append).refresh
    assert waits == [1.0, 6.0, 12.0]


@pytest.mark.parametrize(
    "fields",
    [
        {"verification_uri": "http://evil.example/"},
        {"verification_uri": "https://x.example/\x1b[2J"},
        {"user_code": "A\nB"},
        {"device_code": ""},
    ],
)
def test_what_would_be_shown_is_looked_at(provider: Provider, fields: dict[str, str]) -> None:
    """No escape code, no plain http."""
    body = json.dumps({**provider._device(), **fields}).encode()
    provider.answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    with pytest.raises(LoginRefused, match="could be typed"):
        device.begin(CLIENT)


def test_google_has_no_codes_for_mail() -> None:
    """It is said before anybody is asked."""
    with pytest.raises(UserError, match="without --device"):
        device.begin(CLIENT)


# ---- the line to the endpoint


@pytest.mark.parametrize("trusted", [True, False])
def test_the_endpoints_certificate_is_verified(tmp_path: Path, trusted: bool) -> None:
    """Nothing is asked of a stranger."""
    made = certificate(tmp_path)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve_tls, args=(listener, made, heard))
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/token"
        if trusted:
            assert post(url, {"refresh_token": PASSWORD}, made.file).status == 200
        else:
            with pytest.raises(Unreachable, match="cannot be trusted"):
                post(url, {"refresh_token": PASSWORD})
        thread.join(20)
    assert bool(heard) is trusted


def _serve_tls(listener: socket.socket, made: Certificate, heard: list[bytes]) -> None:
    sock, _ = listener.accept()
    try:
        with made.context().wrap_socket(sock, server_side=True) as secured:
            heard.append(secured.recv(65_536))
            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    except OSError:
        sock.close()


def test_the_real_endpoints_are_asked_over_https_only() -> None:
    """Every address in the table; no other is asked in plain text."""
    with pytest.raises(SettingsError, match="https only"):
        post("http://oauth2.example/token", {})
    for there in ENDPOINTS.values():
        for url in filter(None, (there.authorize, there.token, there.device)):
            assert url.startswith("https://")
