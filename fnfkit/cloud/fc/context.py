"""The `context` object a handler is called with (api-fc.md 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fnfkit.cloud.fc.function import Function

RENEWAL = 900_000
"""Milliseconds after which the credentials of functions are renewed; a session of a role lasts an hour."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials of the function's role. The repr keeps the secrets out of logs."""

    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)


class Renewed:
    """Credentials that are asked for once in a while, not at every call. `now` is in Unix milliseconds."""

    def __init__(self, assume: Callable[[], Credentials], now: Callable[[], int]) -> None:
        self._assume = assume
        self._now = now
        self._current = Credentials()
        self._until = 0

    def __call__(self) -> Credentials:
        """Credentials that are valid for three quarters of an hour at least."""
        now = self._now()
        if now >= self._until:
            self._current = self._assume()
            self._until = now + RENEWAL
        return self._current


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """`context.function`."""

    name: str
    handler: str
    memory: int
    timeout: int
    initializer: str = ""
    initialization_timeout: int = 0


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """`context.service`."""

    name: str
    log_project: str = ""
    log_store: str = ""
    qualifier: str = "LATEST"
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class Tracing:
    """`context.tracing`; tracing is never on here."""

    span_context: str = ""
    jaeger_endpoint: str = ""
    span_baggages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler is told about its own call."""

    request_id: str
    credentials: Credentials
    function: FunctionInfo
    service: ServiceInfo
    region: str
    account_id: str
    tracing: Tracing = field(default_factory=Tracing)


def environment(function: Function, credentials: Credentials, region: str, account_id: str) -> dict[str, str]:
    """The environment variables of a function's process: the platform's, then the function's own."""
    variables = {
        "FC_FUNCTION_NAME": function.name,
        "FC_FUNCTION_HANDLER": function.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(function.memory),
        "FC_SERVICE_NAME": function.service,
        "FC_REGION": region,
        "FC_ACCOUNT_ID": account_id,
        "FC_QUALIFIER": "LATEST",
    }
    if credentials.access_key_id:
        variables |= {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": credentials.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": credentials.access_key_secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": credentials.security_token,
        }
    return variables | function.environment


def context_of(
    function: Function, credentials: Credentials, *, request_id: str, region: str, account_id: str
) -> Context:
    """The context of one call."""
    return Context(
        request_id=request_id,
        credentials=credentials,
        function=FunctionInfo(function.name, function.handler, function.memory, function.timeout, function.initializer),
        service=ServiceInfo(function.service),
        region=region,
        account_id=account_id,
    )
