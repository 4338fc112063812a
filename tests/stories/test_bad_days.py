"""Bad days: stories 40 to 46. It is Monday, 4 May 2026, 10:00, until the test says otherwise."""

import csv
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from followmail import desk, telling
from followmail.errors import LoginRefused
from followmail.service import Daemon, Stop
from tests.canary import PASSWORD
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Delivery, Smtpd
from tests.stories.acts import has_run, id_of, propose, says_yes, steps_got, text_of
from tests.world import ALEX, ANN, BERLIN, BOB, CARLA, Mail, World, addresses, days

Sending = Callable[..., World]


def status(world: World) -> dict[str, object]:
    return telling.status(world.office.cycle(world.now), 300)


def problems(world: World) -> str:
    return "\n".join(map(str, status(world)["problems"]))  # type: ignore[call-overload]


# ---- 40


def test_40_an_expired_password_is_one_message_by_the_other_channel_and_nothing_leaves(
    sending: Sending, smtpd: Smtpd, tmp_path: Path
) -> None:
    """The daemon tries a few times and ends; with the new password it goes on, after a complete look."""
    told, secret = tmp_path / "told", tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n")
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
    assert PASSWORD not in told.read_text()
    with pytest.raises(LoginRefused):
        world.round()
    assert smtpd.delivered == []
    secret.write_text(f"{PASSWORD}\n")
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


def test_41_an_edited_draft_is_its_step_though_alex_wrote_in_between(world: World) -> None:
    """Last week's file is put back by hand, which knows of no draft; the mail of that week puts the step off, and the
    draft that he sent after it still reads like it."""
    has_run(world)
    proposal = propose(world)
    world.run_days(3)
    world.close()
    backup = (world.home / "followmail.db").read_bytes()
    world.run_days(1)
    world.close()
    (world.home / "followmail.db").write_bytes(backup)
    world.writes(BOB, "Re: Proposal", "The price holds until June.", answers=proposal)
    world.now += timedelta(hours=1)
    world.sends_draft(edit="P.S. Greetings!", new_id=True)
    world.run_days(6)
    assert (world.one().done, world.drafts()) == ({"checking-in"}, [])


def test_41_a_backup_that_the_command_restores_sends_nothing_before_a_yes(sending: Sending, smtpd: Smtpd) -> None:
    """Made on the third day, restored after the nudge left."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    lives_lately(world, 7)
    propose(world)
    world.run_days(3)
    copy = str(world.home / "copy.db")
    world.command("backup", copy)
    world.run_days(2)
    assert len(smtpd.delivered) == 1
    world.close()
    assert "Open follow-ups: 1." in world.command("restore", copy)
    world.now = datetime.now(UTC)
    world.run_days(10)
    assert len(smtpd.delivered) == 1
    says_yes(world, "Bob Builder")
    world.run_days(1)
    assert len(smtpd.delivered) == 2
    assert set(steps_got(smtpd).values()) == {1}


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
    trap, secret = world.home / "trap", world.home / "secret"
    secret.write_text(f"{PASSWORD}\n")
    command = f"if test -e {trap}; then rm {trap}; kill -9 $PPID; sleep 5; fi; cat {secret}"
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
    digest = world.digest()
    assert digest.subject == "1 mail that may or may not have left"
    assert "Bob Builder: nudge 1 may or may not have left" in digest.under("May or may not have left")
    assert "nothing in that mail waits for your yes" in world.answers_digest("ok all", digest)
    (mail,) = smtpd.delivered
    world.mailbox.append(mail.data, "Sent", (), world.now)
    world.round()
    assert world.one().done == {"checking-in"}
    assert world.states() == {"bob@bob.example": "active"}
    assert sorted(addresses(world.sent())) == [ALEX, BOB, BOB]
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
    digest = world.digest()
    assert "problem" in digest.subject
    assert "Clients" in digest.under("Problems")
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


def lives_lately(world: World, ago: int) -> None:
    """It is ten o'clock, really so many days ago; every day is a business day."""
    world.reopen(FOLLOWMAIL_WINDOW="Mon-Sun 00:00-24:00")
    world.now = datetime.now(BERLIN).replace(hour=10, minute=0, second=0, microsecond=0).astimezone(UTC) - days(ago)
    has_run(world)


def answered_lately(world: World) -> Mail:
    """Bob answered two days ago, really: the command knows no other time."""
    lives_lately(world, 7)
    mail = propose(world)
    world.run_days(4)
    world.now += timedelta(minutes=10)
    world.gets(BOB, text="Yes, at the old harbour.", answers=mail)
    world.run_days(1)
    return mail


def test_46_explain_tells_a_client_what_is_stored_of_him(world: World) -> None:
    """Where he stands, every rule with the value that it looked at, and all that happened, with its reason."""
    answered_lately(world)
    told = json.loads(world.command("explain", "bob@bob.example", "--json"))
    (row,) = told["enrollments"]
    assert (row["address"], row["name"], row["sequence"], row["state"]) == (
        "bob@bob.example", "Bob Builder", "nudge", "replied",
    )  # fmt: skip
    assert all(check["detail"] for check in told["rules"])
    assert [event["event"] for event in told["events"]] == ["enrolled", "drafted", "replied", "draft-withdrawn"]
    assert all(event["why"] and datetime.fromisoformat(event["at"]).tzinfo for event in told["events"])
    assert told["next"] is None
    said = world.command("explain", "bob@bob.example")
    assert "Bob Builder answered" in said


def test_46_export_gives_all_that_is_stored_of_him_and_of_nobody_else(world: World) -> None:
    """CSV: enrollment, delivery, messages and events; what he wrote too."""
    answered_lately(world)
    world.writes(CARLA)
    world.round()
    rows = list(csv.DictReader(world.command("export", "bob@bob.example").splitlines()))
    assert {"enrollment", "delivery", "message", "event"} <= {row["record"] for row in rows}
    text = "\n".join(",".join(row.values()) for row in rows)
    assert ("at the old harbour" in text, "carla" in text.lower()) == (True, False)
    everything = world.command("export")
    assert ("bob@bob.example" in everything, "carla@carla.example" in everything) == (True, True)


def test_46_forget_removes_all_but_a_hash_that_keeps_him_from_being_mailed(world: World) -> None:
    """Not a byte of him is left beside the mailbox, and no later look brings him back."""
    answered_lately(world)
    assert b"bob@bob.example" in (world.home / "followmail.db").read_bytes()
    assert "bob@bob.example is forgotten" in world.command("forget", "bob@bob.example", "--yes")
    world.writes(BOB, "Another proposal")
    world.writes(BOB, "Notes", "Here they are.", Bcc="alex+nudge@consult.example")
    world.run_days(8)
    assert world.enrollments() == ()
    assert world.drafts() == []
    assert "must not be mailed" in world.command("enroll", "bob@bob.example", "--sequence", "nudge", status=1)
    assert "forgotten, must not be mailed" in world.command("explain", "bob@bob.example")
    world.close()
    for file in world.home.rglob("*"):
        assert b"bob@bob.example" not in file.read_bytes(), file
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", (world.home / "suppressed.txt").read_text().splitlines()[-1])


def test_46_of_somebody_never_seen_nothing_is_stored(world: World) -> None:
    """Not even that somebody asked."""
    world.round()
    assert telling.explain(world.office.cycle(world.now), "nobody@nowhere.example") is None
    assert len(world.command("export", "nobody@nowhere.example").splitlines()) == 1  # the names of the columns
