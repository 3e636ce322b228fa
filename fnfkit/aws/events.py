"""The history of a Step Functions execution as the port's events, under the types that Step Functions gives them.

`detail` is what the event tells beside id, type and time; `input`, `output` and `parameters`, which travel as JSON
text, are JSON in it. `step` is the state an event belongs to, found through the events that led to it. The
TaskSubmitted of a task that waits tells its token as Serverless Workflow does, `{"output": {"taskToken": ...}}`, if the
token is in the parameters of the call under a name like task_token, taskToken or token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord

_WAITS = ".waitForTaskToken"
_TOKEN = re.compile(r"(task_?)?token\Z", re.IGNORECASE)
_TEXTS = ("input", "output", "parameters")
_PLAIN = ("timestamp", "type", "id", "previousEventId")
_LEFT_OUT = ("inputDetails", "outputDetails")


def read_events(found: Iterable[JsonObject]) -> tuple[EventRecord, ...]:
    """All events of an execution, from its first on, as records."""
    steps: dict[int, str] = {}
    tokens: dict[int, str] = {}
    return tuple(_event(event, steps, tokens) for event in found)


def _event(event: JsonObject, steps: dict[int, str], tokens: dict[int, str]) -> EventRecord:
    id, before, detail = int(event["id"]), int(event.get("previousEventId", 0)), _detail(event)
    kind = str(event["type"])
    # What follows the exit of a state is another state's, or its container's; the next entry says so.
    steps[id] = str(detail["name"]) if kind.endswith(("StateEntered", "StateExited")) else steps.get(before, "")
    if before in tokens and kind in ("TaskStarted", "TaskSubmitted"):
        tokens[id] = tokens[before]
    if kind == "TaskScheduled" and str(detail.get("resource", "")).endswith(_WAITS):
        tokens[id] = next(_tokens(detail.get("parameters"), ""), "")
    if kind == "TaskSubmitted" and tokens.get(id):
        detail = {**detail, "answer": detail.get("output"), "output": {"taskToken": tokens[id]}}
    step = "" if kind.startswith("Execution") else steps[id]
    return EventRecord(
        id=id,
        scheduled_by=before,
        type=kind,
        step=step,
        time=round(event["timestamp"].timestamp() * 1_000),
        detail=detail,
    )


def _detail(event: JsonObject) -> JsonObject:
    told: JsonObject = next((value for name, value in event.items() if name not in _PLAIN), {})
    kept = {name: value for name, value in told.items() if name not in _LEFT_OUT}
    return {name: _parsed(value) if name in _TEXTS else value for name, value in kept.items()}


def _parsed(text: Json) -> Json:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def _tokens(value: Json, name: str) -> Iterator[str]:
    """The texts under names of tokens, looked for in JSON text too: that is what a message is."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _tokens(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _tokens(item, name)
    elif isinstance(value, str):
        if _TOKEN.match(name):
            yield value
        elif value.startswith(("{", "[")):
            yield from _tokens(_parsed_container(value), "")


def _parsed_container(text: str) -> Json:
    found = _parsed(text)
    return found if isinstance(found, dict | list) else None
