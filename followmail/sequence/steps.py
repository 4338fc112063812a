"""The nouns: Sequence, Step, Delay; Enrollment, Delivery. Values only; what follows from them is decided elsewhere."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Trigger(StrEnum):
    """What puts somebody into a sequence."""

    SENT = "sent"
    STALLED = "stalled"
    MET = "met"
    MANUAL = "manual"


class Mode(StrEnum):
    """What becomes of a due mail."""

    DRY_RUN = "dry-run"
    DRAFT = "draft"
    SEND = "send"


class Unit(StrEnum):
    """The unit of a delay."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    BUSINESS_DAYS = "business days"
    WEEKS = "weeks"
    MONTHS = "months"


class State(StrEnum):
    """Where an enrollment stands. Only `active` mails; the first three are live."""

    ACTIVE = "active"
    WAITING = "waiting"
    PAUSED = "paused"
    REPLIED = "replied"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    FINISHED = "finished"
    STOPPED = "stopped"

    @property
    def live(self) -> bool:
        return self in (State.ACTIVE, State.WAITING, State.PAUSED)


class Origin(StrEnum):
    """How an enrollment came about: the first was found by rule, the others are the consultant's word."""

    DETECTED = "detected"
    MARKED = "marked"
    IMPORTED = "imported"
    MANUAL = "manual"


class Status(StrEnum):
    """Where a delivery stands: one mail of one step on its way."""

    QUEUED = "queued"
    DRAFTED = "drafted"
    SENDING = "sending"
    HANDED_OVER = "handed-over"
    SENT = "sent"
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNCERTAIN = "uncertain"

    @property
    def done(self) -> bool:
        """The step has left or was skipped: it never comes again."""
        return self in (Status.SENT, Status.SKIPPED)


@dataclass(frozen=True, slots=True)
class Delay:
    """`4 business days`."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        unit = self.unit.value[:-1] if self.count == 1 else self.unit.value
        return f"{self.count} {unit}"


@dataclass(frozen=True, slots=True)
class Text:
    """One language of one step: the file, its headers and its body, as Jinja source."""

    path: str
    language: str | None  # of the file's own text, or of its name; None where unsure
    after: str
    body: str
    subject: str | None = None
    body_line: int = 1  # line of the file on which the body begins, for messages
    subject_line: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One file of a sequence, with its twins: a text and when it is due."""

    name: str  # file name without number, language and ending: what it is known by
    number: int  # 1 first
    after: Delay
    texts: tuple[Text, ...]  # the plain file first
    approve: bool = False
    quote: bool | None = None  # None: yes in the thread, no in a new one
    unsubscribe: bool = False
    markdown: bool = False
    call: bool = False

    @property
    def new_thread(self) -> bool:
        return self.texts[0].subject is not None

    def twin(self, language: str | None) -> Text | None:
        """The text in a language; None where there is none."""
        return next((text for text in self.texts if text.language == language), None)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A folder under templates/: its conditions and its steps in order."""

    name: str
    steps: tuple[Step, ...]
    trigger: Trigger = Trigger.MANUAL
    mode: Mode | None = None  # None: the configured one
    to: tuple[str, ...] = ()
    not_to: tuple[str, ...] = ()
    subject_has: tuple[str, ...] = ()
    subject_has_not: tuple[str, ...] = ()
    asks: bool = False

    @property
    def conditions(self) -> int:
        """How many conditions it states: the more specific sequence wins."""
        return sum(map(bool, (self.to, self.not_to, self.subject_has, self.subject_has_not, self.asks)))

    @property
    def shape(self) -> tuple[str, ...]:
        """The step names in order: what a live enrollment remembers of it."""
        return tuple(step.name for step in self.steps)

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail of one step: where it stands and when it left."""

    id: int
    enrollment: int
    sequence: str
    step: str
    number: int
    status: Status
    message_id: str
    due: datetime
    changed: datetime
    left: datetime | None = None
    recipients: tuple[str, ...] = ()
    next_try: datetime | None = None
    attempts: int = 0
    text_hash: str = ""
    why: str = ""
    gone_since: datetime | None = None  # since when its draft is missing


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One opening in one sequence, with all that a decision about it needs."""

    id: int
    address: str
    name: str
    sequence: str
    trigger: Trigger
    origin: Origin
    opening: str  # Message-ID of the opening, or `met:<address>:<day>` for met and manual
    state: State
    conversation: int | None = None
    why: str = ""
    code: str = ""  # what `waiting` waits for, a word that a yes grants
    until: datetime | None = None
    then: State = State.ACTIVE  # what follows `paused`
    anchor: str = ""  # Message-ID of the anchor, empty without one
    anchor_at: datetime | None = None  # or the opening of the window on the day met
    counts_from: datetime | None = None  # a colleague's message: after a yes, delays count from it
    first_delay: Delay | None = None
    met_on: date | None = None
    where: str = ""
    about: str = ""
    yes_at: datetime | None = None
    granted: frozenset[str] = frozenset()  # waiting codes, and `step:<name>`, that the consultant said yes to
    shape: tuple[str, ...] = ()
    before_first_run: bool = False
    held_at: datetime | None = None  # last look at which only limit, gap, company or window held it
    resumed_at: datetime | None = None  # the end of the last pause
    told_at: datetime | None = None  # when the call that is due was first told
    dropped: frozenset[str] = frozenset()  # Cc recipients that bounced
    again: bool = False  # `--again`: mailed although they were once in such a sequence
    batch: str = ""  # the import that began it, until that is undone
    created: datetime | None = None
    ended: datetime | None = None
    deliveries: tuple[Delivery, ...] = field(default=(), repr=False)

    @property
    def done(self) -> frozenset[str]:
        """Names of the steps that have left or were skipped."""
        return frozenset(d.step for d in self.deliveries if d.status.done)

    @property
    def said_yes(self) -> bool:
        """Whether the consultant ever said yes to it: by mark, import, hand or approval."""
        return self.yes_at is not None

    def delivery(self, step: str) -> Delivery | None:
        return next((d for d in self.deliveries if d.step == step), None)
