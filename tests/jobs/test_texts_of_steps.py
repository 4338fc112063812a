"""Whether a mail holds the text of a step: told at once where it cannot."""

from difflib import SequenceMatcher

from hypothesis import given
from hypothesis import strategies as st

from followmail.jobs.judge.steps_found import HOLDS, PIECE, _holds, _may_hold

SENTENCES = [f"Sentence {n} says what no other sentence says, {n * 7919}." for n in range(6)]
texts = st.lists(st.sampled_from([*SENTENCES, "Hello,", "ab", "Best regards"]), max_size=8).map(" ".join)


@given(texts, texts)
def test_what_cannot_hold_a_text_does_not(mail: str, step: str) -> None:
    """The quick answer never differs from the thorough one."""
    blocks = SequenceMatcher(None, mail, step, autojunk=False).get_matching_blocks()
    thorough = bool(step) and sum(b.size for b in blocks if b.size >= PIECE) >= HOLDS * len(step)
    assert _holds(mail, step) == thorough
    assert _may_hold(mail, step) or not thorough
