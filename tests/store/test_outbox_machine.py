"""The outbox as a state machine: whatever is done in whatever order, a step leaves at most once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from followmail.errors import DatabaseError
from followmail.sequence.steps import Mode, Status
from followmail.store import Store
from followmail.store.outbox import Written

START = datetime(2026, 5, 4, 8, tzinfo=UTC)
STEPS = ("first", "second")


def written(step: str) -> Written:
    """The finished mail of a step."""
    return Written(
        enrollment=1, opening="o@x", sequence="nudge", step=step, number=STEPS.index(step) + 1, address="bob@bob.example",
        message_id=f"{step}@x", mode=Mode.SEND, sender="alex@consult.example", recipients=("bob@bob.example",), subject="Re: P",
        in_reply_to="o@x", data=b"bytes", text_hash=step, due=START,
    )  # fmt: skip


class Outbox(RuleBasedStateMachine):
    """Two steps of one enrollment, moved by a daemon that may die, a consultant, and a look into Sent."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "followmail.db"
        self.store = Store.open(self.path)
        self.now = START
        self.dots: dict[str, int] = dict.fromkeys(STEPS, 0)  # final dots written to the server
        self.answered: set[str] = set()
        self.said_send_again: dict[str, int] = dict.fromkeys(STEPS, 0)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def row(self, step: str) -> int | None:
        return next((d.id for d in self.store.outbox.of(1) if d.step == step), None)

    def status(self, step: str) -> Status | None:
        return next((d.status for d in self.store.outbox.of(1) if d.step == step), None)

    @rule(step=st.sampled_from(STEPS))
    def plan(self, step: str) -> None:
        """The planner lets a step leave."""
        self.now += timedelta(minutes=1)
        before = self.status(step)
        number = self.store.outbox.enqueue(written(step), self.now)
        gone = before in (
            Status.SENT,
            Status.SKIPPED,
            Status.UNCERTAIN,
            Status.HANDED_OVER,
            Status.SENDING,
            Status.DRAFTED,
        )
        assert (number is None) is gone

    @rule(step=st.sampled_from(STEPS))
    def claim(self, step: str) -> None:
        """A sender takes it, if it is still queued."""
        if (number := self.row(step)) is not None:
            was = self.status(step)
            assert self.store.outbox.move(number, (Status.QUEUED,), Status.SENDING, self.now) is (was is Status.QUEUED)

    @rule(step=st.sampled_from(STEPS))
    def write_the_dot(self, step: str) -> None:
        """The dot is written only after `handed-over` was committed."""
        number = self.row(step)
        if number is not None and self.store.outbox.move(
            number, (Status.SENDING,), Status.HANDED_OVER, self.now, left=self.now
        ):
            self.dots[step] += 1

    @rule(step=st.sampled_from(STEPS), answer=st.sampled_from([Status.SENT, Status.UNCERTAIN, Status.FAILED]))
    def the_server_answers(self, step: str, answer: Status) -> None:
        """A complete answer, or none. A refusal means that nothing left."""
        number = self.row(step)
        if number is None:
            return
        moved = self.store.outbox.move(number, (Status.HANDED_OVER,), answer, self.now, left=self.now)
        if moved and answer is Status.FAILED:
            self.dots[step] -= 1

    @rule()
    def die_and_start_again(self) -> None:
        """Power fails; the file is opened anew."""
        self.store.close()
        self.store = Store.open(self.path)
        self.store.outbox.recover(self.now)
        assert not {self.status(s) for s in STEPS} & {Status.SENDING, Status.HANDED_OVER}

    @rule()
    def recall(self) -> None:
        """An answer came: what has not left is cancelled."""
        before = {s: self.status(s) for s in STEPS}
        self.store.outbox.recall(1, self.now, "answered")
        for step, was in before.items():
            expected = Status.CANCELLED if was in (Status.QUEUED, Status.SENDING) else was
            assert self.status(step) is expected

    @rule(step=st.sampled_from(STEPS))
    @precondition(lambda self: any(self.status(s) is Status.UNCERTAIN for s in STEPS))
    def the_consultant_says_send_again(self, step: str) -> None:
        """Only a person, by name, may risk a second one."""
        number = self.row(step)
        if number is not None and self.store.outbox.move(
            number, (Status.UNCERTAIN,), Status.CANCELLED, self.now, left=None
        ):
            self.said_send_again[step] += 1

    @invariant()
    def at_most_one_dot_a_step(self) -> None:
        """But where the consultant said so."""
        for step in STEPS:
            assert self.dots[step] <= 1 + self.said_send_again[step]

    @invariant()
    def one_row_a_step(self) -> None:
        """(opening, sequence, step) is unique."""
        steps = [d.step for d in self.store.outbox.of(1)]
        assert len(steps) == len(set(steps))


Outbox.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestOutbox = Outbox.TestCase


def test_illegal_states_are_refused(tmp_path: Path) -> None:
    """The file itself refuses a status that there is not, and a mail that was sent at no time."""
    store = Store.open(tmp_path / "f.db")
    store.outbox.enqueue(written("first"), START)
    for sql in ("UPDATE delivery SET status = 'lost'", "UPDATE delivery SET status = 'sent', left = NULL"):
        with pytest.raises(DatabaseError), store.transaction():
            store._database.execute_sql(sql)
    assert [d.status for d in store.outbox.of(1)] == [Status.QUEUED]
    store.close()
