"""A consultant's world for tests: a real mailbox on a private Dovecot, a real outbox, and a clock that the test moves.

    world.writes(BOB, "Proposal", "Shall we …?", ago="10 days")    a mail of Alex's, filed in Sent
    world.gets(BOB, "Re: Proposal", "Yes.", answers=mail)          a mail that arrives
    world.round()                                                  one cycle of the real code, as `once` goes
    world.drafts()                                                 what lies in Drafts, parsed
    world.digest()                                                 the digest as Alex reads it
    world.answers_digest("ok 1")                                   a reply to it, and what followmail answers

It is Monday, 4 May 2026, 10:00 in Berlin, until the test says otherwise.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP, default
from email.utils import format_datetime, make_msgid
from pathlib import Path
from zoneinfo import ZoneInfo

from followmail import desk
from followmail.mail.msgid import is_digest
from followmail.rendering.digest import SECTIONS
from followmail.rounds import Office, Report, go_round
from followmail.sequence.steps import Enrollment
from followmail.sequence.workdays import Calendar
from followmail.settings import load
from followmail.telling import plan_rows, prospect_rows
from tests.canary import PASSWORD
from tests.servers.dovecot import Mailbox

ALEX = "Alex Consultant <alex@consult.example>"
BOB = "Bob Builder <bob@bob.example>"
ANN = "Ann Archer <ann@ann.example>"
CARLA = "Carla Cook <carla@carla.example>"
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 5, 4, 10, tzinfo=BERLIN).astimezone(UTC)
PROPOSAL = "Hello,\n\nattached is the proposal for your backups. What do you think of it?\n\nBest regards\nAlex"


@dataclass(frozen=True)
class Mail:
    """A mail that stands in the mailbox."""

    id: str
    raw: bytes
    folder: str
    uid: int
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Digest:
    """A digest as Alex reads it on the phone."""

    mail: Mail
    subject: str
    text: str

    def under(self, title: str) -> str:
        """The items of a part, each on one line with its number and its words, and who was left out; else empty."""
        return "\n".join(text for part, text in self._items() if part == title)

    def number(self, words: str, title: str = "") -> int:
        """The number of the one item that says this, perhaps in one part alone."""
        shown = (text for part, text in self._items() if title in ("", part) and text[0].isdigit())
        (found,) = (text for text in shown if words in text)
        return int(found.partition(".")[0])

    def _items(self) -> list[tuple[str, str]]:
        """The title and the text of each item."""
        titles = {title.upper(): title for title, _ in SECTIONS}
        part, found = "", list[tuple[str, str]]()
        for line in self.text.splitlines():
            part = titles.get(line, part)
            if part and re.match(r"\d+\. |… and ", line):
                found.append((part, line))
            elif found and line.startswith("    ") and found[-1][0] == part:
                found[-1] = (part, f"{found[-1][1]} {line.strip()}")
            elif not line:
                part = ""
        return found


@dataclass
class World:
    """Alex's mailbox and followmail beside it."""

    mailbox: Mailbox
    home: Path
    options: dict[str, str] = field(default_factory=dict)
    now: datetime = MONDAY
    templates: Path | None = None

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self._office: Office | None = None
        self.has_digest = False  # whether the last round made one

    # ---- the product

    def environment(self) -> dict[str, str]:
        """The configuration as environment variables: also for the installed command."""
        account = self.mailbox.account()
        return {
            "FOLLOWMAIL_ADDRESS": "alex@consult.example",
            "FOLLOWMAIL_NAME": "Alex Consultant",
            "FOLLOWMAIL_IMAP_HOST": account.host,
            "FOLLOWMAIL_IMAP_PORT": str(account.port),
            "FOLLOWMAIL_IMAP_SECURITY": "none",
            "FOLLOWMAIL_IMAP_USER": account.user,
            "FOLLOWMAIL_PASSWORD": PASSWORD,
            "FOLLOWMAIL_DATABASE": str(self.home / "followmail.db"),
            "FOLLOWMAIL_TIMEZONE": "Europe/Berlin",
            "FOLLOWMAIL_DIGEST": "off",  # a test that wants it says when
            **({"FOLLOWMAIL_TEMPLATES": str(self.templates)} if self.templates else {}),
            **self.options,
        }

    @property
    def office(self) -> Office:
        if self._office is None:
            self._office = Office.open(load(None, self.environment(), directory=self.home))
        return self._office

    def reopen(self, **options: str) -> None:
        """Close and open again, with other options: a restart."""
        self.close()
        self.options |= options

    def close(self) -> None:
        if self._office is not None:
            self._office.close()
            self._office = None

    def round(self, dry: bool = False, clock: Callable[[], datetime] | None = None) -> Report:
        """One cycle at the world's time, or by another clock."""
        before = self.office.store.digests.last_daily()
        with self.office.connect() as session:
            report = go_round(self.office, session, clock or (lambda: self.now), dry)
        self.has_digest = self.office.store.digests.last_daily() != before
        return report

    def rounds_over(self, minutes: int) -> list[Report]:
        """Cycles every ten minutes for some time."""
        reports = []
        for _ in range(minutes // 10 + 1):
            reports.append(self.round())
            self.now += timedelta(minutes=10)
        return reports

    def command(self, *words: str, status: int = 0) -> str:
        """What the installed command says; where it is to fail, also what it complains about. It knows only real time."""
        environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **self.environment()}
        call = [sys.executable, "-m", "followmail", *words]
        done = subprocess.run(
            call, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + (done.stderr if status else "")

    # ---- time

    @property
    def calendar(self) -> Calendar:
        return self.office.policy().calendar

    def days_pass(self, days: int, hour: int = 10) -> None:
        """So many business days later, at this hour."""
        local = self.now.astimezone(BERLIN)
        day = self.calendar.add_business_days(local.date(), days)
        self.now = datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN).astimezone(UTC)

    def owes_bob_a_nudge(self) -> None:
        """Alex wrote to Bob after the first run, four business days passed, and the nudge is due."""
        self.round()
        self.now += timedelta(minutes=5)
        self.writes(BOB)
        self.round()
        self.days_pass(4, hour=11)

    def run_days(self, days: int) -> list[Report]:
        """Live through business days, one cycle each at ten."""
        reports = []
        for _ in range(days):
            self.days_pass(1)
            reports.append(self.round())
        return reports

    # ---- mail

    def writes(
        self, to: str, subject: str = "Proposal", text: str = PROPOSAL, *, ago: timedelta | None = None,
        answers: Mail | None = None, folder: str = "Sent", **headers: str,
    ) -> Mail:  # fmt: skip
        """Alex writes; the copy lies in Sent."""
        return self._put(ALEX, to, subject, text, ago, answers, folder, headers)

    def gets(
        self, sender: str, subject: str = "Re: Proposal", text: str = "Yes, let us do that.", *, ago: timedelta | None = None,
        answers: Mail | None = None, folder: str = "INBOX", to: str = ALEX, **headers: str,
    ) -> Mail:  # fmt: skip
        """A mail arrives."""
        headers.setdefault("Received", "from mx.example by mail.consult.example; Mon, 4 May 2026 08:00:00 +0000")
        return self._put(sender, to, subject, text, ago, answers, folder, headers)

    def _put(
        self, sender: str, to: str, subject: str, text: str, ago: timedelta | None, answers: Mail | None, folder: str,
        headers: Mapping[str, str],
    ) -> Mail:  # fmt: skip
        at = self.now - (ago or timedelta(minutes=1))
        mail = EmailMessage(policy=SMTP.clone(max_line_length=998))
        domain = sender.rpartition("@")[2].rstrip(">")
        msgid = headers.get("Message_ID", make_msgid(domain=domain))
        references = (*(answers.references if answers else ()), *((answers.id,) if answers else ()))
        mail["From"], mail["To"], mail["Subject"] = sender, to, subject
        mail["Date"], mail["Message-ID"] = format_datetime(at), msgid
        if answers:
            mail["In-Reply-To"], mail["References"] = answers.id, " ".join(references)
        for name, value in headers.items():
            field_name = name.replace("_", "-")
            del mail[field_name]
            mail[field_name] = value
        mail.set_content(text)
        raw = mail.as_bytes()
        flags = ("\\Seen",) if folder == "Sent" else ()
        uid = self.mailbox.append(raw, folder, flags, at)
        return Mail(msgid, raw, folder, uid, references)

    def raw_arrives(self, raw: bytes, folder: str = "INBOX", ago: timedelta | None = None) -> int:
        """Exactly these bytes arrive."""
        return self.mailbox.append(raw, folder, (), self.now - (ago or timedelta(minutes=1)))

    def drafts(self) -> list[Message]:
        return [message_from_bytes(raw) for raw in self.mailbox.raw("Drafts")]

    def sent(self) -> list[Message]:
        return [message_from_bytes(raw) for raw in self.mailbox.raw("Sent")]

    def sends_draft(self, edit: str = "", new_id: bool = False) -> Mail:
        """Alex opens the one draft in a mail client, perhaps edits it, and sends it."""
        (uid,) = self.mailbox.uids("Drafts")
        (raw,) = self.mailbox.raw("Drafts")
        mail = message_from_bytes(raw)
        text = raw.replace(b"\n\n", b"\n\n" + edit.encode() + b"\n\n", 1) if edit else raw
        if new_id:
            text = text.replace(mail["Message-ID"].encode(), make_msgid(domain="consult.example").encode())
        date = format_datetime(self.now - timedelta(seconds=30)).encode()
        text = text.replace(b"Date: " + mail["Date"].encode(), b"Date: " + date)
        sent_uid = self.mailbox.append(text, "Sent", ("\\Seen",), self.now - timedelta(seconds=30))
        self.mailbox.expunge("Drafts", [uid])
        parsed = message_from_bytes(text)
        return Mail(parsed["Message-ID"], text, "Sent", sent_uid, tuple((parsed["References"] or "").split()))

    # ---- the digest

    def digest(self) -> Digest:
        """The digest that the last round put into INBOX; if it put none there, the next morning's, at eight."""
        if not self.has_digest:
            self.days_pass(1, hour=8)
            self.round()
        assert self.has_digest, "no digest came"
        newest = self._digests()[-1]
        return Digest(Mail(newest["Message-ID"], newest.as_bytes(), "INBOX", 0), newest["Subject"], _plain(newest))

    def answers_digest(self, orders: str, digest: Digest | None = None) -> str:
        """Alex replies to the newest digest, or to this one, as a phone does; a round; what followmail answers."""
        digest = digest or self.digest()
        self.now += timedelta(minutes=10)
        quoted = "\n".join(f"> {line}" for line in digest.text.splitlines())
        text = f"{orders}\n\nSent from my phone\n\nOn 4 May 2026, at 08:00, followmail wrote:\n{quoted}\n"
        reply = self.writes(ALEX, f"Re: {digest.subject}", text, answers=digest.mail)
        self.round()
        (answer,) = (m for m in self._ours() if m["In-Reply-To"] == reply.id)
        return _plain(answer)

    def _digests(self) -> list[EmailMessage]:
        return [mail for mail in self._ours() if not mail["In-Reply-To"]]

    def _ours(self) -> list[EmailMessage]:
        """The digests and the answers of followmail in INBOX, oldest first."""
        found = [message_from_bytes(raw, EmailMessage, policy=default) for raw in self.mailbox.raw("INBOX")]
        return [mail for mail in found if is_digest((mail["Message-ID"] or "").strip("<>"))]

    # ---- asking

    def enrollments(self) -> tuple[Enrollment, ...]:
        return self.office.store.enrollments.all()

    def one(self) -> Enrollment:
        """The one enrollment there is."""
        (e,) = self.enrollments()
        return e

    def of(self, address: str) -> Enrollment:
        """The latest enrollment of an address."""
        return self.office.store.enrollments.of_address(address)[-1]

    def states(self) -> dict[str, str]:
        """Address → state, as `prospects` tells it."""
        rows = prospect_rows(self.office.cycle(self.now), self.enrollments())
        return {row["address"]: row["state"] for row in rows}

    def plan(self, days: int = 0) -> list[dict[str, object]]:
        return plan_rows(self.office.cycle(self.now), days)

    def desk(self) -> desk.Desk:
        return self.office.desk(self.now)

    def events(self, address: str) -> list[str]:
        store = self.office.store
        mine = [e.id for e in store.enrollments.of_address(address)]
        return [f"{e.event}: {e.why}" for e in store.events.of(mine, address)]


def _plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def weeks(count: float) -> timedelta:
    return timedelta(weeks=count)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def addresses(mails: Sequence[Message], header: str = "To") -> list[str]:
    return [str(mail[header]) for mail in mails]
