"""The Function Compute records on the wire (api-fc.md 2.1, 5, 7), as tables read by both sides.

Both generations share most names; where they differ (tasks, asynchronous configurations, triggers) there are two.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from fnfkit.protocol.fnf import FLAG, NUMBER, TEXT, Codec, Shape
from fnfkit.protocol.rpc import Json, read_time, write_stamp

FC2, FC2_OPEN, FC3 = "2016-08-15", "2021-04-06", "2023-03-30"
"""The API versions; the first two know services."""


def _write_stamp(at: int) -> str:
    return write_stamp(at // 1000)


def _read_stamp(text: str) -> int:
    return read_time(text) if text else 0


STAMP = Codec(_write_stamp, _read_stamp, "")
OBJECT = Codec(lambda value: value, lambda value: dict(value or {}), None)
OBJECT_TEXT = Codec(
    lambda value: json.dumps(value), lambda value: json.loads(value) if isinstance(value, str) else value or {}, None
)
"""FC 3 carries the configuration of a trigger as JSON text."""
AMOUNT = Codec(lambda value: value, float, 0)

SERVICE = Shape(
    ("name", "serviceName", TEXT),
    ("id", "serviceId", TEXT),
    ("description", "description", TEXT),
    ("role", "role", TEXT),
    ("internet_access", "internetAccess", FLAG),
    ("created", "createdTime", STAMP),
    ("modified", "lastModifiedTime", STAMP),
)

FUNCTION = Shape(
    ("name", "functionName", TEXT),
    ("id", "functionId", TEXT),
    ("description", "description", TEXT),
    ("runtime", "runtime", TEXT),
    ("handler", "handler", TEXT),
    ("initializer", "initializer", TEXT),
    ("initialization_timeout", "initializationTimeout", NUMBER),
    ("timeout", "timeout", NUMBER),
    ("memory", "memorySize", NUMBER),
    ("environment", "environmentVariables", OBJECT),
    ("size", "codeSize", NUMBER),
    ("checksum", "codeChecksum", TEXT),
    ("created", "createdTime", STAMP),
    ("modified", "lastModifiedTime", STAMP),
)

SETTINGS = {
    "runtime": "runtime",
    "handler": "handler",
    "initializer": "initializer",
    "initializationTimeout": "initialization_timeout",
    "timeout": "timeout",
    "memorySize": "memory",
    "description": "description",
    "environmentVariables": "environment",
    "role": "role",
}
"""What a caller may say about a function: JSON name -> attribute."""

ECHOED = (
    *("instanceConcurrency", "instanceType", "cpu", "diskSize", "logConfig", "vpcConfig", "nasConfig", "tags"),
    *("internetAccess", "instanceLifecycleConfig", "customDNS", "customRuntimeConfig", "tracingConfig", "gpuConfig"),
)
"""Settings without an effect here, handed back as they came."""

HOOKS = "instanceLifecycleConfig"


def write_hook(handler: str | None, timeout: int | None) -> dict[str, Json]:
    """The initializer as FC 3 has it, among the hooks of an instance; empty if there is none."""
    hook = {name: value for name, value in (("handler", handler), ("timeout", timeout)) if value is not None}
    return {"initializer": hook} if hook else {}


def read_hook(fields: dict[str, Json]) -> dict[str, Json]:
    """The initializer among the hooks of a function's JSON, by attribute. Raises `ValueError`."""
    hooks = fields.get(HOOKS) or {}
    hook = (hooks.get("initializer") if isinstance(hooks, dict) else hooks) or {}
    if not isinstance(hook, dict):
        raise ValueError("initializer must be an object")
    handler, timeout = hook.get("handler"), hook.get("timeout")
    if not isinstance(handler, str | None) or not isinstance(timeout, int | None) or isinstance(timeout, bool):
        raise ValueError("initializer must have a handler, and a timeout in seconds")
    found = {"initializer": handler, "initialization_timeout": timeout}
    return {name: value for name, value in found.items() if value is not None}


VERSION = Shape(
    ("id", "versionId", TEXT),
    ("description", "description", TEXT),
    ("created", "createdTime", STAMP),
    ("modified", "lastModifiedTime", STAMP),
)

ALIAS = Shape(
    ("name", "aliasName", TEXT),
    ("version", "versionId", TEXT),
    ("description", "description", TEXT),
    ("weights", "additionalVersionWeight", OBJECT),
    ("created", "createdTime", STAMP),
    ("modified", "lastModifiedTime", STAMP),
)


def _trigger(config: Codec) -> Shape:
    return Shape(
        ("name", "triggerName", TEXT),
        ("id", "triggerId", TEXT),
        ("type", "triggerType", TEXT),
        ("config", "triggerConfig", config),
        ("description", "description", TEXT),
        ("source_arn", "sourceArn", TEXT),
        ("role", "invocationRole", TEXT),
        ("qualifier", "qualifier", TEXT),
        ("created", "createdTime", STAMP),
        ("modified", "lastModifiedTime", STAMP),
    )


TRIGGER = {FC2: _trigger(OBJECT), FC3: _trigger(OBJECT_TEXT)}


def _async_config(stateful: str) -> Shape:
    return Shape(
        ("stateful", stateful, FLAG),
        ("max_age", "maxAsyncEventAgeInSeconds", Codec(lambda value: value, int, 86_400)),
        ("max_retries", "maxAsyncRetryAttempts", Codec(lambda value: value, int, 3)),
        ("qualifier", "qualifier", TEXT),
        ("created", "createdTime", STAMP),
        ("modified", "lastModifiedTime", STAMP),
    )


ASYNC_CONFIG = {FC2: _async_config("statefulInvocation"), FC3: _async_config("asyncTask")}
"""Without the destinations, which are nested: see `write_destinations`."""


def write_destinations(on_success: str, on_failure: str) -> dict[str, Json]:
    """`destinationConfig` of an asynchronous configuration."""
    named = {"onSuccess": on_success, "onFailure": on_failure}
    return {name: {"destination": where} for name, where in named.items() if where}


def read_destinations(config: Mapping[str, Json]) -> tuple[str, str]:
    """The destinations on success and on failure; empty where there is none. Raises ValueError."""
    found = []
    for name in ("onSuccess", "onFailure"):
        inner = lowered(lowered(config).get(name.lower()) or {})
        where = inner.get("destination") or ""
        if not isinstance(where, str):
            raise ValueError(f"destinationConfig.{name}.destination must be text")
        found.append(where)
    return found[0], found[1]


def lowered(fields: Json) -> dict[str, Json]:
    """An object by lower-case names: the service does not mind the case of these (api-fc.md 5.1). Raises ValueError."""
    if not isinstance(fields, dict):
        raise ValueError("an object was expected")
    return {str(name).lower(): value for name, value in fields.items()}


EVENT = Shape(
    ("id", "eventId", NUMBER),
    ("status", "status", TEXT),
    ("at", "timestamp", NUMBER),
    ("detail", "eventDetail", TEXT),
)


def _task(id: str, payload: str, error: str) -> Shape:
    return Shape(
        ("id", id, TEXT),
        ("qualifier", "qualifier", TEXT),
        ("status", "status", TEXT),
        ("destination_status", "destinationStatus", TEXT),
        ("request_id", "requestId", TEXT),
        ("instance", "instanceId", TEXT),
        ("started", "startedTime", NUMBER),
        ("ended", "endTime", NUMBER),
        ("duration", "durationMs", NUMBER),
        ("retries", "alreadyRetriedTimes", NUMBER),
        ("payload", payload, TEXT),
        ("returned", "returnPayload", TEXT),
        ("error", error, TEXT),
    )


TASK = {
    FC2: _task("invocationId", "invocationPayload", "invocationErrorMessage"),
    FC3: _task("taskId", "taskPayload", "taskErrorMessage"),
}

PROVISION = Shape(("target", "target", NUMBER), ("current", "current", NUMBER))

INVOCATION_TYPE = "x-fc-invocation-type"
LOG_TYPE = "x-fc-log-type"
TASK_ID = {FC2: "x-fc-stateful-async-invocation-id", FC3: "x-fc-async-task-id"}
STATEFUL = "x-fc-stateful-async-invocation-enable"
REQUEST_ID = "x-fc-request-id"
ERROR_TYPE = "x-fc-error-type"
LOG_RESULT = "x-fc-log-result"
DURATION = "x-fc-invocation-duration"
MEMORY = "x-fc-max-memory-usage"
SERVICE_VERSION = "x-fc-invocation-service-version"
