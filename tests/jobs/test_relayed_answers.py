"""Answers that only passed a program: a person wrote them, whatever the program set on them, and the chase ends."""

import pytest

from tests.world import BOB, World

TEXT = "Hello Alex,\n\nwe take the smaller one. Could you come by in June?\n\nBob"
QUOTE = "\n\nOn Mon, 4 May 2026 at 10:00, Alex <alex@consult.example> wrote:\n> Shall we begin?\n"
RELAYED = {
    "a mail service": {"Feedback_ID": "::1.eu-central-1.abc=:AmazonSES"},
    "a service for newsletters": {"Feedback_ID": "185.1.2.3:1:1:Sendinblue", "List_Unsubscribe": "<mailto:u@relay.example>"},
    "a redirecting mailbox": {
        "X_MS_Exchange_Generated_Message_Source": "Mailbox Rules Agent",
        "Auto_Submitted": "auto-generated",
        "X_MS_Exchange_Inbox_Rules_Loop": "alex@old.example",
        "Return_Path": "<>",
    },
    "a server that empties the path": {"Return_Path": "<>"},
    "a ticket system": {"X_JIRA_FingerPrint": "ab12", "Auto_Submitted": "auto-generated", "Precedence": "bulk"},
    "a server that says no": {"X_Autoreply": "no", "X_Autorespond": ""},
}  # fmt: skip


@pytest.mark.parametrize("headers", RELAYED.values(), ids=RELAYED.keys())
@pytest.mark.parametrize("text", [TEXT + QUOTE, "We take it."])
def test_a_persons_answer_that_passed_a_program_ends_the_chase(
    world: World, headers: dict[str, str], text: str
) -> None:
    """In the conversation, under its subject: nobody is nudged who answered."""
    proposal = world.writes(BOB)
    world.round()
    world.gets(BOB, text=text, answers=proposal, **headers)
    world.round()
    assert world.states() == {"bob@bob.example": "replied"}


def test_a_quote_of_ours_is_a_reference(world: World) -> None:
    """The program dropped In-Reply-To and wrote a subject of its own."""
    world.writes(BOB)
    world.round()
    world.gets(BOB, "Your proposal", TEXT + QUOTE, Feedback_ID="1:sfdc", Auto_Submitted="auto-generated")
    world.run_days(5)
    assert world.states()["bob@bob.example"] in ("replied", "waiting")
    assert world.drafts() == []


@pytest.mark.parametrize("kind", ["auth-failure", "not-spam", "virus"])
def test_a_report_that_is_no_complaint_leaves_the_chase_alone(world: World, kind: str) -> None:
    """RFC 5965 §7.3: whose mail failed its authentication has complained of nothing."""
    proposal = world.writes(BOB)
    world.round()
    world.raw_arrives(
        (
            "From: reports@isp.example\r\nTo: alex@consult.example\r\nSubject: report\r\nMessage-ID: <r1@isp.example>\r\n"
            f"Date: {world.now:%a, %d %b %Y %H:%M:%S} +0000\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nA report on a mail of yours.\r\n"
            f"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\n\r\n"
            f"--b\r\nContent-Type: message/rfc822\r\n\r\nTo: bob@bob.example\r\nMessage-ID: {proposal.id}\r\n\r\nHello\r\n"
            "--b--\r\n"
        ).encode()
    )
    world.run_days(1)
    assert world.states() == {"bob@bob.example": "active"}


FORMS = [
    "Consult Website <wordpress@consult.example>",
    "Alex Consultant <alex@consult.example>",
    "Forms <no-reply@forms.example>",
    "Entries <form-submission@pages.example>",
    "Bob Builder via Pages <notifications@pages.example>",
]


@pytest.mark.parametrize("sender", FORMS)
def test_what_bob_types_into_the_form_of_a_web_site_is_his(world: World, sender: str) -> None:
    """The site sends it, and the answer is to go to Bob: in another conversation, so the chase waits."""
    world.writes(BOB)
    world.round()
    text = "Name: Bob Builder\nMail: bob@bob.example\nMessage: We take your offer, please call."
    world.gets(sender, "New submission: Contact form", text, Reply_To=BOB)
    world.run_days(5)
    assert world.states() == {"bob@bob.example": "waiting"}
    assert world.drafts() == []


def test_a_site_that_writes_for_others_is_nobodys_answer(world: World) -> None:
    """An answer that is to go to somebody else bears on no chase."""
    world.writes(BOB)
    world.round()
    world.gets(FORMS[0], "New submission: Contact form", "Name: Eve", Reply_To="Eve <eve@eve.example>")
    world.run_days(5)
    assert world.states()["bob@bob.example"] == "active"
    assert len(world.drafts()) == 1
