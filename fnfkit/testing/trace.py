"""Histories as plain facts, wherever they come from: the embedded account, the API's JSON, or the engine itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord

ENDS = frozenset({"ExecutionSucceeded", "ExecutionFailed", "ExecutionStopped", "ExecutionTimedOut"})
FAILURES = frozenset({"TaskFailed", "TaskTimedOut", "TaskSubmitFailed"})
"""The events that end an attempt badly."""


_MARK = "\ufeff"
"""What some editors and shells begin a file with."""


class Fact(Protocol):
    """What all records of an event have in common."""

    @property
    def id(self) -> int: ...

    @property
    def scheduled_by(self) -> int: ...

    @property
    def type(self) -> str: ...

    @property
    def step(self) -> str: ...

    @property
    def detail(self) -> JsonObject: ...


def time_of(event: Fact) -> int:
    """When an event happened, in Unix milliseconds: records of the API and of the engine call it differently."""
    return event.time if isinstance(event, EventRecord) else int(getattr(event, "at", 0))


class NotAHistory(ValueError):
    """What was given is not the history of an execution; the message says why."""


def read_file(path: Path) -> list[EventRecord]:
    """The events in a file; see `read_history`. Raises `NotAHistory`."""
    try:
        return read_history(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise NotAHistory(f"{path} cannot be read: {problem}") from None
    except NotAHistory as problem:
        raise NotAHistory(f"{path}: {problem}") from None


def read_history(text: str) -> list[EventRecord]:
    """The events of a GetExecutionHistory answer, of several of them in a list, or of what `fnfkit history --json`
    prints. Raises `NotAHistory`."""
    try:
        value: Json = json.loads(text.removeprefix(_MARK))
        events = [_event(raw, number) for number, raw in enumerate(_raw_events(value), 1)]
    except ValueError as error:
        raise error if isinstance(error, NotAHistory) else NotAHistory(f"this is not JSON: {error}") from None
    except RecursionError:
        raise NotAHistory("this is nested deeper than any history") from None
    if not events:
        raise NotAHistory("there are no events; expected an object with Events, as GetExecutionHistory answers")
    return sorted(events, key=lambda event: event.id)


def _raw_events(value: Json) -> list[Json]:
    match value:
        case {"Events": {"Event": list() as events}} | {"Events": list() as events} | {"events": list() as events}:
            return events
        case {"data": inner} | {"body": inner}:
            return _raw_events(inner)
        case list() if value and all(isinstance(item, dict) and "Events" in item for item in value):
            return [event for page in value for event in _raw_events(page)]
        case list():
            return value
        case _:
            return []


def _event(raw: Json, number: int) -> EventRecord:
    if not isinstance(raw, dict):
        raise NotAHistory(f"event {number} is {type(raw).__name__}, not an object")
    fields = {str(key).replace("_", "").lower(): value for key, value in raw.items()}
    try:
        return EventRecord(
            id=int(fields.get("eventid", fields.get("id", number))),
            scheduled_by=int(fields.get("scheduleeventid", fields.get("scheduledby", 0)) or 0),
            type=str(fields["type"]),
            step=str(fields.get("stepname", fields.get("step", "")) or ""),
            time=_milliseconds(fields.get("time", 0)),
            detail=_detail(fields.get("eventdetail", fields.get("detail"))),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise NotAHistory(f"event {number} is not one of GetExecutionHistory: {error!r}") from None


def _detail(value: Json) -> JsonObject:
    found = json.loads(value) if isinstance(value, str) and value else value
    return found if isinstance(found, dict) else {}


def _milliseconds(value: Json) -> int:
    if isinstance(value, int | float):
        return int(value)
    return round(datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp() * 1000) if value else 0


def final(events: Sequence[Fact]) -> Fact | None:
    """The event that ended the execution, None if it goes on."""
    return events[-1] if events and events[-1].type in ENDS else None


def end_of(events: Sequence[Fact]) -> JsonObject:
    """What the event that ended the execution tells; nothing if it goes on."""
    end = final(events)
    return {} if end is None else end.detail


def input_of(events: Iterable[Fact]) -> JsonObject:
    """What the execution was started with."""
    found = next((event.detail.get("input") for event in events if event.type == "ExecutionStarted"), None)
    return found if isinstance(found, dict) else {}
