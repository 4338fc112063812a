"""EDGE: load, lint and render templates/.

    read     load.read        a folder → bytes
    parse    headers, parse   bytes → Sequence, and faults with file and line
    lint     lint, sandbox    each text looked through, and rendered once with sample names
    render   load.render      a text and a person's names → what the mail says
    tone     tone.traps              how a sequence would sound: advice, no fault
    live     live.Templates   the same while running: a bad edit is told, the last good version goes on

Import it late: it brings Jinja along.
"""

from followmail.rendering.fault import Fault
from followmail.rendering.live import Templates
from followmail.rendering.load import Library, Proof, load, render, signature
from followmail.rendering.names import Anchor, Conversation, Me, Met, Names, Prospect, StepName, listed, sample
from followmail.rendering.render import Rendered, source_hash
from followmail.rendering.starters import copy_shipped, differing, shipped
from followmail.rendering.tone import traps

__all__ = [
    "Anchor",
    "Conversation",
    "Fault",
    "Library",
    "Me",
    "Met",
    "Names",
    "Proof",
    "Prospect",
    "Rendered",
    "StepName",
    "Templates",
    "copy_shipped",
    "differing",
    "listed",
    "load",
    "render",
    "sample",
    "shipped",
    "signature",
    "source_hash",
    "traps",
]
