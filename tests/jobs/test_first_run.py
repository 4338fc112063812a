"""The first start on years of mail: nothing is sent, and what was open before is asked about, a few a day."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from followmail import desk
from followmail.sequence.steps import State
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Smtpd
from tests.world import BOB, MONDAY, World, days

ME = "alex@consult.example"
YEARS = 6
PEOPLE = 700
OPEN = 14  # proposals of the last two weeks that nobody has answered
Sending = Callable[..., World]


def years_of_mail(mailbox: Mailbox, now: datetime = MONDAY) -> int:
    """A mailbox as it has grown: written straight into the maildir, dates and all. How many messages.

    Old clients of years ago, newsletters, invoices, threads that were answered; and, of the last two weeks, open
    questions, answered ones, and mails that ask nothing.
    """
    mailbox.uids()
    mailbox.uids("Sent")  # the folders are made when they are first opened
    count = 0
    for number in range(PEOPLE):
        at = now - timedelta(days=20 + number * (365 * YEARS - 30) / PEOPLE, minutes=number % 600)
        count += _thread(mailbox, number, at)
        _put(mailbox, "", f"n{number}@news.example", "News <news@news.example>", ME, "Offers", "Buy!", at)
        count += 1
    for number in range(OPEN):
        at = now - timedelta(days=1 + number * 12 / OPEN)
        count += _opened(mailbox, 5000 + number, at, "Proposal", "What do you think of the enclosed proposal?")
        count += _opened(mailbox, 6000 + number, at, "Your files", "Here are the files, as agreed. Thank you.")
        count += _opened(mailbox, 7000 + number, at, "Offer", "Would you like to meet next week?")
        _answer(mailbox, 7000 + number, at + timedelta(hours=1), "Offer", "Yes, Tuesday is fine.")
        count += 1
    mailbox.close()
    return count


def _thread(mailbox: Mailbox, number: int, at: datetime) -> int:
    """One old conversation: asked, and mostly answered."""
    count = _opened(mailbox, number, at, f"Project {number}", "Could you look at this?")
    if number % 3:
        _answer(mailbox, number, at + timedelta(days=1), f"Project {number}", "Looks good, thanks.")
        count += 1
    return count


def _opened(mailbox: Mailbox, number: int, at: datetime, subject: str, text: str) -> int:
    person = f"Pat Person <p{number}@firm{number}.example>"
    _put(mailbox, ".Sent", f"o{number}@consult.example", "Alex <alex@consult.example>", person, subject, text, at)
    return 1


def _answer(mailbox: Mailbox, number: int, at: datetime, subject: str, text: str) -> None:
    person = f"Pat Person <p{number}@firm{number}.example>"
    extra = f"In-Reply-To: <o{number}@consult.example>\r\nReceived: from x by y; {format_datetime(at)}\r\n"
    _put(mailbox, "", f"a{number}@firm{number}.example", person, ME, f"Re: {subject}", text, at, extra)


def _put(
    mailbox: Mailbox, folder: str, message_id: str, sender: str, to: str, subject: str, text: str, at: datetime,
    extra: str = "",
) -> None:  # fmt: skip
    raw = (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {format_datetime(at)}\r\n"
        f"Message-ID: <{message_id}>\r\n{extra}\r\nHello,\r\n\r\n{text}\r\n\r\nRegards\r\n"
    )
    path = mailbox.home / "Maildir" / folder / "cur" / f"{int(at.timestamp())}.{message_id.replace('@', '_')}.host:2,S"
    path.write_bytes(raw.encode())
    os.utime(path, (at.timestamp(), at.timestamp()))
    if os.geteuid() == 0:
        shutil.chown(path, "mail", "mail")


@pytest.fixture
def old(world: World) -> World:
    """Alex's mailbox with years of mail in it, before the first run."""
    assert years_of_mail(world.mailbox) > 1800
    return world


def test_the_first_run_in_draft_mode_asks_about_the_last_two_weeks_only(old: World) -> None:
    """Nothing sent; drafts only for open questions within the lookback, at most ten that day, the rest later."""
    report = old.round()
    assert report.faults == ()
    assert report.tally.sent == 0
    assert report.tally.enrolled == OPEN
    old.rounds_over(60)
    first = old.drafts()
    due = [e for e in old.enrollments() if (e.anchor_at or old.now) <= MONDAY - days(6)]
    assert 0 < len(first) <= 10
    assert len(first) == min(10, len(due))
    assert all(_number(d["To"]) in range(5000, 5000 + OPEN) for d in first)
    assert len(old.sent()) == PEOPLE + 3 * OPEN
    counts = [r.tally.drafted for r in old.run_days(6)]
    assert max(counts) <= 10
    assert len(old.drafts()) == OPEN


def test_the_first_run_in_mode_send_is_a_list_that_waits(old: World, sending: Sending, smtpd: Smtpd) -> None:
    """Whatever DETECT says: what was sent before the first run never leaves without a yes."""
    sending(FOLLOWMAIL_DETECT="enroll")
    old.round()
    old.run_days(12)
    assert smtpd.delivered == []
    assert old.drafts() == []
    assert list(old.states().values()) == ["waiting"] * OPEN
    assert all("before the first run" in e.why for e in old.enrollments())
    desk.approve(old.desk(), old.enrollments()[0])
    old.days_pass(1)
    old.rounds_over(20)
    assert len(smtpd.delivered) == 1


def test_a_dry_run_first_says_who_would_get_what_and_writes_nothing(old: World) -> None:
    """Story 32; and the first run is the first cycle that is none."""
    report = old.round(dry=True)
    assert 0 < len(report.would) <= 10
    assert old.drafts() == []
    assert len(old.sent()) == PEOPLE + 3 * OPEN
    assert old.office.store.facts.moment("first_run") is None


def test_a_lost_database_is_a_first_run_that_knows_what_has_left(world: World) -> None:
    """Deleted between two steps: the step that left stands in Sent, the next one asks as a draft at its time."""
    world.round()
    world.writes(BOB)
    world.round()
    world.days_pass(4)
    world.round()
    world.sends_draft()
    world.rounds_over(10)
    _lose(world)
    world.round()
    assert world.drafts() == []
    e = world.of("bob@bob.example")
    assert [d.number for d in e.deliveries if d.status.done] == [1]
    world.days_pass(8, hour=12)
    world.round()
    (draft,) = world.drafts()
    text = draft.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert b"may simply not be the right time" in text


def test_a_lost_database_in_mode_send_sends_nobody_a_step_again(world: World, sending: Sending, smtpd: Smtpd) -> None:
    """Also where the first step left weeks ago, beyond the lookback: a mail of our form in Sent lifts that bound."""
    sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=10)
    world.writes(BOB)
    world.round()
    world.days_pass(4, hour=12)
    world.rounds_over(10)
    world.run_days(9)
    assert len(smtpd.delivered) == 2
    world.now += days(20)
    _lose(world)
    world.round()
    world.run_days(3)
    assert len(smtpd.delivered) == 2
    e = world.of("bob@bob.example")
    assert sorted(d.number for d in e.deliveries if d.status.done) == [1, 2]
    assert e.state in (State.WAITING, State.ACTIVE)
    assert world.plan()[0]["step"] == 3


def test_last_weeks_backup_sends_nobody_a_step_again(world: World, sending: Sending, smtpd: Smtpd) -> None:
    """Restored: what left since stands in Sent; all that is open waits for a yes."""
    sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=10)
    world.writes(BOB)
    world.round()
    world.close()
    backup = (world.home / "followmail.db").read_bytes()
    world.days_pass(4, hour=12)
    world.rounds_over(10)
    assert len(smtpd.delivered) == 1
    world.close()
    (world.home / "followmail.db").write_bytes(backup)
    world.run_days(12)
    assert len(smtpd.delivered) == 1
    assert world.states() == {"bob@bob.example": "waiting"}


def test_suppressions_outlive_the_database(world: World) -> None:
    """suppressed.txt stands beside it."""
    (world.home / "suppressed.txt").write_text("@bob.example\n")
    world.writes(BOB, ago=days(8))
    _lose(world)
    world.round()
    assert world.enrollments() == ()
    assert world.drafts() == []


def _lose(world: World) -> None:
    world.close()
    for path in Path(world.home).glob("followmail.db*"):
        path.unlink()


def _number(to: str) -> int:
    return int(to.partition("@firm")[2].partition(".")[0])


def test_the_mailbox_is_as_old_as_it_says(old: World) -> None:
    """What the test builds is what the server shows: INTERNALDATEs of years ago."""
    old.mailbox.client.select_folder("Sent", readonly=True)
    found = old.mailbox.client.fetch(old.mailbox.client.search(), ["INTERNALDATE"])
    oldest = min(values[b"INTERNALDATE"] for values in found.values())
    assert oldest < datetime(2021, 1, 1, tzinfo=UTC)
