"""A mailbox of N messages as years of work leave it: one fifth in Sent, the rest in INBOX; the same for one seed.

Threads that grow, first contacts, automatic replies, bounces, newsletters, machines; headers as servers and programs
write them. Written straight into a Maildir, since N deliveries would take hours.
"""

import base64
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from pathlib import Path

ME = ("Alex Consultant", "alex@consult.example")
YEARS = 5
EMPTY = ("Archive", "Clients", "Invoices", "Projects", "Family")  # with INBOX, Sent, Drafts, Junk, Trash: ten folders

_FIRST = (
    "Ann Bob Carla Dave Eva Frank Grace Hugo Ines Jürgen Kim Łucja Marie Nina Olaf Paula Renée Søren Thea Uwe".split()
)
_LAST = "Adler Brown Conti Dupont Eklund Fischer Green Haas Ivanov Janssen Köhler López Meyer Novak Olsen Peréz".split()
_COMPANIES = [
    f"{name}.example" for name in "alder birch cedar elm fir hazel larch maple oak pine rowan spruce yew".split()
]
_NOUNS = "offer workshop budget draft website contract audit training plan report roadmap proposal invoice".split()
_SUBJECTS = (
    "Your {a}", "Proposal: {a} and {b}", "Question about the {a}", "{a} {b} {n}", "Angebot für {a} {n}", "Re-planning {a}",
    "Notes on {a}, {b} and what follows from them for the second half of the year", "Überblick: {a}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mail:
    """One message of the mailbox."""

    folder: str
    at: datetime
    raw: bytes
    flags: str


def write(maildir: Path, count: int, end: datetime, seed: int = 1) -> None:
    """Fill an empty Maildir; its newest message comes from just before `end`."""
    folders = {"INBOX": maildir, "Sent": maildir / ".Sent", **{name: maildir / f".{name}" for name in EMPTY}}
    for folder in folders.values():
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True)
    for number, mail in enumerate(_mails(random.Random(seed), count, end)):
        stamp, on_the_wire = int(mail.at.timestamp()), len(mail.raw) + mail.raw.count(b"\n")
        name = f"{stamp}.M{number}.bench,S={len(mail.raw)},W={on_the_wire}:2,{mail.flags}"  # Dovecot sorts by the time
        path = folders[mail.folder] / "cur" / name
        path.write_bytes(mail.raw)
        os.utime(path, (stamp, stamp))  # Dovecot's INTERNALDATE
    if os.geteuid() == 0:
        for where, _, names in os.walk(maildir):
            for name in (".", *names):
                shutil.chown(Path(where, name), "mail", "mail")


def _mails(chance: random.Random, count: int, end: datetime) -> Iterator[Mail]:
    """Conversations, until Sent and INBOX have what they are to hold."""
    writer = _Writer(chance)
    left = {"Sent": count // 5, "INBOX": count - count // 5}
    while sum(left.values()):
        start = end - timedelta(days=365 * YEARS) * chance.random() - timedelta(hours=1)
        talk = writer.thread(start) if left["Sent"] and chance.random() < 0.3 else writer.bulk(start)
        for mail in talk:
            if mail.at < end and left[mail.folder]:
                left[mail.folder] -= 1
                yield mail


class _Writer:
    """Writes mails of everybody."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.people = [self._person(number) for number in range(4000)]
        self.letters = base64.b64encode(chance.randbytes(200_000)).decode()
        words = [chance.choice(_NOUNS) for _ in range(40_000)]
        self.prose = "\n".join(" ".join(words[n : n + 12]) for n in range(0, len(words), 12))

    def thread(self, at: datetime) -> Iterator[Mail]:
        """The consultant and somebody write to each other, once or many times; machines chime in."""
        chance, subject = self.chance, self._subject()
        other, mine = chance.choice(self.people), chance.random() < 0.75
        copied = [chance.choice(self.people)] if chance.random() < 0.12 else []
        ids: list[str] = []
        for turn in range(1 if chance.random() < 0.4 else 2 + int(chance.expovariate(0.35))):
            author, reader = (ME, other) if mine else (other, ME)
            title = subject if turn == 0 else f"Re: {subject}"
            ids.append(self._id(author))
            yield self._mail(author, [reader], at, title, ids[-1], ids[-21:-1], copied)
            fate = chance.random()
            if mine and fate < 0.05:
                extra = ["Auto-Submitted: auto-replied", "X-Autoreply: yes"]
                title = f"Automatic reply: {title}"
                yield self._mail(other, [ME], at + timedelta(minutes=1), title, self._id(other), ids[-1:], (), extra)
            elif mine and fate < 0.07:
                yield self._bounce(other, at + timedelta(minutes=1), ids[-1])
                return
            at += timedelta(seconds=200 + chance.expovariate(1 / 90_000))
            mine = mine != (chance.random() < 0.85)

    def bulk(self, at: datetime) -> Iterator[Mail]:
        """What fills an inbox: newsletters, machines, people who write once."""
        kind, sender = self.chance.random(), self.chance.choice(self.people)
        domain = sender[1].partition("@")[2]
        extra: list[str] = []
        if kind < 0.55:
            sender = ("Weekly News", f"news@lists.{domain}")
            extra = [f"List-Id: News <news.lists.{domain}>", "Precedence: bulk"]
            extra += [f"List-Unsubscribe: <https://lists.{domain}/{self._hex(40)}>"]
        elif kind < 0.75:
            sender = ("Notifications", f"noreply@{domain}")
            extra = ["Auto-Submitted: auto-generated"]
        yield self._mail(sender, [ME], at, self._subject(), self._id(sender), [], (), extra)

    def _mail(
        self,
        author: tuple[str, str],
        to: list[tuple[str, str]],
        at: datetime,
        subject: str,
        own_id: str,
        earlier: list[str],
        copied: list[tuple[str, str]] | tuple[()] = (),
        extra: list[str] | tuple[()] = (),
        typed: str = "",
        body: str = "",
    ) -> Mail:
        mine = author == ME
        lines = [] if mine else self._trace(author, at)
        lines += [f"From: {_mailbox(author)}", f"To: {', '.join(map(_mailbox, to))}"]
        lines += [f"Cc: {', '.join(map(_mailbox, copied))}"] if copied else []
        lines += [f"Subject: {_encoded(subject)}", f"Date: {format_datetime(at)}", f"Message-ID: {own_id}"]
        if earlier:
            lines += [f"In-Reply-To: {earlier[-1]}", "References: " + "\n ".join(earlier)]
        lines += [*extra, "MIME-Version: 1.0", f"X-Mailer: Program {self.chance.randrange(20)}"]
        text = body or self._text()
        if not typed and self.chance.random() < 0.6:
            mark = f"=_{self._hex(16)}"
            typed = f'Content-Type: multipart/alternative; boundary="{mark}"'
            text = (
                f"--{mark}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n--{mark}\n"
                f"Content-Type: text/html; charset=utf-8\n\n<p>{text}</p>\n--{mark}--\n"
            )
        lines += [typed or "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
        flags = "S" if mine or self.chance.random() < 0.9 else ""
        return Mail("Sent" if mine else "INBOX", at, ("\n".join(lines) + f"\n\n{text}").encode(), flags)

    def _bounce(self, to: tuple[str, str], at: datetime, about: str) -> Mail:
        daemon = ("Mail Delivery System", f"MAILER-DAEMON@{to[1].partition('@')[2]}")
        mark = f"=_{self._hex(16)}"
        typed = f'Content-Type: multipart/report; report-type=delivery-status;\n\tboundary="{mark}"'
        body = (
            f"--{mark}\nContent-Type: text/plain\n\nYour message could not be delivered.\n--{mark}\n"
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
            f"Final-Recipient: rfc822; {to[1]}\nAction: failed\nStatus: 5.1.1\n--{mark}\n"
            f"Content-Type: text/rfc822-headers\n\nMessage-ID: {about}\n\n--{mark}--\n"
        )
        extra = ["Auto-Submitted: auto-replied", f"X-Failed-Recipients: {to[1]}"]
        title = "Undelivered Mail Returned to Sender"
        return self._mail(daemon, [ME], at, title, self._id(daemon), [about], (), extra, typed, body)

    def _trace(self, author: tuple[str, str], at: datetime) -> list[str]:
        """What servers put on top of a mail that arrives: two to four kilobytes."""
        domain, lines = author[1].partition("@")[2], [f"Return-Path: <{author[1]}>", f"Delivered-To: {ME[1]}"]
        for hop in range(self.chance.randrange(3, 6)):
            lines.append(
                f"Received: from mx{hop}.{domain} (mx{hop}.{domain} [192.0.2.{self.chance.randrange(250)}])\n"
                "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\n"
                f"\tby in{hop}.consult.example (Postfix) with ESMTPS id {self._hex(12)}\n"
                f"\tfor <{ME[1]}>; {format_datetime(at)}"
            )
        lines.append(f"Authentication-Results: in0.consult.example; dkim=pass header.d={domain}; spf=pass")
        lines.append(
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s1;\n\th=from:to:subject:date:message-id;\n"
            f"\tbh={self._letters(43)}=;\n\tb={self._letters(70)}\n\t {self._letters(70)}\n\t {self._letters(70)}"
        )
        if self.chance.random() < 0.4:
            lines += [
                f"ARC-Seal: i=1; a=rsa-sha256; d={domain}; cv=none;\n\tb={self._letters(70)}\n\t {self._letters(70)}"
            ]
            lines += [f"X-Spam-Report: {self._letters(200)}"]
        return lines

    def _person(self, number: int) -> tuple[str, str]:
        first, last = self.chance.choice(_FIRST), self.chance.choice(_LAST)
        domain = self.chance.choice(_COMPANIES) if self.chance.random() < 0.5 else f"firm{number}.example"
        return f"{first} {last}", f"{first[0].lower() if first.isascii() else 'x'}.person{number}@{domain}"

    def _subject(self) -> str:
        a, b = self.chance.choice(_NOUNS), self.chance.choice(_NOUNS)
        return self.chance.choice(_SUBJECTS).format(a=a, b=b, n=self.chance.randrange(10_000))

    def _id(self, author: tuple[str, str]) -> str:
        domain, kind = author[1].partition("@")[2], self.chance.random()
        if kind < 0.4:
            return f"<CA{self._letters(30).replace('/', '_')}{self._hex(16)}@mail.{domain}>"
        if kind < 0.7:
            return f"<{self._hex(8)}-{self._hex(4)}-{self._hex(4)}-{self._hex(12)}@{domain}>"
        return f"<AM0PR04MB{self._hex(28).upper()}@AM0PR04MB{self._hex(4).upper()}.eurprd04.prod.{domain}>"

    def _text(self) -> str:
        start = self.chance.randrange(len(self.prose) - 8000)
        question = "Could you let me know what you think?\n\n" if self.chance.random() < 0.3 else ""
        return question + self.prose[start : start + self.chance.randrange(500, 6000)] + "\n"

    def _hex(self, digits: int) -> str:
        return f"{self.chance.getrandbits(4 * digits):0{digits}x}"

    def _letters(self, count: int) -> str:
        start = self.chance.randrange(len(self.letters) - count)
        return self.letters[start : start + count]


def _mailbox(person: tuple[str, str]) -> str:
    return f"{_encoded(person[0])} <{person[1]}>"


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8").encode()


def midnight(now: datetime) -> datetime:
    """The end of the last whole day: runs of one day measure the same mailbox."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
