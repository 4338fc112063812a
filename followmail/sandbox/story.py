"""What happened, a line each: what somebody did, and what followmail made of it, in plain words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from followmail.sandbox.cast import ZONE, Letter, Prospect
from followmail.sequence.happened import Happened
from followmail.sequence.steps import Enrollment, State, Trigger
from followmail.store.events import Event

# Written into the history, and no news beside the line that tells of the same.
_QUIET = frozenset(
    {
        Happened.YES,
        Happened.APPROVED,
        Happened.ANCHOR,
        Happened.FIRST_RUN,
        Happened.ENROLLED,
        Happened.PROPOSED,
        Happened.CHOSEN,
        Happened.NOT_ENROLLED,
        Happened.RESUMED,
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when, what happened, what followed; and the events of the history that it tells."""

    at: datetime
    happened: str
    followed: str = ""
    told: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Happening:
    """What somebody did, before followmail has seen it. `otherwise`: what followed where nothing did."""

    text: str
    addresses: tuple[str, ...]
    otherwise: str = "nothing changes"


@dataclass(frozen=True, slots=True)
class Narrator:
    """Turns the events of one look into lines."""

    cast: Mapping[str, Prospect]

    def lines(
        self, at: datetime, happenings: Iterable[Happening], events: Iterable[Event],
        enrollments: Mapping[int, Enrollment],
    ) -> list[Line]:  # fmt: skip
        """First what somebody did, with what followed; then what followmail did by itself."""
        left = list(events)
        lines = []
        for happening in happenings:
            mine = [e for e in left if e.address in happening.addresses and e.event not in ("sent", "finished")]
            left = [e for e in left if e not in mine]
            followed = self._followed(mine, enrollments) or happening.otherwise
            lines.append(Line(at, happening.text, followed, tuple(mine)))
        for event in left:
            if event.event not in _QUIET:
                lines.append(Line(at, *self._by_itself(event, enrollments), (event,)))
        return lines

    def _followed(self, events: list[Event], enrollments: Mapping[int, Enrollment]) -> str:
        said = {e.event: e for e in events}
        for name in ("unsubscribed", "bounced", "replied", "stopped", "waiting", "paused", "approved", "enrolled"):
            if name in said:
                return self._result(said[name], said.get("proposed"), enrollments)
        return ""

    def _result(self, event: Event, proposed: Event | None, enrollments: Mapping[int, Enrollment]) -> str:
        match event.event:
            case "unsubscribed":
                return "never mailed again"
            case "bounced":
                return "the address is dead: never mailed again"
            case "replied":
                hint = f"; {proposed.why} is proposed to you" if proposed else ""
                return f"nothing more goes to {self._first(event.address)}{hint}"
            case "stopped":
                return "stopped"
            case "waiting":
                return f"waits for your yes: {event.why}"
            case "paused":
                return self._pause(enrollments.get(event.enrollment or 0))
            case "approved":
                return "goes on"
        return "watched from now on"

    def _pause(self, e: Enrollment | None) -> str:
        if e is None or e.until is None:
            return "paused"
        then = ", then you are asked" if e.then is State.WAITING else ""
        return f"nothing before {day(e.until)}{then}"

    def _by_itself(self, event: Event, enrollments: Mapping[int, Enrollment]) -> tuple[str, str]:
        e = enrollments.get(event.enrollment or 0)
        who = self._first(event.address)
        if event.event == Happened.SENT and e is not None:
            return self._sent(who, self.cast.get(event.address), e)
        if event.event == Happened.FINISHED:
            return f"{who}: all steps are done", "it ends here"
        if event.event == Happened.WAITING:
            return f"followmail asks you about {who}", event.why
        return f"{who}: {event.event}", event.why

    def _first(self, address: str) -> str:
        return self.cast[address].first if address in self.cast else address

    def _sent(self, who: str, prospect: Prospect | None, e: Enrollment) -> tuple[str, str]:
        step = max((d.number for d in e.deliveries if d.status.done), default=0)
        mailed = f"nudged, step {step}"
        if e.trigger is Trigger.MET:
            return f"The morning after you met {who}", f"“Good to meet you” leaves, step {step}"
        if step > 1:
            return f"{who} is still silent", mailed
        what = "proposal" if prospect and prospect.letter in (Letter.PROPOSAL, Letter.GERMAN) else "mail"
        sent_on = f" of {day(e.anchor_at)}" if e.anchor_at else ""
        return f"{who} has not answered your {what}{sent_on}", mailed


def day(moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo(ZONE))
    return f"{local.day} {local:%B}"


def stamp(moment: datetime) -> str:
    """`Tue  5 May 09:00`, always as wide."""
    local = moment.astimezone(ZoneInfo(ZONE))
    return f"{local:%a} {local.day:2} {local:%b} {local:%H:%M}"


def iso(moment: datetime) -> str:
    """ISO 8601 with the offset of Alex's zone."""
    return moment.astimezone(ZoneInfo(ZONE)).isoformat(timespec="seconds")
