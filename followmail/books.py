"""One consultant's books: what is set, what is remembered, what is written in templates/. No server is asked.

This is where settings become what jobs and actions need; no rule lives here.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from followmail import desk
from followmail.agenda import agenda
from followmail.jobs.cycle import Cycle, Options, Progress, silent
from followmail.rendering import Proof, Templates, shipped
from followmail.sequence.agenda import Agenda
from followmail.sequence.planner import Policy
from followmail.sequence.steps import Mode
from followmail.settings import Settings
from followmail.store import Store

Tell = Callable[[str, Mapping[str, object]], None]
_PROOF = "templates_proof"  # the fact that the templates had no fault when they were last looked through


def untold(event: str, values: Mapping[str, object]) -> None:
    """Nobody listens."""


@dataclass(slots=True)
class Books:
    """Settings, store and templates, opened together: all that reading commands and the consultant's word need."""

    settings: Settings
    store: Store
    templates: Templates
    tell: Tell = untold
    progress: Progress = silent

    @classmethod
    def open(cls, settings: Settings, store: Store | None = None) -> Self:
        """Raises DatabaseError."""
        store = store or Store.open(settings.database)
        templates = Templates(settings.templates or shipped(), proof=_proof(store))
        templates.refresh()
        return cls(settings, store, templates)

    def close(self) -> None:
        self.store.close()

    def take_up(self, settings: Settings) -> str:
        """Go on with these settings, and the templates they name; what of them needs a restart, empty where nothing."""
        database = self.settings.database
        self.settings = replace(settings, database=database)
        folder = settings.templates or shipped()
        if folder != self.templates.folder:
            self.templates = Templates(folder)  # read at the next round, which tells its faults
        moved = settings.database != database
        return f"the database is to be {settings.database}: that needs a restart" if moved else ""

    def keep_proof(self) -> None:
        """For the commands beside the daemon, and the next start: they need not look through what has not changed."""
        proof = self.templates.library.proof
        told = json.dumps(asdict(proof)) if proof else None
        if told != self.store.facts.text(_PROOF):
            self.store.facts.set_text(_PROOF, told)

    # ---- what jobs and actions are handed

    def policy(self) -> Policy:
        s = self.settings
        calendar = desk.calendar_with_pauses(self.store, s.calendar)
        return Policy(calendar, s.mode, str(s.detect), s.daily_limit, s.gap)

    def cycle(self, now: datetime, dry: bool = False) -> Cycle:
        s = self.settings
        options = Options(
            timedelta(days=s.lookback), frozenset(s.skip_folders), s.sent_folder or "", s.drafts_folder or "", s.digest
        )
        return Cycle(
            self.store, s.identity, self.policy(), self.templates.library, options, now,
            dry=dry or s.mode is Mode.DRY_RUN, progress=self.progress, tell=self.tell,
        )  # fmt: skip

    def desk(self, now: datetime) -> desk.Desk:
        return desk.Desk(self.store, self.settings.identity, self.templates.library.sequences, self.policy(), now)

    def gather(self, c: Cycle) -> Callable[[datetime | None], Agenda]:
        """What there is to say since a moment."""
        return lambda since: agenda(c, since, timedelta(seconds=self.settings.poll))


def _proof(store: Store) -> Proof | None:
    """What was kept of it; one that this version cannot read proves nothing."""
    try:
        return Proof(**json.loads(store.facts.text(_PROOF) or "null"))
    except (TypeError, ValueError):
        return None
