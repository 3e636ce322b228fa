"""An answer that is not there yet: what a long poll is while nothing happens, without a thread that sleeps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Signal:
    """Given once, from any thread; whoever waits is told, at once if it has been given already."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given = False
        self._waiting: list[Callable[[], None]] = []

    def give(self) -> None:
        """Tells all who wait, in this thread; giving again changes nothing."""
        with self._lock:
            self._given = True
            waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()

    def wait(self, wake: Callable[[], None]) -> None:
        """Has `wake` called once the signal is given. It may be called in any thread and must not block."""
        with self._lock:
            if not self._given:
                self._waiting.append(wake)
                return
        wake()


class Later(Generic[T]):
    """A pending answer. After `signal` has been given, `answer()` computes it; calling it earlier gives the answer as
    it stands, which is what a server that shuts down does. `release()` withdraws whatever would give the signal; call
    it when the answer has been taken or nobody wants it any more."""

    def __init__(self, answer: Callable[[], T], signal: Signal, *release: Callable[[], None]) -> None:
        self.answer = answer
        self.signal = signal
        self._release = release

    def becoming(self, answer: Callable[[], U]) -> Later[U]:
        """The same wait for another form of the answer."""
        return Later(answer, self.signal, *self._release)

    def release(self) -> None:
        """Withdraws the timers and callbacks of the wait."""
        for withdraw in self._release:
            withdraw()
