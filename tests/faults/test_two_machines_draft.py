"""Two machines on one mailbox, both in mode draft: one draft a person, each step once, whoever laid it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from followmail.imap import drafts
from followmail.imap.session import Session
from followmail.sequence.steps import Status
from tests.faults.test_two_machines import tick
from tests.world import BOB, Mail, World


@pytest.fixture
def other(world: World) -> Iterator[World]:
    machine = World(
        world.mailbox.server.mailbox(world.mailbox.user), world.home.parent / "other", world.options, world.now
    )
    yield machine
    machine.close()


@pytest.fixture
def both(world: World, other: World) -> tuple[World, World]:
    """Both have seen Alex's mail to Bob, and his nudge is due."""
    for machine in (world, other):
        machine.round()
    tick((world, other), timedelta(minutes=5))
    world.writes(BOB)
    for machine in (world, other):
        machine.round()
    world.days_pass(4, hour=11)
    tick((world, other))
    return world, other


def in_turn(both: tuple[World, World], minutes: int) -> None:
    for _ in range(minutes // 10):
        for machine in both:
            tick(both, timedelta(minutes=5))
            machine.round()


def laid_together(both: tuple[World, World], monkeypatch: pytest.MonkeyPatch) -> None:
    """While one lays its draft, the other looks and finds none."""
    (one, two), lay, passed = both, drafts.lay, []

    def meanwhile(session: Session, folder: str, data: bytes, now: datetime) -> int | None:
        if not passed:
            passed.append(folder)
            tick(both, timedelta(seconds=2))
            two.round()
        return lay(session, folder, data, now)

    monkeypatch.setattr(drafts, "lay", meanwhile)
    one.round()
    assert passed


def statuses(machine: World) -> list[Status]:
    return [d.status for d in machine.one().deliveries]


def test_laid_by_both_at_once_one_stays(both: tuple[World, World], monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 12: at the next look, and both know it for theirs."""
    laid_together(both, monkeypatch)
    assert len(both[0].drafts()) == 2
    in_turn(both, 60)
    assert len(both[0].drafts()) == 1
    assert [statuses(machine) for machine in both] == [[Status.DRAFTED]] * 2


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("edit", "new_id"), [("", False), ("Hi Bob, once more from me.", True)])
def test_sent_it_is_the_step_for_both(
    both: tuple[World, World], monkeypatch: pytest.MonkeyPatch, together: bool, edit: str, new_id: bool
) -> None:
    """Fault 12: edited on a phone or not; the next step is one draft again."""
    world = both[0]
    if together:
        laid_together(both, monkeypatch)
    in_turn(both, 30)
    world.sends_draft(edit, new_id)
    in_turn(both, 40)
    assert world.drafts() == []
    assert [statuses(machine) for machine in both] == [[Status.SENT]] * 2
    world.days_pass(8, hour=12)
    tick(both)
    in_turn(both, 60)
    assert len(world.drafts()) == 1
    assert [statuses(machine) for machine in both] == [[Status.SENT, Status.DRAFTED]] * 2


def test_an_answer_takes_it_away_whichever_machine_is_left(both: tuple[World, World]) -> None:
    """Fault 12: the one that laid it is off for good; the other knows it for an untouched one all the same."""
    one, two = both
    one.round()
    tick(both, timedelta(minutes=5))
    two.round()
    assert len(one.drafts()) == 1
    tick(both, timedelta(minutes=5))
    anchor = Mail(f"<{two.one().anchor}>", b"", "Sent", 0)
    two.gets(BOB, answers=anchor)
    two.round()
    two.round()
    assert (two.one().state, two.drafts()) == ("replied", [])
    tick(both, timedelta(days=1))
    one.round()
    one.round()
    assert statuses(one) == [Status.WITHDRAWN] or one.one().state == "replied"
