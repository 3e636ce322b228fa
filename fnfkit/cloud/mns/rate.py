"""How many messages a destination takes per second: a token bucket for each, filled by the cloud's clock.

The service documents the refusal and not the rate; both the rate and its form are inferred (api-mns.md 7).
"""

from __future__ import annotations

from fnfkit.cloud.clock import Clock
from fnfkit.ports import QpsLimitExceeded

SENDS_PER_SECOND = 2_000
"""What an account that throttles takes per queue and per topic."""


class SendRate:
    """Refuses sends beyond the rate; without one it lets everything pass."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._per_second: int | None = None
        self._buckets: dict[str, tuple[float, int]] = {}
        """Destination -> tokens left at an instant. A bucket holds a second's worth."""

    def limit(self, per_second: int | None) -> None:
        """Sets the rate of every destination; None lifts it."""
        self._per_second = per_second
        self._buckets.clear()

    def admit(self, destination: str, count: int = 1) -> None:
        """Takes tokens for so many messages. Raises `QpsLimitExceeded`."""
        if self._per_second is None:
            return
        now = self._clock.now()
        left, at = self._buckets.get(destination, (float(self._per_second), now))
        left = min(self._per_second, left + (now - at) * self._per_second / 1_000)
        admitted = count <= left
        self._buckets[destination] = left - count if admitted else left, now
        if not admitted:
            raise QpsLimitExceeded(f"{destination} takes {self._per_second} messages per second; send slower.")

    def forget(self, destination: str) -> None:
        """The destination is gone."""
        self._buckets.pop(destination, None)
