"""Nice to meet you: stories 28 to 30, by the installed command.

It is today, the day after the fair: the command has no other clock.
"""

import json
import os
import pty
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from email.message import Message
from typing import Any

import pytest

from followmail.sequence.steps import State
from tests.servers.smtp import Smtpd
from tests.world import BERLIN, BOB, CARLA, World, addresses

Sending = Callable[..., World]
Row = dict[str, Any]
MET = "nice-to-meet-you"
PLACE = ("--where", "IT fair", "--about", "backups")


@pytest.fixture(autouse=True)
def _today(world: World) -> None:
    world.now = datetime.now(UTC)


def csv_of(count: int) -> bytes:
    """People of as many companies."""
    rows = [f"Person{n},Tester,p{n}@firm{n}.example,IT fair,backups" for n in range(count)]
    return "\n".join(["First name,Last name,Email,Where,About", *rows]).encode()


def imports(world: World, data: bytes, *words: str, status: int = 0) -> str:
    """`import` of a file from the fair."""
    file = world.home / "fair.csv"
    file.write_bytes(data)
    return world.command("import", str(file), "--sequence", MET, *words, status=status)


def take_in(world: World, data: bytes) -> list[Row]:
    """Imported with a yes: who goes when, line by line."""
    rows: list[Row] = json.loads(imports(world, data, "--yes", "--json"))
    return rows


def enroll(world: World, *words: str, status: int = 0) -> str:
    return world.command("enroll", *words, "--sequence", MET, status=status)


def day_of(row: Row) -> date:
    return datetime.fromisoformat(row["on"]).astimezone(BERLIN).date()


def business_day(world: World, number: int) -> date:
    """The n-th business day after today."""
    return world.calendar.add_business_days(world.now.astimezone(BERLIN).date(), number)


def days_of(rows: Sequence[Row]) -> list[tuple[date, int]]:
    """How many go on which day."""
    return sorted(Counter(day_of(row) for row in rows if row["on"]).items())


def text_of(mail: Message) -> str:
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode().replace("\r\n", "\n")


# ---- 28


def test_28_an_import_shows_over_which_days_eighty_people_go(world: World) -> None:
    """Seven a day, beginning on the next business day, weekends left out; nothing is done by showing it."""
    shown = imports(world, csv_of(80), status=2)
    table = [line.split() for line in shown.splitlines() if "@firm" in line]
    days = [business_day(world, n) for n in range(1, 13)]
    assert [line[:3] for line in table] == [[f"{day:%a}", str(day.day), f"{day:%b}"] for day in days]
    assert [line[3] for line in table] == ["7"] * 11 + ["3"]
    assert sum(line.count("@") for line in shown.splitlines()) == 80
    assert "Nobody was enrolled: this only showed it." in shown
    assert world.enrollments() == ()


def test_28_one_company_gets_one_a_day(world: World) -> None:
    """Three people of one firm are three days."""
    data = b"email\na@firm.example\nb@firm.example\nc@it.firm.example\n"
    assert [count for _, count in days_of(take_in(world, data))] == [1, 1, 1]


@pytest.mark.parametrize(("answer", "enrolled"), [("n", 0), ("y", 2)])
def test_28_import_asks_once(world: World, answer: str, enrolled: int) -> None:
    """At a terminal; a no enrolls nobody."""
    file = world.home / "fair.csv"
    file.write_bytes(csv_of(2))
    outside, inside = pty.openpty()
    call = [sys.executable, "-m", "followmail", "import", str(file), "--sequence", MET]
    os.write(outside, f"{answer}\n".encode())
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **world.environment()}
    asked = subprocess.run(call, stdin=inside, capture_output=True, text=True, env=environment, check=False)
    os.close(inside)
    os.close(outside)
    assert (asked.stdout + asked.stderr).count("Enroll these 2 people?") == 1
    assert len(world.enrollments()) == enrolled


def test_28_each_gets_it_on_its_day_and_a_second_one_a_week_later(sending: Sending, smtpd: Smtpd) -> None:
    """Nine people on two days; a week is five business days; the second is in the thread of the first."""
    world = sending()
    due = {row["address"]: day_of(row) for row in take_in(world, csv_of(9))}
    got = live(world, smtpd, 9)
    assert {who: days[0] for who, days in got.items()} == due
    assert all(world.calendar.business_days_between(*days) == 5 for days in got.values())
    assert {e.state for e in world.enrollments()} == {State.FINISHED}
    first, second = (m for m in world.sent() if m["To"] == "Person0 Tester <p0@firm0.example>")
    assert first["Subject"] == "IT fair: good to meet you"
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["Subject"] == "Re: IT fair: good to meet you"


def test_28_all_eighty_get_both_mails_once_and_never_more_than_ten_leave_on_a_day(
    sending: Sending, smtpd: Smtpd
) -> None:
    """In the second week the second mails come first; who is on the list then goes a little later than shown."""
    world = sending()
    due = {row["address"]: day_of(row) for row in take_in(world, csv_of(80))}
    got = live(world, smtpd, 22)
    assert {len(days) for days in got.values()} == {2}
    assert len(got) == 80
    assert all(days[0] >= due[who] for who, days in got.items())
    assert all(world.calendar.business_days_between(*days) >= 5 for days in got.values())
    assert max(Counter(day for days in got.values() for day in days).values()) == 10


def live(world: World, smtpd: Smtpd, days: int) -> dict[str, list[date]]:
    """Who got a mail on which days."""
    got: dict[str, list[date]] = {}
    for _ in range(days):
        world.days_pass(1)
        before = len(smtpd.delivered)
        world.round()
        for mail in smtpd.delivered[before:]:
            got.setdefault(mail.recipients[0], []).append(world.now.astimezone(BERLIN).date())
    return got


def test_28_whoever_answers_gets_no_second_one(sending: Sending, smtpd: Smtpd) -> None:
    """In the thread, or in a mail of its own, which makes it wait."""
    world = sending()
    take_in(world, csv_of(3))
    world.run_days(1)
    first = {m["To"].partition("<")[2].rstrip(">"): m for m in world.sent()}
    answered = first["p0@firm0.example"]
    world.now += timedelta(minutes=10)
    world.gets("p0@firm0.example", "Re: " + answered["Subject"], "Tuesday at ten?", In_Reply_To=answered["Message-ID"])
    world.gets("p1@firm1.example", "Your offer", "Could you send me a price list?")
    world.run_days(8)
    assert world.states() == {
        "p0@firm0.example": "replied",
        "p1@firm1.example": "waiting",
        "p2@firm2.example": "finished",
    }
    assert Counter(m.recipients[0] for m in smtpd.delivered) == {
        "p0@firm0.example": 1,
        "p1@firm1.example": 1,
        "p2@firm2.example": 2,
    }


def test_28_follow_ups_have_their_room_beside_an_import(world: World) -> None:
    """Eight first mails are two days; a nudge that is due on the first of them goes as well."""
    world.writes(BOB, ago=timedelta(days=6))
    world.round()
    take_in(world, csv_of(8))
    world.run_days(1)
    assert "Bob Builder <bob@bob.example>" in addresses(world.drafts())
    assert len(world.drafts()) == 8


def test_28_an_import_is_taken_back_by_one_command(world: World) -> None:
    """While nothing of it has left."""
    take_in(world, csv_of(3))
    assert "3 taken back, 0 stay." in world.command("import", "--undo")
    world.run_days(3)
    assert world.drafts() == []


# ---- 29


def test_29_the_same_file_again_enrolls_nobody_and_tells_each_line(world: World) -> None:
    """While they wait for their day, and after their sequence is over."""
    take_in(world, csv_of(3))
    again = imports(world, csv_of(3), "--yes")
    assert [line for line in again.splitlines() if line.startswith("line ")] == [
        f"line {n + 2} is left out: p{n}@firm{n}.example is in 'nice-to-meet-you' already (number {n + 1}, paused)"
        for n in range(3)
    ]
    world.command("stop", *(f"p{n}@firm{n}.example" for n in range(3)))
    assert [(row["on"], bool(row["fault"])) for row in take_in(world, csv_of(3))] == [(None, True)] * 3
    assert len(world.enrollments()) == 3


def test_29_whoever_is_suppressed_in_a_chase_or_twice_in_the_file_is_told(world: World) -> None:
    """Each line by its number; the others go."""
    world.writes(CARLA)
    world.round()
    world.command("suppress", "@ann.example")
    lines = ["email", "ann@ann.example", "carla@carla.example", "dora@dora.example", "Dora@Dora.example"]
    assert [(row["line"], row["fault"]) for row in take_in(world, "\n".join(lines).encode())] == [
        (2, "ann@ann.example must not be mailed ('@ann.example' in suppressed.txt)"),
        (3, "carla@carla.example is in 'nudge' already (number 1, active)"),
        (4, None),
        (5, "dora@dora.example stands in line 4 already"),
    ]
    assert set(world.states()) == {"carla@carla.example", "dora@dora.example"}


@pytest.mark.parametrize("mode", ["draft", "send"])
@pytest.mark.parametrize("other_day", [False, True], ids=["the same day met", "another day met"])
def test_29_the_same_file_after_a_lost_database_mails_nobody_twice(
    world: World, sending: Sending, smtpd: Smtpd, mode: str, other_day: bool
) -> None:
    """Sent still knows who got the first mail: the chase goes on, or, met on another day, it is refused and told."""
    if mode == "send":
        sending()
    data, met = csv_of(2), world.now.astimezone(BERLIN).date() - timedelta(days=3)
    take_in(world, data)
    world.run_days(1)
    send_drafts(world)
    assert len(world.sent()) == 2
    world.close()
    (world.home / "followmail.db").unlink()
    take_in(world, data.replace(b"Where", b"Met on").replace(b"IT fair", f"{met}".encode()) if other_day else data)
    world.run_days(3)
    assert len(world.sent()) == 2
    assert world.drafts() == []
    assert len(smtpd.delivered) == (2 if mode == "send" else 0)
    assert set(world.states().values()) == {"stopped" if other_day else "active"}
    assert any("stands in Sent" in line for line in world.events("p0@firm0.example"))


def send_drafts(world: World) -> None:
    """Alex sends every draft as it is."""
    for uid, raw in zip(world.mailbox.uids("Drafts"), world.mailbox.raw("Drafts"), strict=True):
        world.mailbox.append(raw, "Sent", ("\\Seen",), world.now)
        world.mailbox.expunge("Drafts", [uid])


# ---- 30


def test_30_whoever_was_met_gets_a_mail_the_next_morning_with_the_place_and_the_topic(world: World) -> None:
    """Within the window: not before half past eight."""
    world.round()
    assert "is enrolled in 'nice-to-meet-you' (number 1)" in enroll(
        world, "carla@carla.example", "--name", "Carla Cook", *PLACE
    )
    world.round()
    assert world.drafts() == []
    world.days_pass(1, hour=8)
    world.round()
    assert world.drafts() == []
    world.now += timedelta(minutes=30)
    world.round()
    (draft,) = world.drafts()
    assert draft["To"] == "Carla Cook <carla@carla.example>"
    assert draft["Subject"] == "IT fair: good to meet you"
    assert draft["In-Reply-To"] is None
    text = text_of(draft)
    assert text.startswith("Hello Carla,\n")
    assert "It was good to meet you (IT fair)." in text
    assert "One topic from our conversation has stayed with me: backups." in text


def test_30_the_day_met_is_what_counts_and_stands_in_the_text(world: World) -> None:
    """Met four days ago: the first mail is due at once, within the window."""
    met = world.now.astimezone(BERLIN).date() - timedelta(days=4)
    enroll(world, "carla@carla.example", "--name", "Carla Cook", "--met-on", f"{met}", *PLACE)
    world.days_pass(1, hour=9)
    world.round()
    (draft,) = world.drafts()
    assert f"It was good to meet you on {met.day} {met:%B} (IT fair)." in text_of(draft)


def test_30_without_a_place_and_a_topic_the_shipped_text_says_something_else(world: World) -> None:
    """No sentence stands there half empty."""
    enroll(world, "carla@carla.example")
    world.run_days(1)
    (draft,) = world.drafts()
    text = text_of(draft)
    assert draft["Subject"] == "Good to meet you"
    assert "It was good to meet you.\n" in text
    assert "I would like to hear more about what you are working on." in text
    assert "()" not in text
    assert ": ." not in text


def test_30_a_text_that_prints_an_empty_place_holds_the_mail(world: World) -> None:
    """And says which name is empty, in which line."""
    world.templates = world.home / "templates"
    (world.templates / MET).mkdir(parents=True)
    (world.templates / MET / "sequence.txt").write_text("Trigger: met\n")
    step = "After: 1 business day\nSubject: Hello\n\n{{ greeting }}\n\nIt was good to meet you at {{ met.where }}.\n"
    (world.templates / MET / "1-hello.txt").write_text(step)
    enroll(world, "carla@carla.example", "--name", "Carla Cook")
    enroll(world, "dora@dora.example", "--name", "Dora Doe", "--where", "IT fair")
    world.run_days(1)
    assert addresses(world.drafts()) == ["Dora Doe <dora@dora.example>"]
    row = next(row for row in world.plan() if row["address"] == "carla@carla.example")
    assert row["waits_for"] == "template"
    held = world.digest().under("Problems")
    assert "The mail to Carla Cook is held: " in held
    assert "met.where" in held
    assert "1-hello.txt line 6" in held


def test_30_who_was_met_once_is_refused_unless_again(sending: Sending, smtpd: Smtpd) -> None:
    """By hand too."""
    world = sending()
    today = world.now.astimezone(BERLIN).date()
    enroll(world, "carla@carla.example", "--met-on", f"{today - timedelta(days=8)}", *PLACE)
    world.run_days(1)
    assert len(smtpd.delivered) == 1
    world.command("stop", "carla@carla.example")
    later = ("carla@carla.example", "--met-on", f"{today - timedelta(days=4)}", "--where", "Barbecue")
    assert "was in 'nice-to-meet-you' before; --again" in enroll(world, *later, status=1)
    enroll(world, *later, "--again")
    world.run_days(2)
    assert [m.recipients for m in smtpd.delivered] == [("carla@carla.example",)] * 2
