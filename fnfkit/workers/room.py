"""How many messages a worker may have in hand."""

from __future__ import annotations

import threading


class Room:
    """Places, taken before a receive and given back when a message has ended."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._closed = False
        self._condition = threading.Condition()

    def take(self, at_most: int) -> int:
        """Takes up to so many places, waiting for the first; 0 once the room is closed."""
        with self._condition:
            while not self._free and not self._closed:
                self._condition.wait()
            taken = 0 if self._closed else min(self._free, at_most)
            self._free -= taken
            return taken

    def give(self, places: int) -> None:
        """Gives places back."""
        with self._condition:
            self._free += places
            self._condition.notify_all()

    def close(self) -> None:
        """Nobody gets a place any more."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
