"""Who is away, and who is gone for good, by the words of a mail alone.

A person who answers may be away too. So a note without an automatic header counts only where it is short, speaks of
nothing else clause by clause, asks nothing, names no time of day and says no word about our mail.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from followmail.mail import dates
from followmail.mail.dates import Rank
from followmail.mail.identity import domain, is_shared, local_part
from followmail.mail.kinds import opt_out, words
from followmail.mail.kinds.received import REPLY, Received
from followmail.mail.kinds.statement import ADDRESS, CLOCK, Sentence, statement

_MAX_NOTE = 130  # words of a note
_MAX_BARE = 30  # of one that says nothing but when
_MAX_SENTENCES = 5
_ABOUT = (
    "away",
    "back",
    "standing",
    "urgent",
    "open-end",
    "besides",
    "habit",
    "now",
)  # what the sentences of a note are about
_NOTED = ("standing", "urgent", "back")
_TITLES = frozenset("the gmbh ltd dott frau herr mrs via".split())
_UNTIL = ("until", "bis ", "fino", "hasta", "ate ", "tot ", "jusqu")
_NAME = re.compile(r" [^\W\d_a-zà-ÿ]")
_LONG_WORD = re.compile(r"[^\W\d_]{5,}")
_WORD = re.compile(r"[^\W\d_]{4,}")
_CLAUSE = re.compile(r"[,;:()\n]|\s-+\s|\b(?:and|und|et|y|e|ed)\b")
_BOUND = re.compile(
    r"\b(?:from|after|until|till|ab|nach|bis|des|partir|depuis|jusqu'?a|desde|hasta|da|dalle|fino|vanaf|na|tot|apos|ate)"
    r"(?: (?:las?|le|os?|as?|de|den|alle|em))?\s*$"
)
_NUMBER = re.compile(r"\d(?:[ /()-]{0,2}\d){4}")
_FEW = 1  # words of a clause of something else
_BRIEF_QUESTION = 4  # words: "Urgent?", "Noch Fragen?"


@dataclass(frozen=True, slots=True)
class Away:
    """The words that say that somebody is away, and the first day back."""

    said: str
    back: dates.Named | None


def away(mail: Received, lang: str | None) -> Away | None:
    """Out of office without a word of it in the headers."""
    if not 2 <= mail.length <= _MAX_NOTE:
        return None
    said, coming = _says(mail, "away"), _says(mail, "back")
    subject = None if mail.is_reply else words.phrases("out-of-office", "subject").at(mail.head)
    if not (said or coming or subject or _says(mail, "habit")):
        return None
    if _says(mail, "past") or _answers(mail) or _names_an_hour(mail):
        return None
    back = first_day_back(mail, lang, Rank.AWAY)
    if subject:
        is_note = (said or back) and is_all_of_subject(mail.head, subject.end())
        return Away(f"'{said or subject[0]}'", back) if is_note else None
    if habit := _says(mail, "habit"):
        is_note = mail.length <= _MAX_BARE and not _goes_on(mail) and _speaks_of_absence(mail, sure=True)
        return Away(f"'{habit}'", back) if is_note else None
    urgent = _says(mail, "urgent")
    standing = urgent or _says(mail, "standing")
    when = back or _says(mail, "open-end") or (coming if said or urgent else None)
    said = said or (coming if back and standing and _comes_back(mail) else None)
    if said is None or _goes_on(mail) or not _speaks_of_absence(mail, sure=bool(urgent or (when and standing))):
        return None
    # who names only the day of an answer promises one, as people do
    bare = mail.length <= _MAX_BARE and (
        _says(mail, "open-end") or first_day_back(mail, lang, Rank.AWAY, answers=False)
    )
    enough = (standing and (when or _says(mail, "now"))) or urgent or bare
    return Away(f"'{said}'", back or first_day_back(mail, lang)) if enough else None


def may_be_away(mail: Received, lang: str | None, sure: bool) -> Away | None:
    """A word of an absence and none of an answer: not enough to say so alone. "Back on Monday." is no note by itself.

    A lesser word will do where all else is `sure` of an absence; who only says that they are away, and nothing that notes
    say besides, may be a person.
    """
    if _says(mail, "past") or _answers(mail) or _names_an_hour(mail):
        return None
    is_more = len(statement(mail.new_text).sentences) > 1
    if not sure and (_goes_on(mail) or not (is_more or any(_says(mail, key) for key in _NOTED))):
        return None
    back = first_day_back(mail, lang)
    said = next(filter(None, (_says(mail, key) for key in ("away", "habit", "open-end"))), None)
    if not said and sure:
        said = next(filter(None, (_says(mail, key) for key in ("urgent", "standing", "signs"))), None)
        if not said and is_more:
            said = _says(mail, "back") or (back.words if back else None)
    return Away(f"'{said}'", back) if said else None


def first_day_back(
    mail: Received, lang: str | None, below: Rank | None = None, answers: bool = True
) -> dates.Named | None:
    return dates.first_day_back(mail.new_text, lang, mail.day, below, answers) if mail.day else None


def left(mail: Received) -> str | None:
    """The writer is gone from the company by their own words, or somebody of their name is by the mailbox's."""
    if not 2 <= mail.length <= _MAX_NOTE or mail.questions or words.phrases("left-company", "stays").first(mail.said):
        return None
    if own := _left_themselves(mail):
        if opt_out.asks_to_stop(mail.new_text, "", None):
            return None  # who retired and wants no more mail is still a person
        sentences = statement(mail.new_text).sentences
        is_all = not _says(mail, "guard") and len(sentences) <= _MAX_SENTENCES
        # who only tells that they have retired writes as a person; a note says who is there instead, or which company
        helped = not words.phrases("left-company", "own").first(mail.said) or any(
            "@@" in x.folded or _tells_whom_to_call(x) for x in sentences
        )
        return own if is_all and helped else None
    names = _own_names(mail)
    for match in words.phrases("left-company", "gone").each(mail.said):
        if names.intersection(re.findall(r"\w{3,}", mail.said[max(0, match.start() - 80) : match.end()])):
            return " ".join(match[0].split())
    return None


def anybody_left(mail: Received, lang: str | None) -> str | None:
    """Somebody is gone, where a machine says so."""
    if sure := _left_themselves(mail) or words.phrases("left-company", "gone").first(mail.said):
        return sure
    return None if first_day_back(mail, lang, Rank.AWAY) else _parted(mail)


def _parted(mail: Received) -> str | None:
    """ "I have left", and a name behind it; a new challenge, a former colleague."""
    for match in words.phrases("left-company", "own-of").each(mail.said):
        if _NAME.match(mail.new_text, match.end()):
            return " ".join(match[0].split())
    return words.phrases("left-company", "parted").first(mail.said)


def is_all_of_subject(head: str, end: int) -> bool:
    """What stands in a subject up to here is a mark before it, or all of it: not the beginning of a sentence."""
    rest = head[end:].lstrip()
    return len(rest.split()) <= 1 or not rest[0].isalpha() or rest.startswith(_UNTIL) or bool(REPLY.match(rest))


def _says(mail: Received, key: str) -> str | None:
    return words.phrases("out-of-office", key).first(mail.said)


def _answers(mail: Received) -> bool:
    """It asks something, or speaks of what we wrote: a person did. A note may ask one thing: "Urgent? Call …"."""
    sentences = statement(mail.new_text).sentences
    brief = all(len(x.text.split()) <= _BRIEF_QUESTION for x in sentences if x.asks)
    invites = brief and bool(_says(mail, "standing") or _says(mail, "urgent"))
    guard = words.phrases("out-of-office", "guard")
    matter = any(x.has(guard) and not _tells_whom_to_call(x) for x in sentences)
    return mail.questions > invites or matter or _names_our_subject(mail)


def _names_an_hour(mail: Received) -> bool:
    """ "I'm there at 9": an appointment. "Back from 9 on" is none, nor when somebody can be called."""
    for x in statement(mail.new_text).sentences:
        hours = [hour for hour in CLOCK.finditer(x.folded) if not _BOUND.search(x.folded, 0, hour.start())]
        if hours and not x.has(words.phrases("out-of-office", "standing")):
            return True
    return False


def _comes_back(mail: Received) -> bool:
    """The word of coming back is the writer's own, and not "please call back"."""
    return any(
        x.has(words.phrases("out-of-office", "back")) and not x.has(words.phrases("out-of-office", "standing"))
        for x in statement(mail.new_text).sentences
    )


def _goes_on(mail: Received) -> bool:
    """A sentence goes on to something else, and not to whom to call or how bad the line is."""
    keys = ("urgent", "besides")
    goes = [x.folded for x in statement(mail.new_text).sentences if x.has(words.phrases("out-of-office", "but"))]
    return any(not any(words.phrases("out-of-office", key).first(x) for key in keys) for x in goes)


def _names_our_subject(mail: Received) -> bool:
    """A long word of the subject stands in the text, and is no word of an absence ("our offices are closed")."""
    phrases = (m[0] for key in ("away", "standing") for m in words.phrases("out-of-office", key).each(mail.said))
    other = set(_LONG_WORD.findall(" ".join([*phrases, words.fold(mail.sender.name)])))
    topic = set(_LONG_WORD.findall(words.fold(REPLY.sub("", mail.subject)))) - other
    return mail.is_reply and not topic.isdisjoint(_LONG_WORD.findall(mail.said))


def _speaks_of_absence(mail: Received, sure: bool) -> bool:
    """Sentence by sentence: the first one does, and at most one in three does not. Who answers writes about more."""
    sentences = [x for x in statement(mail.new_text).sentences if len(x.folded.split()) > 1]
    known = [_is_about(x.folded, _ABOUT) for x in sentences]
    return (
        bool(known) and (known[0] or sure) and known.count(False) <= len(known) / 3 and _says_no_more(mail, sentences)
    )


def _left_themselves(mail: Received) -> str | None:
    """ "I have left the company", or "I have left" and what the address is of."""
    if own := words.phrases("left-company", "own").first(mail.said):
        return own
    company = domain(mail.sender.address)
    for match in words.phrases("left-company", "own-of").each(mail.said):
        behind = ADDRESS.sub(" ", mail.said[match.end() : match.end() + 80])[:40]  # a colleague's address tells nothing
        if any(w in company for w in re.findall(r"\w{4,}", behind)):
            return " ".join(match[0].split())
    return None


def _own_names(mail: Received) -> set[str]:
    """The words of the sender's name and address; a shared address names nobody."""
    address = "" if is_shared(mail.sender.address) else local_part(mail.sender.address)
    return set(re.findall(r"[^\W\d_]{3,}", words.fold(f"{mail.sender.name} {address}"))) - _TITLES


def _is_about(folded: str, keys: tuple[str, ...]) -> bool:
    return any(words.phrases("out-of-office", key).first(folded) for key in keys)


def _says_no_more(mail: Received, sentences: list[Sentence]) -> bool:
    """Clause by clause: "I'm back on Monday, the price is too high" is an answer. Who helps is told at any length."""
    helped = any("@@" in x.folded or _tells_whom_to_call(x) for x in sentences)
    absent = [x for x in sentences if _is_about(x.folded, ("away", "back", "habit"))]
    others = [] if helped else [x for x in sentences if not _is_about(x.folded, _ABOUT)]
    return all(_besides(clause, mail) <= _FEW for x in (*absent, *others) for clause in _clauses(x))


def _clauses(sentence: Sentence) -> Iterator[Sentence]:
    begin = 0
    for pause in (*_CLAUSE.finditer(sentence.folded), None):
        part = slice(begin, pause.start() if pause else None)
        yield Sentence(sentence.text[part], sentence.folded[part])
        begin = pause.end() if pause else 0


def _besides(clause: Sentence, mail: Received) -> int:
    """How many longer words of a clause, names aside, belong to no time and to no absence."""
    if _is_about(clause.folded, _ABOUT[:-1]):
        return 0
    covered = [time.span for time in (dates.every(clause.text, None, mail.day) if mail.day else ())]
    covered += [word.span() for word in words.phrases("out-of-office", "topic-words").each(clause.folded)]
    left = (word.start() for word in _WORD.finditer(clause.folded))
    return sum(clause.text[at].islower() and not any(a <= at < b for a, b in covered) for at in left)


def _tells_whom_to_call(sentence: Sentence) -> bool:
    """ "In urgent cases call the office: 020 7946 0100"."""
    return _is_about(sentence.folded, ("urgent",)) and bool(_NUMBER.search(sentence.folded) or "@@" in sentence.folded)
