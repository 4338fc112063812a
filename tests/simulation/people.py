"""What people do in a life: the consultant's own mails to them, and the ways in which they answer.

Each says to `truth` what it means: who has answered, who is away, what needs a yes before anything may leave.
"""

from datetime import UTC, datetime, timedelta

from tests.simulation.letters import ALEX, calendar_answer, mail, report, subject_of
from tests.simulation.mailbox import Mailbox, Stored
from tests.simulation.script import ZONE
from tests.simulation.truth import OWN, Thread, Truth

_TEXT = "Hello {name},\n\ncould you look at my proposal about {subject}, and tell me what you think of it?\n\nBest regards\nAlex"


class People:
    """The world that writes into the mailbox."""

    def __init__(self, mailbox: Mailbox, truth: Truth, addresses: tuple[str, ...]) -> None:
        self.mailbox = mailbox
        self.truth = truth
        self.addresses = addresses
        self.now = datetime.min.replace(tzinfo=UTC)

    # ---- the consultant writes

    def hear(self, who: int, how: str, ran: set[str], bcc: str = "") -> None:
        """The consultant writes to somebody: a first mail, another one in the thread, or about something else.

        `ran`: the machines that have looked before, to which it is no mail of the time before them.
        """
        address = self.addresses[who]
        subject = f"matter {who}" + (" again" if how == "second" else "")
        before = self._last_in(address, subject)
        text = _TEXT.format(name=f"Pat{who}", subject=subject)
        to = f"Pat{who} Doe <{address}>"
        raw = mail(ALEX, to, ("Re: " if before else "") + subject, text, self.now, before, bcc=bcc)
        self.mailbox.boxes["Sent"].add(raw, self.now, ("\\Seen",))
        thread = self.truth.begin(address, subject, self.now)
        thread.write(self.now)
        thread.after_first_run_of = set(ran)
        thread.yes = thread.yes or bool(bcc and ran)

    def _last_in(self, address: str, subject: str) -> Stored | None:
        """The latest message that the consultant wrote in a thread."""
        mine = [
            m
            for _, m in self.mailbox.everywhere()
            if subject_of(m.raw) == subject and address in m.people("To") and OWN in m.people("From")
        ]
        return max(mine, key=lambda m: m.sent_at, default=None)

    # ---- people answer

    def answer(self, who: int, how: str) -> None:
        """They answer what they were last written, in one of many ways; who was not written to has nothing to say."""
        threads = [t for t in self.truth.of(self.addresses[who]) if t.wrote_at <= self.now]
        if not threads:
            return
        thread = threads[-1]
        anchor = self._last_in(thread.address, thread.subject)
        assert anchor is not None
        if how.startswith("reply"):
            self._replies(thread, anchor, how)
        else:
            getattr(self, "_says_" + how.replace("-", "_"))(who, thread, anchor)

    def _arrives(self, raw: bytes, folder: str = "INBOX") -> None:
        self.mailbox.boxes[folder].add(raw, self.now)

    def _writes(
        self, thread: Thread, subject: str, text: str, answers: Stored | None = None, *, automatic: bool = False
    ) -> None:
        """A mail of theirs to the consultant."""
        self._arrives(mail(f"Pat <{thread.address}>", ALEX, subject, text, self.now, answers, automatic=automatic))

    def _replies(self, thread: Thread, anchor: Stored, how: str) -> None:
        domain = thread.address.rpartition("@")[2]
        senders = {"reply-from-private": "pat.private@gmail.com", "reply-of-company": f"chief@{domain}"}
        sender = senders.get(how, thread.address)
        folder = {"reply-in-junk": "Junk", "reply-in-trash": "Trash", "reply-filed": "Archive"}.get(how, "INBOX")
        text = "Yes, let us do that. How about Tuesday at ten?"
        raw = mail(f"Pat <{sender}>", ALEX, "Re: " + thread.subject, text, self.now, anchor)
        if how == "reply-latin1":
            raw = raw.replace(b"Subject: Re: ", b"Subject: R\xe9: ", 1)
        self._arrives(raw, folder)
        thread.answered = True
        self.truth.felt(sender, f"{sender} wrote elsewhere", but=thread)

    def _says_fresh_mail(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._writes(thread, thread.subject, "We would like to go ahead. When can you start?")
        self.truth.felt(thread.address, "a fresh mail")

    def _says_other_thread(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._writes(thread, f"Invoice {who}", "Where is the invoice of March, please?")
        self.truth.felt(thread.address, "wrote about something else")

    def _says_colleague(self, who: int, thread: Thread, anchor: Stored) -> None:
        domain = thread.address.rpartition("@")[2]
        if domain == "gmail.com":
            return
        text = "We would like to go ahead with it. Can we talk?"
        self._arrives(mail(f"Finance <cfo@{domain}>", ALEX, "Your offer", text, self.now, None))
        self.truth.felt(f"cfo@{domain}", "somebody of the company wrote")

    def _says_own_colleague(self, who: int, thread: Thread, anchor: Stored) -> None:
        to, text = f"Pat <{thread.address}>", "I will send you the plan on Monday."
        self._arrives(mail("Sam <sam@consult.example>", to, "Re: " + thread.subject, text, self.now, anchor, cc=ALEX))
        thread.needs_yes = "a colleague answered them"

    def _says_thanks(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._writes(thread, "Re: " + thread.subject, "Thanks Alex, will look at it.", anchor)
        thread.needs_yes = "acknowledged"
        self.truth.felt(thread.address, "wrote elsewhere", but=thread)

    def _says_later(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._writes(thread, "Re: " + thread.subject, "Please call me in two weeks.", anchor)
        thread.needs_yes = "put off"
        self.truth.felt(thread.address, "wrote elsewhere", but=thread)

    def _says_away(self, who: int, thread: Thread, anchor: Stored) -> None:
        back = (self.now + timedelta(days=9)).astimezone(ZONE)
        text = f"I am out of the office until {back:%d %B %Y} and will answer then."
        self._writes(thread, "Automatic reply: " + thread.subject, text, automatic=True)
        for mine in self.truth.of(thread.address):
            mine.away_until = back.replace(hour=0, minute=0)

    def _says_left(self, who: int, thread: Thread, anchor: Stored) -> None:
        text = "I no longer work here. Please write to eve@firm.example instead."
        self._writes(thread, "Automatic reply: " + thread.subject, text, anchor, automatic=True)
        self._stopped(thread)

    def _stopped(self, thread: Thread) -> None:
        for mine in self.truth.of(thread.address):  # a mail that is written to them later bounces by itself, or not
            mine.stopped = True

    def _says_bounce(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(report(anchor, thread.address, "5.1.1", "550 5.1.1 user unknown", self.now))
        self._stopped(thread)
        for mine in self.truth.of(thread.address):
            mine.bounced = True

    def _says_bounce_soft(self, who: int, thread: Thread, anchor: Stored) -> None:
        said = "452 4.2.2 mailbox full, will be retried"
        self._arrives(report(anchor, thread.address, "4.2.2", said, self.now, action="delayed"))

    def _says_forbids(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._writes(thread, "Re: " + thread.subject, "Please stop writing to me.", anchor)
        self.truth.forbidden.add(thread.address)
        self.truth.felt(thread.address, "wrote elsewhere", but=thread)

    def _says_accepts(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(calendar_answer(thread, anchor, self.now))
        thread.answered = True
        self.truth.felt(thread.address, "answered a meeting elsewhere", but=thread)

    def _says_ticket(self, who: int, thread: Thread, anchor: Stored) -> None:
        text = "We have received your request. Your ticket number is 4711. This is an automatic message."
        raw = mail(f"Desk <{thread.address}>", ALEX, "[Ticket 4711] received", text, self.now, None, automatic=True)
        self._arrives(raw)
