"""A message that cannot be worked out: whom it may come from waits, the rest goes on, and it is told."""

from datetime import timedelta

import pytest

from followmail.mail import kinds
from tests.world import ANN, BOB, World, days


def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a mail with this word in it cannot be worked out."""
    real = kinds.classify

    def broken(raw: bytes, *more: object) -> kinds.Verdict:
        if b"poison" in raw:
            raise RuntimeError("staged")
        return real(raw, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(kinds, "classify", broken)


def test_an_answer_that_cannot_be_read_holds_the_chase_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried three times, then set aside; Bob waits from the first failure on, Ann is followed up."""
    mail = world.writes(BOB, ago=days(2))
    world.writes(ANN, ago=days(2))
    world.round()
    world.gets(BOB, text="poison", answers=mail)
    poison(monkeypatch)
    world.round()
    assert world.states() == {"bob@bob.example": "waiting", "ann@ann.example": "active"}
    assert "could not be read, perhaps an answer" in world.of("bob@bob.example").why
    for _ in range(4):
        world.now += timedelta(minutes=10)
        world.round()
    assert [e for e in world.events("bob@bob.example") if e.startswith("set-aside")] != []
    assert len(world.office.store.conversations.set_aside(world.now - days(30))) == 1
    world.run_days(4)
    assert [draft["To"] for draft in world.drafts()] == [ANN]


def test_a_mail_of_yours_that_cannot_be_read_is_told_and_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was to be read ahead with the others: that it cannot be is left to its own judging."""
    poison(monkeypatch)
    world.writes(BOB, text="poison?", ago=days(2))
    world.writes(ANN, ago=days(2))
    for _ in range(4):
        world.round()
        world.now += timedelta(minutes=10)
    assert world.states() == {"ann@ann.example": "active"}
    assert [e.partition(":")[0] for e in world.events("alex@consult.example")] == ["set-aside"]
