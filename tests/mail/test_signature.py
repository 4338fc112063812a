"""What stands below a text, and what only looks as if it did."""

import pytest

from followmail.mail.kinds import Kind, classify
from followmail.mail.text import new_text

SAID = """
    Danke!||Die Rechnung geht an die Beispiel GmbH, Amtsgericht Kassel, HRB 4711. Den Auftrag haben Sie hiermit.
    Thanks!||Our number for the invoice: Sample Ltd, registered in England, company no 0123456. Can you begin in June?
    Thank you.||Please consider the environment agency as well, it has two servers. What would that cost?
    Thanks, will read it.||This message is confidential, so keep it to yourself: we would sign for 4,000.
    Merci !||Notre SIRET pour la facture : 123 456 789 00012. Quand commencez-vous ?
    Gracias.||Nuestro NIF: B12345678. ¿Cuándo pueden empezar?
    Grazie!||La nostra partita IVA è 01234567890. Quando iniziate?
    Bedankt!||Ons KvK-nummer is 12345678. Wanneer kunnen jullie beginnen?
    Obrigada!||O nosso CNPJ: 12.345.678/0001-90. Quando podem começar?
    Three remarks.||The company registration office has the old server. It stays there.||Could you come on 21 May?
    Hi Alex,||Thanks!||Can we meet on Thursday at ten to talk about the contract and about the price of it?
    Hi Alex,||got it.||Thanks a lot!||The offer is fine, it is signed and will be in the post tomorrow morning.
    Hallo,||vielen Dank!||Das Angebot passt. Der unterschriebene Vertrag kommt morgen mit der Post zu Ihnen.
    Bonjour,||merci !||Pouvons-nous nous voir jeudi à dix heures pour parler du contrat et du prix de tout cela ?
    Good.||Best regards|Jane||One more thing: could you send the offer again, with the tax and the names of your people?
"""

ADDED = """
    X GmbH, Sitz: Kassel, Amtsgericht Kassel, HRB 4711|Geschäftsführerin: Jana Beispiel, USt-IdNr. DE123456789
    Sample Ltd is registered in England and Wales, company no 0123456.|Registered office: 1 High Street, Leeds LS1
    This e-mail may hold privileged information. If you are not the intended recipient, please delete it at once.
    Please consider the environment before printing this e-mail.
    This message is confidential.|If you no longer wish to receive e-mails from us, unsubscribe here.
    De informatie in dit bericht is vertrouwelijk. Wilt u geen nieuwsbrief meer ontvangen? Klik hier.
    Ce message et ses pièces jointes sont confidentiels. Si vous l'avez reçu par erreur, merci de le supprimer.
    Este mensaje es confidencial. Si lo ha recibido por error, por favor elimínelo y avise al remitente.
    Questo messaggio è riservato. Se lo avete ricevuto per errore, siete pregati di eliminarlo. Privacy: www.firma.example
    Esta mensagem é confidencial e destina-se ao destinatário. Se a recebeu por engano, elimine-a, por favor.
    View request · Turn off this request's notifications|This is shared with Sample Ltd.|Powered by a desk
"""


def rows(table: str) -> list[str]:
    return [row.strip().replace("|", "\n") for row in table.strip().splitlines()]


@pytest.mark.parametrize("text", rows(SAID))
def test_what_goes_on_below_is_said(text: str) -> None:
    """Thanks in the middle, a registration for the invoice, a word that footers use: nothing of it ends a mail."""
    assert new_text(text) == text


@pytest.mark.parametrize("text", rows(SAID))
def test_who_goes_on_below_does_more_than_to_thank(text: str) -> None:
    """A client's order is none of a machine's lines."""
    heads = "From: pat@firm.example\nDate: Mon, 4 May 2026 10:00:00 +0000\nContent-Type: text/plain; charset=utf-8\n\n"
    assert classify((heads + text).encode()).kind is Kind.REPLY


@pytest.mark.parametrize("footer", rows(ADDED))
@pytest.mark.parametrize("above", ["Thanks, will read it.\n\n", "Thanks, will read it.\n", "Yes.\n\nPat\n\n"])
def test_what_is_added_to_every_mail_is_left_out(above: str, footer: str) -> None:
    """With and without an empty line or a name above it."""
    assert new_text(above + footer) == above.rstrip()


def test_a_footer_between_the_lines_cuts_nothing() -> None:
    """What follows it was written by somebody."""
    text = "One point.\n\nSample Ltd, registered in England 0123456\n\nWhen do you start?"
    assert new_text(text) == text


def test_what_stands_below_a_name_is_a_signature() -> None:
    """A slogan there is none of the author's words."""
    assert new_text(
        "Yes.\n\nBest regards\nJane Roe\nSample Ltd\nWe make your servers run!\n1 High Street, Leeds LS1 1AA"
    ) == ("Yes.\n\nBest regards\nJane Roe")


ABOVE = "On 4 May 2026 at 10:00, Alex Consultant <alex@consult.example> wrote:\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("> It comes to 4,800 euros with the weekend. Shall we fix a date?\nYes, 12 June.\n> Best regards\n", "Yes, 12 June."),
        ("> Hello,\n>\nHi Alex, gladly.\n> Best regards\n", "Hi Alex, gladly."),
        ("> El total es de 4.800 euros.\n¿Y sin el fin de semana?\n> ¿Una fecha?\nEl 12.\n", "¿Y sin el fin de semana?\nEl 12."),
        ("> this line of the quoted mail is so long that a program broke it right\nhere somewhere\n> and went on.\n\nYes.", "Yes."),
        ("> a line of it\n|\n> another\n\nYes.", "Yes."),
    ],
)  # fmt: skip
def test_an_answer_between_two_quoted_lines_is_no_broken_quote(body: str, said: str) -> None:
    """Only a long line that ends in no full stop was broken by a program."""
    assert new_text(ABOVE + body).strip() == said


CLEAR = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{}\n-----BEGIN PGP SIGNATURE-----\n\niQIzBAEB\n=Zz9a\n-----END PGP SIGNATURE-----\n"


def test_the_armour_of_a_signed_text_is_no_text() -> None:
    """Nor its signature; a line that began with a dash begins with it again."""
    assert new_text(CLEAR.format("Thanks, will read it.")) == "Thanks, will read it."
    assert (
        new_text(CLEAR.format("Two remarks:\n- - the price\n- - the date")) == "Two remarks:\n- the price\n- the date"
    )


def test_words_below_a_signature_cut_off_are_kept() -> None:
    """Nobody's words are lost for a line that lacks."""
    assert new_text("-----BEGIN PGP SIGNATURE-----\niQIzBAEB\nBut can you come in May?") == "But can you come in May?"


def test_a_ticket_system_s_line_above_the_text_is_none() -> None:
    """ "Reply above this line" stands on top of what an agent typed, or below the answer to it."""
    assert new_text("##- Please type your reply above this line -##\n\nHi Alex, can you split the price?").strip() == (
        "Hi Alex, can you split the price?"
    )
    assert new_text("Yes.\n\n##- Please type your reply above this line -##\n\nWhat we wrote") == "Yes."
