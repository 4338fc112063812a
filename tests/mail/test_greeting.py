"""How a follow-up begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.greeting import greeting
from followmail.mail.identity import Person

BOB = Person("Bob Miller", "bob@bob.example")
NOBODY = Person("", "info@bob.example")

OWN = {
    "Hallo Frau Meier,\n\nanbei das Angebot.": "Hallo Frau Meier,",
    "\n\n  Hi   Bob,  \nthanks": "Hi Bob,",
    "Hi Bob, thanks for the call. It was good.": "Hi Bob,",
    "Hi Bob, thanks for the call,\nand": "Hi Bob,",
    "Hey Bob! Great to meet you": "Hey Bob!",
    "Sehr geehrter Herr Dr. Meier,": "Sehr geehrter Herr Dr. Meier,",
    "Sehr geehrte Damen und Herren,": "Sehr geehrte Damen und Herren,",
    "Guten Tag Herr Müller-Lüdenscheid, ich hoffe, es": "Guten Tag Herr Müller-Lüdenscheid,",
    "Dear Bob, Ann and Carla,": "Dear Bob, Ann and Carla,",
    "Lieber Bob, liebe Anna,": "Lieber Bob, liebe Anna,",
    "Hallo zusammen\n": "Hallo zusammen",
    "Madame, Monsieur,": "Madame, Monsieur,",
    "Estimado Sr. García:": "Estimado Sr. García:",
    "Gentile Dott.ssa Rossi,": "Gentile Dott.ssa Rossi,",
    "Beste Jan,": "Beste Jan,",
    "Olá, Maria,": "Olá, Maria,",
    "Bob,\n\nsee below": "Bob,",
    "Hi": "Hi",
}
NONE = (
    "",
    "\n \n",
    "Hello I wanted to ask about the proposal that we discussed",
    "Hi quick question",
    "Thanks Bob,",
    "Liebe Grüße",
    "Dear [First Name],",
    "Hi {{ first_name }},",
    "Dear customer 4711,",
    "Hinterher ist man klüger,",
    "Happy New Year Bob,",
    "Yesterday we spoke about the migration.",
    "Hello " + "x" * 5000,
)
MADE = {
    "en": ("Hello Bob,", "Hello,"),
    "de": ("Guten Tag Bob Miller,", "Guten Tag,"),
    "fr": ("Bonjour Bob,", "Bonjour,"),
    "es": ("Hola, Bob:", "Hola:"),
    "it": ("Buongiorno Bob,", "Buongiorno,"),
    "nl": ("Beste Bob,", "Goedendag,"),
    "pt": ("Olá, Bob,", "Olá,"),
    None: ("Hello Bob,", "Hello,"),
    "pl": ("Hello Bob,", "Hello,"),
}


@pytest.mark.parametrize(("anchor", "wanted"), OWN.items())
def test_the_consultants_own_first_line_is_the_greeting(anchor: str, wanted: str) -> None:
    """As it stands, without what follows it on the line."""
    assert greeting(anchor, BOB, "en") == wanted


@pytest.mark.parametrize("anchor", NONE)
def test_a_first_line_that_is_no_greeting_is_left(anchor: str) -> None:
    """Then it is made from the name."""
    assert greeting(anchor, BOB, "en") == "Hello Bob,"


@pytest.mark.parametrize(("language", "wanted"), MADE.items())
def test_without_an_own_one_it_is_made_in_the_language(language: str | None, wanted: tuple[str, str]) -> None:
    """By name where the name is sure, without where it is not."""
    assert (greeting("", BOB, language), greeting("", NOBODY, language)) == wanted


def test_a_shared_address_is_greeted_without_a_first_name() -> None:
    """info@ is read by anybody."""
    assert greeting("", Person("Carla Jones", "info@carla.example"), "en") == "Hello,"


@given(st.text(max_size=300), st.text(max_size=40), st.sampled_from([*MADE]))
def test_any_text_and_any_name_give_one_line(anchor: str, name: str, language: str | None) -> None:
    """Never empty, never two lines, never an exception."""
    line = greeting(anchor, Person(name, "x@y.example"), language)
    assert line.strip()
    assert len(line.splitlines()) == 1
