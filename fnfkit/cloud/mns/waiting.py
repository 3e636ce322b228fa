"""Those who wait at a queue: long polls as records with two timers, not as threads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from fnfkit.cloud.clock import Clock, Timer
from fnfkit.ports import ReceivedMessage

Deliver = Callable[[tuple[ReceivedMessage, ...]], object]
"""Is handed messages, or none when the wait is over."""


@dataclass(slots=True, eq=False)
class Waiter:
    """A poll that found nothing yet."""

    number: int
    count: int
    deliver: Deliver
    timer: Timer | None = None


class Waiters:
    """First come, first served. Each gets one delivery and is gone."""

    __slots__ = ("_alarm", "_due", "_lock", "_number", "_waiting")

    def __init__(self, lock: AbstractContextManager[object]) -> None:
        self._lock = lock
        self._waiting: OrderedDict[int, Waiter] = OrderedDict()
        self._number = 0
        self._alarm: Timer | None = None
        self._due: int | None = None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(
        self,
        clock: Clock,
        until: int,
        count: int,
        deliver: Deliver,
        *,
        look: Callable[[], None],
        background: bool = False,
    ) -> Callable[[], None]:
        """Waits until the time given, then has a last `look`; the result takes the waiter away."""
        self._number += 1
        waiter = self._waiting[self._number] = Waiter(self._number, count, deliver)
        waiter.timer = clock.call_at(until, lambda: self._expire(waiter, look), background=background)
        return lambda: self._cancel(waiter)

    def first(self) -> Waiter:
        """Who has waited longest."""
        return next(iter(self._waiting.values()))

    def deliver(self, waiter: Waiter, messages: tuple[ReceivedMessage, ...]) -> None:
        """Ends a wait, unless it has ended."""
        with self._lock:
            if self._take(waiter):
                waiter.deliver(messages)

    def dismiss(self) -> None:
        """Ends all waits with nothing."""
        while self._waiting:
            self.deliver(self.first(), ())

    def wake_at(self, clock: Clock, due: int | None, action: Callable[[], None]) -> None:
        """Keeps one alarm, at the time given or at none."""
        if due == self._due:
            return
        if self._alarm:
            self._alarm.cancel()
        self._due = due
        self._alarm = None if due is None else clock.call_at(due, lambda: self._ring(action))

    def _ring(self, action: Callable[[], None]) -> None:
        self._alarm = self._due = None
        action()

    def _expire(self, waiter: Waiter, look: Callable[[], None]) -> None:
        look()
        self.deliver(waiter, ())

    def _cancel(self, waiter: Waiter) -> None:
        self._take(waiter)

    def _take(self, waiter: Waiter) -> bool:
        with self._lock:
            taken = self._waiting.pop(waiter.number, None) is not None
            if taken and waiter.timer:
                waiter.timer.cancel()
            if not self._waiting and self._alarm:
                self._alarm.cancel()
                self._alarm = self._due = None
            return taken
