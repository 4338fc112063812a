"""Message-IDs: read from anything, minted once, recognised."""

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail import msgid

WORDS = st.text(min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (b"<a@x>", ("a@x",)),
        (b"<a@x> <b@y>\r\n <c@z>", ("a@x", "b@y", "c@z")),
        (b"<a@x><b@y>", ("a@x", "b@y")),
        (b"<a@x> (comment) <a@x>", ("a@x",)),
        (b"", ()),
        (b"<>", ()),
        (b"<[abc@x>", ("[abc@x",)),
        (b"a@x", ()),
        (b"<very\r\n long@x>", ("verylong@x",)),
        (b"\xff\xfe<\xe4@x>", ("�@x",)),
    ],
)
def test_ids_are_read_leniently(value: bytes, ids: tuple[str, ...]) -> None:
    """What other programs wrote, in order, each once."""
    assert msgid.read_ids(value) == ids


def test_a_bare_id_is_taken_where_the_brackets_are_missing() -> None:
    """Some programs forget them."""
    assert msgid.read_bare_id(b"abc@x.example") == "abc@x.example"
    assert msgid.read_bare_id(b"no id at all") == ""


@given(st.binary(max_size=400))
def test_reading_ids_never_raises(value: bytes) -> None:
    """Whatever stands in the header."""
    for found in (*msgid.read_ids(value), msgid.read_bare_id(value)):
        assert found.isprintable()
        assert not any(c in found for c in "\r\n\0<>")


@given(WORDS, WORDS, WORDS, WORDS)
def test_our_id_is_a_fixed_function_and_recognised(account: str, opening: str, sequence: str, step: str) -> None:
    """The same step has the same id, and its form proves itself whatever became of the right side."""
    one = msgid.mint(account, opening, sequence, step, "alex@consult.example")
    assert one == msgid.mint(account, opening, sequence, step, "alex@consult.example")
    assert msgid.is_ours(one)
    assert msgid.is_ours(one.replace("consult.example", "rewritten.example"))
    assert msgid.is_askable(one)
    assert f"<{one}".startswith(msgid.OUR_PREFIX)
    assert one.endswith("@consult.example")


@given(st.lists(WORDS, min_size=4, max_size=4), st.integers(0, 3), WORDS)
def test_another_step_has_another_id(parts: list[str], which: int, other: str) -> None:
    """Account, opening, sequence and step all count."""
    changed = list(parts)
    changed[which] = other
    same = changed == parts
    assert (msgid.mint(*parts, "a@x") == msgid.mint(*changed, "a@x")) is same  # type: ignore[misc]


def test_parts_cannot_run_into_each_other() -> None:
    """'ab' + 'c' is not 'a' + 'bc'."""
    assert msgid.mint("a", "bc", "d", "e", "a@x") != msgid.mint("ab", "c", "d", "e", "a@x")


@given(
    st.text(alphabet=string.ascii_lowercase + "234567", min_size=26, max_size=26),
    st.text(alphabet="abc234", min_size=6, max_size=6),
)
def test_the_form_alone_is_not_enough(body: str, check: str) -> None:
    """An id that only looks like ours is not."""
    assert msgid.is_ours(f"fm1.{body}.{check}@x.example") is (check == msgid._check(body))


@pytest.mark.parametrize("evil", ["a@x\r\nA1 DELETE INBOX", 'a"@x', "a\\@x", "a @x", "a\0@x", "", "x" * 300])
def test_what_may_not_be_asked_of_a_server(evil: str) -> None:
    """Control characters, quotes, backslashes and blanks stay out of commands."""
    assert not msgid.is_askable(evil)


def test_a_synthetic_id_tells_messages_apart() -> None:
    """Messages without an id are told apart by what they hold, and never equal a real id."""
    assert msgid.synthetic("a", "b") != msgid.synthetic("ab", "")
    assert msgid.synthetic("a", "b").endswith("@missing.invalid")


def test_a_digest_is_known_by_its_id() -> None:
    """A fixed function of account, moment and word; neither a step's, nor one that only looks like it."""
    moment = datetime(2026, 5, 4, 6, tzinfo=UTC)
    one = msgid.digest_id("me@consult.example", moment, "daily")
    assert one == msgid.digest_id("me@consult.example", moment, "daily")
    assert one.startswith("fmd1.") and one.endswith("@consult.example")
    assert msgid.is_digest(one) and not msgid.is_ours(one)
    others = {msgid.digest_id("me@consult.example", moment, word) for word in ("daily", "now", "an answer")}
    assert len(others | {msgid.digest_id("you@consult.example", moment, "daily")}) == 4
    step = msgid.mint("me@consult.example", "opening", "nudge", "checking-in", "me@consult.example")
    assert not any(map(msgid.is_digest, (step, "d" + one, one[:8] + "7" + one[9:], one.split("@")[0], "")))


def test_an_id_of_ours_is_found_among_words() -> None:
    """In the subject of a wish for no more mail; one that only looks like ours is none."""
    one = msgid.mint("me@consult.example", "opening", "nudge", "checking-in", "me@consult.example")
    assert msgid.named_in(f"Re: unsubscribe {one} ") == msgid.named_in(one) == (one,)
    wrong = one[:8] + ("7" if one[8] != "7" else "a") + one[9:]
    assert [msgid.named_in(text) for text in ("", "Proposal", f"a{one}", wrong, "fm1. " * 9)] == [()] * 5
