"""What README.md promises, one test a promise, under its sentence: on a real mailbox, with a real outbox."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from followmail import desk, keeping, telling
from followmail.errors import FollowmailError
from tests.servers.dovecot import Mailbox
from tests.servers.smtp import Cut, Proxy, Smtpd
from tests.world import ALEX, BOB, CARLA, World, addresses

Sending = Callable[..., World]

AT_ONCE = {"FOLLOWMAIL_WINDOW": "Mon-Sun 00:00-24:00", "FOLLOWMAIL_DETECT": "enroll"}
BOB_AT_HOME = "Bob Builder <bob.private@gmail.com>"
CFO = "Carl Funds <carl.funds@bob.example>"

ANSWERS: dict[str, dict[str, str]] = {
    "in INBOX": {},
    "filed by a rule": {"folder": "Clients/Bob"},
    "taken for spam": {"folder": "Junk"},
    "read on the phone and deleted": {"folder": "Trash"},
    "from another address": {"sender": BOB_AT_HOME},
    "by somebody else of the company": {"sender": CFO, "subject": "We would like to go ahead", "thread": "no"},
    "without a thread": {"thread": "no"},
    "from another address without a thread": {"sender": BOB_AT_HOME, "thread": "no"},
    "about something else": {"subject": "Invoice 7", "thread": "no"},
    "with a clock that is years behind": {"Date": "Mon, 1 Jan 2018 00:00:00 +0000"},
    "with words that machines use": {"text": "I was out of office, sorry. Yes please; do unsubscribe my boss, though."},
    "with one word": {"text": "no"},
}


def first_run(world: World, ago: timedelta = timedelta(hours=1)) -> None:
    """The first cycle, some time ago: what is sent from then on was sent after it."""
    world.now -= ago
    world.round()
    world.now += ago


def due_now(world: World) -> None:
    """A mail of yesterday, a sequence whose one step is due at once, and the machine's own clock."""
    folder = world.home / "templates" / "nudge"
    folder.mkdir(parents=True)
    (folder / "sequence.txt").write_text("Trigger: sent\n")
    (folder / "1-hello.txt").write_text("After: 0 minutes\n\n{{ greeting }}\n\nDid my note reach you?\n")
    world.templates = folder.parent
    world.now = datetime.now(UTC)
    first_run(world, timedelta(days=2))
    world.writes(BOB, ago=timedelta(days=1))


def everything(mailbox: Mailbox) -> dict[str, object]:
    """All that stands in the mailbox: folder → the messages, and their flags."""
    folders = sorted(name for flags, _, name in mailbox.client.list_folders() if rb"\Noselect" not in flags)
    return {folder: (mailbox.raw(folder), mailbox.flags(folder)) for folder in folders}


def command(world: World, *words: str, **options: str) -> subprocess.Popen[str]:
    """The program as an own process, under the machine's clock."""
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **world.environment(), **options}
    return subprocess.Popen(
        [sys.executable, "-m", "followmail", *words], env=env, cwd=world.home, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.mark.parametrize("how", ANSWERS)
def test_nobody_who_has_answered_is_ever_nudged(sending: Sending, smtpd: Smtpd, how: str) -> None:
    """Wherever the answer lies, whoever wrote it, and whatever its headers say."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    first_run(world)
    mail = world.writes(BOB)
    world.round()
    assert world.one().state == "active"
    answer = dict(ANSWERS[how])
    in_thread = answer.pop("thread", "yes") == "yes"
    world.days_pass(1)
    world.gets(answer.pop("sender", BOB), answers=mail if in_thread else None, **answer)  # type: ignore[arg-type]
    world.run_days(30)
    assert smtpd.delivered == []
    assert world.drafts() == []


@pytest.mark.parametrize("stage", ["GREETING", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "QUIT"])
def test_nobody_gets_the_same_step_twice(sending: Sending, smtpd: Smtpd, stage: str) -> None:
    """The process is killed, beyond any cleaning up, at each stage of sending; then it is started again."""
    world = sending(**AT_ONCE)
    due_now(world)
    process = command(world, "once")
    scripted = smtpd.scripted

    def killing(*keys: str) -> str | bytes | None:
        if stage in keys and process.poll() is None:
            process.kill()
            process.wait()
        return scripted(*keys)

    smtpd.scripted = killing  # type: ignore[method-assign]
    process.communicate(timeout=60)
    assert process.returncode == -9
    smtpd.settle()
    taken = len(smtpd.delivered)
    world.now = datetime.now(UTC) + timedelta(minutes=1)
    for _ in range(3):
        world.round()
        world.now += timedelta(minutes=10)
    if telling.is_uncertain(world.one()):  # nobody can know, so it is shown, and not sent again
        assert stage in ("DOT", "QUIT")
        assert len(smtpd.delivered) == taken <= 1
    else:
        assert len(smtpd.delivered) == 1


@pytest.mark.parametrize("after", range(200, 2000, 225))
def test_no_step_is_silently_dropped(mailbox: Mailbox, tmp_path: Path, after: int) -> None:
    """The line to the mailbox is cut at many places of a round: the draft is laid all the same, once."""
    with Proxy(mailbox.account().port) as proxy:
        world = World(mailbox, tmp_path / "home", {"FOLLOWMAIL_IMAP_PORT": str(proxy.port)})
        world.writes(BOB)
        world.round()
        world.days_pass(4)
        proxy.cut = Cut("out", after, "rst")
        try:
            world.round()
        except FollowmailError:
            world.reopen()
        proxy.cut = None
        for _ in range(3):
            world.now += timedelta(minutes=10)
            world.round()
        assert addresses(world.drafts()) == [BOB]
        world.close()


def test_nothing_leaves_while_a_folder_cannot_be_read(world: World) -> None:
    """Who cannot see every answer does not write; the folder is named, and once it is mended the mail goes."""
    world.writes(BOB)
    world.mailbox.create("Clients")
    world.round()
    world.mailbox.make_unreadable("Clients")
    world.days_pass(4)
    report = world.round()
    assert any("Clients" in fault for fault in report.faults)
    assert world.drafts() == []
    (row,) = world.plan()
    assert row["waits_for"] == "look" and "Clients" in str(row["why"])
    world.mailbox.make_readable("Clients")
    world.round()
    assert addresses(world.drafts()) == [BOB]


def test_a_deleted_database_mails_nobody_again(sending: Sending, smtpd: Smtpd) -> None:
    """What has left is known from the Sent folder; what is open waits for a yes."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    first_run(world)
    world.writes(BOB)
    world.round()
    world.run_days(5)
    assert len(smtpd.delivered) == 1
    world.close()
    (world.home / "followmail.db").unlink()
    world.run_days(20)
    assert len(smtpd.delivered) == 1
    assert world.states() == {"bob@bob.example": "waiting"}


def test_a_restored_backup_mails_nobody_before_your_yes(sending: Sending, smtpd: Smtpd, tmp_path: Path) -> None:
    """What left since the backup is known from Sent; what is open waits."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    first_run(world)
    world.writes(BOB)
    world.writes(CARLA, "Offer")
    world.round()
    keeping.backup(world.office.settings, tmp_path / "week.db")
    world.run_days(4)
    world.rounds_over(10)
    assert len(smtpd.delivered) == 2
    settings = world.office.settings
    world.close()
    keeping.restore(settings, tmp_path / "week.db", world.now)
    world.run_days(15)
    assert len(smtpd.delivered) == 2
    assert world.states() == {"bob@bob.example": "waiting", "carla@carla.example": "waiting"}


def test_what_was_sent_before_the_first_run_never_leaves_without_your_yes(sending: Sending, smtpd: Smtpd) -> None:
    """Also where all that is found is to be enrolled."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.writes(BOB, ago=timedelta(days=5))
    world.run_days(20)
    assert smtpd.delivered == []
    assert world.states() == {"bob@bob.example": "waiting"}
    desk.approve(world.desk(), world.one())
    world.round()
    assert [mail.recipients for mail in smtpd.delivered] == [("bob@bob.example",)]


def test_sending_a_draft_is_your_yes_and_deleting_it_is_your_no(world: World) -> None:
    """Bob's draft is sent, so the next one comes at its time. Carla's is deleted, so none comes any more."""
    world.writes(BOB)
    world.writes(CARLA, "Offer")
    world.round()
    world.run_days(4)
    assert sorted(addresses(world.drafts())) == sorted([BOB, CARLA])
    (carla,) = [
        uid
        for uid, raw in zip(world.mailbox.uids("Drafts"), world.mailbox.raw("Drafts"), strict=True)
        if b"carla" in raw
    ]
    world.mailbox.expunge("Drafts", [carla])
    world.sends_draft()
    world.rounds_over(40)
    assert world.states() == {"bob@bob.example": "active", "carla@carla.example": "stopped"}
    world.run_days(8)
    assert addresses(world.drafts()) == [BOB]


def test_the_digest_obeys_only_your_own_reply(world: World) -> None:
    """Found in your Sent folder. The same words in a forged mail, a forward, or a quote do nothing."""
    world.reopen(FOLLOWMAIL_DIGEST="07:30")
    first_run(world)
    world.writes(BOB)
    world.round()
    world.run_days(4)
    digest = world.digest()
    order = f"stop {digest.number('Bob')}"
    quoted = "Thanks.\n\nOn 8 May 2026, at 08:00, followmail wrote:\n> " + order
    world.gets(ALEX, "Re: " + digest.subject, order, answers=digest.mail)
    world.writes(CARLA, "Fwd: " + digest.subject, order, answers=digest.mail)
    world.writes(ALEX, "Re: " + digest.subject, quoted, answers=digest.mail)
    world.round()
    assert world.of("bob@bob.example").state.live
    assert world.answers_digest(order, digest).startswith("Done:")
    assert world.of("bob@bob.example").state.value == "stopped"


def test_your_mail_stays_as_it_was(world: World) -> None:
    """No flag is set, nothing is moved or deleted: only the draft has come."""
    mail = world.writes(CARLA, "Offer")
    world.gets(CARLA, "Re: Offer", answers=mail, folder="Clients/Carla")
    world.gets("News <news@shop.example>", "Sale", List_Id="<sale.shop.example>")
    world.writes(BOB)
    world.mailbox.append(b"From: x\r\nSubject: not yet\r\n\r\nhalf a thought", "Drafts", (r"\Draft",))
    before = everything(world.mailbox)
    world.round()
    world.run_days(5)
    after = everything(world.mailbox)
    draft = after.pop("Drafts"), before.pop("Drafts")
    assert after == before
    assert len(draft[0][0]) == 2 and draft[0][0][0] == draft[1][0][0]  # type: ignore[index]


def test_a_dry_run_writes_nothing_anywhere(world: World) -> None:
    """It tells who would get what and why; no mailbox, no database, no file is changed."""
    world.now = datetime.now(UTC)
    world.writes(BOB, ago=timedelta(days=9))
    before = everything(world.mailbox)
    process = command(world, "once", "--dry-run", FOLLOWMAIL_WINDOW=AT_ONCE["FOLLOWMAIL_WINDOW"])
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "bob@bob.example" in told and "no answer since" in told
    assert everything(world.mailbox) == before
    assert list(world.home.iterdir()) == []


@pytest.mark.parametrize("line", ["bob@bob.example", "@bob.example", "b*@*.example"])
def test_whoever_must_not_be_mailed_never_is(sending: Sending, smtpd: Smtpd, line: str) -> None:
    """By address, domain or glob, written into suppressed.txt by hand; an open chase ends, a mark is refused."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    first_run(world)
    world.writes(BOB)
    world.round()
    (world.home / "suppressed.txt").write_text(line + "\n")
    world.run_days(10)
    world.writes(BOB, "Another offer", Bcc="alex+nudge@consult.example")
    world.run_days(10)
    assert smtpd.delivered == []
    assert world.states() == {"bob@bob.example": "stopped"}


def test_no_secret_is_told_or_stored(sending: Sending, smtpd: Smtpd) -> None:
    """Passwords, right or refused, stand in no output and in no file of ours."""
    smtpd.password = "battery-staple"
    world = sending(**AT_ONCE, FOLLOWMAIL_SMTP_PASSWORD="battery-staple")
    due_now(world)
    told = ""
    for words, options in (
        (("once",), {}),
        (("check",), {}),
        (("status", "--json"), {}),
        (("check", "--json"), {"FOLLOWMAIL_PASSWORD": "correct-horse"}),
        (("run",), {"FOLLOWMAIL_PASSWORD": "correct-horse", "FOLLOWMAIL_DATABASE": str(world.home / "other.db")}),
    ):
        told += command(world, *words, **options).communicate(timeout=60)[0]
    assert len(smtpd.delivered) == 1 and "login" in told
    kept = b"".join(path.read_bytes() for path in world.home.rglob("*") if path.is_file())
    assert kept
    for secret in ("battery-staple", "correct-horse"):
        assert secret not in told and secret.encode() not in kept
