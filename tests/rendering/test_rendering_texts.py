"""What a text becomes with a person's names: what it says, and what holds it back."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followmail.errors import TemplateError
from followmail.rendering.dates import LANGUAGES, ago, weekday, written
from followmail.rendering.load import understood
from followmail.rendering.names import KNOWN, Anchor, Me, Met, Names, Prospect, listed, sample
from followmail.rendering.render import Rendered, render

TODAY = date(2026, 5, 11)
NOBODY = Names(Me("Alex Example", "Alex", "alex@example.com"), Prospect(address="x@y.example"), TODAY, "Hello,")


def rendered(body: str, names: Names, *, subject: str = "Hello", file: str = "1-a.txt", **files: str) -> Rendered:
    """One text with these names; further files of templates/ by name."""
    raw = {f"nudge/{file}": f"After: 4 days\nSubject: {subject}\n\n{body}\n"} | {
        f"{n}.txt": t for n, t in files.items()
    }
    library = understood(Path("t"), {path: text.encode() for path, text in raw.items()}, lambda text: None)
    assert [str(fault) for fault in library.faults] == []
    step = library.sequences["nudge"].steps[0]
    return render(library, library.sequences["nudge"], step, step.texts[0], names)


def held(body: str, names: Names, **more: str) -> str:
    """Why a mail is held."""
    with pytest.raises(TemplateError) as error:
        rendered(body, names, **more)
    return str(error.value)


EMPTY = (
    "prospect.name prospect.first_name prospect.last_name prospect.company conversation.subject conversation.started_on"
    " anchor.sent_on anchor.text anchor.days_ago met.on met.where met.about".split()
)


@pytest.mark.parametrize("name", EMPTY)
def test_printing_an_empty_name_holds_the_mail_and_says_which(name: str) -> None:
    """With file and line, and what to write instead."""
    assert held(f"Hello,\n\n{{{{ {name} }}}}", NOBODY).startswith(
        f"nudge/1-a.txt line 6: {name} is empty for this person"
    )


@pytest.mark.parametrize(
    "body",
    [
        "{{ met.where | upper }}",
        "{{ met.where.strip().title() }}",
        "{{ 'at ' ~ met.where }}",
        "{{ 'at ' + met.where }}",
        "{{ [1] | join(', ') }}{{ met.where[:3] }}",
        "{{ met.where | default(met.about) }}",
        "{{ met.where or met.about }}",
        "{{ met.on | date }}",
        "{{ met.on | weekday }}",
        "{{ anchor.days_ago | ago }}",
        "{{ met.on.year }}",
        "{% set w = 'in ' ~ met.where %}{{ w }}",
        "{% include 'ps.txt' %}",
    ],
)
def test_an_empty_name_stays_empty_whatever_is_made_of_it(body: str) -> None:
    """No half sentence comes of a filter, a join or a part."""
    assert " is empty for this person" in held(body, NOBODY, ps="at {{ met.where }}")


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("{{ prospect.first_name or 'there' }}", "there"),
        ("{{ prospect.first_name | default('there') }}", "there"),
        ("{% if met.where %}at {{ met.where }}{% else %}nowhere{% endif %}", "nowhere"),
        ("{{ 'at ' ~ met.where if met.where else 'nowhere' }}", "nowhere"),
        ("{% set w = 'in ' ~ met.where %}{{ w or 'nowhere' }}", "nowhere"),
        ("{% if not met.on and not (met.where | trim) %}x{% endif %}", "x"),
        ("{{ 'a' if prospect.name == 'Bob' else 'b' }}", "b"),
        ("{% if prospect.name.startswith('B') %}a{% else %}b{% endif %}", "b"),
    ],
)
def test_testing_an_empty_name_does_not_hold(body: str, wanted: str) -> None:
    """With `if`, `or`, `default`, or a comparison."""
    assert rendered(body, NOBODY).body == wanted + "\n"


@pytest.mark.parametrize(
    "value", ["", " \t", "None", "null", "NaN", "{{ first_name }}", "[First Name]", "<b>Bob</b>", "{name}"]
)
def test_a_value_that_is_none_or_markup_holds_the_mail(value: str) -> None:
    """As imported lists have them."""
    assert "prospect.first_name" in held(
        "Hi {{ prospect.first_name }},", replace(NOBODY, prospect=Prospect(first_name=value))
    )


def test_a_value_is_data_and_never_source() -> None:
    """What stands in a mail is printed as it stands."""
    names = replace(NOBODY, anchor=Anchor(TODAY, "{{ me.address }} {% raw %} <b>", 1))
    assert rendered("{{ anchor.text }}", names).body == "{{ me.address }} {% raw %} <b>\n"


@pytest.mark.parametrize(
    "value", ["x\r\nBcc: y@z.example", "x\nBcc: y", "x\u2028y", "a\x00b\x1b[31m", "\u202egnp.exe", "x\ud800"]
)
def test_no_value_adds_a_line_to_the_subject(value: str) -> None:
    """Line ends become blanks, control characters go."""
    names = replace(sample(), met=Met(TODAY, value, value), prospect=Prospect(name=value))
    subject = rendered("x", names, subject="Re: {{ met.where }} {{ prospect.name or '' }}").subject
    assert subject is not None
    assert len(subject.splitlines()) == 1
    assert subject.replace("\u202e", "").isprintable()


def test_an_empty_or_endless_subject_holds_the_mail() -> None:
    """Rather than a mail without one."""
    assert "the subject came out empty" in held("x", NOBODY, subject="{% if met.where %}x{% endif %}")
    long = replace(NOBODY, met=Met(TODAY, "x" * 999))
    assert "the subject has 999 characters" in held("x", long, subject="{{ met.where or 'x' }}")


def test_a_text_is_sent_as_typed() -> None:
    """Blanks at line ends, empty lines and indents stay; a line with nothing but a tag goes."""
    body = "Hi,\n\n  - one  \n  - two\n\n\n{% if true %}\nthree\n{% endif %}\n-- \n{{ signature }}"
    assert (
        rendered(body, NOBODY, signature="\nAlex\nBerlin\n\n").body
        == "Hi,\n\n  - one  \n  - two\n\n\nthree\n-- \nAlex\nBerlin\n"
    )


def test_the_signature_has_a_twin_and_falls_back_to_the_name() -> None:
    """In the language of the text."""
    assert rendered("{{ signature }}", NOBODY).body == "Alex Example\n"
    german = {"signature.de": "Herzlich, {{ me.first_name }}", "signature": "Yours"}
    assert rendered("{{ signature }}", replace(NOBODY, language="de"), **german).body == "Herzlich, Alex\n"
    assert rendered("{{ signature }}", replace(NOBODY, language="fr"), **german).body == "Yours\n"


def test_markdown_becomes_html_but_values_do_not() -> None:
    """A name makes no link, no picture and no heading; the text and the signature may."""
    names = replace(NOBODY, anchor=Anchor(TODAY, "![x](http://t.example) # *a* 1. <i>", 1))
    got = rendered(
        "**Hi**\n\n{{ anchor.text }}\n\n{{ signature }}", names, file="1-a.md", signature="[Me](https://me.example)"
    )
    assert got.body == "**Hi**\n\n![x](http://t.example) # *a* 1. <i>\n\n[Me](https://me.example)\n"
    assert got.html is not None
    assert "<strong>Hi</strong>" in got.html
    assert "![x](http://t.example) # *a* 1. &lt;i&gt;" in got.html
    assert '<a href="https://me.example">Me</a>' in got.html


def test_the_source_is_known_again_under_another_name() -> None:
    """Whoever gets it and however its lines end; another text is another."""
    one, two = rendered("Hi {{ me.name }}", NOBODY), rendered("Hi  {{ me.name }} \n", sample(), file="7-b.txt")
    assert one.source_hash == two.source_hash
    assert one.source_hash != rendered("Hi!", NOBODY).source_hash


def test_all_names_can_be_printed_and_are_listed() -> None:
    """The list that `preview` shows is the list that texts may use."""
    names = sample()
    shown = dict(listed(names, "Alex"))
    assert tuple(shown) == KNOWN
    lines = rendered(
        "\n".join(f"{{{{ {name} }}}}" for name in KNOWN if name != "anchor.text"), names, signature="Alex"
    ).body
    assert lines.splitlines() == [value for name, value in shown.items() if name != "anchor.text"]


DATES = {
    "en": (
        "4 May",
        "1 May 2025",
        "Monday",
        "today",
        "yesterday",
        "3 days ago",
        "2 weeks ago",
        "3 months ago",
        "2 years ago",
    ),
    "de": (
        "4. Mai",
        "1. Mai 2025",
        "Montag",
        "heute",
        "gestern",
        "vor 3 Tagen",
        "vor 2 Wochen",
        "vor 3 Monaten",
        "vor 2 Jahren",
    ),
    "fr": (
        "4 mai",
        "1er mai 2025",
        "lundi",
        "aujourd’hui",
        "hier",
        "il y a 3 jours",
        "il y a 2 semaines",
        "il y a 3 mois",
        "il y a 2 ans",
    ),
    "es": (
        "4 de mayo",
        "1 de mayo de 2025",
        "lunes",
        "hoy",
        "ayer",
        "hace 3 días",
        "hace 2 semanas",
        "hace 3 meses",
        "hace 2 años",
    ),
    "it": (
        "4 maggio",
        "1º maggio 2025",
        "lunedì",
        "oggi",
        "ieri",
        "3 giorni fa",
        "2 settimane fa",
        "3 mesi fa",
        "2 anni fa",
    ),
    "nl": (
        "4 mei",
        "1 mei 2025",
        "maandag",
        "vandaag",
        "gisteren",
        "3 dagen geleden",
        "2 weken geleden",
        "3 maanden geleden",
        "2 jaar geleden",
    ),
    "pt": (
        "4 de maio",
        "1 de maio de 2025",
        "segunda-feira",
        "hoje",
        "ontem",
        "há 3 dias",
        "há 2 semanas",
        "há 3 meses",
        "há 2 anos",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_days_are_written_as_people_write_them(language: str) -> None:
    """The year only where it is another one."""
    spans = [ago(days, language) for days in (0, 1, 3, 14, 92, 740)]
    assert (
        written(date(2026, 5, 4), TODAY, language),
        written(date(2025, 5, 1), TODAY, language),
        weekday(TODAY, language),
        *spans,
    ) == DATES[language]


def test_day_filters_use_the_language_of_the_text() -> None:
    """A date printed without a filter reads the same; a day and a number of days both have an `ago`."""
    sent = datetime(2026, 5, 4, 9, tzinfo=UTC)
    names = replace(NOBODY, anchor=Anchor(sent, "x", 7), met=Met(date(2026, 5, 4)), language="de")
    body = "{{ anchor.sent_on | date }}, {{ met.on }}, {{ met.on | weekday }}, {{ anchor.days_ago | ago }}"
    assert rendered(body, names).body == "4. Mai, 4. Mai, Montag, vor 7 Tagen\n"
    assert rendered("{{ met.on | ago }}, {{ anchor.sent_on | ago }}", names).body == "vor 7 Tagen, vor 7 Tagen\n"


def test_a_day_to_come_is_not_ago() -> None:
    """Held rather than wrong."""
    assert "wants a day that has passed" in held("{{ met.on | ago }}", replace(NOBODY, met=Met(date(2026, 5, 12))))


ANY = st.one_of(st.none(), st.text(max_size=60), st.sampled_from(["None", "{{ x }}", "<b>", "a\r\nBcc: x", "\x00"]))


@settings(max_examples=200, deadline=2000)
@given(ANY, ANY, ANY, st.one_of(st.none(), st.dates()), st.text(max_size=200))
def test_any_values_give_a_mail_or_hold_it(name: str, where: str, about: str, on: date | None, text: str) -> None:
    """Never an exception of another kind, never a control character, never a template."""
    names = replace(NOBODY, prospect=Prospect(name, name), met=Met(on, where, about), anchor=Anchor(on, text, 3))
    try:
        got = rendered(
            "Hi {{ prospect.first_name }}, {{ met.on | date }} {{ anchor.text }}\n{{ met.about }}",
            names,
            subject="{{ met.where }}",
        )
    except TemplateError as error:
        assert all(problem.startswith("nudge/1-a.txt line ") for problem in error.problems)
    else:
        assert got.subject
        assert len(got.subject.splitlines()) == 1
        assert not set("\r\x00\x1b") & set(got.body)
        got.body.encode()
