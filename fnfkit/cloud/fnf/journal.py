"""Events and histories as bytes: what a durable store keeps of an execution."""

from __future__ import annotations

import orjson

from fnfkit.engine.events import (
    Accepted,
    Completed,
    Event,
    Failed,
    Reported,
    ReportedFailure,
    Resume,
    Retire,
    Start,
    Stop,
    TimerFired,
)
from fnfkit.engine.history import HistoryEvent

_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (Accepted, Completed, Failed, Reported, ReportedFailure, Resume, Retire, Start, Stop, TimerFired)
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def encode_event(event: Event) -> bytes:
    """An event as a journal record. Raises TypeError for values that are not JSON."""
    return orjson.dumps((_NAMES[type(event)], event))


def decode_event(record: bytes) -> Event:
    """The event of a journal record."""
    name, fields = orjson.loads(record)
    return _KINDS[name](**fields)


def encode_history(history: list[HistoryEvent]) -> bytes:
    """A whole history as one record."""
    return orjson.dumps([*map(tuple, history)])


def decode_history(record: bytes) -> list[HistoryEvent]:
    """The history of a record."""
    return [HistoryEvent(*fields) for fields in orjson.loads(record)]
