"""What servers write when a message did not arrive: whose address failed, and whether it is gone, hindered or fine."""

import pytest

from followmail.mail.kinds import Kind, Verdict, classify

HARD, SOFT, BLOCKED = Kind.BOUNCE_HARD, Kind.BOUNCE_SOFT, Kind.BOUNCE_BLOCKED


def _report(action: str, status: str, diagnostic: str, extra: str = "", to: str = "lena@oak.example") -> bytes:
    return f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.birch.example>
To: me@birch.example
Subject: Undelivered Mail Returned to Sender
Date: Tue, 12 May 2026 09:00:00 +0000
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain

This is the mail system at mx.birch.example. See below.

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.birch.example

Final-Recipient: rfc822; {to}
{extra}Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--cut
Content-Type: message/rfc822

From: me@birch.example
To: {to}
Subject: Two questions
Message-ID: <first.note@birch.example>

Hello Lena
--cut--
""".encode()


def _plain(text: str, subject: str = "Mail delivery failed", sender: str = "Mailer-Daemon@mx.birch.example") -> bytes:
    return (
        f"Return-Path: <>\nFrom: {sender}\nTo: me@birch.example\nSubject: {subject}\nDate: Tue, 12 May 2026 "
        f"09:00:00 +0000\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    ).encode()


@pytest.mark.parametrize(
    ("kind", "status", "diagnostic"),
    [
        (
            HARD,
            "5.1.1",
            "550 5.1.1 <lena@oak.example>: Recipient address rejected: User unknown in virtual mailbox table",
        ),
        (
            HARD,
            "5.1.1",
            "550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking",
        ),
        (
            HARD,
            "5.1.10",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient lena@oak.example not found by SMTP address lookup",
        ),
        (HARD, "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)"),
        (HARD, "5.0.0", "550 No such user here"),
        (HARD, "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled"),
        (HARD, "5.1.2", "550 5.1.2 Host or domain name not found. Name service error for name=oak.example type=MX"),
        (HARD, "5.7.1", "550 5.7.1 Unknown user, no relaying for lena"),
        (HARD, "4.1.1", "450 4.1.1 <lena@oak.example>: Recipient address rejected: unverified address: user unknown"),
        (HARD, "5.1.3", "501 Bad recipient address syntax"),
        (SOFT, "5.2.2", "552-5.2.2 The email account that you tried to reach is over quota and inactive"),
        (SOFT, "5.0.0", "554 delivery error: dd This user doesn't have room: mailbox full"),
        (SOFT, "5.1.1", "552 5.2.2 Over quota"),
        (SOFT, "4.4.7", "Message expired: unable to deliver in 4320 minutes"),
        (SOFT, "5.4.6", "554 5.4.6 Too many hops"),
        (SOFT, "4.4.1", "connect to mx.oak.example[192.0.2.1]:25: Connection timed out"),
        (SOFT, "4.2.0", "450 4.2.0 Greylisted, please try again in 300 seconds"),
        (SOFT, "5.0.0", "something that nobody has ever read"),
        (BLOCKED, "5.7.1", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"),
        (
            BLOCKED,
            "5.7.26",
            "550-5.7.26 This mail has been blocked because the sender is unauthenticated. SPF did not pass",
        ),
        (BLOCKED, "5.7.1", "550 5.7.1 Relaying denied"),
        (BLOCKED, "5.3.4", "552 5.3.4 Message size exceeds fixed limit"),
        (
            BLOCKED,
            "5.7.124",
            "550 5.7.124 RESOLVER.RST.SenderNotInAllowedSendersList; not authorized to send to this recipient",
        ),
        (BLOCKED, "5.1.8", "550 5.1.8 Sender address rejected: Domain not found"),
        (BLOCKED, "5.0.0", "554 Message rejected as spam by content filter"),
        (BLOCKED, "5.6.0", "550 the message contains a virus and was rejected"),
        (BLOCKED, "5.7.509", "550 5.7.509 Access denied, sending domain does not pass DMARC verification"),
    ],
)
def test_a_report_says_why_it_failed(kind: Kind, status: str, diagnostic: str) -> None:
    """The server's own words come before its status code, for many send 5.0.0 or a wrong one."""
    verdict = classify(_report("failed", status, diagnostic))
    assert (verdict.kind, verdict.failed_recipients, verdict.final) == (kind, ("lena@oak.example",), True)
    assert verdict.evidence


def test_a_report_names_the_message_that_it_returns() -> None:
    """By that id the bounce is found to belong to a conversation."""
    assert classify(_report("failed", "5.1.1", "550 unknown user")).original_ids == ("first.note@birch.example",)


def test_nobody_typed_a_report() -> None:
    """A bounce has no new text, no language and no question."""
    verdict = classify(_report("failed", "5.1.1", "550 unknown user. Do you know it?"))
    assert (verdict.new_text, verdict.language, verdict.asks) == ("", None, False)


def test_the_original_recipient_is_the_one_that_was_written_to() -> None:
    """Behind an alias the final recipient is nobody's prospect (RFC 3464 §2.3.1)."""
    raw = _report("failed", "5.1.1", "550 unknown user", "Original-Recipient: rfc822; Lena.Oak@Alias.example\n")
    assert classify(raw).failed_recipients == ("lena.oak@alias.example",)


def test_a_delayed_message_is_still_on_its_way() -> None:
    """No final word, whatever the diagnostic says."""
    verdict = classify(
        _report("delayed", "4.4.1", "451 4.7.1 greylisted", "Will-Retry-Until: Fri, 15 May 2026 09:00:00 +0000\n")
    )
    assert (verdict.kind, verdict.final) == (SOFT, False)


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_report_of_success_is_a_receipt(action: str) -> None:
    """It ends nothing."""
    assert classify(_report(action, "2.0.0", "250 ok")).kind is Kind.AUTOMATIC


def test_several_recipients_are_all_named() -> None:
    """Each block of the report is one recipient; those that got it are left out."""
    block = "\nFinal-Recipient: rfc822; {}\nAction: {}\nStatus: {}\n"
    raw = _report("failed", "5.1.1", "550 unknown user").replace(
        b"\n--cut\nContent-Type: message/rfc822",
        (
            block.format("udo@oak.example", "failed", "5.1.1") + block.format("ida@oak.example", "relayed", "2.0.0")
        ).encode()
        + b"\n--cut\nContent-Type: message/rfc822",
    )
    assert classify(raw).failed_recipients == ("lena@oak.example", "udo@oak.example")


def test_a_report_without_its_mime_structure_is_read_all_the_same() -> None:
    """Gateways flatten reports; the fields still stand there."""
    raw = _report("failed", "5.1.1", "550 unknown user").replace(
        b'multipart/report; report-type=delivery-status; boundary="cut"', b"text/plain"
    )
    verdict = classify(raw)
    assert (verdict.kind, verdict.failed_recipients) == (HARD, ("lena@oak.example",))


def test_a_cut_off_report_is_still_one() -> None:
    """Only the first kilobytes of a body are fetched."""
    raw = _report("failed", "5.1.1", "550 unknown user")
    kinds = {classify(raw[:end]).kind for end in range(raw.index(b"Action:"), len(raw), 7)}
    assert all(kind.bounce for kind in kinds)


TEXTS = [
    (
        HARD,
        "Your message wasn't delivered to lena@oak.example because the address couldn't be found, or is "
        "unable to receive mail.",
        "Delivery Status Notification (Failure)",
    ),
    (
        HARD,
        "This message was created automatically by mail delivery software.\n\nA message that you sent could "
        "not be delivered to\n"
        "one or more of its recipients. The following address(es) failed:\n\n  lena@oak.example\n    Unrouteable "
        "address",
        "Mail delivery failed",
    ),
    (
        HARD,
        "Hi. This is the qmail-send program at mx.birch.example.\nI'm afraid I wasn't able to deliver your "
        "message to the "
        "following addresses.\n\n<lena@oak.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below "
        "this line is a copy of "
        "the message.\n\nReturn-Path: <me@birch.example>\nTo: lena@oak.example",
        "failure notice",
    ),
    (
        HARD,
        "   ----- The following addresses had permanent fatal errors -----\n<lena@oak.example>\n    (reason: "
        "550 5.1.1 User unknown)",
        "Returned mail: see transcript for details",
    ),
    (
        HARD,
        "Delivery has failed to these recipients or groups:\n\nlena@oak.example<mailto:lena@oak.example>\nThe "
        "email address you "
        "entered couldn't be found.",
        "Undeliverable: Two questions",
    ),
    (
        SOFT,
        "The following address failed:\n\nlena@oak.example:\n  mailbox is full: retry timeout exceeded",
        "Mail delivery failed",
    ),
    (SOFT, "Delivery failed 10 attempts: lena@oak.example", "Undeliverable Mail"),
    (
        BLOCKED,
        "Your message could not be delivered.\n\n<lena@oak.example>: host mx.oak.example said: 550 High "
        "probability of spam",
        "Undelivered Mail Returned to Sender",
    ),
    (
        HARD,
        "Ihre Nachricht konnte nicht zugestellt werden an:\n\nlena@oak.example\nDie E-Mail-Adresse wurde "
        "nicht gefunden.",
        "Unzustellbar: Two questions",
    ),
    (
        SOFT,
        "Fehler bei der Zustellung.\n\nlena@oak.example\nDas Postfach des Empfängers ist voll.",
        "Unzustellbar: Zwei Fragen",
    ),
    (
        HARD,
        "Échec de la remise pour ces destinataires :\n\nlena@oak.example\nL'adresse de messagerie n'a pas été trouvée.",
        "Non remis : Deux questions",
    ),
    (
        HARD,
        "No se pudo entregar el mensaje a:\n\nlena@oak.example\nNo se encontró la dirección de correo.",
        "No se puede entregar: Dos preguntas",
    ),
    (
        SOFT,
        "Impossibile recapitare il messaggio a:\n\nlena@oak.example\nLa casella di posta del destinatario è piena.",
        "Non recapitabile: Due domande",
    ),
    (
        HARD,
        "Uw bericht kon niet worden bezorgd bij:\n\nlena@oak.example\nHet e-mailadres kan niet worden gevonden.",
        "Onbestelbaar: Twee vragen",
    ),
    (
        BLOCKED,
        "Não foi possível entregar a mensagem a:\n\nlena@oak.example\nA mensagem foi bloqueada por "
        "políticas de segurança.",
        "Não entregue: Duas perguntas",
    ),
]


@pytest.mark.parametrize(("kind", "text", "subject"), TEXTS)
def test_a_failure_told_in_words_alone(kind: Kind, text: str, subject: str) -> None:
    """Half of all servers send no machine-readable report."""
    verdict = classify(_plain(text, subject))
    assert (verdict.kind, verdict.failed_recipients) == (kind, ("lena@oak.example",))


def test_a_warning_is_not_final() -> None:
    """The server goes on trying."""
    text = "Delivery to the following recipient has been delayed:\n\n   lena@oak.example\n\nMessage will be "
    "retried for 2 more days."
    verdict = classify(_plain(text, "Delivery Status Notification (Delay)"))
    assert (verdict.kind, verdict.final, verdict.failed_recipients) == (SOFT, False, ("lena@oak.example",))


def test_x_failed_recipients_names_them() -> None:
    """Exim and Gmail say it in a header."""
    raw = b"X-Failed-Recipients: lena@oak.example, udo@oak.example\n" + _plain(
        "A message could not be delivered. User unknown"
    )
    assert classify(raw).failed_recipients == ("lena@oak.example", "udo@oak.example")


def _person(text: str, subject: str = "Re: Two questions") -> Verdict:
    head = f"From: Lena Oak <lena@oak.example>\nTo: me@birch.example\nSubject: {subject}\nDate: Tue, 12 May 2026 "
    "09:00:00 +0000\n\n"
    return classify((head + text).encode())


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: Two questions", "Your mail to Udo bounced, his mailbox is full. Write to me instead, please."),
        (
            "Re: Two questions",
            "Mail delivery failed yesterday, the server said user unknown. Now it works. Yes, call me.",
        ),
        ("Undeliverable parcel", "The parcel for udo@oak.example came back to us. Which address is right?"),
        (
            "FW: Undeliverable: Two questions",
            "Look what I got. Do you have another address?\n\nlena2@oak.example could not be delivered",
        ),
        ("Delivery problem", "We cannot deliver before June. Is that fine?"),
    ],
)
def test_a_person_may_write_about_a_bounce(subject: str, text: str) -> None:
    """Only mail systems send bounces."""
    assert _person(text, subject).kind.human


def test_a_postmaster_may_be_a_person() -> None:
    """Somebody answers at that address too."""
    raw = b"From: Udo <postmaster@oak.example>\nSubject: Re: Two questions\n\nYes, four offices. Call me on Monday.\n"
    assert classify(raw).kind.human


def test_a_challenge_in_the_form_of_a_report_is_no_bounce() -> None:
    """Boxbe asks so whether a person wrote."""
    raw = _report("failed", "4.7.0", "please join").replace(
        b"MAILER-DAEMON@mx.birch.example", b"noreply@filter.example"
    )
    raw = raw.replace(b"Mail Delivery System", b"Filter").replace(
        b"See below.", b"Your message has been waitlisted. Please add yourself to my Guest List."
    )
    assert classify(raw).kind is Kind.AUTOMATIC


def test_a_report_in_html_alone_is_read() -> None:
    """Exchange sends nothing else to some."""
    html = """<html><body><p><b>Delivery has failed to these recipients or groups:</b></p>
<p><a href="mailto:lena@oak.example">lena@oak.example</a></p><p>The email address you entered couldn't be found.</p>
<p>Original message headers:</p><pre>Message-ID: &lt;first.note@birch.example&gt;
To: lena@oak.example</pre></body></html>"""
    raw = _plain(html, "Undeliverable: Two questions", "Microsoft Outlook <MicrosoftExchange329e71ec88ae@oak.example>")
    verdict = classify(raw.replace(b"text/plain", b"text/html"))
    assert (verdict.kind, verdict.failed_recipients) == (HARD, ("lena@oak.example",))
    assert verdict.original_ids == ("first.note@birch.example",)


@pytest.mark.parametrize(
    "text",
    [
        "The mailbox pat@village.example does not exist. Your message was therefore not delivered.",
        "Your message could not be delivered, because we do not have a mailbox pat@village.example.",
        "There is no mailbox pat@village.example here, so your message has not been delivered.",
        "Ihre Nachricht konnten wir nicht zustellen, weil es das Postfach pat@village.example nicht gibt.",
        "Nicht zugestellt wurde Ihre Nachricht an pat@village.example, da das Postfach nicht existiert.",
        "Das Postfach pat@village.example gibt es bei uns nicht. Ihre E-Mail wurde deshalb nicht ausgeliefert.",
        "Die Adresse pat@village.example ist uns nicht bekannt, Ihre Mail konnte leider nicht zugestellt werden.",
        "La boîte pat@village.example n'existe pas. Votre message n'a donc pas été remis.",
        "Votre message n'a donc pas pu être distribué : l'adresse pat@village.example n'existe plus.",
        "El buzón pat@village.example no existe. Por eso su mensaje no ha sido entregado.",
        "No hemos podido entregar su mensaje porque la cuenta pat@village.example no existe.",
        "No se ha entregado su mensaje: el buzón pat@village.example no existe.",
        "La casella pat@village.example non esiste. Il suo messaggio non è quindi stato consegnato.",
        "Non abbiamo potuto consegnare il messaggio perché la casella pat@village.example non esiste.",
        "De mailbox pat@village.example bestaat niet. Uw bericht is daarom niet bezorgd.",
        "Wij konden uw bericht niet bezorgen, omdat het postvak pat@village.example niet bestaat.",
        "A caixa pat@village.example não existe. A sua mensagem não foi por isso entregue.",
        "Não foi possível entregar a sua mensagem, porque a caixa pat@village.example não existe.",
    ],
)
def test_a_postmaster_writes_in_words_of_their_own(text: str) -> None:
    """Without a report part and under any subject, in either order: the mailbox that there is not, the mail not delivered."""
    verdict = classify(_plain(text, "pat@village.example", "postmaster@village.example"))
    assert (verdict.kind, verdict.failed_recipients) == (HARD, ("pat@village.example",))


@pytest.mark.parametrize("reason", ["    (reason: 550 5.1.1 <pat@gone.example>... User unknown)\n", ""])
@pytest.mark.parametrize("rest", ["<<< 503 5.0.0 Need RCPT (recipient)\n", ""])
def test_a_transcript_of_sendmail_begins_with_when_the_original_came(reason: str, rest: str) -> None:
    """ "The original message was received at" is not where the returned message begins."""
    text = (
        "The original message was received at Mon, 11 May 2026 10:15:02 +0200\nfrom mail.birch.example [192.0.2.3]\n\n"
        f"   ----- The following addresses had permanent fatal errors -----\n<pat@gone.example>\n{reason}\n"
        "   ----- Transcript of session follows -----\n... while talking to mx.gone.example.:\n>>> DATA\n"
        f"<<< 550 5.1.1 <pat@gone.example>... User unknown\n550 5.1.1 <pat@gone.example>... User unknown\n{rest}"
    )
    verdict = classify(_plain(text, "Returned mail: see transcript for details"))
    assert (verdict.kind, verdict.failed_recipients, verdict.final) == (HARD, ("pat@gone.example",), True)


@pytest.mark.parametrize("said", ["black listed", "block listed", "blacklisted"])
def test_a_listed_host_is_blocked(said: str) -> None:
    """GMX writes it in two words, under a code that says nothing."""
    diagnostic = (
        f"554-gmx.net (mxgmx017) Nemesis ESMTP Service not available 554-No SMTP service 554-IP address is {said}."
    )
    assert classify(_report("failed", "5.0.0", diagnostic)).kind is BLOCKED
