"""The digest's text as HTML, for mail programs that show it: the same words, readable on a phone, by day and by night.

What may stand in a digest, told by how a text looks:

    2 drafts wait                      the first line
    DRAFTS THAT WAIT FOR YOU           a line of its own, followed by an item: a title
    1. Robin Sample: Proposal          an item; one that begins with a hyphen has no number
        “Could you send …?”            indented, in quotation marks: what they asked
        (first, for they asked)        indented: a remark
        → ok 1 · skip 1                indented, only words that a reply may hold: these
    The numbers hold for 14 days.      else a paragraph

Nothing in it can be clicked, loaded or run: no link, no image, no script, no style sheet. The colours are those of the
mail program, so that its dark mode is ours.
"""

import re
from collections.abc import Iterator
from html import escape

# Text that came in by mail must not move the cursor, hide or turn the direction of a line.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_ITEM = re.compile(r"(\d{1,3}[.)]|[-–•])\s+(.*)")
# What a mail program would make a link of, if it stood in one piece.
_LINKED = re.compile(r"://|@|(?<=\w)\.(?=\w)")
_SAID = re.compile(r"(?:ok|skip|stop|snooze|done|pause|resume|list|help)(?: [\w:.,-]{1,20}){0,5}")
_ARROW, _BETWEEN = "→ ", " · "

_HEAD = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="color-scheme" content="light dark">\n<meta name="supported-color-schemes" content="light dark">\n'
    '<meta name="format-detection" content="date=no, address=no, email=no, url=no">\n</head>\n'
)
_BODY = (
    "margin:0;padding:0;font:16px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    "-webkit-text-size-adjust:100%;overflow-wrap:anywhere"
)
_PAGE = "max-width:38em;margin:0 auto;padding:16px"
_STYLE = {
    "first": "margin:0 0 1em;font-size:1.2em;line-height:1.3;font-weight:600",
    "title": "margin:1.8em 0 .5em;padding-bottom:.3em;border-bottom:1px solid rgba(128,128,128,.35);font-size:.8em;"
    "letter-spacing:.06em;font-weight:600;opacity:.75",
    "item": "margin:.9em 0 0;padding-left:2.3em",
    "number": "float:left;margin-left:-2.3em;font-weight:600",
    "asked": "margin:.25em 0 0 2.3em;padding-left:.7em;border-left:3px solid rgba(128,128,128,.45);font-style:italic",
    "words": "margin:.25em 0 0 2.3em;line-height:1.9",
    "word": "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85em;white-space:nowrap;"
    "padding:.15em .45em;border-radius:.3em;background-color:rgba(128,128,128,.16)",
    "between": "opacity:.35",
    "detail": "margin:.3em 0 0 2.7em;font-size:.85em;opacity:.75",
    "paragraph": "margin:1.2em 0 0",
}


def safe(text: str) -> str:
    """The same without control characters, and without those that hide or turn what stands around them."""
    return _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def html_of(text: str) -> str:
    """A page that says exactly what the text says."""
    blocks = "\n".join(_blocks(safe(text).split("\n")))
    return f'{_HEAD}<body style="{_BODY}">\n<div style="{_PAGE}">\n{blocks}\n</div>\n</body>\n</html>\n'


def _blocks(lines: list[str]) -> Iterator[str]:
    full = [line for line in lines if line.strip()]
    for number, line in enumerate(full):
        words, following = line.strip(), full[number + 1] if number + 1 < len(full) else ""
        if line[0].isspace():
            yield _below(words)
        elif item := _ITEM.fullmatch(line.rstrip()):
            yield _tag("div", "item", f"{_tag('span', 'number', escape(item[1]))} {_plain(item[2])}")
        elif number == 0:
            yield _tag("h1", "first", _plain(words))
        elif _ITEM.match(following):
            yield _tag("h2", "title", _plain(words))
        else:
            yield _tag("p", "paragraph", _plain(words))


def _below(words: str) -> str:
    """A line of an item's, below its first."""
    arrow, said = words.startswith(_ARROW), words.removeprefix(_ARROW).split(_BETWEEN)
    if words[0] in '“"':
        return _tag("p", "asked", _plain(words))
    if all(map(_SAID.fullmatch, said)):
        between = f" {_tag('span', 'between', '·')} "
        line = between.join(_tag("code", "word", escape(one)) for one in said)
        return _tag("p", "words", f"{_tag('span', 'between', _ARROW)}{line}" if arrow else line)
    return _tag("p", "detail", _plain(words))


def _tag(name: str, style: str, inner: str) -> str:
    return f'<{name} style="{_STYLE[style]}">{inner}</{name}>'


def _plain(text: str) -> str:
    """Text as text: addresses are cut into pieces that no mail program takes for a link, and copied whole."""
    pieces, end = [], 0
    for found in _LINKED.finditer(text):
        pieces += [escape(text[end : found.start()]), f"<span>{found[0]}</span>"]
        end = found.end()
    return "".join([*pieces, escape(text[end:])])
