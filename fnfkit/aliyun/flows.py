"""The Serverless Workflow port over the official SDK: the same records and the same faults as the embedded cloud."""

from __future__ import annotations

import json
from typing import TypeVar

from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest
from aliyunsdkfnf.request.v20190315 import (
    CreateFlowRequest,
    CreateScheduleRequest,
    DeleteFlowRequest,
    DeleteScheduleRequest,
    DescribeExecutionRequest,
    DescribeFlowRequest,
    DescribeScheduleRequest,
    GetExecutionHistoryRequest,
    ListExecutionsRequest,
    ListFlowsRequest,
    ListSchedulesRequest,
    ReportTaskFailedRequest,
    ReportTaskSucceededRequest,
    StartExecutionRequest,
    StartSyncExecutionRequest,
    StopExecutionRequest,
    UpdateFlowRequest,
    UpdateScheduleRequest,
)

from fnfkit.aliyun.redact import redact
from fnfkit.aliyun.session import READ_SECONDS, Session
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports.fault import Fault
from fnfkit.ports.flows import EventRecord, ExecutionRecord, FlowRecord, Page, ScheduleRecord, SyncResult
from fnfkit.protocol.fnf import EVENT, EXECUTION, FLOW, SCHEDULE, SYNC
from fnfkit.protocol.rpc import write_time

SYNC_SECONDS = 330
"""A synchronous execution may last five minutes; its answer comes after that at the latest."""
_ANSWER_SECONDS = 10
"""What a long poll's answer may take beyond the poll itself."""

Record = TypeVar("Record")


class Unreachable(Fault):
    """No answer came: the endpoint cannot be reached, or took too long. Whether the call took effect is unknown."""

    code = "SDK.HttpError"
    status = 0


class AliyunFlows:
    """Serverless Workflow 2019-03-15 at an endpoint; implements `fnfkit.ports.Flows`.

    Every method raises `Fault`: what the service refused comes as the same classes that the embedded cloud raises,
    and `Unreachable` means that no answer came.
    """

    def __init__(self, session: Session) -> None:
        self._client = session.client()

    def create_flow(
        self,
        name: str,
        definition: str,
        *,
        description: str = "",
        type: str = "FDL",
        role_arn: str = "",
        external_storage_location: str = "",
        execution_mode: str = "",
    ) -> FlowRecord:
        """CreateFlow."""
        texts = {"Name": name, "Definition": definition, "Description": description, "Type": type}
        more = {"RoleArn": role_arn, "ExternalStorageLocation": external_storage_location}
        request = CreateFlowRequest.CreateFlowRequest()
        return FlowRecord(**FLOW.read(self._ask(request, {**texts, **_filled(more, ExecutionMode=execution_mode)})))

    def update_flow(
        self,
        name: str,
        *,
        definition: str | None = None,
        description: str | None = None,
        type: str | None = None,
        role_arn: str | None = None,
    ) -> FlowRecord:
        """UpdateFlow: None leaves a field as it is."""
        changes = {"Definition": definition, "Description": description, "Type": type, "RoleArn": role_arn}
        request = UpdateFlowRequest.UpdateFlowRequest()
        return FlowRecord(**FLOW.read(self._ask(request, {"Name": name, **changes})))

    def describe_flow(self, name: str) -> FlowRecord:
        """DescribeFlow."""
        return FlowRecord(**FLOW.read(self._ask(DescribeFlowRequest.DescribeFlowRequest(), {"Name": name})))

    def list_flows(self, *, next_token: str | None = None, limit: int | None = None) -> Page[FlowRecord]:
        """ListFlows."""
        answer = self._ask(ListFlowsRequest.ListFlowsRequest(), {"NextToken": next_token, "Limit": limit})
        return _page(answer, [FlowRecord(**FLOW.read(item)) for item in answer["Flows"]])

    def delete_flow(self, name: str) -> None:
        """DeleteFlow."""
        self._ask(DeleteFlowRequest.DeleteFlowRequest(), {"Name": name})

    def start_execution(
        self, flow: str, *, name: str | None = None, input: str | None = None, callback_token: str | None = None
    ) -> ExecutionRecord:
        """StartExecution."""
        parameters = {"FlowName": flow, "ExecutionName": name, "Input": input, "CallbackFnFTaskToken": callback_token}
        return self._execution(StartExecutionRequest.StartExecutionRequest(), parameters)

    def start_sync_execution(self, flow: str, *, name: str | None = None, input: str | None = None) -> SyncResult:
        """StartSyncExecution; returns when the run has ended."""
        parameters = {"FlowName": flow, "ExecutionName": name, "Input": input}
        request = StartSyncExecutionRequest.StartSyncExecutionRequest()
        request.set_read_timeout(SYNC_SECONDS)
        return SyncResult(**SYNC.read(self._ask(request, parameters)))

    def stop_execution(self, flow: str, name: str, *, error: str = "", cause: str = "") -> ExecutionRecord:
        """StopExecution."""
        parameters = {"FlowName": flow, "ExecutionName": name, **_filled(Error=error, Cause=cause)}
        return self._execution(StopExecutionRequest.StopExecutionRequest(), parameters)

    def describe_execution(self, flow: str, name: str, *, wait_seconds: int = 0) -> ExecutionRecord:
        """DescribeExecution; with `wait_seconds` it returns when the execution has ended, or after that time."""
        request = DescribeExecutionRequest.DescribeExecutionRequest()
        request.set_read_timeout(max(READ_SECONDS, wait_seconds + _ANSWER_SECONDS))
        parameters = {"FlowName": flow, "ExecutionName": name, "WaitTimeSeconds": wait_seconds or None}
        return self._execution(request, parameters)

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
        """ListExecutions."""
        parameters = {
            "FlowName": flow,
            "NextToken": next_token,
            "Limit": limit,
            "Status": status,
            "StartedTimeBegin": None if started_begin is None else write_time(started_begin),
            "StartedTimeEnd": None if started_end is None else write_time(started_end),
            "ExecutionNamePrefix": name_prefix,
        }
        answer = self._ask(ListExecutionsRequest.ListExecutionsRequest(), parameters)
        return _page(answer, [ExecutionRecord(**EXECUTION.read(item)) for item in answer["Executions"]])

    def get_execution_history(
        self, flow: str, name: str, *, next_token: str | None = None, limit: int | None = None
    ) -> Page[EventRecord]:
        """GetExecutionHistory."""
        parameters = {"FlowName": flow, "ExecutionName": name, "NextToken": next_token, "Limit": limit}
        answer = self._ask(GetExecutionHistoryRequest.GetExecutionHistoryRequest(), parameters)
        return _page(answer, [EventRecord(**EVENT.read(item)) for item in answer["Events"]])

    def report_task_succeeded(self, token: str, output: str) -> int:
        """ReportTaskSucceeded; returns the id of the event."""
        request = ReportTaskSucceededRequest.ReportTaskSucceededRequest()
        return int(self._ask(request, {"TaskToken": token, "Output": output})["EventId"])

    def report_task_failed(self, token: str, error: str, cause: str = "") -> int:
        """ReportTaskFailed; returns the id of the event."""
        request = ReportTaskFailedRequest.ReportTaskFailedRequest()
        parameters = {"TaskToken": token, "Error": error, **_filled(Cause=cause)}
        return int(self._ask(request, parameters)["EventId"])

    def create_schedule(
        self, flow: str, name: str, cron: str, *, description: str = "", payload: str = "", enabled: bool = True
    ) -> ScheduleRecord:
        """CreateSchedule."""
        texts = _filled(Description=description, Payload=payload)
        parameters = {"CronExpression": cron, "Enable": enabled, **texts}
        return self._schedule(CreateScheduleRequest.CreateScheduleRequest(), flow, name, parameters)

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
        """UpdateSchedule: None leaves a field as it is."""
        changes = {"CronExpression": cron, "Description": description, "Payload": payload, "Enable": enabled}
        return self._schedule(UpdateScheduleRequest.UpdateScheduleRequest(), flow, name, changes)

    def describe_schedule(self, flow: str, name: str) -> ScheduleRecord:
        """DescribeSchedule."""
        return self._schedule(DescribeScheduleRequest.DescribeScheduleRequest(), flow, name, {})

    def list_schedules(
        self, flow: str, *, next_token: str | None = None, limit: int | None = None
    ) -> Page[ScheduleRecord]:
        """ListSchedules."""
        parameters = {"FlowName": flow, "NextToken": next_token, "Limit": limit}
        answer = self._ask(ListSchedulesRequest.ListSchedulesRequest(), parameters)
        return _page(answer, [ScheduleRecord(flow=flow, **SCHEDULE.read(item)) for item in answer["Schedules"]])

    def delete_schedule(self, flow: str, name: str) -> None:
        """DeleteSchedule."""
        self._ask(DeleteScheduleRequest.DeleteScheduleRequest(), {"FlowName": flow, "ScheduleName": name})

    def _execution(self, request: RpcRequest, parameters: JsonObject) -> ExecutionRecord:
        return ExecutionRecord(**EXECUTION.read(self._ask(request, parameters)))

    def _schedule(self, request: RpcRequest, flow: str, name: str, parameters: JsonObject) -> ScheduleRecord:
        answer = self._ask(request, {"FlowName": flow, "ScheduleName": name, **parameters})
        return ScheduleRecord(flow=flow, **SCHEDULE.read(answer))

    def _ask(self, request: RpcRequest, parameters: JsonObject) -> JsonObject:
        return ask(self._client, request, parameters)


def ask(client: AcsClient, request: RpcRequest, parameters: JsonObject) -> JsonObject:
    """Sends a request with those parameters that are not None; returns the answer's fields. Raises `Fault`."""
    for name, value in parameters.items():
        if value is not None:
            getattr(request, f"set_{name}")(value)
    request.set_protocol_type("https")  # an endpoint that names its scheme has its way (api-signing.md 6.1)
    action = request.get_action_name()
    try:
        answer: Json = json.loads(client.do_action_with_exception(request))
    except ServerException as refusal:
        raise _fault(refusal) from None
    except ClientException as failure:
        raise Unreachable(f"no answer to {action}: {redact(str(failure.get_error_msg()))}") from None
    except ValueError:
        raise Unreachable(f"the answer to {action} is not JSON: is this the right endpoint?") from None
    if not isinstance(answer, dict):
        raise Unreachable(f"the answer to {action} is no object: is this the right endpoint?")
    return answer


def _fault(refusal: ServerException) -> Fault:
    return Fault.of(refusal.get_error_code(), refusal.get_http_status(), refusal.get_error_msg())


def _filled(texts: JsonObject | None = None, /, **more: str) -> JsonObject:
    return {name: text for name, text in {**(texts or {}), **more}.items() if text}


def _page(answer: JsonObject, items: list[Record]) -> Page[Record]:
    return Page(tuple(items), answer.get("NextToken") or None)
