"""Call steps: told at their time with the number of the person's own signature, done, snoozed, skipped, or lapsed."""

from datetime import timedelta
from pathlib import Path

import pytest

from followmail import desk
from followmail.imap import reader
from followmail.jobs.calls import phone_line
from followmail.sequence import planner
from followmail.sequence.steps import State, Status
from tests.world import BOB, Mail, World, days

BOBS = "bob@bob.example"
SEQUENCE = {
    "sequence.txt": "Trigger: stalled\nAsks: yes\n",
    "1-checking-in.txt": "After: 4 business days\n\n{{ greeting }}\n\nDid my note reach you?\n",
    "2-phone.txt": "After: 2 business days\nChannel: call\n\nAsk whether the proposal came.\n",
    "3-once-more.txt": "After: 1 business day\n\n{{ greeting }}\n\nOne more word on it.\n",
}
SIGNED = "Thank you, send me a proposal.\n\nBest regards\nBob Builder\nBuilder Ltd\nTel. +44 20 7946 0018\nFax +44 20 7946 0019\n"


def templates(home: Path, files: dict[str, str] = SEQUENCE) -> Path:
    folder = home / "templates" / "chase"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder.parent


def silent_bob(world: World, text: str = SIGNED) -> Mail:
    """Bob wrote once, Alex sent the proposal, the first step's draft was sent: the call is next."""
    world.templates = templates(world.home)
    asked = world.gets(BOB, "A proposal?", text, ago=days(3))
    mail = world.writes(BOB, "Re: A proposal?", answers=asked, ago=days(1))
    world.round()
    world.days_pass(4)
    world.round()
    world.sends_draft()
    world.rounds_over(20)
    assert world.states() == {BOBS: "active"}
    return mail


def call_is_due(world: World) -> bool:
    (row,) = world.plan()
    return row["why"] == planner.CALL_THEM


def test_a_call_is_told_with_the_number_of_their_signature(world: World) -> None:
    """At its time, not before; no draft, no mail; the number is looked for only when the call is near."""
    silent_bob(world)
    known = world.office.store.conversations.of_address(BOBS)
    assert [k.phone for k in known] == [None]
    assert not call_is_due(world)
    world.days_pass(2, hour=12)
    world.round()
    assert call_is_due(world)
    (row,) = world.plan()
    assert (row["waits_for"], row["step"], row["state"]) == (None, 2, "active")
    assert not world.drafts()
    assert phone_line(world.office.cycle(world.now), world.one()).startswith("+44 20 7946 0018")
    assert world.events(BOBS)[-1] == "call: step 2: call them"


def test_a_mail_is_read_for_a_number_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it had one or not."""
    silent_bob(world, "Thank you, send me a proposal.\n\nBob")
    world.days_pass(2, hour=12)
    world.round()
    c = world.office.cycle(world.now)
    assert phone_line(c, world.one()).startswith("no number found in their mails")
    read: list[int] = []
    real = reader.beginning

    def counted(*where: object) -> bytes:
        read.append(1)
        return real(*where)  # type: ignore[arg-type]

    monkeypatch.setattr(reader, "beginning", counted)
    world.rounds_over(20)
    assert not read


def test_a_call_that_was_made_is_done_and_the_next_step_counts_from_it(world: World) -> None:
    """It is no mail: no limit counts it."""
    silent_bob(world)
    world.days_pass(2, hour=14)
    world.round()
    assert desk.called(world.desk(), world.one()) == f"{BOBS}: step 2, the call, is done"
    assert world.events(BOBS)[-1] == "called: step 2: you called"
    assert world.one().deliveries[-1].status is Status.SKIPPED
    assert world.office.store.outbox.left_since(world.now - timedelta(hours=1)) == ()
    assert desk.called(world.desk(), world.one()) == f"{BOBS}: there is no call to be made"
    world.round()
    assert not world.drafts()
    world.days_pass(1, hour=15)
    world.round()
    (draft,) = world.drafts()
    assert "One more word" in draft.get_payload()


def test_the_next_try_is_at_another_hour(world: World) -> None:
    """A call in the morning is tried again in the afternoon."""
    files = {**SEQUENCE, "3-once-more.txt": "After: 1 business day\nChannel: call\n\nTry again.\n"}
    world.templates = templates(world.home / "two", files)
    asked = world.gets(BOB, "A proposal?", SIGNED, ago=days(3))
    world.writes(BOB, "Re: A proposal?", answers=asked, ago=days(1))
    world.round()
    desk.skip(world.desk(), world.one())
    world.days_pass(2)
    world.round()
    desk.called(world.desk(), world.one())
    line = phone_line(world.office.cycle(world.now), world.one())
    assert line == "+44 20 7946 0018; try in the afternoon: the last try was in the morning"


def test_a_call_that_nobody_makes_lapses_and_the_sequence_goes_on(world: World) -> None:
    """Three business days after it was told; the next step counts from then."""
    silent_bob(world)
    world.days_pass(2, hour=12)
    world.round()
    world.days_pass(3, hour=11)
    world.round()
    assert call_is_due(world)
    world.days_pass(0, hour=13)
    world.round()
    assert world.events(BOBS)[-1] == "lapsed: step 2: the call was not made in time"
    world.round()
    assert not world.drafts()
    world.days_pass(1, hour=14)
    world.round()
    assert len(world.drafts()) == 1


def test_a_call_that_came_due_while_the_machine_was_off_is_told_first(world: World) -> None:
    """It lapses three days after it was told, not at once."""
    silent_bob(world)
    world.days_pass(9, hour=12)
    world.round()
    assert call_is_due(world)
    world.round()
    assert call_is_due(world)


def test_a_snoozed_call_comes_again_and_does_not_lapse_at_once(world: World) -> None:
    """`snooze 3 2 weeks`."""
    silent_bob(world)
    world.days_pass(2, hour=12)
    world.round()
    desk.snooze(world.desk(), world.one(), world.now + timedelta(weeks=2))
    world.days_pass(5)
    world.round()
    assert not call_is_due(world)
    world.days_pass(6, hour=12)
    world.round()
    assert call_is_due(world)
    world.days_pass(2)
    world.round()
    assert call_is_due(world)
    world.days_pass(1, hour=13)
    world.round()
    assert "lapsed" in world.events(BOBS)[-1]


def test_a_pause_over_everything_holds_a_call(world: World) -> None:
    """And it does not lapse meanwhile."""
    silent_bob(world)
    world.days_pass(2, hour=12)
    world.round()
    desk.pause(world.desk(), world.now + days(14))
    world.now += days(7)
    world.round()
    assert not call_is_due(world)
    world.now += days(7)
    world.days_pass(1, hour=12)
    world.round()
    assert call_is_due(world)


def test_a_call_is_skipped_or_the_whole_is_stopped(world: World) -> None:
    """As any step."""
    silent_bob(world)
    world.days_pass(2, hour=12)
    world.round()
    assert "skipped" in desk.skip(world.desk(), world.one())
    assert not call_is_due(world)
    desk.stop(world.desk(), world.one())
    assert world.states() == {BOBS: "stopped"}


def test_an_answer_ends_what_has_a_call_open(world: World) -> None:
    """As ever."""
    mail = silent_bob(world)
    world.days_pass(2, hour=12)
    world.round()
    world.gets(BOB, answers=mail)
    world.round()
    assert world.states() == {BOBS: "replied"}


def test_a_sequence_that_ends_with_a_call_is_finished_behind_it(world: World) -> None:
    """Made or not."""
    files = {name: text for name, text in SEQUENCE.items() if not name.startswith("3")}
    world.templates = templates(world.home / "two", files)
    asked = world.gets(BOB, "A proposal?", SIGNED, ago=days(3))
    world.writes(BOB, "Re: A proposal?", answers=asked, ago=days(1))
    world.round()
    desk.skip(world.desk(), world.one())
    world.days_pass(2)
    world.round()
    assert call_is_due(world)
    desk.called(world.desk(), world.one())
    world.round()
    assert world.one().state is State.FINISHED


def test_after_a_lost_database_no_mail_of_yours_is_taken_for_a_call(world: World) -> None:
    """A call may be asked for again: that is harmless. A step that left may not."""
    silent_bob(world)
    world.days_pass(2, hour=12)
    world.round()
    desk.called(world.desk(), world.one())
    world.days_pass(1, hour=13)
    world.round()
    world.sends_draft()
    world.rounds_over(20)
    world.close()
    (world.home / "followmail.db").unlink()
    world.round()
    done = {d.step for d in world.one().deliveries}
    assert done == {"checking-in", "once-more"}
    world.run_days(6)
    assert not world.drafts()
