"""The world of the stories: Alex's mailbox, and followmail beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import smtp as servers
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Smtpd
from tests.world import World

smtpd = servers.smtpd


@pytest.fixture
def world(mailbox: Mailbox, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox in mode draft, the default."""
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
