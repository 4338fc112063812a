"""What a reply to a digest orders: `ok 1 3`, `skip 2`, `snooze 2 2 weeks`, `stop 4`, `done 5`, `pause until monday`, …

One order a line. A line is an order only if every word of it is understood in one way; any other does nothing, and is
told with what was probably meant, never guessed. What a reply has besides (a greeting, a closing, the name below it)
says nothing. The text is what was newly written: quotes were taken out before. What stands in quotation
marks, somebody else said: it orders nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from followmail.mail.greeting import is_greeting
from followmail.mail.signature import is_closing
from followmail.sequence.when import parse
from followmail.sequence.workdays import Calendar

_MAX_LINES = 100
_MAX_LINE = 200
_WIDEST_RANGE = 50
_LONGEST_TIME = 9  # words: `el lunes de la próxima semana a las 14:00`


class Verb(StrEnum):
    """The words of a reply."""

    OK = "ok"
    SKIP = "skip"
    SNOOZE = "snooze"
    STOP = "stop"
    DONE = "done"
    PAUSE = "pause"
    RESUME = "resume"
    LIST = "list"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Order:
    """One line that was wholly understood. `every`: `ok all`. `until`: of `snooze` and `pause`."""

    verb: Verb
    numbers: tuple[int, ...] = ()
    every: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A line that does nothing, and what to write instead."""

    line: str
    hint: str


# Each word with an example, and what it does; no line of it is an order, where a client quotes it without a mark.
HELP = (
    (Verb.OK, "ok 1 3", "yes to numbers 1 and 3; “ok all” is a yes to all that waits for one"),
    (Verb.SKIP, "skip 2", "leave the next step of number 2 out"),
    (Verb.SNOOZE, "snooze 2 2 weeks", "nothing about number 2 until then; or “snooze 2 monday”, “snooze 2 4 May”"),
    (Verb.STOP, "stop 4", "end the follow-up of number 4"),
    (Verb.DONE, "done 5", "you called them, or wrote to them: number 5 is done"),
    (Verb.PAUSE, "pause until monday", "nothing at all leaves until then; without a day, until “resume”"),
    (Verb.RESUME, "resume", "end the pause"),
    (Verb.LIST, "list", "a fresh digest, at once"),
    (Verb.HELP, "help", "this"),
)
_QUOTED = "what stands in quotation marks is no order; write it without them"
_VERBS = tuple(verb.value for verb in Verb)
_EXAMPLES = {verb: example for verb, example, _ in HELP}
_WITH_NUMBERS = frozenset({Verb.OK, Verb.SKIP, Verb.STOP, Verb.DONE, Verb.RESUME})
_ALONE = frozenset({Verb.PAUSE, Verb.RESUME, Verb.LIST, Verb.HELP})

# Words that people write instead, and the one that was probably meant.
_MEANT = {
    word: verb
    for verb, words in {
        Verb.OK: "okay okey yes yep y k approve approved confirm go send ja oui si sim sì sí evet",
        Verb.SKIP: "no nein non não nee leave drop omit überspringen auslassen passer saltar saltare salta overslaan pular",
        Verb.SNOOZE: "later postpone delay wait remind später plus après luego dopo más later depois",
        Verb.STOP: "end cancel delete remove abort quit stopp stoppen beenden arrêter parar ferma fermare",
        Verb.DONE: "did called erledigt fertig fait hecho fatto gedaan klaar feito",
        Verb.PAUSE: "hold halt break holiday vacation pausa pausieren pauze urlaub",
        Verb.RESUME: "continue unpause restart start weiter fortsetzen reprendre reanudar riprendi hervatten retomar",
        Verb.LIST: "digest status overview show liste lista lijst",
        Verb.HELP: "hilfe aide ayuda aiuto hulp ajuda commands words ?",
    }.items()
    for word in words.split()
}

_WORD = re.compile(r"[^\s,]+")
_NUMBER = re.compile(r"#?([0-9]{1,3})[.):]?")
_RANGE = re.compile(r"#?([0-9]{1,3})[-–—]#?([0-9]{1,3})[.)]?")
_AND = frozenset({"and", "und", "et", "y", "e", "en", "&", "+"})
_TO = frozenset({"-", "–", "—", "to", "bis"})
_POLITE = (
    "(?:please|pls|bitte|s['’]il (?:te|vous) pla[iî]t|svp|stp|por favor|per favore|als(?:je|tu)blieft|thanks|thank you)"
)
_POLITELY = re.compile(rf"^{_POLITE}[\s,]+(?=\S)|(?<=\S)[\s,]+{_POLITE}[.!]*$", re.I)
_DELIMITER = re.compile(r"[-_=*~—–]{2,}\s*")
_AROUND = "()[]*_ "
_BULLET = re.compile(r"[-*•–—·\s]*\s(?=\S)")
# A quotation mark of any language; an apostrophe between two letters is none.
_MARK = re.compile(r"[\"“”„‟«»‹›「」『』《》〈〉〝〞〟＂`´]|(?<!\w)['‘’‚‛＇]|['‘’‚‛＇](?!\w)")


def read(text: str, now: datetime, calendar: Calendar, name: str = "") -> tuple[Order | NotUnderstood, ...]:
    """The orders of a text, line by line, and the lines that are none. Never raises.

    `now` (aware UTC) is when it was written: `2 weeks` count from there. `name` is the writer's, who may have signed.
    """
    found: list[Order | NotUnderstood] = []
    closed = False
    for line, quoted in _lines(text):
        if _DELIMITER.fullmatch(line) and found:
            break
        if not any(c.isalnum() for c in line) or is_greeting(line):
            continue
        if _says_goodbye(line, name):
            closed = closed or bool(found) or not is_closing(line)  # "Thanks!" above the orders is none
            continue
        said = NotUnderstood(line, _QUOTED) if quoted else _read_line(line, now, calendar)
        if said not in found and (isinstance(said, Order) or not closed):  # below a closing stands who one is
            found.append(said)
    return tuple(found)


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """The lines less bullets, and whether each stands in quotation marks or has some; one marked with > says nothing.

    What a line opens with such a mark goes on to a line that ends with one, or to a blank line: a prospect's words in
    a digest, which a client broke.
    """
    inside = False
    for line in text.splitlines()[:_MAX_LINES]:
        if line.lstrip().startswith((">", "|")):
            continue
        plain = _BULLET.sub("", f" {' '.join(line.split())}", count=1).strip()
        core = plain.strip(_AROUND + ".,;:!?…")
        marks = [mark.start() for mark in _MARK.finditer(core)]
        opens, closes = marks[:1] == [0] or len(marks) % 2 == 1, marks[-1:] == [len(core) - 1]
        # what is cut short is no order any more
        yield plain if len(plain) <= _MAX_LINE else plain[:_MAX_LINE] + "…", bool(marks) or inside
        inside = bool(plain) and (inside or opens) and not closes


def _says_goodbye(line: str, name: str) -> bool:
    """A closing, the writer's name, or both in one line."""
    words = [word.strip(",.!-–— ").casefold() for word in line.split()]
    own = {word.casefold() for word in name.split()}
    rest = [word for word in words if word and word not in own]
    return is_closing(line) or (bool(own) and (not rest or is_closing(" ".join(rest))))


def _read_line(line: str, now: datetime, calendar: Calendar) -> Order | NotUnderstood:
    said = _POLITELY.sub("", line.strip(_AROUND).rstrip("!;: ").strip(_AROUND))
    first, rest = _verb_of(said)
    if first not in _VERBS:
        return NotUnderstood(line, _perhaps(first, rest, now, calendar))
    try:
        return _order(Verb(first), rest, now, calendar)
    except ValueError as fault:
        return NotUnderstood(line, str(fault))


def _verb_of(said: str) -> tuple[str, str]:
    """The first word, and what follows it."""
    first, _, rest = said.partition(" ")
    return first.rstrip(".,:").casefold(), rest.removeprefix(": ").strip()


def _order(verb: Verb, rest: str, now: datetime, calendar: Calendar) -> Order:
    """The order of a verb and the rest of its line, or a ValueError that says what to write."""
    if not rest and verb in _ALONE:
        return Order(verb)
    if verb is Verb.PAUSE:
        return Order(verb, until=_paused(rest, now, calendar))
    if verb is Verb.SNOOZE:
        numbers, until = _snoozed(rest, now, calendar)
        return Order(verb, numbers, until=until)
    words = rest.rstrip(".,")
    if verb is Verb.OK and words.casefold() == "all":
        return Order(verb, every=True)
    numbers = _numbers(_WORD.findall(words)) if verb in _WITH_NUMBERS else ()
    if not numbers:
        raise ValueError(_usage(verb, rest))
    return Order(verb, numbers)


def _paused(rest: str, now: datetime, calendar: Calendar) -> datetime:
    if _numbers(_WORD.findall(rest)):
        raise ValueError(f"“pause” is for everything; for a number it is “snooze {rest[:20]} 2 weeks”")
    return _time(rest, now, calendar, Verb.PAUSE)


def _snoozed(rest: str, now: datetime, calendar: Calendar) -> tuple[tuple[int, ...], datetime]:
    """The numbers and the time of `2 2 weeks`, `1 3 until monday`; a ValueError where that may be read in two ways."""
    words = list(_WORD.finditer(rest))
    found = [word[0] for word in words]
    readings: list[tuple[tuple[int, ...], datetime]] = []
    fault = ""
    for at in range(max(1, len(words) - _LONGEST_TIME), len(words)):
        numbers, rests = _numbers(found[:at]), _numbers(found[at:])
        if not numbers or rests or not rest[words[at].start() - 1].isspace():  # `2 1,5 weeks` is no `5 weeks`
            continue
        if any(set(numbers) == set(others) for others, _ in readings):  # `2 2 wo`: nobody names a number twice
            continue
        try:
            readings.append((numbers, _time(rest[words[at].start() :], now, calendar, Verb.SNOOZE)))
        except ValueError as why:
            fault = fault or str(why)
    if len(readings) > 1:
        raise ValueError(f"it may be read in two ways; write the day, such as “snooze {readings[0][0][0]} {now:%d %B}”")
    if not readings:
        raise ValueError(_usage(Verb.SNOOZE, rest) if not fault or _is_time(rest, now, calendar) else fault)
    return readings[0]


def _is_time(text: str, now: datetime, calendar: Calendar) -> bool:
    try:
        return parse(text, now, calendar) > now
    except ValueError:
        return False


def _time(text: str, now: datetime, calendar: Calendar, verb: Verb) -> datetime:
    """The moment that is meant; a ValueError in a few words, for it is read on a phone."""
    try:
        return parse(text, now, calendar)
    except ValueError as fault:
        what, unread, _ = str(fault).partition(" cannot be read as a time")
        raise ValueError(f"{what} is no time that I know, {_such_as(verb)}" if unread else what) from None


def _numbers(words: list[str]) -> tuple[int, ...]:
    """`1 3`, `1, 3 and 5`, `1-3`, `1 to 3`: each once; empty where anything else stands there too."""
    found: list[int] = []
    at = 0
    while at < len(words):
        word = words[at].casefold()
        one, both = _NUMBER.fullmatch(word), _RANGE.fullmatch(word)
        if one and at + 2 < len(words) and words[at + 1].casefold() in _TO and _NUMBER.fullmatch(words[at + 2]):
            both, at = _RANGE.fullmatch(f"{one[1]}-{words[at + 2].lstrip('#')}"), at + 2
        if both:
            first, last = int(both[1]), int(both[2])
            if not first < last <= first + _WIDEST_RANGE:
                return ()
            found.extend(range(first, last + 1))
        elif one:
            found.append(int(one[1]))
        elif word not in _AND or at in (0, len(words) - 1) or words[at - 1].casefold() in _AND:
            return ()
        at += 1
    return tuple(dict.fromkeys(found))


# ---- what was probably meant


def _such_as(verb: Verb) -> str:
    return f"such as “{_EXAMPLES[verb]}”"


def _usage(verb: Verb, rest: str) -> str:
    """How a verb is written whose rest was not understood."""
    if any(word.casefold().strip(".,;:") in _VERBS for word in rest.split()):
        return f"one order a line, {_such_as(verb)}"
    if verb not in _WITH_NUMBERS and verb is not Verb.SNOOZE:
        return f"“{verb}” stands alone in its line"
    if verb is Verb.SNOOZE:
        return f"which number, and until when? {_such_as(verb)}"
    if not rest:
        return f"which number? {_such_as(verb)}"
    return f"the numbers could not be read; they are written {_such_as(verb)}"


def _perhaps(first: str, rest: str, now: datetime, calendar: Calendar) -> str:
    """The order that a line was probably meant to be."""
    from difflib import get_close_matches  # late: most mails are no orders

    glued = re.fullmatch(r"([^\W\d_]{2,10})[-:.]?([0-9]{1,3})", first)
    word = glued[1] if glued else first
    close = [word] if word in _VERBS else get_close_matches(word, _VERBS, n=1, cutoff=0.75)
    meant = _MEANT.get(word) or (Verb(close[0]) if close else None)
    if meant is None:
        return _one_of_the_words()
    arguments = " ".join(filter(None, (glued[2] if glued else "", rest)))
    try:
        _order(meant, arguments, now, calendar)
    except ValueError:
        return f"perhaps “{meant}”, {_such_as(meant)}"
    return f"“{f'{meant} {arguments}'.strip()}” was probably meant"


def _one_of_the_words() -> str:
    return f"each line begins with one of the words {', '.join(_VERBS[:-1])} and {_VERBS[-1]}"
