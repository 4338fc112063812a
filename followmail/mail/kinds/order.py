"""The order in which the families are asked: what is marked, what a server wrote, a calendar, a machine, a person."""

import re
from dataclasses import replace
from datetime import date

from followmail.mail.kinds import asks, automatic, bounce, calendar, later, likeness, opt_out, wrong_person
from followmail.mail.kinds.received import Received
from followmail.mail.kinds.statement import ADDRESS
from followmail.mail.kinds.verdict import Kind, Verdict
from followmail.mail.language import language
from followmail.mail.names import first_name

_STOP = re.compile(r"\s*(?:re:\s*)?(?:unsubscribe|remove(?: me)?|stop|opt[ -]?out)\s*[.!]?\s*", re.I)


def verdict(raw: bytes, on: date | None) -> Verdict:
    """See `followmail.mail.kinds.classify`."""
    mail = Received(raw, on)
    if (report := _marked(mail) or _of_server(mail)) is not None and report.kind is not Kind.UNSUBSCRIBE:
        return replace(report, original_ids=mail.inner_ids)  # nobody typed it
    lang = language(mail.new_text)
    found = report or _of_calendar(mail) or _of_machine(mail, lang) or _of_person(mail, lang)
    return replace(
        found,
        original_ids=mail.inner_ids,
        new_text=mail.new_text,
        first_name=first_name(mail.sender.name, mail.sender.address),
        language=lang,
        asks=asks.asks(mail.new_text, lang) is not None and not likeness.asks_nothing(mail.new_text),
    )


def _marked(mail: Received) -> Verdict | None:
    """Marked as a wish to be left alone, by a button or in the subject alone, or as a complaint (RFC 5965)."""
    if mail.has("X-Apple-Unsubscribe"):
        return Verdict(Kind.UNSUBSCRIBE, ("header X-Apple-Unsubscribe",))
    if _STOP.fullmatch(mail.subject) and "unsubscribe" in mail.subject.lower():
        return Verdict(Kind.UNSUBSCRIBE, (f"subject '{mail.subject.strip()}'",))
    if (
        any(p.get_content_type() == "message/feedback-report" for p in mail.parts)
        or "feedback-report" in mail.header("Content-Type").lower()
    ):
        return Verdict(Kind.UNSUBSCRIBE, ("a complaint report",))
    return None


def _of_server(mail: Received) -> Verdict | None:
    found = None if automatic.is_challenge(mail) else bounce.bounce(mail)
    if found is None:
        return None
    return Verdict(found.kind, found.evidence, failed_recipients=found.recipients, final=found.final)


def _of_calendar(mail: Received) -> Verdict | None:
    found = calendar.answer(mail)
    return found and Verdict(Kind.CALENDAR, (found[1],), calendar=found[0])


def _of_machine(mail: Received, lang: str | None) -> Verdict | None:
    found = automatic.automatic(mail, lang)
    if found is None:
        return None
    proposed = wrong_person.proposes(mail.new_text, lang) if found.kind is not Kind.AUTOMATIC else None
    contact = proposed[1] if proposed else _only_address(mail) if found.kind is Kind.LEFT_COMPANY else None
    return Verdict(found.kind, found.evidence, return_date=found.return_date, contact=contact)


def _only_address(mail: Received) -> str | None:
    """Who leaves and names one address, names who is there instead."""
    named = {address.lower() for address in ADDRESS.findall(mail.new_text)} - {mail.sender.address}
    return named.pop() if len(named) == 1 else None


def _of_person(mail: Received, lang: str | None) -> Verdict:
    """By a phrase, unless the whole is much more like a reply; else by the whole. In doubt a reply.

    Who says in so many words that they want no more mail, has said it, whatever else they write.
    """
    found = _by_phrase(mail, lang)
    if (
        found is not None
        and found.kind is not Kind.UNSUBSCRIBE
        and likeness.is_rather_a_reply(mail.new_text, found.kind, found.evidence[0].removeprefix("says "))
    ):
        found = None
    return found or _by_likeness(mail, lang) or Verdict(Kind.REPLY)


def _by_phrase(mail: Received, lang: str | None) -> Verdict | None:
    text = mail.new_text
    if (stop := opt_out.asks_to_stop(text, mail.subject, lang)) is not None:
        return Verdict(Kind.UNSUBSCRIBE, (stop,))
    if (proposed := wrong_person.proposes(text, lang)) is not None:
        return Verdict(Kind.WRONG_PERSON, (proposed[0],), contact=proposed[1])
    put_off = later.puts_off(text, mail.day, lang) if mail.day else None
    if put_off is None or (put_off.acknowledgement and asks.asks(text, lang, offers=False) is not None):
        return None  # who asks for something does more than to acknowledge
    return Verdict(
        Kind.LATER,
        (put_off.evidence,),
        until=put_off.until,
        promised=put_off.promised,
        until_end=put_off.until_end,
        acknowledgement=put_off.acknowledgement,
    )


def _by_likeness(mail: Received, lang: str | None) -> Verdict | None:
    """What no phrase says, but the whole of a short mail; who asks something wants an answer and puts nothing off."""
    found = likeness.likeness(mail.new_text)
    if found is None:
        return None
    kind, words = found
    if kind is Kind.WRONG_PERSON:
        return Verdict(kind, (words,), contact=wrong_person.address_in(mail.new_text))
    if kind is Kind.LATER:
        if mail.day is None or asks.asks(mail.new_text, lang) is not None:
            return None
        until = later.time_named(mail.new_text, mail.day, lang)
        return Verdict(kind, (words,), until=until, until_end=until)
    return None if opt_out.goes_on(mail.new_text, lang) else Verdict(kind, (words,))
