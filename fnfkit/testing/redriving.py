"""Going on with a failed execution from the step it failed in, on a local cloud: what went well is not done again.

Calls that the history knows the answer of are answered with it; the others, those of the failed step first of all,
reach the functions and stubs of the cloud.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Sequence
from pathlib import Path

from fnfkit.cloud.targets import TaskCall
from fnfkit.engine import parse_token
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import EventRecord
from fnfkit.testing.local import LocalCloud
from fnfkit.testing.replaying import events_of
from fnfkit.testing.roles import FAILURES, Role, role_of
from fnfkit.testing.run import Run
from fnfkit.testing.sources import AnyFlow
from fnfkit.testing.trace import NotAHistory, input_of


def redrive(cloud: LocalCloud, history: Sequence[EventRecord] | Path | str, flow: AnyFlow) -> Run:
    """Run a flow with the input of a recorded execution and the results it had recorded; returns the new run.

    Results are matched by step and event. A step's failures are recorded answers too, unless the execution failed of
    them. Raises `NotAHistory`, `CannotRead`.
    """
    events = events_of(history)
    recording = Recording(events, cloud)
    cloud.power.recorded = recording.answer
    try:
        return cloud.run(flow, input_of(events))
    finally:
        cloud.power.recorded = None


class Recording:
    """The answers of a recorded execution, by step and event."""

    def __init__(self, events: Sequence[EventRecord], cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._answers: dict[tuple[str, str], deque[EventRecord]] = defaultdict(deque)
        fatal = _fatal(events)
        inputs: dict[int, str] = {}  # by event, since steps of one name may be under way at once, each in its iteration
        for event in events:
            role = role_of(event)
            called = role in (Role.CALLED, Role.BEGUN)
            inputs[event.id] = _key(event.detail.get("input")) if called else inputs.get(event.scheduled_by, "")
            if role in (Role.ANSWERED, *FAILURES) and event.id not in fatal:
                self._answers[event.step, inputs[event.id]].append(event)

    def answer(self, call: TaskCall) -> bool:
        """Answer a call as recorded; False if nothing is, and for timeouts, which simply happen again."""
        known = self._answers.get((call.step, _key(call.input)))
        if not known:
            return False
        event = known.popleft()
        if call.pattern is Pattern.WAIT_FOR_CALLBACK:
            call.accept()
            self._cloud.cloud.loop.post(lambda: self._report(call.token, event))
        elif role_of(event) is Role.ANSWERED:
            call.succeed(event.detail.get("output", {}))
        else:
            call.fail(str(event.detail.get("error", "")), event.detail.get("cause", ""))
        return True

    def _report(self, token: str, event: EventRecord) -> None:
        flows = self._cloud.cloud.flows
        if role_of(event) is Role.ANSWERED:
            flows.report_task_succeeded(token, json.dumps(_reported(event)))
        else:
            flows.report_task_failed(token, str(event.detail.get("error", "")), _text(event.detail.get("cause", "")))


def _fatal(events: Sequence[EventRecord]) -> set[int]:
    """The failed attempts of the visit of the step that the execution failed of."""
    by_id = {event.id: event for event in events}
    event = next((event for event in events if role_of(event) in (Role.FAILED, Role.RAN_OUT)), None)
    found: set[int] = set()
    while event is not None and role_of(event) is not Role.ENTERED:
        if role_of(event) in FAILURES:
            found.add(event.id)
        earlier = event.scheduled_by < event.id
        event = by_id.get(event.scheduled_by) if earlier else None
    return found


def _reported(event: EventRecord) -> JsonObject:
    """What was reported. Raises `NotAHistory` if nobody can have."""
    output = event.detail.get("output", {})
    if not isinstance(output, dict):
        raise NotAHistory(f"event {event.id}: what is reported for a task is an object, not {type(output).__name__}")
    return output


def _key(value: Json) -> str:
    return json.dumps(_without_tokens(value), sort_keys=True)


def _without_tokens(value: Json) -> Json:
    match value:
        case str():
            return "<token>" if parse_token(value) is not None else value
        case dict():
            return {key: _without_tokens(item) for key, item in value.items()}
        case list():
            return [_without_tokens(item) for item in value]
        case _:
            return value


def _text(cause: Json) -> str:
    return cause if isinstance(cause, str) else json.dumps(cause)
