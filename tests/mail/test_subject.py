"""What programs put around a subject is no part of it."""

import unicodedata

import pytest

from followmail.mail.subject import bare_subject, base_subject


@pytest.mark.parametrize(
    "subject",
    [
        "***SPAM*** Re: Proposal",
        "[SPAM] Re: Proposal",
        "SPAM: Proposal",
        "[External Email] Re: Proposal",
        "[EXTERNAL SENDER] Proposal",
        "(EXTERNAL) Re: Proposal",
        "EXTERNAL: Re: Proposal",
        "[#12345] Re: Proposal",
        "Re: Proposal [Ticket 12345]",
        "Re: [Sales] Re: Proposal",
        "[a] [b] Fwd: [c] Proposal [d] (fwd)",
        "回复：Proposal",
        "رد: Proposal",
        "Ответ: Proposal",
        "Vá: Proposal",
        unicodedata.normalize("NFD", "Vá: Proposal"),
        "SV: Proposal",
        "Re： Proposal",
        "Re[2]: Proposal",
    ],
)
def test_marks_and_words_of_answers_are_left_out_of_a_comparison(subject: str) -> None:
    """Of filters, gateways, lists and ticket systems, at either end, among the words of many languages."""
    assert base_subject(subject) == "proposal"


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("", ""),
        ("Re:", ""),
        ("[Proposal]", "[proposal]"),
        ("Re: [Proposal]", "[proposal]"),
        ("[SPAM] [Proposal]", "[proposal]"),
        ("***", "***"),
        ("R&D: plan", "r&d: plan"),
        ("Proposal (draft)", "proposal (draft)"),
    ],
)
def test_something_of_a_subject_is_left(subject: str, base: str) -> None:
    """A mark that is all there is stays, so that no two subjects become one by becoming nothing."""
    assert base_subject(subject) == base


def test_a_letter_composed_or_not_is_one() -> None:
    """Macs write an accent as a character of its own."""
    assert base_subject(unicodedata.normalize("NFD", "Re: Büro")) == base_subject("Büro")


def test_for_reading_a_mark_stays() -> None:
    """It is the consultant's own, perhaps."""
    assert bare_subject("Re: [ACME-12] Proposal") == "[ACME-12] Proposal"
