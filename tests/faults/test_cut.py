"""The link to the mailbox ends in the middle of a round, at any byte: nothing leaves on half a look; at most one mail, one
draft, one copy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from followmail.errors import FollowmailError
from followmail.rounds import Office
from followmail.sequence.steps import Status
from tests.faults.scene import Scene, broken_promises, due
from tests.proof.tally import tried
from tests.servers.smtp import Cut, Proxy, Smtpd
from tests.world import BOB, CARLA, Mail, World

BOBS, CARLAS = "bob@bob.example", "carla@carla.example"
Sending = Callable[..., World]
SAMPLES, AT_THE_END = 3, 7
# So many bytes at the end of a round are about what is put into the mailbox, and the goodbye.
WINDOW = {"out": 1000, "in": 280}


@contextmanager
def linked(world: World) -> Iterator[Proxy]:
    """The world's followmail reaches its mailbox over a link that can be cut; the world itself goes by another."""
    with Proxy(world.mailbox.server.port) as proxy:
        yield proxy


def round_over(world: World, proxy: Proxy) -> None:
    """One round over the link, which may break; then the link is whole again."""
    world.reopen(FOLLOWMAIL_IMAP_PORT=str(proxy.port))
    with suppress(FollowmailError):
        world.round()
    world.reopen(FOLLOWMAIL_IMAP_PORT=str(world.mailbox.server.port))


def measured(scene: Scene, proxy: Proxy) -> None:
    """A round that nobody cuts, after a first one was undone: as those that will be cut begin."""
    round_over(scene.world, proxy)
    scene.back()
    round_over(scene.world, proxy)


def places(proxy: Proxy, direction: str, every_moment: bool) -> list[int]:
    """The bytes after which it is cut: spread over all, and close together at the end, where something is put there."""
    length = proxy.passed[direction]
    end = length - WINDOW[direction]
    if every_moment:
        return [*range(0, end, 97), *range(end, length, 5)]
    return [*range(0, length, length // SAMPLES), *range(end, length, WINDOW[direction] // AT_THE_END)]


@pytest.mark.parametrize(
    ("direction", "how", "apart"),
    [("out", "rst", 500), ("out", "fin", 700), ("in", "rst", 900), ("in", "fin", 1100), ("in", "silence", 2000)],
)
def test_a_link_cut_anywhere_in_a_cycle_lets_nothing_leave_on_half_a_look(
    sending: Sending, smtpd: Smtpd, every_moment: bool, monkeypatch: pytest.MonkeyPatch, direction: str, how: str, apart: int
) -> None:  # fmt: skip
    """Bob has answered, which only a whole look can tell; Carla has not. He is never mailed, and she not before that."""
    world = due(sending(FOLLOWMAIL_DETECT="enroll"), BOB, CARLA)
    opening = next(mail for mail in world.sent() if mail["To"] == BOB)
    world.gets(BOB, answers=Mail(opening["Message-ID"], b"", "Sent", 1))
    account = Office.account
    monkeypatch.setattr(Office, "account", lambda office: replace(account(office), read_timeout=0.3))
    scene = Scene(world, smtpd)
    with linked(world) as proxy:
        measured(scene, proxy)
        assert (scene.reached(BOBS), scene.reached(CARLAS)) == (0, 1)
        everywhere = range(0, proxy.passed[direction], (97 if how == "silence" else 23) if every_moment else apart)
        held = 0
        for place in everywhere:
            scene.back()
            proxy.cut = Cut(direction, place, how)
            round_over(world, proxy)
            proxy.cut = None
            assert scene.reached(BOBS) == 0, place
            if scene.reached(CARLAS):
                assert world.states()[BOBS] == "replied", place
            else:
                held += 1
            assert broken_promises(scene, CARLAS) == [], place
            assert (scene.reached(BOBS), world.states()[BOBS]) == (0, "replied"), place
        assert 0 < held <= len(everywhere)
    tried("cuts of an IMAP cycle, sampled", len(everywhere))


@pytest.mark.parametrize(("direction", "how"), [("out", "rst"), ("in", "fin")])
def test_a_link_cut_around_the_copy_in_sent_costs_no_second_mail(
    sending: Sending, smtpd: Smtpd, every_moment: bool, direction: str, how: str
) -> None:
    """Fault 7: the mail has left; its copy is filed by another round, once."""
    scene = Scene(due(sending(FOLLOWMAIL_DETECT="enroll"), BOB), smtpd)
    with linked(scene.world) as proxy:
        measured(scene, proxy)
        assert scene.reached(BOBS) == 1
        for place in places(proxy, direction, every_moment):
            scene.back()
            proxy.cut = Cut(direction, place, how)
            round_over(scene.world, proxy)
            proxy.cut = None
            assert broken_promises(scene, BOBS) == [], place
            assert scene.statuses() == {BOBS: Status.SENT}
            tried("cuts of an IMAP cycle, sampled")


@pytest.mark.parametrize(("direction", "how"), [("out", "fin"), ("in", "rst")])
def test_a_link_cut_around_a_draft_leaves_one(
    world: World, smtpd: Smtpd, every_moment: bool, direction: str, how: str
) -> None:
    """Fault 7: whether the server had taken it or not."""
    scene = Scene(due(world, BOB), smtpd)
    with linked(world) as proxy:
        measured(scene, proxy)
        for place in places(proxy, direction, every_moment):
            scene.back()
            proxy.cut = Cut(direction, place, how)
            round_over(world, proxy)
            proxy.cut = None
            world.rounds_over(10)
            assert (len(scene.ours("Drafts")), scene.statuses()) == (1, {BOBS: Status.DRAFTED}), place
            tried("cuts of an IMAP cycle, sampled")


@pytest.mark.parametrize("folder", ["Sent", "Drafts", "Junk", "Trash", "Archive"])
def test_one_folder_that_cannot_be_read_holds_every_mail(sending: Sending, smtpd: Smtpd, folder: str) -> None:
    """Fault 40: in mode send too, whichever it is; the reason is shown, and it goes on when it can be read."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.mailbox.append(b"From: x@y.example\r\nSubject: old\r\n\r\n", "Archive", (), world.now)
    due(world, BOB)
    world.mailbox.make_unreadable(folder)
    reports = world.rounds_over(20)
    assert smtpd.connections == 0
    assert all(any(folder in fault for fault in report.faults) for report in reports)
    (row,) = world.plan()
    assert (row["waits_for"], folder in str(row["why"])) == ("look", True)
    world.mailbox.make_readable(folder)
    world.rounds_over(10)
    assert len(smtpd.delivered) == 1
