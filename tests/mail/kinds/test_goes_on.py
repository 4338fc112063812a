"""Who only sounds as if they wanted no mail, or wanted it later; and what a telephone writes for a reaction."""

from datetime import date

import pytest

from followmail.mail.kinds import Kind, Verdict, classify
from followmail.mail.kinds.opt_out import asks_to_stop
from followmail.mail.language import language

GOES_ON = """
    The junk filter had caught your mail, I got it out. When could we meet?
    It was not spam after all, sorry that I marked it. Please send it again.
    Could you stop the old machine on Sunday night?
    We don't want to receive the printed version, a file will do. Send the contract.
    Please stop sending any more paper. We sign the rest tomorrow.
    Please unsubscribe me from Kim's list, but keep me on yours. And yes to the proposal.
    Yes, let us talk on Thursday. If you don't want to receive these emails in the future, click below.
    No mails to my husband please, only to me. The order stands.
    We want no advertising on our server. Let's talk on Monday.
    Der Spamfilter hatte Ihre Mail abgefangen. Wann könnten wir uns treffen?
    Das war kein Spam, Entschuldigung. Bitte noch einmal schicken.
    Bitte keine Mails an meinen Mann, nur an mich. Die Bestellung gilt.
    Wir möchten keine Werbung auf unserer Website. Wann geht es los?
    Melden Sie mich von Kims Liste ab, aber nicht von Ihrer. Und ja zum Angebot.
    Bitte löschen Sie meine alte Durchwahl. Bis Montag!
    Le filtre avait bloqué votre message. Quand pouvons-nous nous voir ?
    Désabonnez-moi de la liste de Claire, mais gardez-moi sur la vôtre. Oui pour le devis.
    Pas de publicité sur notre serveur, s'il vous plaît. Quand commencez-vous ?
    El filtro había retenido su correo. ¿Cuándo podemos hablar?
    No envíe correos a mi marido, solo a mí. El encargo sigue en pie.
    No queremos publicidad en nuestra web. ¿Cuándo empezamos?
    Il filtro aveva fermato la sua mail. Quando possiamo sentirci?
    Niente mail a mio marito, solo a me. L'ordine resta confermato.
    Non vogliamo pubblicità sul nostro sito. Quando iniziamo?
    Het filter had uw mail tegengehouden. Wanneer kunnen we bellen?
    Geen mails naar mijn man, alleen naar mij. De bestelling staat.
    Wij willen geen reclame op onze site. Wanneer begint u?
    O filtro reteve o seu e-mail. Quando podemos falar?
    Isto foi escrito por uma máquina? Se não, ligue-me.
    Nada de e-mails ao meu marido, só para mim. A encomenda mantém-se.
    Não queremos publicidade no nosso servidor. Quando começamos?
"""

STOPS = """
    Stop writing to me and leave me in peace.
    No spam please.
    Take our address off your website and your list.
    I never asked you to send me an offer. Remove me.
    My spam filter gets all of your mails from today. Do not write again.
    When will you finally remove me from your list?
    Bitte an uns keine Mails mehr!
    Nehmen Sie mich aus Ihrer Liste, aber sofort.
    Wann können Sie mich endlich austragen?
    Arrêtez de m'écrire et laissez-moi tranquille.
    Deje de escribirme y déjeme en paz.
    Basta mail, cancellatemi dalla lista e lasciatemi in pace.
    Stop met mailen en laat me met rust.
    Pare de me escrever e deixe-me em paz.
"""


def rows(table: str) -> list[str]:
    return [row.strip() for row in table.strip().splitlines()]


def read(text: str) -> Verdict:
    heads = "From: pat@firm.example\nDate: Mon, 4 May 2026 10:00:00 +0000\nContent-Type: text/plain; charset=utf-8\n\n"
    return classify((heads + text).encode())


@pytest.mark.parametrize("text", rows(GOES_ON))
def test_who_goes_on_is_never_suppressed(text: str) -> None:
    """The words are those of an opt-out; what they are about is not the mail of the reader, or the talk goes on."""
    assert asks_to_stop(text, "", language(text)) is None
    assert read(text).kind is Kind.REPLY


@pytest.mark.parametrize("text", rows(STOPS))
def test_who_wants_no_mail_is_heard(text: str) -> None:
    """Near those words, and meant."""
    assert read(text).kind is Kind.UNSUBSCRIBE


@pytest.mark.parametrize("word", ["Ja.", "Nein.", "Yes.", "No", "Oui !", "Sí.", "Sì.", "Nee.", "Sim.", "1200 Euro."])
def test_a_word_or_two_are_like_nothing(word: str) -> None:
    """They answer the question that was asked."""
    assert read(word).kind is not Kind.UNSUBSCRIBE


REACTIONS = [
    "Liked “Shall we fix a date?”",
    "Loved “The offer is attached”",
    "Laughed at “We might begin in May”",
    "Emphasized “Shall we fix a date, or not?”",
    "Disliked “It comes to 4,800”",
    "Gefällt „Wollen wir einen Termin finden?“",
    "Hat „Wollen wir einen Termin finden?“ mit „Gefällt mir“ markiert",
    "A aimé « Fixons-nous une date ? »",
    "Le encantó “¿Fijamos una fecha?”",
    "Ha messo “Mi piace” a “Fissiamo una data?”",
    "Vindt “Zullen we een datum kiezen?” leuk",
    "Gostou de “Marcamos uma data?”",
]


@pytest.mark.parametrize("text", REACTIONS)
def test_a_reaction_of_a_telephone_is_an_acknowledgement(text: str) -> None:
    """It quotes the consultant, and whatever that asks, nobody answered it."""
    found = read(text)
    assert (found.kind, found.acknowledgement) == (Kind.LATER, True)


@pytest.mark.parametrize(
    "text",
    [
        "Questioned “It comes to 4,800”",
        "Liked “Shall we fix a date?” but the price is too high.",
        "Liked “part A”. Please leave out “part B”",
        "Liked the proposal, let's do it.",
    ],
)
def test_who_says_more_than_a_reaction_replies(text: str) -> None:
    """A question mark asks."""
    assert read(text).kind is Kind.REPLY


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("I'll let you know today.", date(2026, 5, 4)),
        ("I'll get back to you this month.", date(2026, 5, 31)),
        ("Ich melde mich noch diesen Monat.", date(2026, 5, 31)),
        ("Ich melde mich noch dieses Quartal bei Ihnen.", date(2026, 6, 30)),
        ("Le digo algo este mes.", date(2026, 5, 31)),
        ("Ik laat het deze maand weten.", date(2026, 5, 31)),
        ("Digo-lhe alguma coisa ainda este mês.", date(2026, 5, 31)),
        ("I'm busy today, I'll get back to you on Friday.", date(2026, 5, 8)),
    ],
)
def test_a_promise_is_kept_by_the_end_of_a_time_that_runs(text: str, end: date) -> None:
    """Today and this month have begun; another time named besides is the one meant."""
    found = read(text)
    assert (found.kind, found.promised, found.until_end) == (Kind.LATER, True, end)
    assert found.until is not None
    assert found.until >= date(2026, 5, 4)


@pytest.mark.parametrize(
    "text",
    [
        "Gladly, but only after the term. Would 20 July do?",
        "Gern, aber erst nach dem Semester. Passt der 20. Juli?",
        "We are closed in August. Do the work then.",
        "The signed contract will be in the post tomorrow.",
        "Der unterschriebene Vertrag kommt morgen.",
        "I am on the road but read your mail on the train. Looks good to me.",
    ],
)
def test_who_proposes_a_day_or_orders_puts_nothing_off(text: str) -> None:
    """A date in a question that asks whether it suits is an offer."""
    assert read(text).kind is Kind.REPLY


@pytest.mark.parametrize(
    "text", ["No budget this year. Could you try me again in October?", "Not now. Can you call me back in September?"]
)
def test_who_asks_to_be_asked_again_puts_off(text: str) -> None:
    """The question itself is about the time to come back."""
    assert read(text).kind is Kind.LATER
