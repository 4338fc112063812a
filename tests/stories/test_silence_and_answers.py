"""Silence and answers: stories 1 to 19, each under its number and its sentence.

Alex sends Bob a proposal on Monday, 4 May 2026; the nudge is due after four business days, on Friday the 8th. All that
Alex does is done in the mail client, and all that Alex is told stands in the digest.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.message import Message
from email.utils import make_msgid

import pytest

from followmail.sequence.steps import Status
from tests.servers.smtp import Smtpd
from tests.stories.acts import says_yes
from tests.world import BERLIN, BOB, CARLA, Mail, World, addresses

ASSISTANT = "Ida Holm <ida.holm@bob.example>"
CFO = "Carl Funds <carl.funds@bob.example>"
BOB_AT_HOME = "Bob Builder <bob.private@gmail.com>"
PARTNER = "Pat Partner <pat@consult.example>"
Sending = Callable[..., World]


def propose(world: World, to: str = BOB, **more: str) -> Mail:
    """The proposal, seen by followmail at once."""
    mail = world.writes(to, **more)
    world.round()
    assert world.one().state == "active"
    return mail


def propose_for_send(sending: Sending) -> tuple[World, Mail]:
    """The proposal in mode send, where what is detected is enrolled, an hour after the first run."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    first_run(world)
    return world, propose(world)


def first_run(world: World) -> None:
    """The first cycle, an hour before the story begins: what Alex sends from now on was sent after it."""
    world.now -= timedelta(hours=1)
    world.round()
    world.now += timedelta(hours=1)


def local_day(moment: datetime | None) -> date | None:
    return moment.astimezone(BERLIN).date() if moment else None


def beginning_of(day: date) -> datetime:
    """When a day begins: what then waits is asked in that day's digest."""
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)


def opening_of(day: date) -> datetime:
    """The opening of the window on a day."""
    return datetime(day.year, day.month, day.day, 8, 30, tzinfo=BERLIN).astimezone(UTC)


def nothing_goes(world: World, days: int = 9) -> None:
    """Nothing is drafted or sent in these days."""
    for report in world.run_days(days):
        assert (report.tally.drafted, report.tally.sent) == (0, 0)
    assert world.drafts() == []


def text_of(mail: Message) -> str:
    return bytes(mail.get_payload(decode=True)).decode()  # type: ignore[arg-type]


def report_of(
    world: World, original: Mail, status: str, said: str, action: str = "failed", to: str = "bob@bob.example"
) -> bytes:
    """A delivery report (RFC 3464) on a mail of Alex's, without References, as most come."""
    return (
        "Return-Path: <>\r\nReceived: from mx.bob.example by mail.consult.example; Mon, 4 May 2026 08:01:00 +0000\r\n"
        "From: Mail Delivery System <MAILER-DAEMON@mx.bob.example>\r\nTo: alex@consult.example\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: {make_msgid(domain='mx.bob.example')}\r\n"
        f"Date: {world.now:%a, %d %b %Y %H:%M:%S} +0000\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain\r\n\r\n<{to}>: {said}\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.bob.example\r\n\r\n"
        f"Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {said}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: alex@consult.example\r\nTo: {to}\r\n"
        f"Message-ID: {original.id}\r\nSubject: Proposal\r\n\r\n--b--\r\n"
    ).encode()


def calendar_mail(world: World, method: str, partstat: str, subject: str, sender: str = BOB) -> bytes:
    """An iTIP message of Bob's calendar (RFC 6047): it refers to no mail."""
    attendee = f"ATTENDEE;PARTSTAT={partstat};CN=Bob Builder:mailto:bob@bob.example\r\n" if partstat else ""
    return (
        f"Received: from mx.bob.example by mail.consult.example; Mon, 4 May 2026 08:01:00 +0000\r\nFrom: {sender}\r\n"
        f"To: Alex Consultant <alex@consult.example>\r\nSubject: {subject}\r\n"
        f"Date: {world.now:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        f"Message-ID: {make_msgid(domain='bob.example')}\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: text/calendar; method={method}; charset="utf-8"\r\n\r\n'
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:call-7@consult.example\r\n"
        "DTSTAMP:20260504T080000Z\r\nDTSTART:20260512T090000Z\r\nORGANIZER:mailto:alex@consult.example\r\n"
        f"{attendee}SUMMARY:Call\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


# ---- 1


def test_01_a_proposal_without_an_answer_is_nudged_twice_and_written_anew_after_a_yes(
    sending: Sending, smtpd: Smtpd
) -> None:
    """One nudge on day 4, another 8 days on, a new mail after 90 days only with a yes; then it is finished."""
    world, proposal = propose_for_send(sending)
    world.run_days(3)
    assert smtpd.delivered == []
    world.run_days(1)
    assert [local_day(world.now), len(smtpd.delivered)] == [date(2026, 5, 8), 1]
    world.run_days(7)
    assert len(smtpd.delivered) == 1
    world.run_days(1)
    assert [local_day(world.now), len(smtpd.delivered)] == [date(2026, 5, 20), 2]

    world.days_pass(30)
    world.round()
    world.now = datetime(2026, 8, 17, 10, tzinfo=BERLIN).astimezone(UTC)
    world.round()
    world.days_pass(1)
    world.round()
    assert local_day(world.now) == date(2026, 8, 18)
    assert (world.one().state, len(smtpd.delivered)) == ("waiting", 2)
    says_yes(world, "Bob Builder")
    assert len(smtpd.delivered) == 3
    world.run_days(1)
    assert (world.one().state, len(smtpd.delivered)) == ("finished", 3)
    assert "Bob Builder: " in world.digest().under("What ended")

    first, second, third = [m for m in world.sent() if m["To"] == BOB][1:]
    assert addresses([first, second, third]) == [BOB] * 3
    assert (first["In-Reply-To"], first["References"]) == (proposal.id, proposal.id)
    assert second["In-Reply-To"] == first["Message-ID"]
    assert [first["Subject"], second["Subject"]] == ["Re: Proposal"] * 2
    assert (third["Subject"], third["In-Reply-To"]) == ("Proposal: still of interest?", None)


def test_01_on_the_day_the_digest_tells_what_goes_out(sending: Sending, smtpd: Smtpd) -> None:
    """In the morning, before it leaves: a word in reply holds it back."""
    world, _ = propose_for_send(sending)
    world.run_days(3)
    digest = world.digest()
    assert local_day(world.now) == date(2026, 5, 8)
    assert digest.subject == "Nothing needs you; 1 goes out today."
    assert "Bob Builder: nudge 1 goes out today at 09:59" in digest.under("Goes out today")
    assert "snoozed until Fri 22 May" in world.answers_digest(f"snooze {digest.number('Bob')} 2 weeks")
    world.run_days(9)
    assert (local_day(world.now), smtpd.delivered) == (date(2026, 5, 21), [])


def test_01_in_mode_draft_the_same_lies_in_drafts_and_each_sent_draft_is_the_yes(world: World) -> None:
    """The draft is the question: sent, the next one comes eight business days after it."""
    proposal = propose(world)
    world.run_days(3)
    assert world.drafts() == []
    world.run_days(1)
    (draft,) = world.drafts()
    assert (draft["To"], draft["In-Reply-To"], draft["Subject"]) == (BOB, proposal.id, "Re: Proposal")
    assert "Bob Builder: nudge 1" in world.digest().under("Drafts that wait for you")
    world.now += timedelta(minutes=10)
    world.sends_draft()
    world.round()
    world.run_days(8)
    assert (local_day(world.now), world.drafts()) == (date(2026, 5, 20), [])
    world.now += timedelta(minutes=10)
    world.round()
    (second,) = world.drafts()
    assert second["In-Reply-To"] == draft["Message-ID"]


def test_01_a_sent_draft_is_no_yes_to_what_came_after_it(world: World) -> None:
    """Alex sends the draft, Bob then asks about an invoice, and one look finds both: it waits."""
    propose(world)
    world.run_days(4)
    world.now += timedelta(minutes=10)
    world.sends_draft()
    world.now += timedelta(hours=1)
    world.gets(BOB, "Invoice 7", "Where is the invoice of March, please?")
    world.round()
    assert (world.states(), world.one().why) == (
        {"bob@bob.example": "waiting"}, "Bob Builder wrote about 'Invoice 7' on 8 May; still follow up?"
    )  # fmt: skip
    nothing_goes(world, 9)


# ---- 2


@pytest.mark.parametrize("folder", ["Clients/Bob", "Junk", "Trash", "Archive/2026"])
def test_02_an_answer_filed_elsewhere_ends_the_chase(world: World, folder: str) -> None:
    """A mail rule files it, a filter takes it for spam, or Alex reads it on the phone and deletes it: no nudge."""
    proposal = propose(world)
    world.days_pass(2)
    world.gets(BOB, answers=proposal, folder=folder)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert "Bob Builder answered on 6 May" in world.digest().under("Who answered")
    nothing_goes(world)


def test_02_an_answer_that_comes_when_the_draft_lies_there_takes_it_back(world: World) -> None:
    """The untouched draft goes to the Trash, and its step never comes."""
    proposal = propose(world)
    world.run_days(4)
    assert len(world.drafts()) == 1
    world.gets(BOB, answers=proposal, folder="Clients/Bob")
    world.now += timedelta(minutes=10)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert world.drafts() == []
    assert len(world.mailbox.raw("Trash")) == 1
    digest = world.digest()
    assert "Bob Builder answered on 8 May" in digest.under("Who answered")
    assert digest.under("Drafts that wait for you") == ""
    nothing_goes(world)


# ---- 3


def test_03_an_answer_from_another_address_of_his_in_the_thread_ends_the_chase(world: World) -> None:
    """Bob answers from his private address, in the thread."""
    proposal = propose(world)
    world.days_pass(1)
    world.gets(BOB_AT_HOME, answers=proposal)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert "answered on 5 May" in world.digest().under("Who answered")
    nothing_goes(world)


def test_03_the_same_subject_from_another_address_without_references_waits_for_a_yes(world: World) -> None:
    """Perhaps Bob's, perhaps not: Alex is asked, and a yes goes on."""
    propose(world)
    world.days_pass(1)
    world.gets(BOB_AT_HOME, "AW: Proposal", "Sounds good, let us talk.")
    world.round()
    assert world.states() == {"bob@bob.example": "waiting"}
    question = "Bob Builder wrote about 'Proposal' on 5 May, perhaps an answer; still follow up?"
    assert question in world.digest().under("Waits for your yes")
    nothing_goes(world)
    says_yes(world, question)
    assert len(world.drafts()) == 1


# ---- 4


def test_04_an_assistant_who_answers_in_the_thread_ends_the_chase(world: World) -> None:
    """Whoever answers in the conversation has answered."""
    proposal = propose(world)
    world.days_pass(1)
    world.gets(ASSISTANT, "Re: Proposal", "Bob would like to see you on Thursday at ten.", answers=proposal)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    told = world.digest().under("Who answered")
    assert "Ida Holm answered on 5 May" in told
    assert "“Bob would like to see you on Thursday at ten.”" in told
    nothing_goes(world)


def test_04_a_fresh_mail_of_the_firm_waits(world: World) -> None:
    """The CFO writes a mail of his own: "we would like to go ahead"."""
    propose(world)
    world.days_pass(1)
    world.gets(CFO, "Backups", "We would like to go ahead. Please send the contract.")
    world.round()
    assert world.states() == {"bob@bob.example": "waiting"}
    question = "Carl Funds wrote about 'Backups' on 5 May; still follow up?"
    assert question in world.digest().under("Waits for your yes")
    nothing_goes(world)


# ---- 5


def test_05_an_answer_to_the_invoice_holds_the_proposal(world: World) -> None:
    """Bob wrote about 'Invoice 7': the proposal waits for Alex's word."""
    invoice = world.writes(BOB, "Invoice 7", "Dear Bob,\n\nattached is invoice 7 for April.\n\nBest regards\nAlex")
    propose(world)
    world.days_pass(1)
    world.gets(BOB, "Re: Invoice 7", "Paid today.", answers=invoice)
    world.round()
    assert world.states() == {"bob@bob.example": "waiting"}
    question = "Bob Builder wrote about 'Invoice 7' on 5 May; still follow up?"
    assert question in world.digest().under("Waits for your yes")
    nothing_goes(world)
    says_yes(world, question)
    (draft,) = world.drafts()
    assert draft["Subject"] == "Re: Proposal"


# ---- 6


@pytest.mark.parametrize(
    "text",
    ["Thanks Alex, will look at it.", "Hi Alex,\n\nthanks, will look at it.\n\nBest\nBob", "\N{THUMBS UP SIGN}"],
)
def test_06_a_bare_acknowledgement_pauses_ten_days_and_then_waits(world: World, text: str) -> None:
    """Not over, and not silent either."""
    proposal = propose(world)
    world.days_pass(1)
    world.gets(BOB, text=text, answers=proposal)
    world.round()
    e = world.one()
    assert (e.state, local_day(e.until)) == ("paused", date(2026, 5, 19))
    assert "it rests until Tue 19 May, then it waits for you" in world.digest().under("Who answered")
    nothing_goes(world, 10)
    assert world.one().state == "waiting"
    says_yes(world, "Bob Builder")
    assert len(world.drafts()) == 1


# ---- 7


def test_07_put_off_for_two_months_is_paused_until_then_and_then_waits(world: World) -> None:
    """ "Call me in two months." """
    proposal = propose(world)
    world.days_pass(1)
    world.gets(BOB, text="Hi Alex,\n\ncall me in two months.\n\nBob", answers=proposal)
    world.round()
    e = world.one()
    assert (e.state, e.until) == ("paused", beginning_of(date(2026, 7, 6)))  # 5 July is a Sunday
    told = world.digest().under("Who answered")
    assert "it rests until Mon 6 Jul, then it waits for you" in told
    assert "call me in two months" in told
    world.days_pass(42)
    world.round()
    assert world.one().state == "paused"
    world.now = datetime(2026, 7, 6, 10, tzinfo=BERLIN).astimezone(UTC)
    world.round()
    assert world.one().state == "waiting"
    assert "Bob Builder" in world.digest().under("Waits for your yes")
    nothing_goes(world, 2)


def test_07_a_promise_for_next_week_is_paused_to_the_business_day_after_it(world: World) -> None:
    """ "I'll get back to you next week": a day is given to keep it."""
    proposal = propose(world)
    world.days_pass(1)
    world.gets(BOB, text="Hello Alex, I'll get back to you next week. Bob", answers=proposal)
    world.round()
    e = world.one()
    assert (e.state, e.until) == ("paused", beginning_of(date(2026, 5, 18)))
    assert "it rests until Mon 18 May, then it waits for you" in world.digest().under("Who answered")
    nothing_goes(world, 9)
    assert (local_day(world.now), world.one().state) == (date(2026, 5, 18), "waiting")
    assert "Bob Builder" in world.digest().under("Waits for your yes")


# ---- 8


def test_08_a_no_is_an_answer(world: World) -> None:
    """ "No thanks, we have a supplier." Nobody is suppressed for that."""
    proposal = propose(world)
    world.days_pass(1)
    world.gets(BOB, text="No thanks, we have a supplier.", answers=proposal)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert "“No thanks, we have a supplier.”" in world.digest().under("Who answered")
    world.now += timedelta(minutes=10)
    world.writes(BOB, "Another matter", "Notes.", Bcc="alex+nudge@consult.example")  # nobody is suppressed for a no
    world.round()
    assert world.of("bob@bob.example").state == "active"


def test_08_stop_writing_to_me_holds_for_ever_and_in_any_sequence(world: World) -> None:
    """Neither a new proposal, nor a mark, nor a hand, nor a new database brings him back."""
    proposal = propose(world)
    world.days_pass(1)
    world.gets(BOB, text="Please stop writing to me.", answers=proposal)
    world.round()
    assert world.states() == {"bob@bob.example": "unsubscribed"}
    assert "Bob Builder" in world.digest().under("What ended")
    world.days_pass(1)
    world.writes(BOB, "Another proposal")
    world.writes(BOB, "A third", Bcc="alex+nudge@consult.example")
    world.writes("alex+met@consult.example", "Bob Builder", "bob@bob.example, at the fair")
    world.round()
    assert world.states() == {"bob@bob.example": "unsubscribed"}
    told = world.digest().under("What you said")
    assert told.count("bob@bob.example: your mark did nothing: ") == 2
    assert told.count("must not be mailed") == 2
    world.close()
    (world.home / "followmail.db").unlink()
    world.round()
    nothing_goes(world)


# ---- 9


def test_09_another_person_is_proposed_and_nobody_is_mailed(world: World) -> None:
    """ "That would be Ms Meier": the chase is over, and what is proposed is told."""
    proposal = propose(world)
    world.days_pass(1)
    world.gets(BOB, text="That would be Ms Meier, meier@bob.example.", answers=proposal)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    digest = world.digest()
    assert "“That would be Ms Meier, meier@bob.example.”" in digest.under("Who answered")
    assert "Instead of Bob Builder you may write to meier@bob.example" in digest.under("Proposals")
    nothing_goes(world)
    assert set(world.states()) == {"bob@bob.example"}


# ---- 10

AWAY = """Guten Tag,

ich bin bis zum 14. Mai nicht im Büro. In dringenden Fällen wenden Sie sich bitte an Frau Huber.

Bob Builder"""


def away(world: World, **headers: str) -> Mail:
    return world.gets(
        BOB,
        "Automatische Antwort: Abwesenheit",
        AWAY,
        Auto_Submitted="auto-replied",
        X_Auto_Response_Suppress="All",
        **headers,
    )


@pytest.mark.parametrize("path", ["<bob@bob.example>", "<>"])
def test_10_out_of_office_as_a_fresh_mail_pauses_to_the_day_after_the_return_then_the_nudge_goes(
    world: World, path: str
) -> None:
    """In German, until the 14th, without references, also with the empty path of RFC 3834: on the 15th it goes on."""
    propose(world)
    world.days_pass(1)
    away(world, Return_Path=path)
    world.round()
    e = world.one()
    assert (e.state, e.until) == ("paused", opening_of(date(2026, 5, 15)))
    assert "it rests until Fri 15 May, then it goes on" in world.digest().under("Who answered")
    nothing_goes(world, 7)
    world.run_days(1)
    assert local_day(world.now) == date(2026, 5, 15)
    assert (world.one().state, addresses(world.drafts())) == ("active", [BOB])


def test_10_who_is_away_is_still_watched(world: World) -> None:
    """An answer from the beach ends the chase."""
    proposal = propose(world)
    world.days_pass(1)
    away(world)
    world.round()
    world.days_pass(1)
    world.gets(BOB, text="Quick answer from the beach: yes.", answers=proposal)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert "“Quick answer from the beach: yes.”" in world.digest().under("Who answered")
    nothing_goes(world, 10)


def test_10_a_yes_to_what_he_asked_while_he_is_away_counts_when_he_is_back(world: World) -> None:
    """A question about what he wrote from there does not make him be back."""
    propose(world)
    world.days_pass(1)
    away(world)
    world.round()
    world.gets(BOB, "Invoice 7", "Where is the invoice of March, please?")
    world.round()
    assert world.states() == {"bob@bob.example": "waiting"}
    says_yes(world, "Bob Builder")
    world.round()
    assert (world.one().state, world.one().until) == ("paused", opening_of(date(2026, 5, 15)))
    while local_day(world.now) < date(2026, 5, 14):
        nothing_goes(world, 1)
    world.run_days(1)
    assert (local_day(world.now), addresses(world.drafts())) == (date(2026, 5, 15), [BOB])


def test_10_a_draft_that_lay_there_is_taken_back_and_laid_again_when_he_is_back(world: World) -> None:
    """The same step, as the same mail: its Message-ID does not change."""
    propose(world)
    world.run_days(4)
    (before,) = world.drafts()
    world.now += timedelta(minutes=10)
    away(world)
    world.round()
    assert (world.one().state, world.drafts()) == ("paused", [])
    nothing_goes(world, 4)
    world.run_days(1)
    (after,) = world.drafts()
    assert "Bob Builder: nudge 1" in world.digest().under("Drafts that wait for you")
    assert (local_day(world.now), after["Message-ID"]) == (date(2026, 5, 15), before["Message-ID"])


# ---- 11


def test_11_who_has_left_the_company_ends_the_chase_and_the_stand_in_is_named(world: World) -> None:
    """ "Bob no longer works here, please write to Eve.": stopped and told; Eve is not mailed."""
    propose(world)
    world.days_pass(1)
    text = "Bob Builder no longer works at our company. Please write to Eve Miller, eve@bob.example, instead."
    world.gets(BOB, "Automatic reply: Proposal", text, Auto_Submitted="auto-replied")
    world.round()
    assert world.states() == {"bob@bob.example": "stopped"}
    digest = world.digest()
    assert "Bob Builder is no longer there" in digest.under("What ended")
    assert "Instead of Bob Builder you may write to eve@bob.example" in digest.under("Proposals")
    nothing_goes(world)
    assert set(world.states()) == {"bob@bob.example"}


def test_11_an_address_that_does_not_exist_is_bounced_and_suppressed_until_it_writes(world: World) -> None:
    """550 5.1.1: never again; unless a person writes from there, which proves the address."""
    proposal = propose(world)
    world.raw_arrives(report_of(world, proposal, "5.1.1", "550 5.1.1 User unknown"))
    world.days_pass(1)
    world.round()
    assert world.states() == {"bob@bob.example": "bounced"}
    assert "Bob Builder: " in world.digest().under("What ended")
    world.writes(BOB, "Notes", "Here they are.", Bcc="alex+nudge@consult.example")
    world.run_days(1)
    assert "must not be mailed" in world.digest().under("What you said")
    nothing_goes(world)
    world.gets(BOB, "Hello", "My address works again. What did you send me?")
    world.now += timedelta(minutes=10)
    world.round()
    world.writes(BOB, "Notes again", "Here they are.", Bcc="alex+nudge@consult.example")
    world.run_days(1)
    assert world.of("bob@bob.example").state == "active"


def test_11_a_full_mailbox_that_is_still_tried_changes_nothing(world: World) -> None:
    """Delayed is no end: the nudge goes on its day."""
    proposal = propose(world)
    world.raw_arrives(report_of(world, proposal, "4.2.2", "452 4.2.2 Mailbox full, will retry", action="delayed"))
    world.run_days(1)
    assert world.states() == {"bob@bob.example": "active"}
    world.run_days(3)
    assert addresses(world.drafts()) == [BOB]


def test_11_a_full_mailbox_that_was_given_up_waits(world: World) -> None:
    """The server does not try any more: Alex is asked; the address may be good."""
    proposal = propose(world)
    world.raw_arrives(report_of(world, proposal, "5.2.2", "552 5.2.2 Mailbox full, giving up after 5 days"))
    world.run_days(1)
    assert world.states() == {"bob@bob.example": "waiting"}
    nothing_goes(world)
    says_yes(world, "Bob Builder")
    assert addresses(world.drafts()) == [BOB]


def test_11_the_third_delay_waits(world: World) -> None:
    """Two delays change nothing; the third asks."""
    proposal = propose(world)
    for expected in ("active", "active", "waiting"):
        world.raw_arrives(report_of(world, proposal, "4.2.2", "452 4.2.2 Mailbox full, will retry", action="delayed"))
        world.run_days(1)
        assert world.states() == {"bob@bob.example": expected}
    assert "Bob Builder" in world.digest().under("Waits for your yes")
    nothing_goes(world)


# ---- 12


def receipt(world: World, original: Mail) -> bytes:
    """A read receipt (RFC 8098)."""
    return (
        f"Received: from mx.bob.example by mail.consult.example; Mon, 4 May 2026 08:01:00 +0000\r\nFrom: {BOB}\r\n"
        f"To: alex@consult.example\r\nSubject: Read: Proposal\r\nDate: {world.now:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        f"Message-ID: {make_msgid(domain='bob.example')}\r\nIn-Reply-To: {original.id}\r\nReferences: {original.id}\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary="b"\r\n'
        "\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nYour message was read on Monday.\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; bob@bob.example\r\n"
        f"Original-Message-ID: {original.id}\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n"
        "--b--\r\n"
    ).encode()


def test_12_a_ticket_a_newsletter_and_a_read_receipt_change_nothing(world: World) -> None:
    """Machines do not answer: the nudge goes on its day."""
    proposal = propose(world)
    text = "Thank you for contacting us. We have received your request. Your ticket number is 48151."
    support = "Bob Support <support@bob.example>"
    world.gets(support, "[Ticket #48151] Proposal", text, answers=proposal, Auto_Submitted="auto-generated")
    world.gets(
        "Bob & Sons <news@bob.example>", "Our news in May", "Great offers.\n\nUnsubscribe here: https://bob.example/u",
        List_Id="<news.bob.example>", List_Unsubscribe="<https://bob.example/u>", Precedence="bulk",
    )  # fmt: skip
    world.raw_arrives(receipt(world, proposal))
    world.run_days(1)
    assert world.states() == {"bob@bob.example": "active"}
    world.run_days(3)
    assert addresses(world.drafts()) == [BOB]
    digest = world.digest()
    assert digest.subject == "1 draft waits"
    assert digest.under("Who answered") == digest.under("Who waits for you") == ""


# ---- 13


def test_13_deleting_the_draft_of_a_detected_chase_ends_it(world: World) -> None:
    """Bob has phoned; Alex deletes the waiting draft: the no."""
    propose(world)
    world.run_days(4)
    world.mailbox.expunge("Drafts", world.mailbox.uids("Drafts"))
    world.rounds_over(30)
    assert world.states() == {"bob@bob.example": "stopped"}
    assert "Bob Builder: " in world.digest().under("What ended")
    nothing_goes(world, 10)


def test_13_deleting_the_draft_of_a_marked_chase_skips_that_step_only(world: World) -> None:
    """What Alex asked for goes on with its next step, eight business days on; a second deleted one ends it too."""
    first_run(world)
    propose(world, Bcc="alex+nudge@consult.example")
    world.run_days(4)
    world.mailbox.expunge("Drafts", world.mailbox.uids("Drafts"))
    world.rounds_over(30)
    assert world.states() == {"bob@bob.example": "active"}
    nothing_goes(world, 1)
    assert "Bob Builder: step 1" in world.digest().under("What you said")
    nothing_goes(world, 7)
    world.days_pass(1)
    world.round()
    (draft,) = world.drafts()
    assert "One more thing" in text_of(draft)
    world.mailbox.expunge("Drafts", world.mailbox.uids("Drafts"))
    world.rounds_over(30)
    assert world.states() == {"bob@bob.example": "stopped"}
    assert "Bob Builder: " in world.digest().under("What ended")


def test_13_stop_in_a_reply_takes_the_draft_back_and_resume_goes_on(world: World) -> None:
    """Bob has phoned, and Alex answers `stop 1`; it was another Bob, and Alex takes it back as the answer says."""
    propose(world)
    world.run_days(4)
    digest = world.digest()
    assert "- 1: Bob Builder: stopped; “resume 1” takes that back" in world.answers_digest("stop 1", digest)
    assert (world.states(), world.drafts()) == ({"bob@bob.example": "stopped"}, [])
    nothing_goes(world, 1)
    assert "- 1: Bob Builder: goes on in 'nudge'" in world.answers_digest("resume 1", digest)
    assert (world.states(), len(world.drafts())) == ({"bob@bob.example": "active"}, 1)


# ---- 14


def test_14_an_accepted_invitation_is_an_answer(world: World) -> None:
    """Bob's calendar says yes, in a mail that refers to nothing."""
    propose(world)
    world.days_pass(1)
    world.raw_arrives(calendar_mail(world, "REPLY", "ACCEPTED", "Accepted: Call"))
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert "Bob Builder" in world.digest().under("Who answered")
    nothing_goes(world)


@pytest.mark.parametrize(
    ("method", "partstat", "subject"), [("REPLY", "DECLINED", "Declined: Call"), ("CANCEL", "", "Canceled: Call")]
)
def test_14_a_declined_or_cancelled_call_pauses_three_days_and_then_waits(
    world: World, method: str, partstat: str, subject: str
) -> None:
    """A new date may follow; if none does, Alex is asked."""
    propose(world)
    world.days_pass(1)
    world.raw_arrives(calendar_mail(world, method, partstat, subject))
    world.round()
    e = world.one()
    assert (e.state, e.until) == ("paused", beginning_of(date(2026, 5, 8)))
    assert "it rests until Fri 8 May, then it waits for you" in world.digest().under("Who answered")
    nothing_goes(world, 3)
    assert (local_day(world.now), world.one().state) == (date(2026, 5, 8), "waiting")
    assert "Bob Builder" in world.digest().under("Waits for your yes")
    nothing_goes(world)


# ---- 15


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Date: @", b"Date: Mon, 5 May 2025 09:00:00 +0000"),
        (b"Date: @\r\n", b""),
        (b"Message-ID: <x1@bob.example>\r\n", b""),
        (b"Subject: Re: Proposal", b"Subject: R\xe9ponse \xe0 la proposition"),
        (b"From: Bob Builder <", b"From: B\xf6b B\xfcilder <"),
    ],
    ids=["a date of last year", "no date", "no Message-ID", "raw Latin-1 subject", "raw Latin-1 name"],
)
def test_15_an_answer_with_broken_headers_ends_the_chase(world: World, old: bytes, new: bytes) -> None:
    """What refers to the proposal came after it, whatever its clock says."""
    proposal = propose(world)
    world.days_pass(1)
    raw = (
        b"Received: from mx.bob.example by mail.consult.example; Tue, 5 May 2026 08:00:00 +0000\r\n"
        b"From: Bob Builder <bob@bob.example>\r\nTo: alex@consult.example\r\nSubject: Re: Proposal\r\nDate: @\r\n"
        b"Message-ID: <x1@bob.example>\r\nIn-Reply-To: " + proposal.id.encode() + b"\r\n\r\nYes, let us do that.\r\n"
    )
    assert old in raw
    raw = raw.replace(old, new).replace(b"Date: @", b"Date: Tue, 5 May 2026 09:00:00 +0200")
    world.raw_arrives(raw)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert "“Yes, let us do that.”" in world.digest().under("Who answered")
    nothing_goes(world)


# ---- 16


def test_16_what_is_quoted_does_not_count(world: World) -> None:
    """Alex's own "unsubscribe" and "out of office" below an answer make it neither."""
    text = "Hello,\n\nshall we meet? I am out of office until 12 May.\n\nTo unsubscribe, just tell me.\n\nAlex"
    proposal = propose(world, text=text)
    world.days_pass(1)
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    world.gets(
        BOB,
        text=f"Hi Alex,\n\nyes, Thursday suits me.\n\nBob\n\nOn Mon, 4 May 2026, Alex wrote:\n{quoted}",
        answers=proposal,
    )
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    told = world.digest().under("Who answered")
    assert "yes, Thursday suits me." in told
    assert "unsubscribe" not in told
    nothing_goes(world)


# ---- 17


def test_17_writing_again_on_day_3_starts_the_clock_anew(world: World) -> None:
    """Four business days from Thursday's mail: Wednesday."""
    proposal = propose(world)
    world.days_pass(3)
    world.writes(BOB, "Re: Proposal", "One thing I forgot: the price includes support.", answers=proposal)
    world.round()
    nothing_goes(world, 3)
    assert "will be laid as a draft today at 09:59" in world.digest().under("Goes out today")
    assert local_day(world.now) == date(2026, 5, 13)
    world.now += timedelta(hours=2)
    world.round()
    (draft,) = world.drafts()
    assert "I wanted to come back to my note of" in text_of(draft)


def test_17_nudging_by_hand_on_day_4_before_the_daemon_leaves_it_silent(world: World) -> None:
    """Alex was quicker: none that day, and the clock starts anew."""
    proposal = propose(world)
    world.run_days(3)
    world.days_pass(1)
    world.writes(BOB, "Re: Proposal", "Did this reach you?", answers=proposal)
    report = world.round()
    assert (report.tally.drafted, world.drafts()) == (0, [])
    nothing_goes(world, 1)
    assert world.digest().subject == "Nothing needs you."  # told on a Monday, silent on other days
    nothing_goes(world, 2)
    world.run_days(1)
    assert (local_day(world.now), len(world.drafts())) == (date(2026, 5, 14), 1)


def test_17_nudging_by_hand_counts_in_mode_send_too(sending: Sending, smtpd: Smtpd) -> None:
    """The step itself is not lost: it comes four business days after Alex's own."""
    world, proposal = propose_for_send(sending)
    world.run_days(3)
    world.days_pass(1)
    world.writes(BOB, "Re: Proposal", "Did this reach you?", answers=proposal)
    world.round()
    world.run_days(3)
    assert smtpd.delivered == []
    world.run_days(1)
    assert (local_day(world.now), len(smtpd.delivered)) == (date(2026, 5, 14), 1)


# ---- 18


def test_18_a_colleague_who_answers_in_the_thread_holds_it(world: World) -> None:
    """Alex's partner has taken over, perhaps: after a yes the delay counts from that mail."""
    proposal = propose(world)
    world.days_pass(2)
    world.gets(
        PARTNER,
        "Re: Proposal",
        "Dear Bob, Alex is travelling; I can answer questions.",
        answers=proposal,
        to=BOB,
        Cc="alex@consult.example",
    )
    world.round()
    assert world.states() == {"bob@bob.example": "waiting"}
    says_yes(world, "your colleague Pat Partner wrote in the conversation on 6 May; still follow up?")
    nothing_goes(world, 3)
    world.run_days(1)
    assert (local_day(world.now), len(world.drafts())) == (date(2026, 5, 12), 1)


# ---- 19


def test_19_an_answer_within_the_minute_before_it_leaves_keeps_the_nudge_back(sending: Sending, smtpd: Smtpd) -> None:
    """The mail is written and queued; the look before the mail itself finds the answer."""
    world, proposal = propose_for_send(sending)
    world.run_days(3)
    world.days_pass(1)
    seen: list[str] = []

    def clock() -> datetime:
        """Between planning and leaving, Bob's answer comes in."""
        if [p.delivery.status for p in world.office.store.outbox.parcels(Status.QUEUED)] and not seen:
            seen.append(world.gets(BOB, answers=proposal).id)
        return world.now

    report = world.round(clock=clock)
    assert len(seen) == 1
    assert (report.tally.sent, smtpd.delivered) == (0, [])
    assert world.states() == {"bob@bob.example": "replied"}
    assert "Bob Builder answered on 8 May" in world.digest().under("Who answered")
    world.run_days(6)
    assert smtpd.delivered == []


def test_19_an_answer_that_came_before_the_draft_is_laid_keeps_it_back(world: World) -> None:
    """In mode draft too: the look of the cycle comes first."""
    proposal = propose(world, to=CARLA)
    world.run_days(3)
    world.days_pass(1)
    world.gets(CARLA, answers=proposal, ago=timedelta(seconds=5))
    world.round()
    assert (world.states(), world.drafts()) == ({"carla@carla.example": "replied"}, [])
    assert "Carla Cook answered on 8 May" in world.digest().under("Who answered")
