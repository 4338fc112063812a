"""What one cycle works with, and what it counts."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from followmail.mail.identity import Identity
from followmail.rendering import Library
from followmail.sequence.planner import Policy
from followmail.sequence.steps import Sequence, Status
from followmail.store import Store
from followmail.store.outbox import Parcel

if TYPE_CHECKING:
    from followmail.imap.folders import Folder

# Called with what is being done, how much of it is done, and how much there is (0: unknown).
Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """No progress to be shown."""


@dataclass(slots=True)
class Tally:
    """Counts of one cycle; `stopped` counts every end."""

    new_messages: int = 0
    enrolled: int = 0
    stopped: int = 0
    paused: int = 0
    waiting: int = 0
    drafted: int = 0
    sent: int = 0
    held: int = 0
    uncertain: int = 0
    failed: int = 0
    next_due: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        values["next_due"] = self.next_due.isoformat() if self.next_due else None
        return values


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that jobs need, as plain values."""

    lookback: timedelta
    skip_folders: frozenset[str] = frozenset()
    sent_folder: str = ""
    drafts_folder: str = ""
    digest: time | None = None  # local; None: off


@dataclass(frozen=True, slots=True)
class Look:
    """One complete reading of what is new in every watched folder; or an incomplete one, with its faults."""

    folders: "tuple[Folder, ...]"
    faults: tuple[str, ...] = ()
    changed: frozenset[str] = frozenset()  # folders that differ from the last look
    new: int = 0

    @property
    def complete(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Cycle:
    """One pass over everything at one moment."""

    store: Store
    identity: Identity
    policy: Policy
    library: Library
    options: Options
    now: datetime
    dry: bool = False  # decide and tell; change nothing outside the store
    tally: Tally = field(default_factory=Tally)
    progress: Progress = silent
    tell: Callable[[str, Mapping[str, object]], None] = lambda event, values: None

    @property
    def sequences(self) -> Mapping[str, Sequence]:
        return self.library.sequences

    @property
    def first_run(self) -> datetime | None:
        """When the first cycle that was no dry run began; None: there was none yet."""
        return self.store.facts.moment("first_run")


def hold(c: Cycle, parcel: Parcel, why: str) -> None:
    """A queued mail may not go now: back it goes. When it may, the same row is queued again."""
    c.store.outbox.move(parcel.delivery.id, (Status.QUEUED,), Status.CANCELLED, c.now, why=why)
    c.tally.held += 1
    c.tell("held", {"delivery": parcel.delivery.id, "why": why})
