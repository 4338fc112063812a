"""EDGE: load, lint and render templates/.

    read     load.read              a folder → bytes
    parse    headers, parse         bytes → Sequence, and faults with file and line
    lint     lint, sandbox          each text looked through, and rendered once with sample names
    render   render.render, names   a text and a person's names → what the mail says
    tone     tone.traps             how a sequence would sound: advice, no fault
    live     live.Templates         the same while running: a bad edit is told, the last good version goes on

What reads the folder is here. What renders (names, render, tone, digest) is imported by its own name: it brings Jinja
along, which a folder that was looked through and has not changed does not need.
"""

from followmail.rendering.fault import Fault
from followmail.rendering.live import Templates
from followmail.rendering.load import Library, Proof, load
from followmail.rendering.starters import copy_shipped, differing, shipped

__all__ = ["Fault", "Library", "Proof", "Templates", "copy_shipped", "differing", "load", "shipped"]
