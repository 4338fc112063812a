"""What is asked of many messages is found by an index, and an index that stands for a text decides nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from followmail.mail.identity import Person
from followmail.mail.message import Message
from followmail.mail.need import Need
from followmail.store import Store
from followmail.store.conversations import Found
from followmail.store.keys import key_of

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANN = Person("Ann", "ann@one.example")
Ask = Callable[[Store], object]


def empty() -> Store:
    return Store.copy_in_memory(Path("nowhere") / "followmail.db")


def bearing(store: Store) -> object:
    return store.conversations.bearing_since(NOON, 1, [ANN.address], "one.example", {"offer"})


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.conversations.find("a@one.example"),
        lambda store: store.conversations.knows_id("a@one.example"),
        lambda store: store.conversations.conversation_of(["a@one.example", "b@one.example"]),
        lambda store: store.conversations.ids_of(1),
        lambda store: store.conversations.get(1),
        lambda store: list(store.conversations.unjudged()),
        lambda store: store.conversations.of_address(ANN.address),
        lambda store: store.conversations.written_under("offer"),
        lambda store: store.conversations.sent_since(NOON),
        lambda store: store.conversations.is_list_address(ANN.address),
        lambda store: store.conversations.first_wrote(ANN.address),
        lambda store: store.attention.unweighed(NOON, ["Junk"], 30),
        lambda store: store.attention.weigh("a@one.example", Need.NOTHING),
        lambda store: store.attention.unanswered(NOON, NOON, ["Junk"]),
        lambda store: store.attention.introductions(NOON, NOON, ["Junk"]),
        lambda store: store.attention.wrote_in(1, NOON),
        lambda store: store.attention.exchanged(ANN.address, NOON),
        bearing,
    ],
)
def test_no_question_reads_every_message(ask: Ask) -> None:
    """An index answers, also one that holds only some of the messages."""
    told: list[str] = []
    with empty() as store:
        connection = store._database.connection()
        connection.set_trace_callback(told.append)
        ask(store)
        connection.set_trace_callback(None)
        plans = [row[3] for sql in told if "message" in sql for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert plans
    assert not [plan for plan in plans if plan.startswith(("SCAN message", "SCAN thread_id"))]
    assert not [plan for plan in plans if plan in ("SCAN m", "SCAN o")]


def test_two_ids_that_have_one_key_stay_two() -> None:
    """Nobody can bring it about, and it would do no harm: what is found by its key is told by its text."""
    with empty() as store:
        first, second = (Message(f"{name}@one.example", ANN) for name in ("first", "second"))
        store.conversations.record_all([Found(first, False, None)], NOON)
        store._database.execute_sql("UPDATE message SET key = ?", (key_of(second.id),))
        assert not store.conversations.knows_id(second.id)
        assert store.conversations.record_all([Found(second, False, None)], NOON) == [second]
        rows = store._database.execute_sql("SELECT message_id, conversation FROM message").fetchall()
        assert len(rows) == len({conversation for _, conversation in rows}) == 2
        found = store.conversations.find(second.id)
        assert found is not None and found.entry.message.id == second.id


def test_what_was_only_referred_to_belongs_to_its_conversation_when_it_comes() -> None:
    """A reply is read before what it answers, as where INBOX is read before Sent; and an id learnt later ties as well."""
    with empty() as store:
        answer = Message("answer@one.example", ANN, in_reply_to=("offer@consult.example",))
        store.conversations.record_all([Found(answer, False, None)], NOON)
        number = store.conversations.conversation_of(["offer@consult.example"])
        assert number is not None and not store.conversations.knows_id("offer@consult.example")
        store.conversations.learn_id("other@provider.example", number)
        store.conversations.learn_id("answer@one.example", 99)  # known already
        for name in ("offer@consult.example", "other@provider.example"):
            store.conversations.record_all([Found(Message(name, ANN), True, None)], NOON)
        assert {entry.message.id for entry in store.conversations.get(number).entries} == store.conversations.ids_of(
            number
        )


def test_what_answers_a_forgotten_persons_mail_stays_in_its_conversation() -> None:
    """Their mail goes; that others' answers to it belong together with the rest does not."""
    bob = Person("Bob", "bob@two.example")
    with empty() as store:
        offer = Message("offer@consult.example", Person("", "alex@consult.example"), to=(ANN, bob))
        hers = Message("hers@one.example", ANN, in_reply_to=(offer.id,))
        store.conversations.record_all([Found(offer, True, None), Found(hers, False, None)], NOON)
        number = store.conversations.conversation_of([hers.id])
        store.forgetting.forget(ANN.address, lambda address: address == bob.address)
        assert not store.conversations.knows_id(hers.id)
        his = Message("his@two.example", bob, in_reply_to=(hers.id,))
        store.conversations.record_all([Found(his, False, None)], NOON)
        assert store.conversations.conversation_of([his.id, offer.id]) == number
        assert [entry.message.id for entry in store.conversations.get(number or 0).entries] == [offer.id, his.id]
