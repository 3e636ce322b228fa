"""What a task step sees of a function call: a value, or an error name and its cause (fdl.md 4.8, 4.9)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from fnfkit.cloud.fc.function import UNHANDLED, Answer, Stub
from fnfkit.cloud.fc.runtime import exited
from fnfkit.cloud.fc.worker import error_of
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
    fault: Fault | None = None
    """The refusal itself, if the function was not reached."""

    def late(self) -> Raised:
        """The same as an error of the function: what a stub comes to after the call has begun."""
        return Raised(self.error, {"errorMessage": self.cause, "errorType": self.error})


Outcome: TypeAlias = Returned | Raised

_CONTAINERS = (dict, list)


def outcome_of(answer: Answer) -> Outcome:
    """The outcome of a call that reached its function; a result that is no JSON stays the text it is."""
    value = parsed(answer.body)
    if not answer.error_type:
        return Returned(value)
    name = value.get("errorType") if isinstance(value, dict) else None
    return Raised(name if isinstance(name, str) and name else UNKNOWN, value)


def refusal(fault: Fault) -> Raised:
    """The outcome of a call that Function Compute refused: `FC.<Code>` (fdl.md 4.9)."""
    return Raised(f"FC.{fault.code}", fault.message, fault)


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


def answer_of(outcome: Outcome | None, request_id: str, started: int, ended: int) -> Answer:
    """What a stub answered as the answer of a function; None stands for a call that was ended. Raises the `Fault` that
    a refusal carries."""
    match outcome:
        case Returned(value):
            body = value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else _json(value)
            return Answer(body=body, request_id=request_id, started=started, ended=ended)
        case Raised(fault=Fault() as fault):
            raise fault
        case Raised(cause=cause):
            error = _json(cause)
        case None:
            error = _json(exited(ended - started, 0))
    return Answer(body=error, error_type=UNHANDLED, request_id=request_id, started=started, ended=ended)


def _json(value: Json) -> bytes:
    return json.dumps(value).encode()


def _copy(value: Json) -> Json:
    # Events are shared with the history. On small events this beats copy.deepcopy ten times.
    if type(value) is list:
        return [_copy(item) if type(item) in _CONTAINERS else item for item in value]
    copy = value.copy()
    for key, item in value.items():
        if type(item) in _CONTAINERS:
            copy[key] = _copy(item)
    return copy


def parsed(body: bytes) -> Json:
    """The JSON of a body, or the text it is."""
    try:
        return orjson.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
