"""What is written down of digests: on their way into INBOX, and what their numbers stand for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from followmail.sequence.agenda import Item, What
from followmail.store import Store

NOW = datetime(2026, 5, 4, 6, tzinfo=UTC)
WAITS = Item(
    What.WAITING, "Bob waits.", enrollment=3, address="bob@bob.example", state="waiting", code="answer", why="he wrote"
)
WROTE = Item(What.WAITS_FOR_YOU, "Ann wrote.", address="ann@ann.example", message="q@ann.example")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "followmail.db")


def test_a_number_stands_for_what_it_stood_for(store: Store) -> None:
    """State, code and reason as they were; the sentence is not kept."""
    number = store.digests.add("one@x", NOW, b"mail", True, [WAITS, WROTE])
    assert store.digests.numbers(number) == (1, 2)
    kept = store.digests.item(number, 1)
    assert kept == Item(
        What.WAITING, "", enrollment=3, address=WAITS.address, state="waiting", code="answer", why="he wrote"
    )
    assert store.digests.item(number, 2) == Item(What.WAITS_FOR_YOU, "", address=WROTE.address, message=WROTE.message)
    assert store.digests.item(number, 3) is None


def test_a_digest_is_written_down_once(store: Store) -> None:
    """The same id is the same digest, whatever it would say now."""
    first = store.digests.add("one@x", NOW, b"mail", True, [WAITS])
    assert store.digests.add("one@x", NOW + timedelta(hours=1), b"other", True, []) == first
    assert [filing.data for filing in store.digests.unfiled()] == [b"mail"]
    assert store.digests.numbers(first) == (1,)


def test_what_is_filed_is_kept_without_its_bytes(store: Store) -> None:
    """It is found by its id, and is put nowhere again."""
    answer = store.digests.add("answer@x", NOW + timedelta(hours=1), b"mail", False)
    daily = store.digests.add("one@x", NOW, b"mail", True)
    assert [filing.message_id for filing in store.digests.unfiled()] == ["answer@x", "one@x"]
    store.digests.set_filed(answer)
    store.digests.set_filed(daily)
    assert store.digests.unfiled() == ()
    found = store.digests.find(["unknown@x", "one@x", "answer@x"])
    assert found is not None and (found.id, found.at, found.daily) == (daily, NOW, True)
    assert store.digests.find(["unknown@x"]) is None
    assert store.digests.last_daily() == NOW


def test_news_is_what_happened_since_whatever_the_clock_says(store: Store) -> None:
    """By the order of the history, and of this enrollment only."""
    store.events.add(NOW, "waiting", "he wrote", 3, "bob@bob.example")
    number = store.digests.add("one@x", NOW, b"mail", True, [WAITS])
    assert store.digests.news(number, 3) == ()
    store.events.add(NOW - timedelta(days=1), "approved", "you approved it", 3, "bob@bob.example")
    store.events.add(NOW, "stopped", "you stopped it", 4, "ann@ann.example")
    assert [event.event for event in store.digests.news(number, 3)] == ["approved"]


def test_what_is_forgotten_or_old_stands_for_nothing(store: Store) -> None:
    """The digest itself stays known: a reply to it is answered."""
    number = store.digests.add("one@x", NOW, b"mail", True, [WAITS, WROTE])
    store.digests.forget("bob@bob.example")
    assert store.digests.numbers(number) == (2,)
    store.digests.prune(NOW + timedelta(days=30))
    assert store.digests.numbers(number) == ()
    assert store.digests.unfiled() == ()
    assert store.digests.find(["one@x"]) is not None
