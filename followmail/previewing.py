"""`preview`: the mails of a sequence as they would leave, to a real person or to a sample one."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from followmail import rendering
from followmail.contacts import Contact
from followmail.errors import TemplateError, UserError
from followmail.mail.identity import canonical, is_address
from followmail.rounds import Office
from followmail.sequence.planner import Wait
from followmail.sequence.steps import Enrollment, Origin, Sequence, State, Step
from followmail.writing import Desk, Sheet, names_of, sheet_of

Row = dict[str, Any]


def preview(office: Office, what: str, to: str | None, now: datetime) -> Row:
    """{"mails": […], "names": {…}}. Raises UserError where the sequence, step or address is unknown."""
    sequence, steps = _chosen(office, what)
    desk = Desk(office.store, office.settings.identity, office.templates.library, office.policy().calendar)
    if to is None:
        return _sample(office, sequence, steps)
    e = _enrollment(office, sequence, to, now)
    mails = [_mail(desk, e, sequence, step, now) for step in steps]
    names = names_of(desk, e, sequence, steps[0], now)
    signature = rendering.signature(desk.library, sequence, names)
    return {"mails": mails, "names": dict(rendering.listed(names, signature))}


def _chosen(office: Office, what: str) -> tuple[Sequence, tuple[Step, ...]]:
    name, _, part = what.partition("/")
    sequences = office.templates.library.sequences
    sequence = sequences.get(name)
    if sequence is None:
        broken = [str(f) for f in office.templates.library.faults if str(f).startswith(f"{name}/")]
        raise UserError(broken or f"There is no sequence '{name}'; there are: {', '.join(sequences) or 'none'}.")
    steps = tuple(s for s in sequence.steps if not part or part in (s.name, str(s.number), f"{s.number}-{s.name}"))
    if not steps:
        have = ", ".join(f"{s.number}-{s.name}" for s in sequence.steps)
        raise UserError(f"'{name}' has no step '{part}'; it has: {have}.")
    return sequence, steps


def _enrollment(office: Office, sequence: Sequence, to: str, now: datetime) -> Enrollment:
    """The person's enrollment in this sequence, else one as it would be."""
    address = canonical(to)
    if not is_address(address):
        raise UserError(f"'{to}' is no mail address.")
    mine = [e for e in office.store.enrollments.of_address(address) if e.sequence == sequence.name]
    if mine:
        return mine[-1]
    last = office.store.conversations.last_sent_to(address)
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


def _mail(desk: Desk, e: Enrollment, sequence: Sequence, step: Step, now: datetime) -> Row:
    try:
        sheet: Sheet | Wait = sheet_of(desk, e, sequence, step, now)
    except TemplateError as fault:
        return _held(sequence, step, str(fault))
    if isinstance(sheet, Wait):
        return _held(sequence, step, sheet.why)
    mail = sheet.mail
    return _row(
        sequence, step, str(mail.sender), ", ".join(map(str, mail.to)), ", ".join(map(str, mail.cc)), mail.subject, mail.text,
        mail.html,
    )  # fmt: skip


def _held(sequence: Sequence, step: Step, why: str) -> Row:
    return {**_row(sequence, step, "", "", "", "", "", None), "held": why}


def _row(
    sequence: Sequence, step: Step, sender: str, to: str, cc: str, subject: str, text: str, html: str | None
) -> Row:
    return {
        "sequence": sequence.name,
        "step": step.number,
        "file": step.texts[0].path,
        "after": f"{'a call, ' if step.call else ''}{step.after} after {'the previous one' if step.number > 1 else 'your mail'}",
        "from": sender,
        "to": to,
        "cc": cc,
        "subject": subject,
        "text": text,
        "html": html,
        "held": None,
    }


def _sample(office: Office, sequence: Sequence, steps: tuple[Step, ...]) -> Row:
    """With sample names, where no person is named."""
    identity, library = office.settings.identity, office.templates.library
    sample = rendering.sample(steps[0].texts[0].language or "en")
    me = rendering.Me(identity.name, identity.name.partition(" ")[0], identity.address)
    mails = []
    for step in steps:
        names = replace(sample, me=me, step=rendering.StepName(step.number, step.name), sequence=sequence.name)
        rendered = rendering.render(library, sequence, step, step.texts[0], names)
        subject = rendered.subject if rendered.subject is not None else f"Re: {names.conversation.subject}"
        to = f"{names.prospect.name} <{names.prospect.address}>"
        mails.append(_row(sequence, step, f"{me.name} <{me.address}>", to, "", subject, rendered.body, rendered.html))
    names = replace(sample, me=me, sequence=sequence.name)
    return {"mails": mails, "names": dict(rendering.listed(names, rendering.signature(library, sequence, names)))}
