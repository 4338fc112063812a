"""The cast, as a table: whom Alex writes to, what they do about it, and how many mails of ours each must get.

Change a line and play it again. Times are those of Alex's clock in Berlin; it begins on Wednesday, 29 April 2026.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

ZONE = "Europe/Berlin"
ME_NAME, ME = "Alex Consultant", "alex@consult.example"


def at(month: int, day: int, clock: str) -> datetime:
    """A moment of 2026 on Alex's clock."""
    hour, _, minute = clock.partition(":")
    return datetime(2026, month, day, int(hour), int(minute), tzinfo=ZoneInfo(ZONE))


def after(days: int = 0, hours: int = 0, minutes: int = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


WROTE_ON = at(4, 29, "9:00")  # when Alex writes to nearly everybody
OPENS = at(4, 29, "8:45")  # followmail's first look


class Holds(StrEnum):
    """What a mail of a prospect's must do: how long nobody may write to them by themselves."""

    FOR_EVER = "for ever"
    UNTIL_DAY = "until a day"
    UNTIL_YES = "until Alex says yes"
    NOT = "not"


class Form(StrEnum):
    """How a mail is made up."""

    REPLY = "reply"  # in the thread
    FRESH = "fresh"  # a conversation of its own
    AWAY = "away"  # an automatic answer
    BOUNCE = "bounce"  # a delivery status report (RFC 3464)
    ACCEPT = "accept"  # a calendar's answer to an invitation (RFC 5546)


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a prospect does about a mail. `to`: 0 is Alex's own, 1 our first, and so on.

    `told` is how the story tells it, {text} being what they write.
    """

    to: int
    wait: timedelta | None  # after that mail; None: while our next mail to them is being written
    told: str
    text: str
    holds: Holds = Holds.FOR_EVER
    until: date | None = None  # with UNTIL_DAY: the first day on which they may be mailed
    form: Form = Form.REPLY
    sender: str = ""  # another address than their own
    subject: str = ""
    folder: str = "INBOX"
    suppresses: bool = False  # never again, in any sequence


class Letter(StrEnum):
    """What Alex wrote to somebody."""

    PROPOSAL = "proposal"
    GERMAN = "proposal in German"
    CONTRACT = "question about a contract"
    INTRODUCED = "answer to an introduction"
    PRIVATE = "private note"
    NONE = "nothing"


@dataclass(frozen=True, slots=True)
class Prospect:
    """One of the cast. `gets`: how many mails of ours they must get, no more and no fewer."""

    first: str
    last: str
    reactions: tuple[Reaction, ...] = ()
    gets: int = 0
    letter: Letter = Letter.PROPOSAL
    wrote: datetime = WROTE_ON  # when Alex wrote
    if_asked: str = ""  # what Alex says when followmail asks: approve, stop, or nothing at all

    @property
    def address(self) -> str:
        return f"{self.first}@{self.first}.example".lower()

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


INTRODUCED_ON = at(4, 28, "16:00")
CLIENT_WROTE_ON = at(3, 26, "11:00")
INVITED_ON = at(4, 30, "9:30")  # Alex invites Kim to a call
MET_ON = at(4, 29, "18:00")  # Alex met Rosa at a fair, and enrolls her by hand
MET_WHERE, MET_ABOUT = "IT fair", "backups"

INTRODUCER = Prospect("Mia", "Moor", (
    Reaction(0, after(hours=1, minutes=30), "Mia, who introduced Leo: “{text}”", "You are welcome!", Holds.NOT),
), letter=Letter.NONE)  # fmt: skip

CAST: tuple[Prospect, ...] = (
    Prospect("Ann", "Archer", (
        Reaction(0, after(days=1, hours=2), "Ann answers", "Yes, let us do that. How about Monday at ten?"),
    )),
    Prospect("Bob", "Builder", (), gets=3, if_asked="approve"),  # silent for ever
    Prospect("Carla", "Cook", (
        Reaction(
            0, after(days=4, hours=23), "Carla answers from her private address, and it lands in Junk",
            "Sorry, I am on my private account. The proposal looks good, please call me today.",
            sender="Carla <carla@cook-family.example>", folder="Junk",
        ),
    )),
    Prospect("Dave", "Dunn", (
        Reaction(
            0, after(minutes=1), "The mail to Dave bounces", "550 5.1.1 <{address}>: User unknown",
            form=Form.BOUNCE, suppresses=True,
        ),
    )),
    Prospect("Eva", "Engel", (
        Reaction(
            0, after(minutes=1), "Eva is on holiday until 12 May, says her mailbox, in German",
            "Guten Tag,\n\nich bin bis einschließlich 12. Mai 2026 nicht im Büro und lese keine E-Mails.\n\nEva Engel",
            Holds.UNTIL_DAY, date(2026, 5, 13), Form.AWAY,
            subject="Automatische Antwort: Angebot für Ihre Datensicherung",
        ),
        Reaction(1, after(days=1, hours=2), "Eva answers", "Hallo Alex,\n\ndas passt gut, rufen Sie mich an.\n\nEva"),
    ), gets=1, letter=Letter.GERMAN),
    Prospect("Frank", "Fisher", (
        Reaction(0, after(days=2, hours=1), "Frank: “{text}”", "Call me in two months.", Holds.UNTIL_YES),
    )),
    Prospect("Grace", "Green", (
        Reaction(0, after(days=1, hours=5), "Grace: “{text}”", "Thanks Alex, will look at it.", Holds.UNTIL_YES),
        Reaction(1, after(days=4, hours=1), "Grace answers", "We have read it now, and we will start in June."),
    ), gets=1, if_asked="approve"),
    Prospect("Hugo", "Hall", (
        Reaction(1, after(hours=2), "Hugo: “{text}”", "Please stop writing to me.", suppresses=True),
    ), gets=1),
    Prospect("Ivy", "Ives", (
        Reaction(
            0, after(days=5, hours=6), "Ivy writes about something else: “Invoice 7”",
            "Hello Alex, there is a wrong date on invoice 7. Could you correct it?",
            Holds.UNTIL_YES, form=Form.FRESH, subject="Invoice 7",
        ),
    ), letter=Letter.CONTRACT, if_asked="stop"),
    Prospect("Jack", "Jones", (
        Reaction(
            0, None, "Jack answers at the very moment at which his nudge is written",
            "Hi Alex, we have decided for you. When can you start?",
        ),
    )),
    Prospect("Kim", "Klein", (
        Reaction(
            0, after(days=5, minutes=10), "Kim accepts your invitation", "Kim Klein has accepted this invitation.",
            form=Form.ACCEPT,
        ),
    )),
    Prospect("Leo", "Lang", (
        Reaction(2, after(days=3, hours=3), "Leo answers", "Sorry for the silence. Can you call me today at four?"),
    ), gets=2, letter=Letter.INTRODUCED),
    Prospect("Nina", "North", (
        Reaction(0, after(days=1, hours=7), "Nina: “{text}”", "Please talk to Olaf Ott, olaf@nina.example."),
    )),
    Prospect("Paul", "Page", letter=Letter.PRIVATE),
    Prospect("Quinn", "Quist", wrote=at(4, 22, "9:00")),  # before followmail's first look
    Prospect("Rosa", "Ruiz", (
        Reaction(1, after(days=4, hours=3), "Rosa answers", "Good to meet you too. Please call me today at four."),
    ), gets=1, letter=Letter.NONE),
    INTRODUCER,
)  # fmt: skip
