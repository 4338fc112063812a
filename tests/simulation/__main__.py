"""python -m tests.simulation [FIRST [COUNT]]: plays lives; each that breaks a promise is printed with its shortest script."""

import sys
import time
from pathlib import Path

import click

from tests.simulation.life import kept
from tests.simulation.machine import room
from tests.simulation.script import script
from tests.simulation.shrink import shortest


def main(first: int, count: int) -> int:
    """The exit status: 1 where a promise was broken."""
    began, broken = time.monotonic(), 0
    with room() as folder:
        home = Path(folder)
        for number, seed in enumerate(range(first, first + count), 1):
            life = script(seed)
            if said := kept(life, home):
                broken += 1
                click.echo(
                    f"life {seed}: {said}\nThe shortest script that does it (mode {life.mode}, detect {life.detect}):"
                )
                click.echo("\n".join(f"  {action}" for action in shortest(life, home).actions))
            if sys.stderr.isatty() or number % 100 == 0:
                each = (time.monotonic() - began) / number
                click.echo(f"{number} of {count} lives, {broken} broken, {each:.2f} s each", err=True)
    click.echo(f"{count} lives from {first} on: {broken} broke a promise")
    return 1 if broken else 0


if __name__ == "__main__":
    arguments = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(arguments + [0, 200][len(arguments) :])))
