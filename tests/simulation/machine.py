"""One followmail on one machine: its own folder and database; templates and mailbox are shared."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from followmail import keeping
from followmail.errors import UserError
from followmail.rounds import Office
from followmail.settings import Settings, load
from tests.simulation.truth import OWN

GAP = 90
_SAYS = {
    1: "I wanted to make sure that my note reached you.",
    2: "Is this the wrong moment, shall I come back to it in summer?",
    3: "Some months went by since we were in touch; has anything changed on your side?",
}
AFTER = {1: "4 business days", 2: "8 business days", 3: "40 days"}
_ASKS_FIRST = 3


def room() -> TemporaryDirectory[str]:
    """Where lives are played: in memory where that can be, for what a disk does to a commit is tried elsewhere."""
    return TemporaryDirectory(prefix="followmail-life-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)


class Machine:
    """`office` opens when it is asked for; `closed` it forgets what it had not written down."""

    def __init__(self, name: str, home: Path, detect: str, limit: int, digest: str = "off") -> None:
        self.name = name
        self.ran = False  # it has begun a round: what is sent from here on is sent after its first run
        self.mode = ""
        self._folder, self._templates, self._kept = home / name, home / "templates", home / f"{name}.backup"
        self._detect, self._limit, self._digest = detect, limit, digest
        self._office: Office | None = None

    @property
    def office(self) -> Office:
        if self._office is None:
            self._office = Office.open(self._settings())
        return self._office

    def _settings(self) -> Settings:
        options = {
            "FOLLOWMAIL_ADDRESS": OWN,
            "FOLLOWMAIL_NAME": "Alex Consultant",
            "FOLLOWMAIL_IMAP_HOST": "imap.sim",
            "FOLLOWMAIL_SMTP_HOST": "smtp.sim",
            "FOLLOWMAIL_PASSWORD": "secret",
            "FOLLOWMAIL_DATABASE": str(self._folder / "followmail.db"),
            "FOLLOWMAIL_TEMPLATES": str(self._templates),
            "FOLLOWMAIL_TIMEZONE": "Europe/Berlin",
            "FOLLOWMAIL_MODE": self.mode,
            "FOLLOWMAIL_DETECT": self._detect,
            "FOLLOWMAIL_DAILY_LIMIT": str(self._limit),
            "FOLLOWMAIL_GAP": str(GAP),
            "FOLLOWMAIL_DIGEST": self._digest,
        }
        return load(None, options, directory=self._folder)

    def take_up(self) -> None:
        """It reads its configuration again, without a restart."""
        self.office.take_up(self._settings())

    def close(self) -> None:
        """It is stopped, or dies."""
        if self._office is not None:
            self._office.close()
            self._office = None

    def _files(self) -> Iterator[Path]:
        return (p for p in self._folder.glob("followmail.db*") if not p.name.endswith(".lock"))

    def backup(self) -> dict[str, bytes]:
        self.close()
        return {path.name: path.read_bytes() for path in self._files()}

    def back_up(self) -> None:
        """By the command."""
        self.close()  # which keeps others away here
        self._kept.unlink(missing_ok=True)
        with contextlib.suppress(UserError):  # there is nothing yet
            keeping.backup(self._settings(), self._kept)

    def restore_backup(self, now: datetime) -> bool:
        """By the command; whether there was something to restore."""
        self.close()
        if self._kept.exists():
            keeping.restore(self._settings(), self._kept, now)
        return self._kept.exists()

    def restore(self, files: dict[str, bytes]) -> None:
        """The database becomes what it was; without one, it is lost."""
        self.close()
        for path in self._files():
            path.unlink()
        for name, data in files.items():
            (self._folder / name).write_bytes(data)


def write_template(home: Path, sequence: str, step: int, how: str = "mend", number: int = 0) -> None:
    """A text as it was at first (`mend`), in other words (`reword`), or with a fault (`break`)."""
    more = {"reword": f" Or shall I {'just ' * (number % 3)}call you?", "break": " {{ nothing"}.get(how, "")
    path = home / "templates" / sequence / f"{step}-text-{step}.txt"
    new = path.with_name("." + path.name)  # as an editor saves: a new file under the old name
    said = f"{_SAYS[step]}{more} [{sequence}/{step}]"
    asks = "Approve: yes\n" if step == _ASKS_FIRST else ""
    new.write_text(f"After: {AFTER[step]}\n{asks}\n{{{{ greeting }}}}\n\n{said}\n\nBest regards\n")
    new.replace(path)


def write_templates(home: Path) -> None:
    """Two sequences of three steps."""
    for sequence, trigger in (("nudge", "sent"), ("stalled", "stalled")):
        folder = home / "templates" / sequence
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sequence.txt").write_text(f"Trigger: {trigger}\nAsks: yes\n")
        for step in _SAYS:
            write_template(home, sequence, step)
