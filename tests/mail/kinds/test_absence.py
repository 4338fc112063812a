"""Notes of who is away, in the seven languages: known by their words, and when they are back."""

from datetime import date

import pytest

from followmail.mail.kinds import Kind, Verdict, classify

MONDAY = date(2026, 5, 11)


def _note(text: str, day: str, headers: str = "Auto-Submitted: auto-replied\n") -> Verdict:
    return classify(
        f"From: Jo Roe <jo@firm.example>\nTo: alex@consult.example\nSubject: Re: Proposal\nDate: {day} 09:41:00 +0200\n"
        f"In-Reply-To: <m@consult.example>\n{headers}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode()
    )


@pytest.mark.parametrize(
    "text",
    [
        "I am travelling this week and will reply as soon as I can.",
        "Away this week, I will answer your mail when I find the time.",
        "I'm on leave this week and get back to you as soon as possible.",
        "Ich bin diese Woche auf Reisen und antworte, sobald ich kann.",
        "Diese Woche bin ich im Urlaub und melde mich danach bei Ihnen.",
        "Je suis en déplacement cette semaine et je vous répondrai dès que possible.",
        "Cette semaine je suis en congés, je répondrai à mon retour.",
        "Esta semana estoy de viaje y responderé en cuanto pueda.",
        "Estoy de vacaciones esta semana y le contestaré lo antes posible.",
        "Questa settimana sono in viaggio e risponderò appena possibile.",
        "Sono in ferie questa settimana e rispondo appena posso.",
        "Ik ben deze week op reis en antwoord zodra ik kan.",
        "Deze week ben ik met vakantie, ik reageer zo snel mogelijk.",
        "Estou em viagem esta semana e respondo assim que puder.",
        "Esta semana estou de férias e responderei logo que possível.",
    ],
)
@pytest.mark.parametrize("day", ["Mon, 04 May 2026", "Wed, 06 May 2026"])
def test_a_week_that_has_begun_ends_before_the_next_monday(text: str, day: str) -> None:
    """ "Away this week and will answer": not on the week's own Monday, on which the note is sent."""
    verdict = _note(text, day)
    assert (verdict.kind, verdict.return_date) == (Kind.OUT_OF_OFFICE, MONDAY)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("I have been ill since 20 April until further notice.", None),
        ("Currently ill. Cover: Ms Short.", None),
        ("My next working day is 11 May 2026.", MONDAY),
        ("My next day in the office is Monday, 11 May.", MONDAY),
        ("Ich bin seit dem 20.04. bis auf Weiteres erkrankt.", None),
        ("Derzeit krank. Vertretung: Frau Kurz.", None),
        ("Mein nächster Arbeitstag ist der 11.05.2026.", MONDAY),
        ("Seit dem 20.4. bin ich erkrankt.", None),
        ("Mein nächster Bürotag ist Montag, der 11. Mai.", MONDAY),
        ("Je suis malade depuis le 20 avril jusqu'à nouvel ordre.", None),
        ("Actuellement malade. Remplaçante : Mme Court.", None),
        ("Mon prochain jour de travail est le 11 mai 2026.", MONDAY),
        ("Je suis souffrante depuis le 20/04, pour une durée indéterminée.", None),
        ("Estoy enfermo desde el 20 de abril hasta nuevo aviso.", None),
        ("Actualmente enferma. Sustituta: Sra. Corto.", None),
        ("Mi próximo día laborable es el 11 de mayo de 2026.", MONDAY),
        ("Desde el 20 de abril estoy de baja.", None),
        ("Mi próximo día de trabajo es el lunes 11 de mayo.", MONDAY),
        ("Sono malato dal 20 aprile fino a nuovo avviso.", None),
        ("Attualmente malata. Sostituta: sig.ra Corti.", None),
        ("Il mio prossimo giorno lavorativo è l'11 maggio 2026.", MONDAY),
        ("Dal 20 aprile sono in malattia.", None),
        ("Ik ben sinds 20 april tot nader order ziek.", None),
        ("Momenteel ziek. Vervanging: mevrouw Kort.", None),
        ("Mijn volgende werkdag is 11 mei 2026.", MONDAY),
        ("Mijn eerstvolgende werkdag is maandag 11 mei.", MONDAY),
        ("Sinds 20 april ben ik ziek.", None),
        ("Estou doente desde 20 de abril até novo aviso.", None),
        ("De momento doente. Substituta: Sra. Curto.", None),
        ("O meu próximo dia de trabalho é 11 de maio de 2026.", MONDAY),
        ("Desde 20 de abril estou de baixa.", None),
    ],
)
def test_who_is_ill_or_names_the_next_working_day_is_away(text: str, back: date | None) -> None:
    """Where a header says that a machine answered."""
    verdict = _note(text, "Tue, 05 May 2026")
    assert (verdict.kind, verdict.return_date) == (Kind.OUT_OF_OFFICE, back)


@pytest.mark.parametrize(
    "text",
    [
        "Ich bin vom 2.5. bis 16.5. verreist und kann Ihre Mail erst danach beantworten.",
        "I am travelling from 2 to 16 May and can only answer your mail after that.",
        "Je suis en voyage du 2 au 16 mai et ne pourrai répondre à votre mail qu'après.",
        "Estoy de viaje del 2 al 16 de mayo y no podré contestar a su correo hasta después.",
        "Sono in viaggio dal 2 al 16 maggio e potrò rispondere alla Sua mail solo dopo.",
        "Ik ben van 2 tot en met 16 mei op reis en kan uw mail pas daarna beantwoorden.",
        "Estou em viagem de 2 a 16 de maio e só depois poderei responder ao seu e-mail.",
        "I'm on holiday until 16 May and will not be able to answer your email before then.",
        "Bin bis 16.5. verreist, Ihre Mail kann ich erst danach beantworten.",
    ],
)
@pytest.mark.parametrize("day", ["Thu, 30 Apr 2026", "Mon, 04 May 2026"])
def test_who_can_answer_only_afterwards_is_away(text: str, day: str) -> None:
    """Without a word of it in the headers; the first day of the absence is no day back."""
    verdict = _note(text, day, "")
    assert verdict.kind is Kind.OUT_OF_OFFICE
    assert verdict.return_date in (date(2026, 5, 16), date(2026, 5, 17))


@pytest.mark.parametrize(
    "text",
    [
        "Ich bin bis 16.5. verreist, Ihr Angebot prüfe ich erst danach.",
        "Meine Kollegin ist erkrankt, wir müssen den Termin verschieben.",
        "I'm travelling until 16 May and will discuss your offer with Tom after that.",
        "Je suis en voyage jusqu'au 16 mai et je regarderai votre devis après.",
        "Estoy de viaje hasta el 16 de mayo y después miro su presupuesto.",
        "Sono in viaggio fino al 16 maggio e guardo il preventivo dopo.",
        "Ik ben tot 16 mei op reis en bekijk de offerte pas daarna.",
        "Estou em viagem até 16 de maio e só depois vejo o orçamento.",
    ],
)
def test_who_speaks_of_our_matter_answers(text: str) -> None:
    """The same construction about the offer rather than the mail: a person."""
    assert _note(text, "Mon, 04 May 2026", "").kind.human


@pytest.mark.parametrize(
    "text",
    [
        "In bed with a fever, not reading mail. Rosie minds the shop until I am back.",
        "Grippe, liege flach. Die Werkstatt macht mein Geselle auf.",
        "Au lit avec la grippe, l'atelier rouvrira dès que possible. Urgences : 04 55 01 02 99.",
        "Taller cerrado por reformas. Reabrimos el 25 de mayo.",
        "Chiusi per inventario, riapriamo lunedì 18 maggio. Per le urgenze 055 555 0199.",
        "Atelier gesloten wegens verbouwing. Vanaf 25 mei zijn we er weer.",
        "Loja fechada para obras. Reabrimos a 25 de maio.",
    ],
)
def test_a_note_by_hand_is_like_others(text: str) -> None:
    """No header says so, and no phrase enough: the whole of it does."""
    assert _note(text, "Mon, 04 May 2026", "").kind is Kind.OUT_OF_OFFICE


@pytest.mark.parametrize(
    "text",
    [
        "Away till noon, ring me after lunch.",
        "Bin krank, die Zahlen schickt dir Frau Moser.",
        "Malade aujourd'hui, on se voit demain matin comme prévu.",
        "Estoy en la feria, mejor quedamos allí mismo.",
        "Sono in ferie ma il preventivo mi convince, procediamo.",
        "Ik ben op reis, maar teken het vanavond in het hotel.",
        "Estou de férias na terra, apareça para um café.",
    ],
)
def test_who_is_away_and_answers_is_a_person(text: str) -> None:
    """However many words of an absence there are."""
    assert _note(text, "Mon, 04 May 2026", "").kind.human


@pytest.mark.parametrize(
    "text",
    [
        "The colleague you wrote to has moved to another firm. Your message has not been passed on.",
        "Das Dienstverhältnis von Frau Gruber endete im März. Ihre Fälle hat Dr. Pichler übernommen.",
        "Le contrat de Madame Petit a pris fin en mars. Ses dossiers sont suivis par notre siège.",
        "La licenciada Vega causó baja en la empresa en marzo. Sus clientes pasaron a la central.",
        "Il rapporto di lavoro della signora Riva si è chiuso a marzo. La casella verrà disattivata.",
        "De aanstelling van mevrouw Kok liep in maart af. Deze mailbox wordt opgeheven.",
        "O contrato da doutora Reis terminou em março. Este endereço será desativado.",
    ],
)
def test_a_machine_that_tells_of_somebody_who_left(text: str) -> None:
    """In other words than the tables have: like the notes of others who left."""
    assert _note(text, "Mon, 04 May 2026").kind is Kind.LEFT_COMPANY


@pytest.mark.parametrize(
    "text",
    [
        "I've retired, my son runs the mill now: ben@mill.example",
        "Ich bin in Rente, meine Tochter führt den Hof: eva@hof.example",
        "Sono in pensione, ora c'è mio figlio: ugo@officina.example",
        "Non faccio più parte del consiglio, scriva al presidente: presidente@circolo.example",
    ],
)
def test_who_tells_of_their_family_is_a_person(text: str) -> None:
    """No header says that a machine wrote."""
    assert _note(text, "Mon, 04 May 2026", "").kind.human
