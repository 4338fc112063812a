"""Rules broken on purpose, one at a time: a simulation that does not notice proves nothing."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from followmail import writing
from followmail.jobs import deliver, file, plan, watch
from followmail.jobs.cycle import Look
from followmail.jobs.judge import begin, incoming, marked, own
from followmail.mail.kinds import Kind
from followmail.rounds import Office
from followmail.sequence import answers, planner
from followmail.sequence.workdays import Calendar
from followmail.store.outbox import Outbox
from followmail.store.suppressions import Suppressions


def _an_answer_is_no_answer(real: Callable[..., Any]) -> Callable[..., Any]:
    def effect(how: object, message: object, verdict: Any, *rest: Any) -> Any:
        return None if verdict.kind is Kind.REPLY else real(how, message, verdict, *rest)

    return effect


def _ids_are_random() -> Callable[..., str]:
    numbers = itertools.count()
    return lambda *_: f"fm1.random{next(numbers)}.aaaaaa@consult.example"


def _doubt_is_sent_again(self: Outbox, now: Any) -> tuple[int, int]:
    self._database.execute_sql("UPDATE delivery SET status = 'queued' WHERE status IN ('sending', 'handed-over')")
    return 0, 0


def _looks_are_complete(real: Callable[..., Look]) -> Callable[..., Look]:
    return lambda session, c: replace(real(session, c), faults=())


def _without(real: Callable[..., Any], **changed: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: replace(real(*args, **kwargs), **changed)


def _nothing(*_: object) -> None:
    """The rule that is asked finds nothing to object."""


def _claims_anything(real: Callable[..., bool]) -> Callable[..., bool]:
    return lambda self, *args, **kwargs: real(self, *args, **kwargs) or True


def _but_the_last(real: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    return lambda *args: real(*args)[:-1]


# What is left out → how: the name is what a reader of a failure sees.
RULES: dict[str, Callable[[], Any]] = {
    "an answer ends it": lambda: patch.object(answers, "effect", _an_answer_is_no_answer(answers.effect)),
    "an absence is waited for": lambda: patch.object(answers, "_away", _nothing),
    "a Message-ID is always the same": lambda: patch.object(writing, "mint", _ids_are_random()),
    "what may have left is not sent again": lambda: patch.object(Outbox, "recover", _doubt_is_sent_again),
    "whom must not be mailed": lambda: patch.object(Suppressions, "matching", _nothing),
    "the window": lambda: patch.object(Calendar, "is_open", lambda self, moment: True),
    "the daily limit": lambda: patch.object(Office, "policy", _without(Office.policy, daily_limit=1000)),
    "the gap between two mails": lambda: patch.object(Office, "policy", _without(Office.policy, gap=0)),
    "an incomplete look holds everything": lambda: patch.object(watch, "look", _looks_are_complete(watch.look)),
    "a yes for what is older than the first run": lambda: patch.object(
        begin, "_new", _without(begin._new, before_first_run=False)
    ),
    "a step that asks first": lambda: patch.object(planner, "_consent", _nothing),
    "the consultant's own mail moves the anchor": lambda: patch.object(own, "_move_anchors", lambda court, known: True),
    "a pause over everything, and the clock": lambda: patch.object(planner, "_whole", _nothing),
    "what came before an enrollment counts": lambda: patch.object(begin, "settle_history", lambda court, e, *_: e),
    "other mail of the person, or of the company, waits": lambda: patch.object(answers, "_doubt", _nothing),
    "Sent is asked before a mail": lambda: patch.object(deliver, "left_already", _nothing),
    "one mail a day to a company": lambda: patch.object(planner, "companies_of", lambda addresses: frozenset()),
    "a copy that the provider filed is the copy": lambda: patch.object(file, "is_copy", lambda message, parcel: False),
    "what is never to be followed up": lambda: patch.multiple(marked, switch_off=_nothing),
    "each that is due leaves": lambda: patch.object(plan, "_in_order", _but_the_last(plan._in_order)),
    "who is silent is followed up": lambda: patch.object(own, "_detect", _nothing),
    "a pause that is over ends": lambda: patch.object(plan, "wake", _nothing),
    "reports are read": lambda: patch.object(incoming, "_near", lambda court, known, live: live.near(known)),
}


@contextlib.contextmanager
def without(rule: str) -> Iterator[None]:
    """Run with this rule left out."""
    with RULES[rule]():
        yield
