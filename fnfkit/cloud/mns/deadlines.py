"""Due times by key, as a heap whose forgotten entries go when they outnumber the living ones.

Setting, forgetting and taking the next cost O(log n), amortised; memory stays proportional to what is pending.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

_SLACK = 64


class Deadlines:
    """Each key has one due time at most; setting it again replaces it."""

    __slots__ = ("_due", "_heap")

    def __init__(self) -> None:
        self._due: dict[int, int] = {}
        self._heap: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, key: int) -> bool:
        return key in self._due

    def set(self, key: int, due: int) -> None:
        """The key is due then, and not at any other time set before."""
        self._due[key] = due
        heappush(self._heap, (due, key))
        if len(self._heap) > 2 * len(self._due) + _SLACK:
            self._heap = [(due, key) for key, due in self._due.items()]
            heapify(self._heap)

    def forget(self, key: int) -> None:
        """The key is no longer due at any time."""
        self._due.pop(key, None)

    def next(self) -> int | None:
        """The earliest due time."""
        heap, due = self._heap, self._due
        while heap:
            when, key = heap[0]
            if due.get(key) == when:
                return when
            heappop(heap)
        return None

    def take(self, now: int) -> Iterator[int]:
        """Takes out the keys that are due, earliest first."""
        while (when := self.next()) is not None and when <= now:
            key = heappop(self._heap)[1]
            del self._due[key]
            yield key
