"""Ties messages to conversations by the ids that they bear and refer to (RFC 5322 §3.6.4). Values only: no database."""

from collections.abc import Iterable, Iterator, Mapping


class Ties:
    """Which id belongs to which conversation, while one message after the other is tied; numbers from `free` on are new."""

    def __init__(self, known: Mapping[str, int], free: int) -> None:
        self._known = known
        self._fresh: dict[str, int] = {}
        self._joined: dict[int, int] = {}
        self._first = self._next = free

    def tie(self, ids: Iterable[str]) -> int:
        """The conversation of a message; where its ids belong to several, these become the one with the lowest number."""
        unknown, found = [], set()
        for i in ids:
            number = self._known.get(i) or self._fresh.get(i)
            if number is None:
                unknown.append(i)
            else:
                found.add(self.now(number))
        target = min(found) if found else self._new()
        self._joined |= dict.fromkeys(found - {target}, target)
        self._fresh |= dict.fromkeys(unknown, target)
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
        return ((i, self.now(self._fresh[i])) for i in sorted(self._fresh))

    def _new(self) -> int:
        self._next += 1
        return self._next - 1
