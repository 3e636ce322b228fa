"""The port `Functions` over the official clients: `fc2` for functions in services, `alibabacloud_fc20230330` for those
without (service ""). They are extras: `pip install fnfkit[fc]`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import fields
from typing import TypeVar
from urllib.request import urlopen

from fnfkit.aliyun.session import READ_SECONDS, Key, NoCredentials, Session, is_local, url
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import NetworkFault, Page
from fnfkit.ports.functions import (
    AliasRecord,
    AsyncConfig,
    FunctionRecord,
    FunctionSettings,
    Invoked,
    ProvisionRecord,
    ServiceRecord,
    TaskEvent,
    TaskRecord,
    TaskStatus,
    VersionRecord,
)
from fnfkit.protocol.fc import (
    ALIAS,
    ASYNC_CONFIG,
    DURATION,
    ERROR_TYPE,
    EVENT,
    FC3,
    FUNCTION,
    HOOKS,
    LOG_RESULT,
    MEMORY,
    REQUEST_ID,
    SERVICE,
    SERVICE_VERSION,
    SETTINGS,
    TASK,
    TASK_ID,
    VERSION,
    read_destinations,
    read_hook,
    write_destinations,
    write_hook,
)

T = TypeVar("T")


def door(session: Session, account_id: str) -> tuple[Key, str]:
    """The key and the URL a client takes: a local endpoint, else the account's own. Raises `NoCredentials`."""
    if not isinstance(session.credentials, Key):
        raise NoCredentials("the Function Compute client takes an access key; set one, with its token if any.")
    if session.endpoint and is_local(session.endpoint):
        return session.credentials, url(session.endpoint)
    if not account_id:
        raise NoCredentials("Function Compute needs the account id; set FNFKIT_ACCOUNT_ID.")
    return session.credentials, url(f"{account_id}.{session.region}.fc.aliyuncs.com")


def invoked(headers: Mapping[str, str], payload: bytes) -> Invoked:
    """The answer to a call from its headers and body."""
    return Invoked(
        payload=payload,
        error_type=headers.get(ERROR_TYPE, ""),
        request_id=headers.get(REQUEST_ID, ""),
        task_id=headers.get(TASK_ID[FC3], ""),
        log=base64.b64decode(headers.get(LOG_RESULT, "")).decode("utf-8", "replace"),
        duration=int(headers.get(DURATION, 0)),
        memory=float(headers.get(MEMORY, 0)),
        version=headers.get(SERVICE_VERSION, ""),
    )


def downloaded(address: str) -> bytes:
    """What is at an address the service has given; an embedded account has the archive itself in it."""
    if not address.startswith(("https:", "http:", "data:")):
        raise NetworkFault(f"the service names no address for the code, but {address[:60]!r}")
    try:
        with urlopen(address, timeout=READ_SECONDS) as answer:  # noqa: S310 - the kinds of address are checked above
            found: bytes = answer.read()
            return found
    except (OSError, ValueError) as error:
        raise NetworkFault(f"the code could not be downloaded: {error}") from None


def zipped(code: bytes) -> JsonObject:
    """Code as a request carries it."""
    return {"zipFile": base64.b64encode(code).decode()}


def service_of(data: JsonObject) -> ServiceRecord:
    """A service from its JSON."""
    return ServiceRecord(**SERVICE.read(data))


def function_of(service: str, data: JsonObject) -> FunctionRecord:
    """A function from its JSON."""
    return FunctionRecord(service=service, role=data.get("role") or "", **{**FUNCTION.read(data), **read_hook(data)})


def version_of(data: JsonObject) -> VersionRecord:
    """A version from its JSON."""
    return VersionRecord(**VERSION.read(data))


def alias_of(data: JsonObject) -> AliasRecord:
    """An alias from its JSON."""
    return AliasRecord(**ALIAS.read(data))


def async_config_of(generation: str, data: JsonObject, qualifier: str) -> AsyncConfig:
    """An asynchronous configuration from its JSON."""
    on_success, on_failure = read_destinations(data.get("destinationConfig") or {})
    read = ASYNC_CONFIG[generation].read(data)
    read["qualifier"] = read["qualifier"] or qualifier
    return AsyncConfig(**read, on_success=on_success, on_failure=on_failure)


def write_async_config(generation: str, config: AsyncConfig) -> JsonObject:
    """What a client sends of an asynchronous configuration."""
    written = ASYNC_CONFIG[generation].write(config)
    sent = {name: value for name, value in written.items() if name not in ("qualifier", *_TIMES)}
    return {**sent, "destinationConfig": write_destinations(config.on_success, config.on_failure)}


_TIMES = ("createdTime", "lastModifiedTime")


def task_of(generation: str, service: str, function: str, data: JsonObject) -> TaskRecord:
    """A task from its JSON."""
    read = TASK[generation].read(data)
    events = tuple(_event(event) for event in data.get("events") or ())
    return TaskRecord(
        **{**read, "status": TaskStatus(read["status"])}, service=service, function=function, events=events
    )


def _event(data: JsonObject) -> TaskEvent:
    read = EVENT.read(data)
    return TaskEvent(**{**read, "status": TaskStatus(read["status"])})


def provision_of(service: str, function: str, qualifier: str, data: JsonObject) -> ProvisionRecord:
    """Instances kept ready, from their JSON."""
    target = data.get("target", data.get("defaultTarget")) or 0
    return ProvisionRecord(
        service=service, function=function, qualifier=qualifier, target=target, current=data.get("current") or 0
    )


def given(settings: FunctionSettings) -> JsonObject:
    """What a client sends of settings: those that are given, by their JSON names."""
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    sent: JsonObject = {
        name: values[attribute] for name, attribute in SETTINGS.items() if values[attribute] is not None
    }
    if settings.layers is not None:
        sent["layers"] = list(settings.layers)
    return {**sent, **(settings.settings or {})}


def hooked(settings: FunctionSettings) -> JsonObject:
    """The same for FC 3, which has the initializer among the hooks of an instance."""
    sent = given(settings)
    hook = write_hook(sent.pop("initializer", None), sent.pop("initializationTimeout", None))
    return {**sent, HOOKS: hook} if hook else sent


def page(items: list[T], data: JsonObject) -> Page[T]:
    """A page with the token of an answer."""
    token: Json = data.get("nextToken")
    return Page(tuple(items), token or None)
