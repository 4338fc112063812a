"""The stories' world: as everywhere, and the digest comes in the morning, as it does by default."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.dovecot import Mailbox
from tests.world import World


@pytest.fixture
def world(mailbox: Mailbox, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox and followmail beside it, in mode draft, with a digest each morning."""
    world = World(mailbox, tmp_path / "home", {"FOLLOWMAIL_DIGEST": "07:30"})
    yield world
    world.close()
