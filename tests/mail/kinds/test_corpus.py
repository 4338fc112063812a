"""Every mail of the corpus is read as its folder and its `X-Expect-…` lines say: see tests/corpus/README.md."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from followmail.mail import language
from followmail.mail.kinds import Kind, classify
from tests.corpus import LANGUAGES, MAILS, opened

BOUNCES = tuple(kind for kind in Kind if kind.bounce)


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("path", MAILS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_is_read_as_expected(path: Path) -> None:
    """The kind, and what else it says: days, people, failed addresses, the words its author typed."""
    raw, expected = opened(path)
    verdict = classify(raw)
    assert verdict.kind == path.parent.name, verdict.evidence
    assert verdict.evidence or verdict.kind is Kind.REPLY
    new = flat(verdict.new_text)
    for name, value in expected.items():
        match name:
            case "Until":
                assert str(verdict.until).lower() == value
            case "Return-Date":
                found = verdict.return_date
                assert (found is None) == (value == "none"), found
                assert found is None or abs((found - date.fromisoformat(value)).days) <= 1, found
            case "Failed":
                assert set(verdict.failed_recipients) == set(value.split())
            case "Final":
                assert verdict.final == (value == "yes")
            case "Original-Id":
                assert value in verdict.original_ids
            case "Contact":
                assert verdict.contact == value
            case "First-Name":
                assert verdict.first_name == value
            case "Calendar":
                assert verdict.calendar == value
            case "Promised":
                assert verdict.promised == (value == "yes")
            case "Acknowledgement":
                assert verdict.acknowledgement == (value == "yes")
            case "Language":
                assert verdict.language in ((value,) if language.words(verdict.new_text) >= 20 else (value, None))
            case "First-Words":
                assert new.startswith(flat(value))
            case "Last-Words":
                assert flat(value) in new
            case "Quoted":
                assert flat(value) not in new
            case _:
                pytest.fail(f"X-Expect-{name} is not known")


def test_there_are_enough_of_each_kind_and_language() -> None:
    """Eighteen a kind; five in each language where the kind has one. Servers mostly write English: only kinds count."""
    kinds = Counter(path.parent.name for path in MAILS)
    assert set(kinds) == set(Kind)
    assert all(count >= 18 for count in kinds.values()), kinds
    spoken = Counter((path.parent.name, opened(path)[1].get("Language")) for path in MAILS)
    for kind in set(Kind) - set(BOUNCES):
        assert all(spoken[kind, lang] >= 5 for lang in LANGUAGES), kind


def test_they_come_in_many_shapes() -> None:
    """Encodings, charsets and programs as mail really has them; no two bodies are the same."""
    mails = {path: opened(path)[0] for path in MAILS}
    everything = b"\n".join(mails.values()).lower()
    for mark in (
        *(b"iso-8859-1", b"iso-8859-15", b"windows-1252", b"utf-8", b"base64", b"quoted-printable", b"8bit"),
        *(b"mozilla thunderbird", b"apple mail", b"iphone mail", b"protection.outlook.com", b"google.com", b"samsung"),
        *(b"auto-replied", b"x-autoreply", b"x-apple-action", b"x-ms-exchange-inbox-rules-loop", b"return-path: <>"),
    ):
        assert mark in everything, mark
    assert len({re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[1] for raw in mails.values()}) == len(mails)


@pytest.mark.parametrize("path", MAILS[::5], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_mail_is_the_same_whether_it_is_known_who_wrote_it(path: Path) -> None:
    """Of one that came in it is not told what it asks; one of the consultant's own is an invitation, or no answer."""
    raw, _ = opened(path)
    whole, came, sent = classify(raw), classify(raw, sent=False), classify(raw, sent=True)
    assert came == replace(whole, asks=False)
    assert (sent.new_text, sent.language, sent.asks) == (whole.new_text, whole.language, whole.asks)
    assert (sent.kind is Kind.CALENDAR) == (whole.kind is Kind.CALENDAR)
    assert not sent.kind.human or sent.kind in (Kind.REPLY, Kind.UNSUBSCRIBE)
