"""The sandbox's own judge: it passes what was really played, and sees each promise that is broken."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from followmail.sandbox.cast import ME, OPENS, at
from followmail.sandbox.play import PASSWORD, Clock, Play
from followmail.sandbox.promises import Record, judge, read_suppressed
from followmail.sandbox.servers import Delivered, Servers

ANSWERED = "Nobody who has answered was mailed"
HELD = "Nobody was mailed while away, or before your yes where one was asked for"
TWICE = "Nobody got a step twice, or two mails on one day"
SUPPRESSED = "Nobody was mailed who asked not to be, or whose address is dead"
MEANT = "Every mail reads back to exactly the person it was meant for, in its thread"
FILED = "Every mail has exactly one copy in Sent, byte for byte"
DROPPED = "No step was dropped: each got every mail that was due"
TOLD = "Every end and every wait was told"
HOURS = "Mails left in working hours only, at most 10 a day and 90 seconds apart"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """What a real performance leaves: real mails from a real server."""
    clock = Clock(OPENS)
    home: Path = tmp_path_factory.mktemp("play")
    with Servers(ME, PASSWORD, clock) as servers, Play(servers, clock, home, lambda line: None) as play:
        play.perform()
        yield play.record()


def broken(record: Record) -> dict[str, tuple[str, ...]]:
    return {check.promise: check.broken_by for check in judge(record) if not check.kept}


def mail_to(record: Record, name: str, number: int = 0) -> Delivered:
    return [d for d in record.delivered if d.recipients == (f"{name}@{name}.example",)][number]


def with_mail(record: Record, mail: Delivered) -> Record:
    return replace(record, delivered=(*record.delivered, mail))


def changed(record: Record, old: Delivered, **news: object) -> Record:
    return replace(record, delivered=tuple(replace(d, **news) if d is old else d for d in record.delivered))


def readdressed(mail: Delivered, name: str, new_id: bytes = b"<fm1.other@consult.example>") -> Delivered:
    """The same mail for somebody else."""
    old = mail.recipients[0].encode()
    to = f"{name}@{name}.example"
    own_id = str(message_from_bytes(mail.data)["Message-ID"]).encode()
    return replace(mail, recipients=(to,), data=mail.data.replace(old, to.encode()).replace(own_id, new_id))


def test_what_was_really_played_keeps_every_promise(record: Record) -> None:
    """Nine mails left, twenty came in, and there is nothing to find fault with."""
    assert len(record.delivered) == 9
    assert broken(record) == {}


def _after_an_answer(r: Record) -> Record:
    return with_mail(r, replace(readdressed(mail_to(r, "bob"), "ann"), at=at(5, 6, "9:00")))


def _answer_not_in_the_mailbox(r: Record) -> Record:
    return replace(r, mailbox=tuple(f for f in r.mailbox if b"Message-ID: <1@ann.example>" not in f.data))


def _while_on_holiday(r: Record) -> Record:
    return changed(r, mail_to(r, "eva"), at=at(5, 12, "9:00"))


def _without_a_yes(r: Record) -> Record:
    return replace(r, yeses=tuple(y for y in r.yeses if y[0] != "grace@grace.example"))


def _step_that_asks_without_a_yes(r: Record) -> Record:
    return replace(r, yeses=tuple(y for y in r.yeses if y[0] != "bob@bob.example"))


def _same_id_twice(r: Record) -> Record:
    return with_mail(r, replace(mail_to(r, "bob"), at=at(8, 20, "9:00")))


def _same_text_under_another_id(r: Record) -> Record:
    return with_mail(r, replace(readdressed(mail_to(r, "bob"), "bob"), at=at(8, 20, "9:00")))


def _two_on_one_day(r: Record) -> Record:
    return changed(r, mail_to(r, "bob", 1), at=at(5, 5, "15:00"))


def _after_a_bounce(r: Record) -> Record:
    return with_mail(r, replace(readdressed(mail_to(r, "bob"), "dave"), at=at(5, 6, "9:00")))


def _not_written_down(r: Record) -> Record:
    return replace(r, suppressed=r.suppressed - {"hugo@hugo.example"})


def _envelope_to_another(r: Record) -> Record:
    return changed(r, mail_to(r, "rosa"), recipients=("bob@bob.example",))


def _hidden_recipient(r: Record) -> Record:
    mail = mail_to(r, "rosa")
    return changed(r, mail, data=b"Bcc: eve@eve.example\r\n" + mail.data)


def _second_recipient(r: Record) -> Record:
    return changed(r, mail_to(r, "leo"), recipients=("leo@leo.example", "mia@mia.example"))


def _another_sender(r: Record) -> Record:
    return changed(r, mail_to(r, "leo"), sender="eve@eve.example")


def _another_thread(r: Record) -> Record:
    mail = mail_to(r, "leo")
    return changed(r, mail, data=mail.data.replace(b"<to-leo@", b"<to-ann@"))


def _lost_thread(r: Record) -> Record:
    mail = mail_to(r, "leo")
    return changed(r, mail, data=mail.data.replace(b"In-Reply-To:", b"X-Was:"))


def _no_copy(r: Record) -> Record:
    own = str(message_from_bytes(mail_to(r, "bob").data)["Message-ID"]).encode()
    return replace(r, mailbox=tuple(f for f in r.mailbox if b"Message-ID: " + own not in f.data))


def _two_copies(r: Record) -> Record:
    copy = next(f for f in r.mailbox if f.folder == "Sent" and b"Message-ID: <fm1." in f.data)
    return replace(r, mailbox=(*r.mailbox, copy))


def _another_copy(r: Record) -> Record:
    files = [replace(f, data=f.data.replace(b"short call", b"long call")) for f in r.mailbox]
    return replace(r, mailbox=tuple(files))


def _dropped_step(r: Record) -> Record:
    return replace(r, delivered=tuple(d for d in r.delivered if d is not mail_to(r, "bob", 2)))


def _silent_end(r: Record) -> Record:
    return replace(r, told=tuple(e for e in r.told if (e.address, e.event) != ("kim@kim.example", "replied")))


def _silent_wait(r: Record) -> Record:
    return replace(r, told=tuple(e for e in r.told if (e.address, e.event) != ("quinn@quinn.example", "waiting")))


def _end_without_a_reason(r: Record) -> Record:
    return replace(r, standing={**r.standing, "bob@bob.example": ("finished", "")})


def _on_a_sunday(r: Record) -> Record:
    return changed(r, mail_to(r, "bob", 1), at=at(5, 17, "10:00"))


def _at_night(r: Record) -> Record:
    return changed(r, mail_to(r, "bob", 1), at=at(5, 18, "23:00"))


def _in_a_burst(r: Record) -> Record:
    return changed(r, mail_to(r, "hugo"), at=mail_to(r, "bob").at + timedelta(seconds=5))


def _too_many(r: Record) -> Record:
    day = at(8, 20, "9:00")
    return replace(r, delivered=tuple(Delivered(day + timedelta(minutes=5 * n), ME, (), b"") for n in range(11)))


BREAKS: list[tuple[str, Callable[[Record], Record]]] = [
    (ANSWERED, _after_an_answer),
    (ANSWERED, _answer_not_in_the_mailbox),
    (HELD, _while_on_holiday),
    (HELD, _without_a_yes),
    (HELD, _step_that_asks_without_a_yes),
    (TWICE, _same_id_twice),
    (TWICE, _same_text_under_another_id),
    (TWICE, _two_on_one_day),
    (SUPPRESSED, _after_a_bounce),
    (SUPPRESSED, _not_written_down),
    (MEANT, _envelope_to_another),
    (MEANT, _hidden_recipient),
    (MEANT, _second_recipient),
    (MEANT, _another_sender),
    (MEANT, _another_thread),
    (MEANT, _lost_thread),
    (FILED, _no_copy),
    (FILED, _two_copies),
    (FILED, _another_copy),
    (DROPPED, _dropped_step),
    (TOLD, _silent_end),
    (TOLD, _silent_wait),
    (TOLD, _end_without_a_reason),
    (HOURS, _on_a_sunday),
    (HOURS, _at_night),
    (HOURS, _in_a_burst),
    (HOURS, _too_many),
]


@pytest.mark.parametrize(("promise", "breaks"), BREAKS, ids=[b.__name__.strip("_") for _, b in BREAKS])
def test_a_broken_promise_is_seen(record: Record, promise: str, breaks: Callable[[Record], Record]) -> None:
    """Each way to break one makes exactly that check say what broke it."""
    assert broken(breaks(record))[promise]


def test_suppressed_txt_is_read_without_its_remarks() -> None:
    """Remarks and empty lines are no addresses."""
    assert read_suppressed("# never\nbob@bob.example  # bounced\n\n@x.example\n") == {"bob@bob.example", "@x.example"}
