"""The port `Flows` over Step Functions. Definitions are Amazon States Language. What Step Functions does otherwise:

- a flow needs a role; it has no description of its own: the definition's Comment is read as one;
- an execution cannot be waited for in one request: `describe_execution` asks again until it has ended;
- listings tell neither definitions nor input and output; filters by time and name are applied to each page, which may
  so come out short or empty while there is a next one;
- a report is not answered with an event: 0 stands for its id;
- no execution reports to a task of another cloud's making, and schedules are EventBridge's: `ActionNotSupported`.

How the answers to reports are understood:

| Step Functions     | port                   | a worker's message                                              |
|--------------------|------------------------|-----------------------------------------------------------------|
| TaskTimedOut       | `TaskAlreadyCompleted` | deleted: reported before, timed out, or its execution has ended |
| TaskDoesNotExist   | `ExecutionNotExists`   | parked                                                          |
| InvalidToken       | `InvalidArgument`      | parked                                                          |
| InvalidOutput      | `InvalidArgument`      | the step fails with `OutputRefused`                             |
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NoReturn
from uuid import uuid4

from fnfkit.aws.events import read_events
from fnfkit.aws.session import Session
from fnfkit.aws.state_records import ASL, STATUSES, comment_of, execution_record, flow_record, sync_result
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import (
    FINAL_STATUSES,
    ActionNotSupported,
    EventRecord,
    ExecutionAlreadyCompleted,
    ExecutionAlreadyExists,
    ExecutionNotExists,
    ExecutionRecord,
    Fault,
    FlowAlreadyExists,
    FlowNotExists,
    FlowRecord,
    InvalidArgument,
    MissingRequiredParams,
    Page,
    ResourceThrottled,
    ScheduleRecord,
    SyncResult,
    TaskAlreadyCompleted,
)

LONGEST_WAIT = 60
_FIRST_LOOK, _LONGEST_LOOK = 0.1, 2.0
_EVENTS = 1_000
_FILTERS = {"Running": "RUNNING", **{here: there for there, here in STATUSES.items() if here != "Running"}}
_MODES = {"": "STANDARD", "Standard": "STANDARD", "Express": "EXPRESS"}
_CODES: dict[str, type[Fault]] = {
    **dict.fromkeys(("StateMachineDoesNotExist", "StateMachineDeleting"), FlowNotExists),
    **dict.fromkeys(("StateMachineAlreadyExists", "ConflictException"), FlowAlreadyExists),
    "ExecutionAlreadyExists": ExecutionAlreadyExists,
    **dict.fromkeys(("ExecutionDoesNotExist", "TaskDoesNotExist"), ExecutionNotExists),
    "TaskTimedOut": TaskAlreadyCompleted,
    **dict.fromkeys(("InvalidToken", "InvalidOutput", "InvalidDefinition"), InvalidArgument),
    **dict.fromkeys(("InvalidExecutionInput", "InvalidLoggingConfiguration"), InvalidArgument),
    "StateMachineTypeNotSupported": ActionNotSupported,
    **dict.fromkeys(("ExecutionLimitExceeded", "StateMachineLimitExceeded"), ResourceThrottled),
}


class StepFunctionsFlows:
    """The state machines of an account and region, by name; implements `fnfkit.ports.Flows`. Methods raise `Fault`.

    `role_arn` is the role of flows that are created without one; `sleep` takes seconds.
    """

    def __init__(self, session: Session, *, role_arn: str = "", sleep: Callable[[float], None] = time.sleep) -> None:
        self._session = session
        self._states = session.client("stepfunctions")
        self._role_arn = role_arn
        self._sleep = sleep
        self._ended: tuple[str, tuple[EventRecord, ...]] = ("", ())
        """The history of the ended execution that was read last: page after page of it is asked for."""

    # -- flows

    def create_flow(
        self,
        name: str,
        definition: str,
        *,
        description: str = "",
        type: str = ASL,
        role_arn: str = "",
        external_storage_location: str = "",
        execution_mode: str = "",
    ) -> FlowRecord:
        """CreateStateMachine. The port's default type, FDL, stands for the cloud's own language; `description` must be
        the definition's Comment, if it is given."""
        _only_asl(type)
        if external_storage_location:
            raise ActionNotSupported("Step Functions keeps no data elsewhere: leave external_storage_location out.")
        if execution_mode not in _MODES:
            raise InvalidArgument(f"the execution mode is Standard or Express, not {execution_mode!r}.")
        role_arn = role_arn or self._role_arn
        if not role_arn:
            raise MissingRequiredParams(f"the state machine {name} needs a role: give role_arn.")
        _same_description(name, definition, description)
        if self._exists(name):  # CreateStateMachine answers alike if one of that definition is there
            raise FlowAlreadyExists(f"there is a state machine named {name}.")
        given = {"name": name, "definition": definition, "roleArn": role_arn, "type": _MODES[execution_mode]}
        self._ask("create_state_machine", f"flow {name}", **given)
        return self.describe_flow(name)

    def update_flow(
        self,
        name: str,
        *,
        definition: str | None = None,
        description: str | None = None,
        type: str | None = None,
        role_arn: str | None = None,
    ) -> FlowRecord:
        """UpdateStateMachine: None leaves a field as it is. Executions may see the old one for some seconds."""
        _only_asl(type or ASL)
        now = self.describe_flow(name)
        if description is not None:
            _same_description(name, now.definition if definition is None else definition, description)
        given = {"definition": definition, "roleArn": role_arn}
        if changes := {key: value for key, value in given.items() if value is not None}:
            self._ask("update_state_machine", f"flow {name}", stateMachineArn=now.id, **changes)
        return self.describe_flow(name)

    def describe_flow(self, name: str) -> FlowRecord:
        """DescribeStateMachine. Step Functions does not tell when it was modified: that is its creation here."""
        found = self._ask("describe_state_machine", f"flow {name}", stateMachineArn=self._flow_arn(name))
        if found.get("status") == "DELETING":
            raise FlowNotExists(f"the state machine {name} is being deleted.")
        return flow_record(found)

    def list_flows(self, *, next_token: str | None = None, limit: int | None = None) -> Page[FlowRecord]:
        """ListStateMachines; without definitions, descriptions and roles."""
        answer = self._ask("list_state_machines", "the account", **_paging(next_token, limit, 1_000))
        return Page(tuple(flow_record(item) for item in answer["stateMachines"]), answer.get("nextToken"))

    def delete_flow(self, name: str) -> None:
        """DeleteStateMachine. What runs is let run to its end."""
        self._ask("delete_state_machine", f"flow {name}", stateMachineArn=self.describe_flow(name).id)

    # -- executions

    def start_execution(
        self, flow: str, *, name: str | None = None, input: str | None = None, callback_token: str | None = None
    ) -> ExecutionRecord:
        """StartExecution. One of that name that still runs is returned as it is, whatever its input."""
        if callback_token:
            raise ActionNotSupported("no execution reports to a task: have the flow end in one that sends the report.")
        name = name or str(uuid4())  # of our own making, so that a request that is made again starts nothing twice
        arn = self._flow_arn(flow)
        try:
            self._ask("start_execution", f"flow {flow}", stateMachineArn=arn, name=name, input=input or "{}")
        except ExecutionAlreadyExists:
            there = self.describe_execution(flow, name)
            if there.ended:
                raise
            return there
        return self.describe_execution(flow, name)

    def start_sync_execution(self, flow: str, *, name: str | None = None, input: str | None = None) -> SyncResult:
        """StartSyncExecution, of an Express flow; returns when the run has ended."""
        given = {"stateMachineArn": self._flow_arn(flow), "input": input or "{}", **({"name": name} if name else {})}
        return sync_result(flow, self._ask("start_sync_execution", f"flow {flow}", **given))

    def stop_execution(self, flow: str, name: str, *, error: str = "", cause: str = "") -> ExecutionRecord:
        """StopExecution."""
        if self.describe_execution(flow, name).ended:  # StopExecution has nothing against it
            raise ExecutionAlreadyCompleted(f"the execution {name} of flow {flow} has ended.")
        told = {key: text for key, text in (("error", error), ("cause", cause)) if text}
        self._of_execution("stop_execution", flow, name, **told)
        return self.describe_execution(flow, name)

    def describe_execution(self, flow: str, name: str, *, wait_seconds: int = 0) -> ExecutionRecord:
        """DescribeExecution; with `wait_seconds` (up to 60) it returns when the execution has ended, or after that."""
        if not 0 <= wait_seconds <= LONGEST_WAIT:
            raise InvalidArgument(f"an execution is waited for 0 to {LONGEST_WAIT} seconds, not {wait_seconds}.")
        found = self._of_execution("describe_execution", flow, name)
        for pause in _looks(wait_seconds):
            if STATUSES[found["status"]] in FINAL_STATUSES:
                break
            self._sleep(pause)
            found = self._of_execution("describe_execution", flow, name)
        definition = self._of_execution("describe_state_machine_for_execution", flow, name)["definition"]
        return execution_record(flow, found, definition)

    def list_executions(
        self,
        flow: str,
        *,
        next_token: str | None = None,
        limit: int | None = None,
        status: str | None = None,
        started_begin: int | None = None,
        started_end: int | None = None,
        name_prefix: str | None = None,
    ) -> Page[ExecutionRecord]:
        """ListExecutions, newest first; without definitions, input and output."""
        if status is not None and status not in _FILTERS:
            raise InvalidArgument(f"the status of executions is one of {', '.join(_FILTERS)}, not {status!r}.")
        given = {**_paging(next_token, limit, 100), **({"statusFilter": _FILTERS[status]} if status else {})}
        answer = self._ask("list_executions", f"flow {flow}", stateMachineArn=self._flow_arn(flow), **given)
        records = [execution_record(flow, item, "") for item in answer["executions"]]
        begin, end = started_begin or 0, float("inf") if started_end is None else started_end
        kept = [one for one in records if begin <= one.started <= end and one.name.startswith(name_prefix or "")]
        over = bool(records) and records[-1].started < begin  # and what follows is older still
        return Page(tuple(kept), None if over else answer.get("nextToken"))

    def get_execution_history(
        self, flow: str, name: str, *, next_token: str | None = None, limit: int | None = None
    ) -> Page[EventRecord]:
        """GetExecutionHistory; see `fnfkit.aws.events`. The token is the id of the page's first event."""
        if limit is not None and not 1 <= limit <= _EVENTS:
            raise InvalidArgument(f"a page has 1 to {_EVENTS} events, not {limit}.")
        if next_token is not None and not (next_token.isascii() and next_token.isdigit()):
            raise InvalidArgument(f"{next_token!r} is not a token of this history.")
        events = self._history(flow, name)
        rest = [event for event in events if event.id >= int(next_token or 0)]
        page = rest[: limit or _EVENTS]
        return Page(tuple(page), str(rest[len(page)].id) if len(rest) > len(page) else None)

    # -- reports

    def report_task_succeeded(self, token: str, output: str) -> int:
        """SendTaskSuccess; 0, since it is not answered with an event."""
        self._ask("send_task_success", "the token", taskToken=token, output=output)
        return 0

    def report_task_failed(self, token: str, error: str, cause: str = "") -> int:
        """SendTaskFailure; 0, since it is not answered with an event."""
        self._ask("send_task_failure", "the token", taskToken=token, error=error, cause=cause)
        return 0

    # -- schedules

    def create_schedule(
        self, flow: str, name: str, cron: str, *, description: str = "", payload: str = "", enabled: bool = True
    ) -> ScheduleRecord:
        """Raises `ActionNotSupported`."""
        _no_schedules(flow)

    def update_schedule(
        self,
        flow: str,
        name: str,
        *,
        cron: str | None = None,
        description: str | None = None,
        payload: str | None = None,
        enabled: bool | None = None,
    ) -> ScheduleRecord:
        """Raises `ActionNotSupported`."""
        _no_schedules(flow)

    def describe_schedule(self, flow: str, name: str) -> ScheduleRecord:
        """Raises `ActionNotSupported`."""
        _no_schedules(flow)

    def list_schedules(
        self, flow: str, *, next_token: str | None = None, limit: int | None = None
    ) -> Page[ScheduleRecord]:
        """Raises `ActionNotSupported`."""
        _no_schedules(flow)

    def delete_schedule(self, flow: str, name: str) -> None:
        """Raises `ActionNotSupported`."""
        _no_schedules(flow)

    # -- requests

    def _ask(self, operation: str, of: str, **parameters: Json) -> JsonObject:
        with self._session.faults(f"{operation} of {of}", _CODES):
            answer: JsonObject = getattr(self._states, operation)(**parameters)
            return answer

    def _of_execution(self, operation: str, flow: str, name: str, **more: Json) -> JsonObject:
        arn = self._session.arn("states", f"execution:{flow}:{name}")
        try:
            return self._ask(operation, f"execution {name} of flow {flow}", executionArn=arn, **more)
        except ExecutionNotExists:
            self.describe_flow(flow)  # or is it the flow that is not there?
            raise

    def _flow_arn(self, name: str) -> str:
        return self._session.arn("states", f"stateMachine:{name}")

    def _exists(self, name: str) -> bool:
        try:
            self.describe_flow(name)
        except FlowNotExists:
            return False
        return True

    def _history(self, flow: str, name: str) -> tuple[EventRecord, ...]:
        key = f"{flow}:{name}"
        known, events = self._ended
        if known == key:
            return events
        events = read_events(self._pages(flow, name))
        if events and events[-1].type.startswith("Execution") and events[-1].id > 1:
            self._ended = (key, events)
        return events

    def _pages(self, flow: str, name: str) -> Iterator[JsonObject]:
        token = ""
        while True:
            more: dict[str, Json] = {"nextToken": token} if token else {}
            answer = self._of_execution("get_execution_history", flow, name, maxResults=_EVENTS, **more)
            yield from answer["events"]
            token = answer.get("nextToken") or ""
            if not token:
                return


def _only_asl(type: str) -> None:
    if type not in (ASL, "FDL"):
        raise InvalidArgument(f"Step Functions runs Amazon States Language, not {type}: write the flow in that.")


def _same_description(name: str, definition: str, description: str) -> None:
    if description and description != comment_of(definition):
        told = f"Step Functions keeps no description of {name} beside its definition"
        raise ActionNotSupported(f"{told}: write it as the definition's Comment.")


def _looks(seconds: float) -> Iterator[float]:
    """The pauses between looks at something that is waited for: longer each time, and in all as long as the wait."""
    pause = _FIRST_LOOK
    while seconds > 0:
        yield min(pause, seconds)
        seconds -= pause
        pause = min(pause * 2, _LONGEST_LOOK)


def _paging(next_token: str | None, limit: int | None, most: int) -> JsonObject:
    if limit is not None and not 1 <= limit <= most:
        raise InvalidArgument(f"a page has 1 to {most} items, not {limit}.")
    given = {"nextToken": next_token, "maxResults": limit}
    return {name: value for name, value in given.items() if value is not None}


def _no_schedules(flow: str) -> NoReturn:
    told = f"Step Functions has no schedules of flow {flow}"
    raise ActionNotSupported(f"{told}: EventBridge Scheduler starts state machines; describe it in the template.")
