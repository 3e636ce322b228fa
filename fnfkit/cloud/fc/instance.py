"""A warm instance of a function: its loaded code, which serves one call at a time (api-fc.md 4).

Module-level state lives as long as the instance does; a call that ends the process takes the instance with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType
from typing import TypeAlias

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.fc.context import Context, Credentials, environment
from fnfkit.cloud.fc.function import Function, LogLine
from fnfkit.cloud.fc.quirks import Quirks
from fnfkit.cloud.fc.runtime import Runtime
from fnfkit.cloud.fc.sandbox import ProcessEnded, Sandbox
from fnfkit.model.json import Json

Handler: TypeAlias = Callable[[bytes, Context], Json]

READS_PER_MILLISECOND = 1_000
"""Code that polls the clock without sleeping still sees time pass: so many look-ups take a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What every instance shares: the clock, the runtime, and whose account it is."""

    clock: Clock
    runtime: Runtime
    region: str
    account_id: str
    credentials: Callable[[], Credentials]
    log: Callable[[LogLine], None]
    quirks: Quirks = field(default_factory=Quirks)


class HandlerNotFound(Exception):
    """The handler's module has no such function."""


class ImportModuleError(Exception):
    """The handler's module could not be imported."""


class Instance:
    """One process of a function. `ended` is set once it must not serve another call."""

    def __init__(self, function: Function, platform: Platform, codes: dict[str, CodeType]) -> None:
        self.function = function
        self.ended = False
        self.timed_out = False
        self.lines: list[str] = []
        self._platform = platform
        self._deadline = 0
        self._request_id = ""
        self._reads = 0
        self._handler: Handler | None = None
        variables = environment(function, platform.credentials(), platform.region, platform.account_id)
        chance = platform.quirks.chance(function.service, function.name)
        self._sandbox = Sandbox(self, str(function.code), variables, codes, chance=chance)

    def handle(self, payload: bytes, context: Context, deadline: int) -> Json:
        """Serve one call until `deadline`; raises whatever the code raises."""
        self._deadline, self._request_id, self.lines = deadline, context.request_id, []
        try:
            if self._handler is None:
                self._handler = self._load(self.function.handler)
                if self.function.initializer:
                    self._load(self.function.initializer)(context)  # type: ignore[call-arg, arg-type]
            return self._handler(payload, context)
        finally:
            self._sandbox.finish()

    def expire(self) -> None:
        """Note that the call has run out of time; its code ends at its next sleep."""
        self.ended = self.timed_out = True

    def now(self) -> int:
        self._reads += 1
        if self._reads % READS_PER_MILLISECOND == 0:
            self.sleep(0.001)
        return self._platform.clock.now() + self._platform.quirks.skew(self.function.service, self.function.name)

    def sleep(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        left = self._deadline - self._platform.clock.now()
        if seconds * 1000 <= left and self._platform.runtime.sleep(seconds) and not self.ended:
            return
        if seconds * 1000 > left:
            self._platform.runtime.sleep(max(left, 0) / 1000)
            self.timed_out = True
        self.end()
        raise ProcessEnded

    def end(self) -> None:
        self.ended = True

    def write(self, line: str) -> None:
        self.lines.append(line)
        at = self._platform.clock.now()
        self._platform.log(LogLine(at, self.function.service, self.function.name, self._request_id, line))

    def log(self, level: str, message: str) -> None:
        at = self._platform.clock.now()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 1000))
        self.write(f"{stamp}.{at % 1000:03d}Z {self._request_id} [{level}] {message}")

    def _load(self, handler: str) -> Handler:
        path, _, name = handler.rpartition(".")
        try:
            module = self._sandbox.load(path)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise ImportModuleError(f"Unable to import module '{path}': {reason}") from error
        found = getattr(module, name, None)
        if not callable(found):
            raise HandlerNotFound(f"Function '{name}' is missing in module '{path}'")
        return found  # type: ignore[no-any-return]


class Fleet:
    """The idle instances of one deployed function. A busy instance takes no second call; a new one starts instead."""

    def __init__(self, function: Function, platform: Platform) -> None:
        self.function = function
        self._platform = platform
        self._codes: dict[str, CodeType] = {}
        self._idle: list[Instance] = []
        self._lock = threading.Lock()

    def take(self) -> Instance:
        """An idle instance, the one used last first, or a new one."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return Instance(self.function, self._platform, self._codes)

    def give(self, instance: Instance) -> None:
        """Take an instance back after its call, unless its process has ended."""
        if not instance.ended:
            with self._lock:
                self._idle.append(instance)
