"""The resources of a stack on a terminal, each with its present status, redrawn in place. Loads rich."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fnfkit.ports import StackEvent

_PER_SECOND = 8


@contextmanager
def watching(stack: str) -> Iterator[Callable[[StackEvent], None]]:
    """What is told every event shows the resources on standard error for as long as the block lasts."""
    console = Console(stderr=True, highlight=False)
    latest: dict[str, StackEvent] = {}
    with Live(get_renderable=lambda: table_of(stack, latest), console=console, refresh_per_second=_PER_SECOND):
        yield lambda event: latest.update({event.logical_id: event})


def table_of(stack: str, latest: dict[str, StackEvent]) -> Table:
    """A line per resource, in the order they were begun."""
    grid = Table.grid(padding=(0, 2))
    grid.add_row(Text(stack, style="bold"))
    for event in list(latest.values()):
        if event.logical_id != event.stack_name:
            reason = event.status_reason if event.status.endswith("_FAILED") else ""
            grid.add_row(Text(event.logical_id), Text(event.status, style=_style(event.status)), Text(reason))
    return grid


def _style(status: str) -> str:
    if status.endswith("_FAILED") or "ROLLBACK" in status:
        return "bold red"
    return "green" if status.endswith("_COMPLETE") else "dim"
