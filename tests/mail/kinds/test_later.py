"""Who puts off, until when, and who promises to come back; and who just answers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.kinds.later import Later, puts_off
from followmail.mail.language import language

ON = date(2026, 3, 2)  # a Monday

ACKNOWLEDGED = {
    "en": "Thanks! | Thank you, received. | Got it, thanks. | You're welcome."
    " | Many thanks, will take a look. | Noted. | 👍 | Received with thanks.",
    "de": "Danke! | Vielen Dank, ist angekommen. | Danke, schaue ich mir an."
    " | Gern geschehen. | Erhalten, danke. | Besten Dank für die Info!",
    "fr": "Merci ! | Bien reçu, merci. | Merci, je regarde ça. | Je vous en prie. | Bien noté.",
    "es": "¡Gracias! | Recibido, gracias. | Muchas gracias, lo miro. | De nada.",
    "it": "Grazie! | Ricevuto, grazie. | Grazie mille, lo guardo. | Prego.",
    "nl": "Bedankt! | Goed ontvangen, dank u. | Dank je, ik kijk ernaar. | Graag gedaan.",
    "pt": "Obrigado! | Recebido, obrigada. | Obrigado, vou ver. | De nada.",
}

PUT_OFF = [
    ("en", "Call me again in three months.", date(2026, 6, 2), False),
    ("en", "Not now, sorry. Try me again in May.", date(2026, 5, 1), False),
    ("en", "We can't look at this before June, please get back to me then.", date(2026, 6, 1), False),
    ("en", "I'll get back to you next week.", date(2026, 3, 9), True),
    ("en", "Will discuss it with my partner and let you know by Friday.", date(2026, 3, 6), True),
    ("en", "Could you remind me after the summer?", None, False),
    ("en", "We are snowed under. Let's talk again when the audit is over.", None, False),
    ("de", "Rufen Sie mich bitte in zwei Monaten noch einmal an.", date(2026, 5, 2), False),
    ("de", "Im Moment passt es nicht, melden Sie sich im Juni wieder.", date(2026, 6, 1), False),
    ("de", "Ich bespreche das intern und melde mich nächste Woche bei Ihnen.", date(2026, 3, 9), True),
    ("de", "Wir melden uns, sobald das Budget steht.", None, True),
    ("fr", "Recontactez-moi en mai, s'il vous plaît.", date(2026, 5, 1), False),
    ("fr", "Je reviens vers vous la semaine prochaine.", date(2026, 3, 9), True),
    ("fr", "Nous en parlerons après les vacances, rappelez-moi.", None, False),
    ("es", "Llámeme otra vez en mayo.", date(2026, 5, 1), False),
    ("es", "Lo consulto con mi socia y le digo algo la próxima semana.", date(2026, 3, 9), True),
    ("it", "Ci risentiamo a maggio.", date(2026, 5, 1), False),
    ("it", "Ne parlo con il titolare e le faccio sapere la settimana prossima.", date(2026, 3, 9), True),
    ("nl", "Bel me in mei nog eens.", date(2026, 5, 1), False),
    ("nl", "Ik kom hier volgende week op terug.", date(2026, 3, 9), True),
    ("pt", "Volte a contactar-me em maio.", date(2026, 5, 1), False),
    ("pt", "Vou falar com o meu sócio e dou-lhe uma resposta na próxima semana.", date(2026, 3, 9), True),
]

REPLIES = {
    "en": "Yes, Thursday at 3 works for me. | What does it cost? | Not interested, thanks."
    " | Thanks, but what is the price? | Let's talk tomorrow at 10."
    " | I was away last week, sorry. Please send the contract. | No thanks, we'll get in touch if we ever need help. |"
    " Call me on 0171 123456. | ?"
    " | Yes, let's do it. I'll call you tomorrow at 9.",
    "de": "Ja, Donnerstag um 15 Uhr passt. | Was kostet das?"
    " | Kein Interesse, danke. | Ich war im Urlaub, bitte schicken Sie den Vertrag."
    " | Danke, aber wir haben schon einen Anbieter. | Bei Bedarf melden wir uns.",
    "fr": "D'accord pour jeudi à 15h. | Quel est le prix ? | Non merci. | J'étais en congés, envoyez-moi le devis.",
    "es": "El jueves a las 15:00 me va bien. | ¿Cuánto cuesta? | No, gracias.",
    "it": "Va bene giovedì alle 15. | Quanto costa? | No grazie.",
    "nl": "Donderdag om 15 uur is prima. | Wat kost het? | Nee, bedankt.",
    "pt": "Quinta às 15h está bem. | Quanto custa? | Não, obrigado.",
}


def cases(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(lang, text.strip()) for lang, texts in table.items() for text in texts.split(" | ")]


def heard(text: str, lang: str | None) -> Later:
    found = puts_off(text, ON, lang)
    assert found is not None
    return found


@pytest.mark.parametrize(("lang", "text"), cases(ACKNOWLEDGED))
def test_a_bare_acknowledgement_is_known(lang: str, text: str) -> None:
    """Thanks, received, will look: nothing else newly written."""
    for known in (lang, language(text)):
        found = heard(text, known)
        assert found.acknowledgement
        assert found.until is None


@pytest.mark.parametrize(("lang", "text", "until", "promised"), PUT_OFF)
def test_a_later_time_is_heard(lang: str, text: str, until: date | None, promised: bool) -> None:
    """The first day of the time named, and who is to come back."""
    found = heard(text, lang)
    assert (found.until, found.promised, found.acknowledgement) == (until, promised, False)


@pytest.mark.parametrize(("lang", "text"), cases(REPLIES))
def test_an_answer_puts_nothing_off(lang: str, text: str) -> None:
    """Appointments, questions, a yes and a no."""
    assert puts_off(text, ON, lang) is None
    assert puts_off(text, ON, language(text)) is None


def test_a_promise_lasts_until_the_end_of_the_time_named() -> None:
    """ "Next week" is over with its last day."""
    found = heard("I'll come back to you next week.", "en")
    assert found.until_end is not None
    assert found.until_end >= date(2026, 3, 13)


def test_an_acknowledgement_with_more_in_it_is_a_reply() -> None:
    """A number to call is no mere thanks."""
    assert puts_off("Thanks, call 0171 5550100 please.", ON, "en") is None


def test_a_reaction_is_an_acknowledgement() -> None:
    """As it arrives where a program does not show reactions."""
    assert heard("👍\n\nPat Person reacted via Gmail", None).acknowledgement


def test_the_narrower_time_counts() -> None:
    """February, not the whole of next year."""
    assert heard("Das wird erst nächstes Jahr was, melden Sie sich im Februar noch einmal.", "de").until == date(
        2027, 2, 1
    )


def test_a_quote_puts_nothing_off() -> None:
    """Only what is newly written counts."""
    assert puts_off("> Call me in two months\n\nYes, send it over.", ON, "en") is None


APPOINTMENTS = [
    ("en", "Thursday would suit me."),
    ("en", "Shall we have a call next week?"),
    ("en", "Let's do Friday at your office."),
    ("de", "Donnerstag würde mir passen."),
    ("de", "Wollen wir nächste Woche telefonieren?"),
    ("de", "Gern, rufen Sie mich am Freitag an."),
    ("fr", "Jeudi me conviendrait."),
    ("fr", "Pouvons-nous nous appeler la semaine prochaine ?"),
    ("es", "El jueves me vendría bien."),
    ("es", "¿Podemos tener una llamada la próxima semana?"),
    ("it", "Giovedì mi andrebbe bene."),
    ("it", "Ci sentiamo al telefono la prossima settimana?"),
    ("nl", "Donderdag zou mij passen."),
    ("nl", "Zullen we volgende week bellen?"),
    ("pt", "Quinta-feira seria bom para mim."),
    ("pt", "Falamos por telefone na próxima semana?"),
]


@pytest.mark.parametrize(("lang", "text"), APPOINTMENTS)
def test_a_date_of_these_days_is_an_appointment(lang: str, text: str) -> None:
    """Accepted or proposed: an answer, in the language of the text and without it."""
    assert puts_off(text, ON, lang) is None
    assert puts_off(text, ON, None) is None


@pytest.mark.parametrize(
    "text",
    "Thanks, yes.|Yes please|Sure, thanks!|Ja, gerne. Danke!|Ja bitte|Oui merci|Oui, volontiers. Merci !|Sí, gracias"
    "|Sí, con mucho gusto. ¡Gracias!|Sì grazie|Sì, volentieri. Grazie!|Ja graag|Sim, obrigado|Sim, com gosto.".split(
        "|"
    ),
)
def test_a_yes_is_no_mere_acknowledgement(text: str) -> None:
    """It is newly written, and answers."""
    assert puts_off(text, ON, None) is None


@pytest.mark.parametrize(
    ("lang", "text", "until"),
    [
        ("en", "Not now. Let's pick this up in H2.", date(2026, 7, 1)),
        ("en", "Call me after Easter.", date(2026, 4, 7)),
        ("de", "Rufen Sie mich nach Pfingsten wieder an.", date(2026, 5, 26)),
        ("es", "Llámeme pasada la Semana Santa.", date(2026, 4, 7)),
        ("it", "Mi richiami dopo l'Epifania.", date(2027, 1, 7)),
        ("pt", "Ligue-me de novo depois do Carnaval.", date(2027, 2, 10)),
        ("en", "Come back to us three months before that date.", None),
    ],
)
def test_quarters_and_feasts_are_days(lang: str, text: str, until: date | None) -> None:
    """What counts from a day that stands elsewhere is none."""
    assert heard(text, lang).until == until


@given(
    st.text(max_size=300),
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    st.sampled_from([None, "en", "de", "fr", "es", "it", "nl", "pt", "xx"]),
)
def test_no_text_breaks_it(text: str, on: date, lang: str | None) -> None:
    """Whatever comes in."""
    puts_off(text, on, lang)


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "Thanks, printed it and put it on my desk."),
        ("en", "Received, passing it to our finance team."),
        ("de", "Ist angekommen, liegt jetzt beim Vorstand."),
        ("de", "Danke, les ich am Abend in Ruhe."),
        ("fr", "Bien arrivé, je le parcours et le transmets."),
        ("es", "Llegó bien, lo revisaré con calma."),
        ("it", "Arrivato tutto, lo leggerò con calma."),
        ("nl", "Goed aangekomen, ik ga het rustig doornemen."),
        ("pt", "Recebi tudo, vou ler com calma."),
    ],
)
def test_what_lies_with_somebody_is_acknowledged(lang: str, text: str) -> None:
    """It has come, and will be read."""
    assert heard(text, lang).until is None


@pytest.mark.parametrize(
    "text",
    [
        "Got it. The delivery address is wrong though, we moved to Leeds.",
        "We start in May and need twelve licences until then.",
        "Angekommen, aber die Lieferadresse stimmt nicht, wir sind umgezogen.",
        "Unser Budget liegt bei 20.000 bis Jahresende.",
        "Nous prenons la petite formule à partir de juin.",
        "Le salon a lieu en mars, notre stand est dans le hall 7.",
        "La versión posterior es mejor, use esa.",
        "Ho letto tutto, il problema è il prezzo.",
        "Kunnen we de afspraak naar volgende week verplaatsen?",
        "Estamos abertos até às 18 h.",
    ],
)
def test_what_comes_near_is_a_reply(text: str) -> None:
    """A contrast, an order, a place, a meeting that moves."""
    assert puts_off(text, ON, None) is None


@pytest.mark.parametrize(
    "text",
    [
        "Perfetto, ci vediamo martedì.",
        "Prima, dann bis Donnerstag.",
        "Could you deliver in the second week of June?",
        "How long does the price hold, until the end of the year?",
        "Die Lieferung verschiebt sich auf Juni, ist das für Sie in Ordnung?",
        "Können wir das Gespräch auf Dienstag verschieben?",
        "La semana que viene me va bien.",
        "Junio nos va bien para el taller.",
        "La settimana prossima va bene.",
        "J'en ai parlé avec mon associé, c'est bon pour nous.",
        "Rappelez-moi demain, c'est urgent.",
        "Goed, ik teken vandaag en stuur het terug.",
        "Ich komme nächste Woche vorbei und bringe die Platten mit.",
        "Passo aí para a semana com os discos.",
        "Please don't stop working on it, I show it to the board on Monday.",
        "Nieuwe afspraak: 2 juni, 14u30, zaal 3.",
    ],
)
def test_what_is_agreed_or_asked_is_not_put_off(text: str) -> None:
    """An appointment, a yes, a signature, a visit, a question about our work: an answer that waits for us."""
    assert puts_off(text, date(2026, 3, 11), None) is None


@pytest.mark.parametrize(
    "text",
    [
        "We're still waiting for the go-ahead from head office.",
        "The board hasn't decided yet.",
        "Everything is on hold at the moment.",
        "Driving, ring you later.",
        "Give us ten days.",
        "Wir warten noch auf das Okay der Zentrale.",
        "Der Beirat muss noch zustimmen.",
        "Bin noch am Überlegen.",
        "Sitze im Zug, rufe später zurück.",
        "We wachten nog op groen licht van de directie.",
        "Het bestuur moet nog akkoord geven.",
        "Ik slaap er nog een nachtje over.",
        "Zit in een overleg, bel je straks terug.",
    ],
)
def test_what_is_not_decided_yet_is_later(text: str) -> None:
    """Somebody is waited for, or has no time now: no answer yet."""
    assert puts_off(text, ON, language(text)) is not None
    assert puts_off(text, ON, None) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Let's do it in April.",
        "Machen wir das im April.",
        "Laten we dat in april doen.",
        "See you on the 24th.",
        "Wir sehen uns am 24.",
        "Bis Freitag dann um 10.",
        "We'll take option B.",
        "Het project gaat niet door.",
        "Don't send the pallets before the 20th.",
    ],
)
def test_a_yes_with_a_month_is_an_answer(text: str) -> None:
    """In doubt it is agreed, not put off."""
    assert puts_off(text, ON, language(text)) is None
    assert puts_off(text, ON, None) is None
