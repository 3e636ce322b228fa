"""Time as a parameter: one discrete-event clock for everything an account waits for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Timer(Protocol):
    """A pending call."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Unix milliseconds. Timers fire in due order, and in the order they were set where they are due together."""

    def now(self) -> int: ...

    def call_at(self, due: int, action: Callable[[], None]) -> Timer: ...

    def hold(self) -> AbstractContextManager[None]:
        """While held, virtual time does not jump: work is in progress elsewhere."""
        ...
