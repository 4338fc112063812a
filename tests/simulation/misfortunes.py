"""What befalls the machine and the mailbox in a life, one function each; `truth` learns what nobody can know any more."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tests.simulation.letters import people_of, step_of, subject_of
from tests.simulation.script import Action

if TYPE_CHECKING:
    from tests.simulation.life import Life


@dataclass
class Backup:
    """A database as it was: its files, to whom a yes was said by then, and when the last complete look was."""

    files: dict[str, bytes]
    yes: set[int]
    made: datetime
    looked: datetime | None


def restarts(life: "Life", action: Action) -> None:
    life.first.close()
    life.second.close()


def backs_up(life: "Life", action: Action) -> None:
    yes = {id(thread) for thread in life.truth.threads.values() if thread.yes}
    life.first.back_up()
    life.backup = Backup(life.first.backup(), yes, life.now, life.looked)


def restores(life: "Life", action: Action) -> None:
    """Last week's database comes back: by the command, or put into its place by hand."""
    backup = life.backup
    if backup is None:
        return
    by_command = action.how == "command" and life.first.restore_backup(life.now)
    if not by_command:
        life.first.restore(backup.files)
    life.looked = None if by_command else backup.looked
    life.sure = None if by_command else min(filter(None, (life.sure, backup.made)), default=None)
    _only_sent_remembers(life)
    anew = by_command or any(mail.at >= backup.made for mail in life.truth.sent)  # Sent holds what it does not know
    for thread in life.truth.threads.values():
        thread.forget()
        thread.yes = not anew and (id(thread) in backup.yes or thread.marked)


def loses_database(life: "Life", action: Action) -> None:
    life.first.restore({})
    _only_sent_remembers(life)
    for thread in life.truth.threads.values():
        thread.forget()
        thread.after_first_run_of.clear()
    life.looked = life.sure = None


def _only_sent_remembers(life: "Life") -> None:
    """What left and has no copy in Sent cannot be known any more: it waits like the rest."""
    truth = life.truth
    sent = [m.raw for m in life.mailbox.boxes["Sent"].messages]
    stands = {(who, subject_of(raw), step_of(raw)) for raw in sent for who in people_of(raw)}
    for thread in truth.threads.values():
        for step in list(thread.steps):
            if (thread.address, thread.subject, step) not in stands:
                del thread.steps[step]
    truth.sent = [m for m in truth.sent if any((a, m.subject, m.step) in stands for a in m.recipients)]
    truth.drafts.clear()
    truth.paused_until = None
    life.digests.forget()


def rebuilds(life: "Life", action: Action) -> None:
    life.mailbox.rebuild(action.how)


def migrates(life: "Life", action: Action) -> None:
    """To another server, which dates everything as it came there."""
    for folder in list(life.mailbox.boxes):
        life.mailbox.rebuild(folder, life.now)


def renames_folder(life: "Life", action: Action) -> None:
    life.mailbox.boxes[f"Archive {life.number}"] = life.mailbox.boxes.pop("Archive")
    life.mailbox.box("Archive")
