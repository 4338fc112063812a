"""The world of the stories, for the jobs one by one; and the mail clients that a consultant may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.clients import CLIENTS, Client
from tests.servers.dovecot import Dovecots
from tests.world import World


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__)
def client(request: pytest.FixtureRequest, dovecots: Dovecots, tmp_path: Path) -> Iterator[Client]:
    """Alex's mailbox, used by one mail client after the other; in mode draft."""
    kind: type[Client] = request.param
    world = World(dovecots(**kind.server).mailbox(), tmp_path / "home")
    yield kind(world)
    world.close()
