"""What Jinja and Python say about a text, in plain words."""

import re

from jinja2 import TemplateNotFound, UndefinedError
from jinja2.exceptions import SecurityError

from followmail.rendering.fault import Refused, meant, quoted

# Jinja's message → ours; $1, $2 are what its parentheses caught
_SYNTAX = (
    (
        r"unexpected '\}'|expected token ':', got '\}'",
        "a '}' too few or too many: a name stands between {{ and }}, a tag between {% and %}",
    ),
    (
        r"expected token 'end of print statement', got '(.*)'",
        "between {{ and }} stands one name; is a dot, a '|' or the '}}' missing before '$1'?",
    ),
    (
        r"expected token 'end of statement block', got '(.*)'",
        "this tag cannot be read from '$1' on; is the '%}' or an 'and' missing?",
    ),
    (r"unexpected char '([“”„«»‘’‚`´])'", "the typographic quote $1 stands in a tag; write \" or '"),
    (r"unexpected char '(.)'", "'$1' cannot stand inside a tag"),
    (
        r"Encountered unknown tag '(\w+)'\. Jinja was looking for.*block that needs to be closed is '(\w+)'",
        "'{% $1 %}' stands where '{% $2 %}' is still open",
    ),
    (r"Encountered unknown tag '(\w+)'", "there is no tag '$1'"),
    (r"tag name expected", "a tag begins with a word, such as {% if prospect.company %}"),
    (r"Missing end of comment", "{# is not closed by #}"),
    (r"Missing end of raw", "{% raw %} is not closed by {% endraw %}"),
    (r"end of template.*block that needs to be closed is '(\w+)'", "{% $1 %} is not closed by {% end$1 %}"),
    (r"(?i)unexpected '?end of template", "a {{ or {% is not closed"),
    (
        r"got 'end of print statement'|got 'end of statement block'",
        "something is missing at the end, before the closing braces",
    ),
    (r"Expected an expression, got '(.*)'", "a name is missing before '$1'"),
    (r"expected token '(.*)', got '(.*)'", "'$1' was expected here, not '$2'"),
)
_TAGS = ("if", "elif", "else", "endif", "for", "endfor", "set", "include", "with", "endwith", "raw", "endraw")


def syntax(message: str) -> str:
    """A syntax message of Jinja's."""
    for pattern, plain in _SYNTAX:
        if match := re.search(pattern, message[:2000], re.S):
            return _filled(plain, match) + (meant(match[1], _TAGS) if "tag '" in plain else "")
    return f"this is no Jinja: {quoted(message, 120)}"


def _filled(plain: str, match: re.Match[str]) -> str:
    return re.sub(r"\$(\d)", lambda number: quoted(match[int(number[1])])[1:-1], plain)


def told(error: Exception) -> str:
    """What went wrong while rendering."""
    if isinstance(error, SecurityError):
        return "this reaches for what no text gets; only names, their parts and the listed filters can be used"
    if isinstance(error, (Refused, UndefinedError)):
        return str(error)
    if isinstance(error, TemplateNotFound):
        return f"there is no file {quoted(str(error))} to include"
    if isinstance(error, (RecursionError, MemoryError, SyntaxError)):  # the last is Python's, on blocks in blocks
        return "the text is nested too deeply, or a file includes itself"
    if isinstance(error, TypeError) and re.search(r"positional argument|unexpected keyword|takes \d", str(error)):
        return "this filter takes nothing in parentheses, or other things"
    if isinstance(error, TypeError) and "not callable" in str(error):
        return "a name is printed without parentheses: {{ greeting }}"
    return f"this cannot be worked out: {quoted(str(error) or type(error).__name__, 120)}"
