"""The events of a stack as lines: for pipes, files and terminals that cannot do more."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fnfkit.ports import StackEvent


@contextmanager
def watching(stack: str) -> Iterator[Callable[[StackEvent], None]]:
    """What is told every event prints it to standard error."""
    yield lambda event: print(line_of(event), file=sys.stderr, flush=True)


def line_of(event: StackEvent) -> str:
    """An event as a line."""
    reason = f": {event.status_reason}" if event.status.endswith("_FAILED") and event.status_reason else ""
    return f"  {event.status:<24} {event.logical_id} ({event.type}){reason}"


@contextmanager
def silent(stack: str) -> Iterator[Callable[[StackEvent], None]]:
    """What is told every event says nothing."""
    yield lambda event: None
