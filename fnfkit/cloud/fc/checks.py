"""What names and settings Function Compute takes (api-fc.md 2.1, 7)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeVar

from fnfkit.cloud.fc.function import Function
from fnfkit.ports import InvalidArgument
from fnfkit.ports.functions import LATEST, AsyncConfig, FunctionSettings

T = TypeVar("T")

ANY_SERVICE = "*"
"""Functions deployed under this service are found under every service name that has no such function itself."""

UNPUBLISHED = ("", LATEST)
"""The qualifiers that mean the newest code."""

MOST_VARIABLES = 4 * 1024
"""Bytes of all environment variables together (inferred)."""

LONGEST_HANDLER, LONGEST_DESCRIPTION = 128, 256
"""Characters (api-fc.md 7)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}\Z")
_HANDLER = re.compile(r"(?!/)[\w/-]+(\.\w+)+\Z")
_TASK_ID = _NAME
_WRITTEN = re.compile(r"python|nodejs|php")
"""Runtimes whose handlers are named by module and function."""
_RUNTIME = re.compile(r"[a-z][a-z0-9.-]{0,62}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def check_name(kind: str, name: str) -> str:
    """The name itself. Raises `InvalidArgument`."""
    if not _NAME.match(name):
        raise InvalidArgument(
            f"{kind} name {name!r} is not allowed: 1 to 128 letters, digits, '_' or '-', not starting with a digit"
        )
    return name


def check_names(service: str, function: str) -> None:
    """Raises `InvalidArgument` unless both can name a function; the service may be absent, or any."""
    if service not in ("", ANY_SERVICE):
        check_name("service", service)
    check_name("function", function)


def check_task_id(task_id: str) -> str:
    """The id itself (api-fc.md 5.3). Raises `InvalidArgument`."""
    if not _TASK_ID.match(task_id):
        raise InvalidArgument(
            f"task id {task_id[:140]!r} is not allowed: 1 to 128 letters, digits, '_' or '-', not starting with a digit"
        )
    return task_id


def applied(function: Function, given: FunctionSettings) -> Function:
    """The function with the settings that are given. Raises `InvalidArgument`."""
    changed = replace(
        function,
        runtime=_pick(given.runtime, function.runtime),
        handler=_pick(given.handler, function.handler),
        initializer=_pick(given.initializer, function.initializer),
        initialization_timeout=_pick(given.initialization_timeout, function.initialization_timeout),
        timeout=_pick(given.timeout, function.timeout),
        memory=_pick(given.memory, function.memory),
        description=_pick(given.description, function.description),
        environment=function.environment if given.environment is None else dict(given.environment),
        role=_pick(given.role, function.role),
        layers=function.layers if given.layers is None else tuple(given.layers),
        settings={**function.settings, **(given.settings or {})},
    )
    check_function(changed)
    return changed


def check_function(function: Function) -> None:
    """Raises `InvalidArgument` for settings that could not be run."""
    for name in (function.handler, function.initializer or function.handler):
        if len(name) > LONGEST_HANDLER or (_WRITTEN.match(function.runtime) and not _HANDLER.match(name)):
            raise InvalidArgument(
                f"handler {name[:140]!r} is not of the form module.function with at most {LONGEST_HANDLER} characters"
            )
    if len(function.description) > LONGEST_DESCRIPTION:
        raise InvalidArgument(f"the description has over {LONGEST_DESCRIPTION} characters")
    if not _RUNTIME.match(function.runtime):
        raise InvalidArgument(f"runtime {function.runtime[:140]!r} is not one such as python3.10 or nodejs16")
    _check_range("timeout", function.timeout, 1, 86_400, "seconds")
    _check_range("initializationTimeout", function.initialization_timeout, 1, 300, "seconds")
    _check_range("memorySize", function.memory, 128, 32_768, "MB")
    if function.memory % 64:
        raise InvalidArgument(f"memorySize {function.memory} is not a multiple of 64 MB")
    _check_environment(function.environment)


def check_async_config(config: AsyncConfig) -> AsyncConfig:
    """The configuration itself (api-fc.md 5.1). Raises `InvalidArgument`."""
    _check_range("maxAsyncEventAgeInSeconds", config.max_age, 1, 604_800, "seconds")
    _check_range("maxAsyncRetryAttempts", config.max_retries, 0, 8, "retries")
    for destination in filter(None, (config.on_success, config.on_failure)):
        if not destination.startswith("acs:"):
            raise InvalidArgument(f"destination {destination[:140]!r} is not an ARN, acs:<product>:...")
    return config


def _check_environment(variables: dict[str, str]) -> None:
    for name, value in variables.items():
        if not isinstance(value, str) or not _VARIABLE.match(name) or "\0" in value:
            raise InvalidArgument(f"environment variable {name!r} must have a usual name and a text as its value")
    if sum(len(name) + len(value.encode()) for name, value in variables.items()) > MOST_VARIABLES:
        raise InvalidArgument(f"the environment variables have over {MOST_VARIABLES} bytes together")


def _check_range(what: str, value: int, low: int, high: int, unit: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidArgument(f"{what} {value} is not between {low} and {high} {unit}")


def _pick(given: T | None, present: T) -> T:
    return present if given is None else given
