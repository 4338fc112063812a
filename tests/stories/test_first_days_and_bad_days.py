"""First days and bad days: stories 31 to 46. It is Monday, 4 May 2026, 10:00, until the test says otherwise."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import make_msgid
from pathlib import Path

import pytest
from click.testing import CliRunner

from followmail import desk, telling
from followmail.cli import followmail as command
from followmail.errors import LoginRefused
from followmail.rendering import shipped
from followmail.service import Daemon, Stop
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Delivery, Smtpd
from tests.world import ANN, BERLIN, BOB, CARLA, Mail, World, addresses, days, weeks

Sending = Callable[..., World]
GERMAN = (
    "Hallo Herr Builder,\n\nanbei finden Sie das Angebot für Ihre Datensicherung, über das wir am Dienstag gesprochen"
    " haben. Passt der genannte Zeitraum im Juni für Sie, oder sollen wir lieber im Juli beginnen?\n\nViele Grüße\nAlex"
)


def person(n: int) -> str:
    return f"Person{n} <p{n}@firm{n}.example>"


def has_run(world: World) -> World:
    """The first run was two days ago: what comes now is new."""
    world.now -= days(2)
    world.round()
    world.now += days(2)
    return world


def propose(world: World, to: str = BOB, **more: str) -> Mail:
    """A proposal of today, seen at once."""
    mail = world.writes(to, **more)
    world.round()
    return mail


def marked(world: World, to: str = BOB) -> Mail:
    """One with Alex's yes from the beginning."""
    return propose(world, to, Bcc="alex+nudge@consult.example")


def own_templates(world: World, *names: str) -> Path:
    """A copy of the shipped sequences, to be edited."""
    folder = world.home / "templates"
    for name in names or ("nudge",):
        shutil.copytree(shipped() / name, folder / name)
    shutil.copy(shipped() / "signature.txt", folder)
    world.templates = folder
    return folder


def send_draft(world: World, to: str, new_id: bool = True) -> bytes:
    """Alex sends the one draft to somebody; his client mints an id of its own."""
    found = zip(world.mailbox.uids("Drafts"), world.mailbox.raw("Drafts"), strict=True)
    uid, raw = next((uid, raw) for uid, raw in found if message_from_bytes(raw)["To"] == to)
    if new_id:
        raw = raw.replace(id_of(raw), make_msgid(domain="consult.example").encode())
    world.mailbox.append(raw, "Sent", ("\\Seen",), world.now)
    world.mailbox.expunge("Drafts", [uid])
    return raw


def status(world: World) -> dict[str, object]:
    return telling.status(world.office.cycle(world.now), 300)


def problems(world: World) -> str:
    return "\n".join(map(str, status(world)["problems"]))  # type: ignore[call-overload]


def local_day(world: World) -> date:
    return world.now.astimezone(BERLIN).date()


def steps_got(smtpd: Smtpd) -> Counter[str]:
    """How often each Message-ID reached the server."""
    return Counter(str(message_from_bytes(mail.data)["Message-ID"]) for mail in smtpd.delivered)


def id_of(raw: bytes) -> bytes:
    return str(message_from_bytes(raw)["Message-ID"]).encode()


def text_of(mail: Message) -> str:
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode().replace("\r\n", "\n")


# ---- 31


def ten_years(world: World) -> None:
    """Old open questions, answered ones, and twelve open ones of the last two weeks."""
    for year in range(1, 11):
        world.writes(f"old{year}@then{year}.example", "Old offer", ago=weeks(52 * year))
    for n in range(3):
        asked = world.writes(f"done{n}@done{n}.example", "Answered", ago=days(10))
        world.gets(f"done{n}@done{n}.example", "Re: Answered", answers=asked, ago=days(9))
    for n in range(12):
        world.writes(person(n), f"Offer {n}", ago=days((12, 11, 10, 7)[n // 3]) - timedelta(minutes=n))


def test_31_the_first_start_drafts_only_the_last_two_weeks_questions_ten_a_day(world: World) -> None:
    """The oldest first; nothing is sent."""
    ten_years(world)
    sent = len(world.sent())
    world.round()
    assert sorted(addresses(world.drafts())) == sorted(person(n) for n in range(10))
    world.round()
    assert len(world.drafts()) == 10
    world.run_days(1)
    assert sorted(addresses(world.drafts())) == sorted(person(n) for n in range(12))
    assert len(world.sent()) == sent


@pytest.mark.parametrize("detect", ["wait", "enroll"])
def test_31_in_mode_send_the_first_start_gives_a_list_that_waits(sending: Sending, smtpd: Smtpd, detect: str) -> None:
    """Whatever DETECT says; only what Alex then says yes to leaves."""
    world = sending(FOLLOWMAIL_DETECT=detect)
    ten_years(world)
    world.round()
    assert world.states() == {f"p{n}@firm{n}.example": "waiting" for n in range(12)}
    world.run_days(2)
    assert smtpd.delivered == []
    desk.approve(world.desk(), world.of("p3@firm3.example"))
    world.round()
    assert [mail.recipients for mail in smtpd.delivered] == [("p3@firm3.example",)]


# ---- 32


def test_32_a_dry_run_before_anything_says_who_would_get_what_and_writes_nothing(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    """Neither a file nor a folder, mail or flag; the command itself, at the real time."""
    options = {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00", "FOLLOWMAIL_TEMPLATES": str(shipped())}
    world = World(mailbox, tmp_path / "home", options, now=datetime.now(UTC))
    world.writes(BOB, ago=days(12))
    world.gets(CARLA, "Hello", "Hello", ago=days(1))

    def everything() -> object:
        return {f: (mailbox.raw(f), mailbox.flags(f)) for f in mailbox.folders()}, sorted(tmp_path.rglob("*"))

    before = everything()
    answer = CliRunner().invoke(command, ["once", "--dry-run"], env=world.environment())
    assert answer.exit_code == 0
    (line,) = [line for line in answer.output.splitlines() if line.startswith("bob@bob.example")]
    assert line.split()[1:4] == ["nudge", "1", "draft"]
    assert "4 business days after your mail" in line
    assert everything() == before


# ---- 33


def test_33_from_draft_to_send_with_four_drafts_open(world: World, sending: Sending, smtpd: Smtpd) -> None:
    """They stay drafts; Alex sends one: its next step is sent, the others wait; none goes twice."""
    has_run(world)
    for n in range(4):
        world.writes(person(n), f"Offer {n}")
    world.run_days(4)
    world.writes(BOB)
    world.round()
    assert len(world.drafts()) == 4
    sending()
    world.round()
    assert len(world.drafts()) == 4
    assert world.of("bob@bob.example").state == "waiting"
    send_draft(world, person(0))
    world.run_days(9)
    assert [mail.recipients for mail in smtpd.delivered] == [("p0@firm0.example",)]
    assert sorted(addresses(world.drafts())) == [person(n) for n in (1, 2, 3)]
    send_draft(world, person(1))
    world.run_days(9)
    assert Counter(mail.recipients[0] for mail in smtpd.delivered) == {"p0@firm0.example": 1, "p1@firm1.example": 1}
    assert world.states()["bob@bob.example"] == "waiting"


# ---- 34


def test_34_ten_days_of_sleep_in_mode_send_make_what_is_more_than_five_days_overdue_wait(
    sending: Sending, smtpd: Smtpd
) -> None:
    """What is less late goes, one mail at a time."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    world.reopen(FOLLOWMAIL_GAP="90")
    propose(world, BOB)
    world.days_pass(2)
    propose(world, ANN)
    propose(world, CARLA)
    world.now = datetime(2026, 5, 18, 10, tzinfo=BERLIN)
    world.round()
    found = [world.of(f"{who}@{who}.example").state for who in ("bob", "ann", "carla")]
    assert found == ["waiting", "active", "active"]
    assert "6 business days ago" in world.of("bob@bob.example").why
    assert len(smtpd.delivered) == 1
    world.now += timedelta(minutes=10)
    world.round()
    assert [mail.recipients[0] for mail in smtpd.delivered] == ["ann@ann.example", "carla@carla.example"]


def test_34_ten_days_of_sleep_in_mode_draft_give_a_draft(world: World) -> None:
    """It asks by itself."""
    has_run(world)
    propose(world)
    world.now = datetime(2026, 5, 18, 10, tzinfo=BERLIN)
    world.round()
    assert len(world.drafts()) == 1


def test_34_answers_that_came_meanwhile_count_first(sending: Sending, smtpd: Smtpd) -> None:
    """Bob answered while the machine slept."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    mail = propose(world)
    world.days_pass(6)
    world.gets(BOB, answers=mail, ago=days(2))
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert smtpd.delivered == []


def test_34_one_mail_a_person_a_day_however_much_is_due(sending: Sending, smtpd: Smtpd) -> None:
    """The second step counts from the first one's real leaving."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    world.days_pass(8)
    for _ in range(5):
        world.round()
        world.now += timedelta(minutes=30)
    assert len(smtpd.delivered) == 1
    assert str(world.plan()[0]["due"]).startswith("2026-05-26")  # eight business days after Thursday the 14th


# ---- 35


def test_35_holidays_are_no_business_days_and_nothing_leaves_on_them(world: World) -> None:
    """Ten days off from Wednesday on."""
    world.options["FOLLOWMAIL_HOLIDAYS"] = "2026-05-06..2026-05-15"
    has_run(world)
    propose(world)
    assert str(world.plan()[0]["due"]).startswith("2026-05-20T09:59")
    for day in range(5, 20):
        world.now = datetime(2026, 5, day, 12, tzinfo=BERLIN)
        world.round()
        assert world.drafts() == []
    world.now = datetime(2026, 5, 20, 12, tzinfo=BERLIN)
    world.round()
    assert len(world.drafts()) == 1


def test_35_nothing_leaves_before_the_end_of_a_pause_and_delays_skip_it(sending: Sending, smtpd: Smtpd) -> None:
    """Paused on the third day until Monday, 18 May: two of the four days are over, the nudge is due on the 19th."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    world.days_pass(3, hour=7)
    desk.pause(world.desk(), datetime(2026, 5, 18, tzinfo=BERLIN))
    world.reopen()
    for day in range(7, 19):
        world.now = datetime(2026, 5, day, 12, tzinfo=BERLIN)
        world.round()
        assert smtpd.delivered == []
        assert str(world.plan()[0]["due"]).startswith("2026-05-19T09:59")
    world.now = datetime(2026, 5, 19, 12, tzinfo=BERLIN)
    world.round()
    assert len(smtpd.delivered) == 1


def test_35_on_the_day_on_which_the_pause_ends_mail_leaves(sending: Sending, smtpd: Smtpd) -> None:
    """What was due when it began goes on that very day."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    world.days_pass(4, hour=8)
    desk.pause(world.desk(), datetime(2026, 5, 18, tzinfo=BERLIN))
    world.now = datetime(2026, 5, 18, 12, tzinfo=BERLIN)
    world.round()
    assert len(smtpd.delivered) == 1


def test_35_a_pause_without_an_end_lasts_until_resume(sending: Sending, smtpd: Smtpd) -> None:
    """Resumed at noon, it goes at noon."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    desk.pause(world.desk(), None)
    world.run_days(5)
    assert smtpd.delivered == []
    assert world.plan()[0]["waits_for"] == "pause"
    desk.resume_all(world.desk())
    world.run_days(5)
    assert len(smtpd.delivered) == 1


# ---- 36


def drafted(world: World) -> Mail:
    """A proposal whose draft lies in Drafts."""
    has_run(world)
    mail = propose(world)
    world.run_days(4)
    assert len(world.drafts()) == 1
    return mail


@pytest.mark.parametrize("new_id", [True, False], ids=["new id", "same id"])
def test_36_an_edited_draft_stays_when_bob_answers_and_is_told(world: World, new_id: bool) -> None:
    """The phone appends it anew and deletes the old one."""
    mail = drafted(world)
    (raw,), (uid,) = world.mailbox.raw("Drafts"), world.mailbox.uids("Drafts")
    edited = raw.replace(b"\r\n\r\n", b"\r\n\r\nP.S. from the tram\r\n", 1)
    if new_id:
        edited = edited.replace(id_of(raw), make_msgid(domain="phone.example").encode())
    world.mailbox.append(edited, "Drafts", ("\\Draft",), world.now)
    world.mailbox.expunge("Drafts", [uid])
    world.round()
    world.gets(BOB, answers=mail)
    world.round()
    assert world.mailbox.raw("Drafts") == [edited]
    assert world.mailbox.raw("Trash") == []
    assert world.states() == {"bob@bob.example": "replied"}
    assert any(line.startswith("draft-kept") for line in world.events("bob@bob.example"))


def test_36_an_untouched_draft_goes_to_the_trash_when_bob_answers(world: World) -> None:
    """Opened and closed is untouched."""
    mail = drafted(world)
    (uid,) = world.mailbox.uids("Drafts")
    world.mailbox.client.select_folder("Drafts")
    world.mailbox.client.add_flags([uid], ["\\Flagged"])
    world.gets(BOB, answers=mail)
    world.round()
    assert world.drafts() == []
    assert len(world.mailbox.raw("Trash")) == 1
    assert any(line.startswith("draft-withdrawn") for line in world.events("bob@bob.example"))


# ---- 37


def test_37_a_wrongly_edited_template_is_one_clear_line_and_the_last_good_version_goes_on(world: World) -> None:
    """File, line, and what was probably meant."""
    step = own_templates(world) / "nudge" / "1-checking-in.txt"
    has_run(world)
    propose(world)
    good = step.read_text()
    step.write_text(good.replace("{{ greeting }}", "{{ greting }}"))
    world.run_days(4)
    (fault,) = [line for line in problems(world).splitlines() if "nudge" in line]
    assert fault == "nudge/1-checking-in.txt line 3: there is no name 'greting'; did you mean 'greeting'?"
    (draft,) = world.drafts()
    assert text_of(draft).startswith("Hello,")
    step.write_text(good)
    world.round()
    assert problems(world) == ""


def test_37_after_a_restart_the_broken_sequence_mails_nothing_and_goes_on_when_mended(world: World) -> None:
    """Nobody is asked about it one by one; the other sequences go on."""
    step = own_templates(world, "nudge", "stalled") / "nudge" / "1-checking-in.txt"
    world.gets(CARLA, "Earlier", "Hello", ago=weeks(9))
    has_run(world)
    world.writes(BOB)
    world.writes(CARLA)
    world.round()
    good = step.read_text()
    step.write_text(good.replace("{{ greeting }}", "{{ greting }}"))
    world.reopen()
    world.run_days(5)
    assert addresses(world.drafts()) == [CARLA]
    row = next(row for row in world.plan() if row["address"] == "bob@bob.example")
    assert (row["state"], row["waits_for"]) == ("active", "template")
    assert str(row["why"]).startswith("nudge/1-checking-in.txt line 3: ")
    step.write_text(good)
    world.round()
    assert sorted(addresses(world.drafts())) == [BOB, CARLA]


# ---- 38


def test_38_a_step_inserted_before_the_first_makes_the_live_ones_wait(sending: Sending, smtpd: Smtpd) -> None:
    """After a yes on with the first text not yet sent; nobody gets the same text twice."""
    world = sending()
    folder = own_templates(world) / "nudge"
    has_run(world)
    marked(world, BOB)
    world.run_days(4)
    marked(world, CARLA)
    assert len(smtpd.delivered) == 1
    for step in sorted(folder.glob("[123]-*"), reverse=True):
        step.rename(folder / f"{int(step.name[0]) + 1}{step.name[1:]}")
    (folder / "1-a-first-word.txt").write_text("After: 2 business days\n\n{{ greeting }}\n\nDid my mail reach you?\n")
    world.run_days(9)
    assert world.states() == {"bob@bob.example": "waiting", "carla@carla.example": "waiting"}
    assert len(smtpd.delivered) == 1
    desk.approve_all(world.desk())
    for _ in range(10):
        world.days_pass(2)
        world.round()
    assert set(steps_got(smtpd).values()) == {1}
    texts = [text_of(message_from_bytes(mail.data)).partition(">")[0] for mail in smtpd.delivered]
    to_bob = [t for t, m in zip(texts, smtpd.delivered, strict=True) if m.recipients == ("bob@bob.example",)]
    assert len(to_bob) == len(set(to_bob)) == 3


def test_38_a_renamed_folder_makes_the_live_ones_wait_and_a_yes_goes_on_there(sending: Sending, smtpd: Smtpd) -> None:
    """With the second step, for the first has left."""
    world = sending()
    folder = own_templates(world) / "nudge"
    has_run(world)
    marked(world)
    world.run_days(4)
    assert len(smtpd.delivered) == 1
    folder.rename(folder.with_name("reminder"))
    world.run_days(9)
    assert world.states() == {"bob@bob.example": "waiting"}
    assert "'reminder' has the same steps" in world.one().why
    desk.approve(world.desk(), world.one())
    world.run_days(2)
    assert world.one().sequence == "reminder"
    assert len(smtpd.delivered) == 2
    assert "One more thing" in text_of(message_from_bytes(smtpd.delivered[1].data))
    world.run_days(20)
    assert set(steps_got(smtpd).values()) == {1}


def test_38_a_renamed_step_with_the_same_text_is_held(sending: Sending, smtpd: Smtpd) -> None:
    """Alex's yes is for the new order, not for the same words again."""
    world = sending()
    folder = own_templates(world) / "nudge"
    has_run(world)
    marked(world)
    world.run_days(4)
    for file in folder.glob("1-checking-in*"):
        file.rename(folder / file.name.replace("checking-in", "hello"))
    world.run_days(1)
    desk.approve(world.desk(), world.one())
    world.run_days(5)
    assert len(smtpd.delivered) == 1
    assert world.states() == {"bob@bob.example": "waiting"}
    assert "already got this very text" in world.one().why


# ---- 39


def test_39_alex_wrote_german_and_the_template_is_english_only(world: World) -> None:
    """It waits; a yes lets the English one go."""
    for file in (own_templates(world) / "nudge").glob("*.??.txt"):
        file.unlink()
    has_run(world)
    propose(world, subject="Angebot", text=GERMAN)
    world.run_days(4)
    assert world.drafts() == []
    assert world.states() == {"bob@bob.example": "waiting"}
    assert "you wrote German" in world.one().why
    desk.approve(world.desk(), world.one())
    world.round()
    assert len(world.drafts()) == 1


def test_39_where_there_is_a_german_twin_it_is_taken_with_his_own_greeting(world: World) -> None:
    """The shipped texts."""
    has_run(world)
    propose(world, subject="Angebot", text=GERMAN)
    world.run_days(4)
    (draft,) = world.drafts()
    assert text_of(draft).startswith("Hallo Herr Builder,\n\nich möchte kurz auf meine Nachricht vom 4. Mai")


# ---- 40


def test_40_an_expired_password_is_one_message_by_the_other_channel_and_nothing_leaves(
    sending: Sending, smtpd: Smtpd, tmp_path: Path
) -> None:
    """The daemon tries a few times and ends; with the new password it goes on, after a complete look."""
    told, secret = tmp_path / "told", tmp_path / "secret"
    secret.write_text("secret\n")
    secret.chmod(0o600)
    world = sending(
        FOLLOWMAIL_DETECT="enroll",
        FOLLOWMAIL_ALERT_COMMAND=f"cat >> {told}",
        FOLLOWMAIL_PASSWORD="",
        FOLLOWMAIL_PASSWORD_FILE=str(secret),
    )
    has_run(world)
    mail = propose(world, BOB)
    propose(world, CARLA)
    world.days_pass(4)
    world.gets(BOB, answers=mail)
    secret.write_text("expired\n")
    before = logins(world.mailbox)
    assert run_daemon(world, tries=3) == 77
    assert logins(world.mailbox) - before == 3
    assert told.read_text().count("followmail cannot log in and has stopped") == 1
    assert "secret" not in told.read_text()
    with pytest.raises(LoginRefused):
        world.round()
    assert smtpd.delivered == []
    secret.write_text("secret\n")
    world.round()
    assert world.states() == {"bob@bob.example": "replied", "carla@carla.example": "active"}
    assert [sent.recipients for sent in smtpd.delivered] == [("carla@carla.example",)]


def logins(mailbox: Mailbox) -> int:
    """How often somebody tried to log in as this user, as the server wrote it down."""
    return sum(f"user=<{mailbox.user}>" in line for line in mailbox.server.log().splitlines() if "imap-login" in line)


def run_daemon(world: World, tries: int) -> int | None:
    """So many rounds of the daemon, or until it ends; asked to stop, it waits for nothing in between."""
    stop = Stop()
    stop.ask()
    daemon = Daemon(world.office, stop, lambda: world.now)
    try:
        status = None
        for _ in range(tries):
            assert status is None
            status = daemon._round()
        return status
    finally:
        stop.close()


# ---- 41


def lose_database(world: World) -> None:
    world.close()
    (world.home / "followmail.db").unlink()


@pytest.mark.parametrize("late", [False, True], ids=["within the lookback", "long after"])
def test_41_after_the_database_is_deleted_nobody_gets_a_step_again(sending: Sending, smtpd: Smtpd, late: bool) -> None:
    """What had left is known from Sent; the rest waits for a yes, and then goes once."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    world.run_days(12 if late else 5)
    left = 2 if late else 1
    assert len(smtpd.delivered) == left
    lose_database(world)
    world.run_days(10)
    assert len(smtpd.delivered) == left
    assert world.states() == {"bob@bob.example": "waiting"}
    assert world.one().done == ({"checking-in", "one-more-thing"} if late else {"checking-in"})
    desk.approve(world.desk(), world.one())
    world.run_days(5)
    assert len(smtpd.delivered) == 2
    assert set(steps_got(smtpd).values()) == {1}


@pytest.mark.parametrize("edit", ["as it is", "new id", "new id and text"])
def test_41_in_mode_draft_a_draft_that_alex_had_sent_is_known_from_sent(world: World, edit: str) -> None:
    """His client minted an id of its own: it counts as the step all the same; the second step is a draft."""
    has_run(world)
    propose(world)
    world.run_days(4)
    world.sends_draft(edit="P.S. Greetings!" if "text" in edit else "", new_id="new id" in edit)
    world.run_days(1)
    lose_database(world)
    world.run_days(6)
    assert world.drafts() == []
    assert world.one().done == {"checking-in"}
    world.run_days(1)
    (draft,) = world.drafts()
    assert "One more thing" in text_of(draft)


def test_41_an_open_draft_is_found_again_and_none_is_laid_beside_it(world: World) -> None:
    """Edited meanwhile or not."""
    has_run(world)
    propose(world)
    propose(world, CARLA)
    world.run_days(4)
    found = zip(world.mailbox.uids("Drafts"), world.mailbox.raw("Drafts"), strict=True)
    uid, raw = next((uid, raw) for uid, raw in found if b"To: Bob" in raw)
    world.mailbox.append(raw.replace(id_of(raw), b"<new@phone.example>"), "Drafts", ("\\Draft",), world.now)
    world.mailbox.expunge("Drafts", [uid])
    lose_database(world)
    world.run_days(3)
    assert len(world.drafts()) == 2
    assert set(world.states().values()) == {"active"}


def test_41_last_weeks_backup_brings_nothing_back(sending: Sending, smtpd: Smtpd) -> None:
    """Nobody gets a step again; everything open waits, also a chase that had nothing to do with it."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    propose(world, ANN)
    world.run_days(3)
    world.close()
    backup = (world.home / "followmail.db").read_bytes()
    world.run_days(2)
    propose(world, CARLA)
    assert len(smtpd.delivered) == 2
    world.close()
    (world.home / "followmail.db").write_bytes(backup)
    world.run_days(15)
    assert len(smtpd.delivered) == 2
    assert world.states() == {f"{who}@{who}.example": "waiting" for who in ("bob", "ann", "carla")}
    desk.approve_all(world.desk())
    world.run_days(5)
    assert set(steps_got(smtpd).values()) == {1}
    assert Counter(mail.recipients[0] for mail in smtpd.delivered) == {
        "bob@bob.example": 2, "ann@ann.example": 2, "carla@carla.example": 1,
    }  # fmt: skip


def test_41_what_alex_suppressed_outlives_the_database(sending: Sending, smtpd: Smtpd) -> None:
    """It stands in a file of its own."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    desk.suppress(world.desk(), "bob@bob.example")
    lose_database(world)
    world.run_days(10)
    assert world.enrollments() == ()
    assert smtpd.delivered == []


# ---- 42


def real_time(world: World, **options: str) -> dict[str, str]:
    """The installed command with a mail that is due at once, at the real time; its environment."""
    world.now = datetime.now(UTC)
    world.reopen(FOLLOWMAIL_WINDOW="Mon-Sun 00:00-24:00", FOLLOWMAIL_TEMPLATES=str(at_once(world)), **options)
    has_run(world)
    world.writes(BOB, ago=days(1), Bcc="alex+now@consult.example")
    world.close()
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **world.environment()}


def at_once(world: World) -> Path:
    folder = world.home / "templates" / "now"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sequence.txt").write_text("Trigger: sent\n")
    (folder / "1-word.txt").write_text("After: 0 minutes\n\n{{ greeting }}\n\nDid it reach you?\n")
    return folder.parent


def once(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "followmail", "once"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_42_power_fails_while_the_server_has_the_mail_and_it_is_shown_as_uncertain_and_waits(
    sending: Sending, smtpd: Smtpd
) -> None:
    """The process is killed between the final dot and the answer: one mail, and never a second by itself."""
    world = sending()
    environment = real_time(world)
    killed: list[int] = []

    def power_fails(mail: Delivery) -> None:
        (pid,) = (int(word) for word in (world.home / "followmail.db.lock").read_text().split())
        os.kill(pid, 9)
        killed.append(pid)

    smtpd.on_delivery = power_fails
    assert once(environment).returncode == -9
    assert len(killed) == 1
    assert once(environment).returncode == 0
    assert len(smtpd.delivered) == 1
    world.now = datetime.now(UTC)
    assert world.states() == {"bob@bob.example": "waiting"}
    assert world.plan()[0]["state"] == "uncertain"
    assert "bob@bob.example" in problems(world)
    smtpd.on_delivery = None
    desk.skip(world.desk(), world.one())
    world.close()
    assert once(environment).returncode == 0
    assert len(smtpd.delivered) == 1


def test_42_power_fails_before_the_server_has_anything_and_the_mail_goes_once(sending: Sending, smtpd: Smtpd) -> None:
    """Killed while it asks for the password of the mail server: surely nothing left."""
    world = sending()
    trap = world.home / "trap"
    command = f"if test -e {trap}; then rm {trap}; kill -9 $PPID; sleep 5; fi; echo secret"
    environment = real_time(world, FOLLOWMAIL_SMTP_PASSWORD_COMMAND=command)
    trap.touch()
    assert once(environment).returncode == -9
    assert not trap.exists()
    assert smtpd.delivered == []
    assert once(environment).returncode == 0
    assert once(environment).returncode == 0
    assert len(smtpd.delivered) == 1
    world.now = datetime.now(UTC)
    assert world.states() == {"bob@bob.example": "finished"}


def test_42_a_copy_in_sent_settles_what_was_uncertain(sending: Sending, smtpd: Smtpd) -> None:
    """The server answers with half a line; its copy turns up later."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    smtpd.answer("DOT", b"25", times=1)
    world.run_days(4)
    assert world.plan()[0]["state"] == "uncertain"
    assert desk.approve_all(world.desk()) == ()
    (mail,) = smtpd.delivered
    world.mailbox.append(mail.data, "Sent", (), world.now)
    world.round()
    assert world.one().done == {"checking-in"}
    assert world.states() == {"bob@bob.example": "active"}
    assert len(world.sent()) == 2
    world.run_days(8)
    assert set(steps_got(smtpd).values()) == {1}


# ---- 43


@pytest.fixture
def other(world: World) -> World:
    """Another machine on the same mailbox; it shares nothing but that."""
    return World(world.mailbox, world.home.parent / "other", world.options, world.now)


def test_43_two_machines_on_one_mailbox_send_no_step_twice(sending: Sending, other: World, smtpd: Smtpd) -> None:
    """They take turns, a minute apart, for five weeks."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    has_run(other)
    world.writes(BOB)
    world.writes(CARLA)
    for day in range(16):
        world.days_pass(1 if day < 6 else 2)
        for machine in (world, other) if day % 2 else (other, world):
            machine.now = world.now = world.now + timedelta(minutes=1)
            machine.round()
            for e in machine.enrollments():
                desk.approve(machine.desk(), e)
    other.close()
    assert set(steps_got(smtpd).values()) == {1}
    assert Counter(mail.recipients[0] for mail in smtpd.delivered) == {"bob@bob.example": 2, "carla@carla.example": 2}
    assert len(world.sent()) == 6


def test_43_two_machines_lay_one_draft_and_both_know_when_it_was_sent(world: World, other: World) -> None:
    """A draft is found by recipient and thread."""
    has_run(world)
    has_run(other)
    world.writes(BOB)
    for n in range(20):
        world.days_pass(1)
        other.now = world.now
        world.round()
        other.round()
        assert len(world.drafts()) <= 1
        if n in (5, 15):
            world.sends_draft(new_id=True)
    other.close()
    assert world.one().done == other.one().done == {"checking-in", "one-more-thing"}
    other.close()
    assert len(world.sent()) == 3


# ---- 44


def test_44_the_provider_rewrites_the_message_id_and_files_its_copy_and_answers_are_recognised(
    sending: Sending, smtpd: Smtpd
) -> None:
    """One copy; an answer that refers to nothing but the new id is Bob's answer."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    world.days_pass(4)
    smtpd.rewrite = lambda raw: raw.replace(id_of(raw), b"<rewritten@provider.example>")
    smtpd.on_delivery = lambda mail: world.mailbox.append(mail.data, "Sent", ("\\Seen",), world.now) and None
    world.round()
    world.run_days(2)
    assert len(world.sent()) == 2
    assert len(world.enrollments()) == 1
    world.gets(BOB, "Something else entirely", In_Reply_To="<rewritten@provider.example>")
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}
    assert len(smtpd.delivered) == 1


def test_44_exchange_rewrites_the_message_id_files_late_and_names_the_old_one(sending: Sending, smtpd: Smtpd) -> None:
    """The rewritten copy is the step: the clock does not start anew."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    world.run_days(4)
    (mail,) = smtpd.delivered
    assert len(world.sent()) == 2
    due = world.plan()[0]["due"]
    old = id_of(mail.data)
    copy = b"X-Microsoft-Original-Message-ID: " + old + b"\r\n" + mail.data.replace(old, b"<new@provider.example>", 1)
    world.now += timedelta(minutes=3)
    world.mailbox.append(copy, "Sent", ("\\Seen",), world.now)
    world.round()
    assert world.plan()[0]["due"] == due
    assert [m["Message-ID"] for m in world.sent()][1:] == ["<new@provider.example>"]
    world.gets(BOB, "Re: Proposal", In_Reply_To="<new@provider.example>")
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}


def test_44_a_provider_that_files_late_is_not_filed_for_twice(sending: Sending, smtpd: Smtpd) -> None:
    """Of the first mail ours gives way; of the next none is appended."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    propose(world)
    for _ in range(2):
        while not smtpd.delivered:
            world.run_days(1)
        mail = smtpd.delivered.pop()
        world.now += timedelta(minutes=3)
        received = b"Received: from [10.0.0.1] by provider.example; Fri, 8 May 2026 08:00:00 +0000\r\n"
        world.mailbox.append(received + mail.data, "Sent", ("\\Seen",), world.now)
        world.round()
        world.now += timedelta(minutes=30)
        world.round()
    assert len(world.sent()) == 3
    assert len({m["Message-ID"] for m in world.sent()}) == 3


# ---- 45


def test_45_while_one_folder_cannot_be_read_nothing_leaves_and_it_says_which(sending: Sending, smtpd: Smtpd) -> None:
    """Bob's answer may lie there, and does."""
    world = has_run(sending(FOLLOWMAIL_DETECT="enroll"))
    world.mailbox.create("Clients")
    mail = propose(world, BOB)
    propose(world, CARLA)
    world.days_pass(4)
    world.gets(BOB, answers=mail, folder="Clients")
    world.mailbox.make_unreadable("Clients")
    report = world.round()
    assert not report.look.complete
    assert any(fault.startswith("Clients") for fault in report.faults)
    assert smtpd.delivered == []
    assert "Clients" in problems(world)
    assert {row["waits_for"] for row in world.plan()} == {"look"}
    world.mailbox.make_readable("Clients")
    world.round()
    assert [sent.recipients for sent in smtpd.delivered] == [("carla@carla.example",)]
    assert world.of("bob@bob.example").state == "replied"


def test_45_no_draft_is_laid_either_and_a_folder_that_is_left_out_by_choice_holds_nothing(world: World) -> None:
    """FOLLOWMAIL_SKIP_FOLDERS."""
    has_run(world)
    world.mailbox.create("Broken")
    propose(world)
    world.days_pass(4)
    world.mailbox.make_unreadable("Broken")
    world.round()
    assert world.drafts() == []
    world.reopen(FOLLOWMAIL_SKIP_FOLDERS="Broken")
    world.round()
    assert len(world.drafts()) == 1


# ---- 46


def test_46_explain_tells_a_client_what_is_stored_of_him(world: World) -> None:
    """Where he stands, every rule with the value that it looked at, and all that happened, with its reason."""
    has_run(world)
    mail = propose(world)
    world.run_days(4)
    world.gets(BOB, answers=mail)
    world.round()
    told = telling.explain(world.office.cycle(world.now), "bob@bob.example")
    assert told is not None
    (row,) = told["enrollments"]
    assert (row["address"], row["name"], row["sequence"], row["state"]) == (
        "bob@bob.example", "Bob Builder", "nudge", "replied",
    )  # fmt: skip
    assert all(check["detail"] for check in told["rules"])
    assert [event["event"] for event in told["events"]] == ["enrolled", "drafted", "replied", "draft-withdrawn"]
    assert all(event["why"] and datetime.fromisoformat(event["at"]).tzinfo for event in told["events"])
    assert told["next"] is None


def test_46_of_somebody_never_seen_nothing_is_stored(world: World) -> None:
    """Not even that somebody asked."""
    world.round()
    assert telling.explain(world.office.cycle(world.now), "nobody@nowhere.example") is None
