"""Which sent messages begin an enrollment: each rule alone, pass and fail, with what it looked at."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from followmail.mail.identity import Identity
from followmail.mail.message import Message, read
from followmail.sequence import eligibility
from followmail.sequence.conversation import Conversation, Entry
from followmail.sequence.eligibility import Case, Check, case_of
from followmail.sequence.steps import Sequence, Trigger

ALEX = Identity("Alex", "alex@consult.example")
NOW = datetime(2026, 5, 11, 8, tzinfo=UTC)
WHEN = "Date: Mon, 4 May 2026 10:00:00 +0200\r\n"


def message(*headers: str, sender: str = "alex@consult.example", identity: str = "o@consult.example") -> Message:
    basics = f"From: {sender}\r\nMessage-ID: <{identity}>\r\n{WHEN}"
    return read((basics + "".join(f"{h}\r\n" for h in headers) + "\r\n").encode())


def case(*headers: str, before: tuple[Entry, ...] = (), **changes: object) -> Case:
    entry = Entry(message(*headers), sent=True)
    found = case_of(
        ALEX, entry, Conversation(1, (*before, entry)), NOW, timedelta(days=14), lambda a: None, lambda a: False
    )
    return replace(found, **{"acquainted": True, **changes})  # type: ignore[arg-type]


BOB = "To: Bob <bob@bob.example>"


@pytest.mark.parametrize(
    ("headers", "passed"),
    [
        ((BOB,), True),
        ((BOB, "List-Id: <x.example>"), False),
        ((BOB, "Content-Type: multipart/report; report-type=delivery-status"), False),
        ((BOB, "Content-Type: text/calendar; method=REQUEST"), False),
        ((BOB, "Auto-Submitted: auto-generated"), False),
        ((BOB, "Auto-Submitted: no"), True),
    ],
)
def test_ordinary_mail(headers: tuple[str, ...], passed: bool) -> None:
    """1. No list post, report, calendar message or automatic mail."""
    assert eligibility.ordinary(case(*headers)).passed is passed


def test_a_post_to_a_known_list_is_none() -> None:
    """Its address stands in the List-Post of a received message."""
    listed = case("To: talk@forum.example", is_list=lambda address: address == "talk@forum.example")
    assert not eligibility.ordinary(listed).passed


@pytest.mark.parametrize(
    ("headers", "passed", "said"),
    [
        ((BOB,), True, "bob@bob.example"),
        ((BOB, "Cc: boss@bob.example"), True, "boss@bob.example"),
        ((BOB, "Cc: boss@mail.bob.example"), True, ""),
        ((BOB, "Cc: a@bob.example, b@bob.example"), True, ""),
        ((BOB, "Cc: a@bob.example, b@bob.example, c@bob.example"), False, "4 people"),
        ((BOB, "Cc: ann@ann.example"), False, "not of one company"),
        (("To: bob@gmail.com", "Cc: ann@gmail.com"), False, "not of one company"),
        ((BOB, "Cc: billing@ann.example, noreply@x.example"), True, ""),
        ((BOB, "Cc: jo@consult.example"), True, ""),
        (("To: noreply@bob.example",), False, "no person outside"),
        (("To: alex@consult.example",), False, "no person outside"),
        (("To: jo@consult.example",), False, "no person outside"),
        (("To: jo@consult.example", "Cc: bob@bob.example"), False, "no person outside in To"),
        (("To: info@carla.example",), True, "info@carla.example"),
        ((), False, "nobody"),
    ],
)
def test_one_to_three_people_of_one_company(headers: tuple[str, ...], passed: bool, said: str) -> None:
    """2. Machines do not count, colleagues neither."""
    check = eligibility.few_people(case(*headers))
    assert check.passed is passed, check
    assert said in check.detail


def test_an_introducer_does_not_count() -> None:
    """2. Anna of another company wrote here before: Carla is the one."""
    anna = Entry(
        read(b"From: anna@anna.example\r\nTo: alex@consult.example\r\nDate: Sun, 3 May 2026 10:00:00 +0200\r\n\r\n")
    )
    introduced = case("To: carla@carla.example", "Cc: anna@anna.example", before=(anna,))
    assert eligibility.few_people(introduced).passed
    assert introduced.introducers == {"anna@anna.example"}
    assert eligibility.first_contact(introduced).passed


def test_nobody_suppressed() -> None:
    """2. One of them is enough to leave it."""
    forbidden = case(BOB, "Cc: boss@bob.example", suppressed={"boss@bob.example": "boss@bob.example"}.get)
    assert not eligibility.nobody_suppressed(forbidden).passed
    assert eligibility.nobody_suppressed(case(BOB)).passed


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, True),
        ({"first_wrote": datetime(2026, 5, 1, tzinfo=UTC)}, False),
        ({"first_wrote": datetime(2026, 5, 6, tzinfo=UTC)}, True),  # only afterwards: that is an answer
        ({"acquainted": False}, False),
    ],
)
def test_first_contact(changes: dict[str, object], passed: bool) -> None:
    """3, `sent`. What is not known begins nothing."""
    assert eligibility.first_contact(case(BOB, **changes)).passed is passed


def test_an_answer_to_something_unknown_is_no_first_contact() -> None:
    """It did not open the conversation."""
    assert not eligibility.first_contact(case(BOB, "In-Reply-To: <unknown@bob.example>")).passed


@pytest.mark.parametrize(("first_wrote", "passed"), [(None, False), (datetime(2026, 5, 1, tzinfo=UTC), True)])
def test_stalled(first_wrote: datetime | None, passed: bool) -> None:
    """3, `stalled`: they wrote before, and the last word is the consultant's."""
    assert eligibility.last_word(case(BOB, first_wrote=first_wrote)).passed is passed


@pytest.mark.parametrize(
    ("now", "has_our_form", "passed"),
    [
        (NOW, False, True),
        (NOW + timedelta(days=7), False, True),
        (NOW + timedelta(days=8), False, False),
        (NOW + timedelta(days=80), True, True),
    ],
)
def test_not_older_than_the_lookback(now: datetime, has_our_form: bool, passed: bool) -> None:
    """4. Where a mail of ours stands in the conversation it does not apply."""
    assert eligibility.recent(case(BOB, now=now, has_our_form=has_our_form)).passed is passed


def test_too_old_uses_the_earlier_date() -> None:
    """A migration that gives old mail a new INTERNALDATE wakes nobody."""
    old = case(BOB)
    moved = replace(old.entry, message=old.entry.message._replace(arrived=NOW, date=NOW - timedelta(days=900)))
    assert not eligibility.recent(replace(old, entry=moved)).passed


@pytest.mark.parametrize(
    ("sequence", "passed"),
    [
        (Sequence("s", (), Trigger.SENT), True),
        (Sequence("s", (), Trigger.STALLED), False),
        (Sequence("s", (), Trigger.MET), False),
        (Sequence("s", (), Trigger.SENT, to=("*@bob.example",)), True),
        (Sequence("s", (), Trigger.SENT, to=("bob.example",)), True),
        (Sequence("s", (), Trigger.SENT, to=("@*.example",)), True),
        (Sequence("s", (), Trigger.SENT, to=("ann.example",)), False),
        (Sequence("s", (), Trigger.SENT, not_to=("bob.example",)), False),
        (Sequence("s", (), Trigger.SENT, subject_has=("offer", "PROPOSAL")), True),
        (Sequence("s", (), Trigger.SENT, subject_has=("invoice",)), False),
        (Sequence("s", (), Trigger.SENT, subject_has_not=("proposal",)), False),
    ],
)
def test_the_sequences_own_conditions(sequence: Sequence, passed: bool) -> None:
    """5. To, Not-To, Subject-Has, Subject-Has-Not."""
    checks = eligibility.conditions(case(BOB, "Subject: A proposal for Bob"), sequence)
    assert all(check.passed for check in checks) is passed


@pytest.mark.parametrize(("asked", "passed"), [("What do you think?", True), ("", False), (None, False)])
def test_it_asks_something(asked: str | None, passed: bool) -> None:
    """5. In doubt it asks nothing."""
    check = eligibility.asks(case(BOB, asks=asked))
    assert check.passed is passed
    assert isinstance(check, Check)


def test_the_more_specific_sequence_wins_then_the_name() -> None:
    """Where two fit."""
    plain, asking = Sequence("a", ()), Sequence("z", (), asks=True)
    assert eligibility.choose([plain, asking]) is asking
    assert eligibility.choose([Sequence("b", ()), plain]) is plain
    assert eligibility.choose([]) is None
