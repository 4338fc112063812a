"""docs/performance.svg: what takes how long beside the limit, and how the cost grows."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_WIDTH, _BAR, _LEFT = 760, 26, 250
_NAMES = {
    "limit": "read all wanted bytes, discard",
    "ours": "followmail",
    "obvious": "IMAPClient.fetch, email, insert_many",
    "one": "one FETCH of everything, discard",
    "small": "followmail, a mailbox a tenth as big",
}
_COLOURS = {"ours": "#1f6feb", "small": "#79a8f0"}
_SECONDS = ("limit", "one", "ours", "small", "obvious")  # what is told in seconds, from the least on
_LINES = ("#1f6feb", "#d1495b", "#2a9d5c", "#8a63d2")
_HIGH, _WIDE = 190, 300  # of one chart of growth

Rows = Sequence[Mapping[str, Any]]


def draw(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """An SVG: a group of bars for each row that has seconds, then a chart for messages and one for conversations."""
    rows = [row for found in figures.values() for row in found["rows"]]
    bars, y = _bars([row for row in rows if "ours" in row["values"] and {"limit", "one"} & set(row["values"])])
    grown = [row for row in rows if not row["goal"]]
    charts = [
        part
        for number, unit in enumerate(("messages", "conversations"))
        for part in _chart([r for r in grown if r["what"].endswith(unit)], unit, 60 + number * (_WIDE + 90), y + 10)
    ]
    height = y + _HIGH + 130
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13">'
    ground = f'<rect width="{_WIDTH}" height="{height}" fill="white"/>'
    return "\n".join((head, ground, *bars, *charts, "</svg>")) + "\n"


def _bars(rows: Rows) -> tuple[list[str], int]:
    parts, y = [], 24
    for row in rows:
        values = row["values"]
        longest = max(values[name] for name in _SECONDS if name in values)
        parts.append(_text(12, y, row["what"], ' font-weight="bold"'))
        for name in (name for name in _SECONDS if name in values):
            y += _BAR
            width = max(2, (_WIDTH - _LEFT - 90) * values[name] / longest)
            parts.append(_text(_LEFT - 8, y, _NAMES[name], ' text-anchor="end"'))
            colour = _COLOURS.get(name, "#9aa4b2")
            parts.append(f'<rect x="{_LEFT}" y="{y - 13}" width="{width:.0f}" height="17" rx="2" fill="{colour}"/>')
            parts.append(_text(_LEFT + width + 6, y, f"{values[name]:.1f} s"))
        y += _BAR + 16
    return parts, y


def _chart(rows: Rows, unit: str, x: int, y: int) -> Iterable[str]:
    """Lines over a grid of powers of ten, both ways: what does not grow is level, what grows as much rises evenly."""
    if not rows:
        return
    sizes = sorted({int(size) for row in rows for size in row["values"]})
    costs = [value for row in rows for value in row["values"].values()]
    low, high = math.floor(math.log10(max(min(costs), 1e-4))), math.ceil(math.log10(max(costs)))

    def place(size: float, cost: float) -> tuple[float, float]:
        wide = math.log10(sizes[-1] / sizes[0]) or 1
        up = (math.log10(max(cost, 10.0**low)) - low) / ((high - low) or 1)
        return x + _WIDE * math.log10(size / sizes[0]) / wide, y + 20 + _HIGH * (1 - up)

    yield _text(x, y, f"Milliseconds, by {unit}", ' font-weight="bold"')
    for power in range(low, high + 1):
        _, level = place(sizes[0], 10.0**power)
        yield f'<path d="M{x} {level:.0f}h{_WIDE}" stroke="#e3e6ea"/>'
        yield _text(x - 6, level + 4, f"{10.0**power:g}", ' text-anchor="end" fill="#66707c"')
    for size in sizes:
        yield _text(place(size, 1)[0], y + _HIGH + 38, f"{size:,}", ' text-anchor="middle" fill="#66707c"')
    for number, row in enumerate(rows):
        points = [place(int(size), cost) for size, cost in row["values"].items()]
        line, colour = " ".join(f"{a:.0f},{b:.0f}" for a, b in points), _LINES[number % len(_LINES)]
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{a:.0f}" cy="{b:.0f}" r="3" fill="{colour}"/>' for a, b in points)
        yield _text(x, y + _HIGH + 58 + 16 * number, row["what"].partition(",")[0], f' fill="{colour}"')


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}"{more}>{escape(text)}</text>'
