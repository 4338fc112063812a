"""Files as people save them: what loads, and what is said of what does not."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followmail.mail.language import language
from followmail.rendering import load
from followmail.rendering.headers import delay
from followmail.rendering.load import Library, understood
from followmail.sequence.steps import Delay, Mode, Trigger, Unit

GOOD = "After: 4 business days\nSubject: Hello\n\n{{ greeting }}\n\nDid my note reach you?\n\n{{ signature }}\n"
HEAD = "After: 4 days\nSubject: Hello\n\n"


def library(**files: str | bytes) -> Library:
    """What a folder `nudge` with these files gives. In a name `__` stands for a dot, `top_` for templates/ itself."""
    named = {}
    for name, content in files.items():
        path = name.replace("__", ".").replace("_", "-")
        path = path.removeprefix("top-") if path.startswith("top-") else f"nudge/{path}"
        named[path] = content.encode() if isinstance(content, str) else content
    return understood(Path("templates"), named, lambda text: None)


def said(found: Library) -> list[str]:
    """Its faults as people read them."""
    return [str(fault) for fault in found.faults]


@pytest.mark.parametrize(
    "raw",
    [
        GOOD.encode(),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace("\n", "   \n").encode(),
        GOOD.encode("utf-16"),
        ("\n\n" + GOOD).encode(),
        GOOD.replace("After:", "after :").replace("business days", "Business  Day").encode(),
        GOOD.replace("Subject: Hello", "Subject:\n  Hello").encode(),
        ("# what I send first\n" + GOOD).encode(),
    ],
    ids="plain bom crlf cr trailing-blanks utf-16 leading-lines case folded remark".split(),
)
def test_a_file_loads_however_it_was_saved(raw: bytes) -> None:
    """BOM, line ends, blanks and case make no difference."""
    found = library(**{"1_a__txt": raw})
    assert said(found) == []
    step = found.sequences["nudge"].steps[0]
    assert (step.name, step.number, step.after, step.texts[0].subject) == (
        "a",
        1,
        Delay(4, Unit.BUSINESS_DAYS),
        "Hello",
    )
    assert step.texts[0].body.startswith("{{ greeting }}")


def test_every_header_is_read() -> None:
    """Of a step and of sequence.txt."""
    found = library(
        **{
            "1_a__md": "After: 0 minutes\nSubject: Re: a: b\nApprove: Yes\nQuote: no\nUnsubscribe: yes\n\nText",
            "2_b__txt": "After: 1 month\nChannel: call\n\nRing them.",
            "sequence__txt": "Trigger: stalled\n\nMode: dry-run\nTo: *@bob.example, Carla.Example\nNot-To: x@y.example"
            "\nSubject-Has: Proposal, Quote\nSubject has not: Invoice\nAsks: yes\n",
        }
    )
    assert said(found) == []
    sequence = found.sequences["nudge"]
    first, second = sequence.steps
    assert (first.markdown, first.approve, first.quote, first.unsubscribe, first.call) == (
        True,
        True,
        False,
        True,
        False,
    )
    assert (second.call, second.quote, second.after) == (True, None, Delay(1, Unit.MONTHS))
    assert (sequence.trigger, sequence.mode, sequence.asks) == (Trigger.STALLED, Mode.DRY_RUN, True)
    assert (sequence.to, sequence.not_to) == (("*@bob.example", "carla.example"), ("x@y.example",))
    assert (sequence.subject_has, sequence.subject_has_not) == (("Proposal", "Quote"), ("Invoice",))


def test_steps_come_in_the_order_of_their_numbers() -> None:
    """Ten after two, and what has no number last; the step's own number is its place."""
    found = library(**{f"{name}__txt": GOOD for name in ("10_ten", "2_two", "last")})
    assert [(step.number, step.name) for step in found.sequences["nudge"].steps] == [
        (1, "two"),
        (2, "ten"),
        (3, "last"),
    ]


def test_a_twin_is_known_by_its_name_and_the_plain_file_by_its_text() -> None:
    """The language of the plain file is that of its own words, its Jinja left out."""
    english = (
        HEAD
        + "{{ greeting }}\n\nI am not sure that my note reached you, so it is below once more. Is it of use to you?"
    )
    files = {"nudge/1-a.txt": english.encode(), "nudge/1-a.de.txt": (HEAD + "Hallo").encode()}
    texts = understood(Path("t"), files, language).sequences["nudge"].steps[0].texts
    assert [(text.path, text.language) for text in texts] == [("nudge/1-a.txt", "en"), ("nudge/1-a.de.txt", "de")]


def test_what_editors_and_people_leave_behind_is_no_step(tmp_path: Path) -> None:
    """Backups, hidden files, sub-folders, and names that begin with an underscore."""
    for name in ("1-a.txt", "1-a.txt~", ".1-a.txt.swp", "1-a.bak", ".DS_Store", "_old.txt", "#1-a.txt#"):
        (tmp_path / "nudge").mkdir(exist_ok=True)
        (tmp_path / "nudge" / name).write_text(GOOD)
    (tmp_path / "nudge" / "archive").mkdir()
    (tmp_path / "_parts").mkdir()
    (tmp_path / "_parts" / "ps.txt").write_text("PS")
    (tmp_path / "empty").mkdir()
    found = load(tmp_path)
    assert said(found) == []
    assert [step.name for step in found.sequences["nudge"].steps] == ["a"]
    assert list(found.sequences) == ["nudge"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """And gives no sequence."""
    found = load(tmp_path / "nowhere")
    assert not found.sequences
    assert said(found) == [
        f"{tmp_path / 'nowhere'}: this folder of templates cannot be read: No such file or directory"
    ]


HEADERS = {
    "Afer: 4 days": "line 1: unknown header 'Afer'; did you mean 'After'?",
    "After: 4 days\nSubjet: x": "line 2: unknown header 'Subjet'; did you mean 'Subject'?",
    "After: 4 days\nPriority: high": "line 2: unknown header 'Priority'; known here: After, Subject, Approve",
    "After 4 days": "line 1: 'After 4 days' is no header; a step begins with 'After: 4 business days'",
    "After: 4 days\nHello Bob,": "line 2: 'Hello Bob,' is no header; is the empty line between the headers",
    "After: 4 days\nAfter: 5 days\nSubject: x": "line 2: 'After' stands twice, first on line 1",
    "Subject: x": "line 1: 'After' is missing; a step begins with a line such as 'After: 4 business days'",
    "After:\nSubject: x": "line 1: After: there is no value",
    "After: four days\nSubject: x": "line 1: After: 'four days' is no delay; did you mean '4 days'?",
    "After: 4 bussiness days\nSubject: x": "line 1: After: '4 bussiness days' is no delay; did you mean '4 business",
    "After: 4 working days\nSubject: x": "line 1: After: '4 working days' is no delay; did you mean '4 business days'?",
    "After: 2w\nSubject: x": "line 1: After: '2w' is no delay; did you mean '2 weeks'?",
    "After: 1.5 days\nSubject: x": "line 1: After: '1.5 days' is no delay; write it like '4 business days'",
    "After: -1 days\nSubject: x": "line 1: After: '-1 days' is no delay",
    "After: 9:30\nSubject: x": "line 1: After: '9:30' is no delay",
    "After: 99999 days\nSubject: x": "line 1: After: '99999 days' is more than ten years",
    "After: {{ prospect.name }} days\nSubject: x": "line 1: 'prospect' cannot stand here",
    "After: 4 days\nSubject: x\nApprove: maybe": "line 3: Approve: 'maybe' is not allowed here; write yes or no",
    "After: 4 days\nSubject: x\nChannel: phone": "line 3: Channel: 'phone' is not allowed here; write call or mail",
    "After: 4 days\nSubject:": "line 2: Subject: there is no value; leave the line out to stay in the thread",
    "After: 4 days\nSubject: {{ nam }}": "line 2: there is no name 'nam'",
    "After: 4 days": "line 1: 'Subject' is missing: nothing says when the sequence starts, so the first mail has no"
    " thread to stand in; or did you mean 'Trigger: sent' in nudge/sequence.txt?",
}


@pytest.mark.parametrize(("head", "wanted"), HEADERS.items())
def test_a_bad_header_names_file_line_and_what_was_meant(head: str, wanted: str) -> None:
    """One fault, and no sequence."""
    found = library(**{"1_a__txt": head + "\n\nText\n"})
    assert said(found)[0].startswith(f"nudge/1-a.txt {wanted}")
    assert len(found.faults) == 1
    assert (found.sequences, found.broken) == ({}, {"nudge"})


BODIES = {
    "{{ first_name }}": "there is no name 'first_name'; did you mean 'prospect.first_name'?",
    "{{ prospect.frist_name }}": "'prospect' has no 'frist_name'; did you mean 'prospect.first_name'?",
    "{{ prospect['nam'] }}": "'prospect' has no 'nam'; did you mean 'prospect.name'?",
    "{% if false %}{{ nope }}{% endif %}": "there is no name 'nope'; `followmail preview` lists the names",
    "{{ anchor.sent_on | dat }}": "there is no filter 'dat'; did you mean 'date'?",
    "{% if greeting is emty %}{% endif %}x": "there is no test 'emty'",
    "Hi {first_name}": "'{first_name}' would be sent as it stands; did you mean {{ prospect.first_name }}?",
    "Hi [First Name],": "'[First Name]' would be sent as it stands; did you mean {{ prospect.first_name }}?",
    "Hallo [Vorname],": "'[Vorname]' would be sent as it stands; a name stands in two braces",
    "Hi <Company>": "'<Company>' would be sent as it stands; did you mean {{ prospect.company }}?",
    "Hi %FIRSTNAME%": "'%FIRSTNAME%' would be sent as it stands; did you mean {{ prospect.first_name }}?",
    "{{ greeting }": "a '}' too few or too many",
    "{{ greeting": "a {{ or {% is not closed",
    "{% if met.where %}x": "{% if %} is not closed by {% endif %}",
    "{% iff met.where %}x": "there is no tag 'iff'; did you mean 'if'?",
    "{{ “x” }}": "the typographic quote “ stands in a tag",
    "{{ prospect first_name }}": "between {{ and }} stands one name; is a dot, a '|' or the '}}' missing before 'first",
    "{# a": "{# is not closed by #}",
    "{{ 'x' | date }}": "'x' is no day; a day is anchor.sent_on, met.on or today",
    "{{ today | date('%d') }}": "this filter takes nothing in parentheses",
    "{{ greeting() }}": "a name is printed without parentheses: {{ greeting }}",
    "{{ prospect }}": "this is a group of names, not a text; write which one, such as prospect.name",
    "{{ 'a' if met.where }}": "an 'if' between {{ and }} needs an 'else'",
    "{% include 'signatur.txt' %}": "there is no file 'signatur.txt' to include; did you mean 'signature.txt'?",
    "{% include '../../etc/passwd' %}": "'../../etc/passwd' lies outside the templates folder",
    "{% include '/etc/passwd' %}": "'/etc/passwd' lies outside the templates folder",
    "{% include greeting %}": "an include must name its file in quotes",
    "{% macro a() %}{% endmacro %}": "{% macro %} cannot be used in a text",
    "{{ 1 / 0 }}": "this cannot be worked out: 'division by zero'",
}


@pytest.mark.parametrize(("body", "wanted"), BODIES.items())
def test_a_bad_text_names_file_line_and_what_was_meant(body: str, wanted: str) -> None:
    """The line is that of the file, headers counted."""
    found = library(**{"1_a__txt": f"{HEAD}Hello,\n\n{body}\n", "top_signature__txt": "Alex"})
    assert said(found)[0].startswith(f"nudge/1-a.txt line 6: {wanted}")
    assert not found.sequences


def test_all_faults_are_told_at_once() -> None:
    """Also those of branches that the sample does not take."""
    found = library(**{"1_a__txt": HEAD + "{{ a }}\n{% if met.on %}\n{{ b }}\n{% else %}\n{{ c }}{% endif %}"})
    assert [(fault.line, fault.text[:23]) for fault in found.faults] == [
        (4, "there is no name 'a'; `"),
        (6, "there is no name 'b'; `"),
        (8, "there is no name 'c'; `"),
    ]


FOLDERS = {
    "same step twice": ({"1_a__txt": GOOD, "3_a__txt": GOOD}, "nudge/3-a.txt: nudge/1-a.txt is the same step"),
    "txt and md": ({"1_a__txt": GOOD, "1_a__md": GOOD}, "nudge/1-a.txt: nudge/1-a.md is the same step"),
    "twin of another number": (
        {"1_a__txt": GOOD, "2_a__de__txt": GOOD},
        "nudge/2-a.de.txt: nudge/1-a.txt is the same step in",
    ),
    "unknown language": (
        {"1_a__txt": GOOD, "1_a__dee__txt": GOOD},
        "nudge/1-a.dee.txt: 'dee' is no language known here",
    ),
    "no text file": ({"1_a__docx": GOOD}, "nudge/1-a.docx: a step is a .txt or .md file"),
    "twin contradicts": (
        {"1_a__txt": GOOD, "1_a__de__txt": GOOD.replace("4", "5")},
        "nudge/1-a.de.txt line 1: 'After' is another than in nudge/1-a.txt",
    ),
    "twin without subject": (
        {"1_a__txt": GOOD, "1_a__de__txt": GOOD.replace("Subject: Hello\n", "")},
        "nudge/1-a.de.txt line 1: 'Subject' is missing, but nudge/1-a.txt has one",
    ),
    "no step": ({"sequence__txt": "Trigger: sent"}, "nudge: the folder holds no step"),
    "no text": ({"1_a__txt": "After: 4 days\nSubject: x\n"}, "nudge/1-a.txt: there is no text"),
    "not utf-8": (
        {"1_a__txt": GOOD.encode() + "\nGrüße".encode("latin-1")},
        "nudge/1-a.txt line 10: this is not UTF-8",
    ),
    "binary": ({"1_a__txt": GOOD.encode() + b"\0"}, "nudge/1-a.txt line 9: a control character (0x00) stands here"),
    "too long": ({"1_a__txt": HEAD + "x" * 300_000}, "nudge/1-a.txt: the file is longer than 256 KiB"),
    "bad trigger": (
        {"1_a__txt": GOOD, "sequence__txt": "Triger: sent"},
        "nudge/sequence.txt line 1: unknown header 'Triger'; did you mean 'Trigger'?",
    ),
    "bad trigger value": (
        {"1_a__txt": GOOD, "sequence__txt": "Trigger: stale"},
        "nudge/sequence.txt line 1: Trigger: 'stale' is not allowed here; write sent, stalled, met or manual; did you",
    ),
    "no glob": (
        {"1_a__txt": GOOD, "sequence__txt": "Not-To: ,"},
        "nudge/sequence.txt line 1: Not-To: ',' names nothing",
    ),
    "bad glob": (
        {"1_a__txt": GOOD, "sequence__txt": "To: Bob Miller"},
        "nudge/sequence.txt line 1: To: 'bob miller' is no address or domain",
    ),
    "first of met": (
        {
            "1_a__txt": "After: 1 day\nChannel: call\n\n-",
            "2_b__txt": "After: 1 day\n\nHi",
            "sequence__txt": "Trigger: met",
        },
        "nudge/2-b.txt line 1: 'Subject' is missing: the sequence is 'met', so the first mail has no thread",
    ),
    "signature": (
        {"1_a__txt": GOOD, "top_signature__txt": "Alex\n{{ me.nam }}"},
        "signature.txt line 2: 'me' has no 'nam'; did you mean 'me.name'?",
    ),
    "included": (
        {"1_a__txt": HEAD + "a{% if not met %}{% include 'b.txt' %}{% endif %}", "top_b__txt": "\n\n{{ foo }}"},
        "b.txt line 3: there is no name 'foo'",
    ),
}


@pytest.mark.parametrize(("files", "wanted"), FOLDERS.values(), ids=FOLDERS)
def test_a_bad_folder_is_told_once(files: dict[str, str | bytes], wanted: str) -> None:
    """One fault with its file; no sequence comes of it."""
    found = library(**files)
    assert len(found.faults) == 1
    assert said(found)[0].startswith(wanted)
    assert not found.sequences


@pytest.mark.parametrize("name", ["met", "off", "a+b", "a.b", "x@y"])
def test_some_words_cannot_name_a_sequence(name: str) -> None:
    """They mean something else in a plus address."""
    found = understood(Path("t"), {f"{name}/1-a.txt": GOOD.encode()}, lambda text: None)
    assert not found.sequences
    assert "cannot name a sequence" in said(found)[0]


def test_one_bad_sequence_leaves_the_others_alone() -> None:
    """Each stands for itself."""
    files = {"bad/1-a.txt": b"?", "good/1-a.txt": GOOD.encode()}
    found = understood(Path("t"), files, lambda text: None)
    assert (list(found.sequences), found.broken) == (["good"], {"bad"})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0 minutes", Delay(0, Unit.MINUTES)),
        ("1 hour", Delay(1, Unit.HOURS)),
        ("3 Days", Delay(3, Unit.DAYS)),
        ("4 business days", Delay(4, Unit.BUSINESS_DAYS)),
        ("1 business-day", Delay(1, Unit.BUSINESS_DAYS)),
        ("2 weeks", Delay(2, Unit.WEEKS)),
        ("90 days", Delay(90, Unit.DAYS)),
        ("1 month", Delay(1, Unit.MONTHS)),
    ],
)
def test_delays_in_all_units_singular_and_plural(text: str, wanted: Delay) -> None:
    """From zero."""
    assert delay(text) == wanted


PIECES = st.sampled_from(
    "After: |4 business days|Subject: |Approve: yes|\n|\n\n|{{ |}}|{% |%}|{#|#}|if |else|endif|for x in |endfor|"
    "set a = |include |'b.txt'|greeting|prospect|.name|.__class__| | date|(|)|[|]|{|}|'|\"|~|*|**|+|99999999|range|x|ü|"
    "\x00|\ufeff|-|%|is |not |==|recursive|raw|endraw|_".split("|")
)
ANYTHING = st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=40).map(lambda parts: "".join(parts).encode()))


@settings(max_examples=300, deadline=2000)
@given(ANYTHING, ANYTHING, st.lists(PIECES, max_size=30).map("".join))
def test_no_file_whatever_is_in_it_raises(first: bytes, conditions: bytes, body: str) -> None:
    """A sequence or a fault, never both, never neither."""
    for files in (
        {"nudge/1-a.txt": first, "nudge/sequence.txt": conditions, "b.txt": b"x"},
        {"nudge/1-a.txt": (HEAD + body).encode("utf-8", "replace"), "b.txt": first},
        {"nudge/1-a.md": (HEAD + body).encode("utf-8", "replace"), "signature.txt": first},
    ):
        found = understood(Path("t"), files, lambda text: None)
        assert ("nudge" in found.sequences) != bool(found.faults)
        assert found.broken == (set() if found.sequences else {"nudge"})
        assert all(fault.path and fault.text and str(fault).isprintable() for fault in found.faults)
