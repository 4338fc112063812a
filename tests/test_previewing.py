"""`preview`: a sequence as its recipient would see it over time."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from followmail import previewing
from followmail.errors import UserError
from followmail.rendering.preview_html import page_of
from tests.world import BERLIN, BOB, World, days


def shown(world: World, what: str = "nudge", to: str | None = "bob@bob.example") -> dict[str, Any]:
    return previewing.preview(world.office, what, to, world.now)


def moments(told: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(mail["at"]) for mail in told["mails"]]


def test_each_mail_stands_at_its_time_in_the_real_calendar(world: World) -> None:
    """Business days, holidays and the window, counted from the consultant's own mail."""
    world.reopen(FOLLOWMAIL_HOLIDAYS="2026-05-14, 2026-05-25")
    world.writes(BOB, "Backups")
    world.round()
    told = shown(world)
    assert told["opening"] == {"at": "2026-05-04T09:59:00+02:00", "subject": "Backups"}
    first, second, third = moments(told)
    assert first == datetime(2026, 5, 8, 9, 59, tzinfo=BERLIN)  # 4 business days after Monday
    assert second == datetime(2026, 5, 21, 9, 59, tzinfo=BERLIN)  # 8, Ascension Day left out
    assert third == datetime(2026, 8, 19, 9, 59, tzinfo=BERLIN)  # 90 days
    assert [mail["left"] for mail in told["mails"]] == [False] * 3


def test_a_text_speaks_of_the_day_on_which_it_will_leave(world: World, tmp_path: Path) -> None:
    """Not of today: `days ago` grows from mail to mail."""
    folder = tmp_path / "templates" / "nudge"
    folder.mkdir(parents=True)
    (folder / "sequence.txt").write_text("Trigger: sent\n")
    for number, delay in ((1, 4), (2, 5)):
        text = f"After: {delay} days\n\n{{{{ greeting }}}}\n\n{{{{ anchor.days_ago }}}} days ago, now {{{{ today | date }}}}.\n"
        (folder / f"{number}-step{number}.txt").write_text(text)
    world.reopen(FOLLOWMAIL_TEMPLATES=str(folder.parent), FOLLOWMAIL_WINDOW="Mon-Sun 00:00-24:00")
    world.writes(BOB, "Backups")
    world.round()
    first, second = shown(world)["mails"]
    assert "4 days ago, now 8 May." in first["text"]
    assert "9 days ago, now 13 May." in second["text"]


def test_what_has_left_stands_at_the_day_on_which_it_left(world: World) -> None:
    """And the rest counts from there."""
    world.writes(BOB, "Backups")
    world.round()
    world.run_days(4)
    world.sends_draft()
    world.round()
    told = shown(world)
    assert [mail["left"] for mail in told["mails"]] == [True, False, False]
    assert moments(told)[0].date().isoformat() == "2026-05-08"
    assert moments(told)[1].date().isoformat() == "2026-05-20"


def test_without_a_person_a_sample_one_is_written_to_now(world: World) -> None:
    """With the mail that it answers below it, as a recipient sees it."""
    told = shown(world, to=None)
    assert told["to"] == "Robin Sample <robin@sample.example>"
    assert moments(told)[0] == datetime(2026, 5, 8, 10, tzinfo=BERLIN)
    assert "On 4 May 2026, Alex Consultant wrote:\n> Hello Robin," in told["mails"][0]["text"]
    assert told["mails"][2]["subject"] == "Proposal: still of interest?"
    assert "wrote:" not in told["mails"][2]["text"]


def test_one_step_alone_keeps_its_time(world: World) -> None:
    """The steps before it are thought of."""
    assert moments(shown(world, "nudge/2", to=None)) == moments(shown(world, to=None))[1:2]


def test_who_was_never_written_to_has_no_thread(world: World) -> None:
    """It is said, not made up."""
    with pytest.raises(UserError, match=r"no mail of yours to ann@ann\.example"):
        shown(world, to="ann@ann.example")


def test_the_page_shows_every_mail_and_runs_nothing(world: World) -> None:
    """What strangers wrote is text on it."""
    world.writes('"<img src=x onerror=alert(1)>" <bob@bob.example>', "<script>alert(2)</script>", ago=days(1))
    world.round()
    told = shown(world)
    page = page_of(told)
    assert "<script" not in page and "<img" not in page
    assert "&lt;script&gt;alert(2)" in page
    assert page.count('<div class="mail">') == 3
    assert all(f"Step {n} leaves" in page for n in (1, 2, 3))
    assert "http:" not in page and "https:" not in page


def test_a_proof_that_cannot_be_read_proves_nothing(world: World) -> None:
    """What was kept of it by another version is looked through anew."""
    for kept in ("[1]", '{"marks": 1}', "no json", "{}"):
        world.office.store.facts.set_text("templates_proof", kept)
        world.reopen()
        assert shown(world, to=None)["mails"]


def test_whom_you_met_gets_a_thread_of_its_own(world: World) -> None:
    """No mail comes before the first; the second answers it, and quotes nothing that was never sent."""
    for what in ("nice-to-meet-you", "nice-to-meet-you/2"):
        told = shown(world, what, to=None)
        assert told["opening"] is None
        second = told["mails"][-1]
        assert second["subject"] == "Re: IT fair: good to meet you"
        assert "here is the proposal" not in second["text"]
    assert shown(world, "nice-to-meet-you", to=None)["mails"][0]["after"].endswith("after the day you met")
