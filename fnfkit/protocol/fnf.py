"""The Serverless Workflow records on the wire (api-fnf.md 2), as tables read by both sides.

A `Shape` pairs the attributes of a record with the names of its JSON fields. The server writes with it, a client
reads with it, and neither has a second list to keep in step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter

import orjson

from fnfkit.protocol.rpc import Json, read_time, write_time

VERSION = "2019-03-15"


@dataclass(frozen=True, slots=True)
class Codec:
    """How one kind of value is written and read; `absent` is what a missing field means."""

    write: Callable[[Json], Json]
    read: Callable[[Json], Json]
    absent: Json = ""


def _same(value: Json) -> Json:
    return value


def _write_optional_time(value: int | None) -> str:
    return "" if value is None else write_time(value)


def _read_optional_time(text: str) -> int | None:
    return read_time(text) if text else None


def _write_text(value: Json) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # a lone surrogate, or a number beyond 64 bits: the standard encoder takes both
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


TEXT = Codec(_same, lambda value: value or "")
NUMBER = Codec(_same, int, 0)
FLAG = Codec(_same, bool, False)
TIME = Codec(write_time, lambda text: _read_optional_time(text) or 0, "")
OPTIONAL_TIME = Codec(_write_optional_time, _read_optional_time)
"""A time that has not come yet is an empty string, not null (api-fnf.md 2)."""
JSON_TEXT = Codec(_write_text, lambda text: json.loads(text or "{}"), "{}")
"""JSON inside a JSON string: EventDetail."""


class Shape:
    """The fields of one kind of record: (attribute, JSON name, codec)."""

    def __init__(self, *fields: tuple[str, str, Codec]) -> None:
        self._fields = fields
        self._values = attrgetter(*(attribute for attribute, _, _ in fields))
        self._writers = tuple((name, None if codec.write is _same else codec.write) for _, name, codec in fields)

    def write(self, record: object) -> dict[str, Json]:
        """The JSON object of a record."""
        values = self._values(record)
        return {
            name: value if write is None else write(value)
            for (name, write), value in zip(self._writers, values, strict=True)
        }

    def read(self, data: Mapping[str, Json]) -> dict[str, Json]:
        """The record's attributes, from a JSON object. Unknown fields are ignored, missing ones are blank."""
        return {attribute: codec.read(data.get(name, codec.absent)) for attribute, name, codec in self._fields}


FLOW = Shape(
    ("name", "Name", TEXT),
    ("id", "Id", TEXT),
    ("definition", "Definition", TEXT),
    ("description", "Description", TEXT),
    ("type", "Type", TEXT),
    ("role_arn", "RoleArn", TEXT),
    ("external_storage_location", "ExternalStorageLocation", TEXT),
    ("execution_mode", "ExecutionMode", TEXT),
    ("created", "CreatedTime", TIME),
    ("modified", "LastModifiedTime", TIME),
)
"""Every answer with a flow carries all fields; the documented sets differ by the last two text fields only."""

EXECUTION = Shape(
    ("flow", "FlowName", TEXT),
    ("name", "Name", TEXT),
    ("definition", "FlowDefinition", TEXT),
    ("input", "Input", TEXT),
    ("output", "Output", TEXT),
    ("status", "Status", TEXT),
    ("started", "StartedTime", TIME),
    ("stopped", "StoppedTime", OPTIONAL_TIME),
)

SYNC = Shape(
    ("flow", "FlowName", TEXT),
    ("name", "Name", TEXT),
    ("status", "Status", TEXT),
    ("error", "ErrorCode", TEXT),
    ("cause", "ErrorMessage", TEXT),
    ("output", "Output", TEXT),
    ("started", "StartedTime", TIME),
    ("stopped", "StoppedTime", TIME),
)

EVENT = Shape(
    ("id", "EventId", NUMBER),
    ("scheduled_by", "ScheduleEventId", NUMBER),
    ("type", "Type", TEXT),
    ("step", "StepName", TEXT),
    ("time", "Time", TIME),
    ("detail", "EventDetail", JSON_TEXT),
)

SCHEDULE = Shape(
    ("name", "ScheduleName", TEXT),
    ("id", "ScheduleId", TEXT),
    ("description", "Description", TEXT),
    ("payload", "Payload", TEXT),
    ("cron", "CronExpression", TEXT),
    ("enabled", "Enable", FLAG),
    ("created", "CreatedTime", TIME),
    ("modified", "LastModifiedTime", TIME),
)
"""A schedule does not name its flow: the asker knows it."""
