"""What words mean: the same senses in every language, found by a word or by how it begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.kinds.senses import SECTION, senses
from followmail.mail.kinds.words import LANGUAGES, fold, table


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_knows_the_same_senses(language: str) -> None:
    """Else the examples of one would not speak for it."""
    assert list(table(language, SECTION)) == list(table("en", SECTION))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_beginning_is_too_short(language: str) -> None:
    """Two letters begin too many words."""
    words = " ".join(table(language, SECTION).values()).split()
    assert [word for word in words if word.endswith("*") and len(word) < 4] == []
    assert [word for word in words if "*" in word[:-1]] == []


@pytest.mark.parametrize(
    "word", ["remove", "gelöscht", "supprimez", "borren", "cancellate", "verwijderen", "apague", "unsubscribed"]
)
def test_one_sense_in_all_languages(word: str) -> None:
    """Also of a form that stands nowhere."""
    assert "<remove" in senses(fold(word))


@pytest.mark.parametrize(("word", "sense"), [("l'offre", "<paper"), ("don't", "<not"), ("d'accord", "<yes")])
def test_an_article_before_it_changes_nothing(word: str, sense: str) -> None:
    """But what is known as a whole is taken as a whole."""
    assert sense in senses(fold(word))


def test_a_name_has_none() -> None:
    """Nor has a word that stands in no table."""
    assert senses("zyxwv") == ()


@given(st.text(max_size=40))
def test_any_word_is_read(word: str) -> None:
    """Each sense once."""
    found = senses(fold(word))
    assert len(found) == len(set(found))
