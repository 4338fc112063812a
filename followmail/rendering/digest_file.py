"""digest.txt as it lies in templates/: taken apart, not rendered."""

from collections.abc import Mapping
from dataclasses import dataclass

from followmail.rendering.fault import Fault
from followmail.rendering.headers import File, decoded, taken_apart

FILE = "digest.txt"


@dataclass(frozen=True, slots=True)
class Wording:
    """A digest.txt without a fault, and the files that it can include."""

    file: File
    files: Mapping[str, str]


def taken(raw: bytes | None, files: Mapping[str, str]) -> tuple[Wording | None, list[Fault]]:
    """What a digest.txt holds; None where there is none or where it has faults. Its text may have others."""
    if raw is None:
        return None, []
    text, faults = decoded(FILE, raw)
    if faults:
        return None, faults
    file, faults = taken_apart(FILE, text, ("Subject",))
    if not faults and "Subject" not in file.headers:
        faults = [Fault(FILE, 1, "'Subject' is missing; it begins with a line such as 'Subject: {{ verdict }}'")]
    if not faults and not file.body.strip():
        faults = [Fault(FILE, 0, "there is no text; it stands below the subject, after an empty line")]
    return (None, sorted(set(faults))) if faults else (Wording(file, files), [])
