"""What a mail needs of its reader: a table of what people write in seven languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.kinds import Kind, classify
from followmail.mail.need import Need
from followmail.mail.weighing import MAX_ASKED, need_of

TABLE = [
    (Need.QUESTION, "Could you send me the offer by Friday?"),
    (Need.QUESTION, "Please send me the contract."),
    (Need.QUESTION, "No thanks. Please send the final invoice to my office."),
    (Need.QUESTION, "Thanks! What does the yearly contract cost?"),
    (Need.QUESTION, "Ich bräuchte noch Ihre Rückmeldung bis Freitag."),
    (Need.QUESTION, "Wann können Sie kommen?"),
    (Need.QUESTION, "Merci de me rappeler demain."),
    (Need.QUESTION, "¿Cuánto cuesta el contrato anual?"),
    (Need.QUESTION, "Mi faccia sapere se va bene."),
    (Need.QUESTION, "Laat het me even weten."),
    (Need.QUESTION, "Fico a aguardar o seu retorno."),
    (Need.ANSWER, "The disks are broken again."),
    (Need.ANSWER, "Yes, let us do it."),
    (Need.ANSWER, "Ja, lassen Sie uns das machen."),
    (Need.QUESTION, "Let us know what it costs."),
    (Need.ANSWER, "We are interested, but the price is too high."),
    (Need.ANSWER, "Please find attached the minutes of our meeting with the board."),
    (Need.ANSWER, "Anbei das Protokoll. Bei Fragen melden Sie sich gerne."),
    (Need.REFERRAL, "Anna gave me your name. We run a bakery with two shops."),
    (Need.COURTESY, "No thanks, we are not interested."),
    (Need.COURTESY, "Nein danke, wir haben uns anders entschieden."),
    (Need.COURTESY, "Non merci, nous avons choisi un autre prestataire."),
    (Need.COURTESY, "No, gracias, no nos interesa."),
    (Need.COURTESY, "No grazie, non siamo interessati."),
    (Need.COURTESY, "Nee bedankt, geen interesse."),
    (Need.COURTESY, "Não, obrigado, não temos interesse."),
    (Need.NOTHING, "Thanks!"),
    (Need.NOTHING, "Danke, passt so."),
    (Need.NOTHING, "Perfect, thanks. See you on Thursday!"),
    (Need.NOTHING, "Great, works for me."),
    (Need.NOTHING, "Prima, dann bis Donnerstag um 10 Uhr!"),
    (Need.NOTHING, "Parfait, à jeudi 10 heures."),
    (Need.NOTHING, "¡Perfecto, nos vemos el jueves!"),
    (Need.NOTHING, "Ottimo, ci vediamo domani alle 10."),
    (Need.NOTHING, "Prima, tot donderdag!"),
    (Need.NOTHING, "Combinado, até quinta!"),
    (Need.NOTHING, "I will get back to you next week."),
    (Need.NOTHING, "Please remove me from your list."),
]


def read(text: str) -> tuple[Need, str]:
    raw = (
        "From: Bob Builder <bob@bob.example>\nTo: alex@consult.example\nSubject: Re: Backups\nMessage-ID: <a@bob.example>\n"
        f"Date: Mon, 4 May 2026 10:00:00 +0200\nContent-Type: text/plain; charset=utf-8\n\nHello Alex,\n\n{text}\n\nBob\n"
    )
    verdict = classify(raw.encode())
    return need_of(verdict.kind, verdict.new_text, verdict.language)


@pytest.mark.parametrize(("need", "text"), TABLE)
def test_what_it_needs(need: Need, text: str) -> None:
    """A question before all else; in doubt an answer."""
    assert read(text)[0] is need


def test_the_question_is_told_in_their_words() -> None:
    """The first that asks something: no courtesy, no quoted text, one line, not too long."""
    text = "How are you?\n\nWe have a new office.\nCould you come\nand look at it?\n\nOn Monday Alex wrote:\n> Where are you?"
    assert read(text)[1] == "Could you come and look at it?"
    asked = read("Could you " + "really " * 60 + "come?")[1]
    assert len(asked) <= MAX_ASKED and asked.endswith("really…")


def test_without_a_question_the_first_sentence_is_told() -> None:
    """What they wrote about."""
    assert read("The disks are broken again. It began on Friday.")[1] == "The disks are broken again."


@given(st.sampled_from([None, *Kind]), st.text(max_size=300), st.sampled_from([None, "en", "de", "xx"]))
def test_whatever_stands_in_a_mail_it_is_read(kind: Kind | None, text: str, lang: str | None) -> None:
    """Nothing raises; what needs nothing asks nothing."""
    need, asked = need_of(kind, text, lang)
    assert len(asked) <= MAX_ASKED
    assert need is not Need.NOTHING or not asked
