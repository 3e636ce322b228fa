"""The records of Function Compute: what a function is, and what one call of it answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from fnfkit.model.json import Json, JsonObject

UNHANDLED = "UnhandledInvocationError"
"""Error type of a call whose function raised, died or ran out of time (api-fc.md 3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A deployed function: a folder of code and how to run it. `timeout` is in seconds, `memory` in MB.

    `handler` and `initializer` are `module.function`; the module may hold `/` (api-fc.md 4).
    """

    service: str
    name: str
    code: Path
    handler: str = "index.handler"
    initializer: str = ""
    timeout: int = 60
    memory: int = 128
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A stand-in for a function: called with the event as a dict, its result is the function's.

    A `Fault` it raises is a refusal by Function Compute, any other exception is one of the function's own, and
    `SystemExit` ends the process. `latency` is the seconds of cloud time a call takes. A stub that `shares` is handed
    the event itself instead of a copy: it must not change it, and large events cost nothing.
    """

    service: str
    name: str
    answer: Callable[[JsonObject], Json]
    latency: float = 0
    shares: bool = False


Deployed: TypeAlias = Function | Stub


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a call that reached its function (api-fc.md 3.2).

    `body` is the result, or with `error_type` set the error as JSON text. Times are Unix milliseconds.
    """

    body: bytes
    error_type: str = ""
    request_id: str = ""
    started: int = 0
    ended: int = 0
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line a function wrote, with the time on the cloud's clock."""

    at: int
    service: str
    function: str
    request_id: str
    text: str
