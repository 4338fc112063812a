"""What the consultant's mail provider does with a mail that it took, besides delivering it.

at-once   files a copy in Sent under our Message-ID       late          the same, minutes later, beside ours
renamed   files it under an id of its own (Exchange)      renamed-late  the same, minutes later
replaces  files none; those who get it see another id (SES)
"""

from datetime import UTC, datetime, timedelta

from tests.simulation.mailbox import Mailbox, Stored

WAYS = ("", "", "", "at-once", "late", "renamed", "renamed-late", "replaces")
_NEVER = datetime.min.replace(tzinfo=UTC)
_FILED = b"X-Filed-By: provider\r\n"
_TELLS = b"X-Microsoft-Original-Message-ID: "


class Provider:
    """The sending side of one account."""

    def __init__(self, mailbox: Mailbox, how: str) -> None:
        self.mailbox = mailbox
        self.how = how
        self._coming: list[tuple[datetime, bytes]] = []
        self._count = 0

    def took(self, raw: bytes, now: datetime) -> None:
        """It took a mail, and delivers it."""
        if self.how in ("", "replaces"):
            return
        late = timedelta(minutes=3 + 11 * (self._count % 4)) if self.how.endswith("late") else timedelta()
        self._coming.append((now + late, self._copy(raw)))
        self.files(now)

    def files(self, now: datetime) -> None:
        """Copies that are there by now."""
        for when, raw in [one for one in self._coming if one[0] <= now]:
            self.mailbox.boxes["Sent"].add(raw, when, ("\\Seen",))
        self._coming = [one for one in self._coming if one[0] > now]

    def _copy(self, raw: bytes) -> bytes:
        self._count += 1
        old = Stored(0, raw, _NEVER, set()).id.encode()
        if not self.how.startswith("renamed"):
            return _FILED + raw
        told = _TELLS + b"<" + old + b">\r\n" if self._count % 2 else b""  # Exchange tells it, others do not
        return (
            _FILED
            + told
            + raw.replace(b"Message-ID: <" + old, b"Message-ID: <AM%d.renamed@prov.example" % self._count, 1)
        )

    def received(self, sent: Stored) -> Stored:
        """A mail as those see it who got it."""
        if self.how != "replaces" or not sent.id.startswith("fm1."):
            return sent
        new = sent.raw.replace(sent.id.encode(), b"010." + sent.id.encode()[4:20] + b"@ses.example", 1)
        return Stored(sent.uid, new, sent.arrived, set(sent.flags))


def is_providers(raw: bytes) -> bool:
    """Whether a copy was filed by the provider."""
    return raw.startswith(_FILED)
