"""The database is lost while an edited draft lies there, and the texts were reworded since: nothing is drafted twice."""

from email.utils import make_msgid
from pathlib import Path

import pytest

from tests.jobs.test_calls import templates
from tests.world import BOB, World

OPEN = "After: 4 business days\n\n{{ greeting }}\n\nI wanted to make sure that my proposal reached you.\n\n{{ signature }}\n"
REWORDED = "After: 4 business days\n\n{{ greeting }}\n\nAny news on this from your side? Happy to explain.\n\n{{ signature }}\n"


def texts(folder: Path, text: str, more: str = "") -> Path:
    files = {"sequence.txt": "Trigger: sent\n", "1-again.txt": more + text.replace("{{ signature }}", "Alex")}
    return templates(folder, files)


def edited(world: World) -> bytes:
    """Alex opens the one draft, writes something else, and keeps it."""
    (uid,), (raw,) = world.mailbox.uids("Drafts"), world.mailbox.raw("Drafts")
    head = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").splitlines()
    kept = [line for line in head if not line.lower().startswith((b"message-id", b"content-"))]
    mine = b"\r\n".join([*kept, b"Message-ID: " + make_msgid(domain="consult.example").encode()])
    mine += b"\r\n\r\nHi Bob,\r\n\r\nshall we have lunch on Thursday?\r\n\r\nAlex\r\n"
    world.mailbox.append(mine, "Drafts", ("\\Draft", "\\Seen"), world.now)
    world.mailbox.expunge("Drafts", [uid])
    return mine


@pytest.fixture(params=["", "Subject: A new matter\n"], ids=["in the thread", "in a new thread"])
def lost(world: World, request: pytest.FixtureRequest) -> World:
    """A nudge was drafted and edited; the database is gone, and the text has other words."""
    world.templates = texts(world.home / "one", OPEN, request.param)
    world.round()
    world.writes(BOB)
    world.round()
    world.days_pass(4)
    world.round()
    edited(world)
    world.round()
    world.close()
    for path in world.home.glob("followmail.db*"):
        path.unlink()
    world.templates = texts(world.home / "two", REWORDED, request.param)
    return world


def sends(world: World) -> None:
    (uid,), (raw,) = world.mailbox.uids("Drafts"), world.mailbox.raw("Drafts")
    world.mailbox.append(raw, "Sent", ("\\Seen",), world.now)
    world.mailbox.expunge("Drafts", [uid])


@pytest.mark.parametrize("hour", [12, 22])
def test_it_is_the_steps_draft(lost: World, hour: int) -> None:
    """By day and by night, when nothing is laid."""
    lost.days_pass(1, hour=hour)
    lost.rounds_over(30)
    lost.days_pass(1, hour=12)
    lost.rounds_over(30)
    assert len(lost.drafts()) == 1


@pytest.mark.parametrize("hour", [12, 22])
def test_sent_it_is_the_step(lost: World, hour: int) -> None:
    """Whenever it is sent, the step does not come again."""
    lost.days_pass(1, hour=hour)
    lost.round()
    sends(lost)
    lost.rounds_over(30)
    lost.run_days(8)
    assert lost.drafts() == []
