"""`preview`: a sequence as its recipient would see it over time, a real person or a sample one."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from followmail.books import Books
from followmail.contacts import Contact
from followmail.errors import TemplateError, UserError
from followmail.mail.compose import html_of
from followmail.mail.identity import Person, canonical, is_address
from followmail.rendering import Library
from followmail.rendering.names import Me, Names, StepName, listed, sample
from followmail.rendering.render import render, signature
from followmail.sequence.forecast import forecast
from followmail.sequence.planner import Day, Finish, Wait
from followmail.sequence.steps import Enrollment, Origin, Sequence, State, Step, Trigger
from followmail.writing import Desk, Sheet, names_of, quoted, said_in_call, sheet_of

Row = dict[str, Any]
_FAR = timedelta(days=3 * 366)  # no sequence is longer than a client's patience


def preview(books: Books, what: str, to: str | None, now: datetime) -> Row:
    """The steps as they would come, each at its time in the real calendar, as if nobody answered.

    {"sequence", "to", "opening": {"at", "subject"} | null, "mails": [{"step", "at", "left", "subject", "text", …}], "names"}.
    Raises UserError where the sequence, step or address is unknown.
    """
    sequence, steps = _chosen(books, what)
    return _sample(books, sequence, steps, now) if to is None else _to(books, sequence, steps, to, now)


def _to(books: Books, sequence: Sequence, steps: tuple[Step, ...], to: str, now: datetime) -> Row:
    desk = Desk(books.store, books.settings.identity, books.templates.library, books.policy().calendar)
    e = _enrollment(books, sequence, to, now)
    moments = _moments(books, e, sequence, now)
    mails = [_mail(desk, e, sequence, step, moments[step.name]) for step in sequence.steps]
    if e.conversation is None:
        mails = _in_their_own_thread(mails)
    names = names_of(desk, e, sequence, steps[0], now)
    signed = signature(desk.library, sequence, names)
    anchor = books.store.conversations.find(e.anchor) if e.anchor else None
    return {
        "sequence": sequence.name,
        "to": str(Person(e.name, e.address)),
        "opening": _opening(books, anchor.entry.at, anchor.entry.message.subject) if anchor else None,
        "mails": _wanted(mails, steps),
        "names": dict(listed(names, signed)),
    }


def _in_their_own_thread(mails: list[Row]) -> list[Row]:
    """Without a mail of the consultant's the first of these begins the thread, and the others answer it."""
    began = next((mail["subject"] for mail in mails if mail["subject"] and mail["subject"] != "Re:"), "")
    return [{**mail, "subject": f"Re: {began}"} if began and mail["subject"] == "Re:" else mail for mail in mails]


def _wanted(mails: list[Row], steps: tuple[Step, ...]) -> list[Row]:
    numbers = {step.number for step in steps}
    return [mail for mail in mails if mail["step"] in numbers]


def _opening(books: Books, at: datetime, subject: str) -> Row:
    return {"at": books.policy().calendar.local(at).isoformat(), "subject": subject}


@dataclass(frozen=True, slots=True)
class _Moment:
    """When a step leaves, in the consultant's zone, or left."""

    at: datetime
    left: bool = False


def _moments(books: Books, e: Enrollment, sequence: Sequence, now: datetime) -> dict[str, _Moment]:
    """By step: when it left, else when it will, by the rules of the planner."""
    policy = books.policy()
    gone = {d.step: d.left for d in e.deliveries if d.left is not None and d.status.done}
    going_on = replace(e, state=State.ACTIVE, until=None)
    planned = forecast((going_on,), {sequence.name: sequence}, policy, Day(), now, now + _FAR)
    to_come = {p.decision.step.name: p.due for p in planned if not isinstance(p.decision, Finish) and p.decision.step}
    return {
        step.name: _Moment(
            policy.calendar.local(gone.get(step.name) or to_come.get(step.name) or now), step.name in gone
        )
        for step in sequence.steps
    }


def _chosen(books: Books, what: str) -> tuple[Sequence, tuple[Step, ...]]:
    name, _, part = what.partition("/")
    sequences = books.templates.library.sequences
    sequence = sequences.get(name)
    if sequence is None:
        broken = [str(f) for f in books.templates.library.faults if str(f).startswith(f"{name}/")]
        raise UserError(broken or f"There is no sequence '{name}'; there are: {', '.join(sequences) or 'none'}.")
    steps = tuple(s for s in sequence.steps if not part or part in (s.name, str(s.number), f"{s.number}-{s.name}"))
    if not steps:
        have = ", ".join(f"{s.number}-{s.name}" for s in sequence.steps)
        raise UserError(f"'{name}' has no step '{part}'; it has: {have}.")
    return sequence, steps


def _enrollment(books: Books, sequence: Sequence, to: str, now: datetime) -> Enrollment:
    """The person's enrollment in this sequence, else one as it would be."""
    address = canonical(to)
    if not is_address(address):
        raise UserError(f"'{to}' is no mail address.")
    mine = [e for e in books.store.enrollments.of_address(address) if e.sequence == sequence.name]
    if mine:
        return mine[-1]
    last = books.store.conversations.last_sent_to(address)
    if last is None and not sequence.steps[0].new_thread:
        raise UserError(f"'{sequence.name}' continues a conversation, and no mail of yours to {address} was found.")
    contact = Contact(address)
    return Enrollment(
        id=0, address=address, name=_name(last, address) or contact.name, sequence=sequence.name, trigger=sequence.trigger,
        origin=Origin.MANUAL, opening=last.entry.message.id if last else f"met:{address}:", state=State.ACTIVE,
        conversation=last.conversation if last else None, anchor=last.entry.message.id if last else "",
        anchor_at=last.entry.at if last else now,
    )  # fmt: skip


def _name(last: Any, address: str) -> str:
    people = (*last.entry.message.to, *last.entry.message.cc) if last else ()
    return next((p.name for p in people if p.address == address), "")


def _mail(desk: Desk, e: Enrollment, sequence: Sequence, step: Step, moment: _Moment) -> Row:
    row = _row(sequence, step, moment)
    if step.call:
        return {**row, "to": str(Person(e.name, e.address)), "text": said_in_call(desk, e, sequence, step, moment.at)}
    try:
        sheet: Sheet | Wait = sheet_of(desk, e, sequence, step, moment.at)
    except TemplateError as fault:
        return {**row, "held": str(fault)}
    if isinstance(sheet, Wait):
        return {**row, "held": sheet.why}
    mail = sheet.mail
    return {
        **row, "from": str(mail.sender), "to": ", ".join(map(str, mail.to)), "cc": ", ".join(map(str, mail.cc)),
        "subject": mail.subject, "text": mail.text, "html": mail.html,
    }  # fmt: skip


def _row(sequence: Sequence, step: Step, moment: _Moment) -> Row:
    """A step without its words."""
    first = "the day you met" if sequence.trigger is Trigger.MET else "your mail"
    before = "the previous one" if step.number > 1 else first
    return {
        "sequence": sequence.name, "step": step.number, "file": step.texts[0].path, "at": moment.at.isoformat(),
        "left": moment.left, "call": step.call,
        "after": f"{'a call, ' if step.call else ''}{step.after} after {before}{', after your yes' if step.approve else ''}",
        "from": "", "to": "", "cc": "", "subject": "", "text": "", "html": None, "held": None,
    }  # fmt: skip


def _sample(books: Books, sequence: Sequence, steps: tuple[Step, ...], now: datetime) -> Row:
    """With sample names, of a mail that is sent now, where no person is named."""
    identity, library = books.settings.identity, books.templates.library
    calendar = books.policy().calendar
    language = steps[0].texts[0].language or "en"
    me = Me(identity.name, identity.name.partition(" ")[0], identity.address)
    someone = sample(language).prospect
    robin = Enrollment(
        id=0, address=someone.address, name=someone.name, sequence=sequence.name, trigger=sequence.trigger,
        origin=Origin.MANUAL, opening="sample", state=State.ACTIVE, anchor_at=now,
    )  # fmt: skip
    sender, to = str(Person(me.name, me.address)), str(Person(robin.name, robin.address))
    moments = _moments(books, robin, sequence, now)
    mails, every = [], []
    for step in sequence.steps:
        moment = moments[step.name]
        names = replace(
            sample(language, moment.at.date(), calendar.local_date(now)), me=me,
            step=StepName(step.number, step.name), sequence=sequence.name,
        )  # fmt: skip
        every.append(names)
        mails.append(
            {**_row(sequence, step, moment), "from": sender, "to": to, **_words(library, sequence, step, names)}
        )
    alone = sequence.steps[0].new_thread  # no mail comes before these
    return {
        "sequence": sequence.name,
        "to": to,
        "opening": None if alone else _opening(books, now, every[0].conversation.subject),
        "mails": _wanted(_in_their_own_thread(mails) if alone else mails, steps),
        "names": dict(listed(every[0], signature(library, sequence, every[0]))),
    }


def _words(library: Library, sequence: Sequence, step: Step, names: Names) -> Row:
    """What a sample mail says, the mail that it answers below it where it will stand there."""
    got = render(library, sequence, step, step.texts[0], names)
    if step.call:
        return {"text": got.body}
    alone = sequence.steps[0].new_thread
    subject = got.subject if got.subject is not None else f"Re: {'' if alone else names.conversation.subject}".rstrip()
    body, html = got.body, got.html
    if (not step.new_thread if step.quote is None else step.quote) and names.anchor.sent_on and not alone:
        below = quoted(names.anchor.text, names.anchor.sent_on, names.me.name, names.language)
        body, html = f"{body.rstrip()}\n\n{below}\n", html and html + html_of(below)
    return {"subject": subject, "text": body, "html": html}
