"""A mailbox that begins anew with fewer mails than it held: a move that is not finished, an old backup, a wrong name."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta

import pytest

from followmail import desk, telling
from tests.servers.dovecot import Dovecots, Mailbox
from tests.servers.smtp import Smtpd
from tests.world import BOB, Mail, World

BOBS = "bob@bob.example"
Sending = Callable[..., World]


@pytest.fixture
def owing(sending: Sending) -> World:
    """Bob owes an answer; it lies in the old mailbox, unseen, when his nudge is due."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.gets("Old <old@old.example>", "Lunch")
    world.gets("Eve <eve@eve.example>", "Dinner")
    world.round()
    world.now += timedelta(minutes=5)
    world.writes(BOB)
    world.round()
    world.days_pass(4, hour=10)
    return world


def moves(world: World, dovecots: Dovecots, *folders: str) -> Mailbox:
    """The account is another one from now on, and only these folders have come over. The old one is returned."""
    old, new = world.mailbox, dovecots().mailbox()
    world.close()
    world.mailbox = new
    for folder in folders:
        brought(old, new, folder)
    return old


def brought(old: Mailbox, new: Mailbox, folder: str) -> None:
    for raw in old.raw(folder):
        new.append(raw, folder, ("\\Seen",))


@pytest.mark.parametrize("folders", [(), ("Sent",)])
def test_while_a_new_mailbox_is_being_filled_nothing_leaves(
    owing: World, smtpd: Smtpd, dovecots: Dovecots, folders: tuple[str, ...]
) -> None:
    """Moved to another provider: Bob's answer is not there yet. It is told; when all is there, his answer counts."""
    world = owing
    world.gets(BOB)
    old = moves(world, dovecots, *folders)
    report = world.round()
    assert "the mailbox begins anew and holds" in report.faults[0]
    world.rounds_over(60)
    assert smtpd.delivered == []
    assert any("followmail resume" in text for text in telling.status(world.office.cycle(world.now), 300)["problems"])
    for folder in {"INBOX", "Sent"} - set(folders):
        brought(old, world.mailbox, folder)
    assert world.round().faults == ()
    world.rounds_over(60)
    assert (smtpd.delivered, world.states()) == ([], {BOBS: "waiting"})


def test_your_word_says_that_it_is_all_there(owing: World, smtpd: Smtpd, dovecots: Dovecots) -> None:
    """Only Sent was moved, as was meant: after `resume` the nudge leaves, and nothing is asked again."""
    world = owing
    moves(world, dovecots, "Sent")
    world.rounds_over(20)
    assert smtpd.delivered == []
    desk.resume_all(world.desk())
    world.rounds_over(20)
    assert [mail.recipients for mail in smtpd.delivered] == [(BOBS,)]
    assert world.round().faults == ()


def test_a_mailbox_from_an_old_backup_hides_no_answer(owing: World, smtpd: Smtpd) -> None:
    """The server gives UIDs away that it gave away before, under the same UIDVALIDITY: Bob's answer has one of them."""
    world = owing
    home = world.mailbox.home
    world.mailbox.close()
    subprocess.run(["cp", "-a", str(home), f"{home}.kept"], check=True)  # owners and all
    lost = [world.gets("Dan <dan@dan.example>", f"Note {number}") for number in range(2)]
    world.round()
    world.mailbox.close()
    shutil.rmtree(home)
    home.with_name(f"{home.name}.kept").rename(home)
    world.close()
    answer = _answers(world)
    assert answer.uid <= max(mail.uid for mail in lost)
    report = world.round()
    assert "begins anew" in report.faults[0]
    assert world.states() == {BOBS: "replied"}
    desk.resume_all(world.desk())
    world.rounds_over(20)
    assert smtpd.delivered == []
    assert world.round().faults == ()


def _answers(world: World) -> Mail:
    opening = world.sent()[0]
    return world.gets(BOB, In_Reply_To=opening["Message-ID"])
