"""Templates edited while the daemon runs."""

import shutil
from pathlib import Path

import pytest

from followmail.rendering import Templates, copy_shipped, differing, shipped
from followmail.rendering.names import sample
from followmail.rendering.render import render, signature

TEXT = "After: 4 days\nSubject: Hello\n\n{body}\n\n{{{{ signature }}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sequences and a signature."""
    for name in ("nudge", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1-a.txt").write_text(TEXT.format(body="first"))
    (tmp_path / "signature.txt").write_text("Alex")
    return tmp_path


def body(templates: Templates, name: str = "nudge") -> str:
    """What a sequence says now."""
    sequence = templates.library.sequences[name]
    step = sequence.steps[0]
    return render(templates.library, sequence, step, step.texts[0], sample()).body


def test_an_edit_is_taken_up_at_the_next_look(folder: Path) -> None:
    """No restart."""
    templates = Templates(folder)
    assert templates.refresh() == ()
    (folder / "nudge" / "1-a.txt").write_text(TEXT.format(body="second"))
    assert body(templates) == "first\n\nAlex\n"
    assert templates.refresh() == ()
    assert body(templates) == "second\n\nAlex\n"


def test_story_37_a_wrong_edit_is_told_once_and_the_last_good_version_goes_on(folder: Path) -> None:
    """One clear line; the mended file is taken up, and the same fault later is told again."""
    templates = Templates(folder)
    templates.refresh()
    step = folder / "nudge" / "1-a.txt"
    step.write_text(TEXT.format(body="{{ prospect.frist_name }}"))
    told = [str(fault) for fault in templates.refresh()]
    assert told == ["nudge/1-a.txt line 4: 'prospect' has no 'frist_name'; did you mean 'prospect.first_name'?"]
    assert body(templates) == "first\n\nAlex\n"
    (folder / "other" / "1-a.txt").write_text(TEXT.format(body="changed"))
    assert templates.refresh() == ()
    assert (body(templates), body(templates, "other")) == ("first\n\nAlex\n", "changed\n\nAlex\n")
    step.write_text(TEXT.format(body="second"))
    assert templates.refresh() == ()
    assert body(templates) == "second\n\nAlex\n"
    step.write_text(TEXT.format(body="{{ prospect.frist_name }}"))
    assert len(templates.refresh()) == 1


def test_the_last_good_version_keeps_its_signature_and_includes(folder: Path) -> None:
    """A half-written signature touches nobody."""
    templates = Templates(folder)
    templates.refresh()
    (folder / "signature.txt").write_text("{{ me.na")
    assert [fault.path for fault in templates.refresh()] == ["signature.txt"]
    assert (body(templates), body(templates, "other")) == ("first\n\nAlex\n", "first\n\nAlex\n")
    (folder / "signature.txt").write_text("Alexandra")
    assert templates.refresh() == ()
    assert body(templates) == "first\n\nAlexandra\n"
    assert signature(templates.library, templates.library.sequences["nudge"], sample()) == "Alexandra"


def test_every_cut_of_a_file_leaves_a_sequence_that_is_whole(folder: Path) -> None:
    """A file caught half-written: either it does not load, or it says what stands there."""
    whole = TEXT.format(body="{% if met.where %}here{% else %}there{% endif %}")
    templates = Templates(folder)
    templates.refresh()
    for length in range(0, len(whole), 3):
        (folder / "nudge" / "1-a.txt").write_text(whole[:length])
        faults = templates.refresh()
        assert body(templates).strip()
        assert not faults or faults[0].path == "nudge/1-a.txt"


def test_a_removed_sequence_is_gone_and_a_lost_folder_is_not(folder: Path) -> None:
    """Removing is a decision; a folder that is away is an accident."""
    templates = Templates(folder)
    templates.refresh()
    shutil.rmtree(folder / "other")
    assert templates.refresh() == ()
    assert list(templates.library.sequences) == ["nudge"]
    away = folder.rename(folder.with_name("away"))
    assert "cannot be read" in str(templates.refresh()[0])
    assert templates.refresh() == ()
    assert list(templates.library.sequences) == ["nudge"]
    away.rename(folder)
    assert templates.refresh() == ()
    assert list(templates.library.sequences) == ["nudge"]


def test_a_sequence_that_never_loaded_is_not_there(folder: Path) -> None:
    """There is no last good version at a start."""
    (folder / "nudge" / "1-a.txt").write_text("Afer: 4 days\n\nx")
    templates = Templates(folder)
    assert len(templates.refresh()) == 1
    assert list(templates.library.sequences) == ["other"]


def test_a_look_without_a_change_loads_nothing() -> None:
    """The library is the same one."""
    templates = Templates(shipped())
    templates.refresh()
    library = templates.library
    for _ in range(10):
        assert templates.refresh() == ()
    assert templates.library is library


def test_shipped_files_are_copied_once_and_never_overwritten(tmp_path: Path) -> None:
    """`differing` names what was edited or removed since."""
    assert len(copy_shipped(tmp_path / "t")) == len(differing(tmp_path)) > 50
    assert differing(tmp_path / "t") == ()
    (tmp_path / "t" / "signature.txt").write_text("mine")
    (tmp_path / "t" / "nudge" / "sequence.txt").unlink()
    assert differing(tmp_path / "t") == ("nudge/sequence.txt", "signature.txt")
    assert [path.name for path in copy_shipped(tmp_path / "t")] == ["sequence.txt"]
    assert (tmp_path / "t" / "signature.txt").read_text() == "mine"


def _never(text: str) -> str | None:
    raise AssertionError("looked through once more")


def test_what_was_proven_and_has_not_changed_is_not_looked_through_again(folder: Path) -> None:
    """The same library comes of it, to the last text."""
    first = Templates(folder)
    first.refresh()
    again = Templates(folder, _never, first.library.proof)
    assert again.refresh() == ()
    assert again.library == first.library


def test_any_change_is_looked_through_whatever_was_proven(folder: Path) -> None:
    """Also one that leaves size and time as they were, and a file that is only included."""
    first = Templates(folder)
    first.refresh()
    text = folder / "signature.txt"
    text.write_text("{{ me.nome }}\n")
    again = Templates(folder, None, first.library.proof)
    assert any("me.nome" in str(fault) or "'nome'" in str(fault) for fault in again.refresh())
    assert again.library.proof is None
    text.write_text("{{ me.name }}\n")
    with pytest.raises(AssertionError, match="once more"):
        Templates(folder, _never, first.library.proof).refresh()
