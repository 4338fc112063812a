"""The installed command, on a real mailbox: what it prints, as JSON too, and with which status it ends."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.canary import PASSWORD
from tests.servers.dovecot import Mailbox
from tests.world import ANN, BOB, CARLA, World, days

COMMAND = shutil.which("followmail", path=str(Path(sys.executable).parent)) or "followmail"
ALWAYS = "Mon-Sun 00:00-24:00"


class Cli:
    """Runs the installed command in a world of today."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(
        self, *words: str, status: int | None = 0, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("FOLLOWMAIL_")}
        env = {**clean, **self.world.environment(), **environment}
        done = subprocess.run(
            [COMMAND, *words],
            env=env,
            capture_output=True,
            text=True,
            cwd=self.world.home,
            input=stdin,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        if status is not None:
            assert done.returncode == status, done.stdout + done.stderr
        return done

    def json(self, *words: str, status: int | None = 0) -> Any:
        return json.loads(self(*words, "--json", status=status).stdout)


@pytest.fixture
def world(mailbox: Mailbox, tmp_path: Path) -> Iterator[World]:
    """Alex's mailbox today, with a window that is always open."""
    world = World(mailbox, tmp_path / "home", {"FOLLOWMAIL_WINDOW": ALWAYS}, datetime.now(UTC))
    yield world
    world.close()


@pytest.fixture
def cli(world: World) -> Cli:
    return Cli(world)


def test_help_answers_with_every_command(cli: Cli) -> None:
    """And an example for each."""
    text = cli("--help").stdout
    for name in ("run", "once", "check", "status", "plan", "explain", "preview", "prospects", "enroll", "import", "approve",
                 "skip", "stop", "resume", "snooze", "pause", "suppress", "unsuppress", "classify", "sandbox"):  # fmt: skip
        assert f"\n  {name} " in text
        assert "Example: followmail" in cli(name, "--help").stdout


def test_once_reports_the_counts_of_the_cycle(cli: Cli, world: World) -> None:
    """Exactly the fields that scripts rely on."""
    world.writes(BOB, ago=days(7))
    told = cli.json("once")
    fields = {
        "new_messages",
        "enrolled",
        "stopped",
        "paused",
        "waiting",
        "drafted",
        "sent",
        "held",
        "uncertain",
        "failed",
        "next_due",
    }
    assert fields <= told.keys()
    assert (told["new_messages"], told["enrolled"], told["drafted"]) == (1, 1, 1)
    assert len(world.drafts()) == 1
    assert cli.json("once")["new_messages"] == 0


def test_dry_run_says_who_would_get_what_and_writes_nothing(cli: Cli, world: World) -> None:
    """No database, no draft, no file."""
    world.writes(BOB, ago=days(7))
    told = cli.json("once", "--dry-run")
    (would,) = told["would"]
    assert (would["address"], would["sequence"], would["step"]) == ("bob@bob.example", "nudge", 1)
    assert "business days after your mail" in would["why"]
    assert world.drafts() == []
    assert list(world.home.iterdir()) == []


def test_plan_prospects_and_explain_have_their_fields(cli: Cli, world: World) -> None:
    """As lists without a wrapping object, times with an offset."""
    world.writes(BOB, ago=days(7))
    cli("once")
    (row,) = cli.json("plan")
    assert row.keys() >= {"id", "address", "sequence", "step", "due", "state", "mode", "waits_for", "why"}
    assert (row["address"], row["step"], row["waits_for"], row["mode"]) == ("bob@bob.example", 1, "draft", "draft")
    assert datetime.fromisoformat(row["due"]).utcoffset() is not None
    (row,) = cli.json("prospects")
    assert row.keys() >= {"id", "address", "name", "sequence", "state", "step", "until", "why"}
    assert (row["name"], row["state"]) == ("Bob Builder", "active")
    told = cli.json("explain", "bob@bob.example")
    assert told.keys() >= {"address", "enrollments", "rules", "events", "next"}
    assert all(rule.keys() >= {"rule", "passed", "detail"} for rule in told["rules"])
    assert all(event.keys() >= {"at", "event", "why"} for event in told["events"])
    assert told["next"]["step"] == 1
    steps = [row["step"] for row in cli.json("plan", "--days", "200")]
    assert steps == [1, 2, 3]


def test_the_consultants_word(cli: Cli, world: World) -> None:
    """stop, resume, snooze, skip, approve: by number or address."""
    world.writes(BOB, ago=days(7))
    cli("once")
    number = str(cli.json("prospects")[0]["id"])
    state = lambda: cli.json("prospects")[0]["state"]  # noqa: E731
    cli("stop", number)
    assert state() == "stopped"
    cli("once")
    assert world.drafts() == []
    cli("resume", "bob@bob.example")
    assert state() == "active"
    assert "2 weeks" not in cli("snooze", number, "2", "weeks").stdout
    assert state() == "paused"
    cli("resume", number)
    assert "step 1 is skipped" in cli("skip", number).stdout
    assert cli.json("prospects")[0]["step"] == 2
    assert "nothing waits" in cli("approve", number).stdout
    assert "Nothing waits" in cli("approve", "--all").stdout


def test_what_one_of_several_cannot_take_keeps_no_other_from_its_word(cli: Cli, world: World) -> None:
    """What was done is told, then what was not, and why."""
    world.writes(BOB, ago=days(7))
    world.writes(CARLA, ago=days(7))
    cli("once")
    cli("stop", "bob@bob.example", "carla@carla.example")
    cli("suppress", "bob@bob.example")
    ran = cli("resume", "bob@bob.example", "carla@carla.example", status=1)
    assert "carla@carla.example" in ran.stdout and "goes on" in ran.stdout
    assert "bob@bob.example" in ran.stderr and "must not be mailed" in ran.stderr
    assert {row["address"]: row["state"] for row in cli.json("prospects")} == {
        "bob@bob.example": "stopped",
        "carla@carla.example": "active",
    }


def test_stopping_what_is_over_says_so(cli: Cli, world: World) -> None:
    """Between the list and the word it may have ended by itself."""
    world.writes(BOB, ago=days(7))
    cli("once")
    cli("stop", "bob@bob.example")
    ran = cli("stop", "bob@bob.example", status=1)
    assert "no live enrollment any more: it is stopped" in ran.stderr


def test_a_pause_over_everything_survives_and_ends(cli: Cli, world: World) -> None:
    """Nothing leaves until then."""
    world.writes(BOB, ago=days(7))
    cli("pause", "until", "2", "weeks")
    told = cli.json("once")
    assert told["drafted"] == 0
    assert cli.json("plan")[0]["waits_for"] == "pause"
    cli("resume")
    assert cli.json("once")["drafted"] == 1


def test_suppress_ends_and_forbids(cli: Cli, world: World) -> None:
    """And unsuppress allows it again, enrolling nobody."""
    world.writes(BOB, ago=days(7))
    cli("once")
    assert "1 stopped" in cli("suppress", "@bob.example").stdout
    assert (world.home / "suppressed.txt").read_text().count("@bob.example") == 1
    assert cli.json("prospects")[0]["state"] == "stopped"
    cli("unsuppress", "@bob.example")
    assert cli.json("once")["enrolled"] == 0
    assert "is no address" in cli("suppress", "bob", status=1).stderr


def test_enroll_by_hand(cli: Cli) -> None:
    """With place and topic; twice is refused."""
    words = (
        "enroll",
        "carla@carla.example",
        "--sequence",
        "nice-to-meet-you",
        "--name",
        "Carla Cook",
        "--where",
        "IT fair",
        "--about",
        "backups",
    )
    assert cli.json(*words)["state"] == "active"
    assert "is in 'nice-to-meet-you' already" in cli(*words, status=1).stderr
    assert "no sequence 'nodge'" in cli("enroll", "x@x.example", "--sequence", "nodge", status=1).stderr
    assert "continues a conversation" in cli("enroll", "x@x.example", "--sequence", "nudge", status=1).stderr


def test_import_names_line_and_column(cli: Cli, world: World) -> None:
    """Nothing half imported."""
    world.home.joinpath("bad.csv").write_text("Name,E-Mail\nAnn,ann@ann.example\nBob,bob(at)bob\n")
    told = cli("import", "bad.csv", "--sequence", "nice-to-meet-you", status=1).stderr
    assert "bad.csv line 3, column 2 'E-Mail': 'bob(at)bob' is no mail address" in told
    assert cli.json("prospects") == []
    world.home.joinpath("fair.csv").write_text(
        "Name;E-Mail;Event\nAnn Archer;ann@ann.example;IT fair\nBob;bob@bob.example;\n"
    )
    placed = cli.json("import", "fair.csv", "--sequence", "nice-to-meet-you", "--yes")
    assert [p["fault"] for p in placed] == [None, None]
    assert len(cli.json("prospects")) == 2


def test_import_without_a_terminal_only_shows(cli: Cli, world: World) -> None:
    """Status 2, and what to do; unused columns and who is left out are named."""
    file = "Name,E-Mail,Telefon\nAnn,ann@ann.example,1\nAnn,Ann@ann.example,2\n"
    world.home.joinpath("fair.csv").write_text(file)
    shown = cli("import", "fair.csv", "--sequence", "nice-to-meet-you", status=2)
    assert "column 3 'Telefon' is not used" in shown.stdout
    assert "line 3 is left out: ann@ann.example stands in line 2 already" in shown.stdout
    assert "Run it again with --yes" in shown.stderr
    told = cli("import", "fair.csv", "--sequence", "nice-to-meet-you", "--json", status=2)
    assert [(p["line"], p["address"], bool(p["on"])) for p in json.loads(told.stdout)] == [
        (2, "ann@ann.example", True),
        (3, "ann@ann.example", False),
    ]
    assert cli.json("prospects") == []
    assert "Name a file" in cli("import", "fair.csv", status=2).stderr
    assert "cannot be read" in cli("import", "none.csv", "--sequence", "nice-to-meet-you", status=1).stderr


def test_import_is_undone_by_one_command(cli: Cli, world: World) -> None:
    """And says so."""
    world.home.joinpath("fair.csv").write_text("email\nann@ann.example\nbob@bob.example\n")
    words = ("import", "fair.csv", "--sequence", "nice-to-meet-you", "--yes")
    assert "2 enrolled" in cli(*words).stdout
    assert "2 taken back, 0 stay" in cli("import", "--undo").stdout
    assert "2 enrolled" in cli(*words).stdout
    undone = cli.json("import", "--undo")
    assert [(u["address"], u["undone"]) for u in undone] == [("ann@ann.example", True), ("bob@bob.example", True)]
    assert "no import to undo" in cli("import", "--undo", status=1).stderr
    assert "goes without a file" in cli("import", "fair.csv", "--undo", status=2).stderr


def test_enroll_refuses_a_day_that_is_none_or_to_come(cli: Cli) -> None:
    """In plain words."""
    words = ("enroll", "ann@ann.example", "--sequence", "nice-to-meet-you", "--met-on")
    assert "may be 4 May or 5 April" in cli(*words, "4/5/2026", status=2).stderr
    assert "still to come" in cli(*words, (datetime.now(UTC) + days(9)).date().isoformat(), status=1).stderr


def test_preview_shows_the_mail_as_it_would_leave(cli: Cli, world: World) -> None:
    """To a real contact, and the names with live values."""
    world.writes(BOB, "Backups", ago=days(7))
    cli("once")
    told = cli.json("preview", "nudge/1", "--to", "bob@bob.example")
    (mail,) = told["mails"]
    assert mail["subject"] == "Re: Backups"
    assert mail["to"] == "Bob Builder <bob@bob.example>"
    assert "{{" not in mail["text"]
    assert told["names"]["prospect.first_name"] == "Bob"
    assert "has no step" in cli("preview", "nudge/9", status=1).stderr


def test_preview_as_a_page(cli: Cli, world: World) -> None:
    """Written where it was asked for; a place that cannot be written to is named."""
    page = world.home / "nudge.html"
    assert "nudge.html is written" in cli("preview", "nudge", "--html", str(page)).stdout
    assert page.read_text().count('class="mail"') == 3
    assert (
        "/nowhere/nudge.html cannot be written"
        in cli("preview", "nudge", "--html", "/nowhere/nudge.html", status=1).stderr
    )


def test_check_tells_what_would_sound_like_a_machine(cli: Cli, world: World) -> None:
    """As advice: nothing fails by it."""
    own = world.home / "templates" / "nudge"
    own.mkdir(parents=True)
    (own / "sequence.txt").write_text("Trigger: sent\n")
    for number in (1, 2):
        (own / f"{number}-mail{number}.txt").write_text(
            f"After: {number} days\n\nI am just checking in on number {number}.\n"
        )
    told = json.loads(cli("check", "--json", FOLLOWMAIL_TEMPLATES=str(own.parent)).stdout)
    (tone,) = [line for line in told["checks"] if line["name"] == "tone"]
    assert "nudge/2-mail2.txt line 3: 'checking in': the second mail of this sequence in that manner" in tone["detail"]
    assert "followmail preview nudge" in tone["remedy"]
    assert tone["ok"] and told["ok"]


def test_check_is_green_and_says_what_is_not(cli: Cli, world: World) -> None:
    """A line each, with the remedy."""
    told = cli.json("check")
    assert told["ok"]
    assert all(line.keys() >= {"name", "ok", "detail", "remedy"} for line in told["checks"])
    red = json.loads(cli("check", "--json", status=77, FOLLOWMAIL_PASSWORD="wrong").stdout)
    assert not red["ok"]
    (login,) = [line for line in red["checks"] if line["name"] == "login"]
    assert "password" in login["remedy"]
    cli("check", "--create-folders")
    assert {
        "Followmail/nudge",
        "Followmail/stalled",
        "Followmail/nice-to-meet-you",
        "Followmail/Stop",
    } <= world.mailbox.folders()


@pytest.mark.parametrize(
    ("environment", "status", "words"),
    [
        ({"FOLLOWMAIL_PASSWORD": "wrong"}, 77, "user1"),
        ({"FOLLOWMAIL_IMAP_PORT": "1"}, 69, "127.0.0.1"),
        ({"FOLLOWMAIL_MODE": "sent"}, 78, "FOLLOWMAIL_MODE"),
        ({"FOLLOWMAIL_WINDOWS": "x"}, 78, "FOLLOWMAIL_WINDOW"),
    ],
)
def test_exit_statuses_of_once(cli: Cli, environment: dict[str, str], status: int, words: str) -> None:
    """77 login, 69 unreachable, 78 configuration: each with a sentence."""
    told = cli("once", status=status, **environment).stderr
    assert told.startswith("followmail: ")
    assert words in told or status == 77


def test_wrong_usage_is_2(cli: Cli) -> None:
    """And says what was probably meant."""
    assert "Did you mean 'plan'" in cli("plna", status=2).stderr
    assert "no state" in cli("prospects", "--state", "gone", status=2).stderr


def test_nothing_to_approve_is_no_fault_and_unknown_names_are_told(cli: Cli) -> None:
    """All of them at once."""
    phone = "004930901820" * 3
    told = cli("approve", "7", phone, "zoe@zoe.example", status=1).stderr
    assert "'7'" in told and f"'{phone}'" in told
    assert "'zoe@zoe.example'" in told
    assert "Nothing is known" in cli("explain", "zoe@zoe.example", status=1).stderr


def test_an_incomplete_look_is_status_1_and_names_the_folder(cli: Cli, world: World) -> None:
    """Nothing leaves."""
    world.mailbox.create("Clients")
    world.writes(BOB, ago=days(7))
    world.mailbox.make_unreadable("Clients")
    try:
        done = cli("once", status=1)
        assert "Clients" in done.stderr
        assert world.drafts() == []
    finally:
        world.mailbox.make_readable("Clients")
    cli("once")
    assert len(world.drafts()) == 1


def test_status_is_one_screen(cli: Cli, world: World) -> None:
    """Healthy or not, what waits, what leaves next."""
    assert not cli.json("status", status=1)["healthy"]
    world.writes(BOB, ago=days(7))
    world.writes(ANN, ago=days(1))
    cli("once")
    told = cli.json("status")
    assert told["healthy"]
    assert [row["address"] for row in told["drafts"]] == ["bob@bob.example"]
    assert [row["address"] for row in told["next"]] == ["ann@ann.example"]
    assert len(cli("status").stdout.splitlines()) < 25


def test_classify_needs_no_configuration(cli: Cli, tmp_path: Path) -> None:
    """`file` as it was given; a file that is not there is told, the others are read."""
    mail = tmp_path / "a.eml"
    mail.write_bytes(b"From: Bob <bob@bob.example>\r\nSubject: Re: x\r\n\r\nYes, let us do that.\r\n")
    done = cli("classify", "--json", str(mail), str(tmp_path / "none.eml"), status=1, FOLLOWMAIL_MODE="nonsense")
    (row,) = json.loads(done.stdout)
    assert row["file"] == str(mail)
    assert row["kind"] == "reply"
    assert row.keys() >= {
        "file",
        "kind",
        "evidence",
        "return_date",
        "failed_recipients",
        "until",
        "new_text",
        "first_name",
        "contact",
        "language",
        "asks",
    }
    assert "none.eml" in done.stderr


def test_a_template_fault_is_told_and_the_others_go_on(cli: Cli, world: World) -> None:
    """With file, line and what was probably meant."""
    folder = world.home / "templates"
    shutil.copytree(Path(__file__).parents[2] / "templates", folder)
    (folder / "stalled" / "1-the-open-question.txt").write_text("Afer: 4 business days\n\nHello\n")
    told = cli("check", status=None, FOLLOWMAIL_TEMPLATES=str(folder)).stdout
    assert "stalled/1-the-open-question.txt" in told
    assert "After" in told
    world.writes(BOB, ago=days(7))
    cli("once", FOLLOWMAIL_TEMPLATES=str(folder))
    assert len(world.drafts()) == 1


def test_help_is_quick_because_imports_are_late(cli: Cli) -> None:
    """No database, mail, template or table library is loaded for `--help`."""
    code = "import sys; from followmail.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for heavy in ("peewee", "imapclient", "jinja2", "rich", "holidays", "schedule", "dotenv", "pymap", "aiosmtpd"):
        assert f"'{heavy}'" not in done.stderr


def test_two_at_once_is_75(cli: Cli, world: World) -> None:
    """The second is told who holds the database; reading commands work beside it."""
    env = {**os.environ, **world.environment()}
    daemon = subprocess.Popen([COMMAND, "run"], env=env, stderr=subprocess.PIPE, text=True, cwd=world.home)
    try:
        assert daemon.stderr is not None
        assert "started" in daemon.stderr.readline()
        told = cli("once", status=75).stderr
        assert str(daemon.pid) in told
        cli("prospects")
    finally:
        daemon.terminate()
        began = time.monotonic()
        assert daemon.wait(20) == 0
        assert time.monotonic() - began < 15
        daemon.stderr.close()  # type: ignore[union-attr]


def test_dry_run_tells_also_who_waits_and_for_what(cli: Cli, world: World) -> None:
    """Outside the window nobody would get a mail now; whom it is about, and when, is told all the same."""
    world.writes(BOB, ago=days(1))
    done = cli("once", "--dry-run")
    assert "Nobody would get a mail now" in done.stdout
    assert "bob@bob.example" in done.stdout
    (row,) = cli.json("once", "--dry-run")["planned"]
    assert (row["address"], row["step"]) == ("bob@bob.example", 1)
