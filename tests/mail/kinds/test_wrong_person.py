"""Who says that somebody else is the one to write to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.kinds.wrong_person import proposes
from followmail.mail.language import language

ADDRESS = "kim.roth@firm.example"

PROPOSED = {
    "en": [
        f"I'm not the right person for this, please contact Kim Roth ({ADDRESS}).",
        f"Kim Roth looks after IT here: {ADDRESS}",
        f"You should speak to my colleague Kim, {ADDRESS}.",
        f"I have moved to Sales. {ADDRESS} has taken over.",
        f"Best to reach out to {ADDRESS} about this.",
        "This should be sent to Kim Roth, kim.roth (at) firm.example",
        f"Training is handled by our Leeds office, {ADDRESS}.",
        f"Kim in facilities, {ADDRESS}.",
        f"I'm only a tenant here. The owner: {ADDRESS}",
    ],
    "de": [
        f"Dafür bin ich nicht zuständig, wenden Sie sich bitte an {ADDRESS}.",
        f"Ansprechpartner für dieses Thema ist Herr Roth ({ADDRESS}).",
        f"Um die IT kümmert sich bei uns Frau Roth, {ADDRESS}.",
        f"Bitte sprechen Sie mit meiner Kollegin: {ADDRESS}",
        f"Das läuft bei uns über die Zentrale, {ADDRESS}.",
        f"Dafür ist Kim da: {ADDRESS}",
    ],
    "fr": [
        f"Je ne suis pas le bon interlocuteur, contactez {ADDRESS}.",
        f"C'est Kim Roth qui s'occupe de l'informatique : {ADDRESS}",
        f"Merci de vous adresser à {ADDRESS}.",
        f"Ce dossier est suivi par notre siège : {ADDRESS}",
        f"Vous frappez à la mauvaise porte, essayez {ADDRESS}.",
    ],
    "es": [
        f"No soy la persona indicada, escriba a {ADDRESS}.",
        f"De esto se encarga Kim Roth: {ADDRESS}",
        f"Diríjase por favor a {ADDRESS}.",
        f"Eso se decide en la central: {ADDRESS}",
        f"Le paso con Kim, que ahora lleva mi área: {ADDRESS}",
    ],
    "it": [
        f"Non sono la persona giusta, scriva a {ADDRESS}.",
        f"Se ne occupa il collega Roth: {ADDRESS}",
        f"Può rivolgersi a {ADDRESS}.",
        f"La materia è passata alla sede di Torino ({ADDRESS}).",
        f"Ha sbagliato porta, provi {ADDRESS}.",
    ],
    "nl": [
        f"Ik ben niet de juiste persoon, neem contact op met {ADDRESS}.",
        f"Mijn collega Kim gaat hierover: {ADDRESS}",
        f"U kunt zich wenden tot {ADDRESS}.",
        f"Dat loopt via het hoofdkantoor, {ADDRESS}.",
        f"Voortaan graag naar Kim in plaats van naar mij: {ADDRESS}",
    ],
    "pt": [
        f"Não sou a pessoa certa, contacte {ADDRESS}.",
        f"Quem trata disso é a Kim: {ADDRESS}",
        f"Por favor fale com {ADDRESS}.",
        f"Essa área passou para a Kim, {ADDRESS}.",
        f"Isto não era para mim, tente {ADDRESS}.",
    ],
}

NOBODY_NAMED = [
    ("en", "Sorry, wrong person. Try our head office."),
    ("en", "I have nothing to do with IT."),
    ("de", "Da sind Sie bei mir leider falsch."),
    ("de", "Das ist nicht mein Bereich."),
    ("fr", "Ce n'est pas moi qui décide, je ne suis pas en charge de ce sujet."),
    ("es", "Yo no llevo este tema, pregunte en recepción."),
    ("it", "Non me ne occupo io."),
    ("nl", "Hiervoor moet u niet bij mij zijn."),
    ("pt", "Isso não é comigo, não sou o responsável."),
    ("en", "I have no say in such purchases."),
    ("en", "Your message reached me by mistake."),
    ("de", "Ich habe da keinerlei Entscheidungsbefugnis."),
    ("de", "Ihre Anfrage ist irrtümlich bei mir gelandet."),
    ("fr", "Je n'ai aucun pouvoir de décision, je suis simple stagiaire."),
    ("es", "Soy solamente la recepcionista."),
    ("it", "Non ho alcuna voce in capitolo."),
    ("nl", "Ik heb daar geen zeggenschap over."),
    ("pt", "Não tenho poder de decisão."),
    ("pt", "Bateu à porta errada."),
]

REPLIES = [
    ("en", "Please send the contract to legal@firm.example."),
    ("en", "I am the right person. What do you need?"),
    ("en", "Kim left and I've taken over, so it's me now. Use kim.roth@firm.example no more."),
    ("en", "The wrong file was attached, can you send it again?"),
    ("en", "Sounds good, please send the invoice to billing@firm.example."),
    ("de", "Bitte schicken Sie die Rechnung an buchhaltung@firm.example."),
    ("de", "Zuständig dafür bin ich."),
    ("fr", "Envoyez la facture à compta@firm.example."),
    ("es", "Sí, soy yo el responsable. ¿Cuándo hablamos?"),
    ("it", "Sono io il responsabile, mi dica."),
    ("nl", "Ja, dat ben ik. Bel gerust."),
    ("pt", "Sou eu o responsável, pode falar."),
    ("en", "My new address is kim@other.example."),
    ("en", "Please cc kim@firm.example on everything."),
    ("en", "Kim (kim@firm.example) will join the call on Tuesday."),
    ("en", "My boss handles the contract, I handle the rest. We both like it."),
    ("de", "Meine neue Adresse ist kim@other.example."),
    ("fr", "Je ne suis pas d'accord avec vous."),
    ("es", "No tenemos nada en contra."),
    ("it", "Io sono d'accordo, procediamo."),
    ("nl", "Dat weet ik niet zeker."),
    ("pt", "Isso já não dá este mês."),
]


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang, texts in PROPOSED.items() for text in texts])
def test_a_proposed_person_is_found_with_the_address(lang: str, text: str) -> None:
    """By the language of the text and without it."""
    for known in (lang, language(text)):
        found = proposes(text, known)
        assert found is not None
        assert found[1] == ADDRESS


@pytest.mark.parametrize(("lang", "text"), NOBODY_NAMED)
def test_a_wrong_person_may_know_no_better_one(lang: str, text: str) -> None:
    """Then there is no address."""
    found = proposes(text, lang)
    assert found is not None
    assert found[1] is None


@pytest.mark.parametrize(("lang", "text"), REPLIES)
def test_papers_for_others_and_the_right_person_are_replies(lang: str, text: str) -> None:
    """An address alone proposes nobody."""
    assert proposes(text, lang) is None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "Please direct this to our procurement team."),
        ("en", "You should speak to the head of our IT department."),
        ("en", "Such things are decided at head office."),
        ("en", "Forwarded to the right department."),
        ("en", "You need to talk to Maria."),
        ("de", "Das entscheidet bei uns die Geschäftsleitung."),
        ("de", "Der zuständige Kollege heißt Maurer."),
        ("fr", "C'est Julie qui pilote ce projet."),
        ("fr", "Demandez plutôt à Paul."),
        ("es", "Eso lo lleva mi compañera."),
        ("es", "Quien decide es la dirección."),
        ("it", "Se ne occupa la collega."),
        ("it", "Provi a chiedere a Paola."),
        ("nl", "Vraag het aan Joris."),
        ("nl", "U moet bij de directie zijn."),
        ("pt", "Pergunte ao Rui."),
        ("pt", "Quem decide é a administração."),
        ("de", "Bitte wenden Sie sich an unseren Einkauf."),
        ("de", "Darum kümmert sich unsere IT."),
        ("fr", "Veuillez contacter notre service achats."),
        ("es", "Diríjase a nuestro departamento de compras."),
        ("it", "Contatti il nostro ufficio acquisti."),
        ("nl", "Neem contact op met onze inkoopafdeling."),
        ("pt", "Fale com o meu colega Luís Gil."),
    ],
)
def test_who_sends_elsewhere_is_the_wrong_person(lang: str, text: str) -> None:
    """With or without an address."""
    assert proposes(text, lang) is not None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "We are responsible for this ourselves."),
        ("en", "I'll ask my boss to join the call."),
        ("en", "I will ask Maria and come back to you."),
        ("en", "I passed your proposal on to the team and we will review it."),
        ("de", "Unsere Geschäftsleitung prüft das, Sie erhalten Bescheid."),
        ("fr", "Le dossier est examiné par la direction, nous reviendrons vers vous."),
        ("nl", "Ik moet dit met mijn vennoot bespreken."),
        ("pt", "Está com a administração, vou avisar."),
        ("en", "Please ask my assistant for a date."),
        ("en", "Please send the contract to our legal department."),
        ("de", "Das macht die Sache leichter."),
        ("de", "Ich spreche mit meinem Kollegen und wir kommen am Montag beide."),
        ("fr", "Je dois en parler à mon responsable."),
        ("it", "Devo parlarne con il mio capo."),
        ("nl", "Ik overleg met mijn collega en bel u."),
        ("pt", "Tenho de falar com o meu chefe."),
    ],
)
def test_who_asks_a_colleague_is_still_the_one(lang: str, text: str) -> None:
    """Only who sends us elsewhere is not."""
    assert proposes(text, lang) is None
    assert proposes(text, None) is None


def test_the_first_address_is_the_contact() -> None:
    """And it is canonical."""
    found = proposes("Wrong person, sorry: Tom.Hill@Firm.example or, in summer, sue@firm.example", "en")
    assert found is not None
    assert found[1] == "tom.hill@firm.example"


def test_the_author_s_own_signature_proposes_nobody() -> None:
    """An address below the closing is the author's."""
    found = proposes("I'm not the right person for this.\n\nBest regards\nPat Person\npat@firm.example", "en")
    assert found is not None
    assert found[1] is None


@given(st.text(max_size=300), st.sampled_from([None, "en", "de", "fr", "es", "it", "nl", "pt", "xx"]))
def test_no_text_breaks_it(text: str, lang: str | None) -> None:
    """Whatever comes in."""
    proposes(text, lang)


@pytest.mark.parametrize(
    "text",
    [
        "You'd be better off with Nora, she owns that budget.",
        "I've no say in that. The director decides.",
        "Could you forward this to Gil instead? He's in charge.",
        "The new chair is Ruth Lark.",
        "Wir mieten hier nur, bitte wenden Sie sich an die Hausverwaltung.",
        "Ich bin aus dem Projekt raus, Frau Specht übernimmt das.",
        "Können Sie das bitte Herrn Amsel schicken? Der ist dafür zuständig.",
        "Niet ik, maar mevrouw Mees beslist daarover.",
        "Contacteer hiervoor beter onze aankoopdienst.",
        "Ik zit niet meer in dat dossier, mijn collega volgt dit verder op.",
    ],
)
def test_who_points_to_somebody_is_the_wrong_person(text: str) -> None:
    """By name, by office, in a question too."""
    assert proposes(text, language(text)) is not None
    assert proposes(text, None) is not None


@pytest.mark.parametrize(
    "text",
    [
        "I'm not the one who decides, but I find it good.",
        "Ich entscheide das nicht, finde es aber gut.",
        "Ik ben niet degene die beslist, maar ik vind het een goed plan.",
        "We already have someone who handles that.",
        "Please don't do it again without asking.",
        "Sie sind bei mir genau richtig.",
        "Bij mij ben je aan het juiste adres.",
    ],
)
def test_an_opinion_of_who_does_not_decide_is_an_answer(text: str) -> None:
    """Unless somebody is pointed to."""
    assert proposes(text, language(text)) is None
    assert proposes(text, None) is None
