"""People whose mail looks like a machine's, and wishes above quotes that are hard to see."""

import pytest

from followmail.mail.kinds import Kind, classify

ANSWER = (
    b"From: %s\r\nTo: alex@consult.example\r\nSubject: Re: Proposal\r\nIn-Reply-To: <m@consult.example>\r\n\r\n%s\r\n"
)


@pytest.mark.parametrize(
    "sender",
    [
        b'"Bob Stone via Share" <noreply@share.example>',
        b"Bob Stone <noreply@bob.example>",
        b"Bob <no-reply@crm.example>",
    ],
)
def test_people_answer_through_services_that_say_noreply(sender: bytes) -> None:
    """Nothing but the address speaks of a machine."""
    verdict = classify(ANSWER % (sender, b"Hello Alex, we decided for somebody else, sorry.\r\n\r\nBob"))
    assert verdict.kind is Kind.REPLY


@pytest.mark.parametrize(
    "attribution",
    ["On 3 May, Alex wrote:", "Am 3. Mai schrieb Alex:", "Le 3 mai, Alex a écrit :", "El 3 de mayo, Alex escribió:"],
)
def test_a_wish_above_a_quote_whose_attribution_has_no_year(attribution: str) -> None:
    """The attribution is none of the author's words."""
    text = f"Stop.\r\n\r\nBob\r\n\r\n{attribution}\r\n> unsubscribe here"
    assert classify(ANSWER % (b"bob@bob.example", text.encode())).kind is Kind.UNSUBSCRIBE
