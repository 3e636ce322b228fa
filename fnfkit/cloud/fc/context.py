"""The `context` object a handler is called with, and the variables of its process (api-fc.md 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from fnfkit.cloud.fc.credentials import Credentials
from fnfkit.cloud.fc.function import Function
from fnfkit.cloud.fc.runtime import Platform
from fnfkit.model.json import JsonObject
from fnfkit.ports.functions import LATEST


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """`context.function`."""

    name: str
    handler: str
    memory: int
    timeout: int
    initializer: str = ""
    initialization_timeout: int = 0
    version_id: str = ""
    qualifier: str = LATEST


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """`context.service`."""

    name: str
    log_project: str = ""
    log_store: str = ""
    qualifier: str = LATEST
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class Tracing:
    """`context.tracing`; tracing is never on here."""

    span_context: str = ""
    jaeger_endpoint: str = ""
    span_baggages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler is told about its own call. `cold_start` is the emulator's own addition: whether an instance was
    started for the call."""

    request_id: str
    credentials: Credentials
    function: FunctionInfo
    service: ServiceInfo
    region: str
    account_id: str
    tracing: Tracing = field(default_factory=Tracing)
    cold_start: bool = False


def environment(function: Function, platform: Platform, instance: str) -> dict[str, str]:
    """The environment variables of a function's process: the platform's, then the function's own."""
    credentials = platform.credentials(function.role)
    variables = {
        **platform.variables,
        "FC_FUNCTION_NAME": function.name,
        "FC_FUNCTION_HANDLER": function.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(function.memory),
        "FC_SERVICE_NAME": function.service,
        "FC_REGION": platform.region,
        "FC_ACCOUNT_ID": platform.account_id,
        "FC_QUALIFIER": function.version or LATEST,
        "FC_INSTANCE_ID": instance,
    }
    if credentials.access_key_id:
        variables |= {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": credentials.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": credentials.access_key_secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": credentials.security_token,
        }
    return variables | function.environment


def context_of(
    function: Function, platform: Platform, request_id: str, *, qualifier: str = LATEST, cold: bool = False
) -> Context:
    """The context of one call."""
    info = FunctionInfo(
        name=function.name,
        handler=function.handler,
        memory=function.memory,
        timeout=function.timeout,
        initializer=function.initializer,
        initialization_timeout=function.initialization_timeout,
        version_id=function.version,
        qualifier=qualifier,
    )
    return Context(
        request_id=request_id,
        credentials=platform.credentials(function.role),
        function=info,
        service=ServiceInfo(function.service, qualifier=qualifier, version_id=function.version),
        region=platform.region,
        account_id=platform.account_id,
        cold_start=cold,
    )


def as_json(context: Context) -> JsonObject:
    """The context as a process of its own is told it. (`asdict` would copy what need not be copied.)"""
    parts: dict[str, _Part] = {
        "credentials": context.credentials,
        "function": context.function,
        "service": context.service,
        "tracing": context.tracing,
    }
    return {**_fields(context), **{name: _fields(part) for name, part in parts.items()}}


_Part: TypeAlias = Credentials | FunctionInfo | ServiceInfo | Tracing


def _fields(part: Context | _Part) -> JsonObject:
    return {name: getattr(part, name) for name in part.__slots__}
