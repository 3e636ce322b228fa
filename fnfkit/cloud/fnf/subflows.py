"""Flows as targets of task steps: sub-flows (fdl.md 4.2, 4.4) and the API's own actions (fdl.md 4.5)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial

from fnfkit.cloud.fnf.core import Core, utc
from fnfkit.cloud.fnf.journal import text_of
from fnfkit.cloud.fnf.run import AnyRun, Run, parse_object
from fnfkit.cloud.fnf.service import FlowService
from fnfkit.cloud.targets import TaskCall
from fnfkit.model.flow import Pattern
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.names import ActionRef, FlowRef
from fnfkit.ports import ExecutionRecord, Fault, InvalidArgument, MissingRequiredParams

TIMEOUT = "FnF.Timeout"


class FlowTarget:
    """Starts the child of a sub-flow step, and waits for its end if the pattern is sync."""

    def __init__(self, core: Core, service: FlowService) -> None:
        self._core = core
        self._service = service

    def invoke(self, call: TaskCall) -> None:
        """Starts the child; a refusal fails the call as `FnF.<Code>` (prefix inferred from the targets of 4.9)."""
        try:
            child = self._start(call)
        except Fault as fault:
            call.fail(f"FnF.{fault.code}", fault.message)
            return
        match call.pattern:
            case Pattern.REQUEST_RESPONSE:
                # As it was when it was started, so that a call repeated after a crash is answered alike.
                call.succeed(_started(call, child.record()._replace(status="Running", output="", stopped=None)))
            case Pattern.WAIT_FOR_CALLBACK:
                call.accept()
            case Pattern.SYNC:
                call.accept()
                self._await(call, child)

    def _start(self, call: TaskCall) -> AnyRun:
        target = call.target
        if not isinstance(target, FlowRef) or target.account not in ("", call.account):
            raise InvalidArgument(f"{target} is not a flow of this account.")
        # Without serviceParams the child gets a generated name and the mapped input (fdl.md 4.4).
        params = {"Input": call.input} if call.params is None else call.params
        name = _text(params, "ExecutionName") or None
        return self._service.executions.start(target.flow, name, _json(params, "Input"), origin=call.id)

    def _await(self, call: TaskCall, child: AnyRun) -> None:
        settle = partial(_settle, call, child)
        if isinstance(child, Run):
            call.on_abandon = self._core.runner.watch(child, settle)
        else:
            settle()


class FlowActions:
    """`action: fnf:<Api>`: operations of the API as task steps."""

    def __init__(self, service: FlowService) -> None:
        self._actions: dict[str, Callable[[JsonObject], JsonObject]] = {
            "StartExecution": partial(_start_execution, service),
            "StopExecution": partial(_stop_execution, service),
            "DescribeExecution": partial(_describe_execution, service),
            "ReportTaskSucceeded": partial(_report_succeeded, service),
            "ReportTaskFailed": partial(_report_failed, service),
        }

    def invoke(self, call: TaskCall) -> None:
        """Performs the operation; a refusal fails the call as `fnf.<Code>` (fdl.md 4.5)."""
        api = call.target.api if isinstance(call.target, ActionRef) else ""
        action = self._actions.get(api)
        if action is None:
            call.fail("fnf.ActionNotSupported", f"The action fnf:{api} is not one of {', '.join(self._actions)}.")
            return
        try:
            output = action(call.params or {})
        except Fault as fault:
            call.fail(f"fnf.{fault.code}", fault.message)
        else:
            call.succeed(output)


def _started(call: TaskCall, record: ExecutionRecord) -> JsonObject:
    """What both languages show of a child that was started: ours by fdl.md 4.4, the rest by cloudflow.md 5.3."""
    request = str(uuid.uuid5(uuid.NAMESPACE_OID, call.id)).upper()
    return {**_response(record), "ExecutionName": record.name, "RequestID": request}


def _settle(call: TaskCall, child: AnyRun) -> None:
    """What the parent sees of its child's end (fdl.md 2.6, 4.4, 4.9)."""
    if isinstance(child, Run) and child.execution.status == "Succeeded":
        call.succeed(child.execution.output)
        return
    record = child.record()
    match record.status:
        case "Succeeded":
            call.succeed(parse_object(record.output))
        case "TimedOut":
            call.fail(TIMEOUT, child.cause)
        case _:
            call.fail(child.error, child.cause)


def _start_execution(service: FlowService, params: JsonObject) -> JsonObject:
    record = service.start_execution(
        _required(params, "FlowName"),
        name=_text(params, "ExecutionName") or None,
        input=_json(params, "Input"),
        callback_token=_text(params, "CallbackFnFTaskToken") or None,
    )
    return _response(record)


def _stop_execution(service: FlowService, params: JsonObject) -> JsonObject:
    flow, name = _required(params, "FlowName"), _required(params, "ExecutionName")
    return _response(service.stop_execution(flow, name, error=_text(params, "Error"), cause=_text(params, "Cause")))


def _describe_execution(service: FlowService, params: JsonObject) -> JsonObject:
    return _response(service.describe_execution(_required(params, "FlowName"), _required(params, "ExecutionName")))


def _report_succeeded(service: FlowService, params: JsonObject) -> JsonObject:
    token = _required(params, "TaskToken")
    return {"EventId": service.report_task_succeeded(token, _json(params, "Output") or "")}


def _report_failed(service: FlowService, params: JsonObject) -> JsonObject:
    token = _required(params, "TaskToken")
    return {"EventId": service.report_task_failed(token, _required(params, "Error"), _text(params, "Cause"))}


def _response(record: ExecutionRecord) -> JsonObject:
    """The API's answer without FlowDefinition, which alone may exceed what a step can hold (inferred)."""
    return {
        "FlowName": record.flow,
        "Name": record.name,
        "Input": record.input,
        "Output": record.output,
        "Status": record.status,
        "StartedTime": utc(record.started),
        "StoppedTime": utc(record.stopped) if record.stopped is not None else "",
    }


def _required(params: JsonObject, key: str) -> str:
    value = _text(params, key)
    if not value:
        raise MissingRequiredParams(f"The parameter '{key}' must be specified.")
    return value


def _text(params: JsonObject, key: str) -> str:
    value = params.get(key)
    if value is not None and not isinstance(value, str):
        raise InvalidArgument(f"{key} must be text.")
    return value or ""


def _json(params: JsonObject, key: str) -> str | None:
    """A parameter that may be given as an object or as its text."""
    value: Json = params.get(key)
    return value if value is None or isinstance(value, str) else text_of(value)
