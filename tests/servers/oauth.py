"""A provider's OAuth2 on this machine: the token endpoint, the consent page, codes for devices, and what Dovecot asks.

    def test_something(provider, oauth_world):          # a World whose Dovecot asks this provider about tokens
        oauth_world.round()                             # it is logged in: `followmail login` was said a while ago
        provider.expire()                               # all access tokens so far are over
        provider.revoked = True                         # and the refresh tokens too: invalid_grant
        provider.answers.append(b"HTTP/1.1 500 …")      # raw bytes for the next question; None: silence

Every token, code and secret holds the password of tests/canary.py, so that one which leaks anywhere fails the run.
"""

import base64
import hashlib
import itertools
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from followmail.auth import Secret
from followmail.oauth.grant import Tokens
from followmail.oauth.registration import ENDPOINTS, Registration
from followmail.oauth.token_file import TokenFile
from followmail.options import Provider as Name
from tests.canary import PASSWORD
from tests.oauth.command import endpoints
from tests.servers.dovecot import Dovecot, Dovecots
from tests.world import World

CLIENT_ID = "0815-followmail"
CLIENT_SECRET = f"cs-{PASSWORD}"
LIFETIME = 3600


class Provider:
    """The endpoint. `asked`: the forms of all questions, in order; `refreshes`: how many tokens were renewed."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.reset()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def reset(self) -> None:
        """As new: nobody is logged in."""
        self._over.set()
        self._over = threading.Event()
        self.rotates = True
        self.revoked = False
        self.consents = True
        self.typed = False  # whether somebody typed the device's code
        self.answers: list[bytes | None] = []
        self.asked: list[dict[str, str]] = []
        self.seen: list[str] = []  # access tokens that a mail server asked about
        self.refreshes = 0
        self._live: dict[str, str] = {}  # access token → user
        self._refresh: set[str] = set()
        self._codes: dict[str, dict[str, str]] = {}
        self.user = ""

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    # ---- for tests

    def expire(self) -> None:
        """Every access token so far is over."""
        self._live.clear()

    def tokens(self) -> Tokens:
        """A pair that is good."""
        access, refresh = self._pair()
        return Tokens(Secret(access), Secret(refresh))

    def environment(self, user: str) -> dict[str, str]:
        """The settings of a consultant who logs in here."""
        self.user = user
        return {
            "FOLLOWMAIL_AUTH": "oauth2",
            "FOLLOWMAIL_OAUTH_PROVIDER": "google",
            "FOLLOWMAIL_OAUTH_CLIENT_ID": CLIENT_ID,
            "FOLLOWMAIL_OAUTH_CLIENT_SECRET": CLIENT_SECRET,
            "FOLLOWMAIL_PASSWORD": "",
        }

    def log_in(self, path: Path, user: str, now: datetime | None = None) -> TokenFile:
        """As after `followmail login`: the file with good tokens."""
        self.user = user
        client = Registration(Name.GOOGLE, CLIENT_ID)
        file = TokenFile(path, client, user)
        path.parent.mkdir(parents=True, exist_ok=True)
        until = now + timedelta(seconds=LIFETIME - 300) if now else None
        file.write(replace(self.tokens(), since=now, until=until))
        return file

    def takes(self, token: str) -> bool:
        """Whether an access token is good."""
        return token in self._live

    # ---- what it answers

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/introspect":
            self.seen.append(form.get("token", ""))
            user = self._live.get(form.get("token", ""))
            return 200, {"active": user is not None, "username": user or ""}
        with self._lock:
            self.asked.append(form)
            if path == "/device":
                return 200, self._device()
            return self._token(form)

    def _device(self) -> dict[str, Any]:
        return {
            "device_code": f"dc-{PASSWORD}", "user_code": "ABCD-EFGH", "verification_uri": "https://provider.example/device",
            "expires_in": 60, "interval": 0,
        }  # fmt: skip

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        kind = form["grant_type"]
        if form["client_id"] != CLIENT_ID or form.get("client_secret") not in (None, CLIENT_SECRET):
            return 401, {"error": "invalid_client", "error_description": f"no such client {form['client_secret']}"}
        if kind == "refresh_token":
            if self.revoked or form["refresh_token"] not in self._refresh:
                told = f"Token {form['refresh_token']} has been expired or revoked."
                return 400, {"error": "invalid_grant", "error_description": told}
            self.refreshes += 1
            if self.rotates:
                self._refresh.discard(form["refresh_token"])
                return 200, self._grant(*self._pair())
            return 200, self._grant(self._access())
        if kind == "authorization_code":
            asked = self._codes.pop(form["code"], None)
            challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
            if (
                asked is None
                or asked["code_challenge"] != challenge.decode()
                or asked["redirect_uri"] != form["redirect_uri"]
            ):
                return 400, {"error": "invalid_grant"}
            return 200, self._grant(*self._pair())
        if not self.consents:
            return 400, {"error": "authorization_declined"}
        return (200, self._grant(*self._pair())) if self.typed else (400, {"error": "authorization_pending"})

    def consent(self, asked: dict[str, str]) -> str:
        """Where the consent page sends the browser."""
        if not self.consents:
            return f"{asked['redirect_uri']}?error=access_denied&state={asked['state']}"
        code = f"code-{next(self._numbers)}-{PASSWORD}"
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def _grant(self, access: str, refresh: str = "") -> dict[str, Any]:
        rotated = {"refresh_token": refresh} if refresh else {}
        return {"access_token": access, "token_type": "Bearer", "expires_in": LIFETIME, **rotated}

    def _access(self) -> str:
        access = f"at-{next(self._numbers)}-{PASSWORD}"
        self._live[access] = self.user
        return access

    def _pair(self) -> tuple[str, str]:
        refresh = f"rt-{next(self._numbers)}-{PASSWORD}"
        self._refresh.add(refresh)
        return self._access(), refresh

    def wait(self) -> None:
        """Says nothing until the test is over."""
        self._over.wait(30)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            path = urlsplit(self.path).path
            if path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.consent(asked))
                self.end_headers()
            else:
                self._say(*provider.answer(path, asked))

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            path = urlsplit(self.path).path
            if path != "/introspect" and provider.answers:
                raw = provider.answers.pop(0)
                self.close_connection = True
                if raw is None:
                    provider.wait()
                else:
                    self.wfile.write(raw)
                return
            self._say(*provider.answer(path, {key: values[0] for key, values in form.items()}))

        def _say(self, status: int, fields: dict[str, Any]) -> None:
            body = json.dumps(fields).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


@pytest.fixture(scope="session")
def provider_of_the_run() -> Iterator[Provider]:
    """One server for all tests, since Dovecot's configuration names its port."""
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def provider(provider_of_the_run: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider whom nobody has asked anything yet, in place of Google."""
    provider_of_the_run.reset()
    monkeypatch.setitem(ENDPOINTS, Name.GOOGLE, endpoints(provider_of_the_run.port))
    yield provider_of_the_run
    provider_of_the_run.reset()


@pytest.fixture(scope="session")
def dovecot_by_token(
    dovecots: Dovecots, provider_of_the_run: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Dovecot:
    """A Dovecot that asks the provider about each token; by password it is still open to the test."""
    conf = tmp_path_factory.mktemp("oauth") / "oauth2.conf"
    conf.write_text(
        f"introspection_mode = post\nintrospection_url = http://127.0.0.1:{provider_of_the_run.port}/introspect\n"
        "username_attribute = username\nactive_attribute = active\nactive_value = true\n"
    )
    passdb = f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {conf}\n}}"
    return dovecots(extra=f"auth_mechanisms = plain login xoauth2 oauthbearer\n{passdb}")


@pytest.fixture
def oauth_world(dovecot_by_token: Dovecot, provider: Provider, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox by OAuth2: logged in, the tokens good for an hour of the world's time."""
    world = World(dovecot_by_token.mailbox(), tmp_path / "home")
    world.options |= provider.environment(world.mailbox.user)
    provider.log_in(world.home / "followmail.token", world.mailbox.user, world.now)
    yield world
    world.close()
