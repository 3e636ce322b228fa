"""The rate limits (fdl.md 6.5): a token bucket per operation and one for steps, filled by the cloud's clock."""

from __future__ import annotations

from fnfkit.cloud.clock import Clock
from fnfkit.ports import ResourceThrottled

_RATES = {"StartExecution": (100, 100), "DescribeExecution": (50, 5), "GetExecutionHistory": (50, 5)}
_OTHERS = (10, 2)
"""(size of the bucket, tokens per second)."""


STEPS = 100
"""Steps an account may enter at once, and how many more in a second."""


class Pace:
    """The rate at which the executions of an account enter steps. Those beyond it wait (that they do is inferred)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at = 0
        """When the bucket is full again."""

    def spend(self, steps: int) -> None:
        """Counts steps that have been entered."""
        self._full_at = max(self._full_at, self._clock.now()) + steps * 1000 // STEPS

    def free_at(self) -> int:
        """From when on a step may be entered: now or earlier, unless the bucket is empty."""
        return self._full_at - 1000 + 1000 // STEPS


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
