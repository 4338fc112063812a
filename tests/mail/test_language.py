"""In which language a mail is written; none where it is not clear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.language import CLEAR, language, words

MAILS = {
    "en": "Thank you for the note, I have read it twice now and I think that we should talk about the"
    " costs before my partner comes back.",
    "de": "Vielen Dank für die Nachricht, ich habe sie schon zweimal gelesen und denke, dass wir vor der"
    " Rückkehr meines Partners über die Kosten sprechen sollten.",
    "fr": "Merci pour votre message, je l'ai lu deux fois et je pense que nous devrions parler des coûts"
    " avant le retour de mon associé la semaine prochaine.",
    "es": "Gracias por su mensaje, lo he leído dos veces y creo que deberíamos hablar de los costes antes"
    " de que vuelva mi socio la semana que viene.",
    "it": "Grazie per il messaggio, l'ho letto due volte e penso che dovremmo parlare dei costi prima che"
    " il mio socio torni la prossima settimana.",
    "nl": "Bedankt voor het bericht, ik heb het twee keer gelezen en ik denk dat we over de kosten moeten"
    " praten voordat mijn partner terug is.",
    "pt": "Obrigado pela mensagem, já a li duas vezes e acho que devíamos falar dos custos antes que o"
    " meu sócio volte na próxima semana.",
}
OTHERS = [
    "Tack för meddelandet, jag har läst det två gånger och jag tror att vi ska prata om kostnaderna innan min partner"
    " är tillbaka nästa vecka.",
    "Tak for beskeden, jeg har læst den to gange og jeg tror, at vi skal tale om prisen, før min partner er tilbage i"
    " næste uge.",
    "Dziękuję za wiadomość, przeczytałem ją dwa razy i myślę, że powinniśmy porozmawiać o kosztach, zanim mój wspólnik"
    " wróci w przyszłym tygodniu.",
    "Gràcies pel missatge, l'he llegit dues vegades i crec que hauríem de parlar dels costos abans que torni el meu"
    " soci la setmana que ve.",
    "Ďakujem za správu, prečítal som ju dvakrát a myslím, že by sme sa mali porozprávať o nákladoch skôr, ako sa vráti"
    " môj spoločník budúci týždeň.",
    "Спасибо за сообщение, я прочитал его дважды и думаю, что нам нужно обсудить стоимость до возвращения моего"
    " партнёра на следующей неделе.",
]


@pytest.mark.parametrize(("lang", "text"), MAILS.items())
def test_a_mail_of_twenty_words_is_clear(lang: str, text: str) -> None:
    """All seven languages."""
    assert words(text) >= CLEAR
    assert language(text) == lang


@pytest.mark.parametrize("text", OTHERS)
def test_a_neighbour_is_taken_for_none_of_the_seven(text: str) -> None:
    """Swedish is no Dutch, Catalan no Spanish."""
    assert language(text) is None


@pytest.mark.parametrize(
    "text", ["", "OK", "Alex", "https://firm.example/en/the/of/and", "42 17 99", "Backup Audit Berlin 2026"]
)
def test_too_little_is_no_language(text: str) -> None:
    """Names, numbers and links say nothing."""
    assert language(text) is None


def test_addresses_and_links_are_no_words() -> None:
    """Nor are numbers."""
    assert words("Write to pat@firm.example or see https://firm.example/a/b 12 times") == 5


@given(st.text(max_size=400))
def test_no_text_breaks_it(text: str) -> None:
    """Whatever comes in."""
    assert language(text) in (None, "en", "de", "fr", "es", "it", "nl", "pt")
