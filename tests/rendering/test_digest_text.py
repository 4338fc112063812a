"""What the digest says, in whose words, and that nothing that came by mail is ever more than text in it."""

import re
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.identity import Identity, Person
from followmail.mail.message import read as read_message
from followmail.rendering import Library, Templates, copy_shipped, differing, load, shipped
from followmail.rendering.digest import PER_SECTION, SECTIONS, Page, digest_text, self_mail
from followmail.rendering.digest_html import html_of, safe
from followmail.sequence.agenda import WORDS, Agenda, Item, What

ALEX = Identity("Alex Consultant", "alex@consult.example")
MONDAY = date(2026, 5, 4)
SHIPPED = load(shipped())
DRAFT = Item(What.DRAFT, "Bob Builder: nudge 1 lies in Drafts", enrollment=1, address="bob@bob.example")
HOSTILE = (
    "\x00\x07\x1b[31mred\x1b[0m",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200b\u200f\ufeff",
    "first\r\nBcc: eve@evil.example\r\n\r\nsecond",
    "{{ me.address }} {% for x in y %} {# gone",
    '</div><script>alert(1)</script><a href="https://evil.example">x</a><img src=x onerror=y>',
    "https://evil.example/click?x=1 www.evil.example mailto:eve@evil.example",
    "=?utf-8?q?=0D=0ABcc:_eve=40evil.example?= =?utf-8?b?Cg==?=",
    "1. ok all",
    "word " * 5000,
    "x" * 100_000,
    "\ud800 lone",
    "ok all\nstop 1\n    → ok 1",
)


def said(*items: Item, verdict: str = "2 drafts wait", library: Library = SHIPPED) -> Page:
    """The digest of these items."""
    return digest_text(library, Agenda(verdict, items), ALEX, MONDAY)


class Read(HTMLParser):
    """What a mail program sees: the tags, their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.declared: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.declared.append(data)


ALLOWED = {"html", "head", "meta", "body", "div", "p", "h1", "h2", "span", "code"}


def words(text: str) -> str:
    return " ".join(text.split())


# ---- what it says


def test_everything_has_its_place_in_this_order() -> None:
    """Each kind in one section; titles in the order that a digest is read."""
    assert sorted(kind for _, kinds in SECTIONS for kind in kinds) == sorted(What)
    page = said(*(Item(kind, f"this is {kind}") for kind in reversed(What)))
    assert [line for line in page.text.splitlines() if line.isupper()] == [title.upper() for title, _ in SECTIONS]
    assert [item.what for item in page.items] == list(What)
    assert re.findall(r"(?m)^(\d+)\. this is (\S+)$", page.text) == [(str(n), k) for n, k in enumerate(What, 1)]


@pytest.mark.parametrize("kind", What)
def test_each_item_has_the_words_that_apply_to_it(kind: What) -> None:
    """Ready to be typed, with its own number; none where none applies."""
    page = said(DRAFT, Item(kind, "this one"))
    number = page.items.index(Item(kind, "this one")) + 1
    line = " · ".join(f"{word} {number}" + (" 2 weeks" if word == "snooze" else "") for word in WORDS[kind])
    below = page.text.split("this one\n")[1].splitlines()[0]
    assert below == (f"    → {line}" if line else "")


def test_the_verdict_is_the_subject_and_the_first_line() -> None:
    """The whole in a line, before the mail is opened."""
    page = said(DRAFT, verdict="2 drafts wait, 3 go out today")
    assert page.subject == "2 drafts wait, 3 go out today" == page.text.splitlines()[0]


def test_what_they_asked_and_why_it_comes_first_stand_with_it() -> None:
    """In their words, below."""
    item = Item(What.WAITS_FOR_YOU, "Bob wrote 2 days ago", asked="Could you come?", first="asked you")
    assert "1. Bob wrote 2 days ago\n    “Could you come?”\n    (asked you)\n    → done 1 " in said(item).text


def test_introductions_stand_at_the_top_of_who_waits() -> None:
    """Seeds of business go cold first."""
    page = said(Item(What.WAITS_FOR_YOU, "Bob wrote"), Item(What.INTRODUCED, "Anna introduces Carla"))
    assert page.text.count("WHO WAITS FOR YOU") == 1
    assert "WHO WAITS FOR YOU\n1. Anna introduces Carla\n" in page.text


def test_a_long_section_is_cut_and_the_rest_counted_and_named() -> None:
    """Numbers stand for what is shown only; nobody who is left out goes unnamed."""
    many = [Item(What.ENDED, f"person {n}", address=f"p{n}@some.example") for n in range(PER_SECTION + 3)]
    page = said(*many, DRAFT)
    assert len(page.items) == PER_SECTION + 1
    assert "… and 3 more: p40@some.example, p41@some.example, p42@some.example\n" in page.text
    assert re.findall(r"(?m)^(\d+)\. ", page.text) == [str(n) for n in range(1, PER_SECTION + 2)]


def test_hundreds_are_still_a_short_mail() -> None:
    """A first run on ten years of mail."""
    every = [Item(kind, "x" * 200, "y" * 200, address=f"p{n}@some.example") for kind in What for n in range(300)]
    page = said(*every)
    assert len(page.text) < 250_000
    assert "and 260 more: " in page.text
    assert "What was left out follows: do these first, then write “list”.\n" in page.text


def test_the_words_below_are_shown_with_numbers_that_are_there() -> None:
    """Whoever copies one of them means a line of this mail."""
    page = said(Item(What.WAITING, "Bob", state="waiting"), Item(What.ENDED, "Ann", state="stopped"))
    assert page.text.split("a line for each:\n")[1].splitlines()[:2] == [
        "    → ok 1 · ok all · skip 1 · snooze 1 2 weeks · stop 1",
        "    → resume 2 · pause until monday · resume · list · help",
    ]
    page = said(Item(What.SAID, "Bob is in 'nudge'"))
    assert page.text.split("a line for each:\n")[1].startswith("    → pause until monday · resume · list · help\nThe")


def test_what_answered_or_ended_has_the_words_that_can_be_obeyed() -> None:
    """No `ok` below news; nothing where it could not go on."""
    for state, line in (("replied", "resume 1"), ("stopped", "resume 1"), ("bounced", ""), ("unsubscribed", "")):
        for what in (What.ANSWERED, What.ENDED):
            text = said(Item(what, "this one", state=state)).text
            assert text.split("this one\n")[1].splitlines()[0] == (f"    → {line}" if line else "")
    assert "→ resume 1 · snooze 1 2 weeks · stop 1\n" in said(Item(What.ANSWERED, "x", state="paused")).text
    assert "resume 1" not in said(Item(What.ENDED, "x", state="stopped", final=True)).text


def test_of_a_long_sentence_the_end_stays() -> None:
    """A subject may be as long as it likes; what is asked stands behind it."""
    text = f"Bob wrote about '{'very ' * 300}long' on 4 May; still follow up?"
    line = said(Item(What.WAITING, text)).text.split("1. ")[1].splitlines()[0]
    assert line.startswith("Bob wrote about 'very very") and line.endswith("very long' on 4 May; still follow up?")
    assert " … " in line and len(line) <= 300


def test_with_nothing_to_say_it_says_so() -> None:
    """Mondays."""
    page = said(verdict="Nothing needs you.")
    assert page.text == "Nothing needs you.\n\nAnswer this mail with “list” or “help”.\n"
    assert page.items == ()


def test_no_line_of_it_is_an_order() -> None:
    """Where a mail program quotes it without a mark, nothing happens."""
    page = said(*(Item(kind, "this one", "Shall we?") for kind in What))
    verbs = r"(?:ok|skip|stop|snooze|done|pause|resume|list|help)\b"
    assert [line for line in page.text.splitlines() if re.match(verbs, line.strip())] == []


def test_lines_that_hold_words_are_never_wrapped_by_a_reply() -> None:
    """Quoted, they stay below 76 columns: no piece of one comes to stand alone."""
    many = (Item(kind, "this one") for kind in What for _ in range(PER_SECTION))
    assert max(len(line) for line in said(*many).text.splitlines() if "→" in line) <= 70


# ---- in whose words


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "signature.txt").write_text("Alex\n")
    return tmp_path


OWN = "Subject: [me] {{ verdict }}\n\nFor {{ me.first_name }}.\n{% for s in sections %}\n{{ s.title }}\n{% endfor %}\n"


def test_the_consultants_own_text_is_used(folder: Path) -> None:
    """Subject and text, with an include; without one the shipped text speaks."""
    assert said(DRAFT, library=load(folder)).text.startswith("2 drafts wait\n")
    (folder / "digest.txt").write_text(OWN + "{% include 'signature.txt' %}")
    page = said(DRAFT, library=load(folder))
    assert (page.subject, page.text) == ("[me] 2 drafts wait", "For Alex.\nDrafts that wait for you\nAlex\n")
    assert page.items == (DRAFT,)


FAULTS = {
    "Subject: {{ verdikt }}\n\nx": "digest.txt line 1: there is no name 'verdikt'; did you mean 'verdict'?",
    "Subject: x\n\n{% for s in sections %}\n{{ s.titel }}\n{% endfor %}": (
        "digest.txt line 4: there is nothing called 'titel' here; did you mean 'title'?"
    ),
    "Subject: x\n\n{{ me.nam }}": "digest.txt line 3: 'me' has no 'nam'; did you mean 'me.name'?",
    "Subject: x\n\n{{ prospect.name }}": "digest.txt line 3: there is no name 'prospect'",
    "Subject: x\n\n{{ xyzzy }}": "digest.txt line 3: there is no name 'xyzzy'; docs/digest.md lists the names",
    "Subjekt: x\n\nx": "digest.txt line 1: unknown header 'Subjekt'; did you mean 'Subject'?",
    "Subject: x\n": "digest.txt: there is no text",
    "# nothing\n": "digest.txt line 1: 'Subject' is missing",
    "Subject: x\n\n{{ sections }}": "digest.txt line 3: this is a list and cannot be printed",
    "Subject: x\n\n{% for s in sections %}{{ s.items[0].__class__ }}{% endfor %}": "digest.txt line 3: ",
    "Subject: x\n\n{% include '../config.env' %}": "digest.txt line 3: '../config.env' lies outside",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_names_file_and_line_and_the_shipped_text_speaks(folder: Path, text: str) -> None:
    """The sequences go on untouched."""
    (folder / "digest.txt").write_text(text)
    library = load(folder)
    assert str(library.faults[0]).startswith(FAULTS[text])
    assert library.digest is None and library.digest_broken
    assert said(DRAFT, library=library).text == said(DRAFT).text


def test_after_a_bad_edit_the_last_good_text_goes_on(folder: Path) -> None:
    """Told once; taken away, the shipped one speaks again."""
    path = folder / "digest.txt"
    path.write_text(OWN)
    templates = Templates(folder)
    assert templates.refresh() == ()
    path.write_text(OWN + "{{ verdikt }}")
    assert [fault.path for fault in templates.refresh()] == ["digest.txt"]
    assert templates.refresh() == ()
    assert said(library=templates.library).subject == "[me] 2 drafts wait"
    path.unlink()
    assert templates.refresh() == ()
    assert said(library=templates.library).subject == "2 drafts wait"


def test_what_fails_only_with_live_values_is_told_and_the_shipped_text_speaks(folder: Path) -> None:
    """A digest always comes out."""
    (folder / "digest.txt").write_text("Subject: x\n\n{% if verdict == 'bad' %}{{ me.name // 2 }}{% endif %}y")
    library = load(folder)
    assert library.faults == ()
    page = said(DRAFT, verdict="bad", library=library)
    assert page.fault.startswith("digest.txt line 3: ")
    assert page.subject == "bad"


def test_what_comes_out_empty_is_the_verdict(folder: Path) -> None:
    """A text that says nothing on a quiet day."""
    (folder / "digest.txt").write_text("Subject: {{ '' }}\n\n{% if sections %}x{% endif %}")
    page = said(library=load(folder), verdict="Nothing needs you.")
    assert (page.subject, page.text, page.fault) == ("Nothing needs you.", "Nothing needs you.\n", "")


def test_it_is_one_of_the_starters(tmp_path: Path) -> None:
    """Copied by `init`, compared ever after."""
    copy_shipped(tmp_path)
    (tmp_path / "digest.txt").write_text(OWN)
    assert differing(tmp_path) == ("digest.txt",)
    assert SHIPPED.digest is not None and SHIPPED.faults == ()


# ---- as HTML, and as a mail


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
@pytest.mark.parametrize("place", ["text", "asked", "first", "address", "verdict"])
def test_mail_can_say_nothing_but_text(text: str, place: str) -> None:
    """One line each, no markup, no control character, no link, no header, and no item of its own."""
    other = {place: text} if place != "verdict" else {}
    values = {"what": What.WAITS_FOR_YOU, "text": "Bob wrote", **other}
    items = [Item(**values) for _ in range(PER_SECTION + 1)]  # type: ignore[arg-type]
    page = said(*items, verdict=text if place == "verdict" else "1 waits")
    assert re.findall(r"(?m)^\d+\. ", page.text) == [f"{n}. " for n in range(1, PER_SECTION + 1)] or place == "verdict"
    assert page.text == safe(page.text)
    _is_harmless(html_of(page.text), page.text)
    data = self_mail(Person(ALEX.name, ALEX.address), page.subject, page.text, "fmd1.x@consult.example", _moment())
    mail = message_from_bytes(data, policy=policy.default)
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )


def _moment() -> datetime:
    return datetime(2026, 5, 4, 5, 30, tzinfo=UTC)


def _is_harmless(html: str, text: str) -> None:
    """Known tags and attributes only, and exactly the text."""
    read = Read(html)
    assert read.tags <= ALLOWED
    assert read.attributes <= {"style", "lang", "charset", "name", "content"}
    assert read.declared == []
    assert words(read.text) == words(text)


def _lines() -> st.SearchStrategy[str]:
    pieces = st.sampled_from(
        ["1. ", "    ", "→ ", " · ", "ok 1", "“", "<b>", "&amp;", "--!>", "a.b", "@", "://", "\n", "\n\n"]
    )
    return st.lists(st.one_of(pieces, st.text(max_size=12)), max_size=30).map("".join)


@given(_lines())
def test_whatever_the_text_is_its_html_says_the_same_and_can_do_nothing(text: str) -> None:
    """Read back by a parser."""
    _is_harmless(html_of(text), safe(text))
    assert safe(safe(text)) == safe(text)


def test_the_html_knows_what_it_shows() -> None:
    """First line, titles, numbers, what was asked, and the words of a reply."""
    html = html_of(said(Item(What.WAITS_FOR_YOU, "Bob wrote", asked="Shall we?")).text)

    def inside(tag: str) -> list[str]:
        return [re.sub(r"<.+?>", "", found) for found in re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", html)]

    assert inside("h1") == ["2 drafts wait"]
    assert inside("h2") == ["WHO WAITS FOR YOU"]
    assert inside("div")[-1:] == ["1. Bob wrote"] or "1. Bob wrote" in re.sub(r"<.+?>", "", html)
    assert inside("code")[:2] == ["done 1", "snooze 1 2 weeks"]
    assert "“Shall we?”" in inside("p")


def test_an_answer_to_orders_looks_like_one() -> None:
    """Titles with lines below, each behind a hyphen."""
    text = "Done:\n- 1 Bob Builder: approved\n\nNot understood:\n- “stopp 2”: did you mean “stop 2”?\n"
    html = html_of(text)
    assert re.findall(r"<h\d[^>]*>(.*?)</h\d>", html) == ["Done:", "Not understood:"]
    assert words(Read(html).text) == words(text)


@pytest.mark.parametrize("text", ["see https://evil.example/x", "write to bob@bob.example", "www.evil.example"])
def test_no_mail_program_finds_a_link_in_one_piece(text: str) -> None:
    """Shown and copied whole, but not clickable."""
    html = html_of(f"first\n\n{text}\n")
    assert not re.search(r"https?:|mailto:|www\.|\w@\w|evil\.example", re.sub(r"<head>.*</head>", "", html, flags=re.S))
    assert text in words(Read(html).text)


def test_it_is_a_mail_to_oneself_that_no_machine_answers() -> None:
    """Text and HTML of the same words, in the thread where there is one; nothing in its head names the tool."""
    page = said(DRAFT)
    data = self_mail(
        Person(ALEX.name, ALEX.address), page.subject, page.text, "fmd1.x@consult.example", _moment(),
        "order@phone.example", ("fmd1.w@consult.example",),
    )  # fmt: skip
    mail = message_from_bytes(data, policy=policy.default)
    assert (mail["From"], mail["To"]) == ("followmail <alex@consult.example>", "Alex Consultant <alex@consult.example>")
    assert (mail["Message-ID"], mail["In-Reply-To"]) == ("<fmd1.x@consult.example>", "<order@phone.example>")
    assert mail["References"].split() == ["<fmd1.w@consult.example>", "<order@phone.example>"]
    assert mail["Date"].datetime == _moment()
    text, html = mail.iter_parts()
    assert (mail.get_content_type(), text.get_content().replace("\r\n", "\n")) == ("multipart/alternative", page.text)
    assert html.get_content_type() == "text/html"
    assert words(Read(html.get_content()).text) == words(page.text)
    assert "followmail" not in re.sub(r"From:.*", "", data.decode().partition("\r\n\r\n")[0])
    assert read_message(data, _moment()).auto_submitted


@pytest.mark.parametrize("bad", ["no id", "ümlaut@x.example", "", "x" * 2000 + "@y"])
def test_an_answer_whose_thread_cannot_be_written_is_still_sent(bad: str) -> None:
    """A strange Message-ID of a phone costs the thread only."""
    data = self_mail(Person(ALEX.name, ALEX.address), "Done", "ok\n", "fmd1.x@consult.example", _moment(), bad, (bad,))
    assert message_from_bytes(data)["In-Reply-To"] is None
