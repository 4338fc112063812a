"""What people write in French, Spanish, Italian and Portuguese: each kind, and what only comes near it."""

from datetime import date

import pytest

from followmail.mail.kinds import Kind, classify

SAID = {
    Kind.UNSUBSCRIBE: """
        Ne me recontactez pas, merci.
        Inscrivez notre société sur votre liste noire.
        Cette adresse ne doit plus recevoir vos mails.
        J'exige la suppression de mes données.
        Vous pouvez m'effacer de vos tablettes.
        Te pido que me saques de tu lista.
        Ni se moleste en escribirme de nuevo.
        Su correo es spam, bórrenme.
        Mis datos deben desaparecer de su base en 30 días.
        Non mi ricontatti, non mi interessa.
        Siete pregati di disiscrivermi.
        Mettetemi nella lista di esclusione.
        Me esquece.
        Ponha a nossa empresa na lista de exclusão.
        Não perca tempo em continuar a escrever-me.
    """,
    Kind.LATER: """
        Refaites-moi signe à la rentrée.
        On ne s'en occupera qu'après l'été.
        Accordez-moi une semaine.
        Laissez passer le printemps.
        Il faut que j'y pense.
        Escribime a principios de mayo.
        Lo vamos a pensar.
        Hasta septiembre no podemos hacer nada.
        Póngame un recordatorio para junio.
        Prima dell'estate non decidiamo nulla.
        Siamo oberati fino a metà aprile.
        Ci penserò.
        Me procure no mês que vem.
        Antes de maio não conseguimos fazer nada.
        Estamos avaliando.
    """,
    Kind.WRONG_PERSON: """
        Voyez ça avec Claire.
        Merci de contacter M. Garnier.
        Notre service juridique pourra mieux vous renseigner.
        Ces décisions se prennent au siège.
        Ese tema no lo veo yo, lo lleva Pedro.
        Coordine con Marta.
        Las compras están centralizadas en Bruselas, yo no puedo hacer nada.
        Si metta in contatto con la sig.ra Rossi.
        Questo lo segue l'ufficio acquisti.
        Esula dalle mie competenze.
        Converse com o meu chefe, Raul Souto.
        A minha colega Ana é quem decide.
    """,
    Kind.OUT_OF_OFFICE: """
        Je suis actuellement en déplacement à l'étranger et ne répondrai que sporadiquement.
        Me encuentro en el extranjero esta semana, sin acceso al correo.
        Mi trovo all'estero questa settimana, senza accesso alla posta.
        Encontro-me no estrangeiro esta semana, com acesso limitado ao e-mail.
    """,
    Kind.REPLY: """
        Ce n'est pas moi qui décide, mais je trouve ça bien.
        Ne m'envoyez plus de version papier, le PDF suffit.
        On ne veut pas être dérangés pendant la migration.
        Je vous vois mardi.
        On se voit au salon en avril alors !
        Nous avons bien regardé, le point 3 n'est pas clair.
        No soy quien decide, pero me gusta la idea.
        Deja que te mande los números primero: son 120 puestos.
        Cuando acabe la feria mándeme el contrato.
        No me mande más la versión impresa, con el PDF basta.
        Lo hablé con mi socio y lo ve caro.
        Non decido io, ma mi piace.
        Firmiamo la settimana prossima.
        Venga giovedì in ufficio.
        Recusamos a oferta.
        Não sou eu quem decide, mas gostei da ideia.
        Vamos fazer internamente.
    """,
}
# a word that asks for a stop elsewhere: for, a budget not approved, let me talk
NO_STOP = """
    Mon associé est plus à même de vous répondre.
    Para esto tiene que escribir a Ana.
    Ya no estoy en compras, escriba a luis@otra.example.
    Deme un poco de tiempo.
    Il budget non è approvato, mi scriva a ottobre.
    Siamo fermi, mi scriva a maggio.
    Deixa eu falar com o pessoal e respondo.
    Não cuido disso, tem de falar com a informática.
"""


def rows(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def kind_of(text: str) -> Kind:
    head = "From: Pat Doe <pat@firm.example>\nTo: alex@consult.example\nSubject: Re: Proposal\n"
    date_and_type = "Date: Wed, 11 Mar 2026 10:00:00 +0100\nContent-Type: text/plain; charset=utf-8\n\n"
    return classify(f"{head}{date_and_type}{text}\n".encode(), date(2026, 3, 11)).kind


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, said in SAID.items() for text in rows(said)])
def test_it_is_understood(kind: Kind, text: str) -> None:
    """Constructions that natives use, and answers that come near them."""
    assert kind_of(text) is kind


@pytest.mark.parametrize("text", rows(NO_STOP))
def test_it_does_not_ask_to_stop(text: str) -> None:
    """Words of an opt-out in another sense."""
    assert kind_of(text) is not Kind.UNSUBSCRIBE
