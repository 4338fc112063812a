"""Meetings are remembered by their UID, word for word, and are judged once for each new message about them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from followmail.mail.event import Attendee, Event
from followmail.mail.identity import Person
from followmail.sequence.meetings import Notice
from followmail.store import Store
from followmail.store.meetings import MOST

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
BOB = Person('Bob "the" Bäcker', "bob@bob.example")


def notice(number: int = 1, uid: str = "uid", start: datetime | None = NOON) -> Notice:
    event = Event(
        "REQUEST", uid, "", number, NOON, start, start and start + timedelta(hours=1), summary="Sicherung, täglich",
        location="Café", organizer=Person("", "alex@consult.example"), attendees=(Attendee(BOB, "ACCEPTED"),),
    )  # fmt: skip
    return Notice(event, "alex@consult.example", NOON, f"{number}@consult.example")


def test_what_is_remembered_comes_back(tmp_path: Path) -> None:
    """After a restart too; the same message is remembered once."""
    with Store.open(tmp_path / "a.db") as store:
        assert store.meetings.add(notice())
        assert not store.meetings.add(notice())
        assert store.meetings.add(notice(2))
    with Store.open(tmp_path / "a.db") as store:
        assert store.meetings.notices("uid") == (notice(), notice(2))
        assert store.meetings.notices("another") == ()


def test_meetings_are_judged_when_they_are_over(tmp_path: Path) -> None:
    """The one that ended first before the others; again when something new is said; one without a time never."""
    with Store.open(tmp_path / "a.db") as store:
        store.meetings.add(notice(uid="late", start=NOON + timedelta(hours=1)))
        store.meetings.add(notice())
        store.meetings.add(notice(uid="none", start=None))
        assert store.meetings.unsettled(NOON) == ()
        over = NOON + timedelta(hours=2)
        assert [u.uid for u in store.meetings.unsettled(over)] == ["uid", "late"]
        store.meetings.set_judged("uid")
        store.meetings.set_judged("late")
        assert store.meetings.unsettled(over) == ()
        store.meetings.add(notice(2))
        assert [u.uid for u in store.meetings.unsettled(over)] == ["uid"]


def test_what_began_an_enrollment_is_watched(tmp_path: Path) -> None:
    """Also when it was moved into the future since."""
    with Store.open(tmp_path / "a.db") as store:
        store.meetings.add(notice())
        store.meetings.set_enrollment("uid", 7)
        store.meetings.add(notice(2, start=NOON + timedelta(days=9)))
        assert [(u.uid, u.enrollment) for u in store.meetings.unsettled(NOON)] == [("uid", 7)]


def test_meetings_are_found_by_who_was_invited(tmp_path: Path) -> None:
    """By the whole address."""
    with Store.open(tmp_path / "a.db") as store:
        store.meetings.add(notice())
        assert store.meetings.with_person("bob@bob.example") == ((notice(),),)
        assert store.meetings.with_person("ob@bob.example") == ()


def test_what_is_said_without_end_is_cut(tmp_path: Path) -> None:
    """The first message stays, and the newest."""
    with Store.open(tmp_path / "a.db") as store:
        for number in range(MOST + 5):
            store.meetings.add(notice(number))
        kept = store.meetings.notices("uid")
    assert (len(kept), kept[0], kept[-1]) == (MOST, notice(0), notice(MOST + 4))
