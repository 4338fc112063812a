"""The sequences that come with the program: where they lie, copied once, compared ever after."""

from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def shipped() -> Path:
    """The shipped templates: in the package where it is installed, beside it in a checkout."""
    return next(folder for folder in (_PACKAGE / "starters", _PACKAGE.parent / "templates") if folder.is_dir())


def copy_shipped(folder: Path) -> tuple[Path, ...]:
    """Copies the shipped templates into a folder; never overwrites. Returns what was written."""
    written = []
    for name, content in _shipped_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.write_bytes(content)
            written.append(target)
    return tuple(written)


def differing(folder: Path) -> tuple[str, ...]:
    """Names of the shipped files that the folder has otherwise or lacks."""
    return tuple(name for name, content in _shipped_files() if _content(folder / name) != content)


def _shipped_files() -> Iterator[tuple[str, bytes]]:
    root = shipped()
    for path in sorted(root.rglob("*.txt")):
        yield path.relative_to(root).as_posix(), path.read_bytes()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
