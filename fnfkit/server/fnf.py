"""The Serverless Workflow API (api-fnf.md 1) as one table: action, parameters, call of the port, shape of answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fnfkit.cloud.clock import Clock
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports.fault import Fault, InvalidArgument
from fnfkit.ports.flows import ExecutionRecord, Flows, Page, SyncResult
from fnfkit.protocol.fnf import EVENT, EXECUTION, FLOW, SCHEDULE, SYNC, VERSION, Shape
from fnfkit.protocol.rpc import Malformed, read_flag, read_integer, read_time
from fnfkit.server.auth import FNF_REFUSALS
from fnfkit.server.later import Later, Signal
from fnfkit.server.rpc import Action, Call, Product, Result

MAX_WAIT_SECONDS = 60
"""The longest long poll (api-fnf.md 4)."""


class Executions(Protocol):
    """Executions as they are, past the rate limits that the poll itself has been counted for."""

    def describe(self, flow: str, name: str, wait_seconds: int) -> ExecutionRecord: ...


class ServedFlows(Flows, Protocol):
    """The port, and what the operations that may take long need beyond it."""

    @property
    def executions(self) -> Executions: ...

    def on_end(self, flow: str, execution: str, callback: Callable[[], None]) -> Callable[[], None]: ...

    def begin_sync_execution(
        self, flow: str, *, name: str | None = None, input: str | None = None, on_end: Callable[[SyncResult], None]
    ) -> Callable[[], None]: ...


@dataclass(frozen=True, slots=True)
class Parameter:
    """A request parameter, the keyword it becomes, and how its text is read. With `blank_is_absent`, an empty text is
    the same as none."""

    name: str
    keyword: str
    read: Callable[[str], Json] = str
    required: bool = False
    blank_is_absent: bool = True


def _need(name: str, keyword: str) -> Parameter:
    return Parameter(name, keyword, required=True, blank_is_absent=False)


def _text(name: str, keyword: str) -> Parameter:
    return Parameter(name, keyword, blank_is_absent=False)


def _arguments(call: Call, parameters: tuple[Parameter, ...]) -> dict[str, Json]:
    """The keyword arguments of a call. Raises `InvalidArgument`; parameters that nobody asked for are ignored."""
    arguments = {}
    for parameter in parameters:
        text = call.parameters.get(parameter.name)
        if text is None or (not text and parameter.blank_is_absent):
            continue
        try:
            arguments[parameter.keyword] = parameter.read(text)
        except Malformed as wrong:
            raise InvalidArgument(f"Parameter error. The parameter '{parameter.name}' {wrong}.") from None
    return arguments


def _action(call_port: Callable[..., Result], *parameters: Parameter) -> Action:
    required = tuple(parameter.name for parameter in parameters if parameter.required)
    return Action(required, lambda call: call_port(**_arguments(call, parameters)))


def _one(shape: Shape, port: Callable[..., Json]) -> Callable[..., Result]:
    return lambda **arguments: shape.write(port(**arguments))


def _page(field: str, shape: Shape, port: Callable[..., Page[Json]]) -> Callable[..., Result]:
    def answer(**arguments: Json) -> Result:
        page = port(**arguments)
        more = {} if page.next_token is None else {"NextToken": page.next_token}
        return {field: [shape.write(item) for item in page.items], **more}

    return answer


def _event_id(port: Callable[..., int]) -> Callable[..., Result]:
    return lambda **arguments: {"EventId": port(**arguments)}


def _nothing(port: Callable[..., None]) -> Callable[..., Result]:
    def answer(**arguments: Json) -> Result:
        port(**arguments)
        return {}

    return answer


FLOW_NAME = _need("FlowName", "flow")
EXECUTION_NAME = _need("ExecutionName", "name")
SCHEDULE_NAME = _need("ScheduleName", "name")
PAGING = (Parameter("NextToken", "next_token"), Parameter("Limit", "limit", read_integer))
START = (FLOW_NAME, Parameter("ExecutionName", "name"), Parameter("Input", "input"))
SCHEDULE_TEXTS = (
    _text("Description", "description"),
    _text("Payload", "payload"),
    Parameter("Enable", "enabled", read_flag),
)
CREATE_FLOW = (
    _need("Name", "name"),
    _need("Definition", "definition"),
    _need("Description", "description"),
    _need("Type", "type"),
    Parameter("RoleArn", "role_arn"),
    Parameter("ExternalStorageLocation", "external_storage_location"),
    Parameter("ExecutionMode", "execution_mode"),
)
UPDATE_FLOW = (
    _need("Name", "name"),
    _text("Definition", "definition"),
    _text("Description", "description"),
    Parameter("Type", "type"),
    _text("RoleArn", "role_arn"),
)
FILTERS = (
    Parameter("Status", "status"),
    Parameter("StartedTimeBegin", "started_begin", read_time),
    Parameter("StartedTimeEnd", "started_end", read_time),
    Parameter("ExecutionNamePrefix", "name_prefix"),
)


def product(flows: ServedFlows, clock: Clock) -> Product:
    """The 18 operations over a port. `clock` times the long polls."""
    waits = Waits(flows, clock)
    actions = {**_flow_actions(flows), **_execution_actions(flows, waits), **_schedule_actions(flows)}
    return Product(VERSION, actions, FNF_REFUSALS)


def _flow_actions(flows: Flows) -> dict[str, Action]:
    name = _need("Name", "name")
    return {
        "CreateFlow": _action(_one(FLOW, flows.create_flow), *CREATE_FLOW),
        "UpdateFlow": _action(_one(FLOW, flows.update_flow), *UPDATE_FLOW),
        "DescribeFlow": _action(_one(FLOW, flows.describe_flow), name),
        "ListFlows": _action(_page("Flows", FLOW, flows.list_flows), *PAGING),
        "DeleteFlow": _action(_nothing(flows.delete_flow), name),
    }


def _execution_actions(flows: Flows, waits: Waits) -> dict[str, Action]:
    callback = Parameter("CallbackFnFTaskToken", "callback_token")
    wait = Parameter("WaitTimeSeconds", "wait_seconds", read_integer)
    history = _page("Events", EVENT, flows.get_execution_history)
    token = _need("TaskToken", "token")
    failure = (_need("Error", "error"), _text("Cause", "cause"))
    stop = (_text("Error", "error"), _text("Cause", "cause"))
    return {
        "StartExecution": _action(_one(EXECUTION, flows.start_execution), *START, callback),
        "StartSyncExecution": _action(waits.start_sync_execution, *START),
        "StopExecution": _action(_one(EXECUTION, flows.stop_execution), FLOW_NAME, EXECUTION_NAME, *stop),
        "DescribeExecution": _action(waits.describe_execution, FLOW_NAME, EXECUTION_NAME, wait),
        "ListExecutions": _action(_page("Executions", EXECUTION, flows.list_executions), FLOW_NAME, *PAGING, *FILTERS),
        "GetExecutionHistory": _action(history, FLOW_NAME, EXECUTION_NAME, *PAGING),
        "ReportTaskSucceeded": _action(_event_id(flows.report_task_succeeded), token, _need("Output", "output")),
        "ReportTaskFailed": _action(_event_id(flows.report_task_failed), token, *failure),
    }


def _schedule_actions(flows: Flows) -> dict[str, Action]:
    named = (FLOW_NAME, SCHEDULE_NAME)
    cron = _need("CronExpression", "cron")
    new_cron = _text("CronExpression", "cron")
    return {
        "CreateSchedule": _action(_one(SCHEDULE, flows.create_schedule), *named, cron, *SCHEDULE_TEXTS),
        "UpdateSchedule": _action(_one(SCHEDULE, flows.update_schedule), *named, new_cron, *SCHEDULE_TEXTS),
        "DescribeSchedule": _action(_one(SCHEDULE, flows.describe_schedule), *named),
        "ListSchedules": _action(_page("Schedules", SCHEDULE, flows.list_schedules), FLOW_NAME, *PAGING),
        "DeleteSchedule": _action(_nothing(flows.delete_schedule), *named),
    }


class Waits:
    """The two operations that may take long. Neither blocks the thread that serves."""

    def __init__(self, flows: ServedFlows, clock: Clock) -> None:
        self._flows = flows
        self._clock = clock

    def describe_execution(self, flow: str, name: str, wait_seconds: int = 0) -> Result:
        """Answers once the execution has ended or the time has passed, with the state it is in then (api-fnf.md 4)."""
        if not 0 <= wait_seconds <= MAX_WAIT_SECONDS:
            raise InvalidArgument(f"Parameter error. WaitTimeSeconds must be 0 to {MAX_WAIT_SECONDS}.")
        record = self._flows.describe_execution(flow, name)
        if record.ended or not wait_seconds:
            return EXECUTION.write(record)
        signal = Signal()
        timer = self._clock.call_at(self._clock.now() + wait_seconds * 1000, signal.give)

        def ended() -> None:
            timer.cancel()  # here, in the driving thread: virtual time must not pass for a poll that is over
            signal.give()

        forget = self._flows.on_end(flow, name, ended)
        return Later(
            lambda: EXECUTION.write(self._flows.executions.describe(flow, name, 0)), signal, forget, timer.cancel
        )

    def start_sync_execution(self, **arguments: Json) -> Result:
        """Answers when the run has ended; if the client goes away, the run goes on."""
        signal = Signal()
        results: list[SyncResult] = []

        def on_end(result: SyncResult) -> None:
            results.append(result)
            signal.give()

        forget = self._flows.begin_sync_execution(**arguments, on_end=on_end)
        return Later(lambda: _sync_result(results), signal, forget)


def _sync_result(results: list[SyncResult]) -> JsonObject:
    if not results:
        raise Fault.of("ServiceUnavailable", 503, "The service is shutting down while the execution runs.")
    return SYNC.write(results[0])
