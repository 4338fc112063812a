"""Who wishes never to be written to again, in seven languages; and who merely says no."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.kinds import Kind, classify
from followmail.mail.kinds.opt_out import asks_to_stop
from followmail.mail.kinds.words import entries
from followmail.mail.language import language

STOP = {
    "en": """
        Unsubscribe.
        STOP
        please unsubscribe me
        Kindly take our practice off your mailing list.
        Would you please remove my address from your database?
        I'd rather you didn't email me again.
        Stop sending me these.
        Don't write to me any more, please.
        No more emails please.
        Please do not contact this address again.
        We do not wish to receive further correspondence from you.
        I never signed up for this. Delete my data.
        Leave us alone.
        I want off this list.
        Not interested. Please cease all contact.
        I hereby withdraw my consent and ask you to erase my personal data under Article 17 GDPR.
        This is spam. I have reported you to my provider.
        Strike me from your files and never write here again.
        Can you stop mailing me?
        Next mail from you goes to my lawyer.
        There is no point in writing to us about this any further.
        Please discontinue your reminders.
        I would be glad if that were the final message you send me.
        We do not entertain unsolicited pitches at this practice.
        One more email and I report you to the ICO.
        Delete sales@firm.example, thank you.
        Go and pester somebody else.
        Put our domain on your suppression list.
    """,
    "de": """
        Abmelden
        bitte austragen
        Nehmen Sie mich bitte aus Ihrer Liste.
        Ich möchte keine Mails mehr von Ihnen bekommen.
        Bitte schreiben Sie mir nicht mehr.
        Löschen Sie bitte meine Adresse.
        Bitte kontaktieren Sie uns nicht weiter.
        Hören Sie auf, mich anzuschreiben!
        Lassen Sie mich bitte in Ruhe.
        Wir wünschen keine weiteren Nachrichten.
        Streichen Sie unsere Firma aus Ihrem Verteiler.
        Ich widerspreche der Verwendung meiner Daten für Werbung.
        Keine Werbung mehr, danke.
        Verschonen Sie uns mit weiteren Angeboten.
        Entfernen Sie mich aus Ihrer Datenbank, sonst folgt eine Abmahnung.
        Unterlassen Sie künftig jede Kontaktaufnahme.
        Es wäre schön, wenn das Ihre letzte Nachricht an uns war.
        Verzichten Sie darauf, uns weiter anzuschreiben.
        Noch eine Mail und mein Anwalt meldet sich.
        Ich wünsche keinerlei Werbung von Ihnen.
        Nerven Sie bitte jemand anderen.
        Sie brauchen mir nicht mehr zu schreiben.
        Setzen Sie uns bitte auf Ihre Sperrliste.
    """,
    "fr": """
        Désinscription
        Merci de me désabonner.
        Veuillez supprimer mon adresse de vos fichiers.
        Ne m'écrivez plus.
        Arrêtez de m'envoyer des mails.
        Je ne veux plus recevoir de messages de votre part.
        Merci de ne plus me contacter.
        Retirez-nous de votre liste, s'il vous plaît.
        Laissez-moi tranquille.
        Je m'oppose au traitement de mes données à des fins de prospection.
        Cessez vos envois.
        Plus de mails, merci.
        Effacez toutes mes données conformément au RGPD.
        Inutile de nous relancer.
        J'apprécierais que ce soit votre dernier message.
        Épargnez-nous vos relances.
        Encore un mail et je vous signale à la CNIL.
        Que mon adresse disparaisse de vos listes.
        Allez embêter quelqu'un d'autre.
    """,
    "es": """
        Baja
        Quiero darme de baja.
        Por favor, bórrenme de su lista.
        No me envíen más correos.
        No quiero recibir más mensajes suyos.
        Deje de escribirme.
        Elimine mi correo de su base de datos.
        No vuelva a contactarme.
        Déjenme en paz.
        Solicito la cancelación de mis datos.
        Les ruego que no nos manden más publicidad.
        Dejen de molestar.
        No hace falta que me vuelvan a escribir.
        Espero que sea su último correo.
        Si recibo otro mensaje, los denuncio.
        Ahórrense los próximos correos.
        Retiren ventas@firma.example de su base de datos.
        Moleste a otro.
    """,
    "it": """
        Cancellatemi
        Vi chiedo di cancellarmi dalla lista.
        Non scrivetemi più.
        Non voglio più ricevere le vostre email.
        Toglietemi dal vostro elenco.
        Smettetela di mandarmi messaggi.
        Basta email, per favore.
        Si prega di non contattarci più.
        Chiedo la rimozione del mio indirizzo.
        Lasciatemi in pace.
        Mi oppongo al trattamento dei miei dati.
        È inutile scrivermi ancora.
        Spero sia la vostra ultima mail.
        Se ricevo un'altra comunicazione mi rivolgo al Garante.
        Si astenga dal mandarci altri messaggi.
        Tolga vendite@ditta.example dal vostro elenco.
        Vada a disturbare qualcun altro.
    """,
    "nl": """
        Afmelden
        Graag uitschrijven.
        Haal mij van uw lijst.
        Stuur mij geen mails meer.
        Ik wil geen berichten meer ontvangen.
        Stop met mailen.
        Verwijder mijn gegevens uit uw bestand.
        Wilt u ons niet meer benaderen?
        Laat me met rust.
        Gelieve mij niet meer te contacteren.
        Ik maak bezwaar tegen het gebruik van mijn gegevens.
        Verdere berichten zijn niet gewenst.
        Ik hoop dat dit uw laatste mail was.
        Nog een mail en ik dien een klacht in.
        Blijf weg uit mijn inbox.
        Wij zitten niet te wachten op dit soort mails.
        Zet ons adres op uw zwarte lijst.
    """,
    "pt": """
        Remover
        Por favor, retire-me da sua lista.
        Não me envie mais emails.
        Não quero receber mais mensagens.
        Pare de me escrever.
        Solicito a exclusão dos meus dados.
        Deixe-me em paz.
        Agradeço que não voltem a contactar-me.
        Quero cancelar a subscrição.
        Não nos contactem mais.
        Descadastre meu e-mail, por favor.
        Não há necessidade de nos voltarem a escrever.
        Espero que seja a última mensagem.
        Se receber outro email, faço queixa à CNPD.
        Poupe-me os próximos contactos.
        Tire o meu nome dessa lista, por favor.
        Vá incomodar outro.
    """,
}

GO_ON = {
    "en": """
        No thanks, we have a supplier.
        Not interested at the moment.
        Please don't remove us from your list, we do read it.
        Can you remove Paul from the cc?
        Please stop by on Tuesday.
        How do our own customers unsubscribe from the newsletter?
        Please don't contact me before September.
        Delete the old version of the quote, the new one is fine.
        We had to stop the project last year.
        I'd like to unsubscribe from our old provider and move to you.
        Please do not send me emails about this until Friday, I am travelling.
        Your mail landed in my spam folder, sorry for the delay.
        Don't send me large attachments, use a link instead.
        There is no need to call, an email will do.
        Could you unsubscribe 40 users from the tool for us?
        We no longer work with that supplier.
        I never got the second message.
        Please take this off the agenda.
        The list you sent is missing two addresses.
        I asked my colleague to remove the old data from our database.
        Thank you for your emails, the last one was the clearest.
        There is no need to send a printed copy.
        Please delete my name from the references on your website.
        We stopped the project last year.
        I'd be grateful for one last price.
    """,
    "de": """
        Nein danke, wir sind versorgt.
        Kein Interesse.
        Bitte nehmen Sie Frau Lang aus dem CC.
        Löschen Sie bitte die alte Version des Angebots.
        Schreiben Sie mir bitte nicht vor Oktober.
        Unsere Kunden können sich vom Newsletter nicht abmelden, können Sie das prüfen?
        Der Vertrag mit dem alten Anbieter ist gekündigt.
        Rufen Sie bitte nicht mehr auf dem Handy an, sondern schreiben Sie eine E-Mail.
        Stopp, das Datum stimmt nicht!
        Streichen Sie Position 3, dann passt es.
        Ich habe Ihre Mail nicht mehr gefunden.
        Nehmen Sie mich bitte in den Verteiler auf.
        Ihre Mail lag im Spam.
        Die letzte Mail habe ich nicht verstanden.
        Sie brauchen uns keine Unterlagen in Papier zu schicken.
        Wir verzichten auf die Option B.
        Es wäre schön, wenn wir bald telefonieren.
    """,
    "fr": """
        Non merci, nous avons déjà un prestataire.
        Pas intéressé pour le moment.
        Pouvez-vous retirer Jean de la copie ?
        Supprimez l'ancienne version du devis.
        Ne m'appelez pas avant lundi.
        Nous arrêtons notre ancien serveur en juin.
        Je n'ai pas reçu votre message.
        Merci de m'ajouter à la liste.
        Comment nos clients peuvent-ils se désabonner ?
        Inutile d'imprimer le devis.
        Votre dernier message est très clair.
        On ne fait pas de publicité chez nous.
    """,
    "es": """
        No, gracias, ya tenemos proveedor.
        No nos interesa por ahora.
        Quite a Marta de la copia, por favor.
        Borre la versión anterior del presupuesto.
        No me llame antes del lunes.
        Vamos a dar de baja el contrato con nuestro proveedor.
        Estoy de baja médica hasta el viernes.
        No hace falta imprimir nada.
        Su último correo es muy claro.
        Retiren mi nombre de las referencias de su web.
    """,
    "it": """
        No grazie, abbiamo già un fornitore.
        Al momento non ci interessa.
        Può togliere Anna dalla copia?
        Cancelli la vecchia versione del preventivo.
        Non mi chiami prima di lunedì.
        Abbiamo disdetto il contratto con il vecchio fornitore.
        La Sua ultima mail è molto chiara.
        Noi non facciamo pubblicità.
        Tolga il mio nome dalle referenze.
    """,
    "nl": """
        Nee dank u, we hebben al een leverancier.
        Geen interesse.
        Haal Piet maar uit de cc.
        Verwijder de oude versie van de offerte.
        Bel me niet voor maandag.
        We hebben het contract met onze leverancier opgezegd.
        Wij houden u op de hoogte.
        Uw laatste mail is duidelijk.
        Haal mijn naam uit de referenties.
    """,
    "pt": """
        Não, obrigado, já temos fornecedor.
        Não temos interesse de momento.
        Pode tirar a Rita da cópia?
        Apague a versão antiga da proposta.
        Não me ligue antes de segunda.
        Cancelámos o contrato com o fornecedor antigo.
        Não preciso de mais nada, avançamos.
        A última mensagem está clara.
        Não há necessidade de imprimir.
        Nós não fazemos publicidade.
    """,
}


def cases(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(lang, line.strip()) for lang, text in table.items() for line in text.strip().splitlines()]


@pytest.mark.parametrize(("lang", "text"), cases(STOP))
def test_a_wish_to_be_left_alone_is_found(lang: str, text: str) -> None:
    """By the language of the text and without it."""
    assert asks_to_stop(text, "Re: Audit", lang)
    assert asks_to_stop(text, "Re: Audit", language(text))


@pytest.mark.parametrize(("lang", "text"), cases(GO_ON))
def test_a_plain_no_and_other_wishes_are_none(lang: str, text: str) -> None:
    """Copies, drafts, other people, other times and a polite no."""
    assert asks_to_stop(text, "Re: Audit", lang) is None
    assert asks_to_stop(text, "Re: Audit", language(text)) is None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "Please make sure I don't receive any more messages from you."),
        ("en", "I've asked you before not to write to me."),
        ("de", "Ich ziehe meine Einwilligung zurück."),
        ("de", "Wie kann ich mich abmelden?"),
        ("fr", "Je vous demande de ne plus utiliser mon adresse."),
        ("es", "Le agradecería que dejara de escribirme."),
        ("it", "Non voglio che mi scriviate più."),
        ("nl", "Gebruik dit adres niet meer."),
        ("pt", "Quero me descadastrar."),
        ("en", "I must ask you never to write to us again."),
        ("en", "We would ask you not to follow up, now or later."),
        ("en", "We want off this list."),
        ("en", "unsubscirbe me"),
        ("de", "Sorgen Sie dafür, dass nichts mehr kommt."),
        ("fr", "Sortez-nous de vos fichiers."),
        ("es", "Sáquenme de esas listas."),
        ("it", "Fuori dalle vostre liste, grazie."),
        ("nl", "Schrap ons van jullie lijst."),
        ("pt", "Fora das vossas listas, já."),
    ],
)
def test_other_ways_to_say_it_are_found(lang: str, text: str) -> None:
    """By an earlier wish, a right, a way out, an address, a courtesy."""
    assert asks_to_stop(text, "", lang)
    assert asks_to_stop(text, "", None)


@pytest.mark.parametrize(
    "text",
    "How do we unsubscribe users from the newsletter in your tool?|Lassen Sie uns in vier Wochen telefonieren."
    "|Ich habe seit Tagen keine Mails mehr bekommen, können Sie die letzte noch einmal schicken?"
    "|Ne m'écrivez plus à cette adresse mais à la nouvelle|No, no me interesa.|Ahora no, vuelva a escribir en primavera."
    "|Non esiti a scrivermi ancora.|Houd mij op de lijst.|Mail mij volgende week nog eens.|Não hesite em escrever-me."
    "|Agora não, volte a escrever na primavera.|I'd ask you not to contact the tenants about the leak."
    "|Nothing more came out of the tap this morning.|Seit gestern kommt kein Wasser mehr aus der Leitung."
    "|Haal de oude klanten uit de lijst die ik stuurde.".split("|"),
)
def test_what_only_sounds_like_it_is_none(text: str) -> None:
    """A question about a tool, another address, another time, the contrary."""
    assert asks_to_stop(text, "", None) is None


def test_greeting_and_closing_do_not_hide_a_bare_wish() -> None:
    """Nor does the name below."""
    assert asks_to_stop("Hi Alex,\n\nunsubscribe\n\nBest regards\nPat Person", "", None) == "says only 'unsubscribe'"


def test_a_quoted_wish_is_not_the_author_s() -> None:
    """Only what is newly written counts."""
    assert asks_to_stop("> Write 'stop' and take me off your list\n\nSounds good, Tuesday?", "", None) is None


def test_an_empty_mail_is_judged_by_its_subject() -> None:
    """As mail programs send it for a List-Unsubscribe address."""
    assert asks_to_stop("", "unsubscribe", None)
    assert asks_to_stop("", "Re: Backup", None) is None


def test_the_evidence_is_in_the_author_s_words() -> None:
    """With capitals and accents as typed."""
    assert asks_to_stop("Retirez-nous de votre LISTE !", "", "fr") == "says 'Retirez-nous de votre LISTE'"


def test_no_phrase_hangs_on_a_single_word() -> None:
    """One careless entry of the word tables would end conversations."""
    for phrase in entries("opt-out", "stop"):
        needed = [item for item in phrase.split() if item != "..." and not item.startswith("(")]
        assert len(needed) > 1 or all("_" in choice for choice in needed[0].split("|")), phrase


@pytest.mark.parametrize(
    "text",
    [
        "Give these emails a rest, will you.",
        "You are kindly requested not to send any further mails to this id.",
        "I hope this is the last time I hear from you.",
        "Where did you find my address? I want it gone from your files.",
        "Melden Sie sich bitte nie wieder.",
        "Das war hoffentlich das letzte Schreiben.",
        "Ab jetzt landen Ihre Nachrichten im Papierkorb.",
        "Wij verzoeken u van verdere mailings af te zien.",
        "Uw berichten gaan voortaan ongelezen naar de prullenbak.",
        "Ik ben jullie mailtjes spuugzat.",
    ],
)
def test_a_wish_without_the_usual_words_is_found(text: str) -> None:
    """By what is asked of us, or what will become of our mail."""
    assert asks_to_stop(text, "", language(text)) is not None
    assert asks_to_stop(text, "", None) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Can you stop in at reception when you arrive?",
        "I'm not authorised to make such decisions.",
        "Please remove our logo from the second slide.",
        "No need to chase, I'll get back to you on Monday.",
        "Bitte nicht per Post schicken, Mail reicht.",
        "Sie müssen nicht nochmal nachfragen, ich melde mich.",
        "Contacteer de klant niet rechtstreeks.",
        "Laten we dit na de zomer oppakken.",
    ],
)
def test_a_word_for_another_thing_ends_nothing(text: str) -> None:
    """To stop by, to remove a logo, not to write to somebody else."""
    assert asks_to_stop(text, "", language(text)) is None
    assert asks_to_stop(text, "", None) is None


@given(
    st.text(max_size=300), st.text(max_size=30), st.sampled_from([None, "en", "de", "fr", "es", "it", "nl", "pt", "xx"])
)
def test_no_text_breaks_it(text: str, subject: str, lang: str | None) -> None:
    """Whatever comes in."""
    asks_to_stop(text, subject, lang)


def _kind(text: str) -> Kind:
    raw = (
        "From: Pat Doe <pat@firm.example>\nTo: alex@consult.example\nSubject: Re: Proposal\nMessage-ID: <1@firm.example>\n"
        "In-Reply-To: <0@consult.example>\nDate: Wed, 11 Mar 2026 10:00:00 +0100\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
    return classify(raw.encode()).kind


@pytest.mark.parametrize(
    "text",
    [
        "No need to follow up, the contract is on its way.",
        "No need to write again, I will sign tomorrow.",
        "You don't need to email me again, I've signed and sent it by post.",
        "Sie brauchen mir nicht mehr zu schreiben, ich unterschreibe morgen.",
        "Inutile de m'écrire à nouveau, je signe demain.",
        "No hace falta que me escriba más, firmo mañana.",
        "Non serve che mi scriva ancora, firmo domani.",
        "U hoeft mij niet meer te mailen, ik teken morgen.",
        "Não precisa de me escrever mais, assino amanhã.",
        "Bitte nicht mehr anrufen, schreiben Sie mir lieber. Wir nehmen an.",
        "Please don't write to me at this address, use tom@corp.example. Happy to proceed.",
        "Please don't email me on this account, my work mail is tom@corp.example. When can you start?",
        "Don't contact me, contact Jane (jane@corp.example), she decides.",
        "Can you take me off your calendar for Tuesday and call Wednesday?",
        "Please take me off the shortlist for this project, we won't proceed.",
        "Bitte nehmen Sie mich für Donnerstag aus der Liste, Freitag passt.",
    ],
)
def test_who_goes_on_wants_mail(text: str) -> None:
    """ "No need to write" is no "do not write"; another address, another way, another project are no end of all mail."""
    assert _kind(text) is not Kind.UNSUBSCRIBE


@pytest.mark.parametrize(
    "text",
    [
        "Please unsubscribe me. We already have a supplier.",
        "Stop emailing me, we have signed with another supplier.",
        "Please don't contact me again, we have chosen another provider last week.",
        "Thanks for the workshop, everybody liked it and the slides were good. And please no more emails about the offer.",
        "Vielen Dank für das Gespräch am Montag, das Team war begeistert. Bitte keine weiteren Mails mehr.",
    ],
)
def test_said_in_so_many_words_it_holds_whatever_else_is_written(text: str) -> None:
    """However much the rest is like an ordinary answer."""
    assert _kind(text) is Kind.UNSUBSCRIBE
