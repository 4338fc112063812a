"""Nice to meet you: stories 28 to 30. It is Monday, 4 May 2026, the day after the fair."""

import os
import pty
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from email.message import Message

import pytest

from followmail import desk, enrolling, importing
from followmail.contacts import Contact, read
from followmail.enrolling import Manner
from followmail.errors import UserError
from followmail.importing import Placed
from followmail.sequence.steps import State
from tests.servers.smtp import Smtpd
from tests.world import BERLIN, BOB, CARLA, World, addresses

Sending = Callable[..., World]
MET = "nice-to-meet-you"


def csv_of(count: int) -> bytes:
    """People of as many companies."""
    rows = [f"Person{n},Tester,p{n}@firm{n}.example,IT fair,backups" for n in range(count)]
    return "\n".join(["First name,Last name,Email,Where,About", *rows]).encode()


def lay_out(world: World, data: bytes) -> tuple[Placed, ...]:
    """Who of a file goes when, as `import` shows it."""
    sequence = world.office.templates.library.sequences[MET]
    return importing.lay_out(world.desk(), read(data, "fair.csv").contacts, sequence)


def take_in(world: World, data: bytes) -> tuple[Placed, ...]:
    """The same, and then the yes."""
    placed = lay_out(world, data)
    importing.import_contacts(world.desk(), placed, world.office.templates.library.sequences[MET])
    return placed


def enroll(world: World, contact: Contact, again: bool = False) -> None:
    enrolling.enroll(world.desk(), contact, world.office.templates.library.sequences[MET], Manner(again=again))


def days_of(placed: Sequence[Placed]) -> list[tuple[date, int]]:
    """How many go on which day."""
    return sorted(Counter(p.on.astimezone(BERLIN).date() for p in placed if p.on).items())


def text_of(mail: Message) -> str:
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode().replace("\r\n", "\n")


# ---- 28


def test_28_an_import_shows_over_which_days_eighty_people_go(world: World) -> None:
    """Seven a day, beginning on the next business day, weekends left out; nothing is done by showing it."""
    placed = lay_out(world, csv_of(80))
    days = days_of(placed)
    assert [count for _, count in days] == [7] * 11 + [3]
    assert days[0][0] == date(2026, 5, 5)
    assert all(day.weekday() < 5 for day, _ in days)
    assert days[-1][0] == date(2026, 5, 20)
    assert world.enrollments() == ()


def test_28_one_company_gets_one_a_day(world: World) -> None:
    """Three people of one firm are three days."""
    data = b"email\na@firm.example\nb@firm.example\nc@it.firm.example\n"
    assert [count for _, count in days_of(lay_out(world, data))] == [1, 1, 1]


@pytest.mark.parametrize(("answer", "enrolled"), [("n", 0), ("y", 2)])
def test_28_import_asks_once(world: World, answer: str, enrolled: int) -> None:
    """At a terminal; a no enrolls nobody."""
    file = world.home / "fair.csv"
    file.write_bytes(csv_of(2))
    outside, inside = pty.openpty()
    command = [sys.executable, "-m", "followmail", "import", str(file), "--sequence", MET]
    os.write(outside, f"{answer}\n".encode())
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **world.environment()}
    asked = subprocess.run(command, stdin=inside, capture_output=True, text=True, env=environment, check=False)
    os.close(inside)
    os.close(outside)
    assert (asked.stdout + asked.stderr).count("Enroll these 2 people?") == 1
    assert len(world.enrollments()) == enrolled


def test_28_each_gets_it_on_its_day_and_a_second_one_a_week_later(sending: Sending, smtpd: Smtpd) -> None:
    """Nine people on two days; a week is five business days; the second is in the thread of the first."""
    world = sending()
    placed = take_in(world, csv_of(9))
    due = {p.contact.address: p.on.astimezone(BERLIN).date() for p in placed if p.on}
    got: dict[str, list[date]] = {}
    for _ in range(9):
        world.days_pass(1)
        before = len(smtpd.delivered)
        world.round()
        for mail in smtpd.delivered[before:]:
            got.setdefault(mail.recipients[0], []).append(world.now.astimezone(BERLIN).date())
    assert {who: days[0] for who, days in got.items()} == due
    assert all(world.calendar.business_days_between(*days) == 5 for days in got.values())
    assert {e.state for e in world.enrollments()} == {State.FINISHED}
    first, second = (m for m in world.sent() if m["To"] == "Person0 Tester <p0@firm0.example>")
    assert first["Subject"] == "IT fair: good to meet you"
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["Subject"] == "Re: IT fair: good to meet you"


def test_28_whoever_answers_gets_no_second_one(sending: Sending, smtpd: Smtpd) -> None:
    """In the thread, or in a mail of its own, which makes it wait."""
    world = sending()
    take_in(world, csv_of(3))
    world.run_days(1)
    first = {m["To"].partition("<")[2].rstrip(">"): m for m in world.sent()}
    answered = first["p0@firm0.example"]
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
    world.drafts()
    take_in(world, csv_of(8))
    world.run_days(1)
    assert "Bob Builder <bob@bob.example>" in addresses(world.drafts())
    assert len(world.drafts()) == 8


# ---- 29


def test_29_the_same_file_again_enrolls_nobody_and_tells_each_line(world: World) -> None:
    """While they wait for their day, and after their sequence is over."""
    take_in(world, csv_of(3))
    again = take_in(world, csv_of(3))
    assert [(p.on, p.fault) for p in again] == [
        (None, f"p{n}@firm{n}.example is in 'nice-to-meet-you' already (number {n + 1}, paused)") for n in range(3)
    ]
    for e in world.enrollments():
        desk.stop(world.desk(), e)
    again = take_in(world, csv_of(3))
    assert [(p.on, bool(p.fault)) for p in again] == [(None, True)] * 3
    assert len(world.enrollments()) == 3


def test_29_whoever_is_suppressed_in_a_chase_or_twice_in_the_file_is_told(world: World) -> None:
    """Each line by its number; the others go."""
    world.writes(CARLA)
    world.round()
    desk.suppress(world.desk(), "@ann.example")
    lines = ["email", "ann@ann.example", "carla@carla.example", "dora@dora.example", "Dora@Dora.example"]
    placed = take_in(world, "\n".join(lines).encode())
    assert [(p.contact.line, p.fault) for p in placed] == [
        (2, "ann@ann.example must not be mailed ('@ann.example' in suppressed.txt)"),
        (3, "carla@carla.example is in 'nudge' already (number 1, active)"),
        (4, ""),
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
    take_in(world, csv_of(2))
    world.run_days(1)
    send_drafts(world)
    assert len(world.sent()) == 2
    world.close()
    (world.home / "followmail.db").unlink()
    data = csv_of(2)
    take_in(world, data.replace(b"Where", b"Met on").replace(b"IT fair", b"2026-05-01") if other_day else data)
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
    enroll(world, Contact("carla@carla.example", "Carla Cook", None, "IT fair", "backups"))
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
    """Met on Thursday, told on Monday: the first mail is due at once."""
    enroll(world, Contact("carla@carla.example", "Carla Cook", date(2026, 4, 30), "IT fair", "backups"))
    world.round()
    (draft,) = world.drafts()
    assert "It was good to meet you on 30 April (IT fair)." in text_of(draft)


def test_30_without_a_place_and_a_topic_the_shipped_text_says_something_else(world: World) -> None:
    """No sentence stands there half empty."""
    enroll(world, Contact("carla@carla.example"))
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
    enroll(world, Contact("carla@carla.example", "Carla Cook"))
    enroll(world, Contact("dora@dora.example", "Dora Doe", None, "IT fair"))
    world.run_days(1)
    assert addresses(world.drafts()) == ["Dora Doe <dora@dora.example>"]
    row = next(row for row in world.plan() if row["address"] == "carla@carla.example")
    assert row["waits_for"] == "template"
    assert "met.where" in str(row["why"])
    assert "1-hello.txt line 6" in str(row["why"])


def test_30_who_was_met_once_is_refused_unless_again(sending: Sending, smtpd: Smtpd) -> None:
    """By hand too."""
    world = sending()
    enroll(world, Contact("carla@carla.example", "Carla Cook", date(2026, 4, 30), "IT fair", "backups"))
    world.round()
    assert len(smtpd.delivered) == 1
    desk.stop(world.desk(), world.one())
    world.days_pass(20)
    with pytest.raises(UserError, match="was in 'nice-to-meet-you' before; --again"):
        enroll(world, Contact("carla@carla.example", "Carla Cook", date(2026, 6, 1), "Barbecue", "restores"))
    enroll(world, Contact("carla@carla.example", "Carla Cook", date(2026, 5, 29), "Barbecue", "restores"), again=True)
    world.round()
    world.run_days(1)
    assert [m.recipients for m in smtpd.delivered] == [("carla@carla.example",)] * 2
