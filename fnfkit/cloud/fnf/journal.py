"""Events and histories as bytes: what a durable store keeps of an execution."""

from __future__ import annotations

import json

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
from fnfkit.model.json import Json

_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (Accepted, Completed, Failed, Reported, ReportedFailure, Resume, Retire, Start, Stop, TimerFired)
}
_FIELDS = {kind: (name, tuple(kind.__dataclass_fields__)) for name, kind in _KINDS.items()}

_SLOW = b"~"
"""Opens a record that the fast encoder could not write: integers beyond 64 bits, halves of surrogate pairs."""


def encode(value: Json) -> bytes:
    """A JSON value as bytes. Raises TypeError for values that are not JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return _SLOW + json.dumps(value, separators=(",", ":")).encode()


def decode(record: bytes) -> Json:
    """The value of a record."""
    return json.loads(record[1:]) if record.startswith(_SLOW) else orjson.loads(record)


def text_of(value: Json) -> str:
    """A JSON value as compact text."""
    return encode(value).decode().removeprefix("~")


def encode_event(event: Event) -> bytes:
    """An event as a journal record. Raises TypeError for values that are not JSON."""
    name, fields = _FIELDS[type(event)]
    return encode([name, *[getattr(event, field) for field in fields]])


def encode_answer(event: Completed | Failed) -> tuple[Completed | Failed, bytes]:
    """The answer and its journal record; an answer that is not JSON becomes a failure, then and after a recovery."""
    try:
        return event, encode_event(event)
    except TypeError as error:
        failed = Failed(event.at, event.call, "FnF.InvalidLocal", f"the result is not JSON: {error}")
        return failed, encode_event(failed)


def decode_event(record: bytes) -> Event:
    """The event of a journal record."""
    name, *values = decode(record)
    return _KINDS[name](*values)


def encode_history(history: list[HistoryEvent]) -> bytes:
    """A whole history as one record."""
    return encode([*map(tuple, history)])


def decode_history(record: bytes) -> list[HistoryEvent]:
    """The history of a record."""
    return [HistoryEvent(*fields) for fields in decode(record)]
