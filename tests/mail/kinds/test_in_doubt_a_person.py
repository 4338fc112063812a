"""People whose mail looks like a machine's, and wishes above quotes that are hard to see."""

import pytest

from followmail.mail.kinds import Kind, classify

ANSWER = (
    b"From: %s\r\nTo: alex@consult.example\r\nSubject: Re: Proposal\r\nIn-Reply-To: <m@consult.example>\r\n\r\n%s\r\n"
)


@pytest.mark.parametrize(
    "sender",
    [
        b'"Bob Stone via Share" <noreply@share.example>',
        b"Bob Stone <noreply@bob.example>",
        b"Bob <no-reply@crm.example>",
    ],
)
def test_people_answer_through_services_that_say_noreply(sender: bytes) -> None:
    """Nothing but the address speaks of a machine."""
    verdict = classify(ANSWER % (sender, b"Hello Alex, we decided for somebody else, sorry.\r\n\r\nBob"))
    assert verdict.kind is Kind.REPLY


@pytest.mark.parametrize(
    "attribution",
    ["On 3 May, Alex wrote:", "Am 3. Mai schrieb Alex:", "Le 3 mai, Alex a écrit :", "El 3 de mayo, Alex escribió:"],
)
def test_a_wish_above_a_quote_whose_attribution_has_no_year(attribution: str) -> None:
    """The attribution is none of the author's words."""
    text = f"Stop.\r\n\r\nBob\r\n\r\n{attribution}\r\n> unsubscribe here"
    assert classify(ANSWER % (b"bob@bob.example", text.encode())).kind is Kind.UNSUBSCRIBE


# who says where they are or will be, and is a person who answers
NEAR_AN_ABSENCE = (
    # en
    "I'm in the office on Friday.",
    "I'm in the office Friday, 10 works.",
    "Back on Monday, does 10 suit you?",
    "I'm travelling this week, could you call me next Tuesday?",
    "I'm at the trade fair until Thursday, come by stand 4B.",
    "I'll be there at 9.",
    "I'm on the train until 5, then I can talk.",
    "I'm out on Thursday, Friday is better.",
    "Away until Wednesday but send it over and I'll read it on the plane.",
    "I am back on 4 May and would then like to see the figures.",
    "Not in the office tomorrow, so Wednesday at 3 pm.",
    "I work from home on Fridays, ring my mobile then.",
    "On holiday from the 12th, so we need the papers before that.",
    "I'm away next week; please put the meeting on the 20th.",
    "We are closed on Monday, come on Tuesday.",
    "Our office is closed on Friday, can the technician come on Monday?",
    "I only work mornings, so a call at 10 would do.",
    "My colleague Jane is covering the project, she has a few points for you.",
    "I leave for Lisbon on Friday and am back on the 12th, the contract is with legal.",
    "I'm in Madrid until Thursday and will sign it there.",
    "My husband is in hospital, we have to put the order back to June.",
    "I've retired, please take me off your list.",
    # de
    "Gern in zwei Monaten wieder, dann steht das neue Werk.",
    "Am Montag bin ich wieder erreichbar, passt 10 Uhr?",
    "Ich bin am Freitag im Büro.",
    "Bin ab Montag wieder da, dann unterschreibe ich.",
    "Bin bis Donnerstag auf der Messe, kommen Sie doch am Stand vorbei.",
    "Ich bin diese Woche auf Dienstreise, am Montag um 9 Uhr hätte ich Zeit.",
    "Bin bis Freitag unterwegs, schicken Sie den Vertrag bitte an meine Kollegin.",
    "Freitag bin ich um 9 da.",
    "Ab dem 4. Mai bin ich wieder im Haus, dann gern vor Ort.",
    "Bin im Urlaub bis 3. Mai, den Preis müssten wir vorher klären.",
    "Nächste Woche bin ich in Wien, wollen wir uns dort treffen?",
    "Unser Büro ist am Montag geschlossen, Dienstag ginge.",
    "Ich arbeite montags nicht, Dienstag 14 Uhr?",
    "Meine Kollegin vertritt mich im Projekt, sie meldet sich wegen der Zahlen.",
    "Ich bin in Rente und brauche das nicht mehr.",
    "Wieder im Herbst, dann ist das Lager fertig.",
    "Im Mai gern wieder, vorher haben wir Umbau.",
    "Bin krank, wir müssen den Termin am Mittwoch verschieben.",
    # fr
    "Je suis au bureau vendredi.",
    "Lundi je suis de retour, 10 h vous convient ?",
    "Je suis en déplacement cette semaine, pouvez-vous m'appeler mardi ?",
    "Je suis au salon jusqu'à jeudi, passez au stand 12.",
    "Vendredi j'y suis à 9h.",
    "De retour lundi, je signe le devis.",
    "Je suis en congés du 3 au 10 mai, il me faut donc le contrat avant.",
    "Notre bureau est fermé lundi, venez mardi.",
    "Je ne travaille pas le mercredi, jeudi matin m'irait mieux.",
    "Volontiers dans deux mois, la nouvelle usine sera alors ouverte.",
    "Je suis absente demain, décalons notre point à jeudi.",
    "Vous m'appelez la semaine prochaine ? Je suis en voyage aujourd'hui.",
    "Je serai à Lyon jusqu'à mercredi et j'en parle à mon associé.",
    "Ma collègue me remplace sur ce dossier, elle a quelques remarques.",
    "Je suis à la retraite depuis trois ans, ne m'écrivez plus svp.",
    # es
    "¿Me llama la semana que viene? Hoy ando de viaje.",
    "El viernes estoy en la oficina.",
    "El lunes estoy de vuelta, ¿le va bien a las 10?",
    "Estoy de viaje esta semana, llámeme el martes.",
    "Estoy en la feria hasta el jueves, pase por el stand.",
    "El viernes estaré allí a las 9.",
    "Vuelvo el lunes y firmo el contrato.",
    "Estoy de vacaciones del 3 al 10 de mayo, así que necesito el presupuesto antes.",
    "Nuestra oficina cierra el lunes, venga el martes.",
    "No trabajo los miércoles, mejor el jueves por la mañana.",
    "Con gusto en dos meses, entonces estará lista la planta nueva.",
    "Mañana no estoy, pasemos la reunión al jueves.",
    "Mi compañera lleva el proyecto y tiene algunas dudas.",
    "Ya estoy jubilado, no me manden más correos.",
    "Hasta el jueves estoy en Bilbao y allí lo hablo con el socio.",
    # it
    "sono in pensione da 3 anni, nn mandatemi più niente grazie",
    "Venerdì sono in ufficio.",
    "Lunedì sono di nuovo in ufficio, le va bene alle 10?",
    "Sono in viaggio questa settimana, mi chiami martedì.",
    "Sono in fiera fino a giovedì, passi allo stand.",
    "Venerdì ci sono alle 9.",
    "Rientro lunedì e firmo il contratto.",
    "Sono in ferie dal 3 al 10 maggio, quindi il preventivo mi serve prima.",
    "Il nostro ufficio è chiuso lunedì, venga martedì.",
    "Non lavoro il mercoledì, meglio giovedì mattina.",
    "Volentieri tra due mesi, allora sarà pronto lo stabilimento nuovo.",
    "Domani non ci sono, spostiamo la riunione a giovedì.",
    "Mi chiama la settimana prossima? Oggi sono in viaggio.",
    "La mia collega mi sostituisce nel progetto e ha qualche dubbio.",
    "Fino a giovedì sono a Torino e ne parlo con il socio.",
    # nl
    "Vrijdag ben ik er om 9u.",
    "Ik ben vrijdag op kantoor.",
    "Maandag ben ik weer bereikbaar, schikt 10 uur?",
    "Ik ben deze week op reis, belt u dinsdag even?",
    "Ik sta tot donderdag op de beurs, kom langs op stand 12.",
    "Ben maandag terug en teken dan het contract.",
    "Ik ben op vakantie van 3 tot 10 mei, dus de offerte heb ik eerder nodig.",
    "Ons kantoor is maandag gesloten, kom dinsdag.",
    "Ik werk niet op woensdag, donderdagochtend is beter.",
    "Graag over twee maanden weer, dan staat de nieuwe fabriek.",
    "Morgen ben ik er niet, laten we het overleg naar donderdag schuiven.",
    "Bel je me volgende week? Vandaag ben ik op reis.",
    "Mijn collega vervangt mij in het project en heeft een paar vragen.",
    "Tot donderdag zit ik in Gent en bespreek het daar met mijn vennoot.",
    "Ik ben met pensioen, stuur me niets meer.",
    # pt
    "Sexta-feira estou no escritório.",
    "Segunda estou de volta, pode ser às 10?",
    "Estou em viagem esta semana, ligue-me na terça.",
    "Estou na feira até quinta, passe no stand.",
    "Sexta estarei lá às 9h.",
    "Volto na segunda e assino o contrato.",
    "Estou de férias de 3 a 10 de maio, por isso preciso do orçamento antes.",
    "O nosso escritório está fechado na segunda, venha na terça.",
    "Não trabalho à quarta-feira, quinta de manhã é melhor.",
    "Com gosto daqui a dois meses, então a fábrica nova estará pronta.",
    "Amanhã não estou, vamos passar a reunião para quinta.",
    "Liga-me para a semana? Hoje ando em viagem.",
    "A minha colega substitui-me no projeto e tem algumas dúvidas.",
    "Até quinta estou no Porto e falo lá com o sócio.",
    "Já estou reformado, não me mandem mais nada.",
)


@pytest.mark.parametrize("subject", [b"Re: Proposal", b"Proposal"])
@pytest.mark.parametrize("text", NEAR_AN_ABSENCE)
def test_who_tells_where_they_are_is_no_machine(text: str, subject: bytes) -> None:
    """A question, a request, an hour, a word about the matter: no note of an absence says so."""
    raw = ANSWER.replace(b"Re: Proposal", subject) % (b"Pat Doe <pat@firm.example>", text.encode())
    raw = b"Date: Wed, 11 Mar 2026 10:00:00 +0100\r\n" + raw.replace(
        b"\r\n\r\n", b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", 1
    )
    kind = classify(raw).kind
    assert kind in (Kind.REPLY, Kind.LATER, Kind.UNSUBSCRIBE, Kind.WRONG_PERSON)


@pytest.mark.parametrize(
    "text",
    [
        "Jane is on leave until 5 December, so I'm stepping in for her.",
        "Frau Meier ist bis 5. Dezember im Urlaub, ich vertrete sie so lange.",
        "Jeanne est en congé jusqu'au 5 décembre, je la remplace.",
        "Juana está de baja hasta el 5 de diciembre, yo la sustituyo.",
        "Gianna è in ferie fino al 5 dicembre, la sostituisco io.",
        "Janneke is met verlof tot 5 december, ik vervang haar.",
        "A Joana está de licença até 5 de dezembro, estou a substituí-la e respondo por ela.",
        "I no longer work for Corp full time, but I decide on this.",
        "Notre bureau ferme lundi, venez plutôt mardi.",
    ],
)
def test_who_stands_in_or_still_decides_answers(text: str) -> None:
    """The absence is somebody else's, or none at all."""
    assert classify(ANSWER % (b"bob@bob.example", text.encode())).kind.human


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Yes, let's do it on Thursday, what does it cost?", Kind.REPLY),
        ("Ja gerne, Donnerstag passt uns. Was kostet das?", Kind.REPLY),
        ("Oui, d'accord pour jeudi. Combien cela coûte-t-il ?", Kind.REPLY),
        ("Thank you for your message. We will answer within two days.", Kind.AUTOMATIC),
        ("I am on leave until Friday. Urgent? Please ring the office.", Kind.OUT_OF_OFFICE),
    ],
)
def test_a_gateway_that_marks_all_as_automatic_does_not_hide_a_question(text: str, kind: Kind) -> None:
    """A question and the words of an answer, none of a machine: the mark is wrong (RFC 3834 §5 allows it on no person's)."""
    raw = b"Auto-Submitted: auto-replied\r\n" + ANSWER % (b"bob@bob.example", text.encode())
    assert classify(raw).kind is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("In hospital since Sunday and cannot read my mail. My deputy helps.", Kind.OUT_OF_OFFICE),
        ("Liege im Krankenhaus und weiß nicht, wie lange. Mails kann ich nicht lesen.", Kind.OUT_OF_OFFICE),
        ("Skiing with the kids. Back at my desk on Monday.", Kind.OUT_OF_OFFICE),
        ("Back at my desk on Monday.", Kind.REPLY),
        ("Skiing with the kids. Back at my desk on Monday. Your price is fine.", Kind.REPLY),
    ],
)
def test_a_note_is_known_by_its_likeness_only_with_a_word_of_an_absence(text: str, kind: Kind) -> None:
    """And where nothing else is said."""
    assert (
        classify(b"Date: Wed, 11 Mar 2026 10:00:00 +0100\r\n" + ANSWER % (b"bob@bob.example", text.encode())).kind
        is kind
    )
