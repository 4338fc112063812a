"""Mail that stands in the mailbox and is not given, or moves away while it is read: no look is complete without it."""

import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from followmail.imap.session import Session
from tests.jobs.test_sending import due
from tests.servers.others import Others
from tests.servers.smtp import Smtpd
from tests.world import BOB, MONDAY, World

SAY = "Good, we take it. Please begin on Monday.\n\nBob"


@pytest.fixture(params=[True, False], ids=["among others", "the first of the folder"])
def on_courier(request: pytest.FixtureRequest, others: Others, smtpd: Smtpd, tmp_path: Path) -> World:
    """A nudge to Bob is due, and his answer lies in INBOX; Courier gives a mail of its own for a file that it cannot open."""
    server = smtpd.server()
    options = {"MODE": "send", "DETECT": "enroll", "GAP": "0", "SMTP_HOST": server.host, "SMTP_PORT": str(server.port)}
    options |= {"SMTP_SECURITY": "none"}
    world = World(others("courier").mailbox(), tmp_path / "home", {f"FOLLOWMAIL_{k}": v for k, v in options.items()})
    if request.param:  # of an empty folder Courier does not keep the UIDVALIDITY
        world.gets("Eve <eve@news.example>", "News")
    world.round()
    world.now += timedelta(minutes=5)
    proposal = world.writes(BOB, folder="INBOX.Sent")
    world.round()
    world.days_pass(4, hour=11)
    world.gets(BOB, "Re: Proposal", SAY, answers=proposal)
    return world


def answer(world: World) -> Path:
    (file,) = (p for p in (world.mailbox.home / "Maildir/cur").iterdir() if b"Good, we take it" in p.read_bytes())
    world.mailbox.close()
    return file


def told(world: World) -> list[str]:
    return [e.why for e in world.office.store.events.since(MONDAY) if e.event == "unreadable"]


def test_a_message_that_is_not_given_now_holds_the_look_and_is_read_later(on_courier: World, smtpd: Smtpd) -> None:
    """Fault 61: the look says which; when the file can be opened again, the answer is read."""
    world, file = on_courier, answer(on_courier)
    file.chmod(0)
    look = world.round().look
    assert look is not None and not look.complete
    assert look.faults[0].startswith("INBOX: message ") and "cannot open it" in look.faults[0]
    file.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IROTH)
    world.now += timedelta(minutes=5)
    world.round()
    assert (world.one().state, smtpd.delivered, told(world)) == ("replied", [], [])
    world.close()


def test_a_message_that_is_never_given_is_told_and_the_rest_goes_on(on_courier: World, smtpd: Smtpd) -> None:
    """Fault 61: after three looks and a quarter of an hour, once; what comes behind it is read all the while."""
    world, file = on_courier, answer(on_courier)
    file.chmod(0)
    world.round()
    carla = world.gets("Carla <carla@carla.example>", "Hello")
    world.rounds_over(14)
    assert (told(world), smtpd.delivered) == ([], [])
    assert world.office.store.conversations.find(carla.id.strip("<>")) is not None
    world.rounds_over(10)
    assert len(told(world)) == 1
    look = world.round().look
    assert look is not None and look.complete
    world.close()


def test_mail_that_is_moved_while_the_folders_are_gone_through_is_found(
    sending: Callable[..., World], smtpd: Smtpd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer lay in INBOX when the look began; a rule files it before INBOX is read, after Clients was found unchanged."""
    world = due(sending)
    world.mailbox.create("Clients")
    anchor, asked, looks = world.one().anchor, Session.folders, iter(range(9))

    def folders(session: Session) -> object:
        number = next(looks)
        if number == 1:
            world.gets(BOB, "Re: Proposal", SAY, In_Reply_To=f"<{anchor}>")
        found = asked(session)
        if number == 1:
            client = world.mailbox.client
            client.select_folder("INBOX")
            client.move(client.search(), "Clients")
        return found

    monkeypatch.setattr(Session, "folders", folders)
    world.round()
    assert (world.one().state, smtpd.delivered) == ("replied", [])
