"""The Serverless Workflow port: its records and its protocol. Times are Unix milliseconds; JSON that the API carries
as text (`definition`, `input`, `output`, `payload`) is text here too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from fnfkit.model.json import JsonObject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing. `next_token` is None on the last page."""

    items: tuple[T, ...]
    next_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRecord:
    """A stored flow (api-fnf.md 2)."""

    name: str
    id: str
    definition: str
    description: str
    type: str = "FDL"
    role_arn: str = ""
    external_storage_location: str = ""
    execution_mode: str = "Standard"
    created: int
    modified: int


FINAL_STATUSES = frozenset({"Succeeded", "Failed", "Stopped", "TimedOut"})


class ExecutionRecord(NamedTuple):
    """A run of a flow. `output` is empty until it has succeeded; `stopped` is None while it runs."""

    flow: str
    name: str
    definition: str
    input: str
    output: str
    status: str
    started: int
    stopped: int | None

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.status in FINAL_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """The answer of StartSyncExecution: a failed run is an answer, not a fault (api-fnf.md 6)."""

    flow: str
    name: str
    status: str
    error: str
    cause: str
    output: str
    started: int
    stopped: int


class EventRecord(NamedTuple):
    """One event of a history; `detail` is the parsed EventDetail."""

    id: int
    scheduled_by: int
    type: str
    step: str
    time: int
    detail: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRecord:
    """A time-based schedule of a flow (fdl.md 7)."""

    flow: str
    name: str
    id: str
    description: str
    payload: str
    cron: str
    enabled: bool
    created: int
    modified: int


class Flows(Protocol):
    """The Serverless Workflow API 2019-03-15, all 18 operations (api-fnf.md 1). Every method raises `Fault`."""

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
    ) -> FlowRecord: ...

    def update_flow(
        self,
        name: str,
        *,
        definition: str | None = None,
        description: str | None = None,
        type: str | None = None,
        role_arn: str | None = None,
    ) -> FlowRecord: ...

    def describe_flow(self, name: str) -> FlowRecord: ...

    def list_flows(self, *, next_token: str | None = None, limit: int | None = None) -> Page[FlowRecord]: ...

    def delete_flow(self, name: str) -> None: ...

    def start_execution(
        self, flow: str, *, name: str | None = None, input: str | None = None, callback_token: str | None = None
    ) -> ExecutionRecord: ...

    def start_sync_execution(self, flow: str, *, name: str | None = None, input: str | None = None) -> SyncResult: ...

    def stop_execution(self, flow: str, name: str, *, error: str = "", cause: str = "") -> ExecutionRecord: ...

    def describe_execution(self, flow: str, name: str, *, wait_seconds: int = 0) -> ExecutionRecord: ...

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
    ) -> Page[ExecutionRecord]: ...

    def get_execution_history(
        self, flow: str, name: str, *, next_token: str | None = None, limit: int | None = None
    ) -> Page[EventRecord]: ...

    def report_task_succeeded(self, token: str, output: str) -> int: ...

    def report_task_failed(self, token: str, error: str, cause: str = "") -> int: ...

    def create_schedule(
        self, flow: str, name: str, cron: str, *, description: str = "", payload: str = "", enabled: bool = True
    ) -> ScheduleRecord: ...

    def update_schedule(
        self,
        flow: str,
        name: str,
        *,
        cron: str | None = None,
        description: str | None = None,
        payload: str | None = None,
        enabled: bool | None = None,
    ) -> ScheduleRecord: ...

    def describe_schedule(self, flow: str, name: str) -> ScheduleRecord: ...

    def list_schedules(
        self, flow: str, *, next_token: str | None = None, limit: int | None = None
    ) -> Page[ScheduleRecord]: ...

    def delete_schedule(self, flow: str, name: str) -> None: ...
