"""Messages stored many at once are stored as one by one: each once, in the conversations that their ids make."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from followmail.mail.identity import Person
from followmail.mail.message import Message
from followmail.store import Store
from followmail.store.conversations import Found, Place
from followmail.store.ties import Ties

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
IDS = [f"{n}@one.example" for n in range(12)]
PEOPLE = [Person("Ann", "ann@one.example"), Person("", "bob@two.example")]

_ids = st.sampled_from(IDS)
_messages = st.builds(
    partial(Message),  # what is not told is left as it is
    id=_ids,
    sender=st.sampled_from(PEOPLE),
    to=st.lists(st.sampled_from(PEOPLE), max_size=2).map(tuple),
    bcc=st.lists(st.sampled_from(PEOPLE), max_size=1).map(tuple),
    subject=st.sampled_from(["", "Re: Offer", "Größe"]),
    date=st.sampled_from([None, NOON]),
    in_reply_to=st.lists(_ids, max_size=1).map(tuple),
    references=st.lists(_ids, max_size=3).map(tuple),
    original_id=st.sampled_from(["", *IDS]),
)
_found = st.builds(Found, _messages, st.booleans(), st.builds(Place, st.just("INBOX"), st.just(1), st.integers(1, 99)))


def empty() -> Store:
    return Store.copy_in_memory(Path("nowhere") / "followmail.db")


def stored(store: Store) -> tuple[list[object], set[frozenset[str]]]:
    """Every row less its numbers, and the ids that belong together."""
    sql = store._database.execute_sql
    columns = [row[1] for row in sql("PRAGMA table_info(message)") if row[1] not in ("id", "conversation")]
    listed = ", ".join(f'"{column}"' for column in columns)
    rows = sql(f"SELECT {listed} FROM message ORDER BY message_id").fetchall()
    groups: dict[int, set[str]] = {}
    known = "SELECT message_id, conversation FROM thread_id UNION SELECT message_id, conversation FROM message"
    for message_id, conversation in sql(known).fetchall():
        groups.setdefault(conversation, set()).add(message_id)
    assert sum(map(len, groups.values())) == len(set().union(*groups.values()))  # none belongs to two
    standing = {row[0] for row in sql("SELECT id FROM conversation").fetchall()}
    assert groups.keys() <= standing
    return rows, {frozenset(group) for group in groups.values()}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_found, max_size=8), max_size=4))
def test_many_at_once_are_stored_as_one_by_one(portions: Sequence[list[Found]]) -> None:
    """The same rows, the same conversations, the same news; also of ids that several bear, and of copies."""
    with empty() as one_by_one, empty() as at_once:
        for portion in portions:
            news = [
                one.message
                for one in portion
                if one_by_one.conversations.record(one.message, one.sent, one.place, NOON)
            ]
            assert at_once.conversations.record_all(portion, NOON) == news
        assert stored(one_by_one) == stored(at_once)


@given(st.lists(st.lists(st.integers(0, 30).map(str), min_size=1, max_size=4), max_size=30))
def test_ties_are_what_their_ids_say(messages: list[list[str]]) -> None:
    """Two messages are in one conversation exactly when a chain of shared ids leads from one to the other."""
    ties = Ties({}, 1)
    placed = [ties.tie(ids) for ids in messages]
    together: list[set[str]] = []
    for ids in messages:
        touched = [group for group in together if group & set(ids)]
        together = [group for group in together if group not in touched] + [set(ids).union(*touched)]
    for ids, number in zip(messages, placed, strict=True):
        mine = next(group for group in together if ids[0] in group)
        same = {ties.now(other) for more, other in zip(messages, placed, strict=True) if more[0] in mine}
        assert same == {ties.now(number)}
    assert len({ties.now(number) for number in placed}) == len(together) == len(list(ties.made))


def test_conversations_that_stood_apart_are_joined_by_one_mail() -> None:
    """Two threads, and a mail that answers both: what lay in the second lies in the first."""
    with empty() as store:
        mails = [Message(i, PEOPLE[0]) for i in IDS[:2]]
        store.conversations.record_all([Found(mail, True, None) for mail in mails], NOON)
        store.conversations.record_all(
            [Found(Message(IDS[2], PEOPLE[1], references=tuple(IDS[:2])), False, None)], NOON
        )
        (number,) = {known.conversation for i in IDS[:3] if (known := store.conversations.find(i))}
        assert store.conversations.ids_of(number) == frozenset(IDS[:3])


def test_a_second_mail_with_the_id_of_the_first_is_one_of_its_own(tmp_path: Path) -> None:
    """Some programs give all their mails one id. A copy has the date of the original, whatever a gateway did to its subject."""
    first = Message(IDS[0], PEOPLE[1], subject="Question", date=NOON)
    copy = first._replace(subject="[External] Question")
    second = first._replace(subject="Re: Offer", date=NOON + timedelta(days=2), in_reply_to=(IDS[1],))
    with Store.open(tmp_path / "followmail.db") as store:
        assert store.conversations.record_all([Found(m, False, None) for m in (first, copy, second)], NOON) == [
            first,
            second,
        ]
        assert store.conversations.record_all([Found(second, False, None), Found(first, False, None)], NOON) == []
        assert len(list(store.conversations.unjudged())) == 2


def test_the_copy_that_no_list_carried_counts(tmp_path: Path) -> None:
    """Whichever comes first; that of a list may have been taken for a machine's."""
    direct, listed = Message(IDS[0], PEOPLE[1], date=NOON), Message(IDS[0], PEOPLE[1], date=NOON, is_list=True)
    inbox, lists = Place("INBOX", 1, 1), Place("Lists", 1, 1)
    for copies in ([(direct, inbox), (listed, lists)], [(listed, lists), (direct, inbox)]):
        with Store.open(tmp_path / f"{copies[0][1].folder}.db") as store:
            for message, place in copies:
                store.conversations.record(message, False, place, NOON)
                for known in [*store.conversations.unjudged()]:
                    store.conversations.set_judged([known.row])
                    judged = known
            found = store.conversations.find(IDS[0])
            assert found is not None and found.place == inbox and not found.entry.message.is_list
            assert judged.place == inbox
