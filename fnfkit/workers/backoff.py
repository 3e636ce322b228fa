"""Waiting between attempts: longer each time, and never at the same moment as the others."""

from __future__ import annotations

import threading
from random import Random

from fnfkit.workers.clock import Clock

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 20.0
_LOOK_SECONDS = 0.2


def delay(attempt: int, random: Random) -> float:
    """Seconds before the next attempt after `attempt` (from 1) failures: full jitter over a doubling ceiling."""
    ceiling = min(LONGEST_SECONDS, FIRST_SECONDS * (1 << min(attempt, 16)))
    return ceiling * (0.5 + random.random() / 2)


def pause(clock: Clock, seconds: float, interrupted: threading.Event | None = None) -> None:
    """Waits on the clock; an interruption ends the wait."""
    woken = threading.Event()
    timer = clock.call_at(clock.now() + round(seconds * 1_000), woken.set)
    while not woken.wait(None if interrupted is None else _LOOK_SECONDS):
        if interrupted is not None and interrupted.is_set():
            timer.cancel()
            return
