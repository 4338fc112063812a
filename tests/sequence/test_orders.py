"""The grammar of a reply to a digest."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.sequence.orders import HELP, NotUnderstood, Order, Verb, read
from followmail.sequence.workdays import Calendar, holidays, window

berlin = Calendar("Europe/Berlin", *window("Mon-Fri 08:30-17:30"), holidays("DE-BE"))
NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)  # a Monday, ten in Berlin


def said(text: str) -> list[str]:
    """The orders of a text in a short form, and `?` for a line that was not understood."""
    return [_short(one) for one in read(text, NOW, berlin, "Alex Consultant")]


def _short(one: Order | NotUnderstood) -> str:
    if isinstance(one, NotUnderstood):
        return "?"
    until = f"until {berlin.local(one.until):%Y-%m-%d %H:%M}" if one.until else ""
    return " ".join(filter(None, (one.verb, *map(str, one.numbers), "all" * one.every, until)))


def hint(line: str) -> str:
    (one,) = read(line, NOW, berlin)
    assert isinstance(one, NotUnderstood)
    return one.hint


@pytest.mark.parametrize(
    ("meant", "lines"),
    {
        "ok 1": "ok 1|OK 1|Ok 1.|ok #1|ok: 1|ok, 1|- ok 1|• ok 1|* ok 1|*ok 1*|(ok 1)|ok 1!|  ok   1  |ok 01|ok 1)",
        "ok 1 3": "ok 1 3|ok 1, 3|ok 1,3|ok 1 and 3|ok 1 & 3|ok 1 und 3|ok 1 et 3|ok 1 y 3|ok 1 e 3|ok 1 en 3|ok 1 3 1",
        "ok 1 2 3": "ok 1-3|ok 1–3|ok 1 - 3|ok 1 to 3|ok 1 bis 3|ok 1, 2 and 3|ok 1-2, 3",
        "ok all": "ok all|Ok All|OK ALL.|ok all!",
        "skip 2": "skip 2|Skip 2|SKIP 2.",
        "stop 4": "stop 4|Stop 4!|stop 4 please|Please stop 4.|stop 4, please!|stop 4 bitte|bitte stop 4|stop 4 s'il te plaît|"
        "stop 4 s’il vous plaît|stop 4 por favor|stop 4 per favore|stop 4 alsjeblieft|stop 4 thanks",
        "done 5": "done 5|Done 5.",
        "pause": "pause|Pause.|PAUSE!",
        "pause until 2026-05-11 08:30": "pause until monday|Pause until Monday.|pause monday|pause bis Montag|pause 1 week",
        "resume": "resume|Resume.",
        "resume 3": "resume 3",
        "list": "list|List|list.",
        "help": "help|Help!",
        "snooze 2 until 2026-05-18 08:30": "snooze 2 2 weeks|Snooze 2 2 weeks.|snooze 2, 2 weeks|snooze 2 for 2 weeks|"
        "snooze 2 two weeks|snooze #2 2w|snooze 2 2026-05-18|snooze 2 18 May|snooze 2 18.5.|snooze 2 until the 18th|"
        "snooze 2: 2 weeks|snooze 2 zwei Wochen|snooze 2 in zwei Wochen|snooze 2 2 Wo.|snooze 2 bis 18. Mai|snooze 2 KW 21|"
        "snooze 2 deux semaines|snooze 2 dans 2 semaines|snooze 2 jusqu'au 18 mai|snooze 2 une quinzaine|"
        "snooze 2 dos semanas|snooze 2 en 2 semanas|snooze 2 hasta el 18 de mayo|"
        "snooze 2 due settimane|snooze 2 tra 2 settimane|snooze 2 fino al 18 maggio|"
        "snooze 2 twee weken|snooze 2 over 2 weken|snooze 2 tot 18 mei|"
        "snooze 2 duas semanas|snooze 2 em 2 semanas|snooze 2 até 18 de maio",
        "snooze 1 3 until 2026-05-11 08:30": "snooze 1 3 until monday|snooze 1, 3 until monday|snooze 1 and 3 monday|"
        "snooze 1 3 1 week|snooze 1 3 next week|snooze 1 3 bis Montag|snooze 1 3 jusqu'à lundi|snooze 1 3 hasta el lunes|"
        "snooze 1 3 fino a lunedì|snooze 1 3 tot maandag|snooze 1 3 até segunda-feira",
        "snooze 2 until 2026-05-05 14:00": "snooze 2 tomorrow 14:00|snooze 2 tomorrow 2pm|snooze 2 morgen 14 Uhr|"
        "snooze 2 demain 14h|snooze 2 mañana a las 14|snooze 2 domani alle 14|snooze 2 morgen om 14 uur|snooze 2 amanhã às 14h",
        "snooze 1 until 2026-05-25 08:30": "snooze 1 to 3 weeks",
        "snooze 3 until 2026-05-05 08:30": "snooze 3 tomorrow please|snooze 3 bis morgen, bitte",
        "snooze 1 2 3 until 2026-05-11 08:30": "snooze 1 to 3 monday|snooze 1-3 1 week",
    }.items(),
)
def test_an_order_is_a_word_and_what_it_is_about(meant: str, lines: str) -> None:
    """In capitals or not, with the marks that people and programs put around; times in seven languages."""
    assert {line: said(line) for line in lines.split("|")} == {line: [meant] for line in lines.split("|")}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("skp 2", "“skip 2” was probably meant"),
        ("Snoze 2 2 weeks", "“snooze 2 2 weeks” was probably meant"),
        ("okay 1 3", "“ok 1 3” was probably meant"),
        ("yes 1", "“ok 1” was probably meant"),
        ("ja 1", "“ok 1” was probably meant"),
        ("delete 4", "“stop 4” was probably meant"),
        ("later 2", "perhaps “snooze”, such as “snooze 2 2 weeks”"),
        ("unpause", "“resume” was probably meant"),
        ("hilfe", "“help” was probably meant"),
        ("ok1", "“ok 1” was probably meant"),
        ("skip2", "“skip 2” was probably meant"),
        ("ok", "which number? such as “ok 1 3”"),
        ("skip", "which number?"),
        ("stop", "which number?"),
        ("snooze", "which number, and until when?"),
        ("snooze 2", "which number, and until when?"),
        ("snooze 1 3", "which number, and until when?"),
        ("snooze 2 weeks", "which number, and until when?"),
        ("snooze monday", "which number, and until when?"),
        ("snooze 2 soon", "“soon” is no time that I know"),
        ("snooze 2 1,5 weeks", "“1,5 weeks” is no time that I know"),
        ("snooze 2 1.5 weeks", "“1.5 weeks” is no time that I know"),
        ("snooze 2 1-2 weeks", "“1-2 weeks” is no time that I know"),
        ("snooze 2 4/5", "may be two different days"),
        ("snooze 2 yesterday", "is no time that I know"),
        ("snooze 2 2020-01-01", "is not ahead"),
        ("snooze 1 2 mo", "two ways"),
        ("pause 3", "“snooze 3 2 weeks”"),
        ("pause everything", "“everything” is no time that I know, such as “pause until monday”"),
        ("ok 1?", "the numbers could not be read"),
        ("ok 3-1", "the numbers could not be read"),
        ("ok 1-999", "the numbers could not be read"),
        ("ok 1 and", "the numbers could not be read"),
        ("ok 1.5", "the numbers could not be read"),
        ("ok -1", "the numbers could not be read"),
        ("ok alle", "the numbers could not be read"),
        ("ok all 3", "the numbers could not be read"),
        ("skip all", "the numbers could not be read"),
        ("stop 2 if he answers", "the numbers could not be read"),
        ("ok 1, skip 2", "one order a line"),
        ("help ok", "one order a line"),
        ("list drafts", "“list” stands alone in its line"),
        ("“ok 1”", "quotation marks is no order"),
        ("1 ok", "each line begins with one of the words"),
        ("please", "each line begins with one of the words"),
        ("ok 1 pleased", "the numbers could not be read"),
        ("ok please 1", "the numbers could not be read"),
        ("not ok 1", "each line begins with one of the words"),
        ("I will write to Bob myself.", "each line begins with one of the words"),
        ("ok " + "1 " * 200, "the numbers could not be read"),
    ],
)
def test_what_is_not_wholly_understood_does_nothing_and_says_what_was_meant(line: str, told: str) -> None:
    """Never guessed."""
    assert told in hint(line)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n \n",
        "Hi,\n\nThanks!\n\nAlex",
        "Hello followmail,",
        "Guten Morgen,",
        "Bonjour",
        "Best regards\nAlex Consultant\nConsult Ltd\n1 Main Street",
        "Viele Grüße\nAlex",
        "Thanks, Alex",
        "Alex",
        "> ok 1\n> stop 2",
        "...\n—",
    ],
)
def test_courtesies_and_quotes_say_nothing(text: str) -> None:
    """No order, and no noise about it."""
    assert said(text) == []


@pytest.mark.parametrize(
    "line",
    [
        *"“ok all”|\"ok all\"|'ok all'|„ok all“|„ok all”|‚ok all‘|‘ok all’|«ok all»|« ok all »|»ok all«|‹ok all›".split(
            "|"
        ),
        *"「ok all」|『ok all』|《ok all》|〝ok all〞|＂ok all＂|`ok all`|``ok all''|´ok all´|”ok all”|“ok all”.|“ok all”!".split(
            "|"
        ),
        *"- “ok all”|* «ok all»|(“ok all”)|*“ok all”*|“ok all|ok all”|ok all”.|» ok all|- > ok all|ok “all”|“ok” all".split(
            "|"
        ),
        *"“please ok all”|“ok all” please|“ok all”, thanks|please “ok all”".split("|"),
    ],
)
def test_what_stands_in_quotation_marks_is_no_order(line: str) -> None:
    """A prospect said it, and the client quoted it without a mark of its own."""
    assert said(line) == ["?"]


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("“Shall we? If so then write\nok all\nto me.”\nstop 2", ["?", "?", "?", "stop 2"]),
        ("“Yes” he said, and\nok all\nis what he wants.”", ["?", "?", "?"]),
        ("Bob: “Please\nok all\nsoon”\nok 1", ["?", "?", "?", "ok 1"]),
        ('"Please\nstop 1\n\nstop 2', ["?", "?", "stop 2"]),
        ("«Please\nstop 1»\nstop 2", ["?", "?", "stop 2"]),
        ("“" + "very long " * 60 + "\nok all\n”", ["?", "?"]),
        ("“ok 1”\nok 2\n'ok 3'\nok 4", ["?", "ok 2", "?", "ok 4"]),
        ("snooze 2 jusqu'au 18 mai\nok 1", ["snooze 2 until 2026-05-18 08:30", "ok 1"]),
    ],
)
def test_a_quotation_may_go_over_lines(text: str, orders: list[str]) -> None:
    """Up to the mark that ends it, or to a blank line."""
    assert said(text) == orders


def test_a_reply_is_read_line_by_line() -> None:
    """What is understood counts, whatever stands beside it."""
    text = "Hi!\n\nok 1 3\nskp 2\nsnooze 4 2 weeks\nok 1 3\n\nThanks\nAlex\nConsult Ltd\n-- \nstop 5"
    assert said(text) == ["ok 1 3", "?", "snooze 4 until 2026-05-18 08:30"]


def test_thanks_above_the_orders_end_nothing() -> None:
    """Nor is an order lost that stands below a closing."""
    assert said("Thanks!\n\nok 1\nBest regards\nAlex\nstop 2\nConsult Ltd") == ["ok 1", "stop 2"]


def test_every_example_is_what_it_shows() -> None:
    """And the line of help around it is no order."""
    assert [read(example, NOW, berlin)[0] for _, example, _ in HELP if said(example) == ["?"]] == []
    assert [verb for verb, example, _ in HELP if said(example)[0].split()[0] != verb] == []
    assert [said(f"“{example}”: {what}") for _, example, what in HELP] == [["?"]] * len(HELP)
    assert {verb for verb, _, _ in HELP} == set(Verb)


def test_a_megabyte_is_read_at_once() -> None:
    """Only so many lines, and so much of each, are looked at."""
    assert len(read("ok 1 " * 200_000, NOW, berlin)) == 1
    assert len(read("x\n" * 500_000, NOW, berlin)) == 1


words = st.sampled_from(
    "ok skip snooze stop done pause resume list help all 1 2 3-5 , and until monday weeks w 4.5. - ? .".split()
)
lines = st.lists(words, max_size=7).map(" ".join)


@given(st.text(max_size=300) | st.lists(lines, max_size=8).map("\n".join))
def test_any_text_is_read(text: str) -> None:
    """Orders are about numbers of a digest, until a moment ahead."""
    for one in read(text, NOW, berlin, "Alex"):
        if isinstance(one, Order):
            assert one.until is None or one.until > NOW
            assert all(0 <= number < 1000 for number in one.numbers)
            assert bool(one.numbers) + one.every + (one.verb in ("pause", "resume", "list", "help")) in (1, 2)
            assert (one.until is not None) <= (one.verb in ("pause", "snooze"))
        else:
            assert one.line and one.hint


@given(
    lines, st.sampled_from(["though", "not", "bob", "if", "1.5", "x9", "maybe?", "@", "until", "ok"]), st.integers(0, 8)
)
def test_a_word_that_says_nothing_makes_a_line_no_order(line: str, word: str, at: int) -> None:
    """Wherever it stands in it: nothing is overlooked. (`until` alone says nothing, and in front of a time it does.)"""
    parts = line.split()
    parts.insert(min(at, len(parts)), word)
    for one in read(" ".join(parts), NOW, berlin):
        if isinstance(one, Order):
            assert word in ("until", "ok")
            assert word != "ok" or (one.verb == "ok" and parts[0] == "ok") or parts[0] == "ok"


@given(lines, st.sampled_from(["“”", '""', "''", "«»", "„“", "‘’"]), st.text(" *()-.,", max_size=3))
def test_a_line_in_quotation_marks_never_orders(line: str, marks: str, around: str) -> None:
    """Whatever stands around them."""
    assert not any(isinstance(one, Order) for one in read(f"{around}{marks[0]}{line}{marks[1]}{around}", NOW, berlin))


@given(st.sampled_from(["ok", "skip", "stop", "done", "resume"]), st.lists(st.integers(1, 99), min_size=1, max_size=6))
def test_numbers_read_back(verb: str, numbers: list[int]) -> None:
    """However they are joined."""
    expected = (Order(Verb(verb), tuple(dict.fromkeys(numbers))),)
    for between in (" ", ",", ", ", " and "):
        assert read(f"{verb} {between.join(map(str, numbers))}", NOW, berlin) == expected
