"""Each shape of an answer, and of what looks like one, against a real mailbox, with what is owed it: see `shapes`.

Alex's proposal left on Monday, 4 May 2026. On Tuesday the mail comes in; on Friday a nudge would be due.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from followmail import enrolling
from followmail.contacts import Contact
from tests.jobs.shapes import ANSWERS, AWAY, CFO, NO_ENDS, PRIVATE, SHAPES, fresh, mail, report
from tests.servers.dovecot import Dovecots
from tests.world import ANN, BERLIN, BOB, Mail, World


@dataclass(frozen=True)
class Outcome:
    """What became of the chase on Tuesday, and whether a nudge lay in Drafts on Friday."""

    state: str
    until: date | None
    why: str
    nudged: bool


def own(text: str, number: int) -> str:
    """The same for a Bob, a firm and a proposal of the row's own: so all rows fit into one mailbox."""
    text = text.replace("bob.example", f"bob{number}.example").replace("bob.private", f"bob.private{number}")
    return text.replace("Proposal", f"Proposal {number}")


def arrives(world: World, raw: bytes, proposal: Mail, folder: str = "INBOX") -> None:
    now = format_datetime(world.now - timedelta(minutes=1)).encode()
    world.raw_arrives(raw.replace(b"@ID@", proposal.id.encode()).replace(b"@DATE@", now), folder)


@pytest.fixture(scope="module", params=["as it comes in", "found by the first run"])
def outcomes(
    request: pytest.FixtureRequest, dovecots: Dovecots, tmp_path_factory: pytest.TempPathFactory
) -> list[Outcome]:
    """All rows in one mailbox, beside one another: none may bear on another's Bob."""
    options = {"FOLLOWMAIL_ALIASES": "alex@private.example", "FOLLOWMAIL_DAILY_LIMIT": "200"}
    world = World(dovecots().mailbox(), tmp_path_factory.mktemp("shapes"), options)
    proposals = [world.writes(own(BOB, n), own("Proposal", n)) for n in range(len(SHAPES))]
    if request.param == "as it comes in":
        assert world.round().tally.enrolled == len(SHAPES)
    world.days_pass(1)
    for n, shape in enumerate(SHAPES):
        arrives(world, own(shape.raw.decode("latin-1"), n).encode("latin-1"), proposals[n], shape.folder)
    world.round()
    found = [world.office.store.enrollments.of_address(f"bob@bob{n}.example") for n in range(len(SHAPES))]
    world.now = datetime(2026, 5, 8, 10, tzinfo=BERLIN).astimezone(UTC)
    world.round()
    nudged = {str(draft["To"]) for draft in world.drafts()}
    out = []
    for n, mine in enumerate(found):
        until = mine[-1].until.astimezone(BERLIN).date() if mine and mine[-1].until else None
        told = world.events(f"bob@bob{n}.example")
        state, why = (mine[-1].state, mine[-1].why) if mine else ("", "; ".join(told))
        out.append(Outcome(state, until, why, own(BOB, n) in nudged))
    world.close()
    return out


@pytest.mark.parametrize("number", range(len(SHAPES)), ids=[shape.sentence for shape in SHAPES])
def test_each_shape_ends_holds_or_leaves_the_chase(outcomes: list[Outcome], number: int) -> None:
    """State, day and reason are as owed; what was answered by the first run begins none; silence alone is nudged."""
    shape, outcome = SHAPES[number], outcomes[number]
    if outcome.state == "":
        assert shape.state in ("replied", "unsubscribed"), outcome.why
        assert "answered by then" in outcome.why
    else:
        assert outcome.state == shape.state, outcome.why
        assert own(shape.why, number) in outcome.why
    assert outcome.until == shape.until
    assert outcome.nudged == (shape.state == "active")


def test_there_are_as_many_shapes_as_promised() -> None:
    """Forty that end or hold a chase, twenty that do not end it; no sentence twice."""
    sentences = [shape.sentence for shape in SHAPES]
    assert len(ANSWERS) >= 40
    assert len(NO_ENDS) >= 20
    assert len(set(sentences)) == len(sentences)


def propose(world: World, to: str = BOB, **more: str) -> Mail:
    proposal = world.writes(to, **more)
    world.round()
    assert world.one().state == "active"
    return proposal


def nudged_on_friday(world: World) -> bool:
    """Whether the nudge lies in Drafts on the day it would be due."""
    world.now = datetime(2026, 5, 8, 10, tzinfo=BERLIN).astimezone(UTC)
    world.round()
    return bool(world.drafts())


# ---- shapes that need a story of their own


def test_an_answer_under_the_message_id_of_the_mail_that_it_answers_is_an_answer(world: World) -> None:
    """Some clients do so: two mails of two authors are two mails."""
    proposal = propose(world)
    world.days_pass(1)
    arrives(world, mail(Message_ID="@ID@"), proposal)
    world.round()
    assert world.one().state == "replied"
    assert not nudged_on_friday(world)


def test_an_answer_to_another_mail_waits_and_names_it(world: World) -> None:
    """Bob answers the invoice."""
    invoice = world.writes(BOB, "Invoice 7", "Dear Bob,\n\nattached is invoice 7.\n\nAlex")
    propose(world)
    world.days_pass(1)
    world.gets(BOB, "Re: Invoice 7", "Paid.", answers=invoice)
    world.round()
    assert (world.one().state, world.one().why) == (
        "waiting",
        "Bob Builder wrote about 'Invoice 7' on 5 May; still follow up?",
    )
    assert not nudged_on_friday(world)


@pytest.mark.parametrize(
    ("text", "state"),
    [("You're welcome!", "active"), ("Did you two find a date? Carla seems busy this month.", "waiting")],
)
def test_an_introducer_who_writes_again_ends_nothing(world: World, text: str, state: str) -> None:
    """A bare acknowledgement means nothing, anything else waits."""
    anna = "Anna Ash <anna@ash.example>"
    carla = "Carla Cook <carla@carla.example>"
    first = world.gets(
        anna, "Alex, meet Carla", "Alex, this is Carla. Carla, this is Alex.", ago=timedelta(minutes=30), Cc=carla
    )
    reply = world.writes(
        carla, "Re: Alex, meet Carla", "Thanks, Anna.\n\nHello Carla, shall we talk next week?", answers=first, Cc=anna
    )
    world.round()
    assert (world.one().address, world.one().state) == ("carla@carla.example", "active")
    world.days_pass(1)
    world.gets(anna, "Re: Alex, meet Carla", text, answers=reply, Cc=carla)
    world.round()
    assert world.one().state == state
    assert nudged_on_friday(world) == (state == "active")


def test_another_user_of_the_same_free_mail_provider_means_nothing(world: World) -> None:
    """Gmail is nobody's company."""
    propose(world, to="Carl <carl.cole@gmail.com>")
    world.days_pass(1)
    world.gets("Someone <someone.else@gmail.com>", "Hello", "Could you help me with my backups?")
    world.round()
    assert nudged_on_friday(world)


def test_out_of_office_of_somebody_in_cc_means_nothing(world: World) -> None:
    """Only the prospect's own absence pauses."""
    proposal = propose(world, Cc="Carl Funds <carl.funds@bob.example>")
    world.days_pass(1)
    arrives(
        world,
        mail(
            "I am out of office until 14 May.",
            From=CFO,
            Auto_Submitted="auto-replied",
            Subject="Automatic reply: Proposal",
        ),
        proposal,
    )
    world.round()
    assert nudged_on_friday(world)


def test_a_bounce_of_somebody_in_cc_drops_that_person_only(world: World) -> None:
    """The rest goes on, to Bob alone."""
    proposal = propose(world, Cc="Carl Funds <carl.funds@bob.example>")
    world.days_pass(1)
    arrives(world, report("5.1.1", "550 5.1.1 User unknown", to="carl.funds@bob.example"), proposal)
    world.round()
    assert world.one().state == "active"
    assert nudged_on_friday(world)
    (draft,) = world.drafts()
    assert (draft["To"], draft["Cc"]) == (BOB, None)
    assert world.office.store.suppressions.matching("carl.funds@bob.example")


def test_an_old_mail_of_his_that_is_moved_means_nothing(world: World) -> None:
    """Alex tidies up: what Bob wrote before the proposal lies in another folder now, and refers to nothing of it."""
    raw = fresh(
        "My number is 0123.",
        Subject="My number",
        Date="Fri, 1 May 2026 10:00:00 +0200",
        Message_ID="<number@bob.example>",
    )
    world.mailbox.append(raw, "INBOX", (), world.now - timedelta(days=3))
    propose(world)
    world.days_pass(1)
    world.mailbox.expunge("INBOX", world.mailbox.uids("INBOX"))
    world.mailbox.append(raw, "Clients/Bob", (), datetime(2026, 5, 1, 8, tzinfo=UTC))
    world.round()
    assert world.one().state == "active"


def test_a_report_on_an_earlier_mail_of_the_conversation_counts(world: World) -> None:
    """Alex wrote again before the server of the first mail gave up; it names nobody, but holds its id."""
    proposal = propose(world)
    world.now += timedelta(hours=2)
    world.writes(BOB, "Re: Proposal", "One thing I forgot: it includes support.", answers=proposal)
    world.round()
    world.days_pass(1)
    text = (
        f"Your message could not be delivered: 550 5.7.1 rejected by policy.\n\n--- original message ---\n"
        f"Message-ID: {proposal.id}\nSubject: Proposal\n"
    )
    arrives(
        world, fresh(text, From="MAILER-DAEMON@relay.example", Subject="Delivery failure", Return_Path="<>"), proposal
    )
    world.round()
    assert world.one().state == "waiting"


def test_an_answer_to_the_nudge_is_an_answer(world: World) -> None:
    """It refers to our mail alone."""
    propose(world)
    world.run_days(4)
    nudge = world.sends_draft(new_id=True)
    world.round()
    world.days_pass(1)
    answer = mail(In_Reply_To=nudge.id, References=nudge.id)
    arrives(world, answer, nudge)
    world.round()
    assert world.one().state == "replied"


GMAIL = (
    (r"\All", "[Gmail]/All Mail"),
    (r"\Sent", "[Gmail]/Sent Mail"),
    (r"\Drafts", "[Gmail]/Drafts"),
    (r"\Trash", "[Gmail]/Bin"),
    (r"\Junk", "[Gmail]/Spam"),
)


@pytest.mark.parametrize(
    "folders", [("[Gmail]/All Mail",), ("[Gmail]/All Mail", "INBOX"), ("[Gmail]/Spam",), ("[Gmail]/Bin",)]
)
def test_on_gmail_an_answer_counts_once_wherever_it_lies(
    dovecots: Dovecots, tmp_path: Path, folders: tuple[str, ...]
) -> None:
    """All Mail holds every message once more, archived ones nowhere else."""
    world = World(dovecots(folders=GMAIL).mailbox(), tmp_path / "home")
    proposal = world.writes(BOB, folder="[Gmail]/Sent Mail")
    world.mailbox.append(proposal.raw, "[Gmail]/All Mail", ("\\Seen",), world.now - timedelta(minutes=1))
    world.round()
    assert world.one().state == "active"
    world.days_pass(1)
    for folder in folders:
        arrives(world, mail(), proposal, folder)
    report = world.round()
    assert (world.one().state, report.tally.new_messages) == ("replied", 1)
    world.close()


# ---- one after the other


def test_what_waits_or_pauses_ends_with_an_answer(world: World) -> None:
    """Away, then a mail about something else, then put off, then the answer: each counts when it comes."""
    proposal = propose(world)
    world.days_pass(1)
    steps = (
        (fresh("I am out of office until 14 May.", Message_ID="<1@bob.example>", **AWAY), "paused"),
        (fresh("Could you call me?", Message_ID="<2@bob.example>", Subject="Parking"), "waiting"),
        (fresh("I am out of office until 20 May.", Message_ID="<3@bob.example>", **AWAY), "waiting"),
        (mail("Please contact me again in September.", Message_ID="<4@bob.example>"), "paused"),
        (mail(Message_ID="<5@bob.example>"), "replied"),
    )
    for raw, state in steps:
        arrives(world, raw, proposal)
        world.round()
        assert world.one().state == state


def test_thanks_shorten_no_pause(world: World) -> None:
    """ "Call me in September", and after it a "Thanks!": September stays."""
    proposal = propose(world)
    world.days_pass(1)
    for text in ("Not now. Please contact me again in September.", "Thanks, Alex!"):
        arrives(world, mail(text, Message_ID=f"<{len(text)}@bob.example>"), proposal)
        world.round()
    e = world.one()
    assert (e.state, e.until and e.until.astimezone(BERLIN).date()) == ("paused", date(2026, 9, 1))


def test_who_asked_to_be_left_alone_before_the_first_run_is_suppressed_too(world: World) -> None:
    """It begins no chase, and no later mail begins one."""
    proposal = world.writes(BOB)
    world.days_pass(1)
    arrives(world, mail("Please remove me from your list."), proposal)
    world.round()
    assert world.office.store.suppressions.matching("bob@bob.example")
    world.days_pass(1)
    world.writes(BOB, "A second proposal")
    world.round()
    assert world.enrollments() == ()


def test_an_address_that_bounced_and_wrote_later_works(world: World) -> None:
    """Both before the first run: a mail from there overtakes what a server said, and holds the chase."""
    proposal = world.writes(BOB)
    world.days_pass(1)
    arrives(world, report("5.1.1", "550 5.1.1 User unknown"), proposal)
    world.now += timedelta(minutes=30)
    arrives(world, fresh("My mailbox works again.", Subject="Hello"), proposal)
    world.round()
    assert world.one().state == "waiting"
    assert world.office.store.suppressions.matching("bob@bob.example") is None


def test_two_proposals_with_one_subject_do_not_hold_each_other(world: World) -> None:
    """Ann's answer without references is hers; Bob's chase goes on."""
    world.writes(BOB)
    world.writes(ANN)
    world.round()
    world.days_pass(1)
    world.gets(ANN, "AW: Proposal", "Gern, rufen Sie mich an.")
    world.round()
    assert world.states() == {"bob@bob.example": "active", "ann@ann.example": "waiting"}


def test_an_answer_to_our_own_subject_from_another_address_waits(world: World) -> None:
    """Bob, met at a fair, answers "good to meet you" from his private address, and the references are lost."""
    world.round()
    sequence = world.office.templates.library.sequences["nice-to-meet-you"]
    enrolling.enroll(world.desk(), Contact("bob@bob.example", "Bob Builder", where="IT fair"), sequence)
    world.run_days(1)
    world.now += timedelta(minutes=10)
    world.sends_draft()
    world.round()
    world.days_pass(1)
    world.gets(PRIVATE, "Re: IT fair: good to meet you", "Good to meet you too. Let us talk next week.")
    world.round()
    assert (world.one().state, "perhaps an answer" in world.one().why) == ("waiting", True)


def test_no_flag_of_the_consultants_is_changed(world: World) -> None:
    """An answer that was read by followmail is still unread."""
    proposal = propose(world)
    world.days_pass(1)
    arrives(world, mail(), proposal)
    world.round()
    assert set(world.mailbox.flags("INBOX").values()) == {frozenset()}


def test_a_clock_of_the_consultants_that_runs_ahead_hides_no_answer(world: World) -> None:
    """The laptop dated the proposal three hours late; the server knows when it came, and Bob wrote between."""
    world.writes(BOB, ago=timedelta(minutes=1), Date=format_datetime(world.now + timedelta(hours=3)))
    world.round()
    world.now += timedelta(hours=1)
    arrives(world, fresh("Could you call me today?", Subject="Your mail"), world.writes(ANN, "Hello", "Hello Ann."))
    world.round()
    assert world.of("bob@bob.example").state == "waiting"
