"""What machines send, and what people send that looks like it: a person is never taken for a machine."""

from datetime import date

import pytest

from followmail.mail.kinds import Kind, Verdict, classify

REPLY = "Re: Backup concept for your offices"
MACHINE = "Auto-Submitted: auto-replied\n"


def _mail(
    text: str, subject: str = REPLY, headers: str = "", sender: str = "Pat Person <pat@person.example>"
) -> Verdict:
    head = (
        f"From: {sender}\nTo: a@consult.example\nSubject: {subject}\nDate: Mon, 10 Aug 2026 09:00:00 +0000\n{headers}"
    )
    return classify(f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode())


# What people write who are away, were away, closed, or speak of receipts and of colleagues who left.
PEOPLE = [
    "We're closed on Mondays, any other day is good for a visit.",
    "I'm out of the office most of this week but do call my mobile, I have time on Thursday.",
    "Thanks. I am on holiday next week so let's speak the week after.",
    "Thank you for your message. I'm away until Monday but I read your paper and we would like to go ahead.",
    "Thanks for your email, we're closed over Christmas, so January it is. Send me the contract.",
    "I will be travelling until 20 August and will look at your paper on the plane.",
    "I'm on leave from tomorrow. My colleague Jane signs the order in the meantime.",
    "Hi, back on Monday, will call you then.",
    "Out of office at the moment, but yes, please send it.",
    "I am away on Thursday, Friday works.",
    "Hello Alex, I'm back in the office on Tuesday and will then review this with Tom. Regards",
    "Thanks for your message. Urgent matters keep me busy, please contact me in September.",
    "Our office is closed on Fridays. Tuesday at ten would be fine.",
    "I don't work Fridays, so Thursday at noon please.",
    "Thank you for your mail. We are happy with our supplier. Please contact us again next year.",
    "I have left a voicemail for you. Call me back.",
    "I've left the contract on your desk, please sign.",
    "We received your proposal and will get back to you as soon as possible after the board meeting.",
    "Received, thank you. Our team will review it and I will come back to you next week.",
    "We have received your offer. The price is too high.",
    "Ich bin nächste Woche im Urlaub, danach können wir telefonieren.",
    "Ich bin bis Freitag auf Dienstreise, rufen Sie mich danach an.",
    "Vielen Dank für Ihre Nachricht. Ich bin ab Montag wieder im Büro und melde mich dann bei Ihnen wegen des "
    "Angebots.",
    "Danke für Ihre Nachricht, ich war im Urlaub. Wir nehmen das Angebot an.",
    "Wir haben im August Betriebsferien, kommen Sie danach gerne vorbei.",
    "Bin heute nicht im Büro, schicken Sie es mir bitte per Mail.",
    "Frau Meier ist im Urlaub, ich habe Ihre Mail gelesen und finde das gut.",
    "Ihre Anfrage ist bei uns eingegangen, ich habe dazu noch eine Frage: was kostet das?",
    "Wir haben Ihre Nachricht erhalten und sind nicht interessiert.",
    "Ich bin nicht mehr für die IT zuständig.",
    "Herr Krause ist nicht mehr bei uns, ich bin sein Nachfolger und habe Interesse.",
    "Je suis en congés la semaine prochaine, appelez-moi après.",
    "Merci pour votre message. Je suis absent jusqu'à lundi mais votre offre m'intéresse.",
    "Je serai de retour le 20 août, on en parle à ce moment-là.",
    "Nous avons bien reçu votre devis, il est trop cher.",
    "Je suis en déplacement, mais vous pouvez m'appeler sur mon portable demain.",
    "Monsieur Durand ne travaille plus ici, c'est moi qui m'occupe de l'informatique. Quel est votre tarif ?",
    "Estoy de vacaciones hasta el lunes, luego lo miro y te digo.",
    "Gracias por su mensaje. Estaré fuera la próxima semana, pero mándeme la propuesta.",
    "Hemos recibido su oferta y nos parece cara.",
    "Esta semana estoy de viaje, hablamos el lunes.",
    "Ya no trabajo con ese proveedor, buscamos otro.",
    "La oficina cierra los viernes, venga el jueves.",
    "Sono in ferie fino a lunedì, poi ne parliamo.",
    "Grazie per il messaggio. Rientro lunedì e le mando i dati per il preventivo.",
    "Abbiamo ricevuto la sua offerta, ci sembra cara.",
    "Oggi sono fuori ufficio, mi chiami al cellulare.",
    "Non lavoro più con quel fornitore, ne cerchiamo uno nuovo.",
    "Ik ben volgende week met vakantie, bel me daarna.",
    "Bedankt voor je bericht. Ik ben maandag weer terug en lees dan je voorstel.",
    "We hebben je offerte ontvangen, die is te duur.",
    "Ik ben vandaag niet op kantoor maar mobiel bereikbaar, bel gerust.",
    "Wij zijn op vrijdag gesloten, donderdag kan wel.",
    "Estou de férias até segunda, depois falamos.",
    "Obrigado pela sua mensagem. Volto na segunda e envio-lhe os dados.",
    "Recebemos a sua proposta e achamos cara.",
    "Hoje estou fora do escritório, ligue-me para o telemóvel.",
    "Já não trabalho com esse fornecedor, procuramos outro.",
    "Got it, on the train until six. Looks fine to me.",
    "Sorry, was off sick. Yes.",
    "On vacation, but go ahead with option B.",
    "I'm in meetings all day, tomorrow is better.",
    "The 24th is a public holiday here, so the 25th.",
    "We're moving offices until the end of August, so September please.",
    "I am on parental leave from October, so we should decide before.",
    "My boss is on holiday until the 17th; she has to sign. I forward it to her.",
    "No longer with us: our old provider. We look for a new one now.",
    "Please unsubscribe me from nothing, I like these :)",
    "Ticket 55 for the museum is booked for you, see you there.",
    "Your request is fine with us. Go ahead.",
    "Automatic reply from our spam filter went to you, sorry. I am interested.",
    "Danke, bin ab 24.8. wieder da.",
    "Bin am Montag wieder im Büro.",
    "Back Monday.",
    "Je rentre lundi.",
    "Vuelvo el lunes y te llamo.",
    "I return on Monday.",
    "Will be back in the office on 24 August and then decide about the backup.",
    "Thank you for contacting us. We would like to see the two pages.",
    "Thanks for getting in touch! Our team discussed it and the answer is no.",
    "We have received your message and passed it to Tom, who will call you tomorrow.",
    "Your message has been received, thank you. The price is fine.",
    "Dear Alex, we confirm receipt of your proposal and accept it.",
    "I no longer work on Fridays. Tuesday then.",
    "Jane has left the company, so I look after IT now. Happy to talk.",
    "Our IT manager left the company last month and nobody replaced him yet.",
    "My father passed away last week, please give us some time.",
    "I retired from the board, but still run the office. Send it.",
    "Please do not reply to all, only to me. Yes, we take it.",
    "This is not an automatic reply, I really read it :) Yes.",
    "We are closed until Monday because of the flood. Everything is lost, how fast can you be here?",
    "I'm out until 3, then free.",
    "Away from keyboard, quick yes from me.",
    "I will be on holiday from 24 August, so please before that.",
    "Returning to your question: four offices.",
    "Back to your mail: it went to the wrong office, we are in Leeds.",
    "Please call back on Monday.",
    "Sent back on Monday as agreed.",
    "Unfortunately I am unavailable on Thursday. Would Friday suit?",
    "I'm currently not in the office on Mondays and Tuesdays. Wednesday 10 am?",
    "Sorry I missed you, I was out of the office. We do have backups.",
    "As I am on maternity leave soon, Peter Marsh takes over, he will write to you.",
    "Holiday here until the 17th, ask me again after.",
    "We don't have a budget until October.",
    "Until Friday I can give you a discount.",
    "The office is open again, come by.",
    "Danke für die Eingangsbestätigung. Passt.",
    "Wir haben Ihre Anfrage geprüft und möchten kein Angebot.",
    "Ihre Nachricht habe ich erhalten und weitergeleitet, Herr Kurz meldet sich.",
    "Ich bin noch bis 14 Uhr im Büro.",
    "Ich bin ab nächster Woche in Elternzeit, bitte wenden Sie sich dann an Frau Kern.",
    "Das Büro in Jena ist geschlossen, wir sind nur noch in Gera.",
    "Bin gerade unterwegs, kurz: ja.",
    "Bin im Termin, rufe zurück.",
    "Im Urlaub denke ich darüber nach.",
    "Frau Lenz arbeitet nicht mehr hier. Wir brauchen nichts.",
    "Vielen Dank für Ihre Anfrage. Wir sichern bereits alles selbst.",
    "Vielen Dank für Ihre Nachricht. Wir melden uns, wenn wir Bedarf haben.",
    "Gerade zurück aus dem Urlaub, ja gerne.",
    "Der Betrieb ist bis Ende August geschlossen, im September gerne.",
    "Merci pour votre message. Nous avons déjà un prestataire.",
    "Nous avons bien reçu votre message et nous ne sommes pas intéressés.",
    "Je suis en réunion, je vous rappelle à 15h.",
    "Le bureau de Lyon est fermé, écrivez à Paris.",
    "Je serai absent le 20, plutôt le 21.",
    "Merci de me rappeler lundi.",
    "Gracias por contactar con nosotros, pero ya tenemos proveedor.",
    "Hemos recibido su mensaje y no nos interesa.",
    "Estoy reunido, le llamo luego.",
    "Cerramos los viernes por la tarde.",
    "Grazie per averci contattato, abbiamo già un fornitore.",
    "Sono in riunione, la chiamo dopo.",
    "Il nostro studio è chiuso il venerdì.",
    "Bedankt voor uw bericht, wij hebben al een leverancier.",
    "Ik zit in een vergadering, bel zo terug.",
    "Obrigado por contactar, já temos fornecedor.",
    "Estou em reunião, ligo depois.",
    "Recebemos o seu e-mail e não temos interesse.",
    "Hi Alex, thanks for your email. I'm on holiday at the moment so only a short answer: yes.",
    "Thanks for your email. I'm away this week. I have read your note and am interested.",
    "I'm off until Wednesday. Can it wait?",
    "Thanks Alex. I'm on leave till the end of the month, Bob will handle it meanwhile, bob@person.example",
    "We're shut for refurbishment until October. After that we talk.",
    "I'll be back in the office on the 20th and will look at it then.",
    "Returning from holiday I found your mail. Please send the paper.",
    "Not at my desk, will answer this tonight.",
    "In the office only on Tuesdays, call then.",
    "My mailbox was full, please send again.",
    "Thank you for your enquiry about our offices, we have four of them in Kent.",
    "We will get back to you as soon as we have decided.",
    "Your request has been passed to our IT team. They want a price first.",
    "Our support team will contact you on Thursday about the details you asked for.",
    "Ich bin bis Mittwoch unterwegs, dann schau ich rein.",
    "Bin krank, melde mich nächste Woche.",
    "Ich bin im Urlaub. Frau Kern (kern@person.example) entscheidet das, bitte mit ihr sprechen.",
    "Wir haben Ihre E-Mail an unsere IT weitergeleitet.",
    "Heute geschlossen, morgen wieder. Was kostet das Konzept?",
    "Je suis en vacances, on se reparle en septembre.",
    "Je suis malade, je vous réponds la semaine prochaine.",
    "Estoy de baja, lo lleva Ana.",
    "Sono in ferie, ne riparliamo a settembre.",
    "Ik ben ziek, volgende week reageer ik.",
    "Estou de férias, respondo em setembro.",
]


@pytest.mark.parametrize("text", PEOPLE)
def test_a_person_stays_a_person(text: str) -> None:
    """The one unforgivable fault: to nudge somebody who has answered."""
    assert _mail(text).kind.human


# Absence notes, and the first day back. The mail is of Monday, 10 August 2026.
NOTES = [
    (
        "I am currently out of the office and will return on Monday, 17 August. For urgent matters please "
        "contact Jane Doe at jane@x.example.",
        "2026-08-17",
    ),
    ("Thank you for your e-mail. I am on annual leave until 21 August and will reply on my return.", "2026-08-21"),
    ("I'm on vacation through August 21 with no access to email.", "2026-08-22"),
    ("I am out of office from 8/10 to 8/14. If this is urgent, call +1 555 0100.", "2026-08-15"),
    ("I will be out of the office starting 10 August 2026 and will return 24 August 2026.", "2026-08-24"),
    (
        "Thanks for your message! I'm currently on parental leave and will be back in January 2027. In my "
        "absence please reach out to Sam (sam@x.example).",
        "2027-01-01",
    ),
    ("I'm away at a conference this week with limited access to email. I'll get back to you next week.", "2026-08-17"),
    (
        "Our offices are closed for the summer break until 24 August. We will answer your message after that.",
        "2026-08-24",
    ),
    ("I'm OOO until Thursday.", "2026-08-13"),
    ("I'm taking some time off and will be back on Wednesday the 19th.", "2026-08-19"),
    (
        "Vielen Dank für Ihre Nachricht. Ich bin bis zum 21.08.2026 nicht im Büro. In dringenden Fällen wenden "
        "Sie sich bitte an meine Kollegin Frau Sommer.",
        "2026-08-21",
    ),
    ("Ich bin derzeit im Urlaub und ab dem 24. August wieder erreichbar.", "2026-08-24"),
    (
        "Guten Tag, ich befinde mich vom 3. bis einschließlich 21. August im Urlaub. Ihre E-Mail wird nicht "
        "weitergeleitet.",
        "2026-08-22",
    ),
    ("Leider bin ich zur Zeit krank. Meine Vertretung übernimmt Herr Lang.", None),
    ("Ich bin heute und morgen auf einer Fortbildung und daher nur eingeschränkt erreichbar.", "2026-08-12"),
    ("Hallo, bin im Urlaub und am 17.8. wieder da. LG", "2026-08-17"),
    ("Unser Büro bleibt vom 10.8. bis 21.8. geschlossen. Ab dem 24.8. sind wir wieder für Sie da.", "2026-08-24"),
    (
        "Je suis actuellement en congés jusqu'au 21 août inclus. En cas d'urgence, merci de contacter Luc Petit.",
        "2026-08-22",
    ),
    ("Absente du bureau jusqu'au lundi 24 août, je répondrai à votre message à mon retour.", "2026-08-24"),
    ("Je suis absent du 10 au 14 août. Pour toute urgence, contactez le secrétariat au 01 23 45 67 89.", "2026-08-15"),
    ("Notre agence est fermée du 1er au 23 août. Réouverture le lundi 24 août.", "2026-08-24"),
    (
        "Actualmente estoy de vacaciones y regresaré el 24 de agosto. Para asuntos urgentes contacte con Ana Ruiz.",
        "2026-08-24",
    ),
    ("Estaré fuera de la oficina hasta el 21 de agosto inclusive. Responderé a su correo a mi regreso.", "2026-08-22"),
    ("Nuestras oficinas permanecerán cerradas del 10 al 21 de agosto. Disculpen las molestias.", "2026-08-22"),
    ("Me encuentro de baja médica. Para cualquier urgencia, contacte con mi compañera Luz.", None),
    ("Sono in ferie dal 10 al 21 agosto. Per urgenze contattare Anna Bianchi.", "2026-08-22"),
    ("Sarò assente fino al 24 agosto, risponderò al mio rientro.", "2026-08-24"),
    ("L'ufficio resterà chiuso per ferie fino al 23 agosto compreso.", "2026-08-24"),
    ("Sono fuori sede oggi e domani, rientro mercoledì.", "2026-08-12"),
    ("Ik ben met vakantie tot 24 augustus. Voor dringende zaken kunt u contact opnemen met Jan.", "2026-08-24"),
    ("Momenteel ben ik afwezig. Vanaf 24 augustus ben ik weer bereikbaar.", "2026-08-24"),
    ("Ik werk niet op maandag, morgen lees ik je bericht.", "2026-08-11"),
    ("Ons kantoor is gesloten van 10 t/m 21 augustus.", "2026-08-22"),
    ("Estou de férias até 21 de agosto. Em caso de urgência contacte a minha colega Rita.", "2026-08-21"),
    ("Encontro-me ausente do escritório até dia 24/08. Responderei no meu regresso.", "2026-08-24"),
    ("Estaremos encerrados de 10 a 21 de agosto.", "2026-08-22"),
    ("Estou em licença médica por tempo indeterminado. Para urgências fale com a Paula.", None),
    (
        "I am presently out of the office attending a trade show. I will be back at my desk Thursday, August 13.",
        "2026-08-13",
    ),
    (
        "Hi! You've reached me while I'm on my honeymoon. I'll be back on September 1st and will catch up on "
        "email then.",
        "2026-09-01",
    ),
    ("Please note that I am away on business until 14th August with intermittent access to emails.", "2026-08-14"),
    ("I have limited access to email until Monday, 17 August. If your matter is urgent, text me.", "2026-08-17"),
    ("I am off sick today. Please contact the front desk.", "2026-08-11"),
    ("Our company is closed for the public holiday and will reopen on Tuesday.", "2026-08-11"),
    ("Thank you for your message. The office is closed between 8 and 16 August inclusive.", "2026-08-17"),
    ("I am on leave from 3 - 14 Aug. For anything urgent, contact Kim.", "2026-08-15"),
    ("On annual leave, returning 08/24/2026.", "2026-08-24"),
    ("I will not be in the office until 2026-08-20.", "2026-08-20"),
    ("I'm out this afternoon and tomorrow and back on Wednesday.", "2026-08-12"),
    ("Bis 28.8. bin ich im Urlaub. Meine Vertretung: Frau Roth, Tel. 123.", "2026-08-28"),
    (
        "Ich bin zurzeit auf Dienstreise und nur eingeschränkt erreichbar. Ab Donnerstag bin ich wieder im Büro.",
        "2026-08-13",
    ),
    (
        "Unsere Kanzlei ist vom 17.08. bis zum 28.08.2026 geschlossen. In Notfällen erreichen Sie uns unter 0171 123.",
        "2026-08-29",
    ),
    ("Aufgrund meines Urlaubs kann ich Ihre Nachricht erst am 24. August bearbeiten.", "2026-08-24"),
    ("Ich habe Urlaub und bin am Montag, dem 24. August, wieder da. Dringendes bitte an Frau Sommer.", "2026-08-24"),
    (
        "Bonjour, je suis actuellement en déplacement et de retour au bureau le mercredi 19 août. Pour toute "
        "urgence, merci de contacter mon assistante.",
        "2026-08-19",
    ),
    ("Le cabinet est fermé du lundi 10 au vendredi 21 août inclus.", "2026-08-22"),
    ("En congés jusqu'au 31 août. Mes collègues peuvent vous aider : contact@x.example.", "2026-08-31"),
    ("Je suis en congé maternité jusqu'en janvier 2027. Merci de vous adresser à Claire Roy.", "2027-01-01"),
    (
        "Me encuentro fuera de la oficina hasta el próximo lunes 17 de agosto. Si es urgente, escriba a ana@x.example.",
        "2026-08-17",
    ),
    (
        "Estoy de vacaciones del 3 al 23 de agosto, ambos inclusive. Para urgencias contacte con el 900 000 000.",
        "2026-08-24",
    ),
    ("Cerrado por vacaciones hasta el 31 de agosto.", "2026-08-31"),
    ("Sarò in ferie dal 10 al 23 agosto compresi. Per urgenze scrivere a info@x.example.", "2026-08-24"),
    ("Lo studio resterà chiuso fino al 31 agosto. Riapriremo il 1° settembre.", "2026-09-01"),
    ("Sono assente per maternità fino a gennaio 2027. Per urgenze contattare la collega Rosa Neri.", "2027-01-01"),
    ("Ik ben afwezig van 10 t/m 21 augustus. Bij spoed kunt u bellen met 010 123.", "2026-08-22"),
    ("Wij zijn met vakantie en vanaf maandag 31 augustus weer bereikbaar.", "2026-08-31"),
    ("Ik ben vandaag vrij en morgen weer aanwezig. Neem bij spoed contact op met Piet.", "2026-08-11"),
    (
        "Estou ausente do escritório até 19/08/2026, inclusive. Em caso de urgência, contacte geral@x.example.",
        "2026-08-20",
    ),
    ("Estarei de férias de 10 a 23 de agosto, retornando no dia 24. Urgências: 11 99999-0000.", "2026-08-24"),
    ("Encontro-me em licença de maternidade até janeiro de 2027. Na minha ausência, contacte a Ana.", "2027-01-01"),
]
# these only with a machine's header: a person may write so
SURE_NOTES = [
    ("Ich bin in KW 33 nicht im Büro. Bitte wenden Sie sich an die Zentrale.", "2026-08-17"),
    (
        "Ich bin bis einschl. 16.08. abwesend und kann Ihre E-Mail erst ab dem 17.08. beantworten. Bitte wenden "
        "Sie sich in dringenden Fällen an info@x.example.",
        "2026-08-17",
    ),
]


@pytest.mark.parametrize(("text", "back"), NOTES)
def test_an_absence_is_known_by_its_words(text: str, back: str | None) -> None:
    """Many servers mark nothing, and keep "Re:" in the subject."""
    verdict = _mail(text)
    assert (verdict.kind, verdict.return_date) == (Kind.OUT_OF_OFFICE, back and date.fromisoformat(back))
    assert verdict.evidence


@pytest.mark.parametrize(("text", "back"), NOTES + SURE_NOTES)
def test_an_absence_with_a_header_says_when_it_ends(text: str, back: str | None) -> None:
    """RFC 3834 §5 says that a machine wrote; the words say what."""
    verdict = _mail(text, "Automatic reply: Backup concept for your offices", MACHINE)
    assert (verdict.kind, verdict.return_date) == (Kind.OUT_OF_OFFICE, back and date.fromisoformat(back))


RECEIVED = [
    ("We have received your email and will respond within two business days.", "support@x.example"),
    ("Thank you for contacting Acme Support. Your request has been assigned ticket number 4711.", "help@x.example"),
    ("Your message has been received. A member of our team will be in touch shortly.", "info@x.example"),
    ("Vielen Dank für Ihre Anfrage. Wir werden diese schnellstmöglich bearbeiten.", "info@x.example"),
    (
        "Ihre E-Mail ist bei uns eingegangen und wird schnellstmöglich bearbeitet. Dies ist eine automatische Antwort.",
        "pat@person.example",
    ),
    ("Nous avons bien reçu votre message et vous répondrons dans les meilleurs délais.", "contact@x.example"),
    ("Hemos recibido su mensaje. Le contestaremos lo antes posible.", "info@x.example"),
    ("Abbiamo ricevuto la sua richiesta. Le risponderemo il prima possibile.", "info@x.example"),
    ("Wij hebben uw bericht in goede orde ontvangen en nemen zo snel mogelijk contact met u op.", "info@x.example"),
    ("Recebemos a sua mensagem e responderemos o mais breve possível.", "geral@x.example"),
    ("This mailbox is no longer monitored. Please write to sales@x.example.", "noreply@x.example"),
    ("Please do not reply to this email. Your enquiry was logged as ABC-123.", "service@x.example"),
]


@pytest.mark.parametrize(("text", "sender"), RECEIVED)
def test_an_acknowledgement_of_receipt_is_automatic(text: str, sender: str) -> None:
    """It says nothing about the person."""
    assert _mail(text, sender=sender).kind is Kind.AUTOMATIC


LEFT = [
    ("Please note that I have left the company. For all enquiries contact info@x.example.", "pat@acme.example"),
    ("Pat Person no longer works at Acme. Please contact sales@acme.example.", "Pat Person <pat@acme.example>"),
    ("Ich bin nicht mehr für die Acme GmbH tätig. Bitte wenden Sie sich an info@acme.example.", "pat@acme.example"),
    ("Frau Person ist aus unserem Unternehmen ausgeschieden.", "Pat Person <pat@acme.example>"),
    ("Je ne fais plus partie de la société Acme. Merci de contacter info@acme.example.", "pat@acme.example"),
    ("Ya no trabajo en Acme. Contacte con info@acme.example.", "pat@acme.example"),
    ("Non lavoro più in Acme, per favore scrivete a info@acme.example.", "pat@acme.example"),
    ("Ik werk niet meer bij Acme. U kunt contact opnemen met info@acme.example.", "pat@acme.example"),
    ("Já não trabalho na Acme. Por favor contacte info@acme.example.", "pat@acme.example"),
]
# where a header says that a machine wrote, fewer words do
PARTED = [
    ("I have taken up a new challenge elsewhere. Orders: desk@acme.example", "desk@acme.example"),
    ("I have left Brightwater as of 1 May.", None),
    ("You are writing to a former employee. Please call our main number.", None),
    ("Ich stelle mich neuen Herausforderungen, Ihr Kontakt ist desk@acme.example.", "desk@acme.example"),
    ("Seit April bin ich nimmer bei Acme. Bitte an desk@acme.example schreiben.", "desk@acme.example"),
    ("La personne que vous cherchez est partie. Écrivez à desk@acme.example.", "desk@acme.example"),
    ("He comenzado una nueva etapa. Escriba a desk@acme.example.", "desk@acme.example"),
    ("La collaboratrice ha concluso il suo rapporto con noi: desk@acme.example", "desk@acme.example"),
    ("Ik heb Acme verlaten, mijn taken doet desk@acme.example.", "desk@acme.example"),
    ("Deixei as minhas funções na Acme. Contacte desk@acme.example.", "desk@acme.example"),
]


@pytest.mark.parametrize(("text", "contact"), PARTED)
def test_a_machine_that_speaks_of_a_parting_names_the_stand_in(text: str, contact: str | None) -> None:
    """A person who writes the same has not left for certain."""
    found = _mail(text, sender="Pat Person <pat@acme.example>", headers=MACHINE)
    assert (found.kind, found.contact) == (Kind.LEFT_COMPANY, contact)


@pytest.mark.parametrize(
    "text",
    [
        "I have left the office and will be back on 24 August.",
        "Ich bin heute nicht mehr im Büro und am 24. August wieder da.",
        "Je suis parti en vacances jusqu'au 24 août.",
    ],
)
def test_who_left_for_a_while_is_away(text: str) -> None:
    """A day back says more than "left"."""
    assert _mail(text, headers=MACHINE).kind is Kind.OUT_OF_OFFICE


def test_who_retired_and_wants_no_more_mail_is_a_person() -> None:
    """Nobody is gone who asks for something."""
    assert _mail("I have retired, please take me off your list.").kind is Kind.UNSUBSCRIBE


@pytest.mark.parametrize("headers", ["", MACHINE])
@pytest.mark.parametrize(("text", "sender"), LEFT)
def test_who_left_the_company_is_gone(text: str, sender: str, headers: str) -> None:
    """By their own words, or by those of the mailbox that bears their name."""
    assert _mail(text, sender=sender, headers=headers).kind is Kind.LEFT_COMPANY


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-generated",
        "Auto-Submitted: auto-replied (vacation)",
        "auto-submitted: Auto-Replied; owner-email=x",
        "X-Autoreply: yes",
        "X-Autorespond: Backup concept",
        "Precedence: auto_reply",
        "Return-Path: <>",
        "X-MS-Exchange-Inbox-Rules-Loop: pat@person.example",
        "X-Mailer: vacation 1.2.7",
        "X-POST-MessageClass: 9; Autoresponder",
    ],
)
def test_a_machine_is_known_by_its_header(header: str) -> None:
    """What it says is then read leniently."""
    assert _mail("Thank you, we will be in touch.", headers=header + "\n").kind is Kind.AUTOMATIC


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "X-Auto-Response-Suppress: All",
        "Precedence: bulk",
        "X-MS-Exchange-Inbox-Rules-Loop: somebody@else.example",
        "Return-Path: <pat@person.example>",
        "X-Mailer: Microsoft Outlook 16.0",
    ],
)
def test_a_header_that_people_carry_too_proves_nothing(header: str) -> None:
    """Outlook sets the first one on human mail, gateways the others."""
    assert _mail("Yes, send it over.", headers=header + "\n").kind is Kind.REPLY


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Backup concept",
        "Out of Office",
        "Out of office: Re: Backup concept",
        "[EXTERNAL] Automatic reply: Backup concept",
        "Autoreply: Backup concept",
        "Backup concept (Automatic Response)",
        "Pat Person is out of the office",
        "Automatische Antwort: Konzept",
        "Abwesenheitsnotiz: Konzept",
        "Réponse automatique : Concept",
        "Respuesta automática: Concepto",
        "Risposta automatica: Concetto",
        "Automatisch antwoord: Concept",
        "Resposta automática: Conceito",
        "Re: Backup concept (Automatic Response)",
    ],
)
def test_a_machine_is_known_by_its_subject(subject: str) -> None:
    """Mail programs write it in the language of their user."""
    assert _mail("Thank you for your message.", subject).kind in (Kind.AUTOMATIC, Kind.OUT_OF_OFFICE)


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply feature - question",
        "Re: Automatic reply: Backup concept",
        "AW: Abwesenheitsnotiz",
        "Out of office hours we have no backup",
        "Holiday home in Cornwall needs a backup",
        "Auto parts shop, our backup",
        "Away game on Saturday",
        "Ticket prices for the museum",
    ],
)
def test_a_subject_that_only_begins_so_is_a_persons(subject: str) -> None:
    """A mark stands alone or before a colon."""
    assert _mail("We thought about it. Four offices.", subject).kind.human


RECEIPTS = [
    (
        "Read: Backup concept",
        "Your message\n\n  To: Pat\n  Subject: Backup concept\n\nwas read on Monday, 10 August 2026 9:02:44 AM.",
    ),
    (
        "Gelesen: Konzept",
        "Ihre Nachricht\n\n   An: Pat\n   Betreff: Konzept\n\nwurde am Montag, 10. August 2026 07:58:02 gelesen.",
    ),
    ("Lu : Concept", "Votre message\n\nÀ : Pat\n\na été lu le lundi 10 août 2026 09:02."),
    ("Leído: Concepto", "Su mensaje\n\nse leyó el lunes, 10 de agosto de 2026 9:02."),
    ("Letto: Concetto", "Il messaggio\n\nè stato letto lunedì 10 agosto 2026 09:02."),
    ("Gelezen: Concept", "Uw bericht\n\nis gelezen op maandag 10 augustus 2026 9:02."),
    ("Lida: Conceito", "A sua mensagem\n\nfoi lida em segunda-feira, 10 de agosto de 2026 9:02."),
    ("Not read: Backup concept", "Your message\n\nwas deleted without being read on Monday, 10 August 2026."),
]


@pytest.mark.parametrize(("subject", "text"), RECEIPTS)
def test_a_receipt_is_no_answer(subject: str, text: str) -> None:
    """Outlook and Exchange send these without any header of their own."""
    assert _mail(text, subject).kind is Kind.AUTOMATIC


def test_a_disposition_notification_names_the_message() -> None:
    """RFC 8098 §3: a receipt that a machine can read."""
    raw = (
        b"From: pat@person.example\nSubject: Disposition notification\nContent-Type: multipart/report; "
        b'boundary="cut";\n'
        b" report-type=disposition-notification\n\n--cut\n\nYour message has been displayed.\n--cut\n"
        b"Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;pat@person.example\n"
        b"Original-Message-ID: <first@birch.example>\nDisposition: manual-action/MDN-sent-manually; "
        b"displayed\n--cut--\n"
    )
    verdict = classify(raw)
    assert (verdict.kind, verdict.original_ids) == (Kind.AUTOMATIC, ("first@birch.example",))


LIST = "List-Id: Board <board.choir.example>\nList-Unsubscribe: <mailto:leave@choir.example>\nPrecedence: list\n"


def test_a_list_post_is_automatic_and_an_answer_through_a_list_is_not() -> None:
    """Groups rewrite the mail of their members; who answers us is a person."""
    post = f"From: Ida <ida@choir.example>\nTo: board@choir.example\nSubject: Rehearsal\n{LIST}\nAt seven."
    answer = "From: Ida via Board <board@choir.example>\nTo: a@consult.example\nSubject: [Board] Re: "
    f"Backup\n{LIST}\nYes, two rooms."
    assert classify(post.encode()).kind is Kind.AUTOMATIC
    assert classify(answer.encode()).kind is Kind.REPLY


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("no-reply@shop.example", "Your order 4711", "Your parcel is on its way."),
        ("Build <notifications@code.example>", "main has new results", "3 new issues."),
        ("News <news@shop.example>", "40 % off", "All patterns. View this email in your browser."),
        (
            "Shop <hello@shop.example>",
            "Summer sale",
            "All must go.\n\nYou are receiving this email because you subscribed.",
        ),
        ("IT <helpdesk@school.example>", "[Ticket#83107] Backup concept", "Your request has been received."),
    ],
)
def test_notifications_newsletters_and_tickets_are_automatic(sender: str, subject: str, text: str) -> None:
    """None of them is an answer."""
    assert _mail(text, subject, sender=sender).kind is Kind.AUTOMATIC


def test_a_list_header_does_not_hide_an_absence() -> None:
    """Some notes come back through the list they answer."""
    assert _mail("I am out of the office until 14 August.", "Out of Office", LIST).kind is Kind.OUT_OF_OFFICE


def test_an_absence_names_the_stand_in() -> None:
    """The digest proposes them."""
    text = "I am out of the office until 14 August. In my absence please contact Jo Lark (jo.lark@person.example)."
    assert _mail(text, headers=MACHINE).contact == "jo.lark@person.example"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"X-Apple-Unsubscribe: true\nAuto-Submitted: auto-generated\nSubject: unsubscribe\n\n", Kind.UNSUBSCRIBE),
        (b"From: a@b.example\nSubject: Unsubscribe\n\n", Kind.UNSUBSCRIBE),
        (
            b"From: abuse@isp.example\nSubject: complaint\nContent-Type: multipart/report; "
            b"report-type=feedback-report\n\n",
            Kind.UNSUBSCRIBE,
        ),
        (b"", Kind.REPLY),
    ],
)
def test_a_wish_to_be_left_alone_comes_before_all_else(raw: bytes, kind: Kind) -> None:
    """Apple Mail's button, a bare subject, a complaint report (RFC 5965)."""
    assert classify(raw).kind is kind


@pytest.mark.parametrize(
    ("sender", "subject", "headers", "text"),
    [
        (
            "Support <support@acme.example>",
            "[Acme] Re: Backup concept",
            "Auto-Submitted: auto-generated\nX-Mailer: Zendesk Mailer\n",
            "we would like to go ahead. Could you send the contract by Friday?",
        ),
        ("Bob <noreply@crm.example>", "Re: Backup concept", "", "yes, let us do that. When could you begin?"),
        ("Eva <noreply@crm.example>", "Re: Backup", "", "Ja, gerne. Wann könnten Sie anfangen?"),
        ("Ana <noreply@crm.example>", "Re: Backup", "X-OTRS-Loop: no\n", "Sí, nos gustaría. ¿Cuándo pueden empezar?"),
    ],
)
def test_an_answer_through_a_program_is_a_persons(sender: str, subject: str, headers: str, text: str) -> None:
    """A ticket system or a customer database sends what its users write."""
    raw = f"From: {sender}\nSubject: {subject}\nDate: Mon, 10 Aug 2026 09:00:00 +0000\n{headers}\n{text}\n"
    assert classify(raw.encode()).kind.human


@pytest.mark.parametrize(
    "text",
    [
        "Your request (#1234) has been received. Could you rate our support?",
        "Thank you for contacting us. We will get back to you. Do you know our help pages?",
        "I am out of the office. Is it urgent?",
    ],
)
def test_a_receipt_of_a_program_is_automatic_whatever_it_asks(text: str) -> None:
    """A machine's words beside a question: a machine."""
    raw = f"From: Help <help@x.example>\nSubject: Re: Backup\nAuto-Submitted: auto-generated\n\n{text}\n"
    assert not classify(raw.encode()).kind.human


def test_a_post_to_a_list_is_known_by_its_tag() -> None:
    """Some lists set no header, but put their name into the subject."""
    post = (
        b"From: Jo <jo@x.example>\nTo: backup-talk@lists.example\nSubject: Re: [backup-talk] tapes\n\nMine is fine.\n"
    )
    assert classify(post).kind is Kind.AUTOMATIC
    assert classify(post.replace(b"To: backup-talk", b"To: alex")).kind is Kind.REPLY


def test_a_web_server_is_no_person() -> None:
    """What its account sends is a notice, unless it answers."""
    raw = b"Return-Path: <www-data@x.example>\nFrom: Shop <shop@x.example>\nSubject: revision 214\n\nModified: README\n"
    assert classify(raw).kind is Kind.AUTOMATIC


def test_a_vacation_of_apple_says_so_in_its_header() -> None:
    """Its text may be anything."""
    raw = b"From: a@x.example\nSubject: Auto reply: x\nX-Apple-Action: VACATION\n\nI'm only sleeping.\n"
    assert classify(raw).kind is Kind.OUT_OF_OFFICE
