"""What a worker has done so far, for people and for monitors."""

from __future__ import annotations

import threading
from collections import Counter

NAMES = ("received", "succeeded", "failed", "left", "parked", "later", "repeated", "renewed", "lost", "faults")


class Counters:
    """Counts by name, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, by: int = 1) -> None:
        """Counts something."""
        with self._lock:
            self._counts[name] += by

    def __getitem__(self, name: str) -> int:
        return self._counts[name]

    def snapshot(self) -> dict[str, int]:
        """All counts at one moment."""
        with self._lock:
            return {name: self._counts[name] for name in NAMES}
