"""What a task step sees of a function call: a value, or an error name and its cause (fdl.md 4.8, 4.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import orjson

from fnfkit.cloud.fc.function import Answer, Stub
from fnfkit.cloud.fc.invocation import error_of
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import Fault

UNKNOWN = "FC.Unknown"
"""The function ran and failed without a usable exception (fdl.md 4.9)."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The function's result; anything but a JSON object is the engine's to refuse."""

    value: Json


@dataclass(frozen=True, slots=True)
class Raised:
    """The call failed."""

    error: str
    cause: Json


Outcome: TypeAlias = Returned | Raised

_CONTAINERS = (dict, list)


def outcome_of(answer: Answer) -> Outcome:
    """The outcome of a call that reached its function; a result that is no JSON stays the text it is."""
    value = _parsed(answer.body)
    if not answer.error_type:
        return Returned(value)
    name = value.get("errorType") if isinstance(value, dict) else None
    return Raised(name if isinstance(name, str) and name else UNKNOWN, value)


def refusal(fault: Fault) -> Raised:
    """The outcome of a call that Function Compute refused: `FC.<Code>` (fdl.md 4.9)."""
    return Raised(f"FC.{fault.code}", fault.message)


def call_stub(stub: Stub, event: JsonObject) -> Outcome:
    """Call a stub, with a copy of the event unless it shares."""
    try:
        return Returned(stub.answer(event if stub.shares else _copy(event)))
    except Fault as fault:
        return refusal(fault)
    except SystemExit:
        return Raised(UNKNOWN, {"errorMessage": "Process exited unexpectedly before completing request"})
    except Exception as error:
        return Raised(type(error).__name__, error_of(error, ""))


def _copy(value: Json) -> Json:
    # Events are shared with the history. On small events this beats copy.deepcopy ten times.
    if type(value) is list:
        return [_copy(item) if type(item) in _CONTAINERS else item for item in value]
    copy = value.copy()
    for key, item in value.items():
        if type(item) in _CONTAINERS:
            copy[key] = _copy(item)
    return copy


def _parsed(body: bytes) -> Json:
    try:
        return orjson.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
