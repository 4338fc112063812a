"""The number to call: read from a signature as people of seven languages write it, and nothing else taken for one."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followmail.mail.phone import phone_in

SIGNED = (
    "Hello Alex,\n\nthat looks good, let us talk in May.\n\nBest regards\nBob Builder\n{}\nBuilder Ltd, 12 Mill Lane"
)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        # international, as it is written
        ("+49 30 901820", "+49 30 901820"),
        ("Tel.: +49 (0)30 / 901 820-15", "+49 30 / 901 820-15"),
        ("Telefon 0049 30 901820", "+49 30 901820"),
        ("T +44 20 7946 0018 | www.builder.example", "+44 20 7946 0018"),
        ("p: +1 (212) 555-0142", "+1 (212) 555-0142"),
        ("(+33) 1 23 45 67 89", "+33) 1 23 45 67 89".replace(")", "")),
        ("Tél. : +33 (0)1 23 45 67 89", "+33 1 23 45 67 89"),
        ("Tel. +39 02 1234 5678", "+39 02 1234 5678"),
        ("Móvil: +34 612 34 56 78", "+34 612 34 56 78"),
        ("Telemóvel: +351 912 345 678", "+351 912 345 678"),
        ("Mobiel +31 6 12345678", "+31 6 12345678"),
        ("Natel +41 79 123 45 67", "+41 79 123 45 67"),
        ("+49\u00a0170\u2011123\u00a04567", "+49 170-123 4567"),
        # national, with a label
        ("Tel. 030 901820", "030 901820"),
        ("Tel.030/901820", "030/901820"),
        ("Telefon: 0 30 / 90 18 20", "0 30 / 90 18 20"),
        ("Mobil 0170 1234567", "0170 1234567"),
        ("Tel. Nr.: 0221 4711-0", "0221 4711-0"),
        ("Phone: 020 7946 0018", "020 7946 0018"),
        ("Cell: 212-555-0142", "212-555-0142"),
        ("Cel. (11) 91234-5678", "(11) 91234-5678"),
        ("Teléfono 91 123 45 67", "91 123 45 67"),
        ("Tfno.: 912345678", "912345678"),
        ("Cell. 347 1234567", "347 1234567"),
        ("GSM 0475 12 34 56", "0475 12 34 56"),
        ("Tlm: 912 345 678", "912 345 678"),
        ("Tél.: 01.23.45.67.89", "01.23.45.67.89"),
        ("Telefon:\n030 901820", "030 901820"),
        # national, alone in its line
        ("01 23 45 67 89", "01 23 45 67 89"),
        ("(212) 555-0142", "(212) 555-0142"),
        ("020 7946 0018 · London", "020 7946 0018"),
        ("612 345 678", "612 345 678"),
        # extensions
        ("Phone: (212) 555-0142 ext. 12", "(212) 555-0142 ext. 12"),
        ("T 212-555-0142 x7", "212-555-0142 ext. 7"),
        ("Tel. 030 901820, Durchwahl 15", "030 901820 ext. 15"),
        ("Tél. 01 23 45 67 89 poste 12", "01 23 45 67 89 ext. 12"),
        # which of several
        ("T 030 901820\nM 0170 1234567\nF 030 901821", "0170 1234567"),
        ("Tel. 030 901820 / Mobil: 0170 1234567", "0170 1234567"),
        ("Tel. 030 901820 / 0170 1234567", "030 901820"),
        ("Zentrale +49 30 9018-0\nDurchwahl +49 30 9018-15", "+49 30 9018-15"),
        ("Tel/Fax: 030 901820", "030 901820"),
        ("Fax: 030 901821\nTel: 030 901820", "030 901820"),
        ("+49 30 901821 (Fax)\n+49 30 901820", "+49 30 901820"),
        ("Tel: +49 30 901820<tel:+4930901820>", "+49 30 901820"),
        ("No. 5, Mill Lane, +44 20 7946 0018", "+44 20 7946 0018"),
    ],
)  # fmt: skip
def test_a_number_in_a_signature_is_found(line: str, number: str) -> None:
    """Tidied for dialling: without the trunk 0 in brackets, 00 as +."""
    assert phone_in(SIGNED.format(line)) == number


@pytest.mark.parametrize(
    "line",
    [
        "Fax: +49 30 901821",
        "Telefax 030 901821",
        "F +49 30 901821",
        "Fax:\n+49 30 901821",
        "Télécopie : 01 23 45 67 89",
        "+49 30 901821 (Fax)",
        "USt-IdNr. DE 123456789",
        "VAT 0123456789",
        "Steuernummer 030/123/45678",
        "IBAN DE12 5001 0517 0648 4898 90",
        "Konto 0123456789",
        "P.IVA 01234567890",
        "C.F. 01234567890",
        "SIRET 012 345 678 00012",
        "NIF: 912345678",
        "KvK 012345678",
        "HRB 012345678",
        "Rechnung Nr. 0123456789",
        "Order 0123456789",
        "Invoice #0123456789",
        "04.05.2026",
        "04.05.2026 10",
        "2026-05-04",
        "08.30 - 17.30",
        "Mo-Fr 08.30-17.30",
        "2019-2026",
        "10115 Berlin",
        "bob.0301234567@builder.example",
        "https://builder.example/0301234567",
        "192.168.100.200",
        "123456789",
        "0012345678",
    ],
)
def test_other_numbers_are_none(line: str) -> None:
    """Fax, VAT, bank, order, date and the like."""
    assert phone_in(SIGNED.format(line)) == ""


QUOTING = """Fine, thank you.

Bob

On Mon, 4 May 2026 at 10:00, Alex Consultant <alex@consult.example> wrote:
> Hello Bob,
> call me.
>
> Best regards
> Alex
> Tel. +49 30 901820
"""
UNMARKED = """Fine, thank you.

Bob

Von: Alex Consultant <alex@consult.example>
Gesendet: Montag, 4. Mai 2026 10:00
An: Bob
Betreff: Proposal

Best regards
Alex
Tel. +49 30 901820
"""


@pytest.mark.parametrize("text", [QUOTING, UNMARKED, "Fine.\n\n-------- Original Message --------\nTel. +49 30 901820"])
def test_quoted_text_has_no_number(text: str) -> None:
    """The consultant's own number stands below most answers."""
    assert phone_in(text) == ""


def test_the_signature_below_a_marked_quote_is_theirs() -> None:
    """Some answer below."""
    assert phone_in(QUOTING + "\nYes, let us do that.\n\n-- \nBob\nTel. +44 20 7946 0018\n") == "+44 20 7946 0018"


def test_without_a_closing_only_what_is_plain_counts() -> None:
    """A number in a sentence may be anybody's."""
    assert phone_in("Anna will know more, ask her, +49 170 1234567 should work.") == ""
    assert phone_in("Fine with me. Call me on 0170 1234567.\n\nBob") == "0170 1234567"
    assert phone_in("Fine.\n\nBob Builder\nBuilder Ltd\n+44 20 7946 0018") == "+44 20 7946 0018"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("0123456789+() /.-:xTMFtel\n>,"), max_size=300))
def test_whatever_stands_there_gives_a_number_or_none(text: str) -> None:
    """Never raises; what is found has 7 to 15 digits and stands in the text."""
    number = phone_in(text)
    digits = "".join(c for c in number.partition(" ext.")[0] if c.isdigit())
    assert not number or 7 <= len(digits) <= 15
    assert not number or digits[-6:] in "".join(c for c in text if c.isdigit())


@pytest.mark.parametrize(
    "text",
    [
        "0 " * 500_000,
        "Tel " * 250_000,
        "Regards\n" + "030 123456 / " * 80_000,
        "T: 030 1234567\n" * 60_000,
        "+" * 1_000_000,
    ],
    ids=["digits", "labels", "many in a line", "many lines", "pluses"],
)
def test_a_megabyte_is_read_at_once(text: str) -> None:
    """Nothing runs away."""
    begun = time.perf_counter()
    phone_in(text)
    assert time.perf_counter() - begun < 0.5
