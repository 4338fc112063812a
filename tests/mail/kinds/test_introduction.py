"""Who introduces somebody, and who only sounds so: a table of what people write in seven languages."""

import pytest

from followmail.mail.kinds.introduction import introduces, refers
from tests.runaway import ends

NAMES = ("Carla Cook carla",)

INTRODUCES = {
    "en": [
        "I'd like to introduce you to Carla Cook, who runs the archive.",
        "Alex, meet Carla. Carla, meet Alex.",
        "Let me put you two in touch.",
        "Connecting you both here.",
        "Here is the promised intro.",
        "I have copied Carla, who is looking for somebody like you.",
        "You two should really talk.",
        "As discussed I am making an email introduction.",
        "I told Carla about you; this is Carla, head of IT.",
        "I'll let you two take it from here.",
    ],
    "de": [
        "darf ich dir Carla Cook vorstellen?",
        "ich möchte euch beide miteinander bekannt machen.",
        "hiermit stelle ich gerne den Kontakt her.",
        "Carla (in Kopie) sucht jemanden für ihre Datensicherung.",
        "ihr beiden solltet euch unbedingt kennenlernen.",
        "ich wollte euch beide schon lange vernetzen.",
        "wie versprochen stelle ich dir hier Carla vor.",
        "ich setze Carla in CC, sie leitet die IT.",
    ],
    "fr": [
        "je vous mets en relation avec Carla Cook.",
        "je te présente Carla, qui dirige l'informatique.",
        "Carla, en copie, cherche un prestataire.",
        "comme promis, je vous mets en contact.",
        "je vous laisse prendre contact directement.",
        "vous devriez vraiment vous rencontrer.",
        "voici Carla dont je t'ai parlé.",
    ],
    "es": [
        "os pongo en contacto.",
        "te presento a Carla Cook, directora de sistemas.",
        "copio a Carla, que busca ayuda con sus copias.",
        "quería poneros en contacto desde hace tiempo.",
        "los dejo para que hablen directamente.",
        "me gustaría que conozcas a Carla.",
        "Carla, en copia, es la persona de la que te hablé.",
    ],
    "it": [
        "vi metto in contatto.",
        "ti presento Carla Cook, responsabile IT.",
        "Carla è in copia e cerca un consulente.",
        "come promesso ti metto in contatto con Carla.",
        "dovreste proprio conoscervi.",
        "metto in copia Carla, di cui ti ho parlato.",
        "faccio le presentazioni: lei è Carla.",
    ],
    "nl": [
        "ik wil jullie graag aan elkaar voorstellen.",
        "hierbij breng ik jullie met elkaar in contact.",
        "graag stel ik je voor aan Carla Cook.",
        "Carla staat in de cc, zij zoekt hulp.",
        "ik laat het verder aan jullie over.",
        "zoals beloofd de introductie.",
        "jullie moeten elkaar echt eens spreken.",
    ],
    "pt": [
        "coloco vocês em contato.",
        "apresento-lhe a Carla Cook, diretora de TI.",
        "a Carla, em cópia, procura ajuda.",
        "queria fazer a ponte entre vocês.",
        "gostaria que conhecesse a Carla, aqui está ela; falei-lhe de si.",
        "vocês deveriam conversar.",
        "como prometido, coloco os dois em contacto.",
    ],
}
NOT = {
    "en": [
        "I introduced the new tariff yesterday.",
        "We are introducing a fee for late payments.",
        "Let me introduce myself: I run a bakery.",
        "Please send the invoice to Carla as well.",
        "Could we meet on Thursday?",
        "We will connect the new server tomorrow.",
        "It was nice to meet you.",
        "Carla and I agree with the offer.",
    ],
    "de": [
        "wir stellen den neuen Tarif morgen vor.",
        "ich stelle mich kurz vor: ich leite eine Bäckerei.",
        "können wir Kontakt halten?",
        "bitte schicken Sie die Rechnung auch an Carla.",
        "wir haben ein neues System eingeführt.",
        "Carla und ich sind einverstanden.",
    ],
    "fr": [
        "je vous présente notre nouvelle offre.",
        "je me présente : je dirige une boulangerie.",
        "nous avons mis en place un nouveau tarif.",
        "merci d'envoyer la facture à Carla.",
        "restons en contact.",
    ],
    "es": [
        "les presento nuestra nueva oferta.",
        "me presento: dirijo una panadería.",
        "seguimos en contacto.",
        "mande la factura también a Carla, por favor.",
        "hemos introducido una tarifa nueva.",
    ],
    "it": [
        "vi presento la nostra nuova offerta.",
        "mi presento: gestisco un panificio.",
        "restiamo in contatto.",
        "mandi la fattura anche a Carla.",
        "abbiamo introdotto una nuova tariffa.",
    ],
    "nl": [
        "wij stellen het nieuwe tarief voor.",
        "ik stel mezelf even voor: ik heb een bakkerij.",
        "we houden contact.",
        "stuur de factuur ook naar Carla.",
        "we hebben een nieuw tarief ingevoerd.",
    ],
    "pt": [
        "apresento a nossa nova oferta.",
        "apresento-me: tenho uma padaria.",
        "mantemos contato.",
        "envie a fatura também à Carla.",
        "introduzimos uma nova tarifa.",
    ],
}
REFERRED = {
    "en": ["Anna gave me your name.", "You were recommended by Anna.", "Anna suggested I contact you.", "I got your details from Anna."],
    "de": ["Anna hat Sie mir empfohlen.", "Anna hat mir Ihre Nummer gegeben.", "ich komme auf Empfehlung von Anna."],
    "fr": ["Anna m'a donné votre contact.", "je vous écris de la part de Anna.", "Anna vous a recommandé."],
    "es": ["Anna me pasó su contacto.", "le escribo de parte de Anna.", "Anna me ha recomendado su empresa."],
    "it": ["Anna mi ha dato il suo contatto.", "le scrivo su consiglio di Anna.", "Anna mi ha consigliato la sua azienda."],
    "nl": ["Anna gaf mij uw gegevens.", "op aanraden van Anna schrijf ik u.", "Anna heeft u aanbevolen."],
    "pt": ["a Anna deu-me o seu contacto.", "escrevo por indicação da Anna.", "a Anna recomendou a sua empresa."],
}  # fmt: skip
NOT_REFERRED = [
    "I recommend the blue one.",
    "Wir haben gestern telefoniert.",
    "Merci pour votre message.",
    "Thank you for the offer.",
]


def rows(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(lang, text) for lang, texts in table.items() for text in texts]


@pytest.mark.parametrize(("lang", "text"), rows(INTRODUCES))
def test_an_introduction_is_known_in_its_language_and_where_that_is_unknown(lang: str, text: str) -> None:
    """The words stand in a mail with a greeting and a name below."""
    mail = f"Hi Alex,\n\n{text}\n\nAnna"
    assert introduces(mail, NAMES, lang)
    assert introduces(mail, NAMES, None)


@pytest.mark.parametrize(("lang", "text"), rows(NOT))
def test_what_only_sounds_like_one_is_none(lang: str, text: str) -> None:
    """Tariffs, oneself, a meeting, an invoice."""
    assert introduces(f"Hi Alex,\n\n{text}\n\nAnna", NAMES, lang) is None


@pytest.mark.parametrize(("lang", "text"), rows(REFERRED))
def test_who_was_sent_by_somebody_says_so(lang: str, text: str) -> None:
    """In the language of the mail."""
    assert refers(f"Hello Alex,\n\n{text}\n\nBob", lang)


@pytest.mark.parametrize("text", NOT_REFERRED)
def test_who_was_not_does_not(text: str) -> None:
    """Whatever else is recommended."""
    assert refers(text, None) is None


def test_a_long_text_does_not_run_away() -> None:
    """Whatever stands in it."""
    with ends():
        introduces("meet carla introduce you to " * 40_000, NAMES, None)
