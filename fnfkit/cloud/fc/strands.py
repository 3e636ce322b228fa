"""Where the handlers of the inline runtime run. Whether a handler's sleep costs wall time is decided here only.

With virtual time each handler runs in a greenlet of the driving thread: `time.sleep` parks it on the clock and the
loop goes on, so concurrent handlers sleep concurrently, deterministically and without threads. With real time each
runs in a thread of a bounded pool.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import Protocol

from greenlet import getcurrent, greenlet

from fnfkit.cloud.clock import Clock, DrivenClock, Timer

Action = Callable[[], None]


class Strands(Protocol):
    """Runs handlers side by side."""

    def run(self, main: Action, timeout: int, expire: Action) -> Action:
        """Run `main`. If it is still busy after `timeout` seconds although it does not sleep, call `expire`.

        Returns what wakes it from its sleep before its time.
        """
        ...

    def sleep(self, seconds: float) -> bool:
        """Let cloud time pass for the calling handler; False if it was woken early because the strands close."""
        ...

    def close(self) -> None:
        """End every handler that still runs."""
        ...


class _Fiber(greenlet):
    """One handler on virtual time."""

    def __init__(self, main: Action) -> None:
        super().__init__(main)
        self._thread = threading.get_ident()
        self.alarm: Timer | None = None

    def resume(self) -> None:
        if self.dead or self.alarm is None:
            return
        if threading.get_ident() != self._thread:
            raise RuntimeError(
                "a function sleeps on virtual time in another thread: drive the cloud from the thread that started it"
            )
        self.alarm = None
        self.parent = getcurrent()
        self.switch()


class Fibers:
    """Handlers in the driving thread, on the cloud's (virtual) clock. All of them must be driven by one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parked: set[_Fiber] = set()

    def run(self, main: Action, timeout: int, expire: Action) -> Action:
        # On virtual time a handler's time passes in its sleeps only, and those know the deadline.
        fiber = _Fiber(main)
        fiber.switch()
        return lambda: self._wake(fiber)

    def sleep(self, seconds: float) -> bool:
        fiber = getcurrent()
        if not isinstance(fiber, _Fiber) or fiber.parent is None:
            # A thread of the handler's own: virtual time cannot pass while its handler occupies the loop.
            return True
        self._parked.add(fiber)
        fiber.alarm = self._clock.call_at(self._clock.now() + math.ceil(seconds * 1000), fiber.resume)
        fiber.parent.switch()
        self._parked.discard(fiber)
        return True

    def close(self) -> None:
        for fiber in tuple(self._parked):
            fiber.parent = getcurrent()
            fiber.throw()
        self._parked.clear()

    def _wake(self, fiber: _Fiber) -> None:
        if fiber.alarm is not None:
            fiber.alarm.cancel()
            fiber.alarm = self._clock.call_at(self._clock.now(), fiber.resume)


class Threads:
    """Handlers in a bounded pool of daemon threads, in real time."""

    def __init__(self, clock: Clock, threads: int = 64) -> None:
        self._clock = clock
        self._limit = threads
        self._idle = 0
        self._threads = 0
        self._waiting: deque[Action] = deque()
        self._changed = threading.Condition()
        self._closed = threading.Event()

    def run(self, main: Action, timeout: int, expire: Action) -> Action:
        # Held, so that whoever drives the cloud knows that an answer is still to come.
        held = ExitStack()
        held.enter_context(self._clock.hold())

        def give_up() -> None:
            expire()
            held.close()

        def job() -> None:
            timer = self._clock.call_at(self._clock.now() + timeout * 1000, give_up)
            try:
                main()
            finally:
                timer.cancel()
                held.close()

        with self._changed:
            self._waiting.append(job)
            if self._idle < len(self._waiting) and self._threads < self._limit:
                self._threads += 1
                threading.Thread(target=self._work, name="fnfkit-function", daemon=True).start()
            self._changed.notify()
        return held.close

    def sleep(self, seconds: float) -> bool:
        return not self._closed.wait(seconds)

    def close(self) -> None:
        self._closed.set()
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        while (main := self._next()) is not None:
            main()

    def _next(self) -> Action | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._waiting or self._closed.is_set())
            self._idle -= 1
            return self._waiting.popleft() if self._waiting else None


def strands_for(clock: DrivenClock) -> Strands:
    """What goes with a clock: greenlets for virtual time, threads for real time."""
    return Fibers(clock) if clock.virtual else Threads(clock)
