"""What no phrase says, but the whole of a short mail: known by its likeness to examples."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.kinds import Kind, likeness
from followmail.mail.kinds.words import LANGUAGES

# None of these stands among the examples; together they are what the examples are like.
ALIKE = [
    (Kind.LATER, "We will look at it after the holidays and come back to you."),
    (Kind.LATER, "Ich komme im Herbst noch einmal auf Sie zu."),
    (Kind.LATER, "Je reviens vers vous une fois le budget voté."),
    (Kind.WRONG_PERSON, "That would be a matter for our purchasing department, please write to them."),
    (Kind.WRONG_PERSON, "Dafür ist bei uns die Einkaufsabteilung zuständig, bitte dort melden."),
    (Kind.UNSUBSCRIBE, "Please do not send me any more of these mails."),
    (Kind.UNSUBSCRIBE, "Bitte schicken Sie mir keine weiteren Nachrichten."),
]
ORDINARY = [
    "Yes, that works for me. Shall we start with the two branches in Leeds?",
    "No thanks, we have somebody who does this for us.",
    "The disks are broken again, and the second server makes a noise.",
    "Wir nehmen das Angebot an, bitte schicken Sie den Vertrag.",
    "C'est trop cher pour nous, pouvez-vous faire mieux ?",
    "No thank you, that is nothing for us.",
    "Nein, das ist nichts für uns, trotzdem danke.",
    "Non, ça ne nous intéresse pas, merci quand même.",
    "No, no es lo que necesitamos, gracias de todos modos.",
    "No, non ci serve, grazie lo stesso.",
    "Nee, dat hebben we niet nodig, toch bedankt.",
    "Não, não precisamos, obrigado na mesma.",
    "Dear Whoever,\n\nREQUEST FOR INFORMATION\n\nBest regards,\nOther Person",
]


@pytest.mark.parametrize(("kind", "text"), ALIKE)
def test_what_is_like_the_examples_is_of_their_kind(kind: Kind, text: str) -> None:
    """With the words that speak for it."""
    found = likeness.likeness(text)
    assert found is not None
    assert found[0] is kind
    assert found[1].startswith("reads like others who mean that: '")


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_answer_is_like_nothing_else(text: str) -> None:
    """In doubt it stays a reply."""
    assert likeness.likeness(text) is None


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.LATER, "Please take this off the offer until we have read it again on Friday with the lawyer."),
        (Kind.WRONG_PERSON, "No thanks, my cousin does this for us and he does it well."),
        (Kind.UNSUBSCRIBE, "Could you take Luca off the list of those who come to the workshop? Ada comes."),
        (Kind.LATER, "Grundsätzlich ja, aber die Anfahrt muss drin sein, und ich zahle ungern fürs Bahnfahren."),
    ],
)
def test_a_phrase_that_the_rest_speaks_against_counts_for_nothing(kind: Kind, text: str) -> None:
    """The examples are like something else."""
    assert not likeness.agrees(text, kind)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            Kind.UNSUBSCRIBE,
            "I delete these unread, so save yourself the postage and strike the parish from your circulars.",
        ),
        (Kind.UNSUBSCRIBE, "Löschen Sie die Adresse der Schreinerei aus allem, womit Sie Werbung verschicken."),
        (Kind.UNSUBSCRIBE, "Que la coopérative ne figure plus dans aucun de vos fichiers, je vous prie."),
        (Kind.UNSUBSCRIBE, "Poupem o papel: nesta oficina ninguém quer mais cartas vossas."),
        (Kind.WRONG_PERSON, "Sono il giardiniere, di assicurazioni si occupa la contabile."),
        (Kind.WRONG_PERSON, "Soy el jardinero; de los seguros se encarga la contable."),
        (Kind.WRONG_PERSON, "Ik ben de tuinman, over verzekeringen beslist de boekhoudster."),
        (Kind.LATER, "The parish council has it now and will think it over in its own time."),
        (Kind.LATER, "Erst wenn das Heu drin ist, schaue ich mir das an."),
        (Kind.LATER, "Arrivata, la sfoglio con calma nel fine settimana."),
    ],
)
def test_what_is_meant_counts_whatever_the_words(kind: Kind, text: str) -> None:
    """The examples of all languages speak for it together."""
    found = likeness.likeness(text)
    assert found is not None
    assert found[0] is kind


@pytest.mark.parametrize(
    "text",
    [
        "The message was in the junk folder, we would like to go ahead.",
        "Take the second invoice off the pile, that one is paid.",
        "Die Nachricht steckte im Spam. Wir sagen zu.",
        "N'appelez pas la mairie, je m'en charge. Le devis me va.",
        "No me mande el dibujo en papel, el archivo basta.",
        "This is a test of the new mailbox.",
    ],
)
def test_a_word_of_a_wish_is_no_wish(text: str) -> None:
    """In doubt it stays a reply."""
    assert likeness.likeness(text) is None


def test_a_phrase_with_a_day_needs_less() -> None:
    """Who names the day means it."""
    text = "Sorry, the barn burnt down and the insurers are here. Ask me again in October."
    assert likeness.agrees(text, Kind.LATER, dated=True)


def test_one_sentence_that_wants_no_more_mail_is_enough() -> None:
    """Whatever stands around it; who puts off says so with the whole of the mail."""
    wish, rest = (
        "Please don't write to me any more.",
        "The workshop was good, everybody liked the slides and the lunch.",
    )
    assert likeness.agrees(f"{rest} {wish}", Kind.UNSUBSCRIBE)
    assert not likeness.agrees(rest, Kind.UNSUBSCRIBE)


def test_which_month_and_which_weekday_makes_no_difference() -> None:
    """Nor which number."""
    text = "Ring me again on Tuesday the 3rd of March."
    other = "Ring me again on Friday the 3rd of November."
    assert likeness.likeness(text) == likeness.likeness(other)


def test_what_is_like_an_answer_is_no_machine_s() -> None:
    """And what is like a note of an absence is nobody's answer."""
    assert likeness.is_typed("Yes, that works for me. Shall we start with the two branches in Leeds?")
    assert not likeness.is_typed("I am out of the office until Monday, with limited access to mail.")


def test_who_writes_much_says_more_than_one_thing() -> None:
    """Beyond some sixty words only the phrases count, and nothing is said against them."""
    text = "Please do not send me any more of these mails."
    assert likeness.likeness(text) is not None
    assert likeness.agrees(text + " And then there is the matter of the old server in the cellar." * 6, Kind.LATER)
    assert likeness.likeness(text + " And then there is the matter of the old server in the cellar." * 6) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_examples_of_everything(language: str) -> None:
    """Under the same titles, each once."""
    text = files("followmail.mail.kinds").joinpath(f"examples/{language}.txt").read_text("utf-8")
    titles = [line for line in text.splitlines() if line.startswith("[")]
    assert titles == [
        "[unsubscribe]", "[later]", "[wrong-person]", "[reply]", "[out-of-office]", "[left-company]", "[asks]",
        "[asks-nothing]",
    ]  # fmt: skip
    lines = [line for line in text.splitlines() if line and line[0] not in "#["]
    assert len(lines) == len(set(lines)) > 300


def test_what_asks_nothing_is_known_also_where_a_phrase_seems_to_ask() -> None:
    """Only where the likeness is strong; a question mark weighs more than another phrase."""
    thanks = "Your invoice for October is attached. Thank you for your order, have a good week."
    assert not likeness.asks(thanks, "says 'your order'")
    assert likeness.asks("Attached is the proposal. What do you think of it?", "asks 'What do you think of it?'")


@pytest.mark.parametrize(
    "text",
    "Two sketches for the kiosk are attached. I need to know your favourite by Monday, or the carpenter loses his slot."
    "|Im Ordner liegen zwei Skizzen. Dein Liebling geht am Montag zum Schreiner, also verrat ihn mir."
    "|Deux croquis dans le dossier. Ta préférence part lundi chez le menuisier, alors dis-la-moi."
    "|Le envío dos bocetos. Espero que elija su favorito para pasárselo al carpintero.".split("|"),
)
def test_what_asks_is_known_where_no_phrase_says_so(text: str) -> None:
    """The whole of a short mail is like those that ask."""
    assert likeness.asks(text, None)


@pytest.mark.parametrize(
    "text",
    "The kiosk is built and painted. I have left the keys with your neighbour. It was a pleasure."
    "|Der Kiosk steht und ist gestrichen. Den Schlüssel hat Ihr Nachbar. Es war mir eine Freude.".split("|"),
)
def test_what_is_only_told_is_like_nothing_that_asks(text: str) -> None:
    """In doubt nothing is asked."""
    assert not likeness.asks(text, None)


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    """Nothing raises."""
    found = likeness.likeness(text)
    assert found is None or found[0] in (Kind.UNSUBSCRIBE, Kind.LATER, Kind.WRONG_PERSON, Kind.OUT_OF_OFFICE)
    assert likeness.asks(text, None) in (True, False)
    assert all(likeness.agrees(text, kind) in (True, False) for kind in (Kind.UNSUBSCRIBE, Kind.LATER))
