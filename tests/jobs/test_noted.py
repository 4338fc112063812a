"""A note to oneself at me+met@…: whom Alex met is enrolled, or Alex is told why not. On a real Dovecot."""

from collections.abc import Callable
from datetime import date, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

import pytest

from followmail.sequence.steps import Delay, State, Unit
from tests.servers.smtp import Smtpd
from tests.world import ALEX, BOB, CARLA, World, days

MET = "nice-to-meet-you"
TO_MET = "alex+met@consult.example"
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Carla Cook\r\nitem1.EMAIL;type=INTERNET;type=pref:carla@carla.example\r\nEND:VCARD\r\n"


@pytest.fixture
def running(world: World) -> World:
    """Alex's mailbox after the first run."""
    world.round()
    world.now += timedelta(minutes=10)
    return world


def notes(
    world: World, text: str, subject: str = "", to: str = TO_MET, attach: str | EmailMessage = "", **headers: str
) -> str:
    """Alex writes a note to himself; the copy lies in Sent. Gives its Message-ID."""
    mail = EmailMessage(policy=SMTP.clone(max_line_length=998))
    mail["From"], mail["To"], mail["Subject"] = ALEX, to, subject
    mail["Date"], mail["Message-ID"] = (
        format_datetime(world.now - timedelta(minutes=1)),
        make_msgid(domain="consult.example"),
    )
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text)
    if isinstance(attach, EmailMessage):
        mail.add_attachment(attach)
    elif attach:
        mail.add_attachment(attach.encode(), maintype="text", subtype="vcard", filename="carla.vcf")
    world.mailbox.append(mail.as_bytes(), "Sent", ("\\Seen",), world.now - timedelta(minutes=1))
    return str(mail["Message-ID"]).strip("<>")


def refusals(world: World) -> list[str]:
    return [e.why for e in world.office.store.events.since(world.now - days(1)) if e.event == "mark-refused"]


def met(world: World) -> tuple[str, str, str, str, date | None]:
    """What is known of the one person who was met."""
    e = world.one()
    assert (e.sequence, e.state) == (MET, State.ACTIVE)
    return e.address, e.name, e.where, e.about, e.met_on


def test_a_line_with_an_address_enrolls(running: World) -> None:
    """And the mail of the next morning has the place and the topic in it."""
    notes(running, "Carla Cook <carla@carla.example>\nmet her at the IT fair about backups\n\nAlex")
    running.round()
    assert met(running) == ("carla@carla.example", "Carla Cook", "IT fair", "backups", date(2026, 5, 4))
    assert refusals(running) == []
    running.run_days(1)
    (draft,) = running.drafts()
    assert draft["To"] == CARLA
    assert draft["Subject"] == "IT fair: good to meet you"


def test_a_vcard_enrolls(running: World) -> None:
    """As phones share it; what is written beside it says where and about what."""
    notes(running, "gestern auf der Messe Hannover getroffen, wegen Backups", attach=CARD)
    running.round()
    assert met(running) == ("carla@carla.example", "Carla Cook", "Messe Hannover", "Backups", date(2026, 5, 3))


def test_a_vcard_with_a_large_photo_is_read(running: World) -> None:
    """The card is larger than what is read of other mails."""
    photo = "PHOTO;ENCODING=b;TYPE=JPEG:" + "\r\n ".join(["A" * 74] * 4000) + "\r\n"
    notes(running, "", attach=CARD.replace("FN:", photo + "FN:"))
    running.round()
    assert met(running)[:2] == ("carla@carla.example", "Carla Cook")


def test_a_forwarded_mail_enrolls_its_sender(running: World) -> None:
    """Attached, or inline as Gmail and Outlook do it; the addresses within it mean nobody."""
    inner = EmailMessage()
    inner["From"], inner["To"], inner["Subject"] = CARLA, ALEX, "Hello"
    inner.set_content("My colleague is dora@carla.example")
    notes(running, "met at the IT fair", "Fwd: Hello", attach=inner)
    running.round()
    assert met(running)[:3] == ("carla@carla.example", "Carla Cook", "IT fair")


@pytest.mark.parametrize(
    "block",
    [
        "---------- Forwarded message ---------\nFrom: Carla Cook <carla@carla.example>\nDate: x\nSubject: Hi\nTo: Alex\n\n",
        "Von: Carla Cook <carla@carla.example>\nGesendet: Montag\nAn: Alex\nBetreff: Hi\n\n",
        "De : Carla Cook <carla@carla.example>\nEnvoyé : lundi\nÀ : Alex\nObjet : Hi\n\n",
        "De: Carla Cook <carla@carla.example>\nEnviado el: lunes\nPara: Alex\nAsunto: Hola\n\n",
        "Da: Carla Cook <carla@carla.example>\nInviato: ieri\nA: Alex\nOggetto: y\n\n",
        "Van: Carla Cook <carla@carla.example>\nVerzonden: gisteren\nAan: Alex\nOnderwerp: y\n\n",
        "De: Carla Cook <carla@carla.example>\nEnviado: ontem\nPara: Alex\nAssunto: y\n\n",
    ],
)
def test_a_mail_forwarded_inline_enrolls_its_sender(running: World, block: str) -> None:
    """In each of the seven languages."""
    notes(running, f"where: IT fair\n\n{block}Hello Alex, ask dora@dora.example too.\n", "Fwd: Hi")
    running.round()
    assert met(running)[:3] == ("carla@carla.example", "Carla Cook", "IT fair")


def test_an_address_in_the_subject_is_enough(running: World) -> None:
    """A note of one line, typed on the phone."""
    notes(running, "", "Carla Cook <carla@carla.example> met at the IT fair")
    running.round()
    assert met(running)[:3] == ("carla@carla.example", "Carla Cook", "IT fair")


def test_a_list_enrolls_each(running: World) -> None:
    """Each line has its own address."""
    notes(running, "Carla Cook <carla@carla.example>\nDora Doe <dora@dora.example>\n\nwhere: IT fair")
    running.round()
    assert {(e.address, e.where) for e in running.enrollments()} == {
        ("carla@carla.example", "IT fair"),
        ("dora@dora.example", "IT fair"),
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("met somebody", "no outside address in it"),
        ("carla@carla.example dora@dora.example", "stand in one line"),
        ("Carla Cook <carla@carla.example>\nher boss is bob@carla.example", "begin a line with each"),
        ("noreply@carla.example", "is no person"),
        ("Max <max@consult.example>", "no outside address in it"),
        ("carla@carla.example, met on 2027-05-01", "still to come"),
    ],
)
def test_what_cannot_be_obeyed_is_told(running: World, text: str, why: str) -> None:
    """And nobody is guessed at."""
    notes(running, text)
    running.round()
    assert running.enrollments() == ()
    (told,) = refusals(running)
    assert told.startswith(f"+met on '{text.split()[0]}")  # it had no subject
    assert " of 2026-05-04: " in told
    assert why in told
    running.round()
    assert len(refusals(running)) == 1


def test_a_card_and_a_text_that_name_different_people_are_refused(running: World) -> None:
    """Who is meant cannot be known."""
    notes(running, "dora@dora.example", attach=CARD)
    running.round()
    assert running.enrollments() == ()
    assert "names others (dora@dora.example)" in refusals(running)[0]


def test_whoever_is_suppressed_or_in_a_chase_is_refused(running: World) -> None:
    """With the reason, under their address."""
    running.office.store.suppressions.add("carla@carla.example")
    notes(running, "carla@carla.example")
    running.writes(BOB)
    running.round()
    notes(running, "bob@bob.example")
    running.round()
    assert [e.sequence for e in running.enrollments()] == ["nudge"]
    assert any("must not be mailed" in line for line in running.events("carla@carla.example"))
    assert any("is in 'nudge' already" in line for line in running.events("bob@bob.example"))


def test_a_mail_to_somebody_with_met_in_bcc_is_refused_and_goes_on_as_any_other(running: World) -> None:
    """They have just been written to: the nudge of the proposal begins all the same."""
    running.writes(BOB, Bcc=TO_MET)
    running.round()
    assert running.one().sequence == "nudge"
    assert "has just been written to" in refusals(running)[0]


def test_a_note_older_than_the_first_run_waits(world: World) -> None:
    """One older than sixty days is not obeyed."""
    world.now -= days(20)
    notes(world, "Carla Cook <carla@carla.example>")
    world.now -= days(50)
    notes(world, "Dora Doe <dora@dora.example>")
    world.now += days(70)
    world.round()
    assert world.states() == {"carla@carla.example": "waiting"}
    assert "before the first run" in world.one().why


def test_a_note_in_bcc_found_by_the_envelope_of_the_copy_that_arrives(running: World) -> None:
    """Clients that keep no Bcc in Sent; the second copy of a note is no second note."""
    sent = notes(running, "carla@carla.example", "Carla", to="alex@consult.example")
    running.round()
    assert running.enrollments() == ()
    raw = running.mailbox.raw("Sent")[-1]
    running.raw_arrives(
        b"Delivered-To: alex+met@consult.example\r\nReceived: from x by y; Mon, 4 May 2026 08:00:00 +0000\r\n" + raw
    )
    running.round()
    assert met(running)[0] == "carla@carla.example"
    running.raw_arrives(b"X-Original-To: alex+met@consult.example\r\nEnvelope-To: alex+x@consult.example\r\n" + raw)
    running.round()
    assert len(running.enrollments()) == 1
    assert [why for why in refusals(running) if "+met" in why] == []
    assert sent in running.mailbox.raw("Sent")[-1].decode()


def test_a_forged_note_in_inbox_is_no_note(running: World) -> None:
    """From Alex's address, but Sent does not know it."""
    running.gets(ALEX, "Carla", "carla@carla.example", to=TO_MET)
    running.round()
    assert running.enrollments() == ()


def test_a_delay_is_the_first_steps(running: World) -> None:
    """me+met.2w@…; one that cannot be read is told."""
    notes(running, "carla@carla.example", to="alex+met.2w@consult.example")
    notes(running, "dora@dora.example", to="alex+met.soon@consult.example")
    running.round()
    assert running.one().first_delay == Delay(2, Unit.WEEKS)
    assert "soon" in refusals(running)[0]


def test_in_mode_send_it_leaves_by_itself(sending: Callable[..., World], smtpd: Smtpd) -> None:
    """A note is a yes."""
    world = sending()
    world.round()
    world.now += timedelta(minutes=10)
    notes(world, "Carla Cook <carla@carla.example>, met yesterday at the IT fair")
    world.round()
    world.run_days(1)
    assert [m.recipients for m in smtpd.delivered] == [("carla@carla.example",)]


def test_after_a_lost_database_nobody_gets_it_twice(sending: Callable[..., World], smtpd: Smtpd) -> None:
    """The note is read again; what has left stands in Sent, and what has not waits."""
    world = sending()
    world.round()
    world.now += timedelta(minutes=10)
    notes(world, "Carla Cook <carla@carla.example>, met yesterday at the IT fair")
    world.run_days(1)
    assert len(smtpd.delivered) == 1
    world.close()
    (world.home / "followmail.db").unlink()
    world.run_days(4)
    assert len(smtpd.delivered) == 1
    assert world.states() == {"carla@carla.example": "waiting"}


def test_the_sequence_is_the_one_with_the_trigger(running: World) -> None:
    """Where there is no `nice-to-meet-you`; without any it is told."""
    templates = running.home / "templates"
    _sequence(templates, "fairs", "Trigger: met\n")
    running.templates = templates
    running.reopen()
    notes(running, "carla@carla.example")
    running.round()
    assert running.one().sequence == "fairs"
    (templates / "fairs" / "sequence.txt").write_text("Trigger: manual\n")
    running.reopen()
    notes(running, "dora@dora.example")
    running.round()
    assert len(running.enrollments()) == 1
    assert "there is no sequence with `Trigger: met`" in refusals(running)[0]


def _sequence(templates: Path, name: str, head: str) -> None:
    (templates / name).mkdir(parents=True)
    (templates / name / "sequence.txt").write_text(head)
    (templates / name / "1-hello.txt").write_text(
        "After: 1 business day\nSubject: Hello\n\n{{ greeting }}\n\nHow are you?\n"
    )
