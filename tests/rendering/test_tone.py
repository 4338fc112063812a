"""How a sequence would sound: advice with file and line, which stops nothing."""

import re
from pathlib import Path

import pytest

from followmail.rendering import load, shipped
from followmail.rendering.tone import WORN, traps

ROOT = Path(__file__).parents[2]
HEAD = "After: 4 business days\n"


def told(folder: Path, **steps: str) -> list[str]:
    """The advice on a sequence of these files (`a_1` is 1-a.txt, `a_1_de` its German twin)."""
    own = folder / "nudge"
    own.mkdir()
    (own / "sequence.txt").write_text("Trigger: sent\n")
    (folder / "signature.txt").write_text("{{ me.name }}\n")
    for name, text in steps.items():
        word, number, *language = name.split("_")
        (own / ".".join((f"{number}-{word}", *language, "txt"))).write_text(text, encoding="utf-8")
    library = load(folder)
    assert library.faults == ()
    return [str(trap) for trap in traps(library.sequences["nudge"])]


def mail(text: str, subject: str = "") -> str:
    head = HEAD + (f"Subject: {subject}\n" if subject else "")
    return f"{head}\n{{{{ greeting }}}}\n\n{text}\n\n{{{{ signature }}}}\n"


@pytest.mark.parametrize("name", ["nudge", "stalled", "nice-to-meet-you"])
def test_what_is_shipped_has_no_trap(name: str) -> None:
    """Seven languages each."""
    assert traps(load(shipped()).sequences[name]) == ()


def test_the_second_and_third_just_checking_in(tmp_path: Path) -> None:
    """Once is a habit; from then on each is named, with its line."""
    found = told(
        tmp_path,
        a_1=mail("I am just checking in on the proposal."),
        b_2=mail("Just following up on this."),
        c_3=mail("A note on the weather.\nAnd a gentle reminder."),
    )
    assert found == [
        "nudge/2-b.txt line 5: 'following up': the second mail of this sequence in that manner; give a new reason to answer",
        "nudge/3-c.txt line 6: 'gentle reminder': the third mail of this sequence in that manner; give a new reason to"
        " answer",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ich wollte kurz nachfragen, ob das Angebot angekommen ist.", "Eine kleine Erinnerung an unser Gespräch."),
        ("Je me permets une petite relance au sujet de ma proposition.", "Je reviens vers vous une dernière fois."),
        ("Quería hacer seguimiento de la propuesta que le envié.", "Le mando un pequeño recordatorio de la propuesta."),
        ("Le mando un gentile sollecito sulla nostra proposta.", "Ci sono novità sulla proposta che le ho mandato?"),
        ("Ik wilde even polsen of het voorstel is aangekomen.", "Nog een vriendelijke herinnering aan ons voorstel."),
        ("Estou passando para saber da proposta que enviei.", "Um gentil lembrete sobre a proposta que lhe enviei."),
    ],
)
def test_each_language_has_its_worn_words(tmp_path: Path, first: str, second: str) -> None:
    """Told at the second text, not at the first."""
    (only,) = told(tmp_path, a_1=mail(first), b_2=mail(second))
    assert only.startswith("nudge/2-b.txt line ") and "the second mail of this sequence in that manner" in only


def test_languages_are_counted_each_for_itself(tmp_path: Path) -> None:
    """Nobody gets a German and an English one."""
    english = "I am just checking in on the proposal that I sent you last week."
    german = "Ich wollte kurz nachfragen, ob mein Angebot bei Ihnen angekommen ist."
    assert told(tmp_path, a_1=mail(english), a_1_de=mail(german), b_2=mail("A new idea for your backups.")) == []


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("Does Tuesday suit you? Or rather Thursday?", 2),
        ("Does Tuesday suit you?", 0),
        ("{% if met.where %}How was {{ met.where }}?{% else %}How are you?{% endif %}", 0),
        ("{% if met.where %}How was it? And the way back?{% else %}How are you?{% endif %}", 2),
        ("Look at https://example.com/?a=b&c=d. Does it fit?", 0),
        ("Really?? It is so.", 0),
        ("“Shall we?” you asked. Shall we?", 2),
    ],
)
def test_one_question_is_enough(tmp_path: Path, text: str, questions: int) -> None:
    """As one reader sees it: of two branches only one is read."""
    found = told(tmp_path, a_1=mail(text))
    assert [f"it asks {questions} questions" in trap for trap in found] == [True] * bool(questions)


@pytest.mark.parametrize(
    ("subject", "shouts"),
    [
        ("YOUR PROPOSAL", True),
        ("Your backups!", True),
        ("LAST CHANCE for {{ prospect.name }}", True),
        ("Your backups", False),
        ("GDPR", False),
        ("ISO 27001 and your IT", False),
        ("{{ prospect.company }}", False),
    ],
)
def test_a_subject_does_not_shout(tmp_path: Path, subject: str, shouts: bool) -> None:
    """Abbreviations are no shouting."""
    found = told(tmp_path, a_1=mail("Does it fit?", subject))
    assert [trap.startswith("nudge/1-a.txt line 2: the subject") for trap in found] == [True] * shouts


def test_what_is_to_be_said_in_a_call_has_no_tone(tmp_path: Path) -> None:
    """Nobody reads it but the one who calls."""
    call = f"{HEAD}Channel: call\n\nDid it come? Do they like it?\n"
    assert told(tmp_path, a_1=mail("Does it fit?"), b_2=call) == []


EXAMPLES = re.findall(r"^```(bad|good) (\w\w)\n(.*?)^```$", (ROOT / "docs" / "craft.md").read_text(), re.S | re.M)


@pytest.mark.parametrize(("kind", "language", "text"), EXAMPLES, ids=[f"{k}-{lang}" for k, lang, _ in EXAMPLES])
def test_the_examples_are_what_they_are_called(tmp_path: Path, kind: str, language: str, text: str) -> None:
    """Good ones give no cause for advice, also twice; bad ones shout, ask twice and are worn."""
    assert language in WORN
    found = told(tmp_path, a_1=text, b_2=text)
    if kind == "good":
        assert found == []
    else:
        assert any("shouts" in trap for trap in found)
        assert any("it asks" in trap for trap in found)
        assert any("the second mail of this sequence in that manner" in trap for trap in found)


def test_each_shipped_language_has_both_examples() -> None:
    """A good one and a bad one."""
    languages = {path.suffixes[0][1:] for path in shipped().glob("nudge/1-*.*.txt")} | {"en"}
    assert sorted((kind, language) for kind, language, _ in EXAMPLES) == sorted(
        (kind, language) for kind in ("bad", "good") for language in languages
    )
