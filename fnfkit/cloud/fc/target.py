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

from fnfkit.cloud.fc.function import Answer, Deployed, Function
from fnfkit.cloud.fc.outcome import Outcome, Returned, call_stub, outcome_of, refusal
from fnfkit.cloud.fc.service import FunctionService
from fnfkit.cloud.targets import TaskCall
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import FunctionRef
from fnfkit.ports import Fault, InvalidArgument

INVOCATION_TYPES = ("Sync", "Async")


class FunctionTarget:
    """Performs the calls of task steps that name a function."""

    def __init__(self, functions: FunctionService) -> None:
        self._functions = functions

    def invoke(self, call: TaskCall) -> None:
        """Call the function; a refusal by Function Compute fails the call as `FC.<Code>`."""
        try:
            deployed = self._find(call)
            background = call.params is not None and _is_async(call.params)
        except Fault as fault:
            _settle(call, refusal(fault))
            return
        if not background:
            accepts = call.pattern is Pattern.WAIT_FOR_CALLBACK
            self._run(deployed, call.input, partial(_accept_after if accepts else _settle, call))
        else:
            self._submit(deployed, call)

    def _find(self, call: TaskCall) -> Deployed:
        target = call.target
        if not isinstance(target, FunctionRef):
            raise InvalidArgument(f"{target} is not a function")
        return self._functions.find(target.service, target.qualifier, target.function)

    def _submit(self, deployed: Deployed, call: TaskCall) -> None:
        done: Callable[[Outcome], None] = _ignore
        match call.pattern:
            case Pattern.REQUEST_RESPONSE:
                # The answer to an accepted asynchronous call has no body (api-fc.md 3.2).
                call.succeed({})
            case Pattern.SYNC:
                call.accept()
                done = partial(_settle, call)
            case Pattern.WAIT_FOR_CALLBACK:
                call.accept()
        self._functions.later(0, partial(self._run, deployed, call.input, done))

    def _run(self, deployed: Deployed, event: JsonObject, done: Callable[[Outcome], None]) -> None:
        if isinstance(deployed, Function):
            self._functions.start(deployed, _event(event), partial(_finish, done))
        elif deployed.latency:
            self._functions.later(deployed.latency, lambda: done(call_stub(deployed, event)))
        else:
            done(call_stub(deployed, event))


def _finish(done: Callable[[Outcome], None], answer: Answer) -> None:
    done(outcome_of(answer))


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


def _ignore(outcome: Outcome) -> None:
    """Nobody waits for the end of this call (scenarios.md 9)."""


def _is_async(params: JsonObject) -> bool:
    kind: Json = params.get("InvocationType", "Sync")
    if kind not in INVOCATION_TYPES:
        raise InvalidArgument(f"InvocationType {kind!r} is not one of {', '.join(INVOCATION_TYPES)}")
    return bool(kind == "Async")


def _event(event: JsonObject) -> bytes:
    try:
        return orjson.dumps(event)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return json.dumps(event).encode()
