"""The API's rate limits (fdl.md 6.5): one token bucket per operation, filled by the cloud's clock."""

from __future__ import annotations

from fnfkit.cloud.clock import Clock
from fnfkit.ports import ResourceThrottled

_RATES = {"StartExecution": (100, 100), "DescribeExecution": (50, 5), "GetExecutionHistory": (50, 5)}
_OTHERS = (10, 2)
"""(size of the bucket, tokens per second)."""


class Throttle:
    """Refuses calls beyond the documented rates; switched off it lets everything pass."""

    def __init__(self, clock: Clock, enabled: bool) -> None:
        self._clock = clock
        self._enabled = enabled
        self._buckets: dict[str, tuple[float, int]] = {}
        """Operation -> tokens left at an instant."""

    def admit(self, operation: str) -> None:
        """Takes a token for a call. Raises ResourceThrottled."""
        if not self._enabled:
            return
        size, rate = _RATES.get(operation, _OTHERS)
        now = self._clock.now()
        left, at = self._buckets.get(operation, (size, now))
        left = min(size, left + (now - at) * rate / 1000)
        if left < 1:
            self._buckets[operation] = left, now
            raise ResourceThrottled("The request is throttled. Please try again later.")
        self._buckets[operation] = left - 1, now
