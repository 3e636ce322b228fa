"""Time as a parameter: one discrete-event clock for everything an account waits for.

The rules of this file:

1. Times are Unix milliseconds and never run backwards.
2. Timers fire in due order, and in the order they were set where they are due together.
3. A timer's action runs in the thread that drives the loop, never in the thread that set or cancelled it.
4. A clock never fires anything by itself: the loop takes due actions and, of a virtual clock, asks for the jump.
5. A cancelled timer never fires; cancelling costs O(1), and the dead are buried in bulk.
6. Background timers (schedules, expiry) fire when time passes, but are no reason for virtual time to pass.
"""

from __future__ import annotations

import heapq
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

Action = Callable[[], None]

DEFAULT_START = 1_577_836_800_000
"""2020-01-01T00:00:00Z, where virtual time begins unless told otherwise."""


class Timer(Protocol):
    """A pending call."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Unix milliseconds. Timers fire in due order, and in the order they were set where they are due together."""

    def now(self) -> int: ...

    def call_at(self, due: int, action: Action, *, background: bool = False) -> Timer: ...

    def hold(self) -> AbstractContextManager[None]:
        """While held, virtual time does not jump: work is in progress elsewhere."""
        ...


class DrivenClock(Clock, Protocol):
    """What a loop needs of a clock to drive it."""

    virtual: bool
    grace: float
    """Wall seconds without a `touch` before a served virtual clock jumps."""

    def take_due(self) -> Action | None:
        """Removes and returns the first action that is due by now."""
        ...

    def next_due(self) -> int | None:
        """When the next timer of any kind is due."""
        ...

    def pending(self) -> bool:
        """Whether any timer is set that is not in the background."""
        ...

    def held(self) -> bool: ...

    def jump(self, to: int) -> None:
        """Moves virtual time forward; real time cannot be moved, and an earlier instant changes nothing."""
        ...

    def listen(self, wake: Action) -> None:
        """Names whom to call when a timer is set or a hold ends."""
        ...


class Alarm:
    """A timer on a heap."""

    __slots__ = ("_timers", "action", "background")

    def __init__(self, timers: Timers, action: Action, background: bool) -> None:
        self._timers = timers
        self.action: Action | None = action
        self.background = background

    def cancel(self) -> None:
        """Never fires after this; cancelling twice, or after it has fired, changes nothing."""
        self._timers.cancel(self)


class Timers(ABC):
    """A heap of alarms and a count of holds, safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heap: list[tuple[int, int, Alarm]] = []
        self._set = 0
        self._cancelled = 0
        self._foreground = 0
        self._holds = 0
        self._wake: Action = _nothing

    def call_at(self, due: int, action: Action, *, background: bool = False) -> Timer:
        """Sets a timer; one that is due already fires as soon as the loop is driven."""
        alarm = Alarm(self, action, background)
        with self._lock:
            self._set += 1
            self._foreground += not background
            heapq.heappush(self._heap, (due, self._set, alarm))
            first = self._heap[0][2] is alarm
        if first:
            self._wake()
        return alarm

    def cancel(self, alarm: Alarm) -> None:
        """Takes an alarm's action away; its place on the heap is cleared later."""
        with self._lock:
            if alarm.action is None:
                return
            alarm.action = None
            self._foreground -= not alarm.background
            self._cancelled += 1
            if self._cancelled > 64 and self._cancelled * 2 > len(self._heap):
                self._bury()

    def _bury(self) -> None:
        self._heap = [entry for entry in self._heap if entry[2].action is not None]
        heapq.heapify(self._heap)
        self._cancelled = 0

    def next_due(self) -> int | None:
        """When the next timer of any kind is due."""
        with self._lock:
            return self._first()

    def _first(self) -> int | None:
        heap = self._heap
        while heap and heap[0][2].action is None:
            heapq.heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def take_due(self) -> Action | None:
        """Removes and returns the first action that is due by now."""
        if not self._heap:
            return None
        with self._lock:
            due = self._first()
            if due is None or due > self.now():
                return None
            alarm = heapq.heappop(self._heap)[2]
            action, alarm.action = alarm.action, None
            self._foreground -= not alarm.background
            return action

    @abstractmethod
    def now(self) -> int:
        """Unix milliseconds."""

    def pending(self) -> bool:
        """Whether any timer is set that is not in the background."""
        return self._foreground > 0

    def held(self) -> bool:
        """Whether work is in progress elsewhere."""
        return self._holds > 0

    def hold(self) -> AbstractContextManager[None]:
        """While held, virtual time does not jump: work is in progress elsewhere. Holds nest and may overlap.

        Do not drive the loop from the thread that holds: it would wait for itself.
        """
        return _Hold(self)

    def listen(self, wake: Action) -> None:
        """Names whom to call when a timer is set or a hold ends."""
        self._wake = wake

    def change_holds(self, by: int) -> None:
        """Counts a hold in or out."""
        with self._lock:
            self._holds += by
        if by < 0:
            self._wake()


class _Hold:
    __slots__ = ("_timers",)

    def __init__(self, timers: Timers) -> None:
        self._timers = timers

    def __enter__(self) -> None:
        self._timers.change_holds(+1)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timers.change_holds(-1)


class VirtualClock(Timers):
    """Time that passes only by jumps to the next timer, when nothing else is left to do.

    `start_ms` is where it begins. `grace` is for served clouds: the wall seconds without a request before time jumps,
    so that clients on sockets can act first.
    """

    virtual = True

    def __init__(self, start_ms: int = DEFAULT_START, *, grace: float = 0.05) -> None:
        super().__init__()
        self.grace = grace
        self._now = start_ms

    def now(self) -> int:
        """Unix milliseconds of virtual time."""
        return self._now

    def jump(self, to: int) -> None:
        """Moves time forward to an instant; an earlier one changes nothing."""
        self._now = max(self._now, to)


class RealClock(Timers):
    """The time of the machine, kept from running backwards."""

    virtual = False
    grace = 0.0

    def __init__(self) -> None:
        super().__init__()
        self._latest = 0

    def now(self) -> int:
        """Unix milliseconds."""
        self._latest = max(self._latest, time.time_ns() // 1_000_000)
        return self._latest

    def jump(self, to: int) -> None:
        """Real time cannot be moved."""


def _nothing() -> None:
    return None
