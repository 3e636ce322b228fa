"""Reading an execution to its end, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord, ExecutionRecord, Flows, Page

T = TypeVar("T")

PAGE = 999
"""Events per request, the most that every version of the service takes (api-fnf.md 4)."""


def history(flows: Flows, flow: str, execution: str) -> list[EventRecord]:
    """All events of an execution."""
    return every(lambda token: flows.get_execution_history(flow, execution, next_token=token, limit=PAGE))


def every(page: Callable[[str | None], Page[T]]) -> list[T]:
    """The items of all pages of a listing."""
    items: list[T] = []
    token: str | None = None
    while True:
        current = page(token)
        items += current.items
        token = current.next_token
        if token is None:
            return items


def waiting(events: list[EventRecord]) -> list[tuple[EventRecord, str]]:
    """Where a running execution waits for a callback: the events that say so, with their tokens."""
    pending: dict[int, tuple[EventRecord, str]] = {}
    for event in events:
        if event.type == "TaskSubmitted":
            token = (event.detail.get("output") or {}).get("taskToken")
            pending[event.id] = (event, str(token or ""))
        elif event.type in ("TaskSucceeded", "TaskFailed", "TaskTimedOut"):
            pending.pop(event.scheduled_by, None)
    return [(event, token) for event, token in pending.values() if token]


def end_of(events: list[EventRecord]) -> tuple[str, Json]:
    """The error and cause an execution ended with; empty if it did not fail."""
    last: JsonObject = events[-1].detail if events else {}
    return str(last.get("error") or ""), last.get("cause") or ""


def duration(record: ExecutionRecord, now: int) -> int:
    """Milliseconds an execution has taken, or has taken so far."""
    return (now if record.stopped is None else record.stopped) - record.started
