"""How a sequence would sound to the one who reads it: what tires, what shouts, what asks too much. Advice, no fault.

What people say of automatic mail is said of its manner: the third "just checking in", two questions at once, a subject
in capitals. Each is found in the text itself, without a person's names.
"""

import re
from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes

from followmail.rendering.fault import Fault, quoted
from followmail.rendering.lint import prose
from followmail.sequence.steps import Sequence, Step, Text

# What everybody writes who has nothing to add. Once in a sequence it is a habit, from the second time on a machine.
WORN = {
    "en": (
        "checking in", "check in", "following up", "follow up", "circling back", "circle back", "touching base",
        "touch base", "bumping this", "bump this", "gentle reminder", "friendly reminder", "quick reminder",
        "hope this finds you well", "hope you are doing well", "any update", "did you get a chance",
    ),
    "de": (
        "nachhaken", "kurz nachfragen", "mal nachfragen", "noch einmal nachfragen", "freundliche erinnerung",
        "kleine erinnerung", "kurze erinnerung", "ich hoffe, es geht ihnen gut", "gibt es schon neuigkeiten",
        "in erinnerung rufen",
    ),
    "fr": (
        "petite relance", "vous relancer", "te relancer", "je reviens vers vous", "je reviens vers toi",
        "petit rappel", "j’espère que vous allez bien", "j'espère que vous allez bien", "des nouvelles de",
    ),
    "es": (
        "hacer seguimiento", "dar seguimiento", "dando seguimiento", "recordatorio amistoso", "pequeño recordatorio",
        "espero que esté bien", "espero que estés bien", "alguna novedad",
    ),
    "it": (
        "gentile sollecito", "piccolo promemoria", "gentile promemoria", "un sollecito", "ci sono novità",
        "spero che stia bene", "spero che tu stia bene", "faccio seguito",
    ),
    "nl": (
        "even polsen", "even navragen", "even checken", "vriendelijke herinnering", "kleine herinnering",
        "hopelijk gaat alles goed", "is er al nieuws",
    ),
    "pt": (
        "passando para", "dar um follow-up", "fazer um follow-up", "gentil lembrete", "lembrete amigável",
        "pequeno lembrete", "espero que esteja bem", "alguma novidade", "dar seguimento",
    ),
}  # fmt: skip
_QUESTION = re.compile(r"\?+(?=[\s\"'”’»)]|$)")
_WORD = re.compile(r"[^\W\d_]+")
_LOUD_LETTERS = 8  # fewer may be an abbreviation


def traps(sequence: Sequence) -> tuple[Fault, ...]:
    """What a reader would frown at, by file and line; a sequence that loads, so that each text is known to be Jinja."""
    found = [trap for step in sequence.steps if not step.call for text in step.texts for trap in _in_one(step, text)]
    twins = {text.language for step in sequence.steps for text in step.texts[1:]}
    for language in (None, *twins):
        found += _worn([text for step in sequence.steps if not step.call and (text := _read_in(step, language))])
    return tuple(sorted(set(found)))


def _shouts(subject: str) -> bool:
    """An exclamation mark, a long word in capitals, or capitals for the most part; abbreviations are none."""
    letters = [c for c in subject if c.isalpha()]
    mostly = len(letters) >= _LOUD_LETTERS and sum(map(str.isupper, letters)) > len(letters) / 2
    return (
        "!" in subject
        or mostly
        or any(len(word) >= _LOUD_LETTERS and word.isupper() for word in _WORD.findall(subject))
    )


def _read_in(step: Step, language: str | None) -> Text | None:
    """What a reader of that language gets; None: of the plain files."""
    return step.twin(language) if language else step.texts[0]


def _in_one(step: Step, text: Text) -> Iterator[Fault]:
    body = _parsed(text.body)
    questions = _questions(body)
    if questions > 1:
        yield Fault(
            text.path, text.body_line, f"it asks {questions} questions; one is answered sooner: which matters most?"
        )
    subject = prose(_parsed(text.subject or ""))
    if _shouts(subject):
        advice = f"the subject {quoted(subject.strip())} shouts; write it as you would say it"
        yield Fault(text.path, text.subject_line, advice)
    if "!!" in prose(body):
        yield Fault(text.path, text.body_line, "two exclamation marks read like an advertisement; none is better")


def _worn(texts: list[Text]) -> Iterator[Fault]:
    """Of the texts that one reader gets, each after the first that has a worn phrase."""
    having = [(text, phrase) for text in texts if (phrase := _worn_phrase(text))]
    for count, (text, phrase) in enumerate(having[1:], 2):
        nth = _NTH.get(count, "next")
        advice = f"'{phrase}': the {nth} mail of this sequence in that manner; give a new reason to answer"
        yield Fault(text.path, _line_of(text, phrase), advice)


_NTH = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}


def _worn_phrase(text: Text) -> str:
    """Of its own language; of a text too short to tell, of any."""
    known = WORN.get(text.language or "") or tuple(phrase for phrases in WORN.values() for phrase in phrases)
    plain = _plain(text)
    return next((phrase for phrase in known if phrase in plain), "")


def _plain(text: Text) -> str:
    return " ".join(prose(_parsed(text.body)).lower().split())


def _line_of(text: Text, phrase: str) -> int:
    """The line on which the phrase begins; that of the body where a line end stands within."""
    lines = text.body.lower().split("\n")
    return text.body_line + next((n for n, line in enumerate(lines) if phrase in line), 0)


def _parsed(source: str) -> nodes.Template:
    try:
        return Environment(autoescape=False).parse(source)
    except TemplateSyntaxError:  # a sequence that has faults is told of these first
        return nodes.Template([])


def _questions(node: nodes.Node) -> int:
    """How many questions one reader sees at most: of an `if`, the branch that asks most."""
    if isinstance(node, nodes.TemplateData):
        return len(_QUESTION.findall(node.data))
    if isinstance(node, nodes.If):
        branches: list[list[nodes.Node]] = [node.body, node.else_, *(list[nodes.Node]([other]) for other in node.elif_)]
        return max(sum(_questions(inner) for inner in branch) for branch in branches)
    return sum(_questions(inner) for inner in node.iter_child_nodes())
