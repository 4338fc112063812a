"""An archive is imported: mails of years ago arrive today. They hold a chase and ask; they do not end it."""

from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.stories.test_silence_and_answers import report_of
from tests.world import BOB, Mail, World, days

BOBS = "bob@bob.example"
LONG_AGO = days(700)


def imports(world: World, raw: bytes) -> None:
    """It is put into a folder now, whenever it was written."""
    world.mailbox.append(raw, "Archive/Old", (), world.now)
    world.round()


def dated(raw: bytes, moment: datetime) -> bytes:
    date = next(line for line in raw.split(b"\r\n") if line.startswith(b"Date: "))
    return raw.replace(date, b"Date: " + format_datetime(moment).encode())


@pytest.fixture
def chased(world: World) -> World:
    """Alex wrote to Bob a day ago."""
    world.mailbox.create("Archive/Old")
    world.round()
    world.now += timedelta(minutes=5)
    world.writes(BOB)
    world.round()
    world.days_pass(1)
    return world


@pytest.mark.parametrize("age", [LONG_AGO, timedelta(hours=1)], ids=["an old one", "a new one"])
def test_a_bounce_of_another_mail(chased: World, age: timedelta) -> None:
    """The old one may be mended since: it waits, and nobody is suppressed."""
    report = report_of(chased, Mail("<other@consult.example>", b"", "", 0), "5.1.1", "550 5.1.1 User unknown")
    imports(chased, dated(report, chased.now - age))
    old = age == LONG_AGO
    assert chased.states() == {BOBS: "waiting" if old else "bounced"}
    assert bool(chased.office.store.suppressions.matching(BOBS)) is not old
    assert not old or "by a mail of 2024-06-04 that came in only now" in chased.one().why


def test_a_bounce_of_a_mail_of_this_conversation_ends_it_whatever_its_clock_says(chased: World) -> None:
    """The server that wrote it stands in another year."""
    (opening,) = chased.sent()
    report = report_of(chased, Mail(opening["Message-ID"], b"", "", 0), "5.1.1", "550 5.1.1 User unknown")
    imports(chased, dated(report, chased.now - LONG_AGO))
    assert chased.states() == {BOBS: "bounced"}


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Bob Builder no longer works here.", "waiting"),
        ("I am out of office until 14 June.", "active"),
        ("Please remove me from your list and never write to me again.", "unsubscribed"),
    ],
)
def test_an_old_mail_of_his(chased: World, text: str, state: str) -> None:
    """That he had left is asked about, an absence is over, and a wish to be left alone holds for ever."""
    machine = {} if state == "unsubscribed" else {"Auto_Submitted": "auto-replied"}
    mail = chased.gets(BOB, "Your newsletter", text, ago=LONG_AGO, folder="Elsewhere", **machine)
    chased.mailbox.delete("Elsewhere")
    imports(chased, mail.raw)
    assert chased.states() == {BOBS: state}
