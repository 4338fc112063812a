"""A round that is killed at a system call, or whose disk fails there: at most one mail a step, one copy, nothing dropped.

`make test` takes samples, and the calls around the final dot; `make faults` tries every one that is noticed outside, and
`make proof ON=calls` every one.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from followmail.sequence.steps import Status
from tests.faults.mortal import BROKEN, Call, Mortals
from tests.faults.scene import Scene, broken_promises, due
from tests.proof.tally import every_call, tried
from tests.servers.smtp import Smtpd
from tests.world import BOB, CARLA, Mail, World

BOBS, CARLAS = "bob@bob.example", "carla@carla.example"
Sending = Callable[..., World]
# What is noticed outside of the process. Between two of these, one moment to die is as any other.
TELLING = {"sendto", "write", "pwrite64", "fdatasync", "fsync", "unlink", "ftruncate", "connect"}
DISK = "write,pwrite64,fsync,fdatasync"
SAMPLES = 5
WHERE = "every system call" if every_call() else "every call that shows outside"
pytestmark = pytest.mark.usefixtures("strace")


def chosen(calls: list[Call], every_moment: bool, around: Callable[[Call], bool]) -> list[Call]:
    """The calls to die at: all, or all that are noticed; or samples, and those close to a certain one."""
    if every_call():
        return calls
    telling = [call for call in calls if call.name in TELLING]
    middle = next(n for n, call in enumerate(telling) if around(call))
    return telling if every_moment else [*telling[:: len(telling) // SAMPLES], *telling[middle - 2 : middle + 5]]


def watched(mortals: Mortals, scene: Scene) -> list[Call]:
    """The calls of a round, counted after a first one was undone: as those that are to die begin."""
    mortals.watched()
    scene.back()
    return mortals.watched()


def is_dot(call: Call) -> bool:
    return call.name == "sendto" and r'"\r\n.\r\n"' in call.text


def is_append(call: Call) -> bool:
    return call.name == "sendto" and "APPEND" in call.text


def is_move(call: Call) -> bool:
    return call.name == "sendto" and "UID MOVE" in call.text


# ---- killed


def test_killed_at_any_moment_of_a_send_it_leaves_at_most_once(
    sending: Sending, smtpd: Smtpd, every_moment: bool
) -> None:
    """Faults 2 and 3: SIGKILL at a system call. It left once, or leaves after the restart, or is shown as uncertain."""
    scene = Scene(due(sending(FOLLOWMAIL_DETECT="enroll"), BOB), smtpd)
    ends = set()
    with Mortals(scene.world) as mortals:
        calls = watched(mortals, scene)
        assert scene.reached(BOBS) == 1
        for call in chosen(calls, every_moment, is_dot):
            scene.back()
            mortals.dies(call)
            assert broken_promises(scene, BOBS) == [], call
            ends.add(scene.statuses()[BOBS])
            tried(f"kills in a send, at {WHERE}")
    assert ends == {Status.SENT, Status.UNCERTAIN}


def test_killed_at_any_moment_of_laying_a_draft_there_is_one(world: World, smtpd: Smtpd, every_moment: bool) -> None:
    """Fault 2: wherever it died, after the restart there is one draft, and the file knows it."""
    scene = Scene(due(world, BOB), smtpd)
    with Mortals(world) as mortals:
        calls = watched(mortals, scene)
        assert len(scene.ours("Drafts")) == 1
        for call in chosen(calls, every_moment, is_append):
            scene.back()
            mortals.dies(call)
            scene.statuses()
            world.rounds_over(10)
            assert (len(scene.ours("Drafts")), scene.statuses()) == (1, {BOBS: Status.DRAFTED}), call
            assert (scene.ours("Sent"), scene.ours("Trash")) == ([], []), call
            tried(f"kills in laying a draft, at {WHERE}")


def test_killed_at_any_moment_of_taking_a_draft_back_it_is_gone(world: World, smtpd: Smtpd, every_moment: bool) -> None:
    """Fault 2: Bob answered. Wherever it died, after the restart his draft is gone, and the chase has ended."""
    due(world, BOB)
    world.round()
    opening = world.sent()[0]
    world.now += timedelta(minutes=10)
    world.gets(BOB, answers=Mail(opening["Message-ID"], b"", "Sent", 1))
    scene = Scene(world, smtpd)
    with Mortals(world) as mortals:
        calls = watched(mortals, scene)
        assert (scene.ours("Drafts"), len(scene.ours("Trash"))) == ([], 1)
        for call in chosen(calls, every_moment, is_move):
            scene.back()
            mortals.dies(call)
            scene.statuses()
            world.rounds_over(30)  # one that is gone is believed so after a quarter of an hour
            assert (scene.ours("Drafts"), scene.statuses()) == ([], {BOBS: Status.WITHDRAWN}), call
            assert world.states() == {BOBS: "replied"}, call
            tried(f"kills in taking a draft back, at {WHERE}")


# ---- the disk


@pytest.mark.parametrize(
    ("error", "for_ever"), [("ENOSPC", True), ("EIO", False)], ids=["full from then on", "EIO once"]
)
def test_a_disk_that_fails_at_any_write_sends_nothing_twice_and_drops_nothing(
    sending: Sending, smtpd: Smtpd, every_moment: bool, error: str, for_ever: bool
) -> None:
    """Faults 8 and 9: what cannot be recorded does not leave; what left and cannot be recorded is uncertain."""
    scene = Scene(due(sending(FOLLOWMAIL_DETECT="enroll"), BOB, CARLA), smtpd)
    ends = set()
    with Mortals(scene.world) as mortals:
        calls = watched(mortals, scene)
        assert (scene.reached(BOBS), scene.reached(CARLAS)) == (1, 1)
        for call in (c for c in chosen(calls, every_moment, is_dot) if c.name in DISK.split(",")):
            scene.back()
            assert mortals.fails(call.name, error, call.number, for_ever) != BROKEN, call
            if for_ever and Status.SENT not in scene.statuses().values():
                assert scene.reached(CARLAS) == 0, "it went on although the outcome could not be written"
            assert broken_promises(scene, BOBS, CARLAS) == [], call
            tried("failures of the disk in a send, at every write")
            ends |= set(scene.statuses().values())
    assert Status.SENT in ends
