"""The shortest script that still breaks the same promise: actions are left out as long as it does (delta debugging)."""

from dataclasses import replace
from pathlib import Path

from tests.simulation.life import kept
from tests.simulation.script import Action, Script

_MOST_TRIES = 100


def shortest(script: Script, home: Path) -> Script:
    """Leaves out halves, quarters, … single actions. Gives the script itself where it breaks nothing."""
    wanted = _promise(kept(script, home))
    if not wanted:
        return script
    actions, size, tries = list(script.actions), len(script.actions) // 2, 0
    while size and tries < _MOST_TRIES:
        start = 0
        while start < len(actions) and tries < _MOST_TRIES:
            tries += 1
            fewer = actions[:start] + actions[start + size :]
            if fewer and _promise(_said(script, fewer, home)) == wanted:
                actions = fewer
            else:
                start += size
        size //= 2
    return replace(script, actions=tuple(actions))


def _said(script: Script, actions: list[Action], home: Path) -> str:
    try:
        return kept(replace(script, actions=tuple(actions)), home)
    except Exception:  # noqa: BLE001  a script that makes no sense breaks something else
        return ""


def _promise(said: str) -> str:
    """What was broken, without who and when."""
    return said.rpartition(": ")[2].partition("\n")[0] if ": " in said else said
