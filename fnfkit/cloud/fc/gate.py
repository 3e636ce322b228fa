"""How many calls run at once: the limit of the account, and what single functions are limited to (scenarios.md 9)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from fnfkit.ports import ResourceThrottled

ON_DEMAND = 300
"""Instances an account has on demand in a region; shared by all who call."""

Place = tuple[str, str]
"""Service and function."""


class Gate:
    """Counts calls in and out. `limit` None lets everything through."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.maxima: dict[Place, int] = {}
        self._lock = threading.Lock()
        self._running: Counter[Place] = Counter()
        self._total = 0

    @property
    def running(self) -> int:
        """Calls in progress."""
        return self._total

    def enter(self, service: str, function: str) -> Callable[[], None]:
        """Lets a call in; the result lets it out, once. Raises `ResourceThrottled`."""
        place = (service, function)
        with self._lock:
            if self.limit is not None and self._total >= self.limit:
                raise ResourceThrottled(f"the account runs {self.limit} calls already, which is its limit")
            most = self.maxima.get(place)
            if most is not None and self._running[place] >= most:
                raise ResourceThrottled(f"function '{function}' runs {most} calls already, which is its limit")
            self._total += 1
            self._running[place] += 1
        return _Once(lambda: self._leave(place))

    def _leave(self, place: Place) -> None:
        with self._lock:
            self._total -= 1
            self._running[place] -= 1


class _Once:
    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    def __call__(self) -> None:
        action, self._action = self._action, None
        if action is not None:
            action()
