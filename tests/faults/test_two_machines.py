"""Two machines on one mailbox that know nothing of each other; and one that is asked to run twice."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes

import pytest

from followmail import desk
from followmail.mail.msgid import is_ours
from followmail.rounds import alone
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Delivery, Smtpd
from tests.world import ANN, BOB, Mail, World

Sending = Callable[..., World]
SEEDS = range(40)
SAMPLES = (1, 2, 3)


@pytest.fixture
def other(world: World) -> Iterator[World]:
    """Another machine on the same mailbox; it shares nothing but that."""
    mailbox = world.mailbox.server.mailbox(world.mailbox.user)
    machine = World(mailbox, world.home.parent / "other", world.options, world.now)
    yield machine
    machine.close()


def ids(mails: list[bytes]) -> Counter[str]:
    """How often each mail of our form is there."""
    return Counter(i for i in (message_from_bytes(raw)["Message-ID"].strip("<>") for raw in mails) if is_ours(i))


def test_however_their_rounds_interleave_each_step_leaves_once(
    sending: Sending, other: World, smtpd: Smtpd, every_moment: bool
) -> None:
    """Fault 12: turns, pauses and restarts by lot, for three weeks; Carla answers on some day. One mail a step, one copy."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    machines = (world, other)
    for machine in machines:
        machine.round()
    for seed in SEEDS if every_moment else SAMPLES:
        _weeks(machines, smtpd, random.Random(seed))


def _weeks(machines: tuple[World, World], smtpd: Smtpd, dice: random.Random) -> None:
    world, _ = machines
    smtpd.delivered.clear()
    before = ids(world.mailbox.raw("Sent"))
    tick(machines, timedelta(minutes=5))
    people = [f"Pat <pat{dice.randrange(10**9)}@firm{dice.randrange(10**9)}.example>" for _ in range(3)]
    mails = [world.writes(person) for person in people]
    answers_on = dice.randrange(2, 14)
    answered_after = len(smtpd.delivered)
    for day in range(16):
        world.days_pass(1)
        tick(machines)
        if day == answers_on:
            world.gets(people[2], answers=mails[2])
            answered_after = len(smtpd.delivered)
        for machine in dice.choices(machines, k=dice.randrange(4)):
            tick(machines, timedelta(minutes=dice.randrange(1, 30)))
            if dice.random() < 0.3:
                machine.reopen()
            machine.round()
    assert set(ids([d.data for d in smtpd.delivered]).values()) == {1}
    assert len(smtpd.delivered) >= 2
    assert not any(d.recipients[0] in people[2] for d in smtpd.delivered[answered_after:])
    assert set((ids(world.mailbox.raw("Sent")) - before).values()) == {1}


def tick(machines: tuple[World, World], time: timedelta = timedelta()) -> None:
    """Both clocks show the same."""
    world, other = machines
    world.now += time
    other.now = world.now


def test_a_machine_that_comes_between_look_and_copy_is_the_one_gap(
    sending: Sending, other: World, smtpd: Smtpd
) -> None:
    """Fault 12, at worst: while one hands the mail over, the other looks. One mail more, the same text under the same id,
    so that a mailbox may show it once; one copy; the one that files second tells it; the next step leaves once again."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    for machine in (world, other):
        machine.round()
    tick((world, other), timedelta(minutes=5))
    world.writes(BOB)
    for machine in (world, other):
        machine.round()
    world.days_pass(4, hour=11)
    tick((world, other))
    passed: list[Delivery] = []

    def meanwhile(mail: Delivery) -> None:
        if not passed:
            passed.append(mail)
            other.now += timedelta(seconds=1)
            other.round()

    smtpd.on_delivery = meanwhile
    other.close()  # SQLite is opened anew in the server's thread
    world.round()
    other._office = None
    assert len(smtpd.delivered) == 2
    assert set(ids([d.data for d in smtpd.delivered]).values()) == {2}
    smtpd.on_delivery = None
    for machine in (world, other) * 2:
        tick((world, other), timedelta(minutes=10))
        machine.round()
    assert set(ids(world.mailbox.raw("Sent")).values()) == {1}
    (told,) = (
        e for machine in (world, other) for e in machine.events("bob@bob.example") if e.startswith("sent-twice:")
    )
    assert "run one only" in told
    world.days_pass(8, hour=12)
    tick((world, other))
    for machine in (other, world) * 2:
        tick((world, other), timedelta(minutes=10))
        machine.round()
    assert sorted(ids([d.data for d in smtpd.delivered]).values()) == [1, 2]


def test_a_machine_that_was_set_up_later_sends_nothing_by_itself(sending: Sending, other: World, smtpd: Smtpd) -> None:
    """Fault 12: all that the first one has begun is older than the second one's first run, and waits for a yes."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    tick((world, other), timedelta(minutes=5))
    for person in (BOB, ANN):
        world.writes(person)
    world.round()
    world.days_pass(4, hour=11)
    world.rounds_over(10)
    left = len(smtpd.delivered)
    assert left == 2
    for _ in range(10):
        world.days_pass(1)
        tick((world, other))
        other.round()
    assert len(smtpd.delivered) == left
    assert set(other.states().values()) == {"waiting"}


def test_a_second_one_on_the_same_database_ends_with_75_and_names_the_first(world: World) -> None:
    """Fault 11: `run` and `once` alike, and nothing was done."""
    world.writes(BOB)
    database = world.home / "followmail.db"
    for command in ("once", "run"):
        with alone(database):
            done = subprocess.run(
                [sys.executable, "-m", "followmail", command], env=world.environment(), cwd=world.home, text=True,
                capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=60,
            )  # fmt: skip
            holder = database.with_name("followmail.db.lock").read_text().strip()
        assert done.returncode == 75, done.stderr
        assert f"process {holder}" in done.stdout + done.stderr
    assert world.drafts() == []


def test_two_consultants_who_both_follow_up_do_not_mail_each_other_for_ever(
    sending: Sending, other: World, smtpd: Smtpd
) -> None:
    """Fault 35: Zoe has followmail too, both have asked each other something, and both say yes to all that waits. A
    nudge that arrives is a person's mail, which holds the other's chase; each gets each step once, and that is all."""
    alex = sending(FOLLOWMAIL_DETECT="enroll")
    home = alex.mailbox.server.mailbox()
    zoe = World(home, alex.home.parent / "zoe", dict(alex.options), alex.now)
    zoe.options |= {"FOLLOWMAIL_ADDRESS": "zoe@zoe.example", "FOLLOWMAIL_NAME": "Zoe Zimmer"}
    boxes = {"zoe@zoe.example": home.user, "alex@consult.example": alex.mailbox.user}

    def arrives(mail: Delivery) -> None:
        for address in mail.recipients:
            box = home.server.mailbox(boxes[address])
            box.append(b"Received: from mx by mx; Mon, 4 May 2026 08:00:00 +0000\r\n" + mail.data, when=alex.now)
            box.close()

    smtpd.on_delivery = arrives
    for machine in (alex, zoe):
        machine.round()
    tick((alex, zoe), timedelta(minutes=5))
    asks(alex, home, "Alex Consultant <alex@consult.example>", "Zoe Zimmer <zoe@zoe.example>", "Proposal")
    asks(zoe, alex.mailbox, "Zoe Zimmer <zoe@zoe.example>", "Alex Consultant <alex@consult.example>", "Workshop")
    for _ in range(60):
        alex.days_pass(1)
        for machine in (alex, zoe):
            tick((alex, zoe), timedelta(minutes=10))
            desk.approve_all(machine.desk())
            machine.round()
    zoe.close()
    assert 2 <= len(smtpd.delivered) <= 6
    assert set(ids([mail.data for mail in smtpd.delivered]).values()) == {1}
    assert all(mail.sender not in mail.recipients for mail in smtpd.delivered)


def asks(world: World, theirs: Mailbox, sender: str, to: str, subject: str) -> None:
    """One consultant asks the other by hand: a copy in Sent here, and it arrives there."""
    text = "Hello,\n\nwhat do you think of the enclosed proposal? Shall we talk next week?\n\nRegards"
    mail: Mail = world._put(sender, to, subject, text, None, None, "Sent", {})
    theirs.append(mail.raw, when=world.now)
