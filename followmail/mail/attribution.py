"""The line in which a mail program says whom it quotes: "On 4 May 2026 at 10:00, Alex <alex@…> wrote:".

Programs break it where they like, in the language of their user; people write sentences with dates right above it, and
may begin them with "On 4 May" too. So it begins as late as it can, is no sentence of a person, and spans no blank line.
"""

import re

_MOST_LINES = 7
_LONGEST = 350  # characters

# "wrote", as mail programs say it
_WROTE = (
    r"wrote|writes|schrieb|geschrieben|a écrit|ha scritto|escribió|escreveu|schreef|geschreven|skrev|napisał(?:\(a\))?"
    r"|napsal\(?a?\)?|написал\(?а?\)?"
    r"|пишет|пише|написа|írta|kirjoitti|yazdı|şunu yazdı|έγραψε|a scris|je napisao|je napisal(?:a|\(a\))?"
    r"|写道|寫道|书写"
    r"|のメール|のメッセージ|작성"
    r"|va escriure|idatzi du|escribiu|viết|menulis"
)
_VERB = re.compile(rf"(?<![A-Za-zÀ-ÿ])(?:{_WROTE})(?![A-Za-zÀ-ÿ])", re.I)
_VERB_END = re.compile(rf"{_VERB.pattern}[^\n]{{0,200}}$", re.I)
_COLON = re.compile(r"(?:[:：]\W{0,3}|-{2,6})$")
_SHORT = 14  # characters of a verb and what follows it, where no colon does

_ADDRESS = re.compile(r"[^\s<>@]@[^\s<>@]")
# The beginnings of the months' names in the seven languages.
_MONTH = (
    "jan|ene|gen|feb|f[eé]v|m[aä]r|mrt|maa|apr|abr|avr|ma[iy]|mei|mag|jun|jui|giu|jul|lug|aug|ago|ao[uû]|sep|set|o[ck]t|out|ott"
    "|nov|de[czs]|d[eé]c|di[cs]"
)
# A year, a time, a day in figures, or a day and the name of its month.
_DATE = re.compile(
    r"\d{4}|\d{1,2}[:.h]\s?\d{2}|\d{1,2}[/.-]\s?\d{1,2}[/.-]"
    rf"|\d{{1,2}}\.? (?:de )?(?:{_MONTH})[^\W\d_]{{0,9}}(?!\w)|(?<!\w)(?:{_MONTH})[^\W\d_]{{0,9}}\.? \d{{1,2}}\b",
    re.I,
)
_YEAR_OR_TIME = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[/.-]\d{1,2}[/.-]\d{2}|\d{1,2}[:.h]\d{2}")
_STARTS = re.compile(
    r"\W{0,7}(?!(?:ok|skip|snooze|stop|done|pause|resume|list|help)\b)"  # the words of a reply to a digest
    r"(?:(?:on|at|le|am|el|il|op|em|a|den|dnia|w|dne|на|в|во|kl|pe|ma|ti|ke|to|la|su|no|ngày|pada|在)(?!\w)"
    r"|[^\W\d]{2,14}[.,]{0,2} \d|\d{1,2}[\s./-]|\d{4}[./年-])",
    re.I,
)
# Gmail once: 2016-03-03 17:21 GMT+01:00 Some One <…>:
_DATE_NAME = re.compile(
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?: \d{1,2}:\d{2}(?::\d{2})?)?(?: GMT\S{0,9} [^\n]{1,150}"
    r"| [^\n]{1,100}<[^<>\n]{3,100}>:?)$"
)
_NAME_FIRST = re.compile(rf"[^<>]{{1,120}}<[^<>]{{3,120}}>[),]{{0,2}} ?(?:ezt |hat |heeft )?{_VERB.pattern}", re.I)
_DASHED = re.compile(r"-{2,6} ?\S.{0,250}\S ?-{2,6}$")  # Zoho: ---- On … wrote ----
_GROUPWISE = re.compile(r">>> ?.{1,200}>>>$")

QUOTE = re.compile(r"\s{0,8}(?:>|\|\s|[A-Z]{1,3}>(?:\s|$)|[A-Z]\w{1,20}> )")

_DATED_OR_NAMED = re.compile(r"[\d<@]")
# What is no word of a person's sentence: names in marks, addresses in brackets, and the verb itself.
_NO_WORDS = re.compile(rf"<[^<>]*>|\"[^\"]*\"|“[^”]*”|\bvia\b|{_VERB.pattern}", re.I)
# "I" and "we" in the seven languages; a program says neither. ("Mon" is a day, "Je" may be a name.)
_FIRST_PERSON = re.compile(
    r"\b(?:I(?!\.)|we|my|our|me|us|ich|wir|mich|mir|uns|je|nous|yo|nosotros|io|noi|ik|wij|eu|nós)\b|\bj['’]"
)
_SENTENCE_END = re.compile(r"(?:[?!]|[^\W\d_][a-zß-ÿ]{3,}\.)$")
_NAME_END = re.compile(r"(?:,|[ \"][^\W\d_a-z][\w'’.-]*)$")
_MONTH_END = re.compile(rf"\b(?:{_MONTH})[^\W\d_]{{0,9}}\.$", re.I)


def length(lines: list[str], at: int) -> int:
    """How many lines from here on are one attribution; 0: none begins here. Never raises."""
    first = lines[at]
    if not _DATED_OR_NAMED.search(first):
        return 0
    if _GROUPWISE.match(first) or (_DASHED.match(first) and _VERB_END.search(first)):
        return 1
    count = 0 if QUOTE.match(first) else _whole(lines, at)
    # The latest beginning is the right one: "On 4 May I asked …" may stand right above "On 7 May 2026, Alex wrote:".
    return 0 if any(_begins_later(lines, at, later, at + count) for later in range(at + 1, at + count)) else count


def names_author(line: str) -> bool:
    """Whether a quoted line says whom it quotes."""
    match = _VERB_END.search(line) if QUOTE.match(line) else None
    return match is not None and (match.end() - match.start() < _SHORT or _COLON.search(line) is not None)


def _whole(lines: list[str], at: int) -> int:
    """How many lines from here on say it all; 0 where they never do."""
    window = lines[at : at + _MOST_LINES]
    if not (_may_end(lines, at) or _DATE_NAME.match(" ".join(window[:2]).strip())):
        return 0
    text = ""
    head = _is_head(window[0])
    for count, line in enumerate(window, 1):
        if count > 1 and not _goes_on(text, line, window[count - 2 :]):
            return 0
        text = f"{text} {line.strip()}".strip()
        if len(text) > _LONGEST:
            return 0
        if (count == 1 or head or _NAME_FIRST.match(text)) and _is_one(text, _next(lines, at + count)):
            return count
    return 0


def _may_end(lines: list[str], at: int) -> bool:
    """Whether one of the next lines says "wrote", and one ends as an attribution does or begins a quote."""
    window = lines[at : at + _MOST_LINES]
    closed = any(_COLON.search(line[-8:]) for line in window)
    if not closed and not any(map(QUOTE.match, lines[at + 1 : at + 2 * _MOST_LINES])):
        return False
    return _VERB.search(" ".join(window)) is not None


def _goes_on(text: str, line: str, rest: list[str]) -> bool:
    """Whether an attribution that says `text` so far may have `line` below it, with which `rest` begins but for one."""
    if line.startswith(">"):
        return text.count("<") > text.count(">")  # a bracket that closes; else a quote begins
    if not line.strip():
        below = _next(rest, 1)
        return below == "<" or below.startswith("mailto:") or text.endswith("<")  # an address in its own paragraph
    return not _SENTENCE_END.search(rest[0]) or _MONTH_END.search(rest[0]) is not None


def _is_head(line: str) -> bool:
    """Whether a line looks like the first of several: a date, and perhaps a name."""
    if not (_STARTS.match(line) and _YEAR_OR_TIME.search(line)):
        return False
    tail = re.split(r"\d", line)[-1]
    return not _is_prose(line, 4) and (line.endswith("<") or not _is_prose(tail, 3))


def _is_one(text: str, below: str) -> bool:
    """Whether a text is an attribution as a whole; `below` is the next line that is not blank."""
    if text.count("<") != text.count(">"):
        return False
    if _DATE_NAME.match(text):
        return not _is_prose(text, 4 if "<" in text else 2)
    closed, marked = _COLON.search(text), QUOTE.match(below)
    if not (closed or marked):
        return False
    dated = bool(_STARTS.match(text) and _DATE.search(text))
    match = _VERB_END.search(text) if dated or _ADDRESS.search(text) else None
    if match is None or not (closed or match.end() - match.start() < _SHORT):
        return False
    # "On 4 May your colleague wrote:" says a person, who goes on
    surely = marked or _ADDRESS.search(text) or _YEAR_OR_TIME.search(text)
    return bool(surely) and not _is_prose(text, 4)


def _begins_later(lines: list[str], at: int, later: int, end: int) -> bool:
    """Whether an attribution begins at a later line than `at` and says it all by `end`."""
    first = lines[later]
    if not first.strip() or later + _whole(lines, later) != end:
        return False
    text = " ".join(lines[later:end]).strip()
    if _STARTS.match(text) and _DATE.search(text):
        return True
    name = text.partition("<")[0]  # "<alex@…> wrote:" lacks its name, and "Person <pat@…> wrote:" may lack half of it
    return any(c.isalpha() for c in name) and (bool(_DATE.search(text)) or not _ends_in_name(lines[at]))


def _ends_in_name(line: str) -> bool:
    """Whether a first line breaks off in a name: "On 4 May 2026 at 10:00, Alexander" does."""
    tail = re.split(r"\d", line)[-1]
    return _is_head(line) and not _is_prose(tail, 2) and _NAME_END.search(tail) is not None


def _is_prose(text: str, most: int) -> bool:
    """Whether a person speaks: in the first person, or so many small words in a row."""
    plain = _NO_WORDS.sub(" X ", text)
    words = [word for word in plain.split() if "@" not in word]
    if _FIRST_PERSON.search(" ".join(words)):
        return True
    run = 0
    for word in words:
        bare = word.strip(",.;:!?()'’\"")
        run = run + 1 if bare.isalpha() and bare.islower() and bare[0] < "\u0250" else 0  # Latin letters
        if run >= most:
            return True
    return False


def _next(lines: list[str], at: int) -> str:
    return next((line for line in lines[at : at + _MOST_LINES] if line.strip()), "")
