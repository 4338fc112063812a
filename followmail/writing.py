"""A due step → the finished mail: which text, in which language, to whom, in which thread.

Reads the store and the templates, changes nothing: planning, previewing and dry runs all write here.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from followmail.errors import Permanent, TemplateError
from followmail.mail import compose as composing
from followmail.mail import names as mail_names
from followmail.mail.greeting import greeting
from followmail.mail.identity import Identity, Person, company, is_shared
from followmail.mail.msgid import mint
from followmail.mail.subject import bare_subject
from followmail.rendering import Library
from followmail.rendering import names as vocabulary
from followmail.rendering.dates import written
from followmail.rendering.render import render
from followmail.sequence.conversation import Conversation, Entry, Parties, parties_of
from followmail.sequence.planner import Wait
from followmail.sequence.steps import Enrollment, Mode, Sequence, Step, Text
from followmail.sequence.workdays import Calendar
from followmail.store import Store
from followmail.store.conversations import Known
from followmail.store.outbox import Written

_LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch", "pt": "Portuguese",
}  # fmt: skip
# What stands above a quoted mail, as mail clients of each language write it.
_WROTE = {
    "en": "On {day}, {who} wrote:",
    "de": "Am {day} schrieb {who}:",
    "fr": "Le {day}, {who} a écrit :",
    "es": "El {day}, {who} escribió:",
    "it": "Il {day}, {who} ha scritto:",
    "nl": "Op {day} schreef {who}:",
    "pt": "Em {day}, {who} escreveu:",
}
_HAS_RE = re.compile(r"^\s*(?:re|aw|antw|sv|vs|rv|odp|r)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
MAX_QUOTED = 20_000


@dataclass(frozen=True, slots=True)
class Desk:
    """What writing needs: the store, who writes, the texts, the calendar."""

    store: Store
    identity: Identity
    library: Library
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Sheet:
    """A rendered mail, for reading; `mail` is what would be composed of it."""

    mail: composing.Outgoing
    source_hash: str
    language: str | None


def write(
    desk: Desk, e: Enrollment, sequence: Sequence, step: Step, due: datetime, mode: Mode, now: datetime
) -> Written | Wait:
    """The finished mail of a step, its bytes parsed again; or why it is held."""
    try:
        sheet = sheet_of(desk, e, sequence, step, now)
        if isinstance(sheet, Wait):
            return sheet
        data = composing.compose(sheet.mail)
        composing.verify(data, sheet.mail)
    except TemplateError as fault:
        return Wait(str(fault), due, step, "template")
    except Permanent as fault:
        return Wait(f"the mail would not be what was meant: {fault}", due, step, "template")
    address = sheet.mail.sender.address
    if not desk.identity.is_own(address) and f"from:{address}" not in e.granted:
        why = f"your mail came from {address}, which FOLLOWMAIL_ALIASES does not name any more; a yes sends from it"
        return Wait(why, due, step, "approval", f"from:{address}")
    if sheet.source_hash in _texts_got(desk, e) and f"text:{step.name}" not in e.granted:
        return Wait(f"{e.address} already got this very text", due, step, "approval", f"text:{step.name}")
    mail = sheet.mail
    return Written(
        enrollment=e.id,
        opening=e.opening,
        sequence=sequence.name,
        step=step.name,
        number=step.number,
        address=e.address,
        message_id=mail.message_id,
        mode=mode,
        sender=mail.sender.address,
        recipients=tuple(p.address for p in (*mail.to, *mail.cc)),
        subject=mail.subject,
        in_reply_to=mail.in_reply_to,
        data=data,
        text_hash=sheet.source_hash,
        due=due,
    )


def _texts_got(desk: Desk, e: Enrollment) -> frozenset[str]:
    """Fingerprints of the texts that the person got; enrolled once more, with `--again`, only of this time."""
    if e.again:
        return frozenset(d.text_hash for d in e.deliveries if d.left is not None and d.text_hash)
    return desk.store.outbox.texts_to(e.address)


def sheet_of(desk: Desk, e: Enrollment, sequence: Sequence, step: Step, now: datetime) -> Sheet | Wait:
    """The mail of a step as it would be composed now; a Wait where the consultant must be asked first.

    Raises TemplateError where the text does not render.
    """
    anchor = desk.store.conversations.find(e.anchor) if e.anchor else None
    text = choose_text(step, anchor.language if anchor else None, "language" in e.granted)
    if isinstance(text, Wait):
        return text
    conversation = desk.store.conversations.get(e.conversation) if e.conversation is not None else None
    who = parties_of(desk.identity, e, conversation)
    sender = Person(desk.identity.name, who.anchor.message.sender.address if who.anchor else desk.identity.address)
    language = text.language or (anchor.language if anchor else None) or "en"
    names = _names(desk, e, sequence, step, conversation, anchor, sender, language, now)
    rendered = render(desk.library, sequence, step, text, names)
    thread = None if step.new_thread else _thread(conversation, e)
    body, html = rendered.body, rendered.html
    quotes = (step.quote if step.quote is not None else thread is not None) and anchor is not None
    below = _quoted(anchor, desk, language) if quotes and anchor is not None else ""
    if quotes and not below and "quote" not in e.granted:
        why = f"your mail of {names.anchor.sent_on} has no text that could stand below; send without it?"
        return Wait(why, None, step, "approval", "quote")
    if below:
        body = f"{body.rstrip()}\n\n{below}\n"
        html = html and html + composing.html_of(below)
    mail = composing.Outgoing(
        sender=sender,
        to=who.to,
        cc=who.cc,
        subject=rendered.subject if rendered.subject is not None else _reply_subject(who, conversation),
        text=body,
        html=html,
        message_id=mint(desk.identity.address, e.opening, sequence.name, step.name, sender.address),
        date=desk.calendar.local(now),
        in_reply_to=thread.message.id if thread else "",
        references=_references(thread),
        unsubscribe=desk.identity.address if step.unsubscribe else "",
    )
    return Sheet(mail, rendered.source_hash, language)


def said_in_call(desk: Desk, e: Enrollment, sequence: Sequence, step: Step, now: datetime) -> str:
    """What to say in a step that is a call: its text, rendered, in the language of the conversation where there is one."""
    anchor = desk.store.conversations.find(e.anchor) if e.anchor else None
    text = step.twin(anchor.language) if anchor and anchor.language else None
    try:
        rendered = render(desk.library, sequence, step, text or step.texts[0], names_of(desk, e, sequence, step, now))
    except TemplateError as fault:
        return f"its text cannot be used: {fault}"
    return rendered.body.strip()


def choose_text(step: Step, language: str | None, granted: bool) -> Text | Wait:
    """The twin in the anchor's language; the plain file where that is unsure, agrees, or the consultant said yes."""
    plain = step.texts[0]
    if language is None:
        return plain
    twin = step.twin(language)
    if twin is not None:
        return twin
    if plain.language is None or granted:
        return plain
    wrote, have = _LANGUAGES.get(language, language), _LANGUAGES.get(plain.language, plain.language)
    return Wait(f"you wrote {wrote}, the template is {have}", None, step, "approval", "language")


def names_of(desk: Desk, e: Enrollment, sequence: Sequence, step: Step, now: datetime) -> vocabulary.Names:
    """The names that a text may use, with their values for this enrollment."""
    anchor = desk.store.conversations.find(e.anchor) if e.anchor else None
    conversation = desk.store.conversations.get(e.conversation) if e.conversation is not None else None
    sender = Person(desk.identity.name, desk.identity.address)
    language = (anchor.language if anchor else None) or step.texts[0].language or "en"
    return _names(desk, e, sequence, step, conversation, anchor, sender, language, now)


def _names(
    desk: Desk, e: Enrollment, sequence: Sequence, step: Step, conversation: Conversation | None, anchor: Known | None,
    sender: Person, language: str, now: datetime,
) -> vocabulary.Names:  # fmt: skip
    calendar = desk.calendar
    today = calendar.local_date(now)
    first_name = "" if is_shared(e.address) else mail_names.first_name(e.name, e.address) or ""
    last_name = "" if is_shared(e.address) else mail_names.last_name(e.name, e.address) or ""
    prospect = vocabulary.Prospect(e.name, first_name, last_name, e.address, company(e.address) or "")
    sent_on = calendar.local_date(anchor.entry.at) if anchor else None
    first = conversation.first() if conversation else None
    return vocabulary.Names(
        me=vocabulary.Me(
            sender.name, mail_names.first_name(sender.name) or sender.name.partition(" ")[0], sender.address
        ),
        prospect=prospect,
        today=today,
        greeting=greeting(anchor.entry.text if anchor else "", Person(e.name, e.address), language),
        conversation=vocabulary.Conversation(
            bare_subject(anchor.entry.message.subject) if anchor else "",
            calendar.local_date(first.at) if first else None,
        ),
        anchor=vocabulary.Anchor(
            sent_on, anchor.entry.text if anchor else "", (today - sent_on).days if sent_on else None
        ),
        met=vocabulary.Met(e.met_on, e.where, e.about),
        step=vocabulary.StepName(step.number, step.name),
        sequence=sequence.name,
        language=language,
    )


def _thread(conversation: Conversation | None, e: Enrollment) -> Entry | None:
    """The message that a step in the thread answers: the consultant's latest to this person, steps of ours among them."""
    if conversation is None:
        return None
    mine = [entry for entry in conversation.entries if entry.sent and entry.is_to(e.address)]
    return max(mine, key=lambda entry: entry.at, default=None)


def _references(thread: Entry | None) -> tuple[str, ...]:
    """The parent's References (else its In-Reply-To) and its own id (RFC 5322 §3.6.4)."""
    if thread is None:
        return ()
    message = thread.message
    return (*(message.references or message.in_reply_to[:1]), message.id)


def _reply_subject(who: Parties, conversation: Conversation | None) -> str:
    """`Re:` and the conversation's subject, once."""
    subject = who.anchor.message.subject if who.anchor else ""
    if not subject and conversation and conversation.first():
        subject = conversation.entries[0].message.subject
    return subject if _HAS_RE.match(subject) else f"Re: {subject}".rstrip()


def _quoted(anchor: Known, desk: Desk, language: str) -> str:
    """Empty where it has no text that can be read: it is only a file or a picture, or sealed by OpenPGP or S/MIME."""
    if not anchor.entry.text or "-----BEGIN PGP MESSAGE-----" in anchor.entry.text:
        return ""
    who = anchor.entry.message.sender.name or desk.identity.name
    return quoted(anchor.entry.text, desk.calendar.local_date(anchor.entry.at), who, language)


def quoted(text: str, day: date, who: str, language: str) -> str:
    """A mail as it stands below an answer to it, in the manner of mail programs of that language."""
    line = _WROTE.get(language, _WROTE["en"])
    dated = written(day, date.min, language)  # with its year
    return composing.quote(text[:MAX_QUOTED], line.format(day=dated, who=who))
