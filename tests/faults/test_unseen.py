"""Mail that came and was deleted while followmail was off: INBOX gave a UID away, and no message bears it any more."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from followmail import desk
from tests.servers.smtp import Smtpd
from tests.world import BOB, CARLA, MONDAY, Mail, World

BOBS, CARLAS = "bob@bob.example", "carla@carla.example"
EVE = "Eve <eve@news.example>"
Sending = Callable[..., World]


def on_its_way(world: World, *people: str) -> dict[str, Mail]:
    """Alex wrote to these people after the first run, and followmail has seen it."""
    world.round()
    world.now += timedelta(minutes=5)
    mails = {person: world.writes(person) for person in people}
    world.round()
    return mails


def comes_and_goes(world: World, answers: Mail | None = None) -> None:
    """A rule of the phone deletes what arrives, for good."""
    mail = world.gets(BOB, answers=answers)
    world.mailbox.expunge("INBOX", [mail.uid])


def told(world: World) -> list[str]:
    return [e.why for e in world.office.store.events.since(MONDAY) if e.event == "unseen"]


def test_in_mode_send_steps_without_a_yes_wait(sending: Sending, smtpd: Smtpd) -> None:
    """Fault 40a: off for two days, Bob's answer came and went. Told, and nobody is mailed without a word."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    bob = on_its_way(world, BOB, CARLA)[BOB]
    world.days_pass(2)
    comes_and_goes(world, bob)
    world.days_pass(2, hour=12)
    world.rounds_over(30)
    assert (smtpd.delivered, world.states()) == ([], {BOBS: "waiting", CARLAS: "waiting"})
    assert len(told(world)) == 1
    assert "1 mail came into INBOX and was deleted" in told(world)[0]
    desk.approve(world.desk(), world.of(CARLAS))
    world.rounds_over(30)
    assert [mail.recipients for mail in smtpd.delivered] == [(CARLAS,)]


def test_who_said_yes_before_goes_on(sending: Sending, smtpd: Smtpd) -> None:
    """Fault 40a: a yes stands; and what is written after it was told is asked about no more."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=5)
    world.writes(BOB, Bcc="alex+nudge@consult.example")
    world.round()
    world.days_pass(2)
    comes_and_goes(world)
    world.days_pass(1, hour=12)
    world.round()
    assert len(told(world)) == 1
    world.now += timedelta(minutes=5)
    world.writes(CARLA)
    world.round()
    world.days_pass(4, hour=13)
    world.rounds_over(30)
    assert {mail.recipients for mail in smtpd.delivered} == {(BOBS,), (CARLAS,)}


def test_in_mode_draft_it_is_told_and_the_draft_asks(world: World) -> None:
    """Fault 40a: the digest names it as a problem, once."""
    world.reopen(FOLLOWMAIL_DIGEST="07:30")
    on_its_way(world, BOB)
    world.days_pass(3)
    comes_and_goes(world)
    world.days_pass(1, hour=11)
    world.round()
    assert len(world.drafts()) == 1
    assert "deleted before followmail looked" in world.digest().text
    world.days_pass(1, hour=8)
    world.round()
    assert "deleted before followmail looked" not in world.digest().text


@pytest.mark.parametrize("folder", ["Archive", "Trash", "Clients/Bob"])
def test_what_was_only_moved_is_no_gap(sending: Sending, smtpd: Smtpd, folder: str) -> None:
    """Two mails were read on the phone and put away: one is found there, and nobody waits."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.mailbox.append(b"From: x@y.example\r\nSubject: old\r\n\r\n", folder, (), world.now)
    on_its_way(world, CARLA)
    world.days_pass(2)
    for subject in ("News", "More news"):
        mail = world.gets(EVE, subject)
        world.mailbox.append(mail.raw, folder, (), world.now)
        world.mailbox.expunge("INBOX", [mail.uid])
    world.days_pass(2, hour=12)
    world.rounds_over(10)
    assert told(world) == []
    assert len(smtpd.delivered) == 1


def test_spam_that_was_filed_at_once_hides_no_deleted_mail(sending: Sending, smtpd: Smtpd) -> None:
    """Fault 40a: it never stood in INBOX, so the UID that is missing there was another mail's."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    bob = on_its_way(world, BOB)[BOB]
    world.days_pass(2)
    comes_and_goes(world, bob)
    for n in range(3):
        world.gets(EVE, f"You have won {n}", folder="Junk")
    world.days_pass(2, hour=12)
    world.rounds_over(30)
    assert (smtpd.delivered, world.states(), len(told(world))) == ([], {BOBS: "waiting"}, 1)


def test_a_deleted_digest_is_no_gap(sending: Sending, smtpd: Smtpd) -> None:
    """The last thing that followmail put into INBOX before it was switched off."""
    world = sending(FOLLOWMAIL_DETECT="enroll", FOLLOWMAIL_DIGEST="07:30")
    carla = on_its_way(world, BOB, CARLA)[CARLA]
    world.gets(CARLA, answers=carla)
    world.digest()
    world.mailbox.expunge("INBOX", world.mailbox.uids("INBOX"))
    world.days_pass(3, hour=12)
    world.rounds_over(10)
    assert told(world) == []
    assert len(smtpd.delivered) == 1


@pytest.mark.parametrize("early", [timedelta(seconds=5), timedelta(hours=1)])
def test_one_look_each_morning_is_seldom_enough(sending: Sending, smtpd: Smtpd, early: timedelta) -> None:
    """Fault 40a: `once` at eight by cron; a look ends a little after eight, so less than a day passes until the next."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    bob = on_its_way(world, BOB)[BOB]
    for day in range(1, 7):
        world.days_pass(1, hour=9)
        world.now += early if day < 3 else timedelta()
        comes_and_goes(world, bob) if day == 3 else None
        world.round()
    assert (smtpd.delivered, world.states(), len(told(world))) == ([], {BOBS: "waiting"}, 1)


def test_while_it_looks_deleting_is_reading(sending: Sending, smtpd: Smtpd) -> None:
    """Between two looks of one day whoever deletes a mail for good has read it."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    on_its_way(world, BOB)
    for day in range(1, 5):
        world.days_pass(1, hour=10 + day % 2)
        world.round()
        world.now += timedelta(minutes=5)
        comes_and_goes(world) if day == 2 else None
        world.round()
    assert told(world) == []
    world.now += timedelta(hours=2)
    world.rounds_over(10)
    assert len(smtpd.delivered) == 1


def test_a_look_that_broke_off_forgets_nothing(sending: Sending, smtpd: Smtpd) -> None:
    """INBOX was read, another folder could not be: when it can, the gap is told."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    on_its_way(world, BOB)
    world.days_pass(2)
    comes_and_goes(world)
    world.days_pass(2, hour=12)
    world.mailbox.make_unreadable("Junk")
    world.round()
    assert told(world) == []
    world.mailbox.make_readable("Junk")
    world.now += timedelta(minutes=5)
    world.rounds_over(10)
    assert len(told(world)) == 1
    assert (smtpd.delivered, world.states()) == ([], {BOBS: "waiting"})
