"""Play the story with the code as it is, and write the folder of its format."""

import tempfile
from pathlib import Path

from followmail.store.schema import VERSION
from tests.servers.dovecot import running as dovecot
from tests.servers.smtp import running as smtp
from tests.store.formats import HERE, keep, play
from tests.world import World

with dovecot() as server, smtp() as smtpd, tempfile.TemporaryDirectory() as home:
    world = World(server.mailbox(), Path(home))
    out = smtpd.server()
    sending = {"MODE": "send", "DETECT": "enroll", "GAP": "0", "SMTP_HOST": out.host, "SMTP_PORT": str(out.port)}
    play(world, {f"FOLLOWMAIL_{key}": value for key, value in (sending | {"SMTP_SECURITY": "none"}).items()})
    keep(world, HERE / str(VERSION))
