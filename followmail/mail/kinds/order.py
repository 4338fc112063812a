"""The order in which the families are asked: what is marked, what a server wrote, a calendar, a machine, a person."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from followmail.mail.kinds import (
    absence,
    asks,
    automatic,
    bounce,
    calendar,
    complaint,
    later,
    likeness,
    opt_out,
    wrong_person,
)
from followmail.mail.kinds.received import Received
from followmail.mail.kinds.statement import ADDRESS, statement
from followmail.mail.kinds.verdict import Kind, Verdict
from followmail.mail.language import language
from followmail.mail.names import first_name

_STOP = re.compile(r"\s*(?:re:\s*)?(?:unsubscribe|remove(?: me)?|stop|opt[ -]?out)(?:\s+fm1\.\S+)?\s*[.!]?\s*", re.I)
_SENT = Verdict(Kind.REPLY)
_FEWEST = 3  # words that may be like anything: "Ja." is like nothing


def verdict(raw: bytes, on: date | None, ours: bool, sent: bool | None) -> Verdict:
    """See `followmail.mail.kinds.classify`."""
    mail = Received(raw, on, ours)
    if (report := _marked(mail) or _of_server(mail)) is not None and report.kind is not Kind.UNSUBSCRIBE:
        return replace(report, original_ids=mail.inner_ids)  # nobody typed it
    lang = language(mail.new_text)
    found = report or _of_calendar(mail) or (_SENT if sent else None)
    found = found or _of_machine(mail, lang) or _of_person(mail, lang)
    return replace(
        found,
        original_ids=mail.inner_ids,
        new_text=mail.new_text,
        first_name=first_name(mail.sender.name, mail.sender.address),
        language=lang,
        asks=sent is not False and likeness.asks(mail.new_text, asks.asks(mail.new_text, lang)),
    )


def _marked(mail: Received) -> Verdict | None:
    """Marked as a wish to be left alone, by a button or in the subject alone, or as a complaint (RFC 5965)."""
    if mail.has("X-Apple-Unsubscribe"):
        return Verdict(Kind.UNSUBSCRIBE, ("header X-Apple-Unsubscribe",))
    if _STOP.fullmatch(mail.subject) and "unsubscribe" in mail.subject.lower():
        return Verdict(Kind.UNSUBSCRIBE, (f"subject '{mail.subject.strip()}'",))
    return complaint.feedback(mail)


def _of_server(mail: Received) -> Verdict | None:
    found = None if automatic.is_challenge(mail) else bounce.bounce(mail)
    if found is None:
        return None
    return Verdict(found.kind, found.evidence, failed_recipients=found.recipients, final=found.final)


def _of_calendar(mail: Received) -> Verdict | None:
    found = calendar.answer(mail)
    return found and Verdict(Kind.CALENDAR, (found[1],), calendar=found[0], attendee=calendar.attendee(mail))


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
    """By a phrase, unless the whole is like something else; else by the whole. In doubt a reply."""
    if (tapback := later.tapback(mail.new_text)) is not None:
        return Verdict(Kind.LATER, (f"a reaction: '{tapback}'",), acknowledgement=True)
    said = (found for found in _by_phrase(mail, lang) if likeness.agrees(mail.new_text, found.kind, _is_dated(found)))
    if (portal := automatic.hides_words(mail)) is not None:  # whose own words say nothing about what it hides
        return next((v for v in said if v.kind is Kind.UNSUBSCRIBE), Verdict(Kind.REPLY, (portal,)))
    return next(said, None) or _by_likeness(mail, lang) or Verdict(Kind.REPLY)


def _is_dated(found: Verdict) -> bool:
    return found.until is not None and not found.promised


def _by_phrase(mail: Received, lang: str | None) -> Iterator[Verdict]:
    """What phrases say, one family after the other."""
    text = mail.new_text
    if (stop := opt_out.asks_to_stop(text, mail.subject, lang)) is not None:
        yield Verdict(Kind.UNSUBSCRIBE, (stop,))
    if (proposed := wrong_person.proposes(text, lang)) is not None:
        yield Verdict(Kind.WRONG_PERSON, (proposed[0],), contact=proposed[1])
    put_off = later.puts_off(text, mail.day, lang) if mail.day else None
    if put_off is None or (put_off.acknowledgement and asks.asks(text, lang, offers=False) is not None):
        return  # who asks for something does more than to acknowledge
    yield Verdict(
        Kind.LATER,
        (put_off.evidence,),
        until=put_off.until,
        promised=put_off.promised,
        until_end=put_off.until_end,
        acknowledgement=put_off.acknowledgement,
    )


def _by_likeness(mail: Received, lang: str | None) -> Verdict | None:
    """What no phrase says, but the whole of a short mail; who asks something wants an answer and puts nothing off."""
    found, said = likeness.likeness(mail.new_text), statement(mail.new_text)
    if found is None or said.words < _FEWEST or later.is_question(said.sentences[-1]):
        return None
    kind, words = found
    if kind is Kind.OUT_OF_OFFICE:
        away = absence.may_be_away(mail, lang, likeness.is_surely(mail.new_text, kind))
        return Verdict(kind, (away.said, words), return_date=away.back.start if away.back else None) if away else None
    if kind is Kind.WRONG_PERSON:
        return Verdict(kind, (words,), contact=wrong_person.address_in(mail.new_text))
    if kind is Kind.LATER:
        if mail.day is None or any(map(later.is_question, said.sentences)):
            return None
        until = later.time_named(mail.new_text, mail.day, lang)
        if asks.asks(mail.new_text, lang, offers=False) is not None and not (until and until - mail.day > later.NEAR):
            return None  # "call me tomorrow", "let me know"
        return Verdict(kind, (words,), until=until, until_end=until)
    return None if opt_out.goes_on(mail.new_text, lang) else Verdict(kind, (words,))
