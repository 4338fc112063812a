"""The questions, in their order: as few as can be, and what can be known is offered as what Enter takes.

Nothing is written before the last answer; then the whole file at once.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from followmail import survey
from followmail.discovery.network import Network
from followmail.errors import FollowmailError, SettingsError
from followmail.imap.folders import Folder, Role, having
from followmail.imap.session import Session
from followmail.mail.identity import Identity, without_tag
from followmail.options import OPTIONS
from followmail.rendering import copy_shipped
from followmail.rounds import Report, go_round
from followmail.sequence.steps import Mode
from followmail.settings import load, system_zone
from followmail.setup import config, guessing
from followmail.setup.answers import Answers
from followmail.setup.entering import Entry, ask_address
from followmail.setup.terminal import Terminal, choice, valid, yes

_SHOWN = 10  # people that a preview names


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be made beside the file."""

    templates: bool
    folders: bool


@dataclass(slots=True)
class Interview:
    """One set-up. `written` and `entry` tell how far it came."""

    t: Terminal
    network: Network
    file: Path
    environ: Mapping[str, str] = field(repr=False)
    clock: Callable[[], datetime]
    written: list[Path] = field(default_factory=list)
    entry: Entry | None = None

    def run(self) -> Wishes:
        """Asks everything, and writes the file. Raises GivenUp and SettingsError; KeyboardInterrupt passes."""
        answers = self._answers()
        self._ask_address(answers)
        self.entry = entry = Entry(self.t, self.network, answers)
        with entry.log_in() as session:
            folders = self._show_folders(session, answers)
            writers = survey.writers(session, folders)
        self._ask_name(answers, next((p.name for p in writers if p.address == answers.text("ADDRESS")), ""))
        self._ask_aliases(answers, survey.unlisted(_identity(answers), writers))
        self._ask_days(answers)
        self._ask_mode(answers, entry)
        self._show_whom(answers)
        wishes = self._ask_wishes(answers)
        self._write(answers)
        if wishes.templates:
            made = copy_shipped(self.file.parent / "templates")
            self.t.say(f"Written: {_shown(self.file.parent / 'templates')}, {len(made)} files.")
        return wishes

    # ---- where it goes

    def _answers(self) -> Answers:
        """A new file, or what is missing in one that is there, or a new one beside it."""
        folder = next(parent for parent in self.file.parents if parent.exists())
        if not os.access(folder, os.W_OK):  # said before the questions, not after them
            raise SettingsError(
                f"{folder} cannot be written to: run `followmail init` in a folder of yours, or name a file by --config."
            )
        if not self.file.exists():
            return Answers(self.file, self.environ)
        standing = config.standing(self.file)
        if faults := self._faults():
            self.t.say("\n".join(faults))
            self.t.say(f"{_shown(self.file)} has faults, and no line of it is changed here.")
            if yes(self.t, "Write a new file beside it?"):
                self.file = config.beside(self.file)
                return Answers(self.file, self.environ)
            raise SettingsError(f"Mend the lines named above in {_shown(self.file)}, then run `followmail init` again.")
        self.t.say(f"{_shown(self.file)} is there, with {len(standing)} settings; none of its lines will be changed.")
        if yes(self.t, "Add what is missing? (n: write another file beside it)"):
            return Answers(self.file, self.environ, standing)
        self.file = config.beside(self.file)
        return Answers(self.file, self.environ)

    def _faults(self) -> list[str]:
        """What is wrong with the file that is there; what is merely missing is no fault here."""
        clean = {key: text for key, text in self.environ.items() if key not in OPTIONS}
        try:
            load(self.file.absolute(), clean, directory=Path.cwd())
        except SettingsError as fault:
            return [problem for problem in fault.problems if ": it is missing" not in problem]
        return []

    # ---- who

    def _ask_address(self, answers: Answers) -> None:
        if not answers.text("ADDRESS"):
            answers.give("ADDRESS", ask_address(self.t))

    def _ask_name(self, answers: Answers, known: str) -> None:
        if not answers.text("NAME"):
            guess = known if known and not set("<>@") & set(known) else guessing.name(answers.text("ADDRESS"))
            answers.give("NAME", valid(self.t, "Your name, as others see it in From", _name, guess))

    def _ask_aliases(self, answers: Answers, others: Sequence[str]) -> None:
        """Addresses that this mailbox writes from: what comes from them is no answer."""
        others = [address for address in others if address == without_tag(address)][:5]
        if others and not answers.text("ALIASES"):
            self.t.say(f"Your Sent folder also holds mail from {', '.join(others)}.")
            if yes(self.t, "Are these addresses yours too?"):
                answers.give("ALIASES", ", ".join(others))

    # ---- the folders

    def _show_folders(self, session: Session, answers: Answers) -> tuple[Folder, ...]:
        folders = session.folders()
        known = [f for f in folders if f.role is not Role.OTHER and f.selectable]
        self.t.say(f"Logged in. {len(folders)} folders, among them:")
        self.t.table(("folder", "is", "messages"), [(f.name, f.role, f.messages) for f in known])
        for folder in folders:
            if folder.fault:
                self.t.say(f"{folder.name} cannot be read, and nothing leaves while that is so: {folder.fault}")
        self._ask_folder(answers, folders, Role.SENT, "SENT_FOLDER", "Where do copies of sent mail go?")
        self._ask_folder(answers, folders, Role.DRAFTS, "DRAFTS_FOLDER", "Where do drafts go?")
        return folders

    def _ask_folder(self, answers: Answers, folders: Sequence[Folder], role: Role, name: str, question: str) -> None:
        """Asked only where the server does not say, and there is not just one."""
        found = having(folders, role)
        if answers.text(name) or len(found) == 1 or (found and found[0].special):
            return
        among = found or tuple(f for f in folders if f.selectable and f.role in (Role.OTHER, Role.INBOX))
        if len(found) > 1 and role is Role.SENT:
            self.t.say("There are several folders for sent mail. All are read; new copies go to one.")
        likely = max(among, key=lambda f: f.messages or 0).name if found else ""
        answers.give(name, choice(self.t, question, [f.name for f in among], likely))

    # ---- when

    def _ask_days(self, answers: Answers) -> None:
        """Zone, holidays and hours in one question."""
        zone = answers.text("TIMEZONE") or system_zone(self.environ) or "UTC"
        guess = answers.text("HOLIDAYS") or _holidays_of(zone)
        hours = answers.text("WINDOW") or OPTIONS["FOLLOWMAIL_WINDOW"].default
        if not all(answers.text(name) for name in ("TIMEZONE", "HOLIDAYS", "WINDOW")):
            never = f", but not on public holidays of {guess}" if guess else "; no country's holidays are known here"
            self.t.say(f"Mail may leave {hours}, {zone}{never}.")
            if not yes(self.t, "Is that right?"):
                zone = self._unless_standing(answers, "TIMEZONE", "Time zone", zone)
                guess = _holidays_of(zone) if not answers.text("HOLIDAYS") else guess
                guess = self._unless_standing(
                    answers, "HOLIDAYS", "Country of the holidays, such as DE or DE-BE (-: none)", guess
                )
                hours = self._unless_standing(answers, "WINDOW", "Days and hours", hours)
        answers.say("TIMEZONE", zone)
        answers.give("HOLIDAYS", "" if guess == "-" else guess)
        answers.give("WINDOW", hours)

    def _unless_standing(self, answers: Answers, name: str, question: str, default: str) -> str:
        if answers.standing.get(f"FOLLOWMAIL_{name}"):
            return answers.text(name)
        parse = OPTIONS[f"FOLLOWMAIL_{name}"].parse
        return valid(self.t, question, lambda text: None if text == "-" else parse(text), default)

    # ---- what is done

    def _ask_mode(self, answers: Answers, entry: Entry) -> None:
        if answers.text("MODE"):
            return
        self.t.say("Each follow-up is laid into your drafts, and leaves when you send it. It can also send by itself.")
        mode = valid(self.t, "Enter for drafts, or type the word send", _mode, "draft").lower()
        if mode == Mode.SEND and not entry.log_in_to_send():
            self.t.say("Then it lays drafts.")
            mode = Mode.DRAFT
            for name in ("HOST", "PORT", "SECURITY", "PASSWORD"):  # nothing is written that was not tried
                answers.give(f"SMTP_{name}", "")
        answers.say("MODE", mode)

    def _show_whom(self, answers: Answers) -> None:
        """A dry run: reads, and changes nothing anywhere."""
        self.t.say("Reading your mailbox, to show whom it would follow up. Nothing is changed …")
        office = answers.office()
        try:
            with self.t.working() as office.progress, office.connect() as session:
                report = go_round(office, session, self.clock, dry=True)
        except FollowmailError as fault:
            self.t.say(f"That could not be shown: {fault}")
            return
        finally:
            office.close()
        self._tell_whom(report)

    def _tell_whom(self, report: Report) -> None:
        for fault in report.faults:
            self.t.say(f"could not be read, so nothing leaves: {fault}")
        if report.would:
            self.t.say("Now it would write to:")
            rows = [(w.address, f"{w.sequence}/{w.step}", w.why) for w in report.would[:_SHOWN]]
            self.t.table(("address", "step", "why"), rows)
        now = {(w.address, w.sequence) for w in report.would}
        later = [r for r in report.planned if (r["address"], r["sequence"]) not in now]
        if later:
            self.t.say("Later, or after your yes:")
            coming = [(r["address"], f"{r['sequence']}/{r['step']}", _day(r["due"]), r["why"]) for r in later[:_SHOWN]]
            self.t.table(("address", "step", "due", "why"), coming)
        more = max(0, len(report.would) - _SHOWN) + max(0, len(later) - _SHOWN)
        self.t.say(f"And {more} more." if more else "" if report.would or later else "It would write to nobody now.")

    # ---- writing

    def _ask_wishes(self, answers: Answers) -> Wishes:
        there = answers.text("TEMPLATES") or (self.file.parent / "templates").exists()
        templates = not there and yes(
            self.t, f"Copy the texts to {_shown(self.file.parent / 'templates')}, for you to edit?"
        )
        folders = yes(
            self.t, "Make the folders Followmail/… in your mailbox, for marks by moving a mail?", default=False
        )
        return Wishes(templates, folders)

    def _write(self, answers: Answers) -> None:
        answers.settings()  # what will be written is read once more before it is
        if not answers.given:
            self.t.say(f"{_shown(self.file)} says all this already; it stays as it is.")
            return
        before = self.file.read_bytes().decode("utf-8") if answers.standing else ""
        config.write(
            self.file, config.added(before, answers.given) if answers.standing else config.composed(answers.given)
        )
        self.written.append(self.file)
        self.t.say(f"Written: {_shown(self.file)}, readable by you alone.")


def _day(stamp: str | None) -> str:
    if not stamp:
        return ""
    moment = datetime.fromisoformat(stamp)
    return f"{moment:%a} {moment.day} {moment:%b}"


def _shown(path: Path) -> str:
    """A path as it is typed from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _identity(answers: Answers) -> Identity:
    return answers.settings().identity


def _name(text: str) -> None:
    if not text:
        raise ValueError("a name is needed")
    OPTIONS["FOLLOWMAIL_NAME"].parse(text)


def _mode(text: str) -> None:
    if text.lower() not in ("draft", "send", "dry-run"):
        raise ValueError(f"“{text}” is neither draft nor send")


def _holidays_of(zone: str) -> str:
    """The country of a zone, where its holidays are known."""
    guess = guessing.country(zone)
    try:
        OPTIONS["FOLLOWMAIL_HOLIDAYS"].parse(guess)
    except ValueError:
        return ""
    return guess
