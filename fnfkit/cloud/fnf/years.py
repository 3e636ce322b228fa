"""The longest any execution may run (fdl.md 6.5), kept for all of them with one timer.

Nearly every execution has this limit and nearly none reaches it, so a timer each would be memory spent in vain.
"""

from __future__ import annotations

from collections.abc import Callable

from fnfkit.cloud.clock import Clock, Timer
from fnfkit.cloud.fnf.run import Run


class Years:
    """When each execution's longest time is over. Used by the driving thread alone."""

    def __init__(self, clock: Clock, fire: Callable[[Run, int], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._due: dict[Run, tuple[int, int]] = {}
        self._next: tuple[int, Timer] | None = None

    def set(self, run: Run, timer: int, due: int) -> None:
        """Fires an execution's timer at its due time."""
        self._due[run] = due, timer
        # Recovery takes executions up in an order of its own, so a later one may be due earlier.
        if self._next is None or due < self._next[0]:
            self._arm(due)

    def cancel(self, run: Run) -> None:
        """The execution has ended."""
        self._due.pop(run, None)

    def _arm(self, due: int) -> None:
        if self._next is not None:
            self._next[1].cancel()
        # No reason for virtual time to pass: an account whose executions only wait for callers is idle.
        self._next = due, self._clock.call_at(due, self._ring, background=True)

    def _ring(self) -> None:
        now = self._clock.now()
        over = [(run, timer) for run, (due, timer) in list(self._due.items()) if due <= now]
        for run, timer in over:
            self._due.pop(run, None)
            self._fire(run, timer)
        self._next = None
        if self._due:
            self._arm(min(due for due, _ in self._due.values()))
