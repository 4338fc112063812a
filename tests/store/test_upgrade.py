"""Somebody upgrades in the middle of everything: from the database of each format, in its mailbox, all of it goes on."""

import shutil
from collections import Counter
from datetime import datetime
from email import message_from_bytes
from pathlib import Path

import pytest

from followmail import desk
from followmail.store.schema import VERSION
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Smtpd
from tests.store.formats import DAVE, EVA, FRANK, HERE, lay, send_draft
from tests.world import BERLIN, World

ROOT = Path(__file__).parents[2]
LAST_DAY = datetime(2026, 5, 20, 11, tzinfo=BERLIN)
LIVE = {"dave": "active", "bob": "active", "carla": "replied", "eva": "paused", "frank": "active",
        "kim": "unsubscribed", "gina": "active"}  # fmt: skip


@pytest.fixture
def upgraded(request: pytest.FixtureRequest, mailbox: Mailbox, smtpd: Smtpd, tmp_path: Path) -> World:
    """The mailbox and the database of a format, in mode send, on the day on which the new version starts."""
    home = tmp_path / "home"
    lay(HERE / str(request.param), mailbox, home)
    server = smtpd.server()
    options = {"MODE": "send", "DETECT": "enroll", "GAP": "0", "SMTP_SECURITY": "none",
               "SMTP_HOST": server.host, "SMTP_PORT": str(server.port)}  # fmt: skip
    world = World(mailbox, home, {f"FOLLOWMAIL_{key}": value for key, value in options.items()}, LAST_DAY)
    request.addfinalizer(world.close)
    return world


def steps(world: World) -> Counter[tuple[str, str]]:
    """How often each step lies in Sent or Drafts, by the Message-ID that it always has."""
    raws = [*world.mailbox.raw("Sent"), *world.mailbox.raw("Drafts")]
    mails = map(message_from_bytes, raws)
    return Counter((str(mail["To"]), mail["Message-ID"]) for mail in mails if "proposal-" not in mail["Message-ID"])


def names(counted: Counter[tuple[str, str]]) -> Counter[str]:
    """How many different mails each got."""
    return Counter(to.partition(" ")[0].lower() for to, _ in counted)


@pytest.mark.parametrize("upgraded", range(1, VERSION + 1), indirect=True, ids="format {}".format)
def test_nobody_gets_a_step_again_and_all_goes_on(upgraded: World, smtpd: Smtpd) -> None:
    """Whoever was followed up gets the rest, each step once; whoever had ended stays so; drafts stay what they are."""
    world = upgraded
    assert {address.partition("@")[0]: state for address, state in world.states().items()} == LIVE
    before = steps(world)
    assert names(before) == {"bob": 2, "gina": 1, "dave": 1, "frank": 1}
    world.round()
    assert steps(world) == before  # nothing was due, and nothing is said again
    world.run_days(8)
    assert names(steps(world)) == {"bob": 2, "gina": 2, "dave": 1, "frank": 1, "eva": 1}  # Gina's second, Eva is back
    for who in (DAVE, EVA, FRANK):  # their mails were drafts in the older version, and stay such
        send_draft(world, who)
    for _ in range(21):  # the last step waits 90 days, and then for a yes
        world.days_pass(5)
        world.round()
        desk.approve_all(world.desk())
    smtpd.settle()
    after = steps(world)
    assert set(after.values()) == {1}
    assert names(after) == dict.fromkeys(("bob", "gina", "eva", "dave", "frank"), 3)
    assert len(smtpd.delivered) == 1 + 2 + 3 * 2  # Bob's last, Gina's last two, two each for who had a draft
    ended = {address.partition("@")[0]: state for address, state in world.states().items()}
    assert ended == LIVE | dict.fromkeys(("bob", "gina", "eva", "dave", "frank"), "finished")


@pytest.mark.parametrize("upgraded", [1], indirect=True)
def test_your_templates_stay_as_you_wrote_them(upgraded: World, tmp_path: Path) -> None:
    """A folder of the first version, with a text of your own and without what came later: nothing is added or changed."""
    folder = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", folder)
    (folder / "digest.txt").unlink()
    (folder / "nudge" / "1-checking-in.txt").write_text("After: 4 business days\n\nMy own words.\n\n{{ signature }}\n")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    upgraded.templates = folder
    upgraded.reopen(FOLLOWMAIL_DIGEST="07:30")
    upgraded.run_days(2)
    assert upgraded.command("check", status=1).count("templates: ") == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
