"""A worker's counters on a terminal, redrawn in place, with warnings above them. Loads rich."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.live import Live
from rich.logging import RichHandler
from rich.text import Text

from fnfkit.workers import Counters

_PER_SECOND = 4
_BAD = frozenset({"failed", "parked", "lost", "faults"})


@contextmanager
def watching(counters: Counters, queue: str) -> Iterator[None]:
    """Shows the counters on standard error for as long as the block lasts."""
    console = Console(stderr=True, highlight=False)
    line = _Line(counters, queue)
    handler = RichHandler(console=console, level=logging.WARNING, show_path=False, markup=False)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], format="%(message)s", force=True)
    # Standard output stays as it is: it carries the result.
    with Live(get_renderable=line.now, console=console, refresh_per_second=_PER_SECOND, redirect_stdout=False):
        yield


class _Line:
    """The counters at one moment, and how many tasks ended in the second before."""

    def __init__(self, counters: Counters, queue: str) -> None:
        self._counters, self._queue = counters, queue
        self._at, self._ended, self._rate = monotonic(), 0, 0.0

    def now(self) -> Text:
        counts = self._counters.snapshot()
        self._measure(counts["succeeded"] + counts["failed"])
        line = Text(f"{self._queue}  {self._rate:.0f}/s", style="bold", no_wrap=True, overflow="ellipsis")
        for name, count in counts.items():
            if count or name in ("received", "succeeded"):
                line.append(f"  {name} ", style="dim")
                line.append(str(count), style="bold red" if name in _BAD else "green")
        return line

    def _measure(self, ended: int) -> None:
        now = monotonic()
        if now - self._at >= 1:
            self._rate = (ended - self._ended) / (now - self._at)
            self._at, self._ended = now, ended
