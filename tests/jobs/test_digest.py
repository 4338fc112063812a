"""The digest in INBOX: once a business day at its time, unread, over IMAP alone, and through whatever breaks."""

import json
import os
import shutil
import subprocess
import sys
import time as clocks
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from followmail import desk, telling
from followmail.jobs import digest, facts
from followmail.jobs.cycle import Cycle, Options
from followmail.jobs.facts import DIGEST_FAULT
from followmail.mail import msgid
from followmail.rounds import alone
from followmail.sequence.agenda import Agenda, Item, What
from followmail.service import Daemon, Stop
from tests.servers.dovecot import Dovecots
from tests.servers.smtp import Smtpd
from tests.world import ALEX, ANN, BERLIN, BOB, Mail, World, days

DRAFT = Item(What.DRAFT, "Bob Builder: nudge 1 lies in Drafts", enrollment=1, address="bob@bob.example", state="active")
ANSWERED = Item(What.ANSWERED, "Ann Archer answered", enrollment=2, address="ann@ann.example", state="replied")
SOMETHING = Agenda("1 draft waits, 1 answered", (DRAFT, ANSWERED))
NOTHING = Agenda("Nothing needs you.")
COMMAND = shutil.which("followmail", path=str(Path(sys.executable).parent)) or "followmail"


@pytest.fixture
def world(world: World) -> World:
    """With a digest at half past seven."""
    world.reopen(FOLLOWMAIL_DIGEST="07:30", FOLLOWMAIL_HOLIDAYS="2026-05-14, 2026-05-25")
    return world


def at(text: str) -> datetime:
    """A moment in Berlin: `2026-05-04 07:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def cycle(world: World, moment: str = "") -> Cycle:
    world.now = at(moment) if moment else world.now
    return world.office.cycle(world.now)


def asked(world: World, moment: str, agenda: Agenda = SOMETHING) -> list[datetime | None]:
    """Ask at this moment whether a digest is due; what was gathered, since when."""
    since: list[datetime | None] = []

    def gather(last: datetime | None) -> Agenda:
        since.append(last)
        return agenda

    digest.write(cycle(world, moment), gather)
    return since


def put(world: World) -> None:
    with world.office.connect() as session:
        digest.put(session, world.office.cycle(world.now))


def inbox(world: World) -> list[EmailMessage]:
    return [
        message
        for raw in world.mailbox.raw()
        if isinstance(message := message_from_bytes(raw, policy=policy.default), EmailMessage)
    ]


def written(world: World) -> int:
    """How many digests wait to be put into INBOX."""
    return len(world.office.store.digests.unfiled())


# ---- when

DUE = {
    "a minute early": ("2026-05-05 07:29", None, SOMETHING, 0),
    "at its minute": ("2026-05-05 07:30", None, SOMETHING, 1),
    "the machine was off until the evening": ("2026-05-05 21:15", "2026-05-04 07:30", SOMETHING, 1),
    "the machine was off the whole day: not in the night after": ("2026-05-06 01:00", "2026-05-04 07:30", SOMETHING, 0),
    "a second time on a day": ("2026-05-05 15:00", "2026-05-05 07:30", SOMETHING, 0),
    "one was asked for before its time": ("2026-05-05 07:31", "2026-05-05 06:00", SOMETHING, 0),
    "nothing to say on a Tuesday": ("2026-05-05 07:30", "2026-05-04 07:30", NOTHING, 0),
    "nothing to say on a Monday": ("2026-05-11 07:30", "2026-05-08 07:30", NOTHING, 1),
    "nothing to say on the Tuesday after a holiday": ("2026-05-26 07:30", "2026-05-22 07:30", NOTHING, 1),
    "a holiday": ("2026-05-14 07:30", "2026-05-13 07:30", SOMETHING, 0),
    "a Monday that is a holiday": ("2026-05-25 09:00", "2026-05-22 07:30", SOMETHING, 0),
    "a Saturday": ("2026-05-09 07:30", "2026-05-08 07:30", SOMETHING, 0),
    "the first ever, after its time": ("2026-05-06 10:00", None, SOMETHING, 1),
    "the last one was written by a clock in the future": ("2026-05-05 07:30", "2030-01-07 07:30", SOMETHING, 1),
    "late in the evening, already tomorrow in UTC": ("2026-05-05 00:30", "2026-05-04 07:30", SOMETHING, 0),
}


@pytest.mark.parametrize("case", DUE)
def test_it_comes_once_a_business_day_when_there_is_something_to_say(world: World, case: str) -> None:
    """Mondays always: silence must not look like death."""
    moment, last, agenda, expected = DUE[case]
    if last:
        digest.now(cycle(world, last), SOMETHING)
        world.office.store.digests.set_filed(1)
    asked(world, moment, agenda)
    asked(world, moment, agenda)
    assert written(world) == expected


def test_what_was_told_is_asked_for_from_the_last_one_on(world: World) -> None:
    """The first one knows no other; one from the future counts for nothing."""
    assert asked(world, "2026-05-05 07:30") == [None]
    assert asked(world, "2026-05-06 07:30") == [at("2026-05-05 07:30")]
    digest.now(cycle(world, "2030-05-06 07:30"), SOMETHING)
    assert asked(world, "2026-05-07 07:30") == [at("2026-05-07 07:30") - timedelta(days=7)]


def test_off_means_none_and_a_word_still_gets_one(world: World) -> None:
    """`list`, and the command."""
    world.reopen(FOLLOWMAIL_DIGEST="off")
    assert asked(world, "2026-05-04 07:30") == []
    assert cycle(world).options.digest is None and digest.next_time(cycle(world)) is None
    world.office.store.facts.set_text(facts.WANTED, "yes")
    assert len(asked(world, "2026-05-04 09:00")) == 1
    assert asked(world, "2026-05-04 09:05") == []
    assert written(world) == 1


def test_one_that_was_asked_for_comes_at_once_and_counts_as_todays(world: World) -> None:
    """At whatever time, once for each asking."""
    asked(world, "2026-05-05 07:30")
    world.office.store.facts.set_text(facts.WANTED, "yes")
    asked(world, "2026-05-05 11:00")
    asked(world, "2026-05-05 11:05")
    assert written(world) == 2


def test_a_dry_run_writes_nothing(world: World) -> None:
    """Neither down nor into the mailbox."""
    c = replace(cycle(world, "2026-05-04 07:30"), dry=True)
    digest.daily(c, lambda since: SOMETHING)
    digest.now(c, SOMETHING)
    assert written(world) == 0
    asked(world, "2026-05-04 07:30")
    with world.office.connect() as session:
        digest.put(session, c)
    assert inbox(world) == []


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-05-05 07:29", "2026-05-05 07:30"),
        ("2026-05-05 07:30", "2026-05-06 07:30"),
        ("2026-05-08 12:00", "2026-05-11 07:30"),
        ("2026-05-13 12:00", "2026-05-15 07:30"),
        ("2026-03-28 12:00", "2026-03-30 07:30"),
    ],
)
def test_the_next_one_is_known(world: World, moment: str, expected: str) -> None:
    """Over weekends, holidays and the change of the clocks."""
    assert digest.next_time(cycle(world, moment)) == at(expected)


def test_on_holiday_there_is_none_and_in_a_pause_without_an_end_there_is(world: World) -> None:
    """The days of `pause until friday` are no business days; a pause that waits for a word must not be forgotten."""
    desk.pause(world.desk(), at("2026-05-08 00:00"))
    assert digest.next_time(cycle(world)) == at("2026-05-08 07:30")
    assert asked(world, "2026-05-05 07:30") == []
    desk.pause(world.desk(), None)
    assert len(asked(world, "2026-05-05 07:30")) == 1


def test_the_daemon_wakes_for_it(world: World) -> None:
    """At its minute, in its second round, though the next poll is a day away."""
    world.reopen(FOLLOWMAIL_POLL="86400")
    begun = clocks.monotonic()
    start = at("2026-05-04 07:30") - timedelta(seconds=1)
    stop, looks = Stop(), []

    def tell(event: str, values: object) -> None:
        if event == "digest":
            stop.ask()

    def clock() -> datetime:
        return start + timedelta(seconds=clocks.monotonic() - begun)

    world.office.tell = tell
    world.office.progress = lambda what, done, total: looks.append(what)
    assert Daemon(world.office, stop, clock).run() == 0
    stop.close()
    (mail,) = inbox(world)
    assert at("2026-05-04 07:30") <= mail["Date"].datetime < at("2026-05-04 07:31")


# ---- into INBOX


def test_it_lies_in_inbox_unread_as_a_mail_to_oneself(world: World) -> None:
    """With the verdict as its subject, a text and the same as HTML, and numbers that are remembered."""
    asked(world, "2026-05-04 07:30")
    put(world)
    (mail,) = inbox(world)
    assert list(world.mailbox.flags().values()) == [frozenset()]
    assert mail["Subject"] == "1 draft waits, 1 answered"
    assert (mail["From"], mail["To"]) == ("followmail <alex@consult.example>", ALEX)
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Received"] is None
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["Date"].datetime == at("2026-05-04 07:30") and mail["Date"].datetime.utcoffset() == timedelta(hours=2)
    own = mail["Message-ID"].strip("<>")
    assert msgid.is_digest(own)
    known = world.office.store.digests.find([own])
    assert known is not None and known.daily
    first, second = (world.office.store.digests.item(known.id, number) for number in (1, 2))
    assert first is not None and (first.enrollment, first.state) == (1, "active")
    assert second is not None and (second.what, second.address) == (What.ANSWERED, "ann@ann.example")
    put(world)
    assert len(inbox(world)) == 1


def test_what_lies_there_already_is_not_put_there_again(world: World) -> None:
    """The power failed after the APPEND and before it was written down that it is done."""
    asked(world, "2026-05-04 07:30")
    (filing,) = world.office.store.digests.unfiled()
    world.mailbox.append(filing.data)
    put(world)
    assert len(inbox(world)) == 1
    assert written(world) == 0


def test_a_connection_that_breaks_in_the_middle_costs_nothing(world: World) -> None:
    """It is written down, and comes with the next look."""
    asked(world, "2026-05-04 07:30")
    session = world.office.connect()
    session.drop()
    with pytest.raises(Exception, match="closed"):
        digest.put(session, world.office.cycle(world.now))
    world.reopen()
    assert written(world) == 1
    put(world)
    assert len(inbox(world)) == 1


def test_a_full_mailbox_is_told_and_tried_again(world: World, dovecots: Dovecots) -> None:
    """[OVERQUOTA]: the round goes on, `status` says it, and once there is room it comes."""
    full = dovecots(
        extra="mail_plugins = quota\nprotocol imap {\n  mail_plugins = quota imap_quota\n}\n"
        "plugin {\n  quota = maildir:User\n  quota_rule = *:bytes=12288\n}\n"
    ).mailbox()
    world.mailbox = full
    world.reopen()
    filler = world.raw_arrives(b"From: a@b.example\r\nSubject: x\r\n\r\n" + b"x" * 11000)
    told: list[str] = []
    world.office.tell = lambda event, values: told.append(event)
    world.round()
    assert "digest-not-put" in told
    assert "could not be put into INBOX" in (world.office.store.facts.text(DIGEST_FAULT) or "")
    assert written(world) == 1
    problems = telling.status(world.office.cycle(world.now), 300)["problems"]
    assert [problem for problem in problems if "could not be put into INBOX" in problem]
    full.expunge("INBOX", [filler])
    world.now += timedelta(minutes=10)
    world.round()
    assert [mail["From"] for mail in inbox(world)] == ["followmail <alex@consult.example>"]
    assert world.office.store.facts.text(DIGEST_FAULT) is None


def test_what_is_old_is_forgotten(world: World) -> None:
    """After 30 days its numbers stand for nothing, and its bytes are gone; that it was ours is known."""
    asked(world, "2026-05-04 07:30")
    (filing,) = world.office.store.digests.unfiled()
    asked(world, "2026-06-15 07:30")
    store = world.office.store.digests
    assert store.numbers(filing.id) == ()
    assert [one.id for one in store.unfiled()] == [filing.id + 1]
    assert store.find([filing.message_id]) is not None


# ---- in the round


def test_the_mornings_round_brings_it_and_smtp_hears_nothing(sending: Callable[..., World], smtpd: Smtpd) -> None:
    """It tells what waits, and the next round takes it for nothing but itself."""
    world = sending(FOLLOWMAIL_DIGEST="07:30")
    world.now = at("2026-05-04 08:00")
    world.writes(BOB, ago=days(7))
    reports = world.rounds_over(30)
    (mail,) = inbox(world)
    assert "Bob Builder" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert smtpd.delivered == []
    assert reports[0].next_digest == at("2026-05-05 07:30")
    assert len(world.enrollments()) == 1


def test_a_text_edited_wrongly_at_night_costs_no_digest(world: World, tmp_path: Path) -> None:
    """It says what is wrong, in the words of the last good text."""
    world.templates = tmp_path / "templates"
    world.templates.mkdir()
    (world.templates / "digest.txt").write_text("Subject: {{ verdict }}\n\nGood morning.\n{{ verdict }}")
    world.reopen()
    assert not world.office.templates.library.faults
    (world.templates / "digest.txt").write_text("Subject: {{ verdikt }}\n\nx")
    world.round()
    (mail,) = inbox(world)
    assert mail.get_body(("plain",)).get_content().startswith("Good morning.")  # type: ignore[union-attr]
    assert "digest.txt" in {fault.path for fault in world.office.templates.library.faults}


QUOTED: dict[str, Callable[[str], str]] = {
    "not at all": lambda text: "",
    "marked": lambda text: (
        "\n\nOn Mon, 4 May 2026, followmail wrote:\n" + "".join(f"> {x}\n" for x in text.splitlines())
    ),
    "as Outlook does": lambda text: f"\n\n________________________________\nFrom: followmail\nSent: Monday\n\n{text}",
    "unmarked and unannounced": lambda text: f"\n\n{text}",
}


@pytest.mark.parametrize("way", QUOTED)
def test_a_reply_to_it_is_obeyed_and_what_it_quotes_is_not(world: World, way: str) -> None:
    """One word to one number; every other word in it was ours. The answer comes into the thread, unread."""
    world.writes(BOB, ago=days(7))
    world.writes(ANN, ago=days(7))
    world.round()
    (mail,) = inbox(world)
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]
    number = next(line[0] for line in text.splitlines() if "Bob Builder" in line)
    world.now += timedelta(minutes=10)
    digested = Mail(mail["Message-ID"], b"", "INBOX", 0)
    world.writes(ALEX, f"Re: {mail['Subject']}", f"stop {number}{QUOTED[way](text)}", answers=digested)
    world.round()
    assert world.states() == {"bob@bob.example": "stopped", "ann@ann.example": "active"}
    answer = inbox(world)[-1]
    assert answer["References"].split()[0] == mail["Message-ID"]
    assert list(world.mailbox.flags().values()) == [frozenset(), frozenset()]


# ---- the command


def command(world: World, *words: str, status: int = 0) -> str:
    """Runs the installed command, in the real time of day."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FOLLOWMAIL_")}
    done = subprocess.run(
        [COMMAND, "digest", *words], env={**clean, **world.environment()}, capture_output=True, text=True,
        cwd=world.home, stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def today(world: World) -> World:
    """A world of today in which Bob waits."""
    world.now = datetime.now(UTC)
    world.writes(BOB, ago=days(7))
    world.reopen(FOLLOWMAIL_WINDOW="Mon-Sun 00:00-24:00", FOLLOWMAIL_DIGEST="off")
    world.round()
    return world


def test_print_shows_it_and_writes_nothing_anywhere(today: World) -> None:
    """Neither into the mailbox nor into the database; as JSON too."""
    database = today.home / "followmail.db"
    before = database.read_bytes()
    shown = command(today, "--print")
    told = json.loads(command(today, "--print", "--json"))
    assert shown.startswith(f"Subject: {told['subject']}\n\n{told['text']}"[:200])
    assert "Bob Builder" in told["text"] and told["items"][0]["number"] == 1
    assert (database.read_bytes(), inbox(today)) == (before, [])


def test_the_command_puts_it_into_inbox_now(today: World) -> None:
    """And it counts as today's."""
    assert json.loads(command(today, "--json")) == {"put": True}
    (mail,) = inbox(today)
    assert "Bob Builder" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert not digest.is_due(replace(today.office.cycle(today.now), options=_early(today)))


def _early(world: World) -> Options:
    return replace(world.office.cycle(world.now).options, digest=datetime.min.time())


def test_beside_a_daemon_the_daemon_does_it(today: World) -> None:
    """Two that put it there could put it there twice."""
    with alone(today.home / "followmail.db"):
        assert "next look" in command(today)
        assert inbox(today) == []
        today.round()
    assert len(inbox(today)) == 1


def test_in_a_dry_run_the_command_says_why_it_does_nothing(today: World) -> None:
    """And what does."""
    today.reopen(FOLLOWMAIL_MODE="dry-run")
    assert "--print" in command(today, status=1)
    assert inbox(today) == []
