"""The records of Function Compute: what a function is, what a call of it is, and what the call answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from fnfkit.model.json import Json, JsonObject
from fnfkit.ports.functions import LATEST, FunctionRecord

UNHANDLED = "UnhandledInvocationError"
"""Error type of a call whose function raised, died or ran out of time (api-fc.md 3.2)."""
HANDLED = "HandledInvocationError"
"""Error type of a call whose function has reported an error through its callback (api-fc.md 3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A deployed function: a folder of code and how to run it. `timeout` is in seconds, `memory` in MB.

    `handler` and `initializer` are `module.function`; the module may hold `/` (api-fc.md 4). `package` names the code
    package that `code` is unpacked from, empty for a folder that is used where it lies. `version` is empty for what
    has not been published.
    """

    service: str
    name: str
    code: Path
    handler: str = "index.handler"
    initializer: str = ""
    timeout: int = 60
    memory: int = 128
    environment: dict[str, str] = field(default_factory=dict)
    initialization_timeout: int = 30
    runtime: str = "python3"
    description: str = ""
    role: str = ""
    layers: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    settings: JsonObject = field(default_factory=dict)
    id: str = ""
    package: str = ""
    size: int = 0
    checksum: str = ""
    version: str = ""
    created: int = 0
    modified: int = 0

    def record(self) -> FunctionRecord:
        """What the API tells of it."""
        return FunctionRecord(
            service=self.service,
            name=self.name,
            id=self.id,
            description=self.description,
            runtime=self.runtime,
            handler=self.handler,
            initializer=self.initializer,
            initialization_timeout=self.initialization_timeout,
            timeout=self.timeout,
            memory=self.memory,
            environment=self.environment,
            role=self.role,
            layers=self.layers,
            settings=self.settings,
            size=self.size,
            checksum=self.checksum,
            created=self.created,
            modified=self.modified,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A stand-in for a function: called with the event as a dict, its result is the function's.

    A `Fault` it raises is a refusal by Function Compute, any other exception is one of the function's own, and
    `SystemExit` ends the process. `latency` is the seconds of cloud time a call takes. A stub that `shares` is handed
    the event itself, not a copy, and must not change it.
    """

    service: str
    name: str
    answer: Callable[[JsonObject], Json]
    latency: float = 0
    shares: bool = False


Deployed: TypeAlias = Function | Stub


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """A request to an HTTP trigger, as its function sees it. `path` is what follows the function's name, decoded."""

    method: str
    path: str
    query: str = ""
    uri: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """The status line and headers of a WSGI handler."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a function: its event, or with `http` the body of a request."""

    payload: bytes
    request_id: str
    qualifier: str = LATEST
    http: HttpCall | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a call that reached its function (api-fc.md 3.2).

    `body` is the result, or with `error_type` set the error as JSON text. Times are Unix milliseconds, `memory` is MB.
    `cold` tells that an instance was started for the call.
    """

    body: bytes
    error_type: str = ""
    request_id: str = ""
    started: int = 0
    ended: int = 0
    log: tuple[str, ...] = ()
    http: HttpAnswer | None = None
    instance: str = ""
    cold: bool = False
    memory: float = 0


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line a function wrote, with the time on the cloud's clock."""

    at: int
    service: str
    function: str
    request_id: str
    text: str
