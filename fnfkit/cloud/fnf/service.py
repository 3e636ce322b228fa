"""The Serverless Workflow API 2019-03-15 over the embedded account: all 18 operations."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial

from fnfkit.cloud.fnf.core import Core
from fnfkit.cloud.fnf.definitions import Definitions
from fnfkit.cloud.fnf.executions import Executions, check_status
from fnfkit.cloud.fnf.reports import Reports
from fnfkit.cloud.fnf.run import Run
from fnfkit.cloud.fnf.schedules import Schedules
from fnfkit.cloud.fnf.throttle import Throttle
from fnfkit.ports import EventRecord, ExecutionRecord, FlowRecord, Page, ScheduleRecord, SyncResult


class FlowService:
    """Implements `fnfkit.ports.Flows`. Every method raises `Fault` (api-fnf.md 7) and may be called from any thread.

    Two methods wait, and drive the cloud while they do: `describe_execution` with `wait_seconds`, and
    `start_sync_execution`. Servers use `on_end`, and `begin_sync_execution` with `sync_result`, instead.
    """

    def __init__(self, core: Core, throttle: Throttle) -> None:
        self._core = core
        self._throttle = throttle
        self._definitions = Definitions(core)
        self._reports = Reports(core)
        self.executions = Executions(core)
        self._schedules = Schedules(core, self.executions)

    def without_limits(self) -> FlowService:
        """The same flows for somebody who may ask as often as they like: who tests them, and only looks."""
        free = copy(self)
        free._throttle = Throttle(self._core.clock, enabled=False)
        return free

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
        """Stores a flow; a definition with errors is refused with their lines."""
        self._throttle.admit("CreateFlow")
        record = FlowRecord(
            name=name,
            id="",
            definition=definition,
            description=description,
            type=type,
            role_arn=role_arn,
            external_storage_location=external_storage_location,
            execution_mode=execution_mode,
            created=0,
            modified=0,
        )
        return self._definitions.create(record)

    def update_flow(
        self,
        name: str,
        *,
        definition: str | None = None,
        description: str | None = None,
        type: str | None = None,
        role_arn: str | None = None,
    ) -> FlowRecord:
        """Changes what is given; running executions keep the definition they started with."""
        self._throttle.admit("UpdateFlow")
        return self._definitions.update(
            name, definition=definition, description=description, type=type, role_arn=role_arn
        )

    def describe_flow(self, name: str) -> FlowRecord:
        """A flow."""
        self._throttle.admit("DescribeFlow")
        return self._definitions.describe(name)

    def list_flows(self, *, next_token: str | None = None, limit: int | None = None) -> Page[FlowRecord]:
        """Flows by name."""
        self._throttle.admit("ListFlows")
        return self._definitions.list(next_token, limit)

    def delete_flow(self, name: str) -> None:
        """Removes a flow, its history and its schedules; running executions stop after their current step."""
        self._throttle.admit("DeleteFlow")
        with self._core.lock:
            self._schedules.forget(self._definitions.delete(name).id)

    def start_execution(
        self, flow: str, *, name: str | None = None, input: str | None = None, callback_token: str | None = None
    ) -> ExecutionRecord:
        """Starts an execution of a Standard flow, or returns the running one of that name."""
        self._throttle.admit("StartExecution")
        return self.executions.start(flow, name, input, callback=callback_token).record()

    def start_sync_execution(self, flow: str, *, name: str | None = None, input: str | None = None) -> SyncResult:
        """Runs an execution of an Express flow to its end, driving the cloud.

        It ends with FnF.Timeout after five minutes (cloudflow.md 7); without that limit, once nothing can end it.
        """
        self._throttle.admit("StartSyncExecution")
        return self.executions.run_sync(flow, name, input)

    def begin_sync_execution(
        self, flow: str, *, name: str | None = None, input: str | None = None, on_end: Callable[[SyncResult], None]
    ) -> Callable[[], None]:
        """`start_sync_execution` for servers: returns at once, and calls back in the driving thread.

        What is returned cancels the call-back, not the execution.
        """
        self._throttle.admit("StartSyncExecution")
        run = self.executions.begin_sync(flow, name, input)
        return self._core.runner.watch(run, partial(self._hand_over, run, on_end))

    def _hand_over(self, run: Run, on_end: Callable[[SyncResult], None]) -> None:
        on_end(self.executions.sync_result(run))

    def stop_execution(self, flow: str, name: str, *, error: str = "", cause: str = "") -> ExecutionRecord:
        """Stops a running execution at once."""
        self._throttle.admit("StopExecution")
        return self.executions.stop(flow, name, error, cause)

    def describe_execution(self, flow: str, name: str, *, wait_seconds: int = 0) -> ExecutionRecord:
        """An execution; with `wait_seconds` once it has ended or after so many seconds, driving the cloud."""
        self._throttle.admit("DescribeExecution")
        return self.executions.describe(flow, name, wait_seconds)

    def on_end(self, flow: str, execution: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back, in the driving thread, once an execution has ended; at once if it has. Returns how to cancel."""
        return self.executions.watch(flow, execution, callback)

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
        """Executions, newest first; `started_begin` and `started_end` are inclusive."""
        self._throttle.admit("ListExecutions")
        check_status(status)

        def admits(record: ExecutionRecord) -> bool:
            return (
                (not status or record.status == status)
                and (started_begin is None or record.started >= started_begin)
                and (started_end is None or record.started <= started_end)
                and (not name_prefix or record.name.startswith(name_prefix))
            )

        return self.executions.list(flow, next_token, limit, admits=admits)

    def get_execution_history(
        self, flow: str, name: str, *, next_token: str | None = None, limit: int | None = None
    ) -> Page[EventRecord]:
        """The events of an execution, oldest first."""
        self._throttle.admit("GetExecutionHistory")
        return self.executions.history(flow, name, next_token, limit)

    def report_task_succeeded(self, token: str, output: str) -> int:
        """Ends a step that waits for its callback; returns the event's id."""
        self._throttle.admit("ReportTaskSucceeded")
        return self._reports.succeeded(token, output)

    def report_task_failed(self, token: str, error: str, cause: str = "") -> int:
        """Fails a step that waits for its callback; returns the event's id."""
        self._throttle.admit("ReportTaskFailed")
        return self._reports.failed(token, error, cause)

    def create_schedule(
        self, flow: str, name: str, cron: str, *, description: str = "", payload: str = "", enabled: bool = True
    ) -> ScheduleRecord:
        """Has executions started by the clock (fdl.md 7)."""
        self._throttle.admit("CreateSchedule")
        record = ScheduleRecord(
            flow=flow,
            name=name,
            id="",
            description=description,
            payload=payload,
            cron=cron,
            enabled=enabled,
            created=0,
            modified=0,
        )
        return self._schedules.create(record)

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
        """Changes what is given."""
        self._throttle.admit("UpdateSchedule")
        return self._schedules.update(flow, name, cron=cron, description=description, payload=payload, enabled=enabled)

    def describe_schedule(self, flow: str, name: str) -> ScheduleRecord:
        """A schedule."""
        self._throttle.admit("DescribeSchedule")
        return self._schedules.describe(flow, name)

    def list_schedules(
        self, flow: str, *, next_token: str | None = None, limit: int | None = None
    ) -> Page[ScheduleRecord]:
        """The schedules of a flow by name."""
        self._throttle.admit("ListSchedules")
        return self._schedules.list(flow, next_token, limit)

    def delete_schedule(self, flow: str, name: str) -> None:
        """Removes a schedule."""
        self._throttle.admit("DeleteSchedule")
        self._schedules.delete(flow, name)

    def recover(self) -> int:
        """Takes up what the store has kept; returns the time of the last thing it knows of."""
        core = self._core
        with core.lock:
            flows = list(core.archive.load_flows())
            for flow in flows:
                if flow.retired:
                    core.registry.retired.append(flow)
                else:
                    core.registry.flows[flow.record.name] = flow
            latest = max(self.executions.recover(flows), self._schedules.recover())
            latest = max([latest, *(flow.record.modified for flow in flows)])
            core.clock.jump(latest)
            self._reports.recover()
            self._schedules.arm_all()
            return latest
