"""What people do in a life: the consultant's own mails to them, and the ways in which they answer.

Each says to `truth` what it means: who has answered, who is away, what needs a yes before anything may leave.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.simulation.letters import ALEX, calendar_answer, complaint, mail, report, step_of, subject_of
from tests.simulation.mailbox import Mailbox, Stored
from tests.simulation.script import ZONE
from tests.simulation.truth import OFF, OWN, Thread, Truth

_TEXT = "Hello {name},\n\ncould you look at my proposal about {subject}, and tell me what you think of it?\n\nBest regards\nAlex"


_REFERS = "I am not the right person for this. Please talk to Kim Lee, who is in charge of it: kim@elsewhere.example."
_FOLDERS = {
    "reply-in-junk": "Junk", "reply-in-trash": "Trash", "reply-filed": "Archive", "reply-in-new-folder": "Clients/Pat",
}  # fmt: skip


class People:
    """The world that writes into the mailbox."""

    def __init__(self, mailbox: Mailbox, truth: Truth, addresses: tuple[str, ...]) -> None:
        self.mailbox = mailbox
        self.truth = truth
        self.addresses = addresses
        self.now = datetime.min.replace(tzinfo=UTC)
        self.received: Callable[[Stored], Stored] = lambda sent: sent  # as those see it who got it
        self.digest: Stored | None = None  # the latest, as strangers may imagine it

    # ---- the consultant writes

    def hear(self, who: int, how: str, ran: set[str], bcc: str = "") -> None:
        """The consultant writes to somebody: a first mail, another one in the thread, or about something else.

        `ran`: the machines that have looked before, to which it is no mail of the time before them.
        """
        address = self.addresses[who]
        subject = f"matter {who}" + (" again" if how == "second" else "")
        before = self.last_in(address, subject)
        text = _TEXT.format(name=f"Pat{who}", subject=subject)
        to = f"Pat{who} Doe <{address}>"
        raw = mail(ALEX, to, ("Re: " if before else "") + subject, text, self.now, before, bcc=bcc)
        self.mailbox.boxes["Sent"].add(raw, self.now, ("\\Seen",))
        thread = self.truth.begin(address, subject, self.now)
        thread.write(self.now)
        thread.after_first_run_of = set(ran)
        if bcc == OFF:
            thread.off = True
        else:
            thread.off = thread.off and not bcc  # his later word holds
            thread.marked = thread.marked or bool(bcc and ran)
            thread.yes = thread.yes or thread.marked

    def last_in(self, address: str, subject: str, *, by_hand: bool = False) -> Stored | None:
        """The latest message that the consultant wrote in a thread; `by_hand`: no step."""
        mine = [
            m
            for _, m in self.mailbox.everywhere()
            if subject_of(m.raw) == subject
            and address in m.people("To")
            and OWN in m.people("From")
            and not (by_hand and step_of(m.raw))
        ]
        return max(mine, key=lambda m: m.sent_at, default=None)

    # ---- people answer

    def answer(self, who: int, how: str) -> None:
        """They answer what they were last written, in one of many ways; who was not written to has nothing to say."""
        of_them = [t for t in self.truth.of(self.addresses[who]) if t.wrote_at <= self.now]
        written = [(t, self.last_in(t.address, t.subject)) for t in of_them]
        thread, anchor = next(((t, anchor) for t, anchor in reversed(written) if anchor is not None), (None, None))
        if thread is None or anchor is None:
            return
        anchor = self.received(anchor)
        if how.startswith("reply"):
            self._replies(thread, anchor, how)
        else:
            getattr(self, "_says_" + how.replace("-", "_"))(who, thread, anchor)

    def _arrives(self, raw: bytes, folder: str = "INBOX") -> None:
        self.mailbox.box(folder).add(raw, self.now)

    def _writes(
        self, thread: Thread, subject: str, text: str, answers: Stored | None = None, *, automatic: bool = False
    ) -> None:
        """A mail of theirs to the consultant."""
        self._arrives(mail(f"Pat <{thread.address}>", ALEX, subject, text, self.now, answers, automatic=automatic))

    def _replies(self, thread: Thread, anchor: Stored, how: str) -> None:
        domain = thread.address.rpartition("@")[2]
        senders = {"reply-from-private": "pat.private@gmail.com", "reply-of-company": f"chief@{domain}"}
        sender = senders.get(how, thread.address)
        subject = "Next week" if how == "reply-of-company" else "Re: " + thread.subject
        dated = self.now - timedelta(days=50) if how == "reply-wrong-clock" else self.now
        text = _REFERS if how == "reply-names-another" else "Yes, let us do that. How about Tuesday at ten?"
        raw = mail(f"Pat <{sender}>", ALEX, subject, text, dated, anchor)
        if how == "reply-latin1":
            raw = raw.replace(b"Subject: Re: ", b"Subject: R\xe9: ", 1)
        self._arrives(raw, _FOLDERS.get(how, "INBOX"))
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
        thread.doubt("a colleague answered them")

    def _says_thanks(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._writes(thread, "Re: " + thread.subject, "Thanks Alex, will look at it.", anchor)
        thread.doubt("acknowledged")
        self.truth.felt(thread.address, "wrote elsewhere", but=thread)

    def _says_later(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._writes(thread, "Re: " + thread.subject, "Please call me in two weeks.", anchor)
        thread.doubt("put off")
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
            mine.stopped = mine.declined = True  # which the mailbox tells whatever database

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

    def _says_declines(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(calendar_answer(thread, anchor, self.now, "DECLINED"))
        thread.doubt("declined a meeting")
        self.truth.felt(thread.address, "declined a meeting elsewhere", but=thread)

    def _says_same_subject(self, who: int, thread: Thread, anchor: Stored) -> None:
        """From an address that nobody knows, by a program that names no message."""
        text = "We would like to go ahead with it. Can we talk?"
        self._arrives(mail("Pat <pat.phone@gmail.com>", ALEX, "AW: " + thread.subject, text, self.now, None))
        thread.doubt("somebody wrote under its subject")
        self.truth.felt("pat.phone@gmail.com", "wrote elsewhere", but=thread)

    def _says_bounce_blocked(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(report(anchor, thread.address, "5.7.1", "550 5.7.1 blocked by policy", self.now))
        for mine in self.truth.of(thread.address):
            mine.doubt("a mail was refused")

    def _says_bounce_names_nobody(self, who: int, thread: Thread, anchor: Stored) -> None:
        """A report that quotes no message: the address that failed is all it tells."""
        said = "550 5.1.1 user unknown"
        self._arrives(report(anchor, thread.address, "5.1.1", said, self.now, quotes=False))
        self._stopped(thread)
        for mine in self.truth.of(thread.address):
            mine.bounced = True

    def _says_complains(self, who: int, thread: Thread, anchor: Stored) -> None:
        self._arrives(complaint(anchor, thread.address, self.now))
        thread.declined = True
        if any(m.id == anchor.id for _, m in self.mailbox.everywhere()):  # else nobody can tell which mail it was
            thread.answered = True

    def _says_forges(self, who: int, thread: Thread, anchor: Stored) -> None:
        """Somebody claims to be the consultant, and orders what only he may."""
        if self.digest is not None:
            orders = "ok all\nresume\n"
            forged = mail(ALEX, ALEX, f"Re: {self.digest.value('Subject')}", orders, self.now, self.digest)
            self._arrives(b"Received: from x by mail.consult.example; Mon, 5 Jan 2026 09:00:00 +0000\r\n" + forged)

    def _says_ticket(self, who: int, thread: Thread, anchor: Stored) -> None:
        text = "We have received your request. Your ticket number is 4711. This is an automatic message."
        raw = mail(f"Desk <{thread.address}>", ALEX, "[Ticket 4711] received", text, self.now, None, automatic=True)
        self._arrives(raw)
