"""The Function Compute port: its records and its protocol. Times are Unix milliseconds.

One port for both generations of the API: functions of FC 2 belong to a service, those of FC 3 have none (service "").
Versions and aliases belong to the service in FC 2 and to the function in FC 3 (api-fc.md 1), so the methods for them
take both names and, where a service is named, ignore the function's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from fnfkit.model.json import JsonObject
from fnfkit.ports.flows import Page

LATEST = "LATEST"
"""The qualifier of what has not been published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord:
    """An FC 2 service. `settings` are the keys fnfkit hands back as they came (logConfig, vpcConfig ...)."""

    name: str
    id: str = ""
    description: str = ""
    role: str = ""
    internet_access: bool = True
    settings: JsonObject = field(default_factory=dict)
    created: int = 0
    modified: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """What a caller says about a function; None leaves a setting as it is, or at its default in a new function.

    `timeout` and `initialization_timeout` are seconds, `memory` is MB.
    """

    runtime: str | None = None
    handler: str | None = None
    initializer: str | None = None
    initialization_timeout: int | None = None
    timeout: int | None = None
    memory: int | None = None
    description: str | None = None
    environment: dict[str, str] | None = None
    role: str | None = None
    layers: tuple[str, ...] | None = None
    settings: JsonObject | None = None


UNCHANGED = FunctionSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRecord:
    """A function as it is, or as it was when a version was published. `checksum` is CRC-64 ECMA in decimal."""

    service: str
    name: str
    id: str = ""
    description: str = ""
    runtime: str = "python3"
    handler: str = "index.handler"
    initializer: str = ""
    initialization_timeout: int = 30
    timeout: int = 60
    memory: int = 128
    environment: dict[str, str] = field(default_factory=dict)
    role: str = ""
    layers: tuple[str, ...] = ()
    settings: JsonObject = field(default_factory=dict)
    size: int = 0
    checksum: str = ""
    created: int = 0
    modified: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """A published version; the id is a number as text."""

    id: str
    description: str = ""
    created: int = 0
    modified: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasRecord:
    """A name for a version. `weights` sends a share of the calls (0 to 1) to another version."""

    name: str
    version: str
    description: str = ""
    weights: dict[str, float] = field(default_factory=dict)
    created: int = 0
    modified: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRecord:
    """What calls a function. `config` is the object of its type."""

    name: str
    id: str = ""
    type: str
    config: JsonObject
    description: str = ""
    source_arn: str = ""
    role: str = ""
    qualifier: str = ""
    created: int = 0
    modified: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncConfig:
    """How asynchronous calls of a function are treated (api-fc.md 5.1). `max_age` is in seconds."""

    stateful: bool = False
    max_age: int = 86_400
    max_retries: int = 3
    on_success: str = ""
    on_failure: str = ""
    qualifier: str = LATEST
    created: int = 0
    modified: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionRecord:
    """Instances kept ready under a qualifier: how many are wanted, and how many there are."""

    service: str
    function: str
    qualifier: str
    target: int
    current: int


class TaskStatus(StrEnum):
    """The states of an asynchronous task (api-fc.md 5.3). The console calls Dequeued "Processed"."""

    ENQUEUED = "Enqueued"
    DEQUEUED = "Dequeued"
    RUNNING = "Running"
    RETRYING = "Retrying"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    EXPIRED = "Expired"
    INVALID = "Invalid"

    @property
    def final(self) -> bool:
        """Whether nothing follows it."""
        return self in _FINAL


_FINAL = frozenset(
    {TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.STOPPED, TaskStatus.EXPIRED, TaskStatus.INVALID}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvent:
    """A step in the life of a task."""

    id: int
    status: TaskStatus
    at: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """An asynchronous task. `started` is when it was accepted; `ended` is 0 until it has."""

    id: str
    service: str
    function: str
    qualifier: str = LATEST
    status: TaskStatus
    request_id: str
    instance: str = ""
    started: int
    ended: int = 0
    duration: int = 0
    retries: int = 0
    payload: str = ""
    returned: str = ""
    error: str = ""
    destination_status: str = ""
    events: tuple[TaskEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeOptions:
    """How a function is called. `stateful` makes an asynchronous call a task whatever the configuration says."""

    qualifier: str = ""
    asynchronous: bool = False
    task_id: str = ""
    stateful: bool = False
    tail: bool = False


SYNC = InvokeOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoked:
    """The answer to a call. With `error_type` set the function failed, and the payload is its error as JSON text.

    An accepted asynchronous call has an empty payload. `log` is the last 4 KB of log, if it was asked for.
    """

    payload: bytes = b""
    error_type: str = ""
    request_id: str = ""
    task_id: str = ""
    log: str = ""
    duration: int = 0
    memory: float = 0
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """Which tasks to list; times are of `started`."""

    qualifier: str = ""
    status: str = ""
    prefix: str = ""
    begin: int | None = None
    end: int | None = None
    descending: bool = False
    payload: bool = False


ALL_TASKS = TaskQuery()


class Functions(Protocol):
    """The Function Compute operations fnfkit uses. Every method raises `Fault` with the codes of api-fc.md 6."""

    def create_service(self, name: str, *, description: str = "", role: str = "") -> ServiceRecord: ...

    def get_service(self, name: str) -> ServiceRecord: ...

    def list_services(
        self, *, prefix: str = "", limit: int | None = None, next_token: str | None = None
    ) -> Page[ServiceRecord]: ...

    def delete_service(self, name: str) -> None:
        """Refused while the service has functions or versions."""
        ...

    def create_function(self, service: str, name: str, settings: FunctionSettings, code: bytes) -> FunctionRecord:
        """`code` is a zip archive."""
        ...

    def update_function(
        self, service: str, name: str, settings: FunctionSettings = UNCHANGED, code: bytes | None = None
    ) -> FunctionRecord: ...

    def get_function(self, service: str, name: str, qualifier: str = "") -> FunctionRecord: ...

    def get_code(self, service: str, name: str, qualifier: str = "") -> tuple[bytes, str]:
        """The archive of a function, and its checksum."""
        ...

    def list_functions(
        self, service: str, *, prefix: str = "", limit: int | None = None, next_token: str | None = None
    ) -> Page[FunctionRecord]: ...

    def delete_function(self, service: str, name: str) -> None: ...

    def publish_version(self, service: str, function: str, description: str = "") -> VersionRecord: ...

    def list_versions(self, service: str, function: str) -> Page[VersionRecord]: ...

    def delete_version(self, service: str, function: str, version: str) -> None: ...

    def create_alias(
        self, service: str, function: str, name: str, version: str, *, weights: dict[str, float] | None = None
    ) -> AliasRecord: ...

    def update_alias(
        self, service: str, function: str, name: str, version: str, *, weights: dict[str, float] | None = None
    ) -> AliasRecord: ...

    def get_alias(self, service: str, function: str, name: str) -> AliasRecord: ...

    def delete_alias(self, service: str, function: str, name: str) -> None: ...

    def put_async_config(self, service: str, function: str, config: AsyncConfig) -> AsyncConfig: ...

    def get_async_config(self, service: str, function: str, qualifier: str = "") -> AsyncConfig: ...

    def delete_async_config(self, service: str, function: str, qualifier: str = "") -> None: ...

    def put_provision(self, service: str, function: str, qualifier: str, target: int) -> ProvisionRecord: ...

    def get_provision(self, service: str, function: str, qualifier: str) -> ProvisionRecord: ...

    def invoke(self, service: str, function: str, payload: bytes = b"", options: InvokeOptions = SYNC) -> Invoked: ...

    def get_task(self, service: str, function: str, task_id: str, qualifier: str = "") -> TaskRecord: ...

    def list_tasks(
        self,
        service: str,
        function: str,
        query: TaskQuery = ALL_TASKS,
        *,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> Page[TaskRecord]: ...

    def stop_task(self, service: str, function: str, task_id: str, qualifier: str = "") -> None: ...
