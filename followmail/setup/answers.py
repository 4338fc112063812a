"""What is known so far: what stood in a file already, and what was answered. Both are settings, and read as such."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from followmail.options import OPTIONS, PREFIX
from followmail.rounds import Office
from followmail.settings import CONFIG, Settings, load
from followmail.store import Store

_PATHS = ("DATABASE", "TEMPLATES", "PASSWORD_FILE", "SMTP_PASSWORD_FILE", "OAUTH_CLIENT_SECRET_FILE")
_NOBODY = "?"  # while the name is not known yet


@dataclass(slots=True)
class Answers:
    """Settings on their way into `file`. `standing` stays as it is, `given` will be written."""

    file: Path
    environ: Mapping[str, str] = field(repr=False)  # of this process
    standing: dict[str, str] = field(default_factory=dict, repr=False)
    given: dict[str, str] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """What is said for a setting (without its prefix); empty where nothing is."""
        key = PREFIX + name
        return self.standing.get(key) or self.given.get(key, "")

    def give(self, name: str, text: str) -> None:
        """An answer. What stands in the file goes before it; a default is not written down."""
        key = PREFIX + name
        self.given.pop(key, None)
        if key not in self.standing and text and text != OPTIONS[key].default:
            self.given[key] = text

    def say(self, name: str, text: str) -> None:
        """An answer that is written down even where it is the default, to be found there."""
        if PREFIX + name not in self.standing:
            self.given[PREFIX + name] = text

    def settings(self) -> Settings:
        """The settings that these answers come to, by the same reader as ever. Raises SettingsError."""
        clean = {key: text for key, text in self.environ.items() if not key.startswith(PREFIX)}
        values = {**self.given, **self.standing}
        values.setdefault(f"{PREFIX}NAME", _NOBODY)
        values.setdefault(f"{PREFIX}DATABASE", OPTIONS[f"{PREFIX}DATABASE"].default)
        for name in _PATHS:
            if text := values.get(PREFIX + name):
                values[PREFIX + name] = text if text.startswith("~/") else str(self.file.absolute().parent / text)
        # No file is read: what stands in it is among the values already.
        return load(None, {**clean, **values, CONFIG: os.devnull}, directory=self.file.absolute().parent)

    def office(self) -> Office:
        """An office that writes nothing: the database, where there is one, is a copy in memory."""
        settings = self.settings()
        return Office.open(settings, Store.copy_in_memory(settings.database))
