"""What incoming messages do to enrollments: to the live ones when they arrive, to a new one by what came before it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from followmail.jobs.cycle import Cycle
from followmail.jobs.judge.court import Court, judge_each
from followmail.mail.identity import Person, company, dns, is_machine, mailbox, same_person
from followmail.mail.msgid import is_digest
from followmail.mail.note import passed_on
from followmail.sequence import answers
from followmail.sequence.answers import Bearings, Effect, Tie
from followmail.sequence.conversation import parties_of
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Enrollment, Origin, State
from followmail.store.conversations import Known

# The consultant may speak while a body is fetched: so often a message is let bear anew.
_TRIES = 5
# A mail that cannot be delivered is given up within five days mostly (RFC 5321 §4.5.4.1).
_REPORTED = timedelta(days=7)


def judge_incoming(court: Court) -> None:
    """What new incoming messages do to the live enrollments."""
    new = [known for known in court.c.store.conversations.unjudged() if not known.entry.sent]
    if not new:
        return
    live = Live.of(court.c)
    judge_each(court, new, lambda known: _incoming(court, known, live), lambda known: _hold_near(court.c, known, live))


def _hold_near(c: Cycle, known: Known, live: "Live") -> None:
    """A message that could not be read may be an answer: whom it may come from, or be about, waits."""
    message = known.entry.message
    for number in live.all if message.may_be_report else live.near(known):
        e = c.store.enrollments.get(number)
        unknown = message.may_be_report  # only its body would tell on whom it reports
        if e is not None and e.state in (State.ACTIVE, State.PAUSED) and (unknown or _may_bear(c, known, e)):
            who = message.sender.name or message.sender.address or "somebody"
            why = f"a message from {who} could not be read, perhaps an answer; still follow up?"
            if c.store.enrollments.change_now(e.id, State.WAITING, c.now, why, code="answer"):
                count(c, State.WAITING)


def _may_bear(c: Cycle, known: Known, e: Enrollment) -> bool:
    """Whether a message bears on an enrollment by its headers; it does where even they cannot be worked out."""
    try:
        return tie_of(c, known, bearings(c, e)) is not None
    except Exception:  # noqa: BLE001  this is what could not be worked out
        return True


@dataclass(slots=True)
class Live:
    """The live enrollments, found by what a message may share with them."""

    c: Cycle
    by_conversation: dict[int, list[int]] = field(default_factory=dict)
    by_address: dict[str, list[int]] = field(default_factory=dict)
    by_company: dict[str, list[int]] = field(default_factory=dict)
    all: list[int] = field(default_factory=list)
    any_ended: bool = False

    @classmethod
    def of(cls, c: Cycle) -> "Live":
        live = cls(c, any_ended=c.store.enrollments.any_ended())
        for e in c.store.enrollments.live():
            live.all.append(e.id)
            live.by_address.setdefault(mailbox(e.address), []).append(e.id)
            if e.conversation is not None:
                live.by_conversation.setdefault(e.conversation, []).append(e.id)
            if domain := dns(company(e.address) or ""):
                live.by_company.setdefault(domain, []).append(e.id)
        for conversation, people in c.store.conversations.written_to(live.by_conversation):
            for person in people:
                live.by_address.setdefault(mailbox(person), []).extend(live.by_conversation[conversation])
        return live

    def near(self, known: Known) -> list[int]:
        """Enrollments on which a message may bear."""
        if not self.all:
            return []
        message = known.entry.message
        found = list(self.by_conversation.get(known.conversation, ()))
        found += self.by_address.get(mailbox(message.sender.address), ())
        for conversation in self.c.store.conversations.written_under(message.base_subject):
            found += self.by_conversation.get(conversation, ())
        domain = dns(company(message.sender.address) or "")
        parts = domain.split(".")
        found += [i for start in range(len(parts)) for i in self.by_company.get(".".join(parts[start:]), ())]
        found += [i for name, ids in self.by_company.items() if domain and name.endswith("." + domain) for i in ids]
        return list(dict.fromkeys(found))

    def reported(self, conversation: int | None, people: tuple[str, ...]) -> list[int]:
        """Enrollments on which a report tells: of the conversation that it quotes, of the recipients that it names."""
        found = list(self.by_conversation.get(conversation, ())) if conversation is not None else []
        for address in people:
            found += self.by_address.get(mailbox(address), ())
            found += self.by_company.get(dns(company(address) or ""), ())
        return found


def _incoming(court: Court, known: Known, live: Live) -> None:
    c, message = court.c, known.entry.message
    if c.identity.is_own(message.sender.address):
        _passed_on(court, known, live)
        return
    known = _by_attendee(court, known)
    if not message.auto_submitted and not message.may_be_report:
        c.store.suppressions.lift_bounce(message.sender.address)
    for number in dict.fromkeys(_near(court, known, live)):
        for _ in range(_TRIES):  # the consultant may speak while the body is fetched
            if _bear(court, known, number):
                break
    if live.any_ended:
        _heed_after_the_end(court, known)


def _passed_on(court: Court, known: Known, live: Live) -> None:
    """What the consultant forwarded to himself from another mailbox of his: whose mail it holds may have answered there."""
    c, message = court.c, known.entry.message
    if is_digest(message.id) or not all(c.identity.is_own(p.address) for p in (*message.to, *message.cc)):
        return
    for author in passed_on(court.raw(known), c.identity) if live.all else ():
        for number in dict.fromkeys(live.by_address.get(mailbox(author.address), ())):
            for _ in range(_TRIES):
                e = c.store.enrollments.get(number)
                if e is None or not e.state.live:
                    break
                b = bearings(c, e)
                if apply(c, e, answers.passed_on(author, message, b, c.policy.calendar), b):
                    break


def _by_attendee(court: Court, known: Known) -> Known:
    """What a calendar service sent is that person's whose answer to an invitation it holds; all else is its sender's."""
    message = known.entry.message
    service = is_machine(message.sender.address) and (message.is_calendar or "calend" in message.sender.address)
    who = court.read(known).attendee if service else ""
    if not who or not court.c.identity.is_outside(who):
        return known
    message = message._replace(sender=Person(message.sender.name, who))
    return replace(known, entry=replace(known.entry, message=message))


def _heed_after_the_end(court: Court, known: Known) -> None:
    """What forbids to write to somebody forbids it also where their chase is over: a wish, an address that is none."""
    c, message = court.c, known.entry.message
    for e in c.store.enrollments.ended_near(*_meant(court, known)):
        b = bearings(c, e)
        found = tie_of(c, known, b)
        effect = found and answers.effect(found, message, court.read(known), b, c.policy.calendar, c.now)
        new = [s for s in effect.suppress if not c.store.suppressions.matching(s[0])] if effect else []
        if effect and new:
            for address, remark in new:
                c.store.suppressions.add(address, remark)
            c.store.events.add(c.now, effect.event, effect.why, e.id, e.address)
            c.tell(effect.event, {"enrollment": e.id, "address": e.address, "why": effect.why})


def _meant(court: Court, known: Known) -> tuple[int | None, tuple[str, ...]]:
    """The conversation of a message and who wrote it; of a report that came soon after a mail of ours, what it is about."""
    c, message = court.c, known.entry.message
    if not message.may_be_report or not c.store.outbox.left_since(c.now - _REPORTED):
        return known.conversation, (message.sender.address,)
    verdict = court.read(known)
    ids = (*verdict.original_ids, *message.answers)
    return c.store.conversations.conversation_of(ids), (message.sender.address, *verdict.reported_to)


def _bear(court: Court, known: Known, number: int) -> bool:
    """Let a message bear on one enrollment; False where that changed meanwhile, and must be asked anew."""
    c = court.c
    e = c.store.enrollments.get(number)
    if e is None or not e.state.live:
        return True
    b = bearings(c, e)
    found = tie_of(c, known, b)
    if found is None:
        return True
    verdict = court.read(known)
    return apply(c, e, answers.effect(found, known.entry.message, verdict, b, c.policy.calendar, c.now), b)


def _near(court: Court, known: Known, live: Live) -> list[int]:
    """Enrollments on which a message may bear; a report is read first, for only its body tells."""
    if not known.entry.message.may_be_report or not live.all:
        return live.near(known)
    verdict = court.read(known)
    ids = (*verdict.original_ids, *known.entry.message.answers)
    people = (*verdict.failed_recipients, *verdict.reported_to)
    return live.reported(court.c.store.conversations.conversation_of(ids), people) + live.near(known)


def bearings(c: Cycle, e: Enrollment) -> Bearings:
    """What is known of an enrollment when a message comes in."""
    conversation = c.store.conversations.get(e.conversation) if e.conversation is not None else None
    parties = parties_of(c.identity, e, conversation)
    anchored = parties.anchor.message.earlier if parties.anchor else None  # the consultant's clock may run ahead
    since = min(m for m in (e.anchor_at, anchored) if m is not None)
    if e.origin is Origin.MARKED and e.counts_from is not None:
        since = max(since, e.counts_from)
    ids = parties.own_ids | (c.store.conversations.ids_of(e.conversation) if e.conversation is not None else set())
    written_to = conversation.written_to(c.identity) if conversation else frozenset[str]()
    return Bearings(
        e, c.identity, since, parties.own_ids, ids, parties.introducers, parties.base_subjects, parties.recipients,
        written_to - set(map(mailbox, parties.introducers)),
    )  # fmt: skip


def tie_of(c: Cycle, known: Known, b: Bearings) -> Tie | None:
    """How a remembered message bears on an enrollment."""
    message = known.entry.message
    inside = b.enrollment.conversation is not None and known.conversation == b.enrollment.conversation
    refers = bool(message.answers) and any(c.store.conversations.knows_id(i) for i in message.answers)
    found = answers.tie(message, inside, refers, b)
    if found is Tie.SUBJECT:  # two proposals with one subject: an answer of the one's is not the other's
        other = c.store.enrollments.live_of(message.sender.address)
        return found if other is None or other.id == b.enrollment.id else None
    return found


def apply(c: Cycle, e: Enrollment, effect: Effect | None, b: Bearings) -> bool:
    """Carry an effect out, in one transaction; suppressions first, for they must outlive everything.

    False where the enrollment changed meanwhile: nothing was done then, and it must be asked anew.
    """
    if effect is None:
        return True
    for address, remark in effect.suppress:
        c.store.suppressions.add(address, remark)
    with c.store.transaction():
        if effect.event == Happened.SOFT_BOUNCE and c.store.enrollments.count_soft_bounce(e.id) >= answers.SOFT_BOUNCES:
            effect = answers.third_soft_bounce(b)
        if not _move(c, e, effect):
            return False
        if effect.drop:
            c.store.enrollments.note(e.id, dropped=e.dropped | set(effect.drop))
        if effect.counts_from is not None:
            c.store.enrollments.note(e.id, counts_from=effect.counts_from)
        if effect.proposes:
            c.store.events.add(c.now, Happened.PROPOSED, effect.proposes, e.id, e.address)
    return True


def _move(c: Cycle, e: Enrollment, effect: Effect) -> bool:
    """Move the enrollment to where an effect takes it; what takes it nowhere is only told."""
    if effect.state is None:
        c.store.events.add(c.now, effect.event, effect.why, e.id, e.address)
        return True
    if e.state is State.WAITING and effect.state is State.PAUSED and effect.then is not State.WAITING:
        return True  # it waits for a word already; an absence does not change that
    moved = c.store.enrollments.change(
        e, effect.state, c.now, effect.why, event=effect.event, code=effect.code, until=effect.until, then=effect.then
    )
    if not moved:
        return False
    count(c, effect.state)
    c.tell(effect.event, {"enrollment": e.id, "address": e.address, "why": effect.why})
    return True


def count(c: Cycle, state: State) -> None:
    """Count a move of an enrollment."""
    if state is State.PAUSED:
        c.tally.paused += 1
    elif state is State.WAITING:
        c.tally.waiting += 1
    elif not state.live:
        c.tally.stopped += 1


def settle_history(court: Court, e: Enrollment, since: datetime | None = None) -> Enrollment | Effect:
    """Apply what came in after the anchor (or `since`) before there was an enrollment; an end is given back.

    `e` is not stored yet: the moves are made on the value. Only suppressions are written, for they outlive it.
    """
    c, delays = court.c, 0
    b, came = _history(c, e, since)
    for number, known in enumerate(came):
        b = replace(b, enrollment=e)
        found = tie_of(c, known, b)
        effect = found and answers.effect(found, known.entry.message, court.read(known), b, c.policy.calendar, c.now)
        if not effect or (effect.state is State.BOUNCED and wrote(e.address, came[number + 1 :])):
            continue
        delays += effect.event == Happened.SOFT_BOUNCE
        if effect.event == Happened.SOFT_BOUNCE and delays >= answers.SOFT_BOUNCES:
            effect = answers.third_soft_bounce(b)
        for address, remark in effect.suppress:
            c.store.suppressions.add(address, remark)
        if effect.state is not None and not effect.state.live:
            return effect
        e = _on_value(e, effect, c.now)
    return e


def _history(c: Cycle, e: Enrollment, since: datetime | None) -> tuple[Bearings, tuple[Known, ...]]:
    b = bearings(c, e)
    b = replace(b, since=since or b.since)
    return b, c.store.conversations.bearing_since(
        b.since, e.conversation, b.people, company(e.address), b.base_subjects
    )  # fmt: skip


def bearing_on(c: Cycle, e: Enrollment, since: datetime | None = None) -> Iterator[Known]:
    """What `settle_history` reads, up to the first mail of the prospect's own."""
    b, came = _history(c, e, since)
    for known in came:
        if tie_of(c, known, b) is not None:
            yield known
            if wrote(e.address, [known]):
                return


def wrote(address: str, messages: Iterable[Known]) -> bool:
    """Whether a person wrote from this address: then it works, whatever a server said before."""
    mine = [known.entry.message for known in messages if same_person(known.entry.message.sender.address, address)]
    return any(not m.auto_submitted and not m.may_be_report for m in mine)


def _on_value(e: Enrollment, effect: Effect, now: datetime) -> Enrollment:
    if effect.state is State.PAUSED and effect.until is not None and effect.until <= now:
        if effect.then is State.ACTIVE:
            return e
        return replace(e, state=State.WAITING, why=effect.why, code=effect.code)
    if effect.state is None:
        return replace(e, dropped=e.dropped | set(effect.drop))
    return replace(
        e, state=effect.state, why=effect.why, code=effect.code, until=effect.until, then=effect.then,
        counts_from=effect.counts_from or e.counts_from,
    )  # fmt: skip
