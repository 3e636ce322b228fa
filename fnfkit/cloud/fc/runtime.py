"""Where functions run: the port that the runtimes stand behind, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.fc.credentials import Credentials
from fnfkit.cloud.fc.function import Answer, Call, Function, LogLine
from fnfkit.cloud.fc.quirks import Quirks


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds of cloud time it takes to reach a function: on an instance that is started for the call, and on one
    that is warm. The documentation shows half a second and a quarter (scenarios.md 6)."""

    cold: float = 0
    warm: float = 0


NO_LATENCY = Latency()

Key: TypeAlias = tuple[str, str, str, str, int]
"""Service, name, version, package and time of the last change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What every instance shares: the clock, whose account it is, where logs go, and credentials by role ARN.

    `ready` has a function's code unpacked before an instance is started. `variables` are in the environment of every
    instance, below the function's own.
    """

    clock: Clock
    region: str
    account_id: str
    credentials: Callable[[str], Credentials]
    log: Callable[[LogLine], None]
    ready: Callable[[Function], None]
    latency: Latency = NO_LATENCY
    quirks: Quirks = field(default_factory=Quirks)
    variables: dict[str, str] = field(default_factory=dict)


class Runtime(Protocol):
    """Runs functions on instances. An instance serves one call at a time and stays warm for the next one."""

    def start(self, function: Function, call: Call, done: Callable[[Answer], None]) -> Callable[[], None]:
        """Calls a function. `done` is called once, before `start` returns or later, from any thread.

        Returns what ends the call and its instance; it may be called at any time.
        """
        ...

    def reserve(self, function: Function, count: int) -> None:
        """Keeps so many instances ready, initialised before their first call; 0 gives them up."""
        ...

    def reserved(self, function: Function) -> int:
        """How many instances of a function are ready or at work because they were reserved."""
        ...

    def forget(self, function: Function) -> None:
        """The function has been replaced or deleted: its idle instances end, busy ones after their call."""
        ...

    def close(self) -> None:
        """Ends every instance."""
        ...


def key_of(function: Function) -> Key:
    """What instances are shared by: the same code and settings of the same function and version."""
    return (function.service, function.name, function.version, function.package, function.modified)


def exited(duration: int, memory: float) -> dict[str, str]:
    """The error of a process that ended before its call did (api-fc.md 3.2)."""
    return {
        "errorMessage": "Process exited unexpectedly before completing request "
        f"(duration: {duration}ms, maxMemoryUsage: {memory:.2f}MB)"
    }


def timed_out(timeout: int, memory: float) -> dict[str, str]:
    """The error of a call that ran out of time. The text is inferred: no reference prints it (api-fc.md 8)."""
    return {"errorMessage": f"Function timed out after {timeout} seconds (maxMemoryUsage: {memory:.2f}MB)"}
