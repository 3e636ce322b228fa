"""Long polls that another thread can end: boto3 has no way to hang up, so each poll runs in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from fnfkit.ports import NetworkFault

T = TypeVar("T")


class Polls(Generic[T]):
    """The long polls that are under way. `unwanted` gets what a poll brings after it has been given up."""

    def __init__(self, unwanted: Callable[[str, T], None]) -> None:
        self._unwanted = unwanted
        self._under_way: set[_Poll[T]] = set()

    def wait(self, queue: str, ask: Callable[[], T]) -> T:
        """What a poll brings. Raises `Fault`, and `NetworkFault` if it has been interrupted."""
        poll = _Poll(ask, lambda brought: self._unwanted(queue, brought))
        self._under_way.add(poll)
        try:
            return poll.result()
        finally:
            self._under_way.discard(poll)

    def interrupt(self) -> None:
        """Ends the long polls of all threads, which then raise `NetworkFault`."""
        for poll in tuple(self._under_way):
            poll.give_up()


class _Poll(Generic[T]):
    def __init__(self, ask: Callable[[], T], unwanted: Callable[[T], None]) -> None:
        self._ask, self._unwanted = ask, unwanted
        self._brought: list[T] = []
        self._error: Exception = NetworkFault("the long poll was ended")
        self._lock = threading.Lock()
        self._settled = threading.Event()

    def result(self) -> T:
        threading.Thread(target=self._run, name="fnfkit-poll", daemon=True).start()
        self._settled.wait()
        if not self._brought:
            raise self._error
        return self._brought[0]

    def give_up(self) -> None:
        with self._lock:
            self._settled.set()

    def _run(self) -> None:
        try:
            brought = self._ask()
        except Exception as error:
            with self._lock:
                if not self._settled.is_set():
                    self._error = error
                    self._settled.set()
        else:
            self._hand_over(brought)

    def _hand_over(self, brought: T) -> None:
        with self._lock:
            wanted = not self._settled.is_set()
            if wanted:
                self._brought.append(brought)
                self._settled.set()
        if not wanted:
            self._unwanted(brought)
