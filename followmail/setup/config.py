"""config.env as the set-up leaves it: a new file with its comments, or lines added at the end of one that is there.

No line that a person wrote is ever touched. The file appears whole or not at all, readable by its owner alone.
"""

import io
import os
import re
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from followmail.errors import SettingsError
from followmail.options import OPTIONS, SECTIONS, Option, quoted

_PLAIN = re.compile(r"[\w@.,:/+-]+(?: [\w@.,:/+-]+)*", re.ASCII)


def standing(file: Path) -> dict[str, str]:
    """Which settings the file has, as they stand. Empty where it is not there or cannot be read."""
    from dotenv import dotenv_values

    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return {}
    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {key: value for key, value in found.items() if key in OPTIONS and value}


def beside(file: Path) -> Path:
    """A name for another file, where this one is to stay as it is."""
    names = (file.with_name(f"{file.stem}.{word}{file.suffix}") for word in ("new", *map(str, range(2, 100))))
    return next(name for name in names if not name.exists())


def composed(values: Mapping[str, str]) -> str:
    """A new file: each setting with what it is for."""
    return "\n".join(_new_lines(values)) + "\n"


def added(before: str, values: Mapping[str, str]) -> str:
    """A file that is there, with lines at its end: what stood there stands there, to the byte."""
    if not values:
        return before
    end = "\r\n" if "\r\n" in before else "\n"
    gap = "" if before.endswith("\n") or not before else end
    lines = ["", "# Added by followmail init.", *(_line(OPTIONS[key], text) for key, text in values.items())]
    return before + gap + end.join(lines) + end


def write(file: Path, text: str) -> None:
    """Puts the whole file in its place at once, mode 600. Raises SettingsError."""
    target = file.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".config-", dir=target.parent)  # mkstemp makes it 600
    except OSError as fault:
        raise SettingsError(f"{file} cannot be written ({fault.strerror}): try another folder.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        _keep_owner(target, name)
        Path(name).replace(target)
    except OSError as fault:
        raise SettingsError(f"{file} cannot be written ({fault.strerror}): try another folder.") from None
    finally:
        Path(name).unlink(missing_ok=True)


def _keep_owner(target: Path, name: str) -> None:
    """A file that root renews stays its owner's."""
    if target.exists() and os.geteuid() == 0:
        was = target.stat()
        os.chown(name, was.st_uid, was.st_gid)


def _new_lines(values: Mapping[str, str]) -> Iterator[str]:
    yield "# Settings of followmail, made by `followmail init`. There are more, all with defaults: config.example.env"
    yield "# tells them. The environment wins over this file."
    for section, options in SECTIONS.items():
        given = [option for option in options if option.key in values]
        if given:
            yield f"\n\n# ---- {section} ----"
        for option in given:
            yield ""
            yield from textwrap.wrap(option.help, 110, initial_indent="# ", subsequent_indent="# ")
            yield f"# Allowed: {option.allowed}."
            yield _line(option, values[option.key])


def _line(option: Option, text: str) -> str:
    return f"{option.key}={text if _PLAIN.fullmatch(text) and not option.exact else quoted(text)}"
