"""What is stored of people: forgotten to the last byte, exported, backed up while others work, and restored safely."""

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from followmail import desk, enrolling, keeping, telling
from followmail.contacts import Contact
from followmail.errors import AnotherInstance, DatabaseError, UserError
from followmail.rounds import alone
from followmail.sequence.agenda import Item, What
from followmail.sequence.steps import State, Status
from tests.servers.smtp import Smtpd
from tests.world import ANN, BOB, CARLA, World, days

BOBS, ANNS = "bob@bob.example", "ann@ann.example"
Sending = Callable[..., World]


def command(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    """The installed command, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "followmail", *words], capture_output=True, text=True, cwd=world.home, check=False,
        stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], **world.environment()},
    )  # fmt: skip


def stored_bytes(world: World) -> bytes:
    """Every byte of every file beside the configuration."""
    return b"".join(p.read_bytes() for p in world.home.iterdir() if p.is_file()).lower()


def chased(world: World, who: str = BOB, subject: str = "Zebra proposal") -> None:
    """Nobody answers a proposal: its first step's draft was sent."""
    world.writes(who, subject, ago=days(1))
    world.round()
    world.days_pass(4)
    world.round()
    world.sends_draft()
    world.rounds_over(20)


# ---- forget


def test_not_a_byte_is_left_of_somebody_who_is_forgotten(world: World) -> None:
    """Neither address nor name nor subject stands in any file; a hash does, and says no."""
    world.office.store.suppressions.add(BOBS, "bounced")
    world.office.store.suppressions.remove(BOBS)
    world.gets(BOB, "Zebra question", "Send me a proposal.\n\nBob Builder", ago=days(9))
    chased(world)
    world.gets(BOB, "Zebra invoice", "Where is it?")
    world.round()
    for word in (b"bob@bob.example", b"bob builder", b"zebra"):
        assert word in stored_bytes(world)
    said = keeping.forget(world.office, "Bob@Bob.example", world.now)
    assert "is forgotten" in said[0]
    for word in (b"bob@bob.example", b"bob builder", b"zebra"):
        assert word not in stored_bytes(world)
    assert not list(world.home.glob("*-journal"))
    assert world.office.store.suppressions.matching(BOBS).startswith("sha256:")  # type: ignore[union-attr]
    assert world.enrollments() == ()


def test_later_looks_store_nothing_of_them_again(world: World) -> None:
    """Neither new mail nor a database that is rebuilt from the mailbox."""
    chased(world)
    keeping.forget(world.office, BOBS, world.now)
    world.gets(BOB, "Zebra again", "Hello?")
    world.writes(BOB, "Zebra answer", "What do you think?")
    world.gets(BOB, "Zebra mark", folder="Followmail/nudge")
    world.round()
    assert b"zebra" not in stored_bytes(world)
    assert b"bob@bob.example" not in stored_bytes(world)
    assert [e.event for e in world.office.store.events.since(world.now - days(1))].count("mark-refused") == 1
    world.close()
    (world.home / "followmail.db").unlink()
    world.round()
    assert b"bob" not in stored_bytes(world).replace(b"forgotten@bob.example", b"")
    assert world.enrollments() == ()


def test_what_is_others_too_loses_only_their_name_and_address(world: World) -> None:
    """A proposal to Bob and his boss: the boss is forgotten, Bob's chase goes on, to Bob alone."""
    world.writes(f"{BOB}, Bea Boss <bea@bob.example>", "Proposal for you both", ago=days(1))
    world.writes(ANN, "Another proposal", ago=days(1))
    world.round()
    keeping.forget(world.office, "bea@bob.example", world.now)
    left = stored_bytes(world)
    assert b"bea" not in left
    assert b"proposal for you both" in left
    assert world.states() == {BOBS: "active", ANNS: "active"}
    world.days_pass(4)
    world.round()
    drafts = {str(draft["To"]): draft for draft in world.drafts()}
    assert set(drafts) == {BOB, ANN}
    assert drafts[BOB]["Cc"] is None


def test_an_answer_of_somebody_forgotten_still_holds_what_is_anothers(world: World) -> None:
    """It is remembered without name, address and subject: the one promise is worth more than silence about it."""
    mail = world.writes(f"{BOB}, Bea Boss <bea@bob.example>", "Proposal for you both", ago=days(1))
    world.round()
    keeping.forget(world.office, "bea@bob.example", world.now)
    world.gets("Bea Boss <bea@bob.example>", answers=mail)
    world.round()
    assert world.states() == {BOBS: "replied"}
    assert b"bea" not in stored_bytes(world)


def test_a_longer_address_is_somebody_else(world: World) -> None:
    """joann@ann.example stays when ann@ann.example is forgotten."""
    world.writes(ANN, "Proposal", ago=days(1))
    world.writes("Jo <joann@ann.example>", "Other proposal", ago=days(1))
    world.round()
    keeping.forget(world.office, ANNS, world.now)
    assert [e.address for e in world.enrollments()] == ["joann@ann.example"]
    assert b"joann@ann.example" in stored_bytes(world)


def test_a_digest_that_names_them_is_emptied_and_keeps_its_other_numbers(world: World) -> None:
    """Also where it encodes the name. One that is not in INBOX yet tells others' ends too: it goes there first."""
    world.writes(BOB, ago=days(1))
    world.writes(ANN, ago=days(1))
    world.round()
    digests = world.office.store.digests
    mail = EmailMessage()
    mail["Subject"] = "2 wait"
    mail.set_content("Bob Builder and Änn Archer wait for your yes.", cte="base64")
    items = [
        Item(What.WAITING, "Bob waits", enrollment=world.of(BOBS).id, address=BOBS, why="Bob Builder answered"),
        Item(What.WAITING, "Ann waits", enrollment=world.of(ANNS).id, address=ANNS, why="bob@bob.example wrote too"),
    ]
    number = digests.add("fmd1.test@consult.example", world.now, mail.as_bytes(), True, items)
    with pytest.raises(UserError, match="a digest is on its way"):
        keeping.forget(world.office, BOBS, world.now)
    digests.set_filed(number)
    keeping.forget(world.office, BOBS, world.now)
    assert digests.item(number, 1) is None
    left = digests.item(number, 2)
    assert left is not None
    assert (left.address, left.why) == (ANNS, "somebody who is forgotten wrote too")
    assert b64encode(b"Bob Builder")[:12].lower() not in stored_bytes(world)


def test_nobody_is_forgotten_while_a_draft_to_them_is_open(world: World) -> None:
    """It is named; taken back by `stop`, and then it goes."""
    world.writes(BOB, ago=days(1))
    world.round()
    world.days_pass(4)
    world.round()
    assert len(world.drafts()) == 1
    with pytest.raises(UserError, match=r"a draft to bob@bob\.example lies in Drafts"):
        keeping.forget(world.office, BOBS, world.now)
    desk.stop(world.desk(), world.one())
    world.round()
    assert not world.drafts()
    keeping.forget(world.office, BOBS, world.now)
    assert world.enrollments() == ()


def test_a_queued_mail_that_names_them_is_written_anew(world: World) -> None:
    """A mail to Bob with Bea in Cc waits for its moment: it leaves without her."""
    world.writes(f"{BOB}, Bea Boss <bea@bob.example>", "Proposal for you both", ago=days(1))
    world.round()
    store = world.office.store
    world.days_pass(4)
    world.mailbox.make_unreadable("Drafts")
    try:
        world.round()
    finally:
        world.mailbox.make_readable("Drafts")
    assert not world.drafts()
    keeping.forget(world.office, "bea@bob.example", world.now)
    assert b"bea" not in stored_bytes(world)
    assert not [p for p in store.outbox.parcels(Status.QUEUED) if not p.data]
    world.round()
    (draft,) = world.drafts()
    assert (draft["To"], draft["Cc"]) == (BOB, None)


def test_a_person_who_is_forgotten_is_refused_everywhere(world: World) -> None:
    """By hand, by mark and by rule; `explain` says why."""
    chased(world)
    keeping.forget(world.office, BOBS, world.now)
    nice = world.office.templates.library.sequences["nice-to-meet-you"]
    with pytest.raises(UserError, match="must not be mailed"):
        enrolling.enroll(world.desk(), Contact(BOBS), nice)
    world.writes(BOB, "One more", Bcc="alex+nudge@consult.example")
    world.round()
    assert world.enrollments() == ()
    told = telling.explain(world.office.cycle(world.now), BOBS)
    assert told is not None
    assert [(r["passed"], r["detail"]) for r in told["rules"]] == [(False, "forgotten, must not be mailed")]
    assert told["events"] == []


def test_lines_and_remarks_of_suppressed_txt_name_them_no_more(world: World) -> None:
    """A line becomes its hash; a remark that names them goes; the others stay."""
    path = world.office.store.suppressions.path
    path.write_text(f"# mine\n{BOBS}  # asked on 4 May\n@ann.example # friend of {BOBS}\ncarla@carla.example # gone\n")
    keeping.forget(world.office, BOBS, world.now)
    lines = path.read_text().splitlines()
    assert lines[:3] == ["# mine", "@ann.example", "carla@carla.example # gone"]
    assert lines[3].startswith("sha256:")
    desk.unsuppress(world.desk(), BOBS)
    assert world.office.store.suppressions.matching(BOBS) is None


@pytest.mark.parametrize(("word", "why"), [("alex@consult.example", "your own"), ("Bob", "no mail address")])
def test_only_a_person_can_be_forgotten(world: World, word: str, why: str) -> None:
    """Not the consultant, not half an address."""
    with pytest.raises(UserError, match=why):
        keeping.forget(world.office, word, world.now)


def test_a_busy_database_is_said_and_nothing_is_lost(world: World) -> None:
    """Another process writes: it says so; the hash stands already, so nobody is mailed meanwhile."""
    chased(world)
    with closing(sqlite3.connect(world.home / "followmail.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match="could not be used"):
            keeping.forget(world.office, BOBS, world.now)
        other.execute("ROLLBACK")
    assert len(world.enrollments()) == 1
    keeping.forget(world.office, BOBS, world.now)
    assert world.enrollments() == ()


# ---- export


def test_all_is_exported_and_one_person_alone(world: World) -> None:
    """A record a row: enrollments, deliveries, messages, events, suppressions."""
    chased(world)
    world.writes(ANN, "Another proposal")
    world.round()
    desk.suppress(world.desk(), "@spam.example")
    done = command(world, "export")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert done.returncode == 0
    assert set(rows[0]) == set(keeping.COLUMNS)
    assert {row["record"] for row in rows} == {
        "enrollment", "delivery", "message", "event", "suppression", "acquaintance",
    }  # fmt: skip
    assert {row["address"] for row in rows if row["record"] == "enrollment"} == {BOBS, ANNS}
    mine = list(csv.DictReader(io.StringIO(command(world, "export", BOBS).stdout)))
    assert {row["record"] for row in mine} == {"enrollment", "delivery", "message", "event", "acquaintance"}
    assert not [row for row in mine if ANNS in row.values()]
    assert next(row["subject"] for row in mine if row["record"] == "message") == "Zebra proposal"
    assert json.loads(command(world, "export", BOBS, "--json").stdout)[0]["address"] == BOBS
    assert json.loads(command(world, "export", "nobody@nobody.example", "--json").stdout) == []


def test_a_cell_is_no_formula(world: World) -> None:
    """Whatever somebody called themselves, no spreadsheet runs it."""
    world.gets('"=cmd|calc" <eve@eve.example>', "+1+1", "@SUM(1)\x1b[31m")
    world.round()
    (row,) = [r for r in csv.DictReader(io.StringIO(command(world, "export").stdout)) if r["record"] == "message"]
    assert (row["name"], row["subject"]) == ("'=cmd|calc", "'+1+1")
    assert "\x1b" not in row["detail"]


# ---- backup and restore


def test_a_backup_is_whole_private_and_never_overwrites(world: World, tmp_path: Path) -> None:
    """Also while somebody writes; suppressed.txt travels in it."""
    chased(world)
    desk.suppress(world.desk(), "@spam.example")
    file = tmp_path / "copy.db"
    with closing(sqlite3.connect(world.home / "followmail.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert command(world, "backup", str(file)).returncode == 0
        other.execute("ROLLBACK")
    assert file.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert "@spam.example" in copy.execute("SELECT text FROM suppressed").fetchone()[0]
    again = command(world, "backup", str(file))
    assert again.returncode == 1
    assert "never overwrites" in again.stderr


def test_nobody_gets_a_step_again_after_last_weeks_backup(sending: Sending, smtpd: Smtpd, tmp_path: Path) -> None:
    """Story 41, in mode send: what left since is known from Sent, and everything open waits for a yes."""
    world = sending(FOLLOWMAIL_DETECT="enroll")
    world.round()
    world.now += timedelta(minutes=20)
    world.writes(BOB, "Zebra proposal")
    world.writes(ANN, "Another proposal")
    world.round()
    keeping.backup(world.office.settings, tmp_path / "week.db")
    world.days_pass(4, hour=11)
    world.rounds_over(20)
    assert sorted(mail.recipients[0] for mail in smtpd.delivered) == [ANNS, BOBS]
    world.days_pass(3)
    desk.suppress(world.desk(), ANNS)
    settings = world.office.settings
    world.close()
    said = keeping.restore(settings, tmp_path / "week.db", world.now)
    assert "Open follow-ups: 1." in said[0]
    assert "is kept as" in said[1]
    world.rounds_over(30)
    assert world.states() == {BOBS: "waiting", ANNS: "stopped"}
    assert {d.step for d in world.of(BOBS).deliveries if d.status is Status.SENT} == {"checking-in"}
    desk.approve(world.desk(), world.of(BOBS))
    world.rounds_over(30)
    world.days_pass(4)
    world.rounds_over(20)
    assert len(smtpd.delivered) == 2
    world.days_pass(3)
    world.rounds_over(20)
    assert [mail.recipients[0] for mail in smtpd.delivered[2:]] == [BOBS]


def test_a_draft_that_was_edited_and_sent_since_the_backup_is_a_step(world: World, tmp_path: Path) -> None:
    """Under an id of the mail client's own: the database knows nothing of it, Sent does."""
    world.writes(BOB, ago=days(1))
    world.round()
    keeping.backup(world.office.settings, tmp_path / "week.db")
    world.days_pass(4)
    world.round()
    world.sends_draft(edit="By the way, I am in town.", new_id=True)
    world.rounds_over(20)
    settings = world.office.settings
    world.close()
    keeping.restore(settings, tmp_path / "week.db", world.now)
    world.round()
    assert {d.step for d in world.one().deliveries if d.status is Status.SENT} == {"checking-in"}
    world.run_days(7)
    assert not world.drafts()


def test_an_answer_since_the_backup_counts(world: World, tmp_path: Path) -> None:
    """Every folder is read anew before anything may leave."""
    mail = world.writes(BOB, ago=days(1))
    world.round()
    keeping.backup(world.office.settings, tmp_path / "week.db")
    world.gets(BOB, answers=mail)
    world.round()
    settings = world.office.settings
    world.close()
    keeping.restore(settings, tmp_path / "week.db", world.now)
    (row,) = world.plan()
    assert row["waits_for"] in (None, "look")
    world.round()
    assert world.states() == {BOBS: "replied"}


def test_what_was_on_its_way_in_the_backup_is_taken_back(world: World, tmp_path: Path) -> None:
    """Queued and sending go back; a yes is lost; handed over stays in doubt."""
    world.writes(BOB, ago=days(1))
    world.writes(ANN, ago=days(1))
    world.writes(CARLA, ago=days(1))
    world.round()
    world.days_pass(4)
    world.round()
    store = world.office.store
    for parcel, status in zip(store.outbox.parcels(Status.DRAFTED), ("queued", "sending", "handed-over"), strict=True):
        store.outbox.move(parcel.delivery.id, (Status.DRAFTED,), Status(status), world.now)
        desk.resume(world.desk(), world.of(parcel.address))
    keeping.backup(world.office.settings, tmp_path / "copy.db")
    settings = world.office.settings
    world.close()
    keeping.restore(settings, tmp_path / "copy.db", world.now)
    statuses = [d.status for e in world.enrollments() for d in e.deliveries]
    assert sorted(statuses) == [Status.CANCELLED, Status.CANCELLED, Status.HANDED_OVER]
    assert all(e.before_first_run and not e.said_yes and not e.granted for e in world.enrollments())
    facts = world.office.store.facts
    assert facts.moment("first_run") is None
    assert facts.moment("looked_at") is None
    assert world.office.store.cursors.all() == {}


def test_suppressions_are_never_fewer_after_a_restore(world: World, tmp_path: Path) -> None:
    """Those of the backup and those of today, each once, with their remarks."""
    world.round()
    desk.suppress(world.desk(), "@then.example")
    keeping.backup(world.office.settings, tmp_path / "copy.db")
    path = world.office.store.suppressions.path
    path.write_text("@now.example # today\n")
    settings = world.office.settings
    world.close()
    for _ in range(2):
        keeping.restore(settings, tmp_path / "copy.db", world.now)
        world.now += timedelta(minutes=1)
    text = path.read_text()
    assert text.count("@now.example # today") == text.count("@then.example") == 1


def test_a_restore_waits_for_the_daemon_to_end(world: World, tmp_path: Path) -> None:
    """Exit status 75; nothing is changed."""
    world.round()
    keeping.backup(world.office.settings, tmp_path / "copy.db")
    before = (world.home / "followmail.db").read_bytes()
    with alone(world.home / "followmail.db"):
        with pytest.raises(AnotherInstance):
            keeping.restore(world.office.settings, tmp_path / "copy.db", world.now)
        assert command(world, "restore", str(tmp_path / "copy.db")).returncode == 75
    assert (world.home / "followmail.db").read_bytes() == before


def test_the_database_before_is_kept(world: World, tmp_path: Path) -> None:
    """As a dated file; and a backup moves to a machine that has none."""
    world.writes(BOB, ago=days(1))
    world.round()
    keeping.backup(world.office.settings, tmp_path / "copy.db")
    world.writes(ANN, ago=days(1))
    world.round()
    settings = world.office.settings
    world.close()
    keeping.restore(settings, tmp_path / "copy.db", world.now)
    (kept,) = world.home.glob("followmail.db.2026*")
    with closing(sqlite3.connect(kept)) as old:
        assert old.execute("SELECT count(*) FROM enrollment").fetchone() == (2,)
    (world.home / "followmail.db").unlink()
    (world.home / "suppressed.txt").unlink(missing_ok=True)
    assert "is kept as" not in " ".join(keeping.restore(settings, tmp_path / "copy.db", world.now))
    assert world.states() == {BOBS: "active"}
    assert not list(world.home.glob("*.restoring*"))


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "newer", "foreign"])
def test_what_is_no_whole_backup_is_refused(world: World, tmp_path: Path, damage: str) -> None:
    """And the database stays as it is."""
    world.writes(BOB, ago=days(1))
    world.round()
    file = tmp_path / "copy.db"
    keeping.backup(world.office.settings, file)
    data = file.read_bytes()
    if damage == "text":
        file.write_text("Not a database at all, but long enough to be read as one." * 100)
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    else:
        with closing(sqlite3.connect(file)) as copy:
            copy.execute("PRAGMA user_version = 99" if damage == "newer" else "DROP TABLE enrollment")
            copy.commit()
    before = (world.home / "followmail.db").read_bytes()
    with pytest.raises(DatabaseError):
        keeping.restore(world.office.settings, file, world.now)
    assert (world.home / "followmail.db").read_bytes() == before
    assert not list(world.home.glob("*.restoring*"))


def test_the_four_commands_say_what_they_did(world: World, tmp_path: Path) -> None:
    """Plain sentences, or a list of them as JSON."""
    chased(world)
    world.close()
    backed = command(world, "backup", str(tmp_path / "copy.db"))
    assert "keep it as you keep your mail" in backed.stdout
    assert json.loads(command(world, "restore", str(tmp_path / "copy.db"), "--json").stdout)[0].startswith("Restored")
    forgotten = command(world, "forget", BOBS)
    assert forgotten.returncode == 0
    assert "Older copies of the database still hold them" in forgotten.stdout
    assert world.enrollments() == ()
    assert command(world, "restore", "nowhere.db").returncode == 1


# ---- an ended one goes on


def test_an_answered_one_asks_again_before_it_goes_on(world: World) -> None:
    """Who answered and when; a second word is the yes."""
    mail = world.writes(BOB, ago=days(1))
    world.round()
    world.gets(BOB, answers=mail)
    world.round()
    assert world.states() == {BOBS: "replied"}
    said = desk.resume(world.desk(), world.one())
    assert "waits for your yes: Bob Builder answered on Mon 4 May" in said
    e = world.one()
    assert (e.state, e.code, e.ended) == (State.WAITING, "answer", None)
    world.round()
    assert world.states() == {BOBS: "waiting"}
    desk.approve(world.desk(), world.one())
    world.round()
    assert world.states() == {BOBS: "active"}


def test_what_ended_otherwise_does_not_go_on(world: World) -> None:
    """Finished, bounced, unsubscribed: with the reason."""
    mail = world.writes(BOB, ago=days(1))
    world.round()
    world.gets(BOB, text="Please remove me from your list.", answers=mail)
    world.round()
    with pytest.raises(UserError, match="is unsubscribed"):
        desk.resume(world.desk(), world.one())


def test_an_approval_says_where_the_draft_lies(world: World) -> None:
    """Sending it is the yes; one that is gone says what that means, in `plan` too."""
    world.writes(BOB, ago=days(1))
    world.round()
    world.days_pass(4)
    world.round()
    assert desk.approve(world.desk(), world.one()).endswith("lies in Drafts; sending it is the yes")
    world.mailbox.expunge("Drafts", world.mailbox.uids("Drafts"))
    world.round()
    assert "is gone: unless it comes back" in desk.approve(world.desk(), world.one())
    (row,) = world.plan()
    assert (row["waits_for"], row["why"]) == (
        "draft", "its draft is gone: unless it comes back within a quarter of an hour, that is your no",
    )  # fmt: skip
