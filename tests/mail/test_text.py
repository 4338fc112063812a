"""The text of a message, and what of it was newly written."""

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.quote import own_words
from followmail.mail.text import new_text, plain, text_of


def mail(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"From: pat@firm.example", *headers, b"", body])


def test_the_first_text_part_is_the_text() -> None:
    """Plain before HTML, no attachment."""
    message = EmailMessage()
    message.set_content("Plain words")
    message.add_alternative("<p>Other words</p>", subtype="html")
    message.add_attachment("Not this", filename="notes.txt")
    assert text_of(message.as_bytes()).strip() == "Plain words"


def test_html_is_read_where_the_plain_part_is_empty() -> None:
    """Some programs send an empty plain part."""
    message = EmailMessage()
    message.set_content("  \n")
    message.add_alternative("<p>Real words</p>", subtype="html")
    assert text_of(message.as_bytes()) == "Real words"


def test_an_attached_message_is_not_the_author_s_text() -> None:
    """RFC 822 parts are somebody else's."""
    inner = EmailMessage()
    inner.set_content("Inner words")
    message = EmailMessage()
    message.set_content("See attached.")
    message.add_attachment(inner)
    assert text_of(message.as_bytes()).strip() == "See attached."


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        (b"utf-8", "Grüße".encode()),
        (b"iso-8859-1", "Grüße".encode("latin-1")),
        (b"us-ascii", "Grüße".encode()),
        (b"us-ascii", "Grüße".encode("cp1252")),
        (b"x-unheard-of", "Grüße".encode()),
        (b"idna", "Grüße".encode()),
        (b"utf-8", "Grüße".encode("cp1252")),
    ],
)
def test_a_wrong_charset_is_survived(charset: bytes, body: bytes) -> None:
    """Declared, then UTF-8, then windows-1252."""
    assert (
        text_of(mail(body, b"Content-Type: text/plain; charset=" + charset, b"Content-Transfer-Encoding: 8bit"))
        == "Grüße"
    )


def test_a_character_cut_in_half_costs_only_itself() -> None:
    """A fetch of the first bytes may end anywhere."""
    assert text_of(mail("Grüße, ö".encode()[:-1], b"Content-Type: text/plain; charset=utf-8")) == "Grüße, "


def test_a_message_cut_off_in_its_part_is_read() -> None:
    """No closing boundary, base64 that ends in the middle."""
    raw = mail(
        b"--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8gdGhlcmUs",
        b'Content-Type: multipart/mixed; boundary="x"',
    )
    assert text_of(raw[:-2]).startswith("Hello the")
    assert text_of(mail(b"Hello", b"Content-Type: multipart/mixed")) == "Hello"


def test_html_becomes_the_lines_one_reads() -> None:
    """Blocks, breaks, entities; nothing unseen."""
    html = (
        "<style>p {}</style><div>Dear&nbsp;Alex,</div><p>one<br>two &amp; <b>th</b>ree</p><ul><li>a<li>b</ul>"
        "<script>x()</script><p style='display: none'>no</p>"
    )
    assert plain(html).replace("\xa0", " ").split() == "Dear Alex, one two & three - a - b".split()


def test_html_quotes_and_signatures_are_marked() -> None:
    """By what the mail programs leave around them."""
    gmail = (
        '<div>Yes.</div><div class="gmail_quote">On Mon, 4 May 2026 at 10:00 Alex &lt;a@b.example&gt; wrote:'
        "<blockquote><p>Shall we?</p></blockquote></div>"
    )
    outlook = (
        '<p>Yes.</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Alex<br>'
        "<b>Sent:</b> Monday<br></div><p>Shall we?</p>"
    )
    signed = '<div>Yes.</div><div class="gmail_signature">Pat, Firm Ltd</div>'
    assert new_text(plain(gmail)) == new_text(plain(outlook)) == new_text(plain(signed)) == "Yes."


QUOTE = "> Hello,\n> shall we talk? Write 'stop' and I stop.\n> Alex"
ABOVE = [
    "On Mon, 4 May 2026 at 10:00, Alex Consultant <alex@consult.example> wrote:",
    "On 4 May 2026, at 10:00, Alex Consultant\n<alex@consult.example> wrote:",
    "Am Mo., 4. Mai 2026 um 10:00 Uhr schrieb Alex Consultant <alex@consult.example>:",
    "Am 04.05.26 um 10:00 schrieb Alex Consultant:",
    "Am Montag, 4. Mai 2026 um 10:00:00 MESZ hat Alex Consultant <alex@consult.example> Folgendes geschrieben:",
    "Le lun. 4 mai 2026 à 10:00, Alex Consultant <alex@consult.example> a écrit :",
    "El lun, 4 may 2026 a las 10:00, Alex Consultant (<alex@consult.example>) escribió:",
    "Il giorno lun 4 mag 2026 alle ore 10:00 Alex Consultant <alex@consult.example> ha scritto:",
    "Op ma 4 mei 2026 om 10:00 schreef Alex Consultant <alex@consult.example>:",
    "Op 4 mei 2026 om 10:00 heeft Alex Consultant <alex@consult.example> het volgende geschreven:",
    "Alex Consultant <alex@consult.example> escreveu em seg., 4/05/2026 às 10:00:",
    "Em seg., 4 de mai. de 2026 às 10:00, Alex Consultant <alex@consult.example> escreveu:",
    "Den mån 4 maj 2026 kl 10:00 skrev Alex Consultant <alex@consult.example>:",
    "pon., 4 maj 2026 o 10:00 Alex Consultant <alex@consult.example> napisał(a):",
    "-----Original Message-----",
    "-------- Ursprüngliche Nachricht --------",
    "________________________________\nFrom: Alex <alex@consult.example>\nSent: Monday, 4 May 2026 10:00\nTo:"
    " Pat\nSubject: Audit\n",
    "Von: Alex <alex@consult.example>\nGesendet: Montag, 4. Mai 2026 10:00\nAn: Pat\nBetreff: Audit\n",
    "De : Alex <alex@consult.example>\nEnvoyé : lundi 4 mai 2026 10:00\nÀ : Pat\nObjet : Audit\n",
    "De: Alex <alex@consult.example>\nEnviado el: lunes, 4 de mayo de 2026 10:00\nPara: Pat\nAsunto: Audit\n",
    "Da: Alex <alex@consult.example>\nInviato: lunedì 4 maggio 2026 10:00\nA: Pat\nOggetto: Audit\n",
    "Van: Alex <alex@consult.example>\nVerzonden: maandag 4 mei 2026 10:00\nAan: Pat\nOnderwerp: Audit\n",
    "De: Alex <alex@consult.example>\nEnviado: 4 de maio de 2026 10:00\nPara: Pat\nAssunto: Audit\n",
]


@pytest.mark.parametrize("above", ABOVE)
def test_a_quoted_mail_below_is_left_out(above: str) -> None:
    """Whatever program and language announces it."""
    assert new_text(f"Yes, gladly.\n\nPat\n\n{above}\n\n{QUOTE}\n") == "Yes, gladly.\n\nPat"


@pytest.mark.parametrize("above", [a for a in ABOVE if a.endswith(":")])
def test_an_answer_below_the_quote_is_kept(above: str) -> None:
    """As in old netiquette."""
    assert new_text(f"{above}\n{QUOTE}\n\nYes, gladly.\n-- \nPat\nFirm Ltd") == "Yes, gladly."


def test_answers_between_the_lines_are_joined() -> None:
    """Without the questions."""
    body = "On 4 May 2026 10:00, Alex wrote:\n> One?\n\nFirst answer.\n\n> Two?\n\nSecond answer."
    assert (
        new_text(body).split("\n\n") == ["First answer.", "", "Second answer."]
        or new_text(body).split() == "First answer. Second answer.".split()
    )


def test_comments_marked_with_initials_are_found_in_a_quoted_mail() -> None:
    """Outlook offers to mark them so."""
    quoted = "From: Alex\nSent: Monday\nTo: Pat\nSubject: Audit\n\nOne?\n[PP] First answer.\nTwo?\n[PP] Second answer."
    body = f"See below.\n\n{quoted}"
    assert new_text(body).split("\n")[-2:] == ["[PP] First answer.", "[PP] Second answer."]


@pytest.mark.parametrize(
    "tail",
    [
        "-- \nPat Person\nFirm Ltd",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi móvil",
        "Inviato da iPhone",
        "Verzonden vanaf mijn mobiel",
        "Enviado do meu telemóvel",
        "Get Outlook for Android",
        "________________________________\nThis e-mail is confidential.",
        "This message and any attachments are confidential and intended solely for the addressee.",
        "Diese E-Mail enthält vertrauliche Informationen.",
        "Pat Person\nHead of Sales\nTel. +44 20 5550100\nFirm Ltd",
    ],
)
def test_what_a_program_adds_is_left_out(tail: str) -> None:
    """Signatures, devices, disclaimers, visiting cards."""
    assert new_text(f"Yes, gladly.\n\n{tail}\n") == "Yes, gladly."


def test_a_short_sign_off_stays_and_a_long_one_is_cut_after_the_name() -> None:
    """Who wrote belongs to what was written."""
    assert new_text("Yes.\n\nBest regards\nPat") == "Yes.\n\nBest regards\nPat"
    assert (
        new_text("Yes.\n\nBest regards\nPat Person\nFirm Ltd, 12 Long Road, Leeds\nT 0113 5550100, pat@firm.example")
        == "Yes.\n\nBest regards\nPat Person"
    )


def test_a_mail_that_only_quotes_says_nothing() -> None:
    """An empty reply is empty."""
    assert new_text(f"{ABOVE[0]}\n{QUOTE}") == ""
    assert own_words(new_text(QUOTE)) == ""


def test_code_and_rules_inside_a_sentence_are_text() -> None:
    """A fence guards what stands in it."""
    text = "Try this:\n\n```\n-----\n> x\n```\n\nand a - b - c"
    assert new_text(text) == text


@given(st.text(max_size=600))
def test_no_text_breaks_it(text: str) -> None:
    """Whatever comes in; nothing is invented."""
    assert set(new_text(text)) <= set(text) | {"\n", " "}
    plain(text)


@given(
    st.lists(
        st.sampled_from(
            [
                "> a",
                "",
                "x",
                "-- ",
                "On 4 May 2026 10:00, A <a@b.example> wrote:",
                "From: a",
                "Sent: b",
                "____",
                "Sent from my iPhone",
                "Best,",
            ]
        ),
        max_size=30,
    )
)
def test_lines_in_any_order_do_not_break_it(lines: list[str]) -> None:
    """Nothing is written that nobody wrote."""
    text = "\n".join(lines)
    assert len(new_text(text)) <= len(text)


@given(st.binary(max_size=600))
def test_no_bytes_break_it(raw: bytes) -> None:
    """Broken headers, encodings, parts."""
    text_of(raw)
    text_of(b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n" + raw)


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<div>",
        "</b>",
        "<!--",
        "&",
        "> ",
        "\n",
        "On 4 May 2026 ",
        "a@b.example ",
        "- ",
        "Sent from ",
        "[a] x\n",
        "> a\nb\n",
        "From: a\n",
        "wrote ",
    ],
)
def test_a_megabyte_of_anything_is_read_in_no_time(unit: str) -> None:
    """Generously measured: machines differ."""
    body = unit * (1_000_000 // len(unit))
    begun = time.perf_counter()
    new_text(body)
    new_text(plain(body))
    assert time.perf_counter() - begun < 2
