"""What came to pass since the last digest: who answered, what ended, who was proposed, what the consultant's word did.

Each line of the history is told once: a digest remembers how far it told. What was ordered by a reply is told in the
answer to it, and not again.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from followmail import desk
from followmail.agenda.phrasing import day, named, shortened, who
from followmail.agenda.ranking import Ranking
from followmail.jobs.cycle import Cycle
from followmail.jobs.facts import OBEYED, TOLD
from followmail.sequence.agenda import MOST_SHOWN, Item, What
from followmail.sequence.conversation import Entry
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Enrollment, Origin, State
from followmail.store.events import Event

Numbered = tuple[int, Event]
_ENDS = frozenset({Happened.BOUNCED, Happened.UNSUBSCRIBED, Happened.FINISHED, Happened.STOPPED})
# What an end that is told with it says already, and what an open draft says by itself.
_SAID_BY_THE_END = frozenset(
    {Happened.SKIPPED, Happened.SNOOZED, Happened.APPROVED, Happened.CALLED, Happened.RESUMED, Happened.DRAFT_KEPT}
)
_SAID_BY_THE_DRAFT = frozenset({Happened.DRAFT_KEPT})


def events_since(c: Cycle, since: datetime | None, first: timedelta) -> tuple[Numbered, ...]:
    """The history that no digest told yet, oldest first, each line with its number."""
    through = c.store.facts.text(TOLD)
    if since is not None and through is not None:
        return c.store.events.after(int(through))
    return c.store.events.after(0, since if since is not None else c.now - first)


def told(
    c: Cycle, ranking: Ranking, events: Iterable[Numbered], drafted: Collection[int | None] = frozenset()
) -> list[Item]:
    """The items of these events, in the order in which they came to pass; the open draft of `drafted` is told apart."""
    events = tuple(events)
    last = {e.enrollment: number for number, e in events if e.event == Happened.PAUSED}
    ended = {e.enrollment for _, e in events if e.event in _ENDS}
    obeyed = obeyed_lines(c)
    found = []
    for number, event in events:
        if event.event == Happened.PAUSED and last[event.enrollment] != number:
            continue  # put off again since: the last word counts
        if event.event in _SAID_BY_THE_END and event.enrollment in ended:
            continue
        if event.event in _SAID_BY_THE_DRAFT and event.enrollment in drafted:
            continue
        if any(number in lines for lines in obeyed):
            continue
        e = c.store.enrollments.get(event.enrollment) if event.enrollment is not None else None
        item = TELLERS.get(event.event, _nothing)(c, event, e)
        if item is not None:
            item = ranking.ranked(e, item) if e is not None and item.what is What.ANSWERED else item
            found.append(replace(item, line=number))
    return found


def fitting(items: Sequence[Item]) -> int:
    """How many of these, oldest first, one digest shows: the rest comes with the next, none is passed over."""
    kinds = Counter[What]()
    for number, item in enumerate(items):
        kinds[item.what] += 1
        if kinds[item.what] > MOST_SHOWN:
            return number
    return len(items)


def obeyed_lines(c: Cycle) -> tuple[range, ...]:
    """The lines of the history that replies brought about, and whose answers told of them."""
    return tuple(range(first, last + 1) for first, last in json.loads(c.store.facts.text(OBEYED) or "[]"))


Teller = Callable[[Cycle, Event, Enrollment | None], Item | None]


def _nothing(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    """What is told elsewhere, or is no news: an anchor that moved, a mail that left as planned."""
    return None


# ---- answers


def _answered(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    if e is None:
        return None
    words = _words_of(c, e, event.at)
    asked, message = (shortened(words.text), words.message.id) if words else ("", "")
    item = _about(e, Item(What.ANSWERED, named(e, event.why), asked=asked, message=message))
    return replace(item, final=_is_final(c, e))


def _paused(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    """Put off, away, or a meeting declined: until when, and what follows."""
    if e is None or e.state is not State.PAUSED or e.until is None:
        return None  # over already: as a wait, an end or a step of today it is told in its own place
    then = "then it waits for you" if e.then is State.WAITING else "then it goes on"
    words = _words_of(c, e, event.at) if e.then is State.WAITING else None
    text = f"{named(e, event.why)}; it rests until {day(c, e.until)}, {then}"
    return _about(e, Item(What.ANSWERED, text, asked=shortened(words.text) if words else ""))


def _words_of(c: Cycle, e: Enrollment, moment: datetime) -> Entry | None:
    """The message that was judged then: the latest of a person's in the conversation, or of the prospect's."""
    heard = [known.entry for known in c.store.conversations.of_address(e.address)]
    if e.conversation is not None:
        heard += c.store.conversations.get(e.conversation).entries
    human = [x for x in heard if not x.sent and x.text and x.kind is not None and x.kind.human]
    by_then = [x for x in human if (x.message.earlier or x.at) <= moment]
    return max(by_then, key=lambda x: x.message.earlier or x.at, default=None)


# ---- ends


def _ended(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    if e is None:
        return None
    text = f"{named(e, event.why)} ({e.sequence} ended on {day(c, event.at)})"
    if e.state.live:
        return Item(What.ENDED, f"{text}; it goes on since, at your word", address=e.address)
    return replace(_about(e, Item(What.ENDED, text)), final=_is_final(c, e))


def _is_final(c: Cycle, e: Enrollment) -> bool:
    """Whether a word to go on would be refused: another sequence took its place, or nothing may be mailed."""
    gave_way = e.why.startswith("gave way to ") or c.store.enrollments.live_of(e.address) is not None
    return gave_way or bool(c.store.suppressions.matching(e.address))


def _lapsed(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    if e is None:
        return None
    return Item(What.ENDED, f"{who(e)}: {event.why} ({day(c, event.at)}); the next step counts from then")


def _proposed(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    name = who(e) if e else event.address
    return Item(What.PROPOSED, f"Instead of {name} you may write to {event.why}", address=event.why)


# ---- the consultant's word, and what else must not vanish


def _enrolled(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    """By mark; what was found by rule is told by its draft or its question, what was typed is known."""
    if e is None or e.origin is not Origin.MARKED:
        return None
    return Item(What.SAID, f"{who(e)} is in '{e.sequence}' since {day(c, event.at)}: {event.why}", address=e.address)


def _said(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    name = f"{who(e) if e else event.address}: " if e or event.address else ""
    return Item(What.SAID, f"{name}{event.why} ({day(c, event.at)})", address=event.address)


def _snoozed(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    """The why of a wait that is snoozed is that of the wait."""
    until = f" until {day(c, e.until)}" if e and e.state is State.PAUSED and e.until else ""
    return _said(c, replace(event, why=f"you snoozed it{until}"), e)


def _resumed(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    """At the consultant's word; what goes on by itself, or waits for a second one, is told in its own place."""
    return _said(c, event, e) if event.why == desk.RESUMED_BY_HAND else None


def _refused(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    name = f"{event.address}: " if event.address else ""
    return Item(What.SAID, f"{name}your mark did nothing: {event.why}", address=event.address)


def _first_run(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    """The very first is no news; a later one is a database that was lost or restored, and all that is open waits."""
    return None if event.why.startswith("from here on") else _said(c, event, e)


def _dropped(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    name = who(e) if e else event.address
    return Item(What.SAID, f"{name}: {event.why}; the rest goes on", address=event.address)


def _unreadable(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    return Item(What.PROBLEM, f"a message could not be read ({event.why}); read it yourself")


def _problem(c: Cycle, event: Event, e: Enrollment | None) -> Item | None:
    return Item(What.PROBLEM, f"{event.why} ({day(c, event.at)})")


def _about(e: Enrollment, item: Item) -> Item:
    return replace(item, enrollment=e.id, address=e.address, state=e.state.value, code=e.code, why=e.why)


# Each name has its line here, also where it is told elsewhere, or is no news: nothing falls silent by being forgotten.
TELLERS: dict[str, Teller] = {
    Happened.REPLIED: _answered,
    Happened.PAUSED: _paused,
    Happened.BOUNCED: _ended,
    Happened.UNSUBSCRIBED: _ended,
    Happened.FINISHED: _ended,
    Happened.STOPPED: _ended,
    Happened.LAPSED: _lapsed,
    Happened.PROPOSED: _proposed,
    Happened.ENROLLED: _enrolled,
    Happened.MARK_REFUSED: _refused,
    Happened.SWITCHED_OFF: _said,
    Happened.WARNING: _said,
    Happened.SKIPPED: _said,
    Happened.SNOOZED: _snoozed,
    Happened.RESUMED: _resumed,
    Happened.APPROVED: _said,
    Happened.SETTLED: _said,
    Happened.CALLED: _said,
    Happened.FORGOTTEN: _said,
    Happened.DRAFT_KEPT: _said,
    Happened.DRAFT_MOVED: _said,
    Happened.DRAFT_OUT_OF_SIGHT: _said,
    Happened.DROPPED: _dropped,
    Happened.UNREADABLE: _unreadable,
    Happened.UNSEEN: _problem,
    Happened.SENT_TWICE: _problem,
    Happened.FIRST_RUN: _first_run,
    Happened.PAUSED_ALL: _said,
    Happened.RESUMED_ALL: _said,
    Happened.UNSUPPRESSED: _said,
    # what stands in the digest as it is now: waits, drafts, calls, doubts, what is held back
    Happened.WAITING: _nothing,
    Happened.AWAY: _nothing,
    Happened.DRAFTED: _nothing,
    Happened.CALL: _nothing,
    Happened.UNCERTAIN: _nothing,
    Happened.RETRY: _nothing,
    Happened.SET_ASIDE: _nothing,
    Happened.ACCOUNT: _nothing,
    # what went as planned, and what only `explain` is asked for
    Happened.ACTIVE: _nothing,
    Happened.ANCHOR: _nothing,
    Happened.SENT: _nothing,
    Happened.STEP_FOUND: _nothing,
    Happened.DRAFT_WITHDRAWN: _nothing,
    Happened.SOFT_BOUNCE: _nothing,
    Happened.YES: _nothing,
    Happened.CHOSEN: _nothing,
    Happened.NOT_ENROLLED: _nothing,
}
