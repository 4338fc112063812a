"""Whoever is put in, or let go on, at a desk: what they wrote before counts as what they write later does."""

from collections.abc import Callable
from datetime import date, timedelta
from email.utils import format_datetime

from followmail import desk, enrolling
from followmail.contacts import Contact
from tests.jobs.shapes import report
from tests.jobs.test_sending import due
from tests.servers.smtp import Smtpd
from tests.world import BOB, World, days

BOBS = "bob@bob.example"
Sending = Callable[..., World]


def met(world: World, on: date = date(2026, 4, 30)) -> None:
    d = world.desk()
    enrolling.enroll(d, Contact(BOBS, "Bob Builder", met_on=on), d.sequences["nice-to-meet-you"])


def test_who_wrote_since_the_day_met_is_asked_about(sending: Sending, smtpd: Smtpd) -> None:
    """He wrote and was seen; then Alex enrolls him. Nothing leaves without a word; after it, it does."""
    world = sending()
    world.round()
    world.now += timedelta(minutes=5)
    world.gets(BOB, "It was nice to meet you", "Shall we talk next week?", ago=days(2))
    world.round()
    met(world)
    world.round()
    assert (world.one().state, smtpd.delivered) == ("waiting", [])
    assert "wrote about 'It was nice to meet you'" in world.one().why
    desk.approve(world.desk(), world.one())
    world.rounds_over(30)
    assert [mail.recipients for mail in smtpd.delivered] == [(BOBS,)]


def test_whom_alex_writes_to_himself_before_the_first_mail_is_asked_about(sending: Sending, smtpd: Smtpd) -> None:
    """Put in on Monday, written to on Tuesday: "nice to meet you" would look like a machine's. What he wrote before is none."""
    world = sending()
    world.round()
    world.now += timedelta(minutes=5)
    world.writes(BOB, "The fair", "See you there.", ago=days(9))
    met(world, on=(world.now + days(0)).date())
    world.round()
    assert world.one().state == "active"
    world.now += timedelta(hours=2)
    world.writes(BOB, "It was great to meet you", "The proposal is attached.")
    world.round()
    assert world.one().state == "waiting"
    assert "you wrote to them yourself on 2026-05-04 ('It was great to meet you')" in world.one().why
    world.days_pass(1)
    world.rounds_over(60)
    assert smtpd.delivered == []
    desk.approve(world.desk(), world.one())
    world.days_pass(1)
    world.rounds_over(60)
    assert [mail.recipients for mail in smtpd.delivered] == [(BOBS,)]


def test_so_is_whoever_a_note_names(sending: Sending, smtpd: Smtpd) -> None:
    """Bob's mail and Alex's note to himself come in the same look."""
    world = sending()
    world.round()
    world.now += timedelta(minutes=5)
    world.gets(BOB, "It was nice to meet you", "Shall we talk next week?", ago=timedelta(minutes=3))
    note = "Met Bob Builder, bob@bob.example, on 30 April"
    world.writes("alex+met@consult.example", "Met Bob", note, ago=timedelta(minutes=2))
    world.round()
    assert world.one().state == "waiting"
    world.days_pass(1)
    world.round()
    assert smtpd.delivered == []


def test_who_wrote_before_the_day_met_is_mailed(sending: Sending, smtpd: Smtpd) -> None:
    """What came earlier is no answer."""
    world = sending()
    world.round()
    world.now += timedelta(minutes=5)
    world.gets(BOB, "The fair", "See you there?", ago=days(9))
    world.round()
    met(world)
    world.rounds_over(30)
    assert [mail.recipients for mail in smtpd.delivered] == [(BOBS,)]


def test_who_asked_not_to_be_written_to_before_any_chase_is_not(sending: Sending, smtpd: Smtpd) -> None:
    """Whenever it was: it ends, and he is suppressed."""
    world = sending()
    world.round()
    world.now += timedelta(minutes=5)
    world.gets(BOB, "Your newsletter", "Please remove me from your list and never write to me again.", ago=days(9))
    world.round()
    met(world)
    world.round()
    assert (world.one().state, smtpd.delivered) == ("unsubscribed", [])
    assert world.office.store.suppressions.matching(BOBS)


def test_what_is_resumed_asks_where_his_company_wrote_meanwhile(sending: Sending, smtpd: Smtpd) -> None:
    """His boss wrote while it was stopped."""
    world = due(sending)
    desk.stop(world.desk(), world.one())
    world.gets("Bea Boss <bea@bob.example>", "Your offer", "We go ahead with it.")
    world.round()
    desk.resume(world.desk(), world.one())
    world.round()
    assert (world.one().state, smtpd.delivered) == ("waiting", [])


def after_the_last_step(sending: Sending) -> tuple[World, str]:
    world = due(sending)
    world.round()
    for _ in range(2):
        desk.skip(world.desk(), world.one())
    world.round()
    assert world.one().state == "finished"
    return world, str(world.sent()[-1]["Message-ID"])


def test_a_wish_after_the_last_step_holds(sending: Sending) -> None:
    """The chase is over, the wish is for ever; it is told."""
    world, step = after_the_last_step(sending)
    wish = "Please remove me from your list and never write to me again."
    world.gets(BOB, "Re: Proposal", wish, In_Reply_To=step, References=step)
    world.round()
    assert world.office.store.suppressions.matching(BOBS)
    assert world.one().state == "finished"
    assert "unsubscribed" in [e.event for e in world.office.store.events.of(address=BOBS)]


def test_an_answer_after_the_last_step_suppresses_nobody(sending: Sending) -> None:
    """Nor does it change an end."""
    world, step = after_the_last_step(sending)
    world.gets(BOB, "Re: Proposal", "No thanks, we have a supplier.", In_Reply_To=step, References=step)
    world.round()
    assert (world.one().state, world.office.store.suppressions.matching(BOBS)) == ("finished", None)


def test_a_report_after_the_last_step_suppresses_the_address(sending: Sending) -> None:
    """The last step could not be delivered: the address is none, for any sequence."""
    world, step = after_the_last_step(sending)
    now = format_datetime(world.now - timedelta(minutes=1)).encode()
    world.raw_arrives(report("5.1.1", "550 5.1.1 User unknown", original=step).replace(b"@DATE@", now))
    world.round()
    assert world.office.store.suppressions.matching(BOBS)
