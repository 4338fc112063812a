"""Invitations and the answers to them, by their calendar part or by Outlook's word before the subject."""

import base64

import pytest

from followmail.mail.kinds import Kind, classify


def _invite(method: str, attendee: str = "", where: str = "part", type_: str = "text/calendar") -> bytes:
    event = f"BEGIN:VEVENT\r\nSUMMARY:Intro\r\n{attendee}END:VEVENT\r\n"
    ics = f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\n{event}END:VCALENDAR\r\n"
    parameter = f"; method={method}" if where == "parameter" else ""
    body = base64.b64encode((ics if where == "part" else ics.replace(f"METHOD:{method}\r\n", "")).encode()).decode()
    return (
        "From: Lena Oak <lena@oak.example>\nTo: me@birch.example\nSubject: Intro\nDate: Tue, 12 May 2026 "
        "09:00:00 +0000\n"
        'Content-Type: multipart/alternative; boundary="cut"\n\n--cut\nContent-Type: text/plain\n\n\n'
        f"--cut\nContent-Type: {type_}{parameter}\nContent-Transfer-Encoding: base64\n\n{body}\n--cut--\n"
    ).encode()


def _attendee(status: str) -> str:
    return f"ATTENDEE;CN=Lena;PARTSTAT={status}:mailto:lena@oak.example\r\n"


@pytest.mark.parametrize(
    ("method", "attendee", "answer"),
    [
        ("REPLY", _attendee("ACCEPTED"), "accept"),
        ("REPLY", _attendee("TENTATIVE"), "tentative"),
        ("REPLY", _attendee("DECLINED"), "decline"),
        (
            "REPLY",
            "ATTENDEE;CN=Lena;ROLE=REQ-PARTICIPANT;PART\r\n STAT=DECLINED:mailto:lena@oak.example\r\n",
            "decline",
        ),
        ("COUNTER", "", "counter"),
        ("CANCEL", _attendee("ACCEPTED"), "cancel"),
        ("REQUEST", _attendee("NEEDS-ACTION"), "invitation"),
    ],
)
def test_the_method_says_what_it_is(method: str, attendee: str, answer: str) -> None:
    """RFC 5546 §1.4; a folded line is one line (RFC 5545 §3.1)."""
    verdict = classify(_invite(method, attendee))
    assert (verdict.kind, verdict.calendar) == (Kind.CALENDAR, answer)


def test_the_method_may_stand_in_the_content_type_alone() -> None:
    """RFC 6047 §2.4 wants it there; some leave it out of the part."""
    assert classify(_invite("REQUEST", where="parameter")).calendar == "invitation"


def test_google_calls_the_part_otherwise() -> None:
    """Its attachment is an application/ics."""
    assert classify(_invite("REQUEST", type_='application/ics; name="invite.ics"')).kind is Kind.CALENDAR


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("Accepted: Intro", "accept"),
        ("Declined: Intro", "decline"),
        ("Tentatively Accepted: Intro", "tentative"),
        ("Canceled: Intro", "cancel"),
        ("Zugesagt: Gespräch", "accept"),
        ("Abgelehnt: Gespräch", "decline"),
        ("Mit Vorbehalt: Gespräch", "tentative"),
        ("Accepté : Entretien", "accept"),
        ("Refusé : Entretien", "decline"),
        ("Aceptado: Reunión", "accept"),
        ("Rechazado: Reunión", "decline"),
        ("Accettato: Incontro", "accept"),
        ("Geaccepteerd: Gesprek", "accept"),
        ("Aceite: Reunião", "accept"),
        ("New Time Proposed: Intro", "counter"),
    ],
)
def test_the_subject_says_it_where_the_part_was_cut_off(subject: str, answer: str) -> None:
    """In the language of the one who answers."""
    raw = f"From: lena@oak.example\nSubject: {subject}\nDate: Tue, 12 May 2026 09:00:00 +0000\n\n".encode()
    verdict = classify(raw)
    assert (verdict.kind, verdict.calendar) == (Kind.CALENDAR, answer)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Accepted wisdom: backups fail", "I read it twice."),
        ("Re: Invitation: Intro", "Thursday suits me better, can we move it?"),
        ("Declined: your price", "Can you do it for less?"),
    ],
)
def test_a_person_may_begin_a_subject_so(subject: str, text: str) -> None:
    """A question is a person's."""
    assert classify(f"From: lena@oak.example\nSubject: {subject}\n\n{text}".encode()).kind.human
