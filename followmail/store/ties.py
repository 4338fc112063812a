"""Ties messages to conversations by the ids that they bear and refer to (RFC 5322 §3.6.4). Values only: no database."""

from collections.abc import Iterator, Mapping, Sequence


class Ties:
    """Which id belongs to which conversation, while one message after the other is tied; numbers from `free` on are new."""

    def __init__(self, known: Mapping[str, int], free: int) -> None:
        self._conversations = dict(known)
        self._fresh: list[str] = []
        self._joined: dict[int, int] = {}
        self._first = self._next = free

    def tie(self, ids: Sequence[str]) -> int:
        """The conversation of a message; where its ids belong to several, these become the one with the lowest number."""
        conversations = self._conversations
        if len(ids) == 1 and ids[0] not in conversations:  # as most are
            conversations[ids[0]] = target = self._new()
            self._fresh.append(ids[0])
            return target
        unknown = [i for i in ids if i not in conversations]
        found = {self.now(conversations[i]) for i in ids if i in conversations}
        target = min(found) if found else self._new()
        if len(found) > 1:
            self._joined |= dict.fromkeys(found - {target}, target)
        for i in unknown:
            conversations[i] = target
        self._fresh += unknown
        return target

    def now(self, number: int) -> int:
        """The conversation that this one has become."""
        while number in self._joined:
            number = self._joined[number]
        return number

    @property
    def made(self) -> Iterator[int]:
        """New conversations that still stand."""
        return (number for number in range(self._first, self._next) if number not in self._joined)

    @property
    def joined(self) -> Iterator[tuple[int, int]]:
        """Conversations that stood before, and what they became."""
        return ((number, self.now(number)) for number in self._joined if number < self._first)

    @property
    def fresh(self) -> Iterator[tuple[str, int]]:
        """Ids that were not known before, in their order, and the conversation of each."""
        return ((i, self.now(self._conversations[i])) for i in self._fresh)

    def _new(self) -> int:
        self._next += 1
        return self._next - 1
