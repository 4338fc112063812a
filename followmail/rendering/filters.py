"""The filters of a text. Each takes plain values, bounds what it makes, and leaves nothing (`Held`) as nothing."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, Protocol

from jinja2 import StrictUndefined
from jinja2.filters import do_capitalize, do_title
from jinja2.utils import pass_environment

from followmail.rendering import dates
from followmail.rendering.fault import Refused, quoted
from followmail.rendering.names import Held

MAX_LENGTH = 256 * 1024  # characters of any one value


class Room(Protocol):
    """What a filter knows of the rendering it runs in."""

    language: str
    today: date

    def spend(self, steps: int) -> None: ...
    def plain(self, value: object) -> str: ...


def sized(length: int) -> None:
    """Refuses a text before it is made."""
    if length > MAX_LENGTH:
        raise Refused(f"this makes a text of {length} characters; up to {MAX_LENGTH} are allowed")


@pass_environment
def _counted(room: Room, items: Iterable[object], steps: int) -> Iterator[object]:
    for item in items:
        room.spend(steps)
        yield item


@pass_environment
def _concatenated(room: Room, *values: object) -> str:
    return _together(room, values, "")


@pass_environment
def _joined(room: Room, items: Iterable[object], by: str = "") -> str:
    return _together(room, tuple(items), by)


def _together(room: Room, values: tuple[object, ...], by: str) -> str:
    room.spend(len(values))
    for value in values:
        if isinstance(value, Held):
            return value
    texts = [room.plain(value) for value in values]
    sized(sum(map(len, texts)) + len(by) * len(texts))
    return by.join(texts)


def _on_text(shape: Callable[..., str]) -> Callable[..., str]:
    @pass_environment
    def filtered(room: Room, value: object, *arguments: Any, **named: Any) -> str:
        return value if isinstance(value, Held) else shape(room.plain(value), *arguments, **named)

    return filtered


def _on_day(shape: Callable[[Room, date], str]) -> Callable[[Room, object], str]:
    @pass_environment
    def filtered(room: Room, value: object) -> str:
        if isinstance(value, Held):
            return value
        if not isinstance(value, date):
            what = quoted(value) if isinstance(value, str) else "this"
            raise Refused(f"{what} is no day; a day is anchor.sent_on, met.on or today")
        return shape(room, dates.day_of(value))

    return filtered


@pass_environment
def _ago(room: Room, value: object) -> str:
    if isinstance(value, Held):
        return value
    days = (room.today - dates.day_of(value)).days if isinstance(value, date) else value
    if not isinstance(days, int) or not 0 <= days < 10**6:
        raise Refused("'ago' wants a day that has passed, such as anchor.sent_on, or a number of days")
    return dates.ago(days, room.language)


def _truncated(text: str, length: int = 255, end: str = "…") -> str:
    if len(text) <= length:
        return text
    cut = text[: max(length - len(end), 0)]
    return (cut.rsplit(" ", 1)[0] or cut) + end


def _replaced(text: str, old: str, new: str) -> str:
    sized(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _default(value: object, instead: object = "", empty_too: bool = False) -> object:
    missing = isinstance(value, (StrictUndefined, Held)) or value is None
    return instead if missing or (empty_too and not value) else value


def _end(position: int) -> Callable[[Any], object]:
    return lambda items: items if isinstance(items, Held) else items[position]


# these two are written into every text by the sandbox; nobody can type their names
COUNTED, CONCATENATED = "counted loop", "joined by ~"
FILTERS: dict[str, Callable[..., Any]] = {
    COUNTED: _counted,
    CONCATENATED: _concatenated,
    "date": _on_day(lambda room, day: dates.written(day, room.today, room.language)),
    "weekday": _on_day(lambda room, day: dates.weekday(day, room.language)),
    "ago": _ago,
    "default": _default,
    "d": _default,
    "upper": _on_text(str.upper),
    "lower": _on_text(str.lower),
    "title": _on_text(do_title),
    "capitalize": _on_text(do_capitalize),
    "trim": _on_text(lambda text: text.strip()),
    "replace": _on_text(_replaced),
    "truncate": _on_text(_truncated),
    "string": _on_text(lambda text: text),
    "join": _joined,
    "first": _end(0),
    "last": _end(-1),
    "length": lambda value: len(value),
    "count": lambda value: len(value),
    "round": lambda value: round(value),
    "int": lambda value: int(value),
    "abs": lambda value: abs(value),
}
