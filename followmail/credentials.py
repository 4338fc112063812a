"""Where each secret of a configuration comes from, the safest place first, and who else could reach it.

The order: the systemd credential, `…_FILE`, `…_COMMAND`, the value in config.env; what the environment names goes
before what the file names.
"""

import os
import shlex
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from followmail.auth import PasswordSource
from followmail.options import PREFIX


def forms(name: str) -> tuple[str, ...]:
    """The options that a secret may come from, the safest first."""
    return f"{name}_FILE", f"{name}_COMMAND", name


def credential(name: str, environ: Mapping[str, str]) -> Path | None:
    """The systemd credential of a secret, `smtp-password` for SMTP_PASSWORD (systemd.exec(5), Credentials)."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder, name.lower().replace("_", "-")) if folder else None
    return path if path and path.is_file() else None


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """What a command, or the browser, may see: nothing of ours."""
    return {key: text for key, text in environ.items() if not key.startswith(PREFIX)}


def source(
    name: str,
    values: Mapping[str, Any],
    in_file: Callable[[str], bool],
    path: Callable[[str], Path],
    environ: Mapping[str, str],
    warnings: list[str],
) -> PasswordSource | None:
    """Where a secret comes from; None where it was not given. What else was given is told, and does nothing.

    `in_file` says whether an option stands in the file rather than in the environment, `path` where a relative one is.
    """
    given = sorted((form for form in forms(name) if values[form]), key=in_file)
    found = credential(name, environ)
    used = None if found or not given else given[0]
    if unused := [PREFIX + form for form in given if form != used]:
        instead = PREFIX + used if used else f"the systemd credential “{found.name if found else ''}”"
        warnings.append(f"{instead} is used; {' and '.join(unused)} is set too and does nothing.")
    if used is None and found is None:
        return None
    return PasswordSource(
        PREFIX + name,
        credential=found,
        file=path(values[used]) if used == f"{name}_FILE" else None,
        command=values[used] if used == f"{name}_COMMAND" else None,
        value=values[used] if used == name else None,
        environment=without_settings(environ),
    )


def exposures(path: Path) -> Iterator[str]:
    """What lets others at a file that holds secrets, and the remedy."""
    name = shlex.quote(str(path))
    try:
        found = path.stat()
        folders = {folder: folder.stat() for folder in (path.parent, path.resolve().parent)}
    except OSError:
        return  # whoever reads it will say so
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"{path} holds secrets and is open to others: chmod 600 {name}"
    if found.st_uid not in (0, os.geteuid()):
        yield f"{path} holds secrets and belongs to another user: chown {os.geteuid()} {name} && chmod 600 {name}"
    for folder, its in folders.items():
        if its.st_mode & stat.S_IWOTH and not its.st_mode & stat.S_ISVTX:
            yield f"Anybody can replace {path}: chmod o-w {shlex.quote(str(folder))}"
