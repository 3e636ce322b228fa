"""A worker's log for machines: one JSON object a line on standard error, its counters among them now and then."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fnfkit.workers import Counters, JsonLines

SECONDS = 60.0
"""Between two lines with counters; none is written while nothing changes."""

_log = logging.getLogger("fnfkit.worker")


@contextmanager
def watching(counters: Counters, queue: str, seconds: float = SECONDS) -> Iterator[None]:
    """Logs for as long as the block lasts, and the counters once more at its end."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    ended = threading.Event()
    thread = threading.Thread(target=_tell, args=(counters, queue, ended, seconds), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _log.info("counters of %s", queue, extra={"queue": queue, "counters": counters.snapshot()})


def _tell(counters: Counters, queue: str, ended: threading.Event, seconds: float) -> None:
    before = counters.snapshot()
    while not ended.wait(seconds):
        now = counters.snapshot()
        if now != before:
            _log.info("counters of %s", queue, extra={"queue": queue, "counters": now})
        before = now
