"""Which mails ask something, so that silence means something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.kinds.asks import asks
from followmail.mail.language import language

ASKING = {
    "en": """
        Could you look at the contract?
        Would Tuesday suit you?
        Let me know what you think.
        I look forward to your feedback.
        Please find attached our proposal for the audit.
        Here is the quote as discussed.
        Please confirm the date.
        I would be glad to hear whether this is of interest.
        Just wondering if you had a chance to read my note.
        Happy to jump on a call if this sounds interesting.
        We would like to invite you to a short demo.
        Looking forward to hearing from you.
    """,
    "de": """
        Hätten Sie nächste Woche Zeit?
        Anbei unser Angebot.
        Ich freue mich auf Ihre Rückmeldung.
        Bitte geben Sie mir kurz Bescheid.
        Was halten Sie davon?
        Ich würde Ihnen gerne unser Konzept vorstellen.
        Bitte um kurze Rückmeldung.
        Sagen Sie mir einfach, welcher Tag passt.
    """,
    "fr": """
        Pourriez-vous me confirmer la date ?
        Dans l'attente de votre retour, je reste à votre disposition.
        Veuillez trouver ci-joint notre devis.
        Dites-moi ce que vous en pensez.
        Seriez-vous disponible jeudi ?
        Merci de me confirmer le rendez-vous.
    """,
    "es": """
        ¿Le viene bien el martes?
        Quedo a la espera de su respuesta.
        Le adjunto la propuesta.
        Dígame qué le parece.
        ¿Podría enviarme el contrato?
    """,
    "it": """
        Potrebbe confermarmi la data?
        Resto in attesa di un suo cortese riscontro.
        In allegato il preventivo.
        Mi faccia sapere cosa ne pensa.
        Le andrebbe bene giovedì?
    """,
    "nl": """
        Graag hoor ik of u interesse heeft.
        Bijgevoegd onze offerte.
        Kunt u dit bevestigen?
        Laat me weten wat je ervan vindt.
        Past dinsdag?
    """,
    "pt": """
        Poderia confirmar a data?
        Fico a aguardar o seu retorno.
        Segue em anexo a nossa proposta.
        Diga-me o que acha.
        Teria disponibilidade na quinta?
    """,
}

SILENT = {
    "en": """
        See you tonight!
        Please find attached invoice 17, payable within 14 days. If you have any questions, just ask.
        Thank you so much for the lovely evening.
        Here is the file you asked for.
        How are you?
        Any questions? Just call me.
        Looking forward to seeing you on Monday.
        Please transfer the amount by 31 May to the account below.
        Let me know if anything is unclear.
        Done. Have a great weekend!
        Congratulations on the new job!
    """,
    "de": """
        Bis heute Abend!
        Anbei die Rechnung. Bei Fragen melden Sie sich gern.
        Vielen Dank für das gute Gespräch gestern. Ich freue mich auf die Zusammenarbeit.
        Wie geht's? Anbei die Fotos.
        Die Datei liegt im Ordner.
        Bitte überweisen Sie den Betrag innerhalb von 14 Tagen.
    """,
    "fr": """
        Merci pour votre accueil hier. Bonne journée !
        Ci-joint la facture. N'hésitez pas si vous avez des questions.
        Comment allez-vous ?
        Voici le fichier.
    """,
    "es": """
        Gracias por la cena de ayer.
        Adjunto la factura. Si tiene alguna duda, no dude en llamarme.
        ¿Cómo está?
        Aquí está el archivo.
    """,
    "it": """
        Grazie mille per la bella serata!
        In allegato la fattura. Resto a disposizione per qualsiasi chiarimento.
        Come sta?
        Ecco il file.
    """,
    "nl": """
        Bedankt voor gisteren!
        Hierbij de factuur. Bij vragen hoor ik het graag.
        Hoe gaat het?
        Hier is het bestand.
    """,
    "pt": """
        Obrigado pela visita de ontem.
        Segue a fatura. Qualquer dúvida estou à disposição.
        Como está?
        Aqui está o ficheiro.
    """,
}


def cases(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(lang, line.strip()) for lang, text in table.items() for line in text.strip().splitlines()]


@pytest.mark.parametrize(("lang", "text"), cases(ASKING))
def test_a_question_a_request_and_an_offer_ask(lang: str, text: str) -> None:
    """By the language of the text and without it."""
    assert asks(text, lang)
    assert asks(text, language(text))


@pytest.mark.parametrize(("lang", "text"), cases(SILENT))
def test_thanks_invoices_deliveries_and_courtesies_ask_nothing(lang: str, text: str) -> None:
    """In doubt nothing is asked."""
    assert asks(text, lang) is None
    assert asks(text, language(text)) is None


@pytest.mark.parametrize(
    "text",
    "Shall we have a call next week?|Can we have a call next week?|Sollen wir nächste Woche telefonieren?"
    "|Pouvons-nous nous appeler la semaine prochaine ?|¿Podemos hablar la próxima semana?"
    "|Possiamo sentirci la prossima settimana?|Zullen we volgende week bellen?"
    "|Podemos falar na próxima semana?".split("|"),
)
def test_a_call_proposed_is_a_question(text: str) -> None:
    """In any language, known or not."""
    assert asks(text, None)
    assert asks(text, language(text))


def test_the_end_of_a_long_text_asks_too() -> None:
    """People put the question last."""
    assert asks(
        "The server in the basement ran all day and all night. " * 200 + "Could you send me the contract?", "en"
    )


def test_the_question_is_the_evidence() -> None:
    """As it was typed."""
    assert asks("Hi Bob,\n\nthanks again. Could you sign page 3?\n\nAlex", "en") == "asks 'Could you sign page 3?'"


def test_a_quoted_question_is_not_the_author_s() -> None:
    """Only what is newly written counts."""
    assert asks("> Could you sign?\n\nSigned and attached.", "en") is None


def test_a_question_mark_in_a_link_asks_nothing() -> None:
    """It belongs to the address."""
    assert asks("The minutes: https://firm.example/file?id=3", "en") is None


@given(st.text(max_size=300), st.sampled_from([None, "en", "de", "fr", "es", "it", "nl", "pt", "xx"]))
def test_no_text_breaks_it(text: str, lang: str | None) -> None:
    """Whatever comes in."""
    asks(text, lang)


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", 'You asked: "Is Monday possible?" It is, I have booked it.'),
        ("en", "Lovely weather for it, wasn't it?"),
        ("en", "Why did we move? Because the old office was too small."),
        ("de", "Wer hätte das vor zehn Jahren gedacht?"),
        ("de", "Die Akte kann warten, Ihre Gesundheit geht vor."),
        ("fr", "Quelle belle soirée, non ?"),
        ("es", "¿Quién lo iba a decir hace un año?"),
        ("it", "Perché abbiamo traslocato? Perché eravamo troppi."),
        ("nl", "Wat een mooie dag, hè?"),
        ("pt", "Que bela festa, não é?"),
    ],
)
def test_a_figure_of_speech_and_a_question_told_ask_nothing(lang: str, text: str) -> None:
    """The writer awaits no answer, or gives it."""
    assert asks(text, lang) is None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "Bob, pick a date that suits you, and I book the room."),
        ("en", "For the tax form I still need your number."),
        ("de", "Für den Antrag fehlt mir noch Ihre Steuernummer."),
        ("de", "Schicken Sie mir bitte die Maße, dann bestelle ich."),
        ("fr", "J'aurais besoin de vos mesures avant vendredi."),
        ("fr", "Deux dates sont libres, choisissez-en une et indiquez-la-moi."),
        ("es", "Elija una fecha y mándemela hoy."),
        ("it", "Avrei bisogno del suo codice entro venerdì."),
        ("it", "Proponimi un orario, la mattina va bene."),
        ("nl", "Stuur je ze me voor vrijdag door, dan haal ik het."),
        ("nl", "Klinkt dat goed, antwoord dan gewoon even."),
        ("pt", "Falta a medida da porta, confirme-me até sexta."),
        ("pt", "Me avisa se a data muda."),
    ],
)
def test_a_request_in_the_imperative_asks(lang: str, text: str) -> None:
    """Without a question mark."""
    assert asks(text, lang) is not None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "I pick you up on Monday."),
        ("de", "Hiermit bestätigen wir Ihre Bestellung."),
        ("fr", "Je vous envoie le document demain."),
        ("es", "Me contaste cosas que me sirvieron."),
        ("it", "Le foto potete usarle come volete."),
        ("nl", "Dan stuur ik een bericht, de maten heb ik."),
        ("pt", "O projeto espera o tempo que for preciso."),
    ],
)
def test_what_the_writer_does_themselves_asks_nothing(lang: str, text: str) -> None:
    """The same verbs, of the writer's own doing."""
    assert asks(text, lang) is None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "Whether the lift stays open is for you to say, I am still missing the key."),
        ("en", "Have a skim of page two before lunch."),
        ("en", "We have not heard anything since the tender closed."),
        ("de", "Ohne Ihre Zustimmung kann ich den Saal nicht buchen."),
        ("de", "Verraten Sie mir noch, ob Sie mit Begleitung kommen."),
        ("de", "Ihre Unterschrift auf dem Lieferschein steht noch aus."),
        ("fr", "Il vous suffit de cocher la bonne case."),
        ("fr", "Merci de parapher la dernière page."),
        ("fr", "Si la formule vous tente, répondez simplement oui."),
        ("es", "Solo nos falta su firma en el anexo."),
        ("es", "Contame cómo te fue con la prueba."),
        ("es", "Si os encaja, mandadme los planos."),
        ("it", "Ci comunichi il numero degli ospiti, così prenoto i posti."),
        ("it", "Bastano due righe sul preventivo vecchio."),
        ("it", "Se è d'accordo, mi spedisca il modulo."),
        ("nl", "Spreekt de proef u aan, dan volstaat een kort bericht."),
        ("nl", "Er ontbreekt nog een krabbel van je vennoot."),
        ("pt", "Faltam-nos as medidas da montra."),
        ("pt", "Se houver interesse, mande a planta do galpão."),
    ],
)
def test_what_is_missing_or_awaited_asks_with_the_offers_only(lang: str, text: str) -> None:
    """Who answers says so, too: "your order number is missing" is no question of theirs."""
    assert asks(text, lang) is not None
    assert asks(text, None) is not None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "We have not heard anything from our board yet."),
        ("de", "Die Entscheidung vom Vorstand steht noch aus."),
        ("es", "Nos falta todavía el visto bueno del director."),
        ("it", "Manca ancora il parere del socio."),
        ("pt", "Faltam-nos as contas do contabilista."),
    ],
)
def test_who_only_tells_what_is_missing_acknowledges_all_the_same(lang: str, text: str) -> None:
    """Without the offers."""
    assert asks(text, lang, offers=False) is None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "where should we meet on Friday"),
        ("de", "wann passt es Ihnen"),
        ("fr", "quand serait le meilleur jour"),
        ("es", "cuándo le parece bien"),
        ("it", "quando possiamo sentirci"),
        ("nl", "wanneer schikt het je, wat denk je"),
        ("pt", "qual seria o melhor dia"),
    ],
)
def test_a_question_without_its_mark_asks_where_a_sentence_begins_so(lang: str, text: str) -> None:
    """Behind other words the same ones only tell."""
    assert asks(text, lang) is not None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "My thoughts are with you and the family."),
        ("en", "Who would have bet on us a year ago? Not me."),
        ("de", "Vielen Dank für Ihren Auftrag, er ist schon in Arbeit."),
        ("de", "Sollte bis Montag nichts angekommen sein, rufen Sie mich an."),
        ("fr", "Je transmets vos vœux à Denis, qui vous salue."),
        ("fr", "On en parle à votre retour de vacances."),
        ("es", "Lo lleva mi socia, que está al corriente."),
        ("es", "Pido disculpas por el retraso."),
        ("it", "Da quando vi conosco non ho più mal di schiena."),
        ("nl", "Je wou weten of de lak kindveilig is: ja, dat is ze."),
        ("nl", "Hier is het verslag van dinsdag."),
        ("pt", "Agradeço a rapidez da sua resposta."),
        ("pt", "Peço desculpa pelo atraso do camião."),
    ],
)
def test_the_same_words_in_the_middle_of_what_is_told_ask_nothing(lang: str, text: str) -> None:
    """Neither with its language nor without."""
    assert asks(text, lang) is None
    assert asks(text, None) is None
