"""Function Compute as the target of task steps (fdl.md 4.2, 4.4).

| pattern | synchronous invocation | asynchronous invocation |
|---|---|---|
| requestResponse | ends with the function's result | ends when the call is accepted |
| sync | the same (fdl.md 4.2) | ends with the function's result |
| waitForCallback | waits for the report once the function has returned | waits for it once the call is accepted |
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import orjson

from fnfkit.cloud.fc.function import Answer, Call, Deployed, Stub
from fnfkit.cloud.fc.outcome import Outcome, Raised, Returned, call_stub, outcome_of, refusal
from fnfkit.cloud.fc.queue import InvocationQueue, Submission
from fnfkit.cloud.fc.service import FunctionService
from fnfkit.cloud.targets import TaskCall
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import FunctionRef
from fnfkit.ports import Fault, InvalidArgument
from fnfkit.ports.functions import LATEST, TaskRecord

INVOCATION_TYPES = ("Sync", "Async")


class FunctionTarget:
    """Performs the calls of task steps that name a function."""

    def __init__(self, functions: FunctionService, queue: InvocationQueue) -> None:
        self._functions = functions
        self._queue = queue

    def invoke(self, call: TaskCall) -> None:
        """Call the function; a refusal by Function Compute fails the call as `FC.<Code>`."""
        try:
            target = _target(call)
            if call.params is not None and _is_async(call.params):
                self._submit(target, call, call.params)
                return
            deployed = self._functions.find(target.service, target.qualifier, target.function)
            accepts = call.pattern is Pattern.WAIT_FOR_CALLBACK
            self._run(deployed, target, call.input, partial(_accept_after if accepts else _settle, call))
        except Fault as fault:
            _settle(call, refusal(fault))

    def _submit(self, target: FunctionRef, call: TaskCall, params: JsonObject) -> None:
        task_id = _task_id(params)
        order = Submission(
            service=target.service,
            function=target.function,
            qualifier=target.qualifier,
            payload=_event(call.input),
            task_id=task_id,
            stateful=bool(task_id),
            origin=call.id,
        )
        self._queue.submit(order)
        match call.pattern:
            case Pattern.REQUEST_RESPONSE:
                # The answer to an accepted asynchronous call has no body (api-fc.md 3.2).
                call.succeed({})
            case Pattern.SYNC:
                call.accept()
                call.on_abandon = self._queue.watch(call.id, partial(_report, call))
            case Pattern.WAIT_FOR_CALLBACK:
                call.accept()

    def _run(self, deployed: Deployed, target: FunctionRef, event: JsonObject, done: Callable[[Outcome], None]) -> None:
        if isinstance(deployed, Stub) and not deployed.latency:
            done(call_stub(deployed, event))
            return
        qualifier = target.qualifier or LATEST
        call = Call(payload=_event(event), request_id=self._functions.new_request_id(), qualifier=qualifier)
        self._functions.begin(deployed, call, lambda answer: done(outcome_of(answer)))


def _target(call: TaskCall) -> FunctionRef:
    if not isinstance(call.target, FunctionRef):
        raise InvalidArgument(f"{call.target} is not a function")
    return call.target


def _report(call: TaskCall, task: TaskRecord, answer: Answer | None) -> None:
    """The end of an asynchronous function, as Function Compute reports it to the flow (scenarios.md 9)."""
    if answer is not None:
        _settle(call, outcome_of(answer))
        return
    # Which error name the service reports for these ends is not documented; inferred from their states.
    name = task.error or f"StatefulAsyncInvocation{task.status}"
    _settle(call, Raised(f"FC.{name}", f"the asynchronous invocation {task.id} ended as {task.status}"))


def _settle(call: TaskCall, outcome: Outcome) -> None:
    if isinstance(outcome, Returned):
        call.succeed(outcome.value)
    else:
        call.fail(outcome.error, outcome.cause)


def _accept_after(call: TaskCall, outcome: Outcome) -> None:
    # The function's own result is not the step's (scenarios.md 5); its failure is.
    if isinstance(outcome, Returned):
        call.accept()
    else:
        call.fail(outcome.error, outcome.cause)


def _is_async(params: JsonObject) -> bool:
    kind: Json = params.get("InvocationType", "Sync")
    if kind not in INVOCATION_TYPES:
        raise InvalidArgument(f"InvocationType {kind!r} is not one of {', '.join(INVOCATION_TYPES)}")
    return bool(kind == "Async")


def _task_id(params: JsonObject) -> str:
    given: Json = params.get("StatefulAsyncInvocationID", "")
    if not isinstance(given, str):
        raise InvalidArgument(f"StatefulAsyncInvocationID must be text, not {given!r}")
    return given


def _event(event: Json) -> bytes:
    if isinstance(event, str):  # the body of a state machine's task may be text (cloudflow.md 5.3)
        return event.encode("utf-8", "surrogatepass")
    try:
        return orjson.dumps(event)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return json.dumps(event).encode()
