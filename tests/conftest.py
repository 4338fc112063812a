"""Fixtures that every test may ask for. A server that is missing is loud: see `_require`."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.canary import Watch
from tests.servers import dovecot as _dovecot
from tests.servers import smtp as _smtp
from tests.servers.dovecot import Dovecot, Dovecots, Mailbox
from tests.servers.others import Others
from tests.servers.smtp import Smtpd
from tests.world import World

smtpd = _smtp.smtpd
_watch = Watch()


@pytest.fixture(scope="session", autouse=True)
def _canary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, and nothing that a test started, showed the password: in no output, log, file or process list."""
    with _watch.watching(tmp_path_factory.getbasetemp()):
        yield
    assert _watch.leaks == []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test printed, or failed with."""
    for title, text in report.sections:
        _watch.said(text, f"{report.nodeid}: {title}")
    _watch.said(report.longreprtext, f"{report.nodeid}: its failure")


def _require(program: str | None, name: str, package: str) -> None:
    """Without the server its tests prove nothing: they skip on a laptop, and fail where servers are promised."""
    if program:
        return
    _missing(
        f"{name} is not installed (Debian: apt-get install {package}): nothing here was tested against a real server"
    )


def _missing(sentence: str) -> None:
    if os.environ.get("REQUIRE_SERVERS") == "1" or os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def dovecots() -> Iterator[Dovecots]:
    """`dovecots(prefix="INBOX.", …)`: a running Dovecot with these options, shared by all that ask for the same."""
    _require(_dovecot.PROGRAM, "Dovecot", "dovecot-imapd")
    servers = Dovecots()
    yield servers
    servers.close()


@pytest.fixture(scope="session")
def dovecot(dovecots: Dovecots) -> Dovecot:
    """The shared Dovecot, as Debian configures it."""
    return dovecots()


@pytest.fixture(scope="session")
def others() -> Iterator[Others]:
    """`others("courier")`, `others("cyrus", slashes=True)`: a running one, shared by all that ask for the same."""
    servers = Others(_missing)
    yield servers
    servers.close()


@pytest.fixture(autouse=True)
def _hang_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test leaves a connection of its mailboxes to the next."""
    yield
    for name in {"dovecots", "others"} & set(request.fixturenames):
        request.getfixturevalue(name).hang_up()


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Mailbox:
    """A new user on the shared Dovecot."""
    return dovecot.mailbox()


@pytest.fixture
def own_dovecot() -> Iterator[Dovecot]:
    """A Dovecot for one test alone: it may be stopped and started."""
    _require(_dovecot.PROGRAM, "Dovecot", "dovecot-imapd")
    with _dovecot.running() as server:
        yield server


@pytest.fixture
def world(mailbox: Mailbox, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox and followmail beside it, in mode draft, the default."""
    world = World(mailbox, tmp_path / "home")
    yield world
    world.close()


@pytest.fixture
def sending(world: World, smtpd: Smtpd) -> Callable[..., World]:
    """The same world in mode send, with a real SMTP server; options as keyword arguments."""

    def make(**options: str) -> World:
        server = smtpd.server()
        world.reopen(
            FOLLOWMAIL_MODE="send",
            FOLLOWMAIL_SMTP_HOST=server.host,
            FOLLOWMAIL_SMTP_PORT=str(server.port),
            FOLLOWMAIL_SMTP_SECURITY="none",
            FOLLOWMAIL_GAP="0",
            **options,
        )
        return world

    return make
