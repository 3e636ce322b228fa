"""Function Compute, the part flows need: functions deployed from folders of code, and calls of them.

A function is looked up by (service, qualifier, function). There are no published versions yet: the only qualifier is
LATEST, and any other is refused the way the service refuses a version or an alias that does not exist.
"""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from fnfkit.cloud.clock import DrivenClock
from fnfkit.cloud.fc.context import Credentials, Renewed
from fnfkit.cloud.fc.faults import AliasNotFound, FunctionNotFound, ServiceNotFound, VersionNotFound
from fnfkit.cloud.fc.function import Answer, Deployed, Function, LogLine, Stub
from fnfkit.cloud.fc.instance import Fleet, Platform
from fnfkit.cloud.fc.invocation import Invocation
from fnfkit.cloud.fc.quirks import Quirks
from fnfkit.cloud.fc.runtime import Runtime, runtime_for
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import InvalidArgument

ANY_SERVICE = "*"
"""Functions deployed under this service are found under every service name that has no such function itself."""

LATEST = ("", "LATEST")
"""The qualifiers that mean the newest code."""

LOG_LINES = 10_000
"""Lines of function log an account remembers."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}\Z")
_HANDLER = re.compile(r"[\w/-]+(\.\w+)+\Z")


class FunctionService:
    """The functions of an account. Methods raise `Fault`s with the codes of api-fc.md 6."""

    def __init__(
        self,
        clock: DrivenClock,
        *,
        runtime: Runtime | None = None,
        region: str = "cn-hangzhou",
        account_id: str = "123456789012",
        credentials: Callable[[], Credentials] = Credentials,
    ) -> None:
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)
        self._deployed: dict[tuple[str, str], Deployed] = {}
        self._fleets: dict[tuple[str, str], Fleet] = {}
        self._requests = itertools.count(1)
        self.quirks = Quirks()
        """What tests change about the machines functions run on."""
        self._platform = Platform(
            clock=clock,
            runtime=runtime or runtime_for(clock),
            region=region,
            account_id=account_id,
            credentials=Renewed(credentials, clock.now),
            log=self.log.append,
            quirks=self.quirks,
        )

    def deploy(
        self,
        service: str,
        function: str,
        *,
        code: Path,
        handler: str = "index.handler",
        initializer: str = "",
        timeout: int = 60,
        memory: int = 128,
        environment: Mapping[str, str] | None = None,
    ) -> Function:
        """Create the function, or replace its code and settings; `timeout` in seconds. Its instances start anew.

        Functions without a service (FC 3) have service "". Raises `InvalidArgument`.
        """
        _check_names(service, function)
        _check_code(code, handler, initializer, timeout)
        deployed = Function(
            service=service,
            name=function,
            code=code.resolve(),
            handler=handler,
            initializer=initializer,
            timeout=timeout,
            memory=memory,
            environment=dict(environment or {}),
        )
        self._deployed[service, function] = deployed
        self._fleets[service, function] = Fleet(deployed, self._platform)
        return deployed

    def stub(
        self,
        service: str,
        function: str,
        answer: Callable[[JsonObject], Json],
        *,
        latency: float = 0,
        shares: bool = False,
    ) -> Stub:
        """Let a callable stand for a function; see `Stub`. Raises `InvalidArgument`."""
        _check_names(service, function)
        stub = Stub(service=service, name=function, answer=answer, latency=latency, shares=shares)
        self._deployed[service, function] = stub
        return stub

    def remove(self, service: str, function: str) -> None:
        """Delete a function. Calls in progress go on. Raises `ServiceNotFound`, `FunctionNotFound`."""
        if (service, function) not in self._deployed:
            raise self._absent(service, function)
        del self._deployed[service, function]
        self._fleets.pop((service, function), None)

    def list(self) -> tuple[Deployed, ...]:
        """Every function, in order of service and name."""
        return tuple(self._deployed[key] for key in sorted(self._deployed))

    def find(self, service: str, qualifier: str, function: str) -> Deployed:
        """The function of that name. Raises `ServiceNotFound`, `FunctionNotFound`, `VersionNotFound`,
        `AliasNotFound`."""
        found = self._deployed.get((service, function)) or self._deployed.get((ANY_SERVICE, function))
        if found is None:
            raise self._absent(service, function)
        if qualifier not in LATEST:
            kind, word = (VersionNotFound, "version") if qualifier.isdigit() else (AliasNotFound, "alias")
            raise kind(f"{word} '{qualifier}' does not exist in service '{service}'")
        return found

    def start(self, function: Function, payload: bytes, done: Callable[[Answer], None]) -> str:
        """Call a function that `find` returned. `done` gets the answer, before `start` returns unless the function
        sleeps or runs in a thread. Returns the request id."""
        fleet = self._fleets.get((function.service, function.name))
        if fleet is None or fleet.function is not function:
            fleet = Fleet(function, self._platform)
        request_id = f"1-{self._platform.clock.now() // 1000:08x}-{next(self._requests):024x}"
        Invocation(fleet, payload, request_id, platform=self._platform, done=done).start()
        return request_id

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after so many seconds of cloud time; 0 is as soon as the present turn is over."""
        self._platform.clock.call_at(self._platform.clock.now() + round(seconds * 1000), action)

    def close(self) -> None:
        """End every handler that still runs."""
        self._platform.runtime.close()

    def _absent(self, service: str, function: str) -> ServiceNotFound | FunctionNotFound:
        if service and all(known != service for known, _ in self._deployed):
            return ServiceNotFound(f"service '{service}' does not exist")
        where = f" in service '{service}'" if service else ""
        return FunctionNotFound(f"function '{function}' does not exist{where}")


def _check_names(service: str, function: str) -> None:
    for kind, name in (("service", service), ("function", function)):
        optional = kind == "service" and name in ("", ANY_SERVICE)
        if not optional and not _NAME.match(name):
            raise InvalidArgument(
                f"{kind} name {name!r} is not allowed: 1 to 128 letters, digits, '_' or '-', not starting with a digit"
            )


def _check_code(code: Path, handler: str, initializer: str, timeout: int) -> None:
    if not code.is_dir():
        raise InvalidArgument(f"code folder {str(code)!r} does not exist")
    for name in filter(None, (handler, initializer)):
        if not _HANDLER.match(name):
            raise InvalidArgument(f"handler {name!r} is not of the form module.function")
    if not 1 <= timeout <= 86_400:
        raise InvalidArgument(f"timeout {timeout} is not between 1 and 86400 seconds")
