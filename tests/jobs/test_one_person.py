"""One person under several spellings of one address, one company under two of one domain: each rule counts them once."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from followmail import enrolling
from followmail.contacts import Contact
from followmail.errors import UserError
from followmail.sequence.steps import State
from tests.jobs.shapes import fresh, mail
from tests.servers.smtp import Smtpd
from tests.world import CARLA, World

Sending = Callable[..., World]
SPELLED = [
    ("bob.b@gmail.com", "bobb@googlemail.com"),
    ("bob@bob.example", "bob+alex@bob.example"),
    ("bob+alex@bob.example", "bob@bob.example"),
    ("bob@xn--bb-fka.example", "bob@böb.example"),
]


def met(world: World, address: str) -> None:
    d = world.desk()
    enrolling.enroll(d, Contact(address, met_on=date(2026, 4, 30)), d.sequences["nice-to-meet-you"])


def _dated(mail: bytes, world: World) -> bytes:
    return mail.replace(b"@DATE@", f"{world.now:%a, %d %b %Y %H:%M:%S} +0000".encode())


def yes(world: World, address: str) -> None:
    """A mail that is due, to whom the consultant said yes."""
    world.writes(address, "Proposal to you", Bcc="alex+nudge@consult.example")


@pytest.mark.parametrize(("first", "second"), SPELLED[:3])
def test_one_mail_a_day_counts_what_alex_wrote_to_the_other_spelling(
    sending: Sending, smtpd: Smtpd, first: str, second: str
) -> None:
    """He wrote to them this morning, about something else."""
    world = sending()
    world.round()
    world.now += timedelta(minutes=5)
    yes(world, first)
    world.round()
    world.days_pass(4, hour=11)
    world.writes(second, "Another matter", "See you there.")
    world.rounds_over(10)
    assert smtpd.delivered == []
    world.days_pass(1, hour=11)
    world.rounds_over(10)
    assert len(smtpd.delivered) == 1


@pytest.mark.parametrize("written", [timedelta(hours=20), timedelta(days=9)])
def test_one_mail_a_day_counts_a_mail_that_was_written_earlier(
    sending: Sending, smtpd: Smtpd, written: timedelta
) -> None:
    """It lay in a phone, whose Date is that of writing; it was filed this morning. What a migration files anew is no mail
    of today."""
    world = sending()
    world.round()
    world.now += timedelta(minutes=5)
    yes(world, "bob@bob.example")
    world.round()
    world.days_pass(4, hour=11)
    date = f"{world.now - written:%a, %d %b %Y %H:%M:%S} +0000"
    raw = f"From: alex@consult.example\r\nTo: bob@bob.example\r\nSubject: Another matter\r\nDate: {date}\r\n\r\nSee you.\r\n"
    world.mailbox.append(raw.encode(), "Sent", ("\\Seen",), world.now)
    world.rounds_over(10)
    assert smtpd.delivered == []
    world.days_pass(1, hour=11)
    world.mailbox.append(raw.replace("2026", "2025").encode(), "Sent", ("\\Seen",), world.now)
    world.rounds_over(10)
    assert len(smtpd.delivered) == 1


def test_one_mail_a_day_counts_a_company_however_its_domain_is_spelled(world: World) -> None:
    """Somebody there is in Cc of a mail to Ann, and written in Unicode."""
    world.round()
    world.now += timedelta(minutes=5)
    world.writes("bob@xn--bb-fka.example", "One")
    copied = mail(
        "Hello, shall we talk?", False, To="ann@ann.example, eve@böb.example", Bcc="alex+nudge@consult.example"
    )
    sent = copied.replace(b"From: Bob Builder <bob@bob.example>", b"From: alex@consult.example")
    world.mailbox.append(_dated(sent, world), "Sent", ("\\Seen",), world.now)
    world.round()
    assert len(world.enrollments()) == 2
    world.days_pass(4, hour=11)
    world.rounds_over(20)
    assert len(world.drafts()) == 1


@pytest.mark.parametrize(("first", "second"), SPELLED[:3])
def test_an_introducer_is_left_out_however_spelled(world: World, first: str, second: str) -> None:
    """He wrote from one spelling, Alex answers to the other and to Carla, whom he introduced."""
    both = f"alex@consult.example, {CARLA}"
    introduced = world.gets(
        f"Bob <{first}>", "Carla, meet Alex", "You two should talk.", ago=timedelta(hours=1), to=both
    )
    world.writes(f"{CARLA}, Bob <{second}>", "Re: Carla, meet Alex", answers=introduced)
    world.round()
    world.days_pass(4)
    world.round()
    (draft,) = world.drafts()
    assert (draft["To"], draft["Cc"]) == (CARLA, None)


@pytest.mark.parametrize(("first", "second"), SPELLED[:3])
def test_who_was_in_a_sequence_is_refused_under_another_spelling(world: World, first: str, second: str) -> None:
    """By hand; and one draft at most lies there for a person."""
    met(world, first)
    for _ in range(3):
        world.round()
        world.days_pass(1, hour=11)
    assert len(world.drafts()) == 1
    store = world.office.store
    store.enrollments.change(world.one(), State.STOPPED, world.now, "over")
    world.sends_draft()
    world.round()
    assert [e.address for e in store.enrollments.of_address(second)] == [first]
    with pytest.raises(UserError, match="was in 'nice-to-meet-you' before"):
        met(world, second)


@pytest.mark.parametrize(("first", "second"), SPELLED)
def test_a_wish_after_the_end_forbids_the_address_that_was_mailed(world: World, first: str, second: str) -> None:
    """The chase is over; the wish comes from the other spelling."""
    world.writes(first)
    world.round()
    e = world.one()
    world.office.store.enrollments.change(e, State.STOPPED, world.now, "over")
    world.raw_arrives(_dated(fresh("Please stop writing to me.", From=second, Subject="Enough"), world))
    world.round()
    assert world.office.store.suppressions.matching(first)
    assert "unsubscribed" in [x.event for x in world.office.store.events.of([e.id])]


def test_a_company_is_one_in_unicode_and_in_ascii(world: World) -> None:
    """Somebody else there writes from the other form of the domain: perhaps an answer."""
    world.writes("bob@xn--bb-fka.example")
    world.round()
    world.raw_arrives(_dated(fresh("We talked about it.", From="Eve <eve@böb.example>", Subject="Your offer"), world))
    world.round()
    assert world.one().state == "waiting"


@pytest.mark.parametrize(("first", "second"), SPELLED)
def test_a_draft_whose_client_spells_the_address_anew_is_the_same_draft(world: World, first: str, second: str) -> None:
    """Edited, and the address book put its own spelling in."""
    world.writes(first)
    world.round()
    world.days_pass(4)
    world.round()
    (uid,), (raw,) = world.mailbox.uids("Drafts"), world.mailbox.raw("Drafts")
    edited = raw.replace(first.encode(), second.encode()).replace(b"Message-ID: <fm1", b"Message-ID: <edited")
    world.mailbox.append(edited, "Drafts", ("\\Draft",), world.now)
    world.mailbox.expunge("Drafts", [uid])
    world.rounds_over(40)
    assert (len(world.drafts()), world.one().deliveries[0].status) == (1, "drafted")
