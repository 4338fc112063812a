"""An answer that reached another mailbox of the consultant's, which he forwards to the one that is watched: it asks."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import pytest

from tests.stories.acts import has_run, propose
from tests.world import ALEX, BOB, CARLA, PROPOSAL, World

BOBS, ELSEWHERE = "bob@bob.example", "Alex <alex@private.example>"
SAID = "Yes, we take it."
BELOW = {
    "Gmail": f"---------- Forwarded message ---------\nFrom: {{}}\nTo: {ELSEWHERE}\nSubject: Re: Proposal\n\n{SAID}",
    "Outlook": f"Von: {{}}\nGesendet: Dienstag, 5. Mai 2026 09:00\nAn: {ELSEWHERE}\nBetreff: AW: Proposal\n\n{SAID}",
    "Apple": f"Begin forwarded message:\n\nFrom: {{}}\nSubject: Re: Proposal\nDate: 5 May 2026\nTo: {ELSEWHERE}\n\n{SAID}",
}


@pytest.fixture
def chased(world: World) -> World:
    """Bob has a proposal of a day ago, and Alex another mailbox."""
    world.reopen(FOLLOWMAIL_ALIASES="alex@private.example", FOLLOWMAIL_DIGEST="07:30")
    propose(has_run(world))
    world.days_pass(1)
    return world


def attached(world: World, author: str, received: str) -> bytes:
    """Forwarded as an attachment (RFC 2046 §5.2.1)."""
    inner, outer = EmailMessage(policy=SMTP), EmailMessage(policy=SMTP)
    inner["From"], inner["To"], inner["Subject"], inner["Message-ID"] = (
        author,
        ELSEWHERE,
        "Re: Proposal",
        "<1@x.example>",
    )
    inner.set_content(SAID)
    outer["Received"], outer["From"], outer["To"], outer["Subject"] = received, ELSEWHERE, ALEX, "Fwd: Re: Proposal"
    outer["Date"], outer["Message-ID"] = format_datetime(world.now), "<2@private.example>"
    outer.set_content("See below.")
    outer.add_attachment(inner)
    return outer.as_bytes()


@pytest.mark.parametrize("form", [*BELOW, "attached"])
def test_the_chase_waits(chased: World, form: str) -> None:
    """Whatever program forwarded it; Carla's chase goes on."""
    propose(chased, CARLA)
    if form in BELOW:
        chased.gets(ELSEWHERE, "Fwd: Re: Proposal", f"Came here:\n\n{BELOW[form].format(BOB)}")
    else:
        chased.raw_arrives(attached(chased, BOB, "from a.example by b.example; Tue, 5 May 2026 08:00:00 +0000"))
    chased.round()
    assert chased.states() == {BOBS: "waiting", "carla@carla.example": "active"}
    assert "you forwarded a mail of Bob Builder's to yourself on 5 May" in chased.digest().under("Waits for your yes")
    chased.run_days(4)
    assert [draft["To"] for draft in chased.drafts()] == [CARLA]


@pytest.mark.parametrize(
    ("author", "to"),
    [("Eve <eve@eve.example>", ALEX), ("Alex Consultant <alex@consult.example>", ALEX), (BOB, CARLA)],
    ids=["a mail of somebody else's", "a mail of his own", "to somebody else, with a copy to himself"],
)
def test_other_mail_of_his_own_asks_nothing(chased: World, author: str, to: str) -> None:
    """Messages from own addresses are no answers."""
    chased.gets(ELSEWHERE, "Fwd: Proposal", BELOW["Gmail"].format(author), to=to)
    chased.gets(ALEX, "Remember", f"Bob, {BOB}: {PROPOSAL}")
    chased.round()
    assert chased.of(BOBS).state == "active"
