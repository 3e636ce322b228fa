"""Time for workers: a parameter, so that tests move it. An embedded account's clock is one; this is the machine's."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

_log = logging.getLogger("fnfkit.worker")


class Timer(Protocol):
    """A pending call."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Milliseconds that never run backwards, and calls at a time, made from any thread."""

    def now(self) -> int: ...

    def call_at(self, due: int, action: Callable[[], None]) -> Timer: ...


class _Call:
    __slots__ = ("action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class SystemClock:
    """The machine's monotonic time; calls are made by one daemon thread, which must not be kept long."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._heap: list[tuple[int, int, _Call]] = []
        self._count = 0
        self._thread: threading.Thread | None = None

    def now(self) -> int:
        """Milliseconds since some instant."""
        return time.monotonic_ns() // 1_000_000

    def call_at(self, due: int, action: Callable[[], None]) -> Timer:
        """Has an action called at a time."""
        call = _Call(action)
        with self._condition:
            self._count += 1
            heapq.heappush(self._heap, (due, self._count, call))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fnfkit-clock", daemon=True)
                self._thread.start()
            elif self._heap[0][2] is call:
                self._condition.notify()
        return call

    def _run(self) -> None:
        while True:
            action = self._next()
            if action:
                self._call(action)

    def _call(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception:  # one action that fails must not keep the others, which renew leases, from being called
            _log.exception("a timed action failed")

    def _next(self) -> Callable[[], None] | None:
        with self._condition:
            while not self._heap:
                self._condition.wait()
            due, _, call = self._heap[0]
            if call.action is not None and (wait := due - self.now()) > 0:
                self._condition.wait(wait / 1_000)
                return None
            heapq.heappop(self._heap)
            return call.action
