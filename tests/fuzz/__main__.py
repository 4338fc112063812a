"""The fuzzer: `python -m tests.fuzz` runs all targets a while, `… NAME …` some, `… NAME=FILE` one found input again.

    python -m tests.fuzz --seconds 60 classify quote
    python -m tests.fuzz classify=build/fuzz/classify/crash-0a1b

What it learns and finds lies in build/fuzz/<target>/. A target runs in a process of its own, since the fuzzer never
returns. An input that raises, or takes longer than 100 ms for each 64 KB, is a find; mended, it becomes a test beside
those of the reader.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz.seeds import seeds, words

BUILD = Path("build/fuzz")
TRACED = 8  # times slower, with every branch counted


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="NAME[=FILE]", help="default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        return fuzz(given.targets[0], given.seconds)
    names = given.targets or __import__("tests.fuzz.targets", fromlist=["TARGETS"]).TARGETS
    again = {name: Path(file) for name, _, file in (target.partition("=") for target in names) if file}
    if again:
        return replay(again)
    failed = [name for name in names if _apart(name, given.seconds)]
    print(f"Found something: {', '.join(failed)}; see {BUILD}/" if failed else "Nothing found.")  # noqa: T201
    return bool(failed)


def _apart(name: str, seconds: int) -> int:
    print(f"{name} …", flush=True)  # noqa: T201
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--inside", "--seconds", str(seconds), name], check=False
    ).returncode


def replay(found: dict[str, Path]) -> int:
    """Found inputs once more, without tracing: as slow as they are."""
    from tests.fuzz.targets import run

    for name, path in found.items():
        run(name, path.read_bytes())
    return 0


def fuzz(name: str, seconds: int) -> int:
    """One target until it fails, or the time is over. Does not return where it ran."""
    import atheris

    with atheris.instrument_imports(include=["followmail", "imapclient", "tests.fuzz"]):
        from tests.fuzz.targets import run

    home = BUILD / name
    learned = home / "learned"
    learned.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (learned / f"seed-{number:03}").write_bytes(seed)
    quoted = ("".join(f"\\x{byte:02x}" for byte in word) for word in words(name))
    (home / "words").write_text("".join(f'"{word}"\n' for word in quoted if word))
    atheris.Setup(
        [
            sys.argv[0],
            str(learned),
            f"-dict={home / 'words'}",
            f"-artifact_prefix={home}/",
            f"-max_total_time={seconds}",
            "-max_len=65536",
            "-len_control=20",
            "-timeout=30",
            "-rss_limit_mb=2048",
            "-verbosity=0",
            "-print_final_stats=1",
        ],
        lambda data: run(name, data, patience=TRACED),
    )
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
