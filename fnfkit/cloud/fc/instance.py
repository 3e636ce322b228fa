"""A warm instance of a function in the host's process: its loaded code, which serves one call at a time (api-fc.md 4).

Module-level state lives as long as the instance does; a call that ends the process takes the instance with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from types import CodeType

from fnfkit.cloud.fc.context import Context, environment
from fnfkit.cloud.fc.function import Call, Function, HttpAnswer, LogLine
from fnfkit.cloud.fc.runtime import Platform
from fnfkit.cloud.fc.sandbox import ProcessEnded, Sandbox
from fnfkit.cloud.fc.strands import Strands
from fnfkit.cloud.fc.worker import HandlerNotFound, ImportModuleError, body_of, call_wsgi, environ_of
from fnfkit.model.json import Json

READS_PER_MILLISECOND = 1_000
"""Code that polls the clock without sleeping still sees time pass: so many look-ups take a millisecond."""

LOG_BYTES = 1_000_000
"""What one call may log; the rest is counted and dropped."""


class Instance:
    """One process of a function. `ended` is set once it must not serve another call."""

    def __init__(
        self, function: Function, platform: Platform, strands: Strands, codes: dict[str, CodeType], id: str
    ) -> None:
        self.function = function
        self.id = id
        self.reserved = False
        self.ended = False
        self.timed_out = False
        self.lines: list[str] = []
        self._platform = platform
        self._strands = strands
        self._room = LOG_BYTES
        self._deadline = 0
        self._request_id = ""
        self._reads = 0
        self._handler: Callable[..., Json] | None = None
        variables = environment(function, platform, id)
        chance = platform.quirks.chance(function.service, function.name)
        folders = [str(path) for path in function.paths]
        self._sandbox = Sandbox(self, str(function.code), variables, codes, chance=chance, folders=folders)

    def handle(self, call: Call, context: Context, deadline: int) -> tuple[bytes, HttpAnswer | None]:
        """Serve one call until `deadline`; raises whatever the code raises."""
        self._begin(context.request_id, deadline)
        try:
            handler = self._prepared(context)
            if call.http is None:
                return body_of(handler(call.payload, context)), None
            status, headers, body = call_wsgi(handler, environ_of(asdict(call.http), call.payload, context))
            return body, HttpAnswer(status=status, headers=tuple(headers))
        finally:
            self._sandbox.finish()

    def prepare(self, context: Context, deadline: int) -> None:
        """Load the code and run its initializer before the first call; raises whatever the code raises."""
        self._begin(context.request_id, deadline)
        try:
            self._prepared(context)
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
        if seconds * 1000 <= left and self._strands.sleep(seconds) and not self.ended:
            return
        if seconds * 1000 > left and not self.ended:
            self._strands.sleep(max(left, 0) / 1000)
            self.timed_out = not self.ended
        self.end()
        raise ProcessEnded

    def end(self) -> None:
        self.ended = True

    def write(self, line: str) -> None:
        at, self._room = self._platform.clock.now(), self._room - len(line) - 1
        if self._room < 0:
            if self._room + len(line) + 1 >= 0:
                self.lines.append("... the rest of the log was dropped")
            return
        self.lines.append(line)
        self._platform.log(LogLine(at, self.function.service, self.function.name, self._request_id, line))

    def log(self, level: str, message: str) -> None:
        at = self._platform.clock.now()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 1000))
        self.write(f"{stamp}.{at % 1000:03d}Z {self._request_id} [{level}] {message}")

    def _begin(self, request_id: str, deadline: int) -> None:
        self._deadline, self._request_id, self.lines, self._room = deadline, request_id, [], LOG_BYTES

    def _prepared(self, context: Context) -> Callable[..., Json]:
        if self._handler is None:
            handler = self._load(self.function.handler)
            if self.function.initializer:
                self._load(self.function.initializer)(context)
            self._handler = handler
        return self._handler

    def _load(self, handler: str) -> Callable[..., Json]:
        path, _, name = handler.rpartition(".")
        try:
            module = self._sandbox.load(path)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise ImportModuleError(f"Unable to import module '{path}': {reason}") from error
        found: Callable[..., Json] | None = getattr(module, name, None)
        if not callable(found):
            raise HandlerNotFound(f"Function '{name}' is missing in module '{path}'")
        return found
