"""What the consultant says while the daemon works: neither their word nor an answer is lost."""

from datetime import timedelta

import pytest

from followmail import desk, enrolling, importing
from followmail.contacts import Contact
from followmail.errors import UserError
from followmail.mail import kinds
from followmail.sequence.steps import State, Status
from tests.world import BOB, World, days

BOBS = "bob@bob.example"


def test_an_answer_is_not_lost_when_you_speak_while_it_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The enrollment changed between reading and writing: the answer is let bear anew."""
    mail = world.writes(BOB, ago=days(1))
    world.round()
    real = kinds.classify

    def speaks_meanwhile(raw: bytes, *more: object) -> kinds.Verdict:
        if b"let us do that" in raw and world.one().state is State.ACTIVE:
            desk.snooze(world.desk(), world.one(), world.now + timedelta(days=3))
        return real(raw, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(kinds, "classify", speaks_meanwhile)
    world.gets(BOB, answers=mail)
    world.round()
    assert world.states() == {BOBS: "replied"}


def test_somebody_who_answered_is_not_enrolled_by_hand(world: World) -> None:
    """`enroll` and `import` say who answered when."""
    mail = world.writes(BOB, ago=days(2))
    world.gets(BOB, answers=mail, ago=days(1))
    world.round()
    nudge = world.office.templates.library.sequences["nudge"]
    with pytest.raises(UserError, match="answered on Sun 3 May"):
        enrolling.enroll(world.desk(), Contact(BOBS), nudge)
    (placed,) = importing.lay_out(world.desk(), [Contact(BOBS)], nudge)
    assert "answered on" in placed.fault


def test_what_was_stopped_and_answered_since_waits_when_resumed(world: World) -> None:
    """A resume is no proof of silence."""
    mail = world.writes(BOB, ago=days(1))
    world.round()
    desk.stop(world.desk(), world.one())
    world.gets(BOB, answers=mail)
    world.round()
    assert "answered on" in desk.resume(world.desk(), world.one())
    assert world.states() == {BOBS: "waiting"}


def test_what_is_queued_does_not_leave_in_a_pause(world: World) -> None:
    """A draft that could not be laid is not laid later, when nothing may leave."""
    world.writes(BOB, ago=days(7))
    world.round()
    (delivery,) = world.one().deliveries
    world.office.store.outbox.move(
        delivery.id, (Status.DRAFTED,), Status.QUEUED, world.now, draft_uid=None, draft_folder=""
    )
    world.mailbox.expunge("Drafts", world.mailbox.uids("Drafts"))
    desk.pause(world.desk(), None)
    world.round()
    assert world.drafts() == []
    assert world.one().deliveries[0].status is Status.CANCELLED
    desk.resume_all(world.desk())
    world.round()
    assert len(world.drafts()) == 1


def test_two_people_of_one_mail_are_one_chase(world: World) -> None:
    """Enrolling the second by hand takes nothing from the first."""
    world.writes(f"Amy Able <amy@bob.example>, {BOB}", ago=days(1))
    world.round()
    nudge = world.office.templates.library.sequences["nudge"]
    with pytest.raises(UserError, match=r"with amy@bob\.example"):
        enrolling.enroll(world.desk(), Contact(BOBS), nudge)
    assert world.states() == {"amy@bob.example": "active"}


def test_an_address_that_no_server_can_be_asked_for_is_refused(world: World) -> None:
    """Before it can hold up everybody else."""
    met = world.office.templates.library.sequences["nice-to-meet-you"]
    with pytest.raises(UserError, match="cannot be asked"):
        enrolling.enroll(world.desk(), Contact("jörg@bücher.example"), met)


def test_a_bogus_mark_does_not_cost_the_follow_up(world: World) -> None:
    """It is told, and what the rules find goes on."""
    world.round()
    world.now += timedelta(hours=1)
    world.writes(BOB, Bcc="alex+nugde@consult.example")
    world.round()
    assert world.states() == {BOBS: "active"}
    assert any("nugde" in event for event in world.events(BOBS))
