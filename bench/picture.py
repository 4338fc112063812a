"""docs/performance.svg: seconds to index the whole mailbox, ours between the limit and the obvious design."""

from collections.abc import Mapping
from html import escape

_WIDTH, _BAR, _LEFT = 760, 26, 250
_NAMES = {
    "limit": "read all wanted bytes, discard",
    "ours": "followmail: parsed, joined, stored",
    "obvious": "IMAPClient.fetch, email, insert_many",
    "one": "one FETCH of everything, discard",
    "small": "followmail, a mailbox a tenth as big",
}
_COLOURS = {"ours": "#1f6feb", "small": "#79a8f0"}
_SECONDS = ("limit", "one", "ours", "small", "obvious")  # what is told in seconds, from the least on


def draw(figures: Mapping[str, Mapping[str, float]], messages: int) -> str:
    """An SVG with one group of bars a measurement that has seconds."""
    groups = {what: [(n, v[n]) for n in _SECONDS if n in v] for what, v in figures.items() if "ours" in v}
    parts, y = [], 46
    for what, bars in groups.items():
        longest = max(seconds for _, seconds in bars)
        parts.append(f'<text x="12" y="{y}" font-weight="bold">{escape(what)}</text>')
        for name, seconds in bars:
            y += _BAR
            width = max(2, (_WIDTH - _LEFT - 90) * seconds / longest)
            parts.append(f'<text x="{_LEFT - 8}" y="{y}" text-anchor="end">{escape(_NAMES[name])}</text>')
            parts.append(
                f'<rect x="{_LEFT}" y="{y - 13}" width="{width:.0f}" height="17" rx="2" fill="{_COLOURS.get(name, "#9aa4b2")}"/>'
            )
            parts.append(f'<text x="{_LEFT + width + 6:.0f}" y="{y}">{seconds:.1f} s</text>')
        y += _BAR + 16
    title = f'<text x="12" y="22" font-size="15">A mailbox of {messages:,} messages</text>'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" font-family="sans-serif" font-size="13">'
    )
    ground = f'<rect width="{_WIDTH}" height="{y}" fill="white"/>'
    return "\n".join((head, ground, title, *parts, "</svg>")) + "\n"
