"""The sequences that come with the program, read as a consultant would before signing them."""

import re
from dataclasses import replace
from datetime import date

import pytest

from followmail.mail.greeting import greeting
from followmail.mail.identity import Person
from followmail.mail.language import language
from followmail.rendering import load, shipped
from followmail.rendering.dates import LANGUAGES
from followmail.rendering.names import Anchor, Conversation, Met, Names, sample
from followmail.rendering.render import render
from followmail.sequence.steps import Sequence, Step, Text, Trigger

LIBRARY = load(shipped())
TEXTS = [
    (sequence, step, text) for sequence in LIBRARY.sequences.values() for step in sequence.steps for text in step.texts
]
EACH = pytest.mark.parametrize(("sequence", "step", "text"), TEXTS, ids=[text.path for _, _, text in TEXTS])
ROBIN = Person("Robin Sample", "robin@sample.example")

STALE = (
    r"checking in|touch(?:ing)? base|circl|bump|follow(?:ing)? up|haven't heard|not heard|any update|last chance"
    r"|excited|opportunit|nachfassen|nachhaken|keine antwort|noch nichts gehört|relance|sans réponse|sin respuesta"
    r"|senza risposta|geen antwoord|sem resposta|!"
)


def names(lang: str | None, **more: object) -> Names:
    """A prospect named Robin, greeted in a language, with nothing else known but what is given."""
    bare = replace(sample(), met=Met(), conversation=Conversation(), anchor=Anchor(date(2026, 5, 4), "x", 7))
    return replace(bare, greeting=greeting("", ROBIN, lang), language=lang or "en", **more)  # type: ignore[arg-type]


def test_they_load_without_a_fault() -> None:
    """All three, each step in all seven languages."""
    assert [str(fault) for fault in LIBRARY.faults] == []
    assert list(LIBRARY.sequences) == ["nice-to-meet-you", "nudge", "stalled"]
    for sequence in LIBRARY.sequences.values():
        for step in sequence.steps:
            assert {text.language for text in step.texts} == set(LANGUAGES)
            assert step.texts[0].language == "en"


def test_they_start_and_wait_as_promised() -> None:
    """Trigger, condition and delay of each."""
    found = {s.name: (s.trigger, s.asks, [str(step.after) for step in s.steps]) for s in LIBRARY.sequences.values()}
    assert found == {
        "nice-to-meet-you": (Trigger.MET, False, ["1 business day", "5 business days"]),
        "nudge": (Trigger.SENT, True, ["4 business days", "8 business days", "90 days"]),
        "stalled": (Trigger.STALLED, True, ["5 business days", "10 business days"]),
    }


def test_only_the_late_one_asks_first_and_starts_a_new_thread() -> None:
    """Besides the first mail to somebody met, which has no thread."""
    approved = [step.name for sequence in LIBRARY.sequences.values() for step in sequence.steps if step.approve]
    new = [step.name for sequence in LIBRARY.sequences.values() for step in sequence.steps if step.new_thread]
    assert (approved, new) == (["some-months-later"], ["good-to-meet-you", "some-months-later"])


@EACH
def test_each_is_short_and_asks_one_thing(sequence: Sequence, step: Step, text: Text) -> None:
    """One question, some sixty words, greeting and name around them, written in its language."""
    body = render(LIBRARY, sequence, step, text, names(text.language)).body
    assert len(re.findall(r"\?", body)) == 1
    assert len(body.split()) <= 65
    assert body.startswith(greeting("", ROBIN, text.language) + "\n\n")
    assert body.endswith("\nAlex Example\n")
    assert "\n\n\n" not in body
    assert language(body) == text.language


@EACH
def test_none_says_what_nobody_says_to_a_person(sequence: Sequence, step: Step, text: Text) -> None:
    """No follow-up phrases, no urgency, no reproach."""
    got = render(LIBRARY, sequence, step, text, names(text.language, met=Met(date(2026, 5, 4), "IT fair", "backups")))
    assert not re.search(STALE, f"{got.subject or ''} {got.body}".lower().replace("alex", ""))


@EACH
@pytest.mark.parametrize("where", ["", "IT fair"])
@pytest.mark.parametrize("about", ["", "backups"])
@pytest.mark.parametrize("on", [None, date(2026, 5, 1)])
def test_story_30_place_topic_and_day_stand_in_the_text_or_nothing_half_empty_does(
    sequence: Sequence, step: Step, text: Text, where: str, about: str, on: date | None
) -> None:
    """Each sentence is whole with and without them."""
    got = render(LIBRARY, sequence, step, text, names(text.language, met=Met(on, where, about)))
    whole = f"{got.subject or 'x'}\n{got.body}"
    assert not re.search(
        r"\(\s*\)|\s[,.)]|\(\s|  |[:,]\s*\n\s*[a-z]?\.|: *$(?!\n\n)", whole.replace("Hola, Robin:", ""), re.M
    )
    if sequence.name == "nice-to-meet-you":
        assert about in got.body
        assert step.number > 1 or where in got.body


@EACH
def test_a_new_thread_names_the_old_subject_where_there_is_one(sequence: Sequence, step: Step, text: Text) -> None:
    """And the day of the message where there is none; it never pretends to be an answer."""
    for subject in ("Migration", ""):
        got = render(LIBRARY, sequence, step, text, names(text.language, conversation=Conversation(subject))).subject
        assert (got is None) == (not step.new_thread)
        if got:
            assert not re.match(r"(?i)(re|aw|tr|rv|fwd)\s*:", got)
            assert sequence.name != "nudge" or subject in got
