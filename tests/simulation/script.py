"""The script of a life: what happens when, made from a seed alone. The same seed is always the same life.

A year has a few busy seasons, in which the consultant writes to many at once; between them little happens.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.simulation.provider import WAYS

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 1, 5, 9, tzinfo=ZONE)
DAYS = 365
_BUSY_DAYS = 40  # of a season: the first two steps fall into it
_FEW, _MANY = (8, 8, 9, 9, 10, 10, 11, 12, 13, 14, 16, 20), 100

# How people behave; the word is what `people.People` plays.
ANSWERS = (
    "reply", "reply-in-junk", "reply-in-trash", "reply-filed", "reply-from-private", "reply-latin1", "reply-of-company",
    "fresh-mail", "other-thread", "colleague", "thanks", "later", "away", "bounce", "bounce-soft", "forbids", "accepts",
    "left", "ticket", "own-colleague", "reply-in-new-folder", "reply-wrong-clock", "reply-names-another", "declines",
    "same-subject", "bounce-blocked", "bounce-names-nobody", "complains", "forges",
)  # fmt: skip
FAULTS = ("cut", "cut-after", "kill", "kill-after")
SMTP_FAULTS = ("refused", "greylisted", "lost", "in-doubt", "kill-before-dot", "kill-at-dot", "kill-after-dot")
# What happens in the middle of a look.
MEANWHILE = ("answers", "answers", "writes")


ORDERS = ("ok all", "ok", "ok", "stop", "skip", "snooze")
_WORDS = ("files-mark", "marks-off", "tidies", "tidies", "ends-pause", "snoozes", "resumes", "resumes", "forgets")


@dataclass(frozen=True, order=True, slots=True)
class Action:
    """One thing that happens. `who`: a person's number, or -1; `how` and `number` as the action needs them."""

    at: datetime
    what: str
    who: int = -1
    how: str = ""
    number: int = 0

    def __str__(self) -> str:
        who = f" {self.who}" if self.who >= 0 else ""
        rest = f" {self.how}" * bool(self.how) + f" {self.number}" * bool(self.number)
        return f"{self.at.astimezone(ZONE):%a %d %b %Y %H:%M}  {self.what}{who}{rest}"


@dataclass(frozen=True, slots=True)
class Script:
    """A whole life: how followmail is set up, who is written to, and what happens."""

    seed: int
    mode: str
    detect: str
    limit: int
    twins: bool  # a second machine works on the same mailbox, and hears every word of the consultant's
    digest: str
    provider: str
    addresses: tuple[str, ...]
    actions: tuple[Action, ...]


def script(seed: int) -> Script:
    """The life of this seed."""
    dice = random.Random(seed)
    size = _MANY if dice.random() < 0.02 else dice.choice(_FEW)
    twins = dice.random() < 0.15 and size != _MANY
    mode, detect = dice.choice((("send", "enroll"), ("send", "enroll"), ("send", "wait"), ("draft", "wait")))
    if twins:
        mode, detect = ("send", "enroll")  # of two that lay drafts, one takes back what the other believes sent
    seasons = _seasons(dice, size)
    actions: list[Action] = []
    for who in range(size):
        actions += _person(dice, who, seasons)
    actions += _consultant(dice, size, seasons, twins)
    actions += _misfortunes(dice, seasons, twins)
    actions += _looks(dice, size, seasons, twins)
    limit = 10 if size == _MANY else dice.choice((3, 4, 4, 6))
    digest = "07:30" if not twins and dice.random() < 0.2 else "off"
    provider = "" if twins else dice.choice(WAYS)
    return Script(seed, mode, detect, limit, twins, digest, provider, _addresses(dice, size), tuple(sorted(actions)))


def _seasons(dice: random.Random, size: int) -> tuple[int, ...]:
    """The days on which they begin; the first is when followmail is set up."""
    count = 5 if size == _MANY else dice.choice((1, 1, 2, 2))
    return (0, *sorted(dice.randrange(_BUSY_DAYS, DAYS - 60) for _ in range(count - 1)))


def _addresses(dice: random.Random, size: int) -> tuple[str, ...]:
    """Some people share a company, or write from a part of it; some have none."""
    found: list[str] = []
    for who in range(size):
        companies = [a.rpartition("@")[2] for a in found if not a.endswith("@gmail.com")]
        luck = dice.random()
        if luck < 0.15:
            domain = "gmail.com"
        elif luck < 0.40 and companies:
            domain = dice.choice(companies[-4:])
        elif luck < 0.45 and companies:
            domain = f"lab{who}.{dice.choice(companies[-4:])}"
        else:
            domain = f"firm{who}.example"
        found.append(f"pat{who}@{domain}")
    return tuple(found)


def _moment(dice: random.Random, first: float, last: float) -> datetime:
    """Some time of some day between two days of the life, in working hours more often than not."""
    day = START.replace(hour=0) + timedelta(days=dice.randint(int(first), int(max(first, last))))
    hour = dice.choice((8, 9, 10, 11, 13, 14, 15, 16, 17, 20, 23))
    local = day.replace(hour=hour, minute=dice.randrange(60))
    return local.astimezone(UTC)


def _busy(dice: random.Random, seasons: tuple[int, ...]) -> datetime:
    """Some time of a season, or of the weeks after it."""
    season = dice.choice(seasons)
    return _moment(dice, season + 1, season + _BUSY_DAYS + 30)


def _person(dice: random.Random, who: int, seasons: tuple[int, ...]) -> list[Action]:
    """They get a mail, or two; and answer in some way, at some time, or never."""
    season = dice.choice(seasons)
    begins = season + dice.choice((0, 0, 1, 1, 3, 8, 20) if season else (-9, -30, 0, 1, 3, 8, 20))
    first = _moment(dice, begins, begins + 3)
    found = [Action(first, "marks" if dice.random() < 0.15 else "writes", who, "first")]
    if dice.random() < 0.25:
        again = first + timedelta(days=dice.randint(1, 40), minutes=7)
        found.append(Action(again, "writes", who, dice.choice(("again", "second"))))
    for _ in range(dice.choice((0, 0, 1, 1, 2))):
        after = timedelta(days=dice.choice((0, 1, 3, 4, 5, 6, 9, 13, 20, 60)), minutes=dice.randint(1, 600))
        found.append(Action(first + after, "answers", who, dice.choice(ANSWERS)))
    return found


def _consultant(dice: random.Random, size: int, seasons: tuple[int, ...], twins: bool) -> list[Action]:
    found = []
    for _ in range(8 * len(seasons)):
        how = dice.choice(("send", "send", "edit", "new-id", "delete", "leave", "touch"))
        found.append(Action(_busy(dice, seasons), "handles-drafts", how=how))
        found.append(Action(_busy(dice, seasons), "approves-all"))
    for _ in range(dice.randint(0, 2)):
        found.append(Action(_busy(dice, seasons), "stops", dice.randrange(size)))
    for _ in range(dice.choice((0, 2, 4))):
        found.append(_word(dice, size, seasons, twins))
    for _ in range(0 if twins else 6):
        how, number = dice.choice(ORDERS), dice.randint(0, 9)
        found.append(Action(_busy(dice, seasons), "answers-digest", how=how, number=number))
    if dice.random() < 0.5:
        found.append(Action(_moment(dice, -5, 20), "suppresses", dice.randrange(size)))
    if dice.random() < 0.3:
        found.append(Action(_busy(dice, seasons), "pauses", number=dice.randint(1, 20)))
    if dice.random() < 0.2 and not twins:
        for mode in dice.choice((("draft",), ("send",), ("draft", "send"), ("send", "draft", "send"))):
            found.append(Action(_busy(dice, seasons), "changes-mode", how=mode, number=dice.randint(0, 1)))
    for _ in range(dice.choice((0, 0, 1, 2))):
        how = dice.choice(("reword", "reword", "break", "mend"))
        found.append(Action(_busy(dice, seasons), "edits-templates", how=how, number=dice.randint(1, 3)))
    return found


def _word(dice: random.Random, size: int, seasons: tuple[int, ...], twins: bool) -> Action:
    """One thing that the consultant says or does now and then. What he says to one machine, another does not know."""
    what = dice.choice(_WORDS[:4] if twins else _WORDS)
    how = {
        "files-mark": dice.choice(("nudge", "Stop")),
        "marks-off": "again",
        "tidies": dice.choice(("Archive", "Clients/All")),
    }
    number = dice.randint(0, 1) if what == "files-mark" else dice.randint(2, 25)
    return Action(_busy(dice, seasons), what, dice.randrange(size), how.get(what, ""), number)


def _misfortunes(dice: random.Random, seasons: tuple[int, ...], twins: bool) -> list[Action]:
    """A bad year has two or three of them. Twins keep their memory: else nobody could say which of them forgot what."""
    all_of_them = (
        "restarts", "rebuilds", "migrates", "renames-folder", "restores", "loses-database", "loses-database",
        "other-machine",
    )  # fmt: skip
    found = []
    for _ in range(dice.choice((0, 1, 2, 3))):
        what, at = (dice.choice(all_of_them[:4] if twins else all_of_them), _busy(dice, seasons))
        if what == "restores":
            found.append(Action(at - timedelta(days=dice.randint(1, 10)), "backs-up"))
        ways = {"rebuilds": ("INBOX", "Sent", "Drafts"), "restores": ("command", "by-hand")}
        how = dice.choice(ways.get(what, ("",)))
        found.append(Action(at, what, how=how))
    return found


def _looks(dice: random.Random, size: int, seasons: tuple[int, ...], twins: bool) -> list[Action]:
    """The daemon looks on most business days of a season, and now and then between them; some looks end badly."""
    found = []
    for day in range(DAYS):
        date = START + timedelta(days=day)
        busy = any(0 <= day - season <= _BUSY_DAYS for season in seasons)
        if date.weekday() >= 5 or dice.random() > (0.75 if busy else 0.06):
            continue
        for _ in range(dice.choice((1, 1, 1, 2))):
            hour, minute = (dice.choice(((9, 5), (11, 40), (16, 30), (17, 25), (7, 0), (8, 31))), dice.randrange(4))
            at = date.replace(hour=hour[0], minute=hour[1] + minute).astimezone(UTC)
            found.append(_look(dice, at, size, twins))
    return found


def _look(dice: random.Random, at: datetime, size: int, twins: bool) -> Action:
    """A look, and what goes wrong in it, or comes between; `number`: at which command, statement or by how many days."""
    who, how, number = -1, "", 0
    if dice.random() < 0.12:
        how, number = dice.choice(FAULTS), dice.randint(1, 60)
    elif dice.random() < 0.10:
        how = dice.choice(SMTP_FAULTS)
    elif dice.random() < 0.06:
        how, number = "kill-at-commit", dice.randint(1, 40)
    elif dice.random() < 0.08:
        how = dice.choice(("INBOX", "Sent", "Junk")) + "-unreadable"
    elif dice.random() < 0.03:
        how, number = "wrong-clock", dice.choice((-3, -200, 70, 1500))
    elif dice.random() < 0.15:
        who, how, number = (dice.randrange(size), "meanwhile-" + dice.choice(MEANWHILE), dice.randint(1, 15))
    elif twins and dice.random() < 0.6:
        how, number = "beside", dice.randint(1, 25)
    return Action(at, "looks", who, how, number)
