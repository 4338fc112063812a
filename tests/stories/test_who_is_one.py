"""Who is followed up, and who is not: stories 20 to 27, by what Alex does in the mail client and reads in the digest."""

from datetime import date, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import pytest

from tests.world import ALEX, ANN, BERLIN, BOB, CARLA, Mail, World, addresses, days, weeks

BOSS = "Bea Boss <bea@bob.example>"
FRIEND = "Fred Friend <fred@gmail.com>"
SECOND = "alex@second.example"
INVITATION = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTART:20260511T090000Z\r\n"
    "SUMMARY:Shall we talk?\r\nEND:VEVENT\r\nEND:VCALENDAR"
)
GMAIL = "Alex Consultant <alex.consultant@gmail.com>"


def enrolled(world: World) -> dict[str, str]:
    """Address → sequence of all that was ever enrolled."""
    return {e.address: e.sequence for e in world.enrollments()}


def nobody_but_carla(world: World, days: int = 6) -> None:
    """Of all that Alex wrote, only a proposal to Carla is followed up, and nothing else is told: rules are awake."""
    world.writes(CARLA)
    world.run_days(days)
    assert enrolled(world) == {"carla@carla.example": "nudge"}
    assert addresses(world.drafts()) == [CARLA]
    digest = world.digest()
    assert digest.subject == "1 draft waits"
    assert digest.number("Carla Cook: nudge 1") == 1
    assert "\n2. " not in digest.text


def runs_since_saturday(world: World) -> None:
    """The first run was two days ago: what comes now is new."""
    world.now -= days(2)
    world.round()
    world.now += days(2)


def drag(world: World, mail: Mail, folder: str, move: bool) -> None:
    """Alex moves or copies a mail in a mail client."""
    client = world.mailbox.client
    if not client.folder_exists(folder):
        client.create_folder(folder)
    client.select_folder(mail.folder)
    (client.move if move else client.copy)([mail.uid], folder)


# ---- 20


@pytest.mark.parametrize(
    ("to", "subject", "text"),
    [
        (FRIEND, "Tonight", "See you tonight!\n\nAlex"),
        (BOB, "Invoice 7", "Dear Bob,\n\nattached is invoice 7 for April, payable in 14 days.\n\nBest regards\nAlex"),
        (BOB, "Final report", "Dear Bob,\n\nhere is the final report as a PDF.\n\nBest regards\nAlex"),
        (BOB, "Thank you", "Dear Bob,\n\nthank you for the pleasant meeting yesterday.\n\nBest regards\nAlex"),
    ],
)  # fmt: skip
def test_20_a_mail_that_asks_nothing_begins_nothing(world: World, to: str, subject: str, text: str) -> None:
    """A greeting, an invoice, a delivered file, a thank-you."""
    runs_since_saturday(world)
    world.writes(to, subject, text)
    world.round()
    assert world.enrollments() == ()
    nobody_but_carla(world, days=10)


def test_20_an_open_question_to_a_client_for_years_is_stalled_and_becomes_a_draft(world: World) -> None:
    """Nothing leaves by itself: the draft is the question."""
    world.gets(BOB, "Our first project", "Shall we begin in June?", ago=weeks(150))
    runs_since_saturday(world)
    world.writes(BOB, "Contract", "Hello Bob,\n\ncould you look at the contract?\n\nBest regards\nAlex")
    world.round()
    assert enrolled(world) == {"bob@bob.example": "stalled"}
    world.run_days(4)
    assert world.drafts() == []
    world.run_days(4)
    assert addresses(world.drafts()) == ["Bob Builder <bob@bob.example>"]
    assert "Bob Builder: stalled 1 is in your drafts" in world.digest().under("Drafts that wait for you")
    assert len(world.sent()) == 1


# ---- 21


@pytest.mark.parametrize("header", ["To", "Cc"])
def test_21_a_proposal_to_bob_and_his_boss_is_one_chase_and_one_nudge_to_both(world: World, header: str) -> None:
    """Whether the boss stands beside Bob in To, or in Cc."""
    runs_since_saturday(world)
    if header == "To":
        world.writes(f"{BOB}, {BOSS}")
    else:
        world.writes(BOB, Cc=BOSS)
    world.run_days(5)
    assert enrolled(world) == {"bob@bob.example": "nudge"}
    (draft,) = world.drafts()
    assert "bob@bob.example" in draft["To"]
    assert "bea@bob.example" in draft[header]


@pytest.mark.parametrize("who", [BOB, BOSS])
def test_21_either_answer_ends_it(world: World, who: str) -> None:
    """Bob's as well as his boss's."""
    runs_since_saturday(world)
    proposal = world.writes(f"{BOB}, {BOSS}")
    world.run_days(4)
    assert len(world.drafts()) == 1
    world.now += timedelta(minutes=10)
    world.gets(who, answers=proposal)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert world.drafts() == []
    assert f"{who.partition(' <')[0]} answered on 8 May" in world.digest().under("Who answered")


# ---- 22


def test_22_anna_meet_bob_is_followed_up_only_when_marked(world: World) -> None:
    """Two companies are nobody's chase, unless Alex says so."""
    runs_since_saturday(world)
    world.writes(f"{ANN}, {BOB}", "Ann, meet Bob", "Ann, Bob builds backups. Shall I book us a table?")
    nobody_but_carla(world)


def test_22_marked_it_is_followed_up_and_told(world: World) -> None:
    """The mark is a yes to both at once."""
    runs_since_saturday(world)
    world.writes(f"{ANN}, {BOB}", "Ann, meet Bob", "Shall I book us a table?", Bcc="alex+nudge@consult.example")
    world.round()
    assert enrolled(world) == {"ann@ann.example": "nudge"}
    assert "Ann Archer is in 'nudge' since Mon 4 May" in world.digest().under("What you said")


def test_22_an_introduction_that_alex_has_not_answered_stands_in_the_digest(world: World) -> None:
    """It goes cold in two days; `done` takes it off the list."""
    runs_since_saturday(world)
    world.gets(ANN, "Carla, meet Alex", "Alex, meet Carla, who asked me about backups.", ago=days(1), Cc=CARLA)
    world.round()
    digest = world.digest()
    told = digest.under("Who waits for you")
    assert "Ann Archer introduced Carla Cook (carla@carla.example)" in told
    assert world.answers_digest(f"done {digest.number('introduced')}").startswith("Done:")
    world.writes(BOB)  # so that there is something to say
    world.run_days(4)
    assert world.digest().under("Who waits for you") == ""


def test_22_whoever_was_introduced_and_stays_silent_is_nudged_without_the_introducer(world: World) -> None:
    """Ann introduces Carla; Alex answers Carla, with Ann in Cc; Ann's "you're welcome" does not end it."""
    runs_since_saturday(world)
    intro = world.gets(ANN, "Carla, meet Alex", "Alex knows all about backups.", ago=days(1), Cc=CARLA)
    mail = world.writes(
        CARLA, "Re: Carla, meet Alex", "Thanks Ann!\n\nCarla, when could we talk?\n\nAlex", answers=intro, Cc=ANN
    )
    world.round()
    assert enrolled(world) == {"carla@carla.example": "nudge"}
    world.gets(ANN, "Re: Carla, meet Alex", "You're welcome!\n\nAnn", answers=mail)
    world.run_days(5)
    assert world.states() == {"carla@carla.example": "active"}
    assert "Carla Cook: nudge 1" in world.digest().under("Drafts that wait for you")
    (draft,) = world.drafts()
    assert (draft["To"], draft["Cc"]) == ("Carla Cook <carla@carla.example>", None)
    assert draft["In-Reply-To"] == mail.id


def test_22_an_introducer_who_writes_more_than_thanks_makes_it_wait(world: World) -> None:
    """What she says may be the answer."""
    runs_since_saturday(world)
    intro = world.gets(ANN, "Carla, meet Alex", "Alex knows all about backups.", ago=days(1), Cc=CARLA)
    mail = world.writes(CARLA, "Re: Carla, meet Alex", "Carla, when could we talk?", answers=intro, Cc=ANN)
    world.gets(ANN, "Re: Carla, meet Alex", "Carla told me that they took somebody else last week.", answers=mail)
    world.round()
    assert world.states() == {"carla@carla.example": "waiting"}
    assert "Ann" in world.digest().under("Waits for your yes")


# ---- 23


@pytest.mark.parametrize(
    "to",
    [
        ", ".join(f"p{n}@bob.example" for n in range(5)),
        "friends@lists.example",
        "no-reply@bob.example",
        "Alex <alex@second.example>",
        "Colin Colleague <colin@consult.example>",
    ],
    ids=["five people", "a mailing list", "a no-reply address", "own second address", "a colleague"],
)
def test_23_five_people_a_list_a_machine_and_oneself_are_nobody(world: World, to: str) -> None:
    """Whatever it asks."""
    world.options["FOLLOWMAIL_ALIASES"] = SECOND
    post = "<mailto:friends@lists.example>"
    world.gets("Somebody <some@body.example>", "Friends", "Hi all", List_Post=post, ago=weeks(5))
    runs_since_saturday(world)
    world.writes(to)
    nobody_but_carla(world)


def test_23_a_calendar_invitation_that_alex_sends_is_nothing(world: World) -> None:
    """Calendars chase their own."""
    runs_since_saturday(world)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = ALEX, BOB, "Shall we talk?", "<1@consult.example>"
    mail["Date"] = format_datetime(world.now)
    mail.set_content("Shall we talk on Monday?")
    mail.add_alternative(INVITATION, subtype="calendar", params={"method": "REQUEST"})
    world.mailbox.append(mail.as_bytes(), "Sent", when=world.now)
    nobody_but_carla(world)


# ---- 24


def test_24_info_is_a_prospect_and_is_greeted_without_a_first_name(world: World) -> None:
    """All that a small firm has."""
    runs_since_saturday(world)
    world.writes("Carla Cook <info@carla.example>", "Backups", "Who looks after your backups at the moment?")
    world.run_days(4)
    assert enrolled(world) == {"info@carla.example": "nudge"}
    (draft,) = world.drafts()
    body = draft.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().splitlines()[0] == "Hello,"


@pytest.mark.parametrize("to_too", [False, True])
def test_24_billing_beside_carla_is_no_person_and_carla_is_the_prospect(world: World, to_too: bool) -> None:
    """In Cc, or before her in To; the nudge goes to Carla alone."""
    runs_since_saturday(world)
    if to_too:
        world.writes(f"billing@carla.example, {CARLA}")
    else:
        world.writes(CARLA, Cc="billing@carla.example")
    world.run_days(4)
    assert enrolled(world) == {"carla@carla.example": "nudge"}
    (draft,) = world.drafts()
    assert (draft["To"], draft["Cc"]) == ("Carla Cook <carla@carla.example>", None)


# ---- 25


def test_25_at_a_free_mail_provider_nobody_is_a_colleague_and_nobody_is_a_company(world: World) -> None:
    """Another Gmail user's mail means nothing, and two Gmail prospects may be mailed on one day."""
    world.options["FOLLOWMAIL_ADDRESS"] = "alex.consultant@gmail.com"
    runs_since_saturday(world)
    world.writes("Bob <bob.builder@gmail.com>", From=GMAIL)
    world.writes("Dora <dora.doe@gmail.com>", From=GMAIL)
    world.round()
    assert enrolled(world) == {"bob.builder@gmail.com": "nudge", "dora.doe@gmail.com": "nudge"}
    world.gets("Eve <eve.else@gmail.com>", "Something else", "Are you free in June?", to=GMAIL)
    world.run_days(4)
    assert world.states() == {"bob.builder@gmail.com": "active", "dora.doe@gmail.com": "active"}
    assert sorted(addresses(world.drafts())) == ["Bob <bob.builder@gmail.com>", "Dora <dora.doe@gmail.com>"]
    digest = world.digest()
    assert {digest.number("Bob: nudge 1"), digest.number("Dora: nudge 1")} == {1, 2}
    assert "Eve wrote about 'Something else'" in digest.under("Who waits for you")


# ---- 26


def test_26_a_mark_enrolls(world: World) -> None:
    """A mail of three weeks ago with a plus address in Bcc: marked before the first run, it waits for a yes."""
    world.writes(BOB, ago=weeks(3), Bcc="alex+nudge@consult.example")
    world.round()
    assert world.states() == {"bob@bob.example": "waiting"}
    digest = world.digest()
    assert "Bob Builder" in digest.under("Waits for your yes")
    assert world.answers_digest(f"ok {digest.number('Bob', 'Waits for your yes')}").startswith("Done:")
    assert addresses(world.drafts()) == ["Bob Builder <bob@bob.example>"]


def test_26_a_mark_on_a_new_mail_is_a_yes_whatever_it_asks(world: World) -> None:
    """Also to five people, and to somebody who has written before; with a delay of its own."""
    world.gets(BOB, "Earlier", "Hello", ago=weeks(20))
    runs_since_saturday(world)
    five = ", ".join([BOB, *(f"p{n}@ann.example" for n in range(4))])
    world.writes(five, "Notes", "Here are my notes.", Bcc="alex+nudge.2d@consult.example")
    world.round()
    assert world.states() == {"bob@bob.example": "active"}
    assert "Bob Builder is in 'nudge' since Mon 4 May" in world.digest().under("What you said")
    world.run_days(1)
    assert world.drafts() == []
    world.run_days(1)
    assert len(world.drafts()) == 1


@pytest.mark.parametrize("move", [False, True], ids=["copied", "moved"])
def test_26_a_mail_dragged_into_the_folder_of_a_sequence_enrolls(world: World, move: bool) -> None:
    """Three weeks old; a yes, for it was dragged after the first run."""
    mail = world.writes(BOB, "Notes", "Here are my notes.", ago=weeks(3))
    runs_since_saturday(world)
    assert world.enrollments() == ()
    drag(world, mail, "Followmail/nudge", move)
    world.round()
    assert world.states() == {"bob@bob.example": "active"}
    assert addresses(world.drafts()) == ["Bob Builder <bob@bob.example>"]
    assert "Bob Builder is in 'nudge' since Mon 4 May" in world.digest().under("What you said")


def test_26_a_received_mail_dragged_into_the_folder_makes_its_sender_the_prospect(world: World) -> None:
    """Bob had written; Alex's last word in that conversation is what is followed up."""
    world.writes(BOB, "Notes", "Here are my notes.", ago=weeks(4))
    theirs = world.gets(BOB, "Backups", "What would that cost?", ago=weeks(3))
    mine = world.writes(BOB, "Re: Backups", "About 900 a year.", answers=theirs, ago=weeks(2.9))
    runs_since_saturday(world)
    drag(world, theirs, "Followmail/nudge", move=True)
    world.round()
    assert world.states() == {"bob@bob.example": "active"}
    (draft,) = world.drafts()
    assert draft["In-Reply-To"] == mine.id


@pytest.mark.parametrize("ago", [0, 21])
def test_26_off_is_never(world: World, ago: int) -> None:
    """A mail marked so, and the later ones of its conversation."""
    runs_since_saturday(world)
    mail = world.writes(BOB, Bcc="alex+off@consult.example", ago=days(ago) if ago else None)
    world.round()
    told = world.digest().under("What you said")
    assert "Bob" in told or "bob@bob.example" in told
    world.writes(BOB, "Re: Proposal", "What do you say?", answers=mail)
    nobody_but_carla(world)


def test_26_off_ends_a_chase_of_its_conversation(world: World) -> None:
    """Its draft is withdrawn."""
    runs_since_saturday(world)
    proposal = world.writes(BOB)
    world.run_days(4)
    assert len(world.drafts()) == 1
    world.now += timedelta(minutes=10)
    world.writes(BOB, "Re: Proposal", "Forget it.", answers=proposal, Bcc="alex+off@consult.example")
    world.round()
    assert world.states() == {"bob@bob.example": "stopped"}
    assert world.drafts() == []
    assert "Bob Builder: " in world.digest().under("What ended")


def test_26_a_mail_dragged_into_stop_ends_it_and_is_told(world: World) -> None:
    """The other word that needs no writing."""
    runs_since_saturday(world)
    proposal = world.writes(BOB)
    world.run_days(4)
    drag(world, proposal, "Followmail/Stop", move=False)
    world.now += timedelta(hours=1)
    world.round()
    assert world.states() == {"bob@bob.example": "stopped"}
    assert world.drafts() == []
    assert "Bob Builder: " in world.digest().under("What ended")


def test_26_a_mark_that_cannot_be_obeyed_is_told(world: World) -> None:
    """A sequence that is not there."""
    runs_since_saturday(world)
    world.writes(BOB, "Notes", "Here are my notes.", Bcc="alex+nugde@consult.example")
    world.round()
    assert world.enrollments() == ()
    told = world.digest().under("What you said")
    assert "bob@bob.example: your mark did nothing: " in told
    assert "there is no sequence 'nugde'" in told


# ---- 27


def test_27_tuesdays_mail_in_another_conversation_leaves_mondays_chase_as_it_is(world: World) -> None:
    """Parking is behind the house."""
    runs_since_saturday(world)
    world.writes(BOB)
    world.round()
    world.days_pass(1)
    world.writes(BOB, "Our meeting", "Parking is behind the house.")
    world.run_days(2)
    assert "Bob Builder: nudge 1 will be laid as a draft today at 09:59" in world.digest().under("Goes out today")
    assert world.now.astimezone(BERLIN).date() == date(2026, 5, 8)
    world.days_pass(0)
    world.round()
    (draft,) = world.drafts()
    assert draft["Subject"] == "Re: Proposal"


def test_27_tuesdays_mail_in_the_same_conversation_is_what_counts(world: World) -> None:
    """The four days begin anew."""
    runs_since_saturday(world)
    proposal = world.writes(BOB)
    world.round()
    world.days_pass(1)
    world.writes(BOB, "Re: Proposal", "Parking is behind the house.", answers=proposal)
    world.run_days(3)
    assert world.drafts() == []
    world.run_days(1)
    assert len(world.drafts()) == 1


def test_27_never_two_mails_to_bob_on_one_day(world: World) -> None:
    """Alex writes to him about something else on the day of the nudge: it goes a day later."""
    runs_since_saturday(world)
    world.writes(BOB)
    world.round()
    world.days_pass(4, hour=9)
    world.writes(BOB, "Our meeting", "Parking is behind the house.")
    world.now += timedelta(hours=1)
    world.round()
    assert world.drafts() == []
    world.run_days(1)
    assert len(world.drafts()) == 1


def test_27_a_second_question_begins_no_second_chase(world: World) -> None:
    """A person has at most one; the history says what was not begun, and why."""
    runs_since_saturday(world)
    world.writes(BOB)
    world.round()
    world.days_pass(1)
    world.writes(BOB, "Lunch", "Shall we have lunch on Friday?")
    world.run_days(6)
    assert len(world.enrollments()) == 1
    assert len(world.drafts()) == 1
    assert len(world.digest().under("Drafts that wait for you").splitlines()) == 1
    assert any(line.startswith("not-enrolled") for line in world.events("bob@bob.example"))
