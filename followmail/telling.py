"""What is told of the whole: one row a plan, a prospect, an explanation, a status. Values for JSON and tables alike."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from followmail.agenda import people, standing
from followmail.agenda.headline import headline
from followmail.agenda.ranking import Ranking
from followmail.agenda.standing import is_uncertain
from followmail.jobs import plan as planning
from followmail.jobs.acquaintance import with_acquaintance
from followmail.jobs.cycle import Cycle
from followmail.mail.identity import canonical
from followmail.sequence import eligibility, planner
from followmail.sequence.agenda import Item, What
from followmail.sequence.eligibility import Check
from followmail.sequence.forecast import Planned
from followmail.sequence.happened import Happened
from followmail.sequence.planner import Finish, Wait
from followmail.sequence.steps import Enrollment, State
from followmail.store.conversations import Known

Row = dict[str, Any]


def stamp(moment: datetime | None, c: Cycle) -> str | None:
    """ISO 8601 with offset, in the consultant's zone, whole seconds."""
    return c.policy.calendar.local(moment).isoformat(timespec="seconds") if moment else None


# ---- plan and prospects


def plan_rows(c: Cycle, days: int = 0, by: str = "due") -> list[Row]:
    """The next step of each enrollment (with `days` every step of that time), by due, the undated last.

    `by` "priority": who comes first, each row with the reason in `first`.
    """
    planned = planning.forecast(c, days)
    rows = [_plan_row(c, p) for p in planned]
    if by != "priority":
        return rows
    return _by_priority(Ranking.of(c), list(zip(planned, rows, strict=True)))


def _by_priority(ranking: Ranking, planned: list[tuple[Planned, Row]]) -> list[Row]:
    """What needs the consultant first, who comes first among these; each row says why. What is equal stays by due."""
    ranked = []
    for p, row in planned:
        found = ranking.priority(p.enrollment, p.due)
        ranked.append((not _needs_you(row), -found.rank, row | {"first": found.why}))
    return [row for _, _, row in sorted(ranked, key=lambda item: item[:2])]


def _needs_you(row: Row) -> bool:
    return row["waits_for"] in ("approval", "draft")


def _plan_row(c: Cycle, planned: Planned) -> Row:
    e, decision = planned.enrollment, planned.decision
    step = None if isinstance(decision, Finish) else decision.step
    waits_for = decision.waits_for if isinstance(decision, Wait) else None
    mode = planner.mode_of(planned.sequence, c.policy) if planned.sequence else c.policy.mode
    return {
        "id": e.id,
        "address": e.address,
        "sequence": e.sequence,
        "step": step.number if step else None,
        "due": stamp(planned.due, c),
        "state": "uncertain" if is_uncertain(e) else e.state.value,
        "mode": mode.value,
        "waits_for": waits_for,
        "why": decision.why,
    }


def prospect_rows(c: Cycle, enrollments: Iterable[Enrollment]) -> list[Row]:
    """Who is where."""
    return [_prospect_row(c, e) for e in enrollments]


def _prospect_row(c: Cycle, e: Enrollment) -> Row:
    state, why = e.state, e.why
    if is_uncertain(e) and e.state.live:
        state, why = State.WAITING, "nobody can know whether its last mail left: approve sends, skip counts it as left"
    sequence = c.sequences.get(e.sequence)
    following = planner.next_step(e, sequence) if sequence else None
    last = max((d.number for d in e.deliveries if d.status.done), default=0)
    return {
        "id": e.id,
        "address": e.address,
        "name": e.name,
        "sequence": e.sequence,
        "state": state.value,
        "step": following.number if following else last or None,
        "until": stamp(e.until, c) if e.state is State.PAUSED else None,
        "why": why,
    }


# ---- explain


def explain(c: Cycle, word: str) -> Row | None:
    """All about an address, or about the person of a message; None where nothing is known of it."""
    known = c.store.conversations.find(word.strip().strip("<>"))
    address = _person_of(c, known) if known else canonical(word)
    enrollments = c.store.enrollments.of_address(address)
    message = known if known and known.entry.sent else c.store.conversations.last_sent_to(address)
    events = c.store.events.of([e.id for e in enrollments], address)
    heard = c.store.conversations.of_address(address)
    if not enrollments and message is None and not events and not heard and not c.store.suppressions.matching(address):
        return None
    live = next((e for e in enrollments if e.state.live), None)
    following = next((row for row in plan_rows(c) if live and row["id"] == live.id), None)
    if live is not None and following is not None and (say := standing.to_say(c, live)):
        following = following | {"say": say}
    return {
        "address": address,
        "enrollments": prospect_rows(c, enrollments),
        "rules": [
            {"rule": r.rule, "passed": r.passed, "detail": r.detail}
            for r in _forgotten(c, address) or _met(enrollments) or _rules(c, message, enrollments)
        ],
        "events": [{"at": stamp(e.at, c), "event": e.event, "why": e.why} for e in events],
        "next": following,
    }


def _forgotten(c: Cycle, address: str) -> list[Check]:
    """The one rule that is left of somebody who was forgotten."""
    gone = c.store.suppressions.is_forgotten(address)
    return [Check("may be mailed", False, "forgotten, must not be mailed")] if gone else []


def _met(enrollments: Sequence[Enrollment]) -> list[Check]:
    """Whoever is enrolled because they were met, or by hand, without a mail: no rule about a mail was asked."""
    last = next((e for e in reversed(enrollments) if e.state.live), enrollments[-1] if enrollments else None)
    if last is None or not last.opening.startswith("met:"):
        return []
    how = f"you met them on {last.met_on}" if last.met_on else "you enrolled them by hand"
    return [Check("how it began", True, f"{how}; no rule about a mail is asked")]


def _asked_at(c: Cycle, known: Known, enrollments: Sequence[Enrollment]) -> datetime:
    """When the rules were asked of a mail: when it was enrolled, else when it was sent, or at the first run."""
    begun = next(
        (e for e in enrollments if e.opening == known.entry.message.id or e.anchor == known.entry.message.id), None
    )
    told = c.store.events.of([begun.id]) if begun else ()
    moments = [e.at for e in told if e.event == Happened.ENROLLED] or [
        max(known.entry.at, c.first_run or known.entry.at)
    ]
    return min(moments[0], c.now)


def _person_of(c: Cycle, known: Known) -> str:
    message = known.entry.message
    if not known.entry.sent:
        return message.sender.address
    mine = c.store.enrollments.of_conversation(known.conversation)
    if mine:
        return mine[-1].address
    outside = c.identity.outside((*message.to, *message.cc))
    return outside[0].address if outside else message.sender.address


def _rules(c: Cycle, known: Known | None, enrollments: Sequence[Enrollment]) -> list[Check]:
    """Every rule, asked of a sent message as when it was first seen: from what is remembered, without a server."""
    if known is None:
        return [Check("a mail of yours", False, "no mail of yours to them was read")]
    asked_at = _asked_at(c, known, enrollments)
    case = eligibility.case_of(
        c.identity, known.entry, c.store.conversations.get(known.conversation), asked_at, c.options.lookback,
        c.store.suppressions.matching, c.store.conversations.is_list_address,
    )  # fmt: skip
    subject, day = known.entry.message.subject, known.entry.at
    checks = [Check("a mail of yours", True, f"'{subject}' of {day:%Y-%m-%d}")]
    day_asked = c.policy.calendar.local_date(asked_at)
    for rule in eligibility.BEFORE_ASKING:
        check = rule(case)
        since = rule is eligibility.recent and day_asked != c.policy.calendar.local_date(c.now)
        checks.append(replace(check, detail=f"{check.detail}; asked on {day_asked}") if since else check)
    if case.prospect is None:
        return checks
    asked = [c.store.conversations.find(entry.message.id) for entry in case.silence]
    words = next((k.asks for k in asked if k and k.asks), "" if any(k and k.asks is not None for k in asked) else None)
    case = replace(with_acquaintance(c, case), asks=words)
    for sequence in c.sequences.values():
        if sequence.trigger.value in ("sent", "stalled"):
            found = [*eligibility.conditions(case, sequence), *([eligibility.asks(case)] if sequence.asks else [])]
            checks += [replace(check, rule=f"{sequence.name}: {check.rule}") for check in found]
    return checks


# ---- status


def status(c: Cycle, poll: int) -> Row:
    """One screen: healthy or not and since when, what waits, who waits, what leaves next."""
    facts = c.store.facts
    planned = planning.forecast(c, 0)
    by_due = [_plan_row(c, p) for p in planned]
    ranking = Ranking.of(c)
    rows = _by_priority(ranking, list(zip(planned, by_due, strict=True)))
    problems = [*standing.problems(c, timedelta(seconds=poll)), *_in_doubt(p.enrollment for p in planned)]
    paused = facts.moment("paused_until")
    calls = [_call_row(c, item) for item in standing.calls(c, ranking, planned)]
    to_call = {row["id"] for row in calls}
    with_draft = {p.enrollment.id for p in planned if standing.has_draft(p)}
    drafts = [row for row in rows if row["id"] in with_draft]
    shown = {row["id"] for row in drafts}
    return {
        "healthy": not problems,
        "headline": headline(c, poll, planned=planned, problems=problems),
        "problems": problems,
        "last_look": stamp(facts.moment("looked_at"), c),
        "mode": c.policy.mode.value,
        "paused_until": stamp(paused, c) if paused and paused > c.now else None,
        "paused_for_good": bool(paused and paused.year >= 9000),
        "counts": _counts(c),
        "waiting": [row for row in rows if row["waits_for"] == "approval"],
        "drafts": [*drafts, *(row for row in _kept_rows(c) if row["id"] not in shown)],
        "calls": calls,
        "waits_for_you": [_item_row(item) for item in people.waiting(c, ranking)],
        "next": [row for row in by_due if not _needs_you(row) and row["due"] and row["id"] not in to_call][:5],
        "set_aside": len(c.store.conversations.set_aside(c.now - c.options.lookback)),
    }


def _counts(c: Cycle) -> dict[str, int]:
    """How many there are in each state as `prospects` tells it: who waits because of a mail in doubt is waiting."""
    counts = Counter(c.store.enrollments.counts())
    for e in c.store.enrollments.live():
        if is_uncertain(e):
            counts[e.state] -= 1
            counts[State.WAITING] += 1
    return {state.value: counts[state] for state in State}


def _in_doubt(enrollments: Iterable[Enrollment]) -> list[str]:
    doubtful = [e for e in enrollments if is_uncertain(e)]
    return [f"{e.address} (number {e.id}): nobody can know whether its mail left; approve or skip it" for e in doubtful]


def _kept_rows(c: Cycle) -> list[Row]:
    """Edited drafts of what goes on no more, in the columns of a plan."""
    return [
        {
            "id": e.id, "address": e.address, "sequence": e.sequence, "step": parcel.delivery.number, "due": None,
            "state": e.state.value, "mode": "draft", "waits_for": "draft", "why": why, "first": "",
        }
        for e, parcel, why in standing.kept_drafts(c)
    ]  # fmt: skip


def _call_row(c: Cycle, item: Item) -> Row:
    """A call, with what to say in full."""
    e = c.store.enrollments.get(item.enrollment) if item.enrollment is not None else None
    return _item_row(item) | {"say": standing.to_say(c, e) if e else ""}


def _item_row(item: Item) -> Row:
    """Somebody who waits, or is to be called; `id` is that of a message where there is no enrollment."""
    return {
        "id": item.enrollment if item.enrollment is not None else item.message,
        "address": item.address,
        "introduced": item.what is What.INTRODUCED,
        "text": item.text,
        "asked": item.asked,
        "first": item.first,
    }
