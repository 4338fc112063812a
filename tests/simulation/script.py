"""The script of a life: what happens when, made from a seed alone. The same seed is always the same life."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 1, 5, 9, tzinfo=ZONE)
DAYS = 150
PEOPLE = 12

# How people behave; the word is what `life.Life` plays.
ANSWERS = (
    "reply", "reply-in-junk", "reply-in-trash", "reply-filed", "reply-from-private", "reply-latin1", "fresh-mail",
    "other-thread", "colleague", "thanks", "later", "away", "bounce", "bounce-soft", "forbids", "accepts", "left",
    "ticket", "own-colleague",
)  # fmt: skip
FAULTS = ("cut", "cut-after", "kill", "kill-after")
SMTP_FAULTS = ("refused", "greylisted", "lost", "in-doubt", "kill-before-dot", "kill-at-dot", "kill-after-dot")


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
    """A whole life: how followmail is set up, and what happens."""

    seed: int
    mode: str
    detect: str
    actions: tuple[Action, ...]


def script(seed: int) -> Script:
    """The life of this seed."""
    dice = random.Random(seed)
    actions: list[Action] = []
    for who in range(PEOPLE):
        actions += _person(dice, who)
    actions += _consultant(dice)
    actions += _misfortunes(dice)
    actions += _rounds(dice)
    mode, detect = dice.choice((("send", "enroll"), ("send", "wait"), ("draft", "wait")))
    return Script(seed, mode, detect, tuple(sorted(actions)))


def _moment(dice: random.Random, first: float, last: float) -> datetime:
    """Some time of some day between two days of the life, in working hours more often than not."""
    day = START.replace(hour=0) + timedelta(days=dice.randint(int(first), int(max(first, last))))
    hour = dice.choice((8, 9, 10, 11, 13, 14, 15, 16, 17, 20, 23))
    local = day.replace(hour=hour, minute=dice.randrange(60))
    return local.astimezone(UTC)


def _person(dice: random.Random, who: int) -> list[Action]:
    """They get a mail, or two; and answer in some way, at some time, or never."""
    begins = dice.choice((-9, -30, 0, 1, 3, 8, 20, 40))
    first = _moment(dice, begins, begins + 5)
    found = [Action(first, "marks" if dice.random() < 0.15 else "writes", who, "first")]
    if dice.random() < 0.25:
        found.append(
            Action(
                first + timedelta(days=dice.randint(1, 40), minutes=7), "writes", who, dice.choice(("again", "second"))
            )
        )
    for _ in range(dice.choice((0, 1, 1, 1, 2))):
        after = timedelta(days=dice.choice((0, 1, 3, 4, 5, 6, 9, 13, 20, 60)), minutes=dice.randint(1, 600))
        found.append(Action(first + after, "answers", who, dice.choice(ANSWERS)))
    return found


def _consultant(dice: random.Random) -> list[Action]:
    found = []
    for _ in range(DAYS // 7):
        how = dice.choice(("send", "send", "edit", "new-id", "delete", "leave"))
        found.append(Action(_moment(dice, 1, DAYS), "handles-drafts", how=how))
        found.append(Action(_moment(dice, 1, DAYS), "approves-all"))
    for _ in range(dice.randint(0, 2)):
        found.append(Action(_moment(dice, 1, DAYS), "stops", dice.randrange(PEOPLE)))
    if dice.random() < 0.5:
        found.append(Action(_moment(dice, -5, 20), "suppresses", dice.randrange(PEOPLE)))
    if dice.random() < 0.3:
        found.append(Action(_moment(dice, 1, DAYS), "pauses", number=dice.randint(1, 20)))
    if dice.random() < 0.2:
        found.append(Action(_moment(dice, 1, DAYS), "changes-mode", how=dice.choice(("send", "draft"))))
    return found


def _misfortunes(dice: random.Random) -> list[Action]:
    """A bad year has two or three of them."""
    found = []
    for _ in range(dice.choice((0, 1, 2, 3))):
        what = dice.choice(("restarts", "restores", "loses-database", "loses-database", "rebuilds", "other-machine"))
        at = _moment(dice, 2, DAYS)
        if what == "restores":
            found.append(Action(at - timedelta(days=dice.randint(1, 10)), "backs-up"))
        how = dice.choice(("INBOX", "Sent", "Drafts")) if what == "rebuilds" else ""
        found.append(Action(at, what, how=how))
    return found


def _rounds(dice: random.Random) -> list[Action]:
    """The daemon looks on every business day, now and then more often; some looks end badly."""
    found = []
    for day in range(DAYS):
        date = START + timedelta(days=day)
        if date.weekday() >= 5 or dice.random() < 0.15:
            continue
        for _ in range(dice.choice((1, 1, 1, 2))):
            hour, minute = dice.choice(((9, 5), (11, 40), (16, 30), (17, 25), (7, 0), (8, 31))), dice.randrange(4)
            at = date.replace(hour=hour[0], minute=hour[1] + minute).astimezone(UTC)
            how, number = "", 0
            if dice.random() < 0.12:
                how, number = dice.choice(FAULTS), dice.randint(1, 60)
            elif dice.random() < 0.10:
                how = dice.choice(SMTP_FAULTS)
            elif dice.random() < 0.06:
                how, number = "kill-at-commit", dice.randint(1, 40)
            elif dice.random() < 0.10:
                how = dice.choice(("INBOX", "Sent", "Junk")) + "-unreadable"
            elif dice.random() < 0.03:
                how, number = "wrong-clock", dice.choice((-3, -200, 70, 1500))
            found.append(Action(at, "looks", how=how, number=number))
    return found
