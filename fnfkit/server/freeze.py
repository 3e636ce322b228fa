"""Virtual time stopped and moved by a client's wish."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from fnfkit.cloud.clock import DrivenClock


class Freeze:
    """Keeps virtual time still while there are holds, except while it is being advanced. From any thread."""

    def __init__(self, clock: DrivenClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._advancing = 0
        self._hold: AbstractContextManager[None] | None = None
        self.holds = 0

    def change(self, by: int) -> None:
        """Adds holds, or takes them away."""
        with self._lock:
            self.holds += by
            self._settle()

    def advance(self, milliseconds: int, then: Callable[[], None]) -> Callable[[], None]:
        """Lets that much time pass, stands still again if there are holds, and calls `then` from the driving thread.

        Returns what withdraws the wish; that is safe to call at any time, and more than once.
        """
        ended = threading.Event()
        with self._lock:
            self._advancing += 1
            self._settle()
        timer = self._clock.call_at(self._clock.now() + milliseconds, lambda: self._arrive(ended, then))

        def withdraw() -> None:
            timer.cancel()
            self._end(ended)

        return withdraw

    def _arrive(self, ended: threading.Event, then: Callable[[], None]) -> None:
        self._end(ended)
        then()

    def _end(self, ended: threading.Event) -> None:
        with self._lock:
            if not ended.is_set():
                ended.set()
                self._advancing -= 1
                self._settle()

    def _settle(self) -> None:
        still = self.holds > 0 and not self._advancing
        if still and self._hold is None:
            self._hold = self._clock.hold()
            self._hold.__enter__()
        elif not still and self._hold is not None:
            self._hold.__exit__(None, None, None)
            self._hold = None
