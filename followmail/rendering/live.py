"""The templates of a running process: a change is taken up at the next look; after a bad one the last good goes on."""

from pathlib import Path

from followmail.rendering.fault import Fault
from followmail.rendering.load import Library, Proof, load, paths
from followmail.rendering.parse import LanguageOf


class Templates:
    """`library` is what holds now; `refresh` brings it up to date."""

    def __init__(self, folder: Path, languages_of: LanguageOf | None = None, proof: Proof | None = None) -> None:
        self.folder = folder
        self.library = Library(folder)
        self._languages_of, self._proof = languages_of, proof
        self._seen: object = None
        self._told: frozenset[Fault] = frozenset()

    def refresh(self) -> tuple[Fault, ...]:
        """Takes up what changed on disk, and returns the faults not told yet. Cheap when nothing changed."""
        seen = _signs(self.folder)
        if seen is not None and seen == self._seen:
            return ()
        loaded = load(self.folder, self._languages_of, self._proof)
        # a file that changed while it was read is read again at the next look
        self._seen = seen if _signs(self.folder) == seen else None
        self.library = _with_last_good(loaded, self.library)
        new = tuple(fault for fault in loaded.faults if fault not in self._told)
        self._told = frozenset(loaded.faults)
        return new


def _signs(folder: Path) -> tuple[tuple[str, int, int, int], ...] | None:
    """What tells a change of any file without reading it; None where that cannot be said."""
    try:
        stats = [(str(path), path.stat()) for path in paths(folder)]
    except OSError:
        return None  # away, or a file went while it was looked at: read again at the next look
    return tuple((path, stat.st_ino, stat.st_size, stat.st_ctime_ns) for path, stat in stats)


def _with_last_good(loaded: Library, before: Library) -> Library:
    """What loaded, and the last good version of what is broken; of everything where the folder itself is away."""
    kept = {name: s for name, s in before.sequences.items() if name in loaded.broken or not loaded.readable}
    return Library(
        loaded.folder,
        dict(sorted({**kept, **loaded.sequences}.items())),
        loaded.faults,
        loaded.broken,
        {**{name: before.files[name] for name in kept}, **loaded.files},
        loaded.readable,
        before.digest if loaded.digest_broken or not loaded.readable else loaded.digest,
        loaded.digest_broken,
        loaded.proof,
    )
