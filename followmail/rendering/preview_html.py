"""A preview as one page: the mails of a sequence down a line of time. It loads nothing and runs nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any

from followmail.rendering.digest_html import safe

_STYLE = """
:root { color-scheme: light dark; --line: rgba(128,128,128,.4); --soft: rgba(128,128,128,.12) }
body { margin: 0; font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif }
main { max-width: 44em; margin: 0 auto; padding: 24px 16px 64px }
h1 { font-size: 1.4em; line-height: 1.3; margin: 0 0 1.2em }
ol { list-style: none; margin: 0; padding: 0 0 0 1.4em; border-left: 2px solid var(--line) }
li { position: relative; margin: 0 0 2em }
li::before { content: ''; position: absolute; left: calc(-1.4em - 7px); top: .4em; width: 12px; height: 12px;
  border-radius: 50%; background: currentColor; opacity: .55 }
time { font-weight: 600 }
.why { opacity: .7; font-size: .9em; margin: 0 0 .6em }
.mail { border: 1px solid var(--line); border-radius: 8px; overflow: hidden }
.head { background: var(--soft); padding: .6em 1em; font-size: .9em; overflow-wrap: anywhere }
.text { padding: .8em 1em; overflow-wrap: anywhere }
.plain { white-space: pre-wrap }
.held { padding: .8em 1em; border: 2px dashed var(--line); border-radius: 8px }
"""


def page_of(shown: Mapping[str, Any]) -> str:
    """The page, from what `previewing.preview` gives."""
    title = f"{shown['sequence']}: what {shown['to']} would get, as if nobody answered"
    points = "\n".join(_points(shown))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # a picture in a text is no matter of this page
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{_text(title)}</h1>\n<ol>\n{points}\n</ol>\n</main>\n</body>\n</html>\n"
    )


def _points(shown: Mapping[str, Any]) -> Iterable[str]:
    if opening := shown["opening"]:
        yield f"<li>{_time(opening['at'])} your mail “{_text(opening['subject'])}”</li>"
    for mail in shown["mails"]:
        verb = "left" if mail["left"] else "leaves"
        why = f'<p class="why">Step {mail["step"]} {verb}: {_text(mail["after"])} ({_text(mail["file"])})</p>'
        yield f"<li>{_time(mail['at'])}\n{why}\n{_mail(mail)}</li>"


def _mail(mail: Mapping[str, Any]) -> str:
    if mail["held"]:
        return f'<div class="held">Held: {_text(mail["held"])}</div>'
    heads = [(name.capitalize(), mail[name]) for name in ("from", "to", "cc", "subject") if mail[name]]
    head = "<br>".join(f"{name}: {_text(value)}" for name, value in heads)
    # what Markdown made is ours: it was made of escaped values, and Markdown passes no HTML on
    text = (
        f'<div class="text">{mail["html"]}</div>'
        if mail["html"]
        else f'<div class="text plain">{_text(mail["text"])}</div>'
    )
    return f'<div class="mail"><div class="head">{head}</div>{text}</div>'


def _time(stamp: str) -> str:
    moment = datetime.fromisoformat(stamp)
    return f'<time datetime="{escape(stamp)}">{moment:%a} {moment.day} {moment:%b %Y, %H:%M}</time>'


def _text(value: str) -> str:
    return escape(safe(value).strip("\n"))
