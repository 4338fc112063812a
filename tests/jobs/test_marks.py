"""What Alex says from a mail client, by plus address and by folder: obeyed at the next look, and answered."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from followmail import checking, desk
from followmail.sequence.steps import Delay, State, Status, Unit
from tests.servers.dovecot import Dovecots
from tests.world import ALEX, ANN, BOB, Mail, World, days, weeks

BOBS = "bob@bob.example"
ANNS = "ann@ann.example"
THANKS = "Thank you for the day, it was a pleasure."
RECEIVED = b"Received: from mx.example by mail.consult.example; Mon, 4 May 2026 08:00:00 +0000\r\n"
# What a plus address may say of the first delay, and what each means.
DELAYS = {
    "3d": Delay(3, Unit.BUSINESS_DAYS),
    "2w": Delay(2, Unit.WEEKS),
    "1m": Delay(1, Unit.MONTHS),
    "0d": Delay(0, Unit.BUSINESS_DAYS),
    "5D": Delay(5, Unit.BUSINESS_DAYS),
}
NO_DELAYS = ("5", "d", "5x", "-3d", "3d2w", "soon", "3.5d", "999999d")


@pytest.fixture
def running(world: World) -> World:
    """Alex's mailbox after the first run."""
    world.round()
    world.now += timedelta(minutes=10)
    return world


@pytest.fixture(
    params=[
        {},
        {"prefix": "INBOX.", "separator": "."},
        {"prefix": "INBOX.", "separator": ".", "special_use": False, "capability": "IMAP4rev1 UIDPLUS"},
        {"separator": "."},
    ],
    ids=["plain", "Cyrus", "Courier", "dots"],
)
def laid_out(request: pytest.FixtureRequest, dovecots: Dovecots, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox on servers that lay out their folders differently, after the first run."""
    world = World(dovecots(**request.param).mailbox(), tmp_path / "home")
    world.round()
    world.now += timedelta(minutes=10)
    yield world
    world.close()


def refusals(world: World) -> list[str]:
    return [e.why for e in world.office.store.events.since(world.now - days(30)) if e.event == "mark-refused"]


def puts(world: World, mail: Mail, folder: str) -> int:
    """Alex puts a copy of a mail into a folder."""
    if folder not in world.mailbox.folders():
        world.mailbox.create(folder)
    return world.mailbox.append(mail.raw, folder, ("\\Seen",), world.now)


# ---- plus addresses


@pytest.mark.parametrize("header", ["Bcc", "Cc", "To"])
@pytest.mark.parametrize("said", DELAYS)
def test_a_plus_address_enrolls_with_its_delay(running: World, header: str, said: str) -> None:
    """From the Sent copy, in each of the headers; where Bob can see it, a warning says so."""
    mark = f"alex+nudge.{said}@consult.example"
    if header == "To":
        running.writes(f"{BOB}, {mark}", text=THANKS)
    else:
        running.writes(BOB, text=THANKS, **{header: mark})
    running.round()
    e = running.one()
    assert (e.sequence, e.state, e.first_delay) == ("nudge", State.ACTIVE, DELAYS[said])
    assert e.said_yes
    warned = [line for line in running.events(BOBS) if line.startswith("warning")]
    assert bool(warned) == (header != "Bcc")
    assert [
        line for line in running.events(BOBS) if line.startswith("enrolled: you marked your mail of 2026-05-04 +nudge")
    ]


@pytest.mark.parametrize("said", NO_DELAYS)
def test_a_delay_that_is_none_is_told_and_enrolls_nobody(running: World, said: str) -> None:
    """It is not guessed at; the mail is then judged as any other."""
    running.writes(BOB, text=THANKS, Bcc=f"alex+nudge.{said}@consult.example")
    running.round()
    assert running.enrollments() == ()
    (told,) = refusals(running)
    assert told.startswith("+nudge on 'Proposal' of 2026-05-04: ")


def test_a_stop_that_was_said_after_the_mark_is_the_last_word(running: World) -> None:
    """Alex marks a second mail, stops Bob, and only then a look finds the mark."""
    first = running.writes(BOB, text=THANKS, Bcc="alex+nudge@consult.example")
    running.round()
    running.now += timedelta(minutes=10)
    running.writes(BOB, text=THANKS, answers=first, Bcc="alex+nudge@consult.example")
    running.now += timedelta(minutes=10)
    desk.stop(running.desk(), running.one())
    running.round()
    assert running.states() == {BOBS: "stopped"}
    assert any("it was stopped after that: you stopped it" in why for why in refusals(running))


@pytest.mark.parametrize(
    "header",
    [
        b"Delivered-To: alex+nudge.2w@consult.example",
        b"X-Original-To: alex+nudge.2w@consult.example",
        b"Envelope-To: alex+nudge.2w@consult.example",
        b"X-Envelope-To: <alex+nudge.2w@consult.example>",
        b"X-Delivered-To: alex+nudge.2w@consult.example",
        b"Delivered-To: alex@consult.example\r\nDelivered-To: Alex+Nudge.2W@Consult.Example",
    ],
)
@pytest.mark.parametrize("arrives_first", [True, False], ids=["then Sent", "after Sent"])
def test_a_mark_in_the_envelope_of_the_copy_that_arrives(running: World, header: bytes, arrives_first: bool) -> None:
    """Gmail, Postfix, Exim, Fastmail; clients that keep no Bcc in Sent; whichever copy is seen first."""
    mail = running.writes(BOB, text=THANKS, folder="Drafts")
    running.mailbox.expunge("Drafts", running.mailbox.uids("Drafts"))
    arrived = header + b"\r\n" + RECEIVED + mail.raw
    for sent in (False, True) if arrives_first else (True, False):
        if sent:
            running.mailbox.append(mail.raw, "Sent", ("\\Seen",), running.now)
        else:
            running.raw_arrives(arrived)
        running.round()
    e = running.one()
    assert (e.sequence, e.first_delay) == ("nudge", Delay(2, Unit.WEEKS))
    assert refusals(running) == []


def test_a_refused_mark_is_told_once_though_two_copies_bear_it(running: World) -> None:
    """The one in Sent, and the one that arrives minutes later."""
    mail = running.writes(BOB, text=THANKS, Bcc="alex+nugde@consult.example")
    running.round()
    running.raw_arrives(b"Delivered-To: alex+nugde@consult.example\r\n" + RECEIVED + mail.raw)
    running.round()
    assert len(refusals(running)) == 1


def test_a_refused_folder_is_told_as_a_folder(running: World) -> None:
    """Not as a plus address, which nobody wrote."""
    checking.check(running.office, running.now, create_folders=True)
    nudge = next(name for name in running.mailbox.folders() if name.endswith("nudge"))
    note = running.writes(ALEX, "Milk", "Buy milk.")
    running.round()
    running.mailbox.append(note.raw, nudge, (), running.now)
    running.round()
    assert refusals(running) == ["'Milk' of 2026-05-04, in Followmail/nudge: it went to nobody outside"]


def test_off_with_nobody_else_in_it_is_told_to_have_done_nothing(running: World) -> None:
    """Known by its first words, where it has no subject."""
    running.writes("alex+off@consult.example", "", "bob@bob.example please no more follow-ups")
    running.round()
    (why,) = refusals(running)
    assert why.startswith("+off on ")
    assert "nobody else is in it" in why
    assert not [e for e in running.office.store.events.since(running.now - days(1)) if e.event == "switched-off"]


def test_off_alone_in_a_conversation_switches_it_off(running: World) -> None:
    """A mail to oneself, in the thread."""
    mail = running.writes(BOB)
    running.round()
    running.writes("alex+off@consult.example", "Re: Proposal", "enough", answers=mail)
    running.round()
    assert running.states() == {BOBS: "stopped"}
    assert refusals(running) == []


def test_off_counts_on_a_mail_that_counts_as_a_step(world: World) -> None:
    """Alex followed up by hand before the first run, and said with it that this was all."""
    mail = world.writes(BOB, ago=days(3))
    world.writes(
        BOB, "Re: Proposal", "Just one more question?", answers=mail, ago=days(2), Bcc="alex+off@consult.example"
    )
    world.round()
    assert not [e for e in world.enrollments() if e.state.live]


def test_off_counts_on_a_draft_of_ours_that_alex_sends(running: World) -> None:
    """He puts it into Bcc: this mail, and no more. The step has left."""
    running.owes_bob_a_nudge()
    running.round()
    (raw,) = running.mailbox.raw("Drafts")
    running.mailbox.append(b"Bcc: alex+off@consult.example\r\n" + raw, "Sent", ("\\Seen",), running.now)
    running.mailbox.expunge("Drafts", running.mailbox.uids("Drafts"))
    running.rounds_over(20)
    (e,) = running.enrollments()
    assert (e.state, e.why) == (State.STOPPED, "you marked it +off")
    assert [d.status for d in e.deliveries] == [Status.SENT]


def test_off_wins_over_a_folder_found_in_the_same_look(running: World) -> None:
    """Nobody can know which came first; it is told, and putting it there once more is obeyed."""
    mail = running.writes(BOB, text=THANKS)
    running.round()
    running.writes("alex+off@consult.example", "Re: Proposal", "enough", answers=mail)
    uid = puts(running, mail, "Followmail/nudge")
    running.round()
    assert not [e for e in running.enrollments() if e.state.live]
    assert "you marked the conversation +off as well" in refusals(running)[-1]
    running.mailbox.expunge("Followmail/nudge", [uid])
    puts(running, mail, "Followmail/nudge")
    running.round()
    assert running.states() == {BOBS: "active"}


def test_off_that_is_first_seen_under_a_wrong_clock_counts(running: World) -> None:
    """The clock stood months ahead, by which the mark was too old; what cannot be right decides nothing."""
    mail = running.writes(BOB)
    running.round()
    running.writes("alex+off@consult.example", "Re: Proposal", "enough", answers=mail)
    right = running.now
    running.now += days(70)
    running.round()
    running.now = right + timedelta(minutes=5)
    desk.resume_all(running.desk())
    running.round()
    assert running.states() == {BOBS: "stopped"}


def test_a_mark_on_a_copy_that_is_not_in_sent_is_nothing(running: World) -> None:
    """Somebody else may write Alex's address into From."""
    running.gets(ALEX, "Proposal", THANKS, to=BOB, Delivered_To="alex+nudge@consult.example")
    running.round()
    assert running.enrollments() == ()
    assert refusals(running) == []


@pytest.mark.parametrize(("ago", "enrolled"), [(59, True), (61, False)])
def test_a_mark_is_honoured_up_to_sixty_days_back(world: World, ago: int, enrolled: bool) -> None:
    """By the earlier of its dates."""
    world.writes(BOB, text=THANKS, Bcc="alex+nudge@consult.example", ago=days(ago))
    world.round()
    assert world.states() == ({BOBS: "waiting"} if enrolled else {})


def test_off_is_honoured_however_old_it_is(world: World) -> None:
    """It stops what the machine that was off for months would follow up."""
    mail = world.writes(BOB)
    world.round()
    assert world.states() == {BOBS: "active"}
    world.now += timedelta(minutes=5)
    world.writes("alex+off@consult.example", "Re: Proposal", "enough", answers=mail)
    world.now += days(70)
    world.round()
    desk.resume_all(world.desk())
    world.round()
    assert world.states() == {BOBS: "stopped"}


# ---- folders


def test_folders_are_made_on_request_and_obeyed_at_the_next_look(laid_out: World) -> None:
    """Under the prefix of the account and with its delimiter; what it did is an event."""
    checking.check(laid_out.office, laid_out.now, create_folders=True)
    folders = laid_out.mailbox.folders()
    (nudge,) = [name for name in folders if name.endswith("nudge")]
    (stop,) = [name for name in folders if name.endswith("Stop")]
    assert {line.name: line for line in checking.check(laid_out.office, laid_out.now, True)}[
        "mark folders"
    ].detail == "all there"
    sent = next(name for name in folders if name.endswith("Sent"))
    mail = laid_out.writes(BOB, text=THANKS, folder=sent, ago=weeks(3))
    laid_out.round()
    assert laid_out.enrollments() == ()
    laid_out.now += timedelta(minutes=10)
    laid_out.mailbox.append(mail.raw, nudge, (), laid_out.now)
    laid_out.round()
    assert laid_out.states() == {BOBS: "active"}
    assert any(line.startswith("enrolled: you put your mail") for line in laid_out.events(BOBS))
    laid_out.now += timedelta(minutes=10)
    laid_out.mailbox.append(mail.raw, stop, (), laid_out.now)
    laid_out.round()
    assert laid_out.states() == {BOBS: "stopped"}
    assert "stopped: you put it into Followmail/Stop" in laid_out.events(BOBS)


@pytest.mark.parametrize("names", [("nudge", "Stop"), ("Stop", "nudge")])
def test_in_a_sequence_and_in_stop_it_is_stopped(running: World, names: tuple[str, ...]) -> None:
    """In doubt nothing leaves."""
    mail = running.writes(BOB, text=THANKS)
    for name in names:
        puts(running, mail, f"Followmail/{name}")
    running.round()
    assert {e.state for e in running.enrollments()} <= {State.STOPPED}
    assert running.drafts() == []


def test_in_two_sequences_one_gives_way_to_the_other_and_it_is_told(running: World) -> None:
    """A person has one live enrollment."""
    mail = running.writes(BOB, text=THANKS)
    puts(running, mail, "Followmail/nudge")
    puts(running, mail, "Followmail/stalled")
    running.round()
    assert sorted(e.state for e in running.enrollments()) == [State.ACTIVE, State.STOPPED]
    assert any("gave way to" in line for line in running.events(BOBS))


def test_taken_out_and_put_in_again_is_a_new_yes(running: World) -> None:
    """After it was stopped by hand; read twice is not put in twice."""
    mail = running.writes(BOB, text=THANKS)
    uid = puts(running, mail, "Followmail/nudge")
    running.round()
    desk.stop(running.desk(), running.one())
    running.now += timedelta(minutes=10)
    running.round()
    assert running.states() == {BOBS: "stopped"}
    running.mailbox.expunge("Followmail/nudge", [uid])
    running.round()
    puts(running, mail, "Followmail/nudge")
    running.now += timedelta(minutes=10)
    running.round()
    assert running.states() == {BOBS: "active"}


def test_a_folder_that_is_no_sequence_is_told_once_a_mail(running: World) -> None:
    """With the names that there are."""
    mail = running.writes(BOB, text=THANKS)
    puts(running, mail, "Followmail/nugde")
    running.rounds_over(30)
    (told,) = refusals(running)
    assert "there is no sequence 'nugde'; there are: nice-to-meet-you, nudge, stalled" in told
    assert running.enrollments() == ()


def test_a_draft_in_a_sequences_folder_is_told(running: World) -> None:
    """It is no mail yet."""
    mail = running.writes(BOB, "Offer", folder="Drafts")
    running.mailbox.create("Followmail/nudge")
    running.mailbox.append(mail.raw, "Followmail/nudge", ("\\Draft", "\\Seen"), running.now)
    running.rounds_over(20)
    (told,) = refusals(running)
    assert told == "+nudge on 'Offer': it is a draft, and a draft is no mail yet; send it first"
    assert running.enrollments() == ()


def test_alexs_own_note_in_a_sequences_folder_is_told(running: World) -> None:
    """It went to nobody."""
    mail = running.writes(ALEX, "Shopping", "Milk")
    puts(running, mail, "Followmail/nudge")
    running.rounds_over(20)
    (told,) = refusals(running)
    assert "it went to nobody outside" in told


def test_a_received_mail_in_two_folders(running: World) -> None:
    """The sender is the prospect of both; the later one displaces."""
    theirs = running.gets(ANN, "Backups", "What would that cost?", ago=days(9))
    running.writes(ANN, "Re: Backups", "900 a year.", answers=theirs, ago=days(8))
    running.round()
    for e in running.enrollments():
        desk.stop(running.desk(), e)
    running.now += timedelta(minutes=10)
    puts(running, theirs, "Followmail/nudge")
    running.round()
    assert running.states()[ANNS] == "active"
    running.now += timedelta(minutes=10)
    puts(running, theirs, "Followmail/Stop")
    running.round()
    assert {e.state for e in running.enrollments()} == {State.STOPPED}


@pytest.mark.parametrize("theirs", [True, False], ids=["a mail of Ann's", "another mail of Alex's"])
def test_a_mail_of_another_conversation_in_stop(running: World, theirs: bool) -> None:
    """Her old invoice stops her chase, for its sender is the prospect; of Alex's own mail it is asked."""
    other = (
        running.gets(ANN, "Invoice 3", "Our bill.", ago=days(2))
        if theirs
        else running.writes(ANN, "Parking", "Behind the house.")
    )
    running.writes(ANN, Bcc="alex+nudge@consult.example")
    running.round()
    assert running.of(ANNS).state is State.ACTIVE
    running.now += timedelta(minutes=10)
    puts(running, other, "Followmail/Stop")
    running.round()
    assert running.states()[ANNS] == ("stopped" if theirs else "waiting")
    assert "Followmail/Stop" in next(e.why for e in running.enrollments() if e.address == ANNS)


def test_a_mark_is_no_yes_to_a_question_that_came_with_it(world: World) -> None:
    """Bob wrote about something else after Alex put the proposal into the folder, and both are seen in one look. Put there
    once more, after the question, it is one."""
    mail = world.writes(BOB)
    world.round()
    world.now += timedelta(minutes=10)
    world.mailbox.append(mail.raw, "Followmail/nudge", (), world.now)
    world.gets(BOB, "Invoice 7", "Did you get it?")
    world.round()
    assert (world.one().state, world.one().said_yes) == ("waiting", True)
    world.now += timedelta(minutes=10)
    world.mailbox.append(mail.raw, "Followmail/nudge", (), world.now)
    world.round()
    assert world.one().state == "active"
